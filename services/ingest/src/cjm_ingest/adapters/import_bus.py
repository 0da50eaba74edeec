"""What ingest says on the bus."""

import asyncio
from collections.abc import Sequence
from typing import Final

from nats.js.api import RetentionPolicy

from cjm_ingest.application.ports import ImportEntry
from cjm_kit.bus import Bus
from cjm_kit.errors import AppError
from cjm_kit.logging import get_logger
from cjm_protos.ingest.v1 import imports_pb2, intake_pb2

FACT_STREAM: Final = "INGEST"
WORK_STREAM: Final = "IMPORTS"
REQUESTED: Final = "cjm.ingest.import.requested.v1"
JOURNAL: Final = "cjm.ingest.journal.requested.v1"
COMPLETED: Final = "cjm.ingest.import.completed.v1"
FAILED: Final = "cjm.ingest.import.failed.v1"
REMOVED: Final = "cjm.ingest.import.removed.v1"
EVENTS_STORED: Final = "cjm.ingest.events.stored.v1"

_TELL_SECONDS: Final = 1.0

_log = get_logger(__name__)


class IngestBus:
    """Facts and work of ingest.

    Args:
        bus: Connection to NATS.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._grown: set[str] = set()

    async def ensure_streams(self) -> None:
        """Create the streams or bring them to their shape."""
        await self._bus.ensure_stream(FACT_STREAM, [COMPLETED, FAILED, REMOVED, EVENTS_STORED])
        await self._bus.ensure_stream(
            WORK_STREAM, [REQUESTED, JOURNAL], retention=RetentionPolicy.WORK_QUEUE, max_age_seconds=0
        )

    async def request(self, import_id: str, file_import_id: str) -> None:
        """Queue the work of an import."""
        message = imports_pb2.ImportRequested(import_id=import_id, file_import_id=file_import_id)
        await self._bus.publish(REQUESTED, message, import_id)

    async def completed(self, entry: ImportEntry, rows_stored: int) -> None:
        """All rows of an import are visible."""
        fact = imports_pb2.ImportCompleted(
            import_id=entry.import_id, dataset_id=entry.dataset_id, rows_accepted=rows_stored
        )
        await self._bus.publish(COMPLETED, fact, f"{entry.import_id}-completed")

    async def failed(self, entry: ImportEntry, reason: str) -> None:
        """An import ended without storing anything."""
        fact = imports_pb2.ImportFailed(import_id=entry.import_id, dataset_id=entry.dataset_id, reason=reason)
        await self._bus.publish(FAILED, fact, f"{entry.import_id}-failed")

    async def removed(self, entry: ImportEntry) -> None:
        """The rows of an import are gone."""
        fact = imports_pb2.ImportRemoved(import_id=entry.import_id, dataset_id=entry.dataset_id)
        await self._bus.publish(REMOVED, fact, f"{entry.import_id}-removed")

    def events_stored(self, dataset_ids: Sequence[str]) -> None:
        """Note that datasets grew; told by `tell`."""
        self._grown.update(dataset_ids)

    async def tell(self) -> None:
        """Say once a second which datasets grew, for ever."""
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            if not self._grown:
                continue
            grown, self._grown = sorted(self._grown), set()
            try:
                await self._bus.publish(EVENTS_STORED, intake_pb2.EventsStored(dataset_ids=grown))
            except (AppError, OSError) as failure:
                self._grown.update(grown)
                _log.warning("events_stored_not_told", error=str(failure))
