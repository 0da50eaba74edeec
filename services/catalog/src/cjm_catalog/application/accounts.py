"""Signing in and out, and keeping staff accounts."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from cjm_catalog.application.ports import Clock, Passwords, Records, Store, TakenError
from cjm_catalog.domain.accounts import (
    LOCK,
    MAX_PASSWORD_LENGTH,
    MAX_USERNAME_LENGTH,
    SESSION_LIFE,
    TOUCH_INTERVAL,
    Attempts,
    Caller,
    Role,
    Session,
    User,
    check_may_edit,
    check_password,
    counted,
    csrf_token,
    secret_hash,
)
from cjm_catalog.domain.checks import (
    Page,
    checked_name,
    checked_page_size,
    decode_cursor,
    encode_cursor,
    folded,
    invalid,
    text,
)
from cjm_catalog.domain.facts import UserChanged
from cjm_kit.errors import AppError, Code

FIRST_ADMIN_NAME = "admin"
_MAX_ADDRESS_LENGTH = 100
_PASSWORD_CHANGE = "password change"  # noqa: S105 - where the guess came from, in place of an address


@dataclass(frozen=True)
class OpenSession:
    """A session with the account it belongs to; `secret` is known only right after signing in."""

    session_id: str
    user: User
    csrf_token: str
    expires_at: datetime
    secret: str = ""


@dataclass(frozen=True)
class Accounts:
    """The use cases around staff accounts."""

    store: Store
    passwords: Passwords
    now: Clock

    async def log_in(self, username: str, password: str, client_address: str) -> OpenSession:
        """Opens a session for the right name and password.

        Args:
            username: as typed, any case.
            password: as typed.
            client_address: where the browser is, for throttling.

        Raises:
            AppError: UNAUTHENTICATED wrong_credentials (one answer for an unknown name, a wrong password and a disabled
                account, after the same time); RESOURCE_EXHAUSTED too_many_attempts after ten failures in a row.
        """
        # Longer texts than an account can have fit nothing; cutting them bounds the work and the rows.
        key = folded(username[: MAX_USERNAME_LENGTH + 1])
        attempt = {"username_key": key, "client_address": client_address[:_MAX_ADDRESS_LENGTH]}
        await self._count_attempt(**attempt)
        async with self.store.read() as records:
            user = await records.get(User, username_key=key)
        known_hash = user.password_hash if user else None
        is_right = await self.passwords.verify(known_hash, password[: MAX_PASSWORD_LENGTH + 1])
        now = self.now()
        secret = secrets.token_urlsafe(32)
        async with self.store.write() as records:
            current = await records.get(User, lock=True, username_key=key)
            # The account may have changed while the password was hashed.
            if current is None or not is_right or current.password_hash != known_hash or current.is_disabled:
                raise AppError(
                    Code.UNAUTHENTICATED,
                    "wrong_credentials",
                    "The name or the password is wrong. Check both, also upper and lower case of the password.",
                )
            user = replace(current, last_login_at=now)
            session = Session(str(uuid4()), secret_hash(secret), user.user_id, now, now + SESSION_LIFE)
            await records.save(user)
            await records.add(session)
            await records.remove(Attempts, **attempt)
            await records.remove_before(Session, "expires_at", now)
        return OpenSession(session.session_id, user, csrf_token(secret), session.expires_at, secret)

    async def log_out(self, session_secret: str) -> None:
        """Ends one session; one that is over already is no error."""
        async with self.store.write() as records:
            await records.remove(Session, secret_hash=secret_hash(session_secret))

    async def authenticate(self, session_secret: str) -> OpenSession:
        """Tells who a session belongs to, and lets it live twelve hours more.

        Raises:
            AppError: UNAUTHENTICATED unauthenticated for an unknown or expired session or a disabled account.
        """
        now = self.now()
        async with self.store.read() as records:
            session = await records.get(Session, secret_hash=secret_hash(session_secret))
            user = await records.get(User, user_id=session.user_id) if session else None
        if session is None or user is None or user.is_disabled or session.expires_at <= now:
            raise AppError(Code.UNAUTHENTICATED, "unauthenticated", "Your session is over. Sign in again.")
        prolonged = replace(session, expires_at=now + SESSION_LIFE)
        if prolonged.expires_at - session.expires_at >= TOUCH_INTERVAL:
            async with self.store.write() as records:
                await records.save(prolonged)
            session = prolonged
        return OpenSession(session.session_id, user, csrf_token(session_secret), session.expires_at)

    async def change_password(self, caller: Caller, old: str, new: str, keep_session_id: str) -> None:
        """Replaces the caller's own password and ends the caller's other sessions.

        Raises:
            AppError: INVALID_ARGUMENT password_wrong, password_too_short, password_too_long; RESOURCE_EXHAUSTED
                too_many_attempts after ten wrong old passwords in a row.
        """
        check_password("new_password", new)
        async with self.store.read() as records:
            user = await existing_user(records, caller.user_id)
        attempt = {"username_key": user.username_key, "client_address": _PASSWORD_CHANGE}
        await self._count_attempt(**attempt)
        is_right = await self.passwords.verify(user.password_hash, old[: MAX_PASSWORD_LENGTH + 1])
        new_hash = await self.passwords.hash(new) if is_right else ""
        async with self.store.write() as records:
            current = await existing_user(records, caller.user_id, lock=True)
            if not is_right or current.password_hash != user.password_hash:
                raise invalid("old_password", "password_wrong", "The current password is wrong. Type it again.")
            await records.save(replace(current, password_hash=new_hash))
            await records.remove(Attempts, **attempt)
            sessions = await records.all(Session, user_id=current.user_id)
            others = [session.session_id for session in sessions if session.session_id != keep_session_id]
            await records.remove(Session, session_id=others)
            await records.tell(UserChanged(current.user_id))

    async def create(self, username: str, password: str, role: Role) -> User:
        """Makes a staff account.

        Raises:
            AppError: INVALID_ARGUMENT name_empty, name_too_long, name_has_control_characters, password_too_short,
                password_too_long; ALREADY_EXISTS username_taken.
        """
        return await self._add(username, password, role, is_superuser=False)

    async def create_first_admin(self, password: str | None) -> str | None:
        """Makes the first administrator, named "admin", when there is no account at all.

        Args:
            password: the password to set; None makes a random one.

        Returns:
            The password that was set; None when there are accounts already.

        Raises:
            AppError: INVALID_ARGUMENT password_too_short, password_too_long.
        """
        async with self.store.read() as records:
            if await records.page(User, ("username_key",), None, 1):
                return None
        chosen = password or secrets.token_urlsafe(15)
        try:
            await self._add(FIRST_ADMIN_NAME, chosen, Role.ADMIN, is_superuser=True)
        except AppError as error:
            if error.code is Code.ALREADY_EXISTS:  # another starter was faster
                return None
            raise
        return chosen

    async def page(self, page_size: int, cursor: str) -> Page[User]:
        """Lists accounts by name.

        Raises:
            AppError: INVALID_ARGUMENT page_size_out_of_range, page_token_invalid.
        """
        limit = checked_page_size(page_size)
        after = decode_cursor(cursor, text)
        async with self.store.read() as records:
            users = await records.page(User, ("username_key",), after, limit + 1)
        more = len(users) > limit
        users = users[:limit]
        return Page(users, encode_cursor(users[-1].username_key) if more else "")

    async def get(self, caller: Caller, user_id: str) -> User:
        """Gives one account, to itself, to administrators and to services.

        Raises:
            AppError: PERMISSION_DENIED user_read_not_allowed; NOT_FOUND user_not_found.
        """
        if not (caller.is_admin or caller.is_service or caller.user_id == user_id):
            raise AppError(
                Code.PERMISSION_DENIED, "user_read_not_allowed", "Only an administrator sees the accounts of others."
            )
        async with self.store.read() as records:
            return await existing_user(records, user_id)

    async def update(
        self, caller: Caller, user_id: str, role: Role | None, is_disabled: bool | None, new_password: str | None
    ) -> User:
        """Changes another account; None leaves a value. Disabling and a new password end its sessions at once.

        Raises:
            AppError: PERMISSION_DENIED user_edit_self, user_edit_superuser, user_edit_admin, role_not_allowed;
                NOT_FOUND user_not_found; INVALID_ARGUMENT password_too_short, password_too_long.
        """
        if new_password is not None:
            check_password("new_password", new_password)
        new_hash = None if new_password is None else await self.passwords.hash(new_password)
        async with self.store.write() as records:
            actor = await existing_user(records, caller.user_id)
            target = await existing_user(records, user_id, lock=True)
            check_may_edit(actor, target)
            changed = replace(
                target,
                role=role or target.role,
                is_disabled=target.is_disabled if is_disabled is None else is_disabled,
                password_hash=new_hash or target.password_hash,
            )
            await records.save(changed)
            if changed.is_disabled or new_hash:
                await records.remove(Session, user_id=user_id)
            await records.tell(UserChanged(user_id))
        return changed

    async def _add(self, username: str, password: str, role: Role, *, is_superuser: bool) -> User:
        name = checked_name("username", username, MAX_USERNAME_LENGTH)
        check_password("password", password)
        user = User(
            user_id=str(uuid4()),
            username=name,
            password_hash=await self.passwords.hash(password),
            role=role,
            is_superuser=is_superuser,
            is_disabled=False,
            created_at=self.now(),
        )
        try:
            async with self.store.write() as records:
                await records.add(user)
        except TakenError as error:
            raise AppError(
                Code.ALREADY_EXISTS,
                "username_taken",
                f'There is an account named "{name}" already. Choose another name.',
            ) from error
        return user

    async def _count_attempt(self, username_key: str, client_address: str) -> None:
        now = self.now()
        async with self.store.write() as records:
            # At every try, so that guessing at ever new names does not fill the table.
            await records.remove_before(Attempts, "last_failed_at", now - LOCK)
            await records.ensure(Attempts(username_key, client_address, 0, now))
            attempts = await records.get(Attempts, lock=True, username_key=username_key, client_address=client_address)
            if attempts is not None:
                await records.save(counted(attempts, now))


async def usernames(records: Records, user_ids: set[str]) -> dict[str, str]:
    """Sign-in names of accounts by id."""
    users = await records.all(User, user_id=sorted(user_ids))
    return {user.user_id: user.username for user in users}


async def existing_user(records: Records, user_id: str, *, lock: bool = False) -> User:
    """Finds an account.

    Raises:
        AppError: NOT_FOUND user_not_found.
    """
    user = await records.get(User, lock=lock, user_id=user_id)
    if user is None:
        raise AppError(Code.NOT_FOUND, "user_not_found", "There is no such account. Check the id.")
    return user
