"""What people did with events is noted in catalog's journal."""

import asyncio
import threading
from typing import Any, NoReturn
from uuid import uuid4

import pytest

from cjm_ingest.adapters.event_store.engine import disk_full
from cjm_ingest.adapters.event_store.fixes import EventFixes
from cjm_ingest.adapters.event_store.store import EventStore
from cjm_ingest.domain.fixes import Fixed
from cjm_kit.bus import Bus
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import acting_as, staff_identity
from cjm_protos.catalog.v1 import import_log_pb2, journal_pb2
from cjm_protos.ingest.v1 import imports_pb2

from .conftest import OWNER

ABC = [("customer_id", "a"), ("action_type", "b"), ("time", "c")]
FILE = b"a,b,c\nx,Pay,2024-01-01\nx,Pay,2024-01-01\ny,pay,2024-01-01\n"
AWAY = AppError(Code.UNAVAILABLE, "service_unavailable", "Away.")


async def remove(ingest: Any, import_id: str, user_id: str = OWNER) -> int:
    """Take an import out; how many events went."""
    with acting_as(staff_identity(user_id, is_admin=True)):
        request = imports_pb2.RemoveImportRequest(import_id=import_id)
        return int((await ingest.imports.RemoveImport(request)).rows_removed)


async def noted(ingest: Any, until: Any, count: int) -> list[journal_pb2.NoteEntryRequest]:
    """The entries, without their ids, as soon as there are so many; the bus keeps their order."""

    async def are_there() -> bool:
        return len(ingest.catalog.journal) >= count

    await until(are_there)
    entries = ingest.catalog.journal
    assert len({entry.entry_id for entry in entries}) == len(entries)
    found = [journal_pb2.NoteEntryRequest.FromString(entry.SerializeToString()) for entry in entries]
    for entry in found:
        entry.ClearField("entry_id")
    return found


def fixed(ingest: Any, kind: str, changed_count: int, removed_count: int) -> journal_pb2.NoteEntryRequest:
    """The entry of a fix."""
    return journal_pb2.NoteEntryRequest(
        user_id=OWNER,
        kind=journal_pb2.JOURNAL_KIND_FIXED,
        object=kind,
        dataset_id=ingest.dataset_id,
        events_changed=changed_count,
        events_removed=removed_count,
    )


def removed(ingest: Any, import_id: str, count: int, user_id: str = OWNER) -> journal_pb2.NoteEntryRequest:
    """The entry of a removed import."""
    return journal_pb2.NoteEntryRequest(
        user_id=user_id,
        kind=journal_pb2.JOURNAL_KIND_DELETED,
        object="import",
        object_id=import_id,
        name="visits.csv",
        dataset_id=ingest.dataset_id,
        events_removed=count,
    )


async def test_fixes_that_changed_something_and_removed_imports_are_noted(ingest: Any, until: Any) -> None:
    first = await ingest.run_import(FILE, ABC)
    check = await ingest.run_import(FILE, ABC, check=True)
    assert await ingest.fix("future_times") == (0, 0)
    assert await ingest.fix("duplicates") == (0, 1)
    assert await ingest.fix("similar_steps") == (1, 0)
    second = await ingest.run_import(FILE, ABC, replaces=True)
    assert ingest.catalog.entries[first.import_id].status == import_log_pb2.IMPORT_STATUS_REMOVED
    assert await remove(ingest, check.import_id) == 0
    helper = str(uuid4())
    ingest.catalog.helpers.add(helper)
    ingest.catalog.entries[second.import_id].created_by_id = helper
    assert await remove(ingest, second.import_id, helper) == 3
    assert await noted(ingest, until, 3) == [
        fixed(ingest, "duplicates", 0, 1),
        fixed(ingest, "similar_steps", 1, 0),
        removed(ingest, second.import_id, 3, helper),
    ]


async def test_an_entry_waits_for_catalog(ingest: Any, until: Any) -> None:
    entry = await ingest.run_import(FILE, ABC)
    ingest.catalog.failures["NoteEntry"] = [AWAY, AWAY]
    assert await ingest.fix("duplicates") == (0, 1)
    assert await remove(ingest, entry.import_id) == 2
    assert await noted(ingest, until, 2) == [
        fixed(ingest, "duplicates", 0, 1),
        removed(ingest, entry.import_id, 2),
    ]


