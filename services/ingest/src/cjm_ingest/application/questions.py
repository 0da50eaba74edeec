"""What can be asked about events, and asking for pages: sizes within limits, cursors that name where to go on."""

import base64
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Protocol

from cjm_ingest.domain import answers
from cjm_ingest.domain.quality import Finding
from cjm_ingest.domain.scope import Scope
from cjm_kit.errors import AppError, Code


class EventQuestions(Protocol):
    """What can be asked about stored events."""

    async def directly_follows(self, scope: Scope, kept_activities: Sequence[str]) -> answers.DirectlyFollowsGraph:
        """The directly-follows graph; no kept steps keeps all."""
        ...

    async def heuristics_counts(self, scope: Scope) -> answers.HeuristicsCounts:
        """Counts for the heuristics miner."""
        ...

    async def variants(self, scope: Scope, limit: int, offset: int, *, ignore_repeats: bool) -> answers.VariantPage:
        """A page of ways, most frequent first."""
        ...

    async def coded_variants(self, scope: Scope) -> answers.CodedVariants:
        """All ways."""
        ...

    async def path_times(
        self, scope: Scope, kept_activities: Sequence[str], source: str, target: str
    ) -> tuple[answers.TimeBin, ...]:
        """Histogram of the times of one path."""
        ...

    async def journeys_by_day(self, scope: Scope, time_zone: str, goal_activity: str) -> list[answers.JourneyDay]:
        """Journeys by the day of their first event, and which of them contain a step."""
        ...

    async def count_journeys(self, scope: Scope) -> answers.AsOf[int]:
        """How many journeys a scope has."""
        ...

    async def count_by_day(self, scopes: Sequence[Scope], time_zone: str, by_field: str) -> answers.DayCounts:
        """Events and customers per day."""
        ...

    async def field_values(
        self, scopes: Sequence[Scope], field: str, value_contains: str, limit: int
    ) -> tuple[answers.ValueCount, ...]:
        """Values of one field."""
        ...

    async def list_events(
        self,
        scopes: Sequence[Scope],
        limit: int,
        after: answers.EventPosition | None,
        customer_id: str,
        import_id: str,
    ) -> answers.EventPage:
        """A page of events, newest first."""
        ...

    async def dataset_stats(
        self, dataset_ids: Sequence[str], tomorrows_ms: Sequence[int] = ()
    ) -> tuple[answers.DatasetStats, ...]:
        """Sizes of the datasets that have events; with the first instant of tomorrow of each, what lies later."""
        ...

    async def describe_fields(self, dataset_id: str) -> answers.AsOf[answers.FieldDescriptions]:
        """The fields that have values."""
        ...

    async def check_events(
        self, dataset_id: str, time_zone: str, now_ms: int
    ) -> answers.AsOf[tuple[int, tuple[Finding, ...]]]:
        """Events, and what looks wrong in them."""
        ...


@dataclass(frozen=True, slots=True)
class VariantsAnswer:
    """A page of ways with the cursor of the next one, "" when this is the last."""

    cases_count: int
    variants_count: int
    variants: tuple[answers.Variant, ...]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class EventsAnswer:
    """A page of events with the cursor of the next one, "" when this is the last."""

    events: tuple[answers.StoredEvent, ...]
    next_page_token: str


async def list_variants(
    store: EventQuestions, scope: Scope, page_size: int, page_token: str, *, ignore_repeats: bool
) -> VariantsAnswer:
    """Ways, most frequent first.

    Args:
        store: Who knows.
        scope: Which journeys.
        page_size: 1-1000; 0 means 100.
        page_token: Cursor of the page before, "" for the first page.
        ignore_repeats: True counts a step repeated at once only once.

    Raises:
        AppError: INVALID_ARGUMENT `page_size_out_of_range` or `page_token_invalid`.
    """
    limit = checked_page_size(page_size, default=100, maximum=1000)
    offset = _offset(page_token) if page_token else 0
    page = await store.variants(scope, limit, offset, ignore_repeats=ignore_repeats)
    reached = offset + len(page.variants)
    has_more = bool(page.variants) and reached < page.variants_count
    token = _encoded((reached,)) if has_more else ""
    return VariantsAnswer(page.cases_count, page.variants_count, page.variants, token)


async def list_events(
    store: EventQuestions,
    scopes: Sequence[Scope],
    page_size: int,
    page_token: str,
    customer_id: str,
    import_id: str,
) -> EventsAnswer:
    """Events, newest first; new ones arriving between two pages shift nothing.

    Args:
        store: Who knows.
        scopes: Which events, one scope per dataset, merged.
        page_size: 1-500; 0 means 50.
        page_token: Cursor of the page before, "" for the first page.
        customer_id: Only events of this customer; "" for all.
        import_id: Only events of this import; "" for all.

    Raises:
        AppError: INVALID_ARGUMENT `page_size_out_of_range` or `page_token_invalid`.
    """
    limit = checked_page_size(page_size, default=50, maximum=500)
    after = _position(page_token) if page_token else None
    page = await store.list_events(scopes, limit, after, customer_id, import_id)
    token = _encoded(astuple(page.next_position)) if page.next_position else ""
    return EventsAnswer(page.events, token)


def checked_page_size(page_size: int, *, default: int, maximum: int) -> int:
    """The page size to use: 0 means the default.

    Raises:
        AppError: INVALID_ARGUMENT `page_size_out_of_range`.
    """
    if not 0 <= page_size <= maximum:
        raise AppError(
            Code.INVALID_ARGUMENT, "page_size_out_of_range", f"page_size is {page_size}; it must be 1-{maximum}."
        )
    return page_size or default


def _encoded(place: Sequence[int | str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _decoded(token: str) -> object:
    try:
        return json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, RecursionError):
        return None


def _offset(token: str) -> int:
    match _decoded(token):
        case [int(offset)] if 0 <= offset < 2**63:
            return offset
    raise _token_invalid()


def _position(token: str) -> answers.EventPosition:
    match _decoded(token):
        case [int(time_ms), int(tie), int(event_key), str(dataset_id)] if (
            abs(time_ms) < 2**53 and 0 <= tie < 2**32 and 0 <= event_key < 2**64
        ):
            return answers.EventPosition(time_ms, tie, event_key, dataset_id)
    raise _token_invalid()


def _token_invalid() -> AppError:
    return AppError(
        Code.INVALID_ARGUMENT,
        "page_token_invalid",
        "The page token is not one this service gave out. Start again from the first page.",
    )
