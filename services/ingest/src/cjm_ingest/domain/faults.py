"""What can be wrong with a value, and how it is said."""

from dataclasses import dataclass
from dataclasses import field as made
from typing import Final

from cjm_ingest.domain.limits import text_limit
from cjm_ingest.domain.mapping import ColumnRule, Repair

VALUE_CHARACTERS: Final = 200
EXAMPLES_COUNT: Final = 5

# What is wrong, and what to do.
_SENTENCES: Final = {
    "field_missing": ("there is no value", "Fill it in"),
    "not_a_date": ("{value} is not a date", "Correct it"),
    "date_out_of_range": ("{value} is outside the years 1900 to 2299", "Correct it"),
    "year_ambiguous": ("the year of {value} can be 19xx or 20xx", "Write it with four digits"),
    "not_a_whole_number": ("{value} is not a whole number", "Correct it"),
    "not_a_number": ("{value} is not a number", "Correct it"),
    "text_too_long": ("the text is longer than {limit} characters", "Shorten it"),
    "field_too_large": ("the value is larger than 1 MB", "Shorten it"),
    "invalid_utf8": ("{value} is not valid UTF-8 text", "Save the file as UTF-8"),
    "not_in_encoding": (
        "{value} has characters that the encoding chosen for the file does not know",
        "Choose another encoding",
    ),
    "nul_byte": ("{value} contains a NUL byte", "Remove it"),
}
_ROW_SENTENCES: Final = {
    "too_few_columns": "has {found} of {expected} columns, the line may be cut off. Complete it or skip this row.",
    "too_many_columns": "has {found} columns, the first line has {expected}. Put quotation marks around values that "
    "contain the separator, or skip this row.",
    "quote_not_closed": "opens a quotation mark that is never closed, so everything after it was read as one value. "
    "Close it and import the file again.",
}


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why one row was not accepted.

    Attributes:
        row: Number of the data row, from 1.
        field: Event field at fault; empty when the row as a whole is.
        column: Header of the column at fault; likewise.
        value: Value as read, cut after 200 characters.
        reason: Reason code.
        detail: Sentence naming row, column and what to do: whoever mends the file sees its columns.
    """

    row: int
    field: str
    column: str
    value: str
    reason: str
    detail: str


def value_fault(row: int, rule: ColumnRule, value: str, reason: str) -> RowFault:
    """A fault of one value; one that the rule repairs leaves nothing to do."""
    shown = value[:VALUE_CHARACTERS]
    quoted = f'"{shown[:60]}…"' if len(shown) > 60 else f'"{shown}"'
    what, advice = _SENTENCES[reason]
    said = f'Row {row}, column "{rule.column}": {what.format(value=quoted, limit=text_limit(rule.field))}.'
    is_repaired = any(repair.reason == reason for repair in rule.repairs)
    detail = said if is_repaired else f"{said} {advice} or skip this row."
    return RowFault(row, rule.field, rule.column, shown, reason, detail)


def row_fault(row: int, text: str, reason: str, expected_count: int, found_count: int) -> RowFault:
    """A fault of a row as a whole."""
    what = _ROW_SENTENCES[reason].format(expected=expected_count, found=found_count)
    return RowFault(row, "", "", text[:VALUE_CHARACTERS], reason, f"Row {row} {what}")


@dataclass(slots=True)
class Finding:
    """Rows with the same fault in the same column.

    Attributes:
        reason: Reason code.
        field: Event field.
        column: Header of the column.
        rows_count: How many rows; of repaired ones only those that are good thereby.
        examples: The first five of them.
        repair: What the mapping did about it; None when the rows were left out.
    """

    reason: str
    field: str
    column: str
    rows_count: int = 0
    examples: list[RowFault] = made(default_factory=list)
    repair: Repair | None = None


@dataclass(slots=True)
class Tally:
    """What is known of an import so far.

    Attributes:
        rows_read: Data rows read.
        rows_accepted: Good rows.
        rows_rejected: Rows with a fault.
        rows_duplicate: Good rows whose event id was there already.
        progress_ratio: Part of the file read, 0-1.
        findings: Faulty rows by cause, those that were repaired too.
        steps: Good rows by step.
        customers_count: Distinct customers of good rows.
        first_event_at_ms: Earliest time of a good row, milliseconds since 1970 UTC; None without one.
        last_event_at_ms: Latest time; likewise.
    """

    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_duplicate: int = 0
    progress_ratio: float = 0.0
    findings: dict[str, Finding] = made(default_factory=dict)
    steps: dict[str, int] = made(default_factory=dict)
    customers_count: int = 0
    first_event_at_ms: int | None = None
    last_event_at_ms: int | None = None

    def reject(self, fault: RowFault) -> None:
        """Count one faulty row."""
        self.rows_rejected += 1
        self.add(Finding(fault.reason, fault.field, fault.column, 1, [fault]))

    def add(self, more: Finding) -> None:
        """Count rows with the same fault, rejected or repaired."""
        key = f"{more.reason}|{more.field}"
        finding = self.findings.get(key)
        if finding is None:
            finding = self.findings[key] = Finding(more.reason, more.field, more.column, repair=more.repair)
        finding.rows_count += more.rows_count
        finding.examples += more.examples[: EXAMPLES_COUNT - len(finding.examples)]

    def saw_times(self, first_ms: int, last_ms: int) -> None:
        """Widen the period of the import."""
        self.first_event_at_ms = first_ms if self.first_event_at_ms is None else min(first_ms, self.first_event_at_ms)
        self.last_event_at_ms = last_ms if self.last_event_at_ms is None else max(last_ms, self.last_event_at_ms)
