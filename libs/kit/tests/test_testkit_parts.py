import asyncio

from cjm_kit.bus import Bus, Delivery
from cjm_kit.db import Database
from cjm_protos.catalog.v1 import facts_pb2


async def test_database_answers(database_url: str) -> None:
    database = Database(database_url)
    assert await database.is_alive()
    await database.close()


async def test_fact_arrives_once(bus: Bus) -> None:
    await bus.ensure_stream("TEST", ["cjm.test.>"])
    got: asyncio.Queue[Delivery[facts_pb2.DatasetDeleted]] = asyncio.Queue()
    await bus.consume("d1", "TEST", "cjm.test.a.v1", facts_pb2.DatasetDeleted, got.put)
    await bus.publish("cjm.test.a.v1", facts_pb2.DatasetDeleted(dataset_id="x"), "e1")
    await bus.publish("cjm.test.a.v1", facts_pb2.DatasetDeleted(dataset_id="x"), "e1")
    await bus.publish("cjm.test.a.v1", facts_pb2.DatasetDeleted(dataset_id="y"), "e2")
    assert [(await asyncio.wait_for(got.get(), 5)).event_id for _ in range(2)] == ["e1", "e2"]
