"""Sessions, CSRF, accounts, and who may call what."""

import asyncio
from typing import Any

import httpx
import pytest

from cjm_gateway.entrypoints.http.app import create_app

SOME_ID = "00000000-0000-0000-0000-000000000001"


async def test_signing_in_and_out(running: Any, admin: httpx.AsyncClient) -> None:
    browser = running.client()
    answer = await browser.post("/api/v1/session", json={"username": "admin", "password": "wrong"})
    assert (answer.status_code, answer.json()["reason"]) == (401, "wrong_credentials")
    assert "set-cookie" not in answer.headers
    me = await admin.get("/api/v1/me")
    assert me.json()["user"]["username"] == "admin"
    assert me.json()["features"] == {"telegram": True, "max_upload_bytes": 3_000_000}
    assert me.json()["csrf_token"] == admin.headers["X-CSRF-Token"]
    secret = admin.cookies["cjm_session"]
    assert (await admin.delete("/api/v1/session")).status_code == 204
    answer = await browser.get("/api/v1/me", headers={"Cookie": f"cjm_session={secret}"})
    assert answer.status_code == 401
    assert (await browser.get("/api/v1/me")).json()["reason"] == "unauthenticated"


async def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(running: Any) -> None:
    credentials = {"username": "admin", "password": "admin's password for tests"}
    answer = await running.client().post("/api/v1/session", json=credentials)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert "strict-transport-security" not in answer.headers
    running.settings.public_https = True
    answer = await running.client().post("/api/v1/session", json=credentials)
    assert "secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:5173"}, 401),
        ({}, 401),
    ],
)
async def test_another_site_cannot_sign_somebody_in(running: Any, headers: dict[str, str], status: int) -> None:
    body = {"username": "admin", "password": "wrong"}
    answer = await running.client().post("/api/v1/session", json=body, headers=headers)
    assert answer.status_code == status
    form = await running.client().post("/api/v1/session", data=body)
    assert (form.status_code, form.json()["reason"]) == (415, "media_type_unsupported")


async def test_guessing_a_password_is_slowed_down(running: Any) -> None:
    browser = running.client()
    for _ in range(30):
        answer = await browser.post("/api/v1/session", json={"username": "admin", "password": "wrong"})
        if answer.status_code == 429:
            break
    assert answer.json()["reason"] == "too_many_attempts"
    assert int(answer.headers["retry-after"]) > 0


