"""The journal: what was deleted, restored, fixed and exported, by whom."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.gateway import GatewayDep
from cjm_gateway.entrypoints.http.shapes import (
    Body,
    Instant,
    Page,
    PagingQuery,
    Shape,
    instant,
    instant_or_none,
    word,
    words,
)
from cjm_protos.catalog.v1 import journal_pb2

router = APIRouter(prefix="/api/v1", tags=["History"], dependencies=[staff_only])

JournalKindWord = Literal["deleted", "restored", "erased", "fixed", "exported"]
ExportedWord = Literal["map", "paths", "steps", "model", "chart", "table", "rejected_rows"]
FormatWord = Literal["svg", "png", "csv"]
_KINDS = words(journal_pb2.JournalKind)


class NewExport(Body):
    """What was saved as a file."""

    object: ExportedWord
    format: FormatWord
    object_id: Annotated[str, Field(description="Id of the analysis or import, when there is one.")] = ""
    name: Annotated[str, Field(description="Name of what was exported, at most 255 characters.")] = ""
    address: Annotated[
        str, Field(description="Path and query of the page that shows the same again, at most 2000 characters.")
    ] = ""


class JournalEntryShape(Shape):
    """One entry; names are those of then."""

    id: str
    kind: Annotated[
        JournalKindWord, Field(description="`erased`: deleted for good; `deleted` datasets can be restored.")
    ]
    object: Annotated[
        str,
        Field(
            description="To what: `dataset`, `mapping`, `import`; of a fix the kind of finding; of an export what was "
            "exported."
        ),
    ]
    object_id: str | None
    name: str
    dataset_id: Annotated[str | None, Field(description="null for a mapping.")]
    dataset_name: str
    created_at: Instant
    created_by: str
    created_by_id: str
    format: Annotated[FormatWord | None, Field(description="Of an export.")]
    address: Annotated[str, Field(description="Path and query of the page that shows it again; may be empty.")]
    events_changed: Annotated[int | None, Field(description="Events that got another value.")]
    events_removed: Annotated[int | None, Field(description="Events taken out of every number.")]
    restorable_until: Annotated[
        Instant | None,
        Field(description="Until when the dataset can be restored; null when there is nothing to restore."),
    ]
    can_restore: Annotated[bool, Field(description="Whether you may restore it: its owner and administrators may.")]


@router.get("/journal", summary="Read the journal")
async def list_journal(
    paging: PagingQuery,
    gateway: GatewayDep,
    dataset_id: Annotated[str, Query(description="Only of this dataset, which may be gone.")] = "",
    kind: Annotated[list[JournalKindWord], Query(description="Only these kinds.")] = [],  # noqa: B006 - FastAPI copies
) -> Page[JournalEntryShape]:
    """What happened to datasets you may see, what you did yourself, and to mappings, newest first.

    Also what happened to deleted datasets that you could analyse, as long as they can be restored.
    Analyses and imports have lists of their own.
    """
    request = journal_pb2.ListJournalRequest(
        dataset_id=dataset_id,
        kinds=[_KINDS[item] for item in kind],
        page_size=paging.limit,
        page_token=paging.cursor,
    )
    answer = await gateway.services.journal.ListJournal(request)
    return Page(items=[_entry_shape(entry) for entry in answer.entries], next_cursor=answer.next_page_token or None)


@router.post("/datasets/{dataset_id}/exports", summary="Note an export", status_code=201)
async def note_export(dataset_id: str, body: NewExport, gateway: GatewayDep) -> JournalEntryShape:
    """Note that something of the dataset was saved as a file, so that the history tells it."""
    request = journal_pb2.NoteExportRequest(
        dataset_id=dataset_id,
        object=body.object,
        object_id=body.object_id,
        name=body.name,
        format=body.format,
        address=body.address,
    )
    return _entry_shape((await gateway.services.journal.NoteExport(request)).entry)


def _entry_shape(entry: journal_pb2.JournalEntry) -> JournalEntryShape:
    return JournalEntryShape(
        id=entry.entry_id,
        kind=word(journal_pb2.JournalKind, entry.kind),  # type: ignore[arg-type]
        object=entry.object,
        object_id=entry.object_id or None,
        name=entry.name,
        dataset_id=entry.dataset_id or None,
        dataset_name=entry.dataset_name,
        created_at=instant(entry.created_at),
        created_by=entry.created_by,
        created_by_id=entry.created_by_id,
        format=entry.format or None,  # type: ignore[arg-type]
        address=entry.address,
        events_changed=entry.events_changed if entry.HasField("events_changed") else None,
        events_removed=entry.events_removed if entry.HasField("events_removed") else None,
        restorable_until=instant_or_none(entry, "restorable_until"),
        can_restore=entry.can_restore,
    )
