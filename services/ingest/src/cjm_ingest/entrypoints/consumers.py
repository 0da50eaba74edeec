"""What ingest hears on the bus."""

from typing import Final

from cjm_ingest.application.imports import Imports
from cjm_kit.bus import Bus, Delivery
from cjm_protos.catalog.v1 import facts_pb2
from cjm_protos.ingest.v1 import imports_pb2

CATALOG_STREAM: Final = "CATALOG"
DATASET_DELETED: Final = "cjm.catalog.dataset.deleted.v1"

# An import waits for catalog as long as it takes; it is not lost to an outage of hours.
_IMPORT_ATTEMPTS: Final = 10_000
_IMPORT_ACK_SECONDS: Final = 10.0


async def listen(bus: Bus, imports: Imports, work_stream: str, work_subject: str, workers_count: int) -> None:
    """Work on queued imports, `workers_count` at a time, and forget deleted datasets."""

    async def work(delivery: Delivery[imports_pb2.ImportRequested]) -> None:
        await imports.perform(delivery.fact.import_id, delivery.fact.file_import_id)

    async def forget(delivery: Delivery[facts_pb2.DatasetDeleted]) -> None:
        await imports.forget_dataset(delivery.fact.dataset_id)

    await bus.ensure_stream(CATALOG_STREAM, ["cjm.catalog.>"])
    await bus.consume(
        "ingest-imports",
        work_stream,
        work_subject,
        imports_pb2.ImportRequested,
        work,
        max_attempts=_IMPORT_ATTEMPTS,
        ack_wait_seconds=_IMPORT_ACK_SECONDS,
        concurrency=workers_count,
    )
    await bus.consume("ingest-dataset-deleted", CATALOG_STREAM, DATASET_DELETED, facts_pb2.DatasetDeleted, forget)
