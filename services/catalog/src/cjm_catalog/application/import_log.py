"""Keeping the log of file imports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from cjm_catalog.application.accounts import usernames
from cjm_catalog.application.datasets import manageable_dataset, restricted_to, visible_dataset
from cjm_catalog.application.mappings import existing_mapping
from cjm_catalog.application.ports import Clock, Records, Store
from cjm_catalog.domain.accounts import Caller
from cjm_catalog.domain.checks import (
    Page,
    checked_name,
    checked_page_size,
    decode_cursor,
    encode_cursor,
    invalid,
    moment,
    text,
)
from cjm_catalog.domain.datasets import Dataset, dataset_not_found
from cjm_catalog.domain.imports import (
    MAX_FILE_NAME_LENGTH,
    ImportChange,
    ImportEntry,
    ImportStatus,
    advanced,
)
from cjm_catalog.domain.mappings import Mapping, MappingSpec, checked_mapping
from cjm_kit.errors import AppError, Code

# As long as the page keeps the draft of an import.
_CHECK_LIFE = timedelta(days=7)


@dataclass(frozen=True)
class ImportView:
    """An entry with the names of its dataset, of who started it and of who owns the copied mapping."""

    entry: ImportEntry
    dataset_name: str
    created_by: str
    mapping_owner: str


@dataclass(frozen=True)
class ImportLog:
    """The use cases around the import log."""

    store: Store
    now: Clock

    async def open(
        self,
        caller: Caller,
        dataset_id: str,
        file_name: str,
        mapping_id: str,
        mapping: MappingSpec | None,
        *,
        all_or_nothing: bool,
        is_check: bool,
        replaces_dataset: bool = False,
    ) -> ImportView:
        """Opens an entry in state queued.

        Args:
            caller: who brings the file.
            dataset_id: UUID of the dataset; empty for a check of a file whose dataset does not exist yet.
            file_name: as uploaded, 1-255 characters.
            mapping_id: UUID of a kept mapping, which is copied; empty when the mapping itself is given.
            mapping: the mapping itself; None when an id is given.
            all_or_nothing: True when one bad row fails the whole import.
            is_check: True when rows are only checked.
            replaces_dataset: True when all that is in the dataset goes once the import is completed.

        Raises:
            AppError: NOT_FOUND dataset_not_found, mapping_not_found; PERMISSION_DENIED dataset_write_not_allowed,
                dataset_manage_not_allowed; INVALID_ARGUMENT mapping_invalid, mapping_missing unless exactly one of id
                and mapping is given, dataset_missing, check_replaces_nothing, or a bad file name; FAILED_PRECONDITION
                dataset_being_imported, dataset_being_replaced.
        """
        if not dataset_id and not is_check:
            raise invalid("dataset_id", "dataset_missing", "Say into which dataset; only a check needs none.")
        if bool(mapping_id) == (mapping is not None):
            raise invalid(
                "mapping", "mapping_missing", "Say how columns become fields: give either mapping_id or mapping."
            )
        if is_check and replaces_dataset:
            detail = "A check stores nothing, so it cannot replace the dataset. Leave out one of the two."
            raise invalid("replaces_dataset", "check_replaces_nothing", detail)
        name = checked_name("file_name", file_name, MAX_FILE_NAME_LENGTH)
        async with self.store.write() as records:
            if dataset_id:
                await _require_write(records, caller, dataset_id)
                if replaces_dataset:
                    await manageable_dataset(records, caller, dataset_id)
                if not is_check:
                    await _require_no_rival(records, dataset_id, replaces_dataset=replaces_dataset)
            else:
                await self._forget_old_checks(records)
            if mapping is None:
                copy = await existing_mapping(records, mapping_id)
            else:
                copy = Mapping(**vars(checked_mapping(mapping, needs_name=False)))
            entry = ImportEntry(
                import_id=str(uuid4()),
                dataset_id=dataset_id or None,
                created_by_id=caller.user_id,
                file_name=name,
                mapping=copy,
                all_or_nothing=all_or_nothing,
                is_check=is_check,
                replaces_dataset=replaces_dataset,
                created_at=self.now(),
            )
            await records.add(entry)
            return (await _views(records, [entry]))[0]

    async def update(self, import_id: str, change: ImportChange) -> ImportView:
        """Notes progress or the end of an import.

        Raises:
            AppError: NOT_FOUND import_not_found; FAILED_PRECONDITION import_ended, import_step_not_possible;
                INVALID_ARGUMENT import_count_invalid.
        """
        async with self.store.write() as records:
            entry = advanced(await _existing_entry(records, import_id, lock=True), change, self.now())
            await records.save(entry)
            return (await _views(records, [entry]))[0]

    async def get(self, caller: Caller, import_id: str) -> ImportView:
        """Gives one entry of a dataset the caller may see, or could analyse before it was deleted.

        Without a dataset it is for who made it.

        Raises:
            AppError: NOT_FOUND import_not_found.
        """
        async with self.store.read() as records:
            entry = await _existing_entry(records, import_id)
            if entry.dataset_id is None:
                if not caller.is_service and entry.created_by_id != caller.user_id:
                    raise _import_not_found()
                return (await _views(records, [entry]))[0]
            try:
                await _require_sight(records, caller, entry.dataset_id, deleted=True)
            except AppError as error:
                raise _import_not_found() from error
            return (await _views(records, [entry]))[0]

    async def page(
        self,
        caller: Caller,
        dataset_id: str,
        statuses: Sequence[ImportStatus],
        page_size: int,
        cursor: str,
        *,
        with_deleted_datasets: bool,
    ) -> Page[ImportView]:
        """Lists entries of datasets the caller may see, and his own checks without a dataset, newest first.

        Args:
            caller: who asks.
            dataset_id: UUID of one dataset; empty for all.
            statuses: only these; empty for all.
            page_size: 1-200; 0 means 50.
            cursor: of the previous page; empty for the first.
            with_deleted_datasets: True for those of deleted datasets that he could analyse, too.

        Raises:
            AppError: NOT_FOUND dataset_not_found; INVALID_ARGUMENT page_size_out_of_range, page_token_invalid.
        """
        limit = checked_page_size(page_size)
        after = decode_cursor(cursor, moment, text)
        async with self.store.read() as records:
            if dataset_id:
                await _require_sight(records, caller, dataset_id, deleted=with_deleted_datasets)
            entries = await records.import_page(
                restricted_to(caller),
                caller.user_id,
                dataset_id,
                statuses,
                after,
                limit + 1,
                with_deleted_datasets=with_deleted_datasets,
            )
            views = await _views(records, entries[:limit])
        last = entries[limit - 1] if len(entries) > limit else None
        return Page(views, encode_cursor(last.created_at.isoformat(), last.import_id) if last else "")

    async def _forget_old_checks(self, records: Records) -> None:
        """Removes checks that never got a dataset; no dataset takes them away when it is deleted."""
        oldest = self.now() - _CHECK_LIFE
        checks = await records.all(ImportEntry, dataset_id=None)
        await records.remove(ImportEntry, import_id=[old.import_id for old in checks if old.created_at < oldest])


async def _require_sight(records: Records, caller: Caller, dataset_id: str, *, deleted: bool) -> None:
    view = await visible_dataset(records, caller, dataset_id, deleted=deleted)
    if view.dataset.deleted_at and not view.access.can_analyse:
        raise dataset_not_found()


async def _require_write(records: Records, caller: Caller, dataset_id: str) -> None:
    view = await visible_dataset(records, caller, dataset_id)
    if not view.access.can_write:
        raise AppError(
            Code.PERMISSION_DENIED,
            "dataset_write_not_allowed",
            f'You may see "{view.dataset.name}" but not add data to it. Ask an administrator for the right.',
        )


async def _require_no_rival(records: Records, dataset_id: str, *, replaces_dataset: bool) -> None:
    """An import that replaces a dataset is alone with it: nobody could say whether another's rows come or go."""
    await records.get(Dataset, lock=True, dataset_id=dataset_id)  # of two that come at once, one sees the other
    running = [ImportStatus.QUEUED, ImportStatus.RUNNING]
    for rival in await records.all(ImportEntry, dataset_id=dataset_id, status=running, is_check=False):
        if rival.replaces_dataset:
            raise AppError(
                Code.FAILED_PRECONDITION,
                "dataset_being_replaced",
                f'"{rival.file_name}" is replacing this dataset. Import again when that has ended.',
            )
        if replaces_dataset:
            raise AppError(
                Code.FAILED_PRECONDITION,
                "dataset_being_imported",
                f'"{rival.file_name}" is still being imported into this dataset. Wait until it has ended, or stop it, '
                "then replace the dataset.",
            )


async def _existing_entry(records: Records, import_id: str, *, lock: bool = False) -> ImportEntry:
    entry = await records.get(ImportEntry, lock=lock, import_id=import_id)
    if entry is None:
        raise _import_not_found()
    return entry


def _import_not_found() -> AppError:
    return AppError(Code.NOT_FOUND, "import_not_found", "There is no such import, or you may not see it. Check the id.")


async def _views(records: Records, entries: Sequence[ImportEntry]) -> list[ImportView]:
    people = {entry.created_by_id for entry in entries} | {entry.mapping.owner_id for entry in entries}
    names = await usernames(records, people)
    dataset_ids = list({entry.dataset_id for entry in entries if entry.dataset_id})
    datasets = await records.all(Dataset, deleted=True, dataset_id=dataset_ids)
    dataset_names: dict[str | None, str] = {dataset.dataset_id: dataset.name for dataset in datasets}
    return [
        ImportView(
            entry,
            dataset_names.get(entry.dataset_id, ""),
            names[entry.created_by_id],
            names.get(entry.mapping.owner_id, ""),
        )
        for entry in entries
    ]
