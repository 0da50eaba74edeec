"""Many small writes become few large ones, one in flight."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from cjm_ingest.application.background import end
from cjm_ingest.application.event_blocks import PackedBlock

MESSAGE_BYTES = 700_000  # below the 1 MiB that NATS takes, one flush to disk each


@dataclass(slots=True)
class _Waiting:
    future: "asyncio.Future[None]"
    open_count: int


class Coalescer:
    """Publishes what many callers bring in as few messages as possible.

    While one message is on its way the next one fills up, so the slower the disk, the larger the messages.

    Args:
        publish: Writes one message; returns when it is on disk.
    """

    def __init__(self, publish: Callable[[Sequence[PackedBlock]], Awaitable[None]]) -> None:
        self._publish = publish
        self._queue: deque[tuple[PackedBlock, _Waiting]] = deque()
        self._has_work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to publish."""
        self._task = asyncio.create_task(self._work(), name="event-coalescer")

    async def add(self, blocks: Sequence[PackedBlock]) -> None:
        """Return when all blocks are on disk.

        Raises:
            AppError: UNAVAILABLE when at least one could not be written.
        """
        if not blocks:
            return
        waiting = _Waiting(asyncio.get_running_loop().create_future(), len(blocks))
        self._queue.extend((block, waiting) for block in blocks)
        self._has_work.set()
        await waiting.future

    async def stop(self) -> None:
        """Publish what is queued, then end."""
        if self._queue:
            await asyncio.gather(self._queue[-1][1].future, return_exceptions=True)
        if self._task:
            await end([self._task])

    async def _work(self) -> None:
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            while self._queue:
                taken = self._take()
                try:
                    await self._publish([block for block, _ in taken])
                except Exception as failure:  # noqa: BLE001 - whatever it is, the callers must hear of it
                    for _, waiting in taken:
                        if not waiting.future.done():
                            waiting.future.set_exception(failure)
                else:
                    for _, waiting in taken:
                        waiting.open_count -= 1
                        if not waiting.open_count and not waiting.future.done():
                            waiting.future.set_result(None)

    def _take(self) -> list[tuple[PackedBlock, _Waiting]]:
        taken = [self._queue.popleft()]
        size = len(taken[0][0].data)
        while self._queue and size + len(self._queue[0][0].data) <= MESSAGE_BYTES:
            taken.append(self._queue.popleft())
            size += len(taken[-1][0].data)
        return taken
