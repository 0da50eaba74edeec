"""Remembering for a moment what an API token allows, and forgetting it at once when something changes."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

_KEPT_TOKENS_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class KnownToken:
    """What a presented token allows.

    Attributes:
        token_id: UUID.
        scopes: For example "events:write".
        dataset_ids: UUIDs of the datasets it may touch.
        signed_identity: Its identity, signed for the services; valid for longer than the answer is kept.
    """

    token_id: str
    scopes: frozenset[str]
    dataset_ids: frozenset[str]
    signed_identity: str


class TokenCache:
    """Answers what a token allows; asks once for many requests that come together.

    Args:
        authenticate: Asks who knows; raises for a token that is unknown or revoked. Refusals are not kept.
        ttl_seconds: How long an answer is kept when nothing is heard of a change, > 0.
        clock: Seconds, rising.
    """

    def __init__(
        self,
        authenticate: Callable[[str], Awaitable[KnownToken]],
        ttl_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authenticate = authenticate
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._known: dict[bytes, tuple[float, asyncio.Task[KnownToken]]] = {}

    async def lookup(self, secret: str) -> KnownToken:
        """What the token allows now, or up to `ttl_seconds` ago when no change was announced.

        Raises:
            AppError: As `authenticate` does.
        """
        key = _key(secret)
        known = self._known.get(key)
        if known is None or known[0] < self._clock():
            if len(self._known) >= _KEPT_TOKENS_LIMIT:
                self._known.clear()
            known = self._known[key] = (self._clock() + self._ttl_seconds, asyncio.create_task(self._ask(secret, key)))
        asked = known[1]
        return asked.result() if asked.done() else await asyncio.shield(asked)

    def known(self, secret: str) -> KnownToken | None:
        """As `lookup`, but None where that would have to ask."""
        known = self._known.get(_key(secret))
        return known[1].result() if known and known[0] >= self._clock() and known[1].done() else None

    async def _ask(self, secret: str, key: bytes) -> KnownToken:
        try:
            return await self._authenticate(secret)
        except BaseException:
            self._known.pop(key, None)
            raise

    def forget(self) -> None:
        """Ask again for every token, also for those whose answer is on its way."""
        self._known.clear()


def _key(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()  # the secret itself is not kept
