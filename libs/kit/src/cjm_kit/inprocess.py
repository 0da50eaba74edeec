"""Unary calls between services of one process: the same checks and errors as over the wire, without its cost."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Never

import grpc

SCHEME = "inprocess:"
_Metadata = list[tuple[str, str]]
_serving: dict[str, "InProcessServer"] = {}


class InProcessError(grpc.RpcError):
    """A failed call, to be read like one that failed on the wire."""

    def __init__(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Any = ()) -> None:
        super().__init__(details)
        self._parts = (code, details, trailing_metadata)

    def code(self) -> grpc.StatusCode:
        """Status code."""
        return self._parts[0]

    def details(self) -> str:
        """Message of the status."""
        return self._parts[1]

    def trailing_metadata(self) -> Any:
        """Metadata with the details of the error."""
        return self._parts[2]


class _Context:
    """What a servicer sees of the call."""

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Any = ()) -> Never:
        raise InProcessError(code, details, trailing_metadata)


@dataclass(frozen=True, slots=True)
class _Details:
    method: str
    invocation_metadata: _Metadata


class InProcessServer:
    """Answers calls of this process that name an address of this process.

    Messages are handed over, not copied: neither side changes one that it has given away or been given.

    Args:
        intercept: Wraps a handler with the manners of every RPC, as `grpc.aio.ServerInterceptor` does.
    """

    def __init__(self, intercept: Callable[[Any, Any], Awaitable[Any]]) -> None:
        self._intercept = intercept
        self._handlers: dict[str, Any] = {}
        self._running: set[asyncio.Task[Any]] = set()
        self._address = ""

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Part of the server protocol that generated code uses; the next one brings the same by name."""

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        """Part of the server protocol that generated code uses."""
        self._handlers.update({f"/{service}/{name}": handler for name, handler in handlers.items()})

    def start(self, address: str) -> None:
        """Answer calls to an address."""
        self._address = address
        _serving[address] = self

    async def stop(self, grace_seconds: float) -> None:
        """Take no more calls, let running ones end within the grace time, then cancel them."""
        if _serving.get(self._address) is self:
            del _serving[self._address]
        if self._running:
            await asyncio.wait(self._running, timeout=grace_seconds)
        late = list(self._running)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def answer(self, method: str, request: Any, metadata: _Metadata) -> "asyncio.Task[Any]":
        """Begin to answer; in a context of its own, as on another machine."""
        task = asyncio.create_task(self._answer(method, request, metadata), context=Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _answer(self, method: str, request: Any, metadata: _Metadata) -> Any:
        async def continuation(_details: Any) -> Any:
            return self._handlers.get(method)

        handler = await self._intercept(continuation, _Details(method, metadata))
        if handler is None:
            raise InProcessError(grpc.StatusCode.UNIMPLEMENTED)
        return await handler.unary_unary(request, _Context())


def unary_unary(address: str, method: str) -> Callable[..., Awaitable[Any]]:
    """A method of the service that this process serves at an address.

    Args:
        address: What the service listens on, for example "127.0.0.1:7106".
        method: Full name, for example "/cjm_protos.ingest.v1.IntakeService/AppendEvents".

    Returns:
        A function of request, `timeout` in seconds and `metadata`; it raises `InProcessError` as a call over the wire
        raises `grpc.aio.AioRpcError`.
    """

    async def call(request: Any, *, timeout: float, metadata: _Metadata) -> Any:  # noqa: ASYNC109 - as gRPC has it
        server = _serving.get(address)
        if server is None:
            raise InProcessError(grpc.StatusCode.UNAVAILABLE)
        answering = server.answer(method, request, metadata)
        try:
            async with asyncio.timeout(timeout):
                return await answering
        except TimeoutError:
            raise InProcessError(grpc.StatusCode.DEADLINE_EXCEEDED) from None
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller and caller.cancelling():
                raise
            raise InProcessError(grpc.StatusCode.CANCELLED) from None

    return call
