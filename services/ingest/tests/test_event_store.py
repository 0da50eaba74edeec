"""The event store: what went in comes out once, what is taken out is gone, and one process owns it."""

import asyncio
import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from cjm_ingest.adapters.event_store.engine import Engine, EngineSettings
from cjm_ingest.adapters.event_store.graph_questions import directly_follows
from cjm_ingest.adapters.event_store.listing_questions import count_by_day, dataset_stats, field_values, list_events
from cjm_ingest.adapters.event_store.questions import EventStoreQuestions
from cjm_ingest.adapters.event_store.schema import MIGRATIONS
from cjm_ingest.adapters.event_store.store import EventStore, StoreReader, _migrate
from cjm_ingest.domain.keys import event_keys
from cjm_ingest.domain.packing import Bounds, packing_for
from cjm_ingest.domain.scope import Scope
from cjm_kit.errors import AppError, Code

Fill = Callable[..., None]
Until = Callable[[Callable[[], bool]], Awaitable[None]]
SLOW_SQL = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"


def frame(*rows: tuple[str, str, str], **fields: str) -> pd.DataFrame:
    events = pd.DataFrame(rows, columns=["customer_id", "action_type", "time"]).assign(**fields)
    events["time"] = pd.to_datetime(events["time"], utc=True, format="ISO8601")
    return events


def reader_of(store: EventStore) -> StoreReader:
    return StoreReader(store, store._engine, "test")


def rows_count(store: EventStore, dataset_id: str) -> int:
    stats = dataset_stats(reader_of(store), [dataset_id])
    return stats[0].events_count if stats else 0


def test_rows_stay_after_a_restart(tmp_path: Path, fill: Fill) -> None:
    store = EventStore.open(tmp_path)
    fill(store, "d", frame(("x", "a", "1969-12-31T23:59:59.999Z"), ("x", "b", "2024-01-01")))
    store.write_place("events", 7)
    store.close()
    store = EventStore.open(tmp_path)
    try:
        assert store.activities("d") == ["a", "b"]
        assert store.read_place("events") == 7
        assert store.read_place("other") == 0
        assert store.bounds("d") == Bounds(-1, 1_704_067_200_000, 0)
        (edge,) = directly_follows(reader_of(store), Scope("d")).edges
        assert edge.mean_seconds == 1_704_067_200.001
    finally:
        store.close()


def test_the_place_never_goes_back(store: EventStore) -> None:
    store.write_place("events", 7)
    store.write_place("events", 3)
    assert store.read_place("events") == 7


def test_an_insert_tried_again_with_its_token_counts_once(store: EventStore, fill: Fill) -> None:
    events = frame(("x", "a", "2024-01-01"), ("x", "b", "2024-01-02"))
    fill(store, "d", events)
    fill(store, "d", events)
    assert rows_count(store, "d") == 2


def test_keys_that_are_stored_are_found_in_their_dataset_only(store: EventStore, fill: Fill) -> None:
    fill(store, "d", frame(("x", "a", "2024-01-01"), ("x", "b", "2024-01-02")))
    asked = event_keys([":0", ":1", ":2"])
    assert set(store.existing_event_keys("d", asked)) == set(asked[:2])
    assert len(store.existing_event_keys("other", asked)) == 0
    assert len(store.existing_event_keys("d", np.empty(0, np.uint64))) == 0


def test_keys_are_found_in_a_table_that_is_named_later(store: EventStore) -> None:
    store.engine.command("INSERT INTO removed_events VALUES ('d', 7, [])")
    asked = np.array([7, 8], np.uint64)
    assert len(store.existing_event_keys("d", asked)) == 0
    store.also_look_in("d", "removed_events", "d")
    assert store.existing_event_keys("d", asked).tolist() == [7]


def test_actions_get_lasting_codes(store: EventStore) -> None:
    assert store.action_codes("d", ["b", "a", "b"]).tolist() == [0, 1, 0]
    assert store.action_codes("d", ["c", "a"]).tolist() == [2, 1]
    assert store.action_codes("e", ["a"]).tolist() == [0]


