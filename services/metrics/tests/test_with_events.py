"""Reports of real events: catalog, ingest and metrics run as in production, on a published log."""

import asyncio
import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from cjm_catalog import bootstrap
from cjm_catalog import main as catalog_main
from cjm_catalog.settings import CatalogSettings
from cjm_ingest import main as ingest_main
from cjm_ingest.settings import IngestSettings
from cjm_kit.errors import AppError
from cjm_kit.identity import IdentitySigner, acting_as, staff_identity
from cjm_kit.rpc import RpcClient
from cjm_kit.settings import ServiceSettings
from cjm_launcher.instance import free_port
from cjm_metrics import main as metrics_main
from cjm_metrics.settings import MetricsSettings
from cjm_protos.catalog.v1 import account_pb2, dataset_pb2, import_log_pb2, mapping_pb2
from cjm_protos.catalog.v1.account_pb2_grpc import AccountServiceStub
from cjm_protos.catalog.v1.dataset_pb2_grpc import DatasetServiceStub
from cjm_protos.catalog.v1.import_log_pb2_grpc import ImportLogServiceStub
from cjm_protos.ingest.v1 import imports_pb2
from cjm_protos.ingest.v1.imports_pb2_grpc import ImportServiceStub
from cjm_protos.ingest.v1.scope_pb2 import Contains, FieldIn, Filter, FilterGroup
from cjm_protos.metrics.v1 import report_pb2
from cjm_protos.metrics.v1.report_pb2_grpc import ReportServiceStub

PASSWORD = SecretStr("only for this test")
COLUMNS = {
    "customer_id": "user_id",
    "action_type": "event",
    "time": "timestamp",
    "device_category": "platform",
    "channel_type": "acquisition_channel",
}
SAMPLE = Path(__file__).parents[3] / "samples" / "ecom.csv.gz"
RUNNING = (import_log_pb2.IMPORT_STATUS_QUEUED, import_log_pb2.IMPORT_STATUS_RUNNING)


@dataclass
class Running:
    """The three services, the administrator and one analyst."""

    catalog: RpcClient
    ingest: RpcClient
    metrics: RpcClient
    admin_id: str
    analyst_id: str = ""

    @contextmanager
    def admin(self) -> Iterator[None]:
        with acting_as(staff_identity(self.admin_id, is_admin=True)):
            yield

    @contextmanager
    def analyst(self) -> Iterator[None]:
        with acting_as(staff_identity(self.analyst_id, is_admin=False)):
            yield

    async def dataset(self, name: str, *, is_public: bool) -> str:
        with self.admin():
            request = dataset_pb2.CreateDatasetRequest(name=name, is_public=is_public)
            made = await self.catalog.stub(DatasetServiceStub).CreateDataset(request)
        return made.dataset.dataset_id

    async def bring(self, dataset_id: str, file_name: str, content: bytes) -> import_log_pb2.ImportEntry:
        """Imports a file and waits for its end."""
        columns = [mapping_pb2.MappingColumn(field=field, column=column) for field, column in COLUMNS.items()]
        log = self.catalog.stub(ImportLogServiceStub)
        with self.admin():
            opened = await log.CreateImport(
                import_log_pb2.CreateImportRequest(
                    dataset_id=dataset_id, file_name=file_name, mapping=mapping_pb2.Mapping(columns=columns)
                )
            )
            import_id = opened.entry.import_id
            parts = [imports_pb2.UploadImportRequest(head=imports_pb2.UploadHead(import_id=import_id))]
            parts += [imports_pb2.UploadImportRequest(chunk=content)]
            await self.ingest.stub(ImportServiceStub).UploadImport(iter(parts))
            async with asyncio.timeout(60):
                while True:
                    entry = (await log.GetImport(import_log_pb2.GetImportRequest(import_id=import_id))).entry
                    if entry.status not in RUNNING:
                        return entry
                    await asyncio.sleep(0.05)

    async def daily(
        self, *, dimension: report_pb2.Dimension.ValueType = report_pb2.DIMENSION_UNSPECIFIED, **scope: Any
    ) -> report_pb2.GetDailyReportResponse:
        request = report_pb2.GetDailyReportRequest(scope=report_pb2.ReportScope(**scope), dimension=dimension)
        return await self.metrics.stub(ReportServiceStub).GetDailyReport(request)

    async def home(self, dataset_id: str = "", **scope: Any) -> report_pb2.GetHomeResponse:
        request = report_pb2.GetHomeRequest(scope=report_pb2.ReportScope(dataset_id=dataset_id, **scope))
        return await self.metrics.stub(ReportServiceStub).GetHome(request)


