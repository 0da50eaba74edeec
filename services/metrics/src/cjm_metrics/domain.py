"""The rules of reports: which days, which shares."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from cjm_kit.errors import AppError, Code, FieldViolation

EventT = TypeVar("EventT")

MAX_DAYS = 3660
RECENT_DAYS = 30
_FIRST_YEAR, _LAST_YEAR = 1900, 2299
_ONE_DAY = timedelta(days=1)


class Dimension(StrEnum):
    """What a daily report can be split by; the value is the name of the event field."""

    ACTION_TYPE = "action_type"
    CHANNEL_TYPE = "channel_type"
    DEVICE_CATEGORY = "device_category"
    DEVICE_OS = "device_os"
    DEVICE_BROWSER = "device_browser"
    DATASET = "dataset_id"


@dataclass(frozen=True)
class DatasetInfo:
    """What a report needs to know of a dataset, and whether the caller may analyse it.

    `case_notion` and `session_gap_minutes` say what makes one journey, in the words of catalog.
    """

    dataset_id: str
    name: str
    time_zone: str
    case_notion: int = 0
    session_gap_minutes: int = 0
    can_analyse: bool = False


@dataclass(frozen=True)
class DatasetStats:
    """Size and period of a dataset with events; `version` changes with its events.

    `later_events_count` lie on days later than today, and `last_event_at` is of none of them unless all do.
    """

    dataset_id: str
    events_count: int
    customers_count: int
    first_event_at: datetime
    last_event_at: datetime
    version: str
    later_events_count: int = 0


@dataclass(frozen=True)
class Selection:
    """Which touchpoints to keep and what makes one journey.

    Attributes:
        filter: As it came over the wire, passed on unread; empty keeps everything.
        case_notion: In the words of catalog; 0 means as each dataset says.
        session_gap_minutes: With sessions, the longest pause within; 0 means session ids, None as each dataset says.
    """

    filter: bytes = b""
    case_notion: int = 0
    session_gap_minutes: int | None = None


@dataclass(frozen=True)
class ReportScope:
    """What is asked for: a dataset ("" for all public ones), days as ISO dates ("" for open) and what to keep."""

    dataset_id: str = ""
    from_text: str = ""
    to_text: str = ""
    selection: Selection = Selection()


@dataclass(frozen=True)
class EventScope:
    """Touchpoints of one dataset between two instants (UTC, the last exclusive; None for all), and which to keep."""

    dataset: DatasetInfo
    period: tuple[datetime, datetime] | None = None
    selection: Selection = Selection()


@dataclass(frozen=True)
class ValueCount:
    """A value and its events; with `is_set` False, the events without a value."""

    value: str
    is_set: bool
    events_count: int


@dataclass(frozen=True)
class Day:
    """Customers and touchpoints of one day."""

    date: date
    customers_count: int = 0
    touchpoints_count: int = 0
    by_value: tuple[ValueCount, ...] = ()


@dataclass(frozen=True)
class DayCounts:
    """Days that have events, in rising order, and the totals over all of them."""

    days: Sequence[Day]
    customers_count: int
    events_count: int


@dataclass(frozen=True)
class DailyReport:
    """Every day of a period; no period when there are no events and no dates were asked for."""

    period: tuple[date, date] | None
    days: Sequence[Day]
    customers_count: int
    touchpoints_count: int
    time_zone: str


@dataclass(frozen=True)
class Share:
    """A value, its touchpoints, and their part of those that have a value, 0-1."""

    value: str
    is_set: bool
    touchpoints_count: int
    share_ratio: float


@dataclass(frozen=True)
class Home(Generic[EventT]):
    """The numbers of the home page; no period when no days were asked for, no today without events."""

    today: date | None = None
    period: tuple[date, date] | None = None
    customers_count: int = 0
    touchpoints_count: int = 0
    newest: Sequence[EventT] = ()
    actions: Sequence[Share] = ()
    channels: Sequence[Share] = ()
    device_categories: Sequence[Share] = ()
    days: Sequence[Day] = ()


def read_date(field: str, text: str) -> date | None:
    """Reads an ISO date, for example "2024-05-07"; an empty text gives None.

    Raises:
        AppError: INVALID_ARGUMENT date_invalid, also before 1900 and after 2299.
    """
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR or day.isoformat() != text:
        detail = f'The field {field} holds "{text}", which is no date. Write it as 2024-05-07.'
        raise _invalid(field, "date_invalid", detail)
    return day


def days_with_events(stats: Sequence[DatasetStats], zone: ZoneInfo, today: date) -> tuple[date, date] | None:
    """Days of the first and the last event; later days than today count only when there are no others.

    Args:
        stats: datasets with events.
        zone: in which days begin.
        today: the day it is there.

    Returns:
        First and last day, included; None without events.
    """
    so_far = [item for item in stats if item.later_events_count < item.events_count]
    counted = so_far or stats
    if not counted:
        return None
    first, last = (
        time.astimezone(zone).date()
        for time in (min(item.first_event_at for item in counted), max(item.last_event_at for item in counted))
    )
    # Where datasets differ in their time zones, today of one may be tomorrow of the report.
    return (first, max(first, min(last, today))) if so_far else (first, last)


def chosen_period(
    from_date: date | None, to_date: date | None, with_events: tuple[date, date] | None
) -> tuple[date, date] | None:
    """Fills in the days that were not asked for.

    Args:
        from_date: first day asked for.
        to_date: last day asked for, included.
        with_events: what `days_with_events` says.

    Returns:
        First and last day, included; None when there are neither events nor dates. A first day that was not asked for
        is at most as far from the last as a report may reach.

    Raises:
        AppError: INVALID_ARGUMENT period_reversed, period_too_long over 3660 days.
    """
    first_known, last_known = with_events or (None, None)
    first = from_date or first_known or to_date
    last = to_date or last_known or from_date
    if first is None or last is None:
        return None
    # One date beyond the events gives that day alone.
    if from_date is None:
        first = min(max(first, last - timedelta(days=MAX_DAYS - 1)), last)
    if to_date is None:
        last = max(first, last)
    if first > last:
        detail = f"The period starts on {first} and ends before that, on {last}. Swap the dates."
        raise _invalid("from", "period_reversed", detail)
    days_count = (last - first).days + 1
    if days_count > MAX_DAYS:
        detail = f"The period has {days_count:,} days, a report at most {MAX_DAYS:,}. Choose a shorter one (from, to)."
        raise _invalid("from", "period_too_long", detail)
    return first, last


def instants(period: tuple[date, date], zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First instant of a period, inclusive, and last, exclusive, both UTC."""
    first, last = period
    starts = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, last + _ONE_DAY))
    return next(starts), next(starts)


