"""Answers to questions about events. Times in seconds, ratios 0-1."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class ActivityCount:
    """A step and its events."""

    activity: str
    events_count: int


@dataclass(frozen=True, slots=True)
class ActivityNode:
    """A step in a graph.

    Attributes:
        activity: The step.
        events_count: Events with it.
        cases_count: Journeys that contain it.
        starts_count: Journeys that start with it.
        ends_count: Journeys that end with it.
        mean_rank: Mean number of distinct kept steps before its first occurrence in a journey.
        median_next_seconds: Median time to the next kept event; None when nothing ever follows.
    """

    activity: str
    events_count: int
    cases_count: int
    starts_count: int
    ends_count: int
    mean_rank: float
    median_next_seconds: float | None


@dataclass(frozen=True, slots=True)
class Edge:
    """A path from one step to the next.

    Attributes:
        source: Step that is left.
        target: Step that is reached.
        moves_count: Moves.
        cases_count: Journeys with at least one such move.
        mean_seconds: Mean time of a move.
        median_seconds: Median time, interpolated like the other quantiles.
        p90_seconds: Time not exceeded by 90 % of the moves.
        p95_seconds: Time not exceeded by 95 % of the moves.
        hidden_ratio: Part of the moves that pass through skipped steps.
    """

    source: str
    target: str
    moves_count: int
    cases_count: int
    mean_seconds: float
    median_seconds: float
    p90_seconds: float
    p95_seconds: float
    hidden_ratio: float


@dataclass(frozen=True, slots=True)
class DirectlyFollowsGraph:
    """Steps and paths of journeys.

    Attributes:
        events_count: Events of kept steps.
        cases_count: Journeys with at least one kept step.
        cases_without_count: Journeys with none.
        variants_count: Different ways over the kept steps.
        median_case_seconds: Median time from first to last kept event; 0 without journeys.
        nodes: Steps, most frequent first, ties by name.
        edges: Paths, most frequent first, ties by source and target.
        cases_unfiltered_count: Journeys within the period before the filter.
        all_activities: Steps in the scope, kept or not, most frequent first.
    """

    events_count: int = 0
    cases_count: int = 0
    cases_without_count: int = 0
    variants_count: int = 0
    median_case_seconds: float = 0.0
    nodes: tuple[ActivityNode, ...] = ()
    edges: tuple[Edge, ...] = ()
    cases_unfiltered_count: int = 0
    all_activities: tuple[ActivityCount, ...] = ()


PairCounts = Mapping[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class HeuristicsCounts:
    """What the heuristics miner needs; numbers in pairs are places in `activities`.

    Attributes:
        events_count: Events.
        cases_count: Journeys.
        activities: Steps by name.
        activity_counts: Events per step, same order; likewise `start_counts` and `end_counts`.
        directly_follows: Moves from one step directly to the next.
        two_apart: Pairs of steps two places apart.
        triples: Triples a, b, a of three neighbouring events, by (a, b).
    """

    events_count: int = 0
    cases_count: int = 0
    activities: tuple[str, ...] = ()
    activity_counts: tuple[int, ...] = ()
    start_counts: tuple[int, ...] = ()
    end_counts: tuple[int, ...] = ()
    directly_follows: PairCounts = field(default_factory=dict)
    two_apart: PairCounts = field(default_factory=dict)
    triples: PairCounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Variant:
    """A way.

    Attributes:
        activities: Steps in order.
        cases_count: Journeys that went this way.
        median_seconds: Median time from first to last event.
    """

    activities: tuple[str, ...]
    cases_count: int
    median_seconds: float


@dataclass(frozen=True, slots=True)
class VariantPage:
    """Ways, most frequent first, with totals of the whole scope."""

    cases_count: int
    variants_count: int
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class CodedVariants:
    """All ways of a scope, most frequent first; there may be hundreds of thousands, hence arrays.

    Attributes:
        activities: Steps by name.
        places: Places in `activities` of all steps of all ways, one way after the other.
        offsets: Way i is `places[offsets[i]:offsets[i + 1]]`; one entry more than ways.
        cases_counts: Journeys per way, same order.
        events_count: Events in the scope.
        cases_count: Journeys in the scope.
    """

    activities: tuple[str, ...] = ()
    places: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    offsets: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    cases_counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    events_count: int = 0
    cases_count: int = 0


@dataclass(frozen=True, slots=True)
class TimeBin:
    """A bar of a histogram; `to_seconds` is exclusive but for the last bin."""

    from_seconds: float
    to_seconds: float
    moves_count: int


@dataclass(frozen=True, slots=True)
class ValueCount:
    """A value as text and its events; `is_set` False counts events without a value."""

    value: str
    is_set: bool
    events_count: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """A day.

    Attributes:
        date: ISO date.
        events_count: Events.
        customers_count: Distinct customers, per dataset.
        by_value: Events by value of a field, most frequent first.
    """

    date: str
    events_count: int
    customers_count: int
    by_value: tuple[ValueCount, ...]


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Days in rising order, with totals."""

    days: tuple[DayCount, ...]
    customers_count: int
    events_count: int


