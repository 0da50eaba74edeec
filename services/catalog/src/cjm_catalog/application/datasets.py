"""Keeping datasets, granting rights on them, telling who may do what."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from cjm_catalog.application.accounts import usernames
from cjm_catalog.application.ports import Clock, Records, Store, TakenError
from cjm_catalog.domain.accounts import Caller, Role, User
from cjm_catalog.domain.checks import (
    Page,
    checked_name,
    checked_page_size,
    checked_time_zone,
    decode_cursor,
    encode_cursor,
    folded,
    invalid,
    text,
)
from cjm_catalog.domain.datasets import (
    KEPT_AFTER_DELETION,
    MAX_NAME_LENGTH,
    Access,
    CaseNotion,
    Dataset,
    Grant,
    access_to,
    check_settings,
    dataset_not_found,
)
from cjm_catalog.domain.facts import DatasetCreated, DatasetDeleted, DatasetUpdated, GrantChanged
from cjm_catalog.domain.journal import JournalEntry, JournalKind
from cjm_catalog.domain.tokens import EVENTS_WRITE, Token, TokenDataset
from cjm_kit.errors import AppError, Code


@dataclass(frozen=True)
class DatasetView:
    """A dataset as one caller sees it."""

    dataset: Dataset
    owner: str
    access: Access
    last_import_at: datetime | None


@dataclass(frozen=True)
class GrantView:
    """A grant with the name of its account."""

    grant: Grant
    username: str


@dataclass(frozen=True)
class DatasetChange:
    """Changes to a dataset; None leaves a value as it is."""

    name: str | None = None
    is_public: bool | None = None
    time_zone: str | None = None
    default_case: CaseNotion | None = None
    session_gap_minutes: int | None = None
    goal_activity: str | None = None


@dataclass(frozen=True)
class Datasets:
    """The use cases around datasets."""

    store: Store
    now: Clock

    async def create(
        self,
        caller: Caller,
        name: str,
        is_public: bool,
        time_zone: str,
        default_case: CaseNotion,
        session_gap_minutes: int,
        goal_activity: str,
    ) -> DatasetView:
        """Makes a dataset owned by the caller.

        Args:
            caller: the owner to be.
            name: 1-100 characters, unique regardless of case.
            is_public: True when all staff may see its data.
            time_zone: IANA name; empty means UTC.
            default_case: what makes one journey.
            session_gap_minutes: 0-10080; 0 means that events carry a session id.
            goal_activity: step that means success; may be empty.

        Raises:
            AppError: INVALID_ARGUMENT for a bad name, time zone, gap or step; ALREADY_EXISTS dataset_name_taken.
        """
        check_settings(session_gap_minutes, goal_activity)
        dataset = Dataset(
            dataset_id=str(uuid4()),
            name=checked_name("name", name, MAX_NAME_LENGTH),
            is_public=is_public,
            owner_id=caller.user_id,
            time_zone=checked_time_zone("time_zone", time_zone),
            default_case=default_case,
            session_gap_minutes=session_gap_minutes,
            goal_activity=goal_activity,
            created_at=self.now(),
        )
        try:
            async with self.store.write() as records:
                await records.add(dataset)
                await records.tell(DatasetCreated(dataset.dataset_id, dataset.name))
                return (await _views(records, caller, [dataset]))[0]
        except TakenError as error:
            raise _name_taken(dataset.name) from error

    async def check_name(self, name: str) -> None:
        """Makes sure that a new dataset can have this name, taken ones of datasets nobody may see included.

        Raises:
            AppError: INVALID_ARGUMENT for a bad name; ALREADY_EXISTS dataset_name_taken.
        """
        checked = checked_name("name", name, MAX_NAME_LENGTH)
        async with self.store.read() as records:
            if await records.get(Dataset, name_key=folded(checked)):
                raise _name_taken(checked)

    async def get(self, caller: Caller, dataset_id: str) -> DatasetView:
        """Gives one dataset the caller may see.

        Raises:
            AppError: NOT_FOUND dataset_not_found.
        """
        async with self.store.read() as records:
            return await visible_dataset(records, caller, dataset_id)

    async def page(
        self, caller: Caller, name_contains: str, public_only: bool, page_size: int, cursor: str
    ) -> Page[DatasetView]:
        """Lists datasets the caller may see, by name.

        Raises:
            AppError: INVALID_ARGUMENT page_size_out_of_range, page_token_invalid.
        """
        limit = checked_page_size(page_size)
        after = decode_cursor(cursor, text)
        async with self.store.read() as records:
            datasets = await records.dataset_page(
                restricted_to(caller), folded(name_contains), public_only, after, limit + 1
            )
            views = await _views(records, caller, datasets[:limit])
        return Page(views, encode_cursor(datasets[limit - 1].name_key) if len(datasets) > limit else "")

    async def update(self, caller: Caller, dataset_id: str, change: DatasetChange) -> DatasetView:
        """Changes a dataset.

        Raises:
            AppError: NOT_FOUND dataset_not_found; PERMISSION_DENIED dataset_manage_not_allowed; INVALID_ARGUMENT for a
                bad value; ALREADY_EXISTS dataset_name_taken.
        """
        news: dict[str, Any] = {name: value for name, value in vars(change).items() if value is not None}
        try:
            async with self.store.write() as records:
                view = await manageable_dataset(records, caller, dataset_id, lock=True)
                if change.name is not None:
                    news["name"] = checked_name("name", change.name, MAX_NAME_LENGTH)
                if change.time_zone is not None:
                    news["time_zone"] = checked_time_zone("time_zone", change.time_zone)
                dataset = replace(view.dataset, **news)
                check_settings(dataset.session_gap_minutes, dataset.goal_activity)
                await records.save(dataset)
                await records.tell(DatasetUpdated(dataset_id))
                return replace(view, dataset=dataset)
        except TakenError as error:
            raise _name_taken(str(news["name"])) from error

    async def delete(self, caller: Caller, dataset_id: str, *, for_good: bool) -> None:
        """Takes a dataset away from everybody; it can be restored for 30 days.

        Args:
            caller: who wants it.
            dataset_id: UUID of the dataset; may be a deleted one when it is to go for good.
            for_good: True when grants, token bindings and import log go now; the events follow by a fact.

        Raises:
            AppError: NOT_FOUND dataset_not_found; PERMISSION_DENIED dataset_manage_not_allowed.
        """
        async with self.store.write() as records:
            dataset = (await manageable_dataset(records, caller, dataset_id, lock=True, deleted=for_good)).dataset
            if for_good:
                await _erase(records, dataset)
                await self._note(records, caller, JournalKind.ERASED, dataset)
                return
            entry = await self._note(records, caller, JournalKind.DELETED, dataset)
            await records.save(replace(dataset, deleted_at=entry.created_at))
            await records.tell(DatasetUpdated(dataset_id))

    async def restore(self, caller: Caller, dataset_id: str) -> DatasetView:
        """Brings a deleted dataset back with all that was in it; one that is there stays.

        Raises:
            AppError: NOT_FOUND dataset_not_found; PERMISSION_DENIED dataset_manage_not_allowed; ALREADY_EXISTS
                dataset_name_taken.
        """
        view = None
        try:
            async with self.store.write() as records:
                view = await manageable_dataset(records, caller, dataset_id, lock=True, deleted=True)
                if view.dataset.deleted_at is not None:
                    view = replace(view, dataset=replace(view.dataset, deleted_at=None))
                    await records.save(view.dataset)
                    await records.tell(DatasetUpdated(dataset_id))
                    await self._note(records, caller, JournalKind.RESTORED, view.dataset)
                return view
        except TakenError as error:
            assert view is not None
            raise AppError(
                Code.ALREADY_EXISTS,
                "dataset_name_taken",
                f'There is another dataset named "{view.dataset.name}" now. Rename that one, then restore this one.',
            ) from error

    async def erase_old(self) -> None:
        """Erases datasets that were deleted 30 days ago."""
        async with self.store.write() as records:
            for dataset in await records.datasets_deleted_before(self.now() - KEPT_AFTER_DELETION):
                await _erase(records, dataset)

    async def grant(self, caller: Caller, dataset_id: str, user_id: str, username: str) -> GrantView:
        """Lets an account, named by id or sign-in name, analyse a dataset and add data to it.

        Returns:
            The grant; the first one when it was there already.

        Raises:
            AppError: INVALID_ARGUMENT grant_account_missing unless exactly one of id and name is given; NOT_FOUND
                dataset_not_found, user_not_found.
        """
        if bool(user_id) == bool(username):
            raise invalid(
                "user_id", "grant_account_missing", "Say who gets the right: give either user_id or username."
            )
        async with self.store.write() as records:
            await visible_dataset(records, caller, dataset_id)
            if user_id:
                user = await records.get(User, user_id=user_id)
            else:
                user = await records.get(User, username_key=folded(username))
            if user is None:
                raise AppError(
                    Code.NOT_FOUND, "user_not_found", f'There is no account "{user_id or username}". Check it.'
                )
            await records.ensure(Grant(dataset_id, user.user_id, self.now()))
            await records.tell(GrantChanged(dataset_id, user.user_id))
            grants = await records.all(Grant, dataset_id=dataset_id, user_id=user.user_id)
        return GrantView(grants[0], user.username)

    async def revoke_grant(self, caller: Caller, dataset_id: str, user_id: str) -> None:
        """Takes a grant back; one that is not there is no error.

        Raises:
            AppError: NOT_FOUND dataset_not_found.
        """
        async with self.store.write() as records:
            await visible_dataset(records, caller, dataset_id)
            await records.remove(Grant, dataset_id=dataset_id, user_id=user_id)
            await records.tell(GrantChanged(dataset_id, user_id))

    async def grants(self, caller: Caller, dataset_id: str) -> list[GrantView]:
        """Lists the grants of a dataset by account name.

        Raises:
            AppError: NOT_FOUND dataset_not_found; PERMISSION_DENIED dataset_manage_not_allowed.
        """
        async with self.store.read() as records:
            await manageable_dataset(records, caller, dataset_id)
            grants = await records.all(Grant, dataset_id=dataset_id)
            names = await usernames(records, {grant.user_id for grant in grants})
        views = [GrantView(grant, names[grant.user_id]) for grant in grants]
        return sorted(views, key=lambda view: folded(view.username))

    async def access(self, dataset_id: str, subject: str) -> tuple[Access, Dataset | None]:
        """Tells what a subject may do with a dataset now, or could do with a deleted one.

        Args:
            dataset_id: UUID of the dataset.
            subject: "user:<uuid>", "token:<uuid>" or "service:<name>".

        Returns:
            The rights, all False when the dataset does not exist or the subject is unknown, disabled or revoked; and
            the dataset, None when it does not exist.

        Raises:
            AppError: INVALID_ARGUMENT subject_invalid.
        """
        kind, _, name = subject.partition(":")
        if kind not in ("user", "token", "service") or not name:
            raise invalid("subject", "subject_invalid", "A subject is user:<uuid>, token:<uuid> or service:<name>.")
        async with self.store.read() as records:
            dataset = await records.get(Dataset, deleted=True, dataset_id=dataset_id)
            if dataset is None:
                return Access(), None
            if kind == "token":
                token = await records.get(Token, token_id=name)
                binding = await records.get(TokenDataset, token_id=name, dataset_id=dataset_id)
                is_valid = token is not None and token.revoked_at is None and binding is not None
                return Access(can_write=is_valid and token is not None and EVENTS_WRITE in token.scopes), dataset
            caller = Caller("", is_service=True)
            if kind == "user":
                user = await records.get(User, user_id=name)
                if user is None or user.is_disabled:
                    return Access(), dataset
                caller = Caller(user.user_id, is_admin=user.role is Role.ADMIN)
            return (await _views(records, caller, [dataset]))[0].access, dataset

    async def _note(self, records: Records, caller: Caller, kind: JournalKind, dataset: Dataset) -> JournalEntry:
        entry = JournalEntry(
            entry_id=str(uuid4()),
            kind=kind,
            object="dataset",
            created_by_id=caller.user_id,
            created_at=self.now(),
            object_id=dataset.dataset_id,
            name=dataset.name,
            dataset_id=dataset.dataset_id,
            dataset_name=dataset.name,
        )
        await records.add(entry)
        return entry


def restorable_until(dataset: Dataset | None, deleted_at: datetime) -> datetime | None:
    """Until when what was deleted then can be restored; None when there is nothing to restore."""
    if dataset is None or dataset.deleted_at != deleted_at:
        return None
    return deleted_at + KEPT_AFTER_DELETION


def can_restore(caller: Caller, dataset: Dataset | None) -> bool:
    """Whether the caller is one who may restore a dataset."""
    return dataset is not None and access_to(dataset, caller, has_grant=False).can_manage


def restricted_to(caller: Caller) -> str | None:
    """The account whose view limits a list; None when the caller sees everything."""
    return None if caller.is_admin or caller.is_service else caller.user_id


async def visible_dataset(
    records: Records, caller: Caller, dataset_id: str, *, lock: bool = False, deleted: bool = False
) -> DatasetView:
    """Finds a dataset the caller may see; when asked for also a deleted one, which only those see who might analyse it.

    Raises:
        AppError: NOT_FOUND dataset_not_found.
    """
    dataset = await records.get(Dataset, lock=lock, deleted=deleted, dataset_id=dataset_id)
    view = (await _views(records, caller, [dataset]))[0] if dataset else None
    if view is None or not (view.access.can_analyse if view.dataset.deleted_at else view.access.can_see):
        raise dataset_not_found()
    return view


async def manageable_dataset(
    records: Records, caller: Caller, dataset_id: str, *, lock: bool = False, deleted: bool = False
) -> DatasetView:
    """Finds a dataset the caller may change; also a deleted one when asked for.

    Raises:
        AppError: NOT_FOUND dataset_not_found; PERMISSION_DENIED dataset_manage_not_allowed.
    """
    view = await visible_dataset(records, caller, dataset_id, lock=lock, deleted=deleted)
    if not view.access.can_manage:
        raise AppError(
            Code.PERMISSION_DENIED,
            "dataset_manage_not_allowed",
            f'Only the owner of "{view.dataset.name}" or an administrator may do this.',
        )
    return view


async def _erase(records: Records, dataset: Dataset) -> None:
    await records.remove(Dataset, dataset_id=dataset.dataset_id)
    await records.tell(DatasetDeleted(dataset.dataset_id))


async def _views(records: Records, caller: Caller, datasets: list[Dataset]) -> list[DatasetView]:
    names = await usernames(records, {dataset.owner_id for dataset in datasets})
    ids = [dataset.dataset_id for dataset in datasets]
    grants = await records.all(Grant, user_id=caller.user_id, dataset_id=ids) if restricted_to(caller) else []
    granted = {grant.dataset_id for grant in grants}
    imported_at = await records.last_import_times(ids)
    return [
        DatasetView(
            dataset,
            names[dataset.owner_id],
            access_to(dataset, caller, dataset.dataset_id in granted),
            imported_at.get(dataset.dataset_id),
        )
        for dataset in datasets
    ]


def _name_taken(name: str) -> AppError:
    return AppError(
        Code.ALREADY_EXISTS, "dataset_name_taken", f'There is a dataset named "{name}" already. Choose another name.'
    )
