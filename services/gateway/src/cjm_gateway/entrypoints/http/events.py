"""Events: sending them in, reading the latest ones, the values of their fields."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
from fastapi import APIRouter, Query, Request, Response, Security
from fastapi.security import HTTPBearer
from pydantic import Field
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from cjm_gateway.application.live_debugger import Rejection, SentRequest
from cjm_gateway.application.token_cache import KnownToken
from cjm_gateway.entrypoints.http.auth import staff_only, token_of
from cjm_gateway.entrypoints.http.datasets import read_dataset
from cjm_gateway.entrypoints.http.gateway import QUESTION_DEADLINE_SECONDS, Gateway, GatewayDep
from cjm_gateway.entrypoints.http.parameters import refuse_unknown
from cjm_gateway.entrypoints.http.problems import HttpProblem
from cjm_gateway.entrypoints.http.scope import FrameQuery
from cjm_gateway.entrypoints.http.shapes import Instant, Page, PagingQuery, Shape, instant
from cjm_kit.errors import AppError, Code, FieldViolation, http_status, internal_error
from cjm_kit.identity import current_identity
from cjm_protos.ingest.v1 import intake_pb2, questions_pb2, scope_pb2

router = APIRouter(prefix="/api/v1/datasets/{dataset_id}", tags=["Events"], dependencies=[staff_only])
WRITE_SCOPE = "events:write"
TAKEN = "taken"
_USER_AGENT_CHARACTERS = 512
_NDJSON_TYPES = {b"application/x-ndjson", b"application/ndjson"}
_MEDIA_TYPES = {b"application/json", b"", *_NDJSON_TYPES}
_REFUSALS = {
    "dataset_not_found": Code.NOT_FOUND,
    "dataset_write_not_allowed": Code.PERMISSION_DENIED,
    "token_scope": Code.PERMISSION_DENIED,
    "identity_invalid": Code.UNAUTHENTICATED,
    "too_many_events": Code.TOO_LARGE,
    "service_unavailable": Code.UNAVAILABLE,
    "internal": Code.INTERNAL,
}
_bearer = HTTPBearer(
    scheme_name="token",
    auto_error=False,
    description=f"API token with the scope `{WRITE_SCOPE}`, bound to the dataset.",
)


class RejectedEvent(Shape):
    """One event that was not accepted."""

    index: Annotated[int, Field(description="Place in the body, from 0.")]
    reason: str
    field: str
    detail: str


class AppendedEvents(Shape):
    """What became of the events of one request; accepted means on disk."""

    accepted: int
    rejected: list[RejectedEvent]


class EventShape(Shape):
    """One event as stored."""

    event_id: str
    customer_id: str
    action_type: str
    time: Instant
    fields: Annotated[dict[str, str], Field(description="Optional fields that are set, as text.")]
    properties: dict[str, Any]
    import_id: Annotated[str | None, Field(description="The import that brought it; null for events sent over REST.")]


class FieldValue(Shape):
    """A value and how often it occurs."""

    value: Annotated[str | None, Field(description="null stands for events without a value.")]
    count: int


class FieldValues(Shape):
    """Values of one field, most frequent first."""

    items: list[FieldValue]


class Taken(NamedTuple):
    """A request whose events are with the intake already; lies in the scope's state under `TAKEN`.

    Attributes:
        result: What becomes of them.
        started: When the request came, `time.perf_counter()`.
        token_id: The token it came with.
    """

    result: "asyncio.Future[intake_pb2.EventBodyResult]"
    started: float
    token_id: str


def event_shape(event: questions_pb2.Event) -> EventShape:
    """An event for the API."""
    return EventShape(
        event_id=event.event_id,
        customer_id=event.customer_id,
        action_type=event.action_type,
        time=instant(event.time),
        fields=dict(event.fields),
        properties=json.loads(event.properties_json) if event.properties_json else {},
        import_id=event.import_id or None,
    )


_EVENT_SCHEMA = {
    "type": "object",
    "required": ["customer_id", "action_type"],
    "properties": {
        "event_id": {"type": "string", "description": "Sent twice it counts once."},
        "customer_id": {"type": "string"},
        "action_type": {"type": "string"},
        "time": {
            "type": "string",
            "format": "date-time",
            "description": "Default: now. Also a number of seconds, milliseconds or microseconds since 1970.",
        },
        "properties": {"type": "object"},
    },
    "additionalProperties": True,
}
_APPEND_DOCS = {
    "security": [{"token": []}],
    "parameters": [
        {
            "name": "Content-Encoding",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "enum": ["gzip", "identity"]},
            "description": "`gzip` when the body is packed with it. At most 5 MiB, counted after unpacking.",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"oneOf": [_EVENT_SCHEMA, {"type": "array", "items": _EVENT_SCHEMA}]}},
            "application/x-ndjson": {"schema": {"type": "string", "description": "One event per line."}},
        },
    },
}


@router.post(
    "/events",
    summary="Send events",
    status_code=202,
    response_model=AppendedEvents,
    openapi_extra=_APPEND_DOCS,
    dependencies=[Security(_bearer)],
)
async def append_events(dataset_id: str, request: Request, gateway: GatewayDep) -> Response:
    """Take one event, an array of events, or NDJSON. Accepted events are on disk when the answer comes.

    Staff who may write to the dataset can send with their session; systems send an API token.
    """
    signed_identity = gateway.signer.sign(current_identity())
    result = await _append(gateway, signed_identity, dataset_id, headers_of(request.scope), request.receive)
    return Response(answer_to(result), 202, media_type="application/json")


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Headers of a request by name in lower case; of several with one name the first."""
    return dict(reversed(scope["headers"]))


