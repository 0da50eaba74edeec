"""The one filter of the product: which events and which journeys to keep."""

from dataclasses import dataclass
from typing import TypeAlias

from cjm_kit.errors import AppError, Code


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every part is; true when empty."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when at least one part is; false when empty."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is false."""

    part: "Filter"


@dataclass(frozen=True, slots=True)
class FieldIn:
    """The field of the event has one of these values; "" stands for "not set"."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """The journey contains one of these steps."""

    activities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DirectlyFollows:
    """The journey has `target` at once after `source`."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class EventuallyFollows:
    """The journey has `target` some time after `source`."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class StartsWith:
    """The journey starts with one of these steps."""

    activities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndsWith:
    """The journey ends with one of these steps."""

    activities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LengthBetween:
    """The journey has this many events; bounds inclusive, None for open."""

    min_count: int | None
    max_count: int | None


@dataclass(frozen=True, slots=True)
class DurationBetween:
    """The journey lasts this long from first to last event, in seconds; bounds inclusive, None for open."""

    min_seconds: float | None
    max_seconds: float | None


@dataclass(frozen=True, slots=True)
class ExactWay:
    """The journey consists of exactly these steps in this order."""

    activities: tuple[str, ...]


JourneyPredicate: TypeAlias = (
    Contains | DirectlyFollows | EventuallyFollows | StartsWith | EndsWith | LengthBetween | DurationBetween | ExactWay
)
Filter: TypeAlias = AllOf | AnyOf | Not | FieldIn | JourneyPredicate


def split(node: Filter | None) -> tuple[Filter, Filter]:
    """Separate what is asked of single events, applied first, from what is asked of whole journeys.

    Args:
        node: The filter; None keeps everything.

    Returns:
        Event part and journey part; `AllOf(())` for a part that is not there.

    Raises:
        AppError: INVALID_ARGUMENT `filter_mixed` when one `AnyOf` or `Not` holds both kinds.

    Example:
        >>> split(AllOf((FieldIn("device_os", ("iOS",)), Contains(("cart",)))))[1]
        AllOf(parts=(Contains(activities=('cart',)),))
    """
    events: list[Filter] = []
    journeys: list[Filter] = []
    for part in () if node is None else _conjuncts(node):
        kinds = _kinds(part)
        if len(kinds) > 1:
            raise AppError(
                Code.INVALID_ARGUMENT,
                "filter_mixed",
                "One 'any of' or 'not' of the filter mixes conditions on event fields with conditions on the journey. "
                "Put them into separate parts joined by 'all of'.",
            )
        (journeys if kinds == {"journey"} else events).append(part)
    return AllOf(tuple(events)), AllOf(tuple(journeys))


def _conjuncts(node: Filter) -> list[Filter]:
    if isinstance(node, AllOf):
        return [found for part in node.parts for found in _conjuncts(part)]
    return [node]


def _kinds(node: Filter) -> set[str]:
    if isinstance(node, AllOf | AnyOf):
        return {kind for part in node.parts for kind in _kinds(part)}
    if isinstance(node, Not):
        return _kinds(node.part)
    return {"event"} if isinstance(node, FieldIn) else {"journey"}
