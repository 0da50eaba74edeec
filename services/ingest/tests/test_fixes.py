"""Fixes against the same done by hand in plain Python, and what arrives or goes while one runs."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest

from cjm_ingest.adapters.event_store import questions
from cjm_ingest.adapters.event_store.engine import Engine
from cjm_ingest.adapters.event_store.fixes import EventFixes
from cjm_ingest.adapters.event_store.graph_questions import path_times
from cjm_ingest.adapters.event_store.listing_questions import list_events
from cjm_ingest.adapters.event_store.quality_questions import check_events
from cjm_ingest.adapters.event_store.schema import INCOMING_SCHEMA
from cjm_ingest.adapters.event_store.store import EventStore, StoreReader
from cjm_ingest.application.appender import Appender
from cjm_ingest.application.fixes import Fixes
from cjm_ingest.domain.answers import TimeBin
from cjm_ingest.domain.arrival import TieCounter
from cjm_ingest.domain.filter import FieldIn
from cjm_ingest.domain.fixes import FIXABLE, Fixed, Steps
from cjm_ingest.domain.keys import event_keys
from cjm_ingest.domain.quality import BLANKS, Finding, FindingKind
from cjm_ingest.domain.scope import Scope
from cjm_kit.errors import AppError, Code

DUPLICATES, FUTURE, SIMILAR, BLANK = (
    FindingKind.DUPLICATES,
    FindingKind.FUTURE_TIMES,
    FindingKind.SIMILAR_STEPS,
    FindingKind.SURROUNDING_BLANKS,
)
NOW_MS = 1_717_200_000_000
TEXTS = ("device_os", "session_id", "webpage_url")


@dataclass(frozen=True)
class Row:
    """An event as a test writes it."""

    event_id: str
    customer_id: str
    action_type: str
    time: int
    texts: tuple[str, ...] = ("", "", "")
    import_id: str = ""


class Journal:
    """Notes nothing."""

    async def fixing(self, fix_id: str, dataset_id: str, user_id: str, kind: FindingKind, fixed: Fixed) -> None:
        pass

    async def removing(self, entry: Any, user_id: str, events_count: int) -> None:
        pass


class Data:
    """A store with one dataset."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open()

    def open(self) -> None:
        self.store = EventStore.open(self.path)
        self.appender = Appender(self.store, INCOMING_SCHEMA)
        self.fixes = EventFixes(self.store)
        self.ties = TieCounter(12)

    def add(self, rows: Sequence[Row], dataset_id: str = "d") -> int:
        added = 0
        for import_id in dict.fromkeys(row.import_id for row in rows):
            these = [row for row in rows if row.import_id == import_id]
            columns: dict[str, pa.Array] = {
                name: pa.array([getattr(row, name) for row in these])
                for name in ("event_id", "customer_id", "action_type", "time")
            }
            columns |= {name: pa.array([row.texts[place] for row in these]) for place, name in enumerate(TEXTS)}
            columns["properties"] = pa.array([f'{{"id":"{row.event_id}"}}' for row in these])
            keys = event_keys([row.event_id for row in these])
            token = str(uuid4())
            added += self.appender.append(dataset_id, import_id, columns, keys, self.ties, token, may_be_known=True)
        return added

    def fix(self, kind: FindingKind) -> Fixed:
        fix = self.fixes.begin("d", kind, NOW_MS)
        fixed = self.fixes.perform(fix)
        assert fixed == Fixed(0, 0) or self.fixes.finish(fix)
        self.fixes.give_up(fix)
        self.fixes.clean_up(fix)
        return fixed

    @property
    def reader(self) -> StoreReader:
        return StoreReader(self.store, self.store.engine, "test")

    def rows(self, dataset_id: str = "d") -> list[Row]:
        """What is stored, each event as often as it is."""
        edition = self.store.edition(dataset_id)
        found = self.reader.query(
            "SELECT event_id, customer_id, action, toUnixTimestamp64Milli(time) AS time, import_id, "
            f"{', '.join(TEXTS)}, "
            "customer_key = sipHash64(customer_id) AND properties = concat('{\"id\":\"', event_id, '\"}') "
            "AND session_key = if(session_id = '', 0, sipHash64(session_id)) AS is_whole "
            "FROM events WHERE dataset_id = {edition:String}",
            {"edition": edition},
        ).to_pylist()
        assert all(row["is_whole"] for row in found)
        return sorted(
            (
                Row(
                    row["event_id"],
                    row["customer_id"],
                    self.reader.activity(edition, row["action"]),
                    row["time"],
                    tuple(row[name] for name in TEXTS),
                    row["import_id"],
                )
                for row in found
            ),
            key=lambda row: row.event_id,
        )

    def ties_by_id(self) -> dict[str, int]:
        """By event, its place among the events of its customer and time."""
        found = self.reader.query("SELECT event_id, tie FROM events").to_pylist()
        return {row["event_id"]: row["tie"] for row in found}

    def found(self, kind: FindingKind) -> Finding:
        findings = check_events(self.reader, self.store.edition("d"), "UTC", NOW_MS)[1]
        return next(finding for finding in findings if finding.kind is kind)

    def keys(self) -> set[str]:
        """Whose events there are in the whole store."""
        found = self.store.engine.write_query("SELECT DISTINCT dataset_id FROM events")
        return set(found["dataset_id"].to_pylist())


