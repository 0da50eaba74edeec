"""Metrics of one service in a registry of its own, named `cjm_...`, in the Prometheus text format."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest

_SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class MetricSource(Protocol):
    """Something that has metrics."""

    def collect(self) -> Iterable[Metric]:
        """All metrics, as they are now."""


class Telemetry:
    """Metrics of one service, whose name is part of the name of each."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._registry = CollectorRegistry()
        self._calls = self.histogram("rpc_seconds", "Time of gRPC calls served", ["method", "code"])

    def counter(self, name: str, help_text: str, labels: Sequence[str] = ()) -> Counter:
        """A counter named `cjm_<service>_<name>`."""
        return Counter(f"cjm_{self.service}_{name}", help_text, labels, registry=self._registry)

    def gauge(self, name: str, help_text: str, labels: Sequence[str] = ()) -> Gauge:
        """A gauge named `cjm_<service>_<name>`."""
        return Gauge(f"cjm_{self.service}_{name}", help_text, labels, registry=self._registry)

    def histogram(
        self, name: str, help_text: str, labels: Sequence[str] = (), buckets: Sequence[float] = _SECONDS_BUCKETS
    ) -> Histogram:
        """A histogram named `cjm_<service>_<name>`; the name says the unit."""
        return Histogram(f"cjm_{self.service}_{name}", help_text, labels, registry=self._registry, buckets=buckets)

    @contextmanager
    def observe_call(self, method: str) -> Iterator[list[str]]:
        """Time one gRPC call; the caller writes the outcome into the list, which starts as ["OK"]."""
        outcome, started = ["OK"], time.perf_counter()
        try:
            yield outcome
        finally:
            self._calls.labels(method, outcome[0]).observe(time.perf_counter() - started)

    def collect(self) -> Iterable[Metric]:
        """All metrics, so that several services of one process can be served together."""
        return self._registry.collect()

    def exposition(self) -> bytes:
        """All metrics in the Prometheus text format 0.0.4."""
        return generate_latest(self._registry)
