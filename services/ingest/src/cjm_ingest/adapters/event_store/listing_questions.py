"""Questions about events as such: days, values, latest events, sizes."""
# ruff: noqa: S608 - what users sent travels in query parameters; see scope_sql

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import zip_longest
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cjm_ingest.adapters.event_store.editions import dataset_of
from cjm_ingest.adapters.event_store.scope_sql import Parameters, events_sql, value_sql
from cjm_ingest.adapters.event_store.store import StoreReader
from cjm_ingest.domain.answers import (
    DatasetStats,
    DayCount,
    DayCounts,
    EventPage,
    EventPosition,
    StoredEvent,
    ValueCount,
)
from cjm_ingest.domain.fields import NUMBER_FIELDS, OPTIONAL_FIELDS, PROPERTY_PREFIX, TEXT_FIELDS
from cjm_ingest.domain.scope import Scope
from cjm_kit.errors import AppError, Code

_MAX_DAY_VALUES = 100_000


def count_by_day(reader: StoreReader, scopes: Sequence[Scope], time_zone: str, by_field: str = "") -> DayCounts:
    """Events and customers per day.

    Args:
        reader: The store.
        scopes: One per dataset, counted together; a customer of two datasets counts twice.
        time_zone: IANA name; days begin at its midnight.
        by_field: Field to split by; "" for none.

    Returns:
        Days with events in rising order.

    Raises:
        AppError: INVALID_ARGUMENT `time_zone_unknown` or as in `events_sql`; RESOURCE_EXHAUSTED `too_many_values`
            when the field has too many different values per day.
    """
    check_time_zone(time_zone)
    parameters = Parameters()
    # Only the store's dictionary knows the names of steps, and it knows them per dataset.
    value = _value_or_action_sql(by_field, parameters) if by_field else ""
    if not scopes:
        return DayCounts((), 0, 0)
    day_sql = f"toDate32(time, {parameters.add(time_zone, 'String')})"
    events = events_sql(reader, scopes, parameters)
    days = reader.query(
        f"SELECT {day_sql} AS day, grouping(day) AS is_total, count() AS events, uniqExact(customer_key) AS customers "
        f"FROM ({events}) GROUP BY GROUPING SETS ((dataset_id, day), (dataset_id)) ORDER BY day",
        parameters.values,
    ).to_pylist()
    values: dict[date, Counter[str]] = defaultdict(Counter)
    if by_field:
        rows = reader.query(
            f"SELECT {day_sql} AS day, dataset_id, {value} AS value, count() AS events FROM ({events}) "
            f"GROUP BY day, dataset_id, value LIMIT {_MAX_DAY_VALUES + 1}",
            parameters.values,
        ).to_pylist()
        if len(rows) > _MAX_DAY_VALUES:
            raise AppError(
                Code.RESOURCE_EXHAUSTED,
                "too_many_values",
                f"{by_field} has too many different values to count them by day. Choose a shorter period or a field "
                "with fewer values.",
            )
        for row in rows:
            name = _name(reader, by_field, row["dataset_id"], row["value"])
            values[row["day"]][name] += row["events"]
    events_counts, customers_counts = Counter[date | None](), Counter[date | None]()
    for row in days:
        day_or_total = None if row["is_total"] else row["day"]
        events_counts[day_or_total] += row["events"]
        customers_counts[day_or_total] += row["customers"]
    return DayCounts(
        days=tuple(
            DayCount(day.isoformat(), count, customers_counts[day], _value_counts(values[day].items()))
            for day, count in events_counts.items()
            if day is not None
        ),
        customers_count=customers_counts[None],
        events_count=events_counts[None],
    )