@pytest.fixture
def data(tmp_path: Path, eager_known_keys: None) -> Iterator[Data]:
    """An empty dataset."""
    made = Data(tmp_path / "events")
    yield made
    made.store.close()


def by_hand(rows: Sequence[Row], kind: FindingKind, ties: Mapping[str, int]) -> list[Row]:
    """The events as they should be after a fix; `ties` says which of one moment came first."""
    if kind is FUTURE:
        return [row for row in rows if row.time <= NOW_MS]
    if kind is DUPLICATES:
        first: dict[tuple[str, str, int], Row] = {}
        for row in sorted(rows, key=lambda row: (ties[row.event_id], event_keys([row.event_id])[0])):
            first.setdefault((row.customer_id, row.action_type, row.time), row)
        return list(first.values())
    if kind is SIMILAR:
        counts = Counter(row.action_type for row in rows)

        def spelling(step: str) -> str:
            alike = [other for other in counts if "".join(other.lower().split()) == "".join(step.lower().split())]
            return min(alike, key=lambda other: (-counts[other], other))

        return [replace(row, action_type=spelling(row.action_type)) for row in rows]
    return [
        replace(
            row,
            customer_id=row.customer_id.strip(BLANKS) or row.customer_id,
            action_type=row.action_type.strip(BLANKS) or row.action_type,
            texts=tuple(text.strip(BLANKS) for text in row.texts),
        )
        for row in rows
    ]


TEXT = ["", "a", " a", "a\u3000", "\ta\n", " ", "b  b", "\xa0b", "й "]
NAMES = ["pay", "Pay", "PAY ", " pay", "p ay", "cart", "cart\u2003", " "]
CUSTOMERS = ["c1", " c1", "c1\x1f", "C1", "\u3000", "c2"]
TIMES = [0, 1000, 2000, 3000, NOW_MS, NOW_MS + 1]


@pytest.mark.parametrize(
    "kinds", [(DUPLICATES, SIMILAR, BLANK, FUTURE), (BLANK, DUPLICATES, FUTURE, SIMILAR), (SIMILAR, BLANK, DUPLICATES)]
)
def test_fixes_do_what_is_done_by_hand(data: Data, kinds: Sequence[FindingKind]) -> None:
    random = Random(len(kinds))
    rows = [
        Row(
            f"{place:04}",
            random.choice(CUSTOMERS),
            random.choice(NAMES),
            random.choice(TIMES),
            (random.choice(TEXT), random.choice(TEXT), random.choice(TEXT)),
        )
        for place in range(600)
    ]
    data.add(rows[:250])
    data.add(rows)
    ties = data.ties_by_id()
    expected = rows
    for kind in kinds:
        before, expected = expected, by_hand(expected, kind, ties)
        found_count = data.found(kind).fixable_count
        fixed = data.fix(kind)
        kept = {row.event_id: row for row in expected}
        changed_count = sum(kept[row.event_id] != row for row in before if row.event_id in kept)
        assert fixed == Fixed(changed_count, len(before) - len(expected))
        assert found_count == fixed.changed_count + fixed.removed_count > 0
        assert data.rows() == sorted(expected, key=lambda row: row.event_id)
        assert data.found(kind).fixable_count == 0
        assert data.fix(kind) == Fixed(0, 0)
    assert data.keys() == {data.store.edition("d")}


