"""DatasetService."""

from typing import Any

from cjm_catalog.application.datasets import DatasetChange, Datasets, DatasetView, GrantView
from cjm_catalog.domain.datasets import Access, CaseNotion
from cjm_catalog.entrypoints.translate import caller, timestamp
from cjm_kit.rpc import allow
from cjm_protos.catalog.v1 import dataset_pb2, dataset_pb2_grpc

_CASE_TO_PROTO = {
    CaseNotion.CUSTOMER: dataset_pb2.CASE_NOTION_CUSTOMER,
    CaseNotion.SESSION: dataset_pb2.CASE_NOTION_SESSION,
}


class DatasetServicer(dataset_pb2_grpc.DatasetServiceServicer):
    """Datasets, who may see them and who may analyse them."""

    def __init__(self, datasets: Datasets) -> None:
        self._datasets = datasets

    @allow("staff")
    async def CreateDataset(
        self, request: dataset_pb2.CreateDatasetRequest, context: Any
    ) -> dataset_pb2.CreateDatasetResponse:
        """Makes a dataset."""
        view = await self._datasets.create(
            caller(),
            request.name,
            request.is_public,
            request.time_zone,
            _case(request.default_case),
            request.session_gap_minutes,
            request.goal_activity,
        )
        return dataset_pb2.CreateDatasetResponse(dataset=_dataset_message(view))

    @allow("staff")
    async def CheckDatasetName(
        self, request: dataset_pb2.CheckDatasetNameRequest, context: Any
    ) -> dataset_pb2.CheckDatasetNameResponse:
        """Makes sure that a new dataset can have this name."""
        await self._datasets.check_name(request.name)
        return dataset_pb2.CheckDatasetNameResponse()

    @allow("staff", "service")
    async def GetDataset(self, request: dataset_pb2.GetDatasetRequest, context: Any) -> dataset_pb2.GetDatasetResponse:
        """Gives one dataset."""
        view = await self._datasets.get(caller(), request.dataset_id)
        return dataset_pb2.GetDatasetResponse(dataset=_dataset_message(view))

    @allow("staff", "service")
    async def ListDatasets(
        self, request: dataset_pb2.ListDatasetsRequest, context: Any
    ) -> dataset_pb2.ListDatasetsResponse:
        """Lists datasets by name."""
        page = await self._datasets.page(
            caller(), request.name_contains, request.public_only, request.page_size, request.page_token
        )
        return dataset_pb2.ListDatasetsResponse(
            datasets=[_dataset_message(view) for view in page.items], next_page_token=page.next_cursor
        )

    @allow("staff")
    async def UpdateDataset(
        self, request: dataset_pb2.UpdateDatasetRequest, context: Any
    ) -> dataset_pb2.UpdateDatasetResponse:
        """Changes a dataset."""
        change = DatasetChange(
            name=request.name if request.HasField("name") else None,
            is_public=request.is_public if request.HasField("is_public") else None,
            time_zone=request.time_zone if request.HasField("time_zone") else None,
            default_case=_case(request.default_case) if request.HasField("default_case") else None,
            session_gap_minutes=request.session_gap_minutes if request.HasField("session_gap_minutes") else None,
            goal_activity=request.goal_activity if request.HasField("goal_activity") else None,
        )
        view = await self._datasets.update(caller(), request.dataset_id, change)
        return dataset_pb2.UpdateDatasetResponse(dataset=_dataset_message(view))

    @allow("staff")
    async def DeleteDataset(
        self, request: dataset_pb2.DeleteDatasetRequest, context: Any
    ) -> dataset_pb2.DeleteDatasetResponse:
        """Takes a dataset away."""
        await self._datasets.delete(caller(), request.dataset_id, for_good=request.for_good)
        return dataset_pb2.DeleteDatasetResponse()

    @allow("staff")
    async def RestoreDataset(
        self, request: dataset_pb2.RestoreDatasetRequest, context: Any
    ) -> dataset_pb2.RestoreDatasetResponse:
        """Brings a deleted dataset back."""
        view = await self._datasets.restore(caller(), request.dataset_id)
        return dataset_pb2.RestoreDatasetResponse(dataset=_dataset_message(view))

    @allow("admin")
    async def CreateGrant(
        self, request: dataset_pb2.CreateGrantRequest, context: Any
    ) -> dataset_pb2.CreateGrantResponse:
        """Lets an account analyse a dataset."""
        view = await self._datasets.grant(caller(), request.dataset_id, request.user_id, request.username)
        return dataset_pb2.CreateGrantResponse(grant=_grant_message(view))

    @allow("admin")
    async def DeleteGrant(
        self, request: dataset_pb2.DeleteGrantRequest, context: Any
    ) -> dataset_pb2.DeleteGrantResponse:
        """Takes a grant back."""
        await self._datasets.revoke_grant(caller(), request.dataset_id, request.user_id)
        return dataset_pb2.DeleteGrantResponse()

    @allow("staff")
    async def ListGrants(self, request: dataset_pb2.ListGrantsRequest, context: Any) -> dataset_pb2.ListGrantsResponse:
        """Lists the grants of a dataset."""
        views = await self._datasets.grants(caller(), request.dataset_id)
        return dataset_pb2.ListGrantsResponse(grants=[_grant_message(view) for view in views])

    @allow("service")
    async def GetAccess(self, request: dataset_pb2.GetAccessRequest, context: Any) -> dataset_pb2.GetAccessResponse:
        """Tells what a subject may do with a dataset."""
        access, dataset = await self._datasets.access(request.dataset_id, request.subject)
        if dataset is not None and dataset.deleted_at is not None:
            return dataset_pb2.GetAccessResponse(could_analyse=access.can_analyse)
        return dataset_pb2.GetAccessResponse(
            access=_access_message(access),
            exists=dataset is not None,
            time_zone=dataset.time_zone if dataset else "",
            goal_activity=dataset.goal_activity if dataset else "",
        )


def _case(message: int) -> CaseNotion:
    return CaseNotion.SESSION if message == dataset_pb2.CASE_NOTION_SESSION else CaseNotion.CUSTOMER


def _access_message(access: Access) -> dataset_pb2.Access:
    return dataset_pb2.Access(
        can_see=access.can_see,
        can_analyse=access.can_analyse,
        can_write=access.can_write,
        can_manage=access.can_manage,
    )


def _dataset_message(view: DatasetView) -> dataset_pb2.Dataset:
    dataset = view.dataset
    return dataset_pb2.Dataset(
        dataset_id=dataset.dataset_id,
        name=dataset.name,
        is_public=dataset.is_public,
        owner_id=dataset.owner_id,
        owner=view.owner,
        time_zone=dataset.time_zone,
        default_case=_CASE_TO_PROTO[dataset.default_case],
        session_gap_minutes=dataset.session_gap_minutes,
        goal_activity=dataset.goal_activity,
        created_at=timestamp(dataset.created_at),
        access=_access_message(view.access),
        last_import_at=timestamp(view.last_import_at),
    )


def _grant_message(view: GrantView) -> dataset_pb2.Grant:
    return dataset_pb2.Grant(
        dataset_id=view.grant.dataset_id,
        user_id=view.grant.user_id,
        username=view.username,
        created_at=timestamp(view.grant.created_at),
    )
