"""The JetStream stream in which accepted events wait for the writer."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen
from uuid import uuid4

import msgspec
from google.protobuf.message import DecodeError
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, DiscardPolicy, StreamInfo
from nats.js.errors import APIError

from cjm_ingest.application.event_blocks import LAYOUT_VERSION, PackedBlock, message_of
from cjm_ingest.application.writer import StoredEvents
from cjm_kit.bus import Bus
from cjm_kit.errors import AppError, Code
from cjm_kit.logging import get_logger
from cjm_protos.ingest.v1 import intake_pb2

STREAM: Final = "EVENTS"
SUBJECT: Final = "cjm.ingest.event.received.v1"
_SET_ASIDE_SUBJECT: Final = "cjm.dlq.ingest-writer"

_PUBLISH_PATIENCE_SECONDS: Final = 5.0
_FETCH_MESSAGES: Final = 32
_FETCH_PAUSE_SECONDS: Final = 0.02
_IDLE_SECONDS: Final = 1.0
_STREAM_IS_FULL: Final = (10047, 10077)  # storage, bytes
_DEFAULT_MAX_BYTES: Final = 1 << 30
_MESSAGE_OVERHEAD_BYTES: Final = 256  # what the server counts beside the payload, rounded up: subject, header, record

_log = get_logger(__name__)


class EventStream:
    """Events on their way in: in a file, never thrown away to make room.

    Args:
        bus: Connection to NATS.
        max_bytes: Size at which the stream takes no more; None leaves the limit to others, 1 GiB when new.
    """

    def __init__(self, bus: Bus, max_bytes: int | None = None) -> None:
        self._bus = bus
        self._jetstream: JetStreamContext = bus.client.jetstream(timeout=2)
        self._max_bytes = max_bytes
        self._refused_bytes = 0
        self._handed_over = 0
        self.last_sequence = 0
        """Last sequence of the stream, as far as heard."""
        self.is_full = False
        """True since a message was refused for want of room, until there is room for it."""

    async def ensure(self) -> None:
        """Create the stream or bring it to its shape."""
        await self._bus.ensure_stream(
            STREAM,
            [SUBJECT],
            discard=DiscardPolicy.NEW,
            max_bytes=self._max_bytes or _DEFAULT_MAX_BYTES,
            max_age_seconds=0,
            is_owner=self._max_bytes is not None,
        )

    async def publish(self, blocks: Sequence[PackedBlock]) -> None:
        """Write blocks as one message; returns when it is on disk.

        Raises:
            AppError: UNAVAILABLE `intake_unavailable` when the stream is full or down.
        """
        payload, headers = _batch(blocks).SerializeToString(), {"Nats-Msg-Id": uuid4().hex}
        give_up_at = time.monotonic() + _PUBLISH_PATIENCE_SECONDS
        while True:
            try:
                await self._jetstream.publish(SUBJECT, payload, headers=headers)
            except (NatsError, OSError) as failure:
                self.is_full = isinstance(failure, APIError) and failure.err_code in _STREAM_IS_FULL
                if self.is_full:
                    self._refused_bytes = len(payload) + _MESSAGE_OVERHEAD_BYTES
                if self.is_full or time.monotonic() > give_up_at:
                    raise _unavailable() from failure
                await asyncio.sleep(0.05)
            else:
                self.is_full = False
                return

    async def has_room(self) -> bool:
        """False while the stream takes no more; asks anew as long as it was full."""
        if self.is_full:
            with contextlib.suppress(NatsError):
                await self._look()
        return not self.is_full

    async def identity(self) -> str:
        """Name of the stream and second of its birth."""
        info = await self._look()
        born = info.created.timestamp() if info.created else 0.0
        return f"{STREAM.lower()}-{born:.0f}"

    async def follow(self, after: int, hand_over: Callable[[StoredEvents], Awaitable[None]]) -> None:
        """Hand over every message after a place, in order and without gaps, for ever."""
        self._handed_over = after
        while True:
            try:
                subscription = await self._subscribe(self._handed_over + 1)
                try:
                    await self._follow(subscription, hand_over)
                finally:
                    await subscription.unsubscribe()
            except (NatsError, OSError) as failure:
                _log.warning("event_stream_lost", error=str(failure))
                await asyncio.sleep(0.5)

    async def purge(self, up_to: int) -> None:
        """Throw away messages up to a place, inclusive."""
        try:
            await self._jetstream.purge_stream(STREAM, seq=up_to + 1)
            await self._look()
        except NatsError as failure:
            raise _unavailable() from failure

    async def set_aside(self, blocks: Sequence[PackedBlock]) -> None:
        """Keep events that the store can never take in the dead letter stream."""
        for block in blocks:
            await self._bus.publish(_SET_ASIDE_SUBJECT, _batch([block]))

    async def _look(self) -> StreamInfo:
        info = await self._jetstream.stream_info(STREAM)
        self.last_sequence = info.state.last_seq
        # The server refuses what would cross the limit, so a full stream stays below it; an empty one is never full.
        self.is_full = 0 < info.state.bytes >= (info.config.max_bytes or 0) - self._refused_bytes
        return info

    async def _subscribe(self, start: int) -> JetStreamContext.PullSubscription:
        # The place beside the rows is the truth, so the consumer needs neither acknowledgements nor a name.
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=start,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=60,
            mem_storage=True,
        )
        return await self._jetstream.pull_subscribe(SUBJECT, stream=STREAM, config=config)

    async def _follow(
        self,
        subscription: JetStreamContext.PullSubscription,
        hand_over: Callable[[StoredEvents], Awaitable[None]],
    ) -> None:
        """Hand over until a message is missing."""
        is_first = True
        while True:
            try:
                messages = await subscription.fetch(_FETCH_MESSAGES, timeout=_IDLE_SECONDS)
            except (NatsTimeoutError, TimeoutError):
                info = await self._look()
                # What a broken connection swallowed at the end of the stream shows only here.
                if self.last_sequence > self._handed_over and info.state.messages:
                    return
                continue
            for message in messages:
                sequence = message.metadata.sequence.stream
                self.last_sequence = max(self.last_sequence, sequence + message.metadata.num_pending)
                if sequence <= self._handed_over:
                    continue
                if sequence > self._handed_over + 1 and not is_first:
                    return
                try:
                    batch = intake_pb2.EventBatch.FromString(message.data)
                except DecodeError:
                    _log.error("event_message_set_aside", sequence=sequence)
                    await self._jetstream.publish(_SET_ASIDE_SUBJECT, message.data)
                else:
                    if batch.layout_version != LAYOUT_VERSION:
                        layout = batch.layout_version
                        raise RuntimeError(
                            f"events of layout {layout} wait in the stream: run the version that wrote them"
                        )
                    await hand_over(StoredEvents(sequence, batch.blocks, batch.events_count))
                self._handed_over, is_first = sequence, False
            if len(messages) < _FETCH_MESSAGES:
                # Asking for every message by itself costs this process and the server more than the messages do.
                await asyncio.sleep(_FETCH_PAUSE_SECONDS)


async def is_flushing_always(monitor_url: str) -> bool:
    """True when the NATS server says that it flushes every message to disk before it acknowledges it.

    Args:
        monitor_url: HTTP address of its monitoring endpoint.
    """
    if not monitor_url:
        return False

    def ask() -> bool:
        with urlopen(f"{monitor_url.rstrip('/')}/varz", timeout=2) as answer:  # noqa: S310 - an operator's setting
            server = msgspec.json.decode(answer.read())
        return bool(server.get("jetstream", {}).get("config", {}).get("sync_always"))

    try:
        return await asyncio.to_thread(ask)
    except (URLError, OSError, msgspec.DecodeError):
        return False


def _batch(blocks: Sequence[PackedBlock]) -> intake_pb2.EventBatch:
    count = sum(block.count for block in blocks)
    return intake_pb2.EventBatch(layout_version=LAYOUT_VERSION, blocks=message_of(blocks), events_count=count)


def _unavailable() -> AppError:
    return AppError(
        Code.UNAVAILABLE,
        "intake_unavailable",
        "Events cannot be stored at the moment; nothing of this request was accepted. Send it again a little later.",
        metadata={"retry_after_seconds": "2"},
    )