def test_steps_that_come_in_under_a_former_name_get_the_kept_one(data: Data) -> None:
    data.add([Row("1", "a", "Pay", 1), Row("2", "b", "pay", 1), Row("3", "c", "Pay", 2), Row("4", "c", " cart", 1)])
    data.fix(SIMILAR)
    data.fix(BLANK)
    data.add([Row("5", "a", "pay", 3), Row("6", "a", " cart", 4), Row("7", "a", "new", 5), Row("8", "a", "PAY", 6)])
    steps = [row.action_type for row in data.rows()]
    assert steps == ["Pay", "Pay", "Pay", "cart", "Pay", "cart", "new", "PAY"]
    data.store.close()
    data.open()
    data.add([Row("9", "a", "pay", 7)])
    assert data.store.steps(data.store.edition("d")) == Steps(("Pay", "cart", "new", "PAY"), {"pay": 0, " cart": 1})
    assert data.rows()[-1].action_type == "Pay"
    data.fix(SIMILAR)
    data.add([Row("a", "a", "PAY", 8), Row("b", "a", "pay", 8)])
    assert Counter(row.action_type for row in data.rows()) == {"Pay": 8, "cart": 2, "new": 1}


@pytest.mark.parametrize("has_restarted", [False, True])
async def test_another_name_that_has_ended_is_a_step_of_its_own_from_then_on(data: Data, has_restarted: bool) -> None:
    data.add([Row("1", "a", "Pay", 1), Row("2", "b", "pay", 1), Row("3", "c", "Pay", 2), Row("4", "c", " cart", 1)])
    data.fix(SIMILAR)
    data.fix(BLANK)
    fixes = Fixes(data.fixes, data.appender, Journal())
    assert list((await fixes.aliases("d")).items()) == [("pay", "Pay"), (" cart", "cart")]
    version = data.store.dataset_version(data.store.edition("d"))
    for name in ("Pay", "PAY", ""):
        with pytest.raises(AppError) as refused:
            await fixes.delete_alias("d", name)
        assert (refused.value.code, refused.value.reason) == (Code.NOT_FOUND, "step_alias_not_found")
    assert data.store.dataset_version(data.store.edition("d")) == version
    await fixes.delete_alias("d", "pay")
    assert data.store.dataset_version(data.store.edition("d")) != version
    await fixes.close()
    if has_restarted:
        data.store.close()
        data.open()
    data.add([Row("5", "a", "pay", 3), Row("6", "a", " cart", 4)])
    assert data.fixes.aliases("d") == {" cart": "cart"}
    assert [row.action_type for row in data.rows()] == ["Pay", "Pay", "Pay", "cart", "pay", "cart"]
    data.store.close()
    data.open()
    data.fix(SIMILAR)
    assert data.fixes.aliases("d") == {" cart": "cart", "pay": "Pay"}


