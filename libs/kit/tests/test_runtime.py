"""Parts start in order, stop in reverse, and the first failure stops all."""

import asyncio
import os
import signal

import pytest

from cjm_kit.errors import AppError, Code
from cjm_kit.runtime import Component, run


class Parts:
    def __init__(self) -> None:
        self.said: list[str] = []

    def make(self, name: str, *, failure: Exception | None = None) -> Component:
        async def start() -> None:
            self.said.append(f"start {name}")
            if failure:
                raise failure

        async def stop() -> None:
            self.said.append(f"stop {name}")

        async def is_ready() -> bool:
            return True

        return Component(name, start, stop, is_ready, failed=asyncio.get_running_loop().create_future())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_stops_all_in_reverse_order(number: signal.Signals) -> None:
    parts = Parts()

    async def on_ready() -> None:
        parts.said.append("ready")
        os.kill(os.getpid(), number)

    assert await run([parts.make("a"), parts.make("b")], on_ready) == 0
    assert parts.said == ["start a", "start b", "ready", "stop b", "stop a"]


async def test_failed_start_stops_what_was_started() -> None:
    parts = Parts()
    failure = AppError(Code.UNAVAILABLE, "no", "No.")
    assert await run([parts.make("a"), parts.make("b", failure=failure), parts.make("c")]) == 1
    assert parts.said == ["start a", "start b", "stop b", "stop a"]


async def test_part_that_dies_stops_all() -> None:
    parts = Parts()
    dying = parts.make("a")

    async def on_ready() -> None:
        assert dying.failed is not None
        dying.failed.set_exception(RuntimeError("dead"))

    assert await run([dying, parts.make("b")], on_ready) == 1
    assert parts.said[-2:] == ["stop b", "stop a"]


async def test_part_that_does_not_stop_is_left_behind() -> None:
    parts = Parts()
    stuck = parts.make("a")

    async def never() -> None:
        await asyncio.Event().wait()

    stuck.stop = never

    async def on_ready() -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    assert await asyncio.wait_for(run([stuck], on_ready, stop_seconds=0.1), 5) == 0
