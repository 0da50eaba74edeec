"""The layout in which accepted events travel to the writer: blocks of columns, because most values of a column repeat.

A message is a msgpack array of blocks; a block is an array of dataset id, number of events and the columns in the order
of `ROW_FIELDS`; a column is the one value that all its events have, or an array with one value per event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from cjm_ingest.domain.fields import NUMBER_FIELDS, TEXT_FIELDS

LAYOUT_VERSION: Final = 2

# The event id is empty or null when the sender gave none: the writer makes it from the place in the stream.
# Time in milliseconds since 1970 UTC; text "" or null and number null mean "not set"; properties is JSON as text.
ROW_FIELDS: Final = ("customer_id", "action_type", "time", "event_id", *TEXT_FIELDS, *NUMBER_FIELDS, "properties")

_BLOCK_BYTES: Final = 400_000

Row = tuple[Any, ...]
"""One event: its values in the order of `ROW_FIELDS`."""


@dataclass(frozen=True, slots=True)
class PackedBlock:
    """Some events of one dataset, ready to travel.

    Attributes:
        data: One block as msgpack.
        count: How many events.
    """

    data: bytes
    count: int


def packed(dataset_id: str, rows: Sequence[Row]) -> list[PackedBlock]:
    """Events of a dataset in their order, in blocks of which each fits into a message.

    Args:
        dataset_id: UUID.
        rows: The events, at least one.
    """
    columns = [values[0] if _is_one_value(values) else values for values in zip(*rows, strict=True)]
    data = msgspec.msgpack.encode((dataset_id, len(rows), columns))
    if len(data) > _BLOCK_BYTES and len(rows) > 1:
        middle = len(rows) // 2
        return [*packed(dataset_id, rows[:middle]), *packed(dataset_id, rows[middle:])]
    return [PackedBlock(data, len(rows))]


def message_of(blocks: Sequence[PackedBlock]) -> bytes:
    """Blocks as one message."""
    return b"".join((_array_head(len(blocks)), *(block.data for block in blocks)))


def _is_one_value(values: Row) -> bool:
    return bool(values[0] == values[-1]) and values.count(values[0]) == len(values)


def _array_head(count: int) -> bytes:
    """Head of a msgpack array."""
    if count < 16:
        return bytes((0x90 | count,))
    if count < 65_536:
        return b"\xdc" + count.to_bytes(2, "big")
    return b"\xdd" + count.to_bytes(4, "big")
