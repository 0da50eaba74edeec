"""Days, values, pages and filters with awkward values."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from cjm_ingest.adapters.event_store.graph_questions import directly_follows, path_times
from cjm_ingest.adapters.event_store.listing_questions import count_by_day, dataset_stats, field_values, list_events
from cjm_ingest.adapters.event_store.store import EventStore, StoreReader
from cjm_ingest.domain.answers import EventPosition
from cjm_ingest.domain.filter import AllOf, AnyOf, Contains, FieldIn, Not
from cjm_ingest.domain.histogram import histogram_bounds
from cjm_ingest.domain.scope import CaseNotion, Scope
from cjm_ingest.domain.times import tomorrow_ms
from cjm_kit.errors import AppError

Fill = Callable[..., None]


@pytest.fixture
def reader(store: EventStore) -> StoreReader:
    return StoreReader(store, store._engine, "test")


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    events = pd.DataFrame([{"customer_id": "x", "action_type": "a", "time": "2024-01-01", **row} for row in rows])
    events["time"] = pd.to_datetime(events["time"], utc=True, format="ISO8601")
    return events.fillna({name: "" for name in events.columns if name != "value"})


def test_days_begin_at_midnight_of_the_time_zone(reader: StoreReader, fill: Fill) -> None:
    times = ["2024-03-31T21:59:59.999Z", "2024-03-31T22:00:00Z", "1960-06-01T12:00:00Z"]
    fill(reader.store, "d", frame([{"time": time} for time in times]))
    found = count_by_day(reader, [Scope("d")], "Europe/Berlin")
    # Summer time began on that very day.
    assert [(day.date, day.events_count) for day in found.days] == [
        ("1960-06-01", 1),
        ("2024-03-31", 1),
        ("2024-04-01", 1),
    ]
    assert (found.events_count, found.customers_count) == (3, 1)
    with pytest.raises(AppError, match="time_zone_unknown"):
        count_by_day(reader, [Scope("d")], "Mars/Base'; DROP")


def test_days_count_a_customer_of_two_datasets_twice_and_steps_by_name(reader: StoreReader, fill: Fill) -> None:
    fill(reader.store, "d", frame([{"action_type": "a"}, {"action_type": "b"}]))
    fill(reader.store, "e", frame([{"action_type": "b"}]))
    (day,) = count_by_day(reader, [Scope("d"), Scope("e")], "UTC", "action_type").days
    assert (day.customers_count, day.events_count) == (2, 3)
    assert [(item.value, item.events_count) for item in day.by_value] == [("b", 2), ("a", 1)]
    (day,) = count_by_day(reader, [Scope("d"), Scope("e")], "UTC", "dataset_id").days
    assert [(item.value, item.events_count) for item in day.by_value] == [("d", 2), ("e", 1)]


def test_no_days_and_no_datasets_are_zero(reader: StoreReader, fill: Fill) -> None:
    fill(reader.store, "d", frame([{}]))
    contains = Contains(("a",))
    for scopes in ([], [Scope("d", to_ms=0)], [Scope("none")], [Scope("none", filter=contains)]):
        found = count_by_day(reader, scopes, "UTC", "device_os")
        assert (found.days, found.events_count, found.customers_count) == ((), 0, 0)
    assert list_events(reader, [], 10).events == ()
    assert field_values(reader, [], "device_os", "", 10) == ()


def test_values_tell_not_set_from_the_text_null_and_from_a_blank(reader: StoreReader, fill: Fill) -> None:
    fill(reader.store, "d", frame([{"device_os": value} for value in ("", "", "null", " ", "NA")]))
    found = field_values(reader, [Scope("d")], "device_os", "", 10)
    assert [(item.value, item.is_set, item.events_count) for item in found] == [
        ("", False, 2),
        (" ", True, 1),
        ("NA", True, 1),
        ("null", True, 1),
    ]
    assert [item.value for item in field_values(reader, [Scope("d")], "device_os", "nU", 10)] == ["null"]
    assert len(field_values(reader, [Scope("d")], "device_os", "", 2)) == 2


def test_values_of_numbers_and_properties_are_text(reader: StoreReader, fill: Fill) -> None:
    documents = ['{"plan": "pro", "n": 3, "deep": {"a": 1}, "nothing": null}', '{"plan": ""}', ""]
    rows = [{"properties": text, "value": value} for text, value in zip(documents, (12.0, 0.5, None), strict=True)]
    fill(reader.store, "d", frame(rows))
    expected = {
        "properties.plan": {"pro": 1, "": 2},
        "properties.n": {"3": 1, "": 2},
        "properties.deep": {'{"a":1}': 1, "": 2},
        "properties.nothing": {"": 3},
        "value": {"12": 1, "0.5": 1, "": 1},
    }
    for field, values in expected.items():
        found = field_values(reader, [Scope("d")], field, "", 10)
        assert {item.value.replace(" ", ""): item.events_count for item in found} == values
    for field, value, count in (("properties.n", "3", 1), ("properties.plan", "", 2), ("value", "0.50", 1)):
        assert directly_follows(reader, Scope("d", filter=FieldIn(field, (value,)))).events_count == count
    (stats,) = dataset_stats(reader, ["d"])
    assert set(stats.set_fields) == {"value", *(f"properties.{name}" for name in ("plan", "n", "deep", "nothing"))}


def test_events_of_files_are_told_from_those_that_were_sent(reader: StoreReader, fill: Fill) -> None:
    fill(reader.store, "d", frame([{}, {}, {}]), import_id="i")
    fill(reader.store, "d", frame([{}, {}]))
    (stats,) = dataset_stats(reader, ["d"])
    assert (stats.events_count, stats.sent_events_count) == (5, 2)


def test_a_time_on_a_later_day_moves_no_latest_day(reader: StoreReader, fill: Fill) -> None:
    first, last, later = (datetime(year, 1, 1, tzinfo=UTC) for year in (1960, 2024, 2099))
    fill(reader.store, "d", frame([{"time": time} for time in (later, first, last, later)]))
    fill(reader.store, "ahead", frame([{"time": later}]))
    tomorrow_ms = int(datetime(2024, 1, 2, tzinfo=UTC).timestamp() * 1000)
    periods = [
        (stats.first_event_ms, stats.last_event_ms, stats.later_events_count)
        for stats in dataset_stats(reader, ["d", "ahead"], [tomorrow_ms, tomorrow_ms])
    ]
    first_ms, last_ms, later_ms = (int(time.timestamp() * 1000) for time in (first, last, later))
    assert periods == [(first_ms, last_ms, 2), (later_ms, later_ms, 1)]
    assert [stats.last_event_ms for stats in dataset_stats(reader, ["d"])] == [later_ms]


def test_tomorrow_begins_at_midnight_of_the_time_zone() -> None:
    late = datetime(2024, 3, 30, 22, 30, tzinfo=UTC)
    assert tomorrow_ms("UTC", late) == 1_711_843_200_000
    # There it is the 30th until 23:00 UTC; the night after, the clock goes forward.
    assert tomorrow_ms("Europe/Berlin", late) == 1_711_839_600_000
    assert tomorrow_ms("Europe/Berlin", late + timedelta(hours=1)) == 1_711_839_600_000 + 23 * 3_600_000


def test_pages_neither_repeat_nor_lose_events_of_one_millisecond(reader: StoreReader, fill: Fill) -> None:
    fill(reader.store, "d", frame([{"customer_id": f"c{number}"} for number in range(25)]))
    fill(reader.store, "e", frame([{"customer_id": "c1"}]), import_id="i")
    seen: list[tuple[str, str]] = []
    after: EventPosition | None = None
    for number in range(10):
        page = list_events(reader, [Scope("d"), Scope("e")], 7, after)
        seen += [(event.dataset_id, event.event_id) for event in page.events]
        if number == 1:
            # What arrives later is newer and shifts nothing.
            fill(reader.store, "d", frame([{"time": "2025-01-01"}]), first_id=100)
        after = page.next_position
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 26
    assert len(list_events(reader, [Scope("d"), Scope("e")], 50, customer_id="c1").events) == 2
    assert len(list_events(reader, [Scope("d"), Scope("e")], 50, customer_id="c1", import_id="i").events) == 1


def test_an_event_comes_back_as_it_was_sent(reader: StoreReader, fill: Fill) -> None:
    sent = {"customer_id": "NA", "time": "1969-12-31T23:59:59.001Z", "device_os": "i'O\\S", "value": 12.0}
    fill(reader.store, "d", frame([{**sent, "properties": '{"a": 1}', "session_id": " "}]))
    (event,) = list_events(reader, [Scope("d")], 1).events
    assert (event.customer_id, event.time_ms, event.properties_json) == ("NA", -999, '{"a": 1}')
    assert event.fields == {"device_os": "i'O\\S", "session_id": " ", "value": "12"}


def test_filters_and_scopes_that_make_no_sense_are_refused(reader: StoreReader) -> None:
    mixed = (
        AnyOf((FieldIn("device_os", ("x",)), Contains(("a",)))),
        Not(AllOf((FieldIn("device_os", ("x",)), Contains(("a",))))),
    )
    wrong = [(node, "filter_mixed") for node in mixed]
    for node, reason in [
        *wrong,
        (FieldIn("device", ("x",)), "filter_field_unknown"),
        (FieldIn("properties.", ("x",)), "filter_field_unknown"),
        (FieldIn("customer_key) OR (1", ("x",)), "filter_field_unknown"),
        (FieldIn("value", ("much",)), "filter_value_invalid"),
    ]:
        with pytest.raises(AppError, match=reason):
            directly_follows(reader, Scope("d", filter=node))
    with pytest.raises(AppError, match="period_reversed"):
        Scope("d", from_ms=2, to_ms=1)
    with pytest.raises(AppError, match="session_gap_out_of_range"):
        Scope("d", case_notion=CaseNotion.SESSION, session_gap_minutes=10_081)


def test_an_all_of_within_all_of_may_hold_both_kinds(reader: StoreReader, fill: Fill) -> None:
    fill(reader.store, "d", frame([{"device_os": "x"}, {"customer_id": "y"}]))
    node = AllOf((AllOf((FieldIn("device_os", ("x",)), Contains(("a",)))),))
    assert directly_follows(reader, Scope("d", filter=node)).cases_count == 1


def test_events_of_kept_sessions_leave_out_the_sessions_around_them(reader: StoreReader, fill: Fill) -> None:
    hours = {"early": 0, "cart": 2, "pay": 2.5, "late": 4}
    rows = [
        {"action_type": step, "time": f"2024-01-01T{int(hour):02}:{hour % 1 * 60:02.0f}Z"}
        for step, hour in hours.items()
    ]
    fill(reader.store, "d", frame(rows))
    scope = Scope("d", None, None, CaseNotion.SESSION, 60, Contains(("cart",)))
    assert [event.action_type for event in list_events(reader, [scope], 10).events] == ["pay", "cart"]
    assert count_by_day(reader, [scope], "UTC").events_count == 2


def test_a_gap_of_exactly_the_limit_does_not_start_a_session(reader: StoreReader, fill: Fill) -> None:
    times = ["2024-01-01T00:00:00Z", "2024-01-01T00:30:00Z", "2024-01-01T01:00:00.001Z"]
    fill(reader.store, "d", frame([{"time": time, "action_type": time[14:]} for time in times]))
    scope = Scope("d", case_notion=CaseNotion.SESSION, session_gap_minutes=30)
    graph = directly_follows(reader, scope)
    assert (graph.cases_count, len(graph.edges)) == (2, 1)
    # By customer the gap has no meaning.
    assert directly_follows(reader, Scope("d", session_gap_minutes=30)).cases_count == 1


def test_times_of_a_path_are_in_their_bins(reader: StoreReader, fill: Fill) -> None:
    rows = []
    for number, seconds in enumerate([1, 59, 60, 61, 3600, 90_000]):
        start = pd.Timestamp("2024-01-01", tz="UTC")
        rows += [
            {"customer_id": str(number), "action_type": "a", "time": start.isoformat()},
            {"customer_id": str(number), "action_type": "b", "time": (start + pd.Timedelta(seconds, "s")).isoformat()},
        ]
    fill(reader.store, "d", frame(rows))
    bins = path_times(reader, Scope("d"), [], "a", "b")
    for item in bins:
        is_last = item is bins[-1]
        expected = [
            seconds
            for seconds in (1, 59, 60, 61, 3600, 90_000)
            if item.from_seconds <= seconds < item.to_seconds or (is_last and seconds == item.to_seconds)
        ]
        assert item.moves_count == len(expected)
    assert path_times(reader, Scope("d"), [], "b", "a") == path_times(reader, Scope("d"), [], "a", "no") == ()


@pytest.mark.parametrize(
    "span", [(0, 0), (0, 0.4), (5, 5), (3, 4000), (80_000, 100_000), (0, 1e9), (0, 5e11), (1e8, 1.1e8), (100, 1e9)]
)
def test_histograms_cover_their_span_with_few_rising_bounds(span: tuple[float, float]) -> None:
    bounds = histogram_bounds(*span)
    assert bounds[0] <= span[0]
    assert bounds[-1] >= span[1]
    assert bounds == sorted(set(bounds))
    assert 2 <= len(bounds) <= 14
