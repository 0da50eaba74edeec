"""The least a server can do for durable events: read, decode, write to a file, fsync, answer.

The reference beside which the product is measured under the same load: what it cannot do either, the machine cannot.
"""

import asyncio
import os
import sys
from typing import cast

import msgspec
import uvloop

_ANSWER = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"


class _Log:
    """A file to which everything that waits is written at once, as soon as the write before is on disk."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._waiting: list[tuple[bytes, asyncio.Transport]] = []
        self._writing: asyncio.Task[None] | None = None

    def append(self, body: bytes, sender: asyncio.Transport) -> None:
        """Write a body; its sender is answered once it is on disk."""
        self._waiting.append((body, sender))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            await asyncio.to_thread(self._to_disk, b"\n".join(body for body, _ in taken))
            for _, sender in taken:
                sender.write(_ANSWER)

    def _to_disk(self, data: bytes) -> None:
        os.write(self._file, data)
        os.fdatasync(self._file)


class _Connection(asyncio.Protocol):
    """A sender that waits for its answer before it sends again."""

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._received = b""
        self._sender: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        self._sender = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take the request when it is whole."""
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator or len(body) < int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]):
            return
        self._received = b""
        msgspec.json.decode(body)
        assert self._sender
        self._log.append(body, self._sender)


async def _serve(port: int, path: str) -> None:
    log = _Log(path)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(log), "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), sys.argv[2]))
