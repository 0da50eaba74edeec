"""The live debugger: what became of the events of a token while somebody watches it.

Several gateways may take events, and any of them may serve the one who watches. So a watch is announced to all of them
and lives only as long as it is announced again; each tells what it received, bounded, and nobody keeps it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import msgspec

ANNOUNCE_SECONDS: Final = 2.0
WATCH_SECONDS: Final = 6.0  # two announcements may get lost
WINDOW_SECONDS: Final = 0.25
WINDOW_EVENTS: Final = 12  # accepted ones, and as many rejected ones: a flood of good events hides no bad one
EVENT_BYTES: Final = 4096
_VALUE_CHARACTERS: Final = 200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WAITING_WINDOWS: Final = 40

_raws: Final = msgspec.json.Decoder(list[msgspec.Raw])
_fields: Final = msgspec.json.Decoder(dict[str, object])


class Rejection(msgspec.Struct, frozen=True):
    """Why an event, or a request as a whole, was not taken.

    Attributes:
        reason: Reason code.
        field: Field at fault; may be empty.
        detail: Sentence for the sender.
    """

    reason: str
    field: str
    detail: str


class ReceivedEvent(msgspec.Struct, frozen=True):
    """One event, or one request that was refused before its events were looked at.

    Attributes:
        received_at_ms: Milliseconds since 1970 UTC.
        dataset_id: As the sender wrote it into the address.
        status: HTTP status of the answer to its request.
        index: Place in the body, from 0; None for a request as a whole.
        rejection: Why it was not taken; None when it is on disk.
        customer_id: As sent, cut; None when there is none.
        action_type: Likewise.
        time: As it was understood, in UTC, where it is on disk; else as sent. None when there is none.
        sent: What was sent, cut after 4096 bytes.
        is_cut: True when more was sent.
    """

    received_at_ms: int
    dataset_id: str
    status: int
    index: int | None
    rejection: Rejection | None
    customer_id: str | None
    action_type: str | None
    time: str | None
    sent: str
    is_cut: bool


class Received(msgspec.Struct):
    """What one gateway received with a token within a quarter of a second.

    Attributes:
        events: At most `WINDOW_EVENTS` accepted and as many rejected ones.
        left_out_accepted: Accepted events beyond that.
        left_out_rejected: Rejected events beyond that.
    """

    events: list[ReceivedEvent] = msgspec.field(default_factory=list)
    left_out_accepted: int = 0
    left_out_rejected: int = 0

    def room(self, *, is_accepted: bool) -> int:
        """How many more events of a kind are taken."""
        return WINDOW_EVENTS - sum((event.rejection is None) is is_accepted for event in self.events)

    def count_as_left_out(self, former: "Received") -> None:
        """Let the events of another window be counted here instead of shown."""
        accepted_count = sum(event.rejection is None for event in former.events)
        self.left_out_accepted += former.left_out_accepted + accepted_count
        self.left_out_rejected += former.left_out_rejected + len(former.events) - accepted_count


class SentRequest(msgspec.Struct, frozen=True):
    """A request with events.

    Attributes:
        token_id: UUID of its token.
        dataset_id: As in its address.
        received_at_ms: Milliseconds since 1970 UTC.
        body: As far as it was read.
        is_ndjson: True for NDJSON.
    """

    token_id: str
    dataset_id: str
    received_at_ms: int
    body: bytes
    is_ndjson: bool


class Wire(Protocol):
    """What connects the gateways; what cannot be sent now is dropped."""

    @property
    def is_connected(self) -> bool:
        """True while the others can be reached."""

    async def announce(self, token_id: str) -> None:
        """Tell all gateways, this one too, that somebody watches a token."""

    async def publish(self, token_id: str, content: bytes) -> None:
        """Send to all who listen for a token."""

    def listen(self, token_id: str, take: Callable[[bytes], None]) -> AbstractAsyncContextManager[None]:
        """Hand over what is published for a token, within the block."""


class LiveDebugger:
    """Tells those who watch a token what this gateway receives with it.

    Args:
        wire: The way to them, and from the other gateways.
        clock: Seconds, rising.
    """

    def __init__(self, wire: Wire, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._clock = clock
        self._watched_until: dict[str, float] = {}
        self._windows: dict[str, Received] = {}
        self._publishing: set[asyncio.Task[None]] = set()

    @property
    def is_connected(self) -> bool:
        """True while watching is possible."""
        return self._wire.is_connected

    def heard(self, token_id: str) -> None:
        """Take note that somebody watches a token now."""
        self._watched_until[token_id] = self._clock() + WATCH_SECONDS

    def is_watched(self, token_id: str) -> bool:
        """Whether somebody watches a token; asked for every request."""
        until = self._watched_until.get(token_id)
        if until is None:
            return False
        if until < self._clock():
            del self._watched_until[token_id]
            return False
        return True

    async def announce(self, token_id: str) -> None:
        """Let a watch live for another few seconds, here and in all gateways."""
        self.heard(token_id)
        await self._wire.announce(token_id)

    @asynccontextmanager
    async def watch(self, token_id: str) -> AsyncIterator["asyncio.Queue[Received]"]:
        """What all gateways receive with a token; the oldest is only counted for one who does not keep up."""
        waiting: asyncio.Queue[Received] = asyncio.Queue(_WAITING_WINDOWS)

        def take(content: bytes) -> None:
            received = msgspec.json.decode(content, type=Received)
            if waiting.full():
                received.count_as_left_out(waiting.get_nowait())
            waiting.put_nowait(received)

        async with self._wire.listen(token_id, take):
            await self.announce(token_id)
            yield waiting

    def refused(self, request: SentRequest, status: int, rejection: Rejection) -> None:
        """Tell that a request was refused as a whole."""
        window = self._window(request.token_id)
        if window.room(is_accepted=False) > 0:
            window.events.append(_event(request, status, None, rejection, request.body, {}))
        else:
            window.left_out_rejected += 1

    def answered(
        self, request: SentRequest, status: int, accepted_times_ms: Sequence[int], rejections: Mapping[int, Rejection]
    ) -> None:
        """Tell what became of the events of a request.

        Args:
            request: The request.
            status: HTTP status of its answer.
            accepted_times_ms: Of each event that is on disk, in their order, milliseconds since 1970 UTC.
            rejections: The others, by their place in the body.
        """
        window = self._window(request.token_id)
        room = {is_accepted: window.room(is_accepted=is_accepted) for is_accepted in (True, False)}
        left_out = {True: len(accepted_times_ms), False: len(rejections)}
        times_ms = iter(accepted_times_ms)
        is_worth_reading = any(room[kind] and left_out[kind] for kind in room)
        for index, piece in enumerate(_pieces(request) if is_worth_reading else ()):
            rejection = rejections.get(index)
            kind = rejection is None
            time_ms = next(times_ms, None) if kind else None
            if room[kind] > 0:
                room[kind] -= 1
                left_out[kind] -= 1
                content = bytes(piece)
                window.events.append(_event(request, status, index, rejection, content, _fields_of(content), time_ms))
        window.left_out_accepted += left_out[True]
        window.left_out_rejected += left_out[False]

    def _window(self, token_id: str) -> Received:
        window = self._windows.get(token_id)
        if window is None:
            window = self._windows[token_id] = Received()
            asyncio.get_running_loop().call_later(WINDOW_SECONDS, self._close, token_id)
        return window

    def _close(self, token_id: str) -> None:
        content = msgspec.json.encode(self._windows.pop(token_id))
        task = asyncio.create_task(self._wire.publish(token_id, content))
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)


def _pieces(request: SentRequest) -> Sequence[bytes | msgspec.Raw]:
    """The events of a body that was taken, in the order in which the intake counts them."""
    text = request.body.strip()
    if request.is_ndjson:
        return [line for line in text.splitlines() if line.strip()]
    return _raws.decode(text) if text[:1] == b"[" else [text]


def _fields_of(content: bytes) -> Mapping[str, object]:
    try:
        return _fields.decode(content)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}  # a rejected event need not be an object


def _event(
    request: SentRequest,
    status: int,
    index: int | None,
    rejection: Rejection | None,
    content: bytes,
    fields: Mapping[str, object],
    time_ms: int | None = None,
) -> ReceivedEvent:
    sent_time = _shown(fields.get("time"))
    return ReceivedEvent(
        received_at_ms=request.received_at_ms,
        dataset_id=request.dataset_id[:_VALUE_CHARACTERS],
        status=status,
        index=index,
        rejection=rejection,
        customer_id=_shown(fields.get("customer_id")),
        action_type=_shown(fields.get("action_type")),
        time=sent_time if time_ms is None or not sent_time else _instant(time_ms),
        sent=content[:EVENT_BYTES].decode(errors="replace"),
        is_cut=len(content) > EVENT_BYTES,
    )


def _instant(time_ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=time_ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(value: object) -> str | None:
    """A value as text; None for what the intake takes for absent."""
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text[:_VALUE_CHARACTERS]
