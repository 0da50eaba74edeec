"""A change of rights is felt at once, also by a question that is just on its way."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from cjm_access import DatasetAccess
from cjm_kit.errors import AppError
from cjm_kit.identity import staff_identity
from cjm_protos.catalog.v1 import dataset_pb2


class Catalog:
    """Answers when the test says so, with the right as it was when the question came."""

    def __init__(self) -> None:
        self.may_analyse, self.is_deleted = True, False
        self.asked_count = 0
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    def stub(self, factory: Callable[[Any], Any]) -> Any:
        return self

    async def GetAccess(self, request: Any, **_: float) -> dataset_pb2.GetAccessResponse:
        self.asked_count += 1
        access = dataset_pb2.Access(can_see=True, can_analyse=self.may_analyse)
        self.is_asked.set()
        await self.may_answer.wait()
        if self.is_deleted:
            return dataset_pb2.GetAccessResponse(could_analyse=self.may_analyse)
        return dataset_pb2.GetAccessResponse(exists=True, access=access, time_zone="UTC")


class Facts:
    """A bus on which a fact is heard at once."""

    def __init__(self) -> None:
        self.client = self
        self.heard: dict[str, Callable[[object], Any]] = {}

    async def subscribe(self, subject: str, cb: Callable[[object], Any]) -> None:
        self.heard[subject] = cb


async def test_an_answer_older_than_a_change_is_not_remembered() -> None:
    catalog, facts, person = Catalog(), Facts(), staff_identity("u1", is_admin=False)
    access = DatasetAccess(catalog, "test", ttl_seconds=60)  # type: ignore[arg-type]
    await access.listen(facts)  # type: ignore[arg-type]
    asking = asyncio.create_task(access.require("d1", "analyse", person))
    await catalog.is_asked.wait()
    catalog.may_analyse = False
    await facts.heard["cjm.catalog.grant.changed.v1"](SimpleNamespace())
    catalog.may_answer.set()
    await asking
    with pytest.raises(AppError) as caught:
        await access.require("d1", "analyse", person)
    assert caught.value.reason == "dataset_analysis_not_allowed"


async def test_an_answer_is_remembered_until_something_changes() -> None:
    catalog, facts, person = Catalog(), Facts(), staff_identity("u1", is_admin=False)
    catalog.may_answer.set()
    access = DatasetAccess(catalog, "test", ttl_seconds=60)  # type: ignore[arg-type]
    await access.listen(facts)  # type: ignore[arg-type]
    for _ in range(3):
        await access.require("d1", "analyse", person)
    assert catalog.asked_count == 1
    await facts.heard["cjm.catalog.user.changed.v1"](SimpleNamespace())
    await access.require("d1", "analyse", person)
    assert catalog.asked_count == 2


@pytest.mark.parametrize(
    ("is_deleted", "may_analyse", "reasons"),
    [
        (False, True, {"analyse": "", "read_results": ""}),
        (False, False, dict.fromkeys(("analyse", "read_results"), "dataset_analysis_not_allowed")),
        (True, True, {"analyse": "dataset_not_found", "see": "dataset_not_found", "read_results": ""}),
        (True, False, dict.fromkeys(("analyse", "see", "read_results"), "dataset_not_found")),
    ],
)
async def test_of_a_deleted_dataset_only_results_are_read(
    *, is_deleted: bool, may_analyse: bool, reasons: dict[Any, str]
) -> None:
    catalog = Catalog()
    catalog.may_analyse, catalog.is_deleted = may_analyse, is_deleted
    catalog.may_answer.set()
    access = DatasetAccess(catalog, "test")  # type: ignore[arg-type]
    for right, reason in reasons.items():
        refused = ""
        try:
            await access.require("d1", right, staff_identity("u1", is_admin=False))
        except AppError as failure:
            refused = failure.reason
        assert refused == reason, right
