"""What looks wrong in the events of a dataset, one kind of finding per function."""
# ruff: noqa: S608 - what users sent travels in query parameters; see scope_sql

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cjm_ingest.adapters.event_store.field_questions import step_counts
from cjm_ingest.adapters.event_store.listing_questions import dataset_stats
from cjm_ingest.adapters.event_store.scope_sql import Parameters
from cjm_ingest.adapters.event_store.store import StoreReader
from cjm_ingest.domain.fields import TEXT_FIELDS
from cjm_ingest.domain.quality import (
    EXAMPLES_COUNT,
    Example,
    Finding,
    FindingKind,
    days_without_data,
    has_surrounding_blanks,
    rare_steps,
    similar_steps,
)

_WHERE: Final = "dataset_id = {dataset_id:String}"
_BLANKS: Final = "' \\t\\r\\n'"


def check_events(reader: StoreReader, dataset_id: str, time_zone: str, now_ms: int) -> tuple[int, tuple[Finding, ...]]:
    """Look for everything that the events themselves tell.

    Args:
        reader: The store.
        dataset_id: UUID.
        time_zone: IANA name; days begin at its midnight.
        now_ms: Now, milliseconds since 1970-01-01 UTC.

    Returns:
        Events of the dataset and one finding per kind; no finding without events.
    """
    stats = dataset_stats(reader, [dataset_id])
    if not stats:
        return 0, ()
    steps = step_counts(reader, dataset_id)
    events_count = sum(steps.values())
    texts = ["customer_id", *(name for name in stats[0].set_fields if name in TEXT_FIELDS)]
    return events_count, (
        duplicates(reader, dataset_id, events_count),
        future_times(reader, dataset_id, events_count, now_ms),
        same_time(reader, dataset_id, events_count),
        empty_days(reader, dataset_id, time_zone, now_ms),
        rare_steps(steps),
        similar_steps(steps),
        surrounding_blanks(reader, dataset_id, events_count, texts),
    )


def duplicates(reader: StoreReader, dataset_id: str, events_count: int) -> Finding:
    """Events after the first with the same customer, step and time; event ids differ, for the store keeps each once."""
    rows = reader.query(
        "SELECT customer_key, toUnixTimestamp64Milli(time) AS time_ms, [action] AS codes, n, "
        "sum(n - 1) OVER () AS found "
        f"FROM (SELECT customer_key, time, action, count() AS n FROM events WHERE {_WHERE} "
        "GROUP BY customer_key, time, action HAVING n > 1) "
        f"ORDER BY n DESC, time, customer_key, action LIMIT {EXAMPLES_COUNT}",
        {"dataset_id": dataset_id},
    ).to_pylist()
    return _at_one_time(reader, dataset_id, FindingKind.DUPLICATES, events_count, rows)


def same_time(reader: StoreReader, dataset_id: str, events_count: int) -> Finding:
    """Events that share customer and millisecond with another one: their order is only that of their arrival."""
    rows = reader.query(
        "SELECT customer_key, toUnixTimestamp64Milli(time) AS time_ms, codes, n, sum(n) OVER () AS found "
        "FROM (SELECT customer_key, time, groupUniqArray(5)(action) AS codes, count() AS n FROM events "
        f"WHERE {_WHERE} GROUP BY customer_key, time HAVING n > 1) "
        f"ORDER BY n DESC, time, customer_key LIMIT {EXAMPLES_COUNT}",
        {"dataset_id": dataset_id},
    ).to_pylist()
    return _at_one_time(reader, dataset_id, FindingKind.SAME_TIME, events_count, rows)


def future_times(reader: StoreReader, dataset_id: str, events_count: int, now_ms: int) -> Finding:
    """Events with a time after now, the latest as examples."""
    parameters = Parameters({"dataset_id": dataset_id})
    now = f"fromUnixTimestamp64Milli({parameters.add(now_ms, 'Int64')}, 'UTC')"
    rows = reader.query(
        "SELECT customer_id, action, toUnixTimestamp64Milli(time) AS time_ms, count() OVER () AS found "
        f"FROM events WHERE {_WHERE} AND time > {now} ORDER BY time DESC, event_key LIMIT {EXAMPLES_COUNT}",
        parameters.values,
    ).to_pylist()
    examples = tuple(
        Example(
            1,
            customer_id=row["customer_id"],
            values=(reader.activity(dataset_id, row["action"]),),
            time_ms=row["time_ms"],
        )
        for row in rows
    )
    return Finding(FindingKind.FUTURE_TIMES, rows[0]["found"] if rows else 0, events_count, examples)


