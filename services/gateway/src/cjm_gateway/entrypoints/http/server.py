"""uvicorn inside our own process: started and stopped with the other parts, signals left to the runtime."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from cjm_gateway.entrypoints.http.events import TAKEN, Taken
from cjm_gateway.entrypoints.http.fast_lane import Admitted, FastLane
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

    def write_whole(self, answer: bytes) -> None:
        """Send a whole answer at once."""
        self._transport.write(answer)

    def close(self) -> None:
        """Send what is held, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            self.write(b"")


class _HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, but for requests that take the fast lane: those are answered without ASGI."""

    def __init__(self, lane: FastLane | None, **options: Any) -> None:
        super().__init__(**options)
        self._lane = lane
        self._admitted: Admitted | None = None  # the request that is being received, while it may take the lane

    def connection_made(self, transport: Any) -> None:
        self._joined = HeadWithBody(transport, self.loop)
        super().connection_made(self._joined)  # type: ignore[arg-type]

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        is_being_received = cycle is self.cycle and cycle.more_body
        if self._lane and is_being_received and cycle.keep_alive and not cycle.waiting_for_100_continue:
            self._admitted = self._lane.admit(cast("Scope", cycle.scope))
        if not self._admitted:
            super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self._admitted:
            self.flow.resume_reading()  # nobody else asks for the rest

    def on_message_complete(self) -> None:
        super().on_message_complete()
        admitted, self._admitted = self._admitted, None
        if not (self._lane and admitted):
            return
        cycle = self.cycle
        taken = self._lane.take(admitted, bytes(cycle.body))
        if taken:
            cycle.body = bytearray()
            taken.result.add_done_callback(partial(self._answer, self._lane, cycle, admitted, taken))
        else:
            super()._start_asgi_task(cycle, self.app)

    def _answer(self, lane: FastLane, cycle: RequestResponseCycle, admitted: Admitted, taken: Taken, _: object) -> None:
        answer = lane.answer(admitted, taken, self.server_state.default_headers)
        if cycle.disconnected:
            return
        if answer is None or self.flow.write_paused or not cycle.keep_alive:
            cycle.scope["state"][TAKEN] = taken
            super()._start_asgi_task(cycle, self.app)
        else:
            self._joined.write_whole(answer)
            cycle.response_started = cycle.response_complete = True
            self.on_response_complete()


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
    """The HTTP server of the gateway.

    Args:
        app: Serves what the lane does not take.
        settings: Where to listen, whom to trust.
        lane: The short way for events of systems.
    """

    def __init__(self, app: ASGIApp, settings: GatewaySettings, lane: FastLane | None = None) -> None:
        trusted = settings.trusted_proxies
        self._server = _Server(
            uvicorn.Config(
                app,
                http=partial(_HttpProtocol, lane),  # type: ignore[arg-type]
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
