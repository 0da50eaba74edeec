"""Synthetic journeys for measurements: a Markov chain over 20 steps, journey lengths by a Pareto law."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cjm_ingest.adapters.event_store.schema import INCOMING_SCHEMA
from cjm_ingest.adapters.event_store.store import EventStore
from cjm_ingest.domain.keys import event_keys

ACTIVITIES = [f"step_{number:02d}" for number in range(20)]
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Journeys:
    """Events in order of time, one entry per event in each array.

    Attributes:
        customer: Customer number.
        action: Place in `ACTIVITIES`.
        time_ms: Milliseconds since 1970-01-01 UTC.
        tie: Order of arrival within customer and millisecond.
    """

    customer: npt.NDArray[np.int64]
    action: npt.NDArray[np.uint16]
    time_ms: npt.NDArray[np.int64]
    tie: npt.NDArray[np.uint32]


def generate(events_count: int, seed: int = 7) -> Journeys:
    """Journeys with `events_count` events in all; mean length about 8, longest 500, over one year."""
    random = np.random.default_rng(seed)
    lengths = np.minimum(1 + np.floor(2 * (1 + random.pareto(1.4, events_count // 4))), 500).astype(np.int64)
    customers_count = int(np.searchsorted(np.cumsum(lengths), events_count)) + 1
    lengths = lengths[:customers_count]
    lengths[-1] -= int(lengths.sum()) - events_count
    weights = random.pareto(0.7, (len(ACTIVITIES), len(ACTIVITIES))) + 1e-3
    cumulative = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    customers = np.argsort(-lengths, kind="stable")
    sorted_lengths = lengths[customers]
    action = np.minimum(random.geometric(0.5, customers_count) - 1, len(ACTIVITIES) - 1)
    time_ms = 1_704_067_200_000 + random.integers(0, 300 * _DAY_MS, customers_count)
    parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
    for step in range(int(sorted_lengths[0])):
        alive = int(np.searchsorted(-sorted_lengths, -step, side="left"))
        customers, action, time_ms = customers[:alive], action[:alive], time_ms[:alive]
        parts.append((customers, action, time_ms))
        draws = random.random(alive)
        action = np.minimum((cumulative[action] < draws[:, None]).sum(axis=1), len(ACTIVITIES) - 1)
        gaps_ms = np.where(random.random(alive) < 0.02, 0, random.lognormal(11, 2, alive)).astype(np.int64)
        time_ms = time_ms + np.minimum(gaps_ms, 5 * _DAY_MS)
    customer, action, time_ms = (np.concatenate([part[place] for part in parts]) for place in range(3))
    order = np.argsort(time_ms, kind="stable")
    customer, action, time_ms = customer[order], action[order], time_ms[order]
    return Journeys(customer, action.astype(np.uint16), time_ms, _ties(customer, time_ms))


def _ties(customer: npt.NDArray[np.int64], time_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
    order = np.lexsort((time_ms, customer))
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(customer[order]) != 0) | (np.diff(time_ms[order]) != 0)
    place = np.arange(len(order))
    ties = np.empty(len(order), np.uint32)
    ties[order] = place - np.maximum.accumulate(np.where(is_new, place, 0))
    return ties


def tables(journeys: Journeys, dataset_id: str, codes: npt.NDArray[np.uint16], rows: int) -> Iterator[pa.Table]:
    """The journeys as tables of `INCOMING_SCHEMA`."""
    for start in range(0, len(journeys.customer), rows):
        part = slice(start, start + rows)
        count = len(journeys.customer[part])
        ids = [f"e{number}" for number in range(start, start + count)]
        columns: dict[str, object] = {
            "dataset_id": pa.repeat(dataset_id, count),
            "event_key": event_keys(ids),
            "event_id": ids,
            "customer_id": [f"customer-{number}" for number in journeys.customer[part].tolist()],
            "action": codes[journeys.action[part]],
            "time": pa.array(journeys.time_ms[part]).cast(pa.timestamp("ms", tz="UTC")),
            "tie": journeys.tie[part],
        }
        empty = {pa.string(): pa.repeat("", count), pa.float64(): pa.nulls(count, pa.float64())}
        yield pa.table([columns.get(field.name, empty.get(field.type)) for field in INCOMING_SCHEMA], INCOMING_SCHEMA)


def fill(store: EventStore, dataset_id: str, journeys: Journeys, rows: int = 250_000) -> None:
    """Store the journeys in batches of `rows` events."""
    codes = store.action_codes(dataset_id, ACTIVITIES)
    for number, table in enumerate(tables(journeys, dataset_id, codes, rows)):
        store.insert(table, f"{dataset_id}-{number}")


def to_frame_table(journeys: Journeys) -> pa.Table:
    """The same events as pm4py wants them: case, activity, timestamp."""
    return pa.table(
        {
            "case:concept:name": pa.array([f"customer-{number}" for number in journeys.customer.tolist()]),
            "concept:name": pa.DictionaryArray.from_arrays(journeys.action.astype(np.int32), ACTIVITIES).cast(
                pa.string()
            ),
            "time:timestamp": pa.array(journeys.time_ms).cast(pa.timestamp("ms", tz="UTC")),
        }
    )
