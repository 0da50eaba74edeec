"""Editions of datasets: an import that replaces a dataset, or a fix, makes a new one beside the current one.

The events of an edition are one partition of the table of events. One row makes an edition current, so that a kill at
any moment leaves either the old events or the new ones, whole.
"""

import threading
from enum import IntEnum
from typing import Final
from uuid import uuid4

import pyarrow as pa

from cjm_ingest.adapters.event_store.engine import Engine

_SEPARATOR: Final = "/"
_FIX_PREFIX: Final = "fix-"

DATASET_SQL: Final = f"splitByChar('{_SEPARATOR}', toString(dataset_id))[1]"
"""Expression for the UUID of the dataset of an event."""


class _Step(IntEnum):
    """How far an edition has come; never back."""

    IN_THE_MAKING = 1
    CURRENT = 2
    GONE = 3


def edition_key(dataset_id: str, import_id: str) -> str:
    """What stands in the column `dataset_id` of the events of an edition; the first one has no import."""
    return f"{dataset_id}{_SEPARATOR}{import_id}" if import_id else dataset_id


def dataset_of(edition: str) -> str:
    """UUID of the dataset that an edition is of."""
    return edition.partition(_SEPARATOR)[0]


def new_fix_id() -> str:
    """What a fix is called where an import would be."""
    return f"{_FIX_PREFIX}{uuid4()}"


class Editions:
    """Which edition of each dataset is current and which one is in the making; at most one of each.

    Reading is free; whoever changes something keeps events from arriving meanwhile.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._current: dict[str, str] = {}
        self._in_the_making: dict[str, str] = {}
        steps = engine.write_query(
            "SELECT dataset_id, import_id, max(step) AS step FROM editions GROUP BY dataset_id, import_id"
        )
        for row in steps.to_pylist():
            if row["step"] == _Step.CURRENT:
                self._current[row["dataset_id"]] = row["import_id"]
            elif row["step"] == _Step.IN_THE_MAKING:
                self._in_the_making[row["dataset_id"]] = row["import_id"]

    def current(self, dataset_id: str) -> str:
        """Key of the edition that questions are asked of."""
        return edition_key(dataset_id, self._current.get(dataset_id, ""))

    def unfinished_fixes(self) -> dict[str, str]:
        """By dataset, the fix that makes an edition; none outlives the process."""
        return {key: maker for key, maker in self._in_the_making.items() if maker.startswith(_FIX_PREFIX)}

    def in_the_making(self, dataset_id: str) -> str | None:
        """Import that makes an edition of a dataset; None when none does."""
        return self._in_the_making.get(dataset_id)

    def all_of(self, dataset_id: str) -> tuple[str, ...]:
        """Keys of the current edition and of the one in the making."""
        import_id = self._in_the_making.get(dataset_id)
        current = self.current(dataset_id)
        return (current,) if import_id is None else (current, edition_key(dataset_id, import_id))

    def taking(self, dataset_id: str, import_id: str) -> tuple[str, ...]:
        """Keys of the editions that take new events: of an import that makes one only that, of all others each."""
        if import_id and self._in_the_making.get(dataset_id) == import_id:
            return (edition_key(dataset_id, import_id),)
        return self.all_of(dataset_id)

    def begin(self, dataset_id: str, import_id: str) -> None:
        """Begin the edition of an import; no other one may be in the making."""
        with self._lock:
            self._note(dataset_id, (import_id, _Step.IN_THE_MAKING))
            self._in_the_making[dataset_id] = import_id

    def adopt(self, dataset_id: str, import_id: str) -> str | None:
        """Make the edition of an import the current one.

        Returns:
            Key of the edition that was current; None when the edition is not in the making (any more).
        """
        with self._lock:
            if self._in_the_making.get(dataset_id) != import_id:
                return None
            former = self._current.get(dataset_id, "")
            self._note(dataset_id, (import_id, _Step.CURRENT), (former, _Step.GONE))
            self._current[dataset_id] = import_id
            del self._in_the_making[dataset_id]
            return edition_key(dataset_id, former)

    def abandon(self, dataset_id: str, import_id: str) -> str | None:
        """Give up the edition of an import.

        Returns:
            Its key; None when it is not in the making (any more).
        """
        with self._lock:
            if self._in_the_making.get(dataset_id) != import_id:
                return None
            self._note(dataset_id, (import_id, _Step.GONE))
            del self._in_the_making[dataset_id]
            return edition_key(dataset_id, import_id)

    def was_adopted(self, dataset_id: str, import_id: str) -> bool:
        """True when the edition of an import is the current one, or was it."""
        found = self._engine.write_query(
            "SELECT count() AS rows FROM editions WHERE dataset_id = {dataset_id:String} "
            "AND import_id = {import_id:String} AND step = {step:UInt8}",
            {"dataset_id": dataset_id, "import_id": import_id, "step": int(_Step.CURRENT)},
        )
        return bool(found["rows"][0].as_py())

    def gone(self) -> set[str]:
        """Keys of all editions that are gone: a kill can leave events of such."""
        rows = self._engine.write_query(
            "SELECT dataset_id, import_id FROM editions WHERE step = {step:UInt8}", {"step": int(_Step.GONE)}
        )
        return {edition_key(row["dataset_id"], row["import_id"]) for row in rows.to_pylist()}

    def _note(self, dataset_id: str, *steps: tuple[str, _Step]) -> None:
        """Remember steps of editions of one dataset, all or none."""
        rows = {
            "dataset_id": [dataset_id] * len(steps),
            "import_id": [import_id for import_id, _ in steps],
            "step": pa.array([step for _, step in steps], pa.uint8()),
        }
        try:
            self._engine.insert("editions", pa.table(rows))
        except Exception:
            # A step may be on disk all the same, and an edition given up after it was adopted would take all events.
            if any(self._stored_step(dataset_id, import_id) < step for import_id, step in steps):
                raise

    def _stored_step(self, dataset_id: str, import_id: str) -> int:
        found = self._engine.write_query(
            "SELECT max(step) AS step FROM editions WHERE dataset_id = {dataset_id:String} "
            "AND import_id = {import_id:String}",
            {"dataset_id": dataset_id, "import_id": import_id},
        )
        return int(found["step"][0].as_py())
