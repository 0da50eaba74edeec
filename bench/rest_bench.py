"""Events over HTTP through the gateway until they are visible, with the client on the same machine."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import uvloop

from bench.figures import Figure, at_least, at_most
from cjm_launcher.instance import free_port
from cjm_testkit.product import Product, created

_SECONDS = 10.0
_WARM_UP_SECONDS = 3.0
_BATCH_EVENTS = 500
_SINGLE_CONNECTIONS, _BATCH_CONNECTIONS = 128, 8
_SINGLES_A_SECOND, _BATCHES_A_SECOND = 4_200, 128
_ALONE_BATCHES_A_SECOND, _ALONE_CONNECTIONS = 250, 8


def run() -> list[Figure]:
    """Singles and batches together, then batches alone; every acknowledged event is counted afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        smallest = _load_of_smallest(Path(folder) / "smallest.log")  # before anything else runs
        product = Product(Path(folder), free_port(), demo=False)
        product.start()
        try:
            with product.client() as client:
                mixed = _load(product, client, "mixed", _SINGLES_A_SECOND, _BATCHES_A_SECOND)
                alone = _load(product, client, "alone", 0, _ALONE_BATCHES_A_SECOND)
        finally:
            product.stop()
    note = "offered 4 200 + 64 000 /s, client on the same machine"
    # How fast the machine is changes from minute to minute: another server and a fixed piece of work tell it.
    ratio = mixed["p99_ms"] / smallest["p99_ms"]
    reference = f"{ratio:.1f} x the {smallest['p99_ms']:.3g} ms of the smallest durable server"
    speed = f"one batch by json.loads: {mixed['decode_us']:,.0f} us before, {alone['decode_us']:,.0f} us after"
    return [
        at_least("REST together: single events", mixed["singles"], "/s", 4_000, note),
        at_least("REST together: events in batches of 500", mixed["batched"], "/s", 60_000, note),
        at_most("REST together: p99 of all requests", mixed["p99_ms"], "ms", 25, f"{reference}; {speed}"),
        at_most("REST together: acknowledged until visible", mixed["visible_seconds"], "s", 2),
        at_most("REST together: acknowledged events lost", mixed["lost"], "events", 0, f"of {mixed['sent']:,}"),
        at_least("REST batches alone", alone["batched"], "/s", 120_000, f"p99 {alone['p99_ms']:.0f} ms"),
        at_most("REST batches alone: acknowledged until visible", alone["visible_seconds"], "s", 2),
        at_most("REST batches alone: acknowledged events lost", alone["lost"], "events", 0, f"of {alone['sent']:,}"),
    ]


def _load(product: Product, client: httpx.Client, name: str, singles: int, batches: int) -> dict[str, Any]:
    dataset = created(client.post("/api/v1/datasets", json={"name": name}))
    token = created(client.post("/api/v1/tokens", json={"name": name, "dataset_ids": [dataset["id"]]}))
    figures = _send(product.port, dataset["id"], token["secret"], singles, batches)
    stored, give_up_at = -1, time.monotonic() + 30
    while time.monotonic() < give_up_at:
        stored = created(client.get(f"/api/v1/datasets/{dataset['id']}"), 200)["events"]
        if stored >= figures["sent"]:
            break
        time.sleep(0.02)
    return {**figures, "visible_seconds": time.time() - figures["ended_at"], "lost": figures["sent"] - stored}


