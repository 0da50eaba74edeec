"""Columns of texts become columns of event fields: whole arrays at once, single values only where that fails."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cjm_ingest.application.step_names import StepNames
from cjm_ingest.domain.faults import EXAMPLES_COUNT, Finding, RowFault, value_fault
from cjm_ingest.domain.fields import NUMBER_FIELDS, PROPERTY_PREFIX, REQUIRED_FIELDS
from cjm_ingest.domain.limits import EARLIEST_MS, FIELD_BYTES, LATEST_MS, text_limit
from cjm_ingest.domain.mapping import ColumnRule, Function, Repair, RepairAction
from cjm_ingest.domain.mapping import Mapping as ColumnMapping
from cjm_ingest.domain.times import AMBIGUOUS_YEAR, DayOrder, day_order, read_time
from cjm_kit.errors import AppError, Code

# Stands for bytes that the encoding does not know; a code point that Unicode reserves for such private use.
INVALID_UTF8_MARK: Final = "\ufdd1"
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

_SLICE_ROWS: Final = 4096
_WHOLE_NUMBER: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_POINT_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
# Spreadsheets group digits with spaces that do not break.
_COMMA_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,3}(?:[.\s\u00a0\u202f]\d{3})+|\d+)(?:,\d+)?", re.ASCII)
_ISO_FROM_DAY_FIRST: Final = (r"^(\d{2})[./-](\d{2})[./-](\d{4})([T ].*)?$", r"\3-\2-\1\4")
_ISO_FROM_MONTH_FIRST: Final = (r"^(\d{2})[/-](\d{2})[/-](\d{4})([T ].*)?$", r"\3-\1-\2\4")
_STRPTIME_GROUPS: Final = {"Y": r"(\d{4})", **dict.fromkeys("mdHMS", r"(\d{2})"), "f": r"(\d{1,6})"}


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file.

    Attributes:
        columns: Texts by header, only of columns that are used, no nulls.
        rows: Number of the data row per row, from 1.
        faults: Rows that could not be taken apart; they are not in `columns`.
        progress_ratio: Part of the file read, 0-1.
        has_invalid_utf8: True when the mark for bytes that are no text may occur.
        has_nul: True when NUL may occur.
        encoding: Of the file.
    """

    columns: Mapping[str, pa.StringArray]
    rows: npt.NDArray[np.int64]
    faults: Sequence[RowFault]
    progress_ratio: float
    has_invalid_utf8: bool
    has_nul: bool
    encoding: str = "UTF-8"


@dataclass(frozen=True, slots=True)
class Converted:
    """The good rows of a block.

    Attributes:
        columns: By field: texts and numbers with nulls for "not set", `time` as int64 milliseconds since 1970 UTC,
            `properties` as JSON objects.
        rows: Number of the data row per row.
        faults: Rows that were left out, in file order.
        repaired: Faults that good rows had until the mapping repaired them.
    """

    columns: dict[str, pa.Array]
    rows: npt.NDArray[np.int64]
    faults: list[RowFault]
    repaired: Sequence[Finding] = ()


