"""Facts about relational state leave through a row of the same transaction, so that none is lost or invented."""

import asyncio
import contextlib
from datetime import UTC, datetime
from uuid import uuid4

from google.protobuf.message import Message
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, String, Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from cjm_kit.bus import Bus
from cjm_kit.db import Database
from cjm_kit.logging import get_logger

_log = get_logger(__name__)
_IDLE_SECONDS = 1.0
_BATCH_ROWS = 100


def outbox_table(metadata: MetaData) -> Table:
    """The table `outbox` of a service; belongs into its declared schema and its migrations."""
    return Table(
        "outbox",
        metadata,
        Column("event_id", String(36), primary_key=True),
        Column("subject", String(200), nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, index=True),
    )


async def add_fact(session: AsyncSession, table: Table, subject: str, message: Message) -> None:
    """Write a fact into the outbox, within the caller's transaction."""
    values = {
        "event_id": str(uuid4()),
        "subject": subject,
        "payload": message.SerializeToString(),
        "created_at": datetime.now(UTC),
    }
    await session.execute(insert(table).values(values))


class OutboxRelay:
    """Carries outbox rows to the bus in order; a row goes only after the stream has its message."""

    def __init__(self, database: Database, table: Table, bus: Bus) -> None:
        self._database = database
        self._table = table
        self._bus = bus
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._waiters: list[asyncio.Future[None]] = []

    def start(self) -> None:
        """Start to carry, in the background."""
        self._task = asyncio.create_task(self._run(), name="outbox-relay")

    def wake(self) -> None:
        """Say that a transaction with facts was committed, so that they leave at once."""
        self._wake.set()

    async def flush(self, timeout_seconds: float = 1.0) -> None:
        """Wait until the rows written so far are on the bus, or the time is over: a revocation must be felt at once."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wake.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(waiter, timeout_seconds)

    async def stop(self) -> None:
        """Stop carrying; rows that are left go at the next start."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            # Only who waited before the rows were read may be told that they are out.
            waiters, self._waiters = self._waiters, []
            try:
                moved = await self._move_batch()
            except Exception as failure:  # noqa: BLE001 - whatever it is, facts must leave as soon as it is over
                _log.warning("outbox_waits", error=type(failure).__name__)
                self._waiters.extend(waiter for waiter in waiters if not waiter.done())
                await asyncio.sleep(_IDLE_SECONDS)
                continue
            if moved == _BATCH_ROWS:
                self._waiters.extend(waiters)
                continue
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)
            if not self._waiters:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _IDLE_SECONDS)
                self._wake.clear()

    async def _move_batch(self) -> int:
        table = self._table
        async with self._database.read() as session:
            rows = (await session.execute(select(table).order_by(table.c.created_at).limit(_BATCH_ROWS))).all()
        for row in rows:
            await self._bus.publish(row.subject, row.payload, row.event_id)
            async with self._database.write() as session:
                await session.execute(delete(table).where(table.c.event_id == row.event_id))
        return len(rows)
