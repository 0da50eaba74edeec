"""AccountService."""

from typing import Any

from cjm_catalog.application.accounts import Accounts
from cjm_catalog.domain.accounts import Role, User
from cjm_catalog.domain.checks import invalid
from cjm_catalog.entrypoints.translate import caller, timestamp
from cjm_kit.rpc import allow
from cjm_protos.catalog.v1 import account_pb2, account_pb2_grpc

_ROLE_TO_PROTO = {Role.ANALYST: account_pb2.ROLE_ANALYST, Role.ADMIN: account_pb2.ROLE_ADMIN}
_ROLE_FROM_PROTO: dict[int, Role] = {message: role for role, message in _ROLE_TO_PROTO.items()}


class AccountServicer(account_pb2_grpc.AccountServiceServicer):
    """Staff accounts, sessions and passwords."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    @allow("service")
    async def Login(self, request: account_pb2.LoginRequest, context: Any) -> account_pb2.LoginResponse:
        """Opens a session."""
        session = await self._accounts.log_in(request.username, request.password, request.client_address)
        return account_pb2.LoginResponse(
            session_token=session.secret,
            csrf_token=session.csrf_token,
            user=_user_message(session.user),
            expires_at=timestamp(session.expires_at),
        )

    @allow("service")
    async def Logout(self, request: account_pb2.LogoutRequest, context: Any) -> account_pb2.LogoutResponse:
        """Ends a session."""
        await self._accounts.log_out(request.session_token)
        return account_pb2.LogoutResponse()

    @allow("service")
    async def AuthenticateSession(
        self, request: account_pb2.AuthenticateSessionRequest, context: Any
    ) -> account_pb2.AuthenticateSessionResponse:
        """Tells who a session belongs to."""
        session = await self._accounts.authenticate(request.session_token)
        return account_pb2.AuthenticateSessionResponse(
            user=_user_message(session.user),
            csrf_token=session.csrf_token,
            session_id=session.session_id,
            expires_at=timestamp(session.expires_at),
        )

    @allow("staff")
    async def ChangePassword(
        self, request: account_pb2.ChangePasswordRequest, context: Any
    ) -> account_pb2.ChangePasswordResponse:
        """Replaces the caller's own password."""
        await self._accounts.change_password(
            caller(), request.old_password, request.new_password, request.keep_session_id
        )
        return account_pb2.ChangePasswordResponse()

    @allow("admin")
    async def CreateUser(self, request: account_pb2.CreateUserRequest, context: Any) -> account_pb2.CreateUserResponse:
        """Makes an account."""
        user = await self._accounts.create(request.username, request.password, _role(request.role))
        return account_pb2.CreateUserResponse(user=_user_message(user))

    @allow("staff")
    async def ListUsers(self, request: account_pb2.ListUsersRequest, context: Any) -> account_pb2.ListUsersResponse:
        """Lists accounts; an analyst gets names and roles only."""
        page = await self._accounts.page(request.page_size, request.page_token)
        message = _user_message if caller().is_admin else _name_message
        return account_pb2.ListUsersResponse(
            users=[message(user) for user in page.items], next_page_token=page.next_cursor
        )

    @allow("admin")
    async def UpdateUser(self, request: account_pb2.UpdateUserRequest, context: Any) -> account_pb2.UpdateUserResponse:
        """Changes another account."""
        user = await self._accounts.update(
            caller(),
            request.user_id,
            _role(request.role) if request.HasField("role") else None,
            request.is_disabled if request.HasField("is_disabled") else None,
            request.new_password if request.HasField("new_password") else None,
        )
        return account_pb2.UpdateUserResponse(user=_user_message(user))

    @allow("staff", "service")
    async def GetUser(self, request: account_pb2.GetUserRequest, context: Any) -> account_pb2.GetUserResponse:
        """Gives one account."""
        user = await self._accounts.get(caller(), request.user_id)
        return account_pb2.GetUserResponse(user=_user_message(user))


def _role(message: int) -> Role:
    role = _ROLE_FROM_PROTO.get(message)
    if role is None:
        raise invalid("role", "role_unknown", 'The role is missing or unknown. Choose "analyst" or "admin".')
    return role


def _name_message(user: User) -> account_pb2.User:
    return account_pb2.User(user_id=user.user_id, username=user.username, role=_ROLE_TO_PROTO[user.role])


def _user_message(user: User) -> account_pb2.User:
    return account_pb2.User(
        user_id=user.user_id,
        username=user.username,
        role=_ROLE_TO_PROTO[user.role],
        is_superuser=user.is_superuser,
        is_disabled=user.is_disabled,
        created_at=timestamp(user.created_at),
        last_login_at=timestamp(user.last_login_at),
    )
