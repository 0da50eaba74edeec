"""Whether events can be accepted: connected, room in the stream, a server that flushes before it acknowledges."""

import time
from typing import Final

from cjm_ingest.adapters.event_stream import EventStream, is_flushing_always
from cjm_kit.bus import Bus
from cjm_kit.logging import get_logger

_FLUSHING_SECONDS: Final = 30.0

_log = get_logger(__name__)


class StreamHealth:
    """Looks when asked; what the server says about flushing is remembered for half a minute.

    Args:
        bus: Connection to NATS.
        stream: The stream of incoming events.
        monitor_url: HTTP address of the server's monitoring endpoint.
    """

    def __init__(self, bus: Bus, stream: EventStream, monitor_url: str) -> None:
        self._bus = bus
        self._stream = stream
        self._monitor_url = monitor_url
        self._flushing_until = 0.0

    async def is_good(self) -> bool:
        """True when an accepted event would be on disk."""
        if not self._bus.is_connected or not await self._stream.has_room():
            return False
        if time.monotonic() > self._flushing_until:
            if not await is_flushing_always(self._monitor_url):
                _log.error(
                    "nats_not_durable", hint="run nats-server with sync_interval: always and set nats_monitor_url"
                )
                return False
            self._flushing_until = time.monotonic() + _FLUSHING_SECONDS
        return True
