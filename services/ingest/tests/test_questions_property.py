"""Answers about random events against a slow count in plain Python that shares no code with the product."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, pairwise
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cjm_ingest.adapters.event_store.graph_questions import directly_follows, heuristics_counts, path_times
from cjm_ingest.adapters.event_store.journey_questions import count_journeys, journeys_by_day
from cjm_ingest.adapters.event_store.listing_questions import count_by_day, field_values, list_events
from cjm_ingest.adapters.event_store.store import EventStore, StoreReader
from cjm_ingest.adapters.event_store.variant_questions import coded_variants, variants
from cjm_ingest.domain.answers import DirectlyFollowsGraph
from cjm_ingest.domain.filter import (
    AllOf,
    AnyOf,
    Contains,
    DirectlyFollows,
    DurationBetween,
    EndsWith,
    EventuallyFollows,
    ExactWay,
    FieldIn,
    Filter,
    LengthBetween,
    Not,
    StartsWith,
)
from cjm_ingest.domain.scope import CaseNotion, Scope

STEPS = ["a", "b", "c", "d'\\\"", "ü"]
SYSTEMS = ["", "iOS", "Android"]
SESSIONS = ["", "s1", "s2", " "]
DATASETS = count()
Event = dict[str, Any]
Journey = list[Event]

# Some minutes around 1970 in whole 20 s, so that many events share a millisecond.
times = st.integers(-30, 30).map(lambda number: number * 20_000)
events = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["x", "y", "NA", " "]),
        "action_type": st.sampled_from(STEPS),
        "time_ms": st.one_of(times, st.just(4_102_444_800_000)),
        "session_id": st.sampled_from(SESSIONS),
        "device_os": st.sampled_from(SYSTEMS),
        "value": st.sampled_from([None, 1.0, 2.5]),
    }
)
steps = st.sampled_from([*STEPS, "never"])
many_steps = st.lists(steps, max_size=3).map(tuple)


def trees(leaves: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.recursive(
        leaves,
        lambda parts: st.one_of(
            st.lists(parts, max_size=2).map(lambda found: AnyOf(tuple(found))),
            st.lists(parts, max_size=2).map(lambda found: AllOf(tuple(found))),
            parts.map(Not),
        ),
        max_leaves=3,
    )


event_filters = trees(
    st.one_of(
        st.builds(FieldIn, st.just("device_os"), st.lists(st.sampled_from(SYSTEMS), max_size=2).map(tuple)),
        st.builds(FieldIn, st.just("action_type"), many_steps),
        st.builds(FieldIn, st.just("value"), st.sampled_from([("",), ("1",), ("2.50", ""), ()])),
        st.builds(FieldIn, st.just("session_id"), st.sampled_from([("",), ("s1", " ")])),
    )
)
journey_filters = trees(
    st.one_of(
        st.builds(Contains, many_steps),
        st.builds(DirectlyFollows, steps, steps),
        st.builds(EventuallyFollows, steps, steps),
        st.builds(StartsWith, many_steps),
        st.builds(EndsWith, many_steps),
        st.builds(LengthBetween, st.none() | st.integers(0, 4), st.none() | st.integers(0, 6)),
        st.builds(DurationBetween, st.none() | st.sampled_from([0.0, 20.0]), st.none() | st.sampled_from([20.0, 60.5])),
        st.builds(ExactWay, many_steps),
    )
)
filters = st.none() | st.builds(lambda one, other: AllOf((one, other)), event_filters, journey_filters)
frames = st.fixed_dictionaries(
    {
        "from_ms": st.none() | st.just(-200_000),
        "to_ms": st.none() | st.sampled_from([0, 200_000]),
        "case_notion": st.sampled_from(CaseNotion),
        "session_gap_minutes": st.sampled_from([0, 1, 2]),
        "filter": filters,
    }
)


def keeps_event(node: Filter, event: Event) -> bool:
    match node:
        case AllOf(parts):
            return all(keeps_event(part, event) for part in parts)
        case AnyOf(parts):
            return any(keeps_event(part, event) for part in parts)
        case Not(part):
            return not keeps_event(part, event)
        case FieldIn("value", values):
            return event["value"] in [float(value) if value else None for value in values]
        case FieldIn(field, values):
            return event[field] in values
    raise TypeError(node)


def keeps_journey(node: Filter, journey: Journey) -> bool:
    way = [event["action_type"] for event in journey]
    seconds = (journey[-1]["time_ms"] - journey[0]["time_ms"]) / 1000
    match node:
        case AllOf(parts):
            return all(keeps_journey(part, journey) for part in parts)
        case AnyOf(parts):
            return any(keeps_journey(part, journey) for part in parts)
        case Not(part):
            return not keeps_journey(part, journey)
        case Contains(names):
            return bool(set(names) & set(way))
        case DirectlyFollows(source, target):
            return (source, target) in pairwise(way)
        case EventuallyFollows(source, target):
            return any(source == one and target in way[place + 1 :] for place, one in enumerate(way))
        case StartsWith(names):
            return way[0] in names
        case EndsWith(names):
            return way[-1] in names
        case ExactWay(names):
            return tuple(way) == names
        case LengthBetween(low, high):
            return (low is None or len(way) >= low) and (high is None or len(way) <= high)
        case DurationBetween(low, high):
            return (low is None or seconds >= low) and (high is None or seconds <= high)
    raise TypeError(node)


def slow_journeys(rows: list[Event], scope: Scope) -> list[Journey]:
    event_part, journey_part = scope.filter.parts if isinstance(scope.filter, AllOf) else (AllOf(()), AllOf(()))
    by_session_id = scope.case_notion is CaseNotion.SESSION and not scope.session_gap_minutes
    grouped: dict[Any, Journey] = {}
    for event in sorted(rows, key=lambda event: event["time_ms"]):
        in_period = (scope.from_ms is None or event["time_ms"] >= scope.from_ms) and (
            scope.to_ms is None or event["time_ms"] < scope.to_ms
        )
        if in_period and keeps_event(event_part, event):
            key = (event["customer_id"], event["session_id"] if by_session_id else None)
            grouped.setdefault(key, []).append(event)
    journeys = []
    for journey in grouped.values():
        pieces = [[journey[0]]]
        for before, event in pairwise(journey):
            has_paused = event["time_ms"] - before["time_ms"] > scope.session_gap_minutes * 60_000
            if scope.case_notion is CaseNotion.SESSION and scope.session_gap_minutes and has_paused:
                pieces.append([])
            pieces[-1].append(event)
        journeys += pieces
    return [journey for journey in journeys if keeps_journey(journey_part, journey)]


def assert_graph(graph: DirectlyFollowsGraph, journeys: list[Journey], kept: list[str]) -> None:
    all_counts = Counter(event["action_type"] for journey in journeys for event in journey)
    assert {item.activity: item.events_count for item in graph.all_activities} == all_counts
    counts, cases, starts, ends = (Counter[str]() for _ in range(4))
    moves: dict[tuple[str, str], list[float]] = {}
    move_cases, hidden = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    ranks: dict[str, list[int]] = {}
    ways, durations = set(), []
    for journey in journeys:
        places = [place for place, event in enumerate(journey) if not kept or event["action_type"] in kept]
        if not places:
            continue
        way = [journey[place]["action_type"] for place in places]
        ways.add(tuple(way))
        durations.append((journey[places[-1]]["time_ms"] - journey[places[0]]["time_ms"]) / 1000)
        counts.update(way)
        cases.update(set(way))
        starts[way[0]] += 1
        ends[way[-1]] += 1
        for step in set(way):
            ranks.setdefault(step, []).append(len(set(way[: way.index(step)])))
        move_cases.update(set(pairwise(way)))
        for one, other in pairwise(places):
            move = journey[one]["action_type"], journey[other]["action_type"]
            moves.setdefault(move, []).append((journey[other]["time_ms"] - journey[one]["time_ms"]) / 1000)
            hidden[move] += other - one > 1
    assert graph.events_count == counts.total()
    assert graph.cases_count == len(durations)
    assert graph.cases_without_count == len(journeys) - len(durations)
    assert graph.variants_count == len(ways)
    assert graph.median_case_seconds == pytest.approx(median(durations) if durations else 0)
    assert [node.activity for node in graph.nodes] == sorted(counts, key=lambda step: (-counts[step], step))
    for node in graph.nodes:
        nexts = [seconds for (source, _), found in moves.items() if source == node.activity for seconds in found]
        expected = [counts[node.activity], cases[node.activity], starts[node.activity], ends[node.activity]]
        assert [node.events_count, node.cases_count, node.starts_count, node.ends_count] == expected
        assert node.mean_rank == pytest.approx(np.mean(ranks[node.activity]))
        assert node.median_next_seconds == (pytest.approx(median(nexts)) if nexts else None)
    assert [(edge.source, edge.target) for edge in graph.edges] == sorted(
        moves, key=lambda move: (-len(moves[move]), *move)
    )
    for edge in graph.edges:
        move = (edge.source, edge.target)
        found = [edge.mean_seconds, edge.median_seconds, edge.p90_seconds, edge.p95_seconds]
        assert found == pytest.approx([np.mean(moves[move]), *np.percentile(moves[move], [50, 90, 95])])
        assert (edge.moves_count, edge.cases_count) == (len(moves[move]), move_cases[move])
        assert edge.hidden_ratio == pytest.approx(hidden[move] / len(moves[move]))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventStore]:
    store = EventStore.open(tmp_path_factory.mktemp("events"))
    yield store
    store.close()


def stored(store: EventStore, fill: Callable[..., None], rows: list[Event], parts: int) -> str:
    dataset_id = f"d{next(DATASETS)}"
    frame = pd.DataFrame(rows)
    frame["time"] = pd.to_datetime(frame.pop("time_ms"), unit="ms", utc=True)
    frame["value"] = [None if value is None else value for value in frame["value"].astype(object)]
    fill(store, dataset_id, frame, parts=min(parts, len(rows)))
    return dataset_id


def reader_of(store: EventStore) -> StoreReader:
    return StoreReader(store, store._engine, "test")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(events, min_size=1, max_size=40),
    parts=st.integers(1, 3),
    frame=frames,
    kept=st.just([]) | st.lists(steps, min_size=1, max_size=3),
)
def test_a_graph_is_what_counting_slowly_finds(
    opened: EventStore, fill: Callable[..., None], rows: list[Event], parts: int, frame: dict[str, Any], kept: list[str]
) -> None:
    scope = Scope(stored(opened, fill, rows, parts), **frame)
    journeys = slow_journeys(rows, scope)
    graph = directly_follows(reader_of(opened), scope, kept)
    assert_graph(graph, journeys, kept)
    unfiltered = Scope(scope.dataset_id, **{**frame, "filter": None})
    assert graph.cases_unfiltered_count == len(slow_journeys(rows, unfiltered))
    for edge in graph.edges[:1]:
        bins = path_times(reader_of(opened), scope, kept, edge.source, edge.target)
        assert sum(item.moves_count for item in bins) == edge.moves_count
        assert all(one.to_seconds == other.from_seconds for one, other in pairwise(bins))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(events, min_size=1, max_size=40), parts=st.integers(1, 3))
def test_there_are_as_many_journeys_of_each_unit_as_counting_slowly_finds_and_the_map_shows(
    opened: EventStore, fill: Callable[..., None], rows: list[Event], parts: int
) -> None:
    dataset_id, reader = stored(opened, fill, rows, parts), reader_of(opened)
    for unit, gap_minutes in ((CaseNotion.CUSTOMER, 0), (CaseNotion.SESSION, 0), (CaseNotion.SESSION, 1)):
        scope = Scope(dataset_id, case_notion=unit, session_gap_minutes=gap_minutes)
        found = count_journeys(reader, scope)
        assert found == len(slow_journeys(rows, scope)) == directly_follows(reader, scope).cases_count
    assert count_journeys(reader, Scope("no such dataset")) == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(events, min_size=1, max_size=40), parts=st.integers(1, 3), frame=frames, repeats=st.booleans())
def test_ways_and_heuristics_counts_are_what_counting_slowly_finds(
    opened: EventStore,
    fill: Callable[..., None],
    rows: list[Event],
    parts: int,
    frame: dict[str, Any],
    repeats: bool,
) -> None:
    scope = Scope(stored(opened, fill, rows, parts), **frame)
    journeys = slow_journeys(rows, scope)
    ways = [tuple(event["action_type"] for event in journey) for journey in journeys]
    compact = [way[:1] + tuple(other for one, other in pairwise(way) if one != other) for way in ways]
    expected = sorted(Counter(compact if repeats else ways).items(), key=lambda item: (-item[1], item[0]))
    found = [
        way
        for offset in range(0, len(expected) + 1, 4)
        for way in variants(reader_of(opened), scope, 4, offset, ignore_repeats=repeats).variants
    ]
    assert [(way.activities, way.cases_count) for way in found] == expected
    by_day = [(str(np.datetime64(journey[0]["time_ms"], "ms"))[:10], journey) for journey in journeys]
    reached = Counter(day for day, journey in by_day if any(event["action_type"] == "b" for event in journey))
    assert [
        (day.date, day.cases_count, day.reached_count) for day in journeys_by_day(reader_of(opened), scope, "UTC", "b")
    ] == [(day, count, reached[day]) for day, count in sorted(Counter(day for day, _ in by_day).items())]
    coded = coded_variants(reader_of(opened), scope)
    assert (coded.cases_count, coded.events_count) == (len(ways), sum(len(way) for way in ways))
    counts = heuristics_counts(reader_of(opened), scope)

    def named(pairs: Any) -> dict[tuple[str, str], int]:
        return {(counts.activities[one], counts.activities[other]): number for (one, other), number in pairs.items()}

    assert named(counts.directly_follows) == Counter(pair for way in ways for pair in pairwise(way))
    assert named(counts.two_apart) == Counter(pair for way in ways for pair in zip(way, way[2:], strict=False))
    triples = Counter((a, b) for way in ways for a, b, c in zip(way, way[1:], way[2:], strict=False) if a == c)
    assert named(counts.triples) == triples


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(events, min_size=1, max_size=40),
    others=st.lists(events, min_size=1, max_size=10),
    frame=frames,
    other_frame=st.just({}) | frames,
)
def test_events_of_scopes_are_those_of_the_journeys_that_counting_slowly_finds(
    opened: EventStore,
    fill: Callable[..., None],
    rows: list[Event],
    others: list[Event],
    frame: dict[str, Any],
    other_frame: dict[str, Any],
) -> None:
    reader = reader_of(opened)
    scopes = [Scope(stored(opened, fill, rows, 2), **frame), Scope(stored(opened, fill, others, 1), **other_frame)]
    kept = [
        (scope.dataset_id, event)
        for scope, source in zip(scopes, (rows, others), strict=True)
        for journey in slow_journeys(source, scope)
        for event in journey
    ]
    listed = [(event.dataset_id, event.customer_id, event.time_ms) for event in list_events(reader, scopes, 50).events]
    assert sorted(listed) == sorted((of, event["customer_id"], event["time_ms"]) for of, event in kept)
    assert [time for *_, time in listed] == sorted((time for *_, time in listed), reverse=True)
    for field in ("device_os", "action_type"):
        counts = Counter(event[field] for _, event in kept)
        assert {item.value: item.events_count for item in field_values(reader, scopes, field, "", 10)} == counts
    found = count_by_day(reader, scopes, "UTC", "device_os")
    assert found.events_count == len(kept)
    assert found.customers_count == len({(of, event["customer_id"]) for of, event in kept})
    by_day: dict[str, list[tuple[str, Event]]] = {}
    for of, event in kept:
        by_day.setdefault(str(np.datetime64(event["time_ms"], "ms"))[:10], []).append((of, event))
    assert [(day.date, day.events_count, day.customers_count) for day in found.days] == [
        (day, len(of_day), len({(of, event["customer_id"]) for of, event in of_day}))
        for day, of_day in sorted(by_day.items())
    ]
    for day in found.days:
        counts = Counter(event["device_os"] for _, event in by_day[day.date])
        assert {item.value: item.events_count for item in day.by_value} == counts


def test_parts_of_the_customers_add_up_to_the_whole(opened: EventStore, fill: Callable[..., None]) -> None:
    random = np.random.default_rng(3)
    rows = [
        {
            "customer_id": f"customer {random.integers(40)}",
            "action_type": STEPS[random.integers(len(STEPS))],
            "time_ms": int(random.integers(200)) * 1000,
            "session_id": SESSIONS[random.integers(len(SESSIONS))],
            "device_os": "",
            "value": None,
        }
        for _ in range(2000)
    ]
    reader = reader_of(opened)
    whole = directly_follows(reader, Scope(stored(opened, fill, rows, 3)))
    shards = [
        directly_follows(reader, Scope(stored(opened, fill, part, 2)))
        for shard in range(4)
        if (part := [row for row in rows if sum(str(row["customer_id"]).encode()) % 4 == shard])
    ]
    moves, sums = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for shard in shards:
        moves.update({(edge.source, edge.target): edge.moves_count for edge in shard.edges})
        sums.update({(edge.source, edge.target): round(edge.mean_seconds * edge.moves_count) for edge in shard.edges})
    assert moves == {(edge.source, edge.target): edge.moves_count for edge in whole.edges}
    for edge in whole.edges:
        assert edge.mean_seconds == pytest.approx(sums[edge.source, edge.target] / edge.moves_count)
    assert sum(shard.cases_count for shard in shards) == whole.cases_count
    assert sum(shard.events_count for shard in shards) == whole.events_count == 2000


def test_thousands_of_ties_far_apart_in_time_are_in_file_order(opened: EventStore, fill: Callable[..., None]) -> None:
    # Time, ties and steps need more than 64 bits here: 44 + 17 + 9.
    base = {"customer_id": "x", "session_id": "", "device_os": "", "value": None}
    first_ms = -2_208_988_800_000
    rows = [{**base, "time_ms": first_ms, "action_type": f"step {number % 300}"} for number in range(70_000)]
    # 2**38 ms later: in 64 bits this time would wrap to zero.
    rows.append({**base, "time_ms": first_ms + 2**38, "action_type": "middle"})
    rows.append({**base, "time_ms": 9_214_646_400_000, "action_type": "end"})
    graph = directly_follows(reader_of(opened), Scope(stored(opened, fill, rows, 2)))
    moves = {(edge.source, edge.target): edge.moves_count for edge in graph.edges}
    assert moves == Counter(pairwise([str(row["action_type"]) for row in rows]))
