"""Fixing findings over gRPC, next to imports and events that stream in."""

import json
from typing import Any
from uuid import uuid4

import pytest

from cjm_kit.errors import AppError, Code
from cjm_kit.identity import Identity, acting_as, service_identity, staff_identity
from cjm_protos.ingest.v1 import fixes_pb2, questions_pb2

from .conftest import OWNER

_COLUMNS = [("customer_id", "a", "string"), ("action_type", "b", "string"), ("time", "c"), ("device_os", "d", "string")]
_FILE = b"""a,b,c,d
u1,Buy,2024-01-01,iOS
u1,Buy,2024-01-01,iOS
u2, Buy,2024-01-02,iOS
u2,buy,2024-01-03, iOS
 u2,Buy,2024-01-04,iOS
u3,Buy,2222-01-01,iOS
"""


async def test_all_findings_of_a_file_are_fixed(ingest: Any) -> None:
    await ingest.run_import(_FILE, _COLUMNS)
    found = await ingest.found()
    assert {kind: fixable for kind, (_, fixable) in found.items() if fixable} == {
        "duplicates": 1,
        "future_times": 1,
        "similar_steps": 2,
        "surrounding_blanks": 3,
    }
    assert await ingest.fix("duplicates") == (0, 1)
    assert await ingest.fix("future_times") == (0, 1)
    assert await ingest.fix("surrounding_blanks") == (3, 0)
    assert await ingest.fix("similar_steps") == (1, 0)
    assert await ingest.fix("similar_steps") == (0, 0)
    assert not {"duplicates", "future_times", "similar_steps", "surrounding_blanks"} & set(await ingest.found())
    stats = await ingest.stats()
    assert (stats.events_count, stats.customers_count, stats.activities_count) == (4, 2, 1)
    for step in ("buy", " Buy"):
        await ingest.append(json.dumps({"customer_id": "u9", "action_type": step}).encode())
    await ingest.until_events(6)
    await ingest.run_import(b"a,b,c,d\nu4,buy,2024-02-01,\n", _COLUMNS)
    assert {event.action_type for event in await ingest.events()} == {"Buy"}


async def test_other_names_of_steps_are_listed_and_end(ingest: Any) -> None:
    await ingest.run_import(_FILE, _COLUMNS)
    listed, ended = fixes_pb2.ListStepAliasesRequest(dataset_id=ingest.dataset_id), fixes_pb2.DeleteStepAliasRequest
    for kind in ("surrounding_blanks", "similar_steps"):
        await ingest.fix(kind)
    with acting_as(staff_identity(OWNER, is_admin=False)):
        aliases = (await ingest.fixes.ListStepAliases(listed)).aliases
        assert [(item.alias, item.activity) for item in aliases] == [(" Buy", "Buy"), ("buy", "Buy")]
        await ingest.fixes.DeleteStepAlias(ended(dataset_id=ingest.dataset_id, alias="buy"))
        with pytest.raises(AppError) as refused:
            await ingest.fixes.DeleteStepAlias(ended(dataset_id=ingest.dataset_id, alias="buy"))
    assert (refused.value.code, refused.value.reason) == (Code.NOT_FOUND, "step_alias_not_found")
    await ingest.append(json.dumps({"customer_id": "u9", "action_type": "buy"}).encode())
    await ingest.until_events(7)
    assert {event.action_type for event in await ingest.events() if event.customer_id == "u9"} == {"buy"}


async def test_who_may_not_fixes_nothing(ingest: Any) -> None:
    await ingest.run_import(_FILE, _COLUMNS)
    before = await ingest.found()
    helper = str(uuid4())
    ingest.catalog.helpers.add(helper)
    request = fixes_pb2.FixFindingRequest(
        dataset_id=ingest.dataset_id, kind=questions_pb2.QUALITY_FINDING_KIND_DUPLICATES
    )
    for identity, reason in (
        (staff_identity(helper, is_admin=False), "dataset_manage_not_allowed"),
        (staff_identity(str(uuid4()), is_admin=False), "dataset_manage_not_allowed"),
        (service_identity("metrics"), "not_allowed"),
        (Identity(f"token:{uuid4()}", frozenset({"system"})), "not_allowed"),
    ):
        for call, asked in (
            (ingest.fixes.FixFinding, request),
            (ingest.fixes.DeleteStepAlias, fixes_pb2.DeleteStepAliasRequest(dataset_id=ingest.dataset_id, alias="x")),
        ):
            with acting_as(identity), pytest.raises(AppError) as refused:
                await call(asked)
            assert (refused.value.code, refused.value.reason) == (Code.PERMISSION_DENIED, reason)
        if reason == "not_allowed":
            with acting_as(identity), pytest.raises(AppError, match=reason):
                await ingest.fixes.ListStepAliases(fixes_pb2.ListStepAliasesRequest(dataset_id=ingest.dataset_id))
    with acting_as(Identity("", frozenset())), pytest.raises(AppError) as refused:
        await ingest.fixes.FixFinding(request)
    assert refused.value.code is Code.UNAUTHENTICATED
    assert await ingest.found() == before


async def test_what_cannot_be_fixed_is_said(ingest: Any) -> None:
    with pytest.raises(AppError, match="finding_not_fixable"):
        await ingest.fix("rare_steps")
    with pytest.raises(AppError, match="finding_not_known"):
        await ingest.fix("unspecified")
