"""The way in for events: checklist rows 0-17, 0-18, 0-20 and the limits."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from cjm_kit.errors import AppError, Code

EVENT = {"customer_id": "c-1", "action_type": "buy", "time": "2024-05-07T10:00:00Z"}


@pytest.fixture
def path(dataset_id: str) -> str:
    return f"/api/v1/datasets/{dataset_id}/events"


async def test_one_event_with_a_token_is_accepted_as_sent(running: Any, system: httpx.AsyncClient, path: str) -> None:
    content = b'{"customer_id":  "c-1","action_type":"buy"}'
    headers = {"Content-Type": "application/json", "User-Agent": "shop/1"}
    answer = await system.post(path, content=content, headers=headers)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})
    (body,) = running.behind.intake.calls[0]
    assert (body.body, body.is_ndjson, body.user_agent) == (content, False, "shop/1")
    assert abs(body.received_at_ms - time.time() * 1000) < 10_000


async def test_of_several_headers_with_one_name_the_first_counts(system: httpx.AsyncClient, path: str) -> None:
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Type", "text/plain"),
        ("Authorization", "Bearer cjm_wrong"),
    ]
    answer = await system.post(path, content=b'{"customer_id":"1"}', headers=[*system.headers.multi_items(), *headers])
    assert answer.status_code == 202


async def test_ndjson_and_arrays_answer_by_place(system: httpx.AsyncClient, running: Any, path: str) -> None:
    answer = await system.post(path, json=[EVENT, {"action_type": "x"}])
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert [(item["index"], item["reason"], item["field"]) for item in answer.json()["rejected"]] == [
        (1, "field_missing", "customer_id")
    ]
    content = b'{"customer_id":"1"}\n{"customer_id":"2"}\n'
    answer = await system.post(path, content=content, headers={"Content-Type": "application/x-ndjson; charset=utf-8"})
    assert answer.json() == {"accepted": 2, "rejected": []}
    assert running.behind.intake.calls[-1][0].is_ndjson


async def test_each_fault_has_an_answer_of_its_own(running: Any, system: httpx.AsyncClient, path: str) -> None:
    stranger = running.client()
    answers = {
        "no header": await stranger.post(path, json=EVENT),
        "bad token": await stranger.post(path, json=EVENT, headers={"Authorization": "Bearer cjm_wrong"}),
        "no scheme": await stranger.post(path, json=EVENT, headers={"Authorization": "cjm_wrong"}),
        "empty body": await system.post(path, content=b"", headers={"Content-Type": "application/json"}),
        "not JSON": await system.post(path, content=b"{", headers={"Content-Type": "application/json"}),
        "bad field": await system.post(path, json={"action_type": "buy"}),
        "form": await system.post(path, data={"a": "b"}),
        "method": await system.delete(path),
        "reading": await system.get(path),
    }
    told = {name: (answer.status_code, answer.json()["reason"]) for name, answer in answers.items()}
    assert told == {
        "no header": (401, "unauthenticated"),
        "bad token": (401, "token_invalid"),
        "no scheme": (401, "token_invalid"),
        "empty body": (400, "body_empty"),
        "not JSON": (400, "body_not_json"),
        "bad field": (400, "field_missing"),
        "form": (415, "media_type_unsupported"),
        "method": (405, "method_not_allowed"),
        "reading": (403, "staff_only"),
    }
    titles = {name: answers[name].json()["title"] for name in ("no header", "bad token")}
    assert titles == {"no header": "Not authenticated", "bad token": "Token not valid"}
    assert "Authorization: Bearer" in answers["no header"].json()["detail"]
    assert "can only send events: POST" in answers["reading"].json()["detail"]
    assert answers["method"].headers["allow"] == "GET, POST"
    assert answers["bad token"].headers["www-authenticate"] == "Bearer"
    assert answers["bad field"].json()["errors"] == [
        {"field": "customer_id", "row": None, "reason": "field_missing", "detail": '"customer_id" is missing.'}
    ]
    for answer in answers.values():
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_a_batch_of_which_nothing_is_accepted_is_refused_by_row(system: httpx.AsyncClient, path: str) -> None:
    answer = await system.post(path, json=[{}, {}])
    assert (answer.status_code, answer.json()["reason"]) == (400, "events_rejected")
    assert [error["row"] for error in answer.json()["errors"]] == [1, 2]


async def test_a_token_reaches_only_its_datasets_and_only_its_scope(
    admin: httpx.AsyncClient, running: Any, system: httpx.AsyncClient, path: str
) -> None:
    other = (await admin.post("/api/v1/datasets", json={"name": "Other", "is_public": True})).json()["id"]
    answer = await system.post(f"/api/v1/datasets/{other}/events", json=EVENT)
    assert (answer.status_code, answer.json()["reason"]) == (404, "dataset_not_found")
    assert running.behind.intake.calls == []


async def test_sending_takes_no_parameters(running: Any, system: httpx.AsyncClient, path: str) -> None:
    answer = await system.post(f"{path}?dry_run=true", json=EVENT)
    assert answer.status_code == 400
    assert [(error["field"], error["reason"]) for error in answer.json()["errors"]] == [
        ("dry_run", "parameter_unknown")
    ]
    assert running.behind.intake.calls == []


async def test_a_token_is_shown_once_and_refused_at_once_when_revoked(
    admin: httpx.AsyncClient, system: httpx.AsyncClient, token: dict[str, Any], path: str
) -> None:
    assert (await system.post(path, json=EVENT)).status_code == 202
    listed = (await admin.get("/api/v1/tokens")).json()["items"]
    assert [item["id"] for item in listed] == [token["id"]]
    assert token["secret"] not in str(listed)
    assert token["secret"].startswith(listed[0]["secret_prefix"])
    assert listed[0]["last_used_at"] is not None
    assert (await admin.delete(f"/api/v1/tokens/{token['id']}")).status_code == 204
    answer = await system.post(path, json=EVENT)
    assert (answer.status_code, answer.json()["reason"]) == (401, "token_invalid")
    assert (await admin.get("/api/v1/tokens")).json()["items"][0]["revoked_at"] is not None


async def test_a_revocation_through_another_gateway_arrives_over_the_bus(
    running: Any, settings: Any, signer: Any, system: httpx.AsyncClient, token: dict[str, Any], path: str
) -> None:
    from cjm_kit.identity import acting_as, staff_identity
    from cjm_kit.rpc import RpcClient
    from cjm_protos.catalog.v1 import token_pb2, token_pb2_grpc

    assert (await system.post(path, json=EVENT)).status_code == 202
    catalog = RpcClient(running.settings.catalog_target, signer, "test")
    with acting_as(staff_identity("00000000-0000-0000-0000-000000000001", is_admin=True)):
        stub = catalog.stub(token_pb2_grpc.TokenServiceStub)
        await stub.RevokeToken(token_pb2.RevokeTokenRequest(token_id=token["id"]))
    revoked_at = time.monotonic()
    while (await system.post(path, json=EVENT)).status_code == 202:
        assert time.monotonic() - revoked_at < 2, "only the end of the cache's time would have ended the token"
        await asyncio.sleep(0.01)
    await catalog.close()


async def test_staff_may_send_with_the_session_and_only_with_the_csrf_token(
    running: Any, admin: httpx.AsyncClient, path: str
) -> None:
    assert (await admin.post(path, json=EVENT)).status_code == 202
    answer = await admin.post(path, json=EVENT, headers={"X-CSRF-Token": "wrong"})
    assert (answer.status_code, answer.json()["reason"]) == (403, "csrf_token_wrong")
    assert len(running.behind.intake.calls) == 1


@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_body_above_the_limit_is_refused_and_the_connection_lives_on(
    system: httpx.AsyncClient, path: str, *, is_announced: bool
) -> None:
    async def pieces() -> Any:
        for _ in range(6):
            yield b" " * (1 << 20)

    content = b" " * (6 << 20) if is_announced else pieces()
    answer = await system.post(path, content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["reason"]) == (413, "body_too_large")
    assert "5 MiB" in answer.json()["detail"]
    assert (await system.post(path, json=EVENT)).status_code == 202


async def test_requests_that_come_together_share_one_call(running: Any, system: httpx.AsyncClient, path: str) -> None:
    intake = running.behind.intake
    await system.post(path, json=EVENT)
    intake.gate = asyncio.Event()
    intake.called.clear()
    first = asyncio.create_task(system.post(path, json=EVENT))
    await asyncio.wait_for(intake.called.wait(), 5)
    others = [asyncio.create_task(system.post(path, json=[EVENT] * count)) for count in range(1, 31)]
    await asyncio.sleep(0.3)
    intake.gate.set()
    assert (await first).status_code == 202
    assert [(await other).json()["accepted"] for other in others] == list(range(1, 31))
    assert len(intake.calls) == 3


async def test_when_nothing_can_be_stored_the_sender_is_told_to_come_again(
    running: Any, system: httpx.AsyncClient, path: str
) -> None:
    running.behind.intake.failure = AppError(Code.UNAVAILABLE, "stream_full", "The stream is full. Send again.")
    answer = await system.post(path, json=EVENT)
    assert (answer.status_code, answer.json()["reason"]) == (503, "stream_full")
    assert answer.headers["retry-after"] == "1"


async def test_latest_events(admin: httpx.AsyncClient, path: str) -> None:
    event = (await admin.get(path)).json()["items"][0]
    assert event == {
        "event_id": "e",
        "customer_id": "NA",
        "action_type": "buy",
        "time": "2023-11-14T22:13:20.007Z",
        "fields": {"device_os": "Linux"},
        "properties": {"x": 1},
        "import_id": None,
    }
