"""The live debugger on plain NATS: nothing of it is stored, so no stream may ever take in `cjm.gateway.>`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from cjm_kit.bus import Bus

WATCHED_SUBJECT = "cjm.gateway.token.watched.v1"
RECEIVED_SUBJECT = "cjm.gateway.events.received.v1"


class DebuggerBus:
    """Announces watched tokens on one subject, and what was received with a token on a subject of that token."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    @property
    def is_connected(self) -> bool:
        """True while the connection stands."""
        return self._bus.is_connected

    async def hear(self, heard: Callable[[str], None]) -> None:
        """Hand over the id of every token that is announced as watched."""

        async def on_announcement(message: Msg) -> None:
            heard(message.data.decode())

        await self._bus.client.subscribe(WATCHED_SUBJECT, cb=on_announcement)

    async def announce(self, token_id: str) -> None:
        """Tell all gateways that somebody watches a token."""
        await self._publish(WATCHED_SUBJECT, token_id.encode())

    async def publish(self, token_id: str, content: bytes) -> None:
        """Send to all who listen for a token."""
        await self._publish(f"{RECEIVED_SUBJECT}.{token_id}", content)

    @contextlib.asynccontextmanager
    async def listen(self, token_id: str, take: Callable[[bytes], None]) -> AsyncIterator[None]:
        """Hand over what is published for a token, within the block."""

        async def on_message(message: Msg) -> None:
            take(message.data)

        subscription = await self._bus.client.subscribe(f"{RECEIVED_SUBJECT}.{token_id}", cb=on_message)
        try:
            yield
        finally:
            with contextlib.suppress(NatsError):
                # Shielded: the browser that went away cancels this block.
                await asyncio.shield(subscription.unsubscribe())

    async def _publish(self, subject: str, content: bytes) -> None:
        if self._bus.is_connected:  # what is buffered until the bus is back would be old news
            with contextlib.suppress(NatsError):
                await self._bus.client.publish(subject, content)
