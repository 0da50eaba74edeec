"""Reports over gRPC, with sources in memory that count by hand."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from cjm_kit.errors import AppError, Code
from cjm_kit.identity import Identity, IdentitySigner, acting_as, service_identity, staff_identity
from cjm_kit.rpc import RpcClient, RpcServer
from cjm_kit.settings import ServiceSettings
from cjm_kit.telemetry import Telemetry
from cjm_metrics.application import Reports
from cjm_metrics.domain import DatasetInfo, DatasetStats, Day, DayCounts, EventScope, ValueCount
from cjm_metrics.entrypoints import ReportServicer
from cjm_protos.ingest.v1.questions_pb2 import Event
from cjm_protos.ingest.v1.scope_pb2 import FieldIn, Filter
from cjm_protos.metrics.v1 import report_pb2
from cjm_protos.metrics.v1.report_pb2_grpc import ReportServiceStub, add_ReportServiceServicer_to_server

SHOP = DatasetInfo("1", "shop", "Europe/Berlin")
PHONE = DatasetInfo("2", "phone", "Europe/Berlin")


def event(dataset: DatasetInfo, customer: str, time: datetime, action: str, **fields: str) -> Event:
    message = Event(dataset_id=dataset.dataset_id, customer_id=customer, action_type=action, fields=fields)
    message.time.FromDatetime(time)
    return message


@dataclass
class Memory:
    """Datasets and events in memory."""

    datasets: list[DatasetInfo]
    events: list[Event]
    counts_asked: int = 0
    public: set[str] = field(default_factory=set)
    now: datetime = datetime(2024, 5, 10, 12, tzinfo=UTC)

    async def dataset(self, dataset_id: str) -> DatasetInfo:
        for dataset in self.datasets:
            if dataset.dataset_id == dataset_id:
                return dataset
        raise AppError(Code.NOT_FOUND, "dataset_not_found", "There is no such dataset.")

    async def public_datasets(self) -> list[DatasetInfo]:
        return [dataset for dataset in self.datasets if dataset.dataset_id in self.public]

    async def stats(self, dataset_ids: Sequence[str]) -> list[DatasetStats]:
        found = []
        for dataset_id in dataset_ids:
            times = [self._time(item) for item in self._of([dataset_id])]
            customers = {item.customer_id for item in self._of([dataset_id])}
            if times:
                today = self.now.astimezone(ZoneInfo("Europe/Berlin")).date()
                so_far = [time for time in times if time.astimezone(ZoneInfo("Europe/Berlin")).date() <= today]
                period, later = (min(times), max(so_far or times)), len(times) - len(so_far)
                found.append(DatasetStats(dataset_id, len(times), len(customers), *period, str(len(times)), later))
        return found

    async def count_by_day(self, scopes: Sequence[EventScope], zone: ZoneInfo, by_field: str) -> DayCounts:
        self.counts_asked += 1
        chosen = self._in(scopes)
        by_day: dict[date, list[Event]] = {}
        for item in chosen:
            by_day.setdefault(self._time(item).astimezone(zone).date(), []).append(item)
        days = [
            Day(day, len(self._customers(items)), len(items), tuple(self._values(items, by_field)) if by_field else ())
            for day, items in sorted(by_day.items())
        ]
        return DayCounts(days, len(self._customers(chosen)), len(chosen))

    async def values(self, scopes: Sequence[EventScope], field: str) -> list[ValueCount]:
        return self._values(self._in(scopes), field)

    async def newest(self, scopes: Sequence[EventScope], count: int) -> list[Event]:
        return sorted(self._in(scopes), key=self._time, reverse=True)[:count]

    def _of(self, dataset_ids: Sequence[str]) -> list[Event]:
        return [item for item in self.events if item.dataset_id in dataset_ids]

    def _in(self, scopes: Sequence[EventScope]) -> list[Event]:
        found: list[Event] = []
        for scope in scopes:
            wanted = Filter.FromString(scope.selection.filter).field_in
            found += [
                item
                for item in self._of([scope.dataset.dataset_id])
                if scope.period is None or scope.period[0] <= self._time(item) < scope.period[1]
                if not wanted.field or item.fields.get(wanted.field) in wanted.values
            ]
        return found

    @staticmethod
    def _time(item: Event) -> datetime:
        return item.time.ToDatetime(UTC)

    @staticmethod
    def _customers(items: list[Event]) -> set[tuple[str, str]]:
        return {(item.dataset_id, item.customer_id) for item in items}

    @staticmethod
    def _values(items: list[Event], name: str) -> list[ValueCount]:
        counter = Counter(item.fields.get(name) or getattr(item, name, None) for item in items)
        return [ValueCount(value or "", value is not None, count) for value, count in counter.most_common()]


@pytest.fixture
def memory() -> Memory:
    """Two datasets; the last event of the shop is after midnight in Berlin but not in UTC."""
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    events = [
        event(SHOP, "anna", noon, "home", channel_type="web"),
        event(SHOP, "anna", noon.replace(minute=1), "cart", channel_type="web"),
        event(SHOP, "bert", noon.replace(day=3), "home", channel_type="app"),
        event(SHOP, "bert", noon.replace(day=3, hour=22), "cart"),
        event(PHONE, "anna", noon.replace(day=2), "call", channel_type="voice"),
    ]
    return Memory([SHOP, PHONE], events, public={SHOP.dataset_id, PHONE.dataset_id})


@pytest_asyncio.fixture
async def client(memory: Memory, signer: IdentitySigner, tmp_path: Path) -> AsyncIterator[RpcClient]:
    """A client of the running service."""
    settings = ServiceSettings(
        identity_secret="not used here, the signer is given",  # type: ignore[arg-type]
        data_dir=tmp_path,
        shutdown_seconds=0.2,
    )
    servicer = ReportServicer(Reports(memory, lambda: memory.now))
    registrations = [(add_ReportServiceServicer_to_server, servicer)]
    server = RpcServer(settings, registrations, signer, Telemetry("metrics"))
    await server.start()
    client = RpcClient(f"127.0.0.1:{server.port}", signer, "gateway")
    yield client
    await client.close()
    await server.stop()


async def daily(
    client: RpcClient, *, dimension: report_pb2.Dimension.ValueType = report_pb2.DIMENSION_UNSPECIFIED, **scope: Any
) -> report_pb2.GetDailyReportResponse:
    request = report_pb2.GetDailyReportRequest(scope=report_pb2.ReportScope(**scope), dimension=dimension)
    with acting_as(staff_identity("eva", is_admin=False)):
        return await client.stub(ReportServiceStub).GetDailyReport(request)


async def home(client: RpcClient, **scope: Any) -> report_pb2.GetHomeResponse:
    request = report_pb2.GetHomeRequest(scope=report_pb2.ReportScope(**scope))
    with acting_as(staff_identity("eva", is_admin=False)):
        return await client.stub(ReportServiceStub).GetHome(request)


def days_of(days: Sequence[report_pb2.ReportDay]) -> list[tuple[str, int, int]]:
    return [(day.date, day.customers_count, day.touchpoints_count) for day in days]


async def test_days_are_those_of_the_time_zone_and_gaps_are_zero(client: RpcClient) -> None:
    report = await daily(client, dataset_id="1")
    assert (report.from_date, report.to_date, report.time_zone) == ("2024-05-01", "2024-05-04", "Europe/Berlin")
    assert days_of(report.days) == [
        ("2024-05-01", 1, 2),
        ("2024-05-02", 0, 0),
        ("2024-05-03", 1, 1),
        ("2024-05-04", 1, 1),
    ]
    assert (report.customers_count, report.touchpoints_count) == (2, 4)


async def test_the_last_day_of_a_period_counts_whole(client: RpcClient) -> None:
    report = await daily(client, dataset_id="1", from_date="2024-05-03", to_date="2024-05-03")
    assert days_of(report.days) == [("2024-05-03", 1, 1)]
    assert (report.customers_count, report.touchpoints_count) == (1, 1)


async def test_a_report_is_split_by_values_and_not_set(client: RpcClient) -> None:
    report = await daily(client, dataset_id="1", dimension=report_pb2.DIMENSION_CHANNEL_TYPE)
    split = [[(item.value, item.is_set, item.events_count) for item in day.by_value] for day in report.days]
    assert split == [[("web", True, 2)], [], [("app", True, 1)], [("", False, 1)]]


async def test_without_a_dataset_all_public_ones_count_by_name(client: RpcClient, memory: Memory) -> None:
    report = await daily(client, dimension=report_pb2.DIMENSION_DATASET)
    assert (report.customers_count, report.touchpoints_count) == (3, 5)
    assert [[item.value for item in day.by_value] for day in report.days] == [["shop"], ["phone"], ["shop"], ["shop"]]
    memory.public = {PHONE.dataset_id}
    assert (await daily(client)).touchpoints_count == 1
    memory.public = set()
    assert not (await daily(client)).days


async def test_empty_datasets_have_empty_reports(client: RpcClient, memory: Memory) -> None:
    memory.events = []
    report = await daily(client, dataset_id="1")
    assert (report.from_date, report.to_date, list(report.days)) == ("", "", [])
    report = await daily(client, dataset_id="1", from_date="2024-05-01", to_date="2024-05-02")
    assert days_of(report.days) == [("2024-05-01", 0, 0), ("2024-05-02", 0, 0)]
    assert await home(client, dataset_id="1") == report_pb2.GetHomeResponse()


@pytest.mark.parametrize(
    ("request_fields", "code", "reason"),
    [
        ({"from_date": "2024-05-02", "to_date": "2024-05-01"}, Code.INVALID_ARGUMENT, "period_reversed"),
        ({"from_date": "2000-01-01", "to_date": "2024-05-01"}, Code.INVALID_ARGUMENT, "period_too_long"),
        ({"from_date": "yesterday"}, Code.INVALID_ARGUMENT, "date_invalid"),
        ({"dataset_id": "3"}, Code.NOT_FOUND, "dataset_not_found"),
    ],
)
async def test_what_cannot_be_reported_is_refused(
    client: RpcClient, request_fields: dict[str, Any], code: Code, reason: str
) -> None:
    with pytest.raises(AppError) as caught:
        await daily(client, **{"dataset_id": "1", **request_fields})
    assert (caught.value.code, caught.value.reason) == (code, reason)


async def test_home_numbers(client: RpcClient, memory: Memory) -> None:
    answer = await home(client)
    assert (answer.customers_count, answer.touchpoints_count) == (3, 5)
    assert [(item.dataset_id, item.action_type) for item in answer.newest] == [
        ("1", "cart"),
        ("1", "home"),
        ("2", "call"),
        ("1", "cart"),
        ("1", "home"),
    ]
    assert answer.newest[0].time == answer.last_event_at
    assert [(item.value, item.share_ratio) for item in answer.channels if item.is_set] == [
        ("web", 0.5),
        ("app", 0.25),
        ("voice", 0.25),
    ]
    assert [(item.touchpoints_count, item.share_ratio) for item in answer.channels if not item.is_set] == [(1, 0.0)]
    assert sum(item.share_ratio for item in answer.actions) == pytest.approx(1)
    assert [(item.is_set, item.touchpoints_count) for item in answer.device_categories] == [(False, 5)]
    assert len(answer.days) == 30
    assert (answer.days[0].date, answer.days[-1].date) == ("2024-04-05", "2024-05-04")
    assert sum(day.touchpoints_count for day in answer.days) == 5
    assert (await home(client, dataset_id="2")).touchpoints_count == 1


async def test_home_numbers_are_those_of_the_period_and_the_filter(client: RpcClient) -> None:
    web = Filter(field_in=FieldIn(field="channel_type", values=["web"]))
    answer = await home(client, dataset_id="1", filter=web)
    assert (answer.customers_count, answer.touchpoints_count, answer.from_date) == (1, 2, "")
    assert [item.action_type for item in answer.newest] == ["cart", "home"]
    assert answer.newest[0].time == answer.last_event_at
    assert [(item.value, item.touchpoints_count) for item in answer.channels] == [("web", 2)]
    # The days shown do not move with the filter.
    assert (len(answer.days), answer.days[-1].date) == (30, "2024-05-04")
    assert sum(day.touchpoints_count for day in answer.days) == 2
    answer = await home(client, dataset_id="1", from_date="2024-05-02")
    assert (answer.from_date, answer.to_date) == ("2024-05-02", "2024-05-04")
    assert (answer.customers_count, answer.touchpoints_count, len(answer.newest)) == (1, 2, 2)
    assert days_of(answer.days) == [("2024-05-02", 0, 0), ("2024-05-03", 1, 1), ("2024-05-04", 1, 1)]
    assert [item.value for item in answer.channels if item.is_set] == ["app"]
    answer = await home(client, dataset_id="1", from_date="2024-05-02", filter=web)
    assert (answer.touchpoints_count, len(answer.newest), answer.HasField("last_event_at")) == (0, 0, False)
    with pytest.raises(AppError, match="period_reversed"):
        await home(client, dataset_id="1", from_date="2024-05-02", to_date="2024-05-01")


async def test_a_wrong_time_spoils_no_default(client: RpcClient, memory: Memory) -> None:
    memory.events += [event(SHOP, "carl", datetime(year, 1, 1, tzinfo=UTC), "home") for year in (1960, 2099)]
    scopes: list[dict[str, Any]] = [{"dataset_id": "1"}, {}]
    for scope in scopes:
        report = await daily(client, **scope)
        assert (report.from_date, report.to_date, len(report.days)) == ("2014-04-28", "2024-05-04", 3660)
        answer = await home(client, **scope)
        assert (answer.days[0].date, answer.days[-1].date, answer.today) == ("2024-04-05", "2024-05-04", "2024-05-10")
        assert answer.last_event_at.ToJsonString() == "2024-05-03T22:00:00Z"
        assert answer.newest[0].time == answer.last_event_at
        assert len(answer.newest) == 5
        assert answer.touchpoints_count == len(memory.events) - (2 if scope else 1)
    # What was asked for stays what it was.
    report = await daily(client, dataset_id="1", from_date="2098-12-31", to_date="2099-01-01")
    assert [day.touchpoints_count for day in report.days] == [0, 1]
    answer = await home(client, dataset_id="1", from_date="2099-01-01", to_date="2099-01-01")
    assert (answer.touchpoints_count, answer.last_event_at.ToDatetime().year) == (1, 2099)


async def test_where_all_days_lie_ahead_they_show(client: RpcClient, memory: Memory) -> None:
    memory.now = datetime(2024, 4, 30, 21, 59, tzinfo=UTC)
    assert (await daily(client, dataset_id="1")).to_date == "2024-05-04"
    answer = await home(client, dataset_id="1")
    assert (answer.days[-1].date, answer.today, len(answer.newest)) == ("2024-05-04", "2024-04-30", 4)
    # A minute later it is the first of May in Berlin, and the touchpoints of that day are the latest.
    memory.now = datetime(2024, 4, 30, 22, tzinfo=UTC)
    assert (await daily(client, dataset_id="1")).to_date == "2024-05-01"
    answer = await home(client, dataset_id="1")
    assert (answer.days[-1].date, answer.today, len(answer.newest)) == ("2024-05-01", "2024-05-01", 2)


async def test_a_report_counts_what_the_filter_keeps(client: RpcClient) -> None:
    web_or_voice = Filter(field_in=FieldIn(field="channel_type", values=["web", "voice"]))
    report = await daily(client, filter=web_or_voice)
    assert (report.from_date, report.to_date) == ("2024-05-01", "2024-05-04")
    assert [day.touchpoints_count for day in report.days] == [2, 1, 0, 0]
    assert (report.customers_count, report.touchpoints_count) == (2, 3)


async def test_counts_are_remembered_until_events_or_datasets_change(client: RpcClient, memory: Memory) -> None:
    for _ in range(3):
        await daily(client, dataset_id="1")
        await home(client, dataset_id="1")
    assert memory.counts_asked == 2
    for channel in ("web", "app"):
        scope: dict[str, Any] = {
            "dataset_id": "1",
            "filter": Filter(field_in=FieldIn(field="channel_type", values=[channel])),
        }
        assert (await daily(client, **scope)).touchpoints_count == {"web": 2, "app": 1}[channel]
    assert memory.counts_asked == 4
    # What was counted for who may analyse is not for who may not.
    memory.datasets[0] = replace(SHOP, can_analyse=True)
    await daily(client, dataset_id="1")
    assert memory.counts_asked == 5
    memory.events.append(event(SHOP, "carl", datetime(2024, 5, 2, 9, tzinfo=UTC), "home"))
    assert (await daily(client, dataset_id="1")).touchpoints_count == 5
    assert (await home(client, dataset_id="1")).customers_count == 3
    memory.datasets[0] = DatasetInfo("1", "shop", "UTC")
    assert len((await daily(client, dataset_id="1")).days) == 3


@pytest.mark.parametrize(
    "identity",
    [
        service_identity("bot"),
        Identity("token:x", frozenset({"system"}), scopes=frozenset({"events:write"})),
        Identity("anyone", frozenset()),
    ],
)
async def test_only_staff_come_in(client: RpcClient, identity: Identity) -> None:
    stub = client.stub(ReportServiceStub)
    with acting_as(identity):
        with pytest.raises(AppError, match="not_allowed"):
            await stub.GetDailyReport(report_pb2.GetDailyReportRequest())
        with pytest.raises(AppError, match="not_allowed"):
            await stub.GetHome(report_pb2.GetHomeRequest())
