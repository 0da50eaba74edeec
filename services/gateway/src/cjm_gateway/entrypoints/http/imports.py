"""File imports: upload, progress, rejected rows, removal."""

import csv
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import Annotated, BinaryIO, Literal, cast
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field, TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from cjm_gateway.application.remote_file import file_too_large
from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.datasets import read_dataset
from cjm_gateway.entrypoints.http.gateway import Gateway, GatewayDep
from cjm_gateway.entrypoints.http.mappings import (
    MappingShape,
    NewMapping,
    Repair,
    RepairActionWord,
    mapping_message,
    mapping_shape,
    repair_shape,
    repair_word,
)
from cjm_gateway.entrypoints.http.problems import HttpProblem, invalid_request, violations_of
from cjm_gateway.entrypoints.http.progress import changes
from cjm_gateway.entrypoints.http.shapes import (
    Body,
    Instant,
    Page,
    PagingQuery,
    Shape,
    instant,
    instant_of_ms,
    instant_or_none,
    word,
    words,
)
from cjm_gateway.entrypoints.services import as_gateway
from cjm_kit.errors import AppError, Code, FieldViolation
from cjm_kit.logging import get_logger
from cjm_protos.catalog.v1 import import_log_pb2, mapping_pb2
from cjm_protos.ingest.v1 import imports_pb2

router = APIRouter(prefix="/api/v1", tags=["Imports"], dependencies=[staff_only])
ImportStatusWord = Literal["queued", "running", "completed", "failed", "cancelled", "removed"]
_STATUSES = words(import_log_pb2.ImportStatus)
_LIVE = (import_log_pb2.IMPORT_STATUS_QUEUED, import_log_pb2.IMPORT_STATUS_RUNNING)
_CHUNK_BYTES = 512 * 1024
_FIELD_LIMIT_BYTES = 1 << 20  # as for a body of JSON
_UPLOAD_DEADLINE_SECONDS = 900.0
_DOWNLOAD_SECONDS = 600.0
_HEAD_SECONDS = 60.0
_HEAD_BYTES = 1 << 20
_SPOOLED_BYTES = 1 << 20  # as Starlette keeps of an upload in memory
_FLAGS = ("all_or_nothing", "check_only", "replaces_dataset")
_TEXTS = TypeAdapter(dict[str, str], config=Body.model_config)
_FORM_FIELDS = {"file", "url", "mapping", "mapping_id", "from_import_id", *_FLAGS}
_BOOLEANS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False, "": False}
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")  # also in their full-width forms
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")
_log = get_logger(__name__)


class ErrorShape(Shape):
    """Why something ended without success."""

    reason: str
    detail: str


class Example(Shape):
    """A row with a fault."""

    row: int
    value: str
    detail: str


class Finding(Shape):
    """Rows with the same fault in the same column."""

    reason: str
    field: str
    column: str
    count: Annotated[int, Field(description="Rows; of repaired ones only those that are good thereby.")]
    examples: list[Example]
    repair: Annotated[Repair | None, Field(description="What the mapping did; null: the rows were left out.")]
    actions: Annotated[list[RepairActionWord], Field(description="What a mapping can do, the usual first.")]


class Step(Shape):
    """An activity and how many rows have it."""

    activity: str
    count: int


class ImportShape(Shape):
    """An import."""

    id: str
    dataset_id: Annotated[str | None, Field(description="null: a check of a file whose dataset does not exist yet.")]
    dataset_name: Annotated[str, Field(description="Also of a deleted dataset; empty for a check without one.")]
    file_name: str
    file_bytes: int
    created_by: str
    created_by_id: str
    check_only: bool
    all_or_nothing: bool
    replaces_dataset: Annotated[
        bool, Field(description="Once completed, all that was in the dataset when it began is gone.")
    ]
    status: ImportStatusWord
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    rows_duplicate: Annotated[int, Field(description="Accepted rows that were already stored.")]
    progress_ratio: float
    error: ErrorShape | None
    errors_url: str
    created_at: Instant
    finished_at: Instant | None
    mapping: MappingShape


