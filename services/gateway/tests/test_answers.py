"""Questions, analyses, reports: what is asked of the services and how their answers look."""

import json
from typing import Any

import httpx
import pytest

from cjm_gateway.entrypoints.http.filter_terms import parse_filter
from cjm_protos.catalog.v1 import dataset_pb2
from cjm_protos.metrics.v1 import report_pb2
from cjm_protos.mining.v1 import analysis_pb2


async def test_a_dataset_is_described_with_its_size(admin: httpx.AsyncClient, dataset_id: str) -> None:
    (listed,) = (await admin.get("/api/v1/datasets?name_contains=WEB")).json()["items"]
    assert listed == (await admin.get(f"/api/v1/datasets/{dataset_id}")).json()
    assert (listed["events"], listed["sent_events"], listed["customers"], listed["version"]) == (42, 2, 6, "1")
    assert listed["first_event_at"] == "2023-11-14T22:13:20.005Z"
    assert (listed["last_event_at"], listed["last_import_at"]) == (None, None)
    change = {"case": "session", "session_gap_minutes": 30, "goal_activity": "buy"}
    changed = (await admin.patch(f"/api/v1/datasets/{dataset_id}", json=change)).json()
    assert {name: changed[name] for name in change} == change
    cleared = (await admin.patch(f"/api/v1/datasets/{dataset_id}", json={"goal_activity": None})).json()
    assert (cleared["goal_activity"], cleared["session_gap_minutes"]) == (None, 30)
    answer = await admin.post("/api/v1/datasets", json={"name": "web SHOP"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "dataset_name_taken")
    assert (await admin.delete(f"/api/v1/datasets/{dataset_id}")).status_code == 204
    assert (await admin.get(f"/api/v1/datasets/{dataset_id}")).status_code == 404


async def test_the_graph_is_asked_for_with_the_whole_scope_and_cached_by_version(
    running: Any, admin: httpx.AsyncClient, dataset_id: str
) -> None:
    path = f"/api/v1/datasets/{dataset_id}/directly-follows"
    params: Any = [
        ("from", "2024-05-07"),
        ("to", "2024-05-07"),
        ("f", "step:a"),
        ("f", "!device_os:"),
        ("activity", "a"),
    ]
    params += [("activity", "b"), ("case", "session"), ("session_gap_minutes", "30")]
    answer = await admin.get(path, params=params)
    body = answer.json()
    assert (body["events"], body["starts"], body["ends"]) == (3, {"a": 2}, {"b": 2})
    assert body["nodes"][1]["median_next_seconds"] is None
    assert body["edges"][0]["p90_seconds"] == 9
    (asked,) = running.behind.questions.asked
    assert asked.scope.filter == parse_filter(["step:a", "!device_os:"])
    assert list(asked.kept_activities) == ["a", "b"]
    assert asked.scope.session_gap_minutes == 30
    assert asked.scope.to_time.seconds - asked.scope.from_time.seconds == 86400
    tag = {"If-None-Match": answer.headers["etag"]}
    again = await admin.get(path, params=params, headers=tag)
    assert (again.status_code, again.content, len(running.behind.questions.asked)) == (304, b"", 1)
    assert (await admin.get(path, params=params[:-1], headers=tag)).status_code == 200
    running.behind.questions.version = "2"
    assert (await admin.get(path, params=params, headers=tag)).status_code == 200


async def test_values_of_a_field_are_asked_for_with_the_whole_scope(
    running: Any, admin: httpx.AsyncClient, dataset_id: str
) -> None:
    scope = "from=2024-05-07&to=2024-05-07&f=step:a&case=session&session_gap_minutes=30"
    path = f"/api/v1/datasets/{dataset_id}/fields/device_os/values"
    answer = (await admin.get(f"{path}?{scope}&contains=li")).json()
    assert answer == {"items": [{"value": "Linux", "count": 2}, {"value": None, "count": 1}]}
    (asked,) = running.behind.questions.asked
    assert (asked.field, asked.value_contains) == ("device_os", "li")
    assert asked.scopes[0].filter == parse_filter(["step:a"])
    assert (asked.scopes[0].dataset_id, asked.scopes[0].session_gap_minutes) == (dataset_id, 30)
    assert asked.scopes[0].to_time.seconds - asked.scopes[0].from_time.seconds == 86400
    wrong = await admin.get(f"{path}?from=2024-02-30")
    assert (wrong.status_code, wrong.json()["reason"]) == (400, "date_invalid")


async def test_variants_and_path_times(admin: httpx.AsyncClient, dataset_id: str, running: Any) -> None:
    path = f"/api/v1/datasets/{dataset_id}"
    variants = (await admin.get(f"{path}/variants?limit=1000&ignore_repeats=true")).json()
    assert variants["items"] == [{"activities": ["a", "b"], "count": 3, "share_ratio": 0.75, "median_seconds": 5.0}]
    assert (variants["variants_total"], variants["next_cursor"]) == (2, "n")
    assert running.behind.questions.asked[-1].ignore_repeats
    times = (await admin.get(f"{path}/path-times?source=a&target=b")).json()
    assert times == {"moves": 2, "bins": [{"from_seconds": 0.0, "to_seconds": 1.0, "count": 2}]}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("from=2024-05-08&to=2024-05-07", "period_reversed"),
        ("to=7.5.2024", "date_invalid"),
        ("f=nonsense", "filter_term_invalid"),
        ("case=order", "invalid_request"),
    ],
)
async def test_a_scope_that_makes_no_sense_is_refused(
    admin: httpx.AsyncClient, dataset_id: str, query: str, reason: str
) -> None:
    for question in ("directly-follows", "variants"):
        answer = await admin.get(f"/api/v1/datasets/{dataset_id}/{question}?{query}")
        assert (answer.status_code, answer.json()["reason"]) == (400, reason)


