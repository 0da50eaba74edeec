"""gRPC for file imports."""

from collections.abc import AsyncIterator
from typing import Any, Final

from cjm_access import DatasetAccess, Right
from cjm_ingest.application.imports import Imports
from cjm_ingest.application.ports import ImportEntry, ImportLog
from cjm_ingest.domain.faults import RowFault, Tally
from cjm_ingest.domain.mapping import Repair
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import current_identity
from cjm_kit.rpc import allow
from cjm_protos.catalog.v1 import mapping_pb2
from cjm_protos.ingest.v1 import imports_pb2, imports_pb2_grpc

_STEPS_SHOWN: Final = 1000
_DEFAULT_PAGE_ROWS: Final = 100
_LARGEST_PAGE_ROWS: Final = 10_000


class ImportServicer(imports_pb2_grpc.ImportServiceServicer):
    """Uploads, progress, rejected rows, cancelling and removing.

    Args:
        imports: The use cases.
        log: The log of imports, which knows whose import it is.
        access: What the caller may do with the dataset.
    """

    def __init__(self, imports: Imports, log: ImportLog, access: DatasetAccess) -> None:
        self._imports = imports
        self._log = log
        self._access = access

    @allow("staff")
    async def UploadImport(
        self, request_iterator: AsyncIterator[imports_pb2.UploadImportRequest], context: Any
    ) -> imports_pb2.UploadImportResponse:
        """Keep the file and queue the work."""
        first = await anext(aiter(request_iterator), None)
        if first is None or first.WhichOneof("part") != "head":
            detail = "An upload begins with a message that names the import."
            raise AppError(Code.INVALID_ARGUMENT, "upload_head_missing", detail)
        entry = await self._own(first.head.import_id, "write")
        received_bytes = await self._imports.upload(entry, _chunks(request_iterator))
        return imports_pb2.UploadImportResponse(received_bytes=received_bytes)

    @allow("staff")
    async def ReuseUpload(
        self, request: imports_pb2.ReuseUploadRequest, context: Any
    ) -> imports_pb2.ReuseUploadResponse:
        """Queue an import that uses the file of an earlier check."""
        entry = await self._own(request.import_id, "write")
        source = await self._log.get(request.from_import_id)
        await self._require_values(source)
        await self._imports.reuse(entry, source)
        return imports_pb2.ReuseUploadResponse()

    @allow("staff", "service")
    async def GetImportProgress(
        self, request: imports_pb2.GetImportProgressRequest, context: Any
    ) -> imports_pb2.GetImportProgressResponse:
        """How far it is and what was found."""
        entry = await self._log.get(request.import_id)
        await self._require(entry, "see")
        shows_values = True
        try:
            await self._require_values(entry)
        except AppError as failure:
            if failure.code is not Code.PERMISSION_DENIED:
                raise
            shows_values = False
        return _progress(await self._imports.progress(entry.import_id), shows_values=shows_values)

    @allow("staff")
    async def CancelImport(
        self, request: imports_pb2.CancelImportRequest, context: Any
    ) -> imports_pb2.CancelImportResponse:
        """Stop it; what it stored goes again."""
        await self._imports.cancel(await self._own(request.import_id, "write"))
        return imports_pb2.CancelImportResponse()

    @allow("staff")
    async def RemoveImport(
        self, request: imports_pb2.RemoveImportRequest, context: Any
    ) -> imports_pb2.RemoveImportResponse:
        """Take its rows out of every number."""
        entry = await self._own(request.import_id, "write")
        rows_count = await self._imports.remove(entry, current_identity().user_id)
        return imports_pb2.RemoveImportResponse(rows_removed=rows_count)

    @allow("staff", "service")
    async def ListRejectedRows(
        self, request: imports_pb2.ListRejectedRowsRequest, context: Any
    ) -> imports_pb2.ListRejectedRowsResponse:
        """Rejected rows in file order."""
        entry = await self._log.get(request.import_id)
        await self._require_values(entry)
        size = request.page_size or _DEFAULT_PAGE_ROWS
        if not 1 <= size <= _LARGEST_PAGE_ROWS:
            detail = f"page_size is {size}. Ask for 1 to {_LARGEST_PAGE_ROWS} rows."
            raise AppError(Code.INVALID_ARGUMENT, "page_size_out_of_range", detail)
        faults, cursor = await self._imports.rejected(entry.import_id, request.page_token, size)
        return imports_pb2.ListRejectedRowsResponse(rows=map(_row, faults), next_page_token=cursor)

    async def _require_values(self, entry: ImportEntry) -> None:
        """Values of rejected rows are for who brought the file, and for who may look into the dataset."""
        is_own = entry.created_by_id == current_identity().user_id
        await self._require(entry, "see" if is_own else "analyse")

    async def _own(self, import_id: str, right: Right) -> ImportEntry:
        """An import that the caller started, or of a dataset that the caller manages."""
        entry = await self._log.get(import_id)
        can_manage = await self._require(entry, right)
        if entry.created_by_id != current_identity().user_id and not can_manage:
            detail = "Only who started this import, the owner of the dataset or an administrator may do this."
            raise AppError(Code.PERMISSION_DENIED, "import_not_yours", detail)
        return entry

    async def _require(self, entry: ImportEntry, right: Right) -> bool:
        """The right on its dataset, a check without one is its maker's; tells whether the caller manages it."""
        if entry.dataset_id:
            return (await self._access.require(entry.dataset_id, right)).can_manage
        identity = current_identity()
        if not identity.is_service and identity.user_id != entry.created_by_id:
            detail = "There is no such import, or you may not see it. Check the id."
            raise AppError(Code.NOT_FOUND, "import_not_found", detail)
        return True


async def _chunks(requests: AsyncIterator[imports_pb2.UploadImportRequest]) -> AsyncIterator[bytes]:
    async for request in requests:
        yield request.chunk


def _progress(tally: Tally, *, shows_values: bool) -> imports_pb2.GetImportProgressResponse:
    by_count = sorted(tally.findings.values(), key=lambda found: -found.rows_count)
    steps = sorted(tally.steps.items(), key=lambda item: (-item[1], item[0]))[:_STEPS_SHOWN]
    return imports_pb2.GetImportProgressResponse(
        rows_read=tally.rows_read,
        rows_accepted=tally.rows_accepted,
        rows_rejected=tally.rows_rejected,
        rows_duplicate=tally.rows_duplicate,
        progress_ratio=tally.progress_ratio,
        findings=[
            imports_pb2.Finding(
                reason=found.reason,
                field=found.field,
                column=found.column,
                rows_count=found.rows_count,
                examples=map(_row, found.examples if shows_values else ()),
                repair=_repair(found.repair) if found.repair else None,
            )
            for found in by_count
        ],
        steps=[imports_pb2.StepCount(activity=step, rows_count=count) for step, count in steps],
        customers_count=tally.customers_count,
        first_event_at_ms=tally.first_event_at_ms or 0,
        last_event_at_ms=tally.last_event_at_ms or 0,
    )


def _repair(repair: Repair) -> mapping_pb2.Repair:
    action = mapping_pb2.RepairAction.Value(f"REPAIR_ACTION_{repair.action.name}")
    return mapping_pb2.Repair(reason=repair.reason, action=action, text=repair.text)


def _row(fault: RowFault) -> imports_pb2.RejectedRow:
    return imports_pb2.RejectedRow(
        row=fault.row,
        field=fault.field,
        column=fault.column,
        value=fault.value,
        reason=fault.reason,
        detail=fault.detail,
    )