@pytest_asyncio.fixture
async def running(settings: ServiceSettings, signer: IdentitySigner) -> AsyncIterator[Running]:
    """Catalog, ingest and metrics, empty."""
    targets = {name: f"127.0.0.1:{free_port()}" for name in ("catalog", "ingest", "metrics")}
    common = settings.model_dump() | {f"{name}_target": target for name, target in targets.items()}

    def values(name: str) -> dict[str, Any]:
        return {**common, "rpc_listen": targets[name], "data_dir": settings.data_dir / name}

    catalog_settings = CatalogSettings(**values("catalog"))
    await bootstrap.create_first_admin(catalog_settings, PASSWORD)
    components = [
        await catalog_main.build(catalog_settings),
        await ingest_main.build(IngestSettings(**values("ingest"))),
        await metrics_main.build(MetricsSettings(**values("metrics"))),
    ]
    async with AsyncExitStack() as stack:
        for component in components:
            stack.push_async_callback(component.stop)
            await component.start()
            assert await component.is_ready()
        catalog, ingest, metrics = clients = [RpcClient(target, signer, "gateway") for target in targets.values()]
        for client in clients:
            stack.push_async_callback(client.close)
        accounts = catalog.stub(AccountServiceStub)
        password = PASSWORD.get_secret_value()
        login = await accounts.Login(account_pb2.LoginRequest(username="admin", password=password))
        running = Running(catalog, ingest, metrics, admin_id=login.user.user_id)
        with running.admin():
            analyst = account_pb2.CreateUserRequest(username="eva", password=password, role=account_pb2.ROLE_ANALYST)
            running.analyst_id = (await accounts.CreateUser(analyst)).user.user_id
        yield running


async def test_figures_of_a_published_log(running: Running, shared_data: Path) -> None:
    facts = json.loads((shared_data / "FACTS.json").read_text())["clickstream/ecom.csv.gz"]
    dataset_id = await running.dataset("shop", is_public=True)
    content = (shared_data / "clickstream" / "ecom.csv.gz").read_bytes()
    entry = await running.bring(dataset_id, "ecom.csv.gz", content)
    assert (entry.status, entry.rows_accepted) == (import_log_pb2.IMPORT_STATUS_COMPLETED, facts["rows"])

    with running.analyst():
        report = await running.daily(dataset_id=dataset_id)
        busiest = await running.daily(
            dataset_id=dataset_id,
            from_date=facts["busiest_day"][0],
            to_date=facts["busiest_day"][0],
            dimension=report_pb2.DIMENSION_DEVICE_CATEGORY,
        )
        split = await running.daily(dimension=report_pb2.DIMENSION_DATASET)
        home = await running.home(dataset_id)

    counted = {day.date: [day.touchpoints_count, day.customers_count] for day in report.days if day.touchpoints_count}
    assert counted == facts["daily_report"]
    assert (report.from_date, report.to_date) == ("2024-01-04", "2024-06-29")
    assert len(report.days) == 178
    assert (report.customers_count, report.touchpoints_count) == (facts["users"], facts["rows"])

    (day,) = busiest.days
    assert [day.date, day.touchpoints_count] == facts["busiest_day"] == ["2024-05-07", 430]
    assert {item.value: item.events_count for item in day.by_value} == facts["daily_by_platform_2024-05-07"]
    assert {item.value for day in split.days for item in day.by_value} == {"shop"}

    assert (home.customers_count, home.touchpoints_count) == (facts["users"], facts["rows"])
    for shares, expected in (
        (home.actions, facts["event"]),
        (home.channels, facts["acquisition_channel"]),
        (home.device_categories, facts["platform"]),
    ):
        assert {share.value: share.touchpoints_count for share in shares} == expected
        assert sum(share.share_ratio for share in shares) == pytest.approx(1)
    assert home.last_event_at.ToJsonString() == "2024-06-29T22:02:40Z"
    assert home.newest[0].time == home.last_event_at
    assert len(home.newest) == 5
    expected_days = [facts["daily_report"][f"2024-06-{number:02}"] for number in range(1, 30)]
    assert [[day.touchpoints_count, day.customers_count] for day in home.days[1:]] == expected_days


