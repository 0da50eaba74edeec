"""Analyses as jobs in a running service: results, budget, cancel, restart, rights, facts."""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import psutil
import pytest
from nats.js.errors import BadRequestError

from cjm_kit.bus import Bus, Delivery
from cjm_kit.errors import AppError, Code
from cjm_mining.domain.analysis import REQUESTED_SUBJECT, Kind
from cjm_protos.catalog.v1 import facts_pb2
from cjm_protos.mining.v1 import analysis_pb2

Way = tuple[str, ...]


def state(analysis: analysis_pb2.Analysis) -> str:
    return analysis_pb2.AnalysisStatus.Name(analysis.status).removeprefix("ANALYSIS_STATUS_").lower()


async def test_every_kind_succeeds_with_its_result(mining: Any, running_example: Mapping[Way, int]) -> None:
    user = mining.caller()
    dataset_id = mining.world.add(running_example, user.user_id)
    results = {}
    for kind in Kind:
        analysis = await user.run(dataset_id, kind)
        assert state(analysis) == "succeeded", analysis.error_detail
        assert (analysis.events_count, analysis.cases_count) == (42, 6)
        assert analysis.progress_ratio == 1
        assert analysis.created_at.ToDatetime() <= analysis.started_at.ToDatetime() <= analysis.finished_at.ToDatetime()
        assert analysis.versions["cjm"] == version("cjm-mining")
        assert analysis.versions["dataset"] == "v7"
        assert analysis.versions.get("pm4py") == (version("pm4py") if kind.uses_pm4py else None)
        assert len(analysis.result_hash) == 64
        assert analysis.scope.dataset_id == dataset_id
        assert analysis.dataset_name == "Journeys"
        results[kind] = await user.result(analysis.analysis_id)
    graph = results[Kind.DIRECTLY_FOLLOWS].directly_follows
    assert len(graph.edges) == 16
    alpha = results[Kind.ALPHA].petri_net
    assert (len(alpha.places), len(alpha.transitions), len(alpha.arcs)) == (7, 8, 19)
    assert dict(alpha.initial_marking) == {"p0": 1}
    assert len(results[Kind.HEURISTICS_NET].heuristics_net.edges) == 12
    assert results[Kind.INDUCTIVE_TREE].process_tree.text.startswith("->( 'register request', *( ->( +(")
    assert len(results[Kind.INDUCTIVE_PETRI].petri_net.places) == 9
    assert len(results[Kind.HEURISTICS_PETRI].petri_net.places) == 13
    assert len(results[Kind.DFG_PETRI].petri_net.places) == 10
    # Ways and moves are asked for by the service itself, whose right to do so is nobody's but its own.
    assert mining.world.askers == {"service:mining"}


async def test_the_same_question_has_the_same_hash(mining: Any, running_example: Mapping[Way, int]) -> None:
    user = mining.caller()
    forwards = mining.world.add(running_example, user.user_id)
    backwards = mining.world.add(dict(list(running_example.items())[::-1]), user.user_id)
    for kind in (Kind.HEURISTICS_PETRI, Kind.INDUCTIVE_PETRI):
        first, second = [await user.run(dataset_id, kind) for dataset_id in (forwards, backwards)]
        assert first.result_hash == second.result_hash
    strict = await user.run(forwards, Kind.HEURISTICS_PETRI, dependency_threshold=0.9)
    assert strict.parameters["dependency_threshold"] == 0.9
    assert strict.result_hash not in (first.result_hash, second.result_hash)


@pytest.mark.parametrize("kind", [Kind.DIRECTLY_FOLLOWS, Kind.ALPHA, Kind.INDUCTIVE_TREE])
async def test_no_events_is_said_plainly(mining: Any, kind: Kind) -> None:
    user = mining.caller()
    analysis = await user.run(mining.world.add({}, user.user_id), kind)
    assert (state(analysis), analysis.error_reason) == ("failed", "no_touchpoints")
    assert analysis.error_detail.startswith("No touchpoints in this period.")


