"""What every request passes: request id, body limit, security headers, metrics, the last safety net, the hot path."""

import re
import time
from collections.abc import Mapping
from functools import lru_cache

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cjm_gateway.entrypoints.http.events import TAKEN, Taken, answer_to, append_as_system, headers_of
from cjm_gateway.entrypoints.http.gateway import Gateway
from cjm_gateway.entrypoints.http.packed import unpacked
from cjm_gateway.entrypoints.http.page import Samples, WebPage
from cjm_gateway.entrypoints.http.problems import HttpProblem, body_too_large, problem_response
from cjm_kit.errors import AppError, internal_error
from cjm_kit.logging import get_logger, new_request_id, request_id_var

JSON_LIMIT_BYTES = 1 << 20
EVENTS_LIMIT_BYTES = 5 << 20
_FORM_OVERHEAD_BYTES = 1 << 20
EVENTS_ROUTE = "/api/v1/datasets/{dataset_id}/events"
_EVENTS_PREFIX, _EVENTS_SUFFIX = "/api/v1/datasets/", "/events"
_API = re.compile(r"/(api|v1)(/.*)?|/(healthz|readyz|metrics|openapi\.json|docs)", re.DOTALL)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SECURITY_HEADERS = [
    (
        b"content-security-policy",
        (
            b"default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
            b"style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; "
            b"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_SECURITY_HEADERS_OF_HTTPS = [
    *_SECURITY_HEADERS,
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
]
NO_STORE = (b"cache-control", b"no-store")
_log = get_logger(__name__)


class Edge:
    """The outermost layer.

    Args:
        gateway: The running gateway.
        api: The REST application.
        page: The web page.
        samples: The example files.
    """

    def __init__(self, gateway: Gateway, api: ASGIApp, page: WebPage, samples: Samples) -> None:
        self._gateway = gateway
        self._api = api
        self._page = page
        self._samples = samples
        self._upload_limit_bytes = gateway.settings.max_upload_bytes + _FORM_OVERHEAD_BYTES
        seconds = gateway.telemetry.histogram(
            "http_seconds", "Time of HTTP requests served", ["method", "route", "status"]
        )
        self._seconds_of = lru_cache(maxsize=1000)(seconds.labels)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        taken: Taken | None = scope.get("state", {}).get(TAKEN)
        started = taken.started if taken else time.perf_counter()
        headers = headers_of(scope)
        path: str = scope["path"]
        request_id = request_id_of(headers)
        request_id_var.set(request_id)
        is_api = _API.fullmatch(path) is not None
        always = security_headers(self.is_https(scope))
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                sent = [*message["headers"], (b"x-request-id", request_id.encode()), *always]
                if is_api and b"cache-control" not in dict(message["headers"]):
                    sent.append(NO_STORE)
                message = {**message, "headers": sent}
            await send(message)

        route = "samples" if path.startswith("/samples/") else "page"
        if is_api:
            route = "unmatched"
        try:
            limit_bytes = self._limit_bytes(path)
            limited = _limited(headers, receive, limit_bytes)
            dataset_id = events_dataset_id(scope)
            if dataset_id is not None and b"content-encoding" in headers:
                limited = unpacked(headers[b"content-encoding"], limited, limit_bytes)
            if dataset_id is not None and b"authorization" in headers:
                route = EVENTS_ROUTE
                if taken:
                    content = answer_to(await taken.result)
                else:
                    query = scope["query_string"]
                    content = await append_as_system(self._gateway, dataset_id, query, headers, limited)
                await send_marked({"type": "http.response.start", "status": 202, "headers": json_headers(content)})
                await send_marked({"type": "http.response.body", "body": content})
            elif is_api:
                await self._api(scope, limited, send_marked)
            elif route == "samples":
                await self._samples(scope, limited, send_marked)
            else:
                await self._page(scope, limited, send_marked)
        except (AppError, HttpProblem) as failure:
            if not status:
                await problem_response(failure, path)(scope, receive, send_marked)
        except ClientDisconnect:
            return
        except Exception as failure:  # noqa: BLE001 - nothing unknown may reach the caller
            _log.error("request_failed", method=scope["method"], path=path, exc_info=failure)
            if not status:
                await problem_response(internal_error(), path)(scope, receive, send_marked)
        finally:
            route = getattr(scope.get("route"), "path", route)
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self.served(method, route, status, started)

    def is_https(self, scope: Scope) -> bool:
        """Whether the sender came over https, as far as is known here."""
        return self._gateway.settings.public_https or scope["scheme"] == "https"

    def served(self, method: str, route: str, status: int, started: float) -> None:
        """Count an answer.

        Args:
            method: HTTP method.
            route: Path with names in the place of ids.
            status: HTTP status.
            started: When the request came, `time.perf_counter()`.
        """
        self._seconds_of(method, route, status).observe(time.perf_counter() - started)

    def _limit_bytes(self, path: str) -> int:
        if path.startswith(_EVENTS_PREFIX) and path.endswith(_EVENTS_SUFFIX):
            return EVENTS_LIMIT_BYTES
        if path == "/api/v1/imports" or (path.startswith(_EVENTS_PREFIX) and path.endswith("/imports")):
            return self._upload_limit_bytes
        return JSON_LIMIT_BYTES


def security_headers(is_https: bool) -> list[tuple[bytes, bytes]]:
    """What every answer carries."""
    return _SECURITY_HEADERS_OF_HTTPS if is_https else _SECURITY_HEADERS


def request_id_of(headers: Mapping[bytes, bytes]) -> str:
    """The id that the sender gave its request when it is fit to be one, else a new one."""
    given_id = headers.get(b"x-request-id", b"").decode("latin-1")
    return given_id if _REQUEST_ID.fullmatch(given_id) else new_request_id()


def events_dataset_id(scope: Scope) -> str | None:
    """The dataset that a request sends events to; None for every other request."""
    path: str = scope["path"]
    if scope["method"] != "POST" or not (path.startswith(_EVENTS_PREFIX) and path.endswith(_EVENTS_SUFFIX)):
        return None
    dataset_id = path[len(_EVENTS_PREFIX) : -len(_EVENTS_SUFFIX)]
    return dataset_id if dataset_id and "/" not in dataset_id else None


def json_headers(content: bytes) -> list[tuple[bytes, bytes]]:
    """Headers that a JSON body needs."""
    return [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]


def _limited(headers: Mapping[bytes, bytes], receive: Receive, limit_bytes: int) -> Receive:
    """The body of a request, refused when it is read and as soon as it is seen to be above the limit."""
    announced = headers.get(b"content-length", b"")
    is_announced_too_large = announced.isdigit() and int(announced) > limit_bytes
    received_bytes = 0

    async def receive_limited() -> Message:
        nonlocal received_bytes
        if is_announced_too_large:
            raise body_too_large(limit_bytes)
        message = await receive()
        received_bytes += len(message.get("body", b""))
        if received_bytes > limit_bytes:
            raise body_too_large(limit_bytes)
        return message

    return receive_limited
