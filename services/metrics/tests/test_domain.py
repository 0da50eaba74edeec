"""The rules of reports."""

import doctest
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cjm_kit.errors import AppError
from cjm_metrics import domain
from cjm_metrics.domain import (
    MAX_DAYS,
    DatasetInfo,
    DatasetStats,
    Day,
    ValueCount,
    chosen_period,
    common_zone,
    days_with_events,
    filled,
    instants,
    read_date,
    shares,
)

EVENTS = (date(2024, 3, 1), date(2024, 3, 31))
EARLY, MIDDLE, LATE = date(2024, 1, 1), date(2024, 3, 15), date(2024, 5, 1)


def value(text: str, count: int) -> ValueCount:
    return ValueCount(text, is_set=True, events_count=count)


def not_set(count: int) -> ValueCount:
    return ValueCount("", is_set=False, events_count=count)


def test_examples_in_the_documentation_hold() -> None:
    assert doctest.testmod(domain) == (0, 1)


@pytest.mark.parametrize(
    "text", ["7.5.2024", "2024-5-7", "20240507", "2024-W19-2", "2024-02-30", "1899-12-31", "9999-12-31"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(AppError) as caught:
        read_date("from", text)
    assert (caught.value.reason, caught.value.violations[0].field) == ("date_invalid", "from")


def test_dates_are_read() -> None:
    assert read_date("to", "2024-05-07") == date(2024, 5, 7)
    assert read_date("to", "") is None


@pytest.mark.parametrize(
    ("from_date", "to_date", "with_events", "period"),
    [
        (None, None, EVENTS, EVENTS),
        (None, None, None, None),
        (MIDDLE, None, EVENTS, (MIDDLE, EVENTS[1])),
        (None, MIDDLE, EVENTS, (EVENTS[0], MIDDLE)),
        (LATE, None, EVENTS, (LATE, LATE)),
        (None, EARLY, EVENTS, (EARLY, EARLY)),
        (EARLY, None, EVENTS, (EARLY, EVENTS[1])),
        (None, LATE, EVENTS, (EVENTS[0], LATE)),
        (LATE, None, None, (LATE, LATE)),
        (None, LATE, None, (LATE, LATE)),
        (MIDDLE, MIDDLE, None, (MIDDLE, MIDDLE)),
    ],
)
def test_missing_dates_are_filled_in(
    from_date: date | None,
    to_date: date | None,
    with_events: tuple[date, date] | None,
    period: tuple[date, date] | None,
) -> None:
    assert chosen_period(from_date, to_date, with_events) == period


def test_reversed_and_endless_periods_are_refused() -> None:
    with pytest.raises(AppError, match="period_reversed"):
        chosen_period(LATE, EARLY, EVENTS)
    longest = date.fromordinal(EARLY.toordinal() + MAX_DAYS - 1)
    assert chosen_period(EARLY, longest, None) == (EARLY, longest)
    with pytest.raises(AppError, match="period_too_long"):
        chosen_period(EARLY, date.fromordinal(longest.toordinal() + 1), None)
    with pytest.raises(AppError, match="period_too_long"):
        chosen_period(date(1970, 1, 1), None, EVENTS)


def test_days_that_nobody_asked_for_are_never_too_many() -> None:
    old = (date(1960, 1, 1), LATE)
    newest_part = date.fromordinal(LATE.toordinal() - MAX_DAYS + 1)
    assert chosen_period(None, None, old) == (newest_part, LATE)
    assert chosen_period(None, EARLY, old) == (date.fromordinal(EARLY.toordinal() - MAX_DAYS + 1), EARLY)
    assert chosen_period(date(1960, 1, 2), date(1960, 1, 3), old) == (date(1960, 1, 2), date(1960, 1, 3))


def test_days_later_than_today_count_only_where_there_are_no_others() -> None:
    def stats(first: date, last: date, *, later: int) -> DatasetStats:
        first_at, last_at = (datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in (first, last))
        return DatasetStats("1", 3, 1, first_at, last_at, "v", later)

    shop, ahead = stats(EARLY, MIDDLE, later=1), stats(LATE, LATE, later=3)
    utc = ZoneInfo("UTC")
    assert days_with_events([shop, ahead], utc, date(2024, 3, 20)) == (EARLY, MIDDLE)
    assert days_with_events([ahead], utc, MIDDLE) == (LATE, LATE)
    assert days_with_events([], utc, MIDDLE) is None
    # Noon of the last day is the next day in Kiribati, and today of a dataset there is tomorrow elsewhere.
    assert days_with_events([shop], ZoneInfo("Pacific/Kiritimati"), MIDDLE) == (date(2024, 1, 2), MIDDLE)


def test_a_period_is_whole_days_of_its_time_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    # The clock goes forward on 31 March 2024, so that this day has 23 hours.
    day = date(2024, 3, 31)
    assert instants((day, day), berlin) == (
        datetime(2024, 3, 30, 23, tzinfo=UTC),
        datetime(2024, 3, 31, 22, tzinfo=UTC),
    )
    # In Cairo midnight of 26 April 2024 does not exist: the day begins at one o'clock.
    day = date(2024, 4, 26)
    assert instants((day, day), ZoneInfo("Africa/Cairo"))[0] == datetime(2024, 4, 25, 22, tzinfo=UTC)


def test_datasets_of_different_zones_are_counted_in_utc() -> None:
    here, there = DatasetInfo("1", "a", "Asia/Tokyo"), DatasetInfo("2", "b", "Europe/Berlin")
    assert common_zone([here, here]).key == "Asia/Tokyo"
    assert common_zone([here, there]).key == common_zone([]).key == "UTC"


def test_days_without_events_have_zeros() -> None:
    known = Day(MIDDLE, 1, 2)
    days = filled([known], EVENTS)
    assert [day.date for day in days] == [date(2024, 3, number) for number in range(1, 32)]
    assert days[14] == known
    assert sum(day.touchpoints_count for day in days) == 2


def test_shares_are_of_touchpoints_with_a_value() -> None:
    found = shares([not_set(50), value("web", 30), value("app", 20), value("", 7)])
    assert [(item.value, item.is_set, item.touchpoints_count) for item in found] == [
        ("web", True, 30),
        ("app", True, 20),
        ("", True, 7),
        ("", False, 50),
    ]
    assert sum(item.share_ratio for item in found) == pytest.approx(1)
    assert found[-1].share_ratio == 0
    assert [item.share_ratio for item in shares([not_set(3)])] == [0]
    assert shares([]) == []
