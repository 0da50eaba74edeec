"""Worker processes keep to their budget and do not outlive their use."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping

import psutil
import pytest
import pytest_asyncio

from cjm_mining.adapters.worker_pool import (
    WorkerDiedError,
    WorkerMemoryLimitError,
    WorkerPool,
    WorkerRefusedError,
    WorkerTimeLimitError,
)

Way = tuple[str, ...]
Coded = Callable[[Mapping[Way, int]], bytes]
ALPHA = {"task": "discover", "kind": "alpha", "parameters": {}}
TREE = {"task": "discover", "kind": "inductive_tree", "parameters": {"noise_threshold": 0.0}}


async def pieces(*contents: bytes) -> AsyncIterator[bytes]:
    for content in contents:
        yield content


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(1, 2**31, 30)
    yield pool
    await pool.close()


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if is_worker(child)]


def is_worker(process: psutil.Process) -> bool:
    try:
        return "cjm_mining.worker" in process.cmdline()
    except psutil.Error:
        return False


async def born() -> int:
    """Process id of the first worker, once there is one."""
    async with asyncio.timeout(10):
        while not (found := children()):  # noqa: ASYNC110 - a process appears without telling
            await asyncio.sleep(0.01)
    return found[0].pid


async def test_one_worker_serves_many_jobs(pool: WorkerPool, running_example: Mapping[Way, int], coded: Coded) -> None:
    head, content = await pool.run(TREE, pieces(coded(running_example)), 60)
    [worker] = children()
    again = await pool.run(TREE, pieces(coded(running_example)), 60)
    assert again == (head, content)
    assert (head["events_count"], head["cases_count"]) == (42, 6)
    assert children() == [worker]
    await pool.close()
    assert children() == []


@pytest.mark.parametrize("niceness", [0, 19])
async def test_a_worker_stands_back_as_far_as_its_pool_says(
    running_example: Mapping[Way, int], coded: Coded, niceness: int
) -> None:
    pool = WorkerPool(1, 2**31, 30, niceness)
    await pool.run(TREE, pieces(coded(running_example)), 60)
    [worker] = children()
    assert worker.nice() == min(psutil.Process().nice() + niceness, 19)
    await pool.close()


async def test_a_refusal_does_not_cost_the_worker(
    pool: WorkerPool, running_example: Mapping[Way, int], coded: Coded
) -> None:
    for _ in range(2):
        with pytest.raises(WorkerRefusedError) as caught:
            await pool.run(TREE, pieces(coded({})), 60)
        assert caught.value.reason == "no_touchpoints"
    wide = {tuple(f"step {number}" for number in range(301)): 1}
    with pytest.raises(WorkerRefusedError) as caught:
        await pool.run(TREE, pieces(coded(wide), coded(wide)), 60)
    assert caught.value.reason == "too_many_activities"
    assert len(children()) == 1
    head, _ = await pool.run(TREE, pieces(coded(running_example)), 60)
    assert head["cases_count"] == 6


async def test_a_job_over_its_time_is_killed(pool: WorkerPool, endless_counts: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(WorkerTimeLimitError):
        await pool.run(ALPHA, pieces(endless_counts), 5)
    assert 5 <= time.monotonic() - started < 10
    assert children() == []


async def test_a_job_over_its_memory_is_killed(greedy_ways: Mapping[Way, int], coded: Coded) -> None:
    pool = WorkerPool(1, 250 * 2**20, 30)
    with pytest.raises(WorkerMemoryLimitError):
        await pool.run(TREE, pieces(coded(greedy_ways)), 60)
    assert children() == []
    await pool.close()


async def test_a_worker_that_dies_is_noticed(pool: WorkerPool, endless_counts: bytes) -> None:
    job = asyncio.create_task(pool.run(ALPHA, pieces(endless_counts), 60))
    os.kill(await born(), signal.SIGSEGV)
    with pytest.raises(WorkerDiedError):
        await job
    assert children() == []


async def test_cancelling_kills_at_once(pool: WorkerPool, endless_counts: bytes) -> None:
    job = asyncio.create_task(pool.run(ALPHA, pieces(endless_counts), 60))
    await born()
    started = time.monotonic()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert time.monotonic() - started < 1
    assert children() == []


async def test_an_idle_worker_goes(running_example: Mapping[Way, int], coded: Coded) -> None:
    pool = WorkerPool(1, 2**31, 0.05)
    await pool.run(TREE, pieces(coded(running_example)), 60)
    async with asyncio.timeout(10):
        while children():  # noqa: ASYNC110 - a process goes without telling
            await asyncio.sleep(0.01)
    await pool.close()


async def test_a_failure_while_asking_is_passed_on(pool: WorkerPool) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b""
        raise LookupError("ingest is gone")

    with pytest.raises(LookupError):
        await pool.run(TREE, failing(), 60)
    assert children() == []
