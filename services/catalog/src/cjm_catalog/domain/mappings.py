"""Mappings: how the columns of a file become event fields."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from cjm_catalog.domain.checks import checked_name, folded, has_control_characters, is_time_zone
from cjm_catalog.domain.repairs import Repair, repair_problem
from cjm_kit.errors import AppError, Code, FieldViolation

MAX_NAME_LENGTH = 100
MAX_COLUMN_LENGTH = 500
MAX_COLUMNS = 500
MAX_PROPERTY_LENGTH = 100
MAX_STEP_RULES = 500
MAX_PATTERN_LENGTH = 500
MAX_STEP_LENGTH = 512
PROPERTY_START = "properties."
# As IANA and the Encoding Standard spell them.
ENCODINGS = ("UTF-8", "UTF-16LE", "UTF-16BE", "windows-1251", "windows-1252", "windows-1258", "ISO-8859-15")
SEPARATORS = (",", ";", "\t", "|")
REQUIRED_FIELDS = ("customer_id", "action_type", "time")
EVENT_FIELDS = frozenset(
    {
        *REQUIRED_FIELDS,
        "event_id",
        "session_id",
        "channel_type",
        "device_browser",
        "device_os",
        "device_category",
        "traffic_source_name",
        "traffic_source_url",
        "interact_item_type",
        "interact_item_id",
        "interact_item_url",
        "interact_item_content",
        "experience_emotion",
        "experience_score",
        "geo_continent",
        "geo_country",
        "geo_city",
        "store_id",
        "employee_id",
        "webpage_hostname",
        "webpage_url",
        "webpage_title",
        "app_name",
        "app_screen_title",
        "order_id",
        "item_id",
        "value",
        "currency",
    }
)


class Function(StrEnum):
    """How a text becomes a value."""

    LOWER = "lower"
    UPPER = "upper"
    STRING = "string"
    INT = "int"
    FLOAT = "float"
    DATETIME = "datetime"
    DATE = "date"


@dataclass(frozen=True)
class MappingColumn:
    """One column of a file and the event field it fills; no function means text without surrounding white space."""

    field: str
    column: str
    function: Function | None = None
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True)
class StepRule:
    """Steps that get another name; in the pattern every "*" stands for any characters."""

    pattern: str
    name: str


@dataclass(frozen=True)
class MappingSpec:
    """What a mapping says, apart from whose it is."""

    name: str
    columns: tuple[MappingColumn, ...]
    time_zone: str = "UTC"
    time_format: str = ""
    decimal_sign: str = "."
    step_rules: tuple[StepRule, ...] = ()
    encoding: str = "UTF-8"
    separator: str = ""
    headerless: bool = False


@dataclass(frozen=True)
class Mapping(MappingSpec):
    """A mapping with an owner; id and owner are empty in a copy that was never stored."""

    mapping_id: str = ""
    owner_id: str = ""
    created_at: datetime | None = None

    @property
    def name_key(self) -> str:
        """The form of the name that is unique."""
        return folded(self.name)


def checked_mapping(spec: MappingSpec, *, needs_name: bool) -> MappingSpec:
    """Returns a mapping in normal form: white space trimmed, defaults filled in.

    Args:
        spec: the mapping as given.
        needs_name: False for one that is used once.

    Raises:
        AppError: INVALID_ARGUMENT mapping_invalid; its violations name everything that is wrong, columns and
            step rules with their place (the first = row 1). Reasons: name_empty, name_too_long,
            name_has_control_characters, columns_empty, columns_too_many, field_empty, field_unknown, field_repeated,
            function_without_column, column_empty, column_too_long, field_missing, repair_repeated,
            repair_reason_unknown, repair_not_possible, repair_text_empty, repair_text_too_long, repair_text_not_used,
            repair_text_has_control_characters, time_zone_unknown, time_format_invalid, decimal_sign_unknown,
            encoding_unknown, separator_unknown, step_rules_too_many,
            step_rule_pattern_empty, step_rule_pattern_too_long, step_rule_name_empty, step_rule_name_too_long,
            step_rule_name_has_control_characters, step_rule_repeated.
    """
    normal = replace(
        spec,
        name=spec.name.strip(),
        columns=tuple(_normal_column(column) for column in spec.columns),
        time_zone=spec.time_zone.strip() or "UTC",
        time_format=spec.time_format.strip(),
        decimal_sign=spec.decimal_sign or ".",
        # A pattern keeps its white space: a column read exactly as it stands has steps with such.
        step_rules=tuple(replace(rule, name=rule.name.strip()) for rule in spec.step_rules),
        encoding=_spelled_encoding(spec.encoding.strip() or "UTF-8"),
    )
    violations: list[FieldViolation] = []
    if normal.name or needs_name:
        try:
            normal = replace(normal, name=checked_name("name", normal.name, MAX_NAME_LENGTH))
        except AppError as error:
            violations.extend(error.violations)
    violations.extend(_column_violations(normal.columns))
    if not is_time_zone(normal.time_zone):
        violations.append(
            FieldViolation(
                "timezone",
                "time_zone_unknown",
                f'"{normal.time_zone}" is no time zone. Give an IANA name such as "Europe/Berlin".',
            )
        )
    if normal.time_format and not _is_time_format(normal.time_format):
        violations.append(
            FieldViolation(
                "time_format",
                "time_format_invalid",
                f'"{normal.time_format}" does not describe a whole date. Write for example "%d.%m.%Y %H:%M", '
                "or day_first or month_first, or leave it empty to detect the form.",
            )
        )
    if normal.decimal_sign not in (".", ","):
        violations.append(
            FieldViolation("decimal_sign", "decimal_sign_unknown", 'The decimal sign is "." or ",". Choose one.')
        )
    if normal.encoding not in ENCODINGS:
        detail = f'"{normal.encoding}" is no encoding that can be read here. Choose one of {", ".join(ENCODINGS)}.'
        violations.append(FieldViolation("encoding", "encoding_unknown", detail))
    if normal.separator and normal.separator not in SEPARATORS:
        detail = 'The separator is ",", ";", tab or "|". Choose one, or leave it empty to detect it.'
        violations.append(FieldViolation("separator", "separator_unknown", detail))
    violations.extend(_step_rule_violations(normal.step_rules))
    if violations:
        raise AppError(
            Code.INVALID_ARGUMENT,
            "mapping_invalid",
            f"The mapping cannot be used: {violations[0].detail}",
            violations=tuple(violations),
        )
    return normal


def _normal_column(column: MappingColumn) -> MappingColumn:
    repairs = tuple(
        replace(repair, reason=repair.reason.strip(), text=repair.text.strip()) for repair in column.repairs
    )
    return replace(column, field=column.field.strip(), column=column.column.strip(), repairs=repairs)


def _spelled_encoding(name: str) -> str:
    return next((known for known in ENCODINGS if known.lower() == name.lower()), name)


def _column_violations(columns: Sequence[MappingColumn]) -> list[FieldViolation]:
    if not columns:
        return [FieldViolation("columns", "columns_empty", "The mapping has no column. Choose at least one.")]
    if len(columns) > MAX_COLUMNS:
        return [FieldViolation("columns", "columns_too_many", f"The mapping has more than {MAX_COLUMNS} columns.")]
    violations: list[FieldViolation] = []
    first_rows: dict[str, int] = {}
    for row, column in enumerate(columns, start=1):
        problem = _column_problem(column)
        if problem is None and column.field in first_rows:
            problem = (
                "field_repeated",
                f"Columns {first_rows[column.field]} and {row} both fill {column.field}. Remove one of them.",
            )
        first_rows.setdefault(column.field, row)
        if problem is not None:
            reason, detail = problem
            violations.append(FieldViolation(column.field or "field", reason, detail, row=row))
    violations.extend(
        FieldViolation(
            field, "field_missing", f"No column fills {field}, which every event needs. Choose a column for it."
        )
        for field in REQUIRED_FIELDS
        if field not in first_rows
    )
    return violations


def _column_problem(column: MappingColumn) -> tuple[str, str] | None:
    property_name = column.field.removeprefix(PROPERTY_START)
    is_property = column.field.startswith(PROPERTY_START) and 1 <= len(property_name) <= MAX_PROPERTY_LENGTH
    if not column.field:
        return "field_empty", "A column names no field. Choose the field it fills."
    if column.field not in EVENT_FIELDS and not is_property:
        return (
            "field_unknown",
            f'There is no event field "{column.field}". Choose a known one or "properties.<name>".',
        )
    if not column.column:
        if column.function is not None:
            return (
                "function_without_column",
                f'The field {column.field} has the function "{column.function}" but no column. Choose the column.',
            )
        return "column_empty", f"The field {column.field} has no column. Choose the column or leave the field out."
    if len(column.column) > MAX_COLUMN_LENGTH:
        return "column_too_long", f"The column for {column.field} is longer than {MAX_COLUMN_LENGTH} characters."
    return repair_problem(column.field, column.repairs)


def _step_rule_violations(rules: Sequence[StepRule]) -> list[FieldViolation]:
    if len(rules) > MAX_STEP_RULES:
        detail = (
            f"The mapping has {len(rules)} step rules. Keep at most {MAX_STEP_RULES}; one pattern can stand for many."
        )
        return [FieldViolation("step_rules", "step_rules_too_many", detail)]
    violations: list[FieldViolation] = []
    first_rows: dict[str, int] = {}
    for row, rule in enumerate(rules, start=1):
        problem = _step_rule_problem(row, rule)
        if problem is None and rule.pattern in first_rows:
            problem = (
                "step_rule_repeated",
                f"Step rules {first_rows[rule.pattern]} and {row} have the same pattern. Remove one of them.",
            )
        first_rows.setdefault(rule.pattern, row)
        if problem is not None:
            reason, detail = problem
            violations.append(FieldViolation("step_rules", reason, detail, row=row))
    return violations


def _step_rule_problem(row: int, rule: StepRule) -> tuple[str, str] | None:
    if not rule.pattern:
        return "step_rule_pattern_empty", f"Step rule {row} has no pattern. Give the step it renames, or a pattern."
    if len(rule.pattern) > MAX_PATTERN_LENGTH:
        detail = f'The pattern of step rule {row} is longer than {MAX_PATTERN_LENGTH} characters. Shorten it with "*".'
        return "step_rule_pattern_too_long", detail
    if not rule.name:
        return "step_rule_name_empty", f"Step rule {row} has no name. Say what its steps are called."
    if len(rule.name) > MAX_STEP_LENGTH:
        detail = f"The name in step rule {row} is longer than {MAX_STEP_LENGTH} characters. Shorten it."
        return "step_rule_name_too_long", detail
    if has_control_characters(rule.name):
        detail = f"The name in step rule {row} holds line ends or other control characters. Remove them."
        return "step_rule_name_has_control_characters", detail
    return None


def _is_time_format(time_format: str) -> bool:
    if time_format in ("day_first", "month_first"):
        return True
    sample = datetime(2024, 11, 28, 13, 14, 15, 123000, tzinfo=UTC)
    try:
        read = datetime.strptime(sample.strftime(time_format), time_format)  # noqa: DTZ007 - only the date is looked at
    except ValueError:
        return False
    return read.date() == sample.date()