async def append_as_system(
    gateway: Gateway, dataset_id: str, query: bytes, headers: Mapping[bytes, bytes], receive: Receive
) -> bytes:
    """Take the events of a request with an API token: the hot path, without the framework.

    Returns:
        JSON that says what became of them.

    Raises:
        AppError: UNAUTHENTICATED `token_invalid`, PERMISSION_DENIED `token_scope`, NOT_FOUND `dataset_not_found`,
            INVALID_ARGUMENT `invalid_request`, RESOURCE_EXHAUSTED `rate_limit_reached`, ...
    """
    token = await token_of(gateway, headers[b"authorization"].decode("latin-1"))
    append = _append_watched if gateway.debugger.is_watched(token.token_id) else _append_allowed
    return answer_to(await append(gateway, token, dataset_id, query, headers, receive))


async def _append_watched(
    gateway: Gateway, token: KnownToken, dataset_id: str, query: bytes, headers: Mapping[bytes, bytes], receive: Receive
) -> intake_pb2.EventBodyResult:
    """Take the events of a request, and tell those who watch its token what became of them."""
    received_at_ms = time.time_ns() // 1_000_000
    parts: list[bytes] = []

    async def receive_noted() -> Message:
        message = await receive()
        parts.append(message.get("body", b""))
        return message

    def request() -> SentRequest:
        is_ndjson = _media_type(headers) in _NDJSON_TYPES
        return SentRequest(token.token_id, dataset_id, received_at_ms, b"".join(parts), is_ndjson)

    try:
        result = await _append_allowed(gateway, token, dataset_id, query, headers, receive_noted, wants_times=True)
    except ClientDisconnect:
        raise
    except HttpProblem as failure:
        gateway.debugger.refused(request(), failure.status_code, Rejection(failure.reason, "", failure.detail))
        raise
    except Exception as failure:
        told = failure if isinstance(failure, AppError) else internal_error()
        gateway.debugger.refused(request(), http_status(told.code), Rejection(told.reason, "", told.detail))
        raise
    status = 202 if result.accepted_count else http_status(Code.INVALID_ARGUMENT)
    rejections = {event.index: Rejection(event.reason, event.field, event.detail) for event in result.rejected}
    gateway.debugger.answered(request(), status, result.accepted_times_ms, rejections)
    return result


async def _append_allowed(
    gateway: Gateway,
    token: KnownToken,
    dataset_id: str,
    query: bytes,
    headers: Mapping[bytes, bytes],
    receive: Receive,
    *,
    wants_times: bool = False,
) -> intake_pb2.EventBodyResult:
    check_allowed(gateway, token, dataset_id, query)
    result = await _append(gateway, token.signed_identity, dataset_id, headers, receive, wants_times=wants_times)
    gateway.rate_limit.count(token.token_id, result.accepted_count + len(result.rejected))
    return result


def check_allowed(gateway: Gateway, token: KnownToken, dataset_id: str, query: bytes) -> None:
    """Make sure that a token may send events to a dataset now.

    Raises:
        AppError: PERMISSION_DENIED `token_scope`, NOT_FOUND `dataset_not_found`, INVALID_ARGUMENT `invalid_request`,
            RESOURCE_EXHAUSTED `rate_limit_reached`.
    """
    if WRITE_SCOPE not in token.scopes:
        detail = f'This token may not send events. Ask an administrator for one with the scope "{WRITE_SCOPE}".'
        raise AppError(Code.PERMISSION_DENIED, "token_scope", detail)
    if dataset_id not in token.dataset_ids:
        detail = f"There is no dataset {dataset_id!r} for this token. Check the id."
        raise AppError(Code.NOT_FOUND, "dataset_not_found", detail)
    if query:
        refuse_unknown(query.decode("latin-1"))
    gateway.rate_limit.check(token.token_id)


