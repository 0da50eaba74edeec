"""The whole product as a user starts it: one process tree, used over HTTP only; and small helpers to talk to it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

ROOT = Path(__file__).resolve().parents[4]
ADMIN_PASSWORD = "a password only for tests"


class _Client(httpx.Client):
    """A client that may have been used before its `with` block."""

    def __enter__(self) -> Self:
        return self


@dataclass
class Product:
    """A running installation.

    Attributes:
        data_dir: Its data folder.
        port: Port of its page.
        demo: True to load the sample data at the first start.
        process: The running process.
        lines: What it has said on the terminal so far.
        environment: Further environment variables.
    """

    data_dir: Path
    port: int
    demo: bool
    process: subprocess.Popen[str] | None = None
    lines: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, until: str = "Open http") -> float:
        """Start and wait for a line; returns the seconds it took."""
        started_at = time.monotonic()
        environment = {
            **os.environ,
            "CJM_DATA_DIR": str(self.data_dir),
            "CJM_PORT": str(self.port),
            "CJM_DEMO": "1" if self.demo else "0",
            "CJM_ADMIN_PASSWORD": ADMIN_PASSWORD,
            **self.environment,
        }
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("cjm")), "run"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if until in line:
                return time.monotonic() - started_at
        log = self.data_dir / "cjm.log"
        tail = log.read_text()[-4000:] if log.exists() else ""
        raise AssertionError("it ended early:\n" + "\n".join(self.lines) + "\n" + tail)

    def kill(self) -> None:
        """End it as a power cut would: no goodbye."""
        assert self.process
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()

    def stop(self) -> tuple[int, float]:
        """Ask it to stop; returns exit code and seconds."""
        assert self.process
        started_at = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        assert self.process.stdout
        self.process.stdout.close()
        return code, time.monotonic() - started_at

    def client(self, username: str = "admin", password: str = ADMIN_PASSWORD) -> httpx.Client:
        """A signed-in client."""
        client = _Client(base_url=self.base_url, timeout=60)
        answer = client.post("/api/v1/session", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return client

    def system(self, secret: str) -> httpx.Client:
        """A client of an external system."""
        return httpx.Client(base_url=self.base_url, timeout=60, headers={"Authorization": f"Bearer {secret}"})


def created(answer: httpx.Response, status: int = 201) -> dict[str, Any]:
    """The body of an answer that must be good."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def ended(client: httpx.Client, path: str, patience_seconds: float = 120.0) -> dict[str, Any]:
    """Wait until an import or analysis is over."""
    give_up_at = time.monotonic() + patience_seconds
    while True:
        body: dict[str, Any] = created(client.get(path), 200)
        if body["status"] not in {"queued", "running"}:
            return body
        assert time.monotonic() < give_up_at, f"{path} did not end: {body}"
        time.sleep(0.1)


MAPPING_SIMPLE = {
    "name": "simple",
    "columns": [
        {"field": "customer_id", "column": "customer", "function": None},
        {"field": "action_type", "column": "action", "function": None},
        {"field": "time", "column": "time", "function": "datetime"},
    ],
}
