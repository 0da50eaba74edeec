"""Catalog and ingest over gRPC, in the name of the caller of the running request."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from cjm_kit.rpc import RpcClient
from cjm_metrics.domain import DatasetInfo, DatasetStats, Day, DayCounts, ValueCount
from cjm_protos.catalog.v1 import dataset_pb2, dataset_pb2_grpc
from cjm_protos.ingest.v1 import questions_pb2, questions_pb2_grpc

_DATASETS_PER_PAGE = 200
_VALUES_COUNT = 1000


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
            )
            for item in answer.stats
            if item.events_count
        ]

    async def count_by_day(
        self, dataset_ids: Sequence[str], period: tuple[datetime, datetime], zone: ZoneInfo, by_field: str
    ) -> DayCounts:
        """Days with events between two instants (UTC, the last exclusive), split by a field unless it is empty."""
        from_time, to_time = Timestamp(), Timestamp()
        from_time.FromDatetime(period[0])
        to_time.FromDatetime(period[1])
        answer = await self._questions.CountByDay(
            questions_pb2.CountByDayRequest(
                dataset_ids=dataset_ids,
                from_time=from_time,
                to_time=to_time,
                time_zone=zone.key,
                by_field=by_field,
            )
        )
        days = [
            Day(date.fromisoformat(day.date), day.customers_count, day.events_count, tuple(map(_count, day.by_value)))
            for day in answer.days
        ]
        return DayCounts(days, answer.customers_count, answer.events_count)

    async def values(self, dataset_ids: Sequence[str], field: str) -> list[ValueCount]:
        """Values of a field, most frequent first."""
        answer = await self._questions.ListFieldValues(
            questions_pb2.ListFieldValuesRequest(dataset_ids=dataset_ids, field=field, page_size=_VALUES_COUNT)
        )
        return [_count(item) for item in answer.values]

    async def newest(self, dataset_ids: Sequence[str], count: int) -> list[questions_pb2.Event]:
        """The newest events."""
        answer = await self._questions.ListEvents(
            questions_pb2.ListEventsRequest(dataset_ids=dataset_ids, page_size=count)
        )
        return list(answer.events)


def _info(dataset: dataset_pb2.Dataset) -> DatasetInfo:
    return DatasetInfo(dataset.dataset_id, dataset.name, dataset.time_zone)


def _count(item: questions_pb2.ValueCount) -> ValueCount:
    return ValueCount(item.value, item.is_set, item.events_count)
