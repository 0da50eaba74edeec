"""The question service over gRPC: rights, pages, reasons, and calls that are given up."""

import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp

from cjm_access import DatasetAccess
from cjm_ingest.adapters.event_store.journey_questions import count_journeys
from cjm_ingest.adapters.event_store.questions import EventStoreQuestions
from cjm_ingest.adapters.event_store.store import EventStore, StoreReader
from cjm_ingest.adapters.import_log import CatalogImportLog
from cjm_ingest.domain.scope import CaseNotion, Scope
from cjm_ingest.entrypoints.questions_rpc import QuestionServicer
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import Identity, IdentitySigner, acting_as
from cjm_kit.rpc import RpcClient, RpcServer, allow
from cjm_kit.settings import ServiceSettings
from cjm_kit.telemetry import Telemetry
from cjm_protos.catalog.v1 import dataset_pb2, dataset_pb2_grpc, import_log_pb2, import_log_pb2_grpc
from cjm_protos.ingest.v1 import questions_pb2 as pb
from cjm_protos.ingest.v1 import questions_pb2_grpc, scope_pb2

ANALYST = Identity("user:analyst", frozenset({"staff"}))
VIEWER = Identity("user:viewer", frozenset({"staff"}))
STRANGER = Identity("user:stranger", frozenset({"staff"}))
TOKEN = Identity("token:shop", frozenset({"system"}))
SCOPE = scope_pb2.Scope(dataset_id="d")


class Catalog(dataset_pb2_grpc.DatasetServiceServicer):
    """Knows one dataset and two people."""

    @allow("service")
    async def GetAccess(self, request: dataset_pb2.GetAccessRequest, context: object) -> dataset_pb2.GetAccessResponse:
        access = dataset_pb2.Access(
            can_see=request.subject in (ANALYST.subject, VIEWER.subject), can_analyse=request.subject == ANALYST.subject
        )
        return dataset_pb2.GetAccessResponse(exists=request.dataset_id == "d", access=access, time_zone="UTC")


class ImportLog(import_log_pb2_grpc.ImportLogServiceServicer):
    """Knows eleven finished checks and, on its second page, an import."""

    @allow("service")
    async def ListImports(
        self, request: import_log_pb2.ListImportsRequest, context: object
    ) -> import_log_pb2.ListImportsResponse:
        assert list(request.statuses) == [import_log_pb2.IMPORT_STATUS_COMPLETED]
        if request.dataset_id == "d" and request.page_token:
            entry = import_log_pb2.ImportEntry(import_id="i", rows_read=40, rows_rejected=1)
            return import_log_pb2.ListImportsResponse(entries=[entry])
        check = import_log_pb2.ImportEntry(import_id="check", is_check=True, rows_read=40, rows_rejected=40)
        return import_log_pb2.ListImportsResponse(entries=[check] * 10, next_page_token="next")


@dataclass
class Service:
    stub: Any
    store: EventStore
    questions: EventStoreQuestions


@pytest_asyncio.fixture
async def service(store: EventStore, signer: IdentitySigner, fill: Callable[..., None]) -> AsyncIterator[Service]:
    settings = ServiceSettings(identity_secret="a secret for tests only, 32 characters or more", shutdown_seconds=0.2)  # type: ignore[arg-type]
    catalog = RpcServer(
        settings,
        [
            (dataset_pb2_grpc.add_DatasetServiceServicer_to_server, Catalog()),  # type: ignore[abstract]
            (import_log_pb2_grpc.add_ImportLogServiceServicer_to_server, ImportLog()),  # type: ignore[abstract]
        ],
        signer,
        Telemetry("catalog"),
    )
    await catalog.start()
    to_catalog = RpcClient(f"127.0.0.1:{catalog.port}", signer, "ingest")
    questions = EventStoreQuestions(store)
    servicer = QuestionServicer(questions, DatasetAccess(to_catalog, "ingest"), CatalogImportLog(to_catalog))
    server = RpcServer(
        settings,
        [(questions_pb2_grpc.add_QuestionServiceServicer_to_server, servicer)],
        signer,
        Telemetry("ingest"),
    )
    await server.start()
    to_ingest = RpcClient(f"127.0.0.1:{server.port}", signer, "test")
    rows = [(f"c{number}", step, f"2024-01-0{day}") for number in range(5) for day, step in enumerate("abb", start=1)]
    events = pd.DataFrame([*rows, ("c9", "b", "2024-01-01")], columns=["customer_id", "action_type", "time"])
    events["time"] = pd.to_datetime(events["time"], utc=True)
    fill(store, "d", events)
    yield Service(to_ingest.stub(questions_pb2_grpc.QuestionServiceStub), store, questions)
    await to_ingest.close()
    await server.stop()
    await to_catalog.close()
    await catalog.stop()


