"""Killed at the worst moment: every acknowledged event is there exactly once, imports end."""

import csv
import io
import random
import threading
import time
from typing import Any

import httpx
import pytest

from cjm_testkit.product import MAPPING_SIMPLE, Product, created, ended

pytestmark = pytest.mark.slow


def _ids_in(client: httpx.Client, dataset_id: str) -> list[str]:
    ids, cursor = [], None
    while True:
        parameters: dict[str, Any] = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        page = created(client.get(f"/api/v1/datasets/{dataset_id}/events", params=parameters), 200)
        ids += [event["event_id"] for event in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            return ids


def test_stream_of_events_survives_kills(fresh_product: Product) -> None:
    fresh_product.start()
    with fresh_product.client() as admin:
        dataset = created(admin.post("/api/v1/datasets", json={"name": "stream"}))
        token = created(admin.post("/api/v1/tokens", json={"name": "t", "dataset_ids": [dataset["id"]]}))
    acknowledged: set[str] = set()
    path = f"{fresh_product.base_url}/api/v1/datasets/{dataset['id']}/events"
    headers = {"Authorization": f"Bearer {token['secret']}"}
    for run in range(2):
        stop = threading.Event()

        def send(sender: int, run: int = run, stop: threading.Event = stop) -> None:
            number = 0
            with httpx.Client(headers=headers, timeout=30) as client:
                while not stop.is_set():
                    ids = [f"{run}-{sender}-{number + place}" for place in range(3)]
                    number += 3
                    batch = [{"event_id": id_, "customer_id": f"c{sender}", "action_type": "visit"} for id_ in ids]
                    try:
                        if client.post(path, json=batch).status_code == 202:
                            acknowledged.update(ids)
                    except httpx.TransportError:
                        return

        senders = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
        for thread in senders:
            thread.start()
        time.sleep(random.uniform(0.7, 1.3))
        fresh_product.kill()
        stop.set()
        for thread in senders:
            thread.join()
        fresh_product.start()
    assert len(acknowledged) > 50
    with fresh_product.client() as admin:
        give_up_at = time.monotonic() + 20
        while True:
            found = _ids_in(admin, dataset["id"])
            if acknowledged <= set(found) or time.monotonic() > give_up_at:
                break
            time.sleep(0.2)
    assert not acknowledged - set(found), "acknowledged events are lost"
    assert len(found) == len(set(found)), "events are doubled"


def test_import_survives_a_kill(fresh_product: Product) -> None:
    rows_count = 400_000
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["customer", "action", "time"])
    writer.writerows(
        (f"c{row % 5000}", f"step {row % 12}", f"2024-01-{1 + row % 28:02d} 10:{row % 60:02d}:00")
        for row in range(rows_count)
    )
    fresh_product.start()
    with fresh_product.client() as admin:
        import json

        dataset = created(admin.post("/api/v1/datasets", json={"name": "file"}))
        started = admin.post(
            f"/api/v1/datasets/{dataset['id']}/imports",
            files={"file": ("big.csv", text.getvalue().encode())},
            data={"mapping": json.dumps(MAPPING_SIMPLE)},
        )
        path = f"/api/v1/imports/{created(started, 202)['id']}"
        give_up_at = time.monotonic() + 30
        while created(admin.get(path), 200)["rows_read"] == 0 and time.monotonic() < give_up_at:
            time.sleep(0.01)
    fresh_product.kill()
    fresh_product.start()
    with fresh_product.client() as admin:
        done = ended(admin, path)
        assert (done["status"], done["rows_read"]) == ("completed", rows_count)
        stats = created(admin.get(f"/api/v1/datasets/{dataset['id']}"), 200)
        assert (stats["events"], stats["customers"]) == (rows_count, 5000)
        report = created(admin.get(f"/api/v1/datasets/{dataset['id']}/reports/daily"), 200)
        assert report["touchpoints"] == rows_count
