"""The gateway with a real catalog and a real NATS; the other services answer from small servicers that remember."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import SecretStr

from cjm_catalog.bootstrap import create_first_admin
from cjm_catalog.main import build as build_catalog
from cjm_catalog.settings import CatalogSettings
from cjm_gateway.main import build
from cjm_gateway.settings import GatewaySettings
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import IdentitySigner, current_identity
from cjm_kit.rpc import RpcServer, allow
from cjm_kit.settings import ServiceSettings
from cjm_kit.telemetry import Telemetry
from cjm_launcher.instance import free_port
from cjm_protos.bot.v1 import link_pb2, link_pb2_grpc
from cjm_protos.catalog.v1 import mapping_pb2
from cjm_protos.ingest.v1 import (
    fixes_pb2,
    fixes_pb2_grpc,
    imports_pb2,
    imports_pb2_grpc,
    intake_pb2,
    intake_pb2_grpc,
    questions_pb2,
    questions_pb2_grpc,
)
from cjm_protos.metrics.v1 import report_pb2, report_pb2_grpc
from cjm_protos.mining.v1 import analysis_pb2, analysis_pb2_grpc

ADMIN_PASSWORD = "admin's password for tests"
ANALYST_PASSWORD = "analyst's password for tests"
_STAFF = ("staff", "service")


UNDERSTOOD_MS = 1_715_076_000_000


class Intake(intake_pb2_grpc.IntakeServiceServicer):
    """Takes bodies; an event without customer_id is rejected, anything but JSON is refused; all times are one."""

    def __init__(self, signer: IdentitySigner) -> None:
        self._signer = signer
        self.calls: list[list[intake_pb2.EventBody]] = []
        self.failure: AppError | None = None
        self.gate: asyncio.Event | None = None
        self.called = asyncio.Event()

    @allow("service")
    async def AppendEvents(self, request: Any, context: Any) -> Any:
        self.calls.append(list(request.bodies))
        self.called.set()
        if self.gate:
            await self.gate.wait()
        if self.failure:
            raise self.failure
        return intake_pb2.AppendEventsResponse(results=[self._result(body) for body in request.bodies])

    def _result(self, body: intake_pb2.EventBody) -> intake_pb2.EventBodyResult:
        self._signer.verify(body.identity)
        if not body.body.strip():
            return intake_pb2.EventBodyResult(error_reason="body_empty", error_detail="The body is empty.")
        try:
            lines = body.body.splitlines() if body.is_ndjson else [body.body]
            parsed = [json.loads(line) for line in lines]
        except ValueError:
            return intake_pb2.EventBodyResult(error_reason="body_not_json", error_detail="The body is not JSON.")
        events = parsed[0] if isinstance(parsed[0], list) else parsed
        result = intake_pb2.EventBodyResult()
        for index, event in enumerate(events):
            if "customer_id" in event:
                result.accepted_count += 1
                if body.wants_times:
                    result.accepted_times_ms.append(UNDERSTOOD_MS)
            else:
                detail = '"customer_id" is missing.'
                result.rejected.add(index=index, reason="field_missing", field="customer_id", detail=detail)
        return result


class Imports(imports_pb2_grpc.ImportServiceServicer):
    """Receives files and remembers their bytes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.reused: list[tuple[str, str]] = []
        self.removed: list[str] = []
        self.cancelled: list[str] = []
        self.failure: AppError | None = None
        self.rows_failure: AppError | None = None

    @allow(*_STAFF)
    async def UploadImport(self, request_iterator: Any, context: Any) -> Any:
        content, import_id = b"", ""
        async for message in request_iterator:
            if message.WhichOneof("part") == "head":
                import_id = message.head.import_id
            else:
                assert len(message.chunk) <= 1 << 20
                content += message.chunk
        if self.failure:
            raise self.failure
        self.files[import_id] = content
        return imports_pb2.UploadImportResponse(received_bytes=len(content))

    @allow(*_STAFF)
    async def ReuseUpload(self, request: Any, context: Any) -> Any:
        self.reused.append((request.import_id, request.from_import_id))
        return imports_pb2.ReuseUploadResponse()

    @allow(*_STAFF)
    async def GetImportProgress(self, request: Any, context: Any) -> Any:
        row = imports_pb2.RejectedRow(row=2, field="time", column="t", value="x", reason="not_a_date", detail="Row 2.")
        finding = imports_pb2.Finding(reason="not_a_date", field="time", column="t", rows_count=1, examples=[row])
        repair = mapping_pb2.Repair(reason="field_missing", action=mapping_pb2.REPAIR_ACTION_USE_TEXT, text="Unknown")
        repaired = imports_pb2.Finding(
            reason="field_missing", field="action_type", column="a", rows_count=2, repair=repair
        )
        steps = [imports_pb2.StepCount(activity="buy", rows_count=2)]
        return imports_pb2.GetImportProgressResponse(
            rows_read=3, rows_accepted=2, rows_rejected=1, progress_ratio=0.5, findings=[finding, repaired], steps=steps
        )

    @allow(*_STAFF)
    async def CancelImport(self, request: Any, context: Any) -> Any:
        self.cancelled.append(request.import_id)
        return imports_pb2.CancelImportResponse()

    @allow(*_STAFF)
    async def RemoveImport(self, request: Any, context: Any) -> Any:
        self.removed.append(request.import_id)
        return imports_pb2.RemoveImportResponse()

    @allow(*_STAFF)
    async def ListRejectedRows(self, request: Any, context: Any) -> Any:
        if self.rows_failure:
            raise self.rows_failure
        value = "=1+1" if not request.page_token else "-5"
        number = 2 if not request.page_token else 7
        row = imports_pb2.RejectedRow(
            row=number, field="time", column="t", value=value, reason="not_a_date", detail="No."
        )
        return imports_pb2.ListRejectedRowsResponse(rows=[row], next_page_token="" if request.page_token else "more")


