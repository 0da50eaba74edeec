"""The folders of imports, and what is told while the bus is away."""

import asyncio
import gzip
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from cjm_ingest.adapters import import_files
from cjm_ingest.adapters.csv_reader import CsvFile
from cjm_ingest.adapters.import_bus import IngestBus
from cjm_ingest.adapters.import_files import ImportFolder
from cjm_ingest.application.background import end
from cjm_ingest.application.ports import ImportReport, ImportState
from cjm_ingest.domain.faults import RowFault, Tally
from cjm_ingest.domain.mapping import ColumnRule, Mapping
from cjm_kit.errors import AppError

DAY = 86_400


@pytest.fixture
def files(tmp_path: Path) -> ImportFolder:
    """An empty folder of imports."""
    return ImportFolder(tmp_path, 1 << 20)


async def _parts(letter: bytes, count: int = 3) -> AsyncIterator[bytes]:
    for _ in range(count):
        await asyncio.sleep(0)
        yield letter * 1000


async def test_two_uploads_of_one_import_do_not_mix(files: ImportFolder) -> None:
    import_id = str(uuid4())
    await asyncio.gather(*(files.receive(import_id, "d", _parts(letter)) for letter in (b"a", b"b")))
    assert files.path(import_id).read_bytes() in (b"a" * 3000, b"b" * 3000)


async def test_a_full_disk_takes_no_files(files: ImportFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(AppError, match="disk_full"):
        await files.receive(str(uuid4()), "d", _parts(b"a"))


async def test_a_disk_that_gets_full_is_said(files: ImportFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    import_id = str(uuid4())
    await files.receive(import_id, "d", _parts(b"a"))
    folder = files.path(import_id).parent
    monkeypatch.setattr(import_files, "uuid4", lambda: "full")
    (folder / "full.part").symlink_to("/dev/full")
    with pytest.raises(AppError, match="disk_full"):
        await files.receive(import_id, "d", _parts(b"b"))
    assert [path.read_bytes() for path in folder.glob("f*")] == [b"a" * 3000]


@pytest.mark.parametrize("cursor", ["²", "٣", "9" * 30, "-1", "7", "x"])
def test_a_cursor_nobody_gave_out_is_refused(files: ImportFolder, cursor: str) -> None:
    import_id = str(uuid4())
    with files.rejected(import_id, "d") as rejected:
        rejected.write([RowFault(1, "time", "c", "bad", "not_a_date", "Row 1.")] * 3)
    rows, after = files.rejected_page(import_id, "", 2)
    assert (len(rows), len(files.rejected_page(import_id, after, 2)[0])) == (2, 1)
    with pytest.raises(AppError, match="page_token_invalid"):
        files.rejected_page(import_id, cursor, 2)


def test_old_files_go_and_a_stray_file_stops_nothing(files: ImportFolder, tmp_path: Path) -> None:
    stray = tmp_path / "0"
    stray.touch()
    os.utime(stray, (0, 0))
    left = set()
    for has_report, age_days, is_kept in ((True, 0.5, True), (True, 2, False), (False, 6, True), (False, 8, False)):
        for name in ("file", "x.part"):
            import_id = str(uuid4())
            with files.rejected(import_id, "d"):
                pass
            file = tmp_path / import_id / name
            file.touch()
            if has_report:
                files.save_report(import_id, ImportReport(ImportState.COMPLETED, Tally()))
            os.utime(file, (time.time() - age_days * DAY,) * 2)
            if is_kept:
                left.add(file)
    files.sweep()
    assert {*tmp_path.glob("*/file"), *tmp_path.glob("*/*.part")} == left


def test_of_a_check_without_a_dataset_nothing_is_left_after_a_week(files: ImportFolder, tmp_path: Path) -> None:
    left = set()
    for dataset_id, age_days, is_kept in (("", 6, True), ("", 8, False), ("d", 300, True), ("d", 400, False)):
        import_id = str(uuid4())
        with files.rejected(import_id, dataset_id):
            pass
        os.utime(tmp_path / import_id, (time.time() - age_days * DAY,) * 2)
        if is_kept:
            left.add(import_id)
    files.sweep()
    assert {folder.name for folder in tmp_path.iterdir()} == left


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cjm_ingest.adapters.csv_reader._UNPACKED_BYTES", 5 << 20)
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(b"a,b\n" + b"x,y\n" * (2 << 20)))
    with (
        CsvFile(path, Mapping((ColumnRule("customer_id", "a"),))) as file,
        pytest.raises(AppError, match="file_too_large_unpacked"),
    ):
        list(file.blocks())


async def test_growth_is_told_after_the_bus_was_away(monkeypatch: pytest.MonkeyPatch, until: Any) -> None:
    told: list[list[str]] = []

    class Bus:
        async def publish(self, subject: str, message: Any) -> None:
            told.append(list(message.dataset_ids))
            if len(told) == 1:
                raise ConnectionResetError

    monkeypatch.setattr("cjm_ingest.adapters.import_bus._TELL_SECONDS", 0.01)
    facts = IngestBus(Bus())  # type: ignore[arg-type]
    facts.events_stored(["d"])
    task = asyncio.create_task(facts.tell())

    async def was_told_again() -> bool:
        return told == [["d"], ["d"]]

    await until(was_told_again)
    await end([task])
