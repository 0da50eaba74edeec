"""What mining hears on the bus: its own work items, and that datasets are gone."""

import asyncio

from nats.errors import Error as NatsError

from cjm_kit.bus import Bus, Delivery
from cjm_mining.application.analyses import Analyses
from cjm_mining.application.runner import Runner
from cjm_mining.domain.analysis import COMPLETED_SUBJECT, FAILED_SUBJECT, REQUESTED_SUBJECT
from cjm_protos.catalog.v1 import facts_pb2
from cjm_protos.mining.v1 import analysis_pb2

STREAM = "MINING"
_RETRY_SECONDS = 1.0
# Short, because after a crash the next job waits for it; an item delivered twice finds its analysis taken.
_ACK_WAIT_SECONDS = 5.0


async def declare_stream(bus: Bus) -> None:
    """Make the stream of mining's work items and facts."""
    await bus.ensure_stream(STREAM, [REQUESTED_SUBJECT, COMPLETED_SUBJECT, FAILED_SUBJECT])


async def consume_work(bus: Bus, runner: Runner, workers_count: int) -> None:
    """Work on queued analyses in the background, `workers_count` at a time."""

    async def handle(delivery: Delivery[analysis_pb2.AnalysisRequested]) -> None:
        await runner.run(delivery.fact.analysis_id)

    await bus.consume(
        "mining-work",
        STREAM,
        REQUESTED_SUBJECT,
        analysis_pb2.AnalysisRequested,
        handle,
        ack_wait_seconds=_ACK_WAIT_SECONDS,
        concurrency=workers_count,
    )


async def consume_facts(bus: Bus, analyses: Analyses) -> None:
    """Forget datasets that are gone, in the background; waits until catalog has made its stream."""

    async def handle(delivery: Delivery[facts_pb2.DatasetDeleted]) -> None:
        await analyses.forget_dataset(delivery.fact.dataset_id)

    subject = "cjm.catalog.dataset.deleted.v1"
    while True:
        try:
            await bus.consume("mining-dataset-deleted", "CATALOG", subject, facts_pb2.DatasetDeleted, handle)
        except NatsError:
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            return
