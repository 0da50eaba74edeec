"""Wiring of the catalog."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from sqlalchemy.exc import SQLAlchemyError

from cjm_catalog.adapters.database import SqlStore
from cjm_catalog.adapters.facts import STREAM, SUBJECTS
from cjm_catalog.adapters.passwords import Argon2Passwords
from cjm_catalog.adapters.tables import outbox
from cjm_catalog.application.accounts import Accounts
from cjm_catalog.application.datasets import Datasets
from cjm_catalog.application.import_log import ImportLog
from cjm_catalog.application.journal import Journal
from cjm_catalog.application.mappings import Mappings
from cjm_catalog.application.ports import Clock, Passwords
from cjm_catalog.application.tokens import Tokens
from cjm_catalog.bootstrap import MIGRATIONS, utc_now
from cjm_catalog.entrypoints.account_rpc import AccountServicer
from cjm_catalog.entrypoints.dataset_rpc import DatasetServicer
from cjm_catalog.entrypoints.import_log_rpc import ImportLogServicer
from cjm_catalog.entrypoints.journal_rpc import JournalServicer
from cjm_catalog.entrypoints.mapping_rpc import MappingServicer
from cjm_catalog.entrypoints.token_rpc import TokenServicer
from cjm_catalog.settings import CatalogSettings
from cjm_kit.bus import Bus
from cjm_kit.db import Database, open_database
from cjm_kit.identity import IdentitySigner
from cjm_kit.logging import get_logger
from cjm_kit.outbox import OutboxRelay
from cjm_kit.rpc import Registration, RpcServer
from cjm_kit.runtime import Component
from cjm_kit.telemetry import Telemetry
from cjm_protos.catalog.v1 import (
    account_pb2_grpc,
    dataset_pb2_grpc,
    import_log_pb2_grpc,
    journal_pb2_grpc,
    mapping_pb2_grpc,
    token_pb2_grpc,
)

_SWEEP_SECONDS = 3600.0

_log = get_logger(__name__)


def registrations(
    database: Database, on_facts: Callable[[], Awaitable[None]], passwords: Passwords, now: Clock
) -> list[Registration]:
    """Every RPC of the catalog on one database.

    Args:
        database: migrated already.
        on_facts: awaited when facts wait in the outbox, before the caller gets his answer.
        passwords: hashes passwords.
        now: gives the time.
    """
    store = SqlStore(database, on_facts)
    return [
        (
            account_pb2_grpc.add_AccountServiceServicer_to_server,
            AccountServicer(Accounts(store, passwords, now)),
        ),
        (dataset_pb2_grpc.add_DatasetServiceServicer_to_server, DatasetServicer(Datasets(store, now))),
        (token_pb2_grpc.add_TokenServiceServicer_to_server, TokenServicer(Tokens(store, now))),
        (mapping_pb2_grpc.add_MappingServiceServicer_to_server, MappingServicer(Mappings(store, now))),
        (import_log_pb2_grpc.add_ImportLogServiceServicer_to_server, ImportLogServicer(ImportLog(store, now))),
        (journal_pb2_grpc.add_JournalServiceServicer_to_server, JournalServicer(Journal(store, now))),
    ]


async def build(settings: CatalogSettings) -> Component:
    """Puts the service together.

    Args:
        settings: what differs between installations.

    Returns:
        The service, not yet started; starting migrates the database.
    """
    telemetry = Telemetry("catalog")
    stack = AsyncExitStack()
    database: Database | None = None
    bus: Bus | None = None

    async def start() -> None:
        nonlocal database, bus
        database = await open_database(settings, "catalog", MIGRATIONS)
        stack.push_async_callback(database.close)
        bus = await Bus.connect(settings, "catalog")
        stack.push_async_callback(bus.close)
        await bus.ensure_stream(STREAM, SUBJECTS)
        relay = OutboxRelay(database, outbox, bus)
        relay.start()
        stack.push_async_callback(relay.stop)
        sweep = asyncio.create_task(_sweep(Datasets(SqlStore(database, relay.flush), utc_now)))
        stack.push_async_callback(_ended, sweep)
        signer = IdentitySigner(settings.identity_secret.get_secret_value())
        servicers = registrations(database, relay.flush, Argon2Passwords(), utc_now)
        server = RpcServer(settings, servicers, signer, telemetry, is_ready)
        await server.start()
        stack.push_async_callback(server.stop)

    async def is_ready() -> bool:
        return database is not None and bus is not None and bus.is_connected and await database.is_alive()

    return Component("catalog", start, stack.aclose, is_ready, telemetry=telemetry)


async def _sweep(datasets: Datasets) -> None:
    while True:
        try:
            await datasets.erase_old()
        except (SQLAlchemyError, OSError) as failure:
            _log.warning("sweep_failed", error=type(failure).__name__)
        await asyncio.sleep(_SWEEP_SECONDS)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
