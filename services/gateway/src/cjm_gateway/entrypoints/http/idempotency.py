"""The header Idempotency-Key: a POST that is sent again gets the answer of the first one."""

import hmac
import re
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cjm_gateway.application.idempotency import Answer, BodyHash, Claim, Record, place_of
from cjm_gateway.entrypoints.http.auth import session_of
from cjm_gateway.entrypoints.http.gateway import Gateway
from cjm_gateway.entrypoints.http.problems import RETRY_AFTER_SECONDS, HttpProblem
from cjm_kit.errors import AppError, Code

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
_KEY = re.compile(r"[!-~]{1,255}")
_LATER = {408, 429}  # these ask for the same request again
_KEPT_HEADERS = {b"content-type", b"location"}
_BOUNDARY = re.compile(r'multipart/form-data\s*;.*?boundary="?([^";]+)', re.IGNORECASE)
# Nobody is known before he has signed in.
_WITHOUT_KEY = re.compile(r"/api/v1/(session|datasets/[^/]+/events)")
# What these answer is shown once and stored nowhere.
_SECRET = re.compile(r"/api/v1/(tokens|telegram/code)")
_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "description": "Any text of your choice, new for every new request. Sent again within 24 hours with the same "
    f"request, it brings the first answer back, with the header `{REPLAYED_HEADER}: true`; with another request it is "
    "refused (422 `idempotency_key_reused`), and so it is while the first one runs (409 `idempotency_key_in_use`) and "
    "when the first answer was larger than 64 KiB (409 `idempotency_answer_too_large`: the request ran and does not "
    "run again). Answers of 408, 429, 500 and above are not kept: the request runs again. When very many answers are "
    "kept, the oldest go before 24 hours are over.",
}


class RunOnce:
    """Passes requests on to the REST application; one with a key only when none with that key ran before.

    Args:
        gateway: The running gateway.
        api: The REST application.
    """

    def __init__(self, gateway: Gateway, api: ASGIApp) -> None:
        self._gateway = gateway
        self._api = api
        self._secret = gateway.settings.identity_secret.get_secret_value().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        request = Request(scope, receive)
        session = session_of(request) if _is_keyed(request) else None
        if session is None:
            await self._api(scope, receive, send)
            return
        key = _key_of(request)
        body = _Body(receive, request.headers, BodyHash(self._secret, _boundary_of(request.headers)))
        place, record = place_of(session.user.user_id, key), Record(f"POST {request.url.path}?{request.url.query}")
        found = await self._gateway.answers.claim(place, record)
        if isinstance(found, Record):
            response = await _replayed(found, record, body)
            await response(scope, receive, send)
        else:
            async with Claim(self._gateway.answers, place, record, found) as claim:
                await self._run(claim, body, scope, send)

    async def _run(self, claim: Claim, body: "_Body", scope: Scope, send: Send) -> None:
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self._api(scope, body.receive, collect)
        start, *rest = messages
        if start["status"] < 500 and start["status"] not in _LATER and await body.is_read():
            headers = [(name, value) for name, value in start["headers"] if name in _KEPT_HEADERS]
            content = b"".join(message.get("body", b"") for message in rest)
            await claim.keep(body.hash.digest(), Answer(start["status"], headers, content))
        # Only now: an answer that somebody has seen is one that the next request gets as well.
        for message in messages:
            await send(message)


class _Body:
    """A body that is hashed while it is read."""

    def __init__(self, receive: Receive, headers: Headers, hash_: BodyHash) -> None:
        self._receive = receive
        # Where nothing comes nothing must be asked for: the answer could be that the sender has gone meanwhile.
        self._is_complete = "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"
        self.hash = hash_

    async def receive(self) -> Message:
        """The next message, for the application."""
        message = await self._receive()
        if message["type"] == "http.request":
            self.hash.update(message.get("body", b""))
            self._is_complete = not message.get("more_body", False)
        return message

    async def is_read(self) -> bool:
        """Read what the application left; False when the sender broke off."""
        while not self._is_complete:
            if (await self.receive())["type"] == "http.disconnect":
                return False
        return True


async def _replayed(found: Record, record: Record, body: _Body) -> Response:
    if found.request == record.request and found.answer is None:
        detail = f"The first request with this {HEADER} is still running. Send it again in a moment."
        headers = {"retry-after": RETRY_AFTER_SECONDS}
        raise HttpProblem(409, "idempotency_key_in_use", detail, headers)
    is_same = found.request == record.request and await body.is_read()
    if found.answer is None or not (is_same and hmac.compare_digest(found.body_hash, body.hash.digest())):
        detail = f"This {HEADER} was used for another request. Use a new key for a new request."
        raise HttpProblem(422, "idempotency_key_reused", detail)
    if found.answer.content is None:
        detail = (
            f"The first request with this {HEADER} ran and was answered with status {found.answer.status}; the answer "
            "was too large to be kept. Read what the request made; send it with a new key only to run it once more."
        )
        made = {name.decode(): value.decode("latin-1") for name, value in found.answer.headers if name == b"location"}
        raise HttpProblem(409, "idempotency_answer_too_large", detail, made)
    response = Response(found.answer.content, found.answer.status)
    response.raw_headers += [*found.answer.headers, (REPLAYED_HEADER.lower().encode(), b"true")]
    return response


def _is_keyed(request: Request) -> bool:
    path = request.url.path
    is_post = request.method == "POST" and _is_api(path) and not _WITHOUT_KEY.fullmatch(path)
    return is_post and HEADER in request.headers


def _key_of(request: Request) -> str:
    if _SECRET.fullmatch(request.url.path):
        detail = f"The answer holds a secret that is shown once and not kept. Send the request without {HEADER}."
        raise AppError(Code.INVALID_ARGUMENT, "idempotency_key_not_possible", detail)
    values = request.headers.getlist(HEADER)
    if len(values) != 1 or not _KEY.fullmatch(values[0]):
        detail = f"The header {HEADER} must be sent once and have 1 to 255 visible characters (ASCII, no spaces)."
        raise AppError(Code.INVALID_ARGUMENT, "idempotency_key_invalid", detail)
    return values[0]


def _boundary_of(headers: Headers) -> bytes:
    found = _BOUNDARY.match(headers.get("content-type", ""))
    return found[1].encode("latin-1") if found else b""


def _is_api(path: str) -> bool:
    return path.startswith("/api/v1/")


def documented(openapi: dict[str, Any]) -> dict[str, Any]:
    """The description of the API with the header at every POST that takes it."""
    openapi["components"]["parameters"] = {"IdempotencyKey": _PARAMETER}
    reference = {"$ref": "#/components/parameters/IdempotencyKey"}
    for path, item in openapi["paths"].items():
        takes_key = _is_api(path) and not _WITHOUT_KEY.fullmatch(path) and not _SECRET.fullmatch(path)
        if takes_key and "post" in item:
            item["post"].setdefault("parameters", []).append(reference)
    return openapi
