"""Files in every encoding, with and without a header, as they come out of the reader."""

import contextlib
import gzip
import io
import threading
import time
import unicodedata
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import Any

import pytest

from cjm_ingest.adapters.csv_reader import CsvFile, _AsUtf8
from cjm_ingest.application.columns import INVALID_UTF8_MARK, Converter
from cjm_ingest.domain.faults import RowFault
from cjm_ingest.domain.mapping import ColumnRule, Mapping
from cjm_kit.errors import AppError

_WESTERN = "Größe;Étape;Zeit\nMüller;café crème;2024-01-01\nŒuvre;“žena”;2024-01-02\n"
_CYRILLIC = "Клиент;Шаг;Время\nИван;Купить «ёлку»;2024-01-01\nЯна;Оплата №5;2024-01-02\n"
_VIETNAMESE = "Khách hàng;Bước;Thời gian\nNguyễn Thị Ở;đặt hàng quỳ quỷ;2024-01-01\nĐỗ Ý;thanh toán;2024-01-02\n"
_EURO = "Größe;Étape;Zeit\nMüller;10 €;2024-01-01\nŒuvre;Žižka;2024-01-02\n"


def _windows_1258(text: str) -> bytes:
    """As programs write it: tones that its letters lack follow as characters of their own."""
    written = b""
    for letter in text:
        try:
            written += letter.encode("cp1258")
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", letter)
            tone = next(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323")
            written += (unicodedata.normalize("NFC", parts.replace(tone, "")) + tone).encode("cp1258")
    return written


_WRITTEN = [
    ("UTF-8", _VIETNAMESE, _VIETNAMESE.encode()),
    ("UTF-16LE", _VIETNAMESE.replace("Ý", "😀"), _VIETNAMESE.replace("Ý", "😀").encode("utf-16-le")),
    ("UTF-16BE", _CYRILLIC, _CYRILLIC.encode("utf-16-be")),
    ("windows-1251", _CYRILLIC, _CYRILLIC.encode("cp1251")),
    ("windows-1252", _WESTERN, _WESTERN.encode("cp1252")),
    ("windows-1258", _VIETNAMESE, _windows_1258(_VIETNAMESE)),
    ("ISO-8859-15", _EURO, _EURO.encode("iso-8859-15")),
]


def _mapping(*columns: str, **how: Any) -> Mapping:
    fields = ("customer_id", "action_type", "time", "value")
    return Mapping(tuple(ColumnRule(*pair) for pair in zip(fields, columns, strict=False)), **how)


def _read(path: Path, data: bytes, mapping: Mapping) -> tuple[list[list[str]], list[int], list[RowFault]]:
    """Rows, their numbers, and what is wrong with some of them."""
    path.write_bytes(data)
    found: list[list[str]] = []
    numbers: list[int] = []
    faults: list[RowFault] = []
    with CsvFile(path, mapping) as file:
        for block in file.blocks():
            columns = {name: texts.to_pylist() for name, texts in block.columns.items()}
            found += [list(row) for row in zip(*columns.values(), strict=True)]
            numbers += block.rows.tolist()
            faults += Converter(mapping, columns).convert(block).faults
    return found, numbers, faults


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(("encoding", "text", "data"), _WRITTEN)
def test_every_encoding_gives_the_rows_of_utf8(path: Path, encoding: str, text: str, data: bytes, pack: Any) -> None:
    header, *rows = [line.split(";") for line in text.splitlines()]
    assert _read(path, pack(data), _mapping(*header, encoding=encoding)) == (rows, [1, 2], [])


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize(("encoding", "text", "data"), _WRITTEN[1:])
def test_a_character_cut_between_two_reads_stays_whole(encoding: str, text: str, data: bytes, size: int) -> None:
    source = _AsUtf8(io.BytesIO(data), encoding)
    assert b"".join(iter(lambda: source.read(size), b"")).decode() == text


def test_accents_without_end_do_not_pile_up() -> None:
    source = _AsUtf8(io.BytesIO(b"a" + b"\xcc" * 10_000), "windows-1258")
    source.read(5_000)
    assert len(source._held) <= 8
    assert unicodedata.normalize("NFD", source.read(9_000).decode()) == "\u0300" * 5_001


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("encoding", ["UTF-8", "windows-1252"])
@pytest.mark.parametrize(
    ("mark", "codec"), [(BOM_UTF8, "utf-8"), (BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be")]
)
def test_a_byte_order_mark_counts_more_than_the_mapping(
    path: Path, mark: bytes, codec: str, encoding: str, pack: Any
) -> None:
    header, *rows = [line.split(";") for line in _VIETNAMESE.splitlines()]
    data = pack(mark + _VIETNAMESE.encode(codec))
    assert _read(path, data, _mapping(*header, encoding=encoding)) == (rows, [1, 2], [])


@pytest.mark.parametrize(
    ("encoding", "value"),
    [
        ("UTF-8", b"x\xff"),
        ("windows-1251", b"x\x98"),
        ("windows-1252", b"x\x81"),
        ("windows-1258", b"x\x8a"),
        ("UTF-16LE", b"x\0\0\xd8"),
        ("UTF-16BE", b"\0x\xdc\0"),
    ],
)
def test_bytes_that_the_encoding_does_not_know_are_told_by_row(path: Path, encoding: str, value: bytes) -> None:
    before, after = ("c;s;2024-01-01\n" * 2).encode(encoding), ";s;2024-01-01\nc;s;2024-01-01".encode(encoding)
    mapping = _mapping("Column 1", "Column 2", "Column 3", encoding=encoding, headerless=True)
    rows, numbers, (fault,) = _read(path, before + value + after, mapping)
    assert (rows[2][0], numbers) == ("x" + INVALID_UTF8_MARK, [1, 2, 3, 4])
    assert (fault.row, fault.value) == (3, "x\N{REPLACEMENT CHARACTER}")
    assert fault.reason == ("invalid_utf8" if encoding == "UTF-8" else "not_in_encoding")
    assert fault.detail.startswith('Row 3, column "Column 1": "x\N{REPLACEMENT CHARACTER}" ')


def test_half_a_character_at_the_end_is_told(path: Path) -> None:
    data = "c;2024-01-01;s".encode("utf-16-le") + b"\x2f"
    mapping = _mapping("Column 1", "Column 3", "Column 2", encoding="UTF-16LE", headerless=True)
    assert [fault.reason for fault in _read(path, data, mapping)[2]] == ["not_in_encoding"]


@pytest.mark.parametrize("start", [b"", BOM_UTF8, b"\n\r\n"])
def test_without_a_header_the_first_line_is_row_1(path: Path, start: bytes) -> None:
    data = start + b"x,\xff,bad\n\nc,s\nd,s,2024-01-01\n"
    mapping = _mapping("Column 1", "Column 2", "Column 3", headerless=True)
    rows, numbers, faults = _read(path, data, mapping)
    assert (rows[-1], numbers) == (["d", "s", "2024-01-01"], [1, 3])
    assert [(fault.row, fault.column, fault.reason) for fault in faults] == [
        (1, "Column 2", "invalid_utf8"),
        (2, "", "too_few_columns"),
    ]


def test_a_quoted_first_row_may_span_lines(path: Path) -> None:
    mapping = _mapping("Column 1", "Column 2", "Column 3", headerless=True)
    assert _read(path, b'"a\nb",s,2024-01-01\n', mapping)[:2] == ([["a\nb", "s", "2024-01-01"]], [1])


@pytest.mark.parametrize("name", ['screen 15"', '15" screen', '"screen, 15"""', '"two\nlines"', '"open" and "more'])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_quotation_mark_within_a_name_of_the_header_swallows_no_row(path: Path, name: str, separator: str) -> None:
    lines = [
        ("who", "what", "when", name),
        *((f"c{row}", "buy", "2024-01-01", '15"' if row == 7 else "x") for row in range(9)),
    ]
    data = "\n".join(map(separator.join, lines)).encode()
    for mapping in (_mapping("who", "what", "when"), _mapping("who", "what", "when", separator=separator)):
        rows, numbers, faults = _read(path, data, mapping)
        assert ([row[0] for row in rows], numbers, faults) == ([f"c{row}" for row in range(9)], list(range(1, 10)), [])


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize(
    ("opens", "rows"),
    [('b,buy,2,"x', [1]), ('b,"buy,2,x', [1]), ('b,buy,2,"x"', [1, 2, 3]), ('b,buy,2,5" x', [1, 2, 3])],
)
@pytest.mark.parametrize("columns", [("who", "what", "when"), ("who", "what", "when", "note")])
def test_a_quotation_mark_that_nothing_closes_swallows_no_row_in_silence(
    path: Path, columns: tuple[str, ...], opens: str, rows: list[int], end: str
) -> None:
    data = f'who,what,when,note\na,"view",1,x\n{opens}\nc,buy,3,x{end}'.encode()
    found, numbers, faults = _read(path, data, _mapping(*columns))
    assert numbers == rows
    assert [row[0] for row in found] == ["a", "b", "c"][: len(rows)]
    faults = [fault for fault in faults if not fault.field]
    assert [(fault.row, fault.reason) for fault in faults] == ([(2, "quote_not_closed")] if len(rows) == 1 else [])
    assert all("c,buy,3,x" in fault.value and "\x1a" not in fault.value for fault in faults)


def test_a_file_of_misshapen_rows_is_refused_before_it_fills_the_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cjm_ingest.adapters.csv_reader.MISSHAPEN_ROWS", 3)
    head, good = b"who,what,when\n", b"c,s,2024-01-01\n"
    assert len(_read(path, head + b"a,b\n" * 2 + good, _mapping("who", "what", "when"))[2]) == 2
    with pytest.raises(AppError) as refused:
        _read(path, head + b"a,b\n" * 3 + good, _mapping("who", "what", "when"))
    assert refused.value.reason == "rows_misshapen"
    assert "Row 1 has 2 of 3 columns" in refused.value.detail


@pytest.mark.timeout(60, method="thread")  # a signal does not reach the waiting reader
@pytest.mark.parametrize(
    ("start", "numbers", "faults_count"),
    [(b"a," + b"y" * 3_000_000 + b",2024-01-01\n", [1, 2], 1), (b"a,b\n" * 500_000, [500_001], 500_000)],
    ids=["a row of 3 MB", "2 MB of rows with a column too few"],
)
def test_reading_begins_however_far_the_first_good_row_is(
    path: Path, start: bytes, numbers: list[int], faults_count: int
) -> None:
    """It once waited for ever, and all later imports with it."""
    found = _read(path, b"who,what,when\n" + start + b"c,s,2024-01-01\n", _mapping("who", "what", "when"))
    assert (found[0][-1], found[1], len(found[2])) == (["c", "s", "2024-01-01"], numbers, faults_count)


def test_only_a_few_blocks_are_read_ahead(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were 32, some 110 MB."""
    monkeypatch.setattr("cjm_ingest.adapters.csv_reader._BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr("cjm_ingest.adapters.csv_reader._HEADER_BYTES", 1 << 16)
    path.write_bytes(b"who,what,when\n" + b"c,s,2024-01-01\n" * 500_000)
    with CsvFile(path, _mapping("who", "what", "when")) as file:
        ahead = [file._text.read_bytes / (1 << 16) - number for number, _ in enumerate(file.blocks(), 1)]
    assert max(ahead) <= 4


@pytest.mark.timeout(60, method="thread")  # a signal does not reach the waiting reader
def test_who_waits_for_rows_gets_them_even_when_there_is_no_room(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cjm_ingest.adapters.csv_reader._BLOCK_BYTES", 4096)
    monkeypatch.setattr("cjm_ingest.adapters.csv_reader._BLOCKS_IN_MEMORY", 1)
    monkeypatch.setattr("cjm_ingest.adapters.csv_reader._STALL_SECONDS", 0.01)
    numbers = _read(path, b"who,what,when\n" + b"c,s,2024-01-01\n" * 5_000, _mapping("who", "what", "when"))[1]
    assert numbers[-1] == 5_000


def test_who_leaves_off_in_the_middle_is_not_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an import does that is cancelled or fails: its thread once waited for ever, in two of three tries."""
    monkeypatch.setattr("cjm_ingest.adapters.csv_reader._BLOCK_BYTES", 4096)
    path.write_bytes(b"who,what,when\n" + b"c,s,2024-01-01\n" * 1_000_000)

    def leave_off() -> None:
        with contextlib.suppress(InterruptedError), CsvFile(path, _mapping("who", "what", "when")) as file:
            for number, _ in enumerate(file.blocks()):
                if number == 40:
                    time.sleep(0.1)  # the reading thread runs ahead, and waits
                    raise InterruptedError

    for _ in range(3):
        leaving = threading.Thread(target=leave_off, daemon=True)
        leaving.start()
        leaving.join(20)
        assert not leaving.is_alive()


def test_the_separator_of_the_mapping_is_taken(path: Path) -> None:
    columns = ("Column 1", "Column 2", "Column 3", "Column 4")
    mapping = _mapping(*columns, headerless=True, separator=";", decimal_sign=",")
    row = ["c", "a, b, c, d", "2024-01-01", "1234,5"]
    assert _read(path, ";".join(row).encode(), mapping) == ([row], [1], [])


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (b"a,b\n", "column_missing", '"Column 3". Its columns are "Column 1", "Column 2"'),
        (b"\n\n", "file_no_rows", "no rows"),
        (b"", "file_empty", "empty"),
        (b"\x7fELF\x02\x01,\n", "file_not_text", "not text in UTF-8"),
        (gzip.compress(b"a,b\n", mtime=0)[:11], "file_truncated", "cut off"),
    ],
)
def test_what_is_wrong_with_a_file_without_a_header_is_said(path: Path, data: bytes, reason: str, words: str) -> None:
    with pytest.raises(AppError) as caught:
        _read(path, data, _mapping("Column 1", "Column 2", "Column 3", headerless=True))
    assert caught.value.reason == reason
    assert words in caught.value.detail


def test_a_header_in_another_encoding_is_no_text(path: Path) -> None:
    with pytest.raises(AppError, match=r"not text in UTF-8\. Set the encoding") as caught:
        _read(path, "Größe;b\n1;2\n".encode("cp1252"), _mapping("b"))
    assert caught.value.reason == "file_not_text"


def test_progress_counts_the_rows_that_were_handed_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cjm_ingest.adapters.csv_reader._BLOCK_BYTES", 1 << 16)
    rows_count = 100_000
    path.write_bytes(b"customer,step,time\n" + b"c-0001042,purchase,2024-05-07\n" * rows_count)
    with CsvFile(path, _mapping("customer", "step", "time")) as file:
        for block in file.blocks():
            assert block.progress_ratio == pytest.approx(int(block.rows[-1]) / rows_count, abs=0.1)
    assert block.progress_ratio == 1.0
