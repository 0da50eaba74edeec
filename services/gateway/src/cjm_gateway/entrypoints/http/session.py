"""Signing in and out, and one's own account."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from cjm_gateway.entrypoints.http.auth import COOKIE, StaffSession, refuse_other_sites
from cjm_gateway.entrypoints.http.gateway import Gateway, GatewayDep
from cjm_gateway.entrypoints.http.shapes import Body, Instant, Shape, instant, instant_or_none, word
from cjm_gateway.entrypoints.services import as_gateway
from cjm_kit.errors import AppError
from cjm_protos.bot.v1 import link_pb2
from cjm_protos.catalog.v1 import account_pb2

router = APIRouter(prefix="/api/v1", tags=["Session"])
RoleWord = Literal["admin", "analyst"]


class UserShape(Shape):
    """A staff account."""

    id: str
    username: str
    role: RoleWord
    is_superuser: bool
    is_disabled: bool
    created_at: Annotated[Instant | None, Field(description="Null where only administrators see it.")]
    last_login_at: Instant | None


class Credentials(Body):
    """Name and password as typed."""

    username: str
    password: str


class SessionShape(Shape):
    """A fresh session; its secret is in the cookie."""

    user: UserShape
    csrf_token: Annotated[str, Field(description="Send as X-CSRF-Token with POST, PUT, PATCH and DELETE.")]
    expires_at: Instant


class Features(Shape):
    """What this installation offers."""

    telegram: bool
    max_upload_bytes: int


class Me(SessionShape):
    """Who is signed in, and what there is for him."""

    features: Features


class PasswordChange(Body):
    """Old and new password."""

    old_password: str
    new_password: str


def user_shape(user: account_pb2.User) -> UserShape:
    """An account for the API."""
    role: RoleWord = "admin" if word(account_pb2.Role, user.role) == "admin" else "analyst"
    return UserShape(
        id=user.user_id,
        username=user.username,
        role=role,
        is_superuser=user.is_superuser,
        is_disabled=user.is_disabled,
        created_at=instant_or_none(user, "created_at"),
        last_login_at=instant_or_none(user, "last_login_at"),
    )


@router.post("/session", summary="Sign in")
async def sign_in(body: Credentials, request: Request, response: Response, gateway: GatewayDep) -> SessionShape:
    """Check name and password and open a session; the cookie `cjm_session` carries it."""
    refuse_other_sites(request)
    login = await gateway.services.accounts.Login(
        account_pb2.LoginRequest(
            username=body.username,
            password=body.password,
            client_address=request.client.host if request.client else "",
        )
    )
    is_https = gateway.settings.public_https or request.url.scheme == "https"
    response.set_cookie(COOKIE, login.session_token, httponly=True, samesite="lax", secure=is_https, path="/")
    return SessionShape(user=user_shape(login.user), csrf_token=login.csrf_token, expires_at=instant(login.expires_at))


@router.delete("/session", summary="Sign out", status_code=204)
async def sign_out(session: StaffSession, gateway: GatewayDep) -> Response:
    """End the session."""
    with as_gateway():
        await gateway.services.accounts.Logout(account_pb2.LogoutRequest(session_token=session.secret))
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", path="/")
    return response


@router.get("/me", summary="Who is signed in")
async def get_me(session: StaffSession, gateway: GatewayDep) -> Me:
    """The own account, the CSRF token of the session and what this installation offers."""
    return Me(
        user=user_shape(session.user),
        csrf_token=session.answer.csrf_token,
        expires_at=instant(session.answer.expires_at),
        features=Features(telegram=await _has_bot(gateway), max_upload_bytes=gateway.settings.max_upload_bytes),
    )


async def _has_bot(gateway: Gateway) -> bool:
    """False also while the bot does not answer: signing in must not depend on it."""
    try:
        return (await gateway.services.links.GetLink(link_pb2.GetLinkRequest(), timeout=2)).is_enabled
    except AppError:
        return False


@router.put("/me/password", summary="Change the own password", status_code=204)
async def change_password(body: PasswordChange, session: StaffSession, gateway: GatewayDep) -> Response:
    """Replace the own password; other sessions of this account end, this one stays."""
    await gateway.services.accounts.ChangePassword(
        account_pb2.ChangePasswordRequest(
            old_password=body.old_password,
            new_password=body.new_password,
            keep_session_id=session.answer.session_id,
        )
    )
    return Response(status_code=204)
