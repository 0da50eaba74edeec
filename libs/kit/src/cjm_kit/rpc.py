"""gRPC with the same manners everywhere: identity, rights, request id, deadline, errors, metrics, health."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import grpc
from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from cjm_kit import inprocess
from cjm_kit.errors import AppError, Code, from_rpc_error, internal_error, to_status
from cjm_kit.identity import (
    METADATA_KEY,
    Identity,
    IdentitySigner,
    acting_as,
    current_identity_or_none,
    service_identity,
)
from cjm_kit.logging import get_logger, new_request_id, request_id_var
from cjm_kit.settings import ServiceSettings
from cjm_kit.telemetry import Telemetry

REQUEST_ID_KEY = "cjm-request-id"
DEFAULT_DEADLINE_SECONDS = 30.0
_MAX_MESSAGE_BYTES = 64 * 1024 * 1024
# Faults of many fields, and tokens for many datasets, travel as metadata; gRPC's own limit is 8 KB.
_MAX_METADATA_BYTES = 1024 * 1024
_OPTIONS = [
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", _MAX_METADATA_BYTES),
    ("grpc.absolute_max_metadata_size", _MAX_METADATA_BYTES),
    ("grpc.so_reuseport", 0),  # two servers on one port would share its calls
]
_OPEN_SERVICES = ("/grpc.health.v1.Health/", "/grpc.reflection.v1alpha.ServerReflection/")

_log = get_logger(__name__)
_Method = TypeVar("_Method", bound=Callable[..., Any])
_Stub = TypeVar("_Stub")
_Context = aio.ServicerContext[Any, Any]
Registration = tuple[Callable[[Any, aio.Server], None], Any]


def allow(*roles: str) -> Callable[[_Method], _Method]:
    """Say which roles may call an RPC; "anyone" needs no identity. A method without it is refused to everybody."""

    def mark(method: _Method) -> _Method:
        method.allowed_roles = frozenset(roles)  # type: ignore[attr-defined]
        return method

    return mark


class _Interceptor(aio.ServerInterceptor):
    def __init__(self, signer: IdentitySigner, telemetry: Telemetry) -> None:
        self._signer = signer
        self._telemetry = telemetry

    async def intercept_service(self, continuation: Any, details: grpc.HandlerCallDetails) -> Any:
        handler = await continuation(details)
        if handler is None or details.method.startswith(_OPEN_SERVICES):
            return handler
        metadata = dict(details.invocation_metadata or ())
        if handler.response_streaming:
            wrapped = self._streaming(handler.unary_stream or handler.stream_stream, details.method, metadata)
            kind = grpc.stream_stream_rpc_method_handler if handler.request_streaming else None
            make = kind or grpc.unary_stream_rpc_method_handler
        else:
            wrapped = self._unary(handler.unary_unary or handler.stream_unary, details.method, metadata)
            kind = grpc.stream_unary_rpc_method_handler if handler.request_streaming else None
            make = kind or grpc.unary_unary_rpc_method_handler
        return make(
            wrapped,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _unary(self, method: Callable[..., Awaitable[Any]], name: str, metadata: dict[str, Any]) -> Any:
        async def call(request: Any, context: _Context) -> Any:
            async with self._manners(method, name, metadata, context):
                return await method(request, context)

        return call

    def _streaming(self, method: Callable[..., AsyncIterator[Any]], name: str, metadata: dict[str, Any]) -> Any:
        async def call(request: Any, context: _Context) -> AsyncIterator[Any]:
            async with self._manners(method, name, metadata, context):
                async for response in method(request, context):
                    yield response

        return call

    @asynccontextmanager
    async def _manners(
        self, method: Any, name: str, metadata: dict[str, Any], context: _Context
    ) -> AsyncIterator[None]:
        request_id_var.set(metadata.get(REQUEST_ID_KEY) or new_request_id())
        with self._telemetry.observe_call(name) as outcome:
            try:
                with acting_as(self._authorise(method, metadata)):
                    yield
            except Exception as failure:  # noqa: BLE001 - the one place where failures become a status
                await _abort(context, name, failure, outcome)

    def _authorise(self, method: Any, metadata: dict[str, Any]) -> Identity:
        allowed: frozenset[str] = getattr(method, "allowed_roles", frozenset())
        token = metadata.get(METADATA_KEY)
        if token is None:
            if "anyone" in allowed:
                return Identity("anyone", frozenset())
            raise AppError(Code.UNAUTHENTICATED, "unauthenticated", "Sign in or send a token.")
        identity = self._signer.verify(token)
        if allowed & (identity.roles | {"anyone"}):
            return identity
        if allowed == {"admin"}:
            detail = "Only an administrator may do this."
        else:
            detail = "This account or token may not do this."
        raise AppError(Code.PERMISSION_DENIED, "not_allowed", detail)


async def _abort(context: _Context, method: str, failure: Exception, outcome: list[str]) -> None:
    if isinstance(failure, AppError):
        error = failure
    elif isinstance(failure, aio.AbortError):
        raise failure
    else:
        _log.error("rpc_failed", method=method, exc_info=failure)
        error = internal_error()
    status = to_status(error)
    outcome[0] = status.code.name
    await context.abort(status.code, status.details, trailing_metadata=status.trailing_metadata)


class _Health(health.aio.HealthServicer):  # type: ignore[misc]  # the package carries no types
    """Says SERVING only while the service can do its work, asked anew at every check."""

    def __init__(self, is_ready: Callable[[], Awaitable[bool]]) -> None:
        super().__init__()
        self._is_ready = is_ready

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Any) -> health_pb2.HealthCheckResponse:
        answer: health_pb2.HealthCheckResponse = await super().Check(request, context)
        if answer.status == health_pb2.HealthCheckResponse.SERVING and not await self._is_ready():
            return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.NOT_SERVING)
        return answer


async def _always_ready() -> bool:
    return True


class RpcServer:
    """The gRPC server of one service, with health and reflection.

    Args:
        settings: Where to listen, how long calls may take at a stop.
        registrations: What to serve.
        signer: Checks who is asking.
        telemetry: Times the calls.
        is_ready: Whether the service can do its work now; the health service repeats it to whoever asks.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        registrations: Sequence[Registration],
        signer: IdentitySigner,
        telemetry: Telemetry,
        is_ready: Callable[[], Awaitable[bool]] = _always_ready,
    ) -> None:
        interceptor = _Interceptor(signer, telemetry)
        self._server = aio.server(interceptors=[interceptor], options=_OPTIONS)
        self._in_process = inprocess.InProcessServer(interceptor.intercept_service)
        self._health = _Health(is_ready)
        self._grace_seconds = settings.shutdown_seconds
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for add_to_server, servicer in registrations:
            add_to_server(servicer, self._server)
            add_to_server(servicer, self._in_process)  # type: ignore[arg-type]
        names = [reflection.SERVICE_NAME, health.SERVICE_NAME, *self._in_process.services]
        reflection.enable_server_reflection(names, self._server)
        self.port = self._server.add_insecure_port(settings.rpc_listen)
        """Port the server listens on."""
        self._address = f"{settings.rpc_listen.rpartition(':')[0]}:{self.port}"

    async def start(self) -> None:
        """Start to answer; health says SERVING."""
        await self._server.start()
        self._in_process.start(self._address)
        await self._health.set("", health_pb2.HealthCheckResponse.SERVING)

    async def stop(self) -> None:
        """Say NOT_SERVING, let running calls end within the grace time, then close."""
        await self._health.enter_graceful_shutdown()
        self._in_process.stop(self._address)
        await self._server.stop(self._grace_seconds)


