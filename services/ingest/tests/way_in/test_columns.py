"""Whole columns give what single values give."""

import re
from collections import Counter
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cjm_ingest.application.columns import Block, Converted, Converter
from cjm_ingest.domain.mapping import ColumnRule, Function, Mapping, Repair, RepairAction, StepRule
from cjm_ingest.domain.times import AMBIGUOUS_YEAR, read_time
from cjm_kit.errors import AppError

_TIME = "2021-08-01 10:00"


def _convert(values: dict[str, list[str]], rules: list[ColumnRule], **mapping: Any) -> Converted:
    """Convert columns; customer, step and time are filled in where they are absent."""
    count = len(next(iter(values.values())))
    columns = {"customer_id": ["c"] * count, "action_type": ["a"] * count, "time": [_TIME] * count, **values}
    mapped = {rule.field for rule in rules}
    required = [ColumnRule(name, name) for name in ("customer_id", "action_type", "time") if name not in mapped]
    arrays = {name: pa.array(texts, pa.string()) for name, texts in columns.items()}
    has_invalid = any("\ufdd1" in text for texts in values.values() for text in texts)
    block = Block(arrays, np.arange(1, count + 1), [], 1.0, has_invalid, has_nul=True)
    return Converter(Mapping((*rules, *required), **mapping), columns).convert(block)


def _value(text: str, field: str, function: Function, **mapping: str) -> object:
    converted = _convert({"x": [text]}, [ColumnRule(field, "x", function)], **mapping)
    assert not converted.faults, converted.faults
    return converted.columns["properties" if field.startswith("properties.") else field].to_pylist()[0]


@pytest.mark.parametrize(
    ("text", "function", "stored"),
    [
        (" Web ", Function.TRIM, "Web"),
        (" Web ", Function.LOWER, "web"),
        (" Web ", Function.UPPER, "WEB"),
        (" Web ", Function.STRING, " Web "),
        ("3", Function.INT, "3"),
        ("007", Function.INT, "7"),
        ("2.5", Function.FLOAT, "2.5"),
        ("2021-08-01 10:00", Function.DATETIME, "2021-08-01T10:00:00.000Z"),
        ("2021-08-01 10:00", Function.DATE, "2021-08-01"),
        ("01.02.75", Function.DATE, "1975-02-01"),
        ("NA", Function.TRIM, "NA"),
        ("null", Function.TRIM, "null"),
    ],
)
def test_functions_on_a_text_field(text: str, function: Function, stored: str) -> None:
    assert _value(text, "channel_type", function) == stored


def test_functions_on_free_properties_keep_numbers_as_numbers() -> None:
    assert _value("3", "properties.x", Function.INT) == '{"x":3}'
    assert _value("2.5", "properties.x", Function.FLOAT) == '{"x":2.5}'
    assert _value(' a"\\b\n', "properties.é", Function.TRIM) == '{"é":"a\\"\\\\b"}'
    assert _value("", "properties.x", Function.TRIM) is None


def test_a_time_goes_through_the_zone_of_the_mapping() -> None:
    at_ten = 1_627_812_000_000  # 2021-08-01 10:00 UTC
    assert _value(_TIME, "time", Function.TRIM) == at_ten
    assert _value(_TIME, "time", Function.DATETIME, time_zone="Europe/Berlin") == at_ten - 2 * 3_600_000
    assert _value("2021-08-01T10:00:00Z", "time", Function.TRIM, time_zone="Europe/Berlin") == at_ten
    assert _value(_TIME, "time", Function.DATE, time_zone="Europe/Berlin") == at_ten - 12 * 3_600_000
    # 2:30 happens twice in autumn (the first counts) and never in spring (the end of the gap counts)
    assert _value("2021-10-31 02:30", "time", Function.TRIM, time_zone="Europe/Berlin") == 1_635_640_200_000
    assert _value("2021-03-28 02:30", "time", Function.TRIM, time_zone="Europe/Berlin") == 1_616_893_200_000
    assert _value("01|08|2021 10h00", "time", Function.TRIM, time_format="%d|%m|%Y %Hh%M") == at_ten
    assert _value("01.02.75", "time", Function.TRIM, time_format="%d.%m.%y") == 160_444_800_000  # 1975 by what was said
    assert _value("Aug 1 2021 10:00", "time", Function.TRIM, time_format="%b %d %Y %H:%M") == at_ten