async def test_too_many_steps_are_refused(mining: Any) -> None:
    user = mining.caller()
    dataset_id = mining.world.add({tuple(f"step {number}" for number in range(1001)): 2}, user.user_id)
    for kind in (Kind.ALPHA, Kind.INDUCTIVE_TREE):
        analysis = await user.run(dataset_id, kind)
        assert (state(analysis), analysis.error_reason) == ("failed", "too_many_activities")
    assert state(await user.run(dataset_id, Kind.DIRECTLY_FOLLOWS)) == "succeeded"


async def test_time_over_is_a_failure_with_advice(start_mining: Any, endless_ways: Mapping[Way, int]) -> None:
    async with start_mining(time_limit_seconds=5) as mining:
        user = mining.caller()
        analysis = await user.run(mining.world.add(endless_ways, user.user_id), Kind.ALPHA)
        assert (state(analysis), analysis.error_reason) == ("failed", "analysis_time_limit")
        assert analysis.error_detail == (
            "The analysis was stopped after 5 seconds. Choose a shorter period or add a filter."
        )


async def test_a_question_without_answer_ends_too(start_mining: Any, running_example: Mapping[Way, int]) -> None:
    async with start_mining(time_limit_seconds=0.5) as mining:
        user = mining.caller()
        mining.world.before_answer = asyncio.Event().wait
        for kind in (Kind.DIRECTLY_FOLLOWS, Kind.HEURISTICS_NET, Kind.INDUCTIVE_PETRI):
            analysis = await user.run(mining.world.add(running_example, user.user_id), kind)
            assert (state(analysis), analysis.error_reason) == ("failed", "analysis_time_limit")


async def test_memory_over_leaves_a_partial_tree(start_mining: Any, greedy_ways: Mapping[Way, int]) -> None:
    async with start_mining(memory_limit_bytes=250 * 2**20) as mining:
        user = mining.caller()
        analysis = await user.run(mining.world.add(greedy_ways, user.user_id), Kind.INDUCTIVE_TREE)
        assert (state(analysis), analysis.error_reason) == ("partial", "analysis_memory_limit")
        assert analysis.cases_count == 150_000 + 199
        assert analysis.error_detail == (
            "Computed from the most frequent ways only: 150,199 of 180,000 journeys (83%). The analysis needed more "
            "than 250 MB of memory and was stopped. Choose a shorter period, add a filter, or raise the noise "
            "threshold."
        )
        assert "'register'" in (await user.result(analysis.analysis_id)).process_tree.text


async def test_memory_over_without_anything_to_keep_fails(
    start_mining: Any, running_example: Mapping[Way, int]
) -> None:
    async with start_mining(memory_limit_bytes=50 * 2**20) as mining:
        user = mining.caller()
        dataset_id = mining.world.add(running_example, user.user_id)
        for kind in (Kind.INDUCTIVE_TREE, Kind.ALPHA):
            analysis = await user.run(dataset_id, kind)
            assert (state(analysis), analysis.error_reason) == ("failed", "analysis_memory_limit")


async def test_cancel_stops_at_once(mining: Any, endless_ways: Mapping[Way, int]) -> None:
    user = mining.caller()
    dataset_id = mining.world.add(endless_ways, user.user_id)
    running = await user.create(dataset_id, Kind.ALPHA)
    waiting = await user.create(dataset_id, Kind.DFG_PETRI)
    await user.wait(running.analysis_id, "RUNNING")
    assert state(await user.get(waiting.analysis_id)) == "queued"
    cancelled = (await user.call("CancelAnalysis", analysis_id=running.analysis_id)).analysis
    assert state(cancelled) == "cancelled"
    assert cancelled.HasField("finished_at")
    started = time.monotonic()
    assert state(await user.wait(waiting.analysis_id)) == "succeeded"  # the only worker is free again
    assert time.monotonic() - started < 20
    assert state(await user.get(running.analysis_id)) == "cancelled"
    again = (await user.call("CancelAnalysis", analysis_id=waiting.analysis_id)).analysis
    assert state(again) == "succeeded"