async def test_journeys_are_counted_by_the_unit_of_the_dataset(
    admin: httpx.AsyncClient, dataset_id: str, running: Any
) -> None:
    path = f"/api/v1/datasets/{dataset_id}"
    for unit, expected in (
        ({"case": "customer", "session_gap_minutes": 30}, (dataset_pb2.CASE_NOTION_CUSTOMER, 0)),
        ({"case": "session", "session_gap_minutes": None}, (dataset_pb2.CASE_NOTION_SESSION, 0)),
        ({"case": "session", "session_gap_minutes": 30}, (dataset_pb2.CASE_NOTION_SESSION, 30)),
    ):
        assert (await admin.patch(path, json=unit)).status_code == 200
        counted = await admin.get(f"{path}/journeys-count")
        assert counted.json() == {"journeys": 7, "as_of": "2023-11-14T22:13:20.000Z", "is_current": True}
        asked = running.behind.questions.asked[-1]
        assert (asked.dataset_id, asked.case_notion, asked.session_gap_minutes) == (dataset_id, *expected)
    # A number with conditions is for those who may analyse.
    refused = await admin.get(f"{path}/journeys-count?from=2024-05-07&f=step:buy&case=customer")
    assert [error["field"] for error in refused.json()["errors"]] == ["from", "f", "case"]


async def test_journeys_by_day(admin: httpx.AsyncClient, dataset_id: str, running: Any) -> None:
    path = f"/api/v1/datasets/{dataset_id}/journeys-by-day?f=step:buy"
    answer = (await admin.get(path)).json()
    assert answer == {
        "goal": None,
        "journeys": 8,
        "reached": 3,
        "days": [
            {"date": "2024-05-01", "journeys": 4, "reached": 1},
            {"date": "2024-05-02", "journeys": 4, "reached": 2},
        ],
    }
    await admin.patch(f"/api/v1/datasets/{dataset_id}", json={"goal_activity": "buy"})
    for more, goal in (("", "buy"), ("&goal=pay", "pay")):
        assert (await admin.get(path + more)).json()["goal"] == goal
        asked = running.behind.questions.asked[-1]
        assert (asked.goal_activity, asked.time_zone) == (goal, "Europe/Berlin")
        assert asked.scope.filter == parse_filter(["step:buy"])


