"""Pictures of results, drawn in worker processes: Graphviz is not safe in threads and may take long."""

from collections.abc import AsyncIterator
from typing import Literal

from cjm_kit.errors import AppError, Code
from cjm_mining.adapters.captions import caption
from cjm_mining.adapters.worker_pool import WorkerDiedError, WorkerMemoryLimitError, WorkerPool, WorkerTimeLimitError
from cjm_mining.application.analyses import StoredResult


class Pictures:
    """Draws results.

    Args:
        pool: Worker processes.
        time_limit_seconds: Time for one picture, > 0.
    """

    def __init__(self, pool: WorkerPool, time_limit_seconds: float) -> None:
        self._pool = pool
        self._time_limit_seconds = time_limit_seconds

    async def draw(self, stored: StoredResult, file_format: Literal["svg", "png"], *, is_dark: bool) -> bytes:
        """Draw what came of an analysis below what it was made of.

        Raises:
            AppError: FAILED_PRECONDITION `picture_too_large` when it does not fit into the budget.
        """

        async def content() -> AsyncIterator[bytes]:
            yield stored.content

        job = {
            "task": "render",
            "format": file_format,
            "is_dark": is_dark,
            "caption": caption(stored.analysis),
            "goal": stored.goal_activity,
        }
        try:
            _, picture = await self._pool.run(job, content(), self._time_limit_seconds)
        except (WorkerTimeLimitError, WorkerMemoryLimitError, WorkerDiedError):
            detail = "This model is too large for a picture. Keep fewer steps with a filter and analyse again."
            raise AppError(Code.FAILED_PRECONDITION, "picture_too_large", detail) from None
        return picture