class Questions(questions_pb2_grpc.QuestionServiceServicer):
    """Answers with fixed figures and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.version = "1"
        self.quality = questions_pb2.CheckQualityResponse()

    @allow(*_STAFF)
    async def GetDatasetStats(self, request: Any, context: Any) -> Any:
        stats = [
            questions_pb2.DatasetStats(
                dataset_id=dataset_id,
                events_count=42,
                sent_events_count=2,
                customers_count=6,
                activities_count=8,
                first_event_at=Timestamp(seconds=1_700_000_000, nanos=5_000_000),
                version=self.version,
                set_fields=["device_os"],
            )
            for dataset_id in request.dataset_ids
        ]
        return questions_pb2.GetDatasetStatsResponse(stats=stats)

    @allow(*_STAFF)
    async def GetDirectlyFollows(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        nodes = [
            questions_pb2.ActivityNode(
                activity="a", events_count=2, cases_count=2, starts_count=2, median_next_seconds=3
            ),
            questions_pb2.ActivityNode(activity="b", events_count=1, cases_count=1, ends_count=2),
        ]
        edges = [questions_pb2.DirectlyFollowsEdge(source="a", target="b", moves_count=1, cases_count=1, p90_seconds=9)]
        graph = questions_pb2.DirectlyFollowsGraph(events_count=3, cases_count=2, nodes=nodes, edges=edges)
        return questions_pb2.GetDirectlyFollowsResponse(graph=graph)

    @allow(*_STAFF)
    async def ListVariants(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        variants = [questions_pb2.Variant(activities=["a", "b"], cases_count=3, median_seconds=5)]
        return questions_pb2.ListVariantsResponse(
            cases_count=4, variants_count=2, variants=variants, next_page_token="n"
        )

    @allow(*_STAFF)
    async def GetPathTimes(self, request: Any, context: Any) -> Any:
        bins = [questions_pb2.TimeBin(from_seconds=0, to_seconds=1, moves_count=2)]
        return questions_pb2.GetPathTimesResponse(bins=bins, moves_count=2)

    @allow(*_STAFF)
    async def CountJourneys(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        return questions_pb2.CountJourneysResponse(
            cases_count=7, as_of=Timestamp(seconds=1_700_000_000), is_current=True
        )

    @allow(*_STAFF)
    async def CountJourneysByDay(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        days = [questions_pb2.JourneyDay(date=f"2024-05-0{day}", cases_count=4, reached_count=day) for day in (1, 2)]
        return questions_pb2.CountJourneysByDayResponse(days=days)

    @allow(*_STAFF)
    async def ListFieldValues(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        values = [
            questions_pb2.ValueCount(value="Linux", is_set=True, events_count=2),
            questions_pb2.ValueCount(is_set=False, events_count=1),
        ]
        return questions_pb2.ListFieldValuesResponse(values=values)

    @allow(*_STAFF)
    async def DescribeFields(self, request: Any, context: Any) -> Any:
        systems = questions_pb2.FieldDescription(field="device_os", events_count=2, values_count=1)
        systems.top_values.add(value="Linux", is_set=True, events_count=2)
        value = questions_pb2.FieldDescription(
            field="value", events_count=1, values_count=1, min_value=0, max_value=0.5
        )
        return questions_pb2.DescribeFieldsResponse(
            events_count=42, fields=[systems, value], properties_count=143, as_of=Timestamp(seconds=1_700_000_000)
        )

    @allow(*_STAFF)
    async def CheckQuality(self, request: Any, context: Any) -> Any:
        return self.quality

    @allow(*_STAFF)
    async def ListEvents(self, request: Any, context: Any) -> Any:
        event = questions_pb2.Event(
            dataset_id=request.scopes[0].dataset_id,
            event_id="e",
            customer_id="NA",
            action_type="buy",
            time=Timestamp(seconds=1_700_000_000, nanos=7_000_000),
            fields={"device_os": "Linux"},
            properties_json='{"x": 1}',
        )
        return questions_pb2.ListEventsResponse(events=[event])


class Fixes(fixes_pb2_grpc.FixServiceServicer):
    """Remembers what was to be fixed."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    @allow("staff")
    async def FixFinding(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        return fixes_pb2.FixFindingResponse(
            changed_count=3, removed_count=4, goal_activity=request.goal_activity.strip().capitalize()
        )

    @allow("staff")
    async def ListStepAliases(self, request: Any, context: Any) -> Any:
        return fixes_pb2.ListStepAliasesResponse(aliases=[fixes_pb2.StepAlias(alias=" a/b?c", activity="a/b?c")])

    @allow("staff")
    async def DeleteStepAlias(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        return fixes_pb2.DeleteStepAliasResponse()


class Analyses(analysis_pb2_grpc.AnalysisServiceServicer):
    """Keeps analyses in memory; each read moves one on its way to success."""

    def __init__(self) -> None:
        self.known: dict[str, analysis_pb2.Analysis] = {}
        self.deleted: dict[str, analysis_pb2.Analysis] = {}
        self.requests: list[Any] = []
        self.cancelled: list[str] = []
        self.result = analysis_pb2.AnalysisResult()
        self.failure: AppError | None = None
        self.gate: asyncio.Event | None = None
        self.called = asyncio.Event()

    @allow("staff")
    async def CreateAnalysis(self, request: Any, context: Any) -> Any:
        self.requests.append(request)
        self.called.set()
        if self.gate:
            await self.gate.wait()
        if self.failure:
            raise self.failure
        analysis = analysis_pb2.Analysis(
            analysis_id=f"analysis-{len(self.requests)}",
            kind=request.kind,
            scope=request.scope,
            filter_terms=request.filter_terms,
            parameters=request.parameters,
            from_date=request.from_date,
            to_date=request.to_date,
            dataset_name=request.dataset_name,
            status=analysis_pb2.ANALYSIS_STATUS_QUEUED,
            created_by_id=current_identity().user_id,
        )
        self.known[analysis.analysis_id] = analysis
        return analysis_pb2.CreateAnalysisResponse(analysis=analysis)

    def _find(self, analysis_id: str) -> analysis_pb2.Analysis:
        if analysis_id not in self.known:
            raise AppError(Code.NOT_FOUND, "analysis_not_found", f"There is no analysis {analysis_id!r}.")
        return self.known[analysis_id]

    @allow("staff")
    async def GetAnalysis(self, request: Any, context: Any) -> Any:
        analysis = self._find(request.analysis_id)
        answer = analysis_pb2.GetAnalysisResponse(analysis=analysis)
        if analysis.status < analysis_pb2.ANALYSIS_STATUS_SUCCEEDED:
            analysis.status += 1  # type: ignore[assignment]
        return answer

    @allow("staff")
    async def ListAnalyses(self, request: Any, context: Any) -> Any:
        self.requests.append(request)
        found = self.deleted if request.is_deleted else self.known
        return analysis_pb2.ListAnalysesResponse(analyses=found.values())

    @allow("staff")
    async def CancelAnalysis(self, request: Any, context: Any) -> Any:
        self.cancelled.append(request.analysis_id)
        self.called.set()
        if self.gate:
            await self.gate.wait()
        return analysis_pb2.CancelAnalysisResponse(analysis=self._find(request.analysis_id))

    @allow("staff")
    async def DeleteAnalysis(self, request: Any, context: Any) -> Any:
        analysis = self._find(request.analysis_id)
        analysis.deleted_at.FromSeconds(1_700_000_000)
        self.deleted[analysis.analysis_id] = self.known.pop(analysis.analysis_id)
        return analysis_pb2.DeleteAnalysisResponse()

    @allow("staff")
    async def RestoreAnalysis(self, request: Any, context: Any) -> Any:
        if analysis := self.deleted.pop(request.analysis_id, None):
            analysis.ClearField("deleted_at")
            self.known[analysis.analysis_id] = analysis
        return analysis_pb2.RestoreAnalysisResponse(analysis=self._find(request.analysis_id))

    @allow("staff")
    async def GetResult(self, request: Any, context: Any) -> Any:
        self._find(request.analysis_id)
        if self.result.WhichOneof("result") is None:
            raise AppError(Code.FAILED_PRECONDITION, "analysis_not_finished", "The analysis is not finished.")
        return analysis_pb2.GetResultResponse(result=self.result)

    @allow("staff")
    async def RenderGraph(self, request: Any, context: Any) -> Any:
        self._find(request.analysis_id)
        content = b"<svg/>" if request.is_dark else b"<svg></svg>"
        return analysis_pb2.RenderGraphResponse(content=content, media_type="image/svg+xml")


class Reports(report_pb2_grpc.ReportServiceServicer):
    """Answers with one day, and remembers which scope it was asked for."""

    asked: report_pb2.ReportScope

    @allow("staff")
    async def GetDailyReport(self, request: Any, context: Any) -> Any:
        self.asked = request.scope
        values = [
            questions_pb2.ValueCount(value="web", is_set=True, events_count=3),
            questions_pb2.ValueCount(is_set=False, events_count=1),
        ]
        day = report_pb2.ReportDay(date="2024-05-07", customers_count=2, touchpoints_count=4, by_value=values)
        return report_pb2.GetDailyReportResponse(
            from_date=request.scope.from_date,
            to_date=request.scope.to_date,
            days=[day],
            customers_count=2,
            touchpoints_count=4,
        )

    @allow("staff")
    async def GetHome(self, request: Any, context: Any) -> Any:
        self.asked = request.scope
        share = report_pb2.Share(value="buy", is_set=True, touchpoints_count=4, share_ratio=1)
        event = questions_pb2.Event(dataset_id="d", event_id="e", customer_id="c", action_type="buy", time=Timestamp())
        return report_pb2.GetHomeResponse(customers_count=2, touchpoints_count=4, actions=[share], newest=[event])


class Links(link_pb2_grpc.LinkServiceServicer):
    """A bot that nobody has linked yet."""

    @allow("staff")
    async def GetLink(self, request: Any, context: Any) -> Any:
        return link_pb2.GetLinkResponse(is_enabled=True, bot_username="cjm_bot")

    @allow("staff")
    async def CreateLinkCode(self, request: Any, context: Any) -> Any:
        return link_pb2.CreateLinkCodeResponse(
            code="c", deep_link="https://t.me/cjm_bot?start=c", expires_at=Timestamp()
        )

    @allow("staff")
    async def DeleteLink(self, request: Any, context: Any) -> Any:
        return link_pb2.DeleteLinkResponse()

    @allow("staff")
    async def SendTestMessage(self, request: Any, context: Any) -> Any:
        raise AppError(Code.NOT_FOUND, "telegram_not_linked", "No chat is linked.")


@dataclass
class Behind:
    """The services behind the gateway that are not real here."""

    intake: Intake
    imports: Imports = field(default_factory=Imports)
    questions: Questions = field(default_factory=Questions)
    fixes: Fixes = field(default_factory=Fixes)
    analyses: Analyses = field(default_factory=Analyses)
    reports: Reports = field(default_factory=Reports)

    async def serve(self, settings: ServiceSettings, signer: IdentitySigner) -> RpcServer:
        server = RpcServer(
            settings,
            [
                (intake_pb2_grpc.add_IntakeServiceServicer_to_server, self.intake),
                (imports_pb2_grpc.add_ImportServiceServicer_to_server, self.imports),
                (questions_pb2_grpc.add_QuestionServiceServicer_to_server, self.questions),
                (fixes_pb2_grpc.add_FixServiceServicer_to_server, self.fixes),
                (analysis_pb2_grpc.add_AnalysisServiceServicer_to_server, self.analyses),
                (report_pb2_grpc.add_ReportServiceServicer_to_server, self.reports),
                (link_pb2_grpc.add_LinkServiceServicer_to_server, Links()),
            ],
            signer,
            Telemetry("behind"),
        )
        await server.start()
        return server


@dataclass
class Running:
    """A running gateway.

    Attributes:
        url: Where it listens.
        settings: Its settings.
        behind: The servicers behind it.
        catalog_stop: Ends the catalog.
    """

    url: str
    settings: GatewaySettings
    behind: Behind
    catalog_stop: Callable[[], Awaitable[None]]
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A fresh browser or program, not signed in."""
        client = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)
        self.clients.append(client)
        return client

    async def sign_in(self, username: str, password: str) -> httpx.AsyncClient:
        """A browser with a session."""
        client = self.client()
        answer = await client.post("/api/v1/session", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return client


@pytest.fixture(scope="session")
def catalog_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Database of a catalog with its first administrator, made once because hashing a password takes its time."""
    folder = tmp_path_factory.mktemp("catalog")
    settings = CatalogSettings(identity_secret=SecretStr("x" * 32), data_dir=folder)
    asyncio.run(create_first_admin(settings, SecretStr(ADMIN_PASSWORD)))
    return folder / "catalog.sqlite"


@pytest_asyncio.fixture
async def running(
    settings: ServiceSettings, signer: IdentitySigner, tmp_path: Path, catalog_file: Path
) -> AsyncIterator[Running]:
    behind = Behind(Intake(signer))
    server = await behind.serve(settings, signer)
    common = settings.model_dump() | {"identity_secret": settings.identity_secret}
    rpc_listen = f"127.0.0.1:{free_port()}"
    catalog_settings = CatalogSettings(**common | {"rpc_listen": rpc_listen, "data_dir": tmp_path / "catalog"})
    catalog_settings.data_dir.mkdir()
    shutil.copy(catalog_file, catalog_settings.data_dir)
    catalog = await build_catalog(catalog_settings)
    await catalog.start()
    (tmp_path / "static" / "assets").mkdir(parents=True)
    (tmp_path / "static" / "index.html").write_text("<!doctype html><title>page</title>")
    (tmp_path / "static" / "assets" / "app-1a2b.js").write_text("console.log('plain')")
    (tmp_path / "static" / "assets" / "app-1a2b.js.br").write_bytes(b"packed")
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "ecom.csv.gz").write_bytes(b"\x1f\x8b sample")
    others = {f"{name}_target": f"127.0.0.1:{server.port}" for name in ("ingest", "intake", "mining", "metrics", "bot")}
    gateway_settings = GatewaySettings(
        **common
        | others
        | {
            "catalog_target": rpc_listen,
            "http_port": free_port(),
            "max_upload_bytes": 3_000_000,
            "import_from_private_addresses": True,  # files of tests lie on this machine
            "static_dir": tmp_path / "static",
            "samples_dir": tmp_path / "samples",
        }
    )
    gateway = await build(gateway_settings)
    await gateway.start()
    running = Running(f"http://127.0.0.1:{gateway_settings.http_port}", gateway_settings, behind, catalog.stop)
    yield running
    for client in running.clients:
        await client.aclose()
    await gateway.stop()
    await catalog.stop()
    await server.stop()


@pytest_asyncio.fixture
async def admin(running: Running) -> httpx.AsyncClient:
    return await running.sign_in("admin", ADMIN_PASSWORD)


@pytest_asyncio.fixture
async def analyst(running: Running, admin: httpx.AsyncClient) -> httpx.AsyncClient:
    body = {"username": "ana", "password": ANALYST_PASSWORD, "role": "analyst"}
    answer = await admin.post("/api/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    return await running.sign_in("ana", ANALYST_PASSWORD)


@pytest_asyncio.fixture
async def dataset_id(admin: httpx.AsyncClient) -> str:
    answer = await admin.post("/api/v1/datasets", json={"name": "Web shop", "time_zone": "Europe/Berlin"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest_asyncio.fixture
async def token(admin: httpx.AsyncClient, dataset_id: str) -> dict[str, Any]:
    answer = await admin.post("/api/v1/tokens", json={"name": "shop", "dataset_ids": [dataset_id]})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture
def system(running: Running, token: dict[str, Any]) -> httpx.AsyncClient:
    return running.client(Authorization=f"Bearer {token['secret']}")
