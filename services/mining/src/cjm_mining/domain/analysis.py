"""An analysis as a job: its kinds, parameters, states and what users are told when it cannot be done."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cjm_kit.errors import AppError, Code, FieldViolation

REQUESTED_SUBJECT = "cjm.mining.analysis.requested.v1"
"""Under which work items are said on the bus; the two below are the facts of an end."""
COMPLETED_SUBJECT = "cjm.mining.analysis.completed.v1"
FAILED_SUBJECT = "cjm.mining.analysis.failed.v1"

MAX_OPEN_PER_USER = 20
"""Analyses one user may have waiting or running at a time."""

DELETED_KEPT_DAYS = 30
"""Days for which a deleted analysis can be restored."""

PARTIAL_WAYS_COUNT = 200
"""Ways a partial inductive model is made of, most frequent first."""


class Kind(StrEnum):
    """What is computed."""

    DIRECTLY_FOLLOWS = "directly_follows"
    ALPHA = "alpha"
    HEURISTICS_NET = "heuristics_net"
    INDUCTIVE_TREE = "inductive_tree"
    INDUCTIVE_PETRI = "inductive_petri"
    HEURISTICS_PETRI = "heuristics_petri"
    DFG_PETRI = "dfg_petri"

    @property
    def needs_variants(self) -> bool:
        """True when counts of moves are not enough and every way is needed."""
        return self in (Kind.INDUCTIVE_TREE, Kind.INDUCTIVE_PETRI)

    @property
    def uses_pm4py(self) -> bool:
        """True when pm4py makes the model."""
        return self is not Kind.DIRECTLY_FOLLOWS


class Status(StrEnum):
    """Where an analysis stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """True while it waits or works."""
        return self in (Status.QUEUED, Status.RUNNING)

    @property
    def has_result(self) -> bool:
        """True when a result is stored."""
        return self in (Status.SUCCEEDED, Status.PARTIAL)


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis with everything needed to repeat it.

    Attributes:
        analysis_id: UUID, text form.
        created_by_id: UUID of the account that asked.
        scope: The journeys, as the event questions understand it (opaque here).
        parameters: Complete, defaults filled in.
        progress_ratio: 0-1.
        result_hash: SHA-256 of the result in canonical form, hexadecimal; empty before the end.
        deleted_at: When it was deleted; None unless it was.
    """

    analysis_id: str
    created_by_id: str
    dataset_id: str
    dataset_name: str
    kind: Kind
    scope: bytes
    filter_terms: tuple[str, ...]
    from_date: str
    to_date: str
    parameters: Mapping[str, float]
    created_at: datetime
    status: Status = Status.QUEUED
    progress_ratio: float = 0.0
    error_reason: str = ""
    error_detail: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    events_count: int = 0
    cases_count: int = 0
    result_hash: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seed: int = 0
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Computed:
    """What an analysis gave.

    Attributes:
        content: The result, serialised.
        result_hash: SHA-256 of its canonical form, hexadecimal.
        events_count: Events it was computed from.
        cases_count: Journeys it was computed from.
        cases_total: Journeys in the scope; more than `cases_count` when rare ways were left out.
    """

    content: bytes
    result_hash: str
    events_count: int
    cases_count: int
    cases_total: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that steers an algorithm, from `minimum` to `maximum`, both included."""

    name: str
    default: float
    minimum: float = 0.0
    maximum: float = 1.0


_HEURISTICS = (
    Parameter("dependency_threshold", 0.5),
    Parameter("and_threshold", 0.65),
    Parameter("loop_two_threshold", 0.5),
)
_INDUCTIVE = (Parameter("noise_threshold", 0.0),)

PARAMETERS: Mapping[Kind, tuple[Parameter, ...]] = {
    Kind.DIRECTLY_FOLLOWS: (),
    Kind.ALPHA: (),
    Kind.DFG_PETRI: (),
    Kind.HEURISTICS_NET: _HEURISTICS,
    Kind.HEURISTICS_PETRI: _HEURISTICS,
    Kind.INDUCTIVE_TREE: _INDUCTIVE,
    Kind.INDUCTIVE_PETRI: _INDUCTIVE,
}

# Measured with 300 steps and 1 165 moves: alpha 17 s, heuristics Petri net 8 s, inductive over 40 s; with 1 000 steps
# the heuristics net 1 s, the others over 40 s.
MAX_ACTIVITIES_COUNT: Mapping[Kind, int] = {
    Kind.DIRECTLY_FOLLOWS: 65_535,
    Kind.ALPHA: 300,
    Kind.DFG_PETRI: 1_000,
    Kind.HEURISTICS_NET: 1_000,
    Kind.HEURISTICS_PETRI: 300,
    Kind.INDUCTIVE_TREE: 300,
    Kind.INDUCTIVE_PETRI: 300,
}


