"""What the command says to the operator."""

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cjm_kit.errors import AppError
from cjm_launcher import demo
from cjm_launcher.cli import app


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CJM_PORT", "abc", "must be a whole number, written in digits"),
        ("CJM_PORT", "99999", "must be at most 65535"),
        ("CJM_PORT", "0", "must be at least 1"),
        ("CJM_MAX_UPLOAD_BYTES", "0", "must be above 0"),
        ("CJM_DEMO", "perhaps", "must be true or false"),
        ("CJM_LOG_LEVEL", "loud", "must be debug, info, warning or error"),
        ("CJM_METRICS_LISTEN", "here", "must be an address and a port, as 127.0.0.1:9100"),
    ],
)
def test_a_setting_that_is_not_valid_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, ["run"])
    assert (result.exit_code, result.output) == (1, f"cjm: {name} {words}.\n")


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("run --target gateway", "CJM_GATEWAY_HTTP_PORT"),
        ("run --target catalog", "CJM_PORT"),  # asked for what else it is told
        ("doctor", "CJM_PORT"),
        ("migrate", "CJM_PORT"),
    ],
)
def test_a_setting_has_the_name_it_is_set_by(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, name: str
) -> None:
    monkeypatch.setenv("CJM_CATALOG_IDENTITY_SECRET", "x" * 32)
    monkeypatch.setenv("CJM_CATALOG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(name, "abc")
    result = CliRunner().invoke(app, command.split())
    assert (result.exit_code, name + " must be a whole number" in result.output) == (1, True), result.output


def test_a_sample_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["demo", "--password", "x", "--samples-dir", str(tmp_path)])
    assert (result.exit_code, str(tmp_path) in result.output, result.output.count("\n")) == (1, True, 1)


async def test_a_sample_that_is_not_loaded_in_time_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_PATIENCE_SECONDS", 0.01)
    answer = httpx.MockTransport(lambda request: httpx.Response(200, json={"status": "running"}))
    async with httpx.AsyncClient(transport=answer, base_url="http://cjm") as client:
        with pytest.raises(AppError, match="/api/v1/imports/1 has not ended"):
            await demo._finished(client, "/api/v1/imports/1", {"completed"})