def common_zone(datasets: Iterable[DatasetInfo]) -> ZoneInfo:
    """The time zone in which the days of a report begin: that of the datasets, UTC when they differ."""
    zones = {dataset.time_zone for dataset in datasets}
    return ZoneInfo(zones.pop() if len(zones) == 1 else "UTC")


def filled(days: Iterable[Day], period: tuple[date, date]) -> list[Day]:
    """Every day of a period in rising order; days without events have zeros."""
    first, last = period
    known = {day.date: day for day in days}
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [known.get(day) or Day(day) for day in every]


def shares(counts: Sequence[ValueCount]) -> list[Share]:
    """Parts of the touchpoints that have a value, adding up to 1; "not set" comes last, with its count and no part.

    Args:
        counts: values with their counts, most frequent first.

    Example:
        >>> shares([ValueCount("web", True, 3), ValueCount("", False, 9), ValueCount("app", True, 1)])[0].share_ratio
        0.75
    """
    total = sum(count.events_count for count in counts if count.is_set)
    ordered = sorted(counts, key=lambda count: not count.is_set)
    return [
        Share(c.value, c.is_set, c.events_count, c.events_count / total if c.is_set and total else 0.0) for c in ordered
    ]


def _invalid(field: str, reason: str, detail: str) -> AppError:
    return AppError(Code.INVALID_ARGUMENT, reason, detail, violations=(FieldViolation(field, reason, detail),))
