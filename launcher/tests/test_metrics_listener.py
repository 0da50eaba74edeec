"""Metrics of several services on one address."""

import asyncio
import socket

import httpx
import pytest

from cjm_kit.errors import AppError
from cjm_kit.runtime import Component
from cjm_kit.telemetry import Telemetry
from cjm_launcher.instance import free_port
from cjm_launcher.metrics_listener import metrics_listener


async def _nothing() -> None:
    pass


async def _ready() -> bool:
    return True


def _part(telemetry: Telemetry | None) -> Component:
    return Component("part", _nothing, _nothing, _ready, telemetry=telemetry)


async def test_services_of_one_process_are_served_together() -> None:
    catalog, mining = Telemetry("catalog"), Telemetry("mining")
    catalog.counter("logins", "Sign-ins").inc(3)
    with mining.observe_call("/x/Y") as outcome:
        outcome[0] = "NOT_FOUND"
    port = free_port()
    listener = metrics_listener([_part(catalog), _part(None), _part(mining)], f"127.0.0.1:{port}")
    await listener.start()
    try:
        answer = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/metrics")
    finally:
        await listener.stop()
    assert "cjm_catalog_logins_total 3.0" in answer.text
    assert 'cjm_mining_rpc_seconds_count{code="NOT_FOUND",method="/x/Y"} 1.0' in answer.text
    with pytest.raises(httpx.ConnectError):
        await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/metrics")


async def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(AppError) as refused:
            await metrics_listener([_part(Telemetry("catalog"))], address).start()
    assert refused.value.reason == "metrics_port_in_use"
    assert address in refused.value.detail


async def test_a_port_that_no_machine_has_is_named() -> None:
    with pytest.raises(AppError, match=r"127\.0\.0\.1:99999.*CJM_METRICS_LISTEN"):
        await metrics_listener([_part(Telemetry("catalog"))], "127.0.0.1:99999").start()
