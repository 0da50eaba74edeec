"""Bodies packed with gzip: taken like any other, never unpacked beyond the limit."""

import gzip
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from starlette.types import Message

from cjm_gateway.entrypoints.http.packed import unpacked
from cjm_gateway.entrypoints.http.problems import HttpProblem

EVENT = {"customer_id": "c-1", "action_type": "buy", "time": "2024-05-07T10:00:00Z"}
JSON = {"Content-Type": "application/json"}
GZIP = {"Content-Encoding": "gzip"}
LIMIT = 5 << 20
BODY = json.dumps([EVENT] * 300).encode()
PACKED = gzip.compress(BODY)
BROKEN = {
    "not packed": (BODY, "is not gzip"),
    "empty": (b"", "ends before its gzip data does. Send it whole."),
    "cut in its trailer": (PACKED[:-1], "ends before its gzip data does. Send it whole."),
    "cut in its data": (PACKED[:40], "ends before its gzip data does. Send it whole."),
    "other checksum": (PACKED[:-8] + b"\0" * 8, "was damaged on its way"),
    "other data": (PACKED[:30] + b"\xff" * 30 + PACKED[60:], "was damaged on its way"),
    "something behind": (PACKED + b"\n", "goes on after the end of its gzip data"),
    "second cut": (PACKED + PACKED[:40], "ends before its gzip data does. Send it whole."),
    "second damaged": (PACKED + PACKED[:-8] + b"\0" * 8, "was damaged on its way"),
}


@pytest.fixture
def path(dataset_id: str) -> str:
    return f"/api/v1/datasets/{dataset_id}/events"


async def _read(parts: Sequence[bytes], limit_bytes: int, encoding: bytes = b"gzip") -> tuple[bytes, str]:
    """What is unpacked of a body that comes in parts, and the reason why no more."""
    last = len(parts) - 1
    messages = iter(
        [{"type": "http.request", "body": part, "more_body": index < last} for index, part in enumerate(parts)]
    )

    async def receive() -> Message:
        return next(messages)

    read, receive_unpacked = b"", unpacked(encoding, receive, limit_bytes)
    try:
        while True:
            message = await receive_unpacked()
            read += message["body"]
            if not message["more_body"]:
                return read, ""
    except HttpProblem as failure:
        return read, failure.reason


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson"])
async def test_a_packed_body_arrives_unpacked(
    running: Any, system: httpx.AsyncClient, path: str, encoding: str, media_type: str
) -> None:
    body = json.dumps(EVENT).encode()
    headers = {"Content-Type": media_type, "Content-Encoding": encoding}
    answer = await system.post(path, content=gzip.compress(body), headers=headers)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})
    assert running.behind.intake.calls[-1][0].body == body


async def test_staff_may_send_packed_too(running: Any, admin: httpx.AsyncClient, path: str) -> None:
    answer = await admin.post(path, content=PACKED, headers=JSON | GZIP)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 300)
    answer = await admin.post(path, content=BODY, headers=JSON | GZIP)
    assert (answer.status_code, answer.json()["reason"]) == (400, "body_not_gzip")


async def test_identity_is_no_packing(system: httpx.AsyncClient, path: str) -> None:
    answer = await system.post(path, content=BODY, headers=JSON | {"Content-Encoding": "identity"})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 300)


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, br", "gzip, gzip", ""])
async def test_another_encoding_is_refused_with_those_that_are_taken(
    running: Any, system: httpx.AsyncClient, path: str, encoding: str
) -> None:
    answer = await system.post(path, content=PACKED, headers=JSON | {"Content-Encoding": encoding})
    assert (answer.status_code, answer.json()["reason"]) == (415, "content_encoding_unsupported")
    assert "Content-Encoding: gzip, or without" in answer.json()["detail"]
    assert answer.headers["accept-encoding"] == "gzip"
    assert running.behind.intake.calls == []


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_body_that_is_not_gzip_as_a_whole_is_refused(
    running: Any, system: httpx.AsyncClient, path: str, fault: str
) -> None:
    content, words = BROKEN[fault]
    answer = await system.post(path, content=content, headers=JSON | GZIP)
    assert (answer.status_code, answer.json()["reason"]) == (400, "body_not_gzip")
    assert words in answer.json()["detail"]
    assert running.behind.intake.calls == []
    assert (await system.post(path, content=PACKED, headers=JSON | GZIP)).status_code == 202


async def test_the_limit_counts_what_is_unpacked(running: Any, system: httpx.AsyncClient, path: str) -> None:
    body = json.dumps(EVENT).encode().ljust(LIMIT)
    answer = await system.post(path, content=gzip.compress(body), headers=JSON | GZIP)
    assert answer.status_code == 202
    answer = await system.post(path, content=gzip.compress(body + b" "), headers=JSON | GZIP)
    assert (answer.status_code, answer.json()["reason"]) == (413, "body_too_large")
    assert "larger than 5 MiB when unpacked" in answer.json()["detail"]
    assert len(running.behind.intake.calls) == 1


async def test_a_bomb_is_stopped_while_it_is_unpacked() -> None:
    bomb = gzip.compress(b"0" * (64 << 20))
    for parts in ([bomb], [bomb[:5000], bomb[5000:]], [bomb[i : i + 100] for i in range(0, len(bomb), 100)]):
        read, reason = await _read(parts, 1 << 20)
        assert (len(read), reason) == ((1 << 20) + 1, "body_too_large")


async def test_parts_may_end_anywhere() -> None:
    for size in (1, 2, 7, 100):
        parts = [PACKED[i : i + size] for i in range(0, len(PACKED), size)]
        assert await _read(parts, len(BODY)) == (BODY, "")
        assert await _read([*parts, b""], len(BODY)) == (BODY, "")
        assert await _read(parts, len(BODY) - 1) == (BODY, "body_too_large")
        assert await _read([*parts, b"x"], len(BODY)) == (BODY, "body_not_gzip")


async def test_members_behind_each_other_are_one_body() -> None:
    members = gzip.compress(BODY[:100]) + gzip.compress(b"") + gzip.compress(BODY[100:])
    for size in (1, 7, 100, len(members)):
        parts = [members[i : i + size] for i in range(0, len(members), size)]
        assert await _read(parts, len(BODY)) == (BODY, "")
        read, reason = await _read(parts, len(BODY) - 1)
        assert (read, reason) == (BODY, "body_too_large")
    bomb = gzip.compress(b"0" * 999_999) * 64
    read, reason = await _read([bomb], 1 << 20)
    assert (len(read), reason) == ((1 << 20) + 1, "body_too_large")
    full = gzip.compress(b"0" * ((1 << 20) + 1)) + bomb  # no room is left exactly where a member ends
    assert len((await _read([full], 1 << 20))[0]) == (1 << 20) + 1
    assert await _read([PACKED + b"\n"], LIMIT) == (BODY, "body_not_gzip")


async def test_what_was_understood_before_a_fault_is_handed_over() -> None:
    read, reason = await _read([PACKED[:60], PACKED[60:-20]], LIMIT)
    assert reason == "body_not_gzip"
    assert read
    assert BODY.startswith(read)


async def test_a_sender_that_breaks_off_is_no_broken_body() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    assert await unpacked(b"gzip", receive, LIMIT)() == {"type": "http.disconnect"}