async def test_reports(admin: httpx.AsyncClient, dataset_id: str) -> None:
    query = "from=2024-05-07&to=2024-05-07&by=channel_type"
    for path in ("/api/v1/reports/daily", f"/api/v1/datasets/{dataset_id}/reports/daily"):
        report = (await admin.get(f"{path}?{query}")).json()
        assert (report["from"], report["to"], report["touchpoints"]) == ("2024-05-07", "2024-05-07", 4)
        day = {"date": "2024-05-07", "customers": 2, "touchpoints": 4, "by": {"web": 3}, "not_set": 1}
        assert report["days"] == [day]
        answer = await admin.get(f"{path}?from=2024-05-08&to=2024-05-07")
        assert (answer.status_code, answer.json()["reason"]) == (400, "period_reversed")
    home = (await admin.get(f"/api/v1/home?dataset_id={dataset_id}")).json()
    assert (home["from"], home["to"]) == (None, None)
    assert home["actions"] == [{"value": "buy", "count": 4, "share_ratio": 1.0}]
    assert home["newest"][0]["dataset_id"] == "d"


async def test_reports_and_home_are_asked_for_the_scope(
    admin: httpx.AsyncClient, dataset_id: str, running: Any
) -> None:
    query = "from=2024-05-01&to=2024-05-07&case=session&session_gap_minutes=20&f=step:buy&f=device_os:Linux"
    for path, asked_for in (
        (f"/api/v1/datasets/{dataset_id}/reports/daily?{query}", dataset_id),
        (f"/api/v1/reports/daily?{query}", ""),
        (f"/api/v1/home?dataset_id={dataset_id}&{query}", dataset_id),
        (f"/api/v1/home?{query}", ""),
    ):
        assert (await admin.get(path)).status_code == 200
        assert running.behind.reports.asked == report_pb2.ReportScope(
            dataset_id=asked_for,
            from_date="2024-05-01",
            to_date="2024-05-07",
            case_notion=dataset_pb2.CASE_NOTION_SESSION,
            session_gap_minutes=20,
            filter=parse_filter(["step:buy", "device_os:Linux"]),
        )
        answer = await admin.get(f"{path}&f=nonsense")
        assert (answer.status_code, answer.json()["reason"]) == (400, "filter_term_invalid")


async def _started(admin: httpx.AsyncClient, dataset_id: str, **more: Any) -> dict[str, Any]:
    answer = await admin.post("/api/v1/analyses", json={"dataset_id": dataset_id, "kind": "alpha", **more})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/v1/analyses/{answer.json()['id']}"
    body: dict[str, Any] = answer.json()
    return body


async def test_a_deleted_analysis_can_be_restored(admin: httpx.AsyncClient, dataset_id: str) -> None:
    made = await _started(admin, dataset_id)
    path = f"/api/v1/analyses/{made['id']}"
    assert made["deleted_at"] is None
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).json()["reason"] == "analysis_not_found"
    assert (await admin.get("/api/v1/analyses")).json()["items"] == []
    (deleted,) = (await admin.get("/api/v1/analyses?deleted=true")).json()["items"]
    assert (deleted["id"], deleted["deleted_at"]) == (made["id"], "2023-11-14T22:13:20.000Z")
    restored = await admin.post(f"{path}/restore")
    assert (restored.status_code, restored.json()["deleted_at"]) == (200, None)
    assert (await admin.get("/api/v1/analyses?deleted=true")).json()["items"] == []
    assert (await admin.get(path)).status_code == 200
    absent = await admin.post("/api/v1/analyses/nothing/restore")
    assert (absent.status_code, absent.json()["reason"]) == (404, "analysis_not_found")