async def test_another_name_stays_when_its_end_could_not_be_stored(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    data.add([Row("1", "a", "Pay", 1), Row("2", "b", "pay", 1), Row("3", "c", "Pay", 2)])
    data.fix(SIMILAR)
    fixes = Fixes(data.fixes, data.appender, Journal())

    def fail(*_: Any) -> None:
        raise AppError(Code.UNAVAILABLE, "disk_full", "The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(Engine, "long_command", fail)
        with pytest.raises(AppError, match="The disk is full"):
            await fixes.delete_alias("d", "pay")
    await fixes.close()
    assert data.fixes.aliases("d") == {"pay": "Pay"}


def test_filters_with_a_former_name_still_find_their_events(data: Data) -> None:
    data.add([Row("1", "a", "Pay", 1), Row("2", "b", "pay", 1), Row("3", "c", "Pay", 2), Row("4", "c", "cart", 1)])
    data.fix(SIMILAR)
    scope = Scope(data.store.edition("d"), filter=FieldIn("action_type", ("pay",)))
    assert len(list_events(data.reader, [scope], 10, None, "", "").events) == 3


def test_a_path_between_former_names_still_has_its_times(data: Data) -> None:
    data.add([Row("1", "a", "Pay", 1), Row("2", "a", "pay", 2), Row("3", "a", "cart ", 5)])
    data.fix(SIMILAR)
    data.fix(BLANK)
    scope = Scope(data.store.edition("d"))
    assert path_times(data.reader, scope, (), "pay", "cart ") == (TimeBin(0.0, 0.1, 1),)
    assert path_times(data.reader, scope, ("pay",), "pay", "Pay") == (TimeBin(0.0, 0.1, 1),)
    assert path_times(data.reader, scope, (), "pay", "gone") == ()


@pytest.mark.parametrize(
    ("names", "aliases", "renames", "expected"),
    [
        (("a", "b", "c"), {}, {"b": "a"}, Steps(("a", "c"), {"b": 0})),
        (("a", " a"), {"A": 0}, {" a": "a"}, Steps(("a",), {"A": 0, " a": 0})),
        (("a", " b"), {"b": 0}, {" b": "b"}, Steps(("a",), {"b": 0, " b": 0})),
        ((" a ", " a"), {"a": 0}, {" a ": "a", " a": "a"}, Steps(("a",), {" a ": 0, " a": 0})),
    ],
)
def test_steps_are_renamed(names: Any, aliases: Any, renames: Any, expected: Steps) -> None:
    steps, codes = Steps(names, aliases).renamed(renames)
    assert steps == expected
    assert len(codes) == len(names)


def test_a_removed_duplicate_does_not_come_back(data: Data) -> None:
    first, second = Row("1", "a", "x", 5, import_id="i1"), Row("2", "a", "x", 5, import_id="i2")
    data.add([first, second])
    assert data.fix(DUPLICATES) == Fixed(0, 1)
    assert data.add([second]) == 0
    data.fix(BLANK)
    data.add([Row("3", "b", " x ", 5)])
    assert data.fix(BLANK) == Fixed(1, 0)  # what is known goes on into the next edition
    data.store.close()
    data.open()
    assert data.add([second]) == 0
    assert [row.event_id for row in data.rows()] == ["1", "3"]


@pytest.mark.parametrize("import_id", ["i1", "i2"])
def test_a_removed_duplicate_may_come_again_when_an_import_is_removed(data: Data, import_id: str) -> None:
    first, second = Row("1", "a", "x", 5, import_id="i1"), Row("2", "a", "x", 5, import_id="i2")
    data.add([first, second])
    data.fix(DUPLICATES)
    data.store.delete_import("d", import_id)
    assert data.add([second]) == 1


def test_an_event_from_the_future_may_come_again_with_another_time(data: Data) -> None:
    data.add([Row("1", "a", "x", NOW_MS + 5)])
    assert data.fix(FUTURE) == Fixed(0, 1)
    assert data.rows() == []
    assert data.add([Row("1", "a", "x", 5)]) == 1


def test_what_arrives_while_a_fix_runs_is_stored_once(data: Data) -> None:
    rows = [Row("1", "a", "Pay", 1), Row("2", "a", "Pay", 2), Row("3", " a", "pay", 3)]
    data.add(rows)
    version = data.store.dataset_version(data.store.edition("d"))
    fix = data.fixes.begin("d", SIMILAR, NOW_MS)
    assert data.add([rows[0], Row("4", "b", "pay", 4), Row("5", "b", "new", 5)]) == 2
    assert data.fixes.perform(fix) == Fixed(1, 0)
    assert data.add([rows[1], Row("4", "b", "pay", 4), Row("6", "b", "pay", 6)]) == 1
    assert [row.action_type for row in data.rows()] == ["Pay", "Pay", "pay", "pay", "new", "pay"]
    assert [data.fixes.present_name("d", name) for name in ("Pay", "pay", "gone")] == ["Pay", "pay", "gone"]
    assert data.fixes.finish(fix)
    assert [data.fixes.present_name("d", name) for name in ("Pay", "pay", "gone")] == ["Pay", "Pay", "gone"]
    assert [row.event_id for row in data.rows()] == ["1", "2", "3", "4", "5", "6"]
    assert [row.action_type for row in data.rows()] == ["Pay", "Pay", "Pay", "Pay", "new", "Pay"]
    assert data.store.dataset_version(data.store.edition("d")) != version


async def test_an_answer_of_before_a_fix_does_not_serve_after_it(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "_QUICK_SECONDS", 0)
    monkeypatch.setattr(questions, "_REST_FACTOR", 1_000_000)
    asked = questions.EventStoreQuestions(data.store)
    data.add([Row("1", "a", "x ", 1)])
    before = await asked.check_events("d", "UTC", NOW_MS)
    data.add([Row("2", "a", "x ", 1)])
    assert (await asked.check_events("d", "UTC", NOW_MS)).answer == before.answer
    data.fix(BLANK)
    events_count, findings = (await asked.check_events("d", "UTC", NOW_MS)).answer
    assert (events_count, sum(finding.fixable_count for finding in findings)) == (2, 1)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("what", ["import", "dataset", "replaced"])
def test_a_fix_is_void_when_events_were_taken_out_meanwhile(data: Data, what: str, when: str) -> None:
    data.add([Row("1", "a", "x ", 1, import_id="i"), Row("2", "a", "x ", 1)])
    fix = data.fixes.begin("d", BLANK, NOW_MS)
    if when == "after":
        data.fixes.perform(fix)
    if what == "import":
        data.store.delete_import("d", "i")
        data.add([Row("1", "a", "x ", 2, import_id="j")])
    elif what == "dataset":
        data.appender.delete_dataset("d")
    else:
        data.store.begin_edition("d", "r")
        data.add([Row("7", "a", "x", 1, import_id="r")])
        data.appender.adopt_edition("d", "r")
    if when == "before":
        data.fixes.perform(fix)
    expected = data.rows()
    assert not data.fixes.finish(fix)
    data.fixes.clean_up(fix)
    assert data.rows() == expected
    assert [row.event_id for row in expected] == {"import": ["1", "2"], "dataset": [], "replaced": ["7"]}[what]
    assert data.keys() == ({data.store.edition("d")} if expected else set())


def test_while_an_import_replaces_the_events_nothing_is_fixed(data: Data) -> None:
    data.add([Row("1", "a", "x ", 1)])
    data.store.begin_edition("d", "r")
    with pytest.raises(AppError, match="dataset_being_replaced") as refused:
        data.fixes.begin("d", BLANK, NOW_MS)
    assert refused.value.code is Code.FAILED_PRECONDITION
    data.store.adopt_edition("d", "r")
    assert data.fix(BLANK) == Fixed(0, 0)


@pytest.mark.parametrize("has_performed", [False, True])
async def test_what_a_stop_left_of_a_fix_is_gone_at_the_next_start(data: Data, has_performed: bool, until: Any) -> None:
    rows = [Row("1", "a", "x ", 1), Row("2", "a", "x ", 1)]
    data.add(rows)
    fix = data.fixes.begin("d", DUPLICATES, NOW_MS)
    if has_performed:
        data.fixes.perform(fix)
    data.store.close()
    data.open()
    assert data.rows() == rows
    assert data.keys() == {"d"}
    left = (
        "SELECT dataset_id FROM actions WHERE dataset_id != 'd' UNION ALL SELECT dataset_id FROM removed_events "
        "UNION ALL SELECT dataset_id FROM fixing"
    )
    await until(lambda: not data.store.engine.write_query(left).num_rows)
    assert data.add(rows) == 0
    assert data.fix(DUPLICATES) == Fixed(0, 1)


async def test_other_kinds_have_no_fix(data: Data) -> None:
    fixes = Fixes(data.fixes, data.appender, Journal())
    for kind in set(FindingKind) - FIXABLE:
        with pytest.raises(AppError, match="finding_not_fixable") as refused:
            await fixes.fix("d", kind, "u")
        assert refused.value.code is Code.INVALID_ARGUMENT
    await fixes.close()


async def test_a_fix_that_fails_changes_nothing(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Row("1", "a", "x ", 1)]
    data.add(rows)
    fixes = Fixes(data.fixes, data.appender, Journal())

    def fail(fix: Any) -> Fixed:
        EventFixes.perform(data.fixes, fix)
        raise OSError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(data.fixes, "perform", fail)
        with pytest.raises(OSError, match="no room"):
            await fixes.fix("d", BLANK, "u")
    assert data.rows() == rows
    assert await fixes.fix("d", BLANK, "u") == Fixed(1, 0)
    assert await fixes.fix("d", BLANK, "u") == Fixed(0, 0)
    await fixes.close()


async def test_a_fix_goes_on_when_its_caller_goes_away(data: Data, monkeypatch: pytest.MonkeyPatch, until: Any) -> None:
    data.add([Row("1", "a", "x ", 1)])
    fixes, gate = Fixes(data.fixes, data.appender, Journal()), threading.Event()

    def wait(fix: Any) -> Fixed:
        gate.wait(20)
        return EventFixes.perform(data.fixes, fix)

    monkeypatch.setattr(data.fixes, "perform", wait)
    asked = asyncio.create_task(fixes.fix("d", BLANK, "u"))
    await until(lambda: len(data.store.editions("d")) > 1)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    data.add([Row("2", "a", "y", 1)])  # events arrive meanwhile, of other datasets too
    data.add([Row("2", "a", "y", 1)], "other")
    gate.set()
    await until(lambda: [row.action_type for row in data.rows()] == ["x", "y"])
    await fixes.close()
    assert len(data.rows("other")) == 1


async def test_events_arrive_while_old_ones_are_thrown_away(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    data.add([Row("1", "a", "x ", 1)])
    were_paused = []
    long_command = Engine.long_command

    def watch(engine: Engine, sql: str, *arguments: Any) -> None:
        were_paused.append(data.appender.paused().locked())  # type: ignore[attr-defined]
        assert not engine._writer_lock.locked()
        long_command(engine, sql, *arguments)

    fixes = Fixes(data.fixes, data.appender, Journal())
    monkeypatch.setattr(Engine, "long_command", watch)
    assert await fixes.fix("d", BLANK, "u") == Fixed(1, 0)
    assert (len(were_paused), data.keys()) == (5, {data.store.edition("d")})
    data.appender.begin_edition("d", "r")
    data.add([Row("1", "a", "x", 1, import_id="r")])
    data.appender.adopt_edition("d", "r")
    assert (len(were_paused), data.keys()) == (8, {"d/r"})
    data.appender.begin_edition("d", "given up")
    data.add([Row("2", "a", "x", 1)])
    data.appender.abandon_edition("d", "given up")
    assert (len(were_paused), data.keys()) == (11, {"d/r"})
    data.appender.delete_dataset("d")
    assert (len(were_paused), data.keys()) == (14, set())
    assert not any(were_paused)
    await fixes.close()


async def test_a_fix_that_waits_for_a_removal_does_not_hold_up_events(data: Data, until: Any) -> None:
    data.add([Row("1", "a", "x ", 1)])
    fixes = Fixes(data.fixes, data.appender, Journal())
    with data.store.removals:
        asked = asyncio.create_task(fixes.fix("d", BLANK, "u"))
        await until(lambda: bool(fixes._running))
        for number in range(5):
            assert await asyncio.wait_for(asyncio.to_thread(data.add, [Row(f"n{number}", "a", "y", 1)]), 10) == 1
    assert await asked == Fixed(1, 0)
    await fixes.close()


def test_what_could_not_be_given_up_is_when_the_next_fix_begins(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    data.add([Row("1", "a", "x ", 1)])
    fix = data.fixes.begin("d", BLANK, NOW_MS)
    data.fixes.perform(fix)
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "insert", _refuse)
        with pytest.raises(OSError, match="no room"):
            data.fixes.finish(fix)
        with pytest.raises(OSError, match="no room"):
            data.fixes.give_up(fix)
    data.add([Row("2", "a", "y", 1)])
    assert [row.action_type for row in data.rows()] == ["x ", "y"]
    assert data.fix(BLANK) == Fixed(1, 0)
    assert [row.action_type for row in data.rows()] == ["x", "y"]
    assert data.keys() == {data.store.edition("d")}


def test_a_fix_that_is_on_disk_counts_though_it_was_said_to_have_failed(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.add([Row("1", "a", "x ", 1)])
    fix = data.fixes.begin("d", BLANK, NOW_MS)
    data.fixes.perform(fix)
    insert = Engine.insert

    def insert_and_fail(engine: Engine, *arguments: Any) -> None:
        insert(engine, *arguments)
        _refuse()

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "insert", insert_and_fail)
        assert data.fixes.finish(fix)
        data.fixes.give_up(fix)
    data.store.close()
    data.open()
    assert [row.action_type for row in data.rows()] == ["x"]


def _refuse(*_: Any) -> None:
    raise OSError("no room")