async def test_private_data_stays_private(running: Running) -> None:
    head = ",".join(COLUMNS.values())
    private, public = await running.dataset("private", is_public=False), await running.dataset("public", is_public=True)
    await running.bring(private, "a.csv", f"{head}\n1,view,2024-05-01 10:00:00,mobile,\n".encode())
    await running.bring(
        public, "b.csv", f"{head}\n1,view,2024-05-01 10:00:00,,web\n2,buy,2024-05-03 23:59:59,,\n".encode()
    )
    with running.analyst():
        for call in (running.daily(dataset_id=private), running.home(private)):
            with pytest.raises(AppError, match="dataset_not_found"):
                await call
        report = await running.daily(to_date="2024-05-03")
        assert [day.touchpoints_count for day in report.days] == [1, 0, 1]
        home = await running.home()
        assert (home.customers_count, home.touchpoints_count) == (2, 2)
        assert [(s.value, s.is_set, s.touchpoints_count, s.share_ratio) for s in home.channels] == [
            ("web", True, 1, 1.0),
            ("", False, 1, 0.0),
        ]
    with running.admin():
        assert (await running.home(private)).touchpoints_count == 1


async def test_filters_keep_what_a_plain_count_keeps(running: Running) -> None:
    """The sample: journeys by session (pause of an hour) in which the cart is filled, on mobile or desktop devices."""
    content = SAMPLE.read_bytes()
    dataset_id = await running.dataset("shop", is_public=True)
    await running.bring(dataset_id, "ecom.csv.gz", content)
    sessions: dict[tuple[str, int], list[dict[str, str]]] = {}
    last: dict[str, tuple[datetime, int]] = {}
    rows = csv.DictReader(io.StringIO(gzip.decompress(content).decode()))
    for row in sorted(rows, key=lambda row: row[COLUMNS["time"]]):
        if row[COLUMNS["device_category"]] == "desktop":
            continue
        customer, time = row[COLUMNS["customer_id"]], datetime.fromisoformat(row[COLUMNS["time"]])
        before, number = last.get(customer, (time, 0))
        number += time - before > timedelta(hours=1)
        last[customer] = time, number
        sessions.setdefault((customer, number), []).append(row)
    step, moment = COLUMNS["action_type"], COLUMNS["time"]
    kept = [
        row for session in sessions.values() if any(row[step] == "add_to_cart" for row in session) for row in session
    ]
    assert 0 < len(kept) < 31_106

    cart, phones = Filter(contains=Contains(activities=["add_to_cart"])), Filter()
    getattr(phones, "not").field_in.CopyFrom(FieldIn(field="device_category", values=["desktop"]))
    keep = Filter(all_of=FilterGroup(filters=[phones, cart]))
    scope: dict[str, Any] = {"case_notion": dataset_pb2.CASE_NOTION_SESSION, "session_gap_minutes": 60, "filter": keep}
    with running.admin():
        report = await running.daily(dataset_id=dataset_id, **scope)
        home = await running.home(dataset_id, from_date="2024-05-01", to_date="2024-05-31", **scope)
    assert {day.date: day.touchpoints_count for day in report.days if day.touchpoints_count} == Counter(
        row[moment][:10] for row in kept
    )
    assert report.customers_count == len({row[COLUMNS["customer_id"]] for row in kept})
    assert home.touchpoints_count == sum(row[moment].startswith("2024-05") for row in kept) > 0
    with running.analyst(), pytest.raises(AppError, match="dataset_analysis_not_allowed"):
        await running.daily(dataset_id=dataset_id, **scope)
