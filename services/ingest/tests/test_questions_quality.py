"""Fields and quality of a dataset against brute-force counts."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cjm_ingest.adapters.event_store.field_questions import describe_fields
from cjm_ingest.adapters.event_store.quality_questions import check_events
from cjm_ingest.adapters.event_store.questions import EventStoreQuestions
from cjm_ingest.adapters.event_store.store import EventStore, StoreReader
from cjm_ingest.domain.quality import (
    BLANKS,
    LIMITS,
    Finding,
    FindingKind,
    Level,
    QualityReport,
    days_without_data,
    rare_steps,
    rejected_rows,
    similar_steps,
)
from cjm_kit.errors import AppError, Code

Fill = Callable[..., None]
NOW_MS = 1_717_200_000_000  # 2024-06-01 00:00 UTC


@pytest.fixture
def reader(store: EventStore) -> StoreReader:
    return StoreReader(store, store._engine, "test")


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    events = pd.DataFrame([{"customer_id": "x", "action_type": "a", "time": "2024-01-01", **row} for row in rows])
    events["time"] = pd.to_datetime(events["time"], utc=True, format="ISO8601")
    return events.fillna({name: "" for name in events.columns if name != "value"})


def checked(reader: StoreReader, time_zone: str = "UTC") -> dict[FindingKind, Finding]:
    return {finding.kind: finding for finding in check_events(reader, "d", time_zone, NOW_MS)[1]}


def moment(time_ms: int | None) -> str:
    assert time_ms is not None
    return pd.Timestamp(time_ms, unit="ms").isoformat()


def found(finding: Finding) -> tuple[int, int]:
    return finding.found_count, finding.total_count


def test_fields_are_counted_as_by_hand(reader: StoreReader, fill: Fill) -> None:
    random = np.random.default_rng(3)
    rows = [
        {
            "customer_id": f"c{random.integers(50)}",
            "action_type": f"s{random.integers(9)}",
            "device_os": random.choice(["", "Linux", "iOS", " ", "null"]),
            "order_id": f"o{number}" if number % 3 else "",
            "value": float(random.integers(-5, 5)) if number % 2 else None,
            "properties": random.choice(
                ['{"plan": "pro", "n": 3}', '{"plan": "", "n": null}', '{"deep": {"a": 1}}', ""]
            ),
        }
        for number in range(500)
    ]
    fill(reader.store, "d", frame(rows), parts=3)
    fill(reader.store, "other", frame([{"geo_city": "Hue"}]))
    described = describe_fields(reader, "d")
    assert (described.events_count, described.properties_count) == (500, 3)
    fields = {item.field: item for item in described.fields}
    assert list(fields) == [
        *("customer_id", "action_type", "device_os", "order_id", "value"),
        *("properties.deep", "properties.n", "properties.plan"),
    ]
    for name in ("customer_id", "action_type", "device_os", "order_id"):
        counts = Counter(str(row[name]) for row in rows if row[name] != "")
        top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]
        assert (fields[name].events_count, fields[name].values_count) == (counts.total(), len(counts))
        assert [(item.value, item.events_count) for item in fields[name].top_values] == top
    numbers = [row["value"] for row in rows if row["value"] is not None]
    assert (fields["value"].events_count, fields["value"].values_count) == (len(numbers), len(set(numbers)))
    assert (fields["value"].min_value, fields["value"].max_value) == (min(numbers), max(numbers))
    assert fields["value"].top_values == ()
    documents = Counter(str(row["properties"]) for row in rows)
    for name, value, document in (
        ("properties.plan", "pro", '{"plan": "pro", "n": 3}'),
        ("properties.n", "3", '{"plan": "pro", "n": 3}'),
        ("properties.deep", '{"a":1}', '{"deep": {"a": 1}}'),
    ):
        (top_value,) = fields[name].top_values
        assert (top_value.value.replace(" ", ""), top_value.events_count) == (value, documents[document])
        assert (fields[name].events_count, fields[name].values_count) == (documents[document], 1)


def test_long_values_are_shown_cut_and_counted_whole(reader: StoreReader, fill: Fill) -> None:
    long = ["я" * 300 + end for end in "xyy"]
    rows = [{"action_type": text, "geo_city": text, "properties": f'{{"text": "{text}"}}'} for text in long]
    fill(reader.store, "d", frame(rows))
    fields = {item.field: item for item in describe_fields(reader, "d").fields}
    for name in ("action_type", "geo_city", "properties.text"):
        assert fields[name].values_count == 2
        assert [(item.value, item.events_count) for item in fields[name].top_values] == [("я" * 200, 2), ("я" * 200, 1)]


def test_a_dataset_without_events_has_neither_fields_nor_findings(reader: StoreReader) -> None:
    assert describe_fields(reader, "d").fields == ()
    assert check_events(reader, "d", "UTC", NOW_MS) == (0, ())


def test_repeated_and_simultaneous_events_are_counted_as_by_hand(reader: StoreReader, fill: Fill) -> None:
    random = np.random.default_rng(5)
    rows = [
        {
            "customer_id": f"c{random.integers(20)}",
            "action_type": f"s{random.integers(3)}",
            "time": (pd.Timestamp("2024-01-01") + pd.Timedelta(int(random.integers(40)), "ms")).isoformat(),
        }
        for _ in range(400)
    ]
    # Other imports and other datasets with the same customers: what counts is what is stored together.
    fill(reader.store, "d", frame(rows[:200]), parts=2, import_id="one")
    fill(reader.store, "d", frame(rows[200:]), parts=2, import_id="two")
    fill(reader.store, "other", frame(rows))
    same = Counter((row["customer_id"], row["time"]) for row in rows)
    repeated = Counter((row["customer_id"], row["time"], row["action_type"]) for row in rows)
    findings = checked(reader)
    assert found(findings[FindingKind.SAME_TIME]) == (sum(n for n in same.values() if n > 1), 400)
    assert found(findings[FindingKind.DUPLICATES]) == (sum(n - 1 for n in repeated.values()), 400)
    examples = findings[FindingKind.DUPLICATES].examples
    most = sorted((-n, when) for (_, when, _), n in repeated.items())[:5]
    assert [(-item.found_count, moment(item.time_ms)) for item in examples] == most
    for example in examples:
        time = moment(example.time_ms)
        assert repeated[example.customer_id, time, example.values[0]] == example.found_count
    largest = sorted((-n, when) for (_, when), n in same.items())[:5]
    examples = findings[FindingKind.SAME_TIME].examples
    assert [(-item.found_count, moment(item.time_ms)) for item in examples] == largest
    for example in examples:
        time = moment(example.time_ms)
        steps = {row["action_type"] for row in rows if (row["customer_id"], row["time"]) == (example.customer_id, time)}
        assert (same[example.customer_id, time], steps) == (example.found_count, set(example.values))


def test_only_times_after_now_lie_in_the_future(reader: StoreReader, fill: Fill) -> None:
    times = ["2024-06-01T00:00:00.000Z", "2024-06-01T00:00:00.001Z", "2199-01-01T00:00:00Z", "1960-01-01T00:00:00Z"]
    fill(reader.store, "d", frame([{"time": time, "customer_id": time} for time in times]))
    finding = checked(reader)[FindingKind.FUTURE_TIMES]
    assert found(finding) == (2, 4)
    assert [example.customer_id for example in finding.examples] == [times[2], times[1]]


def test_days_without_data_are_days_of_the_time_zone(reader: StoreReader, fill: Fill) -> None:
    times = ["2024-01-01T12:00:00Z", "2024-01-02T23:30:00Z", "2024-01-05T12:00:00Z", "2024-01-12T12:00:00Z"]
    times.append("2031-01-01T12:00:00Z")
    fill(reader.store, "d", frame([{"time": time} for time in times]))
    # The one in the future stretches nothing.
    assert found(checked(reader)[FindingKind.DAYS_WITHOUT_DATA]) == (8, 12)
    # In Berlin the second event is of 3 January: the 2nd is empty, the 3rd is not.
    finding = checked(reader, "Europe/Berlin")[FindingKind.DAYS_WITHOUT_DATA]
    assert found(finding) == (8, 12)
    assert [(item.first_date, item.last_date, item.found_count) for item in finding.examples] == [
        ("2024-01-06", "2024-01-11", 6),
        ("2024-01-02", "2024-01-02", 1),
        ("2024-01-04", "2024-01-04", 1),
    ]


def test_gaps_between_any_days_add_up() -> None:
    random = np.random.default_rng(8)
    days = sorted({date(2024, 1, 1) + timedelta(int(number)) for number in random.integers(0, 300, 100)})
    finding = days_without_data(days)
    span = [days[0] + timedelta(number) for number in range((days[-1] - days[0]).days + 1)]
    assert found(finding) == (len([day for day in span if day not in days]), len(span))
    assert found(days_without_data([])) == (0, 0)


def test_blanks_are_found_in_customer_step_and_text_fields(reader: StoreReader, fill: Fill) -> None:
    rows = [
        {"device_os": "Linux "},
        {"device_os": "\tLinux", "action_type": " a"},
        {"customer_id": "x\n"},
        {"order_id": "a b"},
        {"action_type": " a"},
    ]
    fill(reader.store, "d", frame(rows))
    finding = checked(reader)[FindingKind.SURROUNDING_BLANKS]
    assert found(finding) == (4, 5)
    assert [(item.field, item.values, item.found_count) for item in finding.examples] == [
        ("action_type", (" a",), 2),
        ("customer_id", ("x\n",), 1),
        ("device_os", ("\tLinux",), 1),
        ("device_os", ("Linux ",), 1),
    ]


def test_rare_and_similar_steps() -> None:
    counts = {"home": 9_000, "Home ": 400, "HOME": 30, "Kasse öffnen": 560, "kasse  ÖFFNEN": 4, "typo": 3, "once": 1}
    rare = rare_steps(counts)
    assert found(rare) == (2, 7)
    assert [item.values for item in rare.examples] == [("once",), ("typo",)]
    similar = similar_steps(counts)
    assert found(similar) == (5, 7)
    assert [item.values for item in similar.examples] == [("home", "Home ", "HOME"), ("Kasse öffnen", "kasse  ÖFFNEN")]
    assert [item.found_count for item in similar.examples] == [9_430, 564]
    # In a small dataset few events are nothing special.
    assert found(rare_steps({"a": 90, "b": 1})) == (0, 2)


def test_the_worst_finding_gives_the_word() -> None:
    assert set(LIMITS) == set(FindingKind)
    assert QualityReport(0, ()).level is None
    fine = Finding(FindingKind.DUPLICATES, 0, 100)
    assert QualityReport(100, (fine,)).level is Level.GOOD
    assert QualityReport(100, (fine, Finding(FindingKind.DUPLICATES, 1, 100))).level is Level.CHECK
    assert QualityReport(100, (Finding(FindingKind.DUPLICATES, 5, 100), fine)).level is Level.PROBLEM
    assert Finding(FindingKind.SAME_TIME, 4, 100).level is Level.GOOD
    assert Finding(FindingKind.SAME_TIME, 5, 100).level is Level.CHECK
    assert QualityReport(0, (rejected_rows("i", 10, 10),)).level is Level.PROBLEM


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Datasets whose quality the store was asked for; the answer is their number."""
    datasets: list[str] = []

    def check(_: object, dataset_id: str, time_zone: str, now_ms: int) -> tuple[int, tuple[Finding, ...]]:
        datasets.append(dataset_id)
        if len(datasets) == 1:
            time.sleep(0.3)
        if dataset_id == "broken":
            raise AppError(Code.RESOURCE_EXHAUSTED, "question_too_large", "Too large.")
        return len(datasets), ()

    monkeypatch.setattr("cjm_ingest.adapters.event_store.questions.quality_questions.check_events", check)
    return datasets


