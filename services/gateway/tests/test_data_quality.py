"""Fields and quality of a dataset over REST."""

from typing import Any, get_args

import httpx

from cjm_gateway.entrypoints.http.data_quality import FixableWord, KindWord, LevelWord
from cjm_gateway.entrypoints.http.shapes import words
from cjm_protos.ingest.v1 import questions_pb2


def test_the_words_of_the_api_are_those_of_the_contract() -> None:
    assert set(words(questions_pb2.QualityFindingKind)) == set(get_args(KindWord))
    assert set(words(questions_pb2.QualityLevel)) == set(get_args(LevelWord))


async def test_fields_are_described(admin: httpx.AsyncClient, dataset_id: str) -> None:
    assert (await admin.get(f"/api/v1/datasets/{dataset_id}/fields")).json() == {
        "events": 42,
        "items": [
            {
                "field": "device_os",
                "count": 2,
                "distinct": 1,
                "values": [{"value": "Linux", "count": 2}],
                "min": None,
                "max": None,
            },
            {"field": "value", "count": 1, "distinct": 1, "values": [], "min": 0.0, "max": 0.5},
        ],
        "properties": 143,
        "as_of": "2023-11-14T22:13:20.000Z",
        "is_current": False,
    }


async def test_quality_is_told_with_examples(running: Any, admin: httpx.AsyncClient, dataset_id: str) -> None:
    path = f"/api/v1/datasets/{dataset_id}/quality"
    quality = running.behind.questions.quality
    quality.as_of.FromMilliseconds(1_700_000_000_007)
    quality.is_current = True
    when = {"as_of": "2023-11-14T22:13:20.007Z", "is_current": True}
    assert (await admin.get(path)).json() == {"events": 0, "level": None, "findings": [], **when}
    quality.events_count, quality.level = 42, questions_pb2.QUALITY_LEVEL_PROBLEM
    rejected = quality.findings.add(found_count=1, total_count=20, problem_ratio=0.05, import_id="i")
    rejected.kind, rejected.level = (
        questions_pb2.QUALITY_FINDING_KIND_REJECTED_ROWS,
        questions_pb2.QUALITY_LEVEL_PROBLEM,
    )
    doubled = quality.findings.add(found_count=3, total_count=42, fixable_count=3)
    doubled.kind, doubled.level = questions_pb2.QUALITY_FINDING_KIND_DUPLICATES, questions_pb2.QUALITY_LEVEL_CHECK
    example = doubled.examples.add(customer_id="NA", values=["buy"], found_count=4)
    example.time.FromMilliseconds(-1)
    body = (await admin.get(path)).json()
    assert (body["events"], body["level"]) == (42, "problem")
    assert body["findings"][0] == {
        "kind": "rejected_rows",
        "count": 1,
        "total": 20,
        "level": "problem",
        "check_ratio": 0.0,
        "problem_ratio": 0.05,
        "import_id": "i",
        "fixable": 0,
        "examples": [],
    }
    assert body["findings"][1]["fixable"] == 3
    assert body["findings"][1]["examples"] == [
        {
            "customer_id": "NA",
            "field": None,
            "values": ["buy"],
            "time": "1969-12-31T23:59:59.999Z",
            "first_date": None,
            "last_date": None,
            "count": 4,
        }
    ]


async def test_a_finding_is_fixed(running: Any, admin: httpx.AsyncClient, dataset_id: str) -> None:
    path = f"/api/v1/datasets/{dataset_id}/fixes"
    for kind in get_args(FixableWord):
        answer = await admin.post(path, json={"kind": kind})
        assert (answer.status_code, answer.json()) == (200, {"kind": kind, "changed": 3, "removed": 4})
        asked = running.behind.fixes.asked[-1]
        assert (asked.dataset_id, asked.kind) == (dataset_id, words(questions_pb2.QualityFindingKind)[kind])
    for body in ({"kind": "rare_steps"}, {"kind": "duplicates", "before": "2024-01-01"}, {}):
        assert (await admin.post(path, json=body)).status_code == 400
    assert len(running.behind.fixes.asked) == 4


async def test_a_goal_whose_step_gets_another_name_follows(admin: httpx.AsyncClient, dataset_id: str) -> None:
    path = f"/api/v1/datasets/{dataset_id}"
    assert (await admin.patch(path, json={"goal_activity": "buy"})).json()["goal_activity"] == "buy"
    await admin.post(f"{path}/fixes", json={"kind": "similar_steps"})
    assert (await admin.get(path)).json()["goal_activity"] == "Buy"


async def test_another_name_of_a_step_ends(running: Any, admin: httpx.AsyncClient, dataset_id: str) -> None:
    path = f"/api/v1/datasets/{dataset_id}/step-aliases"
    listed = (await admin.get(path)).json()
    assert listed == {"items": [{"alias": " a/b?c", "activity": "a/b?c"}]}
    assert (await admin.delete(path, params={"alias": listed["items"][0]["alias"]})).status_code == 204
    assert (running.behind.fixes.asked[-1].dataset_id, running.behind.fixes.asked[-1].alias) == (dataset_id, " a/b?c")
    for query in ({}, {"name": "x"}):
        assert (await admin.delete(path, params=query)).status_code == 400
    assert len(running.behind.fixes.asked) == 1


async def test_strangers_and_tokens_fix_nothing(running: Any, admin: httpx.AsyncClient, dataset_id: str) -> None:
    path = f"/api/v1/datasets/{dataset_id}"
    token = (await admin.post("/api/v1/tokens", json={"name": "shop", "dataset_ids": [dataset_id]})).json()
    for headers in ({}, {"authorization": f"Bearer {token['secret']}"}):
        for method, address, more in (
            ("POST", f"{path}/fixes", {"json": {"kind": "duplicates"}}),
            ("GET", f"{path}/step-aliases", {}),
            ("DELETE", f"{path}/step-aliases?alias=a", {}),
        ):
            answer = await running.client().request(method, address, headers=headers, **more)
            assert answer.status_code in {401, 403}, answer.text
    assert running.behind.fixes.asked == []


async def test_only_who_is_signed_in_is_told(running: Any, dataset_id: str) -> None:
    for question in ("fields", "quality"):
        answer = await running.client().get(f"/api/v1/datasets/{dataset_id}/{question}")
        assert (answer.status_code, answer.json()["reason"]) == (401, "unauthenticated")