class Converter:
    """Applies a mapping to the blocks of one file.

    Args:
        mapping: What to do.
        sample: Some of the first values by column, to find out the order of day and month.

    Raises:
        AppError: INVALID_ARGUMENT `time_format_ambiguous` when dates fit day/month and month/day.
    """

    def __init__(self, mapping: ColumnMapping, sample: Mapping[str, Sequence[str]]) -> None:
        self._mapping = mapping
        self._step_names = StepNames(mapping.step_rules)
        self._times = {
            rule.field: _TimeReader(rule, mapping, sample[rule.column])
            for rule in mapping.columns
            if rule.field == "time" or _is_textual_time(rule)
        }

    def convert(self, block: Block) -> Converted:
        """Fields of the good rows, and what is wrong with the others: of each row the first fault in mapping order."""
        first_faults: dict[int, tuple[ColumnRule, str]] = {}
        repaired: list[tuple[ColumnRule, Repair, _Places]] = []
        fields: dict[str, pa.Array] = {}
        for rule in self._mapping.columns:
            faults = _Faults(rule)
            fields[rule.field] = self._column(rule, block, faults)
            for indexes, reason in faults.left:
                for index in indexes.tolist():
                    first_faults.setdefault(index, (rule, reason))
            repaired.extend((rule, repair, indexes) for indexes, repair in faults.repaired)
        keep = np.ones(len(block.rows), bool)
        if first_faults:
            keep[list(first_faults)] = False
            mask = pa.array(keep)
            fields = {name: values.filter(mask) for name, values in fields.items()}
        row_faults = [_fault(block, index, rule, reason) for index, (rule, reason) in first_faults.items()]
        return Converted(
            _with_properties(fields),
            block.rows[keep] if first_faults else block.rows,
            sorted([*row_faults, *block.faults], key=lambda fault: fault.row),
            [_finding(block, rule, repair, indexes[keep[indexes]]) for rule, repair, indexes in repaired],
        )

    def _column(self, rule: ColumnRule, block: Block, faults: "_Faults") -> pa.Array:
        raw = block.columns[rule.column]
        if _longest_bytes(raw) > FIELD_BYTES:
            raw = faults.note(raw, pc.greater(pc.binary_length(raw), FIELD_BYTES), "field_too_large")
        if block.has_invalid_utf8:
            reason = "invalid_utf8" if block.encoding == "UTF-8" else "not_in_encoding"
            raw = faults.note(raw, pc.match_substring(raw, INVALID_UTF8_MARK), reason)
        if block.has_nul:
            raw = faults.note(raw, pc.match_substring(raw, "\0"), "nul_byte")
        text = raw if rule.function is Function.STRING else pc.utf8_trim_whitespace(raw)
        text = _without_empty(text)
        if rule.field in REQUIRED_FIELDS:
            text = faults.note(text, pc.or_kleene(text.is_null(), pc.utf8_is_space(text)), "field_missing")
        if time_reader := self._times.get(rule.field):
            milliseconds = time_reader.read(text, faults)
            if rule.field == "time":
                return milliseconds
            text = time_reader.as_text(milliseconds)
        elif rule.field in NUMBER_FIELDS:
            return self._number(text, rule.function, faults).cast(pa.float64())
        elif rule.function in (Function.INT, Function.FLOAT):
            numbers = self._number(text, rule.function, faults)
            if rule.field.startswith(PROPERTY_PREFIX):
                return numbers
            text = numbers.cast(pa.string())
        elif rule.function is Function.LOWER:
            text = pc.utf8_lower(text)
        elif rule.function is Function.UPPER:
            text = pc.utf8_upper(text)
        if rule.field == "action_type":
            text = self._step_names.of(text)
        limit = text_limit(rule.field)
        if _longest_bytes(text) > limit:
            text = faults.note(text, pc.greater(pc.utf8_length(text), limit), "text_too_long")
        return text

    def _number(self, text: pa.StringArray, function: Function, faults: "_Faults") -> pa.Array:
        if function is Function.INT:
            values, bad = _in_bulk(text, _whole_numbers, _whole_number, pa.int64())
            faults.note_unread(bad, "not_a_whole_number")
        else:
            has_comma = self._mapping.decimal_sign == ","
            bulk, single = (_comma_numbers, _comma_number) if has_comma else (_point_numbers, _point_number)
            values, bad = _in_bulk(text, bulk, single, pa.float64())
            faults.note_unread(bad, "not_a_number")
        return values


_Places = npt.NDArray[np.int64]


