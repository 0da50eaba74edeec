"""Works on queued analyses: takes one, checks the rights again, computes within the budget, stores how it ended."""

import asyncio
import platform
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from importlib.metadata import version
from typing import Protocol

from cjm_kit.errors import AppError, Code, internal_error
from cjm_kit.identity import staff_identity
from cjm_kit.logging import get_logger
from cjm_mining.application.analyses import Access
from cjm_mining.domain.analysis import PARTIAL_WAYS_COUNT, Analysis, Computed, Kind, Status, partial_detail

Observer = Callable[[Kind, Status, float], None]
"""Told of every analysis that ended: its kind, how it ended, and the seconds it took."""

_log = get_logger(__name__)
_BEAT_SECONDS = 1.0
_BUDGET_REASONS = frozenset({"analysis_time_limit", "analysis_memory_limit"})
_FALLBACK_SHARE = 0.25  # of the time limit, kept for a model of the most frequent ways


class JobStore(Protocol):
    """What the runner needs of `adapters.database.AnalysisStore`."""

    async def claim(self, analysis_id: str) -> tuple[Analysis, int] | None: ...
    async def beat(self, analysis_id: str, attempt: int, progress_ratio: float) -> bool: ...
    async def finish(self, ended: Analysis, attempt: int, computed: Computed | None) -> None: ...


class Discovery(Protocol):
    """Computes; see `adapters.discovery.Discovery`."""

    async def dataset_version(self, dataset_id: str) -> str: ...
    async def compute(
        self,
        analysis: Analysis,
        time_limit_seconds: float,
        most_frequent_ways: int | None,
        on_progress: Callable[[float], None],
    ) -> Computed: ...


class Runner:
    """Runs analyses.

    Args:
        store: Where analyses are kept.
        access: Who may do what with a dataset.
        discovery: Computes them.
        time_limit_seconds: Time for one analysis, > 0.
        observe: Told of every analysis that ended.
        retry_pauses_seconds: Pauses before trying again while a service that is asked does not answer.
    """

    def __init__(
        self,
        store: JobStore,
        access: Access,
        discovery: Discovery,
        time_limit_seconds: float,
        observe: Observer,
        retry_pauses_seconds: tuple[float, ...] = (0.5, 1, 2, 5, 10),
    ) -> None:
        self._store = store
        self._access = access
        self._discovery = discovery
        self._time_limit_seconds = time_limit_seconds
        self._observe = observe
        self._retry_pauses_seconds = retry_pauses_seconds
        self._work: dict[str, asyncio.Task[None]] = {}

    async def run(self, analysis_id: str) -> None:
        """Work on one analysis to its end; nothing when it does not wait any more. Cancelling leaves it for others."""
        claimed = await self._store.claim(analysis_id)
        if claimed is None:
            return
        work = asyncio.create_task(self._attempt(*claimed))
        self._work[analysis_id] = work
        try:
            await asyncio.wait({work})
            if not work.cancelled():
                work.result()
        finally:
            del self._work[analysis_id]
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    @property
    def at_work(self) -> Collection[str]:
        """Ids of the analyses this process works on."""
        return self._work.keys()

    def stop(self, analysis_id: str) -> None:
        """End the work on an analysis at once, if this process is at it."""
        if work := self._work.get(analysis_id):
            work.cancel()

    async def _attempt(self, analysis: Analysis, attempt: int) -> None:
        progress_ratio = 0.0
        started_at_seconds = time.monotonic()

        def on_progress(ratio: float) -> None:
            nonlocal progress_ratio
            progress_ratio = max(progress_ratio, ratio)

        async def beat() -> None:
            while await self._store.beat(analysis.analysis_id, attempt, progress_ratio):  # noqa: ASYNC110 - a heart beats
                await asyncio.sleep(_BEAT_SECONDS)
            work.cancel()

        work = asyncio.create_task(self._ended(analysis, on_progress))
        beating = asyncio.create_task(beat())
        try:
            ended, computed = await work
        finally:
            work.cancel()
            beating.cancel()
            await asyncio.gather(work, beating, return_exceptions=True)
        await self._store.finish(ended, attempt, computed)
        self._observe(ended.kind, ended.status, time.monotonic() - started_at_seconds)
        _log.info("analysis_ended", analysis_id=ended.analysis_id, kind=ended.kind, status=ended.status)

    async def _ended(
        self, analysis: Analysis, on_progress: Callable[[float], None]
    ) -> tuple[Analysis, Computed | None]:
        """How the analysis ended, with its result if there is one."""
        try:
            dataset_version, (computed, spent) = await self._with_patience(analysis, on_progress)
        except AppError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever it was, the user must not wait for ever
            _log.error("analysis_failed", analysis_id=analysis.analysis_id, exc_info=error)
            failure = internal_error()
        else:
            done = replace(
                analysis,
                status=Status.SUCCEEDED,
                progress_ratio=1.0,
                versions=_versions(analysis, dataset_version),
                events_count=computed.events_count,
                cases_count=computed.cases_count,
                result_hash=computed.result_hash,
            )
            if spent and computed.cases_count < computed.cases_total:
                detail = partial_detail(spent, computed)
                done = replace(done, status=Status.PARTIAL, error_reason=spent.reason, error_detail=detail)
            return done, computed
        return replace(analysis, status=Status.FAILED, error_reason=failure.reason, error_detail=failure.detail), None

    async def _with_patience(
        self, analysis: Analysis, on_progress: Callable[[float], None]
    ) -> tuple[str, tuple[Computed, AppError | None]]:
        """Version of the data and result; asks again when a service is just being restarted."""
        for pause_seconds in (*self._retry_pauses_seconds, None):
            try:
                # Rights may have been taken back since the analysis was asked for.
                asked_by = staff_identity(analysis.created_by_id, is_admin=False)
                await self._access.require(analysis.dataset_id, "analyse", asked_by)
                dataset_version = await self._discovery.dataset_version(analysis.dataset_id)
                return dataset_version, await self._within_budget(analysis, on_progress)
            except AppError as error:
                if error.code is not Code.UNAVAILABLE or pause_seconds is None:
                    raise
                await asyncio.sleep(pause_seconds)
        raise AssertionError("unreachable: the last try returns or raises")

    async def _within_budget(
        self, analysis: Analysis, on_progress: Callable[[float], None]
    ) -> tuple[Computed, AppError | None]:
        """The result; with the budget error when only the most frequent ways fitted into the budget."""
        limit_seconds = self._time_limit_seconds
        if not analysis.kind.needs_variants:
            return await self._discovery.compute(analysis, limit_seconds, None, on_progress), None
        try:
            whole_seconds = limit_seconds * (1 - _FALLBACK_SHARE)
            return await self._discovery.compute(analysis, whole_seconds, None, on_progress), None
        except AppError as error:
            if error.reason not in _BUDGET_REASONS:
                raise
            spent = error
        try:
            rest_seconds = limit_seconds * _FALLBACK_SHARE
            return await self._discovery.compute(analysis, rest_seconds, PARTIAL_WAYS_COUNT, on_progress), spent
        except AppError as error:
            raise (spent if error.reason in _BUDGET_REASONS else error) from None


def _versions(analysis: Analysis, dataset_version: str) -> dict[str, str]:
    versions = {"cjm": version("cjm-mining"), "python": platform.python_version(), "dataset": dataset_version}
    if analysis.kind.uses_pm4py:
        versions["pm4py"] = version("pm4py")
    return versions
