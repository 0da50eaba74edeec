"""Scopes and filters as parameterised SQL: the only place where a filter becomes SQL.

Text written here comes from this module, from the list of fields and from numbers the store computed itself; what a
user sent travels as a query parameter.
"""
# ruff: noqa: S608 - what users sent travels in query parameters; see scope_sql

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cjm_ingest.adapters.event_store.editions import DATASET_SQL
from cjm_ingest.adapters.event_store.store import StoreReader
from cjm_ingest.domain.fields import NUMBER_FIELDS, PROPERTY_PREFIX, TEXT_FIELDS
from cjm_ingest.domain.filter import (
    AllOf,
    AnyOf,
    Contains,
    DirectlyFollows,
    DurationBetween,
    EndsWith,
    EventuallyFollows,
    ExactWay,
    FieldIn,
    Filter,
    LengthBetween,
    Not,
    StartsWith,
    split,
)
from cjm_ingest.domain.packing import Bounds, Packing, packing_for
from cjm_ingest.domain.scope import CaseNotion, Scope
from cjm_kit.errors import AppError, Code

_PLAIN_TEXT_FIELDS = frozenset({*TEXT_FIELDS, "customer_id", "event_id", "import_id"})

# Number of the way `v`: the sum of mixed (place, step) pairs, 64 bits, several times faster than hashing the array.
WAY_HASH_SQL: Final = (
    "arraySum((code, place) -> intHash64(bitOr(bitShiftLeft(toUInt64(place), 16), code)), v, arrayEnumerate(v))"
)


