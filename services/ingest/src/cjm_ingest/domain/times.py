"""Reading dates and times as people and programs write them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH_NAIVE: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock, the zone is added later
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_FREE_FORM: Final = re.compile(
    r"(?P<a>\d{1,4})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<c>\d{4}|\d{1,2})"
    r"(?:[T,\s]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?)?"
    r"\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII,
)
_NUMBER: Final = re.compile(r"-?\d{9,16}(?:\.\d+)?", re.ASCII)

AMBIGUOUS_YEAR: Final = r"^\d{1,2}[./-]\d{1,2}[./-](?:69|[7-9]\d)(?:\D|$)"
"""Regular expression for dates whose two digits of the year are read as 19xx, of events hardly ever what is meant."""


class DayOrder(StrEnum):
    """Which part of a date like 3/4/2024 is the day."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as written.

    Attributes:
        microseconds: Since 1970-01-01 00:00, of the wall clock or, with a zone, of UTC.
        has_zone: True when the text says its zone.
    """

    microseconds: int
    has_zone: bool


def tomorrow_ms(time_zone: str, now: datetime) -> int:
    """The first instant of the day after `now` in a time zone, milliseconds since 1970-01-01 UTC."""
    zone = ZoneInfo(time_zone)
    midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
    return int(midnight.timestamp() * 1000)


def day_order(texts: Iterable[str]) -> DayOrder:
    """Find out from many dates whether the day or the month comes first.

    Args:
        texts: Values of one column.

    Returns:
        AMBIGUOUS when there are dates with slashes or dashes that fit both; DAY_FIRST when there are none.
    """
    has_open_case = False
    for text in texts:
        found = _FREE_FORM.fullmatch(text)
        if found is None or found["sep"] == "." or len(found["a"]) > 2:
            continue
        first, second = int(found["a"]), int(found["b"])
        if first > 12 >= second:
            return DayOrder.DAY_FIRST
        if second > 12 >= first:
            return DayOrder.MONTH_FIRST
        has_open_case = has_open_case or first != second
    return DayOrder.AMBIGUOUS if has_open_case else DayOrder.DAY_FIRST


def read_time(text: str, order: DayOrder = DayOrder.DAY_FIRST, time_format: str = "") -> Moment | None:
    """Read one date or time.

    Args:
        text: Without surrounding white space: ISO 8601, day.month.year, day/month/year, month/day/year, with or without
            a time of day and a zone, or seconds, milliseconds or microseconds since 1970-01-01 UTC.
        order: Order of day and month where the text does not show it.
        time_format: strptime pattern; when given, nothing else is read.

    Returns:
        None when it is not a date.
    """
    try:
        if time_format:
            return _moment(datetime.strptime(text, time_format))  # noqa: DTZ007 - a missing zone is the mapping's
        if _is_compact(text):
            return _moment(datetime.strptime(text, "%Y%m%d%H%M%S"))  # noqa: DTZ007
        if _NUMBER.fullmatch(text):
            return Moment(epoch_microseconds(text), has_zone=True)
        try:
            return _moment(datetime.fromisoformat(text))
        except ValueError:
            found = _FREE_FORM.fullmatch(text)
            return None if found is None else _moment(_free_form(found, order))
    except (ValueError, OverflowError):
        return None


def epoch_microseconds(number: str) -> int:
    """Microseconds of a number since 1970: up to 11 digits are seconds, up to 14 milliseconds, else microseconds."""
    whole, _, fraction = number.partition(".")
    digits = len(whole.lstrip("-"))
    scale = 6 if digits <= 11 else 3 if digits <= 14 else 0
    sign = -1 if whole.startswith("-") else 1
    fraction_part = int((fraction + "000000")[:6][:scale] or 0)
    return int(whole) * int(10**scale) + sign * fraction_part


def _is_compact(text: str) -> bool:
    return len(text) == 14 and text.isdigit() and text.startswith(("19", "20"))


def _free_form(found: re.Match[str], order: DayOrder) -> datetime:
    if len(found["a"]) > 2:
        year, month, day = int(found["a"]), int(found["b"]), int(found["c"])
    else:
        day, month = int(found["a"]), int(found["b"])
        if found["sep"] != "." and order is DayOrder.MONTH_FIRST:
            day, month = month, day
        year = int(found["c"])
        if len(found["c"]) <= 2:
            year += 2000 if year < 69 else 1900
    hour = int(found["hour"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    microsecond = int(((found["fraction"] or "") + "000000")[:6])
    zone = _zone(found["zone"])
    return datetime(year, month, day, hour, int(found["minute"] or 0), int(found["second"] or 0), microsecond, zone)


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0)))


def _moment(value: datetime) -> Moment:
    if value.tzinfo is None:
        return Moment((value - _EPOCH_NAIVE) // _MICROSECOND, has_zone=False)
    return Moment((value - _EPOCH) // _MICROSECOND, has_zone=True)
