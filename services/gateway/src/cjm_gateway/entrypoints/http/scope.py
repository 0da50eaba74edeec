"""The frame of every question: which journeys of a dataset, from the words of a request."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from google.protobuf.timestamp_pb2 import Timestamp

from cjm_gateway.entrypoints.http.filter_terms import parse_filter
from cjm_kit.errors import AppError, Code, FieldViolation
from cjm_protos.catalog.v1.dataset_pb2 import (
    CASE_NOTION_CUSTOMER,
    CASE_NOTION_SESSION,
    CASE_NOTION_UNSPECIFIED,
    Dataset,
)
from cjm_protos.ingest.v1.scope_pb2 import Scope

Case = Literal["customer", "session"]
FilterTerms = Annotated[
    list[str], Query(description="Filter term, for example `device_category:mobile,tablet`; all terms must be true.")
]
SESSION_GAP = "Gap that starts a session; 0 uses the session ids of the events; default: the dataset's."
CASES: dict[Case, Any] = {"customer": CASE_NOTION_CUSTOMER, "session": CASE_NOTION_SESSION}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2299, 12, 31)


@dataclass(frozen=True, slots=True)
class Frame:
    """Which journeys are wanted, in the words of the request; what is absent comes from the dataset."""

    case: Case | None = None
    session_gap_minutes: int | None = None
    from_date: str = ""
    to_date: str = ""
    terms: Sequence[str] = field(default_factory=tuple)

    def scope_of(self, dataset: Dataset) -> Scope:
        """The frame in instants and predicates.

        Raises:
            AppError: INVALID_ARGUMENT `date_invalid`, `period_reversed` or `filter_term_invalid`.
        """
        from_time, to_time = period(self.from_date, self.to_date, dataset.time_zone)
        notion = CASES[self.case] if self.case else dataset.default_case
        if notion == CASE_NOTION_UNSPECIFIED:
            notion = CASE_NOTION_CUSTOMER
        gap_minutes = 0
        if notion == CASE_NOTION_SESSION:
            own = self.session_gap_minutes
            gap_minutes = dataset.session_gap_minutes if own is None else own
        return Scope(
            dataset_id=dataset.dataset_id,
            from_time=from_time,
            to_time=to_time,
            case_notion=notion,
            session_gap_minutes=gap_minutes,
            filter=parse_filter(self.terms),
        )


def _frame(
    case: Annotated[Case | None, Query(description="What makes one journey; default: the dataset's.")] = None,
    session_gap_minutes: Annotated[int | None, Query(ge=0, le=10080, description=SESSION_GAP)] = None,
    from_: Annotated[str, Query(alias="from", description="First day, ISO date, in the dataset's time zone.")] = "",
    to: Annotated[str, Query(description="Last day, ISO date, included.")] = "",
    f: FilterTerms = [],  # noqa: B006 - FastAPI copies defaults
) -> Frame:
    return Frame(case, session_gap_minutes, from_, to, f)


FrameQuery = Annotated[Frame, Depends(_frame)]


def period(from_date: str, to_date: str, time_zone: str) -> tuple[Timestamp | None, Timestamp | None]:
    """The instants between which a period lies.

    Args:
        from_date: First day, ISO date; empty when open.
        to_date: Last day, ISO date, whole day included; empty when open.
        time_zone: IANA time zone in which days begin.

    Returns:
        First instant, inclusive, and last instant, exclusive; None when open.

    Raises:
        AppError: INVALID_ARGUMENT `date_invalid` naming the fields, `period_reversed`.
    """
    violations: list[FieldViolation] = []
    first = _day("from", from_date, violations)
    last = _day("to", to_date, violations)
    if violations:
        raise AppError(Code.INVALID_ARGUMENT, "date_invalid", violations[0].detail, violations=violations)
    if first and last and first > last:
        detail = f'The period starts on {from_date}, after its end on {to_date}. Exchange "from" and "to".'
        violation = FieldViolation("from", "period_reversed", detail)
        raise AppError(Code.INVALID_ARGUMENT, "period_reversed", detail, violations=[violation])
    zone = ZoneInfo(time_zone or "UTC")
    return _midnight(first, zone), _midnight(last + timedelta(days=1) if last else None, zone)


def _day(name: str, text: str, violations: list[FieldViolation]) -> date | None:
    if not text:
        return None
    with contextlib.suppress(ValueError):
        if _DATE.fullmatch(text) and _FIRST_DAY <= (day := date.fromisoformat(text)) <= _LAST_DAY:
            return day
    shown = text if len(text) <= 50 else f"{text[:50]}…"
    detail = f'Field "{name}": "{shown}" is not a date between 1900 and 2299. Write it like 2024-05-07.'
    violations.append(FieldViolation(name, "date_invalid", detail))
    return None


def _midnight(day: date | None, zone: ZoneInfo) -> Timestamp | None:
    if day is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(datetime.combine(day, time.min, zone).astimezone(UTC))
    return timestamp
