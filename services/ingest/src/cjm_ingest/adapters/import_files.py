"""Uploaded files, rejected rows and reports of imports: one folder per import."""

import asyncio
import contextlib
import errno
import itertools
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import IO, Final
from uuid import UUID, uuid4

import msgspec

from cjm_ingest.application.ports import ImportReport
from cjm_ingest.domain.faults import RowFault
from cjm_kit.errors import AppError, Code
from cjm_kit.logging import get_logger

REJECTED_ROWS_KEPT: Final = 100_000
_FILE_SECONDS: Final = 86_400
_LOST_FILE_SECONDS: Final = 7 * 86_400
_REPORT_SECONDS: Final = 365 * 86_400
_FREE_BYTES: Final = 1 << 30
_TRIES_COUNT: Final = 3
_CURSOR: Final = re.compile(r"[0-9]{0,15}")

_log = get_logger(__name__)


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

    async def receive(self, import_id: str, dataset_id: str, chunks: AsyncIterator[bytes]) -> int:
        """Keep a file under its final name once it is whole and on disk.

        Returns:
            Its bytes.

        Raises:
            AppError: TOO_LARGE `file_too_large`, UNAVAILABLE `disk_full`.
        """
        if shutil.disk_usage(self._root).free < _FREE_BYTES:
            raise _disk_full()
        folder = self._made_folder(import_id, dataset_id)
        part = folder / f"{uuid4()}.part"
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
        except OSError as failure:
            if failure.errno != errno.ENOSPC:
                raise
            raise _disk_full() from failure
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

    def share(self, import_id: str, with_import_id: str, dataset_id: str) -> None:
        """Let another import have the file too; each drops it for itself.

        Raises:
            AppError: NOT_FOUND `file_gone` when it is not there any more.
        """
        path = self.path(import_id)
        with contextlib.suppress(FileExistsError):
            os.link(path, self._made_folder(with_import_id, dataset_id) / "file")

    @contextlib.contextmanager
    def attempt(self, import_id: str) -> Iterator[None]:
        """Count a try until it has ended: what is still counted at the next one took the process down with it.

        Raises:
            AppError: FAILED_PRECONDITION `import_interrupted` after three such tries.
        """
        tries = self._folder(import_id) / "tries"
        with tries.open("ab") as file:
            if file.tell() >= _TRIES_COUNT:
                detail = "This import was interrupted three times, so it was given up. Split the file and import again."
                raise AppError(Code.FAILED_PRECONDITION, "import_interrupted", detail)
            file.write(b".")
        try:
            yield
        finally:
            tries.unlink(missing_ok=True)

    @contextlib.contextmanager
    def rejected(self, import_id: str, dataset_id: str) -> Iterator["RejectedRowsFile"]:
        """Start the list of rejected rows anew."""
        folder = self._made_folder(import_id, dataset_id)
        with (folder / "rejected.jsonl").open("wb") as file:
            yield RejectedRowsFile(file)

    def rejected_page(self, import_id: str, cursor: str, count: int) -> tuple[list[RowFault], str]:
        """Some rejected rows and the cursor of the next ones; the cursor is the place in the list.

        Raises:
            AppError: INVALID_ARGUMENT `page_token_invalid`.
        """
        if not _CURSOR.fullmatch(cursor):
            raise _token_invalid()
        try:
            with (self._folder(import_id) / "rejected.jsonl").open("rb") as file:
                file.seek(int(cursor or 0))
                lines = [line for line in itertools.islice(file, count) if line.endswith(b"\n")]
                place = int(cursor or 0) + sum(map(len, lines))
                has_more = place < os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            return [], ""
        try:
            rows = [msgspec.json.decode(line, type=RowFault) for line in lines]
        except (msgspec.DecodeError, UnicodeError) as failure:
            raise _token_invalid() from failure
        return rows, str(place) if has_more and rows else ""

    def save_report(self, import_id: str, report: ImportReport) -> None:
        """Keep how it ended."""
        folder = self._folder(import_id)
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

    def forget(self, import_id: str) -> None:
        """Throw away all there is of an import."""
        shutil.rmtree(self._folder(import_id), ignore_errors=True)

    def forget_dataset(self, dataset_id: str) -> None:
        """Throw away all there is of the imports of a dataset."""
        for mark in self._root.glob("*/dataset"):
            if mark.read_text() == dataset_id:
                shutil.rmtree(mark.parent)

    def sweep(self) -> None:
        """Throw away files older than a day whose import has ended, others after a week, reports after a year.

        Of a check without a dataset nothing is left after a week.
        """
        now = time.time()
        for folder in self._root.iterdir():
            try:
                kept_seconds = _FILE_SECONDS if (folder / "report.json").exists() else _LOST_FILE_SECONDS
                for file in (*folder.glob("file"), *folder.glob("*.part")):
                    if now - file.stat().st_mtime > kept_seconds:
                        file.unlink()
                mark = folder / "dataset"
                has_dataset = mark.exists() and mark.stat().st_size > 0
                if now - folder.stat().st_mtime > (_REPORT_SECONDS if has_dataset else _LOST_FILE_SECONDS):
                    shutil.rmtree(folder)
            except OSError as failure:
                _log.warning("import_not_swept", folder=folder.name, error=str(failure))

    def _made_folder(self, import_id: str, dataset_id: str) -> Path:
        folder = self._folder(import_id)
        folder.mkdir(exist_ok=True)
        (folder / "dataset").write_text(dataset_id)
        return folder

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


def _token_invalid() -> AppError:
    detail = "This page cursor is not valid. Begin with the first page."
    return AppError(Code.INVALID_ARGUMENT, "page_token_invalid", detail)


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


def _disk_full() -> AppError:
    detail = "The server is short of disk space and takes no files. Ask an administrator to make room."
    return AppError(Code.UNAVAILABLE, "disk_full", detail)
