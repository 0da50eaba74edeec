"""`/metrics` for Prometheus, of every service of this process tree."""

import asyncio
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, start_http_server

from cjm_kit.errors import AppError, Code
from cjm_kit.runtime import Component
from cjm_kit.telemetry import MetricSource


def metrics_listener(components: Sequence[Component], listen: str) -> Component:
    """A part that serves the metrics of others; it has to start after them.

    Args:
        components: The others.
        listen: Address and port, for example "0.0.0.0:9090".
    """
    stops: list[Callable[[], None]] = []

    async def start() -> None:
        sources = [component.telemetry for component in components if component.telemetry is not None]
        try:
            stops.append(_serve(sources, listen))
        except (OSError, OverflowError) as failure:
            why = failure.strerror if isinstance(failure, OSError) else "ports end at 65535"
            detail = f"Metrics cannot be served on {listen} ({why}). Set CJM_METRICS_LISTEN."
            raise AppError(Code.FAILED_PRECONDITION, "metrics_port_in_use", detail) from failure

    async def stop() -> None:
        for end in stops:
            await asyncio.to_thread(end)

    async def is_ready() -> bool:
        return bool(stops)

    return Component("metrics listener", start, stop, is_ready)


def _serve(sources: Sequence[MetricSource], listen: str) -> Callable[[], None]:
    """Serve metrics in a thread of its own; returns what ends it."""
    registry = CollectorRegistry()
    for source in sources:
        registry.register(source)
    host, _, port = listen.rpartition(":")
    server, thread = start_http_server(int(port), host, registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop
