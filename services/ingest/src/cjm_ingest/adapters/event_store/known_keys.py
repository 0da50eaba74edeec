"""Keeps the engine from being asked, before each insert, for the ids of events that are new."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from cjm_ingest.domain.key_filter import KeyFilter

_Keys = npt.NDArray[np.uint64]

# To read all keys costs as much as some twenty looks at them: an edition is read once as many were asked for.
LOOKS: Final = 20
BUDGET_BYTES: Final = 256 * 1024 * 1024
_PIECE_KEYS: Final = 2_000_000


class KnownKeys:
    """Keys that the editions hold, and perhaps others; those of editions asked for often, as far as there is room.

    Nothing may be stored in an edition while one of its keys is looked for.

    Args:
        count: How many keys are stored in an edition.
        read: All of them, in arrays of any size.
    """

    def __init__(self, count: Callable[[str], int], read: Callable[[str], list[_Keys]]) -> None:
        self._count = count
        self._read = read
        self._looks: Counter[str] = Counter()
        self._filters: OrderedDict[str, KeyFilter] = OrderedDict()
        # Editions are thrown away while events arrive.
        self._lock = threading.RLock()

    def candidates(self, edition: str, keys: _Keys) -> _Keys:
        """Those of the keys that must be looked for; the others are certainly not stored."""
        with self._lock:
            known = self._filter_of(edition)
        return keys if known is None else keys[known.may_hold(keys)]

    def add(self, editions: Iterable[str], keys: _Keys) -> None:
        """These keys are about to be stored."""
        with self._lock:
            for known in [self._filters[edition] for edition in editions if edition in self._filters]:
                known.add(keys)

    def forget(self, edition: str) -> None:
        """The edition is gone, or its keys have become others in a way of their own."""
        with self._lock:
            self._filters.pop(edition, None)
            del self._looks[edition]

    def _filter_of(self, edition: str) -> KeyFilter | None:
        known = self._filters.get(edition)
        if known is None:
            self._looks[edition] += 1
            if self._looks[edition] <= LOOKS:
                return None
        elif not known.is_full:
            self._filters.move_to_end(edition)
            return known
        self.forget(edition)
        return self._made(edition)

    def _made(self, edition: str) -> KeyFilter | None:
        if KeyFilter.bytes_for(self._count(edition)) > BUDGET_BYTES:
            return None
        stored = self._read(edition)
        known = self._filters[edition] = KeyFilter(sum(map(len, stored)))
        for keys in stored:
            for start in range(0, len(keys), _PIECE_KEYS):
                known.add(keys[start : start + _PIECE_KEYS])
        while sum(item.size_bytes for item in self._filters.values()) > BUDGET_BYTES:
            self._filters.popitem(last=False)
        return known
