"""The store on SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from cjm_bot.adapters.store import DatabaseLinkStore, metadata
from cjm_bot.domain import Link
from cjm_bot.main import MIGRATIONS
from cjm_kit.db import Database

from .conftest import ANNA, BORIS

NOW = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)
LINK = Link(ANNA, 5_000_000_007, "Linh", NOW)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


@pytest.fixture
def store(database: Database) -> DatabaseLinkStore:
    return DatabaseLinkStore(database)


async def test_the_migrated_schema_is_the_declared_one(database: Database) -> None:
    async with database.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), metadata)
        )
    assert differences == []


async def test_a_code_works_once(store: DatabaseLinkStore) -> None:
    await store.put_code(ANNA, "hash", NOW + timedelta(minutes=10))
    answers = await asyncio.gather(*(store.take_code("hash", NOW) for _ in range(4)))
    assert (answers.count(ANNA), answers.count(None)) == (1, 3)


async def test_a_code_ends_with_its_time_or_the_next_code(store: DatabaseLinkStore) -> None:
    await store.put_code(ANNA, "old", NOW + timedelta(minutes=10))
    assert await store.take_code("old", NOW + timedelta(minutes=10)) is None
    await store.put_code(ANNA, "first", NOW + timedelta(minutes=10))
    await store.put_code(ANNA, "second", NOW + timedelta(minutes=10))
    assert await store.take_code("first", NOW) is None
    assert await store.take_code("second", NOW) == ANNA


async def test_many_codes_at_once_leave_one(store: DatabaseLinkStore) -> None:
    await asyncio.gather(*(store.put_code(ANNA, f"hash {n}", NOW + timedelta(minutes=10)) for n in range(2)))
    answers = [await store.take_code(f"hash {n}", NOW) for n in range(2)]
    assert answers.count(ANNA) == 1


async def test_one_link_per_account_and_per_chat(store: DatabaseLinkStore) -> None:
    await store.put_link(LINK)
    assert await store.link_of_user(ANNA) == LINK
    await store.put_link(replace(LINK, chat_id=8))
    assert await store.link_of_chat(LINK.chat_id) is None
    await store.put_link(replace(LINK, user_id=BORIS, chat_id=8))
    assert await store.link_of_user(ANNA) is None
    assert await store.link_of_chat(8) == replace(LINK, user_id=BORIS, chat_id=8)
    await store.delete_link(BORIS)
    await store.delete_link(BORIS)
    assert await store.link_of_user(BORIS) is None


async def test_blocked_is_remembered(store: DatabaseLinkStore) -> None:
    await store.put_link(LINK)
    await store.set_blocked(LINK.chat_id, is_blocked=True)
    assert await store.link_of_user(ANNA) == replace(LINK, is_blocked=True)
    await store.set_blocked(LINK.chat_id, is_blocked=False)
    assert await store.link_of_user(ANNA) == LINK


async def test_an_analysis_is_told_once_until_released(store: DatabaseLinkStore) -> None:
    claims = await asyncio.gather(*(store.claim_notice("a", NOW) for _ in range(4)))
    assert sorted(claims) == [False, False, False, True]
    await store.release_notice("a")
    assert await store.claim_notice("a", NOW)


async def test_told_analyses_are_forgotten_after_a_month(store: DatabaseLinkStore) -> None:
    assert await store.claim_notice("old", NOW)
    assert await store.claim_notice("new", NOW + timedelta(days=31))
    assert await store.claim_notice("old", NOW + timedelta(days=31))
