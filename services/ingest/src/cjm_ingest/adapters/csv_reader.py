"""Reads delimited text files of any size in bounded memory."""

import csv
import gzip
import io
import re
import threading
import unicodedata
import weakref
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder, register_error
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, Final, NoReturn, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from cjm_ingest.application.columns import INVALID_UTF8_MARK, Block
from cjm_ingest.domain.faults import RowFault, row_fault
from cjm_ingest.domain.mapping import Mapping
from cjm_kit.errors import AppError, Code

# Small blocks bound the memory; a file with longer rows is read again in large ones.
_BLOCK_BYTES: Final = 4 << 20
LONGEST_ROW_BYTES: Final = 16 << 20
# They wait in memory for the next good row.
MISSHAPEN_ROWS: Final = 1_000_000
_HEADER_BYTES: Final = 1 << 20
_SEPARATORS: Final = (",", ";", "\t", "|")
# pyarrow, which would read 32 ahead, holds up to three: what is left of one, the next, and the one after it.
_BLOCKS_IN_MEMORY: Final = 4
_STALL_SECONDS: Final = 2.0
_FINISH_SECONDS: Final = 1.0
_UNPACKED_BYTES: Final = 32 << 30
_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_FAILURES: Final = (EOFError, zlib.error, gzip.BadGzipFile)
# Comes after the last row of a file with quotation marks: what is still open there swallows it.
_END_MARK: Final = "\n\x1aend of file"
_MARKED_ENCODINGS: Final = {BOM_UTF8: "UTF-8", BOM_UTF16_LE: "UTF-16LE", BOM_UTF16_BE: "UTF-16BE"}
# The only encoding here that writes accents as characters of their own, after the letter.
_COMBINING_ENCODING: Final = "windows-1258"
_COMBINING: Final = "\u0300\u0301\u0303\u0309\u0323"
_MOST_COMBINING: Final = 8


def _mark_invalid(failure: UnicodeError) -> tuple[str, int]:
    if not isinstance(failure, UnicodeDecodeError):
        raise failure
    return INVALID_UTF8_MARK, failure.end


register_error("cjm_mark_invalid", _mark_invalid)


