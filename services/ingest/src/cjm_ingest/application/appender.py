"""The one door through which events enter the store."""

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cjm_ingest.application.ports import EventStore
from cjm_ingest.domain.arrival import TieCounter
from cjm_ingest.domain.keys import event_keys

_SPREAD = np.uint64(0x9E3779B97F4A7C15)

Keys = npt.NDArray[np.uint64]


class Appender:
    """Adds events of which each event id counts once, whoever brings it and whenever.

    Args:
        store: The event store.
        schema: Shape of the rows it takes.
    """

    def __init__(self, store: EventStore, schema: pa.Schema) -> None:
        self._store = store
        self._schema = schema
        # Looking for known ids and inserting must not interleave between the writer and imports.
        self._lock = threading.Lock()

    def append(
        self,
        dataset_id: str,
        import_id: str,
        columns: Mapping[str, pa.Array],
        keys: Keys,
        ties: TieCounter,
        token: str,
        *,
        may_be_known: bool,
    ) -> int:
        """Store those events whose id is not stored yet.

        Args:
            dataset_id: UUID.
            import_id: UUID; empty for events sent over REST.
            columns: By field, in order of arrival: `event_id`, `customer_id`, `action_type`, `time` (int64 milliseconds
                since 1970 UTC) and any of the others, nulls for "not set".
            keys: Key of the event id per event, each once.
            ties: Numbers events of the same customer and millisecond.
            token: The same for every try of the same events, different for all others.
            may_be_known: False when the ids were made for these events alone.

        Returns:
            How many were stored; none when the dataset was deleted.

        Raises:
            AppError: INVALID_ARGUMENT `too_many_actions`.
        """
        with self._lock:
            if self._store.is_deleted(dataset_id):
                return 0
            added = [
                self._append(edition, import_id, columns, keys, ties, f"{token}-{edition}", may_be_known=may_be_known)
                for edition in self._store.editions(dataset_id, import_id)
            ]
        return added[0]

    def paused(self) -> AbstractContextManager[object]:
        """While it is entered, no events enter."""
        return self._lock

    def begin_edition(self, dataset_id: str, import_id: str) -> None:
        """What comes from now on stays when the import replaces the dataset, what is there goes."""
        with self._lock:
            if not self._store.is_deleted(dataset_id):
                self._store.begin_edition(dataset_id, import_id)
        self._store.drop_gone()

    def adopt_edition(self, dataset_id: str, import_id: str) -> None:
        """The import replaces what was in the dataset when its edition began."""
        with self._lock:
            self._store.adopt_edition(dataset_id, import_id)
        self._store.drop_gone()

    def abandon_edition(self, dataset_id: str, import_id: str) -> None:
        """The import does not replace the dataset."""
        with self._lock:
            self._store.abandon_edition(dataset_id, import_id)
        self._store.drop_gone()

    def delete_dataset(self, dataset_id: str) -> None:
        """Take all events of a dataset out; those still on their way are not stored any more."""
        with self._lock:
            self._store.delete_dataset(dataset_id)
        self._store.drop_gone()

    def count_known(self, dataset_id: str, keys: Keys) -> int:
        """How many of these event keys are stored already."""
        with self._lock:
            return len(self._store.existing_event_keys(self._store.edition(dataset_id), keys))

    def _append(
        self,
        edition: str,
        import_id: str,
        columns: Mapping[str, pa.Array],
        keys: Keys,
        ties: TieCounter,
        token: str,
        *,
        may_be_known: bool,
    ) -> int:
        if may_be_known and len(known := self._store.existing_event_keys(edition, keys)):
            mask = np.isin(keys, known, invert=True)
            keys = keys[mask]
            columns = {name: values.filter(pa.array(mask)) for name, values in columns.items()}
        if len(keys):
            self._store.insert(self._table(edition, import_id, columns, keys, ties), token)
        return len(keys)

    def _table(
        self, edition: str, import_id: str, columns: Mapping[str, pa.Array], keys: Keys, ties: TieCounter
    ) -> pa.Table:
        count = len(keys)
        actions = columns["action_type"].dictionary_encode()
        codes = self._store.action_codes(edition, actions.dictionary.to_pylist())
        times = columns["time"]
        made = {
            **columns,
            "dataset_id": pa.repeat(edition, count),
            "import_id": pa.repeat(import_id, count),
            "event_key": pa.array(keys),
            "action": pa.array(codes[actions.indices.to_numpy()]),
            "time": times.cast(pa.timestamp("ms", "UTC")),
            "tie": pa.array(ties.number(hashes(columns["customer_id"]), times.to_numpy())),
        }
        # Fields that the rows do not have are not set.
        fields = [field for field in self._schema if field.name in made]
        return pa.table([_filled(made[field.name], field.type) for field in fields], pa.schema(fields))


def numbered_keys(source: str, numbers: npt.NDArray[np.int64]) -> Keys:
    """Event keys of events without an id of their own: spread like hashes, but computed for all at once.

    Args:
        source: Where they come from.
        numbers: Their numbers there, each once.
    """
    return np.asarray(event_keys([source])[0] + numbers.astype(np.uint64) * _SPREAD)


def hashes(texts: pa.StringArray) -> Keys:
    """A well-spread number per text, the same for equal texts in this process."""
    encoded = texts.dictionary_encode()
    numbers = np.fromiter(map(hash, encoded.dictionary.to_pylist()), np.int64, len(encoded.dictionary))
    spread: Keys = numbers.view(np.uint64)[encoded.indices.to_numpy()]
    return spread


def _filled(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if not pa.types.is_string(kind):
        return values
    texts = values if pa.types.is_string(values.type) else values.cast(pa.string())
    return texts.fill_null("") if texts.null_count else texts
