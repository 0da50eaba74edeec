"""What looks wrong in the events of a dataset, in as few readings as the findings allow."""
# ruff: noqa: S608 - what users sent travels in query parameters; see scope_sql

from collections.abc import Mapping, Sequence, Set
from typing import Final

from cjm_ingest.adapters.event_store.field_questions import step_counts
from cjm_ingest.adapters.event_store.listing_questions import dataset_stats
from cjm_ingest.adapters.event_store.scope_sql import Parameters
from cjm_ingest.adapters.event_store.store import StoreReader
from cjm_ingest.domain.fields import TEXT_FIELDS
from cjm_ingest.domain.quality import (
    BLANKS,
    BLANKS_AROUND,
    EXAMPLES_COUNT,
    Example,
    Finding,
    FindingKind,
    days_without_data,
    has_surrounding_blanks,
    rare_steps,
    similar_steps,
    without_blanks,
)

_WHERE: Final = "dataset_id = {dataset_id:String}"
_STEPS_SHOWN_COUNT: Final = 5


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
    parameters = Parameters({"dataset_id": dataset_id})
    is_future = f"time > fromUnixTimestamp64Milli({parameters.add(now_ms, 'Int64')}, 'UTC')"
    day = f"toDate32(time, {parameters.add(time_zone, 'String')})"
    texts = ["customer_id", *(name for name in stats[0].set_fields if name in TEXT_FIELDS)]
    has_blank = _has_blank(reader, dataset_id, texts, parameters)
    blanks = ", ".join(f"countIf({condition}) AS {name}_blanks" for name, condition in has_blank.items())
    # What each event tells by itself, in one reading; times in the future stretch no period.
    row = reader.query(
        f"SELECT countIf({is_future}) AS future, groupUniqArrayIf({day}, NOT {is_future}) AS days, "
        f"countIf({' OR '.join(has_blank.values())}) AS blanks, {blanks}, "
        f"countIf({' OR '.join(_fixable_blanks(reader, dataset_id, has_blank, parameters))}) AS fixable_blanks "
        f"FROM events WHERE {_WHERE}",
        parameters.values,
    ).to_pylist()[0]
    latest = _latest(reader, dataset_id, is_future, parameters) if row["future"] else ()
    has_blank = {name: condition for name, condition in has_blank.items() if row[f"{name}_blanks"]}
    with_blank = _frequent_values(reader, dataset_id, has_blank, parameters)
    duplicates, same_time = _at_one_time(reader, dataset_id, events_count)
    return events_count, (
        duplicates,
        Finding(FindingKind.FUTURE_TIMES, row["future"], events_count, latest, fixable_count=row["future"]),
        same_time,
        days_without_data(sorted(row["days"])),
        rare_steps(steps),
        similar_steps(steps),
        Finding(
            FindingKind.SURROUNDING_BLANKS,
            row["blanks"],
            events_count,
            with_blank,
            fixable_count=row["fixable_blanks"],
        ),
    )


def has_blank_sql(name: str, blanks: str) -> str:
    """Condition that a column begins or ends with a blank.

    Args:
        name: Column.
        blanks: Parameter with `BLANKS`, an array.
    """
    return f"(substringUTF8({name}, 1, 1) IN {blanks} OR rightUTF8({name}, 1) IN {blanks})"


def bare_sql(name: str, blanks_around: str) -> str:
    """Value of a column without blanks at its edges.

    Args:
        name: Column.
        blanks_around: Parameter with `BLANKS_AROUND`.
    """
    return f"replaceRegexpAll({name}, {blanks_around}, '')"


def _has_blank(
    reader: StoreReader, dataset_id: str, text_fields: Sequence[str], parameters: Parameters
) -> dict[str, str]:
    """By column, the condition that its value begins or ends with a blank; the step only when such steps are known."""
    blanks = parameters.add(list(BLANKS), "Array(String)")
    conditions = {name: has_blank_sql(name, blanks) for name in text_fields}
    codes = [code for code, name in enumerate(reader.store.activities(dataset_id)) if has_surrounding_blanks(name)]
    if codes:
        conditions["action"] = f"action IN {parameters.add(codes, 'Array(UInt16)')}"
    return conditions


def _fixable_blanks(
    reader: StoreReader, dataset_id: str, has_blank: Mapping[str, str], parameters: Parameters
) -> list[str]:
    """The conditions without customers and steps that are nothing but blanks: those have no other name."""
    conditions = dict(has_blank)
    bare = bare_sql("customer_id", parameters.add(BLANKS_AROUND, "String"))
    conditions["customer_id"] += f" AND {bare} != ''"
    if "action" in conditions:
        names = reader.store.activities(dataset_id)
        codes = [code for code, name in enumerate(names) if name in without_blanks([name])]
        conditions["action"] = f"action IN {parameters.add(codes, 'Array(UInt16)')}"
    return list(conditions.values())


