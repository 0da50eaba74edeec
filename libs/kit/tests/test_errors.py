"""One failure keeps its meaning from the service over gRPC to the problem a client reads."""

import pytest

from cjm_kit.errors import AppError, Code, FieldViolation, http_status, problem


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_an_http_status(code: Code) -> None:
    assert 400 <= http_status(code) <= 504


def test_problem_names_field_and_row() -> None:
    violation = FieldViolation("time", "not_a_date", 'Row 214, field "time": "31.02.2024" is not a date.', row=214)
    error = AppError(Code.INVALID_ARGUMENT, "rows_invalid", "One row is not valid.", violations=[violation])
    body = problem(error, "/api/v1/imports", "r1")
    assert body["status"] == 400
    assert body["reason"] == "rows_invalid"
    assert body["request_id"] == "r1"
    assert body["errors"] == [{"field": "time", "row": 214, "reason": "not_a_date", "detail": violation.detail}]
