"""Ask for analyses, look at them, stop and delete them: each user his own, an administrator all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol
from uuid import uuid4

from cjm_access.dataset_access import GrantedAccess
from cjm_kit.errors import AppError, Code, FieldViolation
from cjm_kit.identity import Identity
from cjm_mining.domain.analysis import (
    MAX_OPEN_PER_USER,
    Analysis,
    Kind,
    Status,
    analysis_not_found,
    complete_parameters,
)

MAX_SESSION_GAP_MINUTES = 10_080


class Store(Protocol):
    """Where analyses are kept; see `adapters.database.AnalysisStore`."""

    async def add(self, analysis: Analysis, max_open_count: int) -> bool: ...
    async def get(self, analysis_id: str) -> Analysis | None: ...
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
    ) -> list[Analysis]: ...
    async def result(self, analysis_id: str) -> bytes | None: ...
    async def cancel(self, analysis_id: str) -> None: ...
    async def delete(self, analysis_id: str) -> None: ...
    async def restore(self, analysis_id: str) -> None: ...
    async def remove(self, analysis_ids: Sequence[str]) -> None: ...
    async def ids_of_dataset(self, dataset_id: str) -> list[str]: ...


class Access(Protocol):
    """Who may do what with a dataset; see `cjm_access.DatasetAccess`."""

    async def require(
        self, dataset_id: str, right: Literal["analyse", "read_results"], identity: Identity | None = None
    ) -> GrantedAccess: ...


@dataclass(frozen=True, slots=True)
class StoredResult:
    """What came of an analysis.

    Attributes:
        content: The result, serialised.
        goal_activity: Goal of its dataset now; empty for none.
    """

    analysis: Analysis
    content: bytes
    goal_activity: str


class Pictures(Protocol):
    """Draws results; see `adapters.pictures.Pictures`."""

    async def draw(self, stored: StoredResult, file_format: Literal["svg", "png"], *, is_dark: bool) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asks for.

    Attributes:
        scope: The journeys, serialised, opaque here.
        session_gap_minutes: Of the scope. Likewise `is_period_reversed`: first instant after the last.
        parameters: As written, unchecked.
    """

    kind: Kind
    dataset_id: str
    dataset_name: str
    scope: bytes
    session_gap_minutes: int
    is_period_reversed: bool
    filter_terms: tuple[str, ...]
    from_date: str
    to_date: str
    parameters: Mapping[str, object]