def complete_parameters(kind: Kind, given: Mapping[str, object]) -> dict[str, float]:
    """Check the parameters of a kind and fill in defaults.

    Args:
        kind: What is to be computed.
        given: Name -> value as the user wrote it.

    Returns:
        Every parameter of the kind, by name.

    Raises:
        AppError: INVALID_ARGUMENT `parameters_invalid` with one violation per faulty parameter:
            `parameter_unknown`, `parameter_not_a_number` or `parameter_out_of_range`.

    Example:
        >>> complete_parameters(Kind.INDUCTIVE_TREE, {})
        {'noise_threshold': 0.0}
    """
    known = {parameter.name: parameter for parameter in PARAMETERS[kind]}
    violations = []
    values = {name: parameter.default for name, parameter in known.items()}
    for name, value in given.items():
        place = f"parameters.{name}"
        parameter = known.get(name)
        if parameter is None:
            names = ", ".join(known) or "none"
            detail = f"{kind} has no parameter {name!r}. It has: {names}."
            violations.append(FieldViolation(place, "parameter_unknown", detail))
        elif isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            violations.append(FieldViolation(place, "parameter_not_a_number", f"{name} must be a number."))
        elif not parameter.minimum <= value <= parameter.maximum:
            detail = f"{name} is {value:g}; it must be from {parameter.minimum:g} to {parameter.maximum:g}."
            violations.append(FieldViolation(place, "parameter_out_of_range", detail))
        else:
            values[name] = float(value)
    if violations:
        detail = " ".join(violation.detail for violation in violations)
        raise AppError(Code.INVALID_ARGUMENT, "parameters_invalid", detail, violations=violations)
    return values


def check_activities_count(kind: Kind, activities_count: int) -> None:
    """Refuse what no reader could use and no machine finishes.

    Raises:
        AppError: FAILED_PRECONDITION `too_many_activities`.
    """
    limit = MAX_ACTIVITIES_COUNT[kind]
    if activities_count > limit:
        raise AppError(
            Code.FAILED_PRECONDITION,
            "too_many_activities",
            f"These journeys have {activities_count:,} different steps; this model can show {limit:,}. "
            "Keep fewer steps with a filter, or group them when you import.",
        )


def no_touchpoints() -> AppError:
    """The failure of an analysis whose scope is empty."""
    return AppError(
        Code.FAILED_PRECONDITION,
        "no_touchpoints",
        "No touchpoints in this period. Choose a longer period or remove a filter.",
    )


def analysis_not_found() -> AppError:
    """What is said of analyses that do not exist and of other people's alike."""
    return AppError(
        Code.NOT_FOUND, "analysis_not_found", "This analysis does not exist, was deleted, or is not one of yours."
    )


def time_limit_error(kind: Kind, limit_seconds: float) -> AppError:
    """The failure of an analysis that took longer than it may."""
    return AppError(
        Code.DEADLINE_EXCEEDED,
        "analysis_time_limit",
        f"The analysis was stopped after {limit_seconds:g} seconds. {_advice(kind)}",
    )


def memory_limit_error(kind: Kind, limit_bytes: int) -> AppError:
    """The failure of an analysis that took more memory than it may."""
    return AppError(
        Code.RESOURCE_EXHAUSTED,
        "analysis_memory_limit",
        f"The analysis needed more than {limit_bytes / 2**20:,.0f} MB of memory and was stopped. {_advice(kind)}",
    )


def worker_died_error() -> AppError:
    """The failure of an analysis whose worker process ended unexpectedly."""
    return AppError(
        Code.INTERNAL,
        "analysis_worker_died",
        "The analysis broke off unexpectedly. Start it again; if it stays, choose a shorter period.",
    )


def interrupted_error() -> AppError:
    """The failure of an analysis that restarts of the service interrupted more than once."""
    return AppError(
        Code.UNAVAILABLE, "analysis_interrupted", "Restarts interrupted this analysis twice. Start it again."
    )


def too_deep_error() -> AppError:
    """The failure of a process tree that is nested too deeply to be stored or read."""
    return AppError(
        Code.FAILED_PRECONDITION,
        "model_too_deep",
        "The model is nested too deeply to be shown. Raise the noise threshold or keep fewer steps with a filter.",
    )


def partial_detail(spent: AppError, computed: Computed) -> str:
    """What is said beside a result that rare ways were left out of."""
    return (
        f"Computed from the most frequent ways only: {computed.cases_count:,} of {computed.cases_total:,} journeys "
        f"({percent(computed.cases_count, computed.cases_total)}). {spent.detail}"
    )


def percent(part: int, whole: int) -> str:
    """A share in words: "0%" and "100%" mean none and all, never nearly so.

    >>> [percent(part, 10_000) for part in (0, 1, 300, 970, 5_840, 9_966, 9_999, 10_000)]
    ['0%', '<0.1%', '3%', '9.7%', '58%', '99.7%', '>99.9%', '100%']
    """
    share_percent = 100 * part / whole if whole else 0.0
    if 0 < share_percent < 0.1:
        return "<0.1%"
    if 99.95 <= share_percent < 100:
        return ">99.9%"
    digits = 1 if share_percent < 9.95 or 99.5 <= share_percent < 100 else 0
    return f"{share_percent:.{digits}f}".removesuffix(".0") + "%"


def _advice(kind: Kind) -> str:
    if kind.needs_variants:
        return "Choose a shorter period, add a filter, or raise the noise threshold."
    return "Choose a shorter period or add a filter."