def test_too_many_actions_are_refused_and_change_nothing(store: EventStore) -> None:
    store.action_codes("d", ["a"])
    with pytest.raises(AppError, match="too_many_actions"):
        store.action_codes("d", [f"step {number}" for number in range(65_000)])
    assert store.activities("d") == ["a"]


def test_a_deleted_import_is_gone_from_every_number(store: EventStore, fill: Fill) -> None:
    one = frame(("x", "a", "2024-01-01"), ("x", "c", "2024-01-03"), device_os="iOS")
    other = frame(("x", "b", "2024-01-02"), ("y", "a", "2024-01-02"), device_os="Android")
    fill(store, "d", one, import_id="i1")
    fill(store, "d", other, import_id="i2")
    reader, before = reader_of(store), store.dataset_version("d")
    assert [edge.target for edge in directly_follows(reader, Scope("d")).edges] == ["b", "c"]
    assert store.delete_import("d", "i2") == 2
    assert store.delete_import("d", "i2") == 0
    assert store.dataset_version("d") != before
    graph = directly_follows(reader, Scope("d"))
    assert [(edge.source, edge.target) for edge in graph.edges] == [("a", "c")]
    assert (graph.cases_count, rows_count(store, "d")) == (1, 2)
    assert [item.value for item in field_values(reader, [Scope("d")], "device_os", "", 10)] == ["iOS"]
    assert [event.action_type for event in list_events(reader, [Scope("d")], 10).events] == ["c", "a"]
    assert [day.date for day in count_by_day(reader, [Scope("d")], "UTC").days] == ["2024-01-01", "2024-01-03"]
    assert len(store.existing_event_keys("d", event_keys(["i2:0", "i2:1"]))) == 0
    fill(store, "d", other, import_id="i3")
    assert rows_count(store, "d") == 4


def test_a_deleted_dataset_leaves_nothing_and_can_start_anew(store: EventStore, fill: Fill) -> None:
    fill(store, "d", frame(("x", "a", "2024-01-01")))
    fill(store, "e", frame(("x", "b", "2024-01-01")))
    store.delete_dataset("d")
    store.delete_dataset("never there")
    store.drop_gone()
    assert (rows_count(store, "d"), rows_count(store, "e")) == (0, 1)
    assert directly_follows(reader_of(store), Scope("d")).nodes == ()
    fill(store, "d", frame(("x", "z", "1930-01-01")), first_id=5)
    assert [node.activity for node in directly_follows(reader_of(store), Scope("d")).nodes] == ["z"]


def test_a_deleted_dataset_is_remembered(tmp_path: Path) -> None:
    for _ in range(2):
        store = EventStore.open(tmp_path)
        store.delete_dataset("d")
        store.close()
    store = EventStore.open(tmp_path)
    try:
        assert (store.is_deleted("d"), store.is_deleted("e")) == (True, False)
    finally:
        store.close()


def test_names_of_properties_are_bounded(store: EventStore, fill: Fill) -> None:
    properties = json.dumps({f"p{number}": 1 for number in range(1500)})
    fill(store, "d", frame(("x", "a", "2024-01-01"), properties=properties))
    (stats,) = dataset_stats(reader_of(store), ["d"])
    assert len(stats.set_fields) == 1000


def test_the_version_changes_with_the_dataset_only(store: EventStore, fill: Fill) -> None:
    fill(store, "d", frame(("x", "a", "2024-01-01")))
    versions = store.dataset_version("d"), store.dataset_version("e")
    fill(store, "d", frame(("x", "a", "2024-01-01")), first_id=1)
    assert store.dataset_version("d") != versions[0]
    assert store.dataset_version("e") == versions[1]


def test_events_that_arrive_between_bounds_and_query_do_not_break_a_journey(store: EventStore, fill: Fill) -> None:
    fill(store, "d", frame(("x", "a", "2024-01-02"), ("x", "b", "2024-01-03")))
    known = store.bounds("d")
    fill(store, "d", frame(("x", "new", "2020-01-01")), first_id=2)
    assert known is not None
    store._bounds["d"] = known
    graph = directly_follows(reader_of(store), Scope("d"))
    assert [(edge.source, edge.target, edge.mean_seconds) for edge in graph.edges] == [("a", "b", 86_400.0)]


