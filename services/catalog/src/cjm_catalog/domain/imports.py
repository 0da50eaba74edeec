"""The life of a file import, from queued to its end."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cjm_catalog.domain.checks import invalid
from cjm_catalog.domain.mappings import Mapping
from cjm_kit.errors import AppError, Code

MAX_FILE_NAME_LENGTH = 255


class ImportStatus(StrEnum):
    """Where an import stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REMOVED = "removed"


_ENDS = frozenset({ImportStatus.COMPLETED, ImportStatus.FAILED, ImportStatus.CANCELLED})
_NEXT: dict[ImportStatus, frozenset[ImportStatus]] = {
    ImportStatus.QUEUED: _ENDS | {ImportStatus.RUNNING},
    ImportStatus.RUNNING: _ENDS,
    ImportStatus.COMPLETED: frozenset({ImportStatus.REMOVED}),
    ImportStatus.FAILED: frozenset(),
    ImportStatus.CANCELLED: frozenset(),
    ImportStatus.REMOVED: frozenset(),
}


@dataclass(frozen=True)
class ImportEntry:
    """One entry of the import log; counts are data rows, `progress_ratio` is 0-1.

    A check of a file whose dataset does not exist yet has no `dataset_id`. An import that replaces its dataset takes
    the place of all that was in it when it began, once it is completed.
    """

    import_id: str
    dataset_id: str | None
    created_by_id: str
    file_name: str
    mapping: Mapping
    all_or_nothing: bool
    is_check: bool
    created_at: datetime
    status: ImportStatus = ImportStatus.QUEUED
    file_bytes: int = 0
    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_duplicate: int = 0
    progress_ratio: float = 0.0
    error_reason: str = ""
    error_detail: str = ""
    finished_at: datetime | None = None
    replaces_dataset: bool = False


@dataclass(frozen=True)
class ImportChange:
    """News of an import; None leaves a value as it is."""

    status: ImportStatus | None = None
    file_bytes: int | None = None
    rows_read: int | None = None
    rows_accepted: int | None = None
    rows_rejected: int | None = None
    rows_duplicate: int | None = None
    progress_ratio: float | None = None
    error_reason: str | None = None
    error_detail: str | None = None


def advanced(entry: ImportEntry, change: ImportChange, now: datetime) -> ImportEntry:
    """Applies news to an import entry.

    A queued or running entry takes any news; an ended one stays as it is, but for a completed one that is removed.
    News that change nothing are welcome at any time, so that a message may come twice.

    Args:
        entry: the entry as stored.
        change: the news.
        now: time of the news, UTC; becomes `finished_at` when the import ends.

    Raises:
        AppError: INVALID_ARGUMENT import_count_invalid; FAILED_PRECONDITION import_ended.
    """
    news = {name: value for name, value in vars(change).items() if value is not None}
    for name, value in news.items():
        if (isinstance(value, int) and value < 0) or (name == "progress_ratio" and not 0 <= value <= 1):
            raise invalid(name, "import_count_invalid", f"The field {name} is {value}; counts are >= 0, ratios 0 to 1.")
    news = {name: value for name, value in news.items() if value != getattr(entry, name)}
    if not news:
        return entry
    status = change.status or entry.status
    is_open = entry.status in (ImportStatus.QUEUED, ImportStatus.RUNNING)
    is_step = status is entry.status or status in _NEXT[entry.status]
    if not is_step or (not is_open and set(news) != {"status"}):
        raise AppError(
            Code.FAILED_PRECONDITION,
            "import_ended" if not is_open else "import_step_not_possible",
            f"Import {entry.import_id} is {entry.status}; it cannot become {status}.",
        )
    if is_open and status in _ENDS:
        news["finished_at"] = now
        if status is ImportStatus.COMPLETED:
            news["progress_ratio"] = 1.0
    return replace(entry, **news)