class RpcClient:
    """Calls to one service. Every call carries identity, request id and a deadline, and raises `AppError`.

    Args:
        target: Address and port; after "inprocess:" of a service of this process, whose unary calls skip the wire.
        signer: Signs who is asking.
        service_name: Name of the service that asks on its own behalf.
    """

    def __init__(self, target: str, signer: IdentitySigner, service_name: str) -> None:
        self._address = target.removeprefix(inprocess.SCHEME)
        self._is_in_process = target.startswith(inprocess.SCHEME)
        self._channel = aio.insecure_channel(self._address, options=_OPTIONS)
        self._signer = signer
        self._self = service_identity(service_name)

    def stub(self, factory: Callable[[aio.Channel], _Stub]) -> _Stub:
        """A stub of generated code on this channel."""
        return factory(self)  # type: ignore[arg-type]

    async def is_serving(self, timeout_seconds: float = 1.0) -> bool:
        """True when the health service of the other side says SERVING."""
        try:
            answer = await health_pb2_grpc.HealthStub(self._channel).Check(
                health_pb2.HealthCheckRequest(), timeout=timeout_seconds
            )
        except aio.AioRpcError:
            return False
        serving: bool = answer.status == health_pb2.HealthCheckResponse.SERVING
        return serving

    async def close(self) -> None:
        """Close the channel."""
        await self._channel.close()

    def unary_unary(self, method: str, **options: Any) -> Any:
        """Part of the channel protocol that generated stubs use."""
        if self._is_in_process:
            return self._single(inprocess.unary_unary(self._address, method))
        return self._single(self._channel.unary_unary(method, **options))

    def stream_unary(self, *arguments: Any, **options: Any) -> Any:
        """Part of the channel protocol that generated stubs use."""
        return self._single(self._channel.stream_unary(*arguments, **options))

    def unary_stream(self, *arguments: Any, **options: Any) -> Any:
        """Part of the channel protocol that generated stubs use."""
        return self._many(self._channel.unary_stream(*arguments, **options))

    def stream_stream(self, *arguments: Any, **options: Any) -> Any:
        """Part of the channel protocol that generated stubs use."""
        return self._many(self._channel.stream_stream(*arguments, **options))

    def _metadata(self) -> list[tuple[str, str]]:
        identity = current_identity_or_none() or self._self
        return [
            (METADATA_KEY, self._signer.sign(identity)),
            (REQUEST_ID_KEY, request_id_var.get() or new_request_id()),
        ]

    def _single(self, method: Any) -> Any:
        async def call(request: Any, *, timeout: float = DEFAULT_DEADLINE_SECONDS) -> Any:  # noqa: ASYNC109 - gRPC's own deadline
            try:
                return await method(request, timeout=timeout, metadata=self._metadata())
            except aio.AioRpcError as failure:
                raise from_rpc_error(failure) from None

        return call

    def _many(self, method: Any) -> Any:
        async def call(request: Any, *, timeout: float = DEFAULT_DEADLINE_SECONDS) -> AsyncIterator[Any]:  # noqa: ASYNC109
            try:
                async for response in method(request, timeout=timeout, metadata=self._metadata()):
                    yield response
            except aio.AioRpcError as failure:
                raise from_rpc_error(failure) from None

        return call
