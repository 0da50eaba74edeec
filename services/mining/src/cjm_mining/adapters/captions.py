"""What a picture says of itself, in the words of the page: of what it was made, and what its marks mean."""

from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Any

from cjm_mining.domain.analysis import PARAMETERS, Analysis, Kind, Status, percent
from cjm_mining.domain.shown_paths import ShownPaths
from cjm_protos.catalog.v1 import dataset_pb2
from cjm_protos.ingest.v1 import questions_pb2, scope_pb2

_FIELDS = {
    "customer_id": "Customer",
    "action_type": "Step",
    "time": "Time",
    "event_id": "Event id",
    "session_id": "Session",
    "channel_type": "Channel",
    "device_category": "Device",
    "device_os": "Operating system",
    "device_browser": "Browser",
    "traffic_source_name": "Traffic source",
    "traffic_source_url": "Traffic source address",
    "interact_item_type": "Item type",
    "interact_item_id": "Item id touched",
    "interact_item_url": "Item address",
    "interact_item_content": "Item content",
    "order_id": "Order",
    "item_id": "Item",
    "value": "Value",
    "currency": "Currency",
    "experience_emotion": "Emotion",
    "experience_score": "Experience score",
    "geo_continent": "Continent",
    "geo_country": "Country",
    "geo_city": "City",
    "store_id": "Store",
    "employee_id": "Employee",
    "webpage_hostname": "Website",
    "webpage_url": "Page address",
    "webpage_title": "Page title",
    "app_name": "App",
    "app_screen_title": "App screen",
}
_SETTINGS = {
    "dependency_threshold": "least dependency",
    "and_threshold": "side by side from",
    "loop_two_threshold": "loops of two from",
    "noise_threshold": "rare behaviour left out",
}
_PETRI_LEGEND = (
    "Boxes are steps, circles wait between them, small bars do nothing but join. "
    "The dot marks the start, the double circle the end."
)
_PARTIAL = "The time limit was reached, so this model covers a part of the journeys only."


def caption(analysis: Analysis) -> list[str]:
    """The lines above the picture of an analysis: dataset, scope, base, legend.

    Args:
        analysis: One with a result.

    Returns:
        Texts as long as names and filters make them; the first is the title.
    """
    scope = scope_pb2.Scope.FromString(analysis.scope)
    unit = "session" if scope.case_notion == dataset_pb2.CASE_NOTION_SESSION else "customer"
    gap = f", new after {scope.session_gap_minutes:,} min" if unit == "session" and scope.session_gap_minutes else ""
    words = [_period(analysis.from_date, analysis.to_date), f"journeys by {unit}{gap}", *_filters(scope)]
    for parameter in PARAMETERS[analysis.kind]:
        share = percent(round(10_000 * analysis.parameters[parameter.name]), 10_000)
        words.append(f"{_SETTINGS[parameter.name]} {share}")
    base = f"{_count(analysis.cases_count, unit)}, {_count(analysis.events_count, 'event')}"
    if analysis.status is Status.PARTIAL:
        base += f". {_PARTIAL}"
    return [analysis.dataset_name, " · ".join(words), base, _legend(analysis.kind, unit)]


def map_lines(graph: questions_pb2.DirectlyFollowsGraph, shown: ShownPaths, goal: str) -> list[str]:
    """What is said above a map of its marks, of the goal, and of how much of it is drawn.

    Args:
        graph: The whole map.
        shown: What is drawn of it.
        goal: Goal of the dataset; "" for none.
    """
    lines = marks_line(starts=shown.starts, ends=shown.ends, repeats=shown.repeats)
    reached_count = sum(node.cases_count for node in graph.nodes if node.activity == goal)
    if reached_count:
        share = percent(reached_count, graph.cases_count)
        lines.append(f"Green band: main way to the goal, {goal}, reached in {share} of the journeys")
    else:
        lines.append("Green band: main way" + (f". No journey reaches the goal, {goal}." if goal else ""))
    if len(shown.paths) < shown.paths_count:
        lines.append(f"{len(shown.paths):,} of {shown.paths_count:,} paths are drawn.")
    return lines


def marks_line(*, starts: Collection[object], ends: Collection[object], repeats: Collection[object]) -> list[str]:
    """The line that says what the signs on steps mean; none where no step has one."""
    signs = (("▸ started here", starts), ("■ left here", ends), ("↺ repeats", repeats))
    said = [sign for sign, steps in signs if steps]
    return [" · ".join(said)] if said else []


def _count(count: int, unit: str) -> str:
    return f"{count:,} {unit}" + ("" if count == 1 else "s")