class ImportDetails(ImportShape):
    """An import with what was found in the file."""

    findings: list[Finding]
    steps: list[Step]
    customers: int
    first_event_at: Instant | None
    last_event_at: Instant | None


class RemoteFileAddress(Body):
    """Where a file lies."""

    url: Annotated[str, Field(description="Address of the file, http or https, without user name and password.")]


class RejectedRow(Shape):
    """A row that was not accepted."""

    row: Annotated[int, Field(description="Data row, from 1; the header is not counted.")]
    field: str
    column: str
    value: str
    reason: str
    detail: str


def _facts(entry: import_log_pb2.ImportEntry) -> dict[str, object]:
    has_error = bool(entry.error_reason)
    return {
        "id": entry.import_id,
        "dataset_id": entry.dataset_id or None,
        "dataset_name": entry.dataset_name,
        "file_name": entry.file_name,
        "file_bytes": entry.file_bytes,
        "created_by": entry.created_by,
        "created_by_id": entry.created_by_id,
        "check_only": entry.is_check,
        "all_or_nothing": entry.all_or_nothing,
        "replaces_dataset": entry.replaces_dataset,
        "status": word(import_log_pb2.ImportStatus, entry.status),
        "rows_read": entry.rows_read,
        "rows_accepted": entry.rows_accepted,
        "rows_rejected": entry.rows_rejected,
        "rows_duplicate": entry.rows_duplicate,
        "progress_ratio": entry.progress_ratio,
        "error": {"reason": entry.error_reason, "detail": entry.error_detail} if has_error else None,
        "errors_url": f"/api/v1/imports/{entry.import_id}/errors",
        "created_at": instant(entry.created_at),
        "finished_at": instant_or_none(entry, "finished_at"),
        "mapping": mapping_shape(entry.mapping),
    }


def _import_shape(entry: import_log_pb2.ImportEntry) -> ImportShape:
    return ImportShape.model_validate(_facts(entry))


async def _entry(gateway: Gateway, import_id: str) -> import_log_pb2.ImportEntry:
    request = import_log_pb2.GetImportRequest(import_id=import_id)
    return (await gateway.services.import_log.GetImport(request)).entry


async def _details(gateway: Gateway, import_id: str) -> ImportDetails:
    entry = await _entry(gateway, import_id)
    try:
        request = imports_pb2.GetImportProgressRequest(import_id=import_id)
        progress = await gateway.services.imports.GetImportProgress(request)
    except AppError as failure:
        # An import whose file has not arrived is unknown to the worker.
        if failure.code is not Code.NOT_FOUND:
            raise
        progress = imports_pb2.GetImportProgressResponse()
    faults = [mapping_pb2.Fault(field=finding.field, reason=finding.reason) for finding in progress.findings]
    offers = (
        (await gateway.services.mappings.OfferRepairs(mapping_pb2.OfferRepairsRequest(faults=faults))).offers
        if faults
        else ()
    )
    facts = _facts(entry)
    if entry.status in _LIVE and progress.rows_read >= entry.rows_read:
        for name in ("rows_read", "rows_accepted", "rows_rejected", "rows_duplicate", "progress_ratio"):
            facts[name] = getattr(progress, name)
    found = {
        "findings": [
            Finding(
                reason=finding.reason,
                field=finding.field,
                column=finding.column,
                count=finding.rows_count,
                examples=[Example(row=row.row, value=row.value, detail=row.detail) for row in finding.examples],
                repair=repair_shape(finding.repair) if finding.HasField("repair") else None,
                actions=[repair_word(action) for action in offer.actions],
            )
            for finding, offer in zip(progress.findings, offers, strict=True)
        ],
        "steps": [Step(activity=step.activity, count=step.rows_count) for step in progress.steps],
        "customers": progress.customers_count,
        "first_event_at": instant_of_ms(progress.first_event_at_ms),
        "last_event_at": instant_of_ms(progress.last_event_at_ms),
    }
    return ImportDetails.model_validate({**facts, **found})


