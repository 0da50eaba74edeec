"""Links, one-time codes and told analyses in the database of the bot."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    MetaData,
    String,
    Table,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from cjm_bot.domain import Link
from cjm_kit.db import Database

# Facts are on the bus for 7 days, so a fact older than this cannot come again.
_NOTICE_MEMORY = timedelta(days=30)

metadata = MetaData()
links = Table(
    "links",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("chat_id", BigInteger, nullable=False, unique=True),
    Column("chat_title", String(256), nullable=False),
    Column("linked_at", DateTime(timezone=True), nullable=False),
    Column("is_blocked", Boolean, nullable=False),
)
link_codes = Table(
    "link_codes",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("code_hash", String(64), nullable=False, unique=True),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)
notices = Table(
    "notices",
    metadata,
    Column("analysis_id", String(36), primary_key=True),
    Column("told_at", DateTime(timezone=True), nullable=False, index=True),
)


class DatabaseLinkStore:
    """The link store on SQLite or PostgreSQL.

    Args:
        database: The database of the bot, migrated.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_code(self, user_id: str, code_hash: str, expires_at: datetime) -> None:
        """Store a code; an earlier one of the account ends."""

        async def write() -> None:
            async with self._database.write() as session:
                await session.execute(delete(link_codes).where(link_codes.c.user_id == user_id))
                row = {"user_id": user_id, "code_hash": code_hash, "expires_at": expires_at}
                await session.execute(insert(link_codes).values(row))

        await _again_on_conflict(write)

    async def take_code(self, code_hash: str, now: datetime) -> str | None:
        """Use a code up; the UUID of its account, or None for an unknown, used or expired one."""
        taking = delete(link_codes).where(link_codes.c.code_hash == code_hash)
        async with self._database.write() as session:
            row = (await session.execute(taking.returning(link_codes.c.user_id, link_codes.c.expires_at))).first()
        if row is None or _utc(row.expires_at) <= now:
            return None
        user_id: str = row.user_id
        return user_id

    async def put_link(self, link: Link) -> None:
        """Store a link; earlier links of the account and of the chat end."""

        async def write() -> None:
            same = or_(links.c.user_id == link.user_id, links.c.chat_id == link.chat_id)
            async with self._database.write() as session:
                await session.execute(delete(links).where(same))
                await session.execute(
                    insert(links).values(
                        user_id=link.user_id,
                        chat_id=link.chat_id,
                        chat_title=link.chat_title,
                        linked_at=link.linked_at,
                        is_blocked=link.is_blocked,
                    )
                )

        await _again_on_conflict(write)

    async def link_of_user(self, user_id: str) -> Link | None:
        """The link of an account."""
        return await self._link(links.c.user_id == user_id)

    async def link_of_chat(self, chat_id: int) -> Link | None:
        """The link of a chat."""
        return await self._link(links.c.chat_id == chat_id)

    async def delete_link(self, user_id: str) -> None:
        """End the link of an account; without one nothing happens."""
        async with self._database.write() as session:
            await session.execute(delete(links).where(links.c.user_id == user_id))

    async def set_blocked(self, chat_id: int, *, is_blocked: bool) -> None:
        """Remember whether a chat takes messages."""
        async with self._database.write() as session:
            await session.execute(update(links).where(links.c.chat_id == chat_id).values(is_blocked=is_blocked))

    async def claim_notice(self, analysis_id: str, now: datetime) -> bool:
        """Remember that an analysis is told; False when it already was."""
        try:
            async with self._database.write() as session:
                await session.execute(delete(notices).where(notices.c.told_at < now - _NOTICE_MEMORY))
                await session.execute(insert(notices).values(analysis_id=analysis_id, told_at=now))
        except IntegrityError:
            return False
        return True

    async def release_notice(self, analysis_id: str) -> None:
        """Forget that an analysis is told, because the message surely did not arrive."""
        async with self._database.write() as session:
            await session.execute(delete(notices).where(notices.c.analysis_id == analysis_id))

    async def _link(self, condition: Any) -> Link | None:
        async with self._database.read() as session:
            row = (await session.execute(select(links).where(condition))).first()
        if row is None:
            return None
        return Link(row.user_id, row.chat_id, row.chat_title, _utc(row.linked_at), row.is_blocked)


async def _again_on_conflict(write: Callable[[], Awaitable[None]]) -> None:
    """Repeat a replacement once when another one got between its delete and its insert."""
    try:
        await write()
    except IntegrityError:
        await write()


def _utc(moment: datetime) -> datetime:
    """SQLite forgets the zone; everything is stored in UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