def _load_of_smallest(log: Path) -> dict[str, Any]:
    port = free_port()
    command = [sys.executable, "-m", "bench.smallest_server", str(port), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout
            server.stdout.readline()
            return _send(port, "any", "any", _SINGLES_A_SECOND, _BATCHES_A_SECOND)
        finally:
            server.terminate()


def _send(port: int, dataset_id: str, secret: str, singles: int, batches: int) -> dict[str, Any]:
    """Send the load from a process of its own."""
    command = [sys.executable, "-m", "bench.rest_bench", str(port), dataset_id, secret, str(singles), str(batches)]
    sender = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(sender.stdout)
    return figures


def _decode_us(batch: bytes) -> float:
    """Processor time in which the standard library decodes a batch, the middle of 100."""
    times_ns = []
    for _ in range(100):
        started_ns = time.process_time_ns()
        json.loads(batch)
        times_ns.append(time.process_time_ns() - started_ns)
    return float(np.median(times_ns)) / 1000


def _event(number: int) -> dict[str, Any]:
    """An event of 20 fields, about 500 bytes."""
    return {
        "customer_id": f"customer-{number % 5000}",
        "action_type": f"step {number % 20}",
        "time": f"2024-05-07T10:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}Z",
        "session_id": f"session-{number % 5000}",
        "channel_type": "web",
        "device_browser": "Chrome",
        "device_os": "Windows",
        "device_category": "desktop",
        "traffic_source_name": "newsletter",
        "traffic_source_url": "https://news.example/42",
        "interact_item_type": "product",
        "interact_item_id": f"p-{number % 900}",
        "geo_country": "Vietnam",
        "geo_city": "Hanoi",
        "webpage_hostname": "shop.example",
        "webpage_url": f"https://shop.example/p/{number % 900}",
        "webpage_title": "A product page",
        "order_id": f"o-{number}",
        "value": number % 997 / 10,
        "currency": "EUR",
    }


class _Sender(asyncio.Protocol):
    """One keep-alive connection that sends prepared requests and times the answers."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Complete the answer when its body is whole."""
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(body) >= length and self._answer:
            self._buffer = b""
            self._answer.set_result(int(head[9:12]))

    async def send(self, request: bytes) -> int:
        """Send one request; returns the status."""
        assert self._transport
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer


async def _send_all(port: int, dataset_id: str, secret: str, singles: int, batches: int) -> dict[str, Any]:
    def request(body: bytes) -> bytes:
        head = (
            f"POST /api/v1/datasets/{dataset_id}/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {secret}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    single_requests = [request(json.dumps(_event(number)).encode()) for number in range(500)]
    batch_bodies = [
        json.dumps([_event(start * _BATCH_EVENTS + place) for place in range(_BATCH_EVENTS)]).encode()
        for start in range(8)
    ]
    batch_requests = list(map(request, batch_bodies))
    decode_us = _decode_us(batch_bodies[0])
    loop = asyncio.get_running_loop()
    begin_at = loop.time() + 0.5
    count_from, end_at = begin_at + _WARM_UP_SECONDS, begin_at + _WARM_UP_SECONDS + _SECONDS
    latencies: list[float] = []
    counted = {"single": 0, "batch": 0}
    accepted = {"single": 0, "batch": 0}

    async def work(kind: str, requests: list[bytes], place: int, connections: int, rate: float) -> None:
        _, sender = await loop.create_connection(_Sender, "127.0.0.1", port)
        pause, number = connections / rate, 0
        while (due := begin_at + (number + place / connections) * pause) < end_at:
            await asyncio.sleep(max(due - loop.time(), 0))
            if loop.time() > end_at:
                break
            status = await sender.send(requests[number % len(requests)])
            assert status == 202, status
            accepted[kind] += 1
            # From when it was due, so that a stall counts for everyone who had to wait.
            if due >= count_from:
                latencies.append(loop.time() - due)
            counted[kind] += count_from <= loop.time() < end_at
            number += 1

    kinds = [
        ("single", single_requests, _SINGLE_CONNECTIONS, singles),
        ("batch", batch_requests, _BATCH_CONNECTIONS if singles else _ALONE_CONNECTIONS, batches),
    ]
    workers = [
        work(kind, requests, place, connections, rate)
        for kind, requests, connections, rate in kinds
        if rate
        for place in range(connections)
    ]
    await asyncio.gather(*workers)
    return {
        "singles": counted["single"] / _SECONDS,
        "batched": counted["batch"] * _BATCH_EVENTS / _SECONDS,
        "p99_ms": float(np.percentile(latencies, 99)) * 1000,
        "decode_us": decode_us,
        "sent": accepted["single"] + accepted["batch"] * _BATCH_EVENTS,
        "ended_at": time.time(),
    }


if __name__ == "__main__":
    port, dataset_id, secret, singles, batches = sys.argv[1:]
    print(json.dumps(uvloop.run(_send_all(int(port), dataset_id, secret, int(singles), int(batches)))))