def _rejected_row(row: imports_pb2.RejectedRow) -> RejectedRow:
    return RejectedRow(
        row=row.row, field=row.field, column=row.column, value=row.value, reason=row.reason, detail=row.detail
    )


_UPLOAD_DOCS = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {
                            "type": "string",
                            "contentMediaType": "application/octet-stream",
                            "description": "CSV or other delimited text, plain or packed with gzip. "
                            "The mapping says how it is written.",
                        },
                        "url": {
                            "type": "string",
                            "format": "uri",
                            "description": "Fetch the file from this web address (http or https) instead of `file`.",
                        },
                        "mapping_id": {"type": "string", "description": "A stored mapping; either this or `mapping`."},
                        "mapping": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "description": "A mapping as in `POST /api/v1/mappings`, without name.",
                        },
                        "from_import_id": {
                            "type": "string",
                            "description": "Use the file of this earlier check, not `file`; for another check too.",
                        },
                        "all_or_nothing": {"type": "boolean", "description": "One row left out fails the import."},
                        "check_only": {"type": "boolean", "description": "Check the rows and store nothing."},
                        "replaces_dataset": {
                            "type": "boolean",
                            "description": "Once the import is completed, all that was in the dataset when it began is "
                            "gone for good; what arrives meanwhile stays. A failed or stopped import changes nothing. "
                            "For the owner and administrators, while no other import runs.",
                        },
                    },
                }
            }
        },
    }
}


@router.post("/datasets/{dataset_id}/imports", summary="Import a file", status_code=202, openapi_extra=_UPLOAD_DOCS)
async def create_import(dataset_id: str, request: Request, response: Response, gateway: GatewayDep) -> ImportShape:
    """Receive a file, or fetch it, and queue its import; the fields of the form may come in any order."""
    dataset = await read_dataset(gateway, dataset_id)
    if not dataset.access.can_write:
        detail = "You cannot add data to this dataset. Ask its owner or an administrator."
        raise AppError(Code.PERMISSION_DENIED, "dataset_write_not_allowed", detail)
    return await _receive(gateway, dataset_id, request, response)


@router.post("/imports", summary="Check a file for a dataset to come", status_code=202, openapi_extra=_UPLOAD_DOCS)
async def create_check(request: Request, response: Response, gateway: GatewayDep) -> ImportShape:
    """Check a file before its dataset is made: as the import into a dataset, with `check_only` true.

    Only who sent the file sees such a check. Then make the dataset and import the file with
    `from_import_id`.
    """
    return await _receive(gateway, "", request, response)


async def _receive(gateway: Gateway, dataset_id: str, request: Request, response: Response) -> ImportShape:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HttpProblem(415, "media_type_unsupported", "Send the file as multipart/form-data.")
    # A form may name its mapping after its file, so the file waits on disk (Starlette spools it) until the form has
    # ended; thus memory stays bounded and nothing is opened in catalog for an upload that breaks off.
    try:
        form = await request.form(max_files=2, max_fields=len(_FORM_FIELDS))
    except (HTTPException, UnicodeError) as failure:
        raise failure if isinstance(failure, HttpProblem) else _unreadable(str(failure)) from failure
    try:
        _check_texts(form)
        entry = await _open_import(gateway, dataset_id, form)
    finally:
        await form.close()
    response.headers["location"] = f"/api/v1/imports/{entry.import_id}"
    return _import_shape(entry)


def _check_texts(form: FormData) -> None:
    """Look for halves of character pairs, which a form can hold by the charset that its header names."""
    try:
        _TEXTS.validate_python({name: getattr(value, "filename", value) or "" for name, value in form.items()})
    except ValidationError as failure:
        raise invalid_request(violations_of(failure)) from failure


