"""Carries accepted events from the stream into the store, and remembers how far it has come."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
import numpy as np
import pyarrow as pa

from cjm_ingest.application.appender import Appender
from cjm_ingest.application.background import end
from cjm_ingest.application.ports import EventStore
from cjm_ingest.domain.arrival import TieCounter
from cjm_ingest.domain.event_row import ROW_FIELDS
from cjm_ingest.domain.fields import NUMBER_FIELDS
from cjm_ingest.domain.keys import event_keys
from cjm_kit.errors import AppError, Code
from cjm_kit.logging import get_logger

_FLUSH_SECONDS: Final = 0.25
_FLUSH_ROWS: Final = 40_000
_PURGE_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 1.0
_TIE_SLOTS_BITS: Final = 20

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredRows:
    """One message of the stream.

    Attributes:
        sequence: Its place in the stream.
        rows: msgpack array of rows in the order of `ROW_FIELDS`.
        count: How many.
    """

    sequence: int
    rows: bytes
    count: int


class EventFlow(Protocol):
    """The stream as the writer sees it."""

    async def identity(self) -> str:
        """Name of the stream; another one when it was deleted and made anew."""

    async def follow(self, after: int, hand_over: Callable[[StoredRows], Awaitable[None]]) -> None:
        """Hand over every message after a place, in order and without gaps, for ever."""

    async def purge(self, up_to: int) -> None:
        """Throw away messages up to a place, inclusive."""

    async def set_aside(self, rows: Sequence[Any]) -> None:
        """Keep rows that the store can never take where an operator finds them."""


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
        self._queue: asyncio.Queue[StoredRows] = asyncio.Queue(maxsize=128)
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
        stream = await self._flow.identity()
        self.place = await self._in_thread(self._store.read_place, stream)
        self.failed = asyncio.get_running_loop().create_future()
        self._tasks = [
            asyncio.create_task(self._flow.follow(self.place, self._queue.put), name="event-flow"),
            asyncio.create_task(self._write(stream), name="event-writer"),
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

    async def _write(self, stream: str) -> None:
        purged_at = time.monotonic()
        while True:
            messages = await self._collect()
            while True:
                try:
                    await self._flush(stream, messages)
                    break
                except Exception as failure:  # noqa: BLE001 - nothing may be skipped, so it is tried for ever
                    self.is_failing = True
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

    async def _collect(self) -> list[StoredRows]:
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

    async def _flush(self, stream: str, messages: list[StoredRows]) -> None:
        rows_count, dataset_ids, refused = await self._in_thread(self._store_rows, messages)
        if refused:
            await self._flow.set_aside(refused)
        await self._in_thread(self._store.write_place, stream, messages[-1].sequence)
        self._watch.stored(rows_count, dataset_ids)

    def _store_rows(self, messages: list[StoredRows]) -> tuple[int, list[str], list[Any]]:
        """Store the rows of some messages; returns rows stored, datasets that grew, rows that cannot be stored."""
        by_dataset = _decoded(messages)
        token = f"{messages[0].sequence}-{messages[-1].sequence}"
        stored_count = 0
        grown: list[str] = []
        refused: list[Any] = []
        for dataset_id, arrived in by_dataset.items():
            columns = arrived
            keys = event_keys(columns["event_id"].to_pylist())
            _, first = np.unique(keys, return_index=True)
            if len(first) < len(keys):
                places = np.sort(first)
                keys = keys[places]
                columns = {name: values.take(pa.array(places)) for name, values in columns.items()}
            try:
                added = self._appender.append(
                    dataset_id, "", columns, keys, self._ties, f"{token}-{dataset_id}", may_be_known=True
                )
            except AppError as failure:
                if failure.code is not Code.INVALID_ARGUMENT:
                    raise
                _log.error("events_set_aside", dataset_id=dataset_id, reason=failure.reason, rows=len(keys))
                nothing = [None] * len(keys)
                fields = [columns[name].to_pylist() if name in columns else nothing for name in ROW_FIELDS[1:]]
                refused.extend((dataset_id, *row) for row in zip(*fields, strict=True))
                continue
            stored_count += added
            if added:
                grown.append(dataset_id)
        return stored_count, grown, refused

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


def _decoded(messages: Sequence[StoredRows]) -> dict[str, dict[str, pa.Array]]:
    """Columns by dataset, in order of arrival."""
    rows_by_dataset: dict[str, list[Any]] = {}
    # Tens of thousands of short-lived lists: letting the collector walk them costs four times the decoding.
    gc.disable()
    try:
        for message in messages:
            for row in msgspec.msgpack.decode(message.rows):
                rows_by_dataset.setdefault(row[0], []).append(row)
        return {dataset_id: _columns(rows) for dataset_id, rows in rows_by_dataset.items()}
    finally:
        gc.enable()


def _columns(rows: list[Any]) -> dict[str, pa.Array]:
    values_by_field = zip(ROW_FIELDS, zip(*rows, strict=True), strict=True)
    next(values_by_field)  # the dataset
    # Of 33 fields most are not set: what no row has costs nothing further on.
    return {
        name: pa.array(values, _KINDS.get(name, pa.string()))
        for name, values in values_by_field
        if name in _NEVER_LEFT_OUT or any(values)
    }


_NEVER_LEFT_OUT: Final = frozenset(("event_id", "customer_id", "action_type", "time", *NUMBER_FIELDS))
_KINDS: Final = {"time": pa.int64(), **dict.fromkeys(NUMBER_FIELDS, pa.float64())}
