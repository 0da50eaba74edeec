"""Records of the catalog in SQLite or PostgreSQL.

A record is a frozen dataclass and its table has a column for each of its fields, so that one small set of statements
serves all of them.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from cjm_catalog.adapters.facts import as_message
from cjm_catalog.adapters.tables import TABLES, datasets, grants, imports, journal, outbox
from cjm_catalog.application.ports import TakenError
from cjm_catalog.domain.datasets import Dataset
from cjm_catalog.domain.facts import Fact
from cjm_catalog.domain.imports import ImportEntry, ImportStatus
from cjm_catalog.domain.journal import JournalEntry, JournalKind
from cjm_kit.db import Database
from cjm_kit.outbox import add_fact

R = TypeVar("R")

_INSERTS: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class SqlStore:
    """Opens transactions of records.

    Args:
        database: where the records are.
        on_facts: awaited after a transaction that told facts is committed.
    """

    def __init__(self, database: Database, on_facts: Callable[[], Awaitable[None]]) -> None:
        self._database = database
        self._on_facts = on_facts

    @asynccontextmanager
    async def read(self) -> AsyncIterator["SqlRecords"]:
        """Records to look at."""
        async with self._database.read() as session:
            yield SqlRecords(session)

    @asynccontextmanager
    async def write(self) -> AsyncIterator["SqlRecords"]:
        """Records to change; an exception inside undoes everything."""
        async with self._database.write() as session:
            records = SqlRecords(session)
            yield records
        if records.has_facts:
            await self._on_facts()


class SqlRecords:
    """The records within one transaction; see `application.ports.Records`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self.has_facts = False
        """True once a fact was told."""

    async def get(self, kind: type[R], *, lock: bool = False, deleted: bool = False, **where: object) -> R | None:
        """The one record that matches."""
        query = _selected(TABLES[kind], where, deleted=deleted)
        found = await self._found(kind, query.with_for_update() if lock else query)
        return found[0] if found else None

    async def all(self, kind: type[R], *, deleted: bool = False, **where: object) -> list[R]:
        """Every record that matches, in no order."""
        return await self._found(kind, _selected(TABLES[kind], where, deleted=deleted))

    async def page(
        self,
        kind: type[R],
        by: Sequence[str],
        after: Sequence[object] | None,
        limit: int,
        *,
        newest_first: bool = False,
    ) -> list[R]:
        """At most `limit` records in the order of the columns `by`, those behind the key `after`."""
        query = _selected(TABLES[kind], {})
        return await self._found(kind, _paged(query, TABLES[kind], by, after, limit, newest_first=newest_first))

    async def dataset_page(
        self,
        visible_to: str | None,
        name_contains: str,
        public_only: bool,
        after: Sequence[object] | None,
        limit: int,
    ) -> list[Dataset]:
        """Datasets by name, those an account may see."""
        query = _selected(datasets, {})
        if visible_to is not None:
            query = query.where(_is_visible_to(visible_to))
        if name_contains:
            query = query.where(datasets.c.name_key.contains(_storable(name_contains), autoescape=True))
        if public_only:
            query = query.where(datasets.c.is_public)
        return await self._found(Dataset, _paged(query, datasets, ("name_key",), after, limit))

    async def last_import_times(self, dataset_ids: Sequence[str]) -> dict[str, datetime]:
        """When the newest import of each dataset was completed, checks left out."""
        wanted = {"dataset_id": dataset_ids, "status": ImportStatus.COMPLETED, "is_check": False}
        query = select(imports.c.dataset_id, func.max(imports.c.finished_at)).where(*_conditions(imports, wanted))
        found = await self._session.execute(query.group_by(imports.c.dataset_id))
        return {row.dataset_id: row[1] for row in found}

    async def import_page(
        self,
        visible_to: str | None,
        maker_id: str,
        dataset_id: str,
        statuses: Sequence[ImportStatus],
        after: Sequence[object] | None,
        limit: int,
        *,
        with_deleted_datasets: bool,
    ) -> list[ImportEntry]:
        """Imports, newest first, those of datasets an account may see and its own without a dataset.

        Of deleted datasets those that it could analyse.
        """
        is_there = datasets.c.deleted_at.is_(None)
        is_in_sight: ColumnElement[bool] = imports.c.dataset_id.is_not(None)
        if visible_to is not None:
            is_in_sight = _is_told_to(visible_to)
        if not with_deleted_datasets:
            is_in_sight = and_(is_in_sight, is_there)
        is_own_check = and_(imports.c.dataset_id.is_(None), *_conditions(imports, {"created_by_id": maker_id}))
        query = select(imports).outerjoin(datasets).where(or_(is_in_sight, is_own_check))
        if dataset_id:
            query = query.where(*_conditions(imports, {"dataset_id": dataset_id}))
        if statuses:
            query = query.where(imports.c.status.in_(statuses))
        by = ("created_at", "import_id")
        return await self._found(ImportEntry, _paged(query, imports, by, after, limit, newest_first=True))

    async def journal_page(
        self,
        visible_to: str | None,
        dataset_id: str,
        kinds: Sequence[JournalKind],
        after: Sequence[object] | None,
        limit: int,
    ) -> list[JournalEntry]:
        """Entries, newest first, those of datasets an account may see, its own and those without a dataset.

        Of deleted datasets those that it could analyse.
        """
        query = select(journal).outerjoin(datasets, datasets.c.dataset_id == journal.c.dataset_id)
        if visible_to is not None:
            is_own = journal.c.created_by_id == visible_to
            query = query.where(or_(_is_told_to(visible_to), is_own, journal.c.dataset_id == ""))
        if dataset_id:
            query = query.where(*_conditions(journal, {"dataset_id": dataset_id}))
        if kinds:
            query = query.where(journal.c.kind.in_(kinds))
        by = ("created_at", "entry_id")
        return await self._found(JournalEntry, _paged(query, journal, by, after, limit, newest_first=True))

    async def datasets_deleted_before(self, time: datetime) -> list[Dataset]:
        """Deleted datasets that were kept long enough."""
        return await self._found(Dataset, select(datasets).where(datasets.c.deleted_at < time))

    async def add(self, record: object) -> None:
        """Keeps a new record; raises `TakenError`."""
        table = TABLES[type(record)]
        await self._execute_unique(insert(table).values(_values(table, record)))

    async def ensure(self, record: object) -> None:
        """Keeps a record unless one with its key is there."""
        table = TABLES[type(record)]
        dialect_insert = _INSERTS[self._session.get_bind().dialect.name]
        await self._session.execute(dialect_insert(table).values(_values(table, record)).on_conflict_do_nothing())

    async def save(self, record: object) -> None:
        """Replaces the record with the same key, if it is still there; raises `TakenError`."""
        table = TABLES[type(record)]
        values = _values(table, record)
        key = {column.name: values[column.name] for column in table.primary_key}
        await self._execute_unique(update(table).where(*_conditions(table, key)).values(values))

    async def remove(self, kind: type, **where: object) -> None:
        """Removes every record that matches; the schema removes what belongs to it."""
        await self._session.execute(delete(TABLES[kind]).where(*_conditions(TABLES[kind], where)))

    async def remove_before(self, kind: type, column: str, time: datetime) -> None:
        """Removes records whose time in a column is earlier."""
        await self._session.execute(delete(TABLES[kind]).where(TABLES[kind].c[column] < time))

    async def tell(self, fact: Fact) -> None:
        """Tells the other services, if and when the transaction is committed."""
        subject, message = as_message(fact)
        await add_fact(self._session, outbox, subject, message)
        self.has_facts = True

    async def _found(self, kind: type[R], query: Select[Any]) -> list[R]:
        names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        rows = (await self._session.execute(query)).mappings()
        return [kind(**{name: row[name] for name in names}) for row in rows]

    async def _execute_unique(self, statement: Any) -> None:
        try:
            await self._session.execute(statement)
        except IntegrityError as error:
            raise TakenError from error


