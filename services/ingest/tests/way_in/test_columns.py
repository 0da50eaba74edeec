"""Whole columns give what single values give."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cjm_ingest.application.columns import Block, Converted, Converter
from cjm_ingest.domain.mapping import ColumnRule, Function, Mapping
from cjm_ingest.domain.times import read_time
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
    assert _value("Aug 1 2021 10:00", "time", Function.TRIM, time_format="%b %d %Y %H:%M") == at_ten


@pytest.mark.parametrize(
    ("field", "function", "text", "reason"),
    [
        ("time", Function.TRIM, "31.02.2024", "not_a_date"),
        ("time", Function.TRIM, "2400-01-01", "date_out_of_range"),
        ("time", Function.TRIM, "1700-01-01", "date_out_of_range"),
        ("time", Function.TRIM, " ", "field_missing"),
        ("customer_id", Function.TRIM, "", "field_missing"),
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
def test_whole_columns_of_times_equal_single_values(form: str, items: list[object]) -> None:
    texts = ["13/01/2024"] + [item if isinstance(item, str) else item.strftime(form) for item in items]  # type: ignore[attr-defined]
    converted = _convert({"x": [text.replace("\0", "") for text in texts]}, [ColumnRule("time", "x")])
    expected = {}
    for row, text in enumerate(texts, start=1):
        moment = read_time(text.replace("\0", "").strip())
        if moment is not None and -2_208_988_800_000 <= moment.microseconds // 1000 <= 10_413_705_600_000:
            expected[row] = moment.microseconds // 1000
    assert dict(zip(converted.rows.tolist(), converted.columns["time"].to_pylist(), strict=True)) == expected
