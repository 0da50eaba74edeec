"""Requests that are sent twice and must run once (draft-ietf-httpapi-idempotency-key-header).

The first request with a key claims it, runs, and leaves its answer there; a later one gets that answer, or a refusal.
"""

import asyncio
import contextlib
import hashlib
import hmac
from types import TracebackType
from typing import Protocol, Self

import msgspec

from cjm_kit.errors import AppError
from cjm_kit.logging import get_logger

RENEW_SECONDS = 20.0
KEPT_CONTENT_BYTES = 64 << 10
_BOUNDARY_MARK = b"--boundary"
_log = get_logger(__name__)


class Answer(msgspec.Struct, frozen=True):
    """What a request was answered.

    Attributes:
        status: HTTP status.
        headers: Those headers that belong to the answer itself, not to the connection.
        content: The body; None when it was too large to keep.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes | None


class Record(msgspec.Struct, frozen=True):
    """What is known of a key.

    Attributes:
        request: Method and address of the request that claimed it.
        body_hash: Hash of that request's body; empty until it has ended.
        answer: Its answer; None while it runs.
    """

    request: str
    body_hash: bytes = b""
    answer: Answer | None = None


class Records(Protocol):
    """Where records are kept, for all gateways together; every failure is an AppError UNAVAILABLE."""

    async def claim(self, place: str, record: Record) -> int | Record:
        """Put a record of a running request at a free place: its revision; or the record that is there already."""

    async def renew(self, place: str, record: Record, revision: int) -> int:
        """Keep a claim alive: its new revision."""

    async def keep(self, place: str, record: Record, revision: int) -> None:
        """Put the record of an ended request in the place of its claim."""

    async def release(self, place: str, revision: int) -> None:
        """Make a claimed place free again."""


class Claim:
    """The right to run a request, renewed for as long as the block lasts; free again after it unless an answer is kept.

    Args:
        records: Where the claim lies.
        place: At which place.
        record: The claim.
        revision: Revision of the claim.
    """

    def __init__(self, records: Records, place: str, record: Record, revision: int) -> None:
        self._records = records
        self._place = place
        self._record = record
        self._revision = revision
        self._is_kept = False
        self._writing = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._renewal = asyncio.create_task(self._renew())
        return self

    async def keep(self, body_hash: bytes, answer: Answer) -> None:
        """Leave the answer for those who send the request again; without the store the next one runs again.

        Args:
            body_hash: Hash of the request's body.
            answer: The answer; one above 64 KiB is kept without its content: its request too runs only once.
        """
        if answer.content and len(answer.content) > KEPT_CONTENT_BYTES:
            answer = msgspec.structs.replace(answer, content=None)
        await self._end_renewal()
        try:
            await self._records.keep(self._place, Record(self._record.request, body_hash, answer), self._revision)
        except AppError as failure:
            _log.warning("answer_not_kept", request=self._record.request, reason=failure.reason)
        else:
            self._is_kept = True

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end_renewal()
        if not self._is_kept:
            # A claim that cannot be given back now ends by itself soon.
            with contextlib.suppress(AppError):
                await self._records.release(self._place, self._revision)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            async with self._writing:
                try:
                    self._revision = await self._records.renew(self._place, self._record, self._revision)
                except AppError as failure:
                    _log.warning("claim_not_renewed", request=self._record.request, reason=failure.reason)

    async def _end_renewal(self) -> None:
        # Not in the middle of a write: the revision would be unknown.
        async with self._writing:
            if self._renewal:
                self._renewal.cancel()


def place_of(caller: str, key: str) -> str:
    """Where the record of a caller's key lies: text of 64 hexadecimal digits."""
    return hashlib.sha256(f"{caller}\0{key}".encode()).hexdigest()


class BodyHash:
    """Hash of a body that comes in chunks, whatever their sizes: HMAC-SHA256, since a body may hold a password.

    Args:
        secret: Key of the hash.
        boundary: What separates the parts of a form; programs choose a new one whenever they send the form, so it does
            not count. Empty for other bodies.
    """

    def __init__(self, secret: bytes, boundary: bytes) -> None:
        self._hash = hmac.new(secret, digestmod=hashlib.sha256)
        self._boundary = boundary
        self._rest = b""

    def update(self, chunk: bytes) -> None:
        """Take the next chunk."""
        if not self._boundary:
            self._hash.update(chunk)
            return
        *parts, last = (self._rest + chunk).split(self._boundary)
        for part in parts:
            self._hash.update(part)
            self._hash.update(_BOUNDARY_MARK)
        # The end may be the beginning of a boundary.
        cut = max(len(last) - len(self._boundary) + 1, 0)
        self._hash.update(last[:cut])
        self._rest = last[cut:]

    def digest(self) -> bytes:
        """Hash of all chunks, 32 bytes."""
        whole = self._hash.copy()
        whole.update(self._rest)
        return whole.digest()