def _latest(reader: StoreReader, dataset_id: str, condition: str, parameters: Parameters) -> tuple[Example, ...]:
    """The latest events for which the condition holds."""
    rows = reader.query(
        f"SELECT customer_id, action, toUnixTimestamp64Milli(time) AS time_ms FROM events WHERE {_WHERE} "
        f"AND {condition} ORDER BY time DESC, event_key LIMIT {EXAMPLES_COUNT}",
        parameters.values,
    ).to_pylist()
    return tuple(
        Example(
            1,
            customer_id=row["customer_id"],
            values=(reader.activity(dataset_id, row["action"]),),
            time_ms=row["time_ms"],
        )
        for row in rows
    )


def _frequent_values(
    reader: StoreReader, dataset_id: str, conditions: Mapping[str, str], parameters: Parameters
) -> tuple[Example, ...]:
    """Of columns, the most frequent values for which their condition holds."""
    examples: list[Example] = []
    for name, condition in conditions.items():
        rows = reader.query(
            f"SELECT {name} AS value, count() AS n FROM events WHERE {_WHERE} AND {condition} GROUP BY value "
            f"ORDER BY n DESC, value LIMIT {EXAMPLES_COUNT}",
            parameters.values,
        ).to_pylist()
        for row in rows:
            is_step = name == "action"
            value = reader.activity(dataset_id, row["value"]) if is_step else row["value"]
            examples.append(Example(row["n"], field="action_type" if is_step else name, values=(value,)))
    examples.sort(key=lambda example: (-example.found_count, example.field, example.values))
    return tuple(examples[:EXAMPLES_COUNT])


def _at_one_time(reader: StoreReader, dataset_id: str, events_count: int) -> tuple[Finding, Finding]:
    """Events of one customer in one millisecond, grouped once for two findings.

    Returns:
        Events after the first with the same customer, step and time (event ids differ, for the store keeps each once),
        and events that share customer and time with another one: their order is only that of their arrival.
    """
    # `occurrence` numbers the events of each step from 1 on, so that it is 1 once per step.
    row = reader.query(
        "SELECT sum(n) AS same, sum(n - steps) AS doubled, "
        f"groupArraySorted({EXAMPLES_COUNT})((-toInt64(n), time_ms, customer_key)) AS largest, "
        f"groupArraySortedIf({EXAMPLES_COUNT})((-toInt64(most), time_ms, customer_key), most > 1) AS most_doubled "
        "FROM (SELECT customer_key, toUnixTimestamp64Milli(time) AS time_ms, count() AS n, "
        "arrayEnumerateUniq(groupArray(action)) AS occurrence, countEqual(occurrence, 1) AS steps, "
        f"arrayMax(occurrence) AS most FROM events WHERE {_WHERE} GROUP BY customer_key, time HAVING n > 1)",
        {"dataset_id": dataset_id},
    ).to_pylist()[0]
    largest = [(place["3"], place["2"]) for place in row["largest"]]
    most_doubled = [(place["3"], place["2"]) for place in row["most_doubled"]]
    counted = _counted_steps(reader, dataset_id, {*largest, *most_doubled})
    same = tuple(
        Example(
            sum(steps.values()),
            customer_id=customer_id,
            values=tuple(sorted(sorted(steps, key=lambda step: (-steps[step], step))[:_STEPS_SHOWN_COUNT])),
            time_ms=time_ms,
        )
        for (_, time_ms), customer_id, steps in ((place, *counted[place]) for place in largest if place in counted)
    )
    # The most frequent repetitions are all at the moments with the most frequent one each.
    doubled = [
        Example(n, customer_id=customer_id, values=(step,), time_ms=time_ms)
        for (_, time_ms), customer_id, steps in ((place, *counted[place]) for place in most_doubled if place in counted)
        for step, n in steps.items()
        if n > 1
    ]
    doubled.sort(key=lambda example: (-example.found_count, example.time_ms, example.customer_id, example.values))
    return (
        Finding(
            FindingKind.DUPLICATES,
            row["doubled"],
            events_count,
            tuple(doubled[:EXAMPLES_COUNT]),
            fixable_count=row["doubled"],
        ),
        Finding(FindingKind.SAME_TIME, row["same"], events_count, same),
    )


def _counted_steps(
    reader: StoreReader, dataset_id: str, places: Set[tuple[int, int]]
) -> dict[tuple[int, int], tuple[str, dict[str, int]]]:
    """By customer key and time in ms: the customer and how often each step is there; without what has gone away."""
    if not places:
        return {}
    rows = reader.query(
        "SELECT customer_key, toUnixTimestamp64Milli(time) AS time_ms, action, any(customer_id) AS customer_id, "
        f"count() AS n FROM events WHERE {_WHERE} AND customer_key IN {{keys:Array(UInt64)}} "
        "AND time_ms IN {times:Array(Int64)} GROUP BY customer_key, time_ms, action",
        {
            "dataset_id": dataset_id,
            "keys": sorted({key for key, _ in places}),
            "times": sorted({time_ms for _, time_ms in places}),
        },
    ).to_pylist()
    counted: dict[tuple[int, int], tuple[str, dict[str, int]]] = {}
    for row in rows:
        _, steps = counted.setdefault((row["customer_key"], row["time_ms"]), (row["customer_id"], {}))
        steps[reader.activity(dataset_id, row["action"])] = row["n"]
    return counted
