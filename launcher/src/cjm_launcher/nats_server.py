"""An embedded `nats-server` with JetStream that flushes every message to disk before it acknowledges."""

import asyncio
import json
import secrets
import sys
import urllib.request
from pathlib import Path

from cjm_kit.errors import AppError, Code
from cjm_launcher.child_process import ChildProcess
from cjm_launcher.instance import free_port

_START_SECONDS = 10.0
_STOP_SECONDS = 5.0


class NatsServer:
    """One `nats-server` process, ended with its owner.

    Args:
        data_dir: Folder for its streams; made when absent.
        port: Port for clients on the loopback address; 0 takes a free one.
    """

    def __init__(self, data_dir: Path, port: int = 0) -> None:
        self._data_dir = data_dir
        self._port = port or free_port()
        self._monitor_port = free_port()
        # Other accounts of this machine reach the loopback address too, and must neither read events nor publish facts.
        self._token = secrets.token_urlsafe(32)
        self._process = ChildProcess("message bus")
        self.died = self._process.died
        """Completes with an exception when the process ends on its own."""

    @property
    def url(self) -> str:
        """Address for clients, with the token that lets them in."""
        return f"nats://{self._token}@127.0.0.1:{self._port}"

    @property
    def monitor_url(self) -> str:
        """HTTP address of the monitoring endpoint."""
        return f"http://127.0.0.1:{self._monitor_port}"

    async def start(self) -> None:
        """Start the process and wait until JetStream answers.

        Raises:
            AppError: UNAVAILABLE `nats_start_failed` with the last line the server said.
        """
        self._data_dir.mkdir(parents=True, exist_ok=True)
        config = self._data_dir / "nats-server.conf"
        config.touch(mode=0o600)
        config.write_text(
            f'host: "127.0.0.1"\nport: {self._port}\nhttp: "127.0.0.1:{self._monitor_port}"\n'
            f'max_payload: 8388608\nauthorization {{ token: "{self._token}" }}\n'
            f"jetstream {{ store_dir: {json.dumps(str(self._data_dir / 'jetstream'))}, sync_interval: always }}\n"
        )
        log_path = self._data_dir / "nats-server.log"
        # One run's log is enough: the server's own reports must not fill the disk.
        command = [str(Path(sys.executable).with_name("nats-server")), "-c", str(config)]
        with log_path.open("wb") as log:
            await self._process.start(command, log)
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while not await asyncio.to_thread(self._is_healthy):
            if self.died.done() or asyncio.get_running_loop().time() > deadline:
                lines = log_path.read_text(errors="replace").strip().splitlines()
                detail = f"The message bus did not start: {lines[-1] if lines else 'it said nothing'}"
                raise AppError(Code.UNAVAILABLE, "nats_start_failed", detail)
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """End the process; waits for it, then kills it."""
        await self._process.stop(_STOP_SECONDS)

    @property
    def pid(self) -> int:
        """Process id.

        Raises:
            RuntimeError: The server was not started.
        """
        return self._process.pid

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.monitor_url}/healthz", timeout=1) as answer:  # noqa: S310 - loopback
                return bool(answer.status == 200)
        except OSError:
            return False
