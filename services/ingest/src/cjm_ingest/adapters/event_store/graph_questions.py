"""Questions about steps and paths: one pass over the journeys each."""
# ruff: noqa: S608 - what users sent travels in query parameters; see scope_sql

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cjm_ingest.adapters.event_store.journey_questions import count_journeys
from cjm_ingest.adapters.event_store.scope_sql import WAY_HASH_SQL, Journeys, journeys
from cjm_ingest.adapters.event_store.store import StoreReader
from cjm_ingest.domain.answers import (
    ActivityCount,
    ActivityNode,
    DirectlyFollowsGraph,
    Edge,
    HeuristicsCounts,
    TimeBin,
)
from cjm_ingest.domain.histogram import histogram_bounds
from cjm_ingest.domain.scope import Scope

# Stands before the first and after the last step of a journey; no step has this code.
_OUTSIDE = 65_535


def directly_follows(reader: StoreReader, scope: Scope, kept_activities: Sequence[str] = ()) -> DirectlyFollowsGraph:
    """The directly-follows graph of a scope.

    Each journey is read as the moves outside -> first step -> ... -> last step -> outside, grouped by move in one pass;
    the groups are then merged by the step that is left. So starts, ends and whole journeys come out of the same
    groups: the move from outside carries the duration of the journey.

    Args:
        reader: The store.
        scope: Which journeys.
        kept_activities: Steps to keep; the others are skipped and the moves recomputed. Empty keeps all.

    Returns:
        The graph; an empty one when there is no event. Quantiles are exact and interpolated linearly (as
        `numpy.percentile`); `variants_count` counts distinct 64-bit hashes of ways.

    Raises:
        AppError: see `journeys` and `Engine.query`.
    """
    found = journeys(reader, scope)
    if found is None:
        return DirectlyFollowsGraph()
    kept = found.keeping(kept_activities) if kept_activities else found
    groups = reader.query(_graph_sql(kept, has_skipped=bool(kept_activities)), kept.parameters.values).to_pylist()
    graph = _graph(groups, found.activities) if groups else DirectlyFollowsGraph()
    if kept_activities:
        graph = replace(graph, all_activities=_all_activities(reader, found))
    cases_count = graph.cases_count + graph.cases_without_count
    if scope.filter is not None:
        cases_count = count_journeys(reader, replace(scope, filter=None))
    return replace(graph, cases_unfiltered_count=cases_count)


def heuristics_counts(reader: StoreReader, scope: Scope) -> HeuristicsCounts:
    """Counts for the heuristics miner.

    Returns:
        Counts equal to pm4py's: `directly_follows` to its dfg, `two_apart` to its dfg of window 2, `triples` to its
        `freq_triples`.

    References:
        Weijters, van der Aalst, Alves de Medeiros 2006; pm4py `heuristics.variants.classic.apply_heu_dfg`.
    """
    found = journeys(reader, scope)
    if found is None:
        return HeuristicsCounts()
    rows = reader.query(
        "SELECT a, b, c, count() AS n FROM ("
        f"SELECT arrayPushFront(v, {_OUTSIDE}) AS first, arrayPushBack(v, {_OUTSIDE}) AS second, "
        f"arrayResize(arrayPushBack(arrayPopFront(v), {_OUTSIDE}), length(v) + 1, {_OUTSIDE}) AS third "
        f"FROM ({found.sql})) ARRAY JOIN first AS a, second AS b, third AS c GROUP BY a, b, c",
        found.parameters.values,
    )
    first, second, third = (rows[name].to_numpy().tolist() for name in ("a", "b", "c"))
    events, starts, ends = Counter[int](), Counter[int](), Counter[int]()
    following, two_apart, triples = (Counter[tuple[int, int]]() for _ in range(3))
    for a, b, c, count in zip(first, second, third, rows["n"].to_pylist(), strict=True):
        if a == _OUTSIDE:
            starts[b] += count
            continue
        events[a] += count
        if b == _OUTSIDE:
            ends[a] += count
            continue
        following[a, b] += count
        if c != _OUTSIDE:
            two_apart[a, c] += count
            if a == c:
                triples[a, b] += count
    codes = sorted(events, key=lambda code: found.activities[code])
    place = {code: number for number, code in enumerate(codes)}

    def placed(pairs: Counter[tuple[int, int]]) -> dict[tuple[int, int], int]:
        return {(place[a], place[b]): count for (a, b), count in sorted(pairs.items())}

    return HeuristicsCounts(
        events_count=events.total(),
        cases_count=starts.total(),
        activities=tuple(found.activities[code] for code in codes),
        activity_counts=tuple(events[code] for code in codes),
        start_counts=tuple(starts[code] for code in codes),
        end_counts=tuple(ends[code] for code in codes),
        directly_follows=placed(following),
        two_apart=placed(two_apart),
        triples=placed(triples),
    )


