"""Reports that count, and the numbers of the home page."""

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.events import EventShape, event_shape
from cjm_gateway.entrypoints.http.gateway import QUESTION_DEADLINE_SECONDS, Gateway, GatewayDep
from cjm_gateway.entrypoints.http.scope import period
from cjm_gateway.entrypoints.http.shapes import Instant, Shape, instant_or_none, words
from cjm_protos.ingest.v1 import questions_pb2
from cjm_protos.metrics.v1 import report_pb2

router = APIRouter(prefix="/api/v1", tags=["Reports"], dependencies=[staff_only])
DimensionWord = Literal["action_type", "channel_type", "device_category", "device_os", "device_browser", "dataset"]
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
    """The numbers of the home page."""

    customers: int
    touchpoints: int
    last_event_at: Instant | None
    newest: list[HomeEvent]
    actions: list[ShareShape]
    channels: list[ShareShape]
    device_categories: list[ShareShape]
    last_days: list[Day]


class Split:
    """Period and dimension of a daily report."""

    def __init__(
        self,
        from_: Annotated[str, Query(alias="from", description="First day, ISO date; default: the first event's.")] = "",
        to: Annotated[str, Query(description="Last day, ISO date, included; default: the last event's.")] = "",
        by: Annotated[DimensionWord | None, Query(description="What to split by.")] = None,
    ) -> None:
        self.from_date = from_
        self.to_date = to
        self.dimension = _DIMENSIONS[by] if by else report_pb2.DIMENSION_UNSPECIFIED


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


async def _daily(gateway: Gateway, dataset_id: str, split: Split) -> DailyReport:
    period(split.from_date, split.to_date, "UTC")
    answer = await gateway.services.reports.GetDailyReport(
        report_pb2.GetDailyReportRequest(
            dataset_id=dataset_id, from_date=split.from_date, to_date=split.to_date, dimension=split.dimension
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
    dataset_id: str, split: Annotated[Split, Depends()], gateway: GatewayDep
) -> DailyReport:
    """Customers and touchpoints per day, whole and split by one field."""
    return await _daily(gateway, dataset_id, split)


@router.get("/reports/daily", summary="Daily report of all public datasets")
async def get_daily_report(split: Annotated[Split, Depends()], gateway: GatewayDep) -> DailyReport:
    """Customers and touchpoints per day over all public datasets."""
    return await _daily(gateway, "", split)


@router.get("/home", summary="Numbers of the home page")
async def get_home(
    gateway: GatewayDep, dataset_id: Annotated[str, Query(description="Default: all public datasets.")] = ""
) -> Home:
    """Totals, the newest events, shares, and the last 30 days that end with the latest event."""
    request = report_pb2.GetHomeRequest(dataset_id=dataset_id)
    answer = await gateway.services.reports.GetHome(request, timeout=QUESTION_DEADLINE_SECONDS)
    return Home(
        customers=answer.customers_count,
        touchpoints=answer.touchpoints_count,
        last_event_at=instant_or_none(answer, "last_event_at"),
        newest=[HomeEvent(**dict(event_shape(item)), dataset_id=item.dataset_id) for item in answer.newest],
        actions=_shares(answer.actions),
        channels=_shares(answer.channels),
        device_categories=_shares(answer.device_categories),
        last_days=[
            Day(date=day.date, customers=day.customers_count, touchpoints=day.touchpoints_count)
            for day in answer.last_days
        ],
    )
