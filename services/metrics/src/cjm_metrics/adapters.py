"""Catalog and ingest over gRPC, in the name of the caller of the running request."""

from collections.abc import Sequence
from datetime import UTC, date
from typing import cast
from zoneinfo import ZoneInfo

from cjm_kit.rpc import RpcClient
from cjm_metrics.domain import DatasetInfo, DatasetStats, Day, DayCounts, EventScope, ValueCount
from cjm_protos.catalog.v1 import dataset_pb2, dataset_pb2_grpc
from cjm_protos.ingest.v1 import questions_pb2, questions_pb2_grpc, scope_pb2

_DATASETS_PER_PAGE = 200
_VALUES_COUNT = 1000
_QUESTION_SECONDS = 62.0  # longer than ingest's own limit of 60 s, so that its explanation arrives


class GrpcSources:
    """Asks the owners of datasets and events; events come as messages, which reports pass on unread.

    Args:
        catalog: client of catalog.
        ingest: client of ingest.
    """

    def __init__(self, catalog: RpcClient, ingest: RpcClient) -> None:
        self._datasets = catalog.stub(dataset_pb2_grpc.DatasetServiceStub)
        self._questions = ingest.stub(questions_pb2_grpc.QuestionServiceStub)

    async def dataset(self, dataset_id: str) -> DatasetInfo:
        """One dataset the caller may see; raises AppError NOT_FOUND."""
        answer = await self._datasets.GetDataset(dataset_pb2.GetDatasetRequest(dataset_id=dataset_id))
        return _info(answer.dataset)

    async def public_datasets(self) -> list[DatasetInfo]:
        """All public datasets by name."""
        found: list[DatasetInfo] = []
        request = dataset_pb2.ListDatasetsRequest(page_size=_DATASETS_PER_PAGE, public_only=True)
        while True:
            answer = await self._datasets.ListDatasets(request)
            found.extend(_info(dataset) for dataset in answer.datasets)
            if not answer.next_page_token:
                return found
            request.page_token = answer.next_page_token

    async def stats(self, dataset_ids: Sequence[str]) -> list[DatasetStats]:
        """Size and period of those datasets that have events."""
        answer = await self._questions.GetDatasetStats(questions_pb2.GetDatasetStatsRequest(dataset_ids=dataset_ids))
        return [
            DatasetStats(
                dataset_id=item.dataset_id,
                events_count=item.events_count,
                customers_count=item.customers_count,
                first_event_at=item.first_event_at.ToDatetime(UTC),
                last_event_at=item.last_event_at.ToDatetime(UTC),
                version=item.version,
                later_events_count=item.later_events_count,
            )
            for item in answer.stats
            if item.events_count
        ]

    async def count_by_day(self, scopes: Sequence[EventScope], zone: ZoneInfo, by_field: str) -> DayCounts:
        """Days with events, split by a field unless it is empty."""
        answer = await self._questions.CountByDay(
            questions_pb2.CountByDayRequest(scopes=map(_scope, scopes), time_zone=zone.key, by_field=by_field),
            timeout=_QUESTION_SECONDS,
        )
        days = [
            Day(date.fromisoformat(day.date), day.customers_count, day.events_count, tuple(map(_count, day.by_value)))
            for day in answer.days
        ]
        return DayCounts(days, answer.customers_count, answer.events_count)

    async def values(self, scopes: Sequence[EventScope], field: str) -> list[ValueCount]:
        """Values of a field, most frequent first."""
        answer = await self._questions.ListFieldValues(
            questions_pb2.ListFieldValuesRequest(scopes=map(_scope, scopes), field=field, page_size=_VALUES_COUNT),
            timeout=_QUESTION_SECONDS,
        )
        return [_count(item) for item in answer.values]

    async def newest(self, scopes: Sequence[EventScope], count: int) -> list[questions_pb2.Event]:
        """The newest events."""
        answer = await self._questions.ListEvents(
            questions_pb2.ListEventsRequest(scopes=map(_scope, scopes), page_size=count), timeout=_QUESTION_SECONDS
        )
        return list(answer.events)


def _scope(scope: EventScope) -> scope_pb2.Scope:
    message = scope_pb2.Scope(dataset_id=scope.dataset.dataset_id)
    if scope.period:
        message.from_time.FromDatetime(scope.period[0])
        message.to_time.FromDatetime(scope.period[1])
    if scope.selection.filter:
        message.filter.ParseFromString(scope.selection.filter)
        notion = scope.selection.case_notion or scope.dataset.case_notion or dataset_pb2.CASE_NOTION_CUSTOMER
        message.case_notion = cast(dataset_pb2.CaseNotion.ValueType, notion)
        if notion == dataset_pb2.CASE_NOTION_SESSION:
            own = scope.selection.session_gap_minutes
            message.session_gap_minutes = scope.dataset.session_gap_minutes if own is None else own
    return message


def _info(dataset: dataset_pb2.Dataset) -> DatasetInfo:
    return DatasetInfo(
        dataset.dataset_id,
        dataset.name,
        dataset.time_zone,
        dataset.default_case,
        dataset.session_gap_minutes,
        dataset.access.can_analyse,
    )


def _count(item: questions_pb2.ValueCount) -> ValueCount:
    return ValueCount(item.value, item.is_set, item.events_count)
