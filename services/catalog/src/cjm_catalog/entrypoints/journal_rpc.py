"""JournalService."""

from typing import Any

from cjm_catalog.application.journal import Journal, JournalView
from cjm_catalog.domain.checks import invalid
from cjm_catalog.domain.journal import JournalKind
from cjm_catalog.entrypoints.translate import caller, timestamp
from cjm_kit.rpc import allow
from cjm_protos.catalog.v1 import journal_pb2, journal_pb2_grpc

_KIND_TO_PROTO = {
    JournalKind.DELETED: journal_pb2.JOURNAL_KIND_DELETED,
    JournalKind.RESTORED: journal_pb2.JOURNAL_KIND_RESTORED,
    JournalKind.ERASED: journal_pb2.JOURNAL_KIND_ERASED,
    JournalKind.FIXED: journal_pb2.JOURNAL_KIND_FIXED,
    JournalKind.EXPORTED: journal_pb2.JOURNAL_KIND_EXPORTED,
}
_KIND_FROM_PROTO: dict[int, JournalKind] = {message: kind for kind, message in _KIND_TO_PROTO.items()}


class JournalServicer(journal_pb2_grpc.JournalServiceServicer):
    """What people took away, brought back, repaired and took out of the house."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @allow("staff")
    async def NoteExport(self, request: journal_pb2.NoteExportRequest, context: Any) -> journal_pb2.NoteExportResponse:
        """Notes an export."""
        view = await self._journal.note_export(
            caller(),
            request.dataset_id,
            request.object,
            request.object_id,
            request.name,
            request.format,
            request.address,
        )
        return journal_pb2.NoteExportResponse(entry=_entry_message(view))

    @allow("service")
    async def NoteEntry(self, request: journal_pb2.NoteEntryRequest, context: Any) -> journal_pb2.NoteEntryResponse:
        """Notes what a service did for someone."""
        await self._journal.note(
            request.entry_id,
            request.user_id,
            _kind(request.kind),
            request.object,
            request.object_id,
            request.name,
            request.dataset_id,
            request.events_changed if request.HasField("events_changed") else None,
            request.events_removed if request.HasField("events_removed") else None,
        )
        return journal_pb2.NoteEntryResponse()

    @allow("staff")
    async def ListJournal(
        self, request: journal_pb2.ListJournalRequest, context: Any
    ) -> journal_pb2.ListJournalResponse:
        """Lists entries, newest first."""
        page = await self._journal.page(
            caller(),
            request.dataset_id,
            [_kind(message) for message in request.kinds],
            request.page_size,
            request.page_token,
        )
        return journal_pb2.ListJournalResponse(
            entries=[_entry_message(view) for view in page.items], next_page_token=page.next_cursor
        )


def _kind(message: int) -> JournalKind:
    if message not in _KIND_FROM_PROTO:
        raise invalid("kind", "journal_kind_unknown", "The kind of entry is unknown.")
    return _KIND_FROM_PROTO[message]


def _entry_message(view: JournalView) -> journal_pb2.JournalEntry:
    entry = view.entry
    return journal_pb2.JournalEntry(
        entry_id=entry.entry_id,
        kind=_KIND_TO_PROTO[entry.kind],
        object=entry.object,
        object_id=entry.object_id,
        name=entry.name,
        dataset_id=entry.dataset_id,
        dataset_name=entry.dataset_name,
        created_at=timestamp(entry.created_at),
        created_by=view.created_by,
        created_by_id=entry.created_by_id,
        format=entry.format,
        address=entry.address,
        events_changed=entry.events_changed,
        events_removed=entry.events_removed,
        restorable_until=timestamp(view.restorable_until),
        can_restore=view.can_restore,
    )
