"""Who may call what, and what is refused before anything is queued."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from cjm_kit.errors import Code
from cjm_kit.identity import Identity, service_identity
from cjm_mining.domain.analysis import Kind
from cjm_mining.entrypoints.rpc import AnalysisServicer
from cjm_protos.ingest.v1 import scope_pb2
from cjm_protos.mining.v1 import analysis_pb2

Way = tuple[str, ...]
METHODS = [method.name for method in analysis_pb2.DESCRIPTOR.services_by_name["AnalysisService"].methods]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_says_who_may_call_it(method: str) -> None:
    assert getattr(AnalysisServicer, method).allowed_roles == {"staff", "admin"}


@pytest.mark.parametrize(
    "identity", [service_identity("metrics"), Identity("token:1", frozenset({"system"}))], ids=["service", "system"]
)
async def test_only_people_may_call(mining: Any, identity: Identity, failure_of: Any) -> None:
    caller = mining.as_identity(identity)
    for method in METHODS:
        assert (await failure_of(caller.call(method))).code is Code.PERMISSION_DENIED


async def test_what_is_not_yours_does_not_exist(
    mining: Any, running_example: Mapping[Way, int], failure_of: Any
) -> None:
    owner, stranger, admin = mining.caller(), mining.caller(), mining.caller(is_admin=True)
    dataset_id = mining.world.add(running_example, owner.user_id, stranger.user_id, admin.user_id)
    analysis = await owner.run(dataset_id, Kind.DIRECTLY_FOLLOWS)
    for method in ("GetAnalysis", "CancelAnalysis", "DeleteAnalysis", "RestoreAnalysis", "GetResult", "RenderGraph"):
        foreign = await failure_of(stranger.call(method, analysis_id=analysis.analysis_id))
        absent = await failure_of(stranger.call(method, analysis_id=str(uuid4())))
        assert foreign.code is Code.NOT_FOUND
        assert foreign.reason == "analysis_not_found"
        assert (foreign.reason, foreign.detail) == (absent.reason, absent.detail)
    assert list((await stranger.call("ListAnalyses")).analyses) == []
    assert (await admin.result(analysis.analysis_id)).directly_follows.events_count == 42
    assert [item.analysis_id for item in (await admin.call("ListAnalyses")).analyses] == [analysis.analysis_id]
    await admin.call("DeleteAnalysis", analysis_id=analysis.analysis_id)
    assert (await failure_of(owner.get(analysis.analysis_id))).reason == "analysis_not_found"


async def test_a_deleted_analysis_comes_back_with_its_result(
    mining: Any, running_example: Mapping[Way, int], failure_of: Any
) -> None:
    owner, stranger, admin = mining.caller(), mining.caller(), mining.caller(is_admin=True)
    dataset_id = mining.world.add(running_example, owner.user_id, admin.user_id)
    made = await owner.run(dataset_id, Kind.DIRECTLY_FOLLOWS)
    which = {"analysis_id": made.analysis_id}
    await owner.call("DeleteAnalysis", **which)
    for method in ("GetAnalysis", "CancelAnalysis", "DeleteAnalysis", "GetResult", "RenderGraph"):
        failure = await failure_of(owner.call(method, **which))
        assert (failure.code, failure.reason) == (Code.NOT_FOUND, "analysis_not_found")
    for user, count in ((owner, 1), (admin, 1), (stranger, 0)):
        assert list((await user.call("ListAnalyses")).analyses) == []
        deleted = (await user.call("ListAnalyses", is_deleted=True)).analyses
        assert [(item.analysis_id, item.HasField("deleted_at")) for item in deleted] == [
            (made.analysis_id, True)
        ] * count
    assert (await failure_of(stranger.call("RestoreAnalysis", **which))).reason == "analysis_not_found"
    for user in (owner, admin):
        assert (await user.call("RestoreAnalysis", **which)).analysis == made
    assert (await owner.result(made.analysis_id)).directly_follows.events_count == 42
    assert list((await owner.call("ListAnalyses", is_deleted=True)).analyses) == []


async def test_results_are_closed_when_the_right_is_taken_back(
    mining: Any, running_example: Mapping[Way, int], failure_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = mining.caller()
    dataset_id = mining.world.add(running_example, user.user_id)
    analysis = await user.run(dataset_id, Kind.DIRECTLY_FOLLOWS)
    await user.result(analysis.analysis_id)
    mining.world.owners[dataset_id] = set()
    now = time.monotonic()
    monkeypatch.setattr("cjm_access.dataset_access.time.monotonic", lambda: now + 10)  # what is remembered is over
    for method in ("GetResult", "RenderGraph"):
        failure = await failure_of(user.call(method, analysis_id=analysis.analysis_id))
        assert (failure.code, failure.reason) == (Code.NOT_FOUND, "dataset_not_found")
    await user.call("DeleteAnalysis", analysis_id=analysis.analysis_id)


async def test_results_of_a_deleted_dataset_that_is_kept_can_be_looked_at(
    mining: Any, running_example: Mapping[Way, int], failure_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = mining.caller()
    dataset_id = mining.world.add(running_example, user.user_id)
    analysis = await user.run(dataset_id, Kind.DIRECTLY_FOLLOWS)
    before = await user.result(analysis.analysis_id)
    mining.world.deleted.add(dataset_id)
    now = time.monotonic()
    monkeypatch.setattr("cjm_access.dataset_access.time.monotonic", lambda: now + 10)  # what is remembered is over
    assert await user.result(analysis.analysis_id) == before
    await user.call("RenderGraph", analysis_id=analysis.analysis_id)
    failure = await failure_of(user.create(dataset_id, Kind.ALPHA))
    assert (failure.code, failure.reason) == (Code.NOT_FOUND, "dataset_not_found")


async def test_a_dataset_that_may_not_be_analysed_is_refused(mining: Any, failure_of: Any) -> None:
    user = mining.caller()
    failure = await failure_of(user.create(mining.world.add({}), Kind.ALPHA))
    assert (failure.code, failure.reason) == (Code.NOT_FOUND, "dataset_not_found")
    assert list((await user.call("ListAnalyses")).analyses) == []


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"kind": 0}, "analysis_kind_unknown", "kind"),
        ({"kind": 99}, "analysis_kind_unknown", "kind"),
        ({"scope": scope_pb2.Scope(session_gap_minutes=10_081)}, "session_gap_out_of_range", "session_gap_minutes"),
        ({"scope": scope_pb2.Scope(session_gap_minutes=-1)}, "session_gap_out_of_range", "session_gap_minutes"),
        (
            {"scope": scope_pb2.Scope(from_time=Timestamp(seconds=2), to_time=Timestamp(seconds=1, nanos=9))},
            "period_reversed",
            "from",
        ),
    ],
)
async def test_a_bad_request_is_refused_with_its_field(
    mining: Any, change: dict[str, Any], reason: str, field: str, failure_of: Any
) -> None:
    fields: dict[str, Any] = {"kind": analysis_pb2.ANALYSIS_KIND_ALPHA, "scope": scope_pb2.Scope()} | change
    fields["scope"].dataset_id = mining.world.add({})
    failure = await failure_of(mining.caller().call("CreateAnalysis", **fields))
    assert (failure.code, failure.reason) == (Code.INVALID_ARGUMENT, reason)
    assert [violation.field for violation in failure.violations] == [field]


async def test_bad_parameters_are_refused_with_their_names(mining: Any, failure_of: Any) -> None:
    failure = await failure_of(mining.caller().create(mining.world.add({}), Kind.INDUCTIVE_TREE, noise_threshold=2))
    assert (failure.code, failure.reason) == (Code.INVALID_ARGUMENT, "parameters_invalid")
    [violation] = failure.violations
    assert (violation.field, violation.reason) == ("parameters.noise_threshold", "parameter_out_of_range")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"page_size": 201}, "page_size_out_of_range"),
        ({"page_size": -1}, "page_size_out_of_range"),
        ({"page_token": "not ours"}, "page_token_invalid"),
        ({"page_token": "WzEsMl0="}, "page_token_invalid"),
        ({"page_token": "IngieQ=="}, "page_token_invalid"),
        ({"kind": 99}, "analysis_kind_unknown"),
        ({"statuses": [99]}, "analysis_status_unknown"),
    ],
)
async def test_a_bad_list_is_refused(mining: Any, fields: dict[str, Any], reason: str, failure_of: Any) -> None:
    failure = await failure_of(mining.caller().call("ListAnalyses", **fields))
    assert (failure.code, failure.reason) == (Code.INVALID_ARGUMENT, reason)


async def test_pages_and_filters(mining: Any, running_example: Mapping[Way, int]) -> None:
    user = mining.caller()
    first, second = (mining.world.add(running_example, user.user_id) for _ in range(2))
    made = [await user.run(dataset_id, Kind.DIRECTLY_FOLLOWS) for dataset_id in (first, second, first)]
    newest_first = [analysis.analysis_id for analysis in reversed(made)]
    page = await user.call("ListAnalyses", page_size=2)
    assert [analysis.analysis_id for analysis in page.analyses] == newest_first[:2]
    rest = await user.call("ListAnalyses", page_size=2, page_token=page.next_page_token)
    assert [analysis.analysis_id for analysis in rest.analyses] == newest_first[2:]
    assert rest.next_page_token == ""
    assert len((await user.call("ListAnalyses", dataset_id=first)).analyses) == 2
    assert len((await user.call("ListAnalyses", kind=analysis_pb2.ANALYSIS_KIND_ALPHA)).analyses) == 0
    failed = analysis_pb2.ANALYSIS_STATUS_FAILED
    assert len((await user.call("ListAnalyses", statuses=[failed])).analyses) == 0


async def test_a_result_before_the_end_is_refused(
    mining: Any, endless_ways: Mapping[Way, int], failure_of: Any
) -> None:
    user = mining.caller()
    analysis = await user.create(mining.world.add(endless_ways, user.user_id), Kind.ALPHA)
    for method in ("GetResult", "RenderGraph"):
        failure = await failure_of(user.call(method, analysis_id=analysis.analysis_id))
        assert (failure.code, failure.reason) == (Code.FAILED_PRECONDITION, "analysis_not_finished")
    await user.call("CancelAnalysis", analysis_id=analysis.analysis_id)
    failure = await failure_of(user.call("GetResult", analysis_id=analysis.analysis_id))
    assert (failure.code, failure.reason) == (Code.FAILED_PRECONDITION, "analysis_without_result")


async def test_too_many_open_analyses_are_refused(
    mining: Any, endless_ways: Mapping[Way, int], failure_of: Any
) -> None:
    user = mining.caller()
    dataset_id = mining.world.add(endless_ways, user.user_id)
    for _ in range(20):
        await user.create(dataset_id, Kind.ALPHA)
    failure = await failure_of(user.create(dataset_id, Kind.ALPHA))
    assert (failure.code, failure.reason) == (Code.RESOURCE_EXHAUSTED, "too_many_open_analyses")


async def test_pictures_of_a_finished_analysis(mining: Any, running_example: Mapping[Way, int]) -> None:
    user = mining.caller()
    analysis = await user.run(mining.world.add(running_example, user.user_id), Kind.INDUCTIVE_PETRI)
    for number, media_type, beginning in (
        (analysis_pb2.PICTURE_FORMAT_UNSPECIFIED, "image/svg+xml", b"<?xml"),
        (analysis_pb2.PICTURE_FORMAT_SVG, "image/svg+xml", b"<?xml"),
        (analysis_pb2.PICTURE_FORMAT_PNG, "image/png", b"\x89PNG"),
    ):
        light, dark = [
            await user.call("RenderGraph", analysis_id=analysis.analysis_id, format=number, is_dark=is_dark)
            for is_dark in (False, True)
        ]
        assert light.media_type == dark.media_type == media_type
        assert light.content.startswith(beginning)
        assert light.content != dark.content
        if media_type == "image/svg+xml":
            assert "journeys by " in light.content.decode()


async def test_a_map_leads_to_the_goal_of_its_dataset(mining: Any, running_example: Mapping[Way, int]) -> None:
    user = mining.caller()
    dataset_id = mining.world.add(running_example, user.user_id)
    mining.world.goals[dataset_id] = "pay compensation"
    analysis = await user.run(dataset_id, Kind.DIRECTLY_FOLLOWS)
    drawn = await user.call("RenderGraph", analysis_id=analysis.analysis_id)
    assert "way to the goal, pay" in drawn.content.decode()


async def test_a_picture_over_its_time_is_refused(
    start_mining: Any, running_example: Mapping[Way, int], failure_of: Any
) -> None:
    async with start_mining(picture_time_limit_seconds=0.001) as mining:
        user = mining.caller()
        analysis = await user.run(mining.world.add(running_example, user.user_id), Kind.DIRECTLY_FOLLOWS)
        failure = await failure_of(user.call("RenderGraph", analysis_id=analysis.analysis_id))
        assert (failure.code, failure.reason) == (Code.FAILED_PRECONDITION, "picture_too_large")
