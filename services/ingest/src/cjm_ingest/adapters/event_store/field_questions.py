"""What is in the fields of a dataset."""
# ruff: noqa: S608 - what users sent travels in query parameters; see scope_sql

from collections.abc import Iterable
from typing import Any, Final

from cjm_ingest.adapters.event_store.listing_questions import dataset_stats
from cjm_ingest.adapters.event_store.store import StoreReader
from cjm_ingest.domain.answers import FieldDescription, FieldDescriptions, ValueCount
from cjm_ingest.domain.fields import NUMBER_FIELDS, PROPERTY_PREFIX

_TOP_COUNT: Final = 5
_PROPERTY_VALUES_COUNT: Final = 500
_SHOWN_CHARACTERS: Final = 200
_SHOWN: Final = f"substringUTF8(value, 1, {_SHOWN_CHARACTERS}) AS shown"
_WHERE: Final = "dataset_id = {dataset_id:String}"


def describe_fields(reader: StoreReader, dataset_id: str) -> FieldDescriptions:
    """Customer, step and the optional fields that have values; of the properties, by name, some hundred at most.

    Values are shown with their first 200 characters.
    """
    found = dataset_stats(reader, [dataset_id])
    if not found:
        return FieldDescriptions(0, ())
    plain = [name for name in found[0].set_fields if not name.startswith(PROPERTY_PREFIX)]
    described = [_text_field(reader, dataset_id, "customer_id"), _steps(reader, dataset_id)]
    described += [(_number_field if name in NUMBER_FIELDS else _text_field)(reader, dataset_id, name) for name in plain]
    if len(plain) < len(found[0].set_fields):
        described += _properties(reader, dataset_id)
    # An import may have been removed since the stats were taken.
    return FieldDescriptions(found[0].events_count, tuple(field for field in described if field.events_count))


def step_counts(reader: StoreReader, dataset_id: str) -> dict[str, int]:
    """Events per step."""
    rows = reader.query(
        f"SELECT action, count() AS n FROM events WHERE {_WHERE} GROUP BY action", {"dataset_id": dataset_id}
    ).to_pylist()
    return {reader.activity(dataset_id, row["action"]): row["n"] for row in rows}


def _steps(reader: StoreReader, dataset_id: str) -> FieldDescription:
    counts = step_counts(reader, dataset_id)
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_TOP_COUNT]
    shown = ((name[:_SHOWN_CHARACTERS], count) for name, count in top)
    return FieldDescription("action_type", sum(counts.values()), len(counts), _values(shown))


def _text_field(reader: StoreReader, dataset_id: str, name: str) -> FieldDescription:
    rows = reader.query(
        f"SELECT {_SHOWN}, n, sum(n) OVER () AS events, count() OVER () AS values FROM "
        f"(SELECT {name} AS value, count() AS n FROM events WHERE {_WHERE} AND value != '' GROUP BY value) "
        f"ORDER BY n DESC, value LIMIT {_TOP_COUNT}",
        {"dataset_id": dataset_id},
    ).to_pylist()
    return _described(name, rows)


def _number_field(reader: StoreReader, dataset_id: str, name: str) -> FieldDescription:
    row = reader.query(
        f"SELECT count({name}) AS events, uniqExact({name}) AS values, min({name}) AS low, max({name}) AS high "
        f"FROM events WHERE {_WHERE}",
        {"dataset_id": dataset_id},
    ).to_pylist()[0]
    return FieldDescription(name, row["events"], row["values"], min_value=row["low"], max_value=row["high"])


def _properties(reader: StoreReader, dataset_id: str) -> list[FieldDescription]:
    # Values as JSONExtractString gives them, so that a filter finds what is shown; all names in one reading.
    rows = reader.query(
        f"SELECT name, {_SHOWN}, n, sum(n) OVER (PARTITION BY name) AS events, "
        "count() OVER (PARTITION BY name) AS values "
        "FROM (SELECT pair.1 AS name, pair.2 AS value, count() AS n FROM events "
        f"ARRAY JOIN JSONExtractKeysAndValues(properties, 'String') AS pair WHERE {_WHERE} AND value != '' "
        "GROUP BY name, value) "
        f"ORDER BY name, n DESC, value LIMIT {_TOP_COUNT} BY name LIMIT {_PROPERTY_VALUES_COUNT}",
        {"dataset_id": dataset_id},
    ).to_pylist()
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_name.setdefault(row["name"], []).append(row)
    return [_described(PROPERTY_PREFIX + name, of_name) for name, of_name in by_name.items()]


def _described(name: str, rows: list[dict[str, Any]]) -> FieldDescription:
    if not rows:
        return FieldDescription(name, 0, 0)
    top = _values((row["shown"], row["n"]) for row in rows)
    return FieldDescription(name, rows[0]["events"], rows[0]["values"], top)


def _values(counts: Iterable[tuple[str, int]]) -> tuple[ValueCount, ...]:
    return tuple(ValueCount(value, is_set=True, events_count=count) for value, count in counts)