async def test_a_cancelled_job_that_waits_is_never_run(mining: Any, running_example: Mapping[Way, int]) -> None:
    user = mining.caller()
    gate = asyncio.Event()
    mining.world.before_answer = gate.wait
    dataset_id = mining.world.add(running_example, user.user_id)
    first = await user.create(dataset_id, Kind.DIRECTLY_FOLLOWS)
    second = await user.create(dataset_id, Kind.DIRECTLY_FOLLOWS)
    await user.call("CancelAnalysis", analysis_id=second.analysis_id)
    gate.set()
    assert state(await user.wait(first.analysis_id)) == "succeeded"
    third = await user.run(dataset_id, Kind.DIRECTLY_FOLLOWS)
    assert state(third) == "succeeded"
    second = await user.get(second.analysis_id)
    assert (state(second), second.HasField("started_at")) == ("cancelled", False)


async def test_delete_ends_a_running_job(mining: Any, endless_ways: Mapping[Way, int], failure_of: Any) -> None:
    user = mining.caller()
    running = await user.create(mining.world.add(endless_ways, user.user_id), Kind.ALPHA)
    await user.wait(running.analysis_id, "RUNNING")
    await user.call("DeleteAnalysis", analysis_id=running.analysis_id)
    failure = await failure_of(user.get(running.analysis_id))
    assert failure.reason == "analysis_not_found"
    restored = (await user.call("RestoreAnalysis", analysis_id=running.analysis_id)).analysis
    assert state(restored) == "cancelled"
    async with asyncio.timeout(5):
        while any(process.cpu_percent() > 50 for process in psutil.Process().children()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_rights_taken_back_while_it_waits_count(mining: Any, running_example: Mapping[Way, int]) -> None:
    user = mining.caller()
    gate = asyncio.Event()
    mining.world.before_answer = gate.wait
    blocking = await user.create(mining.world.add(running_example, user.user_id), Kind.DIRECTLY_FOLLOWS)
    dataset_id = mining.world.add(running_example, user.user_id)
    waiting = await user.create(dataset_id, Kind.DIRECTLY_FOLLOWS)
    mining.world.owners[dataset_id].clear()
    await announce(mining, "cjm.catalog.grant.changed.v1", facts_pb2.GrantChanged(dataset_id=dataset_id))
    gate.set()
    assert state(await user.wait(blocking.analysis_id)) == "succeeded"
    ended = await user.wait(waiting.analysis_id)
    assert (state(ended), ended.error_reason) == ("failed", "dataset_not_found")


async def announce(mining: Any, subject: str, fact: Any) -> None:
    bus = await Bus.connect(mining.settings, "catalog")
    await bus.ensure_stream("CATALOG", ["cjm.catalog.>"])
    await bus.publish(subject, fact)
    await bus.close()


async def test_analyses_go_with_their_dataset(mining: Any, running_example: Mapping[Way, int], failure_of: Any) -> None:
    user = mining.caller()
    kept = await user.run(mining.world.add(running_example, user.user_id), Kind.DIRECTLY_FOLLOWS)
    gone = await user.run(dataset_id := mining.world.add(running_example, user.user_id), Kind.DIRECTLY_FOLLOWS)
    deleted = await user.run(dataset_id, Kind.DIRECTLY_FOLLOWS)
    await user.call("DeleteAnalysis", analysis_id=deleted.analysis_id)
    await announce(mining, "cjm.catalog.dataset.deleted.v1", facts_pb2.DatasetDeleted(dataset_id=dataset_id))
    async with asyncio.timeout(20):
        while len((await user.call("ListAnalyses")).analyses) == 2:  # noqa: ASYNC110 - seen from outside only
            await asyncio.sleep(0.05)
    assert (await failure_of(user.get(gone.analysis_id))).reason == "analysis_not_found"
    assert list((await user.call("ListAnalyses", is_deleted=True)).analyses) == []
    assert state(await user.get(kept.analysis_id)) == "succeeded"


async def test_the_end_is_announced(mining: Any, running_example: Mapping[Way, int], bus: Bus) -> None:
    heard: asyncio.Queue[Delivery[Any]] = asyncio.Queue()
    for name, message_type in (
        ("completed", analysis_pb2.AnalysisCompleted),
        ("failed", analysis_pb2.AnalysisFailed),
    ):
        subject = f"cjm.mining.analysis.{name}.v1"
        await bus.consume(f"test-{name}", "MINING", subject, message_type, heard.put)
    user = mining.caller()
    done = await user.run(dataset_id := mining.world.add(running_example, user.user_id), Kind.ALPHA)
    fact = (await asyncio.wait_for(heard.get(), 10)).fact
    assert fact == analysis_pb2.AnalysisCompleted(
        analysis_id=done.analysis_id,
        dataset_id=dataset_id,
        created_by_id=user.user_id,
        kind=analysis_pb2.ANALYSIS_KIND_ALPHA,
        status=analysis_pb2.ANALYSIS_STATUS_SUCCEEDED,
    )
    empty = await user.run(mining.world.add({}, user.user_id), Kind.ALPHA)
    fact = (await asyncio.wait_for(heard.get(), 10)).fact
    assert (fact.analysis_id, fact.reason) == (empty.analysis_id, "no_touchpoints")


async def test_a_restart_takes_work_up_again(
    start_mining: Any, running_example: Mapping[Way, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cjm_mining.adapters.database._LOST_AFTER", timedelta(seconds=0.2))
    gate = asyncio.Event()
    async with start_mining() as mining:
        user = mining.caller()
        mining.world.before_answer = gate.wait
        interrupted = await user.create(mining.world.add(running_example, user.user_id), Kind.INDUCTIVE_TREE)
        await user.wait(interrupted.analysis_id, "RUNNING")
    gate.set()
    async with start_mining() as mining:
        again = mining.as_identity(user.identity)
        assert state(await again.wait(interrupted.analysis_id)) == "succeeded"


async def test_a_start_that_fails_halfway_leaves_the_bus(
    start_mining: Any, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    buses: list[Bus] = []
    connect = Bus.connect

    async def connect_noted(*arguments: Any) -> Bus:
        buses.append(await connect(*arguments))
        return buses[-1]

    monkeypatch.setattr(Bus, "connect", connect_noted)
    await bus.ensure_stream("OTHER", [REQUESTED_SUBJECT])  # taken, so mining cannot make its own
    with pytest.raises(BadRequestError):
        async with start_mining():
            pass
    (left,) = buses
    assert not left.is_connected


async def test_a_service_that_is_away_for_a_moment_is_awaited(mining: Any, running_example: Mapping[Way, int]) -> None:
    failures = 2

    async def recovering() -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise AppError(Code.UNAVAILABLE, "event_store_starting", "Not yet.")

    user = mining.caller()
    mining.world.before_answer = recovering
    analysis = await user.run(mining.world.add(running_example, user.user_id), Kind.DIRECTLY_FOLLOWS)
    assert state(analysis) == "succeeded"


async def test_what_nobody_foresaw_stays_inside(mining: Any, running_example: Mapping[Way, int]) -> None:
    async def broken() -> None:
        raise LookupError("secret of the event store")

    user = mining.caller()
    mining.world.before_answer = broken
    analysis = await user.run(mining.world.add(running_example, user.user_id), Kind.DIRECTLY_FOLLOWS)
    assert (state(analysis), analysis.error_reason) == ("failed", "internal")
    assert "secret" not in analysis.error_detail
