"""A running ingest with a real NATS server and event store, and a catalog that remembers in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from cjm_ingest.intake_main import build as build_intake
from cjm_ingest.main import build
from cjm_ingest.settings import IngestSettings, IntakeSettings
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import Identity, IdentitySigner, acting_as, staff_identity
from cjm_kit.rpc import Registration, RpcClient, RpcServer, allow
from cjm_kit.runtime import Component
from cjm_kit.settings import ServiceSettings
from cjm_kit.telemetry import Telemetry
from cjm_launcher.instance import free_port
from cjm_protos.catalog.v1 import (
    dataset_pb2,
    dataset_pb2_grpc,
    import_log_pb2,
    import_log_pb2_grpc,
    journal_pb2,
    journal_pb2_grpc,
    mapping_pb2,
)
from cjm_protos.ingest.v1 import (
    fixes_pb2,
    fixes_pb2_grpc,
    imports_pb2,
    imports_pb2_grpc,
    intake_pb2,
    intake_pb2_grpc,
    questions_pb2,
    questions_pb2_grpc,
    scope_pb2,
)

OWNER = str(uuid4())
_ENDED = {
    import_log_pb2.IMPORT_STATUS_COMPLETED,
    import_log_pb2.IMPORT_STATUS_FAILED,
    import_log_pb2.IMPORT_STATUS_CANCELLED,
}
FUNCTIONS: dict[str | None, Any] = {
    None: mapping_pb2.FUNCTION_UNSPECIFIED,
    **{name[9:].lower(): number for name, number in mapping_pb2.Function.items()},
}


class MemoryCatalog(
    dataset_pb2_grpc.DatasetServiceServicer,
    import_log_pb2_grpc.ImportLogServiceServicer,
    journal_pb2_grpc.JournalServiceServicer,
):
    """Datasets belong to `OWNER`; `helpers` may work with them, everybody else sees them only."""

    def __init__(self) -> None:
        self.entries: dict[str, import_log_pb2.ImportEntry] = {}
        self.helpers: set[str] = set()
        self.is_away = False
        self.journal: list[journal_pb2.NoteEntryRequest] = []
        self.failures: dict[str, list[AppError]] = {"NoteEntry": [], "UpdateImport": []}

    @allow("service")
    async def GetAccess(self, request: dataset_pb2.GetAccessRequest, context: Any) -> dataset_pb2.GetAccessResponse:
        """Rights of an account."""
        if self.is_away:
            raise AppError(Code.UNAVAILABLE, "service_unavailable", "Away.")
        is_owner = request.subject == f"user:{OWNER}"
        may_work = is_owner or request.subject.removeprefix("user:") in self.helpers
        access = dataset_pb2.Access(can_see=True, can_analyse=may_work, can_write=may_work, can_manage=is_owner)
        return dataset_pb2.GetAccessResponse(access=access, exists=True, time_zone="UTC")

    @allow("service")
    async def GetImport(self, request: import_log_pb2.GetImportRequest, context: Any) -> Any:
        """One entry."""
        if request.import_id not in self.entries:
            raise AppError(Code.NOT_FOUND, "import_not_found", "There is no such import.")
        return import_log_pb2.GetImportResponse(entry=self.entries[request.import_id])

    @allow("service")
    async def ListImports(self, request: import_log_pb2.ListImportsRequest, context: Any) -> Any:
        """Entries of a dataset in some states."""
        entries = [
            entry
            for entry in self.entries.values()
            if entry.dataset_id == request.dataset_id and entry.status in request.statuses
        ]
        return import_log_pb2.ListImportsResponse(entries=entries)

    @allow("service")
    async def UpdateImport(self, request: import_log_pb2.UpdateImportRequest, context: Any) -> Any:
        """Note what is set, as catalog does."""
        self._fail("UpdateImport")
        entry = self.entries[request.import_id]
        if entry.status in _ENDED and request.status != import_log_pb2.IMPORT_STATUS_REMOVED:
            raise AppError(Code.FAILED_PRECONDITION, "import_ended", "It has ended.")
        for descriptor, value in request.ListFields():
            setattr(entry, descriptor.name, value)
        return import_log_pb2.UpdateImportResponse(entry=entry)

    @allow("service")
    async def NoteEntry(self, request: journal_pb2.NoteEntryRequest, context: Any) -> journal_pb2.NoteEntryResponse:
        """Remember it once, as catalog does."""
        self._fail("NoteEntry")
        if request.entry_id not in {entry.entry_id for entry in self.journal}:
            self.journal.append(request)
        return journal_pb2.NoteEntryResponse()

    def _fail(self, call: str) -> None:
        if self.failures[call]:
            raise self.failures[call].pop(0)


async def until(is_so: Callable[[], Awaitable[bool]], timeout_seconds: float = 30) -> None:
    """Wait for something that another program brings about."""
    async with asyncio.timeout(timeout_seconds):
        while not await is_so():  # noqa: ASYNC110 - the other side is another program
            await asyncio.sleep(0.01)


@dataclass
class Ingest:
    """A running ingest and what a test says to it."""

    settings: IngestSettings
    catalog: MemoryCatalog
    signer: IdentitySigner
    client: RpcClient
    intake_client: RpcClient
    dataset_id: str = field(default_factory=lambda: str(uuid4()))
    component: Component | None = None
    intake_component: Component | None = None

    def __post_init__(self) -> None:
        self.imports = self.client.stub(imports_pb2_grpc.ImportServiceStub)
        self.intake = self.intake_client.stub(intake_pb2_grpc.IntakeServiceStub)
        self.questions = self.client.stub(questions_pb2_grpc.QuestionServiceStub)
        self.fixes = self.client.stub(fixes_pb2_grpc.FixServiceStub)

    async def is_serving(self) -> bool:
        """True when both parts can do their work."""
        return await self.client.is_serving() and await self.intake_client.is_serving()

    def open_import(
        self,
        columns: Iterable[tuple[str, ...]],
        *,
        check: bool = False,
        strict: bool = False,
        replaces: bool = False,
        repairs: Mapping[str, list[mapping_pb2.Repair]] | None = None,
        **mapping: Any,
    ) -> str:
        """Open an entry as catalog does; columns are (field, column[, function]), repairs by field."""
        import_id = str(uuid4())
        rules = [
            mapping_pb2.MappingColumn(
                field=item[0],
                column=item[1],
                function=FUNCTIONS[(*item, None)[2]],
                repairs=(repairs or {}).get(item[0], []),
            )
            for item in columns
        ]
        entry = import_log_pb2.ImportEntry(
            import_id=import_id,
            dataset_id=self.dataset_id,
            created_by_id=OWNER,
            file_name="visits.csv",
            mapping=mapping_pb2.Mapping(columns=rules, **mapping),
            all_or_nothing=strict,
            is_check=check,
            replaces_dataset=replaces,
            status=import_log_pb2.IMPORT_STATUS_QUEUED,
        )
        entry.created_at.GetCurrentTime()
        self.catalog.entries[import_id] = entry
        return import_id

    async def has_rows(self, import_id: str) -> bool:
        """True when some rows of an import were read."""
        return bool((await self.progress(import_id)).rows_read)

    async def upload(self, import_id: str, data: bytes | Path) -> None:
        """Send the file."""

        async def parts() -> AsyncIterator[imports_pb2.UploadImportRequest]:
            yield imports_pb2.UploadImportRequest(head=imports_pb2.UploadHead(import_id=import_id))
            content = data if isinstance(data, bytes) else await asyncio.to_thread(data.read_bytes)
            for start in range(0, len(content), 1 << 20):
                yield imports_pb2.UploadImportRequest(chunk=content[start : start + (1 << 20)])

        with acting_as(staff_identity(OWNER, is_admin=False)):
            await self.imports.UploadImport(parts(), timeout=120)

    async def ended(self, import_id: str, timeout_seconds: float = 60) -> import_log_pb2.ImportEntry:
        """Wait until the log says that it has ended."""

        async def has_ended() -> bool:
            return self.catalog.entries[import_id].status in _ENDED

        await until(has_ended, timeout_seconds)
        return self.catalog.entries[import_id]

    async def run_import(
        self, data: bytes | Path, columns: Iterable[tuple[str, ...]], **options: Any
    ) -> import_log_pb2.ImportEntry:
        """Import a file to its end."""
        import_id = self.open_import(columns, **options)
        await self.upload(import_id, data)
        return await self.ended(import_id)

    async def progress(self, import_id: str) -> imports_pb2.GetImportProgressResponse:
        """What was found."""
        request = imports_pb2.GetImportProgressRequest(import_id=import_id)
        response: imports_pb2.GetImportProgressResponse = await self.imports.GetImportProgress(request)
        return response

    async def rejected(self, import_id: str, page_size: int = 100) -> list[imports_pb2.RejectedRow]:
        """All rejected rows, page by page."""
        rows: list[imports_pb2.RejectedRow] = []
        token = ""
        while True:
            request = imports_pb2.ListRejectedRowsRequest(import_id=import_id, page_size=page_size, page_token=token)
            page = await self.imports.ListRejectedRows(request)
            rows.extend(page.rows)
            token = page.next_page_token
            if not token:
                return rows

    async def stats(self) -> questions_pb2.DatasetStats:
        """Size of the dataset."""
        request = questions_pb2.GetDatasetStatsRequest(dataset_ids=[self.dataset_id])
        found = (await self.questions.GetDatasetStats(request)).stats
        return found[0] if found else questions_pb2.DatasetStats()

    async def fix(self, kind: str) -> tuple[int, int]:
        """Fix a finding; how many events were changed and removed."""
        number = questions_pb2.QualityFindingKind.Value(f"QUALITY_FINDING_KIND_{kind.upper()}")
        request = fixes_pb2.FixFindingRequest(dataset_id=self.dataset_id, kind=number)
        with acting_as(staff_identity(OWNER, is_admin=False)):
            fixed = await self.fixes.FixFinding(request, timeout=60)
        return fixed.changed_count, fixed.removed_count

    async def found(self) -> dict[str, tuple[int, int]]:
        """What was found and what of it can be fixed, by kind."""
        request = questions_pb2.CheckQualityRequest(dataset_id=self.dataset_id)
        return {
            questions_pb2.QualityFindingKind.Name(item.kind)[21:].lower(): (item.found_count, item.fixable_count)
            for item in (await self.questions.CheckQuality(request)).findings
            if item.found_count
        }

    async def events(self, count: int = 100) -> list[questions_pb2.Event]:
        """Newest events."""
        request = questions_pb2.ListEventsRequest(scopes=[scope_pb2.Scope(dataset_id=self.dataset_id)], page_size=count)
        return list((await self.questions.ListEvents(request)).events)

    def token(self, **changes: Any) -> str:
        """A signed identity that may send events to the dataset."""
        values = {"scopes": frozenset({"events:write"}), "datasets": frozenset({self.dataset_id}), **changes}
        return self.signer.sign(Identity(f"token:{uuid4()}", frozenset({"system"}), **values))

    async def append(self, *bodies: bytes, identity: str = "", **options: Any) -> list[intake_pb2.EventBodyResult]:
        """Send bodies."""
        identity = identity or self.token()
        options = {"received_at_ms": 1_700_000_000_000, **options}
        request = intake_pb2.AppendEventsRequest(
            bodies=[
                intake_pb2.EventBody(identity=identity, dataset_id=self.dataset_id, body=body, **options)
                for body in bodies
            ]
        )
        return list((await self.intake.AppendEvents(request)).results)

    async def until_events(self, count: int, timeout_seconds: float = 10) -> None:
        """Wait until the dataset has that many events."""

        async def are_there() -> bool:
            return (await self.stats()).events_count >= count

        await until(are_there, timeout_seconds)


@pytest.fixture(name="until")
def until_fixture() -> Callable[..., Awaitable[None]]:
    """The function `until`."""
    return until


@pytest_asyncio.fixture
async def catalog(settings: ServiceSettings, signer: IdentitySigner) -> AsyncIterator[tuple[MemoryCatalog, int]]:
    """The catalog and its port."""
    servicer = MemoryCatalog()  # type: ignore[abstract]
    registrations: list[Registration] = [
        (dataset_pb2_grpc.add_DatasetServiceServicer_to_server, servicer),
        (import_log_pb2_grpc.add_ImportLogServiceServicer_to_server, servicer),
        (journal_pb2_grpc.add_JournalServiceServicer_to_server, servicer),
    ]
    server = RpcServer(settings, registrations, signer, Telemetry("catalog"))
    await server.start()
    yield servicer, server.port
    await server.stop()


@pytest.fixture
def ingest_settings(settings: ServiceSettings, catalog: tuple[MemoryCatalog, int]) -> IngestSettings:
    """Settings of the ingest under test."""
    return IngestSettings(
        **{
            **settings.model_dump(),
            "rpc_listen": f"127.0.0.1:{free_port()}",
            "intake_target": f"127.0.0.1:{free_port()}",
            "catalog_target": f"127.0.0.1:{catalog[1]}",
            "max_upload_bytes": 64 << 20,
        }
    )


@pytest_asyncio.fixture
async def stopped_ingest(
    ingest_settings: IngestSettings, catalog: tuple[MemoryCatalog, int], signer: IdentitySigner
) -> AsyncIterator[Ingest]:
    """An ingest that the test starts itself."""
    client = RpcClient(ingest_settings.rpc_listen, signer, "test")
    intake_client = RpcClient(ingest_settings.intake_target, signer, "test")
    yield Ingest(ingest_settings, catalog[0], signer, client, intake_client)
    await client.close()
    await intake_client.close()


@pytest_asyncio.fixture
async def ingest(stopped_ingest: Ingest) -> AsyncIterator[Ingest]:
    """A running ingest."""
    settings = stopped_ingest.settings
    component = stopped_ingest.component = await build(settings)
    intake_settings = IntakeSettings(**{**settings.model_dump(), "rpc_listen": settings.intake_target})
    intake = stopped_ingest.intake_component = await build_intake(intake_settings)
    async with AsyncExitStack() as running:  # an event store left open would fail every later test
        for part in (component, intake):
            running.push_async_callback(part.stop)
            await part.start()
        yield stopped_ingest