@pytest.mark.parametrize(
    ("field", "function", "text", "reason"),
    [
        ("time", Function.TRIM, "31.02.2024", "not_a_date"),
        ("time", Function.TRIM, "2400-01-01", "date_out_of_range"),
        ("time", Function.TRIM, "1700-01-01", "date_out_of_range"),
        ("time", Function.TRIM, "01.02.75", "year_ambiguous"),
        ("time", Function.DATE, "12/31/69 10:00Z", "year_ambiguous"),
        ("time", Function.TRIM, "32.02.75", "not_a_date"),
        ("time", Function.TRIM, " ", "field_missing"),
        ("customer_id", Function.TRIM, "", "field_missing"),
        ("customer_id", Function.STRING, " \u00a0\t", "field_missing"),
        ("action_type", Function.STRING, "  ", "field_missing"),
        ("customer_id", Function.TRIM, "x" * 513, "text_too_long"),
        ("value", Function.TRIM, "NaN", "not_a_number"),
        ("value", Function.TRIM, "1,5", "not_a_number"),
        ("value", Function.INT, "2.5", "not_a_whole_number"),
        ("store_id", Function.INT, "0x10", "not_a_whole_number"),
        ("properties.x", Function.FLOAT, "inf", "not_a_number"),
        ("webpage_url", Function.TRIM, "x" * (1 << 20) + "y", "field_too_large"),
        ("geo_city", Function.TRIM, "M\ufdd1nchen", "invalid_utf8"),
        ("geo_city", Function.TRIM, "a\0b", "nul_byte"),
    ],
)
def test_a_bad_value_is_named_and_the_other_rows_stay(field: str, function: Function, text: str, reason: str) -> None:
    good = {"time": _TIME, "value": "1", "properties.x": "1"}.get(field, "7")
    converted = _convert({"x": [good, text, good]}, [ColumnRule(field, "x", function)])
    (fault,) = converted.faults
    assert (fault.row, fault.field, fault.column, fault.reason) == (2, field, "x", reason)
    assert fault.detail.startswith('Row 2, column "x": ')
    assert len(fault.value) <= 200
    assert converted.rows.tolist() == [1, 3]
    assert all(len(values) == 2 for values in converted.columns.values())


def test_a_row_counts_once_with_its_first_fault() -> None:
    rules = [ColumnRule("value", "x"), ColumnRule("customer_id", "y")]
    converted = _convert({"x": ["bad", "1"], "y": ["", "c"]}, rules)
    assert [fault.reason for fault in converted.faults] == ["not_a_number"]


def test_decimal_commas() -> None:
    texts = ["1.234,50", "3,5", "12", "", "1\u00a0234,5", "1\u202f234\u202f567"]
    converted = _convert({"x": texts}, [ColumnRule("value", "x")], decimal_sign=",")
    assert converted.columns["value"].to_pylist() == [1234.5, 3.5, 12.0, None, 1234.5, 1_234_567.0]


def test_dates_that_can_be_read_two_ways_are_refused() -> None:
    with pytest.raises(AppError, match="time_format_ambiguous"):
        _convert({"x": ["1/2/2024", "3/4/2024"]}, [ColumnRule("time", "x")])


_FORMS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M", "%Y-%m-%d", "%d/%m/%Y %H:%M:%S"]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(_FORMS),
    st.lists(st.one_of(st.datetimes(), st.text(max_size=12)), min_size=1, max_size=30),
)
@example("%d.%m.%Y %H:%M", [datetime(99, 1, 1), datetime(68, 1, 1)])  # noqa: DTZ001 - %Y writes "99"
def test_whole_columns_of_times_equal_single_values(form: str, items: list[object]) -> None:
    texts = ["13/01/2024"] + [item if isinstance(item, str) else item.strftime(form) for item in items]  # type: ignore[attr-defined]
    converted = _convert({"x": [text.replace("\0", "") for text in texts]}, [ColumnRule("time", "x")])
    expected = {}
    for row, text in enumerate((text.replace("\0", "").strip() for text in texts), start=1):
        moment = None if re.match(AMBIGUOUS_YEAR, text) else read_time(text)
        if moment is not None and -2_208_988_800_000 <= moment.microseconds // 1000 <= 10_413_705_600_000:
            expected[row] = moment.microseconds // 1000
    assert dict(zip(converted.rows.tolist(), converted.columns["time"].to_pylist(), strict=True)) == expected


_EMPTY, _TEXT, _CUT, _CLEAN = RepairAction.LEAVE_EMPTY, RepairAction.USE_TEXT, RepairAction.CUT, RepairAction.CLEAN
_REPAIRABLE = {
    "action_type": {
        "field_missing": [Repair("field_missing", _TEXT, "Unknown")],
        "text_too_long": [Repair("text_too_long", _CUT)],
        "nul_byte": [Repair("nul_byte", _CLEAN)],
        "invalid_utf8": [Repair("invalid_utf8", _CLEAN)],
    },
    "value": {reason: [Repair(reason, _EMPTY)] for reason in ("not_a_number", "nul_byte", "invalid_utf8")},
    "channel_type": {
        "text_too_long": [Repair("text_too_long", _CUT), Repair("text_too_long", _EMPTY)],
        "nul_byte": [Repair("nul_byte", _CLEAN), Repair("nul_byte", _EMPTY)],
        "invalid_utf8": [Repair("invalid_utf8", _CLEAN), Repair("invalid_utf8", _EMPTY)],
    },
}
_CELLS = [
    "",
    " ",
    "1",
    " 2.5 ",
    "free",
    "Ab",
    "\0",
    "1\0",
    "a\0\ufdd1",
    "\ufdd1",
    "x" * 513,
    "Y" * 600 + "\0",
    "\0" * 513,
]


