"""Answers about public event logs against figures that pandas and pm4py found."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pm4py
import pytest
from pm4py.algo.discovery.dfg.adapters.pandas import df_statistics, freq_triples

from cjm_ingest.adapters.event_store.graph_questions import directly_follows, heuristics_counts
from cjm_ingest.adapters.event_store.listing_questions import count_by_day, dataset_stats, field_values, list_events
from cjm_ingest.adapters.event_store.store import EventStore, StoreReader
from cjm_ingest.adapters.event_store.variant_questions import coded_variants, variants
from cjm_ingest.domain.answers import EventPosition
from cjm_ingest.domain.filter import AllOf, FieldIn
from cjm_ingest.domain.scope import CaseNotion, Scope

LOGS = [
    "running-example.xes",
    "running-example.csv",
    "roadtraffic100traces.xes",
    "receipt.csv",
    "helpdesk.xes.gz",
    "bpic2013_closed.xes.gz",
    "sepsis.xes.gz",
    "teleclaims.xes.gz",
    "bpic2012.csv.gz",
]
ECOM = "clickstream/ecom.csv.gz"


@pytest.fixture(scope="module")
def facts(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "FACTS.json").read_text())
    # The CSV holds the same events as the XES.
    found["eventlogs/bpic2012.csv.gz"] = found["eventlogs/bpic2012.xes.gz"]
    return found


@pytest.fixture(scope="module")
def reader(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory, fill: Callable[..., None]
) -> Iterator[StoreReader]:
    store = EventStore.open(tmp_path_factory.mktemp("logs"))
    for log in LOGS:
        fill(store, log, read_log(shared_data / "eventlogs" / log), parts=3)
    fill(store, ECOM, read_ecom(shared_data), parts=2)
    yield StoreReader(store, store._engine, "test")
    store.close()


def read_log(path: Path) -> pd.DataFrame:
    if ".csv" in path.name:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        names = {"case:concept:name": "customer_id", "concept:name": "action_type", "time:timestamp": "time"}
        names |= {"case_id": "customer_id", "activity": "action_type", "timestamp": "time"}
        rows = rows[[name for name in names if name in rows.columns]].rename(columns=names)
    else:
        rows = pd.DataFrame(_xes_rows(path), columns=["customer_id", "action_type", "time"])
    rows["time"] = pd.to_datetime(rows["time"], utc=True, format="ISO8601")
    return rows


def _xes_rows(path: Path) -> Iterator[tuple[str, str, str]]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for _, element in ET.iterparse(file):
            if element.tag.rpartition("}")[2] != "trace":
                continue
            case = _xes_values(element)["concept:name"]
            for child in element:
                if child.tag.endswith("event"):
                    values = _xes_values(child)
                    yield case, values["concept:name"], values["time:timestamp"]
            element.clear()


def _xes_values(element: ET.Element) -> dict[str, str]:
    return {child.attrib["key"]: child.attrib["value"] for child in element if "key" in child.attrib}


def read_ecom(shared_data: Path) -> pd.DataFrame:
    names = {"user_id": "customer_id", "event": "action_type", "timestamp": "time", "platform": "device_category"}
    rows = pd.read_csv(shared_data / ECOM, dtype=str).rename(columns=names)
    rows["time"] = pd.to_datetime(rows["time"], utc=True)
    rows["properties"] = [json.dumps({"cohort": cohort}) for cohort in rows["user_cohort"]]
    return rows.drop(columns=["acquisition_channel", "user_cohort", "user_lifecycle"])


def as_pm4py(shared_data: Path, log: str) -> pd.DataFrame:
    rows = read_log(shared_data / "eventlogs" / log).sort_values(["customer_id", "time"], kind="stable")
    names = {"customer_id": "case:concept:name", "action_type": "concept:name", "time": "time:timestamp"}
    return rows.rename(columns=names).reset_index(drop=True)


def assert_journeys(reader: StoreReader, scope: Scope, expected: dict[str, Any]) -> None:
    graph = directly_follows(reader, scope)
    assert graph.events_count == expected["events"]
    assert graph.cases_count == graph.cases_unfiltered_count == expected["cases"]
    assert graph.cases_without_count == 0
    assert graph.variants_count == expected["variants"]
    assert len(graph.nodes) == expected["activities"]
    assert {node.activity: node.events_count for node in graph.nodes}.items() >= expected[
        "activity_counts_top20"
    ].items()
    starts = {node.activity: node.starts_count for node in graph.nodes if node.starts_count}
    ends = {node.activity: node.ends_count for node in graph.nodes if node.ends_count}
    # FACTS lists at most the dozen most frequent of them.
    assert starts.items() >= expected["start_activities"].items()
    assert ends.items() >= expected["end_activities"].items()
    assert (len(starts), len(ends)) == (expected["n_start_activities"], expected["n_end_activities"])
    assert len(graph.edges) == expected["dfg_edges"]
    assert sum(edge.moves_count for edge in graph.edges) == expected["dfg_total"]
    moves = {(edge.source, edge.target): edge.moves_count for edge in graph.edges}
    assert {(source, target): count for source, target, count in expected["dfg_top10"]}.items() <= moves.items()
    assert graph.median_case_seconds == pytest.approx(expected["case_duration_s"]["median"], abs=1e-3)
    page = variants(reader, scope, 5)
    assert (page.cases_count, page.variants_count) == (expected["cases"], expected["variants"])
    assert [way.cases_count for way in page.variants] == [way["n"] for way in expected["top5_variants"]]


@pytest.mark.parametrize("log", LOGS)
def test_a_log_has_the_counts_that_pandas_found(reader: StoreReader, facts: dict[str, Any], log: str) -> None:
    assert_journeys(reader, Scope(log), facts[f"eventlogs/{log}"])


@pytest.mark.parametrize(
    ("key", "notion"), [("journeys_by_user", CaseNotion.CUSTOMER), ("journeys_by_session", CaseNotion.SESSION)]
)
def test_a_shop_has_the_counts_that_pandas_found(
    reader: StoreReader, facts: dict[str, Any], key: str, notion: CaseNotion
) -> None:
    assert_journeys(reader, Scope(ECOM, case_notion=notion), facts[ECOM][key])


@pytest.mark.parametrize("log", LOGS)
def test_moves_and_their_times_are_those_of_pm4py(reader: StoreReader, shared_data: Path, log: str) -> None:
    frame = as_pm4py(shared_data, log)
    counts, starts, ends = pm4py.discover_dfg(frame)
    times, _, _ = pm4py.discover_performance_dfg(frame)
    graph = directly_follows(reader, Scope(log))
    assert {(edge.source, edge.target): edge.moves_count for edge in graph.edges} == counts
    assert {node.activity: node.starts_count for node in graph.nodes if node.starts_count} == starts
    assert {node.activity: node.ends_count for node in graph.nodes if node.ends_count} == ends
    for edge in graph.edges:
        expected = times[edge.source, edge.target]
        assert edge.mean_seconds == pytest.approx(expected["mean"], abs=1e-3)
        assert edge.median_seconds == pytest.approx(expected["median"], abs=1e-3)


@pytest.mark.parametrize("log", LOGS)
def test_heuristics_counts_are_those_of_pm4py(reader: StoreReader, shared_data: Path, log: str) -> None:
    frame = as_pm4py(shared_data, log)
    found = heuristics_counts(reader, Scope(log))
    names = found.activities

    def named(pairs: Any) -> dict[tuple[str, str], int]:
        return {(names[source], names[target]): count for (source, target), count in pairs.items()}

    sorted_already = {"sort_caseid_required": False, "sort_timestamp_along_case_id": False}
    assert named(found.directly_follows) == pm4py.discover_dfg(frame)[0]
    assert named(found.two_apart) == df_statistics.get_dfg_graph(frame, window=2, **sorted_already)
    # The miner reads only the triples a, b, a.
    triples = freq_triples.get_freq_triples(frame, **sorted_already)
    assert named(found.triples) == {(a, b): count for (a, b, c), count in triples.items() if a == c}
    assert dict(zip(names, found.activity_counts, strict=True)) == frame["concept:name"].value_counts().to_dict()


@pytest.mark.parametrize("log", ["sepsis.xes.gz", "bpic2012.csv.gz"])
def test_all_ways_are_those_of_pm4py(reader: StoreReader, shared_data: Path, log: str) -> None:
    found = coded_variants(reader, Scope(log))
    ways = {
        tuple(found.activities[place] for place in found.places[start:end]): int(count)
        for start, end, count in zip(found.offsets[:-1], found.offsets[1:], found.cases_counts, strict=True)
    }
    assert ways == pm4py.get_variants(as_pm4py(shared_data, log))
    page = variants(reader, Scope(log), 1000)
    assert [(way.activities, way.cases_count) for way in page.variants] == list(ways.items())[:1000]


def test_a_customer_named_na_is_a_customer(reader: StoreReader) -> None:
    page = list_events(reader, [Scope("sepsis.xes.gz")], 500, customer_id="NA")
    assert page.events
    assert {event.customer_id for event in page.events} == {"NA"}
    graph = directly_follows(reader, Scope("sepsis.xes.gz", filter=AllOf((FieldIn("customer_id", ("NA",)),))))
    assert (graph.cases_count, graph.events_count) == (1, len(page.events))
    assert graph.cases_unfiltered_count == 1050


def test_days_of_a_shop_are_those_pandas_found(reader: StoreReader, facts: dict[str, Any]) -> None:
    expected = facts[ECOM]
    found = count_by_day(reader, [Scope(ECOM)], "UTC", "device_category")
    assert {day.date: [day.events_count, day.customers_count] for day in found.days} == expected["daily_report"]
    assert (found.events_count, found.customers_count) == (31106, 600)
    busiest = next(day for day in found.days if day.date == "2024-05-07")
    by_value = {item.value: item.events_count for item in busiest.by_value}
    assert by_value == expected["daily_by_platform_2024-05-07"]


def test_values_and_stats_of_a_shop(reader: StoreReader, facts: dict[str, Any]) -> None:
    expected = facts[ECOM]
    for field, key in (("action_type", "event"), ("device_category", "platform"), ("properties.cohort", "user_cohort")):
        found = field_values(reader, [Scope(ECOM)], field, "", 100)
        assert {item.value: item.events_count for item in found} == expected[key]
        assert [item.events_count for item in found] == sorted(expected[key].values(), reverse=True)
    (stats,) = dataset_stats(reader, [ECOM, "not there"])
    assert (stats.events_count, stats.customers_count, stats.activities_count) == (31106, 600, 19)
    assert set(stats.set_fields) == {"session_id", "device_category", "properties.cohort"}


def test_pages_of_a_large_log_are_fast_whole_and_newest_first(reader: StoreReader, shared_data: Path) -> None:
    times = read_log(shared_data / "eventlogs" / "bpic2012.csv.gz")["time"].sort_values(ascending=False)
    expected = (times.iloc[:1500].astype("datetime64[ms, UTC]").astype("int64")).tolist()
    seen: list[int] = []
    ids: set[str] = set()
    after: EventPosition | None = None
    for _ in range(3):
        page = list_events(reader, [Scope("bpic2012.csv.gz")], 500, after)
        after = page.next_position
        seen += [event.time_ms for event in page.events]
        ids |= {event.event_id for event in page.events}
    assert seen == expected
    assert len(ids) == 1500
