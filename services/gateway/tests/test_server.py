"""Where the gateway listens, and how answers leave it."""

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse

from cjm_gateway.entrypoints.http.server import HeadWithBody, HttpServer
from cjm_gateway.settings import GatewaySettings
from cjm_kit.settings import ServiceSettings

HEAD = b"HTTP/1.1 202 Accepted\r\ncontent-length: 4\r\n\r\n"


class _Transport:
    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.sent.append(b"closed")


async def test_head_and_first_part_of_the_body_leave_together_and_the_rest_at_once() -> None:
    transport = _Transport()
    joined = HeadWithBody(transport, asyncio.get_running_loop())
    joined.write(HEAD)
    assert transport.sent == []
    joined.write(b"HTTP/1.1 is how this body begins")
    joined.write(b"more")
    assert transport.sent == [HEAD + b"HTTP/1.1 is how this body begins", b"more"]
    await asyncio.sleep(0)
    assert len(transport.sent) == 2


async def test_a_head_without_a_body_waits_for_one_turn_of_the_loop_only() -> None:
    transport = _Transport()
    joined = HeadWithBody(transport, asyncio.get_running_loop())
    joined.write(HEAD)
    await asyncio.sleep(0)
    assert transport.sent == [HEAD]


async def test_what_is_held_leaves_before_the_connection_closes() -> None:
    transport = _Transport()
    joined = HeadWithBody(transport, asyncio.get_running_loop())
    joined.write(HEAD)
    joined.close()
    assert transport.sent == [HEAD, b"closed"]


@pytest.mark.parametrize(("host", "name"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
async def test_it_listens_on_both_kinds_of_addresses(settings: ServiceSettings, host: str, name: str) -> None:
    chosen = GatewaySettings(**settings.model_dump() | {"http_host": host, "http_port": 0})
    server = HttpServer(PlainTextResponse("here"), chosen)
    await server.start()
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://{name}:{server.port}/")
    await server.stop()
    assert answer.text == "here"
