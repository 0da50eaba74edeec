"""Every failure as an RFC 9457 problem: one form, a reason for programs, a sentence for people."""

import re
from collections.abc import Mapping, Sequence
from json import JSONDecodeError
from typing import Any

import msgspec
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cjm_gateway.entrypoints.http.shapes import Shape
from cjm_kit.errors import AppError, Code, FieldViolation, http_status, internal_error, problem
from cjm_kit.logging import request_id_var

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "1"
_WHERE = {"body", "query", "path", "header", "cookie"}
_PLACE = re.compile(r" at line \d+ column \d+")
_TITLES = {
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Not possible in this state",
    413: "Too large",
    415: "Unsupported form",
}
# By the name of pydantic's rule, whose own words reach nobody; a test fails for a form that needs one more.
_RULES = {
    "missing": ("field_missing", "is missing. Send it"),
    "extra_forbidden": ("field_unknown", "is not known here; check the spelling"),
    "string_type": ("wrong_type", "must be text"),
    "string_unicode": ("invalid_utf8", "contains half of a character pair{place}. Correct it"),
    "bool_parsing": ("wrong_type", "must be true or false"),
    "bool_type": ("wrong_type", "must be true or false"),
    "int_parsing": ("wrong_type", "must be a whole number"),
    "int_type": ("wrong_type", "must be a whole number"),
    "int_from_float": ("wrong_type", "must be a whole number"),
    "finite_number": ("wrong_type", "must be a whole number"),
    "int_parsing_size": ("value_invalid", "must be a whole number with fewer digits"),
    "greater_than_equal": ("value_invalid", "must be at least {ge}"),
    "less_than_equal": ("value_invalid", "must be at most {le}"),
    "less_than": ("value_invalid", "must be below {lt}"),
    "literal_error": ("value_invalid", "must be {expected}"),
    "list_type": ("wrong_type", "must be a list"),
    "dict_type": ("wrong_type", "must be an object"),
    "model_type": ("wrong_type", "must be an object"),
    "model_attributes_type": ("wrong_type", "must be an object"),
    "json_invalid": ("value_invalid", "is not valid JSON{place}; correct it and send it again"),
}
_HALF_PAIR = "hex escape"  # so the reader of JSON calls it, and nothing else
_OTHER_RULE = ("value_invalid", "is not right; see its description at /docs")


class FieldProblem(Shape):
    """One fault in the input."""

    field: str
    row: int | None
    reason: str
    detail: str


