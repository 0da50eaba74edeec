"""What the service and its worker processes say to each other through pipes: a letter, a length, the bytes."""

import asyncio
import struct
from enum import Enum
from typing import BinaryIO

_HEAD = struct.Struct(">cI")


class Tag(Enum):
    """What a frame holds.

    A job is JOB (JSON), any number of DATA, END. The answer is HEAD (JSON) and DATA, or FAILED (JSON).
    """

    JOB = b"J"
    DATA = b"D"
    END = b"E"
    HEAD = b"H"
    FAILED = b"F"


def packed(tag: Tag, payload: bytes = b"") -> bytes:
    """One frame, `payload` < 4 GiB."""
    return _HEAD.pack(tag.value, len(payload)) + payload


async def read_frame(stream: asyncio.StreamReader) -> tuple[Tag, bytes]:
    """The next frame.

    Raises:
        asyncio.IncompleteReadError: The other side is gone.
    """
    tag, length = _HEAD.unpack(await stream.readexactly(_HEAD.size))
    return Tag(tag), await stream.readexactly(length)


def read_frame_blocking(stream: BinaryIO) -> tuple[Tag, bytes] | None:
    """The next frame, or None when the other side is gone."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    tag, length = _HEAD.unpack(head)
    payload = stream.read(length)
    return (Tag(tag), payload) if len(payload) == length else None