async def test_a_graph_comes_back_whole(service: Service) -> None:
    with acting_as(ANALYST):
        answer = await service.stub.GetDirectlyFollows(pb.GetDirectlyFollowsRequest(scope=SCOPE))
    graph = answer.graph
    assert (graph.events_count, graph.cases_count, graph.cases_unfiltered_count, graph.variants_count) == (16, 6, 6, 2)
    assert [(node.activity, node.events_count, node.starts_count, node.ends_count) for node in graph.nodes] == [
        ("b", 11, 1, 6),
        ("a", 5, 5, 0),
    ]
    assert [(edge.source, edge.target, edge.moves_count, edge.median_seconds) for edge in graph.edges] == [
        ("a", "b", 5, 86_400.0),
        ("b", "b", 5, 86_400.0),
    ]


async def test_kept_steps_and_a_filter_travel(service: Service) -> None:
    scope = scope_pb2.Scope(dataset_id="d", to_time=Timestamp(seconds=1_704_240_000, nanos=1))
    scope.filter.all_of.filters.add().contains.activities.append("a")
    with acting_as(ANALYST):
        answer = await service.stub.GetDirectlyFollows(pb.GetDirectlyFollowsRequest(scope=scope, kept_activities=["b"]))
    graph = answer.graph
    # The bound a nanosecond after 2024-01-03 still holds the events of that instant.
    assert (graph.cases_count, graph.events_count, graph.cases_unfiltered_count) == (5, 10, 6)
    assert [(item.activity, item.events_count) for item in graph.all_activities] == [("b", 10), ("a", 5)]


async def test_ways_come_in_pages(service: Service) -> None:
    request = pb.ListVariantsRequest(scope=SCOPE, page_size=1, ignore_repeats=True)
    with acting_as(ANALYST):
        first = await service.stub.ListVariants(request)
        request.page_token = first.next_page_token
        second = await service.stub.ListVariants(request)
    assert [list(way.activities) for way in (*first.variants, *second.variants)] == [["a", "b"], ["b"]]
    assert (first.cases_count, first.variants_count, second.next_page_token) == (6, 2, "")


async def test_all_ways_stream_as_codes_to_services_only(service: Service) -> None:
    pieces = [piece async for piece in service.stub.StreamVariants(pb.StreamVariantsRequest(scope=SCOPE))]
    assert list(pieces[0].activities) == ["a", "b"]
    assert (pieces[0].events_count, pieces[0].cases_count) == (16, 6)
    found = [(list(way.activity_indexes), way.cases_count) for piece in pieces for way in piece.variants]
    assert found == [([0, 1, 1], 5), ([1], 1)]
    with acting_as(ANALYST), pytest.raises(AppError, match="not_allowed"):
        await service.stub.GetHeuristicsCounts(pb.GetHeuristicsCountsRequest(scope=SCOPE))


async def test_the_rest_of_the_questions_answer(service: Service) -> None:
    heuristics = await service.stub.GetHeuristicsCounts(pb.GetHeuristicsCountsRequest(scope=SCOPE))
    assert list(heuristics.activity_counts) == [5, 11]
    with acting_as(VIEWER):
        days = await service.stub.CountByDay(pb.CountByDayRequest(scopes=[SCOPE], by_field="action_type"))
        values = await service.stub.ListFieldValues(pb.ListFieldValuesRequest(scopes=[SCOPE], field="customer_id"))
        page = await service.stub.ListEvents(pb.ListEventsRequest(scopes=[SCOPE], page_size=10))
        rest = await service.stub.ListEvents(
            pb.ListEventsRequest(scopes=[SCOPE], page_size=10, page_token=page.next_page_token)
        )
        stats = await service.stub.GetDatasetStats(pb.GetDatasetStatsRequest(dataset_ids=["d"]))
    assert [(day.date, day.events_count) for day in days.days] == [
        ("2024-01-01", 6),
        ("2024-01-02", 5),
        ("2024-01-03", 5),
    ]
    assert values.values[0].events_count == 3
    assert (len(page.events), len(rest.events), rest.next_page_token) == (10, 6, "")
    assert page.events[0].time.seconds == 1_704_240_000
    counts = stats.stats[0]
    assert (counts.events_count, counts.sent_events_count, counts.customers_count) == (16, 16, 6)
    assert (counts.last_event_at.seconds, counts.later_events_count) == (1_704_240_000, 0)
    with acting_as(ANALYST):
        times = await service.stub.GetPathTimes(pb.GetPathTimesRequest(scope=SCOPE, source="a", target="b"))
        journeys = await service.stub.CountJourneysByDay(
            pb.CountJourneysByDayRequest(scope=SCOPE, time_zone="Asia/Tokyo", goal_activity="a")
        )
        with pytest.raises(AppError, match="time_zone_unknown"):
            await service.stub.CountJourneysByDay(pb.CountJourneysByDayRequest(scope=SCOPE, time_zone="Mars/Base"))
    assert (sum(day.cases_count for day in journeys.days), sum(day.reached_count for day in journeys.days)) == (6, 5)
    assert times.moves_count == sum(item.moves_count for item in times.bins) == 5


