"""The map of 10 million events: the whole question of the product against pm4py on the same events.

Ours is everything the map shows (moves, journeys per move, mean, median, p90, p95, starts, ends, ranks, ways) asked of
the event store as the service does; pm4py is `discover_dfg` + `discover_performance_dfg`, which together give the
moves, their times, starts and ends. Both run in processes of their own, in turn; ours three times before and after
pm4py, the median counts. The store is asked once its background merges have ended, as some minutes after an import;
right after one, a map takes up to twice as long. `CJM_BENCH_EVENTS` sets another size.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import Figure, at_least, at_most

_DATASET_ID = "bench"
_EVENTS_COUNT = int(os.environ.get("CJM_BENCH_EVENTS", "10_000_000"))


def run() -> list[Figure]:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        _in_own_process("fill", folder)
        before = _in_own_process("ask", folder)
        pm4py = _in_own_process("pm4py", folder)
        after = _in_own_process("ask", folder)
    assert before["moves"] == pm4py["moves"], "the two count different moves"
    graph_seconds = median(before["graph_seconds"] + after["graph_seconds"])
    peak_mb = max(before["peak_mb"], after["peak_mb"])
    size = f"{_EVENTS_COUNT:,} events"
    return [
        at_least(
            "map against pm4py, computing only",
            pm4py["compute_seconds"] / graph_seconds,
            "x",
            30,
            f"{graph_seconds:.2f} s against {pm4py['compute_seconds']:.1f} s, {size}, pm4py's data in memory",
        ),
        at_least(
            "map against pm4py, with reading Parquet",
            (pm4py["read_seconds"] + pm4py["compute_seconds"]) / graph_seconds,
            "x",
            30,
            f"pm4py reads {pm4py['read_seconds']:.1f} s; ours reads its store each time, page cache warm",
        ),
        at_most("first map after the start", before["first_seconds"], "s", 5, size),
        at_most("peak memory of the asking process", peak_mb, "MB", 1000, f"pm4py {pm4py['peak_mb']:.0f} MB"),
        at_most("100 most frequent ways", median(before["variants_seconds"]), "s", 3, size),
        at_most("page of newest events", median(before["page_seconds"]), "s", 1, size),
    ]


def _in_own_process(task: str, folder: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.map_bench", task, folder]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _fill(folder: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    from bench.generator import fill, generate, to_frame_table
    from cjm_ingest.adapters.event_store.store import EventStore

    journeys = generate(_EVENTS_COUNT)
    pq.write_table(to_frame_table(journeys), folder / "events.parquet")
    store = EventStore.open(folder / "store")
    fill(store, _DATASET_ID, journeys)
    _wait_until_merged(store)
    store.close()
    return {}


def _wait_until_merged(store: Any) -> None:
    """Wait until no merge has run for three seconds, at most five minutes."""
    sql = (
        "SELECT (SELECT count() FROM system.merges) = 0 "
        "AND max(modification_time) < now() - 3 AS is_quiet FROM system.parts WHERE active"
    )
    deadline = time.monotonic() + 300
    while not asyncio.run(store.ask(lambda reader: reader.query(sql)["is_quiet"][0].as_py())):
        if time.monotonic() > deadline:
            raise TimeoutError("merges did not end within five minutes")
        time.sleep(0.5)


def _ask(folder: Path) -> dict[str, Any]:
    from cjm_ingest.adapters.event_store.questions import EventStoreQuestions
    from cjm_ingest.adapters.event_store.store import EventStore
    from cjm_ingest.domain.scope import Scope

    store = EventStore.open(folder / "store")
    questions, scope = EventStoreQuestions(store), Scope(_DATASET_ID)

    async def measure() -> dict[str, Any]:
        started_at = time.perf_counter()
        graph = await questions.directly_follows(scope, ())
        first_seconds = time.perf_counter() - started_at
        found: dict[str, Any] = {"first_seconds": first_seconds, "moves": sum(e.moves_count for e in graph.edges)}
        found["graph_seconds"] = [await _timed(questions.directly_follows(scope, ())) for _ in range(3)]
        # The peak of the map alone, before the other questions.
        found["peak_mb"] = _peak_mb()
        variants = [questions.variants(scope, 100, 0, ignore_repeats=False) for _ in range(3)]
        found["variants_seconds"] = [await _timed(question) for question in variants]
        pages = [questions.list_events([scope], 50, None, "", "") for _ in range(3)]
        found["page_seconds"] = [await _timed(question) for question in pages]
        return found

    found = asyncio.run(measure())
    store.close()
    return found


async def _timed(question: Any) -> float:
    started_at = time.perf_counter()
    await question
    return time.perf_counter() - started_at


def _pm4py(folder: Path) -> dict[str, Any]:
    import pandas as pd
    import pm4py

    started_at = time.perf_counter()
    frame = pd.read_parquet(folder / "events.parquet")
    read_at = time.perf_counter()
    moves, _, _ = pm4py.discover_dfg(frame)
    pm4py.discover_performance_dfg(frame)
    return {
        "read_seconds": read_at - started_at,
        "compute_seconds": time.perf_counter() - read_at,
        "moves": sum(moves.values()),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    tasks = {"fill": _fill, "ask": _ask, "pm4py": _pm4py}
    answer = tasks[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps({"peak_mb": _peak_mb(), **answer}))
