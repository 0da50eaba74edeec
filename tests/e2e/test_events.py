"""Events of external systems: tokens, answers, enrichment, and visible within two seconds."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from cjm_testkit.product import Product, created

EVENT = {"customer_id": "c-1042", "action_type": "add_to_cart", "time": "2024-05-07T10:00:00Z"}
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"  # noqa: E501
TABLET = "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1"  # noqa: E501
DESKTOP = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)


@pytest.fixture
def token(admin: httpx.Client, dataset: dict[str, Any], new_name: Callable[[str], str]) -> dict[str, Any]:
    return created(admin.post("/api/v1/tokens", json={"name": new_name("token"), "dataset_ids": [dataset["id"]]}))


@pytest.fixture
def system(product: Product, token: dict[str, Any]) -> Iterator[httpx.Client]:
    with product.system(token["secret"]) as client:
        yield client


def stored(admin: httpx.Client, dataset_id: str, count: int) -> list[dict[str, Any]]:
    """Wait until so many events are visible; two seconds are promised."""
    give_up_at = time.monotonic() + 10
    while True:
        answer = admin.get(f"/api/v1/datasets/{dataset_id}/events", params={"limit": 200})
        items: list[dict[str, Any]] = created(answer, 200)["items"]
        if len(items) >= count or time.monotonic() > give_up_at:
            assert len(items) == count
            return items
        time.sleep(0.05)


def test_single_event(system: httpx.Client, admin: httpx.Client, dataset: dict[str, Any]) -> None:
    answer = system.post(f"/api/v1/datasets/{dataset['id']}/events", json=EVENT)
    assert created(answer, 202) == {"accepted": 1, "rejected": []}
    event = stored(admin, dataset["id"], 1)[0]
    assert (event["customer_id"], event["action_type"], event["time"]) == (
        "c-1042",
        "add_to_cart",
        "2024-05-07T10:00:00.000Z",
    )


@pytest.mark.parametrize("is_ndjson", [False, True])
def test_batch_with_bad_events(
    system: httpx.Client, admin: httpx.Client, dataset: dict[str, Any], *, is_ndjson: bool
) -> None:
    batch: list[dict[str, Any]] = [
        EVENT,
        {**EVENT, "customer_id": ""},
        {"customer_id": "c-2", "time": "2024-05-07T10:00:00Z"},
        {**EVENT, "time": "yesterday"},
        {**EVENT, "colour": "red"},
        {**EVENT, "customer_id": 17, "value": 9.5, "properties": {"colour": "red"}},
    ]
    if is_ndjson:
        content, kind = "\n".join(map(json.dumps, batch)), "application/x-ndjson"
    else:
        content, kind = json.dumps(batch), "application/json"
    path = f"/api/v1/datasets/{dataset['id']}/events"
    body = created(system.post(path, content=content, headers={"Content-Type": kind}), 202)
    assert body["accepted"] == 2
    assert [(item["index"], item["field"]) for item in body["rejected"]] == [
        (1, "customer_id"),
        (2, "action_type"),
        (3, "time"),
        (4, "colour"),
    ]
    assert all(item["reason"] and item["detail"] for item in body["rejected"])
    assert sorted(event["customer_id"] for event in stored(admin, dataset["id"], 2)) == ["17", "c-1042"]


def test_same_event_id_counts_once(system: httpx.Client, admin: httpx.Client, dataset: dict[str, Any]) -> None:
    path = f"/api/v1/datasets/{dataset['id']}/events"
    event = {**EVENT, "event_id": "order-17"}
    for _ in range(3):
        created(system.post(path, json=event), 202)
    stored(admin, dataset["id"], 1)
    created(system.post(path, json=[event, event, {**event, "event_id": "order-18"}]), 202)
    assert {item["event_id"] for item in stored(admin, dataset["id"], 2)} == {"order-17", "order-18"}


def test_distinct_answers_for_distinct_mistakes(
    system: httpx.Client, product: Product, dataset: dict[str, Any], admin: httpx.Client, new_name: Callable[[str], str]
) -> None:
    path = f"/api/v1/datasets/{dataset['id']}/events"
    anonymous = httpx.post(product.base_url + path, json=EVENT)
    with product.system("cjm_not-a-token") as stranger:
        unknown = stranger.post(path, json=EVENT)
    empty = system.post(path, content=b"")
    no_json = system.post(path, content=b"{", headers={"Content-Type": "application/json"})
    bad_field = system.post(path, json={**EVENT, "colour": "red"})
    wrong_method = system.get("/api/v1/session")
    other = created(admin.post("/api/v1/datasets", json={"name": new_name("other")}))
    foreign = system.post(f"/api/v1/datasets/{other['id']}/events", json=EVENT)
    header_without_space = httpx.post(product.base_url + path, json=EVENT, headers={"Authorization": "Bearer"})
    assert (anonymous.status_code, anonymous.json()["reason"]) == (401, "unauthenticated")
    assert (unknown.status_code, unknown.json()["reason"]) == (401, "token_invalid")
    assert (empty.status_code, empty.json()["reason"]) == (400, "body_empty")
    assert (no_json.status_code, no_json.json()["reason"]) == (400, "body_not_json")
    assert bad_field.status_code == 400
    assert bad_field.json()["errors"][0]["field"] == "colour"
    assert wrong_method.status_code == 405
    assert foreign.status_code in {403, 404}
    assert header_without_space.status_code == 401


def test_token_is_shown_once_and_can_be_revoked(
    system: httpx.Client, admin: httpx.Client, token: dict[str, Any], dataset: dict[str, Any]
) -> None:
    path = f"/api/v1/datasets/{dataset['id']}/events"
    created(system.post(path, json=EVENT), 202)
    listed = next(item for item in admin.get("/api/v1/tokens").json()["items"] if item["id"] == token["id"])
    assert "secret" not in listed
    assert token["secret"] not in json.dumps(listed)
    assert listed["scopes"] == ["events:write"]
    for reading in ("", "/events", "/reports/daily", "/journeys-count"):
        assert system.get(f"/api/v1/datasets/{dataset['id']}{reading}").status_code in {401, 403}
    assert admin.delete(f"/api/v1/tokens/{token['id']}").status_code == 204
    refused = system.post(path, json=EVENT)
    assert (refused.status_code, refused.json()["reason"]) == (401, "token_invalid")


@pytest.mark.parametrize(("agent", "category"), [(PHONE, "mobile"), (TABLET, "tablet"), (DESKTOP, "desktop")])
def test_device_is_filled_in_only_when_it_was_not_sent(
    system: httpx.Client, admin: httpx.Client, dataset: dict[str, Any], agent: str, category: str
) -> None:
    path = f"/api/v1/datasets/{dataset['id']}/events"
    system.post(path, json={"customer_id": "a", "action_type": "visit"}, headers={"User-Agent": agent})
    own = {"customer_id": "b", "action_type": "visit", "device_category": "kiosk", "time": "2020-01-01T00:00:00Z"}
    system.post(path, json=own, headers={"User-Agent": agent})
    by_customer = {event["customer_id"]: event for event in stored(admin, dataset["id"], 2)}
    filled = by_customer["a"]
    assert filled["fields"]["device_category"] == category
    assert filled["fields"]["device_os"]
    assert filled["fields"]["device_browser"]
    assert abs(time.time() - _epoch(filled["time"])) < 60
    assert by_customer["b"]["fields"]["device_category"] == "kiosk"
    assert by_customer["b"]["time"] == "2020-01-01T00:00:00.000Z"


def _epoch(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


def test_a_deleted_dataset_takes_nothing_until_it_is_back_with_all_that_was_in_it(
    system: httpx.Client, admin: httpx.Client, dataset: dict[str, Any]
) -> None:
    path = f"/api/v1/datasets/{dataset['id']}"
    created(system.post(f"{path}/events", json=EVENT), 202)
    before = stored(admin, dataset["id"], 1)
    assert admin.delete(path).status_code == 204

    def sent(status: int) -> dict[str, Any]:
        """What a sender gets, once the services have heard of the change."""
        give_up_at = time.monotonic() + 10
        while (answer := system.post(f"{path}/events", json=EVENT)).status_code != status:
            assert time.monotonic() < give_up_at, answer.text
            time.sleep(0.05)
        return dict(answer.json())

    assert sent(404)["reason"] == "dataset_not_found"
    assert admin.get(f"{path}/events").status_code == 404
    assert admin.post(f"{path}/restore").status_code == 204
    assert sent(202)["accepted"] == 1
    kept = [event["event_id"] for event in before]
    give_up_at = time.monotonic() + 10
    while (answer := admin.get(f"{path}/events", params={"limit": 200})).status_code != 200:
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    assert set(kept) <= {event["event_id"] for event in answer.json()["items"]}
