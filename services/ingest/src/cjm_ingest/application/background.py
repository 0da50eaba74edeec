"""Ending background tasks for certain."""

import asyncio
from collections.abc import Iterable

_AGAIN_SECONDS = 0.5


async def end(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel tasks until they have ended: `asyncio.wait_for` in Python 3.11 can swallow a cancellation."""
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_AGAIN_SECONDS)
