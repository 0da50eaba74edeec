"""Manners of every RPC, tried through a real server and client."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio
from grpc import aio

from cjm_kit.errors import INTERNAL_DETAIL, AppError, Code, FieldViolation
from cjm_kit.identity import Identity, IdentitySigner, acting_as, current_identity, staff_identity
from cjm_kit.logging import request_id_var
from cjm_kit.rpc import RpcClient, RpcServer, allow
from cjm_kit.settings import ServiceSettings
from cjm_kit.telemetry import Telemetry
from cjm_protos.bot.v1 import link_pb2, link_pb2_grpc
from cjm_protos.ingest.v1 import questions_pb2, questions_pb2_grpc

SECRET = "one secret of at least 32 characters!"
STAFF = staff_identity("u1", is_admin=False)
ADMIN = staff_identity("u2", is_admin=True)


class Links(link_pb2_grpc.LinkServiceServicer):
    @allow("staff", "service")
    async def GetLink(self, request: Any, context: Any) -> link_pb2.GetLinkResponse:
        return link_pb2.GetLinkResponse(chat_title=current_identity().subject, bot_username=request_id_var.get())

    @allow("admin")
    async def CreateLinkCode(self, request: Any, context: Any) -> link_pb2.CreateLinkCodeResponse:
        violation = FieldViolation("columns", "field_unknown", "Row 3 names an unknown field.", row=3)
        detail = "That does not fit."
        raise AppError(Code.FAILED_PRECONDITION, "no_fit", detail, metadata={"a": "b"}, violations=[violation])

    @allow("staff")
    async def DeleteLink(self, request: Any, context: Any) -> link_pb2.DeleteLinkResponse:
        raise RuntimeError("password=hunter2")

    async def SendTestMessage(self, request: Any, context: Any) -> link_pb2.SendTestMessageResponse:
        return link_pb2.SendTestMessageResponse()


class Questions(questions_pb2_grpc.QuestionServiceServicer):
    @allow("system")
    async def CountByDay(self, request: Any, context: Any) -> questions_pb2.CountByDayResponse:
        violations = [FieldViolation("f", "field_unknown", "x" * 200, row=row) for row in range(500)]
        raise AppError(Code.INVALID_ARGUMENT, "rows_invalid", "Many faults.", violations=violations)

    @allow("service")
    async def StreamVariants(self, request: Any, context: Any) -> AsyncIterator[questions_pb2.StreamVariantsResponse]:
        yield questions_pb2.StreamVariantsResponse(activities=["a"])
        if request.scope.dataset_id == "broken":
            raise AppError(Code.NOT_FOUND, "dataset_not_found", "No such dataset.")
        yield questions_pb2.StreamVariantsResponse(activities=["b"])

    @allow("anyone")
    async def GetDatasetStats(self, request: Any, context: Any) -> questions_pb2.GetDatasetStatsResponse:
        await asyncio.sleep(5)
        return questions_pb2.GetDatasetStatsResponse()


@pytest_asyncio.fixture
async def target() -> AsyncIterator[str]:
    settings = ServiceSettings(identity_secret=SECRET, shutdown_seconds=0.1)  # type: ignore[arg-type]
    server = RpcServer(
        settings,
        [
            (link_pb2_grpc.add_LinkServiceServicer_to_server, Links()),
            (questions_pb2_grpc.add_QuestionServiceServicer_to_server, Questions()),  # type: ignore[abstract]
        ],
        IdentitySigner(SECRET),
        Telemetry("test"),
    )
    await server.start()
    yield f"127.0.0.1:{server.port}"
    await server.stop()


@pytest_asyncio.fixture(params=["", "inprocess:"], ids=["wire", "in process"])
async def client(target: str, request: pytest.FixtureRequest) -> AsyncIterator[RpcClient]:
    client = RpcClient(f"{request.param}{target}", IdentitySigner(SECRET), "test")
    yield client
    await client.close()


async def test_identity_and_request_id_travel(client: RpcClient) -> None:
    stub = client.stub(link_pb2_grpc.LinkServiceStub)
    assert (await stub.GetLink(link_pb2.GetLinkRequest())).chat_title == "service:test"
    request_id_var.set("r-17")
    with acting_as(STAFF):
        answer = await stub.GetLink(link_pb2.GetLinkRequest())
    assert (answer.chat_title, answer.bot_username) == ("user:u1", "r-17")


async def test_error_keeps_its_meaning(client: RpcClient) -> None:
    with acting_as(ADMIN), pytest.raises(AppError) as caught:
        await client.stub(link_pb2_grpc.LinkServiceStub).CreateLinkCode(link_pb2.CreateLinkCodeRequest())
    error = caught.value
    assert (error.code, error.reason, error.detail) == (Code.FAILED_PRECONDITION, "no_fit", "That does not fit.")
    assert error.metadata == {"a": "b"}
    assert error.violations == (FieldViolation("columns", "field_unknown", "Row 3 names an unknown field.", row=3),)


@pytest.mark.parametrize("identity", [STAFF, Identity("token:1", frozenset({"system"})), Identity("x", frozenset())])
async def test_role_that_is_not_named_is_refused(client: RpcClient, identity: Identity) -> None:
    with acting_as(identity), pytest.raises(AppError) as caught:
        await client.stub(link_pb2_grpc.LinkServiceStub).CreateLinkCode(link_pb2.CreateLinkCodeRequest())
    assert caught.value.code is Code.PERMISSION_DENIED


async def test_method_without_declaration_is_refused_to_everybody(client: RpcClient) -> None:
    with acting_as(ADMIN), pytest.raises(AppError) as caught:
        await client.stub(link_pb2_grpc.LinkServiceStub).SendTestMessage(link_pb2.SendTestMessageRequest())
    assert caught.value.code is Code.PERMISSION_DENIED


async def test_call_without_identity_is_refused(target: str) -> None:
    async with aio.insecure_channel(target) as channel:
        with pytest.raises(aio.AioRpcError) as caught:
            await link_pb2_grpc.LinkServiceStub(channel).GetLink(link_pb2.GetLinkRequest())
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_unforeseen_failure_leaks_nothing(client: RpcClient) -> None:
    with acting_as(STAFF), pytest.raises(AppError) as caught:
        await client.stub(link_pb2_grpc.LinkServiceStub).DeleteLink(link_pb2.DeleteLinkRequest())
    assert (caught.value.code, caught.value.detail) == (Code.INTERNAL, INTERNAL_DETAIL)


async def test_stream_and_its_error(client: RpcClient) -> None:
    stub = client.stub(questions_pb2_grpc.QuestionServiceStub)
    good = [piece.activities[0] async for piece in stub.StreamVariants(questions_pb2.StreamVariantsRequest())]
    assert good == ["a", "b"]
    request = questions_pb2.StreamVariantsRequest()
    request.scope.dataset_id = "broken"
    with pytest.raises(AppError) as caught:
        assert [piece async for piece in stub.StreamVariants(request)]
    assert caught.value.reason == "dataset_not_found"


async def test_deadline_is_kept(client: RpcClient) -> None:
    stub = client.stub(questions_pb2_grpc.QuestionServiceStub)
    with pytest.raises(AppError) as caught:
        await stub.GetDatasetStats(questions_pb2.GetDatasetStatsRequest(), timeout=0.05)
    assert caught.value.code is Code.DEADLINE_EXCEEDED


async def test_health_follows_the_server(client: RpcClient) -> None:
    assert await client.is_serving()
    nobody = RpcClient("127.0.0.1:1", IdentitySigner(SECRET), "test")
    assert not await nobody.is_serving(0.2)
    await nobody.close()


async def test_health_says_not_ready_while_the_service_is_not() -> None:
    is_ready = True

    async def ready() -> bool:
        return is_ready

    settings = ServiceSettings(identity_secret=SECRET, shutdown_seconds=0.1)  # type: ignore[arg-type]
    server = RpcServer(settings, [], IdentitySigner(SECRET), Telemetry("test"), ready)
    await server.start()
    asking = RpcClient(f"127.0.0.1:{server.port}", IdentitySigner(SECRET), "test")
    assert await asking.is_serving()
    is_ready = False
    assert not await asking.is_serving()
    await asking.close()
    await server.stop()


async def test_many_faults_and_many_datasets_fit_into_a_call(client: RpcClient) -> None:
    datasets = frozenset(str(uuid4()) for _ in range(2000))
    with acting_as(Identity("token:1", frozenset({"system"}), datasets=datasets)), pytest.raises(AppError) as caught:
        await client.stub(questions_pb2_grpc.QuestionServiceStub).CountByDay(questions_pb2.CountByDayRequest())
    assert (caught.value.reason, len(caught.value.violations)) == ("rows_invalid", 500)
