"""The rules that need no database."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cjm_catalog.domain.checks import decode_cursor, encode_cursor, folded, moment, text
from cjm_catalog.domain.imports import ImportChange, ImportEntry, ImportStatus, advanced
from cjm_catalog.domain.mappings import (
    EVENT_FIELDS,
    Function,
    Mapping,
    MappingColumn,
    MappingSpec,
    StepRule,
    checked_mapping,
)
from cjm_catalog.domain.repairs import Repair, RepairAction, offered_repairs
from cjm_kit.errors import AppError

NOW = datetime(2026, 1, 5, tzinfo=UTC)
GOOD = MappingSpec(
    "shop",
    (
        MappingColumn("customer_id", "user"),
        MappingColumn("action_type", "event"),
        MappingColumn("time", "at"),
    ),
)


def faults(spec: MappingSpec, *, needs_name: bool = True) -> list[tuple[str, str, int | None]]:
    with pytest.raises(AppError) as caught:
        checked_mapping(spec, needs_name=needs_name)
    return [(fault.field, fault.reason, fault.row) for fault in caught.value.violations]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("é", "E\u0301"),
        (" a ", "A"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Web shop\u200b", "\u2066web\u00ad shop"),
        ("e\u200b\u0301", "é"),
    ],
)
def test_names_that_differ_in_case_or_composition_only_are_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_a_cursor_comes_back_as_it_was() -> None:
    assert decode_cursor(encode_cursor("é", ""), text, text) == ("é", "")
    assert decode_cursor("", text) is None


@pytest.mark.parametrize(
    "content", [b"no JSON", b"[1]", b'["a", "b"]', b"[" * 100_000, b'["9999-12-31T23:59:59-10:00"]', b'["2024-01-01"]']
)
def test_a_cursor_of_somebody_else_is_refused(content: bytes) -> None:
    with pytest.raises(AppError) as caught:
        decode_cursor(urlsafe_b64encode(content).decode(), moment)
    assert caught.value.reason == "page_token_invalid"


def test_a_mapping_without_columns_has_one_fault() -> None:
    assert faults(replace(GOOD, columns=())) == [("columns", "columns_empty", None)]


def test_every_event_field_and_function_can_be_mapped() -> None:
    others = sorted(EVENT_FIELDS - {column.field for column in GOOD.columns})
    columns = [MappingColumn(field, field, function) for field, function in zip(others, [*Function] * 9, strict=False)]
    assert len(checked_mapping(replace(GOOD, columns=(*GOOD.columns, *columns)), needs_name=True).columns) == len(
        EVENT_FIELDS
    )


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (MappingColumn("", "x"), "field_empty"),
        (MappingColumn("properties.", "x"), "field_unknown"),
        (MappingColumn("properties." + "x" * 101, "x"), "field_unknown"),
        (MappingColumn("import_id", "x"), "field_unknown"),
        (MappingColumn("currency", " ", Function.UPPER), "function_without_column"),
        (MappingColumn("currency", ""), "column_empty"),
        (MappingColumn("currency", "x" * 501), "column_too_long"),
        (MappingColumn("time", "x"), "field_repeated"),
    ],
)
def test_a_bad_column_is_named_with_its_place(column: MappingColumn, reason: str) -> None:
    spec = replace(GOOD, columns=(*GOOD.columns, column))
    assert [fault[1:] for fault in faults(spec)] == [(reason, 4)]


_CUT, _EMPTY, _TEXT = RepairAction.CUT, RepairAction.LEAVE_EMPTY, RepairAction.USE_TEXT


@pytest.mark.parametrize(
    ("field", "repairs", "reason"),
    [
        ("value", [Repair("not_a_number", _EMPTY), Repair("not_a_number", _EMPTY)], "repair_repeated"),
        ("value", [Repair("too_few_columns", _EMPTY)], "repair_reason_unknown"),
        ("value", [Repair("not_a_number", _CUT)], "repair_not_possible"),
        ("value", [Repair("not_a_number", None)], "repair_not_possible"),
        ("value", [Repair("not_a_number", _EMPTY, "0")], "repair_text_not_used"),
        ("order_id", [Repair("text_too_long", _CUT)], "repair_not_possible"),
        ("channel_type", [Repair("field_missing", _TEXT, "x")], "repair_not_possible"),
        ("action_type", [Repair("field_missing", _EMPTY)], "repair_not_possible"),
        ("action_type", [Repair("field_missing", _TEXT, " ")], "repair_text_empty"),
        ("action_type", [Repair("field_missing", _TEXT, "x" * 513)], "repair_text_too_long"),
        ("action_type", [Repair("field_missing", _TEXT, "a\nb")], "repair_text_has_control_characters"),
        ("customer_id", [Repair("text_too_long", _CUT)], "repair_not_possible"),
        ("time", [Repair("not_a_date", _EMPTY)], "repair_not_possible"),
    ],
)
def test_a_bad_repair_is_named_with_its_column(field: str, repairs: list[Repair], reason: str) -> None:
    others = [column for column in GOOD.columns if column.field != field]
    spec = replace(GOOD, columns=(*others, MappingColumn(field, "x", None, tuple(repairs))))
    assert faults(spec) == [(field, reason, len(others) + 1)]


def test_what_is_offered_for_a_fault_can_be_said_in_a_mapping() -> None:
    reasons = ("field_missing", "not_a_number", "not_a_date", "text_too_long", "nul_byte", "too_many_columns")
    offered = {
        (field, reason): actions
        for field in (*EVENT_FIELDS, "properties.x")
        for reason in reasons
        if (actions := offered_repairs(field, reason))
    }
    assert not {field for field, _ in offered} & {"customer_id", "time"}
    assert {reason for field, reason in offered if field == "action_type"} == {
        "field_missing",
        "text_too_long",
        "nul_byte",
    }
    assert offered["properties.x", "nul_byte"] == (RepairAction.CLEAN, _EMPTY)
    for (field, reason), actions in offered.items():
        for action in actions:
            repair = Repair(f" {reason} ", action, " Unknown " if action is _TEXT else "")
            others = [column for column in GOOD.columns if column.field != field]
            spec = replace(GOOD, columns=(*others, MappingColumn(field, "x", None, (repair,))))
            (kept,) = checked_mapping(spec, needs_name=True).columns[-1].repairs
            assert kept == Repair(reason, action, repair.text.strip())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": ""}, ("name", "name_empty", None)),
        ({"name": "x" * 101}, ("name", "name_too_long", None)),
        ({"time_zone": "Mars"}, ("timezone", "time_zone_unknown", None)),
        ({"decimal_sign": ";"}, ("decimal_sign", "decimal_sign_unknown", None)),
        ({"encoding": "latin-9"}, ("encoding", "encoding_unknown", None)),
        ({"separator": ":"}, ("separator", "separator_unknown", None)),
        ({"separator": ";;"}, ("separator", "separator_unknown", None)),
        ({"time_format": "%H:%M"}, ("time_format", "time_format_invalid", None)),
        ({"time_format": "%Q"}, ("time_format", "time_format_invalid", None)),
        ({"time_format": "ambiguous"}, ("time_format", "time_format_invalid", None)),
        ({"columns": GOOD.columns * 200}, ("columns", "columns_too_many", None)),
    ],
)
def test_a_bad_setting_is_named(change: dict[str, Any], fault: tuple[str, str, None]) -> None:
    assert faults(replace(GOOD, **change)) == [fault]


@pytest.mark.parametrize(
    ("given", "spelled"),
    [("", "UTF-8"), (" utf-8 ", "UTF-8"), ("Windows-1258", "windows-1258"), ("iso-8859-15", "ISO-8859-15")],
)
def test_an_encoding_is_spelled_as_its_standard_does(given: str, spelled: str) -> None:
    assert checked_mapping(replace(GOOD, encoding=given), needs_name=True).encoding == spelled


@pytest.mark.parametrize("separator", ["", ",", ";", "\t", "|"])
def test_a_separator_is_kept_also_a_blank_one(separator: str) -> None:
    assert checked_mapping(replace(GOOD, separator=separator), needs_name=True).separator == separator


@pytest.mark.parametrize(
    "time_format",
    ["day_first", "month_first", "%Y-%m-%d", "%d.%m.%y %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S%z", "%b %d, %Y, %I %p"],
)
def test_a_time_format_that_gives_a_date_is_taken(time_format: str) -> None:
    assert checked_mapping(replace(GOOD, time_format=time_format), needs_name=True).time_format == time_format


@pytest.mark.parametrize(
    ("rules", "problems"),
    [
        ([("", "x")], [("step_rule_pattern_empty", 1)]),
        ([("a", "x"), ("x" * 501, "x")], [("step_rule_pattern_too_long", 2)]),
        ([("a", " ")], [("step_rule_name_empty", 1)]),
        ([("a", "x" * 513)], [("step_rule_name_too_long", 1)]),
        ([("a", "x\ny")], [("step_rule_name_has_control_characters", 1)]),
        ([("a", "x"), ("", "x"), ("a", "y")], [("step_rule_pattern_empty", 2), ("step_rule_repeated", 3)]),
        ([(str(number), "x") for number in range(501)], [("step_rules_too_many", None)]),
    ],
)
def test_a_bad_step_rule_is_named_with_its_number(rules: list[tuple[str, str]], problems: list[Any]) -> None:
    spec = replace(GOOD, step_rules=tuple(StepRule(*rule) for rule in rules))
    assert faults(spec) == [("step_rules", *problem) for problem in problems]
    with pytest.raises(AppError) as caught:
        checked_mapping(spec, needs_name=True)
    for fault in caught.value.violations:
        assert str(fault.row or "501") in fault.detail


def test_step_rules_keep_their_order_and_the_white_space_of_patterns() -> None:
    rules = (StepRule(" a", " A "), StepRule("*", "Other"), *(StepRule(f"{i}*", "x" * 512) for i in range(498)))
    checked = checked_mapping(replace(GOOD, step_rules=rules), needs_name=True)
    assert checked.step_rules == (StepRule(" a", "A"), *rules[1:])


def entry(status: ImportStatus) -> ImportEntry:
    return ImportEntry(
        "i", "d", "u", "a.csv", Mapping("", ()), all_or_nothing=False, is_check=False, created_at=NOW, status=status
    )


@pytest.mark.parametrize("old", ImportStatus)
@pytest.mark.parametrize("new", ImportStatus)
def test_an_import_moves_only_forward(old: ImportStatus, new: ImportStatus) -> None:
    ends = {ImportStatus.COMPLETED, ImportStatus.FAILED, ImportStatus.CANCELLED}
    possible = {
        ImportStatus.QUEUED: {ImportStatus.QUEUED, ImportStatus.RUNNING, *ends},
        ImportStatus.RUNNING: {ImportStatus.RUNNING, *ends},
        ImportStatus.COMPLETED: {ImportStatus.COMPLETED, ImportStatus.REMOVED},
    }.get(old, {old})
    if new in possible:
        moved = advanced(entry(old), ImportChange(status=new), NOW)
        assert moved.status is new
        assert (moved.finished_at is NOW) == (new in ends and old is not new)
    else:
        with pytest.raises(AppError) as caught:
            advanced(entry(old), ImportChange(status=new), NOW)
        assert caught.value.reason in ("import_ended", "import_step_not_possible")


@pytest.mark.parametrize("change", [ImportChange(rows_read=-1), ImportChange(progress_ratio=1.5)])
def test_impossible_counts_are_refused(change: ImportChange) -> None:
    with pytest.raises(AppError, match="import_count_invalid"):
        advanced(entry(ImportStatus.RUNNING), change, NOW)