def _slowly(text: str, rule: ColumnRule) -> tuple[object, str, list[str]]:
    """One value by itself: what is stored, the fault that remains, the faults that were repaired."""
    repairs = {repair.reason: repair for repair in rule.repairs}
    done: list[str] = []
    value: str | None = text
    for reason in ("invalid_utf8", "nul_byte", "field_missing", "not_a_number", "text_too_long"):
        if reason == "field_missing":
            value = None if value is None else value.strip(" ") or None
        given = "" if value is None else value
        bad = {
            "invalid_utf8": "\ufdd1" in given,
            "nul_byte": "\0" in given,
            "field_missing": value is None and rule.field == "action_type",
            "not_a_number": rule.field == "value" and value is not None and not given.replace(".", "", 1).isdigit(),
            "text_too_long": rule.field != "value" and len(given) > 512,
        }[reason]
        if not bad:
            continue
        repair = repairs.get(reason)
        if repair is None:
            return None, reason, done
        done.append(reason)
        cleaned = given.replace("\ufdd1", "\ufffd") if reason == "invalid_utf8" else given.replace("\0", "")
        value = {_EMPTY: None, _TEXT: repair.text, _CUT: given[:512], _CLEAN: cleaned}[repair.action]
    if value is None or rule.field == "action_type":
        return value, "", done
    return float(value) if rule.field == "value" else value.lower(), "", done


def _some_repairs(field: str) -> st.SearchStrategy[tuple[Repair, ...]]:
    choices = [st.sampled_from([None, *repairs]) for repairs in _REPAIRABLE[field].values()]
    return st.tuples(*choices).map(lambda chosen: tuple(repair for repair in chosen if repair))


@settings(max_examples=150, deadline=None)
@given(st.data(), st.lists(st.tuples(*[st.sampled_from(_CELLS)] * len(_REPAIRABLE)), min_size=1, max_size=12))
def test_repaired_columns_equal_values_repaired_one_by_one(data: st.DataObject, cells: list[tuple[str, ...]]) -> None:
    rules = [
        ColumnRule(
            field, field, Function.LOWER if field == "channel_type" else Function.TRIM, data.draw(_some_repairs(field))
        )
        for field in _REPAIRABLE
    ]
    converted = _convert({rule.column: [row[place] for row in cells] for place, rule in enumerate(rules)}, rules)
    expected: dict[int, tuple[object, ...]] = {}
    faults: list[tuple[int, str, str]] = []
    counts = Counter[tuple[str, str]]()
    for number, row in enumerate(cells, start=1):
        found = [(rule, *_slowly(text, rule)) for text, rule in zip(row, rules, strict=True)]
        first = next(((number, rule.field, fault) for rule, _, fault, _ in found if fault), None)
        if first:
            faults.append(first)
            continue
        expected[number] = tuple(value for _, value, _, _ in found)
        counts.update((rule.field, reason) for rule, _, _, done in found for reason in done)
    stored = zip(*(converted.columns[field].to_pylist() for field in _REPAIRABLE), strict=True)
    assert dict(zip(converted.rows.tolist(), stored, strict=True)) == expected
    assert [(fault.row, fault.field, fault.reason) for fault in converted.faults] == faults
    repaired = {(found.field, found.reason): found for found in converted.repaired}
    assert {key: found.rows_count for key, found in repaired.items() if found.rows_count} == dict(counts)
    assert all(example.row in expected for found in repaired.values() for example in found.examples)


@pytest.mark.parametrize("text", ["31.02.2024", "1700-01-01"])
def test_a_date_of_another_field_is_left_empty(text: str) -> None:
    repairs = (Repair("not_a_date", _EMPTY), Repair("date_out_of_range", _EMPTY))
    rule = ColumnRule("properties.born", "x", Function.DATE, repairs)
    converted = _convert({"x": ["1999-05-06", text]}, [rule])
    assert converted.columns["properties"].to_pylist() == ['{"born":"1999-05-06"}', None]
    (found,) = converted.repaired
    assert (found.rows_count, found.repair in repairs, found.examples[0].value) == (1, True, text)
    assert found.examples[0].detail.endswith(("is not a date.", "1900 to 2299."))


def test_a_value_above_a_megabyte_is_cut_and_a_step_given_for_none_can_be_renamed() -> None:
    long = ColumnRule("webpage_url", "x", Function.TRIM, (Repair("field_too_large", _CUT),))
    step = ColumnRule("action_type", "y", Function.TRIM, (Repair("field_missing", _TEXT, "Unknown"),))
    rules = (StepRule("Unk*", "Other"),)
    converted = _convert({"x": ["z" * ((1 << 20) + 1), "/"], "y": ["", "a"]}, [long, step], step_rules=rules)
    assert converted.columns["webpage_url"].to_pylist() == ["z" * 8192, "/"]
    assert converted.columns["action_type"].to_pylist() == ["Other", "a"]
    assert [(found.reason, found.rows_count) for found in converted.repaired] == [
        ("field_too_large", 1),
        ("field_missing", 1),
    ]