def _unreadable(words: str) -> AppError | HttpProblem:
    """The refusal of a form, by the words of the parser, which are not for people."""
    if "exceeded maximum size" in words:
        detail = "A field of the form is larger than 1 MiB. Send less in it, for a mapping fewer or shorter step rules."
        return AppError(Code.TOO_LARGE, "field_too_large", detail)
    if "Too many" in words:
        detail = "The form has more fields than there are. Send each field only once."
    elif "boundary" in words:
        detail = "The header Content-Type names no boundary. Leave this header to the program that builds the form."
    else:
        detail = "The form is not built as its header says. Let a program build it, for example curl with -F."
    return HttpProblem(400, "form_unreadable", detail)


async def _open_import(gateway: Gateway, dataset_id: str, form: FormData) -> import_log_pb2.ImportEntry:
    violations = [
        FieldViolation(name, "field_unknown", f'Field "{name}" is not known here; check the spelling.')
        for name in form
        if name not in _FORM_FIELDS
    ]
    flags = {name: _boolean(form, name, violations) for name in _FLAGS}
    mapping_id = await _text(form, "mapping_id")
    mapping_text = await _text(form, "mapping")
    from_import_id = await _text(form, "from_import_id")
    url = await _text(form, "url")
    file = form.get("file")
    if bool(mapping_id) == bool(mapping_text):
        detail = 'Send either "mapping_id" or "mapping", and only one of them.'
        violations.append(FieldViolation("mapping", "mapping_required", detail))
    if isinstance(file, UploadFile) + bool(url) + bool(from_import_id) != 1:
        detail = 'Send either a "file" or "url" or "from_import_id", and only one of them.'
        violations.append(FieldViolation("file", "file_required", detail))
    if violations:
        raise invalid_request(violations)
    request = import_log_pb2.CreateImportRequest(
        dataset_id=dataset_id,
        mapping_id=mapping_id,
        mapping=_mapping(mapping_text) if mapping_text else None,
        all_or_nothing=flags["all_or_nothing"],
        is_check=flags["check_only"],
        replaces_dataset=flags["replaces_dataset"],
    )
    if not url:
        return await _take(gateway, request, file, from_import_id)
    async with _fetched(gateway, url) as fetched:
        return await _take(gateway, request, fetched, "")


async def _take(
    gateway: Gateway, request: import_log_pb2.CreateImportRequest, file: object, from_import_id: str
) -> import_log_pb2.ImportEntry:
    _check_size(gateway, file)
    request.file_name = await _file_name(gateway, file, from_import_id)
    entry = (await gateway.services.import_log.CreateImport(request)).entry
    try:
        if isinstance(file, UploadFile):
            await gateway.services.imports.UploadImport(_parts(entry.import_id, file), timeout=_UPLOAD_DEADLINE_SECONDS)
        else:
            await gateway.services.imports.ReuseUpload(
                imports_pb2.ReuseUploadRequest(import_id=entry.import_id, from_import_id=from_import_id)
            )
    except AppError as failure:
        await _note_failure(gateway, entry.import_id, failure)
        raise
    return await _entry(gateway, entry.import_id)


@asynccontextmanager
async def _fetched(gateway: Gateway, url: str) -> AsyncIterator[UploadFile]:
    """The file at a web address as if it had been sent; it waits on disk too, so a broken download opens nothing."""
    with SpooledTemporaryFile(_SPOOLED_BYTES) as spooled:
        file = UploadFile(cast("BinaryIO", spooled), size=0)
        remote = await gateway.remote_files.fetch(url, file.write, within_seconds=_DOWNLOAD_SECONDS)
        file.filename = remote.name
        await file.seek(0)
        yield file


def _boolean(form: FormData, name: str, violations: list[FieldViolation]) -> bool:
    text = form.get(name, "")
    value = _BOOLEANS.get(text.strip().lower()) if isinstance(text, str) else None
    if value is None:
        violations.append(FieldViolation(name, "wrong_type", f'Field "{name}" must be true or false.'))
    return bool(value)