class _Faults:
    """What is wrong in one column of a block: places whose rows are left out, and repaired ones."""

    def __init__(self, rule: ColumnRule) -> None:
        self._field = rule.field
        self._repairs = {repair.reason: repair for repair in rule.repairs}
        self.left: list[tuple[_Places, str]] = []
        self.repaired: list[tuple[_Places, Repair]] = []

    def note(self, text: pa.StringArray, bad: pa.BooleanArray, reason: str) -> pa.StringArray:
        """Note where texts are bad; returns them as far as the mapping repairs them."""
        mask = bad.fill_null(fill_value=False)
        repair = self.note_unread(np.flatnonzero(mask.to_numpy(zero_copy_only=False)), reason)
        return pc.if_else(mask, self._repaired(text, repair), text) if repair else text

    def note_unread(self, places: _Places, reason: str) -> Repair | None:
        """Note places that hold no value already; returns what is done about them."""
        if not len(places):
            return None
        repair = self._repairs.get(reason)
        if repair:
            self.repaired.append((places, repair))
        else:
            self.left.append((places, reason))
        return repair

    def _repaired(self, text: pa.StringArray, repair: Repair) -> pa.Scalar | pa.StringArray:
        match repair.action:
            case RepairAction.LEAVE_EMPTY:
                return pa.scalar(None, pa.string())
            case RepairAction.USE_TEXT:
                return pa.scalar(repair.text, pa.string())
            case RepairAction.CUT:
                return pc.utf8_slice_codeunits(text, 0, text_limit(self._field))
            case RepairAction.CLEAN if repair.reason == "nul_byte":
                return pc.replace_substring(text, "\0", "")
            case RepairAction.CLEAN:
                return pc.replace_substring(text, INVALID_UTF8_MARK, _REPLACEMENT)


class _TimeReader:
    """Reads one column of times; remembers which form fitted last."""

    def __init__(self, rule: ColumnRule, mapping: ColumnMapping, sample: Sequence[str]) -> None:
        self._zone = mapping.time_zone or "UTC"
        order = next((item for item in DayOrder if item == mapping.time_format), None)
        self._format = "" if order else mapping.time_format
        self._is_date = rule.function is Function.DATE
        # Events of the last century are rare, dates of birth are not; who gives a format has said what is meant.
        self._doubts_year = rule.field == "time" and not self._format
        self._order = order or (DayOrder.DAY_FIRST if self._format else day_order(value.strip() for value in sample))
        if self._order is DayOrder.AMBIGUOUS:
            raise AppError(
                Code.INVALID_ARGUMENT,
                "time_format_ambiguous",
                f'The dates in column "{rule.column}" can be read as day/month or as month/day. Set the time format '
                "of the mapping to day_first or month_first.",
            )
        if self._format:
            rewrite = _iso_rewrite(self._format)
            self._forms = [_rewritten(rewrite, self._walls)] if rewrite else []
        else:
            by_order = _ISO_FROM_MONTH_FIRST if self._order is DayOrder.MONTH_FIRST else _ISO_FROM_DAY_FIRST
            self._forms = [self._walls, self._zoned, _epochs, _rewritten(by_order, self._walls)]

    def read(self, text: pa.StringArray, faults: _Faults) -> pa.Int64Array:
        """Milliseconds since 1970 UTC."""
        microseconds, bad = _in_bulk(text, self._bulk, self._single, pa.int64())
        faults.note_unread(bad, "not_a_date")
        if self._is_date:
            microseconds = self._midnights(microseconds)
        milliseconds = np.floor_divide(microseconds.fill_null(0).to_numpy(zero_copy_only=False), 1000)
        outside = (milliseconds < EARLIEST_MS) | (milliseconds > LATEST_MS)
        faults.note_unread(np.flatnonzero(outside), "date_out_of_range")
        if self._doubts_year:
            faults.note(text, pc.match_substring_regex(text, AMBIGUOUS_YEAR), "year_ambiguous")
        return pa.array(milliseconds, mask=microseconds.is_null().to_numpy(zero_copy_only=False) | outside)

    def as_text(self, milliseconds: pa.Int64Array) -> pa.StringArray:
        """ISO 8601: with the time of day in UTC, or the day alone in the zone of the mapping."""
        instants = milliseconds.cast(pa.timestamp("ms"))
        if self._is_date:
            local = pc.local_timestamp(milliseconds.cast(pa.timestamp("ms", self._zone)))
            return local.cast(pa.date32()).cast(pa.string())
        texts = pc.replace_substring(instants.cast(pa.string()), " ", "T")
        return pc.binary_join_element_wise(texts, "Z", "")

    def _bulk(self, text: pa.StringArray) -> pa.Int64Array:
        for form in list(self._forms):
            try:
                values = form(text)
            except pa.ArrowInvalid:
                continue
            self._forms.remove(form)
            self._forms.insert(0, form)
            return values
        raise pa.ArrowInvalid("no common form")

    def _single(self, text: str) -> int | None:
        moment = read_time(text, self._order, self._format)
        if moment is None:
            return None
        if moment.has_zone:
            return moment.microseconds
        wall = pa.array([moment.microseconds], pa.timestamp("us"))
        return int(self._in_zone(wall)[0].as_py())

    def _walls(self, text: pa.StringArray) -> pa.Int64Array:
        return self._in_zone(text.cast(pa.timestamp("us")))

    def _zoned(self, text: pa.StringArray) -> pa.Int64Array:
        tidy = pc.replace_substring_regex(text, r"\s*(UTC|GMT|z)$", "Z") if _ends_oddly(text) else text
        return tidy.cast(pa.timestamp("us", "UTC")).cast(pa.int64())

    def _in_zone(self, walls: pa.TimestampArray) -> pa.Int64Array:
        # A wall clock that shows an hour twice means the first; one that skips it means the end of the gap.
        zoned = pc.assume_timezone(walls, self._zone, ambiguous="earliest", nonexistent="latest")
        return zoned.cast(pa.int64())

    def _midnights(self, microseconds: pa.Int64Array) -> pa.Int64Array:
        local = pc.local_timestamp(microseconds.cast(pa.timestamp("us", self._zone)))
        return self._in_zone(pc.floor_temporal(local, unit="day"))


