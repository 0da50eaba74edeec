"""What is received with a token, live, for the administrator who watches it."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse
from pydantic import Field

from cjm_gateway.application.live_debugger import ANNOUNCE_SECONDS, WATCH_SECONDS, Received, ReceivedEvent
from cjm_gateway.entrypoints.http.auth import StaffSession, authenticate, identity_of
from cjm_gateway.entrypoints.http.gateway import Gateway, GatewayDep
from cjm_gateway.entrypoints.http.progress import POLL_SECONDS, STREAM_SECONDS
from cjm_gateway.entrypoints.http.shapes import Instant, Shape, instant_of_ms
from cjm_gateway.entrypoints.services import as_gateway
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import acting_as
from cjm_protos.catalog.v1 import token_pb2

router = APIRouter(prefix="/api/v1/tokens", tags=["API tokens"])
_NOT_ALLOWED = {Code.UNAUTHENTICATED, Code.PERMISSION_DENIED, Code.NOT_FOUND, Code.FAILED_PRECONDITION}


class RejectionShape(Shape):
    """Why an event was not accepted."""

    reason: str
    field: Annotated[str, Field(description="Field at fault; may be empty.")]
    detail: Annotated[str, Field(description="What to do.")]


class ReceivedEventShape(Shape):
    """One event, or one request that was refused before its events were looked at."""

    received_at: Instant
    dataset_id: Annotated[str, Field(description="As in the address of the request.")]
    status: Annotated[int, Field(description="HTTP status of the answer to its request.")]
    index: Annotated[int | None, Field(description="Place in the body, from 0; null for a request as a whole.")]
    rejection: Annotated[RejectionShape | None, Field(description="null when the event is on disk.")]
    customer_id: Annotated[str | None, Field(description="As sent; null when there is none.")]
    action_type: Annotated[str | None, Field(description="As sent; null when there is none.")]
    time: Annotated[
        str | None,
        Field(
            description="As understood, in UTC; of a rejected event as sent. null when there is none: then the time is "
            "`received_at`."
        ),
    ]
    sent: Annotated[str, Field(description="What was sent, its first 4096 bytes.")]
    is_cut: Annotated[bool, Field(description="True when more was sent.")]


class ReceivedEvents(Shape):
    """Events in the order in which they were answered; of many at once, some are only counted."""

    events: list[ReceivedEventShape]
    left_out_accepted: Annotated[int, Field(description="Accepted events that are not in `events`.")]
    left_out_rejected: Annotated[int, Field(description="Rejected events that are not in `events`.")]


async def _check(gateway: Gateway, request: Request, secret: str, token_id: str) -> None:
    """Make sure that the session is still one of an administrator, the token not revoked, the bus connected."""
    with as_gateway():
        answer = await authenticate(gateway, request, secret)
    with acting_as(identity_of(answer.user)):
        token = (await gateway.services.tokens.GetToken(token_pb2.GetTokenRequest(token_id=token_id))).token
    if token.HasField("revoked_at"):
        detail = "This token is revoked, so nothing can be received with it. Create a new one and watch that."
        raise AppError(Code.FAILED_PRECONDITION, "token_revoked", detail)
    if not gateway.debugger.is_connected:
        detail = "Received events cannot be shown at the moment, they are taken all the same. Try again."
        raise AppError(Code.UNAVAILABLE, "bus_unavailable", detail)


async def _watchable(token_id: str, request: Request, gateway: GatewayDep, session: StaffSession) -> str:
    await _check(gateway, request, session.secret, token_id)
    return session.secret


@router.get("/{token_id}/received", summary="Received events as a stream (admin)", response_class=EventSourceResponse)
async def stream_received_events(
    token_id: str, request: Request, gateway: GatewayDep, secret: Annotated[str, Depends(_watchable)]
) -> AsyncIterator[ReceivedEvents]:
    """Server-sent events, each `ReceivedEvents`: what is received with a token from now on; the first one is empty.

    Requests with an unknown or revoked token belong to no token and are not among them. Nothing is stored: what was
    received while nobody watched is not told.
    """
    async with gateway.debugger.watch(token_id) as waiting:
        yield _shape(Received())
        ends_at = time.monotonic() + STREAM_SECONDS
        checked_at = tried_at = time.monotonic()
        while not gateway.stopping.is_set() and time.monotonic() < ends_at:
            if time.monotonic() >= tried_at + ANNOUNCE_SECONDS:
                tried_at = time.monotonic()
                try:
                    await _check(gateway, request, secret, token_id)
                    await gateway.debugger.announce(token_id)
                    checked_at = tried_at
                except AppError as failure:
                    # Nobody who can say whether this person may watch answers: that must not last.
                    if failure.code in _NOT_ALLOWED or tried_at > checked_at + WATCH_SECONDS:
                        return
            try:
                received = await asyncio.wait_for(waiting.get(), POLL_SECONDS)
            except TimeoutError:
                continue
            yield _shape(received)


def _shape(received: Received) -> ReceivedEvents:
    return ReceivedEvents(
        events=[_event_shape(event) for event in received.events],
        left_out_accepted=received.left_out_accepted,
        left_out_rejected=received.left_out_rejected,
    )


def _event_shape(event: ReceivedEvent) -> ReceivedEventShape:
    received_at = instant_of_ms(event.received_at_ms)
    return ReceivedEventShape.model_validate({**msgspec.to_builtins(event), "received_at": received_at})
