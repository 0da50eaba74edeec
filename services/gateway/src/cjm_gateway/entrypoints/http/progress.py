"""Following something until it ended."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import Protocol, TypeVar

from cjm_gateway.entrypoints.http.gateway import Gateway
from cjm_kit.errors import AppError, Code

POLL_SECONDS = 0.5


class _WithStatus(Protocol):
    @property
    def status(self) -> str: ...


_State = TypeVar("_State", bound=_WithStatus)


async def changes(
    gateway: Gateway, first: _State, read: Callable[[], Awaitable[_State]], live: Collection[str]
) -> AsyncIterator[_State]:
    """States of something, each when it differs from the one before, until it is not `live` or the gateway stops.

    A service that does not answer for a moment is asked again; one that says that the thing is gone ends the stream.
    """
    state = first
    yield state
    while state.status in live and not gateway.stopping.is_set():
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
