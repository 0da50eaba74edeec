"""The live debugger: whoever watches a token sees what became of its events, and nobody else does."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from cjm_gateway.adapters.debugger_bus import RECEIVED_SUBJECT
from cjm_gateway.application import live_debugger
from cjm_gateway.application.live_debugger import WINDOW_EVENTS, LiveDebugger, Received, Rejection, SentRequest
from cjm_gateway.entrypoints.http import received as received_room
from cjm_gateway.main import build
from cjm_kit.bus import Bus
from cjm_kit.errors import AppError, Code
from cjm_launcher.instance import free_port

EVENT = {"customer_id": "c-1", "action_type": "buy", "time": "2024-05-07T12:00:00+02:00"}
UNDERSTOOD = "2024-05-07T10:00:00.000Z"
JSON = {"Content-Type": "application/json"}


class Stream:
    """What one watcher is told."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def batch(self) -> dict[str, Any] | None:
        """The next message; None at the end of the stream."""
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith("data: "):
                    message: dict[str, Any] = json.loads(line.removeprefix("data: "))
                    return message
        return None

    async def events(self, count: int) -> list[dict[str, Any]]:
        """The next so many events."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            batch = await self.batch()
            assert batch is not None
            found += batch["events"]
        return found


def received_path(token: dict[str, Any]) -> str:
    return f"/api/v1/tokens/{token['id']}/received"


@asynccontextmanager
async def watching(client: httpx.AsyncClient, token: dict[str, Any]) -> AsyncIterator[Stream]:
    async with client.stream("GET", received_path(token)) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = Stream(answer.aiter_lines())
        assert await stream.batch() == {"events": [], "left_out_accepted": 0, "left_out_rejected": 0}
        yield stream


@pytest.fixture
def path(dataset_id: str) -> str:
    return f"/api/v1/datasets/{dataset_id}/events"


@pytest_asyncio.fixture
async def other_token(admin: httpx.AsyncClient, dataset_id: str) -> dict[str, Any]:
    made: dict[str, Any] = (
        await admin.post("/api/v1/tokens", json={"name": "other", "dataset_ids": [dataset_id]})
    ).json()
    return made


@pytest_asyncio.fixture
async def published(running: Any) -> AsyncIterator[list[str]]:
    """Subjects of all that gateways publish about received events."""
    bus = await Bus.connect(running.settings, "test")
    subjects: list[str] = []

    async def note(message: Any) -> None:
        subjects.append(message.subject)

    await bus.client.subscribe(f"{RECEIVED_SUBJECT}.>", cb=note)
    await bus.client.flush()
    yield subjects
    await bus.close()


@pytest.fixture
def checked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are looked at again in every turn of a stream."""
    monkeypatch.setattr(received_room, "ANNOUNCE_SECONDS", 0.02)
    monkeypatch.setattr(received_room, "POLL_SECONDS", 0.02)


async def test_a_watcher_sees_what_was_accepted_and_what_was_not(
    admin: httpx.AsyncClient, system: httpx.AsyncClient, token: dict[str, Any], path: str, dataset_id: str
) -> None:
    async with watching(admin, token) as stream:
        await system.post(path, content=b'{"customer_id":  17, "action_type": "buy"}', headers=JSON)
        (accepted,) = await stream.events(1)
        assert accepted.pop("received_at").endswith("Z")
        assert accepted == {
            "dataset_id": dataset_id,
            "status": 202,
            "index": 0,
            "rejection": None,
            "customer_id": "17",
            "action_type": "buy",
            "time": None,
            "sent": '{"customer_id":  17, "action_type": "buy"}',
            "is_cut": False,
        }
        await system.post(path, json=[EVENT, {"action_type": "x", "properties": "y" * 5000}])
        first, second = await stream.events(2)
        assert (first["index"], first["rejection"], first["time"]) == (0, None, UNDERSTOOD)
        assert (second["index"], second["status"], second["customer_id"], second["action_type"]) == (1, 202, None, "x")
        assert second["rejection"] == {
            "reason": "field_missing",
            "field": "customer_id",
            "detail": '"customer_id" is missing.',
        }
        assert (len(second["sent"]), second["is_cut"]) == (4096, True)
        await system.post(path, json={"action_type": "buy"})
        (alone,) = await stream.events(1)
        assert (alone["index"], alone["status"], alone["rejection"]["field"]) == (0, 400, "customer_id")
        ndjson = b'{"customer_id":"1"}\n{"x":1}\r\n{"customer_id":"3"}\n'
        await system.post(path, content=ndjson, headers={"Content-Type": "application/x-ndjson"})
        lines = await stream.events(3)
        assert [(line["index"], line["customer_id"], line["rejection"] is None) for line in lines] == [
            (0, "1", True),
            (1, None, False),
            (2, "3", True),
        ]


