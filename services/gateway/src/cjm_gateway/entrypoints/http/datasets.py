"""Datasets and who may analyse them."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.gateway import Gateway, GatewayDep
from cjm_gateway.entrypoints.http.scope import CASES, Case
from cjm_gateway.entrypoints.http.shapes import Body, Instant, Page, PagingQuery, Shape, instant, instant_or_none
from cjm_protos.catalog.v1 import dataset_pb2
from cjm_protos.ingest.v1 import questions_pb2

# Catalog says which gaps make sense; this only keeps what its message cannot hold from it.
GapMinutes = Annotated[int, Field(ge=0, lt=2**31)]

router = APIRouter(prefix="/api/v1/datasets", tags=["Datasets"], dependencies=[staff_only])


class AccessShape(Shape):
    """What the caller may do with a dataset."""

    can_see: bool
    can_analyse: bool
    can_write: bool
    can_manage: bool


class DatasetShape(Shape):
    """A dataset with its size and period."""

    id: str
    name: str
    is_public: bool
    owner: str
    owner_id: str
    time_zone: str
    case: Case
    session_gap_minutes: int | None
    goal_activity: str | None
    created_at: Instant
    events: int
    sent_events: Annotated[int, Field(description="Of `events`, those that systems sent; the others came with files.")]
    customers: int
    activities: int
    first_event_at: Instant | None
    last_event_at: Annotated[
        Instant | None,
        Field(description="Of no day later than today in the dataset's time zone, unless all events are of such days."),
    ]
    later_events: Annotated[int, Field(description="Of `events`, those on days later than today.")]
    version: Annotated[str, Field(description="Changes whenever the events change; empty without events.")]
    fields: Annotated[list[str], Field(description="Optional event fields that have values.")]
    access: AccessShape
    last_import_at: Annotated[Instant | None, Field(description="End of the newest completed import.")]


class NewDataset(Body):
    """The dataset to make."""

    name: str
    is_public: bool = False
    time_zone: str = "UTC"
    case: Case = "customer"
    session_gap_minutes: GapMinutes | None = None
    goal_activity: str | None = None


class DatasetChange(Body):
    """Changes to a dataset; absent fields stay, null clears the gap and the goal."""

    name: str | None = None
    is_public: bool | None = None
    time_zone: str | None = None
    case: Case | None = None
    session_gap_minutes: GapMinutes | None = None
    goal_activity: str | None = None


class GrantShape(Shape):
    """The permission of one account to analyse a dataset and to add data to it."""

    user_id: str
    username: str
    created_at: Instant


class NewGrant(Body):
    """Whom to permit: either by id or by name."""

    user_id: str = ""
    username: str = ""


async def read_dataset(gateway: Gateway, dataset_id: str) -> dataset_pb2.Dataset:
    """A dataset as catalog knows it.

    Raises:
        AppError: NOT_FOUND when it does not exist or the caller may not see it.
    """
    request = dataset_pb2.GetDatasetRequest(dataset_id=dataset_id)
    return (await gateway.services.datasets.GetDataset(request)).dataset


async def _described(gateway: Gateway, datasets: Sequence[dataset_pb2.Dataset]) -> list[DatasetShape]:
    if not datasets:
        return []
    ids = [dataset.dataset_id for dataset in datasets]
    answer = await gateway.services.questions.GetDatasetStats(questions_pb2.GetDatasetStatsRequest(dataset_ids=ids))
    by_id = {item.dataset_id: item for item in answer.stats}
    return [_shape(dataset, by_id.get(dataset.dataset_id, questions_pb2.DatasetStats())) for dataset in datasets]


def _shape(dataset: dataset_pb2.Dataset, stats: questions_pb2.DatasetStats) -> DatasetShape:
    access = dataset.access
    return DatasetShape(
        id=dataset.dataset_id,
        name=dataset.name,
        is_public=dataset.is_public,
        owner=dataset.owner,
        owner_id=dataset.owner_id,
        time_zone=dataset.time_zone,
        case="session" if dataset.default_case == dataset_pb2.CASE_NOTION_SESSION else "customer",
        session_gap_minutes=dataset.session_gap_minutes or None,
        goal_activity=dataset.goal_activity or None,
        created_at=instant(dataset.created_at),
        events=stats.events_count,
        sent_events=stats.sent_events_count,
        customers=stats.customers_count,
        activities=stats.activities_count,
        first_event_at=instant_or_none(stats, "first_event_at"),
        last_event_at=instant_or_none(stats, "last_event_at"),
        later_events=stats.later_events_count,
        version=stats.version,
        fields=list(stats.set_fields),
        access=AccessShape(
            can_see=access.can_see,
            can_analyse=access.can_analyse,
            can_write=access.can_write,
            can_manage=access.can_manage,
        ),
        last_import_at=instant_or_none(dataset, "last_import_at"),
    )


def _grant_shape(grant: dataset_pb2.Grant) -> GrantShape:
    return GrantShape(user_id=grant.user_id, username=grant.username, created_at=instant(grant.created_at))


@router.get("", summary="List datasets")
async def list_datasets(
    paging: PagingQuery,
    gateway: GatewayDep,
    name_contains: Annotated[str, Query(description="Part of the name, any case.")] = "",
) -> Page[DatasetShape]:
    """Datasets the caller may see, by name."""
    request = dataset_pb2.ListDatasetsRequest(
        page_size=paging.limit, page_token=paging.cursor, name_contains=name_contains
    )
    answer = await gateway.services.datasets.ListDatasets(request)
    return Page(items=await _described(gateway, answer.datasets), next_cursor=answer.next_page_token or None)


@router.post("", summary="Make a dataset", status_code=201)
async def create_dataset(body: NewDataset, response: Response, gateway: GatewayDep) -> DatasetShape:
    """Make an empty dataset that belongs to the caller."""
    request = dataset_pb2.CreateDatasetRequest(
        name=body.name,
        is_public=body.is_public,
        time_zone=body.time_zone,
        default_case=CASES[body.case],
        session_gap_minutes=body.session_gap_minutes or 0,
        goal_activity=body.goal_activity or "",
    )
    dataset = (await gateway.services.datasets.CreateDataset(request)).dataset
    response.headers["location"] = f"/api/v1/datasets/{dataset.dataset_id}"
    return _shape(dataset, questions_pb2.DatasetStats())


@router.get("/name-check", summary="Ask whether a name is free", status_code=204)
async def check_dataset_name(name: str, gateway: GatewayDep) -> Response:
    """Say whether a new dataset can have this name; one that is in use, by whichever dataset, is a conflict."""
    await gateway.services.datasets.CheckDatasetName(dataset_pb2.CheckDatasetNameRequest(name=name))
    return Response(status_code=204)


@router.get("/{dataset_id}", summary="Read a dataset")
async def get_dataset(dataset_id: str, gateway: GatewayDep) -> DatasetShape:
    """One dataset with its size and period."""
    return (await _described(gateway, [await read_dataset(gateway, dataset_id)]))[0]


@router.patch("/{dataset_id}", summary="Change a dataset")
async def update_dataset(dataset_id: str, body: DatasetChange, gateway: GatewayDep) -> DatasetShape:
    """Change a dataset of one's own, or any as an administrator."""
    sent = body.model_fields_set
    request = dataset_pb2.UpdateDatasetRequest(
        dataset_id=dataset_id,
        name=body.name,
        is_public=body.is_public,
        time_zone=body.time_zone,
        default_case=CASES[body.case] if body.case else None,
        session_gap_minutes=(body.session_gap_minutes or 0) if "session_gap_minutes" in sent else None,
        goal_activity=(body.goal_activity or "") if "goal_activity" in sent else None,
    )
    dataset = (await gateway.services.datasets.UpdateDataset(request)).dataset
    return (await _described(gateway, [dataset]))[0]