class Analyses:
    """The use cases.

    Args:
        store: Where analyses are kept.
        access: Who may do what with a dataset.
        stop_work: Ends the work on an analysis in this process at once, if there is any.
    """

    def __init__(self, store: Store, access: Access, stop_work: Callable[[str], None]) -> None:
        self._store = store
        self._access = access
        self._stop_work = stop_work

    async def create(self, wish: Wish, asked_by: Identity) -> Analysis:
        """Queue an analysis.

        Raises:
            AppError: INVALID_ARGUMENT `parameters_invalid`, `session_gap_out_of_range`, `period_reversed`; NOT_FOUND or
                PERMISSION_DENIED as `DatasetAccess.require`; RESOURCE_EXHAUSTED `too_many_open_analyses`.
        """
        parameters = complete_parameters(wish.kind, wish.parameters)
        _check_scope(wish)
        await self._access.require(wish.dataset_id, "analyse", asked_by)
        analysis = Analysis(
            analysis_id=str(uuid4()),
            created_by_id=asked_by.user_id,
            dataset_id=wish.dataset_id,
            dataset_name=wish.dataset_name,
            kind=wish.kind,
            scope=wish.scope,
            filter_terms=wish.filter_terms,
            from_date=wish.from_date,
            to_date=wish.to_date,
            parameters=parameters,
            created_at=datetime.now(UTC),
        )
        if not await self._store.add(analysis, MAX_OPEN_PER_USER):
            raise AppError(
                Code.RESOURCE_EXHAUSTED,
                "too_many_open_analyses",
                f"{MAX_OPEN_PER_USER} of your analyses wait or run already. Wait for one to end, or cancel one.",
            )
        return analysis

    async def get(self, analysis_id: str, asked_by: Identity) -> Analysis:
        """One analysis.

        Raises:
            AppError: NOT_FOUND `analysis_not_found`, also for those of others and for deleted ones.
        """
        analysis = await self._find(analysis_id, asked_by)
        if analysis.deleted_at:
            raise analysis_not_found()
        return analysis

    async def _find(self, analysis_id: str, asked_by: Identity) -> Analysis:
        analysis = await self._store.get(analysis_id)
        if analysis is None or not (asked_by.is_admin or analysis.created_by_id == asked_by.user_id):
            raise analysis_not_found()
        return analysis

    async def page(
        self,
        asked_by: Identity,
        *,
        dataset_id: str,
        kind: Kind | None,
        statuses: Sequence[Status],
        is_deleted: bool,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> list[Analysis]:
        """At most `limit` of the caller's analyses, newest first, older than `before`; all of them for an admin."""
        return await self._store.page(
            owner_id=None if asked_by.is_admin else asked_by.user_id,
            dataset_id=dataset_id,
            kind=kind,
            statuses=statuses,
            is_deleted=is_deleted,
            before=before,
            limit=limit,
        )

    async def cancel(self, analysis_id: str, asked_by: Identity) -> Analysis:
        """Stop an open analysis at once; an ended one stays as it is. Raises as `get`."""
        await self.get(analysis_id, asked_by)
        await self._store.cancel(analysis_id)
        self._stop_work(analysis_id)
        return await self.get(analysis_id, asked_by)

    async def delete(self, analysis_id: str, asked_by: Identity) -> None:
        """Delete an analysis, which can be restored for `DELETED_KEPT_DAYS`; a running one is stopped.

        Raises as `get`.
        """
        await self.get(analysis_id, asked_by)
        await self._store.delete(analysis_id)
        self._stop_work(analysis_id)

    async def restore(self, analysis_id: str, asked_by: Identity) -> Analysis:
        """Take a deletion back; one that is not deleted stays as it is. Raises as `get`, but not for deleted ones."""
        await self._find(analysis_id, asked_by)
        await self._store.restore(analysis_id)
        return await self.get(analysis_id, asked_by)

    async def result(self, analysis_id: str, asked_by: Identity) -> StoredResult:
        """The stored result.

        Raises:
            AppError: As `get`; NOT_FOUND or PERMISSION_DENIED as `DatasetAccess.require` when the right to analyse the
                dataset was taken back, but not when it was deleted and is kept; FAILED_PRECONDITION
                `analysis_not_finished`, or `analysis_without_result` when it failed or was cancelled.
        """
        analysis = await self.get(analysis_id, asked_by)
        granted = await self._access.require(analysis.dataset_id, "read_results", asked_by)
        if analysis.status.is_open:
            detail = "This analysis has not ended yet. Wait until it has."
            raise AppError(Code.FAILED_PRECONDITION, "analysis_not_finished", detail)
        content = await self._store.result(analysis_id)
        if content is None:
            detail = f"This analysis has no result. {analysis.error_detail or 'It was cancelled.'}"
            raise AppError(Code.FAILED_PRECONDITION, "analysis_without_result", detail)
        return StoredResult(analysis, content, granted.goal_activity)

    async def forget_dataset(self, dataset_id: str) -> None:
        """Remove every analysis of a dataset that is gone, for good."""
        analysis_ids = await self._store.ids_of_dataset(dataset_id)
        await self._store.remove(analysis_ids)
        for analysis_id in analysis_ids:
            self._stop_work(analysis_id)


def _check_scope(wish: Wish) -> None:
    if not 0 <= wish.session_gap_minutes <= MAX_SESSION_GAP_MINUTES:
        detail = f"The session gap must be from 0 to {MAX_SESSION_GAP_MINUTES} minutes."
        violation = FieldViolation("session_gap_minutes", "session_gap_out_of_range", detail)
        raise AppError(Code.INVALID_ARGUMENT, "session_gap_out_of_range", detail, violations=[violation])
    if wish.is_period_reversed:
        detail = "The first day is after the last day. Swap them."
        violation = FieldViolation("from", "period_reversed", detail)
        raise AppError(Code.INVALID_ARGUMENT, "period_reversed", detail, violations=[violation])
