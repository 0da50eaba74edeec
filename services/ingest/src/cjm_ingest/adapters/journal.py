"""Catalog's journal of what people did.

Entries are on the bus before what they tell is done, and go to catalog once it is: so none is lost by a kill or while
catalog is away, and none tells what was not done.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from cjm_ingest.adapters.import_bus import JOURNAL, WORK_STREAM
from cjm_ingest.application.ports import ImportEntry
from cjm_ingest.domain.fixes import Fixed
from cjm_ingest.domain.quality import FindingKind
from cjm_kit.bus import Bus, Delivery
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import acting_as, service_identity
from cjm_kit.logging import get_logger
from cjm_kit.rpc import RpcClient
from cjm_protos.catalog.v1 import journal_pb2, journal_pb2_grpc

_TIMEOUT_SECONDS: Final = 10.0
_ATTEMPTS: Final = 1_000  # at half a minute each, an outage of hours
_ACK_SECONDS: Final = 10.0  # what a kill left is carried so long after the next start
_REFUSALS: Final = {Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.PERMISSION_DENIED, Code.FAILED_PRECONDITION}

_log = get_logger(__name__)


class CatalogJournal:
    """Notes what people did, in the name of this service. What catalog does not take is in the log.

    Args:
        bus: Connection to NATS.
        catalog: Client of the catalog service.
    """

    def __init__(self, bus: Bus, catalog: RpcClient) -> None:
        self._bus = bus
        self._stub = catalog.stub(journal_pb2_grpc.JournalServiceStub)
        self._identity = service_identity("ingest")

    async def listen(
        self, was_fixed: Callable[[str, str], Awaitable[bool]], was_removed: Callable[[str], Awaitable[bool]]
    ) -> None:
        """Carry waiting entries to catalog, in the background until the bus is closed.

        Args:
            was_fixed: Says of a dataset and a fix whether it was done, as soon as that is certain.
            was_removed: The same of an import.
        """

        async def carry(delivery: Delivery[journal_pb2.NoteEntryRequest]) -> None:
            entry = delivery.fact
            try:
                is_fix = entry.kind == journal_pb2.JOURNAL_KIND_FIXED
                done = was_fixed(entry.dataset_id, delivery.event_id) if is_fix else was_removed(entry.object_id)
                if await done:
                    with acting_as(self._identity):
                        await self._stub.NoteEntry(entry, timeout=_TIMEOUT_SECONDS)
            except AppError as failure:
                if failure.code not in _REFUSALS:
                    raise  # the bus tries again
                _log.error(
                    "journal_entry_given_up", dataset_id=entry.dataset_id, object=entry.object, error=failure.reason
                )

        await self._bus.consume(
            "ingest-journal",
            WORK_STREAM,
            JOURNAL,
            journal_pb2.NoteEntryRequest,
            carry,
            max_attempts=_ATTEMPTS,
            ack_wait_seconds=_ACK_SECONDS,
        )

    async def fixing(self, fix_id: str, dataset_id: str, user_id: str, kind: FindingKind, fixed: Fixed) -> None:
        """A finding is about to be fixed.

        Raises:
            AppError: UNAVAILABLE `bus_unavailable`.
        """
        entry = journal_pb2.NoteEntryRequest(
            entry_id=_entry_id(fix_id),
            user_id=user_id,
            kind=journal_pb2.JOURNAL_KIND_FIXED,
            object=kind,
            dataset_id=dataset_id,
            events_changed=fixed.changed_count,
            events_removed=fixed.removed_count,
        )
        await self._bus.publish(JOURNAL, entry, fix_id)

    async def removing(self, entry: ImportEntry, user_id: str, events_count: int) -> None:
        """A completed import is about to be taken out with its events.

        Raises:
            AppError: UNAVAILABLE `bus_unavailable`.
        """
        note = journal_pb2.NoteEntryRequest(
            entry_id=_entry_id(entry.import_id),
            user_id=user_id,
            kind=journal_pb2.JOURNAL_KIND_DELETED,
            object="import",
            object_id=entry.import_id,
            name=entry.file_name,
            dataset_id=entry.dataset_id,
            events_removed=events_count,
        )
        await self._bus.publish(JOURNAL, note)  # without an id: a removal that failed may be tried again at once


def _entry_id(source: str) -> str:
    """The same for the same fix or import, so that a repeated entry is kept once."""
    return str(uuid5(NAMESPACE_OID, source))