def test_a_second_process_is_told_who_owns_the_store(store: EventStore, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from cjm_ingest.adapters.event_store.store import EventStore\n"
        "EventStore.open(Path(sys.argv[1]))"
    )
    folder = str(tmp_path / "events")
    other = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=False)
    assert other.returncode != 0
    assert "event_store_in_use" in other.stderr
    assert str(os.getpid()) in other.stderr


def test_migrations_are_numbered_and_may_run_twice(store: EventStore) -> None:
    assert [migration.number for migration in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))
    store._engine.command("TRUNCATE TABLE schema_migrations")
    _migrate(store._engine)
    _migrate(store._engine)
    applied = store._engine.write_query("SELECT number FROM schema_migrations ORDER BY number")
    assert applied["number"].to_pylist() == [migration.number for migration in MIGRATIONS]


def test_parts_are_compact_and_merged_in_large_groups(store: EventStore) -> None:
    found = store._engine.write_query(
        "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'events'"
    )
    settings = found["engine_full"][0].as_py()
    assert "min_bytes_for_wide_part = 100000000" in settings
    assert "merge_selector_base = 20" in settings


async def test_a_question_nobody_waits_for_is_stopped(store: EventStore, until: Until) -> None:
    asked = asyncio.create_task(store.ask(lambda reader: reader.query(SLOW_SQL)))
    await until(lambda: running_queries(store) > 0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await until(lambda: running_queries(store) == 0)
    assert await store.ask(lambda reader: reader.query("SELECT 1 AS one")["one"].to_pylist()) == [1]


async def test_closing_stops_running_questions(tmp_path: Path, until: Until) -> None:
    store = EventStore.open(tmp_path)
    asked = asyncio.create_task(store.ask(lambda reader: reader.query(SLOW_SQL)))
    await until(lambda: running_queries(store) > 0)
    started_at = time.monotonic()
    await asyncio.to_thread(store.close)
    assert time.monotonic() - started_at < 10
    with pytest.raises(AppError, match="question_cancelled"):
        await asked


def running_queries(store: EventStore) -> int:
    found = store._engine.write_query("SELECT count() AS n FROM system.processes WHERE query LIKE '%numbers(10000%'")
    # The asking query lists itself.
    return int(found["n"][0].as_py()) - 1


@pytest.mark.parametrize(
    ("settings", "sql", "reason"),
    [
        (EngineSettings(max_execution_seconds=0.2), SLOW_SQL, "question_too_slow"),
        (
            EngineSettings(max_memory_bytes=20_000_000),
            "SELECT arraySort(groupArray(number)) FROM numbers(100000000)",
            "question_too_large",
        ),
    ],
)
def test_a_question_beyond_its_limits_fails_with_a_reason(
    tmp_path: Path, settings: EngineSettings, sql: str, reason: str
) -> None:
    engine = Engine(tmp_path, settings)
    try:
        with pytest.raises(AppError, match=reason):
            engine.query(sql)
    finally:
        engine.close()


def test_packing_uses_128_bits_only_when_it_must() -> None:
    assert packing_for(Bounds(-(2**40), 2**40, 2**10), 100).integer_type == "UInt64"
    assert packing_for(Bounds(-(2**42), 2**42, 2**19 - 1), 2).integer_type == "UInt64"
    assert packing_for(Bounds(-(2**42), 2**42, 2**19), 2).integer_type == "UInt128"


def questions_count(store: EventStore, dataset_id: str) -> int:
    """Events as users see them."""
    stats = asyncio.run(EventStoreQuestions(store).dataset_stats([dataset_id]))
    assert all(item.dataset_id == dataset_id for item in stats)
    return stats[0].events_count if stats else 0


def test_an_edition_takes_the_place_of_all_that_was_there(tmp_path: Path, fill: Fill) -> None:
    store = EventStore.open(tmp_path)
    fill(store, "d", frame(("x", "old", "2024-01-01"), ("y", "old", "2024-01-02")), import_id="first")
    store.begin_edition("d", "second")
    store.begin_edition("d", "second")
    current, made = store.editions("d")
    assert store.editions("d", "second") == (made,)
    assert store.editions("d", "third") == (current, made)
    fill(store, made, frame(("x", "new", "2024-01-03")), import_id="second")
    for edition in (current, made):
        fill(store, edition, frame(("z", "sent", "2024-01-04")))
    assert questions_count(store, "d") == 3
    version = store.dataset_version(store.edition("d"))
    store.adopt_edition("d", "second")
    store.adopt_edition("d", "second")
    store.abandon_edition("d", "second")
    assert questions_count(store, "d") == 2
    assert rows_count(store, current) == 3
    store.drop_gone()
    assert questions_count(store, "d") == 2
    assert store.dataset_version(store.edition("d")) != version
    page = asyncio.run(EventStoreQuestions(store).list_events([Scope("d")], 10, None, "", ""))
    assert [(event.dataset_id, event.action_type) for event in page.events] == [("d", "sent"), ("d", "new")]
    values = asyncio.run(EventStoreQuestions(store).field_values([Scope("d")], "dataset_id", "", 5))
    assert [(value.value, value.events_count) for value in values] == [("d", 2)]
    assert rows_count(store, current) == 0
    store.close()
    store = EventStore.open(tmp_path)
    try:
        assert questions_count(store, "d") == 2
        assert store.activities(store.edition("d")) == ["new", "sent"]
        assert store.delete_import("d", "second") == 1
        assert store.delete_import("d", "first") == 0
        assert questions_count(store, "d") == 1
        store.delete_dataset("d")
        store.drop_gone()
        assert questions_count(store, "d") == 0
    finally:
        store.close()


def test_an_edition_given_up_changes_nothing(store: EventStore, fill: Fill) -> None:
    fill(store, "d", frame(("x", "old", "2024-01-01")))
    store.begin_edition("d", "lost")
    store.begin_edition("d", "failed")
    _, made = store.editions("d")
    fill(store, made, frame(("x", "new", "2024-01-03")), import_id="failed")
    store.abandon_edition("d", "failed")
    store.abandon_edition("d", "failed")
    store.adopt_edition("d", "failed")
    store.adopt_edition("d", "lost")
    assert store.editions("d") == ("d",)
    store.drop_gone()
    assert questions_count(store, "d") == 1
    assert rows_count(store, made) == 0


def test_the_next_edition_follows_the_one_before(store: EventStore, fill: Fill) -> None:
    for number, import_id in enumerate(("a", "b", "c"), start=1):
        store.begin_edition("d", import_id)
        fill(store, store.editions("d", import_id)[0], frame(*[("x", "s", "2024-01-01")] * number), import_id=import_id)
        store.adopt_edition("d", import_id)
        assert questions_count(store, "d") == number


def test_of_an_edition_that_is_gone_nothing_stays_in_memory(
    store: EventStore, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    editions = []
    for import_id, read_until in (("a", 0), ("b", 0), ("c", float("inf"))):
        store.begin_edition("d", import_id)
        edition = store.editions("d", import_id)[0]
        editions.append(edition)
        fill(store, edition, frame(("x", import_id, "2024-01-01")), import_id=import_id)
        store.adopt_edition("d", import_id)
        assert directly_follows(reader_of(store), Scope(edition)).events_count == rows_count(store, edition) == 1
        with monkeypatch.context() as patch:
            patch.setattr(store.engine, "new_deadline", lambda until=read_until: until)
            store.drop_gone()
    kept = {name for name, of in vars(store).items() if isinstance(of, dict | set) and editions[0] in of}
    assert kept == {"_changes"}  # its version must never come back
    assert store.activities(editions[1]) == ["b"]  # a question that began before it was dropped may still run
    assert rows_count(store, editions[1]) == 0


def test_what_a_kill_leaves_of_an_edition_that_is_gone_is_thrown_away(tmp_path: Path, fill: Fill) -> None:
    store = EventStore.open(tmp_path)
    fill(store, "d", frame(("x", "old", "2024-01-01")))
    store.begin_edition("d", "new")
    fill(store, store.editions("d", "new")[0], frame(("x", "new", "2024-01-01"), ("y", "new", "2024-01-01")))
    store.adopt_edition("d", "new")
    assert rows_count(store, "d") == 1
    store.close()
    store = EventStore.open(tmp_path)
    try:
        assert rows_count(store, "d") == 0
        assert questions_count(store, "d") == 2
    finally:
        store.close()


async def test_a_question_that_saw_two_editions_is_asked_anew(store: EventStore, fill: Fill) -> None:
    fill(store, "d", frame(("x", "old", "2024-01-01")))
    store.begin_edition("d", "new")
    fill(store, store.editions("d", "new")[0], frame(("x", "new", "2024-01-01"), ("y", "new", "2024-01-01")))
    asked = 0
    ask = store.ask

    async def replaced_meanwhile(question: Callable[[StoreReader], object]) -> object:
        nonlocal asked
        asked += 1
        if asked == 1:
            store.adopt_edition("d", "new")
            store.drop_gone()
        return await ask(question)

    store.ask = replaced_meanwhile  # type: ignore[method-assign, assignment]
    (stats,) = await EventStoreQuestions(store).dataset_stats(["d"])
    assert (asked, stats.events_count) == (2, 2)


def test_while_an_import_is_taken_out_nothing_is_merged_and_others_are_stored(
    tmp_path: Path, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EventStore.open(tmp_path)
    fill(store, "d", frame(("x", "a", "2024-01-01"), ("y", "b", "2024-01-02")), import_id="i", parts=2)
    fill(store, "e", frame(("x", "a", "2024-01-01")), import_id="i")
    assert not _has_merge_limit(store)
    long_command = Engine.long_command
    limited = []

    def meanwhile(engine: Engine, sql: str, *arguments: Any) -> None:
        limited.append(_has_merge_limit(store))
        fill(store, "d", frame(("z", "c", "2024-01-03")), import_id="j")
        long_command(engine, sql, *arguments)

    monkeypatch.setattr(Engine, "long_command", meanwhile)
    assert store.delete_import("d", "i") == 2
    assert (rows_count(store, "d"), rows_count(store, "e")) == (1, 1)
    assert (limited, _has_merge_limit(store)) == ([True], False)
    monkeypatch.setattr(store.engine, "_resume_merges", lambda: None)  # killed before
    with store.engine.events_unmerged():
        pass
    store.close()
    store = EventStore.open(tmp_path)
    try:
        assert _has_merge_limit(store)
        fill(store, "d", frame(("z", "c", "2024-01-03")), import_id="k")
        assert not _has_merge_limit(store)
    finally:
        store.close()


def _has_merge_limit(store: EventStore) -> bool:
    found = store.engine.write_query("SELECT create_table_query AS ddl FROM system.tables WHERE name = 'events'")
    return "max_bytes_to_merge" in found["ddl"][0].as_py()


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), DatabaseError("Code: 243.")])
def test_a_full_disk_is_said(store: EventStore, fill: Fill, monkeypatch: pytest.MonkeyPatch, failure: Any) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise failure

    failure.code = 243
    with monkeypatch.context() as patch:
        patch.setattr(store.engine._writer, "insert_arrow", refuse)
        with pytest.raises(AppError, match="disk_full") as said:
            fill(store, "d", frame(("x", "a", "2024-01-01")))
        patch.setattr(store.engine._own_client(), "command", refuse)
        with pytest.raises(AppError, match="disk_full"):
            store.engine.long_command("SELECT 1", {}, "test")
    assert (said.value.code, "make room" in said.value.detail) == (Code.UNAVAILABLE, True)
    assert rows_count(store, "d") == 0


def test_a_delete_that_would_wait_for_room_is_refused(
    store: EventStore, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, "d", frame(("x", "a", "2024-01-01")), import_id="i")
    write_query = store.engine.write_query

    def on_a_full_disk(sql: str, parameters: Any = None) -> Any:
        return write_query(sql.replace("min(unreserved_space)", "min(unreserved_space) * 0 + 1000"), parameters)

    with monkeypatch.context() as patch:
        patch.setattr(store.engine, "write_query", on_a_full_disk)
        with pytest.raises(AppError, match="disk_full"):
            store.delete_import("d", "i")
    assert rows_count(store, "d") == 1
    assert store.delete_import("d", "i") == 1
