"""The short way for events of systems: a whole request in, an answer out, with no ASGI between.

What is plainly right goes this way. What needs words, a wait or a second look goes the ordinary way through `Edge`, so
that refusals have one place; see decision 10.
"""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from starlette.types import Scope

from cjm_gateway.entrypoints.http.auth import secret_of
from cjm_gateway.entrypoints.http.edge import (
    EVENTS_LIMIT_BYTES,
    EVENTS_ROUTE,
    NO_STORE,
    Edge,
    events_dataset_id,
    json_headers,
    request_id_of,
    security_headers,
)
from cjm_gateway.entrypoints.http.events import Taken, answer_to, body_to_send, check_allowed, headers_of
from cjm_gateway.entrypoints.http.gateway import Gateway
from cjm_gateway.entrypoints.http.problems import HttpProblem
from cjm_kit.errors import AppError

_Headers = Sequence[tuple[bytes, bytes]]


class Admitted(NamedTuple):
    """The head of a request that may take the lane once its body is whole."""

    dataset_id: str
    query: bytes
    headers: Mapping[bytes, bytes]
    is_https: bool
    started: float
    received_at_ms: int


class FastLane:
    """Takes whole requests past ASGI.

    Args:
        gateway: The running gateway.
        edge: The ordinary way, whose answers the lane's are like.
    """

    def __init__(self, gateway: Gateway, edge: Edge) -> None:
        self._gateway = gateway
        self._edge = edge
        self._heads = {is_https: _lines([*security_headers(is_https), NO_STORE]) for is_https in (False, True)}
        # What a trusted proxy says of the scheme is read on the ordinary way only.
        self._is_closed = bool(gateway.settings.trusted_proxies) and not gateway.settings.public_https

    def admit(self, scope: Scope) -> Admitted | None:
        """Look at the head of a request; None when it must go the ordinary way."""
        dataset_id = events_dataset_id(scope)
        if dataset_id is None or self._is_closed:
            return None
        headers = headers_of(scope)
        length = headers.get(b"content-length", b"")
        if b"authorization" not in headers or b"content-encoding" in headers or not length.isdigit():
            return None
        if int(length) > EVENTS_LIMIT_BYTES:
            return None
        is_https = self._edge.is_https(scope)
        now_ms = time.time_ns() // 1_000_000
        return Admitted(dataset_id, scope["query_string"], headers, is_https, time.perf_counter(), now_ms)

    def take(self, admitted: Admitted, body: bytes) -> Taken | None:
        """Send a whole request to the intake; None when it was not sent and must go the ordinary way."""
        gateway, headers = self._gateway, admitted.headers
        token = gateway.tokens.known(secret_of(headers[b"authorization"].decode("latin-1")))
        if token is None or gateway.debugger.is_watched(token.token_id):
            return None
        try:
            check_allowed(gateway, token, admitted.dataset_id, admitted.query)
            event_body = body_to_send(token.signed_identity, admitted.dataset_id, headers, admitted.received_at_ms)
            event_body.body = body
            return Taken(gateway.intake.ask(event_body, len(body)), admitted.started, token.token_id)
        except (AppError, HttpProblem):
            return None

    def answer(self, admitted: Admitted, taken: Taken, further: _Headers) -> bytes | None:
        """The whole answer to a request that was taken, or None when it needs more words than "accepted".

        Args:
            admitted: The head of the request.
            taken: What became of it.
            further: Headers of the server itself.
        """
        if taken.result.cancelled() or taken.result.exception():
            return None
        result = taken.result.result()
        self._gateway.rate_limit.count(taken.token_id, result.accepted_count + len(result.rejected))
        if result.error_reason or result.rejected:
            return None
        content = answer_to(result)
        own = [*json_headers(content), (b"x-request-id", request_id_of(admitted.headers).encode()), *further]
        self._edge.served("POST", EVENTS_ROUTE, 202, taken.started)
        return b"".join((b"HTTP/1.1 202 Accepted\r\n", _lines(own), self._heads[admitted.is_https], b"\r\n", content))


def _lines(headers: _Headers) -> bytes:
    return b"".join([b"%s: %s\r\n" % header for header in headers])
