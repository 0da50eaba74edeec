"""Questions about ways: journeys with the same steps in the same order."""
# ruff: noqa: S608 - what users sent travels in query parameters; see scope_sql

import numpy as np

from cjm_ingest.adapters.event_store.scope_sql import WAY_HASH_SQL, Journeys, journeys
from cjm_ingest.adapters.event_store.store import StoreReader
from cjm_ingest.domain.answers import CodedVariants, Variant, VariantPage
from cjm_ingest.domain.scope import Scope


def variants(
    reader: StoreReader, scope: Scope, limit: int, offset: int = 0, *, ignore_repeats: bool = False
) -> VariantPage:
    """Ways of a scope, most frequent first, ties by their steps.

    Args:
        reader: The store.
        scope: Which journeys.
        limit: Ways at most, >= 1.
        offset: Ways to leave out at the start, >= 0.
        ignore_repeats: True counts a step repeated at once only once.

    Returns:
        A page with the totals of the scope; medians are exact and interpolated.
    """
    found = journeys(reader, scope)
    if found is None:
        return VariantPage(0, 0, ())
    ranks = found.parameters.add(_ranks_by_name(found), "Array(UInt16)")
    part = f"LIMIT {found.parameters.add(limit, 'UInt64')} OFFSET {found.parameters.add(offset, 'UInt64')}"
    ways = "SELECT s, arrayCompact(v) AS v" if ignore_repeats else "SELECT s, v"
    grouped = (
        f"SELECT any(v) AS way, count() AS n, quantileExactInclusive(0.5)({found.time_ms('s[-1]')} - "
        f"{found.time_ms('s[1]')}) AS median_ms FROM ({ways} FROM ({found.sql})) GROUP BY {WAY_HASH_SQL}"
    )
    # Totals ride on every row of the page, so that the journeys are put together once.
    rows = reader.query(
        f"SELECT way, n, median_ms, sum(n) OVER () AS cases, count() OVER () AS ways FROM ({grouped}) "
        f"ORDER BY n DESC, arrayMap(code -> {ranks}[code + 1], way) {part}",
        found.parameters.values,
    ).to_pylist()
    if not rows and offset:
        first = variants(reader, scope, 1, ignore_repeats=ignore_repeats)
        return VariantPage(first.cases_count, first.variants_count, ())
    names = found.activities
    return VariantPage(
        cases_count=rows[0]["cases"] if rows else 0,
        variants_count=rows[0]["ways"] if rows else 0,
        variants=tuple(
            Variant(tuple(names[code] for code in row["way"]), row["n"], row["median_ms"] / 1000) for row in rows
        ),
    )


def coded_variants(reader: StoreReader, scope: Scope) -> CodedVariants:
    """All ways of a scope as places in a list of steps, most frequent first, ties by their steps."""
    found = journeys(reader, scope)
    if found is None:
        return CodedVariants()
    ranks = found.parameters.add(_ranks_by_name(found), "Array(UInt16)")
    rows = reader.query(
        f"SELECT arrayMap(code -> {ranks}[code + 1], any(v)) AS way, count() AS n FROM ({found.sql}) "
        f"GROUP BY {WAY_HASH_SQL} ORDER BY n DESC, way",
        found.parameters.values,
    )
    ways = rows["way"].combine_chunks()
    offsets = ways.offsets.to_numpy().astype(np.int64)
    offsets -= offsets[0]
    lengths = np.diff(offsets)
    cases_counts = rows["n"].to_numpy().astype(np.int64)
    used, places = np.unique(ways.flatten().to_numpy(), return_inverse=True)
    names = sorted(found.activities)
    return CodedVariants(
        activities=tuple(names[rank] for rank in used.tolist()),
        places=places.astype(np.int32),
        offsets=offsets,
        cases_counts=cases_counts,
        events_count=int((lengths * cases_counts).sum()),
        cases_count=int(cases_counts.sum()),
    )


def _ranks_by_name(found: Journeys) -> list[int]:
    """Per code the place of the step among all steps by name."""
    order = sorted(range(len(found.activities)), key=lambda code: found.activities[code])
    ranks = [0] * len(order)
    for rank, code in enumerate(order):
        ranks[code] = rank
    return ranks