def _is_textual_time(rule: ColumnRule) -> bool:
    return rule.function in (Function.DATETIME, Function.DATE) and rule.field not in NUMBER_FIELDS


def _in_bulk(
    text: pa.StringArray,
    bulk: Callable[[pa.StringArray], pa.Array],
    single: Callable[[str], Any],
    kind: pa.DataType,
) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Convert all at once; slices in which that fails value by value. Returns values and places of the bad ones."""
    try:
        return bulk(text), np.empty(0, np.int64)
    except pa.ArrowInvalid:
        pieces: list[pa.Array] = []
        bad: list[int] = []
    for offset in range(0, len(text), _SLICE_ROWS):
        piece = text.slice(offset, _SLICE_ROWS)
        try:
            pieces.append(bulk(piece))
        except pa.ArrowInvalid:
            texts = piece.to_pylist()
            known = {item: single(item) for item in set(texts) if item is not None}
            values = [None if item is None else known[item] for item in texts]
            bad.extend(
                offset + place
                for place, (item, value) in enumerate(zip(texts, values, strict=True))
                if item is not None and value is None
            )
            pieces.append(pa.array(values, kind))
    return pa.concat_arrays(pieces), np.array(bad, np.int64)


def _whole_numbers(text: pa.StringArray) -> pa.Int64Array:
    if _any(pc.match_substring(text, "x", ignore_case=True)):  # Arrow reads hexadecimal numbers
        raise pa.ArrowInvalid
    return text.cast(pa.int64())


def _whole_number(text: str) -> int | None:
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None


def _point_numbers(text: pa.StringArray) -> pa.DoubleArray:
    values = text.cast(pa.float64())
    if not pc.all(pc.is_finite(values), min_count=0).as_py():
        raise pa.ArrowInvalid
    return values


def _point_number(text: str) -> float | None:
    return _finite(float(text)) if _POINT_NUMBER.fullmatch(text) else None


def _comma_numbers(text: pa.StringArray) -> pa.DoubleArray:
    if _any(pc.match_substring(text, ".")):
        raise pa.ArrowInvalid
    return _point_numbers(pc.replace_substring(text, ",", "."))


def _comma_number(text: str) -> float | None:
    if not _COMMA_NUMBER.fullmatch(text):
        return None
    return _finite(float(re.sub(r"[.\s]", "", text).replace(",", ".")))


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None


def _epochs(text: pa.StringArray) -> pa.Int64Array:
    """Whole numbers of 9 to 16 digits, all of the same unit."""
    lengths = pc.min_max(pc.binary_length(text)).as_py()
    if lengths["min"] is None:
        return pa.nulls(len(text), pa.int64())
    for shortest, longest, factor in ((9, 11, 1_000_000), (12, 13, 1_000), (15, 16, 1)):
        if shortest <= lengths["min"] and lengths["max"] <= longest:
            return pc.multiply_checked(_whole_numbers(text), factor)
    raise pa.ArrowInvalid


def _rewritten(
    rewrite: tuple[str, str], read: Callable[[pa.StringArray], pa.Int64Array]
) -> Callable[[pa.StringArray], pa.Int64Array]:
    pattern, iso = rewrite

    def form(text: pa.StringArray) -> pa.Int64Array:
        # A value that the pattern does not fit must not slip through as ISO.
        if not pc.all(pc.match_substring_regex(text, pattern), min_count=0).as_py():
            raise pa.ArrowInvalid
        return read(pc.replace_substring_regex(text, pattern, iso))

    return form


def _iso_rewrite(time_format: str) -> tuple[str, str] | None:
    """Pattern and replacement that turn a simple strptime format into ISO 8601; None for formats with more in them."""
    pattern, groups = "^", []
    for literal, directive in re.findall(r"([^%]*)(?:%(.)|$)", time_format):
        pattern += re.escape(literal)
        if directive:
            if directive not in _STRPTIME_GROUPS or directive in groups:
                return None
            groups.append(directive)
            pattern += _STRPTIME_GROUPS[directive]
    places = {directive: f"\\{place}" for place, directive in enumerate(groups, start=1)}
    known = "".join(directive for directive in "YmdHMSf" if directive in places)
    if known not in ("Ymd", "YmdHM", "YmdHMS", "YmdHMSf"):
        return None
    separators = dict(zip("YmdHMSf", ("", "-", "-", "T", ":", ":", "."), strict=True))
    return pattern + "$", "".join(separators[directive] + places[directive] for directive in known)


def _with_properties(fields: dict[str, pa.Array]) -> dict[str, pa.Array]:
    free = [name for name in fields if name.startswith(PROPERTY_PREFIX)]
    if not free:
        return fields
    parts = []
    for name in free:
        values = fields.pop(name)
        head = f",{json.dumps(name.removeprefix(PROPERTY_PREFIX), ensure_ascii=False)}:"
        is_text = pa.types.is_string(values.type)
        texts = _json_escaped(values) if is_text else values.cast(pa.string())
        quote = '"' if is_text else ""
        parts.append(pc.binary_join_element_wise(head + quote, texts, quote, "").fill_null(""))
    inside = pc.binary_join_element_wise(*parts, "")
    objects = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(inside, 1), "}", "")
    fields["properties"] = pc.if_else(pc.equal(pc.binary_length(inside), 0), pa.scalar(None, pa.string()), objects)
    return fields


def _json_escaped(texts: pa.StringArray) -> pa.StringArray:
    if not _any(pc.match_substring_regex(texts, r'["\\\x00-\x1f]')):
        return texts
    escaped = [None if text is None else json.dumps(text, ensure_ascii=False)[1:-1] for text in texts.to_pylist()]
    return pa.array(escaped, pa.string())


def _without_empty(text: pa.StringArray) -> pa.StringArray:
    is_empty = pc.equal(pc.binary_length(text), 0)
    return pc.if_else(is_empty, pa.scalar(None, pa.string()), text) if _any(is_empty) else text


def _ends_oddly(text: pa.StringArray) -> bool:
    return _any(pc.match_substring_regex(text, r"[TCz]$"))


def _longest_bytes(text: pa.StringArray) -> int:
    return pc.max(pc.binary_length(text)).as_py() or 0


def _any(mask: pa.BooleanArray) -> bool:
    return bool(pc.any(mask).as_py())


def _fault(block: Block, index: int, rule: ColumnRule, reason: str) -> RowFault:
    value = block.columns[rule.column][index].as_py().replace(INVALID_UTF8_MARK, _REPLACEMENT)
    return value_fault(int(block.rows[index]), rule, value, reason)


def _finding(block: Block, rule: ColumnRule, repair: Repair, places: _Places) -> Finding:
    examples = [_fault(block, index, rule, repair.reason) for index in places[:EXAMPLES_COUNT].tolist()]
    return Finding(repair.reason, rule.field, rule.column, len(places), examples, repair)
