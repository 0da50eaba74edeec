"""Answers to keyed requests in a key-value bucket of NATS JetStream, shared by all gateways."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from nats.errors import Error as NatsError
from nats.js.api import DiscardPolicy, Header, StorageType, StreamConfig
from nats.js.errors import BadRequestError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from cjm_gateway.application.idempotency import Record
from cjm_kit.bus import Bus
from cjm_kit.errors import AppError, Code

BUCKET = "idempotency"
KEPT_SECONDS = 86400.0
CLAIM_SECONDS = 60  # three renewals; then the gateway that held it is gone
_BUCKET_BYTES = 256 << 20


class KeptAnswers:
    """Records of keyed requests, one entry per key; the server removes it when its time is over."""

    def __init__(self, bus: Bus, bucket: KeyValue) -> None:
        self._bus = bus
        self._bucket = bucket

    @classmethod
    async def open(cls, bus: Bus) -> "KeptAnswers":
        """Make sure that the bucket exists; when it is full the oldest records go."""
        # The client's own way to make a bucket makes one that takes no more when it is full.
        config = StreamConfig(
            name=f"KV_{BUCKET}",
            subjects=[f"$KV.{BUCKET}.>"],
            storage=StorageType.FILE,
            discard=DiscardPolicy.OLD,
            max_bytes=_BUCKET_BYTES,
            max_age=KEPT_SECONDS,
            max_msgs_per_subject=1,
            duplicate_window=120,
            allow_msg_ttl=True,
            allow_rollup_hdrs=True,
            deny_delete=True,
        )
        try:
            await bus.jetstream.add_stream(config)
        except BadRequestError:  # there from an earlier version, in another shape
            await bus.jetstream.update_stream(config)
        return cls(bus, await bus.jetstream.key_value(BUCKET))

    async def claim(self, place: str, record: Record) -> int | Record:
        """Put the record of a running request at a free place, atomically: its revision, or what is there already.

        Raises:
            AppError: UNAVAILABLE `bus_unavailable`.
        """
        content = msgspec.msgpack.encode(record)
        if not self._bus.is_connected:
            # What is written now would arrive later, as a claim that nobody holds.
            raise _unavailable()
        with _bus_failures():
            while True:
                try:
                    return await self._bucket.create(place, content, msg_ttl=CLAIM_SECONDS)
                except KeyWrongLastSequenceError:
                    pass
                except KeyNotFoundError:
                    continue  # freed in between
                try:
                    entry = await self._bucket.get(place)
                except KeyNotFoundError:
                    continue
                return msgspec.msgpack.decode(entry.value or b"", type=Record)

    async def renew(self, place: str, record: Record, revision: int) -> int:
        """Let a claim live for another minute.

        Raises:
            AppError: UNAVAILABLE `bus_unavailable`, also when the claim is lost.
        """
        # The bucket's own update cannot set a time to live.
        subject, headers = f"$KV.{BUCKET}.{place}", {Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: str(revision)}
        content = msgspec.msgpack.encode(record)
        with _bus_failures():
            return (await self._bus.jetstream.publish(subject, content, headers=headers, msg_ttl=CLAIM_SECONDS)).seq

    async def keep(self, place: str, record: Record, revision: int) -> None:
        """Replace a claim by the record of the ended request.

        Raises:
            AppError: UNAVAILABLE `bus_unavailable`, also when the claim is lost.
        """
        with _bus_failures():
            await self._bucket.update(place, msgspec.msgpack.encode(record), last=revision)

    async def release(self, place: str, revision: int) -> None:
        """Make a claimed place free.

        Raises:
            AppError: UNAVAILABLE `bus_unavailable`, also when the claim is lost.
        """
        with _bus_failures():
            await self._bucket.delete(place, last=revision)


@contextmanager
def _bus_failures() -> Iterator[None]:
    try:
        yield
    except (NatsError, TimeoutError) as failure:
        raise _unavailable() from failure


def _unavailable() -> AppError:
    detail = "Requests with Idempotency-Key cannot be taken at the moment. Try again."
    return AppError(Code.UNAVAILABLE, "bus_unavailable", detail)
