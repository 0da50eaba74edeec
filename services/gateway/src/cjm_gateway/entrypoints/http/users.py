"""Staff accounts."""

from fastapi import APIRouter

from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.gateway import GatewayDep
from cjm_gateway.entrypoints.http.session import RoleWord, UserShape, user_shape
from cjm_gateway.entrypoints.http.shapes import Body, Page, PagingQuery, words
from cjm_protos.catalog.v1 import account_pb2

router = APIRouter(prefix="/api/v1/users", tags=["Staff"], dependencies=[staff_only])
_ROLES = words(account_pb2.Role)


class NewUser(Body):
    """The account to make."""

    username: str
    password: str
    role: RoleWord = "analyst"


class UserChange(Body):
    """Changes to an account; absent fields stay."""

    role: RoleWord | None = None
    is_disabled: bool | None = None
    new_password: str | None = None


@router.get("", summary="List accounts")
async def list_users(paging: PagingQuery, gateway: GatewayDep) -> Page[UserShape]:
    """Staff accounts by name."""
    request = account_pb2.ListUsersRequest(page_size=paging.limit, page_token=paging.cursor)
    answer = await gateway.services.accounts.ListUsers(request)
    return Page(items=[user_shape(user) for user in answer.users], next_cursor=answer.next_page_token or None)


@router.post("", summary="Make an account (admin)", status_code=201)
async def create_user(body: NewUser, gateway: GatewayDep) -> UserShape:
    """Make a staff account."""
    request = account_pb2.CreateUserRequest(username=body.username, password=body.password, role=_ROLES[body.role])
    return user_shape((await gateway.services.accounts.CreateUser(request)).user)


@router.get("/{user_id}", summary="Read an account")
async def get_user(user_id: str, gateway: GatewayDep) -> UserShape:
    """One account: the own one, or any for an administrator."""
    return user_shape((await gateway.services.accounts.GetUser(account_pb2.GetUserRequest(user_id=user_id))).user)


@router.patch("/{user_id}", summary="Change an account (admin)")
async def update_user(user_id: str, body: UserChange, gateway: GatewayDep) -> UserShape:
    """Change role, disabled state or password of another account."""
    request = account_pb2.UpdateUserRequest(
        user_id=user_id,
        role=_ROLES[body.role] if body.role else None,
        is_disabled=body.is_disabled,
        new_password=body.new_password,
    )
    return user_shape((await gateway.services.accounts.UpdateUser(request)).user)
