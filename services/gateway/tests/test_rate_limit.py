"""A token that has sent its events of the minute waits for the next, and who watches it sees that."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from cjm_gateway.application.rate_limit import RateLimit
from cjm_gateway.main import build
from cjm_kit.errors import AppError
from cjm_launcher.instance import free_port

from .test_live_debugger import watching

EVENT = {"customer_id": "c-1", "action_type": "buy", "time": "2024-05-07T10:00:00Z"}


def test_each_token_has_its_own_minute_of_the_clock() -> None:
    now = 1_700_000_041.5  # 22:14:01.5 UTC
    limit = RateLimit(10, lambda: now)
    limit.check("a")
    limit.count("a", 9)
    limit.check("a")
    limit.count("a", 500)
    with pytest.raises(AppError) as caught:
        limit.check("a")
    assert (caught.value.reason, caught.value.metadata) == ("rate_limit_reached", {"retry_after_seconds": "59"})
    assert "has sent its 10 events of this minute" in caught.value.detail
    assert "from 22:15 UTC on" in caught.value.detail
    limit.check("b")
    now += 59
    limit.check("a")
    limit.count("a", 10)
    with pytest.raises(AppError):
        limit.check("a")


def test_without_a_limit_nothing_is_refused_or_remembered() -> None:
    limit = RateLimit(0)
    limit.count("a", 10**9)
    limit.check("a")
    assert vars(limit)["_counts"] == {}


@pytest_asyncio.fixture
async def limited(running: Any, token: dict[str, Any]) -> AsyncIterator[httpx.AsyncClient]:
    """The system at a gateway that takes three events a minute."""
    settings = running.settings.model_copy(update={"http_port": free_port(), "token_events_per_minute": 3})
    gateway = await build(settings)
    await gateway.start()
    sender = running.client(Authorization=f"Bearer {token['secret']}")
    sender.base_url = httpx.URL(f"http://127.0.0.1:{settings.http_port}")
    yield sender
    await gateway.stop()


async def test_over_the_limit_a_sender_hears_when_to_come_back(
    limited: httpx.AsyncClient,
    running: Any,
    admin: httpx.AsyncClient,
    token: dict[str, Any],
    dataset_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = f"/api/v1/datasets/{dataset_id}/events"
    monkeypatch.setattr("cjm_gateway.application.rate_limit._MINUTE_SECONDS", 10**9)  # no end of a minute in a test
    async with watching(admin, token) as stream:
        answer = await limited.post(path, json=[EVENT, EVENT, {"action_type": "no customer"}])
        assert (answer.status_code, answer.json()["accepted"]) == (202, 2)
        calls_count = len(running.behind.intake.calls)
        answer = await limited.post(path, json=EVENT)
        assert (answer.status_code, answer.json()["reason"]) == (429, "rate_limit_reached")
        assert int(answer.headers["retry-after"]) > 0
        assert len(running.behind.intake.calls) == calls_count

        async def send_on() -> None:
            """This gateway hears a moment later that somebody watches."""
            while True:
                await limited.post(path, json=EVENT)
                await asyncio.sleep(0.02)

        sending = asyncio.create_task(send_on())
        try:
            while (event := (await stream.events(1))[-1])["status"] != 429:
                pass
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        assert event["rejection"] == {"reason": "rate_limit_reached", "field": "", "detail": answer.json()["detail"]}


async def test_on_the_short_way_each_event_counts_once_whether_accepted_or_rejected(
    limited: httpx.AsyncClient, dataset_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/v1/datasets/{dataset_id}/events"
    monkeypatch.setattr("cjm_gateway.application.rate_limit._MINUTE_SECONDS", 10**9)  # no end of a minute in a test
    # The first goes the ordinary way, its token is not known yet; the others take the lane until the limit is reached.
    sent = [EVENT, {"action_type": "no customer"}, EVENT, EVENT]
    assert [(await limited.post(path, json=event)).status_code for event in sent] == [202, 400, 202, 429]
