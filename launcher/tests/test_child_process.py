"""Programs that run beside their owner and never without it."""

import ctypes
import os
import sys
from pathlib import Path

import pytest

from cjm_kit.errors import AppError
from cjm_launcher.child_process import ChildProcess


async def _ended(command: str) -> str:
    """How a Python program ended."""
    process = ChildProcess("program")
    await process.start([sys.executable, "-c", command], None)
    with pytest.raises(AppError) as died:
        await process.died
    return died.value.detail


async def test_nothing_is_loaded_between_fork_and_exec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ctypes, "CDLL")
    assert await _ended("pass") == "The part program ended with exit code 0."


async def test_a_program_whose_owner_has_gone_before_it_began_does_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert await _ended(f"open({str(trace)!r}, 'w')") == "The part program ended with exit code 1."
    assert not trace.exists()