class CsvFile:
    """One delimited file: plain or gzip, in the encoding of its byte order mark or else of the mapping.

    Without a separator in the mapping it is the one of `, ; tab |` with which the first line has most of the mapped
    columns. Empty lines are no rows.

    Args:
        path: The file.
        mapping: How it is written, and the columns that are needed.

    Raises:
        AppError: INVALID_ARGUMENT `file_empty`, `file_not_text`, `no_header`, `column_missing` (names all missing),
            `column_repeated`, `file_truncated`.
    """

    def __init__(self, path: Path, mapping: Mapping) -> None:
        self._path = path
        self._file_bytes = path.stat().st_size
        self._mapping = mapping
        self._wanted = list(dict.fromkeys(rule.column for rule in mapping.columns))
        self._open()

    def _open(self) -> None:
        self._used_bytes = 0
        self._raw = self._path.open("rb")
        try:
            is_gzip = self._raw.peek(2)[:2] == _GZIP_MAGIC
            source: Any = gzip.GzipFile(fileobj=self._raw) if is_gzip else self._raw
            self._encoding = _marked_encoding(source) or self._mapping.encoding
            self._text = _TextStream(source if self._encoding == "UTF-8" else _AsUtf8(source, self._encoding))
            separators = self._mapping.separator or "".join(_SEPARATORS)
            line = self._text.first_line(self._encoding, separators, is_data=self._mapping.headerless)
            self._separator, self._headers = _header(line, self._wanted, self._mapping)
        except BaseException:
            self._raw.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.finish()
        self._raw.close()

    def blocks(self) -> Iterator[Block]:
        """The rows, some 10 000 to 100 000 at once.

        Raises:
            AppError: INVALID_ARGUMENT `file_no_rows`, `file_truncated`, `file_too_large_unpacked`, `row_too_long`,
                `rows_misshapen`.
        """
        last_row = 0
        try:
            for block in self._blocks(_BLOCK_BYTES):
                last_row = max(last_row, *block.rows.tolist()[-1:], *(fault.row for fault in block.faults), 0)
                yield block
        except _RowDoesNotFitError:
            self.__exit__()
            self._open()
            yield from (_after(block, last_row) for block in self._blocks(LONGEST_ROW_BYTES))

    def _blocks(self, block_bytes: int) -> Iterator[Block]:
        names = [str(place) for place in range(len(self._headers))]
        places = {header: str(self._headers.index(header)) for header in self._wanted}
        misshapen: list[RowFault] = []

        def skip(row: Any) -> str:
            if row.text != _END_MARK.strip("\n"):
                misshapen.append(_misshapen(row))
            return "skip" if len(misshapen) < MISSHAPEN_ROWS else "error"

        last_row = 0
        self._text.is_wanted = True
        # Alone in its row, the mark must not look like one.
        self._text.marks_end = len(names) > 1
        try:
            reader = arrow_csv.open_csv(
                self._text,
                read_options=arrow_csv.ReadOptions(use_threads=False, block_size=block_bytes, column_names=names),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self._separator, newlines_in_values=True, invalid_row_handler=skip
                ),
                convert_options=arrow_csv.ConvertOptions(
                    check_utf8=False,
                    column_types=dict.fromkeys(names, pa.string()),
                    include_columns=list(dict.fromkeys([*places.values(), names[-1]])),
                    strings_can_be_null=False,
                ),
            )
            while (batch := self._next(reader)) is not None:
                self._used_bytes += block_bytes
                rows = _row_numbers(last_row, batch.num_rows, [fault.row for fault in misshapen])
                last_row = int(rows[-1]) if len(rows) else last_row
                due = [fault for fault in misshapen if fault.row <= last_row]
                del misshapen[: len(due)]
                if len(rows) and (text := batch[names[-1]][-1].as_py()).endswith(_END_MARK):
                    due.append(row_fault(last_row, text.removesuffix(_END_MARK), "quote_not_closed", 0, 0))
                    batch, rows = batch.slice(0, batch.num_rows - 1), rows[:-1]
                yield self._block({header: batch[name] for header, name in places.items()}, rows, due)
        except pa.ArrowInvalid as failure:
            if len(misshapen) >= MISSHAPEN_ROWS:
                _refuse(
                    "rows_misshapen",
                    f"{MISSHAPEN_ROWS} rows one after the other do not have the {len(names)} columns of the file. "
                    f"{misshapen[0].detail} Correct the header line or the separator.",
                )
            _explain(failure, last_row, block_bytes)
        finally:
            # Before the reader goes: it waits for its thread, which waits for room for its next block.
            self._text.finish()
        if misshapen:
            nothing = pa.array([], pa.string())
            yield self._block(dict.fromkeys(places, nothing), np.empty(0, np.int64), misshapen)

    def _next(self, reader: Any) -> pa.RecordBatch | None:
        self._text.is_wanted = True
        try:
            return reader.read_next_batch()
        except StopIteration:
            return None
        finally:
            self._text.is_wanted = False

    def _block(self, columns: dict[str, pa.StringArray], rows: npt.NDArray[np.int64], faults: list[RowFault]) -> Block:
        position = self._file_bytes if self._raw.closed else self._raw.tell()
        # Blocks that are read and wait for their turn are not done.
        used_ratio = min(self._used_bytes / max(self._text.read_bytes, 1), 1.0)
        ratio = min(position / max(self._file_bytes, 1), 1.0) * used_ratio
        has_invalid, has_nul = self._text.has_invalid_utf8, self._text.has_nul
        return Block(columns, rows, faults, ratio, has_invalid, has_nul, self._encoding)


class _RowDoesNotFitError(Exception):
    """A row is longer than a block."""


class _AsUtf8:
    """Text in another encoding as UTF-8, with marks for bytes that the encoding does not know."""

    def __init__(self, source: IO[bytes], encoding: str) -> None:
        self._source = source
        self._decode = getincrementaldecoder(encoding)("cjm_mark_invalid").decode
        self._is_combining = encoding == _COMBINING_ENCODING
        self._held = ""

    def read(self, size: int) -> bytes:
        """The text of the next `size` bytes; nothing only at the end."""
        while True:
            chunk = self._source.read(size)
            text = self._decode(chunk, final=not chunk)
            if self._is_combining:
                text = self._composed(self._held + text, is_last=not chunk)
            if text or not chunk:
                return text.encode()

    def _composed(self, text: str, *, is_last: bool) -> str:
        """Letters joined with their accents; the last letter waits for those that may follow."""
        end = len(text) if is_last else len(text.rstrip(_COMBINING)) - 1
        if len(text) - end > _MOST_COMBINING:
            end = len(text)
        self._held = text[max(end, 0) :]
        return unicodedata.normalize("NFC", text[: max(end, 0)])