@dataclass(frozen=True, slots=True)
class JourneyDay:
    """Journeys that began on a day.

    Attributes:
        date: ISO date.
        cases_count: Journeys.
        reached_count: Those of them that contain the step asked for, on whatever day.
    """

    date: str
    cases_count: int
    reached_count: int


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as stored.

    Attributes:
        fields: Optional fields that are set, as text.
        properties_json: Free properties as a JSON object; "" when there are none.
        import_id: "" for events sent over REST.
    """

    dataset_id: str
    event_id: str
    customer_id: str
    action_type: str
    time_ms: int
    fields: Mapping[str, str]
    properties_json: str
    import_id: str


@dataclass(frozen=True, slots=True)
class EventPosition:
    """Where a list of events, newest first, goes on: after this event."""

    time_ms: int
    tie: int
    event_key: int
    dataset_id: str


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, newest first; `next_position` is None on the last page."""

    events: tuple[StoredEvent, ...]
    next_position: EventPosition | None


@dataclass(frozen=True, slots=True)
class DatasetStats:
    """Size and period of a dataset.

    `set_fields` are the optional fields with at least one value; `sent_events_count` events did not come with files;
    `later_events_count` lie on days later than today, and `last_event_ms` is of none of them unless all do.
    """

    dataset_id: str
    events_count: int
    sent_events_count: int
    customers_count: int
    activities_count: int
    first_event_ms: int
    last_event_ms: int
    version: str
    set_fields: tuple[str, ...]
    later_events_count: int = 0


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """What is in a field.

    Attributes:
        field: Event field, or "properties.<name>".
        events_count: Events with a value.
        values_count: Different values.
        top_values: The most frequent values, ties by value; none for number fields.
        min_value: Smallest value; None but for number fields.
        max_value: Largest value; None but for number fields.
    """

    field: str
    events_count: int
    values_count: int
    top_values: tuple[ValueCount, ...] = ()
    min_value: float | None = None
    max_value: float | None = None


@dataclass(frozen=True, slots=True)
class FieldDescriptions:
    """The fields that have values, in the order of the data model, properties last by name.

    Attributes:
        properties_count: Properties with values, also those left out of `fields`.
    """

    events_count: int
    fields: tuple[FieldDescription, ...]
    properties_count: int = 0


@dataclass(frozen=True, slots=True)
class AsOf(Generic[_Answer]):
    """An answer that may be remembered.

    Attributes:
        answer: The answer.
        as_of_ms: When the events were looked at, milliseconds since 1970-01-01 UTC.
        is_current: False when events changed since.
    """

    answer: _Answer
    as_of_ms: int
    is_current: bool
