"""A process of our own, watched while it runs and ended with its owner."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import IO, Any

from cjm_kit.errors import AppError, Code

_PR_SET_PDEATHSIG = 1
# Found now: between fork and exec the dynamic linker may wait for ever for a lock that another thread held.
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


class ChildProcess:
    """One process, ended with its owner however that one ends.

    Args:
        name: Part of the system that it is, for sentences.
        last_signal: What Linux sends it when its owner was killed.
    """

    def __init__(self, name: str, last_signal: signal.Signals = signal.SIGTERM) -> None:
        self._name = name
        self._last_signal = last_signal
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Completes with an exception when the process ends on its own."""

    async def start(
        self,
        command: Sequence[str],
        output: IO[Any] | int | None,
        environment: Mapping[str, str] | None = None,
        niceness: int = 0,
    ) -> None:
        """Start it; returns before it is ready.

        Args:
            command: Program and arguments.
            output: Where both outputs go; None for the owner's.
            environment: All variables; None for the owner's.
            niceness: How far it stands back when others want the processor, 0 to 19.
        """

        owner_pid = os.getpid()

        def prepare() -> None:
            os.setpgrp()  # Ctrl-C in a terminal is for the owner, which then ends it in its turn
            os.nice(niceness)
            if _PRCTL is not None:
                _PRCTL(_PR_SET_PDEATHSIG, self._last_signal)
                # The owner may have ended before it could be followed.
                if os.getppid() != owner_pid:
                    os._exit(1)

        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdout=output,
            stderr=output,
            stdin=asyncio.subprocess.DEVNULL,
            env=environment,
            preexec_fn=prepare,
        )
        self._watch = asyncio.create_task(self._watch_process(self._process))

    async def stop(self, patience_seconds: float) -> None:
        """Ask it to end, wait, then kill it."""
        if self._watch:
            self._watch.cancel()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), patience_seconds)
        except TimeoutError:
            process.kill()
            await process.wait()

    @property
    def pid(self) -> int:
        """Process id.

        Raises:
            RuntimeError: It was not started.
        """
        if self._process is None:
            raise RuntimeError(f"{self._name} was not started")
        return self._process.pid

    async def _watch_process(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        if not self.died.done():
            detail = f"The part {self._name} ended with exit code {code}."
            self.died.set_exception(AppError(Code.UNAVAILABLE, "part_died", detail))
            self.died.exception()  # seen here, so that nobody having waited is no warning