async def _append(
    gateway: Gateway,
    signed_identity: str,
    dataset_id: str,
    headers: Mapping[bytes, bytes],
    receive: Receive,
    *,
    wants_times: bool = False,
) -> intake_pb2.EventBodyResult:
    event_body = body_to_send(signed_identity, dataset_id, headers, time.time_ns() // 1_000_000)
    event_body.wants_times = wants_times
    content = await _body(receive)
    event_body.body = content
    result = await gateway.intake.ask(event_body, len(content))
    _check_taken(result)
    return result


def body_to_send(
    signed_identity: str, dataset_id: str, headers: Mapping[bytes, bytes], received_at_ms: int
) -> intake_pb2.EventBody:
    """What the intake must know of a request, its body still missing.

    Raises:
        HttpProblem: 415 `media_type_unsupported`.
    """
    media_type = _media_type(headers)
    if media_type not in _MEDIA_TYPES:
        detail = "Send events as application/json or application/x-ndjson."
        raise HttpProblem(415, "media_type_unsupported", detail)
    return intake_pb2.EventBody(
        identity=signed_identity,
        dataset_id=dataset_id,
        is_ndjson=media_type in _NDJSON_TYPES,
        user_agent=headers.get(b"user-agent", b"")[:_USER_AGENT_CHARACTERS].decode("latin-1"),
        received_at_ms=received_at_ms,
    )


def _media_type(headers: Mapping[bytes, bytes]) -> bytes:
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower()


def _check_taken(result: intake_pb2.EventBodyResult) -> None:
    if result.error_reason:
        code = _REFUSALS.get(result.error_reason, Code.INVALID_ARGUMENT)
        raise AppError(code, result.error_reason, result.error_detail)


def answer_to(result: intake_pb2.EventBodyResult) -> bytes:
    """JSON that says what became of events.

    Raises:
        AppError: When none of them was accepted.
    """
    _check_taken(result)
    if result.rejected and not result.accepted_count:
        raise _nothing_accepted(result)
    rejected = [{"index": r.index, "reason": r.reason, "field": r.field, "detail": r.detail} for r in result.rejected]
    return msgspec.json.encode({"accepted": result.accepted_count, "rejected": rejected})


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _nothing_accepted(result: intake_pb2.EventBodyResult) -> AppError:
    rejected = result.rejected
    is_single = len(rejected) == 1
    violations = [
        FieldViolation(event.field, event.reason, event.detail, None if is_single else event.index + 1)
        for event in rejected
    ]
    if is_single:
        return AppError(Code.INVALID_ARGUMENT, rejected[0].reason, rejected[0].detail, violations=violations)
    detail = f"None of the {len(rejected)} events was accepted; see errors."
    return AppError(Code.INVALID_ARGUMENT, "events_rejected", detail, violations=violations)


@router.get("/events", summary="Latest events")
async def list_events(
    dataset_id: str,
    paging: PagingQuery,
    gateway: GatewayDep,
    customer_id: Annotated[str, Query(description="Only events of this customer.")] = "",
    import_id: Annotated[str, Query(description="Only events of this import.")] = "",
) -> Page[EventShape]:
    """Events, newest first."""
    answer = await gateway.services.questions.ListEvents(
        questions_pb2.ListEventsRequest(
            scopes=[scope_pb2.Scope(dataset_id=dataset_id)],
            page_size=paging.limit,
            page_token=paging.cursor,
            customer_id=customer_id,
            import_id=import_id,
        )
    )
    return Page(items=[event_shape(event) for event in answer.events], next_cursor=answer.next_page_token or None)


@router.get("/fields/{field}/values", summary="Values of a field")
async def list_field_values(
    dataset_id: str,
    field: str,
    frame: FrameQuery,
    gateway: GatewayDep,
    contains: Annotated[str, Query(description="Part of the value, any case.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> FieldValues:
    """Values of an event field or of `properties.<name>` with their counts, most frequent first.

    Filters on journeys need the right to analyse.
    """
    scope = frame.scope_of(await read_dataset(gateway, dataset_id))
    answer = await gateway.services.questions.ListFieldValues(
        questions_pb2.ListFieldValuesRequest(scopes=[scope], field=field, value_contains=contains, page_size=limit),
        timeout=QUESTION_DEADLINE_SECONDS,
    )
    return FieldValues(
        items=[FieldValue(value=v.value if v.is_set else None, count=v.events_count) for v in answer.values]
    )
