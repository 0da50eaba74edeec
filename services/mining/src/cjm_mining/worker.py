"""The worker process: reads jobs from its standard input, computes, answers on its standard output.

Started by `cjm_mining.adapters.worker_pool`. It ends when the service that started it is gone.
"""

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from cjm_kit.errors import AppError
from cjm_mining.adapters.frames import Tag, packed, read_frame_blocking
from cjm_mining.adapters.results import encode, model_result, move_counts
from cjm_mining.domain.analysis import Kind, check_activities_count, no_touchpoints, too_deep_error
from cjm_mining.domain.models import Model
from cjm_protos.ingest.v1 import questions_pb2
from cjm_protos.mining.v1 import analysis_pb2

_RECURSION_LIMIT = 20_000


def main() -> None:
    """Serve jobs until the pipe closes; the only argument is the niceness."""
    os.nice(int(sys.argv[1]))
    requests = sys.stdin.buffer
    # Libraries print; what they print must not end up among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.setrecursionlimit(_RECURSION_LIMIT)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    while (frame := read_frame_blocking(requests)) is not None:
        answers.write(_answer(json.loads(frame[1]), requests))
        answers.flush()


def _end_with_parent(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(1.0)
    os._exit(1)


def _answer(job: dict[str, Any], requests: BinaryIO) -> bytes:
    pieces = _pieces(requests)
    try:
        head, content = _render(job, pieces) if job["task"] == "render" else _discover(job, pieces)
    except AppError as refusal:
        for _ in pieces:
            pass  # the next job starts after the last piece of this one
        return packed(Tag.FAILED, json.dumps({"reason": refusal.reason, "detail": refusal.detail}).encode())
    return packed(Tag.HEAD, json.dumps(head).encode()) + packed(Tag.DATA, content)


def _pieces(requests: BinaryIO) -> Iterator[bytes]:
    while (frame := read_frame_blocking(requests)) is not None and frame[0] is Tag.DATA:
        yield frame[1]


def _render(job: dict[str, Any], pieces: Iterator[bytes]) -> tuple[dict[str, object], bytes]:
    from cjm_mining.adapters.graphviz_pictures import picture

    result = analysis_pb2.AnalysisResult.FromString(b"".join(pieces))
    return {}, picture(result, job["format"], is_dark=job["is_dark"], caption=job["caption"], goal=job["goal"])


def _discover(job: dict[str, Any], pieces: Iterator[bytes]) -> tuple[dict[str, object], bytes]:
    kind = Kind(job["kind"])
    compute = _from_variants if kind.needs_variants else _from_counts
    try:
        model, events_count, cases_count = compute(kind, job["parameters"], pieces)
    except RecursionError:
        raise too_deep_error() from None
    content, result_hash = encode(model_result(model))
    return {"result_hash": result_hash, "events_count": events_count, "cases_count": cases_count}, content


def _from_counts(kind: Kind, parameters: dict[str, float], pieces: Iterator[bytes]) -> tuple[Model, int, int]:
    answer = questions_pb2.GetHeuristicsCountsResponse.FromString(b"".join(pieces))
    if not answer.events_count:
        raise no_touchpoints()
    check_activities_count(kind, len(answer.activities))
    from cjm_mining.adapters.pm4py_discovery import FROM_COUNTS

    model = FROM_COUNTS[kind](move_counts(answer), parameters)
    return model, answer.events_count, answer.cases_count


def _from_variants(kind: Kind, parameters: dict[str, float], pieces: Iterator[bytes]) -> tuple[Model, int, int]:
    names: list[str] = []
    variants: Counter[tuple[str, ...]] = Counter()
    for piece in pieces:
        part = questions_pb2.StreamVariantsResponse.FromString(piece)
        if part.activities:
            names = list(part.activities)
            check_activities_count(kind, len(names))
        for variant in part.variants:
            variants[tuple(names[index] for index in variant.activity_indexes)] += variant.cases_count
    if not variants:
        raise no_touchpoints()
    from cjm_mining.adapters.pm4py_discovery import FROM_VARIANTS

    model = FROM_VARIANTS[kind](variants, parameters)
    events_count = sum(len(way) * count for way, count in variants.items())
    return model, events_count, variants.total()


if __name__ == "__main__":
    main()
