"""Bodies packed with gzip: unpacked as they arrive, never beyond the limit."""

import asyncio
import zlib

from starlette.types import Message, Receive

from cjm_gateway.entrypoints.http.problems import HttpProblem, body_too_large

_GZIP = {b"gzip", b"x-gzip"}
_GZIP_FORM = 16 + zlib.MAX_WBITS
_GZIP_BEGINS = 0x1F
_QUICK_BYTES = 1024  # at most 1 MiB when unpacked, which takes a millisecond or two


def unpacked(encoding: bytes, receive: Receive, limit_bytes: int) -> Receive:
    """The body of a request without its Content-Encoding, refused when it is read.

    Members of gzip behind each other, as `cat a.gz b.gz` makes them, are one body (RFC 1952, 2.2).
    What could be unpacked before a fault is handed over first: whoever watches the sender sees what was understood.

    Args:
        encoding: The header Content-Encoding.
        receive: The body as sent.
        limit_bytes: Largest body, unpacked.

    Returns:
        The body; reading it raises an HttpProblem: 415 `content_encoding_unsupported`, 413 `body_too_large`,
        400 `body_not_gzip`.
    """
    encoding = encoding.strip().lower()
    if encoding == b"identity":
        return receive
    inflater = zlib.decompressobj(_GZIP_FORM)
    size = 0
    failure = None if encoding in _GZIP else _unsupported()

    def inflated(packed: bytes, room_bytes: int) -> bytes:
        nonlocal inflater, failure
        parts: list[bytes] = []
        try:
            while packed and room_bytes:
                if inflater.eof:
                    if packed[0] != _GZIP_BEGINS:
                        failure = _not_gzip("goes on after the end of its gzip data. Leave out what is not packed")
                        break
                    inflater = zlib.decompressobj(_GZIP_FORM)
                parts.append(inflater.decompress(packed, room_bytes))
                room_bytes -= len(parts[-1])
                packed = inflater.unused_data
        except zlib.error:
            failure = _not_gzip("is not gzip or was damaged on its way. Pack it with gzip or leave the header out")
        return b"".join(parts)

    async def receive_unpacked() -> Message:
        nonlocal size, failure
        if failure:
            raise failure
        message = await receive()
        if message["type"] != "http.request":
            return message
        packed, has_more = message.get("body", b""), message.get("more_body", False)
        room_bytes = limit_bytes + 1 - size
        if len(packed) <= _QUICK_BYTES:
            content = inflated(packed, room_bytes)
        else:
            content = await asyncio.to_thread(inflated, packed, room_bytes)
        size += len(content)
        if size > limit_bytes:
            failure = body_too_large(limit_bytes, " when unpacked")
        elif not failure and not has_more and not inflater.eof:
            failure = _not_gzip("ends before its gzip data does. Send it whole")
        return {**message, "body": content, "more_body": has_more or failure is not None}

    return receive_unpacked


def _not_gzip(words: str) -> HttpProblem:
    return HttpProblem(400, "body_not_gzip", f"The header says Content-Encoding: gzip, but the body {words}.")


def _unsupported() -> HttpProblem:
    detail = "Send the body with Content-Encoding: gzip, or without Content-Encoding."
    return HttpProblem(415, "content_encoding_unsupported", detail, {"accept-encoding": "gzip"})
