"""Wiring of mining."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from cjm_access.dataset_access import DatasetAccess
from cjm_kit.bus import Bus
from cjm_kit.db import Database, open_database
from cjm_kit.identity import IdentitySigner
from cjm_kit.logging import get_logger
from cjm_kit.outbox import OutboxRelay
from cjm_kit.rpc import RpcClient, RpcServer
from cjm_kit.runtime import Component
from cjm_kit.telemetry import Telemetry
from cjm_mining.adapters.database import AnalysisStore, outbox
from cjm_mining.adapters.discovery import Discovery
from cjm_mining.adapters.pictures import Pictures
from cjm_mining.adapters.worker_pool import WorkerPool
from cjm_mining.application.analyses import Analyses
from cjm_mining.application.runner import Observer, Runner
from cjm_mining.domain.analysis import Kind, Status
from cjm_mining.entrypoints.consumers import consume_facts, consume_work, declare_stream
from cjm_mining.entrypoints.rpc import AnalysisServicer
from cjm_mining.settings import MiningSettings
from cjm_protos.mining.v1 import analysis_pb2_grpc

MIGRATIONS = Path(__file__).parent / "migrations"
_ANALYSIS_NICENESS = 19  # an analysis takes what is left: senders and readers of events come first
_PICTURE_MEMORY_BYTES = 2**30
_SWEEP_SECONDS = 5.0
_CLEAN_UP_SECONDS = 86400.0
_log = get_logger(__name__)


async def build(settings: MiningSettings) -> Component:
    """Put the service together; starting migrates its database."""
    telemetry = Telemetry("mining")
    signer = IdentitySigner(settings.identity_secret.get_secret_value())
    stack = AsyncExitStack()
    database: Database | None = None
    bus: Bus | None = None

    async def start() -> None:
        nonlocal database, bus
        database = await open_database(settings, "mining", MIGRATIONS)
        stack.push_async_callback(database.close)
        catalog, ingest = clients = [
            RpcClient(target, signer, "mining") for target in (settings.catalog_target, settings.ingest_target)
        ]
        for client in clients:
            stack.push_async_callback(client.close)
        idle_seconds = settings.worker_idle_seconds
        pool = WorkerPool(settings.workers_count, settings.memory_limit_bytes, idle_seconds, _ANALYSIS_NICENESS)
        # Pictures have their own worker, so that nobody waits for a long analysis to look at a finished one.
        painters = WorkerPool(1, _PICTURE_MEMORY_BYTES, idle_seconds)
        stack.push_async_callback(pool.close)
        stack.push_async_callback(painters.close)
        bus = await Bus.connect(settings, "mining")
        # Closed before the workers: closing the bus ends the jobs under way.
        stack.push_async_callback(bus.close)
        await declare_stream(bus)
        relay = OutboxRelay(database, outbox, bus)
        relay.start()
        stack.push_async_callback(relay.stop)
        access = DatasetAccess(catalog, "mining")
        await access.listen(bus)

        store = AnalysisStore(database, relay.wake)
        runner = Runner(
            store,
            access,
            Discovery(ingest, pool, settings.memory_limit_bytes),
            settings.time_limit_seconds,
            _observer(telemetry),
        )
        analyses = Analyses(store, access, runner.stop)
        servicer = AnalysisServicer(analyses, Pictures(painters, settings.picture_time_limit_seconds))
        registration = (analysis_pb2_grpc.add_AnalysisServiceServicer_to_server, servicer)
        server = RpcServer(settings, [registration], signer, telemetry, is_ready)
        await consume_work(bus, runner, settings.workers_count)
        sweeps = (
            _repeated(lambda: store.requeue_lost(runner.at_work), _SWEEP_SECONDS),
            _repeated(store.remove_deleted, _CLEAN_UP_SECONDS),
        )
        for background in (*sweeps, consume_facts(bus, analyses)):
            stack.push_async_callback(_ended, asyncio.create_task(background))
        await server.start()
        stack.push_async_callback(server.stop)

    async def is_ready() -> bool:
        return database is not None and bus is not None and bus.is_connected and await database.is_alive()

    return Component("mining", start, stack.aclose, is_ready, telemetry=telemetry)


def _observer(telemetry: Telemetry) -> Observer:
    seconds = telemetry.histogram(
        "analysis_seconds", "Time of analyses from start to end", ["kind", "status"], (0.1, 0.3, 1, 3, 10, 30, 100, 300)
    )

    def observe(kind: Kind, status: Status, elapsed_seconds: float) -> None:
        seconds.labels(kind, status).observe(elapsed_seconds)

    return observe


async def _repeated(sweep: Callable[[], Awaitable[None]], every_seconds: float) -> None:
    while True:
        try:
            await sweep()
        except (SQLAlchemyError, OSError) as failure:
            _log.warning("sweep_failed", error=type(failure).__name__)
        await asyncio.sleep(every_seconds)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
