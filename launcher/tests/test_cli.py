"""What the command says to the operator."""

import pytest
from typer.testing import CliRunner

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


def test_a_setting_of_a_service_has_the_name_it_is_set_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CJM_GATEWAY_HTTP_PORT", "abc")
    result = CliRunner().invoke(app, ["run", "--target", "gateway"])
    assert "CJM_GATEWAY_HTTP_PORT must be a whole number" in result.output
