"""The event store: rows in, rows out of every number, and the dictionaries that questions need."""
# ruff: noqa: S608 - what users sent travels in query parameters; see scope_sql

import asyncio
import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cjm_ingest.adapters.event_store.editions import Editions
from cjm_ingest.adapters.event_store.engine import Answer, Engine, EngineSettings, disk_full
from cjm_ingest.adapters.event_store.known_keys import KnownKeys
from cjm_ingest.adapters.event_store.schema import INCOMING_SCHEMA, MAX_ACTIONS_COUNT, MIGRATIONS
from cjm_ingest.domain.answers import DatasetStats
from cjm_ingest.domain.fixes import Steps
from cjm_ingest.domain.packing import Bounds
from cjm_kit.errors import AppError, Code

_TAG: Final = "out"


class EventStore:
    """The one owner of the stored events. All methods but `ask` block: call them from a worker thread.

    Events, steps, bounds and versions belong to an edition of a dataset, named by its key: see `editions`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        """What it runs on."""
        self.removals = threading.Lock()
        """Held while events of an import are taken out, and by who must not miss that."""
        self._engine = engine
        self._actions: dict[str, dict[str, int]] = {}
        self._actions_lock = threading.Lock()
        self._bounds: dict[str, Bounds] = {}
        self._complete_bounds: set[str] = set()
        self._bounds_lock = threading.Lock()
        self._epoch = secrets.token_hex(4)
        self._changes: dict[str, int] = {}
        self._changes_count = itertools.count(1)
        self._editions = Editions(engine)
        self._also_known: dict[str, list[tuple[str, str]]] = {}
        self._known_keys = KnownKeys(self._count_event_keys, self._read_event_keys)
        self._read_until: dict[str, float] = {}
        self.stats_cache: dict[str, DatasetStats] = {}
        """Last stats per edition, with the version they belong to."""
        self.gone: set[str] = set()
        """Keys of the editions that `drop_gone` has to throw away."""
        removed = engine.write_query("SELECT DISTINCT dataset_id FROM removed_events")
        for edition in removed["dataset_id"].to_pylist():
            self.also_look_in(edition, "removed_events", edition)
        engine.command("TRUNCATE TABLE fixing")
        engine.command("SYSTEM STOP MERGES fixing")
        for dataset_id, fix_id in self._editions.unfinished_fixes().items():
            self.abandon_edition(dataset_id, fix_id)
        self.gone |= self._editions.gone() & self._stored_editions()  # what a kill left
        self.drop_gone()
        deleted = engine.write_query("SELECT dataset_id FROM deleted_datasets")
        self._deleted: set[str] = set(deleted["dataset_id"].to_pylist())

    @classmethod
    def open(cls, path: Path, settings: EngineSettings | None = None) -> Self:
        """Open the store in a folder and bring its schema up to date.

        Raises:
            AppError: FAILED_PRECONDITION `event_store_in_use` when another process owns the folder.
        """
        engine = Engine(path, settings or EngineSettings())
        try:
            _migrate(engine)
            return cls(engine)
        except BaseException:
            engine.close()
            raise

    def close(self) -> None:
        """Stop running questions and let go of the folder."""
        self._engine.close()

    # the way in

    def editions(self, dataset_id: str, import_id: str = "") -> tuple[str, ...]:
        """Keys of the editions that take new events, the current one first unless the import makes its own.

        Args:
            dataset_id: UUID.
            import_id: Import that brings the events; "" for others.
        """
        return self._editions.taking(dataset_id, import_id)

    def edition(self, dataset_id: str) -> str:
        """Key of the edition that questions are asked of."""
        return self._editions.current(dataset_id)

    def begin_edition(self, dataset_id: str, import_id: str) -> None:
        """From now on new events enter an edition beside the current one too, and those of the import enter it alone.

        Trying it again changes nothing; of another import, which then has ended without a word, the edition is given
        up. Events must not arrive while this and the next two methods run; `drop_gone` is for after them.
        """
        other = self._editions.in_the_making(dataset_id)
        if other == import_id:
            return
        if other is not None:
            self.abandon_edition(dataset_id, other)
        self._editions.begin(dataset_id, import_id)

    def adopt_edition(self, dataset_id: str, import_id: str) -> None:
        """The edition of the import takes the place of the current one, which is gone; once however often tried."""
        former = self._editions.adopt(dataset_id, import_id)
        if former is not None:
            self.gone.add(former)
            self._changed([self.edition(dataset_id)])

    def was_adopted(self, dataset_id: str, import_id: str) -> bool:
        """True when the edition of the import took the place of the current one, in whichever run."""
        return self._editions.was_adopted(dataset_id, import_id)

    def abandon_edition(self, dataset_id: str, import_id: str) -> None:
        """Give up the edition of the import with all that is in it; nothing once it is current or given up."""
        key = self._editions.abandon(dataset_id, import_id)
        if key is not None:
            self.gone.add(key)

    def unfinished_fix(self, dataset_id: str) -> str | None:
        """The fix that makes an edition of a dataset; None when none does."""
        return self._editions.unfinished_fixes().get(dataset_id)

    def drop_gone(self) -> None:
        """Throw away the events and steps of editions that are gone; events may arrive meanwhile."""
        for edition in list(self.gone):
            self._drop_edition(edition)
            self.gone.discard(edition)

    def insert(self, rows: pa.RecordBatch | pa.Table, deduplication_token: str) -> None:
        """Store rows of `INCOMING_SCHEMA`, best 1 000-100 000 at once; durable and visible when it returns.

        Args:
            rows: New events; the caller has left out those whose key is stored already. Optional fields and
                `properties` may be absent as columns: then they are not set.
            deduplication_token: The same for every try of the same rows, different for all others: a try
                repeated within the last 1 000 inserts changes nothing.
        """
        table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        if not table.num_rows:
            return
        table = table.cast(pa.schema([INCOMING_SCHEMA.field(name) for name in table.column_names]))
        bounds = _bounds_by_dataset(table)
        with self._bounds_lock:
            for dataset_id, found in bounds.items():
                known = self._bounds.get(dataset_id)
                self._bounds[dataset_id] = known.including(found) if known else found
        self._known_keys.add(bounds, table["event_key"].to_numpy())
        self._engine.insert("events", table, deduplication_token)
        self._changed(bounds)

    def existing_event_keys(self, edition: str, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        """Those of the keys that are stored already, in no order, each once; no events may arrive meanwhile."""
        candidates = self._known_keys.candidates(edition, keys)
        if not len(candidates):
            return np.empty(0, np.uint64)
        parameters = {"keys": candidates.tolist()}
        found = self._event_keys("DISTINCT event_key", edition, "AND event_key IN {keys:Array(UInt64)}", parameters)
        return np.unique(np.concatenate(found))

    def also_look_in(self, edition: str, table: str, key: str) -> None:
        """Ids of events of an edition are known from the rows with a key in another table, too."""
        self._also_known.setdefault(edition, []).append((table, key))
        self._known_keys.forget(edition)

    def look_no_more_in(self, edition: str, table: str) -> None:
        """The opposite of `also_look_in`."""
        self._also_known[edition] = [place for place in self._also_known.get(edition, ()) if place[0] != table]

    def action_codes(self, edition: str, names: Sequence[str]) -> npt.NDArray[np.uint16]:
        """Codes of steps, one per name, same order; unknown names get one, durable before it is returned.

        Raises:
            AppError: INVALID_ARGUMENT `too_many_actions` when the dataset would have more than 65 000 steps.
        """
        with self._actions_lock:
            codes = self._codes(edition)
            new = [name for name in dict.fromkeys(names) if name not in codes]
            first = len(set(codes.values()))
            if first + len(new) > MAX_ACTIONS_COUNT:
                raise AppError(
                    Code.INVALID_ARGUMENT,
                    "too_many_actions",
                    f"action_type would have more than {MAX_ACTIONS_COUNT} different values in this dataset, first "
                    f"{new[0][:100]!r}. Map a column with fewer values to action_type, for example without ids.",
                )
            if new:
                added = {name: code for code, name in enumerate(new, start=first)}
                rows = {
                    "dataset_id": [edition] * len(new),
                    "code": pa.array(added.values(), pa.uint16()),
                    "name": new,
                }
                self._engine.insert("actions", pa.table(rows))
                codes.update(added)
            return np.fromiter((codes[name] for name in names), np.uint16, len(names))

    def write_steps(self, edition: str, steps: Steps) -> None:
        """Give a new edition its steps."""
        names = [*steps.names, *steps.aliases]
        rows = {
            "dataset_id": [edition] * len(names),
            "code": pa.array([*range(len(steps.names)), *steps.aliases.values()], pa.uint16()),
            "name": names,
            "is_alias": pa.array([0] * len(steps.names) + [1] * len(steps.aliases), pa.uint8()),
        }
        if names:
            self._engine.insert("actions", pa.table(rows))

    def delete_alias(self, edition: str, alias: str) -> bool:
        """From now on events that come in under another name of a step are of a step of that name; durable on return.

        Returns:
            False when there is no such other name.

        Raises:
            AppError: UNAVAILABLE `disk_full`.
        """
        if alias not in self.steps(edition).aliases:
            return False
        with self._actions_lock:
            codes = self._codes(edition)
            code = codes.pop(alias)
        # Without the lock, because a delete stands in line behind merges; a step of that name may come meanwhile.
        where = "dataset_id = {edition:String} AND name = {alias:String} AND is_alias"
        try:
            self._engine.long_command(f"DELETE FROM actions WHERE {where}", {"edition": edition, "alias": alias}, _TAG)
        except BaseException:
            with self._actions_lock:
                codes.setdefault(alias, code)
            raise
        self._changed([edition])
        return True

    def read_place(self, stream: str) -> int:
        """Last sequence of a stream whose events are stored; 0 when none."""
        found = self._engine.write_query(
            "SELECT max(sequence) AS sequence FROM places WHERE stream = {stream:String}", {"stream": stream}
        )
        return int(found["sequence"][0].as_py())

    def write_place(self, stream: str, sequence: int) -> None:
        """Remember the last sequence of a stream whose events are stored; it never goes back."""
        self._engine.insert("places", pa.table({"stream": [stream], "sequence": pa.array([sequence], pa.uint64())}))

    # the way out

    def count_import(self, dataset_id: str, import_id: str) -> int:
        """How many events of an import there are, in all editions of the dataset."""
        found = self._engine.write_query(
            "SELECT count() AS rows FROM events WHERE dataset_id IN {editions:Array(String)} "
            "AND import_id = {import_id:String}",
            {"editions": list(self._editions.all_of(dataset_id)), "import_id": import_id},
        )
        return int(found["rows"][0].as_py())

    def delete_import(self, dataset_id: str, import_id: str) -> int:
        """Take the events of an import out of every number.

        Returns:
            Events taken out.

        Raises:
            AppError: UNAVAILABLE `disk_full`.
        """
        parameters: dict[str, Any] = {"import_id": import_id}
        of_editions = "dataset_id IN {editions:Array(String)}"
        of_import = "import_id = {import_id:String}"
        with self.removals:
            parameters["editions"] = editions = list(self._editions.all_of(dataset_id))
            rows_count = self.count_import(dataset_id, import_id)
            if rows_count:
                self._require_room(editions)
                with self._engine.events_unmerged():
                    for edition in editions:
                        delete = f"DELETE FROM events IN PARTITION {{edition:String}} WHERE {of_import}"
                        self._engine.long_command(delete, {**parameters, "edition": edition}, _TAG)
                self._changed(editions)
                if fix_id := self.unfinished_fix(dataset_id):
                    self.abandon_edition(dataset_id, fix_id)  # it may have read them already
                    self.drop_gone()
            if any(edition in self._also_known for edition in editions):
                # An id that stood for an event of this import, or came with it, may come again.
                where = f"{of_editions} AND has(import_ids, {{import_id:String}})"
                self._engine.long_command(f"DELETE FROM removed_events WHERE {where}", parameters, _TAG)
        return rows_count

    def delete_dataset(self, dataset_id: str) -> None:
        """Take all events of a dataset and its steps out, and remember that it is deleted; `drop_gone` drops them."""
        if dataset_id not in self._deleted:
            self._engine.insert("deleted_datasets", pa.table({"dataset_id": [dataset_id]}))
            self._deleted.add(dataset_id)
        self.gone.update(self._editions.all_of(dataset_id))

    def is_deleted(self, dataset_id: str) -> bool:
        """True when the dataset was deleted, in whichever run."""
        return dataset_id in self._deleted

    # what questions need

    def dataset_version(self, edition: str) -> str:
        """Text that changes with every insert and delete, with every start, and with the edition of a dataset."""
        return f"{self._epoch}-{self._changes.get(edition, 0)}"

    def activities(self, edition: str) -> list[str]:
        """Steps of an edition; the place is the code."""
        return list(self.steps(edition).names)

    def steps(self, edition: str) -> Steps:
        """Steps of an edition and their other names."""
        codes = self.step_codes(edition)
        names: dict[int, str] = {}
        for name, code in codes.items():
            names.setdefault(code, name)
        return Steps(tuple(names.values()), {name: code for name, code in codes.items() if names[code] != name})

    def step_codes(self, edition: str) -> dict[str, int]:
        """By name and other name of the steps of an edition, the code; the name of a step before its other names."""
        with self._actions_lock:
            return dict(self._codes(edition))

    def bounds(self, edition: str) -> Bounds | None:
        """Bounds that no stored event of the edition exceeds; None when there is none."""
        if edition not in self._complete_bounds:
            found = self._engine.write_query(
                "SELECT count() AS rows, min(toUnixTimestamp64Milli(time)) AS min_ms, "
                "max(toUnixTimestamp64Milli(time)) AS max_ms, max(tie) AS max_tie "
                "FROM events WHERE dataset_id = {edition:String}",
                {"edition": edition},
            ).to_pylist()[0]
            with self._bounds_lock:
                if found["rows"]:
                    stored = Bounds(found["min_ms"], found["max_ms"], found["max_tie"])
                    known = self._bounds.get(edition)
                    self._bounds[edition] = known.including(stored) if known else stored
                self._complete_bounds.add(edition)
        return self._bounds.get(edition)

    async def ask(self, question: Callable[["StoreReader"], Answer]) -> Answer:
        """Answer a question in a reader thread; when the caller goes away its query is stopped.

        Raises:
            AppError: RESOURCE_EXHAUSTED `question_too_large`, DEADLINE_EXCEEDED `question_too_slow`.
        """
        reader = StoreReader(self, self._engine, uuid4().hex)
        running = self._engine.submit(lambda: question(reader))
        try:
            return await asyncio.wrap_future(running)
        except asyncio.CancelledError:
            reader.is_cancelled = True
            self._engine.stop(running, reader.tag)
            raise

    def _count_event_keys(self, edition: str) -> int:
        return int(np.concatenate(self._event_keys("count()", edition)).sum())

    def _read_event_keys(self, edition: str) -> list[npt.NDArray[np.uint64]]:
        return self._event_keys("event_key", edition)

    def _event_keys(
        self, what: str, edition: str, condition: str = "", parameters: Mapping[str, Any] | None = None
    ) -> list[npt.NDArray[np.uint64]]:
        """Of each table in which keys of an edition are, one number per row or for all."""
        found = []
        for table, key in [("events", edition), *self._also_known.get(edition, ())]:
            sql = f"SELECT {what} AS number FROM {table} WHERE dataset_id = {{key:String}} {condition}"
            numbers = self._engine.write_query(sql, {**(parameters or {}), "key": key})["number"]
            found.append(numbers.to_numpy().astype(np.uint64, copy=False))
        return found

    def _codes(self, edition: str) -> dict[str, int]:
        codes = self._actions.get(edition)
        if codes is None:
            found = self._engine.write_query(
                "SELECT name, code FROM actions WHERE dataset_id = {edition:String} ORDER BY is_alias, code",
                {"edition": edition},
            )
            codes = dict(zip(found["name"].to_pylist(), found["code"].to_pylist(), strict=True))
            self._actions[edition] = codes
        return codes

    def _changed(self, editions: Iterable[str]) -> None:
        for edition in editions:
            self._changes[edition] = next(self._changes_count)

    def _drop_edition(self, edition: str) -> None:
        """Throw away what there is of an edition; the steps stay in memory while a question may still read it."""
        parameters = {"edition": edition}
        with self._actions_lock:
            self._codes(edition)
        for table in ("actions", "removed_events"):
            # Nobody waits for it: a delete stands in line behind the merges of all events.
            delete = f"DELETE FROM {table} WHERE dataset_id = {{edition:String}}"
            self._engine.long_command(delete, parameters, _TAG, {"lightweight_deletes_sync": 0})
        self._engine.long_command("ALTER TABLE events DROP PARTITION {edition:String}", parameters, _TAG)
        self._also_known.pop(edition, None)
        self._known_keys.forget(edition)
        self.stats_cache.pop(edition, None)
        with self._bounds_lock:
            self._bounds.pop(edition, None)
            self._complete_bounds.discard(edition)
        with self._actions_lock:
            self._read_until[edition] = self._engine.new_deadline()
            for former in [key for key, until in self._read_until.items() if until < time.monotonic()]:
                del self._read_until[former]
                self._actions.pop(former, None)
        self._changed([edition])

    def _require_room(self, editions: Sequence[str]) -> None:
        """Refuse a delete of some events that would find no room to write a part anew and wait for it for ever."""
        found = self._engine.write_query(
            "SELECT 1.25 * max(bytes_on_disk) > (SELECT min(unreserved_space) FROM system.disks) AS is_short "
            "FROM system.parts WHERE database = currentDatabase() AND table = 'events' AND active "
            "AND partition IN {editions:Array(String)}",
            {"editions": editions},
        )
        if found["is_short"][0].as_py():
            raise disk_full()

    def _stored_editions(self) -> set[str]:
        """Keys of the editions that have events."""
        stored = self._engine.write_query(
            "SELECT DISTINCT partition FROM system.parts "
            "WHERE database = currentDatabase() AND table = 'events' AND active"
        )
        return set(stored["partition"].to_pylist())


@dataclass
class StoreReader:
    """The store as one running question sees it.

    Attributes:
        store: Dictionaries and bounds.
        tag: Mark of its queries.
        is_cancelled: True when nobody waits for the answer any more.
    """

    store: EventStore
    _engine: Engine
    tag: str
    is_cancelled: bool = False
    _names: dict[str, list[str]] = field(default_factory=dict)
    _deadline: float | None = None

    def activity(self, edition: str, code: int) -> str:
        """Step with this code."""
        names = self._names.get(edition)
        if names is None or code >= len(names):
            names = self._names[edition] = self.store.activities(edition)
        return names[code]

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Rows of a SELECT; values only through `{name:Type}` parameters.

        All queries of a question share one deadline, which the first one sets.

        Raises:
            AppError: As `Engine.query`.
        """
        if self.is_cancelled:
            raise AppError(Code.CANCELLED, "question_cancelled", "The question was cancelled.")
        if self._deadline is None:
            self._deadline = self._engine.new_deadline()
        return self._engine.query(sql, parameters, self.tag, self._deadline)


def _bounds_by_dataset(rows: pa.Table) -> dict[str, Bounds]:
    grouped = rows.select(["dataset_id", "tie"]).append_column("ms", rows["time"].cast(pa.int64()))
    found = grouped.group_by("dataset_id").aggregate([("ms", "min"), ("ms", "max"), ("tie", "max")])
    return {row["dataset_id"]: Bounds(row["ms_min"], row["ms_max"], row["tie_max"]) for row in found.to_pylist()}


def _migrate(engine: Engine) -> None:
    engine.command(
        "CREATE TABLE IF NOT EXISTS schema_migrations (number UInt32, name String, applied_at DateTime DEFAULT now()) "
        "ENGINE = MergeTree ORDER BY number SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
    )
    applied = set(engine.write_query("SELECT number FROM schema_migrations")["number"].to_pylist())
    for migration in MIGRATIONS:
        if migration.number in applied:
            continue
        for statement in migration.statements:
            engine.command(statement)
        row = {"number": pa.array([migration.number], pa.uint32()), "name": [migration.name]}
        engine.insert("schema_migrations", pa.table(row))
