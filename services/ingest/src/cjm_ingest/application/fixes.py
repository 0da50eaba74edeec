"""Fixing what was found wrong in the events of a dataset."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from typing import Any, Protocol, TypeVar

from cjm_ingest.application.appender import Appender
from cjm_ingest.application.background import Lasting
from cjm_ingest.application.ports import Journal
from cjm_ingest.domain.fixes import FIXABLE, Fixed
from cjm_ingest.domain.quality import FindingKind
from cjm_kit.errors import AppError, Code
from cjm_kit.logging import get_logger

_log = get_logger(__name__)


class BegunFix(Protocol):
    """A fix that has begun."""

    @property
    def fix_id(self) -> str:
        """What it is called, each one otherwise."""
        ...


Begun = TypeVar("Begun", bound=BegunFix)


class FixStore(Protocol[Begun]):
    """Where events are fixed, one dataset at a time. All methods but `stop` block.

    Events must neither arrive nor be taken out while `begin`, `finish` or `give_up` runs.
    """

    def undisturbed(self) -> AbstractContextManager[object]:
        """While it is entered, no events are taken out."""
        ...

    def begin(self, dataset_id: str, kind: FindingKind, now_ms: int) -> Begun:
        """Begin; raises AppError FAILED_PRECONDITION `dataset_being_replaced`."""
        ...

    def perform(self, fix: Begun) -> Fixed:
        """Write the events anew, unless there is nothing to fix; nobody sees them yet."""
        ...

    def finish(self, fix: Begun) -> bool:
        """Show what was written in place of what was there; False when events were taken out or replaced meanwhile."""
        ...

    def give_up(self, fix: Begun) -> None:
        """Give up what was written; nothing once it is finished."""
        ...

    def was_finished(self, dataset_id: str, fix_id: str) -> bool:
        """True when a fix was finished, in whichever run."""
        ...

    def clean_up(self, fix: Begun) -> None:
        """Throw away what a fix that was finished or given up leaves; events may arrive meanwhile."""
        ...

    def present_name(self, dataset_id: str, step: str) -> str:
        """What a step that may have got another name is called now."""
        ...

    def aliases(self, dataset_id: str) -> Mapping[str, str]:
        """By other name of a step under which events come in, the step."""
        ...

    def delete_alias(self, dataset_id: str, alias: str) -> bool:
        """Have events that come in under another name of a step be of a step of that name; False when there is none."""
        ...

    def stop(self, running: "Future[Any]") -> None:
        """Have a running `perform` broken off."""
        ...


class Fixes:
    """Fixes what was found wrong, one dataset after the other.

    Args:
        store: Where events are fixed.
        appender: Where events arrive.
        journal: Where it is noted.
    """

    def __init__(self, store: FixStore[Any], appender: Appender, journal: Journal) -> None:
        self._store = store
        self._appender = appender
        self._journal = journal
        self._lasting = Lasting()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fix")
        self._running: set[Future[Fixed]] = set()

    async def fix(self, dataset_id: str, kind: FindingKind, user_id: str) -> Fixed:
        """Fix all that is there of one kind of finding; what was begun goes on when the caller goes away.

        Args:
            dataset_id: UUID.
            kind: What to fix.
            user_id: For whom.

        Returns:
            How many events were changed and removed, none when there is nothing to fix (any more).

        Raises:
            AppError: INVALID_ARGUMENT `finding_not_fixable`, FAILED_PRECONDITION `dataset_being_replaced`,
                `dataset_changed`, UNAVAILABLE `disk_full`, `bus_unavailable`.
        """
        if kind not in FIXABLE:
            detail = f"There is no fix for {kind}. Choose one of {', '.join(sorted(FIXABLE))}."
            raise AppError(Code.INVALID_ARGUMENT, "finding_not_fixable", detail)
        return await self._lasting.to_its_end(self._fix_for(user_id, dataset_id, kind))

    async def was_finished(self, dataset_id: str, fix_id: str) -> bool:
        """True when a fix was finished, in whichever run; the answer waits for those that run."""
        return await asyncio.wrap_future(self._thread.submit(self._store.was_finished, dataset_id, fix_id))

    async def present_name(self, dataset_id: str, step: str) -> str:
        """What a step that may have got another name is called now."""
        return await asyncio.to_thread(self._store.present_name, dataset_id, step)

    async def aliases(self, dataset_id: str) -> Mapping[str, str]:
        """By other name of a step under which events come in, the step; in order of both."""
        found = await asyncio.to_thread(self._store.aliases, dataset_id)
        return dict(sorted(found.items(), key=lambda item: (item[1], item[0])))

    async def delete_alias(self, dataset_id: str, alias: str) -> None:
        """Have events that come in under another name of a step be of a step of that name; those stored stay.

        Raises:
            AppError: NOT_FOUND `step_alias_not_found`, UNAVAILABLE `disk_full`.
        """
        # In turn with fixes, which would take the other names of their beginning with them.
        deleting = self._thread.submit(self._store.delete_alias, dataset_id, alias)
        if not await asyncio.wrap_future(deleting):
            detail = f"No step of this dataset has the other name {alias[:100]!r}. Ask for the list again."
            raise AppError(Code.NOT_FOUND, "step_alias_not_found", detail)

    async def close(self) -> None:
        """Break off what is running; the events stay as they were."""
        for running in list(self._running):
            if not running.cancel():
                self._store.stop(running)
        await asyncio.to_thread(self._thread.shutdown)
        await self._lasting.close()

    async def _fix_for(self, user_id: str, dataset_id: str, kind: FindingKind) -> Fixed:
        loop = asyncio.get_running_loop()

        def note(fix_id: str, fixed: Fixed) -> None:
            noting = self._journal.fixing(fix_id, dataset_id, user_id, kind, fixed)
            asyncio.run_coroutine_threadsafe(noting, loop).result()

        running = self._thread.submit(copy_context().run, self._fix, dataset_id, kind, note)
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return await asyncio.wrap_future(running)

    def _fix(self, dataset_id: str, kind: FindingKind, note: Callable[[str, Fixed], None]) -> Fixed:
        with self._alone():
            fix = self._store.begin(dataset_id, kind, time.time_ns() // 1_000_000)
        try:
            fixed = self._store.perform(fix)
            if fixed != Fixed(0, 0):
                note(fix.fix_id, fixed)
                with self._alone():
                    is_finished = self._store.finish(fix)
                if not is_finished:
                    detail = (
                        "Events of this dataset were taken out or replaced meanwhile, so nothing was fixed. Look at "
                        "the findings again."
                    )
                    raise AppError(Code.FAILED_PRECONDITION, "dataset_changed", detail)
        finally:
            with self._alone():
                self._store.give_up(fix)
            self._clean_up(fix)
        return fixed

    def _clean_up(self, fix: BegunFix) -> None:
        try:
            self._store.clean_up(fix)
        except Exception as failure:  # noqa: BLE001 - the fix is finished or given up all the same
            _log.warning("fix_not_cleaned_up", fix_id=fix.fix_id, exc_info=failure)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While it is entered, events neither go nor arrive; waiting for those that go does not hold up arrivals."""
        with self._store.undisturbed(), self._appender.paused():
            yield
