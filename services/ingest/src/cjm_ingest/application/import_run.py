"""Reads one file from its first row to its last and stores what is good."""

import copy
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cjm_ingest.application.appender import Appender, Keys, hashes, numbered_keys
from cjm_ingest.application.columns import Block, Converted, Converter
from cjm_ingest.application.ports import EventStore, ImportEntry, OpenTableFile, RejectedRows
from cjm_ingest.domain.arrival import DistinctKeys, TieCounter
from cjm_ingest.domain.faults import Tally
from cjm_ingest.domain.keys import event_keys
from cjm_kit.errors import AppError, Code
from cjm_kit.logging import get_logger

_SAMPLE_ROWS: Final = 10_000
_TIE_SLOTS_BITS: Final = 24
_INSERT_ROWS: Final = 40_000
_ROOM_SECONDS: Final = 1.0

_log = get_logger(__name__)


class CancelledImportError(Exception):
    """Somebody asked the import to stop."""


class ImportRun:
    """The work on one file; blocks, so it runs in a thread of its own.

    All or nothing takes two passes: nothing is stored before every row was seen to be good, so that nobody counts with
    an event that goes again.

    Args:
        entry: What to do.
        store: Where rows of an earlier try are taken out again.
        appender: Where good rows go.
        open_file: Opens the file.
    """

    def __init__(self, entry: ImportEntry, store: EventStore, appender: Appender, open_file: OpenTableFile) -> None:
        self._entry = entry
        self._store = store
        self._appender = appender
        self._open_file = open_file
        self._is_cancelled = threading.Event()
        self._is_broken_off = False
        self._tally = Tally()
        self._keys, self._customers = DistinctKeys(), DistinctKeys()
        self._ties = TieCounter(_TIE_SLOTS_BITS)
        self._passes_count = 2 if entry.is_all_or_nothing and not entry.is_check else 1
        self._passes_done = 0
        self.latest = Tally()
        """What was found up to the last whole block; replaced, never changed."""

    def cancel(self) -> None:
        """Ask it to stop; what it stored goes again."""
        self._is_cancelled.set()

    def break_off(self) -> None:
        """Ask it to stop at once; what it stored is taken out when it begins anew."""
        self._is_broken_off = True
        self.cancel()

    @property
    def import_id(self) -> str:
        """UUID of the import."""
        return self._entry.import_id

    @property
    def dataset_id(self) -> str:
        """UUID of the dataset."""
        return self._entry.dataset_id

    def perform(self, path: Path, rejected: RejectedRows) -> Tally:
        """Import the file; faulty rows are written to `rejected`.

        Returns:
            What was found. Of a check and of a failed import nothing is stored.

        Raises:
            AppError: INVALID_ARGUMENT with the reasons of the file reader, `time_format_ambiguous`, `no_good_rows`,
                `rows_rejected` (all or nothing), `too_many_actions`.
            CancelledImportError: After `cancel`.
        """
        try:
            while self._passes_done < self._passes_count:
                self._keys, self._tally.rows_duplicate = DistinctKeys(), 0
                self._read(path, rejected)
                self._passes_done += 1
        except BaseException:
            if not self._is_broken_off:
                self.take_out()
            raise
        finally:
            self.latest = copy.deepcopy(self._tally)
        return self.latest

    def begin(self) -> None:
        """Take out what an earlier try stored that was killed in the middle; say whether the dataset is replaced."""
        if self._entry.replaces_dataset:
            self._appender.begin_edition(self._entry.dataset_id, self._entry.import_id)
        self.take_out()

    def take_out(self) -> None:
        """Take out what it stored in this or an earlier try; on a full disk it waits for room, for nothing may stay."""
        while not self._entry.is_check:
            try:
                self._store.delete_import(self._entry.dataset_id, self._entry.import_id)
            except AppError as failure:
                if failure.reason != "disk_full":
                    raise
                if self._is_broken_off:
                    raise CancelledImportError from failure
                _log.warning("import_waits_for_room", import_id=self._entry.import_id)
                time.sleep(_ROOM_SECONDS)
            else:
                return

    def _read(self, path: Path, rejected: RejectedRows) -> None:
        mapping = self._entry.mapping
        converter: Converter | None = None
        # One block is stored while the next is read.
        with (
            self._open_file(path, mapping) as file,
            ThreadPoolExecutor(1, "import-insert") as inserting,
        ):
            pending: Future[int] | None = None
            gathered: list[Converted] = []
            for block in file.blocks():
                if self._is_cancelled.is_set():
                    raise CancelledImportError
                converter = converter or Converter(mapping, _sample(block))
                good = converter.convert(block)
                if not self._passes_done:
                    rejected.write(good.faults)
                    self._count(block, good)
                self._tally.progress_ratio = (self._passes_done + block.progress_ratio) / self._passes_count
                gathered.append(good)
                if sum(len(part.rows) for part in gathered) >= _INSERT_ROWS:
                    self._await(pending)
                    pending = inserting.submit(self._store_rows, _joined(gathered))
                    gathered = []
                self.latest = copy.deepcopy(self._tally)
            self._await(pending)
            if gathered:
                self._await(inserting.submit(self._store_rows, _joined(gathered)))
        self._judge()

    def _await(self, pending: Future[int] | None) -> None:
        if pending:
            self._tally.rows_duplicate += pending.result()

    def _count(self, block: Block, good: Converted) -> None:
        tally = self._tally
        tally.rows_read += len(block.rows) + len(block.faults)
        for fault in good.faults:
            tally.reject(fault)
        for finding in good.repaired:
            tally.add(finding)
        count = len(good.rows)
        tally.rows_accepted += count
        if not count:
            return
        for step in good.columns["action_type"].value_counts().to_pylist():
            tally.steps[step["values"]] = tally.steps.get(step["values"], 0) + step["counts"]
        times = pc.min_max(good.columns["time"]).as_py()
        tally.saw_times(times["min"], times["max"])
        self._customers.add(hashes(good.columns["customer_id"]))
        tally.customers_count = len(self._customers)

    def _store_rows(self, good: Converted) -> int:
        """Store rows; returns how many of them were there already."""
        if not len(good.rows):
            return 0
        columns, keys = self._with_ids(good)
        has_own_ids = "event_id" in good.columns
        if has_own_ids:
            distinct, first = np.unique(keys, return_index=True)
            places = np.sort(first[np.isin(distinct, self._keys.add(distinct), assume_unique=True)])
            if len(places) < len(keys):
                keys = keys[places]
                columns = {name: values.take(pa.array(places)) for name, values in columns.items()}
        dataset_id, import_id = self._entry.dataset_id, self._entry.import_id
        is_last_pass = self._passes_done + 1 == self._passes_count
        if is_last_pass and not self._entry.is_check:
            token = f"{import_id}-{uuid4()}"
            added = self._appender.append(
                dataset_id, import_id, columns, keys, self._ties, token, may_be_known=has_own_ids
            )
        else:
            added = len(keys) - (self._appender.count_known(dataset_id, keys) if has_own_ids else 0)
        return len(good.rows) - added

    def _with_ids(self, good: Converted) -> tuple[dict[str, pa.Array], Keys]:
        """Rows without an id of their own get one from the import and the row, so that a second try changes nothing."""
        import_id = self._entry.import_id
        made = pc.binary_join_element_wise(import_id, pa.array(good.rows).cast(pa.string()), ":")
        if "event_id" not in good.columns:
            return {**good.columns, "event_id": made}, numbered_keys(import_id, good.rows)
        ids = pc.coalesce(good.columns["event_id"], made)
        return {**good.columns, "event_id": ids}, event_keys(ids.to_pylist())

    def _judge(self) -> None:
        tally = self._tally
        if not tally.rows_read:
            raise AppError(
                Code.INVALID_ARGUMENT,
                "file_no_rows",
                "The file has a header but no rows below it. Choose another file.",
            )
        tally.progress_ratio = 1.0
        first = next((found.examples[0].detail for found in tally.findings.values() if not found.repair), "")
        if not tally.rows_accepted:
            raise AppError(
                Code.INVALID_ARGUMENT, "no_good_rows", f"None of the {tally.rows_read} rows can be used. {first}"
            )
        if tally.rows_rejected and self._entry.is_all_or_nothing:
            raise AppError(
                Code.INVALID_ARGUMENT,
                "rows_rejected",
                f"{tally.rows_rejected} of {tally.rows_read} rows have faults and the import was to be all or nothing, "
                f"so nothing was stored. {first}",
            )


def _joined(parts: list[Converted]) -> Converted:
    columns = {name: pa.concat_arrays([part.columns[name] for part in parts]) for name in parts[0].columns}
    return Converted(columns, np.concatenate([part.rows for part in parts]), [])


def _sample(block: Block) -> dict[str, list[str]]:
    return {header: texts.slice(0, _SAMPLE_ROWS).to_pylist() for header, texts in block.columns.items()}
