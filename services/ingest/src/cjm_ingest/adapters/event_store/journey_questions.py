"""Questions about whole journeys: how many there are, when they began, and which reached a step."""
# ruff: noqa: S608 - what users sent travels in query parameters; see scope_sql

from cjm_ingest.adapters.event_store.listing_questions import check_time_zone
from cjm_ingest.adapters.event_store.scope_sql import journeys
from cjm_ingest.adapters.event_store.store import StoreReader
from cjm_ingest.domain.answers import JourneyDay
from cjm_ingest.domain.scope import Scope


def count_journeys(reader: StoreReader, scope: Scope) -> int:
    """How many journeys a scope has.

    Raises:
        AppError: As in `journeys`.
    """
    found = journeys(reader, scope)
    if found is None:
        return 0
    rows = reader.query(f"SELECT count() AS n FROM ({found.sql})", found.parameters.values)
    return int(rows["n"][0].as_py())


def journeys_by_day(reader: StoreReader, scope: Scope, time_zone: str, goal_activity: str = "") -> list[JourneyDay]:
    """Journeys by the day of their first event.

    Args:
        reader: The store.
        scope: Which journeys.
        time_zone: IANA name; days begin at its midnight.
        goal_activity: Step whose journeys are counted too; "" for none.

    Returns:
        Days on which a journey began, in rising order.

    Raises:
        AppError: INVALID_ARGUMENT `time_zone_unknown`, or as in `journeys`.
    """
    check_time_zone(time_zone)
    found = journeys(reader, scope)
    if found is None:
        return []
    goal = found.parameters.add(found.codes([goal_activity]), "Array(UInt16)")
    begin = f"fromUnixTimestamp64Milli({found.time_ms('s[1]')} + ({found.packing.origin_ms}), 'UTC')"
    rows = reader.query(
        f"SELECT toDate32({begin}, {found.parameters.add(time_zone, 'String')}) AS day, count() AS cases, "
        f"countIf(hasAny(v, {goal})) AS reached FROM ({found.sql}) GROUP BY day ORDER BY day",
        found.parameters.values,
    ).to_pylist()
    return [JourneyDay(row["day"].isoformat(), row["cases"], row["reached"]) for row in rows]
