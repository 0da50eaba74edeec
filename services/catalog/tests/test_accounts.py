"""Signing in and out, throttling, and who may change whom."""

import asyncio

import pytest
from sqlalchemy import select, text

from cjm_catalog.adapters.tables import attempts
from cjm_kit.db import Database
from cjm_kit.errors import Code
from cjm_protos.catalog.v1 import account_pb2 as account

from .conftest import ADMIN_PASSWORD, PASSWORD, Catalog, refused


async def authenticate(catalog: Catalog, secret: str) -> account.AuthenticateSessionResponse:
    return await catalog.accounts.AuthenticateSession(account.AuthenticateSessionRequest(session_token=secret))


async def test_a_session_opens_is_recognised_and_ends(catalog: Catalog) -> None:
    await catalog.user("Zoë")
    opened = await catalog.log_in("  ZOE\u0308 ")
    known = await authenticate(catalog, opened.session_token)
    assert known.user.username == "Zoë"
    assert known.user.last_login_at.ToDatetime() == catalog.clock.time.replace(tzinfo=None)
    assert known.csrf_token == opened.csrf_token != opened.session_token
    for _ in range(2):
        await catalog.accounts.Logout(account.LogoutRequest(session_token=opened.session_token))
    with refused(Code.UNAUTHENTICATED, "unauthenticated"):
        await authenticate(catalog, opened.session_token)


async def test_wrong_name_and_wrong_password_get_one_answer(catalog: Catalog) -> None:
    await catalog.user("eva")
    answers = []
    for name, password in [("eva", "wrong"), ("nobody", PASSWORD), ("eva\0", PASSWORD), ("eva", PASSWORD + "x" * 2000)]:
        with refused(Code.UNAUTHENTICATED, "wrong_credentials") as error:
            await catalog.log_in(name, password)
        answers.append(error.detail)
    assert len(set(answers)) == 1


async def test_a_session_lives_twelve_hours_after_its_last_use(catalog: Catalog) -> None:
    opened = await catalog.log_in("admin", ADMIN_PASSWORD)
    for _ in range(3):
        catalog.clock.pass_by(hours=11)
        await authenticate(catalog, opened.session_token)
    catalog.clock.pass_by(hours=12)
    with refused(Code.UNAUTHENTICATED, "unauthenticated"):
        await authenticate(catalog, opened.session_token)


async def test_ten_failures_lock_name_and_address_for_fifteen_minutes(catalog: Catalog) -> None:
    await catalog.user("eva")
    for _ in range(10):
        with refused(Code.UNAUTHENTICATED, "wrong_credentials"):
            await catalog.log_in("EVA", "wrong")
    catalog.clock.pass_by(minutes=5)
    with refused(Code.RESOURCE_EXHAUSTED, "too_many_attempts") as error:
        await catalog.log_in("eva")
    assert 600 <= int(error.metadata["retry_after_seconds"]) <= 601
    await catalog.log_in("eva", address="192.0.2.2")
    catalog.clock.pass_by(minutes=10)
    await catalog.log_in("eva")


async def test_a_right_password_forgets_the_failures_before_it(catalog: Catalog) -> None:
    for _ in range(3):
        for _ in range(9):
            with refused(Code.UNAUTHENTICATED, "wrong_credentials"):
                await catalog.log_in("admin", "wrong")
        await catalog.log_in("admin", ADMIN_PASSWORD)


async def test_guesses_at_ever_new_names_do_not_pile_up(catalog: Catalog, database: Database) -> None:
    for number in range(5):
        with refused(Code.UNAUTHENTICATED, "wrong_credentials"):
            await catalog.log_in(f"nobody {number}", "wrong")
        catalog.clock.pass_by(minutes=16)
    async with database.read() as session:
        assert len((await session.execute(select(attempts))).all()) == 1


async def test_guesses_in_parallel_are_counted_too(catalog: Catalog) -> None:
    guesses = [catalog.log_in("admin", f"guess {number}") for number in range(25)]
    reasons = [getattr(answer, "reason", "") for answer in await asyncio.gather(*guesses, return_exceptions=True)]
    assert reasons.count("wrong_credentials") == 10
    assert reasons.count("too_many_attempts") == 15


