"""Failures without a transport: one `AppError`, one table to gRPC and one table to RFC 9457 problems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

ERROR_DOMAIN = "cjm"
INTERNAL_DETAIL = "Something went wrong on our side. Try again; if it stays, tell your administrator the request id."


class Code(StrEnum):
    """What kind of failure it is; the reason code says which one."""

    INVALID_ARGUMENT = "invalid_argument"
    UNAUTHENTICATED = "unauthenticated"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    FAILED_PRECONDITION = "failed_precondition"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    TOO_LARGE = "too_large"
    UNAVAILABLE = "unavailable"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    CANCELLED = "cancelled"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class _Meaning:
    grpc_code: grpc.StatusCode
    http_status: int
    title: str


_MEANINGS: dict[Code, _Meaning] = {
    Code.INVALID_ARGUMENT: _Meaning(grpc.StatusCode.INVALID_ARGUMENT, 400, "The request is not valid"),
    Code.UNAUTHENTICATED: _Meaning(grpc.StatusCode.UNAUTHENTICATED, 401, "Not authenticated"),
    Code.PERMISSION_DENIED: _Meaning(grpc.StatusCode.PERMISSION_DENIED, 403, "Not allowed"),
    Code.NOT_FOUND: _Meaning(grpc.StatusCode.NOT_FOUND, 404, "Not found"),
    Code.ALREADY_EXISTS: _Meaning(grpc.StatusCode.ALREADY_EXISTS, 409, "Already there"),
    Code.FAILED_PRECONDITION: _Meaning(grpc.StatusCode.FAILED_PRECONDITION, 409, "Not possible in this state"),
    Code.RESOURCE_EXHAUSTED: _Meaning(grpc.StatusCode.RESOURCE_EXHAUSTED, 429, "Too many requests"),
    Code.TOO_LARGE: _Meaning(grpc.StatusCode.OUT_OF_RANGE, 413, "Too large"),
    Code.UNAVAILABLE: _Meaning(grpc.StatusCode.UNAVAILABLE, 503, "Not available at the moment"),
    Code.DEADLINE_EXCEEDED: _Meaning(grpc.StatusCode.DEADLINE_EXCEEDED, 504, "It took too long"),
    Code.CANCELLED: _Meaning(grpc.StatusCode.CANCELLED, 499, "Cancelled"),
    Code.INTERNAL: _Meaning(grpc.StatusCode.INTERNAL, 500, "Internal error"),
}
_BY_GRPC = {meaning.grpc_code: code for code, meaning in _MEANINGS.items()}


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One fault in the input.

    Attributes:
        field: Name of the field at fault, as the caller wrote it.
        reason: Reason code in snake_case.
        detail: Sentence for the user.
        row: Place of the item at fault, counted as the caller counts (1-based rows of files and lists).
    """

    field: str
    reason: str
    detail: str
    row: int | None = None


class AppError(Exception):
    """A failure that the caller can understand and act on.

    Attributes:
        code: Kind of failure.
        reason: Reason code in snake_case, stable, for programs.
        detail: Sentence for people: what happened, where, what to do.
        metadata: Further facts for programs, for example `retry_after_seconds`.
        violations: Faults of single fields.
    """

    def __init__(
        self,
        code: Code,
        reason: str,
        detail: str,
        *,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[FieldViolation] = (),
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.code = code
        self.reason = reason
        self.detail = detail
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)


def internal_error() -> AppError:
    """What a caller is told of a failure nobody foresaw; the cause stays in the log."""
    return AppError(Code.INTERNAL, "internal", INTERNAL_DETAIL)


def http_status(code: Code) -> int:
    """HTTP status of a kind of failure, 400-504."""
    return _MEANINGS[code].http_status


def to_status(error: AppError) -> grpc.Status:
    """Express an error as a gRPC status with `ErrorInfo` and, for faulty fields, `BadRequest`."""
    details = [_packed(error_details_pb2.ErrorInfo(reason=error.reason, domain=ERROR_DOMAIN, metadata=error.metadata))]
    if error.violations:
        bad_request = error_details_pb2.BadRequest()
        for violation in error.violations:
            place = violation.field if violation.row is None else f"{violation.row}|{violation.field}"
            bad_request.field_violations.add(field=place, description=violation.detail, reason=violation.reason)
        details.append(_packed(bad_request))
    grpc_code = _MEANINGS[error.code].grpc_code
    number = code_pb2.Code.Value(grpc_code.name)
    status: grpc.Status = rpc_status.to_status(status_pb2.Status(code=number, message=error.detail, details=details))
    return status


def from_rpc_error(failure: grpc.RpcError) -> AppError:
    """Read an error back from a failed call; what carries no `ErrorInfo` of ours becomes a transport failure."""
    grpc_code: grpc.StatusCode = failure.code()
    status = rpc_status.from_call(failure)
    info, violations = error_details_pb2.ErrorInfo(), []
    for detail in status.details if status else ():
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            bad_request = error_details_pb2.BadRequest()
            detail.Unpack(bad_request)
            violations = [_violation(item) for item in bad_request.field_violations]
    if status and info.domain == ERROR_DOMAIN:
        code = _BY_GRPC.get(grpc_code, Code.INTERNAL)
        return AppError(code, info.reason, status.message, metadata=dict(info.metadata), violations=violations)
    if grpc_code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return AppError(Code.DEADLINE_EXCEEDED, "deadline_exceeded", "The answer took too long. Ask for less or later.")
    if grpc_code is grpc.StatusCode.CANCELLED:
        return AppError(Code.CANCELLED, "cancelled", "The request was cancelled.")
    if grpc_code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNIMPLEMENTED):
        return AppError(Code.UNAVAILABLE, "service_unavailable", "A part of the system does not answer. Try again.")
    return internal_error()


def problem(error: AppError, instance: str, request_id: str) -> dict[str, Any]:
    """Express an error as an RFC 9457 problem.

    Args:
        error: The failure.
        instance: Path of the request.
        request_id: Id under which the log knows the request.
    """
    meaning = _MEANINGS[error.code]
    return {
        "type": f"urn:cjm:problem:{error.reason}",
        "title": meaning.title,
        "status": meaning.http_status,
        "detail": error.detail,
        "instance": instance,
        "reason": error.reason,
        "errors": [
            {"field": item.field, "row": item.row, "reason": item.reason, "detail": item.detail}
            for item in error.violations
        ],
        "request_id": request_id,
    }


def _packed(message: Any) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def _violation(item: Any) -> FieldViolation:
    row, separator, field = item.field.partition("|")
    if separator and row.isdigit():
        return FieldViolation(field, item.reason, item.description, int(row))
    return FieldViolation(item.field, item.reason, item.description)
