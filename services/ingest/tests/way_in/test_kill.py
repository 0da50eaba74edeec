"""Nothing is lost and nothing doubled when the process is killed at any moment."""

import asyncio
import contextlib
import gzip
import json
import os
import random
import subprocess
import sys
from typing import Any

import pytest

from cjm_ingest.settings import IngestSettings
from cjm_kit.errors import AppError
from cjm_kit.identity import acting_as, staff_identity
from cjm_protos.catalog.v1 import facts_pb2, import_log_pb2
from cjm_protos.ingest.v1 import imports_pb2

from .conftest import OWNER

_RUN = """
import asyncio, sys
from cjm_ingest import intake_main, main
from cjm_ingest.settings import IngestSettings, IntakeSettings
from cjm_kit.runtime import run

async def both():
    return await run([await main.build(IngestSettings()), await intake_main.build(IntakeSettings())])

sys.exit(asyncio.run(both()))
"""

# Dies when it is about to do, or has done, what a method does.
_DIE = """
import os
from cjm_ingest.adapters.event_store.{module} import {owner} as owner

def die(*arguments, does=owner.{method}):
    if {after}:
        does(*arguments)
    os._exit(9)

owner.{method} = die
"""


class Process:
    """Ingest and its intake in a process of their own."""

    def __init__(self, settings: IngestSettings) -> None:
        secret = settings.identity_secret.get_secret_value()
        values = {**settings.model_dump(mode="json"), "identity_secret": secret}
        self._environment = {
            **os.environ,
            **{f"CJM_INGEST_{name.upper()}": str(value) for name, value in values.items()},
            **{f"CJM_INTAKE_{name.upper()}": str(value) for name, value in values.items()},
            "CJM_INTAKE_RPC_LISTEN": settings.intake_target,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, first: str = "") -> None:
        """Start it; `first` is what it does before."""
        self._process = subprocess.Popen([sys.executable, "-c", first + _RUN], env=self._environment)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to end; returns the exit code."""
        assert self._process
        self._process.terminate()
        return self._process.wait(20)


@pytest.fixture
def process(stopped_ingest: Any) -> Any:
    """An ingest process that is not running yet."""
    process = Process(stopped_ingest.settings)
    yield process
    process.kill()


async def test_a_kill_in_the_middle_of_an_import(stopped_ingest: Any, process: Process, until: Any) -> None:
    ingest = stopped_ingest
    rows_count = 400_000
    lines = b"".join(
        b"c%d,step %d,2024-01-01 00:00:%02d,id-%d\n" % (n % 999, n % 7, n % 60, n) for n in range(rows_count)
    )
    columns = [("customer_id", "a"), ("action_type", "b"), ("time", "c"), ("event_id", "d")]
    process.start()
    await until(ingest.is_serving)
    import_id = ingest.open_import(columns)
    await ingest.upload(import_id, gzip.compress(b"a,b,c,d\n" + lines, compresslevel=1))
    await ingest.until_events(1, timeout_seconds=30)
    process.kill()
    assert ingest.catalog.entries[import_id].status == import_log_pb2.IMPORT_STATUS_RUNNING
    process.start()
    await until(ingest.is_serving)
    entry = await ingest.ended(import_id, timeout_seconds=60)
    assert entry.status == import_log_pb2.IMPORT_STATUS_COMPLETED
    assert (entry.rows_accepted, entry.rows_duplicate) == (rows_count, 0)
    assert (await ingest.stats()).events_count == rows_count
    assert process.stop() == 0


async def test_kills_while_an_import_replaces_the_dataset(stopped_ingest: Any, process: Process, until: Any) -> None:
    ingest = stopped_ingest
    generator = random.Random(2)
    rows_count = 400_000
    lines = b"".join(b"c%d,new,2024-01-01 00:00:%02d,%d\n" % (n % 999, n % 60, n) for n in range(rows_count))
    columns = [("customer_id", "a"), ("action_type", "b"), ("time", "c"), ("event_id", "d")]
    process.start()
    await until(ingest.is_serving)
    await ingest.run_import(b"a,b,c,d\n" + b"".join(b"x,old,2024-01-01,%d\n" % n for n in range(500)), columns)
    import_id = ingest.open_import(columns, replaces=True)
    await ingest.upload(import_id, gzip.compress(b"a,b,c,d\n" + lines, compresslevel=1))
    entry, sent_count = ingest.catalog.entries[import_id], 0

    async def is_running() -> bool:
        return bool(entry.rows_read)

    await until(is_running)
    for _ in range(2):  # a third kill would have the import given up
        while entry.status == import_log_pb2.IMPORT_STATUS_RUNNING:
            body = json.dumps({"event_id": f"sent-{sent_count}", "customer_id": "x", "action_type": "sent"}).encode()
            try:
                await ingest.append(body)
            except AppError:
                continue  # repeated with its id
            sent_count += 1
            if generator.random() < 0.05:
                break
        if entry.status != import_log_pb2.IMPORT_STATUS_RUNNING:
            break
        process.kill()
        assert entry.rows_duplicate == 0
        process.start()
        await until(ingest.is_serving)
    await ingest.ended(import_id)
    assert (entry.status, entry.rows_accepted, entry.rows_duplicate) == (
        import_log_pb2.IMPORT_STATUS_COMPLETED,
        rows_count,
        0,
    )
    await ingest.until_events(rows_count + sent_count, timeout_seconds=30)
    stats = await ingest.stats()
    assert (stats.events_count, stats.sent_events_count) == (rows_count + sent_count, sent_count)
    assert sent_count > 0
    assert process.stop() == 0


@pytest.mark.parametrize("replaces", [False, True])
async def test_an_import_stopped_after_a_kill_leaves_nothing(
    stopped_ingest: Any, process: Process, until: Any, *, replaces: bool
) -> None:
    ingest = stopped_ingest
    lines = b"".join(b"c%d,new,2024-01-01\n" % (n % 999) for n in range(1_000_000))
    columns = [("customer_id", "a", "string"), ("action_type", "b"), ("time", "c")]
    process.start()
    await until(ingest.is_serving)
    await ingest.run_import(b"a,b,c\n old,old,2024-01-01\n", columns)
    import_id = ingest.open_import(columns, replaces=replaces)
    await ingest.upload(import_id, gzip.compress(b"a,b,c\n" + lines, compresslevel=1))
    entry = ingest.catalog.entries[import_id]

    async def has_begun() -> bool:
        return bool(entry.rows_read) if replaces else (await ingest.stats()).events_count > 1

    await until(has_begun)
    process.kill()
    process.start()
    await until(ingest.is_serving)
    with acting_as(staff_identity(OWNER, is_admin=False)):  # before the bus hands it over again
        await ingest.imports.CancelImport(imports_pb2.CancelImportRequest(import_id=import_id))
    assert (await ingest.ended(import_id)).status == import_log_pb2.IMPORT_STATUS_CANCELLED
    assert (await ingest.stats()).events_count == 1
    assert await ingest.fix("surrounding_blanks") == (1, 0)  # none begins while a dataset is being replaced
    assert process.stop() == 0


async def test_kills_while_events_are_fixed(stopped_ingest: Any, process: Process, until: Any) -> None:
    ingest = stopped_ingest
    generator = random.Random(3)
    rows_count, doubled_count, sent_count = 150_000, 5_000, 0
    lines = [f"c {n % 999} ,{'Pay' if n % 3 else 'pay'},{1_600_000_000 + n}\n" for n in range(rows_count)]
    lines += lines[:doubled_count]
    data = "a,b,c\n" + "".join(lines)
    columns = [("customer_id", "a", "string"), ("action_type", "b"), ("time", "c")]
    process.start()
    await until(ingest.is_serving)
    entry = await ingest.run_import(gzip.compress(data.encode(), compresslevel=1), columns)
    assert entry.rows_accepted == rows_count + doubled_count
    expected = {
        "surrounding_blanks": (rows_count + doubled_count, 0),
        "duplicates": (0, doubled_count),
        "similar_steps": (rows_count // 3, 0),
    }
    stored_counts = {rows_count + doubled_count}
    for kind, fixed in expected.items():
        stored_counts = {count - gone for count in stored_counts for gone in {0, fixed[1]}}
        fixing = asyncio.create_task(ingest.fix(kind))
        until_killed = generator.uniform(0.05, 0.5)
        deadline = asyncio.get_running_loop().time() + until_killed
        while asyncio.get_running_loop().time() < deadline:
            event = {"event_id": f"sent-{sent_count}", "customer_id": f"x{sent_count}", "action_type": "Pay"}
            with contextlib.suppress(AppError):  # else repeated with its id
                await ingest.append(json.dumps(event).encode())
                sent_count += 1
        process.kill()
        outcomes = await asyncio.gather(fixing, return_exceptions=True)
        process.start()
        await until(ingest.is_serving)
        stats = await ingest.stats()
        assert stats.events_count - stats.sent_events_count in stored_counts
        assert await ingest.fix(kind) in ((fixed, (0, 0)) if outcomes[0] != fixed else ((0, 0),))
        stored_counts = {min(stored_counts)}
    await ingest.until_events(rows_count + sent_count, timeout_seconds=30)
    stats = await ingest.stats()
    assert (stats.events_count, stats.sent_events_count) == (rows_count + sent_count, sent_count)
    assert (stats.customers_count, stats.activities_count) == (999 + sent_count, 1)
    assert not set(expected) & set(await ingest.found())
    assert sent_count > 0
    assert process.stop() == 0


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_kill_at_the_end_of_a_fix_neither_loses_its_note_nor_makes_one_up(
    stopped_ingest: Any, process: Process, until: Any, after: bool
) -> None:
    ingest = stopped_ingest
    process.start(_DIE.format(module="fixes", owner="EventFixes", method="finish", after=after))
    await until(ingest.is_serving)
    await ingest.run_import(
        b"a,b,c\n" + b"x,y,2024-01-01\n" * 3, [("customer_id", "a"), ("action_type", "b"), ("time", "c")]
    )
    with pytest.raises(AppError):
        await ingest.fix("duplicates")
    process.kill()
    process.start()
    await until(ingest.is_serving)
    assert (await ingest.stats()).events_count == (1 if after else 3)
    assert await ingest.fix("duplicates") == ((0, 0) if after else (0, 2))

    async def is_noted() -> bool:
        return bool(ingest.catalog.journal)

    await until(is_noted)
    assert [entry.events_removed for entry in ingest.catalog.journal] == [2]
    assert process.stop() == 0


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_removal_that_a_kill_broke_off_is_ended_and_noted(
    stopped_ingest: Any, process: Process, until: Any, after: bool
) -> None:
    ingest = stopped_ingest
    process.start()
    await until(ingest.is_serving)
    columns = [("customer_id", "a"), ("action_type", "b"), ("time", "c")]
    entry = await ingest.run_import(b"a,b,c\nx,y,2024-01-01\nx,y,2024-01-02\n", columns)
    process.kill()
    process.start(_DIE.format(module="store", owner="EventStore", method="delete_import", after=after))
    await until(ingest.is_serving)
    with acting_as(staff_identity(OWNER, is_admin=False)), pytest.raises(AppError):
        await ingest.imports.RemoveImport(imports_pb2.RemoveImportRequest(import_id=entry.import_id))
    process.kill()
    process.start()

    async def is_noted() -> bool:
        return bool(ingest.catalog.journal)

    await until(is_noted)
    assert [note.events_removed for note in ingest.catalog.journal] == [2]
    assert entry.status == import_log_pb2.IMPORT_STATUS_REMOVED
    await until(ingest.is_serving)
    assert (await ingest.stats()).events_count == 0
    assert process.stop() == 0


async def test_kills_while_events_stream_in(stopped_ingest: Any, process: Process, until: Any) -> None:
    ingest = stopped_ingest
    generator = random.Random(1)
    acknowledged: list[str] = []
    is_over = False

    async def send(sender: int) -> None:
        number = 0
        while not is_over:
            ids = [f"{sender}-{number + place}" for place in range(50)]
            events = [{"event_id": item, "customer_id": f"c{sender}", "action_type": "visit"} for item in ids]
            body = json.dumps(events).encode()
            while True:  # a sender repeats what was not acknowledged
                try:
                    (result,) = await ingest.append(body)
                except AppError:
                    await asyncio.sleep(0.05)
                else:
                    break
            assert result.accepted_count == 50
            acknowledged.extend(ids)
            number += 50

    process.start()
    await until(ingest.is_serving)
    senders = [asyncio.create_task(send(sender)) for sender in range(8)]
    for _ in range(3):
        await asyncio.sleep(generator.uniform(0.3, 1.5))
        process.kill()
        process.start()
        await until(ingest.is_serving)
    before = len(acknowledged)

    async def goes_on() -> bool:
        return len(acknowledged) > before

    await until(goes_on)
    is_over = True
    await asyncio.gather(*senders)
    await ingest.until_events(len(acknowledged), timeout_seconds=30)
    assert len(set(acknowledged)) == len(acknowledged)
    assert (await ingest.stats()).events_count == len(acknowledged)
    assert process.stop() == 0


async def test_events_of_a_deleted_dataset_go(ingest: Any, bus: Any, until: Any) -> None:
    await ingest.append(b'{"customer_id":"a","action_type":"b"}')
    await ingest.until_events(1)
    fact = facts_pb2.DatasetDeleted(dataset_id=ingest.dataset_id)
    await bus.publish("cjm.catalog.dataset.deleted.v1", fact)

    async def is_empty() -> bool:
        return not (await ingest.stats()).events_count

    await until(is_empty)
