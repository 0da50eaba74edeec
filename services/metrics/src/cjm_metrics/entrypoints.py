"""ReportService: translate and delegate."""

from collections.abc import Iterable
from typing import Any

from cjm_kit.rpc import allow
from cjm_metrics.application import Reports
from cjm_metrics.domain import Day, Dimension, ReportScope, Selection, Share
from cjm_protos.ingest.v1 import questions_pb2
from cjm_protos.metrics.v1 import report_pb2, report_pb2_grpc

_DIMENSION_FROM_PROTO: dict[int, Dimension] = {
    report_pb2.DIMENSION_ACTION_TYPE: Dimension.ACTION_TYPE,
    report_pb2.DIMENSION_CHANNEL_TYPE: Dimension.CHANNEL_TYPE,
    report_pb2.DIMENSION_DEVICE_CATEGORY: Dimension.DEVICE_CATEGORY,
    report_pb2.DIMENSION_DEVICE_OS: Dimension.DEVICE_OS,
    report_pb2.DIMENSION_DEVICE_BROWSER: Dimension.DEVICE_BROWSER,
    report_pb2.DIMENSION_DATASET: Dimension.DATASET,
}


class ReportServicer(report_pb2_grpc.ReportServiceServicer):
    """Reports that count."""

    def __init__(self, reports: Reports[questions_pb2.Event]) -> None:
        self._reports = reports

    @allow("staff")
    async def GetDailyReport(
        self, request: report_pb2.GetDailyReportRequest, context: Any
    ) -> report_pb2.GetDailyReportResponse:
        """Counts per day."""
        dimension = _DIMENSION_FROM_PROTO.get(request.dimension)
        report = await self._reports.daily(_scope(request.scope), dimension)
        first, last = report.period or ("", "")
        return report_pb2.GetDailyReportResponse(
            from_date=str(first),
            to_date=str(last),
            days=_days(report.days),
            customers_count=report.customers_count,
            touchpoints_count=report.touchpoints_count,
            time_zone=report.time_zone,
        )

    @allow("staff")
    async def GetHome(self, request: report_pb2.GetHomeRequest, context: Any) -> report_pb2.GetHomeResponse:
        """The numbers of the home page."""
        home = await self._reports.home(_scope(request.scope))
        first, last = home.period or ("", "")
        return report_pb2.GetHomeResponse(
            from_date=str(first),
            to_date=str(last),
            customers_count=home.customers_count,
            touchpoints_count=home.touchpoints_count,
            newest=home.newest,
            actions=_shares(home.actions),
            channels=_shares(home.channels),
            device_categories=_shares(home.device_categories),
            last_event_at=home.newest[0].time if home.newest else None,
            days=_days(home.days),
            today=str(home.today or ""),
        )


def _scope(message: report_pb2.ReportScope) -> ReportScope:
    selection = Selection()
    # Without a filter it does not matter what makes one journey.
    if message.HasField("filter"):
        content = message.filter.SerializeToString(deterministic=True)
        gap_minutes = message.session_gap_minutes if message.HasField("session_gap_minutes") else None
        selection = Selection(content, message.case_notion, gap_minutes)
    return ReportScope(message.dataset_id, message.from_date, message.to_date, selection)


def _days(days: Iterable[Day]) -> list[report_pb2.ReportDay]:
    return [
        report_pb2.ReportDay(
            date=day.date.isoformat(),
            customers_count=day.customers_count,
            touchpoints_count=day.touchpoints_count,
            by_value=[
                questions_pb2.ValueCount(value=item.value, is_set=item.is_set, events_count=item.events_count)
                for item in day.by_value
            ],
        )
        for day in days
    ]


def _shares(shares: Iterable[Share]) -> list[report_pb2.Share]:
    return [
        report_pb2.Share(
            value=share.value,
            is_set=share.is_set,
            touchpoints_count=share.touchpoints_count,
            share_ratio=share.share_ratio,
        )
        for share in shares
    ]
