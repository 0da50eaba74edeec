"""Wiring of ingest: the event store, its writer, imports and questions. The way in for events is `intake_main`."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from cjm_access import DatasetAccess
from cjm_ingest.adapters.csv_reader import CsvFile
from cjm_ingest.adapters.event_store.engine import EngineSettings
from cjm_ingest.adapters.event_store.fixes import EventFixes
from cjm_ingest.adapters.event_store.questions import EventStoreQuestions
from cjm_ingest.adapters.event_store.schema import INCOMING_SCHEMA
from cjm_ingest.adapters.event_store.store import EventStore
from cjm_ingest.adapters.event_stream import EventStream
from cjm_ingest.adapters.import_bus import REQUESTED, WORK_STREAM, IngestBus
from cjm_ingest.adapters.import_files import ImportFolder
from cjm_ingest.adapters.import_log import CatalogImportLog
from cjm_ingest.adapters.journal import CatalogJournal
from cjm_ingest.adapters.stream_health import StreamHealth
from cjm_ingest.application.appender import Appender
from cjm_ingest.application.background import end
from cjm_ingest.application.fixes import Fixes
from cjm_ingest.application.imports import Imports
from cjm_ingest.application.writer import Writer
from cjm_ingest.entrypoints.consumers import listen
from cjm_ingest.entrypoints.fixes_rpc import FixServicer
from cjm_ingest.entrypoints.imports_rpc import ImportServicer
from cjm_ingest.entrypoints.questions_rpc import QuestionServicer
from cjm_ingest.settings import IngestSettings
from cjm_kit.bus import Bus
from cjm_kit.identity import IdentitySigner
from cjm_kit.logging import get_logger
from cjm_kit.rpc import RpcClient, RpcServer
from cjm_kit.runtime import Component
from cjm_kit.telemetry import Telemetry
from cjm_protos.ingest.v1 import fixes_pb2_grpc, imports_pb2_grpc, questions_pb2_grpc

_SWEEP_SECONDS = 3600.0

_log = get_logger(__name__)


class _WriterWatch:
    """Metrics of the writer, and the fact that datasets grew."""

    def __init__(self, telemetry: Telemetry, facts: IngestBus) -> None:
        self._rows = telemetry.counter("rows_stored", "Event rows made visible by the writer")
        self._facts = facts

    def stored(self, rows_count: int, dataset_ids: Sequence[str]) -> None:
        """Rows are visible."""
        self._rows.inc(rows_count)
        self._facts.events_stored(dataset_ids)


async def build(settings: IngestSettings) -> Component:
    """Put the service together.

    Args:
        settings: What differs between installations.

    Returns:
        The service, not yet started; starting opens the event store and brings it to its present shape.
    """
    telemetry = Telemetry("ingest")
    stack = AsyncExitStack()
    running: list[tuple[StreamHealth, Writer]] = []
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def is_ready() -> bool:
        if not running:
            return False
        health, writer = running[0]
        return not writer.is_failing and await health.is_good()

    async def start() -> None:
        signer = IdentitySigner(settings.identity_secret.get_secret_value())
        engine = EngineSettings(
            settings.reader_threads, settings.max_question_seconds, settings.max_question_memory_bytes
        )
        store = await asyncio.to_thread(EventStore.open, settings.store_dir, engine)
        stack.push_async_callback(asyncio.to_thread, store.close)
        bus = await Bus.connect(settings, "ingest")
        stack.push_async_callback(bus.close)
        catalog = RpcClient(settings.catalog_target, signer, "ingest")
        stack.push_async_callback(catalog.close)
        access = DatasetAccess(catalog, "ingest")
        await access.listen(bus)
        stream, facts = EventStream(bus), IngestBus(bus)
        await stream.ensure()
        await facts.ensure_streams()

        appender = Appender(store, INCOMING_SCHEMA)
        writer = Writer(stream, store, appender, _WriterWatch(telemetry, facts))
        await writer.start()
        stack.push_async_callback(writer.stop)
        assert writer.failed is not None
        writer.failed.add_done_callback(_pass_on(failed))
        telemetry.gauge("writer_lag", "Messages accepted and not yet visible").set_function(
            lambda: max(stream.last_sequence - writer.place, 0)
        )
        files = ImportFolder(settings.imports_dir, settings.max_upload_bytes)
        log = CatalogImportLog(catalog)
        journal = CatalogJournal(bus, catalog)
        imports = Imports(store, appender, files, log, facts, journal, CsvFile, settings.import_workers)
        stack.push_async_callback(imports.close)
        fixes = Fixes(EventFixes(store), appender, journal)
        stack.push_async_callback(fixes.close)
        await listen(bus, imports, WORK_STREAM, REQUESTED, settings.import_workers)
        await journal.listen(fixes.was_finished, imports.was_removed)
        tasks = [asyncio.create_task(facts.tell()), asyncio.create_task(_sweep(files))]
        stack.push_async_callback(end, tasks)

        server = RpcServer(
            settings,
            [
                (imports_pb2_grpc.add_ImportServiceServicer_to_server, ImportServicer(imports, log, access)),
                (fixes_pb2_grpc.add_FixServiceServicer_to_server, FixServicer(fixes, access)),
                (
                    questions_pb2_grpc.add_QuestionServiceServicer_to_server,
                    QuestionServicer(EventStoreQuestions(store), access, log),
                ),
            ],
            signer,
            telemetry,
            is_ready,
        )
        await server.start()
        stack.push_async_callback(server.stop)
        running.append((StreamHealth(bus, stream, settings.nats_monitor_url), writer))

    return Component("ingest", start, stack.aclose, is_ready, failed, telemetry)


def _pass_on(failed: "asyncio.Future[None]") -> Callable[["asyncio.Future[None]"], None]:
    def pass_on(future: "asyncio.Future[None]") -> None:
        failure = None if future.cancelled() else future.exception()
        if failure and not failed.done():
            failed.set_exception(failure)

    return pass_on


async def _sweep(files: ImportFolder) -> None:
    while True:
        try:
            await asyncio.to_thread(files.sweep)
        except OSError as failure:
            _log.warning("imports_not_swept", error=str(failure))
        await asyncio.sleep(_SWEEP_SECONDS)
