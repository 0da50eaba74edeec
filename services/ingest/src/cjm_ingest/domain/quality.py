"""What makes the events of a dataset doubtful; the one place with the rule for Good, Check and Problem."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum, StrEnum
from itertools import pairwise
from typing import Final

EXAMPLES_COUNT: Final = 5

# A step with at most so many events, which are at most this part of all events, is rare.
RARE_EVENTS_COUNT: Final = 3
RARE_EVENTS_RATIO: Final = 0.001

# What counts as a blank at the edge of a value: all white space of Unicode and the four separators of ASCII.
BLANKS: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

BLANKS_AROUND: Final = f"^[{BLANKS}]+|[{BLANKS}]+$"
"""Regular expression for the blanks at the edges of a value."""


class Level(IntEnum):
    """How much a finding matters, the worst last."""

    GOOD = 1
    CHECK = 2
    PROBLEM = 3


class FindingKind(StrEnum):
    """What is looked for, the gravest first."""

    REJECTED_ROWS = "rejected_rows"
    DUPLICATES = "duplicates"
    FUTURE_TIMES = "future_times"
    SAME_TIME = "same_time"
    DAYS_WITHOUT_DATA = "days_without_data"
    RARE_STEPS = "rare_steps"
    SIMILAR_STEPS = "similar_steps"
    SURROUNDING_BLANKS = "surrounding_blanks"


@dataclass(frozen=True, slots=True)
class Limits:
    """Parts of the total, 0-1, from which on a finding is CHECK and PROBLEM; 0 means from the first one on."""

    check_ratio: float
    problem_ratio: float


LIMITS: Final[Mapping[FindingKind, Limits]] = {
    FindingKind.REJECTED_ROWS: Limits(0, 0.05),
    FindingKind.DUPLICATES: Limits(0, 0.05),
    FindingKind.FUTURE_TIMES: Limits(0, 0.01),
    FindingKind.SAME_TIME: Limits(0.05, 0.5),
    FindingKind.DAYS_WITHOUT_DATA: Limits(0.05, 0.5),
    FindingKind.RARE_STEPS: Limits(0, 0.5),
    FindingKind.SIMILAR_STEPS: Limits(0, 0.2),
    FindingKind.SURROUNDING_BLANKS: Limits(0, 0.2),
}


@dataclass(frozen=True, slots=True)
class Example:
    """An example of a finding; what does not apply to its kind is empty.

    Attributes:
        customer_id: Customer of the events.
        field: Field that the values belong to.
        values: Steps or values.
        time_ms: Time of the events, milliseconds since 1970-01-01 UTC.
        first_date: First day without data, ISO date.
        last_date: Last day without data, ISO date.
        found_count: Events, or days.
    """

    found_count: int
    customer_id: str = ""
    field: str = ""
    values: tuple[str, ...] = ()
    time_ms: int | None = None
    first_date: str = ""
    last_date: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """How many of one kind were found, of how many, in the unit of the kind.

    Attributes:
        import_id: Import, for rejected rows.
        fixable_count: Events that a fix would change or remove; 0 where nothing true can be done.
    """

    kind: FindingKind
    found_count: int
    total_count: int
    examples: tuple[Example, ...] = ()
    import_id: str = ""
    fixable_count: int = 0

    @property
    def level(self) -> Level:
        """What that means."""
        if not self.found_count:
            return Level.GOOD
        ratio, limits = self.found_count / self.total_count, LIMITS[self.kind]
        if ratio >= limits.problem_ratio:
            return Level.PROBLEM
        return Level.CHECK if ratio >= limits.check_ratio else Level.GOOD


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What was looked for in a dataset, found or not."""

    events_count: int
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level | None:
        """The level of the worst finding; None when there is nothing to judge."""
        return max((finding.level for finding in self.findings if finding.total_count), default=None)


def days_without_data(days: Sequence[date]) -> Finding:
    """Gaps between days with data, the longest as examples.

    Args:
        days: Days with data, rising, each once.
    """
    gaps = [
        ((later - former).days - 1, former + timedelta(1), later - timedelta(1))
        for former, later in pairwise(days)
        if (later - former).days > 1
    ]
    longest = sorted(gaps, key=lambda gap: (-gap[0], gap[1]))[:EXAMPLES_COUNT]
    return Finding(
        FindingKind.DAYS_WITHOUT_DATA,
        sum(length for length, _, _ in gaps),
        (days[-1] - days[0]).days + 1 if days else 0,
        tuple(
            Example(length, first_date=first.isoformat(), last_date=last.isoformat()) for length, first, last in longest
        ),
    )


def rare_steps(counts: Mapping[str, int]) -> Finding:
    """Steps with very few events, the rarest as examples.

    Args:
        counts: Events per step.
    """
    most = min(RARE_EVENTS_COUNT, RARE_EVENTS_RATIO * sum(counts.values()))
    rare = sorted((count, step) for step, count in counts.items() if count <= most)
    examples = tuple(Example(count, values=(step,)) for count, step in rare[:EXAMPLES_COUNT])
    return Finding(FindingKind.RARE_STEPS, len(rare), len(counts), examples)


def similar_steps(counts: Mapping[str, int]) -> Finding:
    """Groups of steps whose names differ only in case or blanks, the most frequent as examples.

    Args:
        counts: Events per step.
    """
    groups = _alike(counts)
    found = [Example(sum(counts[step] for step in steps), values=tuple(steps)) for steps in groups]
    found.sort(key=lambda example: (-example.found_count, example.values))
    return Finding(
        FindingKind.SIMILAR_STEPS,
        sum(map(len, groups)),
        len(counts),
        tuple(found[:EXAMPLES_COUNT]),
        fixable_count=sum(counts[step] for steps in groups for step in steps[1:]),
    )


def kept_spellings(counts: Mapping[str, int]) -> dict[str, str]:
    """By step, the most frequent one whose name differs from its own only in case or blanks.

    Args:
        counts: Events per step.
    """
    return {step: kept for kept, *others in _alike(counts) for step in others}


def _alike(counts: Mapping[str, int]) -> list[list[str]]:
    """Steps whose names differ only in case or blanks, in groups of two or more, the most frequent of a group first."""
    groups: dict[str, list[str]] = defaultdict(list)
    for step in counts:
        groups["".join(step.casefold().split())].append(step)
    return [sorted(steps, key=lambda step: (-counts[step], step)) for steps in groups.values() if len(steps) > 1]


def rejected_rows(import_id: str, rows_read: int, rows_rejected: int) -> Finding:
    """Rows of the newest import that were rejected; the import itself shows them."""
    return Finding(FindingKind.REJECTED_ROWS, rows_rejected, rows_read, import_id=import_id)


def has_surrounding_blanks(text: str) -> bool:
    """True when a text begins or ends with one of `BLANKS`."""
    return text != text.strip(BLANKS)


def without_blanks(texts: Iterable[str]) -> dict[str, str]:
    """By text with blanks around it, the text without them; what consists of blanks alone stays as it is."""
    return {text: bare for text in texts if (bare := text.strip(BLANKS)) and bare != text}
