"""Following something until it ended."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import Protocol, TypeVar

from cjm_gateway.entrypoints.http.gateway import Gateway
from cjm_kit.errors import AppError, Code

POLL_SECONDS = 0.5
# A browser connects again by itself, and its session and rights are then checked anew.
STREAM_SECONDS = 600.0


class _WithStatus(Protocol):
    @property
    def status(self) -> str: ...


_State = TypeVar("_State", bound=_WithStatus)


async def changes(
    gateway: Gateway, first: _State, read: Callable[[], Awaitable[_State]], live: Collection[str]
) -> AsyncIterator[_State]:
    """States of something, each when it differs from the one before, until it is not `live`, the gateway stops or ten
    minutes are over.

    A service that does not answer for a moment is asked again; one that says that the thing is gone ends the stream.
    """
    state = first
    yield state
    ends_at = time.monotonic() + STREAM_SECONDS
    while state.status in live and not gateway.stopping.is_set() and time.monotonic() < ends_at:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(gateway.stopping.wait(), POLL_SECONDS)
        try:
            latest = await read()
        except AppError as failure:
            if failure.code in {Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED}:
                continue
            return
        if latest != state:
            yield latest
        state = latest