class _TextStream(io.RawIOBase):
    """Bytes of a file as valid UTF-8, read no faster than they are used."""

    def __init__(self, source: IO[bytes] | _AsUtf8) -> None:
        super().__init__()
        self._source = source
        self._decode = getincrementaldecoder("utf-8")("cjm_mark_invalid").decode
        self._rest = b""
        self.read_bytes = 0
        self._has_open_character = False
        self._is_open, self._has_begun, self._has_quotes = True, False, False
        self._has_ended = threading.Event()
        self._room: SimpleQueue[None] = SimpleQueue()  # a destructor may put something in at any moment
        for _ in range(_BLOCKS_IN_MEMORY):
            self._room.put(None)
        self.is_wanted = False
        self.marks_end = False
        self.has_invalid_utf8 = False
        self.has_nul = False

    def first_line(self, encoding: str, separators: str, *, is_data: bool) -> str:
        """The first line that is not empty, taken away from the stream unless it is data; quoted values may span lines.

        Args:
            encoding: Of the file.
            separators: Any of these stands between values.
            is_data: It is no header.
        """
        head = self._read(_HEADER_BYTES)
        while len(head) < _HEADER_BYTES and (more := self._read(_HEADER_BYTES - len(head))):
            head += more
        head = head.removeprefix(BOM_UTF8)
        if not head:
            _refuse("file_empty", "The file is empty. Choose another file.")
        blank = len(head) - len(head.lstrip(b"\r\n"))
        end = _line_end(head, blank, separators)
        line = head[blank:end].decode()
        # What a data row has that is no text is told with its number.
        is_broken = INVALID_UTF8_MARK in line and not is_data
        if is_broken or _has_control_signs(line) or (end == len(head) and len(head) >= _HEADER_BYTES):
            _refuse(
                "file_not_text",
                f"The file is not text in {encoding}. Set the encoding it is written in, or save the table as "
                "CSV (UTF-8) and choose that file.",
            )
        self._rest = head[blank if is_data else end :].lstrip(b"\r\n")
        return line.strip("\r\n")

    def readable(self) -> bool:
        """True: pyarrow asks."""
        return True

    def read_buffer(self, size: int) -> pa.Buffer:
        """Next block, for pyarrow; waits until there is room for it."""
        self._has_begun = True
        has_room = self._wait_for_room()
        data = b""
        try:
            if self._is_open:
                data = self._rest or self._read(size)
                self._has_quotes = self._has_quotes or b'"' in data
                if not data and self._has_quotes and self.marks_end:
                    data, self._has_quotes = _END_MARK.encode(), False
        finally:
            if not data:
                self._has_ended.set()
        self._rest = data[size:]
        block = pa.py_buffer(data[:size])
        if has_room:
            weakref.finalize(block, self._room.put, None)
        return block

    def finish(self) -> None:
        """End here, and wait until the reading thread of pyarrow knows it.

        Destroying its reader waits for that thread without letting go of the interpreter lock, which the thread needs.
        """
        was_open, self._is_open = self._is_open, False
        self._room.put(None)
        if was_open and self._has_begun:
            self._has_ended.wait(_FINISH_SECONDS)

    def _wait_for_room(self) -> bool:
        """True when there is; False when rows are wanted and long in coming: opening that fails waits for one more."""
        while self._is_open:
            try:
                self._room.get(timeout=_STALL_SECONDS)
            except Empty:
                if self.is_wanted:
                    break
            else:
                return True
        return False

    def _read(self, size: int) -> bytes:
        try:
            chunk = self._source.read(size)
        except _GZIP_FAILURES as failure:
            raise _truncated() from failure
        self.read_bytes += len(chunk)
        if self.read_bytes > _UNPACKED_BYTES:
            limit = _UNPACKED_BYTES >> 30
            _refuse("file_too_large_unpacked", f"The file is larger than {limit} GB when unpacked. Split it by month.")
        self.has_nul = self.has_nul or b"\0" in chunk
        if chunk.isascii() and not self._has_open_character:
            return chunk
        text = self._decode(chunk, final=not chunk)
        self._has_open_character = bool(chunk)
        if INVALID_UTF8_MARK in text:
            self.has_invalid_utf8 = True
        return text.encode()


