"""The embedded ClickHouse engine: one owner process, a few clients, every query bounded and stoppable."""

import errno
import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from cjm_kit.errors import AppError, Code

_TIMEOUT_EXCEEDED, _MEMORY_LIMIT_EXCEEDED, _NOT_ENOUGH_SPACE, _QUERY_WAS_CANCELLED = 159, 241, 243, 394
_STOP_SECONDS = 0.05
_MERGE_LIMITS = ("max_bytes_to_merge_at_max_space_in_pool", "max_bytes_to_merge_at_min_space_in_pool")

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Limits of the engine.

    Attributes:
        reader_threads: Questions answered at the same time, each with a client of its own, >= 1.
        max_execution_seconds: Time for one question with all its queries, > 0.
        max_memory_bytes: Memory for one query; big groupings spill to disk at half of it.
    """

    reader_threads: int = 2
    max_execution_seconds: float = 60.0
    max_memory_bytes: int = 2_000_000_000


class Engine:
    """Owner of one data folder.

    Inserts, deletes and lookups of the writer share one client; questions run in a thread pool whose threads have a
    client each; stopping a query has its own, so that it never waits for what it stops.
    """

    def __init__(self, path: Path, settings: EngineSettings) -> None:
        """Open the folder; made when absent.

        Raises:
            AppError: FAILED_PRECONDITION `event_store_in_use` when another process owns it.
        """
        path.mkdir(parents=True, exist_ok=True)
        self._lock_file = _lock(path)
        # clickhouse-connect hands inserts over as temporary files: they belong on the disk of the data.
        temporary = path / "tmp"
        temporary.mkdir(exist_ok=True)
        for left_over in temporary.iterdir():
            left_over.unlink()
        self._former_tempdir, tempfile.tempdir = tempfile.tempdir, str(temporary)
        self._path = path
        self._settings = settings
        self._writer_lock, self._control_lock = threading.Lock(), threading.Lock()
        self._clients: list[Client] = []
        self._local = threading.local()
        self._writer, self._control = self._connect(), self._connect()
        self._readers = ThreadPoolExecutor(settings.reader_threads, thread_name_prefix="event-store-reader")
        self._stoppers = ThreadPoolExecutor(1, thread_name_prefix="event-store-stopper")
        self._running: set[Future[Any]] = set()
        self._is_closing = False
        self._has_merges_to_resume = True  # a kill can have left them held

    def close(self) -> None:
        """Stop all queries, wait for their threads, close; an engine left running would crash the interpreter."""
        self._is_closing = True
        self._readers.shutdown(wait=False, cancel_futures=True)
        while running := set(self._running):
            self._kill("startsWith(Settings['log_comment'], {tag:String})", "cjm-")
            wait(running, _STOP_SECONDS)
        self._readers.shutdown()
        self._stoppers.shutdown()
        for client in self._clients:
            client.close()
        tempfile.tempdir = self._former_tempdir
        self._lock_file.close()

    def submit(self, question: Callable[[], Answer]) -> Future[Answer]:
        """Run a question in a reader thread."""
        running = self._readers.submit(question)
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return running

    def stop(self, running: Future[Any], tag: str) -> None:
        """Have the queries of a question stopped; returns at once."""
        self._stoppers.submit(self._stop, running, tag)

    def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, tag: str = "", deadline: float | None = None
    ) -> pa.Table:
        """Run a SELECT on the client of the calling thread.

        Args:
            sql: Text with `{name:Type}` parameters.
            parameters: Their values.
            tag: Mark by which `stop` finds the query.
            deadline: When it must have ended, by `new_deadline`; None gives it the time of a whole question.

        Raises:
            AppError: RESOURCE_EXHAUSTED `question_too_large`, DEADLINE_EXCEEDED `question_too_slow`,
                CANCELLED `question_cancelled`, UNAVAILABLE `event_store_closing`.
        """
        client = self._own_client()
        seconds = self._settings.max_execution_seconds if deadline is None else deadline - time.monotonic()
        if seconds <= 0:
            raise _too_slow()
        return _select(client, sql, parameters, f"cjm-{tag}", {"max_execution_time": seconds})

    def long_command(
        self, sql: str, parameters: Mapping[str, Any], tag: str, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Run a statement that may take minutes on the client of the calling thread, so that the writer goes on.

        Args:
            sql: Text with `{name:Type}` parameters.
            parameters: Their values.
            tag: Mark by which `stop` finds it.
            settings: Of the engine, for this statement.

        Raises:
            AppError: UNAVAILABLE `event_store_closing`, `disk_full`.
        """
        limits = {"log_comment": f"cjm-{tag}", "max_execution_time": 0, **(settings or {})}
        with _want_of_room_said():
            self._own_client().command(sql, parameters=dict(parameters), settings=limits)

    @contextmanager
    def events_unmerged(self) -> Iterator[None]:
        """Break merges of events off and begin none while it is entered: a delete would wait until they have ended."""
        # Merges alone cannot be stopped, deletes stop with them; but parts can be too large for a merge.
        self.command(f"ALTER TABLE events MODIFY SETTING {', '.join(f'{limit} = 1' for limit in _MERGE_LIMITS)}")
        try:
            self.command("SYSTEM STOP MERGES events")
            try:
                running = "SELECT 1 FROM system.merges WHERE database = currentDatabase() AND table = 'events'"
                while self.write_query(running).num_rows:
                    time.sleep(_STOP_SECONDS)
            finally:
                self.command("SYSTEM START MERGES events")
            yield
        finally:
            self._has_merges_to_resume = True
            with self._writer_lock, _want_of_room_said():
                self._resume_merges()

    def new_deadline(self) -> float:
        """When a question that begins now must have ended, seconds of the monotonic clock."""
        return time.monotonic() + self._settings.max_execution_seconds

    def write_query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Run a SELECT for the writer."""
        with self._writer_lock:
            return _select(self._writer, sql, parameters, "cjm-writer")

    def command(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Run a statement without an answer.

        Args:
            sql: Text with `{name:Type}` parameters.
            parameters: Their values.
            settings: Of the engine, for this statement.

        Raises:
            AppError: UNAVAILABLE `disk_full`.
        """
        with self._writer_lock, _want_of_room_said():
            self._writer.command(sql, parameters=dict(parameters or {}), settings=dict(settings or {}))

    def insert(self, table: str, rows: pa.Table, deduplication_token: str = "") -> None:
        """Insert rows; with a token, once however often it is tried. Returns when they are on disk.

        Raises:
            AppError: UNAVAILABLE `disk_full`.
        """
        settings = {"insert_deduplication_token": deduplication_token} if deduplication_token else {}
        with self._writer_lock, _want_of_room_said():
            self._resume_merges()
            self._writer.insert_arrow(table, rows, settings=settings)

    def _resume_merges(self) -> None:
        """Undo what `events_unmerged` has set; on a full disk that can fail, then the next insert does it."""
        if self._has_merges_to_resume:
            self._writer.command(f"ALTER TABLE events RESET SETTING {', '.join(_MERGE_LIMITS)}")
            self._has_merges_to_resume = False

    def _own_client(self) -> Client:
        """The client of the calling thread."""
        if self._is_closing:
            raise AppError(Code.UNAVAILABLE, "event_store_closing", "The event store is shutting down. Try again.")
        client = cast("Client | None", getattr(self._local, "client", None))
        if client is None:
            client = self._local.client = self._connect()
        return client

    def _stop(self, running: Future[Any], tag: str) -> None:
        # A query that has not reached the engine yet is not found: try until the question has ended.
        while not running.done():
            self._kill("Settings['log_comment'] = {tag:String}", f"cjm-{tag}")
            wait([running], _STOP_SECONDS)

    def _kill(self, condition: str, tag: str) -> None:
        with self._control_lock:
            self._control.command(f"KILL QUERY WHERE {condition} SYNC", parameters={"tag": tag})

    def _connect(self) -> Client:
        limits = self._settings
        client = clickhouse_connect.get_client(
            dsn=f"chdb:///{self._path.resolve()}",
            settings={
                "max_execution_time": limits.max_execution_seconds,
                "max_memory_usage": limits.max_memory_bytes,
                "max_bytes_before_external_group_by": limits.max_memory_bytes // 2,
                "max_bytes_before_external_sort": limits.max_memory_bytes // 2,
                "max_partitions_per_insert_block": 0,
                "lightweight_deletes_sync": 2,
            },
        )
        self._clients.append(client)
        return client


