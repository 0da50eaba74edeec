"""Stored analyses on SQLite and PostgreSQL: pages, claims, fencing, what is left by a crash."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import bindparam, select, text, update

from cjm_kit.db import Database
from cjm_mining.adapters.database import AnalysisStore, _values, analyses, metadata, outbox, results
from cjm_mining.domain.analysis import Analysis, Computed, Kind, Status
from cjm_mining.main import MIGRATIONS
from cjm_protos.mining.v1 import analysis_pb2

COMPUTED = Computed(b"result", "ab" * 32, 42, 6, 6)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


@pytest.fixture
def store(database: Database) -> AnalysisStore:
    return AnalysisStore(database, lambda: None)


def new_analysis(owner_id: str = "owner", *, age_seconds: float = 0, kind: Kind = Kind.ALPHA) -> Analysis:
    return Analysis(
        analysis_id=str(uuid4()),
        created_by_id=owner_id,
        dataset_id="dataset",
        dataset_name="Reisen nach Köln",
        kind=kind,
        scope=b"\x0a\x00",
        filter_terms=("device_category:mobile",),
        from_date="2024-05-01",
        to_date="",
        parameters={"noise_threshold": 0.25},
        created_at=datetime.now(UTC) - timedelta(seconds=age_seconds),
    )


async def facts(database: Database) -> list[str]:
    async with database.read() as session:
        subjects = await session.scalars(select(outbox.c.subject).order_by(outbox.c.created_at))
        return [subject.removeprefix("cjm.mining.analysis.").removesuffix(".v1") for subject in subjects]


async def age(database: Database, analysis_id: str, seconds: float) -> None:
    moment = datetime.now(UTC) - timedelta(seconds=seconds)
    async with database.write() as session:
        await session.execute(update(analyses).where(analyses.c.analysis_id == analysis_id).values(touched_at=moment))


async def test_migrations_make_the_declared_schema(database: Database) -> None:
    async with database.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    assert differences == []


async def test_what_is_stored_comes_back(store: AnalysisStore, database: Database) -> None:
    analysis = new_analysis()
    assert await store.add(analysis, 20)
    assert await store.get(analysis.analysis_id) == analysis
    assert await store.get(str(uuid4())) is None
    assert await facts(database) == ["requested"]


async def test_open_analyses_are_limited_per_owner(store: AnalysisStore) -> None:
    first = new_analysis()
    assert await store.add(first, 1)
    assert not await store.add(new_analysis(), 1)
    assert await store.add(new_analysis("somebody else"), 1)
    await store.cancel(first.analysis_id)
    assert await store.add(new_analysis(), 1)


async def test_pages_are_newest_first_without_gaps(store: AnalysisStore) -> None:
    stored = [new_analysis(age_seconds=number // 2) for number in range(7)]  # pairs within a moment
    moment = stored[0].created_at
    stored = [replace(analysis, created_at=moment - timedelta(seconds=i // 2)) for i, analysis in enumerate(stored)]
    for analysis in [*stored, new_analysis("somebody else"), new_analysis(kind=Kind.DFG_PETRI)]:
        assert await store.add(analysis, 20)
    seen: list[Analysis] = []
    before = None
    while True:
        page = await store.page(
            owner_id="owner",
            dataset_id="dataset",
            kind=Kind.ALPHA,
            statuses=[Status.QUEUED],
            is_deleted=False,
            before=before,
            limit=2,
        )
        if not page:
            break
        seen += page
        before = (page[-1].created_at, page[-1].analysis_id)
    assert seen == sorted(stored, key=lambda analysis: (analysis.created_at, analysis.analysis_id), reverse=True)
    everything = await store.page(
        owner_id=None, dataset_id="", kind=None, statuses=[], is_deleted=False, before=None, limit=50
    )
    assert len(everything) == 9
    nothing = await store.page(
        owner_id=None, dataset_id="", kind=None, statuses=[Status.FAILED], is_deleted=False, before=None, limit=50
    )
    assert nothing == []


async def test_an_analysis_is_claimed_once(store: AnalysisStore) -> None:
    analysis = new_analysis()
    await store.add(analysis, 20)
    claimed = await store.claim(analysis.analysis_id)
    assert claimed
    assert claimed[0].status is Status.RUNNING
    assert claimed[1] == 1
    assert await store.claim(analysis.analysis_id) is None
    assert await store.claim(str(uuid4())) is None


async def test_success_stores_result_and_fact(store: AnalysisStore, database: Database) -> None:
    analysis = new_analysis()
    await store.add(analysis, 20)
    claimed = await store.claim(analysis.analysis_id)
    assert claimed
    assert await store.beat(analysis.analysis_id, 1, 0.5)
    done = replace(claimed[0], status=Status.SUCCEEDED, events_count=42, cases_count=6, result_hash="ab" * 32)
    await store.finish(done, 1, COMPUTED)
    stored = await store.get(analysis.analysis_id)
    assert stored
    assert stored.finished_at
    assert stored == replace(done, finished_at=stored.finished_at)
    assert await store.result(analysis.analysis_id) == b"result"
    assert await facts(database) == ["requested", "completed"]
    await store.remove([analysis.analysis_id])
    assert await store.get(analysis.analysis_id) is None
    async with database.read() as session:
        assert (await session.execute(select(results))).all() == []


async def test_a_cancelled_analysis_takes_no_result(store: AnalysisStore, database: Database) -> None:
    analysis = new_analysis()
    await store.add(analysis, 20)
    claimed = await store.claim(analysis.analysis_id)
    assert claimed
    await store.cancel(analysis.analysis_id)
    assert not await store.beat(analysis.analysis_id, 1, 0.5)
    await store.finish(replace(claimed[0], status=Status.SUCCEEDED), 1, COMPUTED)
    stored = await store.get(analysis.analysis_id)
    assert stored
    assert stored.status is Status.CANCELLED
    assert await store.result(analysis.analysis_id) is None
    assert await facts(database) == ["requested"]
    await store.cancel(analysis.analysis_id)  # twice is no error


async def test_lost_work_is_queued_once_more_and_then_fails(store: AnalysisStore, database: Database) -> None:
    analysis = new_analysis()
    await store.add(analysis, 20)
    await store.claim(analysis.analysis_id)
    await store.requeue_lost([])
    assert await store.claim(analysis.analysis_id) is None  # it was alive a moment ago
    await age(database, analysis.analysis_id, 11)
    await store.requeue_lost([analysis.analysis_id])
    assert await store.claim(analysis.analysis_id) is None  # this very process is at it
    await store.requeue_lost([])
    second = await store.claim(analysis.analysis_id)
    assert second
    assert second[1] == 2
    assert not await store.beat(analysis.analysis_id, 1, 0.9)  # the first worker was given up
    await store.finish(replace(second[0], status=Status.SUCCEEDED), 1, COMPUTED)
    assert await store.result(analysis.analysis_id) is None
    await age(database, analysis.analysis_id, 11)
    await store.requeue_lost([])
    stored = await store.get(analysis.analysis_id)
    assert stored
    assert (stored.status, stored.error_reason) == (Status.FAILED, "analysis_interrupted")
    assert await facts(database) == ["requested", "requested", "failed"]
    async with database.read() as session:
        payload = await session.scalar(select(outbox.c.payload).where(outbox.c.subject.contains("failed")))
    fact = analysis_pb2.AnalysisFailed.FromString(payload or b"")
    assert (fact.analysis_id, fact.reason) == (analysis.analysis_id, "analysis_interrupted")


async def test_what_waits_too_long_gets_its_work_item_again(store: AnalysisStore, database: Database) -> None:
    analysis = new_analysis()
    await store.add(analysis, 20)
    await age(database, analysis.analysis_id, 601)
    await store.requeue_lost([])
    await store.requeue_lost([])
    assert await facts(database) == ["requested", "requested"]


async def test_a_dataset_knows_its_analyses(store: AnalysisStore) -> None:
    analysis = new_analysis()
    await store.add(analysis, 20)
    assert await store.ids_of_dataset("dataset") == [analysis.analysis_id]
    assert await store.ids_of_dataset("other") == []
    await store.remove([])
    assert await store.get(analysis.analysis_id)


async def listed(store: AnalysisStore, *, is_deleted: bool) -> list[str]:
    page = await store.page(
        owner_id="owner", dataset_id="", kind=None, statuses=[], is_deleted=is_deleted, before=None, limit=50
    )
    return [analysis.analysis_id for analysis in page]


async def test_what_is_deleted_is_kept_for_thirty_days(store: AnalysisStore, database: Database) -> None:
    kept, fresh, old = (new_analysis(age_seconds=seconds) for seconds in (0, 1, 2))
    for analysis in (kept, fresh, old):
        await store.add(analysis, 20)
    claimed = await store.claim(old.analysis_id)
    assert claimed
    await store.finish(replace(claimed[0], status=Status.SUCCEEDED), 1, COMPUTED)
    for analysis in (fresh, old):
        await store.delete(analysis.analysis_id)
    assert await listed(store, is_deleted=False) == [kept.analysis_id]
    assert await listed(store, is_deleted=True) == [fresh.analysis_id, old.analysis_id]
    found = await store.get(fresh.analysis_id)
    assert found
    assert (found.status, found.deleted_at) == (Status.CANCELLED, found.finished_at)
    assert await store.claim(fresh.analysis_id) is None

    for days, left in ((29.9, [fresh.analysis_id, old.analysis_id]), (30.1, [fresh.analysis_id])):
        moment = datetime.now(UTC) - timedelta(days=days)
        async with database.write() as session:
            same = analyses.c.analysis_id == old.analysis_id
            await session.execute(update(analyses).where(same).values(deleted_at=moment))
        await store.remove_deleted()
        assert await listed(store, is_deleted=True) == left
    async with database.read() as session:
        assert (await session.execute(select(results))).all() == []

    await store.restore(fresh.analysis_id)
    assert await listed(store, is_deleted=False) == [kept.analysis_id, fresh.analysis_id]
    assert await listed(store, is_deleted=True) == []


async def test_analyses_stored_by_an_older_version_are_not_deleted(database_url: str, tmp_path: Path) -> None:
    older = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, older, ignore=shutil.ignore_patterns("0002*", "__pycache__"))
    database = Database(database_url)
    await database.migrate(older)
    values = _values(analysis := new_analysis())
    async with database.write() as session:
        names = ", ".join(values)
        columns = [column for column in analyses.c if column.name in values]
        statement = text(f"INSERT INTO analyses ({names}) VALUES ({', '.join(f':{name}' for name in values)})")
        typed = statement.bindparams(*(bindparam(column.name, type_=column.type) for column in columns))
        await session.execute(typed, values)
    await database.migrate(MIGRATIONS)
    assert await AnalysisStore(database, lambda: None).get(analysis.analysis_id) == analysis
    await database.close()
