"""Facts from the bus: how analyses ended."""

import asyncio
from typing import TypeVar

from nats.errors import Error as NatsError

from cjm_bot.application import Notices
from cjm_kit.bus import Bus, Delivery
from cjm_kit.logging import get_logger
from cjm_protos.mining.v1 import analysis_pb2

STREAM = "MINING"
# With the pauses of the bus this goes on for about ten minutes before a message is given up.
_ATTEMPTS = 20
_STREAM_PAUSE_SECONDS = 1.0
_log = get_logger(__name__)
_Ended = TypeVar("_Ended", analysis_pb2.AnalysisCompleted, analysis_pb2.AnalysisFailed)


async def consume(bus: Bus, notices: Notices) -> None:
    """Begin to tell people how their analyses ended; goes on in the background until the bus is closed.

    Waits as long as it takes until mining has made its stream.
    """

    async def on_ended(delivery: Delivery[_Ended]) -> None:
        await notices.analysis_ended(delivery.fact.analysis_id, delivery.fact.created_by_id)

    async def listen(durable: str, subject: str, message_type: type[_Ended]) -> None:
        while True:
            try:
                await bus.consume(durable, STREAM, subject, message_type, on_ended, max_attempts=_ATTEMPTS)
            except NatsError as failure:
                _log.info("stream_awaited", stream=STREAM, error=type(failure).__name__)
                await asyncio.sleep(_STREAM_PAUSE_SECONDS)
            else:
                return

    await listen("bot-analysis-completed", "cjm.mining.analysis.completed.v1", analysis_pb2.AnalysisCompleted)
    await listen("bot-analysis-failed", "cjm.mining.analysis.failed.v1", analysis_pb2.AnalysisFailed)