def _selected(table: Table, where: dict[str, object], *, deleted: bool = False) -> Select[Any]:
    query = select(table).where(*_conditions(table, where))
    return query.where(table.c.deleted_at.is_(None)) if "deleted_at" in table.c and not deleted else query


def _conditions(table: Table, where: dict[str, object]) -> list[ColumnElement[bool]]:
    return [_condition(table.c[name], value) for name, value in where.items()]


def _condition(column: ColumnElement[Any], value: object) -> ColumnElement[bool]:
    if isinstance(value, list):
        return column.in_([item for item in value if item == _storable(item)])
    # A text that cannot be stored equals nothing that is.
    return column == value if value == _storable(value) else false()


def _is_visible_to(user_id: str) -> ColumnElement[bool]:
    return or_(datasets.c.is_public, _is_open_to(user_id))


def _is_told_to(user_id: str) -> ColumnElement[bool]:
    """Whether the history of the dataset is, also of a deleted one that the account could analyse."""
    return or_(_is_open_to(user_id), and_(datasets.c.is_public, datasets.c.deleted_at.is_(None)))


def _is_open_to(user_id: str) -> ColumnElement[bool]:
    granted = select(grants.c.dataset_id).where(grants.c.user_id == user_id)
    return or_(datasets.c.owner_id == user_id, datasets.c.dataset_id.in_(granted))


def _paged(
    query: Select[Any],
    table: Table,
    by: Sequence[str],
    after: Sequence[object] | None,
    limit: int,
    *,
    newest_first: bool = False,
) -> Select[Any]:
    columns = [table.c[name] for name in by]
    if after is not None:
        key = tuple_(*(literal(_storable(value), column.type) for column, value in zip(columns, after, strict=True)))
        query = query.where(tuple_(*columns) < key if newest_first else tuple_(*columns) > key)
    return query.order_by(*(column.desc() if newest_first else column for column in columns)).limit(limit)


def _values(table: Table, record: object) -> dict[str, Any]:
    return {column.name: _storable(getattr(record, column.name)) for column in table.columns}


def _storable(value: Any) -> Any:
    """PostgreSQL holds no NUL in a text."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if type(value) is str else value
