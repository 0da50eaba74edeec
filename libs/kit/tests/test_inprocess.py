"""Calls within one process: what ends them, beside what test_rpc tries on both ways."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest
import pytest_asyncio

from cjm_kit.errors import AppError, Code
from cjm_kit.identity import IdentitySigner
from cjm_kit.rpc import RpcClient, RpcServer, allow
from cjm_kit.settings import ServiceSettings
from cjm_kit.telemetry import Telemetry
from cjm_protos.bot.v1 import link_pb2, link_pb2_grpc

SECRET = "one secret of at least 32 characters!"
_of_the_caller: ContextVar[str] = ContextVar("of_the_caller", default="nothing")
REQUEST = link_pb2.GetLinkRequest()


class Links(link_pb2_grpc.LinkServiceServicer):
    def __init__(self) -> None:
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.was_cancelled = False
        self.seen = ""

    @allow("service")
    async def GetLink(self, request: Any, context: Any) -> link_pb2.GetLinkResponse:
        self.seen = _of_the_caller.get()
        self.has_begun.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        return link_pb2.GetLinkResponse(chat_title="ended")


class Both:
    """A server and a client of it in this process, without a wire."""

    def __init__(self) -> None:
        settings = ServiceSettings(identity_secret=SECRET, shutdown_seconds=0.1)  # type: ignore[arg-type]
        signer = IdentitySigner(SECRET)
        self.links = Links()  # type: ignore[abstract]
        registration = (link_pb2_grpc.add_LinkServiceServicer_to_server, self.links)
        self.server = RpcServer(settings, [registration], signer, Telemetry("test"))
        self.client = RpcClient(f"inprocess:127.0.0.1:{self.server.port}", signer, "test")
        self.stub = self.client.stub(link_pb2_grpc.LinkServiceStub)

    async def ask(self) -> "asyncio.Task[link_pb2.GetLinkResponse]":
        """A call that waits in the servicer."""
        asking = asyncio.ensure_future(self.stub.GetLink(REQUEST))
        await self.links.has_begun.wait()
        return asking


@pytest_asyncio.fixture
async def both() -> AsyncIterator[Both]:
    both = Both()
    await both.server.start()
    yield both
    await both.client.close()
    await both.server.stop()


async def test_nobody_answers_before_the_start_and_after_the_stop() -> None:
    both = Both()
    with pytest.raises(AppError) as early:
        await both.stub.GetLink(REQUEST)
    await both.server.start()
    await both.server.stop()
    with pytest.raises(AppError) as late:
        await both.stub.GetLink(REQUEST)
    await both.client.close()
    assert (early.value.reason, late.value.reason) == ("service_unavailable", "service_unavailable")


async def test_method_that_is_not_served_is_unavailable(both: Both) -> None:
    call = both.client.unary_unary("/cjm_protos.bot.v1.LinkService/Nothing")
    with pytest.raises(AppError) as caught:
        await call(REQUEST)
    assert caught.value.code is Code.UNAVAILABLE


async def test_nothing_of_the_caller_but_what_travels_is_seen(both: Both) -> None:
    _of_the_caller.set("a secret of the caller")
    both.links.may_end.set()
    assert (await both.stub.GetLink(REQUEST)).chat_title == "ended"
    assert both.links.seen == "nothing"


async def test_who_gives_up_ends_the_work(both: Both) -> None:
    asking = await both.ask()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert both.links.was_cancelled


async def test_deadline_ends_the_work(both: Both) -> None:
    with pytest.raises(AppError) as caught:
        await asyncio.wait_for(both.stub.GetLink(REQUEST, timeout=0.02), 10)
    assert caught.value.code is Code.DEADLINE_EXCEEDED
    assert both.links.was_cancelled
