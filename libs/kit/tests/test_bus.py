"""Facts on a real nats-server: once, in order, again after a failure, and into the dead letters at the end."""

import asyncio
from typing import Any

import pytest
from nats.js.api import DiscardPolicy

from cjm_kit.bus import Bus, Delivery
from cjm_kit.errors import AppError
from cjm_kit.settings import ServiceSettings
from cjm_protos.catalog.v1 import facts_pb2

Fact = facts_pb2.DatasetDeleted
SUBJECT = "cjm.test.thing.done.v1"


async def test_same_event_id_counts_once(bus: Bus) -> None:
    await bus.ensure_stream("TEST", ["cjm.test.>"])
    got: asyncio.Queue[Delivery[Fact]] = asyncio.Queue()
    await bus.consume("d1", "TEST", SUBJECT, Fact, got.put)
    for event_id in ("e1", "e1", "e2"):
        await bus.publish(SUBJECT, Fact(dataset_id=event_id), event_id)
    assert [(await asyncio.wait_for(got.get(), 5)).event_id for _ in range(2)] == ["e1", "e2"]


@pytest.mark.parametrize("failure", [RuntimeError, ValueError])
async def test_failed_handler_is_tried_again(bus: Bus, failure: type[Exception]) -> None:
    await bus.ensure_stream("TEST", ["cjm.test.>"])
    attempts: asyncio.Queue[int] = asyncio.Queue()

    async def handle(delivery: Delivery[Fact]) -> None:
        await attempts.put(delivery.attempt)
        if delivery.attempt == 1:
            raise failure("not yet")

    await bus.consume("d1", "TEST", SUBJECT, Fact, handle)
    await bus.publish(SUBJECT, Fact(dataset_id="x"))
    assert [await asyncio.wait_for(attempts.get(), 5) for _ in range(2)] == [1, 2]


@pytest.mark.parametrize(
    ("payload", "max_attempts"), [(b"\xff\xff\xff", 1000), (Fact(dataset_id="x").SerializeToString(), 2)]
)
async def test_hopeless_message_becomes_a_dead_letter(bus: Bus, payload: bytes, max_attempts: int) -> None:
    await bus.ensure_stream("TEST", ["cjm.test.>"])
    dead: asyncio.Queue[dict[str, str] | None] = asyncio.Queue()

    async def on_dead(message: object) -> None:
        await dead.put(message.headers)  # type: ignore[attr-defined]

    async def handle(delivery: Delivery[Fact]) -> None:
        raise RuntimeError("never")

    await bus.client.subscribe("cjm.dlq.d1", cb=on_dead)
    await bus.consume("d1", "TEST", SUBJECT, Fact, handle, max_attempts=max_attempts)
    await bus.jetstream.publish(SUBJECT, payload)
    headers = await asyncio.wait_for(dead.get(), 10)
    assert headers is not None
    assert headers["cjm-subject"] == SUBJECT


async def test_full_stream_refuses(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cjm_kit.bus._PUBLISH_PATIENCE_SECONDS", 0.0)
    await bus.ensure_stream("TEST", ["cjm.test.>"], discard=DiscardPolicy.NEW, max_bytes=1024)

    async def fill() -> None:
        for number in range(20):
            await bus.publish(SUBJECT, Fact(dataset_id=f"{number:0200d}"))

    with pytest.raises(AppError) as caught:
        await fill()
    assert caught.value.reason == "bus_unavailable"


async def test_stream_takes_a_new_shape(bus: Bus) -> None:
    await bus.ensure_stream("TEST", ["cjm.test.>"], max_bytes=1 << 20)
    await bus.ensure_stream("TEST", ["cjm.test.>"], max_bytes=1 << 21)
    info = await bus.jetstream.stream_info("TEST")
    assert info.config.max_bytes == 1 << 21


async def test_no_server_is_said_clearly(settings: ServiceSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = settings.model_copy(update={"nats_url": "nats://127.0.0.1:1"})
    monkeypatch.setattr("cjm_kit.bus._CONNECT_PATIENCE_SECONDS", 0.3)
    with pytest.raises(AppError) as caught:
        await Bus.connect(nowhere, "test")
    assert caught.value.reason == "bus_unavailable"


async def test_message_that_takes_the_process_down_is_given_up(settings: ServiceSettings, bus: Bus) -> None:
    await bus.ensure_stream("TEST", ["cjm.test.>"])
    dead: asyncio.Queue[object] = asyncio.Queue()
    await bus.client.subscribe("cjm.dlq.d1", cb=dead.put)
    begun = asyncio.Event()

    async def never_ends(delivery: Delivery[Fact]) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def must_not_be_called(delivery: Delivery[Fact]) -> None:
        pytest.fail("the message was given to a handler again")

    killed = await Bus.connect(settings, "killed")
    await killed.consume("d1", "TEST", SUBJECT, Fact, never_ends, max_attempts=1, ack_wait_seconds=0.5)
    await bus.publish(SUBJECT, Fact(dataset_id="x"))
    await asyncio.wait_for(begun.wait(), 5)
    await killed.close()
    await bus.consume("d1", "TEST", SUBJECT, Fact, must_not_be_called, max_attempts=1, ack_wait_seconds=0.5)
    await asyncio.wait_for(dead.get(), 10)


async def test_consumer_survives_what_nobody_foresaw(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    await bus.ensure_stream("TEST", ["cjm.test.>"])
    got: asyncio.Queue[Delivery[Fact]] = asyncio.Queue()
    handle_one = Bus._handle

    async def fails_once(*arguments: Any) -> None:
        monkeypatch.setattr(Bus, "_handle", handle_one)
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(Bus, "_handle", fails_once)
    await bus.consume("d1", "TEST", SUBJECT, Fact, got.put, ack_wait_seconds=0.5)
    await bus.publish(SUBJECT, Fact(dataset_id="x"))
    assert (await asyncio.wait_for(got.get(), 10)).attempt == 2