@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_watcher_sees_requests_that_were_refused_as_a_whole(
    running: Any,
    admin: httpx.AsyncClient,
    system: httpx.AsyncClient,
    token: dict[str, Any],
    path: str,
    *,
    is_announced: bool,
) -> None:
    async def pieces() -> Any:
        for _ in range(6):
            yield b" " * (1 << 20)

    too_large: Any = b" " * (6 << 20) if is_announced else pieces()
    elsewhere = (await admin.post("/api/v1/datasets", json={"name": "Other", "is_public": True})).json()["id"]
    async with watching(admin, token) as stream:

        async def told(status: int, reason: str) -> dict[str, Any]:
            (event,) = await stream.events(1)
            assert (event["index"], event["customer_id"], event["rejection"]["field"]) == (None, None, "")
            assert event["rejection"]["detail"]
            assert (event["status"], event["rejection"]["reason"]) == (status, reason)
            return event

        await system.post(path, content=b'{"customer_id": \xff', headers=JSON)
        assert (await told(400, "body_not_json"))["sent"] == '{"customer_id": �'
        await system.post(path, content=too_large, headers=JSON)
        await told(413, "body_too_large")
        await system.post(f"/api/v1/datasets/{elsewhere}/events", json=EVENT)
        assert (await told(404, "dataset_not_found"))["dataset_id"] == elsewhere
        await system.post(path, data={"a": "b"})
        await told(415, "media_type_unsupported")
        await system.post(f"{path}?dry_run=1", json=EVENT)
        assert "dry_run" in (await told(400, "invalid_request"))["rejection"]["detail"]
        running.behind.intake.failure = AppError(Code.UNAVAILABLE, "stream_full", "The stream is full. Send again.")
        await system.post(path, json=EVENT)
        assert (await told(503, "stream_full"))["sent"] == json.dumps(EVENT, separators=(",", ":"))


async def test_a_watcher_sees_what_was_understood_of_a_packed_body(
    admin: httpx.AsyncClient, system: httpx.AsyncClient, token: dict[str, Any], path: str
) -> None:
    body = b'{"customer_id":  "c-7", "action_type": "buy"}'
    packed = gzip.compress(body)
    gzipped = JSON | {"Content-Encoding": "gzip"}
    async with watching(admin, token) as stream:
        await system.post(path, content=packed, headers=gzipped)
        (accepted,) = await stream.events(1)
        assert (accepted["status"], accepted["customer_id"], accepted["sent"]) == (202, "c-7", body.decode())
        await system.post(path, content=packed[:-8], headers=gzipped)
        (cut,) = await stream.events(1)
        assert (cut["status"], cut["rejection"]["reason"], cut["sent"]) == (400, "body_not_gzip", body.decode())
        await system.post(path, content=gzip.compress(b" " * (6 << 20)), headers=gzipped)
        (large,) = await stream.events(1)
        assert (large["status"], large["rejection"]["reason"], large["sent"]) == (413, "body_too_large", " " * 4096)
        await system.post(path, content=packed, headers=JSON | {"Content-Encoding": "br"})
        (other,) = await stream.events(1)
        assert (other["status"], other["rejection"]["reason"]) == (415, "content_encoding_unsupported")


