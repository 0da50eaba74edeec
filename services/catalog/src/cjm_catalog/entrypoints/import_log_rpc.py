"""ImportLogService."""

from typing import Any

from cjm_catalog.application.import_log import ImportLog, ImportView
from cjm_catalog.domain.checks import invalid
from cjm_catalog.domain.imports import ImportChange, ImportStatus
from cjm_catalog.entrypoints.translate import caller, mapping_message, mapping_spec, timestamp
from cjm_kit.rpc import allow
from cjm_protos.catalog.v1 import import_log_pb2, import_log_pb2_grpc

_STATUS_TO_PROTO = {
    ImportStatus.QUEUED: import_log_pb2.IMPORT_STATUS_QUEUED,
    ImportStatus.RUNNING: import_log_pb2.IMPORT_STATUS_RUNNING,
    ImportStatus.COMPLETED: import_log_pb2.IMPORT_STATUS_COMPLETED,
    ImportStatus.FAILED: import_log_pb2.IMPORT_STATUS_FAILED,
    ImportStatus.CANCELLED: import_log_pb2.IMPORT_STATUS_CANCELLED,
    ImportStatus.REMOVED: import_log_pb2.IMPORT_STATUS_REMOVED,
}
_STATUS_FROM_PROTO: dict[int, ImportStatus] = {message: status for status, message in _STATUS_TO_PROTO.items()}
_CHANGE_FIELDS = (
    "file_bytes",
    "rows_read",
    "rows_accepted",
    "rows_rejected",
    "rows_duplicate",
    "progress_ratio",
    "error_reason",
    "error_detail",
)


class ImportLogServicer(import_log_pb2_grpc.ImportLogServiceServicer):
    """The log of file imports."""

    def __init__(self, import_log: ImportLog) -> None:
        self._import_log = import_log

    @allow("staff")
    async def CreateImport(
        self, request: import_log_pb2.CreateImportRequest, context: Any
    ) -> import_log_pb2.CreateImportResponse:
        """Opens an entry."""
        view = await self._import_log.open(
            caller(),
            request.dataset_id,
            request.file_name,
            request.mapping_id,
            mapping_spec(request.mapping) if request.HasField("mapping") else None,
            all_or_nothing=request.all_or_nothing,
            is_check=request.is_check,
            replaces_dataset=request.replaces_dataset,
        )
        return import_log_pb2.CreateImportResponse(entry=_entry_message(view))

    @allow("service")
    async def UpdateImport(
        self, request: import_log_pb2.UpdateImportRequest, context: Any
    ) -> import_log_pb2.UpdateImportResponse:
        """Notes progress or the end."""
        news = {name: getattr(request, name) for name in _CHANGE_FIELDS if request.HasField(name)}  # type: ignore[arg-type]
        status = _status(request.status) if request.HasField("status") else None
        view = await self._import_log.update(request.import_id, ImportChange(status=status, **news))
        return import_log_pb2.UpdateImportResponse(entry=_entry_message(view))

    @allow("staff", "service")
    async def GetImport(
        self, request: import_log_pb2.GetImportRequest, context: Any
    ) -> import_log_pb2.GetImportResponse:
        """Gives one entry."""
        view = await self._import_log.get(caller(), request.import_id)
        return import_log_pb2.GetImportResponse(entry=_entry_message(view))

    @allow("staff", "service")
    async def ListImports(
        self, request: import_log_pb2.ListImportsRequest, context: Any
    ) -> import_log_pb2.ListImportsResponse:
        """Lists entries, newest first."""
        page = await self._import_log.page(
            caller(),
            request.dataset_id,
            [_status(status) for status in request.statuses],
            request.page_size,
            request.page_token,
            with_deleted_datasets=request.with_deleted_datasets,
        )
        return import_log_pb2.ListImportsResponse(
            entries=[_entry_message(view) for view in page.items], next_page_token=page.next_cursor
        )


def _status(message: int) -> ImportStatus:
    status = _STATUS_FROM_PROTO.get(message)
    if status is None:
        known = ", ".join(ImportStatus)
        raise invalid("status", "import_status_unknown", f"There is no such status. Choose from: {known}.")
    return status


def _entry_message(view: ImportView) -> import_log_pb2.ImportEntry:
    entry = view.entry
    return import_log_pb2.ImportEntry(
        import_id=entry.import_id,
        dataset_id=entry.dataset_id or "",
        dataset_name=view.dataset_name,
        created_by=view.created_by,
        created_by_id=entry.created_by_id,
        file_name=entry.file_name,
        file_bytes=entry.file_bytes,
        mapping=mapping_message(entry.mapping, view.mapping_owner),
        all_or_nothing=entry.all_or_nothing,
        is_check=entry.is_check,
        replaces_dataset=entry.replaces_dataset,
        status=_STATUS_TO_PROTO[entry.status],
        rows_read=entry.rows_read,
        rows_accepted=entry.rows_accepted,
        rows_rejected=entry.rows_rejected,
        rows_duplicate=entry.rows_duplicate,
        progress_ratio=entry.progress_ratio,
        error_reason=entry.error_reason,
        error_detail=entry.error_detail,
        created_at=timestamp(entry.created_at),
        finished_at=timestamp(entry.finished_at),
    )