def _legend(kind: Kind, unit: str) -> str:
    match kind:
        case Kind.DIRECTLY_FOLLOWS:
            return (
                f"Numbers: on steps how often they happen and the share of {unit}s that have them, on paths the moves. "
                "Stronger colour means more."
            )
        case Kind.HEURISTICS_NET:
            return (
                "Arrows lead to the steps that depend on the one before; numbers are moves, then the dependency from "
                "0 to 1."
            )
        case Kind.INDUCTIVE_TREE:
            return (
                "Read from the top: each pill says how the things below it happen, from left to right. "
                "A circle with τ is no step at all."
            )
        case _:
            return _PETRI_LEGEND


def _period(first: str, last: str) -> str:
    if not first and not last:
        return "All data"
    if not last:
        return f"From {_day(date.fromisoformat(first))}"
    if not first:
        return f"Until {_day(date.fromisoformat(last))}"
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    if start == end:
        return _day(start)
    if start.year != end.year:
        return f"{_day(start)} – {_day(end)}"
    if start.month != end.month:
        return f"{start:%b} {start.day} – {_day(end)}"
    return f"{start:%b} {start.day} – {end.day}, {end.year}"


def _day(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def _filters(scope: scope_pb2.Scope) -> list[str]:
    if not scope.HasField("filter"):
        return []
    is_several = scope.filter.WhichOneof("node") == "all_of"
    return [_filter(part) for part in (scope.filter.all_of.filters if is_several else [scope.filter])]


def _filter(part: scope_pb2.Filter) -> str:
    """One condition as its chip on the page says it."""
    is_negated = part.WhichOneof("node") == "not"
    if is_negated:
        part = getattr(part, "not")
    alternatives = list(part.any_of.filters) if part.WhichOneof("node") == "any_of" else [part]
    node = alternatives[0].WhichOneof("node")
    if node is None:
        return ""
    said = [_PREDICATES[node](getattr(alternative, node)) for alternative in alternatives]
    values_by_words: dict[str, list[str]] = {}
    for plain, negated, values in said:
        values_by_words.setdefault(negated if is_negated else plain, []).extend(values)
    return _either(f"{words} {_either(values)}" for words, values in values_by_words.items())


_Said = tuple[str, str, list[str]]
"""How a condition begins, how its opposite does, and the values of which one is enough."""


def _field_in(part: scope_pb2.FieldIn) -> _Said:
    field = _FIELDS.get(part.field, part.field.removeprefix("properties."))
    return f"{field} is", f"{field} is not", [value or "(not set)" for value in part.values]


def _follows(plain: str, negated: str) -> Callable[[scope_pb2.Follows], _Said]:
    return lambda part: (plain, negated, [f"{part.source} → {part.target}"])


def _range(words: tuple[str, str], low: float | None, high: float | None, say: Callable[[Any], str]) -> _Said:
    plain, negated = words
    if low is None or high is None:
        how, bounds = "at least" if high is None else "at most", [high if low is None else low]
    else:
        how, bounds = ("exactly", [low]) if low == high else ("between", [low, high])
    return f"{plain} {how}", f"{negated} {how}", [" and ".join(map(say, bounds))]


def _length(part: scope_pb2.CountRange) -> _Said:
    low, high = (getattr(part, name) if part.HasField(name) else None for name in ("min_count", "max_count"))
    return _range(("Steps", "Steps not"), low, high, "{:,}".format)


def _duration(part: scope_pb2.DurationRange) -> _Said:
    low, high = (getattr(part, name) if part.HasField(name) else None for name in ("min_seconds", "max_seconds"))
    return _range(("Took", "Did not take"), low, high, _exact_duration)


_PREDICATES: dict[str, Callable[[Any], _Said]] = {
    "field_in": _field_in,
    "contains": lambda part: ("Goes through", "Does not go through", list(part.activities)),
    "directly_follows": _follows("Directly", "Never directly"),
    "eventually_follows": _follows("Eventually", "Never"),
    "starts_with": lambda part: ("Starts with", "Does not start with", list(part.activities)),
    "ends_with": lambda part: ("Ends with", "Does not end with", list(part.activities)),
    "exact_way": lambda part: ("Way is", "Way is not", [" → ".join(part.activities)]),
    "length": _length,
    "duration": _duration,
}


def _either(values: Iterable[str]) -> str:
    *others, last = values
    if len(others) < 2:
        return " or ".join([*others, last])
    return f"{', '.join(others)}, or {last}"


def _exact_duration(seconds: float) -> str:
    """All of a time span: "1 d 30 m", "59.6 s"."""
    parts: list[str] = []
    for name, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(f"{amount:,.0f} {name}")
    # Filters tell parts of a second in six digits at most; taking days from it leaves more.
    rest = f"{seconds:.6f}".rstrip("0").rstrip(".")
    return " ".join(parts if parts and rest == "0" else [*parts, f"{rest} s"])
