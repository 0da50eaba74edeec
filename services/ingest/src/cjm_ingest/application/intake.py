"""Takes events in: who sends, what is sent, and not a word of thanks before it is on disk."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from cjm_ingest.application.event_blocks import ROW_FIELDS, PackedBlock, Row, packed
from cjm_kit.errors import internal_error
from cjm_kit.logging import get_logger

_log = get_logger(__name__)
_LARGE_BODY_EVENTS = 50
_TIME = ROW_FIELDS.index("time")


class Device(NamedTuple):
    """What the User-Agent says; texts, empty when unknown."""

    browser: str
    os: str
    category: str


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """One event that is not taken.

    Attributes:
        index: Place in the body, from 0.
        reason: Reason code.
        field: Field at fault; may be empty.
        detail: Sentence for the sender.
    """

    index: int
    reason: str
    field: str
    detail: str


class RefusedBodyError(Exception):
    """A body that is not taken as a whole.

    Attributes:
        reason: Reason code.
        detail: Sentence for the sender.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class DecodedBody:
    """What was found in a body.

    Attributes:
        rows: The good events.
        refused: The others.
    """

    rows: list[Row]
    refused: list[RefusedEvent]


class SentBody(NamedTuple):
    """One request body.

    Attributes:
        identity: Signed identity of the sender.
        dataset_id: UUID.
        body: The bytes as they came.
        is_ndjson: True for NDJSON.
        user_agent: Header of the sender; may be empty.
        received_at_ms: When the gateway received it, milliseconds since 1970 UTC.
        wants_times: True when the result shall tell the times that were read.
    """

    identity: str
    dataset_id: str
    body: bytes
    is_ndjson: bool
    user_agent: str
    received_at_ms: int
    wants_times: bool = False


class BodyResult(NamedTuple):
    """What became of a body.

    Attributes:
        accepted_count: Events that are on disk now.
        refused: Events that were not taken.
        error_reason: Set when the body as a whole was refused.
        error_detail: Sentence with it.
        accepted_times_ms: Where wanted, of each accepted event, in their order, milliseconds since 1970 UTC.
    """

    accepted_count: int = 0
    refused: Sequence[RefusedEvent] = ()
    error_reason: str = ""
    error_detail: str = ""
    accepted_times_ms: Sequence[int] = ()


class DecodeBody(Protocol):
    """Turns a body into rows. Raises `RefusedBodyError`."""

    def __call__(self, body: bytes, *, is_ndjson: bool, device: Device | None, received_at_ms: int) -> DecodedBody:
        """Decode one body."""


class Intake:
    """The way in for events over REST.

    Args:
        may_write: Makes sure that an identity may write to a dataset. Raises `RefusedBodyError`.
        decode: Turns a body into rows.
        device_of: Reads a User-Agent.
        write: Writes blocks to the stream; returns when they are on disk.
    """

    def __init__(
        self,
        may_write: Callable[[str, str], Awaitable[None]],
        decode: DecodeBody,
        device_of: Callable[[str], Device | None],
        write: Callable[[Sequence[PackedBlock]], Awaitable[None]],
    ) -> None:
        self._may_write = may_write
        self._decode = decode
        self._device_of = device_of
        self._write = write

    async def append(self, bodies: Sequence[SentBody]) -> list[BodyResult]:
        """Take many bodies at once; a refused body or event does not hold up the others.

        Returns:
            One result per body, same order, after every accepted event is on disk.

        Raises:
            AppError: UNAVAILABLE `intake_unavailable` when the stream does not take them: nothing is accepted.
        """
        results = []
        blocks: list[PackedBlock] = []
        rows_by_dataset: dict[str, list[Row]] = {}
        for sent in bodies:
            try:
                await self._may_write(sent.identity, sent.dataset_id)
                decoded = self._decode(
                    sent.body,
                    is_ndjson=sent.is_ndjson,
                    device=self._device_of(sent.user_agent) if sent.user_agent else None,
                    received_at_ms=sent.received_at_ms,
                )
            except RefusedBodyError as refused:
                results.append(BodyResult(error_reason=refused.reason, error_detail=refused.detail))
            except Exception as failure:  # noqa: BLE001 - the bodies of others must not suffer
                _log.error("body_failed", dataset_id=sent.dataset_id, exc_info=failure)
                error = internal_error()
                results.append(BodyResult(error_reason=error.reason, error_detail=error.detail))
            else:
                count = len(decoded.rows)
                times_ms = [row[_TIME] for row in decoded.rows] if sent.wants_times else ()
                results.append(BodyResult(count, decoded.refused, accepted_times_ms=times_ms))
                if count > _LARGE_BODY_EVENTS:
                    # While its rows are in the processor's cache, and gone before those of the next body are made.
                    blocks += packed(sent.dataset_id, decoded.rows)
                    del decoded
                    await asyncio.sleep(0)  # what is on its way to disk or to a sender need not wait for the next body
                elif count:
                    rows_by_dataset.setdefault(sent.dataset_id, []).extend(decoded.rows)
        for dataset_id, rows in rows_by_dataset.items():
            blocks += packed(dataset_id, rows)
        await self._write(blocks)
        return results