async def test_changing_the_own_password_keeps_this_session_and_ends_others(running: Any, analyst: Any) -> None:
    old = "analyst's password for tests"
    other = await running.sign_in("ana", old)
    answer = await analyst.put("/api/v1/me/password", json={"old_password": "no", "new_password": "x" * 30})
    assert (answer.status_code, answer.json()["reason"]) == (400, "password_wrong")
    answer = await analyst.put("/api/v1/me/password", json={"old_password": old, "new_password": "x"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "password_too_short")
    answer = await analyst.put("/api/v1/me/password", json={"old_password": old, "new_password": "x" * 30})
    assert answer.status_code == 204
    assert (await analyst.get("/api/v1/me")).status_code == 200
    assert (await other.get("/api/v1/me")).status_code == 401
    await running.sign_in("ana", "x" * 30)


async def test_every_unsafe_request_needs_the_csrf_token(admin: httpx.AsyncClient) -> None:
    for method, path in [("POST", "/api/v1/datasets"), ("PATCH", f"/api/v1/users/{SOME_ID}")]:
        for value in (b"", b"wrong", "ключ".encode()):
            answer = await admin.request(method, path, json={"name": "x"}, headers={b"X-CSRF-Token": value})
            assert (answer.status_code, answer.json()["reason"]) == (403, "csrf_token_wrong")
    assert (await admin.get("/api/v1/datasets")).json()["items"] == []


async def test_accounts_and_the_rules_for_changing_them(admin: httpx.AsyncClient, analyst: Any) -> None:
    people = {user["username"]: user for user in (await admin.get("/api/v1/users")).json()["items"]}
    assert people["ana"]["role"] == "analyst"
    path = f"/api/v1/users/{people['ana']['id']}"
    assert (await admin.patch(path, json={"role": "admin"})).json()["role"] == "admin"
    answer = await admin.patch(f"/api/v1/users/{people['admin']['id']}", json={"is_disabled": True})
    assert answer.status_code == 403
    assert (await admin.patch(path, json={"is_disabled": True})).json()["is_disabled"] is True
    assert (await analyst.get("/api/v1/me")).status_code == 401
    body = {"username": "ANA", "password": "long enough", "role": "analyst"}
    answer = await admin.post("/api/v1/users", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (409, "username_taken")


async def test_an_analyst_sees_of_others_only_what_is_told(admin: httpx.AsyncClient, analyst: Any) -> None:
    made = {user["username"]: user["created_at"] for user in (await admin.get("/api/v1/users")).json()["items"]}
    assert all(made.values())
    seen = {user["username"]: user["created_at"] for user in (await analyst.get("/api/v1/users")).json()["items"]}
    assert seen == dict.fromkeys(made)
    assert (await analyst.get("/api/v1/me")).json()["user"]["created_at"] == made["ana"]


def _operations() -> list[tuple[str, str]]:
    paths = create_app().openapi()["paths"]
    return [(method.upper(), path) for path, item in paths.items() for method in item if path.startswith("/api/")]


def _url(path: str) -> str:
    for name in ("dataset_id", "user_id", "token_id", "mapping_id", "import_id", "analysis_id"):
        path = path.replace(f"{{{name}}}", SOME_ID)
    return path.replace("{format}", "svg").replace("{field}", "device_os")


# All at once: whatever is looked at before the caller gives another answer.
_FAULTY_PARAMETERS = {"no_such": "1", "limit": "many"}
_FAULTY_HEADERS = {"Idempotency-Key": "", "Content-Encoding": "br"}
_FAULTY_BODIES = {
    "application/json": b"{",
    "multipart/form-data": b" " * ((1 << 20) + 1),  # no boundary, and larger than most routes read
}


@pytest.mark.parametrize("media_type", _FAULTY_BODIES)
async def test_every_route_refuses_strangers_and_tokens_before_it_looks_at_the_request(
    running: Any, system: httpx.AsyncClient, media_type: str
) -> None:
    content, headers = _FAULTY_BODIES[media_type], {"Content-Type": media_type, **_FAULTY_HEADERS}
    faults: Any = {"params": _FAULTY_PARAMETERS, "content": content, "headers": headers}
    strangers = [
        (running.client(), "unauthenticated"),
        (running.client(Cookie="cjm_session=forged"), "unauthenticated"),
        (running.client(Authorization="Bearer cjm_wrong"), "token_invalid"),
    ]
    operations = [item for item in _operations() if item != ("POST", "/api/v1/session")]
    assert len(operations) > 60
    assert ("GET", "/api/v1/tokens/{token_id}/received") in operations
    for method, path in operations:
        for client, reason in strangers:
            answer = await client.request(method, _url(path), **faults)
            assert (answer.status_code, answer.json()["reason"]) == (401, reason), (method, path, answer.text)
        answer = await system.request(method, _url(path), **faults)
        if (method, path) == ("POST", "/api/v1/datasets/{dataset_id}/events"):
            assert answer.json()["reason"] == "dataset_not_found"
        else:
            assert (answer.status_code, answer.json()["reason"]) == (403, "staff_only"), (method, path)


async def test_a_wrong_csrf_token_is_said_before_anything_else(admin: httpx.AsyncClient) -> None:
    headers = {"X-CSRF-Token": "wrong", "Content-Type": "application/json"}
    answer = await admin.post("/api/v1/users?no_such=1", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (403, "csrf_token_wrong")


async def test_what_only_an_administrator_may_do(
    admin: httpx.AsyncClient, analyst: Any, token: dict[str, Any], dataset_id: str
) -> None:
    await admin.patch(f"/api/v1/datasets/{dataset_id}", json={"is_public": True})
    admin_id = (await admin.get("/api/v1/me")).json()["user"]["id"]
    grants = f"/api/v1/datasets/{dataset_id}/grants"
    attempts = [
        ("POST", "/api/v1/users", {"username": "eve", "password": "long enough", "role": "admin"}),
        ("PATCH", f"/api/v1/users/{admin_id}", {"role": "analyst"}),
        ("GET", "/api/v1/tokens", None),
        ("POST", "/api/v1/tokens", {"name": "x", "dataset_ids": [dataset_id]}),
        ("DELETE", f"/api/v1/tokens/{token['id']}", None),
        ("GET", grants, None),
        ("POST", grants, {"username": "ana"}),
        ("PUT", f"{grants}/{admin_id}", None),
        ("DELETE", f"{grants}/{admin_id}", None),
        ("PATCH", f"/api/v1/datasets/{dataset_id}", {"name": "mine"}),
        ("DELETE", f"/api/v1/datasets/{dataset_id}", None),
    ]
    for method, path, body in attempts:
        answer = await analyst.request(method, path, json=body)
        assert answer.status_code == 403, (method, path, answer.text)


async def test_a_foreign_dataset_is_not_there(admin: httpx.AsyncClient, analyst: Any, dataset_id: str) -> None:
    assert dataset_id not in str((await analyst.get("/api/v1/datasets")).json())
    for method, path in _operations():
        # Ingest and metrics refuse the rest themselves, as their own tests show.
        is_refused_here = not any(word in path for word in ("events", "fields", "quality", "reports", "step-aliases"))
        if "{dataset_id}" in path and is_refused_here:
            body = {"name": "x", "username": "ana"} if path.endswith(("grants", "{dataset_id}")) else None
            answer = await analyst.request(method, path.replace("{dataset_id}", dataset_id), json=body)
            assert answer.status_code in {403, 404, 400}, (method, path, answer.text)
            if method == "GET":
                is_question = path.endswith("path-times")
                assert answer.status_code == (400 if is_question else 404), (method, path, answer.text)
    body = {"dataset_id": dataset_id, "kind": "alpha"}
    assert (await analyst.post("/api/v1/analyses", json=body)).status_code == 404


async def test_grants_open_a_private_dataset(admin: httpx.AsyncClient, analyst: Any, dataset_id: str) -> None:
    path = f"/api/v1/datasets/{dataset_id}/grants"
    grant = (await admin.post(path, json={"username": "ana"})).json()
    assert grant["username"] == "ana"
    assert [item["user_id"] for item in (await admin.get(path)).json()["items"]] == [grant["user_id"]]
    assert (await analyst.get(f"/api/v1/datasets/{dataset_id}")).json()["access"]["can_analyse"] is True
    assert (await admin.delete(f"{path}/{grant['user_id']}")).status_code == 204
    assert (await analyst.get(f"/api/v1/datasets/{dataset_id}")).status_code == 404
    assert (await admin.put(f"{path}/{grant['user_id']}")).status_code == 200


async def test_telegram_routes(admin: httpx.AsyncClient) -> None:
    assert (await admin.get("/api/v1/telegram")).json()["enabled"] is True
    assert (await admin.post("/api/v1/telegram/code")).status_code == 201
    assert (await admin.delete("/api/v1/telegram")).status_code == 204
    answer = await admin.post("/api/v1/telegram/test")
    assert (answer.status_code, answer.json()["reason"]) == (404, "telegram_not_linked")


async def test_requests_at_the_same_time_keep_their_own_identity(admin: httpx.AsyncClient, analyst: Any) -> None:
    answers = await asyncio.gather(*((admin if index % 2 else analyst).get("/api/v1/me") for index in range(40)))
    names = [answer.json()["user"]["username"] for answer in answers]
    assert names == ["admin" if index % 2 else "ana" for index in range(40)]