async def _text(form: FormData, name: str) -> str:
    """The text of a field, also of one that was sent as a file."""
    value = form.get(name, "")
    if isinstance(value, UploadFile):
        content = await value.read(_FIELD_LIMIT_BYTES + 1)
        if len(content) > _FIELD_LIMIT_BYTES:
            detail = f'Field "{name}" is larger than 1 MiB. Send less in it, for a mapping fewer or shorter step rules.'
            raise AppError(Code.TOO_LARGE, "field_too_large", detail)
        return content.decode(errors="replace").strip()
    return value.strip()


def _check_size(gateway: Gateway, file: object) -> None:
    limit_bytes = gateway.settings.max_upload_bytes
    if isinstance(file, UploadFile) and (file.size or 0) > limit_bytes:
        raise file_too_large(limit_bytes, file.size)


async def _file_name(gateway: Gateway, file: object, from_import_id: str) -> str:
    if isinstance(file, UploadFile):
        return (file.filename or "file")[-255:]
    return (await _entry(gateway, from_import_id)).file_name


def _mapping(text: str) -> mapping_pb2.Mapping:
    try:
        return mapping_message(NewMapping.model_validate_json(text))
    except ValidationError as failure:
        raise invalid_request(violations_of(failure, "mapping")) from failure


async def _parts(import_id: str, file: UploadFile) -> AsyncIterator[imports_pb2.UploadImportRequest]:
    yield imports_pb2.UploadImportRequest(head=imports_pb2.UploadHead(import_id=import_id))
    while chunk := await file.read(_CHUNK_BYTES):
        yield imports_pb2.UploadImportRequest(chunk=chunk)


async def _note_failure(gateway: Gateway, import_id: str, failure: AppError) -> None:
    """Close the entry in the log of an import whose file did not arrive, so that it does not wait for ever."""
    request = import_log_pb2.UpdateImportRequest(
        import_id=import_id,
        status=import_log_pb2.IMPORT_STATUS_FAILED,
        error_reason=failure.reason,
        error_detail=failure.detail,
    )
    try:
        with as_gateway():
            await gateway.services.import_log.UpdateImport(request)
    except AppError as second:
        if second.code is not Code.FAILED_PRECONDITION:  # ingest may have closed it already
            _log.warning("import_not_closed", import_id=import_id, reason=second.reason)


@router.post(
    "/remote-file",
    summary="Read the beginning of a file at a web address",
    response_class=Response,
    responses={
        200: {
            "description": "The first MiB of the file, or all of a smaller one.",
            "content": {"application/octet-stream": {}},
            "headers": {
                "Content-Disposition": {
                    "description": "Name of the file, as `attachment; filename*=UTF-8''...`.",
                    "schema": {"type": "string"},
                },
                "X-File-Bytes": {
                    "description": "Size of the whole file; absent when its server does not say.",
                    "schema": {"type": "integer"},
                },
            },
        }
    },
)
async def read_remote_file(body: RemoteFileAddress, gateway: GatewayDep) -> Response:
    """What a preview needs of a file, before `url` of an import fetches all of it.

    A POST, because links to exports hold secrets that do not belong into logs of addresses, and because no other site
    may make this server ask for something.
    """
    head = bytearray()

    async def write(chunk: bytes) -> None:
        head.extend(chunk)

    remote = await gateway.remote_files.fetch(
        body.url.strip(), write, within_seconds=_HEAD_SECONDS, most_bytes=_HEAD_BYTES
    )
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(remote.name, safe='')}"}
    if remote.announced_bytes is not None:
        headers["x-file-bytes"] = str(remote.announced_bytes)
    return Response(bytes(head), media_type="application/octet-stream", headers=headers)