async def test_fields_and_quality_are_told(service: Service) -> None:
    began = int(time.time())
    with acting_as(VIEWER):
        described = await service.stub.DescribeFields(pb.DescribeFieldsRequest(dataset_id="d"))
        quality = await service.stub.CheckQuality(pb.CheckQualityRequest(dataset_id="d"))
    assert [(item.field, item.events_count, item.values_count) for item in described.fields] == [
        ("customer_id", 16, 6),
        ("action_type", 16, 2),
    ]
    assert [(item.value, item.events_count) for item in described.fields[1].top_values] == [("b", 11), ("a", 5)]
    assert not described.fields[0].HasField("min_value")
    assert (described.properties_count, described.is_current, quality.is_current) == (0, True, True)
    assert began <= described.as_of.ToSeconds() <= quality.as_of.ToSeconds() <= time.time()
    assert (quality.events_count, quality.level) == (16, pb.QUALITY_LEVEL_CHECK)
    rejected = quality.findings[0]
    assert (rejected.kind, rejected.level) == (pb.QUALITY_FINDING_KIND_REJECTED_ROWS, pb.QUALITY_LEVEL_CHECK)
    assert (rejected.import_id, rejected.found_count, rejected.total_count) == ("i", 1, 40)
    assert (rejected.check_ratio, rejected.problem_ratio) == (0, 0.05)
    assert [item.found_count for item in quality.findings[1:]] == [0] * 7
    assert len({item.kind for item in quality.findings}) == 8


