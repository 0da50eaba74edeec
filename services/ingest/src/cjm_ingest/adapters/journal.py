"""Catalog's journal of what people did; entries wait on the bus, so that none is lost while catalog is away."""

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
_REFUSALS: Final = {Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.PERMISSION_DENIED, Code.FAILED_PRECONDITION}

_log = get_logger(__name__)


class CatalogJournal:
    """Notes what people did, in the name of this service. Noting never fails; what cannot be noted is in the log.

    Args:
        bus: Connection to NATS.
        catalog: Client of the catalog service.
    """

    def __init__(self, bus: Bus, catalog: RpcClient) -> None:
        self._bus = bus
        self._stub = catalog.stub(journal_pb2_grpc.JournalServiceStub)
        self._identity = service_identity("ingest")

    async def listen(self) -> None:
        """Carry waiting entries to catalog, in the background until the bus is closed."""
        await self._bus.consume(
            "ingest-journal",
            WORK_STREAM,
            JOURNAL,
            journal_pb2.NoteEntryRequest,
            self._carry,
            max_attempts=_ATTEMPTS,
        )

    async def fixed(self, fix_id: str, dataset_id: str, user_id: str, kind: FindingKind, fixed: Fixed) -> None:
        """A finding was fixed."""
        entry = journal_pb2.NoteEntryRequest(
            entry_id=_entry_id(fix_id),
            user_id=user_id,
            kind=journal_pb2.JOURNAL_KIND_FIXED,
            object=kind,
            dataset_id=dataset_id,
            events_changed=fixed.changed_count,
            events_removed=fixed.removed_count,
        )
        await self._note(entry)

    async def removed(self, removed: ImportEntry, user_id: str, events_count: int) -> None:
        """A completed import was taken out with its events."""
        entry = journal_pb2.NoteEntryRequest(
            entry_id=_entry_id(removed.import_id),
            user_id=user_id,
            kind=journal_pb2.JOURNAL_KIND_DELETED,
            object="import",
            object_id=removed.import_id,
            name=removed.file_name,
            dataset_id=removed.dataset_id,
            events_removed=events_count,
        )
        await self._note(entry)

    async def _note(self, entry: journal_pb2.NoteEntryRequest) -> None:
        try:
            await self._bus.publish(JOURNAL, entry, entry.entry_id)
        except (AppError, OSError) as failure:
            _log_given_up(entry, str(failure))

    async def _carry(self, delivery: Delivery[journal_pb2.NoteEntryRequest]) -> None:
        try:
            with acting_as(self._identity):
                await self._stub.NoteEntry(delivery.fact, timeout=_TIMEOUT_SECONDS)
        except AppError as failure:
            if failure.code not in _REFUSALS:
                raise  # the bus tries again
            _log_given_up(delivery.fact, failure.reason)


def _entry_id(source: str) -> str:
    """The same for the same fix or import, so that a repeated entry is kept once."""
    return str(uuid5(NAMESPACE_OID, source))


def _log_given_up(entry: journal_pb2.NoteEntryRequest, error: str) -> None:
    _log.error("journal_entry_given_up", dataset_id=entry.dataset_id, object=entry.object, error=error)
