"""Staff accounts: who may sign in, who may change whom, how often a password may be guessed."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from cjm_catalog.domain.checks import folded, invalid
from cjm_kit.errors import AppError, Code

MAX_USERNAME_LENGTH = 150
MIN_PASSWORD_LENGTH = 8
MAX_PASSWORD_LENGTH = 1024
MAX_FAILURES = 10
LOCK = timedelta(minutes=15)
SESSION_LIFE = timedelta(hours=12)
TOUCH_INTERVAL = timedelta(minutes=1)


class Role(StrEnum):
    """What an account may do."""

    ANALYST = "analyst"
    ADMIN = "admin"


@dataclass(frozen=True)
class Caller:
    """Who asks: one person by id, or a service of the product (then `user_id` is empty)."""

    user_id: str
    is_admin: bool = False
    is_service: bool = False


@dataclass(frozen=True)
class User:
    """One staff account."""

    user_id: str
    username: str
    password_hash: str
    role: Role
    is_superuser: bool
    is_disabled: bool
    created_at: datetime
    last_login_at: datetime | None = None

    @property
    def username_key(self) -> str:
        """The form of the name that is unique."""
        return folded(self.username)


@dataclass(frozen=True)
class Session:
    """One signed-in browser; the secret of its cookie is kept only as a hash."""

    session_id: str
    secret_hash: str
    user_id: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Attempts:
    """Failed passwords for one name from one address, in a row."""

    username_key: str
    client_address: str
    failures_count: int
    last_failed_at: datetime


def secret_hash(secret: str) -> str:
    """Hashes a random secret (256 bits, so that a fast hash is enough) to 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(session_secret: str) -> str:
    """Derives the text a page repeats in unsafe requests from the secret of its session; nothing more is stored."""
    return hmac.new(session_secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def check_password(field: str, password: str) -> None:
    """Checks that a new password is long enough.

    Raises:
        AppError: INVALID_ARGUMENT password_too_short or password_too_long.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        raise invalid(
            field, "password_too_short", f"The password is too short. Use at least {MIN_PASSWORD_LENGTH} characters."
        )
    if len(password) > MAX_PASSWORD_LENGTH:
        raise invalid(
            field, "password_too_long", f"The password is too long. Use at most {MAX_PASSWORD_LENGTH} characters."
        )


def check_may_edit(actor: User, target: User) -> None:
    """Checks that one account may change another.

    Nobody edits himself or the superuser; only the superuser edits administrators.

    Raises:
        AppError: PERMISSION_DENIED user_edit_self, user_edit_superuser, user_edit_admin or role_not_allowed.
    """
    if actor.is_disabled or actor.role is not Role.ADMIN:
        raise AppError(Code.PERMISSION_DENIED, "role_not_allowed", "Only an administrator changes accounts.")
    if actor.user_id == target.user_id:
        raise AppError(
            Code.PERMISSION_DENIED,
            "user_edit_self",
            "You cannot change your own account. Ask another administrator, or change your password in your settings.",
        )
    if target.is_superuser:
        raise AppError(
            Code.PERMISSION_DENIED, "user_edit_superuser", f"Nobody changes the first administrator {target.username}."
        )
    if target.role is Role.ADMIN and not actor.is_superuser:
        raise AppError(
            Code.PERMISSION_DENIED,
            "user_edit_admin",
            f"{target.username} is an administrator; only the first administrator changes administrators.",
        )


def counted(attempts: Attempts, now: datetime) -> Attempts:
    """Counts one more attempt as failed before its password is looked at, so that parallel guesses count too.

    A pause of 15 minutes starts the count anew; the tenth failure locks for 15 minutes.

    Args:
        attempts: what was counted so far.
        now: time of the attempt, UTC.

    Raises:
        AppError: RESOURCE_EXHAUSTED too_many_attempts, with `retry_after_seconds` in its metadata, while locked.
    """
    unlocked_at = attempts.last_failed_at + LOCK
    if now >= unlocked_at:
        return replace(attempts, failures_count=1, last_failed_at=now)
    if attempts.failures_count >= MAX_FAILURES:
        wait_seconds = int((unlocked_at - now).total_seconds()) + 1
        raise AppError(
            Code.RESOURCE_EXHAUSTED,
            "too_many_attempts",
            f"Too many wrong passwords. Try again in {-(-wait_seconds // 60)} minutes.",
            metadata={"retry_after_seconds": str(wait_seconds)},
        )
    return replace(attempts, failures_count=attempts.failures_count + 1, last_failed_at=now)