def _lock(path: Path) -> IO[str]:
    """Own the folder until the file is closed; the kernel lets go when the process dies."""
    lock_file = (path / "owner.lock").open("a+")
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock_file.seek(0)
        owner = lock_file.read().strip() or "unknown"
        lock_file.close()
        raise AppError(
            Code.FAILED_PRECONDITION,
            "event_store_in_use",
            f"The event store in {path} is in use by process {owner}. Stop it first; one process owns the store.",
        ) from None
    lock_file.truncate(0)
    lock_file.write(str(os.getpid()))
    lock_file.flush()
    return lock_file


def _select(
    client: Client, sql: str, parameters: Mapping[str, Any] | None, tag: str, limits: Mapping[str, Any] | None = None
) -> pa.Table:
    settings = {"log_comment": tag, **(limits or {})}
    try:
        return client.query_arrow(sql, parameters=dict(parameters or {}), settings=settings)
    except DatabaseError as failure:
        if failure.code == _MEMORY_LIMIT_EXCEEDED:
            raise AppError(
                Code.RESOURCE_EXHAUSTED,
                "question_too_large",
                "This question needs more memory than one question may take. Choose a shorter period or filter more.",
            ) from failure
        if failure.code == _TIMEOUT_EXCEEDED:
            raise _too_slow() from failure
        if failure.code == _QUERY_WAS_CANCELLED:
            raise AppError(Code.CANCELLED, "question_cancelled", "The question was cancelled.") from failure
        raise


def disk_full() -> AppError:
    """What is said when there is no room on the disk."""
    detail = "The server has not enough disk space for this. Ask an administrator to make room, then try again."
    return AppError(Code.UNAVAILABLE, "disk_full", detail)


@contextmanager
def _want_of_room_said() -> Iterator[None]:
    """Tell a full disk from other failures."""
    try:
        yield
    except (OSError, DatabaseError) as failure:
        is_full = isinstance(failure, DatabaseError) and failure.code == _NOT_ENOUGH_SPACE
        if not is_full and os.strerror(errno.ENOSPC) not in str(failure):
            raise
        raise disk_full() from failure


def _too_slow() -> AppError:
    return AppError(
        Code.DEADLINE_EXCEEDED,
        "question_too_slow",
        "This question took too long. Choose a shorter period or filter more.",
    )