class Problem(Shape):
    """A failure (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    reason: str
    errors: list[FieldProblem]
    request_id: str


class HttpProblem(HTTPException):
    """A failure that exists only in HTTP, for example a wrong method or media type."""

    def __init__(self, status: int, reason: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.reason = reason


def body_too_large(limit_bytes: int, when: str = "") -> HttpProblem:
    """The refusal of a body above the limit; `when` it was measured, if not as it was sent."""
    size = f"{limit_bytes / (1 << 20):.4g} MiB"
    return HttpProblem(413, "body_too_large", f"The body is larger than {size}{when}. Send it in smaller parts.")


def problem_response(failure: AppError | HttpProblem, path: str) -> Response:
    """The answer to a failed request."""
    headers: dict[str, str] = {"cache-control": "no-store"}
    if isinstance(failure, AppError):
        content = problem(failure, path, request_id_var.get())
        if failure.code is Code.UNAUTHENTICATED:
            headers["www-authenticate"] = "Bearer"
        if failure.reason == "token_invalid":
            content["title"] = "Token not valid"
        if failure.code is Code.UNAVAILABLE:
            headers["retry-after"] = RETRY_AFTER_SECONDS
        if failure.code is Code.RESOURCE_EXHAUSTED:
            headers["retry-after"] = failure.metadata.get("retry_after_seconds", "60")
        status = http_status(failure.code)
    else:
        status = failure.status_code
        headers.update(failure.headers or {})
        content = Problem(
            type=f"urn:cjm:problem:{failure.reason}",
            title=_TITLES.get(status, "The request is not valid"),
            status=status,
            detail=failure.detail,
            instance=path,
            reason=failure.reason,
            errors=[],
            request_id=request_id_var.get(),
        ).model_dump()
    return Response(msgspec.json.encode(content), status, headers, MEDIA_TYPE)


def invalid_request(violations: Sequence[FieldViolation]) -> AppError:
    """The refusal of a request with faulty fields."""
    detail = violations[0].detail if len(violations) == 1 else f"{len(violations)} fields are not right; see errors."
    return AppError(Code.INVALID_ARGUMENT, "invalid_request", detail, violations=violations)


def violations_of(failure: ValidationError | RequestValidationError, within: str = "") -> list[FieldViolation]:
    """The faults pydantic found, in plain words; `within` names the field whose text was read."""
    return [_violation(error, within) for error in failure.errors()]


def _violation(error: Any, within: str) -> FieldViolation:
    place = [part for index, part in enumerate(error["loc"]) if index or part not in _WHERE]
    field = ".".join([within] * bool(within) + [str(part) for part in place]) or "body"
    row = next((part + 1 for part in place if isinstance(part, int)), None)
    kind = "string_unicode" if _HALF_PAIR in error["msg"] else error["type"]
    reason, rule = _RULES.get(kind, _OTHER_RULE)
    where = _PLACE.search(error["msg"])
    limits = {name: str(limit).replace("'", '"') for name, limit in error.get("ctx", {}).items()}
    rule = rule.format(**limits, place=where[0] if where else "")
    return FieldViolation(field, reason, f'Field "{field}" {rule}.', row)


async def on_app_error(request: Request, failure: Exception) -> Response:
    """Answer an error of ours."""
    assert isinstance(failure, AppError)
    return problem_response(failure, request.url.path)


async def on_invalid(request: Request, failure: Exception) -> Response:
    """Answer a request that does not have the form the route asks for."""
    assert isinstance(failure, RequestValidationError)
    if isinstance(broken := failure.__cause__, JSONDecodeError):
        where = f"line {broken.lineno} column {broken.colno}"
        detail = f"The body is not valid JSON at {where}. Correct it there and send it again."
        return problem_response(AppError(Code.INVALID_ARGUMENT, "body_not_json", detail), request.url.path)
    if isinstance(failure.body, bytes):
        # FastAPI leaves a body alone that does not call itself JSON.
        detail = "Send the body as JSON with the header Content-Type: application/json."
        return problem_response(HttpProblem(415, "media_type_unsupported", detail), request.url.path)
    return problem_response(invalid_request(violations_of(failure)), request.url.path)


async def on_http_exception(request: Request, failure: Exception) -> Response:
    """Answer what the framework refuses: unknown routes, wrong methods, broken forms."""
    assert isinstance(failure, HTTPException)
    path = request.url.path
    if isinstance(failure, HttpProblem):
        return problem_response(failure, path)
    if failure.status_code == 404:
        return problem_response(nothing_at(path), path)
    if failure.status_code == 405:
        return problem_response(method_not_allowed(request.method, request.app.state.routes.methods(path)), path)
    if failure.status_code == 400:  # a body that FastAPI could not read
        detail = (
            "The body cannot be read. Send JSON encoded as UTF-8, with few objects and lists in each other and no "
            "number of thousands of digits."
        )
        return problem_response(AppError(Code.INVALID_ARGUMENT, "body_not_json", detail), path)
    detail = "The request is not valid. Compare it with the description of the API at /docs."
    return problem_response(HttpProblem(failure.status_code, "invalid_request", detail), path)


def nothing_at(path: str) -> HttpProblem:
    """The refusal of an address that nobody knows."""
    return HttpProblem(404, "route_not_found", f"There is nothing at {path}.")


def method_not_allowed(method: str, allowed: Sequence[str]) -> HttpProblem:
    """The refusal of a method, with those that are allowed."""
    names = ", ".join(allowed)
    return HttpProblem(405, "method_not_allowed", f"{method} is not possible here. Use {names}.", {"allow": names})


async def on_unexpected(request: Request, _failure: Exception) -> Response:
    """Answer a failure nobody foresaw; the edge logs it."""
    return problem_response(internal_error(), request.url.path)
