"""Worker processes: started when needed, one job each at a time, killed when a job takes too long or too much."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import psutil

from cjm_kit.logging import get_logger
from cjm_mining.adapters.frames import Tag, packed, read_frame

_WATCH_SECONDS = 0.05
_LARGEST_IDLE_BYTES = 320 * 2**20
_STDERR_TAIL_BYTES = 2000
_log = get_logger(__name__)


class WorkerTimeLimitError(Exception):
    """The job took longer than it may; its worker was killed."""


class WorkerMemoryLimitError(Exception):
    """The job took more memory than it may; its worker was killed."""


class WorkerDiedError(Exception):
    """The worker ended by itself in the middle of a job."""


class WorkerRefusedError(Exception):
    """The worker says why the job cannot be done."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True, eq=False)
class _Worker:
    process: asyncio.subprocess.Process
    stderr_tail: bytearray = field(default_factory=bytearray)
    listening: asyncio.Task[None] | None = None
    retirement: asyncio.TimerHandle | None = None

    @property
    def rss_bytes(self) -> int:
        try:
            used: int = psutil.Process(self.process.pid).memory_info().rss
        except psutil.Error:
            return 0
        return used

    async def listen(self) -> None:
        assert self.process.stderr
        while chunk := await self.process.stderr.read(4096):
            self.stderr_tail += chunk
            del self.stderr_tail[:-_STDERR_TAIL_BYTES]

    async def end(self) -> None:
        if self.retirement:
            self.retirement.cancel()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        if self.listening:
            await self.listening


class WorkerPool:
    """Runs jobs in processes of their own.

    Args:
        size: Jobs at the same time, >= 1.
        memory_limit_bytes: Resident memory one worker may take.
        idle_seconds: How long an idle worker is kept, >= 0.
        niceness: How far its workers stand back when others want the processor, 0 to 19.
    """

    def __init__(self, size: int, memory_limit_bytes: int, idle_seconds: float, niceness: int = 0) -> None:
        self._slots = asyncio.Semaphore(size)
        self._memory_limit_bytes = memory_limit_bytes
        self._idle_seconds = idle_seconds
        self._niceness = niceness
        self._idle: list[_Worker] = []
        self._endings: set[asyncio.Task[None]] = set()

    async def run(
        self, job: Mapping[str, object], data: AsyncIterator[bytes], time_limit_seconds: float
    ) -> tuple[dict[str, object], bytes]:
        """Do one job; waits for a free slot, which does not count as time of the job. Cancelling kills the worker.

        Args:
            job: What to do, as JSON.
            data: What to do it with, piece by piece; a failure while reading it ends the job and is passed on.
            time_limit_seconds: > 0.

        Returns:
            Head and content of the answer.

        Raises:
            WorkerTimeLimitError, WorkerMemoryLimitError, WorkerDiedError, WorkerRefusedError: See there.
        """
        async with self._slots:
            worker = self._idle.pop() if self._idle else await _started(self._niceness)
            if worker.retirement:
                worker.retirement.cancel()
            watching = asyncio.create_task(self._watch(worker))
            is_fit = False
            try:
                async with asyncio.timeout(time_limit_seconds):
                    answer = await _converse(worker, job, data)
                is_fit = True
            except WorkerRefusedError:
                is_fit = True
                raise
            except TimeoutError:
                raise WorkerTimeLimitError from None
            except (asyncio.IncompleteReadError, ConnectionError):
                if watching.done():
                    raise WorkerMemoryLimitError from None
                await worker.end()
                tail = worker.stderr_tail.decode(errors="replace")
                _log.error("worker_died", exit_code=worker.process.returncode, stderr=tail)
                raise WorkerDiedError from None
            finally:
                watching.cancel()
                if is_fit and worker.rss_bytes <= _LARGEST_IDLE_BYTES:
                    self._keep(worker)
                else:
                    await worker.end()
            return answer

    async def close(self) -> None:
        """End the idle workers; jobs under way must have been cancelled before."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(worker.end() for worker in idle), *self._endings)

    async def _watch(self, worker: _Worker) -> None:
        while worker.rss_bytes <= self._memory_limit_bytes:  # noqa: ASYNC110 - nothing tells of memory but looking
            await asyncio.sleep(_WATCH_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            worker.process.kill()

    def _keep(self, worker: _Worker) -> None:
        self._idle.append(worker)
        worker.retirement = asyncio.get_running_loop().call_later(self._idle_seconds, self._retire, worker)

    def _retire(self, worker: _Worker) -> None:
        self._idle.remove(worker)
        ending = asyncio.create_task(worker.end())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)


async def _started(niceness: int) -> _Worker:
    # A fixed hash seed because pm4py walks through sets; one thread because the pool is what runs in parallel.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cjm_mining.worker",
        str(niceness),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        start_new_session=True,  # Ctrl-C in a terminal is for the service, which then ends its workers
    )
    worker = _Worker(process)
    worker.listening = asyncio.create_task(worker.listen())
    return worker


async def _converse(
    worker: _Worker, job: Mapping[str, object], data: AsyncIterator[bytes]
) -> tuple[dict[str, object], bytes]:
    ask, answer = worker.process.stdin, worker.process.stdout
    assert ask
    assert answer
    ask.write(packed(Tag.JOB, json.dumps(job).encode()))
    async for piece in data:
        ask.write(packed(Tag.DATA, piece))
        await ask.drain()
    ask.write(packed(Tag.END))
    await ask.drain()
    tag, payload = await read_frame(answer)
    head = json.loads(payload)
    if tag is Tag.FAILED:
        raise WorkerRefusedError(head["reason"], head["detail"])
    _, content = await read_frame(answer)
    return head, content
