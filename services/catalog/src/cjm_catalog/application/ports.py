"""What the use cases need from outside: records that are kept, and passwords that are hashed."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from cjm_catalog.domain.datasets import Dataset
from cjm_catalog.domain.facts import Fact
from cjm_catalog.domain.imports import ImportEntry, ImportStatus
from cjm_catalog.domain.journal import JournalEntry, JournalKind

R = TypeVar("R")

Clock = Callable[[], datetime]
"""Gives the time now, UTC."""


class TakenError(Exception):
    """A record with the same unique name or id is there already."""


class Records(Protocol):
    """The records of the catalog within one transaction.

    `where` names columns: a value must be equal, a sequence of values contains it. What is deleted and only kept for a
    while does not match unless `deleted` says so.
    """

    async def get(self, kind: type[R], *, lock: bool = False, deleted: bool = False, **where: object) -> R | None:
        """The one record that matches; `lock` keeps others from changing it until the transaction ends."""

    async def all(self, kind: type[R], *, deleted: bool = False, **where: object) -> list[R]:
        """Every record that matches, in no order."""

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

    async def dataset_page(
        self,
        visible_to: str | None,
        name_contains: str,
        public_only: bool,
        after: Sequence[object] | None,
        limit: int,
    ) -> list[Dataset]:
        """Datasets by name; `visible_to` is an account that is no administrator, None sees all."""

    async def last_import_times(self, dataset_ids: Sequence[str]) -> dict[str, datetime]:
        """When the newest import of each dataset was completed, checks left out; datasets without one are absent."""

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
        """Imports, newest first; empty `dataset_id` and `statuses` mean all. Without a dataset only a maker's own.

        Of deleted datasets, when asked for, those that the account could analyse.
        """

    async def journal_page(
        self,
        visible_to: str | None,
        dataset_id: str,
        kinds: Sequence[JournalKind],
        after: Sequence[object] | None,
        limit: int,
    ) -> list[JournalEntry]:
        """Entries, newest first; empty `dataset_id` and `kinds` mean all; `visible_to` as with `dataset_page`."""

    async def datasets_deleted_before(self, time: datetime) -> list[Dataset]:
        """Deleted datasets that were kept long enough."""

    async def add(self, record: object) -> None:
        """Keeps a new record; raises `TakenError`."""

    async def ensure(self, record: object) -> None:
        """Keeps a record unless one with its key is there."""

    async def save(self, record: object) -> None:
        """Replaces the record with the same key, if it is still there; raises `TakenError`."""

    async def remove(self, kind: type, **where: object) -> None:
        """Removes every record that matches, and what belongs to it."""

    async def remove_before(self, kind: type, column: str, time: datetime) -> None:
        """Removes records whose time in a column is earlier."""

    async def tell(self, fact: Fact) -> None:
        """Tells the other services, if and when the transaction is committed."""


class Store(Protocol):
    """Opens transactions."""

    def read(self) -> AbstractAsyncContextManager[Records]:
        """Records to look at."""

    def write(self) -> AbstractAsyncContextManager[Records]:
        """Records to change; an exception inside undoes everything."""


class Passwords(Protocol):
    """Hashes passwords, slowly on purpose."""

    async def hash(self, password: str) -> str:
        """A salted hash to keep."""

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Tells whether a password fits; without a hash it takes as long and says no."""