def field_values(
    reader: StoreReader, scopes: Sequence[Scope], field: str, value_contains: str, limit: int
) -> tuple[ValueCount, ...]:
    """Values of a field, most frequent first, ties by value.

    Args:
        reader: The store.
        scopes: One per dataset, counted together.
        field: Event field, or "properties.<name>".
        value_contains: Part of the value, any case; "" keeps all and counts "not set" too.
        limit: Values at most, >= 1.

    Raises:
        AppError: INVALID_ARGUMENT `filter_field_unknown`, or as in `events_sql`.
    """
    parameters = Parameters()
    value = _value_or_action_sql(field, parameters)
    if not scopes:
        return ()
    events = events_sql(reader, scopes, parameters)
    if field == "action_type":
        rows = reader.query(
            f"SELECT dataset_id, {value} AS value, count() AS n FROM ({events}) GROUP BY dataset_id, value",
            parameters.values,
        ).to_pylist()
        counts = Counter[str]()
        for row in rows:
            counts[_name(reader, field, row["dataset_id"], row["value"])] += row["n"]
        wanted = value_contains.casefold()
        return _value_counts((name, count) for name, count in counts.items() if wanted in name.casefold())[:limit]
    if value_contains:
        part = parameters.add(value_contains, "String")
        events = f"SELECT * FROM ({events}) WHERE positionCaseInsensitiveUTF8({value}, {part}) > 0"
    rows = reader.query(
        f"SELECT {value} AS value, count() AS n FROM ({events}) GROUP BY value "
        f"ORDER BY n DESC, value LIMIT {parameters.add(limit, 'UInt64')}",
        parameters.values,
    ).to_pylist()
    return _value_counts((row["value"], row["n"]) for row in rows)


def list_events(
    reader: StoreReader,
    scopes: Sequence[Scope],
    limit: int,
    after: EventPosition | None = None,
    customer_id: str = "",
    import_id: str = "",
) -> EventPage:
    """Events, newest first.

    Args:
        reader: The store.
        scopes: One per dataset, merged.
        limit: Events at most, >= 1.
        after: Last event of the page before; None for the first page.
        customer_id: Only events of this customer; "" for all.
        import_id: Only events of this import; "" for all.

    Raises:
        AppError: As in `events_sql`.
    """
    if not scopes:
        return EventPage((), None)
    parameters = Parameters()
    conditions = ["1"]
    if customer_id:
        customer = parameters.add(customer_id, "String")
        conditions += [f"customer_key = sipHash64({customer})", f"customer_id = {customer}"]
    if import_id:
        conditions.append(f"import_id = {parameters.add(import_id, 'String')}")
    if after is not None:
        place = [
            f"fromUnixTimestamp64Milli({parameters.add(after.time_ms, 'Int64')}, 'UTC')",
            parameters.add(after.tie, "UInt32"),
            parameters.add(after.event_key, "UInt64"),
            parameters.add(after.dataset_id, "String"),
        ]
        conditions += [f"time <= {place[0]}", f"(time, tie, event_key, dataset_id) < ({', '.join(place)})"]
    numbers = ", ".join(f"ifNull(toString({name}), '') AS {name}_text" for name in NUMBER_FIELDS)
    rows = reader.query(
        f"SELECT dataset_id, event_id, event_key, customer_id, action, toUnixTimestamp64Milli(time) AS time_ms, tie, "
        f"import_id, properties, {', '.join(TEXT_FIELDS)}, {numbers} "
        f"FROM ({events_sql(reader, scopes, parameters)}) WHERE {' AND '.join(conditions)} "
        "ORDER BY time DESC, tie DESC, event_key DESC, dataset_id DESC "
        f"LIMIT {parameters.add(limit + 1, 'UInt64')}",
        parameters.values,
    ).to_pylist()
    shown, last = rows[:limit], rows[limit - 1] if len(rows) > limit else None
    return EventPage(
        events=tuple(
            StoredEvent(
                dataset_id=dataset_of(row["dataset_id"]),
                event_id=row["event_id"],
                customer_id=row["customer_id"],
                action_type=_name(reader, "action_type", row["dataset_id"], row["action"]),
                time_ms=row["time_ms"],
                fields={name: text for name in OPTIONAL_FIELDS if (text := row.get(name) or row.get(f"{name}_text"))},
                properties_json=row["properties"],
                import_id=row["import_id"],
            )
            for row in shown
        ),
        next_position=last and EventPosition(last["time_ms"], last["tie"], last["event_key"], last["dataset_id"]),
    )


