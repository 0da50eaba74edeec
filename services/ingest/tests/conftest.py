"""A throw-away event store and a way to fill it from rows."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from cjm_ingest.adapters.event_store import known_keys
from cjm_ingest.adapters.event_store.schema import INCOMING_SCHEMA
from cjm_ingest.adapters.event_store.store import EventStore
from cjm_ingest.domain.keys import event_keys

Fill = Callable[..., None]


@pytest.fixture
def eager_known_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known keys are kept in memory from the first look on."""
    monkeypatch.setattr(known_keys, "LOOKS", 0)


@pytest.fixture
def store(tmp_path: Path, eager_known_keys: None) -> Iterator[EventStore]:
    """An empty event store."""
    opened = EventStore.open(tmp_path / "events")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Function that waits until a condition holds and fails when it does not within 20 seconds."""

    def poll(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true within 20 seconds"
            time.sleep(0.01)

    async def wait(condition: Callable[[], bool]) -> None:
        await asyncio.to_thread(poll, condition)

    return wait


@pytest.fixture(scope="session")
def fill() -> Fill:
    """Function that stores a frame of events in file order; see `_fill`."""
    return _fill


def _fill(
    store: EventStore, dataset_id: str, events: pd.DataFrame, *, parts: int = 1, import_id: str = "", first_id: int = 0
) -> None:
    """Store events.

    Args:
        store: Where.
        dataset_id: Dataset.
        events: Columns customer_id, action_type, time (UTC) and any optional field; rows in file order.
        parts: Number of inserts over which the rows are dealt out in turn, so that journeys span them.
        import_id: Import they belong to.
        first_id: Number in the id of the first event.
    """
    rows = events.reset_index(drop=True)
    rows["tie"] = rows.groupby(["customer_id", "time"], sort=False).cumcount()
    rows["event_id"] = [f"{import_id}:{number}" for number in range(first_id, first_id + len(rows))]
    rows["event_key"] = event_keys(rows["event_id"].tolist())
    rows["action"] = store.action_codes(dataset_id, rows["action_type"].tolist())
    rows["dataset_id"], rows["import_id"] = dataset_id, import_id
    fields = [field for field in INCOMING_SCHEMA if field.name in rows.columns]
    for part in range(parts):
        dealt = rows.iloc[part::parts]
        table = pa.table({field.name: pa.array(dealt[field.name], field.type) for field in fields})
        store.insert(table, f"{dataset_id}-{import_id}-{first_id}-{part}")