async def test_those_who_ask_at_once_share_one_answer(
    reader: StoreReader, asked: list[str], until: Callable[..., Awaitable[None]]
) -> None:
    questions = EventStoreQuestions(reader.store)
    first = asyncio.create_task(questions.check_events("d", "UTC", NOW_MS))
    await until(lambda: len(asked) == 1)
    others = [asyncio.create_task(questions.check_events("d", "UTC", NOW_MS)) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    assert [found.answer for found in await asyncio.gather(*others)] == [(1, ())] * 3
    assert asked == ["d"]


async def test_a_question_nobody_waits_for_and_a_failure_are_not_kept(
    reader: StoreReader, asked: list[str], until: Callable[..., Awaitable[None]]
) -> None:
    questions = EventStoreQuestions(reader.store)
    lonely = asyncio.create_task(questions.check_events("d", "UTC", NOW_MS))
    await until(lambda: len(asked) == 1)
    lonely.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lonely
    assert (await questions.check_events("d", "UTC", NOW_MS)).answer == (2, ())
    for _ in range(2):
        with pytest.raises(AppError):
            await questions.check_events("broken", "UTC", NOW_MS)
    assert asked == ["d", "d", "broken", "broken"]


async def test_few_answers_are_kept_those_used_last(
    reader: StoreReader, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cjm_ingest.adapters.event_store.questions._KNOWN_COUNT", 2)
    questions = EventStoreQuestions(reader.store)
    for dataset_id in ("a", "b", "a", "c", "a", "b"):
        await questions.check_events(dataset_id, "UTC", NOW_MS)
    assert asked == ["a", "b", "c", "b"]


async def test_a_quick_answer_is_kept_until_events_or_circumstances_change(
    reader: StoreReader, fill: Fill, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cjm_ingest.adapters.event_store.questions._QUICK_SECONDS", 60)
    fill(reader.store, "d", frame([{}]))
    questions = EventStoreQuestions(reader.store)

    async def check(time_zone: str, now_ms: int) -> int:
        found = await questions.check_events("d", time_zone, now_ms)
        assert found.is_current
        return found.answer[0]

    assert [await check("UTC", NOW_MS) for _ in range(2)] == [1, 1]
    assert await check("Europe/Berlin", NOW_MS) == 2
    assert await check("Europe/Berlin", NOW_MS + 600_000) == 3
    assert (await questions.describe_fields("d")).answer.events_count == 1
    fill(reader.store, "d", frame([{}]), first_id=1)
    assert await check("Europe/Berlin", NOW_MS + 600_000) == 4
    assert (await questions.describe_fields("d")).answer.events_count == 2


async def test_an_answer_that_took_long_serves_for_a_while_though_events_change(
    reader: StoreReader, fill: Fill, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cjm_ingest.adapters.event_store.questions._REST_FACTOR", 1_000)
    fill(reader.store, "d", frame([{}]))
    questions = EventStoreQuestions(reader.store)
    began_ms = time.time_ns() // 1_000_000
    first = await questions.check_events("d", "UTC", NOW_MS)  # takes 0.3 s
    assert (first.answer, first.is_current) == ((1, ()), True)
    fill(reader.store, "d", frame([{}]), first_id=1)
    again = await questions.check_events("d", "UTC", NOW_MS)
    assert (again.answer, again.is_current, again.as_of_ms) == ((1, ()), False, first.as_of_ms)
    assert began_ms <= again.as_of_ms <= time.time_ns() // 1_000_000
    assert (await questions.check_events("d", "Europe/Berlin", NOW_MS)).answer == (2, ())

    monkeypatch.setattr("cjm_ingest.adapters.event_store.questions._REST_FACTOR", 0)
    monkeypatch.setattr("cjm_ingest.adapters.event_store.questions._QUICK_SECONDS", 0)
    assert (await questions.check_events("d", "UTC", NOW_MS)).answer == (3, ())
    fill(reader.store, "d", frame([{}]), first_id=2)
    assert (await questions.check_events("d", "UTC", NOW_MS)).answer == (4, ())


@pytest.mark.parametrize("question", ["describe_fields", "check_events"])
def test_all_queries_of_a_question_share_one_deadline(
    reader: StoreReader, fill: Fill, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    fill(reader.store, "d", frame([{"geo_city": "Hue"}]))
    clock = [0.0]
    monkeypatch.setattr("cjm_ingest.adapters.event_store.engine.time", SimpleNamespace(monotonic=lambda: clock[0]))
    limits: list[float] = []
    query_of_engine = reader._engine.query

    def query(sql: str, parameters: Any, tag: str, deadline: float) -> Any:
        limits.append(deadline - clock[0])
        answer = query_of_engine(sql, parameters, tag, deadline)
        clock[0] += 25  # each query takes its time
        return answer

    monkeypatch.setattr(reader._engine, "query", query)
    with pytest.raises(AppError, match="question_too_slow"):
        describe_fields(reader, "d") if question == "describe_fields" else checked(reader)
    assert limits == [60, 35, 10, -15]


def test_blanks_are_the_white_space_of_unicode_in_steps_and_fields(reader: StoreReader, fill: Fill) -> None:
    assert set(BLANKS) == {letter for letter in map(chr, range(sys.maxunicode + 1)) if letter.isspace()}
    # Zero-width characters and letters that share bytes with white space are no blanks.
    texts = [text for blank in BLANKS for text in (f"{blank}é", f"–{blank}")] + ["\u200ba", "ばa\u2060", "ー", "a b"]
    for field in ("action_type", "device_os", "webpage_url", "customer_id"):
        fill(reader.store, field, frame([{field: text} for text in texts]))
        finding = check_events(reader, field, "UTC", NOW_MS)[1][-1]
        assert (finding.kind, found(finding)) == (FindingKind.SURROUNDING_BLANKS, (2 * len(BLANKS), len(texts)))


def test_of_many_properties_those_filled_most_are_described_and_all_counted(reader: StoreReader, fill: Fill) -> None:
    # p000 has one value, p142 has 143; the last document's are not set.
    rows = [{"properties": json.dumps({f"p{name:03}": "x" for name in range(first, 143)})} for first in range(143)]
    rows.append({"properties": json.dumps({f"empty{number}": "" for number in range(9)})})
    fill(reader.store, "d", frame(rows))
    described = describe_fields(reader, "d")
    properties = [item for item in described.fields if item.field.startswith("properties.")]
    assert described.properties_count == 143
    assert [(item.field, item.events_count) for item in properties] == [
        (f"properties.p{name:03}", name + 1) for name in range(43, 143)
    ]