async def test_changing_the_password_keeps_only_this_session(catalog: Catalog) -> None:
    await catalog.user("eva")
    here, there = await catalog.log_in("eva"), await catalog.log_in("eva")
    session_id = (await authenticate(catalog, here.session_token)).session_id
    long_password = "thirty characters and a bit more"
    request = account.ChangePasswordRequest(
        old_password=PASSWORD, new_password=long_password, keep_session_id=session_id
    )
    with catalog.acting("eva"):
        await catalog.accounts.ChangePassword(request)
    await authenticate(catalog, here.session_token)
    with refused(Code.UNAUTHENTICATED, "unauthenticated"):
        await authenticate(catalog, there.session_token)
    with refused(Code.UNAUTHENTICATED, "wrong_credentials"):
        await catalog.log_in("eva")
    await catalog.log_in("eva", long_password)


async def test_changing_the_password_needs_the_old_one(catalog: Catalog) -> None:
    await catalog.user("eva")
    with catalog.acting("eva"):
        with refused(Code.INVALID_ARGUMENT, "password_too_short"):
            await catalog.accounts.ChangePassword(
                account.ChangePasswordRequest(old_password=PASSWORD, new_password="short")
            )
        wrong = account.ChangePasswordRequest(old_password="wrong", new_password=PASSWORD)
        for _ in range(10):
            with refused(Code.INVALID_ARGUMENT, "password_wrong") as error:
                await catalog.accounts.ChangePassword(wrong)
        assert error.violations[0].field == "old_password"
        with refused(Code.RESOURCE_EXHAUSTED, "too_many_attempts"):
            await catalog.accounts.ChangePassword(wrong)
    await catalog.log_in("eva")


async def test_names_are_unique_regardless_of_case(catalog: Catalog) -> None:
    await catalog.user("Straße")
    with refused(Code.ALREADY_EXISTS, "username_taken"):
        await catalog.user("STRASSE")


@pytest.mark.parametrize(
    ("name", "password", "role", "reason", "field"),
    [
        ("  ", PASSWORD, account.ROLE_ANALYST, "name_empty", "username"),
        (" \u200b\ufeff", PASSWORD, account.ROLE_ANALYST, "name_empty", "username"),
        ("x" * 151, PASSWORD, account.ROLE_ANALYST, "name_too_long", "username"),
        ("a\nb", PASSWORD, account.ROLE_ANALYST, "name_has_control_characters", "username"),
        ("eva", "seven77", account.ROLE_ANALYST, "password_too_short", "password"),
        ("eva", "x" * 1025, account.ROLE_ANALYST, "password_too_long", "password"),
        ("eva", PASSWORD, account.ROLE_UNSPECIFIED, "role_unknown", "role"),
    ],
)
async def test_a_bad_account_is_refused(
    catalog: Catalog, name: str, password: str, role: account.Role.ValueType, reason: str, field: str
) -> None:
    with catalog.acting("admin"), refused(Code.INVALID_ARGUMENT, reason) as error:
        await catalog.accounts.CreateUser(account.CreateUserRequest(username=name, password=password, role=role))
    assert [violation.field for violation in error.violations] == [field]


async def test_administrators_edit_neither_themselves_nor_each_other(catalog: Catalog) -> None:
    await catalog.user("adam", account.ROLE_ADMIN)
    await catalog.user("berta", account.ROLE_ADMIN)
    await catalog.user("carl")

    async def disable(name: str) -> None:
        user_id = catalog.users[name].user_id
        await catalog.accounts.UpdateUser(account.UpdateUserRequest(user_id=user_id, is_disabled=True))

    with catalog.acting("adam"):
        with refused(Code.PERMISSION_DENIED, "user_edit_self"):
            await disable("adam")
        with refused(Code.PERMISSION_DENIED, "user_edit_superuser"):
            await disable("admin")
        with refused(Code.PERMISSION_DENIED, "user_edit_admin"):
            await disable("berta")
        await disable("carl")
        with refused(Code.NOT_FOUND, "user_not_found"):
            await catalog.accounts.UpdateUser(account.UpdateUserRequest(user_id="nobody"))
    with catalog.acting("admin"):
        with refused(Code.PERMISSION_DENIED, "user_edit_self"):
            await disable("admin")
        await disable("adam")
    # A signed identity may outlive the right by a minute; the record decides.
    with catalog.acting("adam"), refused(Code.PERMISSION_DENIED, "role_not_allowed"):
        await disable("carl")


