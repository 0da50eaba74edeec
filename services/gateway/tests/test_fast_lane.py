"""Events of systems go past ASGI when nothing is to be said about them; nobody can tell by the answers."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from cjm_gateway.entrypoints.http import edge
from cjm_gateway.entrypoints.http.events import TAKEN, Taken, append_as_system
from cjm_gateway.entrypoints.http.server import HttpServer
from cjm_gateway.main import build
from cjm_gateway.settings import GatewaySettings
from cjm_kit.errors import AppError, Code
from cjm_kit.settings import ServiceSettings
from cjm_launcher.instance import free_port
from cjm_protos.ingest.v1 import intake_pb2

EVENT = {"customer_id": "c-1", "action_type": "buy", "time": "2024-05-07T10:00:00Z"}


@pytest.fixture
def path(dataset_id: str) -> str:
    return f"/api/v1/datasets/{dataset_id}/events"


@pytest_asyncio.fixture
async def ordinary(
    system: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[], int]]:
    """Tells how many requests went the ordinary way since the token is known."""
    assert (await system.post(path, json=EVENT)).status_code == 202
    count = 0

    async def counted(*arguments: Any) -> bytes:
        nonlocal count
        count += 1
        return await as_ever(*arguments)

    as_ever = append_as_system
    monkeypatch.setattr(edge, "append_as_system", counted)
    yield lambda: count


@pytest.mark.parametrize(
    "body",
    [
        EVENT,
        [EVENT] * 2_000,
        [EVENT, {"action_type": "buy"}],
        [{"action_type": "buy"}, {}],
        {"action_type": "buy"},
        "not an event",
    ],
    ids=["one", "batch in many pieces", "some rejected", "all rejected", "rejected", "refused"],
)
async def test_both_ways_answer_alike(
    system: httpx.AsyncClient, path: str, ordinary: Callable[[], int], body: Any
) -> None:
    content = b"{" if isinstance(body, str) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "X-Request-Id": "order-4711"}
    short = await system.post(path, content=content, headers=headers)
    assert ordinary() == 0
    # Only for the ordinary way: an encoding that encodes nothing.
    long = await system.post(path, content=content, headers=headers | {"Content-Encoding": "identity"})
    assert ordinary() == 1
    assert (short.status_code, short.content) == (long.status_code, long.content)
    assert short.headers["x-request-id"] == "order-4711"
    assert sorted(short.headers.items() - {("date", short.headers["date"])}) == sorted(
        long.headers.items() - {("date", long.headers["date"])}
    )


async def test_each_answer_has_a_request_id_of_its_own(
    system: httpx.AsyncClient, path: str, ordinary: Callable[[], int]
) -> None:
    ids = {(await system.post(path, json=EVENT)).headers["x-request-id"] for _ in range(3)}
    assert (len(ids), {len(name) for name in ids}, ordinary()) == (3, {32}, 0)


async def test_the_metrics_tell_both_ways_as_one_route(
    system: httpx.AsyncClient, path: str, ordinary: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[str, str, int]] = []

    def noted(self: edge.Edge, method: str, route: str, status: int, started: float) -> None:
        served.append((method, route, status))
        assert 0 < time.perf_counter() - started < 30

    monkeypatch.setattr(edge.Edge, "served", noted)
    await system.post(path, json=EVENT)
    await system.post(path, json={"action_type": "buy"})
    assert ordinary() == 0
    await system.post(path, json=EVENT, headers={"Content-Encoding": "identity"})
    route = "/api/v1/datasets/{dataset_id}/events"
    assert served == [("POST", route, 202), ("POST", route, 400), ("POST", route, 202)]


async def test_requests_sent_ahead_are_answered_in_their_order(
    running: Any, token: dict[str, Any], path: str, ordinary: Callable[[], int]
) -> None:
    address = urlsplit(running.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    counts = [1, 700, 2, 900, 3]
    for count in counts:
        content = json.dumps([EVENT] * count).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {token['secret']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)
    accepted = []
    for _ in counts:
        answer = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
        length = int(answer.lower().split("content-length: ")[1].split("\r\n")[0])
        accepted.append(json.loads(await reader.readexactly(length))["accepted"])
    assert accepted == counts
    writer.close()


async def test_a_failure_behind_the_lane_has_its_words_and_a_sender_that_went_away_harms_nobody(
    running: Any, system: httpx.AsyncClient, path: str, ordinary: Callable[[], int]
) -> None:
    intake = running.behind.intake
    intake.failure = AppError(Code.UNAVAILABLE, "stream_full", "The stream is full. Send again.")
    answer = await system.post(path, json=EVENT)
    assert (answer.status_code, answer.json()["reason"], answer.headers["retry-after"]) == (503, "stream_full", "1")
    intake.failure, intake.gate = None, asyncio.Event()
    intake.called.clear()
    leaving = asyncio.create_task(system.post(path, json=EVENT))
    await asyncio.wait_for(intake.called.wait(), 5)
    leaving.cancel()
    intake.gate.set()
    assert (await system.post(path, json=EVENT)).status_code == 202
    assert ordinary() == 0


async def test_a_token_revoked_meanwhile_and_a_foreign_dataset_are_refused(
    admin: httpx.AsyncClient, system: httpx.AsyncClient, token: dict[str, Any], path: str, ordinary: Callable[[], int]
) -> None:
    foreign = path.replace(path.split("/")[4], "0" * 8 + "-0000-0000-0000-" + "0" * 12)
    answer = await system.post(foreign, json=EVENT)
    assert (answer.status_code, answer.json()["reason"]) == (404, "dataset_not_found")
    answer = await system.post(f"{path}?ndjson=1", json=EVENT)
    assert (answer.status_code, answer.json()["reason"]) == (400, "invalid_request")
    assert (await admin.delete(f"/api/v1/tokens/{token['id']}")).status_code == 204
    answer = await system.post(path, json=EVENT)
    assert (answer.status_code, answer.json()["reason"]) == (401, "token_invalid")
    assert ordinary() == 3


class _Lane:
    """Takes every request and leaves the answer to the test."""

    def __init__(self) -> None:
        self.result: asyncio.Future[intake_pb2.EventBodyResult] = asyncio.get_running_loop().create_future()
        self.bodies: list[bytes] = []
        self.taken = asyncio.Event()

    def admit(self, scope: Scope) -> str:
        return str(scope["path"])

    def take(self, admitted: str, body: bytes) -> Taken:
        self.bodies.append(body)
        self.taken.set()
        return Taken(self.result, 0.0, "token")

    def answer(self, admitted: str, taken: Taken, further: object) -> bytes:
        return b"HTTP/1.1 202 Accepted\r\ncontent-length: 4\r\n\r\nlane"


async def test_a_request_in_the_lane_is_answered_when_the_server_stops(settings: ServiceSettings) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"taken: {TAKEN in scope['state']}")(scope, receive, send)

    lane: Any = _Lane()
    chosen = GatewaySettings(**settings.model_dump() | {"http_host": "127.0.0.1", "http_port": 0})
    server = HttpServer(app, chosen, lane)
    await server.start()
    async with httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.post(f"http://127.0.0.1:{server.port}/", content=b"body"))
        await asyncio.wait_for(lane.taken.wait(), 5)
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0.3)  # uvicorn looks every 0.1 s whether it shall stop
        assert not stopping.done()
        lane.result.set_result(intake_pb2.EventBodyResult(accepted_count=1))
        answer = await asyncio.wait_for(asking, 5)
    await asyncio.wait_for(stopping, 5)
    assert (answer.text, answer.headers["connection"]) == ("taken: True", "close")
    assert lane.bodies == [b"body"]


async def test_behind_a_trusted_proxy_that_alone_knows_the_scheme_the_lane_is_closed(
    running: Any, token: dict[str, Any], path: str
) -> None:
    for public_https in (False, True):
        changed = {"http_port": free_port(), "trusted_proxies": "127.0.0.1", "public_https": public_https}
        gateway = await build(running.settings.model_copy(update=changed))
        await gateway.start()
        sender = running.client(Authorization=f"Bearer {token['secret']}", **{"X-Forwarded-Proto": "https"})
        sender.base_url = httpx.URL(f"http://127.0.0.1:{changed['http_port']}")
        for _ in range(2):
            answer = await sender.post(path, json=EVENT)
            assert (answer.status_code, "strict-transport-security" in answer.headers) == (202, True)
        await gateway.stop()
