"""Relational storage: SQLite for one machine, PostgreSQL for production, the same code for both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from cjm_kit.settings import RelationalSettings

_migrating: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class Database:
    """Connections to one database.

    Args:
        url: SQLAlchemy URL: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://user:password@host/name`.
    """

    def __init__(self, url: str) -> None:
        self._is_sqlite = make_url(url).get_backend_name() == "sqlite"
        # Errors of the database end up in logs; the values of a statement (hashes, names) must not.
        self.engine = create_async_engine(url, pool_pre_ping=not self._is_sqlite, hide_parameters=True)
        self._session = async_sessionmaker(self.engine, expire_on_commit=False)
        if self._is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _configure_sqlite)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session whose changes are thrown away."""
        async with self._session() as session:
            yield session
            await session.rollback()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session that is committed at the end of the block, or rolled back when it fails."""
        async with self._session() as session:
            if self._is_sqlite:
                # The write lock first, so that two writers wait for each other instead of failing half-way.
                await session.execute(text("BEGIN IMMEDIATE"))
            try:
                yield session
            except BaseException:
                await session.rollback()
                raise
            await session.commit()

    async def is_alive(self) -> bool:
        """True when the database answers."""
        try:
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def migrate(self, folder: Path) -> None:
        """Bring the schema to the newest revision in an Alembic folder; safe to call by several starters at once."""
        # Alembic keeps the running migration in module globals, so one at a time in a process.
        lock = _migrating.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        async with lock, self.engine.connect() as connection:
            await connection.run_sync(_upgrade, folder)
            await connection.commit()

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


async def open_database(settings: RelationalSettings, name: str, migrations: Path) -> Database:
    """Open the database of a service and bring its schema to the newest revision.

    Args:
        settings: Where it is; without a URL it is the file `<name>.sqlite` in the data folder.
        name: Name of the service.
        migrations: Alembic folder of the service.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    url = settings.database_url.get_secret_value() or f"sqlite+aiosqlite:///{settings.data_dir / name}.sqlite"
    database = Database(url)
    try:
        await database.migrate(migrations)
    except BaseException:
        await database.close()
        raise
    return database


def _configure_sqlite(connection: Any, _: Any) -> None:
    # pysqlite must not open transactions by itself, or BEGIN IMMEDIATE comes too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def run_migrations(metadata: MetaData) -> None:
    """What the `env.py` of a service calls: apply the revisions on the connection that `Database.migrate` holds."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


def _upgrade(sync_connection: Any, folder: Path) -> None:
    if sync_connection.dialect.name == "postgresql":
        sync_connection.execute(text("SELECT pg_advisory_xact_lock(4207102)"))
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = sync_connection
    command.upgrade(config, "head")
