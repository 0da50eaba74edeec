"""The schema, the first administrator, and the service on the bus."""

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlalchemy.dialects import sqlite

from cjm_catalog.adapters.database import SqlStore
from cjm_catalog.adapters.passwords import Argon2Passwords
from cjm_catalog.adapters.tables import imports, metadata
from cjm_catalog.application.accounts import Accounts
from cjm_catalog.bootstrap import MIGRATIONS, create_first_admin, utc_now
from cjm_catalog.domain.imports import ImportEntry
from cjm_catalog.domain.mappings import Mapping, MappingColumn, StepRule
from cjm_catalog.main import build
from cjm_catalog.settings import CatalogSettings
from cjm_kit.bus import Bus, Delivery
from cjm_kit.db import Database
from cjm_kit.errors import AppError
from cjm_kit.identity import IdentitySigner
from cjm_kit.rpc import RpcClient
from cjm_kit.settings import ServiceSettings
from cjm_launcher.instance import free_port
from cjm_protos.catalog.v1 import facts_pb2

from .conftest import FAST_PASSWORDS, Catalog


async def test_the_declared_schema_is_the_migrated_one(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


_OLD_ROWS = (
    "INSERT INTO users VALUES ('u', 'u', 'u', '', 'admin', true, false, '2026-01-05 00:00:00', NULL)",
    "INSERT INTO datasets VALUES ('d', 'd', 'd', false, 'u', 'UTC', 'customer', 0, '', '2026-01-05 00:00:00')",
    "INSERT INTO mappings VALUES ('m', 'm', 'm', :columns, 'UTC', '', '.', 'u', '2026-01-05 00:00:00')",
    (
        "INSERT INTO imports VALUES ('i', 'd', 'u', 'a.csv', 0, :mapping, false, false, 'queued', 0, 0, 0, 0, 0,"
        " '', '', '2026-01-05 00:00:00', NULL)"
    ),
)


async def test_mappings_of_the_first_version_have_the_defaults_of_what_came_later(
    database_url: str, tmp_path: Path
) -> None:
    former = tmp_path / "former"
    (former / "versions").mkdir(parents=True)
    for name in ("env.py", "versions/0001_initial.py"):
        shutil.copy(MIGRATIONS / name, former / name)
    columns = [{"field": "time", "column": "at", "function": None}]
    copied: dict[str, object] = {
        "name": "",
        "columns": columns,
        "time_zone": "UTC",
        "time_format": "",
        "decimal_sign": ".",
    }
    copied |= {"mapping_id": "", "owner_id": "", "created_at": None}
    values = {"columns": json.dumps(columns), "mapping": json.dumps(copied)}
    database = Database(database_url)
    await database.migrate(former)
    async with database.write() as session:
        for statement in _OLD_ROWS:
            given = {name: value for name, value in values.items() if f":{name}" in statement}
            await session.execute(text(statement), given)
    await database.migrate(MIGRATIONS)

    async def no_bus() -> None:
        """Nobody listens."""

    async with SqlStore(database, no_bus).write() as records:
        for mapping in ((await records.all(Mapping))[0], (await records.all(ImportEntry))[0].mapping):
            assert (mapping.columns, mapping.step_rules) == ((MappingColumn("time", "at"),), ())
            assert (mapping.encoding, mapping.separator, mapping.headerless) == ("UTF-8", "", False)
        rule = StepRule("a*", "A")
        await records.save(replace((await records.all(Mapping))[0], step_rules=(rule,)))
        assert (await records.all(Mapping))[0].step_rules == (rule,)
    await database.close()


@pytest.mark.parametrize(
    "later",
    [{}, {"step_rules": (StepRule("a*", "A"),)}, {"encoding": "UTF-16LE"}, {"separator": ";", "headerless": True}],
)
def test_replicas_of_the_first_version_can_read_what_has_nothing_of_later(later: dict[str, Any]) -> None:
    column, dialect = imports.c.mapping.type, sqlite.dialect()
    mapping = Mapping("", (MappingColumn("time", "at"),), **later)
    packed = column.process_bind_param(mapping, dialect)  # type: ignore[attr-defined]
    assert {"step_rules", "encoding", "separator", "headerless"} & set(packed) == set(later)
    assert column.process_result_value(packed, dialect) == mapping  # type: ignore[attr-defined]


def settings_for(settings: ServiceSettings, database_url: str = "") -> CatalogSettings:
    return CatalogSettings(**settings.model_dump(), database_url=SecretStr(database_url))


async def test_the_first_administrator_is_made_once(tmp_path: Path, database_url: str) -> None:
    settings = CatalogSettings(
        identity_secret=SecretStr("x" * 32), data_dir=tmp_path / "new", database_url=SecretStr(database_url)
    )
    with pytest.raises(AppError, match="password_too_short"):
        await create_first_admin(settings, SecretStr("short"))
    password = await create_first_admin(settings, None)
    assert password is not None
    assert len(password) >= 16
    assert await create_first_admin(settings, SecretStr("another password")) is None


async def test_of_several_starters_one_makes_the_first_administrator(database: Database) -> None:
    async def no_bus() -> None:
        """Nobody listens."""

    accounts = Accounts(SqlStore(database, no_bus), Argon2Passwords(FAST_PASSWORDS), utc_now)
    made = await asyncio.gather(*(accounts.create_first_admin(None) for _ in range(3)))
    assert made.count(None) == 2


async def test_a_given_password_is_used(settings: ServiceSettings) -> None:
    assert await create_first_admin(settings_for(settings), SecretStr("a given password")) == "a given password"
    assert (settings.data_dir / "catalog.sqlite").exists()


async def test_the_service_starts_tells_facts_and_stops(
    settings: ServiceSettings, bus: Bus, signer: IdentitySigner
) -> None:
    port = free_port()
    mine = settings_for(settings).model_copy(update={"rpc_listen": f"127.0.0.1:{port}"})
    await create_first_admin(mine, SecretStr("a given password"))
    component = await build(mine)
    assert not await component.is_ready()
    await component.start()
    assert await component.is_ready()
    told: asyncio.Queue[facts_pb2.DatasetCreated] = asyncio.Queue()

    async def hear(delivery: Delivery[facts_pb2.DatasetCreated]) -> None:
        told.put_nowait(delivery.fact)

    await bus.consume("test", "CATALOG", "cjm.catalog.dataset.created.v1", facts_pb2.DatasetCreated, hear)
    client = RpcClient(f"127.0.0.1:{port}", signer, "gateway")
    catalog = Catalog(client, clock=None)  # type: ignore[arg-type]
    catalog.users["admin"] = (await catalog.log_in("admin", "a given password")).user
    made = await catalog.dataset("admin", "data")
    fact = await asyncio.wait_for(told.get(), 10)
    assert (fact.dataset_id, fact.name) == (made.dataset_id, "data")
    await client.close()
    await component.stop()
