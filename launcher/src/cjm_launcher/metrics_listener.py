"""`/metrics` for Prometheus, of every service of this process tree."""

import asyncio
from collections.abc import Callable, Sequence

from cjm_kit.errors import AppError, Code
from cjm_kit.runtime import Component
from cjm_kit.telemetry import serve_metrics


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
            stops.append(serve_metrics(sources, listen))
        except OSError as failure:
            detail = f"Metrics cannot be served on {listen} ({failure.strerror}). Set CJM_METRICS_LISTEN."
            raise AppError(Code.FAILED_PRECONDITION, "metrics_port_in_use", detail) from failure

    async def stop() -> None:
        for end in stops:
            await asyncio.to_thread(end)

    async def is_ready() -> bool:
        return bool(stops)

    return Component("metrics listener", start, stop, is_ready)
