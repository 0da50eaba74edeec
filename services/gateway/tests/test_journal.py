"""Deleting, restoring and exporting over REST, and the journal of it."""

import httpx
import pytest

from .conftest import Running


async def test_a_deleted_dataset_is_told_and_comes_back(admin: httpx.AsyncClient, dataset_id: str) -> None:
    path = f"/api/v1/datasets/{dataset_id}"
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).status_code == 404
    (entry,) = (await admin.get("/api/v1/journal?kind=deleted")).json()["items"]
    told = {name: entry[name] for name in ("kind", "object", "object_id", "name", "dataset_name", "created_by")}
    assert told == {
        "kind": "deleted",
        "object": "dataset",
        "object_id": dataset_id,
        "name": "Web shop",
        "dataset_name": "Web shop",
        "created_by": "admin",
    }
    assert entry["restorable_until"] > entry["created_at"]
    assert entry["can_restore"]
    assert (await admin.post(f"{path}/restore")).status_code == 204
    assert (await admin.get(path)).json()["name"] == "Web shop"
    listed = (await admin.get(f"/api/v1/journal?dataset_id={dataset_id}")).json()["items"]
    states = [(item["kind"], item["restorable_until"], item["can_restore"]) for item in listed]
    assert states == [("restored", None, False), ("deleted", None, False)]
    assert (await admin.delete(f"{path}?for_good=true")).status_code == 204
    answer = await admin.post(f"{path}/restore")
    assert (answer.status_code, answer.json()["reason"]) == (404, "dataset_not_found")


async def test_an_export_is_told(admin: httpx.AsyncClient, dataset_id: str) -> None:
    body = {"object": "map", "format": "svg", "address": "/explore/map?steps=12"}
    made = await admin.post(f"/api/v1/datasets/{dataset_id}/exports", json=body)
    assert made.status_code == 201
    assert (await admin.get("/api/v1/journal?kind=exported&kind=fixed")).json()["items"] == [made.json()]
    assert {name: made.json()[name] for name in body} == body
    assert (made.json()["object_id"], made.json()["events_changed"]) == (None, None)
    for changes in ({"object": "world"}, {"format": "exe"}, {"address": "//elsewhere.example"}):
        answer = await admin.post(f"/api/v1/datasets/{dataset_id}/exports", json={**body, **changes})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, next(iter(changes)))


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/v1/journal"), ("POST", "/api/v1/datasets/{}/exports"), ("POST", "/api/v1/datasets/{}/restore")],
)
async def test_only_staff_may(
    running: Running, system: httpx.AsyncClient, dataset_id: str, method: str, path: str
) -> None:
    for client, status in ((running.client(), 401), (system, 403)):
        answer = await client.request(method, path.format(dataset_id), json={})
        assert answer.status_code == status
