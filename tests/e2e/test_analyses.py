"""Journeys and analyses over REST: the sample against a plain count, public logs against pm4py's figures."""

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from statistics import mean, median
from typing import Any

import httpx
import pytest

from cjm_testkit.product import Product, created, ended

Row = dict[str, str]


def journeys(rows: list[Row], case: str) -> list[list[Row]]:
    by_case = defaultdict(list)
    for row in rows:
        by_case[row["user_id"] if case == "customer" else (row["user_id"], row["session_id"])].append(row)
    return [sorted(journey, key=lambda row: row["timestamp"]) for journey in by_case.values()]


def seconds(earlier: Row, later: Row) -> float:
    moments = [datetime.fromisoformat(row["timestamp"]) for row in (earlier, later)]
    return (moments[1] - moments[0]).total_seconds()


def analysed(admin: httpx.Client, **body: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    queued = created(admin.post("/api/v1/analyses", json=body), 202)
    done = ended(admin, f"/api/v1/analyses/{queued['id']}")
    assert done["status"] == "succeeded", done
    return done, created(admin.get(f"/api/v1/analyses/{queued['id']}/result"), 200)


def test_sample_is_there(shop: dict[str, Any]) -> None:
    assert (shop["customers"], shop["events"], shop["activities"]) == (600, 31_106, 19)
    assert shop["is_public"]


@pytest.mark.parametrize("case", ["customer", "session"])
def test_map_of_the_sample(admin: httpx.Client, shop: dict[str, Any], rows: list[Row], case: str) -> None:
    expected = journeys(rows, case)
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    with_edge: Counter[tuple[str, str]] = Counter()
    for journey in expected:
        pairs = [(a["event"], b["event"]) for a, b in itertools.pairwise(journey)]
        with_edge.update(set(pairs))
        for pair, (a, b) in zip(pairs, itertools.pairwise(journey), strict=True):
            times[pair].append(seconds(a, b))
    graph = created(admin.get(f"/api/v1/datasets/{shop['id']}/directly-follows", params={"case": case}), 200)
    assert (graph["events"], graph["cases"]) == (31_106, len(expected))
    assert graph["variants_total"] == len({tuple(row["event"] for row in journey) for journey in expected})
    assert graph["starts"] == Counter(journey[0]["event"] for journey in expected)
    assert graph["ends"] == Counter(journey[-1]["event"] for journey in expected)
    found = {(edge["source"], edge["target"]): edge for edge in graph["edges"]}
    assert {pair: edge["count"] for pair, edge in found.items()} == {pair: len(list_) for pair, list_ in times.items()}
    assert {pair: edge["cases"] for pair, edge in found.items()} == with_edge
    for pair, edge in found.items():
        assert edge["mean_seconds"] == pytest.approx(mean(times[pair]), abs=0.01)
        assert edge["median_seconds"] == pytest.approx(median(times[pair]), abs=0.01)


def test_hidden_steps_are_skipped_not_cut_out(admin: httpx.Client, shop: dict[str, Any], rows: list[Row]) -> None:
    kept = ["home", "catalog", "product_view", "cart", "purchase"]
    moves: Counter[tuple[str, str]] = Counter()
    without = 0
    for journey in journeys(rows, "session"):
        steps = [row["event"] for row in journey if row["event"] in kept]
        without += not steps
        moves.update(itertools.pairwise(steps))
    parameters: dict[str, Any] = {"case": "session", "activity": kept}
    graph = created(admin.get(f"/api/v1/datasets/{shop['id']}/directly-follows", params=parameters), 200)
    assert {(edge["source"], edge["target"]): edge["count"] for edge in graph["edges"]} == moves
    assert graph["cases_without"] == without


def test_filters_and_period(admin: httpx.Client, shop: dict[str, Any], rows: list[Row]) -> None:
    path = f"/api/v1/datasets/{shop['id']}/directly-follows"
    day = "2024-05-07"
    one_day = created(admin.get(path, params={"case": "session", "from": day, "to": day}), 200)
    assert one_day["events"] == sum(row["timestamp"].startswith(day) for row in rows) == 430
    mobile = created(admin.get(path, params={"case": "session", "f": "device_category:mobile"}), 200)
    assert mobile["events"] == sum(row["platform"] == "mobile" for row in rows)
    buyers = created(admin.get(path, params={"case": "session", "f": ["step:purchase", "!step:search"]}), 200)
    expected = [[row["event"] for row in journey] for journey in journeys(rows, "session")]
    assert buyers["cases"] == sum("purchase" in steps and "search" not in steps for steps in expected)
    reversed_period = admin.get(path, params={"from": "2024-05-08", "to": day})
    assert (reversed_period.status_code, reversed_period.json()["reason"]) == (400, "period_reversed")
    wrong = admin.get(path, params={"f": "nonsense"})
    assert (wrong.status_code, wrong.json()["reason"]) == (400, "filter_term_invalid")


def test_variants(admin: httpx.Client, shop: dict[str, Any], rows: list[Row]) -> None:
    ways = Counter(tuple(row["event"] for row in journey) for journey in journeys(rows, "session"))
    path = f"/api/v1/datasets/{shop['id']}/variants"
    items, cursor = [], None
    while True:
        parameters: dict[str, Any] = {"case": "session", "limit": 200, **({"cursor": cursor} if cursor else {})}
        page = created(admin.get(path, params=parameters), 200)
        items += page["items"]
        cursor = page["next_cursor"]
        if not cursor or len(items) >= 1000:
            break
    assert (page["cases"], page["variants_total"]) == (sum(ways.values()), len(ways))
    assert [item["count"] for item in items] == sorted(ways.values(), reverse=True)[: len(items)]
    assert all(ways[tuple(item["activities"])] == item["count"] for item in items)


KINDS = ["directly_follows", "alpha", "heuristics_net", "inductive_tree", "inductive_petri"]


@pytest.mark.parametrize("kind", KINDS)
def test_analysis_has_a_record_a_result_and_pictures(admin: httpx.Client, shop: dict[str, Any], kind: str) -> None:
    done, result = analysed(admin, dataset_id=shop["id"], kind=kind, case="session")
    assert result
    assert (done["events"], done["cases"]) == (31_106, 3_605)
    assert done["versions"]["cjm"]
    assert ("pm4py" in done["versions"]) == (kind != "directly_follows")
    assert len(done["result_hash"]) == 64
    again, _ = analysed(admin, dataset_id=shop["id"], kind=kind, case="session")
    assert again["result_hash"] == done["result_hash"]
    svg = admin.get(f"/api/v1/analyses/{done['id']}/graph.svg")
    png = admin.get(f"/api/v1/analyses/{done['id']}/graph.png")
    assert svg.text.lstrip().startswith(("<?xml", "<svg"))
    assert png.content.startswith(b"\x89PNG")
    listed = admin.get("/api/v1/analyses", params={"limit": 200}).json()["items"]
    assert listed[0]["id"] == again["id"]
    assert admin.delete(f"/api/v1/analyses/{done['id']}").status_code == 204
    assert admin.get(f"/api/v1/analyses/{done['id']}").status_code == 404


def test_bad_analyses_are_refused(admin: httpx.Client, shop: dict[str, Any]) -> None:
    unknown = admin.post("/api/v1/analyses", json={"dataset_id": shop["id"], "kind": "astrology"})
    assert (unknown.status_code, unknown.json()["reason"]) == (400, "analysis_kind_unknown")
    period = {"from": "2024-05-08", "to": "2024-05-07"}
    reversed_period = admin.post("/api/v1/analyses", json={"dataset_id": shop["id"], "kind": "alpha", **period})
    assert (reversed_period.status_code, reversed_period.json()["reason"]) == (400, "period_reversed")
    empty = {"dataset_id": shop["id"], "kind": "alpha", "from": "1999-01-01", "to": "1999-01-02"}
    done = ended(admin, f"/api/v1/analyses/{created(admin.post('/api/v1/analyses', json=empty), 202)['id']}")
    assert (done["status"], done["error"]["reason"]) == ("failed", "no_touchpoints")
    nowhere = {"dataset_id": "00000000-0000-0000-0000-000000000000", "kind": "alpha"}
    assert admin.post("/api/v1/analyses", json=nowhere).status_code == 404
    parameters = {"dataset_id": shop["id"], "kind": "heuristics_net", "parameters": {"dependency_threshold": 7}}
    assert admin.post("/api/v1/analyses", json=parameters).status_code == 400


def test_analyses_of_others_are_invisible(
    admin: httpx.Client, product: Product, shop: dict[str, Any], new_name: Callable[[str], str]
) -> None:
    done, _ = analysed(admin, dataset_id=shop["id"], kind="directly_follows")
    name = new_name("user").replace(" ", "-")
    created(admin.post("/api/v1/users", json={"username": name, "password": "a long password"}))
    with product.client(name, "a long password") as other:
        for tail in ("", "/result", "/graph.svg"):
            assert other.get(f"/api/v1/analyses/{done['id']}{tail}").status_code == 404
        assert other.delete(f"/api/v1/analyses/{done['id']}").status_code == 404
        assert other.get("/api/v1/analyses").json()["items"] == []


@pytest.fixture(scope="session")
def running_example(admin: httpx.Client, shared_data: Path) -> dict[str, Any]:
    dataset = created(admin.post("/api/v1/datasets", json={"name": "running example"}))
    columns = [
        {"field": "customer_id", "column": "case:concept:name", "function": None},
        {"field": "action_type", "column": "concept:name", "function": None},
        {"field": "time", "column": "time:timestamp", "function": "datetime"},
    ]
    content = (shared_data / "eventlogs" / "running-example.csv").read_bytes()
    started = admin.post(
        f"/api/v1/datasets/{dataset['id']}/imports",
        files={"file": ("running-example.csv", content)},
        data={"mapping": json.dumps({"name": "x", "columns": columns})},
    )
    assert ended(admin, f"/api/v1/imports/{created(started, 202)['id']}")["rows_accepted"] == 42
    return dataset


def test_running_example_equals_pm4py(admin: httpx.Client, running_example: dict[str, Any], shared_data: Path) -> None:
    oracle = json.loads((shared_data / "ORACLE_pm4py.json").read_text())["running-example.xes"]
    ask = {"dataset_id": running_example["id"]}
    _, net = analysed(admin, **ask, kind="alpha")
    assert (len(net["places"]), len(net["transitions"]), len(net["arcs"])) == (7, 8, 19)
    _, graph = analysed(admin, **ask, kind="directly_follows")
    assert len(graph["edges"]) == 16
    found = {(edge["source"], edge["target"]): edge for edge in graph["edges"]}
    for source, target, count, mean_seconds, median_seconds in oracle["performance_dfg_mean_s_of_top5_edges"]:
        edge = found[source, target]
        assert edge["count"] == count
        assert edge["mean_seconds"] == pytest.approx(mean_seconds, abs=0.01)
        assert edge["median_seconds"] == pytest.approx(median_seconds, abs=0.01)
    _, heuristics = analysed(admin, **ask, kind="heuristics_net")
    dependencies = {(edge["source"], edge["target"]): edge["dependency_ratio"] for edge in heuristics["edges"]}
    assert len(dependencies) == 12
    assert dependencies["check ticket", "decide"] == pytest.approx(0.857, abs=0.001)
    _, tree = analysed(admin, **ask, kind="inductive_tree")
    assert tree["tree"] == oracle["inductive_tree"]
    _, petri = analysed(admin, **ask, kind="inductive_petri")
    expected = oracle["inductive_petri"]
    assert (len(petri["places"]), len(petri["transitions"]), len(petri["arcs"])) == (
        expected["places"],
        expected["transitions"],
        expected["arcs"],
    )
