"""Unary calls between services of one process: the same checks and errors as over the wire, without its cost."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from types import SimpleNamespace
from typing import Any, Never

from grpc import StatusCode, aio

SCHEME = "inprocess:"
_serving: dict[str, "InProcessServer"] = {}


class InProcessServer:
    """Answers the unary calls that this process makes to an address of its own.

    Messages are handed over, not copied: neither side changes one that it has given away or been given.

    Args:
        intercept: Wraps a handler with the manners of every RPC, as `grpc.aio.ServerInterceptor` does.
    """

    def __init__(self, intercept: Callable[[Any, Any], Awaitable[Any]]) -> None:
        self._intercept = intercept
        self._handlers: dict[str, Any] = {}
        self.services: list[str] = []
        """Full names of the services it answers for."""

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Part of the server protocol that generated code uses; the next one brings the same by name."""

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        """Part of the server protocol that generated code uses."""
        self.services.append(service)
        self._handlers.update({f"/{service}/{name}": handler for name, handler in handlers.items()})

    def start(self, address: str) -> None:
        """Answer calls to an address."""
        _serving[address] = self

    def stop(self, address: str) -> None:
        """Take no more calls to it."""
        _serving.pop(address, None)

    async def answer(self, method: str, request: Any, metadata: Any) -> Any:
        """Answer a call as the server on the wire does."""

        async def continuation(_: Any) -> Any:
            return self._handlers.get(method)

        handler = await self._intercept(continuation, SimpleNamespace(method=method, invocation_metadata=metadata))
        if handler is None:
            raise _failure(StatusCode.UNIMPLEMENTED)
        return await handler.unary_unary(request, SimpleNamespace(abort=_abort))


def unary_unary(address: str, method: str) -> Callable[..., Awaitable[Any]]:
    """A method, by its full name, of the service that this process serves at an address."""

    async def call(request: Any, *, timeout: float, metadata: Any) -> Any:  # noqa: ASYNC109 - as gRPC has it
        if (server := _serving.get(address)) is None:
            raise _failure(StatusCode.UNAVAILABLE)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.create_task(server.answer(method, request, metadata), context=Context())
        except TimeoutError:
            raise _failure(StatusCode.DEADLINE_EXCEEDED) from None

    return call


async def _abort(code: StatusCode, details: str = "", trailing_metadata: Any = ()) -> Never:
    raise _failure(code, details, trailing_metadata)


def _failure(code: StatusCode, details: str = "", trailing_metadata: Any = ()) -> aio.AioRpcError:
    return aio.AioRpcError(code, aio.Metadata(), aio.Metadata(*trailing_metadata), details)
