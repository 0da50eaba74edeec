"""Uploaded files, rejected rows and reports of imports: one folder per import."""

import asyncio
import contextlib
import itertools
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import IO, Final
from uuid import UUID

import msgspec

from cjm_ingest.application.ports import ImportReport
from cjm_ingest.domain.faults import RowFault
from cjm_kit.errors import AppError, Code

REJECTED_ROWS_KEPT: Final = 100_000
_FILE_SECONDS: Final = 86_400
_REPORT_SECONDS: Final = 365 * 86_400


class ImportFolder:
    """The folder with all imports.

    Args:
        root: Made when absent.
        max_file_bytes: Largest file that is taken.
    """

    def __init__(self, root: Path, max_file_bytes: int) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._max_file_bytes = max_file_bytes

    async def receive(self, import_id: str, chunks: AsyncIterator[bytes]) -> int:
        """Keep a file under its final name once it is whole and on disk.

        Returns:
            Its bytes.

        Raises:
            AppError: TOO_LARGE `file_too_large`.
        """
        folder = self._folder(import_id)
        folder.mkdir(exist_ok=True)
        part = folder / "file.part"
        received_bytes = 0
        try:
            with part.open("wb") as file:
                async for chunk in chunks:
                    received_bytes += len(chunk)
                    if received_bytes > self._max_file_bytes:
                        raise self._too_large()
                    await asyncio.to_thread(file.write, chunk)
                await asyncio.to_thread(_flush, file)
            part.rename(folder / "file")
            await asyncio.to_thread(_flush_folder, folder)
        finally:
            part.unlink(missing_ok=True)
        return received_bytes

    def path(self, import_id: str) -> Path:
        """Where the file of an import lies.

        Raises:
            AppError: NOT_FOUND `file_gone` when it is not there any more.
        """
        path = self._folder(import_id) / "file"
        if not path.exists():
            detail = "The uploaded file is not there any more. Upload it again."
            raise AppError(Code.NOT_FOUND, "file_gone", detail)
        return path

    @contextlib.contextmanager
    def rejected(self, import_id: str) -> Iterator["RejectedRowsFile"]:
        """Start the list of rejected rows anew."""
        folder = self._folder(import_id)
        folder.mkdir(exist_ok=True)
        with (folder / "rejected.jsonl").open("wb") as file:
            yield RejectedRowsFile(file)

    def rejected_page(self, import_id: str, cursor: str, count: int) -> tuple[list[RowFault], str]:
        """Some rejected rows and the cursor of the next ones; the cursor is the place in the list.

        Raises:
            AppError: INVALID_ARGUMENT `page_token_invalid`.
        """
        if cursor and not cursor.isdigit():
            detail = "This page cursor is not valid. Begin with the first page."
            raise AppError(Code.INVALID_ARGUMENT, "page_token_invalid", detail)
        try:
            with (self._folder(import_id) / "rejected.jsonl").open("rb") as file:
                file.seek(int(cursor or 0))
                lines = [line for line in itertools.islice(file, count) if line.endswith(b"\n")]
                place = int(cursor or 0) + sum(map(len, lines))
                has_more = place < os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            return [], ""
        rows = [msgspec.json.decode(line, type=RowFault) for line in lines]
        return rows, str(place) if has_more and rows else ""

    def save_report(self, import_id: str, report: ImportReport) -> None:
        """Keep how it ended."""
        folder = self._folder(import_id)
        folder.mkdir(exist_ok=True)
        part = folder / "report.part"
        with part.open("wb") as file:
            file.write(msgspec.json.encode(report))
            _flush(file)
        part.rename(folder / "report.json")
        _flush_folder(folder)

    def report(self, import_id: str) -> ImportReport | None:
        """How it ended; None when it has not."""
        try:
            data = (self._folder(import_id) / "report.json").read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(data, type=ImportReport)

    def drop_file(self, import_id: str) -> None:
        """The uploaded file is not needed any more."""
        (self._folder(import_id) / "file").unlink(missing_ok=True)

    def sweep(self) -> None:
        """Throw away files older than a day whose import has ended, and reports older than a year."""
        now = time.time()
        for folder in self._root.iterdir():
            report, file = folder / "report.json", folder / "file"
            with contextlib.suppress(FileNotFoundError):
                if report.exists() and file.exists() and now - file.stat().st_mtime > _FILE_SECONDS:
                    file.unlink()
                if now - folder.stat().st_mtime > _REPORT_SECONDS:
                    shutil.rmtree(folder)

    def _folder(self, import_id: str) -> Path:
        try:
            return self._root / str(UUID(import_id))
        except ValueError:
            detail = f"There is no import {import_id[:100]!r}. Check the id."
            raise AppError(Code.NOT_FOUND, "import_not_found", detail) from None

    def _too_large(self) -> AppError:
        limit = _size(self._max_file_bytes)
        return AppError(
            Code.TOO_LARGE,
            "file_too_large",
            f"The file is larger than {limit}, the limit here. Compress it with gzip or split it by month.",
            metadata={"limit_bytes": str(self._max_file_bytes)},
        )


class RejectedRowsFile:
    """Writes rejected rows, one JSON object per line, up to the number that is kept."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left_count = REJECTED_ROWS_KEPT

    def write(self, faults: Sequence[RowFault]) -> None:
        """Append some; beyond the number that is kept they are only counted elsewhere."""
        kept = faults[: self._left_count]
        self._left_count -= len(kept)
        self._file.writelines(msgspec.json.encode(fault) + b"\n" for fault in kept)
        self._file.flush()


def _size(count_bytes: int) -> str:
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if count_bytes >= factor:
            return f"{count_bytes / factor:.10g} {unit}"
    return f"{count_bytes} bytes"


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
