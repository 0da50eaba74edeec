"""How many events a token may send in a minute, so that one system that runs wild does not push out the others."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from cjm_kit.errors import AppError, Code

_MINUTE_SECONDS: Final = 60


class RateLimit:
    """Counts the events of each token in the running minute of the clock.

    A request that begins below the limit is taken whole and counts once it is answered, so a minute can hold more than
    its limit by the requests that were under way when it was reached.

    Args:
        events_per_minute: Events of one token; 0 sets no limit.
        clock: Seconds since 1970 UTC.
    """

    def __init__(self, events_per_minute: int, clock: Callable[[], float] = time.time) -> None:
        self._events_per_minute = events_per_minute
        self._clock = clock
        self._minute = 0
        self._counts: dict[str, int] = {}

    def check(self, token_id: str) -> None:
        """Make sure that a token may send now.

        Raises:
            AppError: RESOURCE_EXHAUSTED `rate_limit_reached`, with `retry_after_seconds` in its metadata.
        """
        if not self._events_per_minute:
            return
        now = self._clock()
        minute = int(now // _MINUTE_SECONDS)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        if self._counts.get(token_id, 0) < self._events_per_minute:
            return
        resets_at = (minute + 1) * _MINUTE_SECONDS
        raise AppError(
            Code.RESOURCE_EXHAUSTED,
            "rate_limit_reached",
            f"This token has sent its {self._events_per_minute:,} events of this minute, so nothing of this request "
            f"was taken. Send it again from {datetime.fromtimestamp(resets_at, UTC):%H:%M} UTC on, or ask whoever runs "
            "this installation for a higher limit.",
            metadata={"retry_after_seconds": str(math.ceil(resets_at - now))},
        )

    def count(self, token_id: str, events_count: int) -> None:
        """Note events that a token sent."""
        if self._events_per_minute:
            self._counts[token_id] = self._counts.get(token_id, 0) + events_count
