"""A small memory of many event keys, which never denies one that it holds."""

from typing import Final

import numpy as np
import numpy.typing as npt

_BYTES_PER_KEY: Final = 6
_FULL_BYTES_PER_KEY: Final = 4
_SMALLEST_KEYS_COUNT: Final = 10_000
_PIECE_KEYS: Final = 10_000  # what is computed of them stays near the processor
_BLOCK_BYTES: Final = 32
# One per word of a block, as Parquet has them.
_SALTS: Final = np.array(
    [0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31], np.uint32
)

_Keys = npt.NDArray[np.uint64]


class KeyFilter:
    """Tells keys that were certainly not added from those that perhaps were.

    A split block Bloom filter (https://parquet.apache.org/docs/file-format/bloomfilter): each key sets one bit in each
    of the eight words of one block, so that it costs one access to memory.

    Args:
        keys_count: How many keys it will hold soon; it is full at half as many more. Six bytes each.
    """

    def __init__(self, keys_count: int) -> None:
        # Two words of 32 bits in one of 64.
        self._blocks = np.zeros((self.bytes_for(keys_count) // _BLOCK_BYTES, _BLOCK_BYTES // 8), np.uint64)
        self._keys_count = 0

    @staticmethod
    def bytes_for(keys_count: int) -> int:
        """Memory of a filter for so many keys."""
        return max(keys_count, _SMALLEST_KEYS_COUNT) * _BYTES_PER_KEY // _BLOCK_BYTES * _BLOCK_BYTES

    @property
    def size_bytes(self) -> int:
        """Memory of this one."""
        return self._blocks.nbytes

    @property
    def is_full(self) -> bool:
        """True when it should be made anew: it goes on working, but takes more and more keys for known."""
        return self._keys_count * _FULL_BYTES_PER_KEY > self.size_bytes

    def add(self, keys: _Keys) -> None:
        """Remember keys; shape (n,), best up to some millions at once."""
        self._keys_count += len(keys)
        mixed = np.sort(_mixed(keys))  # in the order of their blocks, which then are near each other in memory
        for start in range(0, len(mixed), _PIECE_KEYS):
            places, masks = self._bits(mixed[start : start + _PIECE_KEYS])
            firsts = np.flatnonzero(np.diff(places, prepend=-1))
            self._blocks[places[firsts]] |= np.bitwise_or.reduceat(masks, firsts, axis=0)

    def may_hold(self, keys: _Keys) -> npt.NDArray[np.bool_]:
        """Per key, shape (n,), False when it was certainly not added."""
        found = np.empty(len(keys), np.bool_)
        for start in range(0, len(keys), _PIECE_KEYS):
            piece = slice(start, start + _PIECE_KEYS)
            places, masks = self._bits(_mixed(keys[piece]))
            found[piece] = ~(~self._blocks[places] & masks).any(axis=1)
        return found

    def _bits(self, mixed: _Keys) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.uint64]]:
        """Block of each key, shape (n,), in the order of the keys; its bits there, shape (n, 4)."""
        places = ((mixed >> np.uint64(32)) * np.uint64(len(self._blocks))) >> np.uint64(32)
        bits = (mixed.astype(np.uint32)[:, np.newaxis] * _SALTS) >> np.uint32(27)
        return places.astype(np.intp), (np.uint32(1) << bits).view(np.uint64)


def _mixed(keys: _Keys) -> _Keys:
    """Numbers through which nothing in the keys shows (the finish of splitmix64, doi:10.1145/2660193.2660195)."""
    mixed = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