async def test_disabling_and_a_new_password_end_all_sessions(catalog: Catalog, database: Database) -> None:
    user = await catalog.user("eva")
    new_password = account.UpdateUserRequest(user_id=user.user_id, new_password="another password")
    disabling = account.UpdateUserRequest(user_id=user.user_id, is_disabled=True)
    for request, password in [(new_password, PASSWORD), (disabling, "another password")]:
        opened = await catalog.log_in("eva", password)
        with catalog.acting("admin"):
            await catalog.accounts.UpdateUser(request)
        with refused(Code.UNAUTHENTICATED, "unauthenticated"):
            await authenticate(catalog, opened.session_token)
    with refused(Code.UNAUTHENTICATED, "wrong_credentials"):
        await catalog.log_in("eva", "another password")
    async with database.read() as session:
        facts = (await session.execute(text("SELECT subject FROM outbox"))).scalars().all()
    assert list(facts) == ["cjm.catalog.user.changed.v1"] * 2


async def test_role_changes_and_reading_accounts(catalog: Catalog) -> None:
    user = await catalog.user("eva")
    with catalog.acting("admin"):
        request = account.UpdateUserRequest(user_id=user.user_id, role=account.ROLE_ADMIN)
        assert (await catalog.accounts.UpdateUser(request)).user.role == account.ROLE_ADMIN
    admin_id = catalog.users["admin"].user_id
    with catalog.acting("eva"):
        own = await catalog.accounts.GetUser(account.GetUserRequest(user_id=user.user_id))
        assert own.user.role == account.ROLE_ADMIN
        with refused(Code.PERMISSION_DENIED, "user_read_not_allowed"):
            await catalog.accounts.GetUser(account.GetUserRequest(user_id=admin_id))
    found = await catalog.accounts.GetUser(account.GetUserRequest(user_id=admin_id))
    assert found.user.is_superuser
    for user_id in ("nobody", "\0"):
        with refused(Code.NOT_FOUND, "user_not_found"):
            await catalog.accounts.GetUser(account.GetUserRequest(user_id=user_id))


async def test_accounts_are_listed_by_name_in_pages(catalog: Catalog) -> None:
    for name in ("bob", "Alice", "Ødegård", "zoe"):
        await catalog.user(name)

    async def names(cursor: str = "") -> list[str]:
        answer = await catalog.accounts.ListUsers(account.ListUsersRequest(page_size=2, page_token=cursor))
        rest = await names(answer.next_page_token) if answer.next_page_token else []
        return [user.username for user in answer.users] + rest

    with catalog.acting("admin"):
        assert await names() == ["admin", "Alice", "bob", "zoe", "Ødegård"]
    with catalog.acting("bob"):
        listed = (await catalog.accounts.ListUsers(account.ListUsersRequest())).users
        assert not any(user.is_superuser or user.HasField("created_at") for user in listed)
        for token in ("nonsense", "WzFd", "W10", "é"):
            with refused(Code.INVALID_ARGUMENT, "page_token_invalid"):
                await catalog.accounts.ListUsers(account.ListUsersRequest(page_token=token))
        with refused(Code.INVALID_ARGUMENT, "page_size_out_of_range"):
            await catalog.accounts.ListUsers(account.ListUsersRequest(page_size=201))


async def test_secrets_are_stored_as_hashes_only(catalog: Catalog, database: Database) -> None:
    opened = await catalog.log_in("admin", ADMIN_PASSWORD)
    async with database.read() as session:
        rows = [row for table in ("users", "sessions") for row in await session.execute(text(f"SELECT * FROM {table}"))]
    stored = repr([tuple(row) for row in rows])
    assert "$argon2id$" in stored
    for secret in (ADMIN_PASSWORD, opened.session_token, opened.csrf_token):
        assert secret not in stored
