"""Signing in, staff, rights: what each person can and cannot do, tried from outside."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from cjm_testkit.product import ADMIN_PASSWORD, Product, created

PASSWORD = "thirty characters are no problem"


@pytest.fixture
def make_user(admin: httpx.Client, product: Product, new_name: Callable[[str], str]) -> Iterator[Callable[..., Any]]:
    clients: list[httpx.Client] = []

    def make(role: str = "analyst") -> tuple[dict[str, Any], httpx.Client]:
        name = new_name("user").replace(" ", "-")
        user = created(admin.post("/api/v1/users", json={"username": name, "password": PASSWORD, "role": role}))
        clients.append(product.client(name, PASSWORD))
        return user, clients[-1]

    yield make
    for client in clients:
        client.close()


def test_wrong_password_opens_no_session(product: Product) -> None:
    with httpx.Client(base_url=product.base_url) as client:
        unknown = client.post("/api/v1/session", json={"username": "nobody", "password": "x" * 12})
        wrong = client.post("/api/v1/session", json={"username": "admin", "password": "wrong password"})
        assert unknown.status_code == wrong.status_code == 401
        assert unknown.json()["reason"] == wrong.json()["reason"] == "wrong_credentials"
        assert unknown.json()["detail"] == wrong.json()["detail"]
        assert not client.cookies
        assert client.get("/api/v1/me").status_code == 401


def test_sign_out_ends_the_session(product: Product) -> None:
    with product.client() as client:
        assert client.get("/api/v1/me").json()["user"]["username"] == "admin"
        cookie = f"cjm_session={client.cookies['cjm_session']}"
        assert client.delete("/api/v1/session").status_code == 204
        assert client.get("/api/v1/me", headers={"Cookie": cookie}).status_code == 401


def test_change_password(make_user: Callable[..., Any], product: Product) -> None:
    user, client = make_user()
    change = {"old_password": "not this one", "new_password": "another password of mine"}
    assert client.put("/api/v1/me/password", json=change).status_code == 400
    change["old_password"] = PASSWORD
    assert client.put("/api/v1/me/password", json=change).status_code == 204
    assert client.get("/api/v1/me").status_code == 200
    with httpx.Client(base_url=product.base_url) as other:
        old = other.post("/api/v1/session", json={"username": user["username"], "password": PASSWORD})
        assert old.status_code == 401
    product.client(user["username"], change["new_password"]).close()


def test_staff_cannot_manage(make_user: Callable[..., Any]) -> None:
    user, client = make_user()
    body = {"username": "x", "password": PASSWORD, "role": "admin"}
    assert client.post("/api/v1/users", json=body).status_code == 403
    assert client.patch(f"/api/v1/users/{user['id']}", json={"role": "admin"}).status_code == 403
    assert client.get("/api/v1/tokens").status_code == 403
    assert client.post("/api/v1/tokens", json={"name": "t", "dataset_ids": []}).status_code == 403


def test_who_may_edit_whom(admin: httpx.Client, make_user: Callable[..., Any]) -> None:
    superuser = admin.get("/api/v1/me").json()["user"]
    first, first_client = make_user("admin")
    second, _ = make_user("admin")
    analyst, analyst_client = make_user()
    assert superuser["is_superuser"]
    for target in (first, second, superuser):
        assert first_client.patch(f"/api/v1/users/{target['id']}", json={"is_disabled": True}).status_code == 403
    assert admin.patch(f"/api/v1/users/{superuser['id']}", json={"role": "analyst"}).status_code == 403
    assert first_client.patch(f"/api/v1/users/{analyst['id']}", json={"is_disabled": True}).status_code == 200
    assert analyst_client.get("/api/v1/me").status_code == 401
    assert admin.patch(f"/api/v1/users/{second['id']}", json={"role": "analyst"}).status_code == 200


def test_private_dataset_is_invisible_to_others(make_user: Callable[..., Any], new_name: Callable[[str], str]) -> None:
    _, owner = make_user()
    _, other = make_user()
    private = created(owner.post("/api/v1/datasets", json={"name": new_name("private")}))
    public = created(owner.post("/api/v1/datasets", json={"name": new_name("public"), "is_public": True}))
    seen = {item["id"] for item in other.get("/api/v1/datasets", params={"limit": 200}).json()["items"]}
    assert public["id"] in seen
    assert private["id"] not in seen
    path = f"/api/v1/datasets/{private['id']}"
    questions = (
        "/events",
        "/reports/daily",
        "/directly-follows",
        "/variants",
        "/fields/action_type/values",
        "/journeys-count",
    )
    for tail in ("", "/grants", *questions):
        assert other.get(path + tail).status_code == 404, tail
    assert other.patch(path, json={"is_public": True}).status_code == 404
    assert other.delete(path).status_code == 404
    assert other.patch(f"/api/v1/datasets/{public['id']}", json={"name": "mine"}).status_code == 403
    assert other.delete(f"/api/v1/datasets/{public['id']}").status_code == 403


def test_grant_allows_analysis_until_it_is_taken_back(
    admin: httpx.Client, make_user: Callable[..., Any], new_name: Callable[[str], str]
) -> None:
    user, client = make_user()
    public = created(admin.post("/api/v1/datasets", json={"name": new_name("public"), "is_public": True}))
    path = f"/api/v1/datasets/{public['id']}"
    body = {"dataset_id": public["id"], "kind": "directly_follows"}
    assert client.post("/api/v1/analyses", json=body).status_code == 403
    assert client.get(f"{path}/directly-follows").status_code == 403
    assert client.get(f"{path}/reports/daily").status_code == 200
    assert client.get(f"{path}/journeys-count").status_code == 200
    values = f"{path}/fields/action_type/values"
    assert client.get(values, params={"f": "device_category:mobile"}).status_code == 200
    refused = client.get(values, params={"f": "step:purchase"})
    assert (refused.status_code, refused.json()["reason"]) == (403, "dataset_analysis_not_allowed")
    assert client.post(f"{path}/grants", json={"user_id": user["id"]}).status_code == 403
    created(admin.post(f"{path}/grants", json={"user_id": user["id"]}))
    assert client.post("/api/v1/analyses", json=body).status_code == 202
    assert admin.delete(f"{path}/grants/{user['id']}").status_code == 204
    assert client.post("/api/v1/analyses", json=body).status_code == 403


def test_dataset_name_is_unique(admin: httpx.Client, new_name: Callable[[str], str]) -> None:
    name = new_name("Unique")
    created(admin.post("/api/v1/datasets", json={"name": name}))
    again = admin.post("/api/v1/datasets", json={"name": name.upper()})
    assert again.status_code == 409
    assert again.json()["reason"] == "dataset_name_taken"


def test_unsafe_requests_need_the_csrf_token(product: Product) -> None:
    with product.client() as client:
        del client.headers["X-CSRF-Token"]
        refused = client.post("/api/v1/datasets", json={"name": "forged"})
        assert refused.status_code == 403
        assert refused.json()["reason"] == "csrf_token_wrong"
        client.headers["X-CSRF-Token"] = "wrong"
        assert client.delete("/api/v1/session").status_code == 403


def test_too_many_attempts_are_slowed_down(make_user: Callable[..., Any], product: Product) -> None:
    user, _ = make_user()
    with httpx.Client(base_url=product.base_url) as client:
        body = {"username": user["username"], "password": "wrong password"}
        codes = [client.post("/api/v1/session", json=body).status_code for _ in range(11)]
        assert codes[:10] == [401] * 10
        assert codes[10] == 429
        locked = client.post("/api/v1/session", json={"username": user["username"], "password": PASSWORD})
        assert locked.status_code == 429
        assert int(locked.headers["Retry-After"]) > 0
    product.client("admin", ADMIN_PASSWORD).close()


def test_every_failure_is_a_problem(admin: httpx.Client, product: Product) -> None:
    answers = [
        admin.get("/api/v1/nothing-here"),
        admin.get("/api/v1/datasets/not-a-uuid"),
        admin.get("/api/v1/analyses/00000000-0000-0000-0000-000000000000"),
        admin.put("/api/v1/datasets"),
        admin.post("/api/v1/datasets", content=b"{", headers={"Content-Type": "application/json"}),
        admin.post("/api/v1/datasets", json={"name": ""}),
        admin.post("/api/v1/datasets", json={}),
        httpx.get(product.base_url + "/api/v1/me"),
        httpx.get(product.base_url + "/v1/nothing"),
    ]
    for answer, status in zip(answers, [404, 404, 404, 405, 400, 400, 400, 401, 404], strict=True):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        body = answer.json()
        assert body["status"] == status
        assert body["reason"]
        assert body["detail"]
        assert body["request_id"] == answer.headers["x-request-id"]
