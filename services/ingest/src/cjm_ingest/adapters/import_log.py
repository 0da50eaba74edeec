"""The log of imports, which belongs to catalog."""

from collections.abc import AsyncIterator
from typing import Final

from cjm_ingest.application.ports import ImportEntry, ImportReport, ImportState
from cjm_ingest.application.quality import ImportResult
from cjm_ingest.domain.faults import Tally
from cjm_ingest.domain.mapping import ColumnRule, Function, Mapping, Repair, RepairAction, StepRule
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import acting_as, service_identity
from cjm_kit.rpc import RpcClient
from cjm_protos.catalog.v1 import import_log_pb2, import_log_pb2_grpc, mapping_pb2

_TIMEOUT_SECONDS: Final = 10.0

_STATES: Final = {
    ImportState.QUEUED: import_log_pb2.IMPORT_STATUS_QUEUED,
    ImportState.RUNNING: import_log_pb2.IMPORT_STATUS_RUNNING,
    ImportState.COMPLETED: import_log_pb2.IMPORT_STATUS_COMPLETED,
    ImportState.FAILED: import_log_pb2.IMPORT_STATUS_FAILED,
    ImportState.CANCELLED: import_log_pb2.IMPORT_STATUS_CANCELLED,
    ImportState.REMOVED: import_log_pb2.IMPORT_STATUS_REMOVED,
}
_STATE_BY_NUMBER: Final = {number: state for state, number in _STATES.items()}
_FUNCTIONS: Final = {
    mapping_pb2.FUNCTION_UNSPECIFIED: Function.TRIM,
    mapping_pb2.FUNCTION_LOWER: Function.LOWER,
    mapping_pb2.FUNCTION_UPPER: Function.UPPER,
    mapping_pb2.FUNCTION_STRING: Function.STRING,
    mapping_pb2.FUNCTION_INT: Function.INT,
    mapping_pb2.FUNCTION_FLOAT: Function.FLOAT,
    mapping_pb2.FUNCTION_DATETIME: Function.DATETIME,
    mapping_pb2.FUNCTION_DATE: Function.DATE,
}
_ACTIONS: Final = {
    mapping_pb2.REPAIR_ACTION_LEAVE_EMPTY: RepairAction.LEAVE_EMPTY,
    mapping_pb2.REPAIR_ACTION_USE_TEXT: RepairAction.USE_TEXT,
    mapping_pb2.REPAIR_ACTION_CUT: RepairAction.CUT,
    mapping_pb2.REPAIR_ACTION_CLEAN: RepairAction.CLEAN,
}


class CatalogImportLog:
    """Reads and writes entries in the name of this service.

    Args:
        catalog: Client of the catalog service.
    """

    def __init__(self, catalog: RpcClient) -> None:
        self._stub = catalog.stub(import_log_pb2_grpc.ImportLogServiceStub)
        self._identity = service_identity("ingest")

    async def get(self, import_id: str) -> ImportEntry:
        """One entry.

        Raises:
            AppError: NOT_FOUND `import_not_found`.
        """
        with acting_as(self._identity):
            request = import_log_pb2.GetImportRequest(import_id=import_id)
            answer = await self._stub.GetImport(request, timeout=_TIMEOUT_SECONDS)
        return _entry(answer.entry)

    async def newest_result(self, dataset_id: str) -> ImportResult | None:
        """How the newest completed import of a dataset went, checks aside; None without one."""
        async for entry in self._completed(dataset_id, page_size=10):
            return ImportResult(entry.import_id, entry.rows_read, entry.rows_rejected)
        return None

    async def completed(self, dataset_id: str) -> AsyncIterator[ImportEntry]:
        """Completed imports of a dataset, newest first; checks aside."""
        async for entry in self._completed(dataset_id, page_size=200):
            yield _entry(entry)

    async def received(self, import_id: str, file_bytes: int) -> None:
        """The file is here."""
        await self._update(import_log_pb2.UpdateImportRequest(import_id=import_id, file_bytes=file_bytes))

    async def progress(self, import_id: str, tally: Tally) -> None:
        """It is running and has come this far."""
        await self._update(_noted(import_id, ImportState.RUNNING, tally))

    async def ended(self, import_id: str, report: ImportReport) -> None:
        """It has ended; an entry that has ended already stays as it is."""
        request = _noted(import_id, report.state, report.tally)
        if report.error_reason:
            request.error_reason, request.error_detail = report.error_reason, report.error_detail
        try:
            await self._update(request)
        except AppError as failure:
            if failure.code not in (Code.FAILED_PRECONDITION, Code.NOT_FOUND):
                raise

    async def removed(self, import_id: str) -> None:
        """Its rows are out again."""
        await self._update(
            import_log_pb2.UpdateImportRequest(import_id=import_id, status=import_log_pb2.IMPORT_STATUS_REMOVED)
        )

    async def _completed(self, dataset_id: str, page_size: int) -> AsyncIterator[import_log_pb2.ImportEntry]:
        request = import_log_pb2.ListImportsRequest(
            dataset_id=dataset_id,
            statuses=[import_log_pb2.IMPORT_STATUS_COMPLETED],
            page_size=page_size,
            with_deleted_datasets=True,  # work that runs goes on while its dataset can still be restored
        )
        while True:
            with acting_as(self._identity):
                answer = await self._stub.ListImports(request, timeout=_TIMEOUT_SECONDS)
            for entry in answer.entries:
                if not entry.is_check:
                    yield entry
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    async def _update(self, request: import_log_pb2.UpdateImportRequest) -> None:
        with acting_as(self._identity):
            await self._stub.UpdateImport(request, timeout=_TIMEOUT_SECONDS)


def _noted(import_id: str, state: ImportState, tally: Tally) -> import_log_pb2.UpdateImportRequest:
    return import_log_pb2.UpdateImportRequest(
        import_id=import_id,
        status=_STATES[state],
        rows_read=tally.rows_read,
        rows_accepted=tally.rows_accepted,
        rows_rejected=tally.rows_rejected,
        rows_duplicate=tally.rows_duplicate,
        progress_ratio=tally.progress_ratio,
    )


def _entry(entry: import_log_pb2.ImportEntry) -> ImportEntry:
    return ImportEntry(
        import_id=entry.import_id,
        dataset_id=entry.dataset_id,
        created_by_id=entry.created_by_id,
        state=_STATE_BY_NUMBER[entry.status],
        file_name=entry.file_name,
        file_bytes=entry.file_bytes,
        mapping=_mapping(entry.mapping),
        is_all_or_nothing=entry.all_or_nothing,
        is_check=entry.is_check,
        replaces_dataset=entry.replaces_dataset,
        created_at_seconds=entry.created_at.ToNanoseconds() / 1e9,
    )


def _mapping(mapping: mapping_pb2.Mapping) -> Mapping:
    columns = tuple(
        ColumnRule(item.field, item.column.strip(), _FUNCTIONS[item.function], tuple(map(_repair, item.repairs)))
        for item in mapping.columns
    )
    step_rules = tuple(StepRule(item.pattern, item.name) for item in mapping.step_rules)
    return Mapping(
        columns,
        mapping.time_zone or "UTC",
        mapping.time_format,
        mapping.decimal_sign or ".",
        step_rules,
        mapping.encoding or "UTF-8",
        mapping.separator,
        mapping.headerless,
    )


def _repair(repair: mapping_pb2.Repair) -> Repair:
    return Repair(repair.reason, _ACTIONS[repair.action], repair.text)
