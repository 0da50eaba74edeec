"""uvicorn inside our own process: started and stopped with the other parts, signals left to the runtime."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cjm_gateway.settings import GatewaySettings
from cjm_kit.errors import AppError, Code

KEEP_ALIVE_SECONDS = 75  # longer than senders and load balancers keep a connection, so that they close it, not we


class HeadWithBody:
    """A transport that sends the head of an answer together with the first part of its body.

    uvicorn writes them one after the other, and uvloop sends each write at once: two system calls for every small
    answer, and a sender that wakes up for half of it.

    Args:
        transport: Where it goes; everything but writing is left to it.
        loop: The running loop.
    """

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send; a head waits for what follows, until the next turn of the loop at most."""
        if not self._head and data.startswith(b"HTTP/1.1 "):
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            head, self._head = self._head, b""
            self._transport.write(head + data)

    def close(self) -> None:
        """Send what is held, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            self.write(b"")


class _HttpProtocol(HttpToolsProtocol):
    def connection_made(self, transport: Any) -> None:
        super().connection_made(HeadWithBody(transport, self.loop))  # type: ignore[arg-type]


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_listening = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_listening.set()


class HttpServer:
    """The HTTP server of the gateway."""

    def __init__(self, app: ASGIApp, settings: GatewaySettings) -> None:
        trusted = settings.trusted_proxies
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_HttpProtocol,
                ws="none",
                loop="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # After a large body asyncio reads the next request of a connection in the context of the last one;
                # its identity must not come along.
                reset_contextvars=True,
                proxy_headers=bool(trusted),
                forwarded_allow_ips=trusted or None,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
            )
        )
        self._address = (settings.http_host, settings.http_port)
        self._serving: asyncio.Task[None] | None = None
        self.port = 0
        """Port the server listens on, once started."""

    async def start(self) -> "asyncio.Task[None]":
        """Listen; the returned task ends with the server.

        Raises:
            AppError: UNAVAILABLE `http_address_in_use`.
        """
        try:
            family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
            listener = socket.create_server(self._address, family=family)
        except OSError as failure:
            host, port = self._address
            detail = (
                f"Cannot listen on {host}:{port} ({failure.strerror}). Stop the program that uses this port or set "
                "CJM_GATEWAY_HTTP_PORT to another one."
            )
            raise AppError(Code.UNAVAILABLE, "http_address_in_use", detail) from failure
        self.port = listener.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]), name="http")
        listening = asyncio.ensure_future(self._server.is_listening.wait())
        await asyncio.wait({self._serving, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._serving.done():
            await self._serving
        return self._serving

    async def stop(self) -> None:
        """Take no more connections, let running requests end within the grace time, then close."""
        if self._serving:
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)
