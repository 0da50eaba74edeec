"""Checks of the machine: what the product needs, whether it is there, and what to do when it is not."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cjm_kit.errors import AppError
from cjm_launcher import instance
from cjm_launcher.settings import LauncherSettings

_MIN_FREE_BYTES = 2 << 30
_MIN_MEMORY_BYTES = 3 << 30
_SLOW_FLUSH_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Outcome of one check.

    Attributes:
        name: What was looked at.
        is_good: False when the product cannot work like this.
        detail: What was found, and what to do.
    """

    name: str
    is_good: bool
    detail: str


def check_machine(settings: LauncherSettings) -> list[CheckResult]:
    """Run all checks; takes well under a second and changes nothing but a probe file that it removes."""
    return [
        _check_python(),
        _check_bus_server(),
        _check_event_store(),
        _check_page(),
        _refusable(
            "data folder", lambda: instance.prepare_data_dir(settings.data_dir), f"{settings.data_dir} is writable"
        ),
        _refusable(
            "port", lambda: instance.require_free_port(settings.host, settings.port), f"{settings.port} is free"
        ),
        _check_disk(settings.data_dir),
        _check_flush(settings.data_dir),
        _check_memory(),
    ]


def _check_python() -> CheckResult:
    is_good = sys.version_info >= (3, 11)
    found = ".".join(map(str, sys.version_info[:3]))
    return CheckResult("Python", is_good, found if is_good else f"{found} is too old; install Python 3.11 or newer")


def _check_bus_server() -> CheckResult:
    path = Path(sys.executable).with_name("nats-server")
    detail = str(path) if path.exists() else "nats-server is missing; run `make install`"
    return CheckResult("message bus", path.exists(), detail)


def _check_event_store() -> CheckResult:
    is_good = find_spec("chdb") is not None
    return CheckResult(
        "event store", is_good, "chDB is installed" if is_good else "chDB is missing; run `make install`"
    )


def _check_page() -> CheckResult:
    spec = find_spec("cjm_gateway")
    page = Path(str(spec.origin)).parent / "static" / "index.html" if spec else None
    is_good = page is not None and page.exists()
    return CheckResult("web page", is_good, "is built" if is_good else "is not built; run `make page`")


def _check_disk(data_dir: Path) -> CheckResult:
    existing = next(folder for folder in (data_dir.resolve(), *data_dir.resolve().parents) if folder.exists())
    free_bytes = shutil.disk_usage(existing).free
    is_good = free_bytes >= _MIN_FREE_BYTES
    detail = f"{free_bytes / (1 << 30):.1f} GiB free"
    return CheckResult("disk", is_good, detail if is_good else f"{detail}; at least 2 GiB are needed")


def _check_flush(data_dir: Path) -> CheckResult:
    """Every accepted event is flushed to disk, so a slow flush is felt by every sender."""
    if not data_dir.exists():
        return CheckResult("disk flush", is_good=False, detail=f"{data_dir} does not exist")
    probe = data_dir / f".flush-test-{os.getpid()}"
    started = time.perf_counter()
    with probe.open("wb") as file:
        for _ in range(10):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    probe.unlink()
    flush_seconds = (time.perf_counter() - started) / 10
    detail = f"{flush_seconds * 1000:.1f} ms a flush"
    is_good = flush_seconds < _SLOW_FLUSH_SECONDS
    return CheckResult("disk flush", is_good, detail if is_good else f"{detail}; senders will wait, use a faster disk")


def _check_memory() -> CheckResult:
    total_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    is_good = total_bytes >= _MIN_MEMORY_BYTES
    detail = f"{total_bytes / (1 << 30):.1f} GiB"
    return CheckResult("memory", is_good, detail if is_good else f"{detail}; at least 3 GiB are needed")


def _refusable(name: str, action: Callable[[], None], good: str) -> CheckResult:
    try:
        action()
    except AppError as refusal:
        return CheckResult(name, is_good=False, detail=refusal.detail)
    return CheckResult(name, is_good=True, detail=good)
