"""Killed at the worst moment: every acknowledged event is there exactly once, imports end."""

import csv
import io
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import psutil
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


class _Stream:
    """Four senders of events into a dataset of their own, and the ids that were acknowledged."""

    def __init__(self, product: Product) -> None:
        with product.client() as admin:
            self._dataset_id = created(admin.post("/api/v1/datasets", json={"name": "stream"}))["id"]
            token = created(admin.post("/api/v1/tokens", json={"name": "t", "dataset_ids": [self._dataset_id]}))
        self._path = f"{product.base_url}/api/v1/datasets/{self._dataset_id}/events"
        self._headers = {"Authorization": f"Bearer {token['secret']}"}
        self.acknowledged: set[str] = set()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send until the block ends; a sender gives up where nobody answers."""
        run, stop = uuid4(), threading.Event()

        def send(sender: int) -> None:
            number = 0
            with httpx.Client(headers=self._headers, timeout=30) as client:
                while not stop.is_set():
                    ids = [f"{run}-{sender}-{number + place}" for place in range(3)]
                    number += 3
                    batch = [{"event_id": id_, "customer_id": f"c{sender}", "action_type": "visit"} for id_ in ids]
                    try:
                        if client.post(self._path, json=batch).status_code == 202:
                            self.acknowledged.update(ids)
                    except httpx.TransportError:
                        return

        senders = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
        for thread in senders:
            thread.start()
        yield
        stop.set()
        for thread in senders:
            thread.join()

    def check(self, admin: httpx.Client) -> None:
        """Every acknowledged event is there exactly once."""
        assert len(self.acknowledged) > 50
        give_up_at = time.monotonic() + 20
        while True:
            found = _ids_in(admin, self._dataset_id)
            if self.acknowledged <= set(found) or time.monotonic() > give_up_at:
                break
            time.sleep(0.2)
        assert not self.acknowledged - set(found), "acknowledged events are lost"
        assert len(found) == len(set(found)), "events are doubled"


class _Import:
    """An import of many rows into a dataset of its own, with the first of them read."""

    rows_count = 400_000

    def __init__(self, admin: httpx.Client) -> None:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["customer", "action", "time"])
        writer.writerows(
            (f"c{row % 5000}", f"step {row % 12}", f"2024-01-{1 + row % 28:02d} 10:{row % 60:02d}:00")
            for row in range(self.rows_count)
        )
        dataset = created(admin.post("/api/v1/datasets", json={"name": "file"}))
        self._dataset_path = f"/api/v1/datasets/{dataset['id']}"
        started = admin.post(
            f"{self._dataset_path}/imports",
            files={"file": ("big.csv", text.getvalue().encode())},
            data={"mapping": json.dumps(MAPPING_SIMPLE)},
        )
        self._path = f"/api/v1/imports/{created(started, 202)['id']}"
        give_up_at = time.monotonic() + 30
        while created(admin.get(self._path), 200)["rows_read"] == 0 and time.monotonic() < give_up_at:
            time.sleep(0.01)

    def is_running(self, admin: httpx.Client) -> bool:
        return bool(created(admin.get(self._path), 200)["status"] == "running")

    def check(self, admin: httpx.Client) -> None:
        """It ends with every row taken exactly once."""
        done = ended(admin, self._path)
        assert (done["status"], done["rows_read"]) == ("completed", self.rows_count)
        stats = created(admin.get(self._dataset_path), 200)
        assert (stats["events"], stats["customers"]) == (self.rows_count, 5000)
        report = created(admin.get(f"{self._dataset_path}/reports/daily"), 200)
        assert report["touchpoints"] == self.rows_count


def test_stream_of_events_survives_kills(fresh_product: Product) -> None:
    fresh_product.start()
    stream = _Stream(fresh_product)
    for _ in range(2):
        with stream.running():
            time.sleep(random.uniform(0.7, 1.3))
            fresh_product.kill()
        fresh_product.start()
    with fresh_product.client() as admin:
        stream.check(admin)


def test_import_survives_a_kill(fresh_product: Product) -> None:
    fresh_product.start()
    with fresh_product.client() as admin:
        work = _Import(admin)
    fresh_product.kill()
    fresh_product.start()
    with fresh_product.client() as admin:
        work.check(admin)


def test_both_survive_a_kill_of_the_event_store_alone(fresh_product: Product) -> None:
    """The others live on for a moment and still acknowledge; then all end, and are started again from outside."""
    fresh_product.start()
    stream = _Stream(fresh_product)
    with fresh_product.client() as admin, stream.running():
        work = _Import(admin)
        assert fresh_product.process
        family = psutil.Process(fresh_product.process.pid).children(recursive=True)
        (ingest,) = (child for child in family if "--target=ingest" in child.cmdline())
        assert work.is_running(admin)
        ingest.kill()
        assert fresh_product.process.wait(30) == 1
    assert fresh_product.process.stdout
    fresh_product.process.stdout.close()
    fresh_product.start()
    with fresh_product.client() as admin:
        stream.check(admin)
        work.check(admin)
