"""Facts and work on NATS JetStream: protobuf payloads, CloudEvents headers, bounded redelivery, dead letters."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import uuid4

from google.protobuf.message import DecodeError, Message
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError

from cjm_kit.errors import AppError, Code
from cjm_kit.logging import get_logger, request_id_var
from cjm_kit.settings import ServiceSettings

DEAD_LETTER_STREAM = "DLQ"
DEAD_LETTER_SUBJECT = "cjm.dlq"
_PUBLISH_PATIENCE_SECONDS = 15.0  # a change of leader takes 5-6 s
_CONNECT_PATIENCE_SECONDS = 15.0
_DUPLICATE_WINDOW_SECONDS = 120.0
_STREAM_HAS_ANOTHER_SHAPE = 10058

_log = get_logger(__name__)
_Fact = TypeVar("_Fact", bound=Message)


@dataclass(frozen=True, slots=True)
class Delivery(Generic[_Fact]):
    """One message from the bus.

    Attributes:
        event_id: Id given by the publisher; the same for every redelivery.
        subject: Where it was published.
        fact: The decoded message.
        attempt: 1 for the first delivery.
    """

    event_id: str
    subject: str
    fact: _Fact
    attempt: int


class Bus:
    """One connection of a service to NATS."""

    def __init__(self, client: Client, service: str) -> None:
        self.client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=5)
        self._service = service
        self._consumers: list[asyncio.Task[None]] = []

    @classmethod
    async def connect(cls, settings: ServiceSettings, service: str) -> "Bus":
        """Connect and make sure that the dead letter stream exists; keeps reconnecting for ever afterwards.

        Raises:
            AppError: UNAVAILABLE when the server cannot be reached now.
        """

        async def on_error(failure: Exception) -> None:
            # Permission faults show only here.
            say = _log.debug if isinstance(failure, OSError) else _log.warning
            say("nats_error", error=str(failure), kind=type(failure).__name__)

        client = Client()
        try:
            async with asyncio.timeout(_CONNECT_PATIENCE_SECONDS):
                await client.connect(
                    settings.nats_url,
                    name=f"cjm-{service}",
                    error_cb=on_error,
                    reconnect_time_wait=0.1,  # type: ignore[arg-type]
                    max_reconnect_attempts=-1,
                    connect_timeout=5,
                )
        except (NatsError, OSError, TimeoutError) as failure:
            await client.close()
            detail = "The message bus cannot be reached. Check that NATS runs and CJM_NATS_URL is right."
            raise AppError(Code.UNAVAILABLE, "bus_unavailable", detail) from failure
        bus = cls(client, service)
        await bus.ensure_stream(DEAD_LETTER_STREAM, [f"{DEAD_LETTER_SUBJECT}.>"], max_age_seconds=30 * 86400)
        return bus

    @property
    def is_connected(self) -> bool:
        """True while the connection stands."""
        return self.client.is_connected

    async def ensure_stream(
        self,
        name: str,
        subjects: Sequence[str],
        *,
        retention: RetentionPolicy = RetentionPolicy.LIMITS,
        discard: DiscardPolicy = DiscardPolicy.OLD,
        max_bytes: int = 1 << 30,
        max_age_seconds: float = 7 * 86400,
        is_owner: bool = True,
    ) -> None:
        """Create a file stream; the owner of its shape brings an existing one to it, others leave it as it is."""
        config = StreamConfig(
            name=name,
            subjects=list(subjects),
            storage=StorageType.FILE,
            retention=retention,
            discard=discard,
            max_bytes=max_bytes,
            max_age=max_age_seconds,
            duplicate_window=_DUPLICATE_WINDOW_SECONDS
            if max_age_seconds == 0
            else min(_DUPLICATE_WINDOW_SECONDS, max_age_seconds),
        )
        try:
            await self.jetstream.add_stream(config)
        except BadRequestError as refusal:
            if refusal.err_code != _STREAM_HAS_ANOTHER_SHAPE:
                raise
            if is_owner:
                await self.jetstream.update_stream(config)

    async def publish(self, subject: str, message: Message | bytes, event_id: str | None = None) -> None:
        """Publish and wait until the stream has it on disk; an event id sent again within two minutes counts once.

        Raises:
            AppError: UNAVAILABLE when the stream does not take it within 15 s.
        """
        event_id = event_id or str(uuid4())
        headers = {
            "Nats-Msg-Id": event_id,
            "ce-specversion": "1.0",
            "ce-id": event_id,
            "ce-source": f"cjm/{self._service}",
            "ce-type": subject,
            "ce-time": datetime.now(UTC).isoformat(),
            "content-type": "application/protobuf",
        }
        if request_id := request_id_var.get():
            headers["cjm-request-id"] = request_id
        payload = message if isinstance(message, bytes) else message.SerializeToString()
        give_up_at = asyncio.get_running_loop().time() + _PUBLISH_PATIENCE_SECONDS
        while True:
            try:
                await self.jetstream.publish(subject, payload, headers=headers)
            except (NatsError, TimeoutError) as failure:
                if asyncio.get_running_loop().time() > give_up_at:
                    detail = "The message bus does not take messages. Try again."
                    raise AppError(Code.UNAVAILABLE, "bus_unavailable", detail) from failure
                await asyncio.sleep(0.2)
            else:
                return

    async def consume(
        self,
        durable: str,
        stream: str,
        subject: str,
        message_type: type[_Fact],
        handler: Callable[[Delivery[_Fact]], Awaitable[None]],
        *,
        max_attempts: int = 5,
        ack_wait_seconds: float = 30.0,
        concurrency: int = 1,
    ) -> None:
        """Hand every message on a subject to a handler, in the background until `close`.

        A handler that fails is tried again up to `max_attempts` times with growing pauses; then, or at once when the
        message cannot be decoded, the message goes to `cjm.dlq.<durable>`. So does one whose handler took the process
        down with it `max_attempts` times. The server is told while a handler works.
        The stream must exist; a consumer made for the first time starts with the oldest message.
        """
        config = ConsumerConfig(
            durable_name=durable,
            filter_subject=subject,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ack_wait_seconds,
            max_deliver=-1,
            max_ack_pending=max(concurrency, 1),
        )
        await self.jetstream.add_consumer(stream, config)
        subscription = await self.jetstream.pull_subscribe_bind(consumer=durable, stream=stream)

        async def work() -> None:
            while True:
                try:
                    messages = await subscription.fetch(1, timeout=5)
                except (NatsTimeoutError, TimeoutError):
                    continue
                except NatsError as failure:
                    _log.warning("bus_fetch_failed", consumer=durable, error=str(failure))
                    await asyncio.sleep(0.5)
                    continue
                for message in messages:
                    try:
                        await self._handle(durable, message, message_type, handler, max_attempts, ack_wait_seconds)
                    except Exception as failure:  # noqa: BLE001 - a consumer that ends would do so unseen
                        _log.error("bus_consumer_failed", consumer=durable, exc_info=failure)

        self._consumers.extend(asyncio.create_task(work(), name=f"consume-{durable}") for _ in range(concurrency))

    async def _handle(
        self,
        durable: str,
        message: Msg,
        message_type: type[_Fact],
        handler: Callable[[Delivery[_Fact]], Awaitable[None]],
        max_attempts: int,
        ack_wait_seconds: float,
    ) -> None:
        headers = message.headers or {}
        request_id_var.set(headers.get("cjm-request-id", ""))
        attempt = message.metadata.num_delivered or 1
        if attempt > max_attempts:
            _log.error("bus_message_given_up", consumer=durable, attempt=attempt)
            await self._bury(durable, message, "GivenUp")
            return
        progress = asyncio.create_task(_keep_alive(message, ack_wait_seconds / 3))
        try:
            fact = message_type()
            fact.ParseFromString(message.data)
            await handler(Delivery(headers.get("ce-id", ""), message.subject, fact, attempt))
        except Exception as failure:  # noqa: BLE001 - a handler's failure must not end the consumer
            _log.error("bus_handler_failed", consumer=durable, attempt=attempt, exc_info=failure)
            if attempt >= max_attempts or isinstance(failure, DecodeError):
                await self._bury(durable, message, type(failure).__name__)
            else:
                with contextlib.suppress(NatsError):
                    await message.nak(delay=min(0.2 * 2**attempt, 30.0))
        else:
            with contextlib.suppress(NatsError):
                await message.ack()
        finally:
            progress.cancel()

    async def _bury(self, durable: str, message: Msg, cause: str) -> None:
        headers = {**(message.headers or {}), "cjm-subject": message.subject, "cjm-error": cause}
        headers["Nats-Msg-Id"] = f"{durable}:{message.metadata.sequence.stream}"
        try:
            await self.jetstream.publish(f"{DEAD_LETTER_SUBJECT}.{durable}", message.data, headers=headers)
            await message.term()
        except NatsError as error:
            # Not acknowledged: it will be delivered again and buried then.
            _log.error("dead_letter_failed", consumer=durable, error=str(error))

    async def close(self) -> None:
        """Stop the consumers, then the connection."""
        pending = set(self._consumers)
        while pending:
            # Again and again, because `asyncio.wait_for` inside the client can swallow a cancellation (Python 3.11).
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=0.2)
        with contextlib.suppress(NatsError, TimeoutError):
            await self.client.close()


async def _keep_alive(message: Msg, every_seconds: float) -> None:
    while True:
        await asyncio.sleep(every_seconds)
        with contextlib.suppress(NatsError):
            await message.in_progress()