def dataset_stats(
    reader: StoreReader, dataset_ids: Sequence[str], tomorrows_ms: Sequence[int] = ()
) -> tuple[DatasetStats, ...]:
    """Size and period of the datasets that have events, in the order asked.

    Args:
        reader: Where they are.
        dataset_ids: Of which datasets.
        tomorrows_ms: First instant of tomorrow of each, milliseconds since 1970-01-01 UTC; none asks for no later days.
    """
    return tuple(
        stats if tomorrow_ms is None or stats.last_event_ms < tomorrow_ms else _up_to(reader, stats, key, tomorrow_ms)
        for key, tomorrow_ms in zip_longest(dataset_ids, tomorrows_ms)
        if (stats := _stats_of(reader, key)) is not None
    )


def _up_to(reader: StoreReader, stats: DatasetStats, dataset_id: str, tomorrow_ms: int) -> DatasetStats:
    """The stats with the latest event before an instant, and how many lie later."""
    row = reader.query(
        "SELECT count() AS events, max(toUnixTimestamp64Milli(time)) AS last_ms FROM events "
        "WHERE dataset_id = {dataset_id:String} AND time < fromUnixTimestamp64Milli({tomorrow_ms:Int64}, 'UTC')",
        {"dataset_id": dataset_id, "tomorrow_ms": tomorrow_ms},
    ).to_pylist()[0]
    last_ms = row["last_ms"] if row["events"] else stats.last_event_ms
    return replace(stats, last_event_ms=last_ms, later_events_count=max(0, stats.events_count - row["events"]))


def _stats_of(reader: StoreReader, dataset_id: str) -> DatasetStats | None:
    version = reader.store.dataset_version(dataset_id)
    known = reader.store.stats_cache.get(dataset_id)
    if known is not None and known.version == version:
        return known
    flags = ", ".join(
        [*(f"max(notEmpty({name})) AS has_{name}" for name in TEXT_FIELDS)]
        + [f"max(isNotNull({name})) AS has_{name}" for name in NUMBER_FIELDS]
    )
    row = reader.query(
        "SELECT count() AS events, countIf(import_id = '') AS sent, uniqExact(customer_key) AS customers, "
        "uniqExact(action) AS activities, "
        "min(toUnixTimestamp64Milli(time)) AS first_ms, max(toUnixTimestamp64Milli(time)) AS last_ms, "
        "arraySort(groupUniqArrayArray(1000)(JSONExtractKeys(properties))) AS property_names, "
        f"{flags} FROM events WHERE dataset_id = {{dataset_id:String}}",
        {"dataset_id": dataset_id},
    ).to_pylist()[0]
    if not row["events"]:
        return None
    stats = DatasetStats(
        dataset_id=dataset_of(dataset_id),
        events_count=row["events"],
        sent_events_count=row["sent"],
        customers_count=row["customers"],
        activities_count=row["activities"],
        first_event_ms=row["first_ms"],
        last_event_ms=row["last_ms"],
        version=version,
        set_fields=(
            *(name for name in OPTIONAL_FIELDS if row[f"has_{name}"]),
            *(f"{PROPERTY_PREFIX}{name}" for name in row["property_names"]),
        ),
    )
    reader.store.stats_cache[dataset_id] = stats
    return stats


def _value_or_action_sql(field: str, parameters: Parameters) -> str:
    return "action" if field == "action_type" else value_sql(field, parameters)


def _name(reader: StoreReader, field: str, dataset_id: str, value: str | int) -> str:
    return reader.activity(dataset_id, int(value)) if field == "action_type" else str(value)


def _value_counts(counts: Iterable[tuple[str, int]]) -> tuple[ValueCount, ...]:
    ordered = sorted(counts, key=lambda item: (-item[1], item[0]))
    return tuple(ValueCount(value, bool(value), count) for value, count in ordered)


def check_time_zone(name: str) -> None:
    """Make sure that a time zone exists.

    Raises:
        AppError: INVALID_ARGUMENT `time_zone_unknown`.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise AppError(
            Code.INVALID_ARGUMENT,
            "time_zone_unknown",
            f"There is no time zone {name[:100]!r}. Use an IANA name such as Europe/Berlin.",
        ) from None
