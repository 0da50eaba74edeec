"""What a caller may do with a dataset: asked of catalog, remembered briefly, forgotten when a fact says so."""

import time
from dataclasses import dataclass
from typing import Literal

from cjm_kit.bus import Bus
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import Identity, acting_as, current_identity, service_identity
from cjm_kit.rpc import RpcClient
from cjm_protos.catalog.v1 import dataset_pb2, dataset_pb2_grpc

Right = Literal["see", "analyse", "read_results", "write", "manage"]
_REFUSALS: dict[Right, tuple[str, str]] = {
    "analyse": ("dataset_analysis_not_allowed", "You can see this dataset but not analyse it. Ask an administrator."),
    "write": ("dataset_write_not_allowed", "You cannot add data to this dataset. Ask its owner or an administrator."),
    "manage": ("dataset_manage_not_allowed", "Only the owner of this dataset or an administrator may do this."),
}


@dataclass(frozen=True, slots=True)
class GrantedAccess:
    """A right that was found to be there.

    Attributes:
        dataset_id: UUID of the dataset.
        time_zone: IANA time zone of the dataset.
        goal_activity: Step that means success; empty when there is none or the dataset is deleted.
        can_manage: True for the owner of the dataset and administrators.
    """

    dataset_id: str
    time_zone: str
    goal_activity: str
    can_manage: bool


class DatasetAccess:
    """Answers whether the current caller may see, analyse, write to or manage a dataset.

    Args:
        catalog: Client of the catalog service.
        service: Name of the asking service.
        ttl_seconds: How long an answer is remembered without hearing of a change, > 0.
    """

    def __init__(self, catalog: RpcClient, service: str, ttl_seconds: float = 5.0) -> None:
        self._stub = catalog.stub(dataset_pb2_grpc.DatasetServiceStub)
        self._service = service
        self._ttl_seconds = ttl_seconds
        self._answers: dict[tuple[str, str], tuple[float, dataset_pb2.GetAccessResponse]] = {}

    async def listen(self, bus: Bus) -> None:
        """Forget answers when catalog says on the bus that something changed (at most a moment after the fact)."""

        async def forget(message: object) -> None:
            # A new dictionary: answers that are on their way may be older than the change, they go into the former one.
            self._answers = {}

        for subject in ("dataset.updated", "dataset.deleted", "grant.changed", "user.changed", "token.revoked"):
            await bus.client.subscribe(f"cjm.catalog.{subject}.v1", cb=forget)

    async def require(self, dataset_id: str, right: Right, identity: Identity | None = None) -> GrantedAccess:
        """Make sure that the caller has a right.

        Args:
            dataset_id: UUID of the dataset.
            right: What the caller wants to do; "read_results" is "analyse", also of a kept deleted dataset.
            identity: Who is asking; the current caller when absent. Services may do everything.

        Raises:
            AppError: NOT_FOUND `dataset_not_found` when it does not exist or the caller may not see it,
                PERMISSION_DENIED when the caller may see it but not do this.
        """
        identity = identity or current_identity()
        answer = await self._ask(dataset_id, identity)
        access = answer.access
        if right == "read_results":
            if answer.could_analyse:
                return GrantedAccess(dataset_id, answer.time_zone, answer.goal_activity, can_manage=False)
            right = "analyse"
        is_visible = answer.exists and (access.can_see or access.can_write or identity.is_service)
        if not is_visible:
            detail = f"There is no dataset {dataset_id!r} that you can see. Check the id."
            raise AppError(Code.NOT_FOUND, "dataset_not_found", detail)
        if not (identity.is_service or getattr(access, f"can_{right}")):
            if right == "see":
                raise AppError(Code.PERMISSION_DENIED, "dataset_not_readable", "This token cannot read data.")
            reason, detail = _REFUSALS[right]
            raise AppError(Code.PERMISSION_DENIED, reason, detail)
        can_manage = access.can_manage or identity.is_service
        return GrantedAccess(dataset_id, answer.time_zone, answer.goal_activity, can_manage)

    async def _ask(self, dataset_id: str, identity: Identity) -> dataset_pb2.GetAccessResponse:
        key, answers = (dataset_id, identity.subject), self._answers
        known = answers.get(key)
        if known and known[0] > time.monotonic():
            return known[1]
        with acting_as(service_identity(self._service)):
            request = dataset_pb2.GetAccessRequest(dataset_id=dataset_id, subject=identity.subject)
            answer = await self._stub.GetAccess(request, timeout=5)
        if len(answers) > 10_000:
            answers.clear()
        answers[key] = (time.monotonic() + self._ttl_seconds, answer)
        return answer