async def test_nothing_is_published_while_nobody_watches_nor_after_that(
    running: Any,
    admin: httpx.AsyncClient,
    system: httpx.AsyncClient,
    token: dict[str, Any],
    other_token: dict[str, Any],
    path: str,
    published: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(received_room, "ANNOUNCE_SECONDS", 0.05)
    monkeypatch.setattr(live_debugger, "WATCH_SECONDS", 0.5)
    subject = f"{RECEIVED_SUBJECT}.{token['id']}"
    other = running.client(Authorization=f"Bearer {other_token['secret']}")
    async with watching(admin, other_token) as stream:

        async def is_published() -> bool:
            """Whether an event of the token is published: it would be before one that came later."""
            published.clear()
            assert (await system.post(path, json=EVENT)).status_code == 202
            await asyncio.sleep(live_debugger.WINDOW_SECONDS)
            await other.post(path, json=EVENT)
            await stream.events(1)
            return subject in published

        assert not await is_published()
        async with watching(admin, token):
            assert await is_published()
        async with asyncio.timeout(10):
            while await is_published():
                pass


async def test_another_gateway_tells_what_it_received(
    running: Any, admin: httpx.AsyncClient, token: dict[str, Any], path: str
) -> None:
    settings = running.settings.model_copy(update={"http_port": free_port()})
    gateway = await build(settings)
    await gateway.start()
    sender = running.client(Authorization=f"Bearer {token['secret']}")
    sender.base_url = httpx.URL(f"http://127.0.0.1:{settings.http_port}")

    async def send_on() -> None:
        """The other gateway hears a moment later that somebody watches."""
        while True:
            await sender.post(path, json=EVENT)
            await asyncio.sleep(0.02)

    try:
        async with watching(admin, token) as stream:
            sending = asyncio.create_task(send_on())
            try:
                assert (await stream.events(1))[0]["customer_id"] == "c-1"
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
    finally:
        await gateway.stop()


async def test_of_a_flood_a_part_is_shown_and_the_rest_is_counted(
    admin: httpx.AsyncClient, system: httpx.AsyncClient, token: dict[str, Any], path: str
) -> None:
    async with watching(admin, token) as stream:
        await asyncio.gather(*(system.post(path, json=[EVENT] * 100) for _ in range(20)))
        await system.post(path, json=[*[EVENT] * 999, {"action_type": "the bad one"}])
        shown, left_out = 0, 0
        rejected: list[dict[str, Any]] = []
        while shown + left_out + len(rejected) < 3000:
            batch = await stream.batch()
            assert batch is not None
            bad = [event for event in batch["events"] if event["rejection"]]
            assert len(batch["events"]) - len(bad) <= WINDOW_EVENTS
            shown += len(batch["events"]) - len(bad)
            left_out += batch["left_out_accepted"]
            rejected += bad
        assert [(event["index"], event["action_type"]) for event in rejected] == [(999, "the bad one")]
        assert (shown + left_out, left_out > 2000) == (2999, True)


async def test_only_an_administrator_may_watch(
    running: Any, admin: httpx.AsyncClient, analyst: httpx.AsyncClient, system: httpx.AsyncClient, token: dict[str, Any]
) -> None:
    path = received_path(token)
    answers = [await client.get(path) for client in (analyst, system, running.client())]
    assert [answer.status_code for answer in answers] == [403, 403, 401]
    assert (await admin.get("/api/v1/tokens/none/received")).json()["reason"] == "token_not_found"
    await admin.delete(f"/api/v1/tokens/{token['id']}")
    answer = await admin.get(path)
    assert (answer.status_code, answer.json()["reason"]) == (409, "token_revoked")


@pytest.mark.usefixtures("checked_often")
@pytest.mark.parametrize("end", ["sign out", "lose the role", "revoke the token"])
async def test_a_stream_ends_with_the_right_to_watch(
    running: Any, admin: httpx.AsyncClient, token: dict[str, Any], end: str
) -> None:
    account = {"username": "eva", "password": "eva's password for tests", "role": "admin"}
    user = (await admin.post("/api/v1/users", json=account)).json()
    eva = await running.sign_in("eva", account["password"])
    ends: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
        "sign out": lambda: eva.delete("/api/v1/session"),
        "lose the role": lambda: admin.patch(f"/api/v1/users/{user['id']}", json={"role": "analyst"}),
        "revoke the token": lambda: admin.delete(f"/api/v1/tokens/{token['id']}"),
    }
    async with watching(eva, token) as stream:
        assert (await ends[end]()).is_success
        assert await stream.batch() is None


@pytest.mark.usefixtures("checked_often")
async def test_a_stream_outlives_a_short_silence_of_the_catalog_and_no_long_one(
    running: Any, admin: httpx.AsyncClient, token: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received_room, "WATCH_SECONDS", 1.0)
    async with watching(admin, token) as stream:
        began = asyncio.get_running_loop().time()
        await running.catalog_stop()
        assert await stream.batch() is None
        assert asyncio.get_running_loop().time() - began > 0.9


async def test_a_stream_ends_in_time(
    admin: httpx.AsyncClient, token: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received_room, "STREAM_SECONDS", 0.1)
    async with watching(admin, token) as stream:
        assert await stream.batch() is None


class _Wire:
    """Remembers what is published; one listener."""

    is_connected = True

    def __init__(self) -> None:
        self.published: asyncio.Queue[bytes] = asyncio.Queue()
        self.take: Callable[[bytes], None] = lambda _content: None

    async def announce(self, token_id: str) -> None:
        pass

    async def publish(self, token_id: str, content: bytes) -> None:
        self.published.put_nowait(content)

    @asynccontextmanager
    async def listen(self, token_id: str, take: Callable[[bytes], None]) -> AsyncIterator[None]:
        self.take = take
        yield