def path_times(
    reader: StoreReader, scope: Scope, kept_activities: Sequence[str], source: str, target: str
) -> tuple[TimeBin, ...]:
    """Histogram of the times of one path.

    Args:
        reader: The store.
        scope: Which journeys.
        kept_activities: Steps to keep, as in `directly_follows`.
        source: Step that is left.
        target: Step that is reached.

    Returns:
        Bins in rising order; none when the path does not occur.
    """
    found = journeys(reader, scope)
    if found is None or not {source, target} <= found.step_codes.keys():
        return ()
    kept = found.keeping(kept_activities) if kept_activities else found
    (source_code,), (target_code,) = kept.codes([source]), kept.codes([target])
    is_path = f"a = {kept.parameters.add(source_code, 'UInt16')} AND b = {kept.parameters.add(target_code, 'UInt16')}"
    times = (
        f"SELECT {kept.time_ms('y')} - {kept.time_ms('x')} AS d FROM ({kept.sql}) ARRAY JOIN "
        "arrayPopBack(s) AS x, arrayPopFront(s) AS y, arrayPopBack(v) AS a, arrayPopFront(v) AS b "
        f"WHERE {is_path}"
    )
    values = kept.parameters.values
    span = reader.query(f"SELECT count() AS n, min(d) AS low, max(d) AS high FROM ({times})", values).to_pylist()[0]
    if not span["n"]:
        return ()
    bounds = histogram_bounds(span["low"] / 1000, span["high"] / 1000)
    inner = kept.parameters.add([round(bound * 1000) for bound in bounds[1:-1]], "Array(Int64)")
    binned = f"SELECT arrayCount(x -> d >= x, {inner}) AS bin, count() AS n FROM ({times}) GROUP BY bin"
    rows = reader.query(binned, values)
    counts = np.zeros(len(bounds) - 1, np.int64)
    counts[rows["bin"].to_numpy()] = rows["n"].to_numpy()
    return tuple(
        TimeBin(low, high, count) for low, high, count in zip(bounds[:-1], bounds[1:], counts.tolist(), strict=True)
    )


def _graph_sql(kept: Journeys, *, has_skipped: bool) -> str:
    outside = _OUTSIDE
    # One entry per move, the one from outside first; a move is source << 16 | target. `ranks` counts the distinct steps
    # seen so far, with the outside, where a step is seen for the first time, and is 0 elsewhere.
    per_journey = (
        "SELECT arrayMap((a, b) -> bitOr(bitShiftLeft(toUInt32(a), 16), b), "
        f"arrayPushFront(v, {outside}), arrayPushBack(v, {outside})) AS moves, "
        f"arrayMap(x -> {kept.time_ms('x')}, s) AS t, arrayPushBack(arrayDifference(t), 0) AS times, "
        f"t[-1] - t[1] AS span, arrayEnumerateUniq(arrayPushFront(v, {outside})) AS visits, "
        "arrayMap((visit, seen) -> if(visit = 1, seen, 0), visits, arrayCumSum(visit -> visit = 1, visits)) AS ranks, "
        f"{'arrayMap(x -> x > 1, arrayPushBack(arrayDifference(p), 1))' if has_skipped else 'ranks'} AS skips, "
        f"{WAY_HASH_SQL} AS way FROM ({kept.sql})"
    )
    from_outside = f"move >= {outside << 16}"
    # The move from outside carries the time of the whole journey.
    per_move = (
        f"SELECT move, if({from_outside}, span, time) AS d, rank, repeat, skip, way FROM ({per_journey}) ARRAY JOIN "
        "moves AS move, times AS time, ranks AS rank, skips AS skip, arrayEnumerateUniq(moves) AS repeat"
    )
    states = (
        "SELECT move, count() AS n_part, countIf(repeat = 1) AS cases_part, sum(d) AS ms_part, "
        "quantilesExactInclusiveState(0.5, 0.9, 0.95)(d) AS quantiles_part, countIf(rank > 0) AS firsts_part, "
        f"sum(rank) AS ranks_part, {'sum(skip)' if has_skipped else '0'} AS skipped_part, "
        f"uniqExactStateIf(way, {from_outside} AND move != {outside << 16 | outside}) AS ways_part "
        f"FROM ({per_move}) GROUP BY move"
    )
    is_timed = f"move % 65536 != {outside}"
    return (
        "SELECT intDiv(move, 65536) AS a, move % 65536 AS b, grouping(b) AS is_step, sum(n_part) AS n, "
        f"sum(cases_part) AS cases, sumIf(n_part, {is_timed}) AS timed, sumIf(ms_part, {is_timed}) AS sum_ms, "
        f"quantilesExactInclusiveMergeIf(0.5, 0.9, 0.95)(quantiles_part, {is_timed}) AS quantiles_ms, "
        "sum(firsts_part) AS first_count, sum(ranks_part) AS rank_sum, sum(skipped_part) AS skipped, "
        f"uniqExactMerge(ways_part) AS ways FROM ({states}) GROUP BY GROUPING SETS ((a, b), (a)) "
        # Journeys are put together in key order and in small blocks: less memory at the same speed.
        "SETTINGS optimize_aggregation_in_order = 1, max_block_size = 16384"
    )


