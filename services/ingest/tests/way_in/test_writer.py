"""The writer with a store that fails between the rows and the place."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from cjm_ingest.adapters.event_store.schema import INCOMING_SCHEMA
from cjm_ingest.adapters.event_store.store import EventStore
from cjm_ingest.application.appender import Appender
from cjm_ingest.application.event_blocks import ROW_FIELDS, PackedBlock, message_of, packed
from cjm_ingest.application.writer import StoredEvents, Writer


class Flow:
    """Hands over what it was given, then waits."""

    def __init__(self, messages: list[StoredEvents], last_sequence: int) -> None:
        self._messages = messages
        self.last_sequence = last_sequence

    async def identity(self) -> str:
        """A stream that never changes."""
        return "events-1"

    async def follow(self, after: int, hand_over: Callable[[StoredEvents], Awaitable[None]]) -> None:
        """All messages after a place."""
        for message in self._messages:
            if message.sequence > after:
                await hand_over(message)
        await asyncio.Event().wait()

    async def purge(self, up_to: int) -> None:
        """Nothing to do."""

    async def set_aside(self, blocks: Sequence[PackedBlock]) -> None:
        """Nothing may be set aside in these tests."""
        raise AssertionError(blocks)


class Watch:
    """Counts rows."""

    def __init__(self) -> None:
        self.rows_count = 0

    def stored(self, rows_count: int, dataset_ids: Sequence[str]) -> None:
        """Rows are visible."""
        self.rows_count += rows_count


def _message(sequence: int, event_ids: list[str | None]) -> StoredEvents:
    rows: list[tuple[Any, ...]] = []
    for number, event_id in enumerate(event_ids):
        row: dict[str, Any] = dict.fromkeys(ROW_FIELDS, "")
        row |= {"event_id": event_id, "customer_id": f"c{number}"}
        row |= {"action_type": "visit", "time": 1_700_000_000_000 + number, "value": 1.5, "experience_score": None}
        rows.append(tuple(row.values()))
    return StoredEvents(sequence, message_of(packed("d", rows)), len(rows))


async def _written(store: EventStore, messages: list[StoredEvents], last_sequence: int, until: Any) -> Watch:
    watch = Watch()
    writer = Writer(Flow(messages, last_sequence), store, Appender(store, INCOMING_SCHEMA), watch)
    await writer.start()

    async def is_there() -> bool:
        return writer.place == messages[-1].sequence

    await until(is_there)
    await writer.stop()
    return watch


def _count(store: EventStore) -> int:
    return int(store._engine.write_query("SELECT count() AS n FROM events")["n"][0].as_py())


MESSAGES = [_message(1, [None, "", "mine", "mine"]), _message(2, ["mine", None]), _message(3, [None] * 5)]


@pytest.mark.parametrize("failures", [1, 3])
async def test_rows_whose_place_could_not_be_written_are_not_doubled(
    store: EventStore, monkeypatch: pytest.MonkeyPatch, until: Any, failures: int
) -> None:
    write_place, tries = store.write_place, []

    def fails_first(stream: str, sequence: int) -> None:
        tries.append(sequence)
        if len(tries) <= failures:
            raise OSError("no space left on device")
        write_place(stream, sequence)

    monkeypatch.setattr(store, "write_place", fails_first)
    monkeypatch.setattr("cjm_ingest.application.writer._RETRY_SECONDS", 0.01)
    await _written(store, MESSAGES, 0, until)
    assert len(tries) == failures + 1
    assert _count(store) == 9


async def test_messages_read_again_after_a_kill_are_not_doubled(
    store: EventStore, monkeypatch: pytest.MonkeyPatch, until: Any
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(store, "write_place", lambda stream, sequence: None)
        await _written(store, MESSAGES[:2], 2, until)
    assert store.read_place("events-1") == 0
    await _written(store, MESSAGES, 3, until)
    assert _count(store) == 9
    assert store.read_place("events-1") == 3


async def test_events_of_a_deleted_dataset_are_passed_over(store: EventStore, until: Any) -> None:
    store.delete_dataset("d")
    await _written(store, MESSAGES, 0, until)
    assert _count(store) == 0