@dataclass(slots=True)
class Parameters:
    """Values of one query; `add` gives the text that stands for a value."""

    values: dict[str, Any] = field(default_factory=dict)

    def add(self, value: object, type_name: str) -> str:
        """Placeholder for a value of a ClickHouse type."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{type_name}}}"


def value_sql(name: str, parameters: Parameters) -> str:
    """Expression for the value of a field as text, "" for "not set".

    Raises:
        AppError: INVALID_ARGUMENT `filter_field_unknown` for a field that events do not have.
    """
    if name in _PLAIN_TEXT_FIELDS:
        return name
    if name == "dataset_id":
        return DATASET_SQL
    if name in NUMBER_FIELDS:
        return f"ifNull(toString({name}), '')"
    if name.startswith(PROPERTY_PREFIX) and len(name) > len(PROPERTY_PREFIX):
        # Numbers and nested values come as their JSON, null and absent as "".
        return f"JSONExtractString(properties, {parameters.add(name.removeprefix(PROPERTY_PREFIX), 'String')})"
    raise AppError(
        Code.INVALID_ARGUMENT,
        "filter_field_unknown",
        f"Events have no field {name[:100]!r}. Use a field of the data model or properties.<name>.",
    )


def period_sql(from_ms: int | None, to_ms: int | None, parameters: Parameters) -> list[str]:
    """Conditions that keep events with from <= time < to."""
    conditions = []
    if from_ms is not None:
        conditions.append(f"time >= fromUnixTimestamp64Milli({parameters.add(from_ms, 'Int64')}, 'UTC')")
    if to_ms is not None:
        conditions.append(f"time < fromUnixTimestamp64Milli({parameters.add(to_ms, 'Int64')}, 'UTC')")
    return conditions


@dataclass(frozen=True, slots=True)
class Journeys:
    """A SELECT with one row per journey and what is needed to read it.

    Attributes:
        sql: SELECT of `s`, the sorted packed events, `v`, their action codes (Array(UInt16)), same order, and the
            columns that `key` names.
        key: Columns by which events make journeys, before pauses part them.
        parameters: Values of the SELECT; further ones may be added.
        packing: How the events are packed.
        activities: Steps of the dataset; the place is the code.
        step_codes: Codes of the steps by name, former names too.
        events_where: Condition that keeps the events of the journeys before conditions on journeys.
        has_journey_filter: True when whole journeys are left out.
    """

    sql: str
    key: str
    parameters: Parameters
    packing: Packing
    activities: Sequence[str]
    step_codes: Mapping[str, int]
    events_where: str
    has_journey_filter: bool

    def codes(self, names: Sequence[str]) -> list[int]:
        """Codes of steps; names that the dataset does not have are left out."""
        return _known_codes(names, self.step_codes)

    def time_ms(self, packed: str) -> str:
        """Expression for the time of a packed event, in milliseconds after the origin."""
        return f"toInt64(bitShiftRight({packed}, {self.packing.time_shift}))"

    def keeping(self, kept_activities: Sequence[str]) -> "Journeys":
        """The same journeys with the other steps skipped; `p` holds the places of the kept events, from 1."""
        kept = self.parameters.add(self.codes(kept_activities), "Array(UInt16)")
        sql = (
            f"SELECT arrayFilter((place, code) -> has({kept}, code), arrayEnumerate(all_v), all_v) AS p, "
            "arrayMap(place -> all_s[place], p) AS s, arrayMap(place -> all_v[place], p) AS v "
            f"FROM (SELECT s AS all_s, v AS all_v FROM ({self.sql}))"
        )
        return replace(self, sql=sql)


def events_sql(reader: StoreReader, scopes: Sequence[Scope], parameters: Parameters) -> str:
    """SELECT of the events of some scopes, as rows of the table of events; with conditions on journeys, of those kept.

    Args:
        reader: The store.
        scopes: One per dataset, at least one.
        parameters: Takes the values of the SELECT.

    Raises:
        AppError: INVALID_ARGUMENT `filter_mixed`, `filter_field_unknown` or `filter_value_invalid`.
    """
    whole: dict[tuple[int | None, int | None], list[str]] = {}
    selects = []
    for scope in scopes:
        if scope.filter is None:
            whole.setdefault((scope.from_ms, scope.to_ms), []).append(scope.dataset_id)
        else:
            selects.append(_kept_events_sql(reader, scope, parameters))
    for (from_ms, to_ms), dataset_ids in whole.items():
        datasets = f"dataset_id IN {parameters.add(dataset_ids, 'Array(String)')}"
        where = " AND ".join([datasets, *period_sql(from_ms, to_ms, parameters)])
        selects.append(f"SELECT * FROM events WHERE {where}")
    return " UNION ALL ".join(selects)


def _kept_events_sql(reader: StoreReader, scope: Scope, parameters: Parameters) -> str:
    event_filter, _ = split(scope.filter)
    if not scope.asks_of_journeys:
        codes = reader.store.step_codes(scope.dataset_id)
        where = [
            f"dataset_id = {parameters.add(scope.dataset_id, 'String')}",
            *period_sql(scope.from_ms, scope.to_ms, parameters),
            _event_condition(event_filter, parameters, codes),
        ]
        return f"SELECT * FROM events WHERE {' AND '.join(where)}"
    found = journeys(reader, scope, parameters)
    if found is None:
        return "SELECT * FROM events WHERE 0"
    if not scope.gap_ms:
        kept = f"({found.key}) IN (SELECT {found.key} FROM ({found.sql}))"
        return f"SELECT * FROM events WHERE {found.events_where} AND {kept}"
    # Sessions of one customer do not overlap: an event can only belong to the last one that began before it.
    origin_ms = found.packing.origin_ms
    first, last = (
        f"fromUnixTimestamp64Milli({found.time_ms(place)} + ({origin_ms}), 'UTC')" for place in ("s[1]", "s[-1]")
    )
    return (
        f"SELECT event.* FROM (SELECT * FROM events WHERE {found.events_where}) AS event ASOF JOIN "
        f"(SELECT customer_key, {first} AS first_time, {last} AS last_time FROM ({found.sql})) AS kept "
        "ON event.customer_key = kept.customer_key AND event.time >= kept.first_time "
        "WHERE event.time <= kept.last_time"
    )


def journeys(reader: StoreReader, scope: Scope, parameters: Parameters | None = None) -> Journeys | None:
    """The journeys of a scope; None when no event of the dataset lies in the period.

    Args:
        reader: The store.
        scope: Which journeys.
        parameters: Takes the values of the SELECT; None for a query of its own.

    Raises:
        AppError: INVALID_ARGUMENT `filter_mixed`, `filter_field_unknown` or `filter_value_invalid`.
    """
    event_filter, journey_filter = split(scope.filter)
    activities = reader.store.activities(scope.dataset_id)
    codes = reader.store.step_codes(scope.dataset_id)
    parameters = parameters or Parameters()
    event_condition = _event_condition(event_filter, parameters, codes)
    bounds = _bounds_within(reader.store.bounds(scope.dataset_id), scope)
    if bounds is None or not activities:
        return None
    packing = packing_for(bounds, len(activities))
    where = " AND ".join(
        [
            f"dataset_id = {parameters.add(scope.dataset_id, 'String')}",
            # Events that came after the bounds were read would not fit the packing.
            *period_sql(bounds.min_ms, bounds.max_ms + 1, parameters),
            f"tie <= {bounds.max_tie}",
            f"action < {len(activities)}",
            event_condition,
        ]
    )
    is_by_session_id = scope.case_notion is CaseNotion.SESSION and not scope.session_gap_minutes
    key = "customer_key, session_key" if is_by_session_id else "customer_key"
    sql = f"SELECT {key}, arraySort(groupArray({_packed_sql(packing)})) AS s FROM events WHERE {where} GROUP BY {key}"
    if scope.gap_ms:
        sql = _split_by_gap(sql, packing, parameters.add(scope.gap_ms, "Int64"))
    code_mask = (1 << packing.action_bits) - 1
    sql = f"SELECT {key}, s, arrayMap(x -> toUInt16(bitAnd(x, {code_mask})), s) AS v FROM ({sql})"
    if scope.asks_of_journeys:
        kept = _journey_condition(journey_filter, parameters, codes, packing)
        sql = f"SELECT {key}, s, v FROM ({sql}) WHERE {kept}"
    return Journeys(sql, key, parameters, packing, activities, codes, where, scope.asks_of_journeys)


def _bounds_within(bounds: Bounds | None, scope: Scope) -> Bounds | None:
    if bounds is None:
        return None
    min_ms = bounds.min_ms if scope.from_ms is None else max(bounds.min_ms, scope.from_ms)
    max_ms = bounds.max_ms if scope.to_ms is None else min(bounds.max_ms, scope.to_ms - 1)
    return replace(bounds, min_ms=min_ms, max_ms=max_ms) if min_ms <= max_ms else None


def _packed_sql(packing: Packing) -> str:
    integer = packing.integer_type
    time = f"bitShiftLeft(to{integer}(toUnixTimestamp64Milli(time) - ({packing.origin_ms})), {packing.time_shift})"
    if not packing.tie_bits:
        return f"bitOr({time}, to{integer}(action))"
    return f"bitOr({time}, bitOr(bitShiftLeft(to{integer}(tie), {packing.action_bits}), to{integer}(action)))"


def _split_by_gap(sql: str, packing: Packing, gap_ms: str) -> str:
    time = f"toInt64(bitShiftRight(x, {packing.time_shift}))"
    before = f"toInt64(bitShiftRight(y, {packing.time_shift}))"
    starts = f"arrayMap((x, y) -> {time} - {before} > {gap_ms}, s, arrayPushFront(arrayPopBack(s), s[1]))"
    return f"SELECT customer_key, arrayJoin(arraySplit((x, is_start) -> is_start, s, {starts})) AS s FROM ({sql})"


def _event_condition(node: Filter, parameters: Parameters, codes: Mapping[str, int]) -> str:
    match node:
        case AllOf(parts):
            return _joined([_event_condition(part, parameters, codes) for part in parts], " AND ", "1")
        case AnyOf(parts):
            return _joined([_event_condition(part, parameters, codes) for part in parts], " OR ", "0")
        case Not(part):
            return f"NOT {_event_condition(part, parameters, codes)}"
        case FieldIn(name, values):
            return f"({_field_in(name, values, parameters, codes)})"
    raise TypeError(node)


def _field_in(name: str, values: Sequence[str], parameters: Parameters, codes: Mapping[str, int]) -> str:
    if name == "action_type":
        return f"action IN {parameters.add(_known_codes(values, codes), 'Array(UInt16)')}"
    if name in NUMBER_FIELDS:
        numbers = parameters.add([_number(name, value) for value in values if value], "Array(Float64)")
        unset = f" OR isNull({name})" if "" in values else ""
        return f"ifNull({name} IN {numbers}, 0){unset}"
    texts = parameters.add(list(values), "Array(String)")
    return f"{value_sql(name, parameters)} IN {texts}"


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise AppError(
            Code.INVALID_ARGUMENT,
            "filter_value_invalid",
            f"{name} holds numbers; the filter asks for {value[:100]!r}. Write a number such as 12.5.",
        )
    return number


def _journey_condition(node: Filter, parameters: Parameters, codes: Mapping[str, int], packing: Packing) -> str:
    def known(names: Sequence[str]) -> str:
        return parameters.add(_known_codes(names, codes), "Array(UInt16)")

    match node:
        case AllOf(parts):
            return _joined([_journey_condition(part, parameters, codes, packing) for part in parts], " AND ", "1")
        case AnyOf(parts):
            return _joined([_journey_condition(part, parameters, codes, packing) for part in parts], " OR ", "0")
        case Not(part):
            return f"NOT {_journey_condition(part, parameters, codes, packing)}"
        case Contains(names):
            return f"hasAny(v, {known(names)})"
        case StartsWith(names):
            return f"has({known(names)}, v[1])"
        case EndsWith(names):
            return f"has({known(names)}, v[-1])"
        case DirectlyFollows(source, target) if {source, target} <= codes.keys():
            return f"hasSubstr(v, {known((source, target))})"
        case EventuallyFollows(source, target) if {source, target} <= codes.keys():
            first, last = (parameters.add(codes[name], "UInt16") for name in (source, target))
            return f"(has(v, {first}) AND arrayLastIndex(x -> x = {last}, v) > indexOf(v, {first}))"
        case ExactWay(names) if set(names) <= codes.keys():
            return f"v = {known(names)}"
        case LengthBetween(low, high):
            return _between("toInt64(length(v))", low, high, "Int64", parameters)
        case DurationBetween(shortest, longest):
            low_ms, high_ms = (None if bound is None else bound * 1000 for bound in (shortest, longest))
            first, last = (f"toInt64(bitShiftRight(s[{place}], {packing.time_shift}))" for place in (1, -1))
            return _between(f"toFloat64({last} - {first})", low_ms, high_ms, "Float64", parameters)
        case DirectlyFollows() | EventuallyFollows() | ExactWay():
            # A step the dataset does not have.
            return "0"
    raise TypeError(node)


def _between(value: str, low: float | None, high: float | None, type_name: str, parameters: Parameters) -> str:
    conditions = [] if low is None else [f"{value} >= {parameters.add(low, type_name)}"]
    if high is not None:
        conditions.append(f"{value} <= {parameters.add(high, type_name)}")
    return _joined(conditions, " AND ", "1")


def _joined(conditions: Sequence[str], operator: str, empty: str) -> str:
    return f"({operator.join(conditions) or empty})"


def _known_codes(names: Sequence[str], codes: Mapping[str, int]) -> list[int]:
    return [codes[name] for name in names if name in codes]
