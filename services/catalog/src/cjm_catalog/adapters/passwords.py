"""Argon2id in worker threads."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# Every hash takes 64 MiB; more at once would let a flood of logins exhaust the memory.
_HASHES_AT_ONCE = 4


class Argon2Passwords:
    """Hashes passwords with Argon2id, off the event loop.

    Args:
        hasher: how slowly; the library's parameters follow RFC 9106.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys_hash = self._hasher.hash(secrets.token_urlsafe())
        self._slots = asyncio.Semaphore(_HASHES_AT_ONCE)

    async def hash(self, password: str) -> str:
        """A salted hash to keep."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Tells whether a password fits; without a hash it takes as long and says no."""
        async with self._slots:
            fits = await asyncio.to_thread(self._fits, password_hash or self._nobodys_hash, password)
        return fits and password_hash is not None

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
