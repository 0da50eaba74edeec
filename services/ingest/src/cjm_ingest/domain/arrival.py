"""Order of arrival among events of one customer in one millisecond, and counting what is distinct."""

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]

_SPREAD_TIME = np.uint64(0x9E3779B97F4A7C15)
_SPREAD_ALL = np.uint64(0xD6E8FEB86659FD93)
_LARGEST = np.iinfo(np.uint16).max


class TieCounter:
    """Numbers events of the same customer and millisecond in the order in which they are shown to it.

    Counts live in a table of fixed size, one slot per hash of customer and time. Two different pairs that share a slot
    only make a number larger than needed; the order within a pair stays right whatever the distance in the file.

    Args:
        slots_bits: The table has 2 to this power slots of two bytes.
        is_rotating: True for an endless flow: when a quarter of the slots is taken a fresh table follows, and
            the one before is still looked at.
    """

    def __init__(self, slots_bits: int, *, is_rotating: bool = False) -> None:
        self._shift = np.uint64(64 - slots_bits)
        self._counts = np.zeros(1 << slots_bits, np.uint16)
        self._older: npt.NDArray[np.uint16] | None = None
        self._is_rotating = is_rotating
        self._taken_count = 0

    def number(self, customers: Keys, times_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
        """Numbers from 0 for events in order of arrival.

        Args:
            customers: Hash of the customer per event.
            times_ms: Time per event, milliseconds.

        Returns:
            One number per event; among events of one customer and millisecond they rise, up to 65 535.
        """
        if not len(customers):
            return np.empty(0, np.uint32)
        mixed = (customers ^ (times_ms.astype(np.uint64) * _SPREAD_TIME)) * _SPREAD_ALL
        slots = mixed >> self._shift
        order = np.argsort(slots, kind="stable")
        arranged = slots[order]
        starts = np.flatnonzero(np.concatenate(([True], arranged[1:] != arranged[:-1])))
        sizes = np.diff(np.append(starts, len(arranged)))
        distinct = arranged[starts]
        base = self._counts[distinct].astype(np.int64)
        self._taken_count += int(np.count_nonzero(base == 0))
        if self._older is not None:
            base = np.maximum(base, self._older[distinct])
        positions = np.arange(len(arranged)) - np.repeat(starts, sizes) + np.repeat(base, sizes)
        self._counts[distinct] = np.minimum(base + sizes, _LARGEST)
        numbers = np.empty(len(arranged), np.uint32)
        numbers[order] = np.minimum(positions, _LARGEST)
        if self._is_rotating and self._taken_count > len(self._counts) // 4:
            self._older, self._counts = self._counts, np.zeros_like(self._counts)
            self._taken_count = 0
        return numbers


class DistinctKeys:
    """Keys seen so far, 8 bytes each, in a few sorted runs."""

    def __init__(self) -> None:
        self._runs: list[Keys] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add(self, keys: Keys) -> Keys:
        """Remember keys.

        Returns:
            Those that were new, sorted, each once.
        """
        new = np.unique(keys)
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, new), len(run) - 1)
            new = new[run[places] != new]
        if len(new):
            self._runs.append(new)
        while len(self._runs) > 1 and len(self._runs[-2]) < 2 * len(self._runs[-1]):
            last = self._runs.pop()
            self._runs[-1] = np.sort(np.concatenate((self._runs[-1], last)))
        return new
