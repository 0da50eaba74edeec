"""A fact leaves exactly when its transaction was committed, also after a crash between commit and publish."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from sqlalchemy import MetaData, insert, select
from sqlalchemy.exc import IntegrityError

from cjm_kit.bus import Bus, Delivery
from cjm_kit.db import Database
from cjm_kit.outbox import OutboxRelay, add_fact, outbox_table
from cjm_protos.catalog.v1 import facts_pb2

metadata = MetaData()
OUTBOX = outbox_table(metadata)
SUBJECT = "cjm.test.thing.done.v1"


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


async def _write(database: Database, dataset_id: str) -> None:
    async with database.write() as session:
        await add_fact(session, OUTBOX, SUBJECT, facts_pb2.DatasetDeleted(dataset_id=dataset_id))


async def test_facts_leave_in_order_and_only_once(database: Database, bus: Bus) -> None:
    await bus.ensure_stream("TEST", ["cjm.test.>"])
    got: asyncio.Queue[Delivery[facts_pb2.DatasetDeleted]] = asyncio.Queue()
    await bus.consume("d1", "TEST", SUBJECT, facts_pb2.DatasetDeleted, got.put)
    await _write(database, "first")
    relay = OutboxRelay(database, OUTBOX, bus)
    relay.start()
    await _write(database, "second")
    await relay.flush()
    async with database.read() as session:
        assert (await session.execute(select(OUTBOX))).all() == []
    assert [(await asyncio.wait_for(got.get(), 5)).fact.dataset_id for _ in range(2)] == ["first", "second"]
    await relay.stop()


async def test_rolled_back_fact_never_leaves(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as session:
            await add_fact(session, OUTBOX, SUBJECT, facts_pb2.DatasetDeleted(dataset_id="x"))
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        await fail()
    async with database.read() as session:
        assert (await session.execute(select(OUTBOX))).all() == []


async def test_writers_wait_for_each_other(database: Database) -> None:
    await asyncio.gather(*(_write(database, str(number)) for number in range(20)))
    async with database.read() as session:
        assert len((await session.execute(select(OUTBOX))).all()) == 20


async def test_relay_goes_on_after_a_failure_of_any_kind(database: Database) -> None:
    class LostTwice:
        def __init__(self) -> None:
            self.failures: list[Exception] = [
                ConnectionRefusedError("as asyncpg raises it"),
                RuntimeError("unforeseen"),
            ]

        async def publish(self, *arguments: object) -> None:
            if self.failures:
                raise self.failures.pop()

    await _write(database, "x")
    relay = OutboxRelay(database, OUTBOX, LostTwice())  # type: ignore[arg-type]
    relay.start()
    await relay.flush(timeout_seconds=10)
    async with database.read() as session:
        assert (await session.execute(select(OUTBOX))).all() == []
    await relay.stop()


async def test_errors_of_the_database_do_not_repeat_values(database: Database) -> None:
    row = {"event_id": "hunter2", "subject": "s", "payload": b"hunter2", "created_at": datetime.now(UTC)}

    async def add_twice() -> None:
        async with database.write() as session:
            await session.execute(insert(OUTBOX).values(row))
            await session.execute(insert(OUTBOX).values(row))

    with pytest.raises(IntegrityError) as caught:
        await add_twice()
    assert "hidden due to hide_parameters" in str(caught.value)