def _graph(groups: Sequence[Mapping[str, Any]], activities: Sequence[str]) -> DirectlyFollowsGraph:
    steps = {row["a"]: row for row in groups if row["is_step"]}
    moves = {(row["a"], row["b"]): row for row in groups if not row["is_step"]}
    whole = steps.pop(_OUTSIDE)
    cases_without_count = moves.pop((_OUTSIDE, _OUTSIDE), {"n": 0})["n"]
    starts = {b: moves.pop((a, b))["n"] for a, b in list(moves) if a == _OUTSIDE}
    ends = {a: moves.pop((a, b))["n"] for a, b in list(moves) if b == _OUTSIDE}
    nodes = [
        ActivityNode(
            activity=activities[code],
            events_count=row["n"],
            cases_count=row["first_count"],
            starts_count=starts.get(code, 0),
            ends_count=ends.get(code, 0),
            # The outside before the first step is the rank's first.
            mean_rank=row["rank_sum"] / row["first_count"] - 2,
            median_next_seconds=row["quantiles_ms"][0] / 1000 if row["timed"] else None,
        )
        for code, row in steps.items()
    ]
    edges = [
        Edge(
            source=activities[a],
            target=activities[b],
            moves_count=row["n"],
            cases_count=row["cases"],
            mean_seconds=row["sum_ms"] / row["n"] / 1000,
            median_seconds=row["quantiles_ms"][0] / 1000,
            p90_seconds=row["quantiles_ms"][1] / 1000,
            p95_seconds=row["quantiles_ms"][2] / 1000,
            hidden_ratio=row["skipped"] / row["n"],
        )
        for (a, b), row in moves.items()
    ]
    nodes.sort(key=lambda node: (-node.events_count, node.activity))
    edges.sort(key=lambda edge: (-edge.moves_count, edge.source, edge.target))
    return DirectlyFollowsGraph(
        events_count=sum(node.events_count for node in nodes),
        cases_count=whole["n"] - cases_without_count,
        cases_without_count=cases_without_count,
        variants_count=whole["ways"],
        median_case_seconds=whole["quantiles_ms"][0] / 1000 if whole["timed"] else 0.0,
        nodes=tuple(nodes),
        edges=tuple(edges),
        all_activities=tuple(ActivityCount(node.activity, node.events_count) for node in nodes),
    )


def _all_activities(reader: StoreReader, found: Journeys) -> tuple[ActivityCount, ...]:
    sql = f"SELECT action AS code, count() AS n FROM events WHERE {found.events_where} GROUP BY code"
    if found.has_journey_filter:
        sql = f"SELECT code, count() AS n FROM ({found.sql}) ARRAY JOIN v AS code GROUP BY code"
    rows = reader.query(sql, found.parameters.values).to_pylist()
    counts = (ActivityCount(found.activities[row["code"]], row["n"]) for row in rows)
    return tuple(sorted(counts, key=lambda item: (-item.events_count, item.activity)))
