"""What the use cases need of the outside."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cjm_ingest.application.columns import Block
from cjm_ingest.domain.faults import RowFault, Tally
from cjm_ingest.domain.fixes import Fixed
from cjm_ingest.domain.mapping import Mapping
from cjm_ingest.domain.quality import FindingKind


class EventStore(Protocol):
    """Where events are kept, in editions of datasets, each with a key. All methods block."""

    def edition(self, dataset_id: str) -> str:
        """The edition that questions are asked of."""

    def editions(self, dataset_id: str, import_id: str) -> Sequence[str]:
        """The editions that take new events of an import, or of none, the current one first."""

    def begin_edition(self, dataset_id: str, import_id: str) -> None:
        """Begin an edition beside the current one; does nothing the second time."""

    def adopt_edition(self, dataset_id: str, import_id: str) -> None:
        """Put the edition of an import in the place of the current one; does nothing the second time."""

    def abandon_edition(self, dataset_id: str, import_id: str) -> None:
        """Give up the edition of an import; does nothing the second time."""

    def drop_gone(self) -> None:
        """Throw away the events of editions and datasets that are gone; events may arrive meanwhile."""

    def insert(self, rows: pa.RecordBatch | pa.Table, deduplication_token: str) -> None:
        """Store rows, durable and visible when it returns; the same token twice counts once."""

    def existing_event_keys(self, edition: str, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        """Those of the keys that are stored already."""

    def action_codes(self, edition: str, names: Sequence[str]) -> npt.NDArray[np.uint16]:
        """Codes of steps, one per name."""

    def read_place(self, stream: str) -> int:
        """Last sequence of a stream whose events are stored; 0 when none."""

    def write_place(self, stream: str, sequence: int) -> None:
        """Remember that place."""

    def count_import(self, dataset_id: str, import_id: str) -> int:
        """How many events of an import there are."""

    def delete_import(self, dataset_id: str, import_id: str) -> int:
        """Take the events of an import out; returns how many. Raises AppError UNAVAILABLE `disk_full`."""

    def delete_dataset(self, dataset_id: str) -> None:
        """Take all events of a dataset out, for good."""

    def is_deleted(self, dataset_id: str) -> bool:
        """True when the dataset was deleted."""


class TableFile(Protocol):
    """An opened file with rows."""

    def blocks(self) -> Iterator[Block]:
        """Its rows, piece by piece."""


class OpenTableFile(Protocol):
    """Opens a file with rows."""

    def __call__(self, path: Path, mapping: Mapping) -> AbstractContextManager[TableFile]:
        """Open it as the mapping says and make sure that it has the columns."""


class ImportState(StrEnum):
    """Where an import stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """An entry of the log of imports, as far as ingest looks at it.

    Attributes:
        import_id: UUID.
        dataset_id: UUID; empty for a check of a file whose dataset does not exist yet.
        created_by_id: UUID of who started it.
        state: Where it stands.
        file_name: Name of its file.
        file_bytes: Size of its file in bytes.
        mapping: How the columns become fields.
        is_all_or_nothing: True when one bad row fails the whole.
        is_check: True when rows are only checked.
        replaces_dataset: True when it takes the place of all that was in the dataset when it began.
        created_at_seconds: When it was opened, seconds since 1970 UTC.
    """

    import_id: str
    dataset_id: str
    created_by_id: str
    state: ImportState
    file_name: str
    file_bytes: int
    mapping: Mapping
    is_all_or_nothing: bool
    is_check: bool
    replaces_dataset: bool
    created_at_seconds: float


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How an import ended.

    Attributes:
        state: COMPLETED, FAILED or CANCELLED.
        tally: What was found.
        error_reason: Reason code when failed.
        error_detail: Sentence for the user when failed.
    """

    state: ImportState
    tally: Tally
    error_reason: str = ""
    error_detail: str = ""


class ImportLog(Protocol):
    """The log of imports, which belongs to catalog."""

    async def get(self, import_id: str) -> ImportEntry:
        """One entry. Raises AppError NOT_FOUND `import_not_found`."""

    async def completed(self, dataset_id: str) -> AsyncIterator[ImportEntry]:
        """Completed imports of a dataset, newest first; checks aside."""
        yield NotImplemented

    async def received(self, import_id: str, file_bytes: int) -> None:
        """The file is here."""

    async def progress(self, import_id: str, tally: Tally) -> None:
        """It is running and has come this far."""

    async def ended(self, import_id: str, report: ImportReport) -> None:
        """It has ended; an entry that has ended already stays as it is."""

    async def removed(self, import_id: str) -> None:
        """Its rows are out again."""


class RejectedRows(Protocol):
    """Where rejected rows are written."""

    def write(self, faults: Sequence[RowFault]) -> None:
        """Append some."""


class ImportFiles(Protocol):
    """Files, rejected rows and reports of imports. All methods but `receive` block."""

    async def receive(self, import_id: str, dataset_id: str, chunks: AsyncIterator[bytes]) -> int:
        """Keep a file; returns its bytes. Raises AppError TOO_LARGE `file_too_large`, UNAVAILABLE `disk_full`."""

    def path(self, import_id: str) -> Path:
        """Where the file of an import lies. Raises AppError NOT_FOUND `file_gone` when it does not."""

    def share(self, import_id: str, with_import_id: str, dataset_id: str) -> None:
        """Let another import have the file too. Raises AppError NOT_FOUND `file_gone` when it is not there any more."""

    def attempt(self, import_id: str) -> AbstractContextManager[None]:
        """Count a try; raises AppError `import_interrupted` when too many took the process down with them."""

    def rejected(self, import_id: str, dataset_id: str) -> AbstractContextManager[RejectedRows]:
        """Start the list of rejected rows anew."""

    def rejected_page(self, import_id: str, cursor: str, count: int) -> tuple[list[RowFault], str]:
        """Some rejected rows and the cursor of the next ones."""

    def save_report(self, import_id: str, report: ImportReport) -> None:
        """Keep how it ended."""

    def report(self, import_id: str) -> ImportReport | None:
        """How it ended; None when it has not."""

    def drop_file(self, import_id: str) -> None:
        """The uploaded file is not needed any more."""

    def forget(self, import_id: str) -> None:
        """Throw away all there is of an import."""

    def forget_dataset(self, dataset_id: str) -> None:
        """Throw away all there is of the imports of a dataset."""

    def sweep(self) -> None:
        """Throw away what is too old."""


class ImportBus(Protocol):
    """What imports say on the bus."""

    async def request(self, import_id: str, file_import_id: str) -> None:
        """Queue the work."""

    async def completed(self, entry: ImportEntry, rows_stored: int) -> None:
        """All rows are visible."""

    async def failed(self, entry: ImportEntry, reason: str) -> None:
        """It ended without storing anything."""

    async def removed(self, entry: ImportEntry) -> None:
        """The rows are gone."""


class Journal(Protocol):
    """What people did, as it is shown to them later: noted before it is done, shown once it is.

    Noting raises AppError UNAVAILABLE `bus_unavailable`; then it is not to be done.
    """

    async def fixing(self, fix_id: str, dataset_id: str, user_id: str, kind: FindingKind, fixed: Fixed) -> None:
        """A finding is about to be fixed for someone."""

    async def removing(self, entry: ImportEntry, user_id: str, events_count: int) -> None:
        """Someone is about to take a completed import out with its events."""
