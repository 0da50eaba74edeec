"""Carries accepted events from the stream into the store, and remembers how far it has come."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cjm_ingest.application.appender import Appender, Keys, numbered_keys
from cjm_ingest.application.background import end
from cjm_ingest.application.event_blocks import ROW_FIELDS, PackedBlock, packed
from cjm_ingest.application.ports import EventStore
from cjm_ingest.domain.arrival import TieCounter
from cjm_ingest.domain.fields import NUMBER_FIELDS
from cjm_ingest.domain.keys import event_keys
from cjm_kit.errors import AppError, Code
from cjm_kit.logging import get_logger

_FLUSH_SECONDS: Final = 0.25
_FLUSH_ROWS: Final = 40_000
# A purge holds up everyone who publishes, for 2 ms per block of 8 MB: little at a time.
_PURGE_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0
_TIE_SLOTS_BITS: Final = 20
_INDEX_BITS: Final = 20  # a message holds fewer events than this can count

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredEvents:
    """One message of the stream.

    Attributes:
        sequence: Its place in the stream.
        blocks: Its events, see `event_blocks`.
        count: How many events.
    """

    sequence: int
    blocks: bytes
    count: int


class EventFlow(Protocol):
    """The stream as the writer sees it."""

    last_sequence: int

    async def identity(self) -> str:
        """Name of the stream; another one when it was deleted and made anew."""

    async def follow(self, after: int, hand_over: Callable[[StoredEvents], Awaitable[None]]) -> None:
        """Hand over every message after a place, in order and without gaps, for ever."""

    async def purge(self, up_to: int) -> None:
        """Throw away messages up to a place, inclusive."""

    async def set_aside(self, blocks: Sequence[PackedBlock]) -> None:
        """Keep events that the store can never take where an operator finds them."""


class WriterWatch(Protocol):
    """Who wants to know how the writer does."""

    def stored(self, rows_count: int, dataset_ids: Sequence[str]) -> None:
        """Rows are visible."""


class Writer:
    """Moves events to the store: at least once from the stream, once in the store by their ids.

    The place lies beside the rows, so the server keeps nothing for the writer. A place is written after its rows: what
    is stored again after a kill is recognised by its event ids.

    Args:
        flow: The stream.
        store: Where the place is kept.
        appender: Where rows go.
        watch: Hears of every flush.
    """

    def __init__(self, flow: EventFlow, store: EventStore, appender: Appender, watch: WriterWatch) -> None:
        self._flow = flow
        self._store = store
        self._appender = appender
        self._watch = watch
        self._stream = ""
        self._replayed_until = 0
        self._queue: asyncio.Queue[StoredEvents] = asyncio.Queue(maxsize=128)
        self._ties = TieCounter(_TIE_SLOTS_BITS, is_rotating=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="event-writer")
        self._tasks: list[asyncio.Task[None]] = []
        self.place = 0
        """Last sequence whose events are stored."""
        self.failed: asyncio.Future[None] | None = None
        """Completes with an exception when the writer cannot go on."""
        self.is_failing = False
        """True while the store does not take rows."""

    async def start(self) -> None:
        """Read the place and go on from there."""
        self._stream = await self._flow.identity()
        self._replayed_until = self._flow.last_sequence
        self.place = await self._in_thread(self._store.read_place, self._stream)
        self.failed = asyncio.get_running_loop().create_future()
        self._tasks = [
            asyncio.create_task(self._flow.follow(self.place, self._queue.put), name="event-flow"),
            asyncio.create_task(self._write(), name="event-writer"),
        ]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """End after the flush that is running."""
        await end(self._tasks)
        await asyncio.to_thread(self._thread.shutdown)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and self.failed and not self.failed.done():
            self.failed.set_exception(task.exception() or RuntimeError(f"{task.get_name()} ended"))

    async def _write(self) -> None:
        purged_at = time.monotonic()
        while True:
            messages = await self._collect()
            while True:
                try:
                    await self._flush(messages)
                    break
                except Exception as failure:  # noqa: BLE001 - nothing may be skipped, so it is tried for ever
                    self.is_failing = True
                    self._replayed_until = max(self._replayed_until, messages[-1].sequence)
                    _log.error("writer_flush_failed", first=messages[0].sequence, exc_info=failure)
                    await asyncio.sleep(_RETRY_SECONDS)
            self.is_failing = False
            self.place = messages[-1].sequence
            if time.monotonic() - purged_at > _PURGE_SECONDS:
                purged_at = time.monotonic()
                try:
                    await self._flow.purge(self.place)
                except AppError as failure:
                    _log.warning("purge_failed", reason=failure.reason)

    async def _collect(self) -> list[StoredEvents]:
        messages = [await self._queue.get()]
        count = messages[0].count
        deadline = time.monotonic() + _FLUSH_SECONDS
        while count < _FLUSH_ROWS and (left := deadline - time.monotonic()) > 0:
            try:
                messages.append(await asyncio.wait_for(self._queue.get(), left))
            except TimeoutError:
                break
            count += messages[-1].count
        return messages

    async def _flush(self, messages: list[StoredEvents]) -> None:
        rows_count, dataset_ids, refused = await self._in_thread(self._store_rows, messages)
        if refused:
            await self._flow.set_aside(refused)
        await self._in_thread(self._store.write_place, self._stream, messages[-1].sequence)
        self._watch.stored(rows_count, dataset_ids)

    def _store_rows(self, messages: list[StoredEvents]) -> tuple[int, list[str], list[PackedBlock]]:
        """Store the events of some messages; returns how many, datasets that grew, events that cannot be stored."""
        by_dataset = _decoded(messages)
        token = f"{messages[0].sequence}-{messages[-1].sequence}"
        is_replayed = messages[0].sequence <= self._replayed_until
        stored_count = 0
        grown: list[str] = []
        refused: list[PackedBlock] = []
        for dataset_id, arrived in by_dataset.items():
            columns, keys, has_sent_ids = self._with_ids(arrived)
            try:
                added = self._appender.append(
                    dataset_id,
                    "",
                    columns,
                    keys,
                    self._ties,
                    f"{token}-{dataset_id}",
                    # An id made from the place in the stream can be there already only after a kill or a failure.
                    may_be_known=has_sent_ids or is_replayed,
                )
            except AppError as failure:
                if failure.code is not Code.INVALID_ARGUMENT:
                    raise
                _log.error("events_set_aside", dataset_id=dataset_id, reason=failure.reason, rows=len(keys))
                nothing = [None] * len(keys)
                fields = [columns[name].to_pylist() if name in columns else nothing for name in ROW_FIELDS]
                refused.extend(packed(dataset_id, list(zip(*fields, strict=True))))
                continue
            stored_count += added
            if added:
                grown.append(dataset_id)
        return stored_count, grown, refused

    def _with_ids(self, arrived: "_Arrived") -> tuple[dict[str, pa.Array], Keys, bool]:
        """Columns with an id in every row, each id once; their keys; whether a sender gave one."""
        sent = arrived.columns["event_id"]
        is_made = pc.equal(pc.binary_length(sent.fill_null("")), 0)
        count_made = pc.sum(is_made).as_py()
        numbers = (arrived.sequences << _INDEX_BITS) | arrived.indexes
        keys = numbered_keys(self._stream, numbers)
        if not count_made:
            ids = sent
        else:
            parts = (pa.array(part).cast(pa.string()) for part in (arrived.sequences, arrived.indexes))
            ids = pc.if_else(is_made, pc.binary_join_element_wise(self._stream, *parts, "-"), sent)
        columns = {**arrived.columns, "event_id": ids}
        if count_made == len(keys):
            return columns, keys, False
        given = np.flatnonzero(~is_made.to_numpy(zero_copy_only=False))
        keys[given] = event_keys(sent.take(pa.array(given)).to_pylist())
        _, first = np.unique(keys, return_index=True)
        if len(first) < len(keys):
            places = np.sort(first)
            keys = keys[places]
            columns = {name: values.take(pa.array(places)) for name, values in columns.items()}
        return columns, keys, True

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


@dataclass(frozen=True, slots=True)
class _Arrived:
    """Events of one dataset in order of arrival, with their places in the stream."""

    columns: dict[str, pa.Array]
    sequences: npt.NDArray[np.int64]
    indexes: npt.NDArray[np.int64]


def _decoded(messages: Sequence[StoredEvents]) -> dict[str, _Arrived]:
    """Events by dataset."""
    pieces_by_dataset: dict[str, list[dict[str, pa.Array]]] = {}
    places_by_dataset: dict[str, list[npt.NDArray[np.int64]]] = {}
    for message in messages:
        place = message.sequence << _INDEX_BITS
        for dataset_id, count, columns in msgspec.msgpack.decode(message.blocks):
            pieces_by_dataset.setdefault(dataset_id, []).append(_piece(count, columns))
            places_by_dataset.setdefault(dataset_id, []).append(np.arange(place, place + count))
            place += count
    return {
        dataset_id: _arrived(_columns(pieces), np.concatenate(places_by_dataset[dataset_id]))
        for dataset_id, pieces in pieces_by_dataset.items()
    }


def _arrived(columns: dict[str, pa.Array], places: npt.NDArray[np.int64]) -> _Arrived:
    return _Arrived(columns, places >> _INDEX_BITS, places & ((1 << _INDEX_BITS) - 1))


def _columns(pieces: list[dict[str, pa.Array]]) -> dict[str, pa.Array]:
    # Of 33 fields most are not set: what no event has costs nothing further on.
    names = [name for name in ROW_FIELDS if any(name in piece for piece in pieces)]
    sizes = [len(piece["event_id"]) for piece in pieces]
    return {
        name: pa.concat_arrays(
            [
                piece[name] if name in piece else pa.nulls(size, _kind(name))
                for piece, size in zip(pieces, sizes, strict=True)
            ]
        )
        for name in names
    }


def _piece(count: int, columns: Sequence[Any]) -> dict[str, pa.Array]:
    """Columns of a block; those that are not set are left out, but for the event id."""
    return {
        name: pa.array(values, _kind(name))
        if isinstance(values, list)
        else pa.repeat(pa.scalar(values, _kind(name)), count)
        for name, values in zip(ROW_FIELDS, columns, strict=True)
        if name == "event_id" or values not in ("", None)
    }


def _kind(name: str) -> pa.DataType:
    return _KINDS.get(name, _TEXT)


_TEXT: Final = pa.string()
_KINDS: Final = {"time": pa.int64(), **dict.fromkeys(NUMBER_FIELDS, pa.float64())}