@router.get("/imports", summary="List imports")
async def list_imports(
    paging: PagingQuery,
    gateway: GatewayDep,
    dataset_id: str = "",
    status: Annotated[list[ImportStatusWord], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies
    with_deleted_datasets: Annotated[
        bool, Query(description="Of deleted datasets that you could analyse, too.")
    ] = False,
) -> Page[ImportShape]:
    """Imports the caller may see and his own checks, newest first."""
    request = import_log_pb2.ListImportsRequest(
        dataset_id=dataset_id,
        statuses=[_STATUSES[item] for item in status],
        page_size=paging.limit,
        page_token=paging.cursor,
        with_deleted_datasets=with_deleted_datasets,
    )
    answer = await gateway.services.import_log.ListImports(request)
    return Page(items=[_import_shape(entry) for entry in answer.entries], next_cursor=answer.next_page_token or None)


@router.get("/imports/{import_id}", summary="Read an import")
async def get_import(import_id: str, gateway: GatewayDep) -> ImportDetails:
    """One import with what was found in its file so far."""
    return await _details(gateway, import_id)


@router.delete("/imports/{import_id}", summary="Cancel or remove an import", status_code=204)
async def delete_import(import_id: str, gateway: GatewayDep) -> Response:
    """Stop a running import, or take the rows of a completed one out of every number, of a check what was found."""
    entry = await _entry(gateway, import_id)
    if entry.status in _LIVE:
        await gateway.services.imports.CancelImport(imports_pb2.CancelImportRequest(import_id=import_id))
    else:
        await gateway.services.imports.RemoveImport(imports_pb2.RemoveImportRequest(import_id=import_id))
    return Response(status_code=204)


@router.get("/imports/{import_id}/errors", summary="Rejected rows")
async def list_import_errors(
    import_id: str,
    gateway: GatewayDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: str = "",
) -> Page[RejectedRow]:
    """Rejected rows in file order."""
    answer = await gateway.services.imports.ListRejectedRows(
        imports_pb2.ListRejectedRowsRequest(import_id=import_id, page_size=limit, page_token=cursor)
    )
    return Page(items=[_rejected_row(row) for row in answer.rows], next_cursor=answer.next_page_token or None)


@router.get(
    "/imports/{import_id}/errors.csv",
    summary="Rejected rows as CSV",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def download_import_errors(import_id: str, gateway: GatewayDep) -> StreamingResponse:
    """All rejected rows as a file; a value that a spreadsheet would take for a formula gets an apostrophe."""
    await _entry(gateway, import_id)
    # Before the answer begins: what is refused must not look like a file that was cut off.
    first = await _rejected_rows(gateway, import_id, "")
    headers = {"content-disposition": f'attachment; filename="rejected-rows-{import_id}.csv"'}
    return StreamingResponse(_csv(gateway, import_id, first), media_type="text/csv; charset=utf-8", headers=headers)


async def _rejected_rows(gateway: Gateway, import_id: str, page_token: str) -> imports_pb2.ListRejectedRowsResponse:
    request = imports_pb2.ListRejectedRowsRequest(import_id=import_id, page_size=10_000, page_token=page_token)
    return await gateway.services.imports.ListRejectedRows(request)


async def _csv(gateway: Gateway, import_id: str, answer: imports_pb2.ListRejectedRowsResponse) -> AsyncIterator[str]:
    yield "row,field,column,value,reason,detail\r\n"
    while True:
        buffer = io.StringIO()
        # Quoted throughout: where lists are separated by semicolons, a bare one inside a value would begin a new cell.
        writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)
        for row in answer.rows:
            texts = (row.field, row.column, row.value, row.reason, row.detail)
            writer.writerow([row.row, *map(_harmless, texts)])
        yield buffer.getvalue()
        if not answer.next_page_token:
            return
        answer = await _rejected_rows(gateway, import_id, answer.next_page_token)


def _harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


@router.get(
    "/imports/{import_id}/progress", summary="Progress of an import as a stream", response_class=EventSourceResponse
)
async def stream_import_progress(
    gateway: GatewayDep, first: Annotated[ImportDetails, Depends(get_import)]
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events `progress` with the import, whenever it changed, until it ended."""
    async for state in changes(gateway, first, lambda: _details(gateway, first.id), {"queued", "running"}):
        yield ServerSentEvent(event="progress", data=state)
