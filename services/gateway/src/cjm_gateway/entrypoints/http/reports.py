"""Reports that count, and the numbers of the home page."""

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.events import EventShape, event_shape
from cjm_gateway.entrypoints.http.filter_terms import parse_filter
from cjm_gateway.entrypoints.http.gateway import QUESTION_DEADLINE_SECONDS, Gateway, GatewayDep
from cjm_gateway.entrypoints.http.scope import CASES, Frame, FrameQuery, period
from cjm_gateway.entrypoints.http.shapes import Instant, Shape, instant_or_none, words
from cjm_protos.catalog.v1.dataset_pb2 import CASE_NOTION_UNSPECIFIED
from cjm_protos.ingest.v1 import questions_pb2
from cjm_protos.metrics.v1 import report_pb2

router = APIRouter(prefix="/api/v1", tags=["Reports"], dependencies=[staff_only])
DimensionWord = Literal["action_type", "channel_type", "device_category", "device_os", "device_browser", "dataset"]
By = Annotated[DimensionWord | None, Query(description="What to split by.")]
_DIMENSIONS = words(report_pb2.Dimension)


class Day(Shape):
    """One day."""

    date: str
    customers: int
    touchpoints: int


class ReportDay(Day):
    """One day of a report."""

    by: Annotated[dict[str, int], Field(description="Touchpoints by value of what the report is split by.")]
    not_set: Annotated[int, Field(description="Touchpoints without a value.")]


class DailyReport(Shape):
    """Customers and touchpoints per day; days without events are there with zeros."""

    from_: Annotated[str | None, Field(alias="from")]
    to: str | None
    time_zone: str
    customers: int
    touchpoints: int
    days: list[ReportDay]


class HomeEvent(EventShape):
    """An event and its dataset."""

    dataset_id: str


class ShareShape(Shape):
    """A value and its part of the touchpoints."""

    value: Annotated[str | None, Field(description="null stands for touchpoints without a value.")]
    count: int
    share_ratio: float


class Home(Shape):
    """The numbers of the home page, all within the scope."""

    from_: Annotated[str | None, Field(alias="from", description="null when neither `from` nor `to` was sent.")]
    to: str | None
    customers: int
    touchpoints: int
    last_event_at: Instant | None
    newest: list[HomeEvent]
    actions: list[ShareShape]
    channels: list[ShareShape]
    device_categories: list[ShareShape]
    days: Annotated[
        list[Day],
        Field(description="Of the period; without one, the 30 days that end with the latest event up to today."),
    ]


def _day(day: report_pb2.ReportDay) -> ReportDay:
    return ReportDay(
        date=day.date,
        customers=day.customers_count,
        touchpoints=day.touchpoints_count,
        by={item.value: item.events_count for item in day.by_value if item.is_set},
        not_set=_not_set(day.by_value),
    )


def _not_set(counts: Iterable[questions_pb2.ValueCount]) -> int:
    return sum(item.events_count for item in counts if not item.is_set)


def _shares(shares: Iterable[report_pb2.Share]) -> list[ShareShape]:
    return [
        ShareShape(
            value=share.value if share.is_set else None, count=share.touchpoints_count, share_ratio=share.share_ratio
        )
        for share in shares
    ]


def _scope(frame: Frame, dataset_id: str) -> report_pb2.ReportScope:
    period(frame.from_date, frame.to_date, "UTC")
    return report_pb2.ReportScope(
        dataset_id=dataset_id,
        from_date=frame.from_date,
        to_date=frame.to_date,
        case_notion=CASES[frame.case] if frame.case else CASE_NOTION_UNSPECIFIED,
        session_gap_minutes=frame.session_gap_minutes,
        filter=parse_filter(frame.terms),
    )


async def _daily(gateway: Gateway, dataset_id: str, frame: Frame, by: DimensionWord | None) -> DailyReport:
    answer = await gateway.services.reports.GetDailyReport(
        report_pb2.GetDailyReportRequest(
            scope=_scope(frame, dataset_id),
            dimension=_DIMENSIONS[by] if by else report_pb2.DIMENSION_UNSPECIFIED,
        ),
        timeout=QUESTION_DEADLINE_SECONDS,
    )
    return DailyReport.model_validate(
        {
            "from": answer.from_date or None,
            "to": answer.to_date or None,
            "time_zone": answer.time_zone,
            "customers": answer.customers_count,
            "touchpoints": answer.touchpoints_count,
            "days": [_day(day) for day in answer.days],
        }
    )


@router.get("/datasets/{dataset_id}/reports/daily", summary="Daily report of a dataset")
async def get_dataset_daily_report(
    dataset_id: str, frame: FrameQuery, gateway: GatewayDep, by: By = None
) -> DailyReport:
    """Customers and touchpoints per day, whole and split. Filters on journeys need the right to analyse.

    A period that is not given ends with the latest event up to today and has at most 3660 days.
    """
    return await _daily(gateway, dataset_id, frame, by)


@router.get("/reports/daily", summary="Daily report of all public datasets")
async def get_daily_report(frame: FrameQuery, gateway: GatewayDep, by: By = None) -> DailyReport:
    """Customers and touchpoints per day over all public datasets; each puts journeys together in its own way."""
    return await _daily(gateway, "", frame, by)


@router.get("/home", summary="Numbers of the home page")
async def get_home(
    gateway: GatewayDep,
    frame: FrameQuery,
    dataset_id: Annotated[str, Query(description="Default: all public datasets.")] = "",
) -> Home:
    """Totals, the newest events, shares and days; without a period up to today. Filters on journeys need the right to
    analyse."""
    request = report_pb2.GetHomeRequest(scope=_scope(frame, dataset_id))
    answer = await gateway.services.reports.GetHome(request, timeout=QUESTION_DEADLINE_SECONDS)
    return Home(
        from_=answer.from_date or None,
        to=answer.to_date or None,
        customers=answer.customers_count,
        touchpoints=answer.touchpoints_count,
        last_event_at=instant_or_none(answer, "last_event_at"),
        newest=[HomeEvent(**dict(event_shape(item)), dataset_id=item.dataset_id) for item in answer.newest],
        actions=_shares(answer.actions),
        channels=_shares(answer.channels),
        device_categories=_shares(answer.device_categories),
        days=[
            Day(date=day.date, customers=day.customers_count, touchpoints=day.touchpoints_count) for day in answer.days
        ],
    )
