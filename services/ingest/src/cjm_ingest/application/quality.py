"""Judging a dataset: what its events tell, and how its newest import went."""

from dataclasses import dataclass
from typing import Protocol

from cjm_ingest.application.questions import EventQuestions
from cjm_ingest.domain.answers import AsOf
from cjm_ingest.domain.quality import QualityReport, rejected_rows


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How many rows of a completed import were read and rejected."""

    import_id: str
    rows_read: int
    rows_rejected: int


class ImportResults(Protocol):
    """Who knows how imports went."""

    async def newest_result(self, dataset_id: str) -> ImportResult | None:
        """Of the newest completed import of a dataset; None without one."""
        ...


async def check_quality(
    store: EventQuestions, imports: ImportResults, dataset_id: str, time_zone: str, now_ms: int
) -> AsOf[QualityReport]:
    """Look for everything that makes the numbers of a dataset doubtful.

    Args:
        store: Who knows the events.
        imports: Who knows how imports went.
        dataset_id: UUID.
        time_zone: IANA name; days begin at its midnight.
        now_ms: Now, milliseconds since 1970-01-01 UTC.
    """
    checked = await store.check_events(dataset_id, time_zone, now_ms)
    events_count, findings = checked.answer
    newest = await imports.newest_result(dataset_id)
    if newest is not None:
        findings = (rejected_rows(newest.import_id, newest.rows_read, newest.rows_rejected), *findings)
    return AsOf(QualityReport(events_count, findings), checked.as_of_ms, is_current=checked.is_current)