async def test_a_removal_that_is_repeated_is_noted_once(ingest: Any, until: Any) -> None:
    first, second = await ingest.run_import(FILE, ABC), await ingest.run_import(FILE, ABC)
    ingest.catalog.failures["UpdateImport"] = [AWAY]
    with pytest.raises(AppError, match="service_unavailable"):
        await remove(ingest, first.import_id)
    assert await remove(ingest, first.import_id) == 0
    assert await remove(ingest, second.import_id) == 3
    assert await noted(ingest, until, 2) == [
        removed(ingest, first.import_id, 3),
        removed(ingest, second.import_id, 3),
    ]


async def test_what_catalog_does_not_take_is_logged(ingest: Any, until: Any, capfd: pytest.CaptureFixture[str]) -> None:
    await ingest.run_import(FILE, ABC)
    ingest.catalog.failures["NoteEntry"] = [AppError(Code.NOT_FOUND, "user_not_found", "No such user.")]
    assert await ingest.fix("duplicates") == (0, 1)
    assert await ingest.fix("similar_steps") == (1, 0)
    assert await noted(ingest, until, 1) == [fixed(ingest, "similar_steps", 1, 0)]
    said = capfd.readouterr()
    (given_up,) = [line for line in (said.out + said.err).splitlines() if "journal_entry_given_up" in line]
    assert "user_not_found" in given_up


async def test_what_cannot_be_noted_is_not_done(ingest: Any, until: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = await ingest.run_import(FILE, ABC)
    publish = Bus.publish

    async def refuse(bus: Bus, subject: str, *arguments: Any) -> None:
        if "journal" in subject:
            raise AppError(Code.UNAVAILABLE, "bus_unavailable", "The message bus does not take messages.")
        await publish(bus, subject, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Bus, "publish", refuse)
        for work in (ingest.fix("duplicates"), remove(ingest, entry.import_id)):
            with pytest.raises(AppError, match="bus_unavailable"):
                await work
        assert (await ingest.stats()).events_count == 3
    assert await ingest.fix("duplicates") == (0, 1)
    assert await noted(ingest, until, 1) == [fixed(ingest, "duplicates", 0, 1)]


async def test_what_was_not_done_is_not_noted(ingest: Any, until: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = await ingest.run_import(FILE, ABC)

    def fail(*_: Any) -> NoReturn:
        raise disk_full()

    with monkeypatch.context() as patch:
        patch.setattr(EventFixes, "finish", fail)
        patch.setattr(EventStore, "delete_import", fail)
        for work in (ingest.fix("duplicates"), remove(ingest, entry.import_id)):
            with pytest.raises(AppError, match="disk_full"):
                await work
    assert await remove(ingest, entry.import_id) == 3
    assert await noted(ingest, until, 1) == [removed(ingest, entry.import_id, 3)]


@pytest.mark.parametrize("what", ["fix", "removal"])
async def test_what_was_begun_ends_and_is_noted_when_its_caller_goes_away(
    ingest: Any, until: Any, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    entry = await ingest.run_import(FILE, ABC)
    begun, gate = threading.Event(), threading.Event()
    perform, delete_import = EventFixes.perform, EventStore.delete_import

    def slow_perform(fixes: EventFixes, fix: Any) -> Fixed:
        begun.set()
        gate.wait(20)
        return perform(fixes, fix)

    def slow_delete(store: EventStore, dataset_id: str, import_id: str) -> int:
        begun.set()
        gate.wait(20)
        return delete_import(store, dataset_id, import_id)

    monkeypatch.setattr(EventFixes, "perform", slow_perform)
    monkeypatch.setattr(EventStore, "delete_import", slow_delete)
    work = ingest.fix("duplicates") if what == "fix" else remove(ingest, entry.import_id)
    asked = asyncio.create_task(work)
    await asyncio.to_thread(begun.wait, 20)
    asked.cancel()
    with pytest.raises((asyncio.CancelledError, AppError)):
        await asked
    gate.set()
    expected = fixed(ingest, "duplicates", 0, 1) if what == "fix" else removed(ingest, entry.import_id, 3)
    assert await noted(ingest, until, 1) == [expected]
    if what == "removal":

        async def is_removed() -> bool:
            return bool(entry.status == import_log_pb2.IMPORT_STATUS_REMOVED)

        await until(is_removed)