def _marked_encoding(source: Any) -> str | None:
    """What the byte order mark at the beginning says; None without one."""
    try:
        start = source.peek(3)
    except _GZIP_FAILURES as failure:
        raise _truncated() from failure
    return next((encoding for mark, encoding in _MARKED_ENCODINGS.items() if start.startswith(mark)), None)


def _truncated() -> AppError:
    return AppError(
        Code.INVALID_ARGUMENT,
        "file_truncated",
        "The compressed file is damaged or was cut off. Upload it again or compress it anew.",
    )


def _has_control_signs(line: str) -> bool:
    return any(ord(sign) < 32 and sign not in "\t\r\n" for sign in line)


def _line_end(head: bytes, start: int, separators: str) -> int:
    """Place after the first line end that no quoted value holds; a quotation mark within a value is part of it."""
    between = re.escape(separators.encode())
    newline = b"\n" if b"\n" in head else b"\r"
    value = rb'(?:"(?:[^"]|"")*(?:"|\Z))?[^%b%b]*' % (between, newline)
    line = re.compile(rb"%b(?:[%b]%b)*" % (value, between, value)).match(head, start)
    return min(line.end() + 1, len(head)) if line else len(head)


def _header(line: str, wanted: Collection[str], mapping: Mapping) -> tuple[str, list[str]]:
    """The separator and the name of every column."""
    readings = []
    for separator in mapping.separator or _SEPARATORS:
        headers = [name.strip() for name in next(csv.reader(io.StringIO(line), delimiter=separator), [])]
        if mapping.headerless:
            headers = [f"Column {number}" for number in range(1, len(headers) + 1)]
        readings.append((len(set(wanted) & set(headers)), len(headers), -_SEPARATORS.index(separator), headers))
    _, _, place, headers = max(readings)
    if mapping.headerless and not headers:
        _refuse("file_no_rows", "The file has no rows. Choose another file.")
    if not any(headers):
        _refuse("no_header", "The first line of the file has no column names. Add a header line.")
    missing = [name for name in dict.fromkeys(wanted) if name not in headers]
    if missing:
        names = ", ".join(f'"{name}"' for name in missing)
        found = ", ".join(f'"{name}"' for name in headers[:30])
        _refuse(
            "column_missing",
            f"The file has no column {names}. Its columns are {found}. Correct the mapping"
            + (", or say that the first row is the header." if mapping.headerless else " or the header line."),
        )
    repeated = [name for name in dict.fromkeys(wanted) if headers.count(name) > 1]
    if repeated:
        _refuse(
            "column_repeated",
            f'The file has more than one column "{repeated[0]}". Give every mapped column a name of its own.',
        )
    return _SEPARATORS[-place], headers


def _explain(failure: pa.ArrowInvalid, last_row: int, block_bytes: int) -> NoReturn:
    if "Empty CSV" in str(failure):
        _refuse("file_no_rows", "The file has a header but no rows below it. Choose another file.")
    if "straddling" not in str(failure):
        raise failure
    if block_bytes < LONGEST_ROW_BYTES:
        raise _RowDoesNotFitError from failure
    _refuse(
        "row_too_long",
        f"After row {last_row} comes a row longer than {LONGEST_ROW_BYTES >> 20} MB; probably a quotation mark is "
        "never closed. Correct that row and import the file again.",
    )


def _after(block: Block, row: int) -> Block:
    """The part of a block that lies after a row."""
    keep = int(np.searchsorted(block.rows, row, side="right"))
    return replace(
        block,
        columns={header: texts.slice(keep) for header, texts in block.columns.items()},
        rows=block.rows[keep:],
        faults=[fault for fault in block.faults if fault.row > row],
    )


def _misshapen(row: Any) -> RowFault:
    text = row.text.removesuffix(_END_MARK).replace(INVALID_UTF8_MARK, "\N{REPLACEMENT CHARACTER}")
    if "\n" in text and text.count('"') % 2:
        reason = "quote_not_closed"
    else:
        reason = "too_few_columns" if row.actual_columns < row.expected_columns else "too_many_columns"
    return row_fault(row.number, text, reason, row.expected_columns, row.actual_columns)


def _row_numbers(last_row: int, count: int, skipped: list[int]) -> npt.NDArray[np.int64]:
    """Numbers of the next rows when some were skipped."""
    rows = np.arange(last_row + 1, last_row + 1 + count)
    for row in skipped:
        rows[np.searchsorted(rows, row) :] += 1
    return rows


def _refuse(reason: str, detail: str) -> NoReturn:
    raise AppError(Code.INVALID_ARGUMENT, reason, detail)
