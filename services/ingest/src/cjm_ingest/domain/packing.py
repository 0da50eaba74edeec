"""Packing time, order of arrival and step of an event into one number whose order is the order of the journey."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the events of a dataset do not exceed.

    Attributes:
        min_ms: Earliest time, milliseconds since 1970-01-01 UTC; may be negative.
        max_ms: Latest time.
        max_tie: Largest order of arrival within one customer and millisecond, >= 0.
    """

    min_ms: int
    max_ms: int
    max_tie: int

    def including(self, other: "Bounds") -> "Bounds":
        """Bounds of both."""
        return Bounds(min(self.min_ms, other.min_ms), max(self.max_ms, other.max_ms), max(self.max_tie, other.max_tie))


@dataclass(frozen=True, slots=True)
class Packing:
    """Places of the parts in the packed number: time - `origin_ms`, then tie, then action code in the lowest bits.

    Comparing two packed numbers compares time, then tie, then code. Nothing is rounded or cut: when the three do
    not fit 64 bits, 128 are used.

    Attributes:
        origin_ms: Time that is packed as 0.
        action_bits: Bits of the action code.
        tie_bits: Bits of the order of arrival.
        time_bits: Bits of the time.
    """

    origin_ms: int
    action_bits: int
    tie_bits: int
    time_bits: int

    @property
    def time_shift(self) -> int:
        """Bits below the time."""
        return self.action_bits + self.tie_bits

    @property
    def integer_type(self) -> str:
        """ClickHouse type that holds the packed number."""
        return "UInt64" if self.time_shift + self.time_bits <= 64 else "UInt128"


def packing_for(bounds: Bounds, activities_count: int) -> Packing:
    """The smallest packing for events within bounds.

    Args:
        bounds: Bounds of the events.
        activities_count: Number of action codes, >= 1; the largest code is one less.

    Example:
        >>> packing_for(Bounds(0, 1023, 0), 4)
        Packing(origin_ms=0, action_bits=2, tie_bits=0, time_bits=10)
    """
    return Packing(
        origin_ms=bounds.min_ms,
        action_bits=(activities_count - 1).bit_length(),
        tie_bits=bounds.max_tie.bit_length(),
        time_bits=(bounds.max_ms - bounds.min_ms).bit_length(),
    )
