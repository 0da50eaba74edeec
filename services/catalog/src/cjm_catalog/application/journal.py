"""Keeping the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from cjm_catalog.application.accounts import existing_user, usernames
from cjm_catalog.application.datasets import can_restore, restorable_until, restricted_to, visible_dataset
from cjm_catalog.application.ports import Clock, Records, Store
from cjm_catalog.domain.accounts import Caller
from cjm_catalog.domain.checks import Page, checked_page_size, decode_cursor, encode_cursor, moment, text
from cjm_catalog.domain.datasets import Dataset
from cjm_catalog.domain.journal import JournalEntry, JournalKind, check_export


@dataclass(frozen=True)
class JournalView:
    """An entry with the name of who did it, until when what it is about can be restored, and whether by the caller."""

    entry: JournalEntry
    created_by: str
    restorable_until: datetime | None
    can_restore: bool


@dataclass(frozen=True)
class Journal:
    """The use cases around the journal; what catalog itself does is noted where it is done."""

    store: Store
    now: Clock

    async def note_export(
        self,
        caller: Caller,
        dataset_id: str,
        object_name: str,
        object_id: str,
        name: str,
        file_format: str,
        address: str,
    ) -> JournalView:
        """Notes that the caller saved something as a file, also a stored result of a deleted dataset.

        Raises:
            AppError: NOT_FOUND dataset_not_found; INVALID_ARGUMENT as `check_export` says.
        """
        check_export(object_name, object_id, name, file_format, address)
        async with self.store.write() as records:
            dataset = (await visible_dataset(records, caller, dataset_id, deleted=True)).dataset
            entry = JournalEntry(
                entry_id=str(uuid4()),
                kind=JournalKind.EXPORTED,
                object=object_name,
                created_by_id=caller.user_id,
                created_at=self.now(),
                object_id=object_id,
                name=name,
                dataset_id=dataset_id,
                dataset_name=dataset.name,
                format=file_format,
                address=address,
            )
            await records.add(entry)
            return (await self._views(records, caller, [entry]))[0]

    async def note(
        self,
        entry_id: str,
        user_id: str,
        kind: JournalKind,
        object_name: str,
        object_id: str,
        name: str,
        dataset_id: str,
        events_changed: int | None,
        events_removed: int | None,
    ) -> None:
        """Notes what a service did for an account; the same id twice is kept once.

        Raises:
            AppError: NOT_FOUND user_not_found.
        """
        async with self.store.write() as records:
            await existing_user(records, user_id)
            dataset = await records.get(Dataset, deleted=True, dataset_id=dataset_id)
            entry = JournalEntry(
                entry_id=entry_id,
                kind=kind,
                object=object_name,
                created_by_id=user_id,
                created_at=self.now(),
                object_id=object_id,
                name=name,
                dataset_id=dataset_id,
                dataset_name=dataset.name if dataset else "",
                events_changed=events_changed,
                events_removed=events_removed,
            )
            await records.ensure(entry)

    async def page(
        self, caller: Caller, dataset_id: str, kinds: Sequence[JournalKind], page_size: int, cursor: str
    ) -> Page[JournalView]:
        """Lists entries, newest first: of datasets the caller may see, or could analyse before they were deleted.

        Also his own, and those without a dataset.

        Args:
            caller: who asks; administrators see all.
            dataset_id: UUID of one dataset, which may be gone; empty for all.
            kinds: only these; empty for all.
            page_size: 1-200; 0 means 50.
            cursor: of the previous page; empty for the first.

        Raises:
            AppError: INVALID_ARGUMENT page_size_out_of_range, page_token_invalid.
        """
        limit = checked_page_size(page_size)
        after = decode_cursor(cursor, moment, text)
        async with self.store.read() as records:
            entries = await records.journal_page(restricted_to(caller), dataset_id, kinds, after, limit + 1)
            views = await self._views(records, caller, entries[:limit])
        last = entries[limit - 1] if len(entries) > limit else None
        return Page(views, encode_cursor(last.created_at.isoformat(), last.entry_id) if last else "")

    async def _views(self, records: Records, caller: Caller, entries: Sequence[JournalEntry]) -> list[JournalView]:
        names = await usernames(records, {entry.created_by_id for entry in entries})
        removed = {entry.object_id for entry in entries if entry.kind is JournalKind.DELETED}
        found = await records.all(Dataset, deleted=True, dataset_id=sorted(removed))
        datasets = {dataset.dataset_id: dataset for dataset in found}
        views = []
        for entry in entries:
            dataset = datasets.get(entry.object_id)
            until = restorable_until(dataset, entry.created_at)
            is_able = until is not None and can_restore(caller, dataset)
            views.append(JournalView(entry, names[entry.created_by_id], until, is_able))
        return views
