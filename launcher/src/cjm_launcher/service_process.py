"""A service in a process of its own, under `cjm run`."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from cjm_kit.errors import AppError, Code
from cjm_kit.identity import IdentitySigner
from cjm_kit.logging import get_logger
from cjm_kit.rpc import RpcClient
from cjm_launcher.child_process import ChildProcess

_START_SECONDS = 120.0  # opening a large event store takes a while
_STOP_SECONDS = 12.0
# What only this process needs is not handed on.
_OWN_SECRETS = ("CJM_ADMIN_PASSWORD",)

_log = get_logger(__name__)


class ServiceProcess:
    """One service, started as `cjm run --target=...`.

    Args:
        name: One of `services.SERVICE_NAMES`.
        values: Its settings by name; `rpc_listen` must name a port, and so must `metrics_listen` unless it is empty.
        log_path: File to which it adds its log; None for this process's own output.
        niceness: How far it stands back when others want the processor, 0 to 19.
    """

    def __init__(self, name: str, values: Mapping[str, Any], log_path: Path | None, niceness: int = 0) -> None:
        self._name = name
        self._values = values
        self._log_path = log_path
        self._niceness = niceness
        # Killed with its owner: what was accepted is on disk, and the next start must find the data free.
        self._process = ChildProcess(name, signal.SIGKILL)
        signer = IdentitySigner(values["identity_secret"])
        self._client = RpcClient(values["rpc_listen"], signer, "launcher")
        self.died = self._process.died

    async def start(self) -> None:
        """Start it; returns before it is ready."""
        prefix = f"CJM_{self._name.upper()}_"
        own = {name: value for name, value in os.environ.items() if name not in _OWN_SECRETS}
        environment = {**own, **{f"{prefix}{key.upper()}": str(value) for key, value in self._values.items()}}
        command = [sys.executable, "-m", "cjm_launcher.cli", "run", f"--target={self._name}"]
        if self._log_path is None:
            await self._process.start(command, None, environment, self._niceness)
            return
        with self._log_path.open("ab") as log:
            await self._process.start(command, log, environment, self._niceness)

    async def until_ready(self) -> None:
        """Wait until it says that it is ready.

        Raises:
            AppError: UNAVAILABLE `part_died` or `part_not_ready`.
        """
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while not await self._client.is_serving():
            if self.died.done():
                self.died.result()
            if asyncio.get_running_loop().time() > deadline:
                detail = f"The part {self._name} was not ready within {_START_SECONDS:.0f} s. The log says why."
                raise AppError(Code.UNAVAILABLE, "part_not_ready", detail)
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Ask it to stop; waits for it, then kills it."""
        await self._process.stop(_STOP_SECONDS)
        await self._client.close()

    async def is_ready(self) -> bool:
        """Whether it can do its work."""
        return await self._client.is_serving()

    def collect(self) -> Iterable[Metric]:
        """Its metrics; none while it does not answer."""
        address = self._values["metrics_listen"]
        if not address:
            return
        try:
            with urlopen(f"http://{address}/metrics", timeout=2) as answer:
                text = answer.read().decode()
        except OSError as failure:
            _log.warning("metrics_not_collected", part=self._name, error=str(failure))
            return
        yield from text_string_to_metric_families(text)
