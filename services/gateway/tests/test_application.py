"""Gathering events into few calls, remembering tokens, following progress."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from cjm_gateway.application.coalescer import Coalescer
from cjm_gateway.application.token_cache import KnownToken, TokenCache
from cjm_gateway.entrypoints.http.progress import changes
from cjm_kit.errors import AppError, Code


async def test_requests_that_come_together_share_a_call_and_get_their_own_answers() -> None:
    calls: list[list[int]] = []

    async def send(items: list[int]) -> list[int]:
        calls.append(items)
        return [item * 10 for item in items]

    coalescer: Coalescer[int, int] = Coalescer(send)
    answers = await asyncio.gather(*(coalescer.ask(number, 1) for number in range(100)))
    assert answers == [number * 10 for number in range(100)]
    assert len(calls) == 1
    assert await coalescer.ask(7, 1) == 70


@pytest.mark.parametrize("calls_in_flight", [1, 2, 3])
async def test_a_call_closes_at_its_limits_and_no_more_than_allowed_are_under_way(calls_in_flight: int) -> None:
    calls: list[list[int]] = []
    under_way = most_under_way = 0

    async def send(items: list[int]) -> list[int]:
        nonlocal under_way, most_under_way
        under_way += 1
        most_under_way = max(most_under_way, under_way)
        calls.append(items)
        await asyncio.sleep(0.01)
        under_way -= 1
        return items

    coalescer: Coalescer[int, int] = Coalescer(send, call_bytes=100, call_items=3, calls_in_flight=calls_in_flight)
    await asyncio.gather(*(coalescer.ask(size, size) for size in (60, 60, 500, 1, 2, 3, 4)))
    assert calls == [[60], [60], [500], [1, 2, 3], [4]]
    assert most_under_way == calls_in_flight


async def test_a_failed_call_fails_all_its_requests_and_the_next_one_works() -> None:
    failures = [AppError(Code.UNAVAILABLE, "down", "Down.")]

    async def send(items: list[int]) -> list[int]:
        if failures:
            raise failures.pop()
        return items

    coalescer: Coalescer[int, int] = Coalescer(send)
    results = await asyncio.gather(coalescer.ask(1, 1), coalescer.ask(2, 1), return_exceptions=True)
    assert [getattr(result, "reason", "") for result in results] == ["down", "down"]
    assert await coalescer.ask(3, 1) == 3


async def test_a_missing_answer_fails_instead_of_shifting_the_others() -> None:
    async def send(items: list[int]) -> list[int]:
        return []

    coalescer: Coalescer[int, int] = Coalescer(send)
    with pytest.raises(ValueError, match="shorter"):
        await coalescer.ask(1, 1)


async def test_too_much_waiting_is_refused_and_a_request_that_went_away_harms_nobody() -> None:
    gate = asyncio.Event()

    async def send(items: list[int]) -> list[int]:
        await gate.wait()
        return items

    coalescer: Coalescer[int, int] = Coalescer(send, linger_seconds=0, waiting_bytes=10)
    first = coalescer.ask(1, 10)
    await asyncio.sleep(0.01)
    second = coalescer.ask(2, 8)
    with pytest.raises(AppError) as caught:
        await coalescer.ask(3, 3)
    assert (caught.value.code, caught.value.reason) == (Code.UNAVAILABLE, "intake_full")
    first.cancel()
    gate.set()
    assert await second == 2


@dataclass(frozen=True)
class _State:
    status: str
    done: int = 0


class _Job:
    """Answers with one state after the other."""

    def __init__(self, *states: _State | AppError) -> None:
        self._states = list(states)

    async def read(self) -> _State:
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        if isinstance(state, AppError):
            raise state
        return state


async def _followed(job: _Job, stopping: asyncio.Event) -> list[_State]:
    gateway: Any = SimpleNamespace(stopping=stopping)
    return [state async for state in changes(gateway, await job.read(), job.read, {"running"})]


async def test_progress_tells_every_change_once_and_outlives_a_short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cjm_gateway.entrypoints.http.progress.POLL_SECONDS", 0.001)
    silence = AppError(Code.UNAVAILABLE, "service_unavailable", "Silent.")
    states = [_State("running", done) for done in (0, 0, 1)]
    job = _Job(states[0], states[1], silence, states[2], _State("completed", 2))
    assert await _followed(job, asyncio.Event()) == [states[0], states[2], _State("completed", 2)]


async def test_progress_ends_when_the_thing_is_gone_or_the_gateway_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cjm_gateway.entrypoints.http.progress.POLL_SECONDS", 0.001)
    gone = AppError(Code.NOT_FOUND, "analysis_not_found", "Gone.")
    assert await _followed(_Job(_State("running"), gone), asyncio.Event()) == [_State("running")]
    stopping = asyncio.Event()
    endless = asyncio.create_task(_followed(_Job(_State("running")), stopping))
    await asyncio.sleep(0.02)
    stopping.set()
    assert await asyncio.wait_for(endless, 1) == [_State("running")]


class _Catalog:
    def __init__(self) -> None:
        self.asked = 0
        self.is_revoked = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def authenticate(self, secret: str) -> KnownToken:
        self.asked += 1
        is_revoked = self.is_revoked
        await self.gate.wait()
        if is_revoked:
            raise AppError(Code.UNAUTHENTICATED, "token_invalid", "Revoked.")
        return KnownToken("id", frozenset(), frozenset(), f"signed {secret}")


async def test_a_token_is_asked_for_once_and_again_after_its_time() -> None:
    catalog, now = _Catalog(), [0.0]
    cache = TokenCache(catalog.authenticate, ttl_seconds=5, clock=lambda: now[0])
    known = await asyncio.gather(*(cache.lookup("a") for _ in range(50)))
    assert {token.signed_identity for token in known} == {"signed a"}
    assert catalog.asked == 1
    now[0] = 5.1
    await cache.lookup("a")
    assert catalog.asked == 2


async def test_a_revoked_token_is_refused_at_once_and_refusals_are_not_kept() -> None:
    catalog = _Catalog()
    cache = TokenCache(catalog.authenticate)
    await cache.lookup("a")
    catalog.is_revoked = True
    cache.forget()
    for _ in range(2):
        with pytest.raises(AppError):
            await cache.lookup("a")
    catalog.is_revoked = False
    await cache.lookup("a")
    assert catalog.asked == 4


async def test_an_answer_that_was_on_its_way_at_the_revocation_is_not_kept() -> None:
    catalog = _Catalog()
    catalog.gate.clear()
    cache = TokenCache(catalog.authenticate)
    early = asyncio.create_task(cache.lookup("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert catalog.asked == 1
    catalog.is_revoked = True
    cache.forget()
    catalog.gate.set()
    await early
    with pytest.raises(AppError):
        await cache.lookup("a")