def empty_days(reader: StoreReader, dataset_id: str, time_zone: str, now_ms: int) -> Finding:
    """Days without events between the first and the last one; times in the future stretch nothing."""
    parameters = Parameters({"dataset_id": dataset_id})
    day = f"toDate32(time, {parameters.add(time_zone, 'String')})"
    now = f"fromUnixTimestamp64Milli({parameters.add(now_ms, 'Int64')}, 'UTC')"
    rows = reader.query(
        f"SELECT {day} AS day FROM events WHERE {_WHERE} AND time <= {now} GROUP BY day ORDER BY day",
        parameters.values,
    )
    return days_without_data(rows["day"].to_pylist())


def surrounding_blanks(reader: StoreReader, dataset_id: str, events_count: int, text_fields: Sequence[str]) -> Finding:
    """Events with a customer, step or text field that begins or ends with a blank; examples by field and value.

    Args:
        reader: The store.
        dataset_id: UUID.
        events_count: Events of the dataset.
        text_fields: Columns to look at beside the step.
    """
    steps = [code for code, name in enumerate(reader.store.activities(dataset_id)) if has_surrounding_blanks(name)]
    parameters = Parameters({"dataset_id": dataset_id})
    conditions = {name: f"{name} != trimBoth({name}, {_BLANKS})" for name in text_fields}
    if steps:
        conditions["action"] = f"has({parameters.add(steps, 'Array(UInt16)')}, action)"
    counts = ", ".join(f"countIf({condition}) AS of_{name}" for name, condition in conditions.items())
    row = reader.query(
        f"SELECT countIf({' OR '.join(conditions.values())}) AS found, {counts} FROM events WHERE {_WHERE}",
        parameters.values,
    ).to_pylist()[0]
    examples: list[Example] = []
    for name, condition in conditions.items():
        if row[f"of_{name}"]:
            values = reader.query(
                f"SELECT {name} AS value, count() AS n FROM events WHERE {_WHERE} AND {condition} GROUP BY value "
                f"ORDER BY n DESC, value LIMIT {EXAMPLES_COUNT}",
                parameters.values,
            ).to_pylist()
            for item in values:
                is_step = name == "action"
                value = reader.activity(dataset_id, item["value"]) if is_step else item["value"]
                examples.append(Example(item["n"], field="action_type" if is_step else name, values=(value,)))
    examples.sort(key=lambda example: (-example.found_count, example.field, example.values))
    return Finding(FindingKind.SURROUNDING_BLANKS, row["found"], events_count, tuple(examples[:EXAMPLES_COUNT]))


def _at_one_time(
    reader: StoreReader, dataset_id: str, kind: FindingKind, events_count: int, rows: Sequence[Mapping[str, Any]]
) -> Finding:
    """A finding whose examples are events of one customer at one time."""
    if not rows:
        return Finding(kind, 0, events_count)
    found = reader.query(
        f"SELECT customer_key, any(customer_id) AS name FROM events WHERE {_WHERE} "
        "AND customer_key IN {keys:Array(UInt64)} GROUP BY customer_key",
        {"dataset_id": dataset_id, "keys": sorted({row["customer_key"] for row in rows})},
    ).to_pylist()
    names = {row["customer_key"]: row["name"] for row in found}
    examples = tuple(
        Example(
            row["n"],
            customer_id=names[row["customer_key"]],
            values=tuple(sorted(reader.activity(dataset_id, code) for code in row["codes"])),
            time_ms=row["time_ms"],
        )
        for row in rows
        # Its events may have gone away between the two queries.
        if row["customer_key"] in names
    )
    return Finding(kind, rows[0]["found"], events_count, examples)
