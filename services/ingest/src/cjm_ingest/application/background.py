"""Tasks that end for certain, and tasks that nobody's leaving ends."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

_AGAIN_SECONDS = 0.5

Result = TypeVar("Result")


class Lasting:
    """Work that goes on when its caller goes away."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def to_its_end(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do the work; a cancelled caller leaves it running."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Wait for all that is running."""
        if self._tasks:
            await asyncio.wait(self._tasks)


async def end(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel tasks until they have ended: `asyncio.wait_for` in Python 3.11 can swallow a cancellation."""
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_AGAIN_SECONDS)
