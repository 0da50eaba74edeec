"""Metrics of several services on one address."""

import urllib.error
import urllib.request

import pytest

from cjm_kit.telemetry import Telemetry, serve_metrics
from cjm_launcher.instance import free_port


def test_services_of_one_process_are_served_together() -> None:
    catalog, mining = Telemetry("catalog"), Telemetry("mining")
    catalog.counter("logins", "Sign-ins").inc(3)
    with mining.observe_call("/x/Y") as outcome:
        outcome[0] = "NOT_FOUND"
    port = free_port()
    stop = serve_metrics([catalog, mining], f"127.0.0.1:{port}")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    finally:
        stop()
    assert "cjm_catalog_logins_total 3.0" in text
    assert 'cjm_mining_rpc_seconds_count{code="NOT_FOUND",method="/x/Y"} 1.0' in text
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)
