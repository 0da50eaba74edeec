"""gRPC for fixing what was found wrong in the events of a dataset."""

from typing import Any

from cjm_access import DatasetAccess
from cjm_ingest.application.fixes import Fixes
from cjm_ingest.entrypoints.questions_translate import finding_kind_from_message
from cjm_kit.identity import current_identity
from cjm_kit.rpc import allow
from cjm_protos.ingest.v1 import fixes_pb2, fixes_pb2_grpc


class FixServicer(fixes_pb2_grpc.FixServiceServicer):
    """Fixes findings.

    Args:
        fixes: The use case.
        access: What the caller may do with the dataset.
    """

    def __init__(self, fixes: Fixes, access: DatasetAccess) -> None:
        self._fixes = fixes
        self._access = access

    @allow("staff")
    async def FixFinding(self, request: fixes_pb2.FixFindingRequest, context: Any) -> fixes_pb2.FixFindingResponse:
        """Fix all that is there of one kind of finding."""
        await self._access.require(request.dataset_id, "manage")
        kind = finding_kind_from_message(request.kind)
        fixed = await self._fixes.fix(request.dataset_id, kind, current_identity().user_id)
        return fixes_pb2.FixFindingResponse(
            changed_count=fixed.changed_count,
            removed_count=fixed.removed_count,
            goal_activity=await self._fixes.present_name(request.dataset_id, request.goal_activity),
        )

    @allow("staff")
    async def ListStepAliases(
        self, request: fixes_pb2.ListStepAliasesRequest, context: Any
    ) -> fixes_pb2.ListStepAliasesResponse:
        """Other names of steps under which events come in."""
        await self._access.require(request.dataset_id, "see")
        aliases = await self._fixes.aliases(request.dataset_id)
        items = [fixes_pb2.StepAlias(alias=alias, activity=activity) for alias, activity in aliases.items()]
        return fixes_pb2.ListStepAliasesResponse(aliases=items)

    @allow("staff")
    async def DeleteStepAlias(
        self, request: fixes_pb2.DeleteStepAliasRequest, context: Any
    ) -> fixes_pb2.DeleteStepAliasResponse:
        """End another name of a step."""
        await self._access.require(request.dataset_id, "manage")
        await self._fixes.delete_alias(request.dataset_id, request.alias)
        return fixes_pb2.DeleteStepAliasResponse()
