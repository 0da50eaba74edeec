"""Requests that are sent twice."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.js.api import Header

from cjm_gateway.adapters import answers
from cjm_gateway.adapters.answers import BUCKET, KeptAnswers
from cjm_gateway.application import idempotency
from cjm_gateway.application.idempotency import Answer, BodyHash, Claim, Record
from cjm_gateway.main import build
from cjm_kit.bus import Bus
from cjm_kit.errors import AppError, Code
from cjm_launcher.instance import free_port
from cjm_launcher.nats_server import NatsServer

KEY = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}
REPLAYED = "idempotency-replayed"


def _analysis(dataset_id: str, kind: str = "alpha") -> dict[str, str]:
    return {"dataset_id": dataset_id, "kind": kind}


def _form(content: bytes, boundary: str) -> dict[str, Any]:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="mapping"\r\n\r\n'
    columns = [{"field": field, "column": "c"} for field in ("customer_id", "action_type", "time")]
    mapping = json.dumps({"columns": columns})
    file_head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    body = f"{head}{mapping}\r\n{file_head}".encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return {"content": body, "headers": {"Content-Type": f'multipart/form-data; boundary="{boundary}"', **KEY}}


async def test_the_same_request_is_answered_from_the_first(
    running: Any, admin: httpx.AsyncClient, dataset_id: str
) -> None:
    first = await admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY)
    again = await admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"] == "/api/v1/analyses/analysis-1"
    assert again.headers["content-type"] == "application/json"
    assert again.headers[REPLAYED] == "true"
    assert REPLAYED not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert len(running.behind.analyses.requests) == 1
    other = await admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers={"Idempotency-Key": "another"})
    assert other.headers["location"] == "/api/v1/analyses/analysis-2"


async def test_an_answer_without_a_body_and_a_refusal_are_kept_too(admin: httpx.AsyncClient, dataset_id: str) -> None:
    body = {"name": "Web shop"}
    taken = await admin.post("/api/v1/datasets", json=body, headers=KEY)
    assert (taken.status_code, taken.json()["reason"]) == (409, "dataset_name_taken")
    assert (await admin.patch(f"/api/v1/datasets/{dataset_id}", json={"name": "Old shop"})).status_code == 200
    again = await admin.post("/api/v1/datasets", json=body, headers=KEY)
    assert (again.content, again.headers[REPLAYED]) == (taken.content, "true")
    assert again.headers["content-type"] == "application/problem+json"
    for _ in range(2):
        answer = await admin.post("/api/v1/telegram/test", headers={"Idempotency-Key": "without-a-body"})
        assert answer.json()["reason"] == "telegram_not_linked"
    assert answer.headers[REPLAYED] == "true"


async def test_a_key_belongs_to_one_request_and_one_caller(
    running: Any, admin: httpx.AsyncClient, analyst: httpx.AsyncClient, dataset_id: str
) -> None:
    assert (await admin.patch(f"/api/v1/datasets/{dataset_id}", json={"is_public": True})).status_code == 200
    assert (await admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY)).status_code == 202
    other_body = await admin.post("/api/v1/analyses", json=_analysis(dataset_id, "heuristics_net"), headers=KEY)
    other_path = await admin.post("/api/v1/mappings", json=_analysis(dataset_id), headers=KEY)
    other_query = await admin.post("/api/v1/analyses?x=1", json=_analysis(dataset_id), headers=KEY)
    for answer in (other_body, other_path, other_query):
        assert (answer.status_code, answer.json()["reason"]) == (422, "idempotency_key_reused")
    other_caller = await analyst.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY)
    assert other_caller.status_code == 202
    assert REPLAYED not in other_caller.headers
    assert len(running.behind.analyses.requests) == 2


async def test_who_comes_while_the_first_one_runs_is_told_to_wait(
    running: Any, admin: httpx.AsyncClient, dataset_id: str
) -> None:
    analyses = running.behind.analyses
    analyses.gate = asyncio.Event()
    first = asyncio.create_task(admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY))
    await analyses.called.wait()
    early = await admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY)
    assert (early.status_code, early.json()["reason"]) == (409, "idempotency_key_in_use")
    assert early.headers["retry-after"] == "1"
    elsewhere = await admin.post("/api/v1/mappings", json={}, headers=KEY)
    assert (elsewhere.status_code, elsewhere.json()["reason"]) == (422, "idempotency_key_reused")
    analyses.gate.set()
    late = await admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY)
    while late.status_code == 409:
        late = await admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY)
    assert late.content == (await first).content
    assert len(analyses.requests) == 1


async def test_one_of_many_runs_whatever_gateway_they_reach(running: Any, admin: httpx.AsyncClient) -> None:
    port = free_port()
    second = await build(running.settings.model_copy(update={"http_port": port}))
    await second.start()
    try:
        urls = [running.url, f"http://127.0.0.1:{port}"] * 10
        cookies = "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
        headers = {"Cookie": cookies, "X-CSRF-Token": admin.headers["X-CSRF-Token"], **KEY}
        async with httpx.AsyncClient(timeout=30) as client:
            calls = [client.post(f"{url}/api/v1/datasets", json={"name": "Shop"}, headers=headers) for url in urls]
            found = await asyncio.gather(*calls)
            ran = [item for item in found if item.status_code == 201 and REPLAYED not in item.headers]
            others = {(item.status_code, item.json().get("reason")) for item in found if item not in ran}
            assert len(ran) == 1
            assert others <= {(409, "idempotency_key_in_use"), (201, None)}
            last = await client.post(f"{urls[1]}/api/v1/datasets", json={"name": "Shop"}, headers=headers)
            assert (last.content, last.headers[REPLAYED]) == (ran[0].content, "true")
    finally:
        await second.stop()


@pytest.mark.parametrize(("code", "status"), [(Code.UNAVAILABLE, 503), (Code.RESOURCE_EXHAUSTED, 429)])
async def test_what_failed_on_our_side_runs_again(
    running: Any, admin: httpx.AsyncClient, dataset_id: str, code: Code, status: int
) -> None:
    running.behind.analyses.failure = AppError(code, "not_now", "Try again.")
    assert (await admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY)).status_code == status
    running.behind.analyses.failure = None
    answer = await admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY)
    assert (answer.status_code, REPLAYED in answer.headers) == (202, False)


async def test_a_form_may_come_with_another_boundary(running: Any, admin: httpx.AsyncClient, dataset_id: str) -> None:
    url, content = f"/api/v1/datasets/{dataset_id}/imports", b"c\n" + b"1\n" * 700_000
    first = await admin.post(url, **_form(content, "first-boundary"))
    again = await admin.post(url, **_form(content, "another"))
    assert first.status_code == 202, first.text
    assert (again.content, again.headers[REPLAYED]) == (first.content, "true")
    assert again.headers["location"] == first.headers["location"]
    assert list(running.behind.imports.files.values()) == [content]
    changed = await admin.post(url, **_form(content[:-2] + b"2\n", "another"))
    assert (changed.status_code, changed.json()["reason"]) == (422, "idempotency_key_reused")


async def test_an_upload_that_breaks_off_is_not_an_answer(
    running: Any, admin: httpx.AsyncClient, dataset_id: str
) -> None:
    url, whole = f"/api/v1/datasets/{dataset_id}/imports", _form(b"c\n1\n", "b")

    async def broken() -> AsyncIterator[bytes]:
        yield whole["content"][:100]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await admin.post(url, content=broken(), headers=whole["headers"])
    answer = await admin.post(url, **whole)
    while answer.status_code == 409:
        answer = await admin.post(url, **whole)
    assert (answer.status_code, REPLAYED in answer.headers) == (202, False)


@pytest.mark.parametrize("key", [b"", b"k" * 256, b"two words", b"tab\tbed", "café".encode("latin-1")])
async def test_a_key_is_visible_text(admin: httpx.AsyncClient, key: bytes) -> None:
    answer = await admin.post("/api/v1/datasets", json={"name": "Shop"}, headers={b"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["reason"]) == (400, "idempotency_key_invalid")
    assert "1 to 255" in answer.json()["detail"]
    answer = await admin.post("/api/v1/datasets", json={"name": "Shop"}, headers={"Idempotency-Key": "k" * 255})
    assert answer.status_code == 201


async def test_two_keys_are_none(admin: httpx.AsyncClient) -> None:
    headers = [*admin.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await admin.post("/api/v1/datasets", json={"name": "Shop"}, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (400, "idempotency_key_invalid")


@pytest.mark.parametrize("path", ["tokens", "telegram/code"])
async def test_secrets_are_not_kept(running: Any, admin: httpx.AsyncClient, dataset_id: str, path: str) -> None:
    body = {"name": "shop", "dataset_ids": [dataset_id]}
    answer = await admin.post(f"/api/v1/{path}", json=body, headers=KEY)
    assert (answer.status_code, answer.json()["reason"]) == (400, "idempotency_key_not_possible")
    assert (await admin.get("/api/v1/tokens")).json()["items"] == []
    assert (await admin.post(f"/api/v1/{path}", json=body)).status_code == 201


async def test_a_password_leaves_no_trace(admin: httpx.AsyncClient, bus: Bus) -> None:
    body = b'{"username": "ana", "password": "a password of a person", "role": "analyst"}'
    json_type = {"Content-Type": "application/json"}
    assert (await admin.post("/api/v1/users", content=body, headers=KEY | json_type)).status_code == 201
    stored = await bus.jetstream.get_last_msg(f"KV_{BUCKET}", f"$KV.{BUCKET}.>")
    assert stored.data is not None
    assert b"ana" in stored.data
    assert b"a password" not in stored.data
    assert hashlib.sha256(body).digest() not in stored.data


async def test_routes_without_keys(
    running: Any, admin: httpx.AsyncClient, system: httpx.AsyncClient, dataset_id: str
) -> None:
    event = {"customer_id": "c", "action_type": "buy"}
    for sender in (admin, system):
        for _ in range(2):
            answer = await sender.post(f"/api/v1/datasets/{dataset_id}/events", json=event, headers=KEY)
            assert (answer.status_code, REPLAYED in answer.headers) == (202, False)
    credentials = {"username": "admin", "password": "wrong"}
    for _ in range(2):
        answer = await admin.post("/api/v1/session", json=credentials, headers=KEY)
        assert (answer.status_code, REPLAYED in answer.headers) == (401, False)
    answer = await admin.get("/api/v1/datasets", headers={"Idempotency-Key": ""})
    assert answer.status_code == 200


async def test_an_answer_is_for_its_caller_only(running: Any, admin: httpx.AsyncClient, dataset_id: str) -> None:
    assert (await admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY)).status_code == 202
    stranger = await running.client().post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY)
    assert (stranger.status_code, stranger.json()["reason"]) == (401, "unauthenticated")
    forged = await admin.post("/api/v1/analyses", json=_analysis(dataset_id), headers=KEY | {"X-CSRF-Token": "x"})
    assert (forged.status_code, forged.json()["reason"]) == (403, "csrf_token_wrong")


async def test_without_the_bus_a_keyed_request_does_not_run(
    running: Any, admin: httpx.AsyncClient, nats_server: NatsServer
) -> None:
    await nats_server.stop()
    answer = await admin.post("/api/v1/datasets", json={"name": "Shop"}, headers=KEY)
    assert (answer.status_code, answer.json()["reason"]) == (503, "bus_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert (await admin.get("/api/v1/datasets")).json()["items"] == []
    assert (await admin.post("/api/v1/datasets", json={"name": "Shop"})).status_code == 201
    await nats_server.start()
    async with asyncio.timeout(20):
        while answer.status_code == 503:
            answer = await admin.post("/api/v1/datasets", json={"name": "Other shop"}, headers=KEY)
    assert (answer.status_code, REPLAYED in answer.headers) == (201, False)


async def test_the_answer_to_a_post_without_a_body_is_kept_though_its_sender_has_gone(
    running: Any, admin: httpx.AsyncClient, dataset_id: str
) -> None:
    made = (await admin.post("/api/v1/analyses", json=_analysis(dataset_id))).json()
    analyses, path = running.behind.analyses, f"/api/v1/analyses/{made['id']}/cancel"
    analyses.called.clear()
    analyses.gate = asyncio.Event()
    first = asyncio.create_task(admin.post(path, headers=KEY))
    await analyses.called.wait()
    first.cancel()  # closes the connection
    await asyncio.gather(first, return_exceptions=True)
    # The gateway must hear of it before the answer comes: a new connection is served after the end of an old one.
    assert (await running.client().get("/healthz")).status_code == 200
    analyses.gate.set()
    again = await admin.post(path, headers=KEY)
    while again.status_code == 409:
        again = await admin.post(path, headers=KEY)
    assert (again.status_code, again.headers.get(REPLAYED)) == (200, "true")
    assert analyses.cancelled == [made["id"]]


async def test_what_was_answered_at_length_runs_once_and_is_refused_then(admin: httpx.AsyncClient) -> None:
    columns = [{"field": field, "column": "c", "function": None} for field in ("customer_id", "action_type", "time")]
    rules = [{"pattern": f"{number:03}" + "x" * 200, "name": "y"} for number in range(400)]
    body = {"name": "Large", "columns": columns, "step_rules": rules}
    first = await admin.post("/api/v1/mappings", json=body, headers=KEY)
    assert first.status_code == 201
    assert len(first.content) > 64 << 10
    again = await admin.post("/api/v1/mappings", json=body, headers=KEY)
    assert (again.status_code, again.json()["reason"]) == (409, "idempotency_answer_too_large")
    assert "status 201" in again.json()["detail"]
    assert again.headers.get("location") == first.headers.get("location")
    assert len((await admin.get("/api/v1/mappings")).json()["items"]) == 1


async def test_a_full_store_forgets_the_oldest_answers(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    former = await bus.jetstream.create_key_value(bucket=BUCKET, ttl=answers.KEPT_SECONDS, max_bytes=256 << 20)
    await former.put("kept-by-an-earlier-version", b"x")
    monkeypatch.setattr(answers, "_BUCKET_BYTES", 1 << 20)
    kept, record, answer = await KeptAnswers.open(bus), Record("POST /x"), Answer(200, [], b"x" * (64 << 10))
    for number in range(40):
        revision = await kept.claim(f"place-{number}", record)
        assert isinstance(revision, int)
        await kept.keep(f"place-{number}", Record("POST /x", b"hash", answer), revision)
    assert await kept.claim("place-39", record) == Record("POST /x", b"hash", answer)
    assert isinstance(await kept.claim("place-0", record), int)


async def test_a_claim_lives_while_it_is_renewed_and_dies_with_its_gateway(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Renewed so often that a machine that stands still for seconds loses nothing.
    monkeypatch.setattr(answers, "CLAIM_SECONDS", 4)
    monkeypatch.setattr(idempotency, "RENEW_SECONDS", 0.2)
    kept, loop, record = await KeptAnswers.open(bus), asyncio.get_running_loop(), Record("POST /x")
    revision = await kept.claim("place", record)
    assert isinstance(revision, int)
    async with Claim(kept, "place", record, revision) as claim:
        began = loop.time()
        while loop.time() < began + 5:
            assert await kept.claim("place", record) == record
            await asyncio.sleep(0.1)
        answer = Answer(201, [(b"location", b"/x/1")], b"{}")
        await claim.keep(b"hash", answer)
    assert await kept.claim("place", record) == Record("POST /x", b"hash", answer)
    stored = await bus.jetstream.get_last_msg(f"KV_{BUCKET}", f"$KV.{BUCKET}.place")
    assert Header.MSG_TTL.value not in (stored.headers or {})

    monkeypatch.setattr(answers, "CLAIM_SECONDS", 1)
    lost = await kept.claim("another-place", record)
    assert isinstance(lost, int)
    monkeypatch.setattr(answers, "CLAIM_SECONDS", 60)
    async with asyncio.timeout(30):
        while not isinstance(taken := await kept.claim("another-place", record), int):  # noqa: ASYNC110 - the server ends it
            await asyncio.sleep(0.05)
    for write in (kept.keep("another-place", record, lost), kept.release("another-place", lost)):
        with pytest.raises(AppError):
            await write
    await kept.release("another-place", taken)
    assert isinstance(await kept.claim("another-place", record), int)


@given(
    st.lists(st.text("ab-").map(str.encode)),
    st.lists(st.text("ab-").map(str.encode)),
    st.sampled_from([b"ab", b"a", b"aab", b""]),
)
def test_a_hash_does_not_depend_on_chunks(one: list[bytes], two: list[bytes], boundary: bytes) -> None:
    def digest(chunks: list[bytes]) -> bytes:
        body = BodyHash(b"secret", boundary)
        for chunk in chunks:
            body.update(chunk)
        return body.digest()

    assert digest(one) == digest([b"".join(one)])
    if not boundary:
        assert (digest(one) == digest(two)) == (b"".join(one) == b"".join(two))