async def test_an_analysis_is_started_as_asked(running: Any, admin: httpx.AsyncClient, dataset_id: str) -> None:
    filter_ = [r"step:a\,b", "length:03.."]
    analysis = await _started(
        admin, dataset_id, **{"from": "2024-01-01", "filter": filter_, "parameters": {"noise_threshold": 0.2}}
    )
    assert (analysis["from"], analysis["to"], analysis["case"]) == ("2024-01-01", None, "customer")
    assert analysis["parameters"] == {"noise_threshold": 0.2}
    assert analysis["filter"] == [r"step:a\,b", "length:3.."]
    assert analysis["dataset_name"] == "Web shop"
    assert running.behind.analyses.requests[0].scope.filter == parse_filter(filter_)
    assert (await admin.get("/api/v1/analyses?kind=alpha&status=queued")).json()["items"] == [analysis]
    assert (await admin.post(f"/api/v1/analyses/{analysis['id']}/cancel")).status_code == 200
    assert (await admin.delete(f"/api/v1/analyses/{analysis['id']}")).status_code == 204
    assert (await admin.get(f"/api/v1/analyses/{analysis['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "beta"}, "analysis_kind_unknown"),
        ({"from": "2024-02-01", "to": "2024-01-01"}, "period_reversed"),
        ({"filter": ["x"]}, "filter_term_invalid"),
        ({"dataset_id": "00000000-0000-0000-0000-000000000001"}, "dataset_not_found"),
        ({"treshold": 1}, "invalid_request"),
    ],
)
async def test_a_faulty_analysis_is_refused(
    admin: httpx.AsyncClient, dataset_id: str, change: dict[str, Any], reason: str
) -> None:
    answer = await admin.post("/api/v1/analyses", json={"dataset_id": dataset_id, "kind": "alpha"} | change)
    assert answer.json()["reason"] == reason


async def test_progress_is_streamed_until_the_end(admin: httpx.AsyncClient, dataset_id: str) -> None:
    analysis = await _started(admin, dataset_id)
    text = (await admin.get(f"/api/v1/analyses/{analysis['id']}/progress")).text
    states = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    assert [state["status"] for state in states] == ["queued", "running", "succeeded"]
    assert text.count("event: progress") == 3
    answer = await admin.get("/api/v1/analyses/none/progress")
    assert (answer.status_code, answer.json()["reason"]) == (404, "analysis_not_found")


async def test_results_have_the_form_of_their_kind(running: Any, admin: httpx.AsyncClient, dataset_id: str) -> None:
    path = f"/api/v1/analyses/{(await _started(admin, dataset_id))['id']}"
    answer = await admin.get(f"{path}/result")
    assert (answer.status_code, answer.json()["reason"]) == (409, "analysis_not_finished")
    result = running.behind.analyses.result
    net = result.petri_net
    net.places.extend(["source", "sink"])
    net.transitions.add(transition_id="t1", label="a")
    net.transitions.add(transition_id="t2")
    net.arcs.add(source="source", target="t1")
    net.initial_marking["source"] = 1
    net.final_marking["sink"] = 1
    assert (await admin.get(f"{path}/result")).json() == {
        "places": ["source", "sink"],
        "transitions": [{"id": "t1", "label": "a"}, {"id": "t2", "label": None}],
        "arcs": [{"source": "source", "target": "t1"}],
        "initial": {"source": 1},
        "final": {"sink": 1},
    }
    heuristics = result.heuristics_net
    heuristics.nodes.add(activity="a", events_count=3)
    heuristics.edges.add(source="a", target="a", moves_count=2, dependency_ratio=0.5)
    heuristics.starts["a"] = 1
    assert (await admin.get(f"{path}/result")).json() == {
        "nodes": [{"activity": "a", "count": 3}],
        "edges": [{"source": "a", "target": "a", "count": 2, "dependency_ratio": 0.5}],
        "starts": {"a": 1},
        "ends": {},
    }
    tree = result.process_tree
    tree.text = "->( 'a', X( 'b', tau ) )"
    tree.root.operator = analysis_pb2.TREE_OPERATOR_SEQUENCE
    tree.root.children.add(activity="a")
    choice = tree.root.children.add(operator=analysis_pb2.TREE_OPERATOR_XOR)
    choice.children.add(activity="b")
    choice.children.add()
    choices = {"operator": "xor", "children": [{"activity": "b"}, {"activity": None}]}
    assert (await admin.get(f"{path}/result")).json() == {
        "tree": tree.text,
        "root": {"operator": "sequence", "children": [{"activity": "a"}, choices]},
    }
    result.directly_follows.events_count = 5
    assert (await admin.get(f"{path}/result")).json()["events"] == 5
    picture = await admin.get(f"{path}/graph.svg?theme=dark")
    assert (picture.headers["content-type"], picture.content) == ("image/svg+xml", b"<svg/>")
    assert (await admin.get(f"{path}/graph.pdf")).status_code == 400
