"""How the columns of a file become the fields of events."""

from dataclasses import dataclass
from enum import StrEnum


class Function(StrEnum):
    """What happens to a text on its way into a field."""

    TRIM = "trim"
    LOWER = "lower"
    UPPER = "upper"
    STRING = "string"
    INT = "int"
    FLOAT = "float"
    DATETIME = "datetime"
    DATE = "date"


class RepairAction(StrEnum):
    """What becomes of a faulty value."""

    LEAVE_EMPTY = "leave_empty"
    USE_TEXT = "use_text"
    CUT = "cut"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Repair:
    """What to do about one fault in one column.

    Attributes:
        reason: Reason code of the fault.
        action: What becomes of the value.
        text: With USE_TEXT, what counts as if it stood in the file.
    """

    reason: str
    action: RepairAction
    text: str = ""


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """One column and the field it fills.

    Attributes:
        field: Event field, or "properties.<name>".
        column: Header of the column.
        function: What happens to its texts.
        repairs: What to do about faults, each at most once; rows with others are left out.
    """

    field: str
    column: str
    function: Function = Function.TRIM
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True)
class StepRule:
    """Steps that get another name.

    Attributes:
        pattern: The whole text of a step; every "*" stands for any characters, also none.
        name: What fitting steps are called.
    """

    pattern: str
    name: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """All columns of a file that are used.

    Attributes:
        columns: One rule per field.
        time_zone: IANA name, for times that carry no zone.
        time_format: "day_first" or "month_first" for dates that fit both, a strptime pattern, or empty to detect.
        decimal_sign: "." or ",".
        step_rules: Other names for steps; the first rule that fits counts.
        encoding: Of the file, as IANA spells it; its byte order mark counts more.
        separator: One of `, ; tab |`; empty detects.
        headerless: The first row is data; columns are called "Column 1" and so on.
    """

    columns: tuple[ColumnRule, ...]
    time_zone: str = "UTC"
    time_format: str = ""
    decimal_sign: str = "."
    step_rules: tuple[StepRule, ...] = ()
    encoding: str = "UTF-8"
    separator: str = ""
    headerless: bool = False
