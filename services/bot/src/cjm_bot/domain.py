"""Links between staff and chats, and the numbers of a day."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

CODE_LIFETIME = timedelta(minutes=10)
CHART_DAYS = 14
PHOTO_SIDES_PIXELS = 10_000
PHOTO_RATIO = 20
PHOTO_BYTES = 10_000_000
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Link:
    """A private chat that belongs to a staff account.

    Attributes:
        user_id: UUID of the account.
        chat_id: Number Telegram gives the chat.
        chat_title: Name of the person in the chat.
        linked_at: When it was linked, UTC.
        is_blocked: True when Telegram last said that the chat takes no messages from the bot.
    """

    user_id: str
    chat_id: int
    chat_title: str
    linked_at: datetime
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A staff account as the bot sees it.

    Attributes:
        user_id: UUID of the account.
        is_admin: True for an administrator.
        is_disabled: True when the account can no longer sign in.
    """

    user_id: str
    is_admin: bool
    is_disabled: bool


@dataclass(frozen=True, slots=True)
class DayNumbers:
    """Numbers of one day.

    Attributes:
        day: The day, in the time zone of its dataset.
        customers_count: Distinct customers.
        touchpoints_count: Touchpoints.
    """

    day: date
    customers_count: int
    touchpoints_count: int


@dataclass(frozen=True, slots=True)
class Followed:
    """Recent days of one dataset, or of all public ones together.

    Attributes:
        days: Every day up to the newest with touchpoints, in rising order; none without touchpoints.
        today: The day it is now where these days begin; None without touchpoints.
        last_event_at: Time of the newest of these touchpoints, UTC; None without any.
    """

    days: tuple[DayNumbers, ...] = ()
    today: date | None = None
    last_event_at: datetime | None = None

    @property
    def is_ahead(self) -> bool:
        """Whether all touchpoints lie on days later than today."""
        return self.today is not None and bool(self.days) and self.days[-1].day > self.today


@dataclass(frozen=True, slots=True)
class RecentDays:
    """Numbers of the datasets a person follows.

    Attributes:
        days: Every day of the last `CHART_DAYS` up to the newest with data, in rising order; empty without data.
        own_private_count: Private datasets of the person that are in the numbers beside all public ones.
        last_event_at: Time of the newest touchpoint, UTC; None without data.
        today: The day it is now where the newest day is of; None without data.
    """

    days: tuple[DayNumbers, ...]
    own_private_count: int
    last_event_at: datetime | None
    today: date | None


@dataclass(frozen=True, slots=True)
class EndedAnalysis:
    """An analysis that has ended.

    Attributes:
        analysis_id: UUID of the analysis.
        created_by_id: UUID of who started it.
        dataset_id: UUID of its dataset.
        dataset_name: Name of the dataset when it was asked for.
        kind: What was computed, as in the public API, for example "heuristics_net".
        has_result: True when there is a result to draw.
        is_partial: True when the result is marked as partial.
        error_detail: Sentence for the user when failed or partial.
        events_count: Events the result was computed from.
        cases_count: Journeys the result was computed from.
        finished_at: When it ended, UTC.
    """

    analysis_id: str
    created_by_id: str
    dataset_id: str
    dataset_name: str
    kind: str
    has_result: bool
    is_partial: bool
    error_detail: str
    events_count: int
    cases_count: int
    finished_at: datetime


def new_code() -> str:
    """A fresh one-time code: 32 characters of the alphabet a Telegram deep link allows, 192 random bits."""
    return secrets.token_urlsafe(24)


def hash_code(code: str) -> str:
    """What is stored of a code: its SHA-256, hexadecimal. The code is random, so it needs no salt."""
    return hashlib.sha256(code.encode()).hexdigest()


def recent_days(public: Followed, own: Sequence[Followed]) -> RecentDays:
    """Put together what a person follows; what lies on days later than today counts only when there is nothing else.

    Args:
        public: All public datasets.
        own: Private datasets of the person, one by one.
    """
    if any(followed.days and not followed.is_ahead for followed in [public, *own]):
        public = Followed() if public.is_ahead else public
        own = [followed for followed in own if not followed.is_ahead]
    counted = [public, *own]
    newest = max(((f.days[-1].day, f.today) for f in counted if f.days and f.today), default=(None, None))
    return RecentDays(
        days=merge_days([followed.days for followed in counted]),
        own_private_count=len(own),
        last_event_at=max((f.last_event_at for f in counted if f.last_event_at), default=None),
        today=newest[1],
    )


def merge_days(series: Sequence[Sequence[DayNumbers]]) -> tuple[DayNumbers, ...]:
    """Add up the days of several datasets.

    Args:
        series: Per dataset its days, in any order; a missing day counts as zero.

    Returns:
        Every day from the first known one, at most `CHART_DAYS`, up to the newest with touchpoints, in rising order.
        Empty when no day has touchpoints. A customer who is in two datasets counts in both.

    Example:
        >>> monday = date(2024, 5, 6)
        >>> merge_days([[DayNumbers(monday, 2, 9)], [DayNumbers(monday, 1, 1)]])
        (DayNumbers(day=datetime.date(2024, 5, 6), customers_count=3, touchpoints_count=10),)
    """
    customers: dict[date, int] = {}
    touchpoints: dict[date, int] = {}
    for days in series:
        for numbers in days:
            customers[numbers.day] = customers.get(numbers.day, 0) + numbers.customers_count
            touchpoints[numbers.day] = touchpoints.get(numbers.day, 0) + numbers.touchpoints_count
    newest = max((day for day, count in touchpoints.items() if count), default=None)
    if newest is None:
        return ()
    first = max(min(touchpoints), newest - timedelta(days=CHART_DAYS - 1))
    span = [first + timedelta(days=offset) for offset in range((newest - first).days + 1)]
    return tuple(DayNumbers(day, customers.get(day, 0), touchpoints.get(day, 0)) for day in span)


def fits_photo(png: bytes) -> bool:
    """Whether Telegram takes a PNG file as a photo (bytes, sides and their ratio); else it goes as a document."""
    if not png.startswith(_PNG_SIGNATURE) or len(png) > PHOTO_BYTES:
        return False
    width_pixels, height_pixels = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    short, long = sorted((width_pixels, height_pixels))
    return short > 0 and width_pixels + height_pixels <= PHOTO_SIDES_PIXELS and long <= short * PHOTO_RATIO