async def test_journeys_are_counted_anew_when_events_or_the_unit_change(
    service: Service, fill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    units: list[tuple[CaseNotion, int]] = []

    def counting(reader: StoreReader, scope: Scope) -> int:
        units.append((scope.case_notion, scope.session_gap_minutes))
        return count_journeys(reader, scope)

    monkeypatch.setattr("cjm_ingest.adapters.event_store.questions._QUICK_SECONDS", 60)
    monkeypatch.setattr("cjm_ingest.adapters.event_store.questions.journey_questions.count_journeys", counting)
    by_gap = pb.CountJourneysRequest(
        dataset_id="d", case_notion=dataset_pb2.CASE_NOTION_SESSION, session_gap_minutes=30
    )
    by_customer = pb.CountJourneysRequest(dataset_id="d", case_notion=dataset_pb2.CASE_NOTION_CUSTOMER)

    async def counted(request: pb.CountJourneysRequest) -> int:
        with acting_as(VIEWER):
            answer = await service.stub.CountJourneys(request)
        assert answer.is_current
        assert abs(answer.as_of.ToSeconds() - time.time()) < 60
        return int(answer.cases_count)

    assert [await counted(request) for request in (by_gap, by_gap, by_customer, by_customer)] == [16, 16, 6, 6]
    assert units == [(CaseNotion.SESSION, 30), (CaseNotion.CUSTOMER, 0)]
    late = pd.DataFrame([("c9", "b", "2024-01-01")], columns=["customer_id", "action_type", "time"])
    late["time"] = pd.to_datetime(late["time"], utc=True) + pd.Timedelta(minutes=31)
    fill(service.store, "d", late, first_id=100)
    assert [await counted(request) for request in (by_customer, by_gap)] == [6, 17]
    assert len(units) == 4
    by_gap.session_gap_minutes = 10_081
    with acting_as(VIEWER), pytest.raises(AppError, match="session_gap_out_of_range"):
        await service.stub.CountJourneys(by_gap)


async def test_sizes_fields_and_quality_are_for_who_may_see(service: Service) -> None:
    for question, request in (
        (service.stub.DescribeFields, pb.DescribeFieldsRequest(dataset_id="d")),
        (service.stub.CheckQuality, pb.CheckQualityRequest(dataset_id="d")),
        (service.stub.CountJourneys, pb.CountJourneysRequest(dataset_id="d")),
    ):
        for identity, code, reason in (
            (STRANGER, Code.NOT_FOUND, "dataset_not_found"),
            (TOKEN, Code.PERMISSION_DENIED, "not_allowed"),
        ):
            with acting_as(identity), pytest.raises(AppError) as refused:
                await question(request)
            assert (refused.value.code, refused.value.reason) == (code, reason)


async def test_who_may_not_is_told_so(service: Service) -> None:
    graph, events = pb.GetDirectlyFollowsRequest(scope=SCOPE), pb.ListEventsRequest(scopes=[SCOPE])
    for identity, code, reason in (
        (VIEWER, Code.PERMISSION_DENIED, "dataset_analysis_not_allowed"),
        (STRANGER, Code.NOT_FOUND, "dataset_not_found"),
        (TOKEN, Code.PERMISSION_DENIED, "not_allowed"),
    ):
        with acting_as(identity), pytest.raises(AppError) as refused:
            await service.stub.GetDirectlyFollows(graph)
        assert (refused.value.code, refused.value.reason) == (code, reason)
    with acting_as(STRANGER), pytest.raises(AppError, match="dataset_not_found"):
        await service.stub.ListEvents(events)
    with acting_as(VIEWER), pytest.raises(AppError, match="dataset_not_found"):
        await service.stub.GetDatasetStats(pb.GetDatasetStatsRequest(dataset_ids=["d", "other"]))


async def test_events_of_certain_journeys_are_for_who_may_analyse(service: Service) -> None:
    scope = scope_pb2.Scope(dataset_id="d")
    scope.filter.contains.activities.append("a")
    of_event = scope_pb2.Scope(dataset_id="d")
    of_event.filter.field_in.field, of_event.filter.field_in.values[:] = "action_type", ["a"]
    for question, request in (
        (service.stub.CountByDay, pb.CountByDayRequest),
        (service.stub.ListFieldValues, lambda scopes: pb.ListFieldValuesRequest(scopes=scopes, field="action_type")),
        (service.stub.ListEvents, pb.ListEventsRequest),
    ):
        with acting_as(VIEWER):
            await question(request(scopes=[of_event]))
            with pytest.raises(AppError, match="dataset_analysis_not_allowed"):
                await question(request(scopes=[SCOPE, scope]))
        with acting_as(ANALYST):
            await question(request(scopes=[scope]))


async def test_wrong_questions_get_reasons(service: Service) -> None:
    empty = scope_pb2.Scope(dataset_id="d")
    empty.filter.all_of.filters.add()
    endless = scope_pb2.Scope(dataset_id="d")
    endless.filter.field_in.field = "value"
    endless.filter.field_in.values.append("1e999")
    nested = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    with acting_as(ANALYST):
        for question, reason in (
            (service.stub.GetDirectlyFollows(pb.GetDirectlyFollowsRequest(scope=empty)), "filter_empty"),
            (service.stub.GetDirectlyFollows(pb.GetDirectlyFollowsRequest(scope=endless)), "filter_value_invalid"),
            (service.stub.ListVariants(pb.ListVariantsRequest(scope=SCOPE, page_token=nested)), "page_token_invalid"),
            (service.stub.ListVariants(pb.ListVariantsRequest(scope=SCOPE, page_size=1001)), "page_size_out_of_range"),
            (service.stub.ListVariants(pb.ListVariantsRequest(scope=SCOPE, page_token="Wy0xXQ")), "page_token_invalid"),
            (service.stub.ListEvents(pb.ListEventsRequest(scopes=[SCOPE], page_token="x!")), "page_token_invalid"),
            (service.stub.ListEvents(pb.ListEventsRequest(scopes=[SCOPE], page_size=501)), "page_size_out_of_range"),
            (service.stub.ListFieldValues(pb.ListFieldValuesRequest(scopes=[SCOPE])), "filter_field_unknown"),
        ):
            with pytest.raises(AppError, match=reason):
                await question
    with pytest.raises(AppError, match="dataset_not_found"):
        await service.stub.GetDirectlyFollows(pb.GetDirectlyFollowsRequest())


async def test_the_query_of_a_call_past_its_deadline_is_stopped(
    service: Service, until: Callable[[Callable[[], bool]], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow_question(*_: object) -> object:
        slow = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"
        return await service.store.ask(lambda reader: reader.query(slow))

    monkeypatch.setattr(service.questions, "directly_follows", slow_question)
    with acting_as(ANALYST), pytest.raises(AppError, match="deadline_exceeded"):
        await service.stub.GetDirectlyFollows(pb.GetDirectlyFollowsRequest(scope=SCOPE), timeout=1)

    def has_ended() -> bool:
        counting = "SELECT count() AS n FROM system.processes WHERE query LIKE '%numbers(10000%'"
        # The counting query lists itself.
        return bool(service.store._engine.write_query(counting)["n"][0].as_py() == 1)

    await until(has_ended)