@router.delete("/{dataset_id}", summary="Delete a dataset", status_code=204)
async def delete_dataset(
    dataset_id: str,
    gateway: GatewayDep,
    for_good: Annotated[
        bool, Query(description="Erase its events, imports and analyses now; works for a deleted one too.")
    ] = False,
) -> Response:
    """Take a dataset away from everybody; its owner and administrators can restore it for 30 days."""
    request = dataset_pb2.DeleteDatasetRequest(dataset_id=dataset_id, for_good=for_good)
    await gateway.services.datasets.DeleteDataset(request)
    return Response(status_code=204)


@router.post("/{dataset_id}/restore", summary="Restore a dataset", status_code=204)
async def restore_dataset(dataset_id: str, gateway: GatewayDep) -> Response:
    """Bring a deleted dataset back with all that was in it; its name must be free."""
    await gateway.services.datasets.RestoreDataset(dataset_pb2.RestoreDatasetRequest(dataset_id=dataset_id))
    return Response(status_code=204)


@router.get("/{dataset_id}/grants", summary="List grants")
async def list_grants(dataset_id: str, gateway: GatewayDep) -> Page[GrantShape]:
    """Who may analyse the dataset, by name."""
    answer = await gateway.services.datasets.ListGrants(dataset_pb2.ListGrantsRequest(dataset_id=dataset_id))
    return Page(items=[_grant_shape(grant) for grant in answer.grants])


@router.post("/{dataset_id}/grants", summary="Give a grant (admin)", status_code=201)
async def create_grant(dataset_id: str, body: NewGrant, gateway: GatewayDep) -> GrantShape:
    """Let an account analyse the dataset and add data to it; giving it twice is no error."""
    request = dataset_pb2.CreateGrantRequest(dataset_id=dataset_id, user_id=body.user_id, username=body.username)
    return _grant_shape((await gateway.services.datasets.CreateGrant(request)).grant)


@router.put("/{dataset_id}/grants/{user_id}", summary="Give a grant by id (admin)")
async def put_grant(dataset_id: str, user_id: str, gateway: GatewayDep) -> GrantShape:
    """Let an account analyse the dataset and add data to it."""
    request = dataset_pb2.CreateGrantRequest(dataset_id=dataset_id, user_id=user_id)
    return _grant_shape((await gateway.services.datasets.CreateGrant(request)).grant)


@router.delete("/{dataset_id}/grants/{user_id}", summary="Take a grant back (admin)", status_code=204)
async def delete_grant(dataset_id: str, user_id: str, gateway: GatewayDep) -> Response:
    """Take the grant back; taking it twice is no error."""
    request = dataset_pb2.DeleteGrantRequest(dataset_id=dataset_id, user_id=user_id)
    await gateway.services.datasets.DeleteGrant(request)
    return Response(status_code=204)
