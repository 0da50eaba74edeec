"""Analyses and results in a relational database; facts and work items leave through the outbox."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    CursorResult,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from cjm_kit.db import Database
from cjm_kit.outbox import add_fact, outbox_table
from cjm_mining.domain.analysis import (
    COMPLETED_SUBJECT,
    DELETED_KEPT_DAYS,
    FAILED_SUBJECT,
    REQUESTED_SUBJECT,
    Analysis,
    Computed,
    Kind,
    Status,
    interrupted_error,
)
from cjm_protos.mining.v1 import analysis_pb2

_LOST_AFTER = timedelta(seconds=10)
_FORGOTTEN_AFTER = timedelta(minutes=10)
_MAX_ATTEMPTS = 2
_OPEN = (Status.QUEUED, Status.RUNNING)

metadata = MetaData()
outbox = outbox_table(metadata)
analyses = Table(
    "analyses",
    metadata,
    Column("analysis_id", String(36), primary_key=True),
    Column("created_by_id", String(36), nullable=False),
    Column("dataset_id", String(36), nullable=False, index=True),
    Column("dataset_name", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("scope", LargeBinary, nullable=False),
    Column("filter_terms", JSON, nullable=False),
    Column("from_date", String(32), nullable=False),
    Column("to_date", String(32), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("progress_ratio", Double, nullable=False),
    Column("error_reason", String(100), nullable=False),
    Column("error_detail", Text, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("events_count", BigInteger, nullable=False),
    Column("cases_count", BigInteger, nullable=False),
    Column("result_hash", String(64), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Column("touched_at", DateTime(timezone=True), nullable=False),
    Column("attempts_count", Integer, nullable=False),
    Column("deleted_at", DateTime(timezone=True)),
    Index("ix_analyses_created", "created_at", "analysis_id"),
    Index("ix_analyses_owner_created", "created_by_id", "created_at", "analysis_id"),
)
results = Table(
    "results",
    metadata,
    Column("analysis_id", String(36), ForeignKey("analyses.analysis_id", ondelete="CASCADE"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)


class AnalysisStore:
    """Stored analyses.

    Args:
        database: Where they lie.
        on_fact: Called after a commit that put something into the outbox.
    """

    def __init__(self, database: Database, on_fact: Callable[[], None]) -> None:
        self._database = database
        self._on_fact = on_fact

    async def add(self, analysis: Analysis, max_open_count: int) -> bool:
        """Store a new analysis and its work item; False when its owner has `max_open_count` open ones already."""
        async with self._database.write() as session:
            is_open = and_(analyses.c.created_by_id == analysis.created_by_id, analyses.c.status.in_(_OPEN))
            open_count = await session.scalar(select(func.count()).select_from(analyses).where(is_open))
            if (open_count or 0) >= max_open_count:
                return False
            await session.execute(insert(analyses).values(_values(analysis)))
            await _request(session, analysis.analysis_id)
        self._on_fact()
        return True

    async def get(self, analysis_id: str) -> Analysis | None:
        """One analysis, deleted or not."""
        async with self._database.read() as session:
            row = (await session.execute(select(analyses).where(analyses.c.analysis_id == analysis_id))).first()
        return _analysis(row) if row else None

    async def page(
        self,
        *,
        owner_id: str | None,
        dataset_id: str,
        kind: Kind | None,
        statuses: Sequence[Status],
        is_deleted: bool,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> list[Analysis]:
        """At most `limit` analyses, deleted or not, newest first, older than `before`; None and empty mean all."""
        query = select(analyses).order_by(analyses.c.created_at.desc(), analyses.c.analysis_id.desc()).limit(limit)
        query = query.where(analyses.c.deleted_at.is_not(None) if is_deleted else analyses.c.deleted_at.is_(None))
        if owner_id is not None:
            query = query.where(analyses.c.created_by_id == owner_id)
        if dataset_id:
            query = query.where(analyses.c.dataset_id == dataset_id)
        if kind:
            query = query.where(analyses.c.kind == kind)
        if statuses:
            query = query.where(analyses.c.status.in_(statuses))
        if before:
            created_at, analysis_id = before
            query = query.where(
                or_(
                    analyses.c.created_at < created_at,
                    and_(analyses.c.created_at == created_at, analyses.c.analysis_id < analysis_id),
                )
            )
        async with self._database.read() as session:
            return [_analysis(row) for row in await session.execute(query)]

    async def result(self, analysis_id: str) -> bytes | None:
        """The stored result of an analysis."""
        async with self._database.read() as session:
            content: bytes | None = await session.scalar(
                select(results.c.content).where(results.c.analysis_id == analysis_id)
            )
        return content

    async def claim(self, analysis_id: str) -> tuple[Analysis, int] | None:
        """Take a queued analysis to work on it; None when it is not waiting (any more).

        Returns:
            The analysis and the number of this attempt; later calls for it carry the number, so that a worker that
            was given up cannot write any more.
        """
        now = datetime.now(UTC)
        async with self._database.write() as session:
            taken = await session.execute(
                update(analyses)
                .where(analyses.c.analysis_id == analysis_id, analyses.c.status == Status.QUEUED)
                .values(
                    status=Status.RUNNING,
                    attempts_count=analyses.c.attempts_count + 1,
                    started_at=now,
                    touched_at=now,
                    progress_ratio=0.0,
                )
            )
            if not _rows_count(taken):
                return None
            row = (await session.execute(select(analyses).where(analyses.c.analysis_id == analysis_id))).one()
        return _analysis(row), row.attempts_count

    async def beat(self, analysis_id: str, attempt: int, progress_ratio: float) -> bool:
        """Say that an attempt is alive and how far it is; False when it was cancelled, deleted or given up."""
        async with self._database.write() as session:
            touched = await session.execute(
                update(analyses)
                .where(_is_attempt(analysis_id, attempt))
                .values(progress_ratio=progress_ratio, touched_at=datetime.now(UTC))
            )
        return _rows_count(touched) > 0

    async def finish(self, ended: Analysis, attempt: int, computed: Computed | None) -> None:
        """Store how an attempt ended, its result if any, and the fact; nothing when it was cancelled meanwhile."""
        now = datetime.now(UTC)
        async with self._database.write() as session:
            written = await session.execute(
                update(analyses)
                .where(_is_attempt(ended.analysis_id, attempt))
                .values({**_values(ended), "finished_at": now, "touched_at": now, "attempts_count": attempt})
            )
            if not _rows_count(written):
                return
            if computed:
                await session.execute(insert(results).values(analysis_id=ended.analysis_id, content=computed.content))
            await _announce(session, ended)
        self._on_fact()

    async def cancel(self, analysis_id: str) -> None:
        """Mark an open analysis as cancelled; an ended one stays as it is."""
        async with self._database.write() as session:
            await _cancel(session, analyses.c.analysis_id == analysis_id, datetime.now(UTC))

    async def delete(self, analysis_id: str) -> None:
        """Mark an analysis as deleted, and as cancelled if it was open."""
        now = datetime.now(UTC)
        same = analyses.c.analysis_id == analysis_id
        async with self._database.write() as session:
            await _cancel(session, same, now)
            await session.execute(update(analyses).where(same).values(deleted_at=now))

    async def restore(self, analysis_id: str) -> None:
        """Take the mark of `delete` away."""
        async with self._database.write() as session:
            await session.execute(update(analyses).where(analyses.c.analysis_id == analysis_id).values(deleted_at=None))

    async def remove(self, analysis_ids: Iterable[str]) -> None:
        """Remove analyses and their results for good."""
        async with self._database.write() as session:
            await session.execute(delete(analyses).where(analyses.c.analysis_id.in_(list(analysis_ids))))

    async def remove_deleted(self) -> None:
        """Remove for good what was deleted `DELETED_KEPT_DAYS` ago or earlier."""
        last = datetime.now(UTC) - timedelta(days=DELETED_KEPT_DAYS)
        async with self._database.write() as session:
            await session.execute(delete(analyses).where(analyses.c.deleted_at <= last))

    async def ids_of_dataset(self, dataset_id: str) -> list[str]:
        """The ids of all analyses of a dataset."""
        async with self._database.read() as session:
            query = select(analyses.c.analysis_id).where(analyses.c.dataset_id == dataset_id)
            return list(await session.scalars(query))

    async def requeue_lost(self, at_work: Collection[str]) -> None:
        """Queue again what nobody works on any more after a crash, once; what is lost twice has failed.

        An analysis that waits for long gets its work item again too, in case the bus lost it.

        Args:
            at_work: Analyses this process works on, which are not lost even when it was too busy to say so.
        """
        now = datetime.now(UTC)
        lost = and_(
            analyses.c.status == Status.RUNNING,
            analyses.c.touched_at < now - _LOST_AFTER,
            analyses.c.analysis_id.not_in(at_work),
        )
        forgotten = and_(analyses.c.status == Status.QUEUED, analyses.c.touched_at < now - _FORGOTTEN_AFTER)
        async with self._database.read() as session:
            if not await session.scalar(select(func.count()).select_from(analyses).where(or_(lost, forgotten))):
                return
        async with self._database.write() as session:
            for row in (await session.execute(select(analyses).where(or_(lost, forgotten)))).all():
                same = analyses.c.analysis_id == row.analysis_id
                if row.status == Status.RUNNING and row.attempts_count >= _MAX_ATTEMPTS:
                    error = interrupted_error()
                    ended = {"status": Status.FAILED, "error_reason": error.reason, "error_detail": error.detail}
                    await session.execute(update(analyses).where(same).values(**ended, finished_at=now, touched_at=now))
                    await _announce(session, _analysis(row), error.reason)
                else:
                    await session.execute(update(analyses).where(same).values(status=Status.QUEUED, touched_at=now))
                    await _request(session, row.analysis_id)
        self._on_fact()


async def _cancel(session: AsyncSession, which: ColumnElement[bool], now: datetime) -> None:
    await session.execute(
        update(analyses)
        .where(which, analyses.c.status.in_(_OPEN))
        .values(status=Status.CANCELLED, finished_at=now, touched_at=now)
    )


async def _request(session: AsyncSession, analysis_id: str) -> None:
    message = analysis_pb2.AnalysisRequested(analysis_id=analysis_id)
    await add_fact(session, outbox, REQUESTED_SUBJECT, message)


async def _announce(session: AsyncSession, ended: Analysis, failed_reason: str = "") -> None:
    facts: dict[str, Any] = {
        "analysis_id": ended.analysis_id,
        "dataset_id": ended.dataset_id,
        "created_by_id": ended.created_by_id,
        "kind": analysis_pb2.AnalysisKind.Value(f"ANALYSIS_KIND_{ended.kind.upper()}"),
    }
    if ended.status.has_result:
        status = analysis_pb2.AnalysisStatus.Value(f"ANALYSIS_STATUS_{ended.status.upper()}")
        await add_fact(session, outbox, COMPLETED_SUBJECT, analysis_pb2.AnalysisCompleted(**facts, status=status))
    else:
        reason = failed_reason or ended.error_reason
        await add_fact(session, outbox, FAILED_SUBJECT, analysis_pb2.AnalysisFailed(**facts, reason=reason))


def _is_attempt(analysis_id: str, attempt: int) -> Any:
    return and_(
        analyses.c.analysis_id == analysis_id,
        analyses.c.status == Status.RUNNING,
        analyses.c.attempts_count == attempt,
    )


def _rows_count(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount


def _values(analysis: Analysis) -> dict[str, Any]:
    return {
        "analysis_id": analysis.analysis_id,
        "created_by_id": analysis.created_by_id,
        "dataset_id": analysis.dataset_id,
        "dataset_name": analysis.dataset_name,
        "kind": analysis.kind,
        "scope": analysis.scope,
        "filter_terms": list(analysis.filter_terms),
        "from_date": analysis.from_date,
        "to_date": analysis.to_date,
        "parameters": dict(analysis.parameters),
        "seed": analysis.seed,
        "status": analysis.status,
        "progress_ratio": analysis.progress_ratio,
        "error_reason": analysis.error_reason,
        "error_detail": analysis.error_detail,
        "versions": dict(analysis.versions),
        "events_count": analysis.events_count,
        "cases_count": analysis.cases_count,
        "result_hash": analysis.result_hash,
        "created_at": analysis.created_at,
        "started_at": analysis.started_at,
        "finished_at": analysis.finished_at,
        "touched_at": analysis.created_at,
        "attempts_count": 0,
    }


def _analysis(row: Row[Any]) -> Analysis:
    return Analysis(
        analysis_id=row.analysis_id,
        created_by_id=row.created_by_id,
        dataset_id=row.dataset_id,
        dataset_name=row.dataset_name,
        kind=Kind(row.kind),
        scope=row.scope,
        filter_terms=tuple(row.filter_terms),
        from_date=row.from_date,
        to_date=row.to_date,
        parameters=row.parameters,
        created_at=_utc(row.created_at),
        status=Status(row.status),
        progress_ratio=row.progress_ratio,
        error_reason=row.error_reason,
        error_detail=row.error_detail,
        versions=row.versions,
        events_count=row.events_count,
        cases_count=row.cases_count,
        result_hash=row.result_hash,
        started_at=row.started_at and _utc(row.started_at),
        finished_at=row.finished_at and _utc(row.finished_at),
        seed=row.seed,
        deleted_at=row.deleted_at and _utc(row.deleted_at),
    )


def _utc(moment: datetime) -> datetime:
    """SQLite forgets the time zone; what is stored is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
