"""File imports from the upload to the entry in the log."""

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cjm_ingest.application.appender import Appender
from cjm_ingest.application.background import Lasting
from cjm_ingest.application.import_run import CancelledImportError, ImportRun
from cjm_ingest.application.ports import (
    EventStore,
    ImportBus,
    ImportEntry,
    ImportFiles,
    ImportLog,
    ImportReport,
    ImportState,
    Journal,
    OpenTableFile,
)
from cjm_ingest.domain.faults import RowFault, Tally
from cjm_kit.errors import AppError, Code, internal_error
from cjm_kit.logging import get_logger

_PROGRESS_SECONDS = 1.0
_REUSE_SECONDS = 86_400

_log = get_logger(__name__)


class Imports:
    """All that can be done with imports.

    Args:
        store: Where rows are.
        appender: How rows get there.
        files: Uploaded files, rejected rows, reports.
        log: The log of imports.
        bus: What others are told.
        journal: Where removals are noted.
        open_file: Opens an uploaded file.
        workers_count: Imports at the same time, >= 1.
    """

    def __init__(
        self,
        store: EventStore,
        appender: Appender,
        files: ImportFiles,
        log: ImportLog,
        bus: ImportBus,
        journal: Journal,
        open_file: OpenTableFile,
        workers_count: int,
    ) -> None:
        self._store = store
        self._appender = appender
        self._files = files
        self._log = log
        self._bus = bus
        self._journal = journal
        self._open_file = open_file
        self._threads = ThreadPoolExecutor(workers_count, thread_name_prefix="import")
        self._runs: dict[str, ImportRun] = {}
        self._ended: dict[str, asyncio.Event] = {}
        self._removals: dict[str, asyncio.Task[Any] | None] = {}
        self._lasting = Lasting()
        self._is_closing = False

    async def upload(self, entry: ImportEntry, chunks: AsyncIterator[bytes]) -> int:
        """Keep the file of an import and queue the work.

        Returns:
            Bytes received.

        Raises:
            AppError: TOO_LARGE `file_too_large`, UNAVAILABLE `disk_full`, FAILED_PRECONDITION `import_not_queued`.
        """
        _require_queued(entry)
        try:
            file_bytes = await self._files.receive(entry.import_id, entry.dataset_id, chunks)
        except BaseException as failure:
            error = failure if isinstance(failure, AppError) else None
            reason = error.reason if error else "upload_interrupted"
            detail = error.detail if error else "The upload was interrupted. Upload the file again."
            report = ImportReport(ImportState.FAILED, Tally(), reason, detail)
            await asyncio.shield(self._log.ended(entry.import_id, report))
            raise
        await self._log.received(entry.import_id, file_bytes)
        await self._bus.request(entry.import_id, entry.import_id)
        return file_bytes

    async def reuse(self, entry: ImportEntry, source: ImportEntry) -> None:
        """Queue an import, or another check, that uses the file of an earlier check.

        Raises:
            AppError: FAILED_PRECONDITION `import_not_queued`, NOT_FOUND `file_gone`.
        """
        _require_queued(entry)
        is_fresh = time.time() - source.created_at_seconds < _REUSE_SECONDS
        if source.created_by_id != entry.created_by_id or not is_fresh:
            raise _file_gone()
        file_import_id = source.import_id
        if entry.is_check:
            # It may be the source of the next one, when the earlier is gone.
            file_import_id = entry.import_id
            await asyncio.to_thread(self._files.share, source.import_id, entry.import_id, entry.dataset_id)
        else:
            await asyncio.to_thread(self._files.path, source.import_id)
        await self._log.received(entry.import_id, source.file_bytes)
        await self._bus.request(entry.import_id, file_import_id)

    async def perform(self, import_id: str, file_import_id: str) -> None:
        """Do the work of one import, from wherever an earlier try was broken off."""
        if running := self._ended.get(import_id):
            await running.wait()  # the bus was impatient and asked twice
            return
        try:
            entry = await self._log.get(import_id)
        except AppError as failure:
            if failure.code is not Code.NOT_FOUND:
                raise
            # Its dataset was deleted meanwhile.
            await asyncio.to_thread(self._files.forget, import_id)
            await asyncio.to_thread(self._files.drop_file, file_import_id)
            return
        report = await asyncio.to_thread(self._files.report, import_id)
        if report is None and entry.state not in (ImportState.QUEUED, ImportState.RUNNING):
            return
        if report is None:
            report = await self._run(entry, file_import_id)
            await asyncio.to_thread(self._files.save_report, import_id, report)
        if entry.replaces_dataset:
            await self._settle(entry, report)
        await self._tell(entry, report)
        if not entry.is_check:
            await asyncio.to_thread(self._files.drop_file, file_import_id)

    async def progress(self, import_id: str) -> Tally:
        """What is known of an import, running or ended."""
        if run := self._runs.get(import_id):
            return run.latest
        report = await asyncio.to_thread(self._files.report, import_id)
        return report.tally if report else Tally()

    async def rejected(self, import_id: str, cursor: str, count: int) -> tuple[list[RowFault], str]:
        """Some rejected rows in file order and the cursor of the next ones."""
        return await asyncio.to_thread(self._files.rejected_page, import_id, cursor, count)

    async def cancel(self, entry: ImportEntry) -> None:
        """Stop a queued or running import; what it stored is out when this returns.

        Raises:
            AppError: FAILED_PRECONDITION `import_ended`, UNAVAILABLE `disk_full`.
        """
        if entry.state not in (ImportState.QUEUED, ImportState.RUNNING):
            raise _import_ended()
        run = self._runs.get(entry.import_id)
        if run is None:
            if await asyncio.to_thread(self._files.report, entry.import_id):
                raise _import_ended()  # the log does not know yet
            await asyncio.to_thread(self._take_out, entry)  # of a try that was killed
            await self._log.ended(entry.import_id, ImportReport(ImportState.CANCELLED, Tally()))
            run = self._runs.get(entry.import_id)  # begun meanwhile
        if run:
            ended = self._ended[entry.import_id]
            run.cancel()
            await ended.wait()

    async def remove(self, entry: ImportEntry, user_id: str) -> int:
        """Take the rows of a completed import out of every number; of a check its file and what was found.

        What was begun goes on when the caller goes away.

        Args:
            entry: Which.
            user_id: For whom.

        Returns:
            Rows taken out.

        Raises:
            AppError: FAILED_PRECONDITION `import_not_completed`, UNAVAILABLE `disk_full`, `bus_unavailable`.
        """
        if entry.state is not ImportState.COMPLETED:
            detail = "Only a completed import can be removed."
            raise AppError(Code.FAILED_PRECONDITION, "import_not_completed", detail)
        return await self._lasting.to_its_end(self._remove(entry, user_id))

    async def was_removed(self, import_id: str) -> bool:
        """True when a removal that was noted took the events out; waits for it, and ends one that a kill broke off."""
        entry = await self._log.get(import_id)
        if removal := self._removals.pop(import_id, None):
            await asyncio.wait({removal})
            return not await asyncio.to_thread(self._store.count_import, entry.dataset_id, import_id)
        if entry.state is ImportState.COMPLETED:
            await self._end_removal(entry)
        return True

    async def forget_dataset(self, dataset_id: str) -> None:
        """Take all events and files of a deleted dataset away and stop its imports."""
        running = [(run, self._ended[run.import_id]) for run in self._runs.values() if run.dataset_id == dataset_id]
        for run, _ in running:
            run.cancel()
        for _, ended in running:
            await ended.wait()
        await asyncio.to_thread(self._appender.delete_dataset, dataset_id)
        await asyncio.to_thread(self._files.forget_dataset, dataset_id)

    async def close(self) -> None:
        """Break running imports off; they begin anew at the next start."""
        self._is_closing = True
        for run in self._runs.values():
            run.break_off()
        await asyncio.to_thread(self._threads.shutdown)
        await self._lasting.close()

    async def _run(self, entry: ImportEntry, file_import_id: str) -> ImportReport:
        import_id = entry.import_id
        run = ImportRun(entry, self._store, self._appender, self._open_file)
        self._runs[import_id], self._ended[import_id] = run, asyncio.Event()
        try:
            await self._log.progress(import_id, run.latest)
            running = asyncio.get_running_loop().run_in_executor(self._threads, self._in_thread, run, file_import_id)
            while not (await asyncio.wait({running}, timeout=_PROGRESS_SECONDS))[0]:
                try:
                    await self._log.progress(import_id, run.latest)
                except AppError as failure:
                    _log.warning("import_progress_not_noted", import_id=import_id, reason=failure.reason)
            return self._outcome(run, running)
        finally:
            del self._runs[import_id]
            self._ended.pop(import_id).set()

    def _in_thread(self, run: ImportRun, file_import_id: str) -> None:
        with self._files.rejected(run.import_id, run.dataset_id) as rejected:
            run.begin()
            with self._files.attempt(run.import_id):
                run.perform(self._files.path(file_import_id), rejected)

    def _outcome(self, run: ImportRun, running: "asyncio.Future[None]") -> ImportReport:
        try:
            running.result()
        except CancelledImportError:
            if self._is_closing:
                raise asyncio.CancelledError from None
            return ImportReport(ImportState.CANCELLED, run.latest)
        except AppError as failure:
            return ImportReport(ImportState.FAILED, run.latest, failure.reason, failure.detail)
        except Exception as failure:  # noqa: BLE001 - the log must end, and say no more than that it failed
            _log.error("import_failed", import_id=run.import_id, exc_info=failure)
            error = internal_error()
            return ImportReport(ImportState.FAILED, run.latest, error.reason, error.detail)
        return ImportReport(ImportState.COMPLETED, run.latest)

    def _take_out(self, entry: ImportEntry) -> None:
        if entry.replaces_dataset:
            self._appender.abandon_edition(entry.dataset_id, entry.import_id)
        elif not entry.is_check:
            self._store.delete_import(entry.dataset_id, entry.import_id)

    async def _settle(self, entry: ImportEntry, report: ImportReport) -> None:
        """Put what an import stored in the place of what was there, or leave all as it was; a second time the same."""
        if report.state is not ImportState.COMPLETED:
            await asyncio.to_thread(self._appender.abandon_edition, entry.dataset_id, entry.import_id)
            return
        await asyncio.to_thread(self._appender.adopt_edition, entry.dataset_id, entry.import_id)
        former = [item async for item in self._log.completed(entry.dataset_id) if item.import_id != entry.import_id]
        for item in former:
            await self._note_removed(item)

    async def _remove(self, entry: ImportEntry, user_id: str) -> int:
        if entry.is_check:
            await self._note_removed(entry)
            return 0
        self._removals[entry.import_id] = asyncio.current_task()
        rows_count = await asyncio.to_thread(self._store.count_import, entry.dataset_id, entry.import_id)
        await self._journal.removing(entry, user_id, rows_count)
        return await self._end_removal(entry)

    async def _end_removal(self, entry: ImportEntry) -> int:
        rows_count = await asyncio.to_thread(self._store.delete_import, entry.dataset_id, entry.import_id)
        await self._note_removed(entry)
        return rows_count

    async def _note_removed(self, entry: ImportEntry) -> None:
        await self._log.removed(entry.import_id)
        await asyncio.to_thread(self._files.forget, entry.import_id)
        if not entry.is_check:
            await self._bus.removed(entry)

    async def _tell(self, entry: ImportEntry, report: ImportReport) -> None:
        await self._log.ended(entry.import_id, report)
        if entry.is_check:
            return
        if report.state is ImportState.COMPLETED:
            await self._bus.completed(entry, report.tally.rows_accepted - report.tally.rows_duplicate)
        elif report.state is ImportState.FAILED:
            await self._bus.failed(entry, report.error_reason)


def _require_queued(entry: ImportEntry) -> None:
    if entry.state is not ImportState.QUEUED:
        detail = "This import has begun already. Start a new one."
        raise AppError(Code.FAILED_PRECONDITION, "import_not_queued", detail)


def _import_ended() -> AppError:
    return AppError(Code.FAILED_PRECONDITION, "import_ended", "This import has ended and cannot be stopped.")


def _file_gone() -> AppError:
    return AppError(Code.NOT_FOUND, "file_gone", "The file of that check is not there any more. Upload it again.")
