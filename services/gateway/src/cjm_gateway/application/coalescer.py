"""Gathering what many callers send at the same time into few calls."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Generic, TypeVar

from cjm_kit.errors import AppError, Code

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class _Waiting(Generic[_Item, _Answer]):
    item: _Item
    size_bytes: int
    answer: asyncio.Future[_Answer]


class Coalescer(Generic[_Item, _Answer]):
    """Gathers items into few calls and hands every caller the answer at the place of its item.

    Args:
        send: Makes one call; must return one answer per item, in the same order. Its failure is every caller's failure.
        linger_seconds: How long a call waits for company, >= 0.
        call_bytes: A call closes when it holds this much; a larger item travels alone.
        call_items: A call closes when it holds this many items.
        calls_in_flight: Calls at most at the same time, > 0: the next is read while the one before is flushed to disk.
        waiting_bytes: More than this is not kept waiting; callers are refused instead.
    """

    def __init__(
        self,
        send: Callable[[list[_Item]], Awaitable[Sequence[_Answer]]],
        *,
        linger_seconds: float = 0.004,
        call_bytes: int = 1_000_000,
        call_items: int = 2000,
        calls_in_flight: int = 2,
        waiting_bytes: int = 64_000_000,
    ) -> None:
        self._send = send
        self._linger_seconds = linger_seconds
        self._call_bytes = call_bytes
        self._call_items = call_items
        self._calls_in_flight = calls_in_flight
        self._waiting_bytes_limit = waiting_bytes
        self._waiting: deque[_Waiting[_Item, _Answer]] = deque()
        self._waiting_bytes = 0
        self._calls: set[asyncio.Task[None]] = set()
        self._is_gathering = False

    def ask(self, item: _Item, size_bytes: int) -> asyncio.Future[_Answer]:
        """Send an item with others.

        Returns:
            Its answer, or whatever the call raised.

        Raises:
            AppError: UNAVAILABLE `intake_full` when too much is waiting.
        """
        if self._waiting_bytes + size_bytes > self._waiting_bytes_limit:
            raise AppError(Code.UNAVAILABLE, "intake_full", "Too many events are waiting. Send them again in a second.")
        waiting = _Waiting(item, size_bytes, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._waiting_bytes += size_bytes
        self._gather()
        return waiting.answer

    def _gather(self) -> None:
        """Begin another call when something waits, nobody gathers it and not too many are on their way."""
        if self._waiting and not self._is_gathering and len(self._calls) < self._calls_in_flight:
            self._is_gathering = True
            # An empty context: a call belongs to many requests, so it carries the identity and request id of none.
            call = asyncio.create_task(self._call(), context=Context())
            self._calls.add(call)
            call.add_done_callback(self._ended)

    def _ended(self, call: "asyncio.Task[None]") -> None:
        self._calls.discard(call)
        self._gather()

    async def _call(self) -> None:
        if self._waiting_bytes < self._call_bytes and len(self._waiting) < self._call_items:
            await asyncio.sleep(self._linger_seconds)
        taken = self._take()
        self._is_gathering = False
        self._gather()
        try:
            answers = await self._send([waiting.item for waiting in taken])
            for waiting, answer in zip(taken, answers, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(answer)
        except Exception as failure:  # noqa: BLE001 - every caller in the call must hear of it
            for waiting in taken:
                if not waiting.answer.done():
                    waiting.answer.set_exception(failure)

    def _take(self) -> list[_Waiting[_Item, _Answer]]:
        taken: list[_Waiting[_Item, _Answer]] = []
        size_bytes = 0
        while self._waiting and len(taken) < self._call_items:
            if taken and size_bytes + self._waiting[0].size_bytes > self._call_bytes:
                break
            waiting = self._waiting.popleft()
            self._waiting_bytes -= waiting.size_bytes
            size_bytes += waiting.size_bytes
            taken.append(waiting)
        return taken