def test_a_watch_lives_until_it_is_no_longer_announced() -> None:
    now = [0.0]
    debugger = LiveDebugger(_Wire(), clock=lambda: now[0])
    assert not debugger.is_watched("a")
    debugger.heard("a")
    now[0] = live_debugger.WATCH_SECONDS
    assert debugger.is_watched("a")
    assert not debugger.is_watched("b")
    now[0] += 0.1
    assert not debugger.is_watched("a")


async def test_the_largest_message_fits_the_bus() -> None:
    wire = _Wire()
    debugger = LiveDebugger(wire)
    worst = b"\x01" * 10_000
    for _ in range(100):
        debugger.refused(SentRequest("a", "d" * 999, 1, worst, is_ndjson=False), 400, Rejection("r", "", "x" * 400))
        fields = dict.fromkeys(("customer_id", "action_type", "time"), "\x01" * 5000)
        debugger.answered(SentRequest("a", "d", 1, msgspec.json.encode(fields), is_ndjson=False), 202, [1], {})
    content = await asyncio.wait_for(wire.published.get(), 5)
    assert len(content) < 1 << 20, "the default limit of NATS"
    received = msgspec.json.decode(content, type=Received)
    assert (len(received.events), received.left_out_accepted, received.left_out_rejected) == (24, 88, 88)


async def test_lines_are_counted_as_the_intake_counts_them_without_empty_ones() -> None:
    wire = _Wire()
    debugger = LiveDebugger(wire)
    body = b'\n{"customer_id":"1"}\n \n[]\r\n\n{"customer_id":"3"}'
    debugger.answered(SentRequest("a", "d", 1, body, is_ndjson=True), 202, [1, 1], {1: Rejection("r", "", "")})
    received = msgspec.json.decode(await asyncio.wait_for(wire.published.get(), 5), type=Received)
    told = [(event.index, event.sent, event.rejection is None) for event in received.events]
    assert told == [(0, '{"customer_id":"1"}', True), (1, "[]", False), (2, '{"customer_id":"3"}', True)]


async def test_for_a_watcher_who_does_not_keep_up_the_oldest_is_only_counted() -> None:
    wire = _Wire()
    debugger = LiveDebugger(wire)
    debugger.answered(
        SentRequest("a", "d", 1, b"[{},{},{}]", is_ndjson=False), 202, [1, 1], {1: Rejection("r", "", "")}
    )
    content = await asyncio.wait_for(wire.published.get(), 5)
    async with debugger.watch("a") as waiting:
        for _ in range(50):
            wire.take(content)
        told = [waiting.get_nowait() for _ in range(waiting.qsize())]
    assert sum(len(window.events) for window in told) < 150
    assert sum(len(window.events) + window.left_out_accepted + window.left_out_rejected for window in told) == 150
    assert sum(window.left_out_rejected for window in told) * 3 == 150 - sum(len(window.events) for window in told)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("1717236000", "1717236000"),
        ('"1717236000"', "1717236000"),
        ("1e300", "1e300"),
        ("true", "true"),
        ("null", None),
    ],
)
async def test_the_time_of_a_rejected_event_shows_as_sent(sent: str, shown: str | None) -> None:
    wire = _Wire()
    body = f'{{"customer_id": "c", "action_type": "a", "time": {sent}}}'.encode()
    rejections = {0: Rejection("r", "time", "")}
    LiveDebugger(wire).answered(SentRequest("a", "d", 1, body, is_ndjson=False), 400, [], rejections)
    received = msgspec.json.decode(await asyncio.wait_for(wire.published.get(), 5), type=Received)
    assert [event.time for event in received.events] == [shown]


async def test_times_are_told_as_they_were_understood() -> None:
    wire = _Wire()
    body = b'[{"time": "7.5.2024 10:00"}, {"time": "x"}, {"customer_id": "c"}, {"time": "2024-05-07T12:00:00+02:00"}]'
    times_ms = [1_715_076_000_000, 5, 1_715_076_000_123]
    request = SentRequest("a", "d", 1, body, is_ndjson=False)
    LiveDebugger(wire).answered(request, 202, times_ms, {1: Rejection("r", "", "")})
    received = msgspec.json.decode(await asyncio.wait_for(wire.published.get(), 5), type=Received)
    told = [event.time for event in received.events]
    assert told == ["2024-05-07T10:00:00.000Z", "x", None, "2024-05-07T10:00:00.123Z"]
