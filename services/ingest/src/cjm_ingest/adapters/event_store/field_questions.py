"""What is in the fields of a dataset."""
# ruff: noqa: S608 - what users sent travels in query parameters; see scope_sql

from collections.abc import Iterable
from typing import Final

from cjm_ingest.adapters.event_store.listing_questions import dataset_stats
from cjm_ingest.adapters.event_store.store import StoreReader
from cjm_ingest.domain.answers import FieldDescription, FieldDescriptions, ValueCount
from cjm_ingest.domain.fields import NUMBER_FIELDS, PROPERTY_PREFIX

_TOP_COUNT: Final = 5
_PROPERTIES_COUNT: Final = 100
_SHOWN_CHARACTERS: Final = 200
_WHERE: Final = "dataset_id = {dataset_id:String}"


def describe_fields(reader: StoreReader, dataset_id: str) -> FieldDescriptions:
    """Customer, step and the optional fields that have values; of the properties the hundred filled most, by name.

    Values are shown with their first 200 characters.
    """
    found = dataset_stats(reader, [dataset_id])
    if not found:
        return FieldDescriptions(0, ())
    plain = [name for name in found[0].set_fields if not name.startswith(PROPERTY_PREFIX)]
    described = [_text_field(reader, dataset_id, "customer_id"), _steps(reader, dataset_id)]
    described += [(_number_field if name in NUMBER_FIELDS else _text_field)(reader, dataset_id, name) for name in plain]
    properties_count = 0
    if len(plain) < len(found[0].set_fields):
        properties, properties_count = _properties(reader, dataset_id)
        described += properties
    # An import may have been removed since the stats were taken.
    return FieldDescriptions(
        found[0].events_count, tuple(field for field in described if field.events_count), properties_count
    )


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
        f"SELECT substringUTF8(value, 1, {_SHOWN_CHARACTERS}) AS shown, n, sum(n) OVER () AS events, "
        "count() OVER () AS values FROM "
        f"(SELECT {name} AS value, count() AS n FROM events WHERE {_WHERE} AND value != '' GROUP BY value) "
        f"ORDER BY n DESC, value LIMIT {_TOP_COUNT}",
        {"dataset_id": dataset_id},
    ).to_pylist()
    if not rows:
        return FieldDescription(name, 0, 0)
    top = _values((row["shown"], row["n"]) for row in rows)
    return FieldDescription(name, rows[0]["events"], rows[0]["values"], top)


def _number_field(reader: StoreReader, dataset_id: str, name: str) -> FieldDescription:
    row = reader.query(
        f"SELECT count({name}) AS events, uniqExact({name}) AS values, min({name}) AS low, max({name}) AS high "
        f"FROM events WHERE {_WHERE}",
        {"dataset_id": dataset_id},
    ).to_pylist()[0]
    return FieldDescription(name, row["events"], row["values"], min_value=row["low"], max_value=row["high"])


def _properties(reader: StoreReader, dataset_id: str) -> tuple[list[FieldDescription], int]:
    """Those filled most, by name, and how many have values."""
    # Values as JSONExtractString gives them, so that a filter finds what is shown; all names in one reading.
    rows = reader.query(
        "SELECT name, sum(n) AS events, count() AS values, count() OVER () AS names, "
        f"groupArraySorted({_TOP_COUNT})((-toInt64(n), value)) AS top "
        "FROM (SELECT pair.1 AS name, pair.2 AS value, count() AS n FROM events "
        f"ARRAY JOIN JSONExtractKeysAndValues(properties, 'String') AS pair WHERE {_WHERE} AND value != '' "
        "GROUP BY name, value) "
        f"GROUP BY name ORDER BY events DESC, name LIMIT {_PROPERTIES_COUNT}",
        {"dataset_id": dataset_id},
    ).to_pylist()
    described = [
        FieldDescription(
            PROPERTY_PREFIX + row["name"],
            row["events"],
            row["values"],
            _values((item["2"][:_SHOWN_CHARACTERS], -item["1"]) for item in row["top"]),
        )
        for row in sorted(rows, key=lambda row: row["name"])
    ]
    return described, rows[0]["names"] if rows else 0


def _values(counts: Iterable[tuple[str, int]]) -> tuple[ValueCount, ...]:
    return tuple(ValueCount(value, is_set=True, events_count=count) for value, count in counts)
