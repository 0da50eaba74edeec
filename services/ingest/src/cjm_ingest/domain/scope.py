"""Which events of which dataset, put together to journeys in which way."""

from dataclasses import dataclass
from enum import Enum

from cjm_ingest.domain.filter import AllOf, Filter, split
from cjm_kit.errors import AppError, Code

MAX_GAP_MINUTES = 10_080


class CaseNotion(Enum):
    """What makes one journey."""

    CUSTOMER = "customer"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Scope:
    """The frame of a question about journeys.

    A journey is all events of a customer that lie in the period and pass the filter's conditions on events; by
    session it is those of one session id (events without one form a journey of their own), or the pieces between
    pauses longer than `session_gap_minutes`. Order: time, then order of arrival.

    Attributes:
        dataset_id: UUID of the dataset.
        from_ms: First instant, milliseconds since 1970-01-01 UTC, inclusive; None for no bound.
        to_ms: Last instant, exclusive; None for no bound.
        case_notion: What makes one journey.
        session_gap_minutes: With sessions, the longest pause within one; 0 uses the session id of the events.
        filter: What to keep; None keeps everything.
    """

    dataset_id: str
    from_ms: int | None = None
    to_ms: int | None = None
    case_notion: CaseNotion = CaseNotion.CUSTOMER
    session_gap_minutes: int = 0
    filter: Filter | None = None

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            AppError: INVALID_ARGUMENT `period_reversed` or `session_gap_out_of_range`.
        """
        if self.from_ms is not None and self.to_ms is not None and self.from_ms > self.to_ms:
            raise AppError(
                Code.INVALID_ARGUMENT, "period_reversed", "The period ends before it starts. Swap from and to."
            )
        if not 0 <= self.session_gap_minutes <= MAX_GAP_MINUTES:
            raise AppError(
                Code.INVALID_ARGUMENT,
                "session_gap_out_of_range",
                f"session_gap_minutes is {self.session_gap_minutes}; it must be 1-{MAX_GAP_MINUTES}, "
                "or 0 to use session ids.",
            )

    @property
    def gap_ms(self) -> int:
        """Longest pause within a session in milliseconds; 0 when pauses do not matter."""
        return self.session_gap_minutes * 60_000 if self.case_notion is CaseNotion.SESSION else 0

    @property
    def asks_of_journeys(self) -> bool:
        """True when whole journeys are left out.

        Raises:
            AppError: INVALID_ARGUMENT `filter_mixed`.
        """
        return split(self.filter)[1] != AllOf(())
