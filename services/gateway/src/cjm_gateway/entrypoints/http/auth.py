"""Who is asking: staff by session cookie with CSRF token, systems by API token."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.routing import RouteContext
from fastapi.security import APIKeyCookie
from starlette.types import ASGIApp, Receive, Scope, Send

from cjm_gateway.application.token_cache import KnownToken
from cjm_gateway.entrypoints.http.gateway import Gateway
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import Identity, acting_as, staff_identity
from cjm_protos.catalog.v1 import account_pb2

COOKIE = "cjm_session"
CSRF_HEADER = "x-csrf-token"
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_GUARDED, _SIGN_IN = "/api/v1/", ("POST", "/api/v1/session")

_cookie = APIKeyCookie(
    name=COOKIE,
    scheme_name="session",
    auto_error=False,
    description="Cookie of `POST /api/v1/session`. POST, PUT, PATCH and DELETE also need the header `X-CSRF-Token` "
    "with the `csrf_token` of `GET /api/v1/me`.",
)
SessionCookie = Annotated[str | None, Security(_cookie)]


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person.

    Attributes:
        answer: Account, session id, CSRF token and end of the session.
        secret: What the cookie holds.
    """

    answer: account_pb2.AuthenticateSessionResponse
    secret: str

    @property
    def user(self) -> account_pb2.User:
        """The account."""
        return self.answer.user


def session_of(request: Request) -> Session | None:
    """The session with which a request came through the door; None where nobody has to sign in."""
    session: Session | None = getattr(request.state, "session", None)
    return session


def _staff(request: Request, _secret: SessionCookie = None) -> Session:
    session = session_of(request)
    assert session is not None, "the door lets nobody else in"
    return session


StaffSession = Annotated[Session, Depends(_staff)]
staff_only = Depends(_staff)


class Door:
    """Asks who is there before anything is said about parameters, headers or body of a request.

    Args:
        gateway: The running gateway.
        api: The REST application.
        route_at: The route of a method at an address, if there is one.
    """

    def __init__(self, gateway: Gateway, api: ASGIApp, route_at: Callable[[str, str], RouteContext | None]) -> None:
        self._gateway = gateway
        self._api = api
        self._route_at = route_at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request in the name of its sender.

        Raises:
            AppError: UNAUTHENTICATED, PERMISSION_DENIED `staff_only` or `csrf_token_wrong`.
        """
        method, path = scope["method"], scope["path"]
        is_guarded = path.startswith(_GUARDED) and (method, path) != _SIGN_IN
        route = self._route_at(method, path) if is_guarded else None
        if route is None:
            await self._api(scope, receive, send)
            return
        scope["route"] = route  # so that the metrics name it also when nobody is let in
        request = Request(scope)
        secret = request.cookies.get(COOKIE)
        if not secret:
            raise await _refusal_of_a_stranger(self._gateway, request.headers)
        answer = await authenticate(self._gateway, request, secret)
        request.state.session = Session(answer, secret)
        with acting_as(identity_of(answer.user)):
            await self._api(scope, receive, send)


def identity_of(user: account_pb2.User) -> Identity:
    """The identity of an account."""
    is_admin = user.role == account_pb2.ROLE_ADMIN or user.is_superuser
    return staff_identity(user.user_id, is_admin=is_admin)


async def authenticate(gateway: Gateway, request: Request, secret: str) -> account_pb2.AuthenticateSessionResponse:
    """The session behind a cookie's secret; a request that changes something must bring its CSRF token.

    Raises:
        AppError: UNAUTHENTICATED when there is no such session, PERMISSION_DENIED `csrf_token_wrong`.
    """
    answer = await gateway.services.accounts.AuthenticateSession(
        account_pb2.AuthenticateSessionRequest(session_token=secret)
    )
    if request.method not in _SAFE_METHODS:
        _check_csrf(request.headers.get(CSRF_HEADER, ""), answer.csrf_token)
    return answer


async def _refusal_of_a_stranger(gateway: Gateway, headers: Mapping[str, str]) -> AppError:
    """Why somebody without a session is not let in; an API token is no substitute for one."""
    if authorization := headers.get("authorization"):
        await token_of(gateway, authorization)
        detail = "Sign in as staff for this. An API token can only send events: POST /api/v1/datasets/{id}/events."
        return AppError(Code.PERMISSION_DENIED, "staff_only", detail)
    detail = "Sign in first. A system that sends events needs the header Authorization: Bearer <token> instead."
    return AppError(Code.UNAUTHENTICATED, "unauthenticated", detail)


def _check_csrf(sent: str, expected: str) -> None:
    if not hmac.compare_digest(sent.encode(), expected.encode()):
        detail = "The header X-CSRF-Token is missing or wrong. Send the csrf_token of GET /api/v1/me."
        raise AppError(Code.PERMISSION_DENIED, "csrf_token_wrong", detail)


async def token_of(gateway: Gateway, authorization: str) -> KnownToken:
    """What the token in an Authorization header allows.

    Raises:
        AppError: UNAUTHENTICATED `token_invalid` when it is none of ours, malformed or revoked.
    """
    if secret := secret_of(authorization):
        try:
            return await gateway.tokens.lookup(secret)
        except AppError as failure:
            if failure.code is not Code.UNAUTHENTICATED:
                raise
    detail = "The token is not valid or was revoked. Send a valid one as Authorization: Bearer cjm_…"
    raise AppError(Code.UNAUTHENTICATED, "token_invalid", detail)


def secret_of(authorization: str) -> str:
    """The secret in an Authorization header; empty when it holds none of a token."""
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def refuse_other_sites(request: Request) -> None:
    """Refuse a sign-in that another site's page sent; programs outside browsers send none of these headers.

    Raises:
        AppError: PERMISSION_DENIED `cross_site_request`.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        is_foreign = site not in {"same-origin", "none"}
    else:
        is_foreign = origin is not None and origin.partition("://")[2] != request.headers.get("host")
    if is_foreign:
        detail = "Signing in from another site is not possible. Open the page of this installation."
        raise AppError(Code.PERMISSION_DENIED, "cross_site_request", detail)
