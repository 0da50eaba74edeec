"""The bot as it runs, with real bus, database and gRPC; the other services give canned answers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from cjm_bot.main import build
from cjm_bot.settings import BotSettings
from cjm_kit.bus import Bus
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import IdentitySigner, acting_as, current_identity, staff_identity
from cjm_kit.rpc import RpcClient, RpcServer, allow
from cjm_kit.runtime import Component
from cjm_kit.settings import ServiceSettings
from cjm_kit.telemetry import Telemetry
from cjm_protos.bot.v1 import link_pb2, link_pb2_grpc
from cjm_protos.catalog.v1 import account_pb2, account_pb2_grpc, dataset_pb2, dataset_pb2_grpc
from cjm_protos.metrics.v1 import report_pb2, report_pb2_grpc
from cjm_protos.mining.v1 import analysis_pb2, analysis_pb2_grpc
from cjm_testkit.fake_telegram import TOKEN, FakeTelegram

ANNA, BORIS = str(uuid4()), str(uuid4())
SHOP, SECRET = str(uuid4()), str(uuid4())


def png(width_pixels: int = 400, height_pixels: int = 300) -> bytes:
    """The start of a PNG file of this size."""
    sides = width_pixels.to_bytes(4) + height_pixels.to_bytes(4)
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + b"IHDR" + sides


@dataclass
class World:
    """What the other services know; `asked` holds who asked them what."""

    disabled: set[str] = field(default_factory=set)
    forbidden_datasets: set[str] = field(default_factory=set)
    homes: dict[str, list[tuple[date, int, int]]] = field(default_factory=dict)
    last_event_at: datetime = datetime(2024, 5, 8, 18, 0, tzinfo=UTC)
    today: date = date(2024, 5, 9)
    datasets: list[dataset_pb2.Dataset] = field(default_factory=list)
    analyses: list[analysis_pb2.Analysis] = field(default_factory=list)
    picture: bytes = field(default_factory=png)
    picture_error: AppError | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    is_down: bool = False

    def hear(self, question: str) -> str:
        """Note a question; the UUID of the account that asks."""
        if self.is_down:
            raise AppError(Code.UNAVAILABLE, "down", "Down.")
        self.asked.append((current_identity().subject, question))
        return current_identity().user_id

    def add_analysis(self, owner: str = ANNA, **changes: Any) -> analysis_pb2.Analysis:
        """Add an analysis, newest last."""
        analysis = analysis_pb2.Analysis(
            analysis_id=str(uuid4()),
            created_by_id=owner,
            kind=analysis_pb2.ANALYSIS_KIND_HEURISTICS_NET,
            status=analysis_pb2.ANALYSIS_STATUS_SUCCEEDED,
            dataset_name="Web shop",
            events_count=31_080,
            cases_count=3_605,
        )
        analysis.scope.dataset_id = SHOP
        analysis.finished_at.FromDatetime(datetime(2024, 5, 8, 9, 5, tzinfo=UTC))
        analysis.MergeFrom(analysis_pb2.Analysis(**changes))
        self.analyses.append(analysis)
        return analysis


class Others(
    account_pb2_grpc.AccountServiceServicer,
    dataset_pb2_grpc.DatasetServiceServicer,
    report_pb2_grpc.ReportServiceServicer,
    analysis_pb2_grpc.AnalysisServiceServicer,
):
    """Catalog, metrics and mining in one."""

    def __init__(self, world: World) -> None:
        self.world = world

    @allow("service")
    async def GetUser(self, request: account_pb2.GetUserRequest, _: Any) -> account_pb2.GetUserResponse:
        self.world.hear("user")
        if request.user_id not in (ANNA, BORIS):
            raise AppError(Code.NOT_FOUND, "user_not_found", "No such account.")
        is_disabled = request.user_id in self.world.disabled
        user = account_pb2.User(user_id=request.user_id, role=account_pb2.ROLE_ANALYST, is_disabled=is_disabled)
        return account_pb2.GetUserResponse(user=user)

    @allow("service")
    async def GetAccess(self, request: dataset_pb2.GetAccessRequest, _: Any) -> dataset_pb2.GetAccessResponse:
        self.world.hear("access")
        may = request.dataset_id not in self.world.forbidden_datasets
        return dataset_pb2.GetAccessResponse(access=dataset_pb2.Access(can_see=may, can_analyse=may), exists=True)

    @allow("staff")
    async def ListDatasets(self, _: dataset_pb2.ListDatasetsRequest, __: Any) -> dataset_pb2.ListDatasetsResponse:
        self.world.hear("datasets")
        return dataset_pb2.ListDatasetsResponse(datasets=self.world.datasets)

    @allow("staff")
    async def GetHome(self, request: report_pb2.GetHomeRequest, _: Any) -> report_pb2.GetHomeResponse:
        self.world.hear(f"home {request.scope.dataset_id}".strip())
        days = self.world.homes.get(request.scope.dataset_id, [])
        answer = report_pb2.GetHomeResponse(
            days=[
                report_pb2.ReportDay(date=day.isoformat(), customers_count=customers, touchpoints_count=touchpoints)
                for day, customers, touchpoints in days
            ]
        )
        if days:
            answer.last_event_at.FromDatetime(self.world.last_event_at)
            answer.today = self.world.today.isoformat()
        return answer

    @allow("staff")
    async def ListAnalyses(
        self, request: analysis_pb2.ListAnalysesRequest, _: Any
    ) -> analysis_pb2.ListAnalysesResponse:
        self.world.hear("analyses")
        matching = [item for item in reversed(self.world.analyses) if item.status in request.statuses]
        start = int(request.page_token or 0)
        following = str(start + 1) if start + 1 < len(matching) else ""
        return analysis_pb2.ListAnalysesResponse(analyses=matching[start : start + 1], next_page_token=following)

    @allow("staff")
    async def GetAnalysis(self, request: analysis_pb2.GetAnalysisRequest, _: Any) -> analysis_pb2.GetAnalysisResponse:
        asking = self.world.hear("analysis")
        for item in self.world.analyses:
            if item.analysis_id == request.analysis_id and item.created_by_id == asking:
                return analysis_pb2.GetAnalysisResponse(analysis=item)
        raise AppError(Code.NOT_FOUND, "analysis_not_found", "No such analysis.")

    @allow("staff")
    async def RenderGraph(self, _: analysis_pb2.RenderGraphRequest, __: Any) -> analysis_pb2.RenderGraphResponse:
        self.world.hear("picture")
        if self.world.picture_error:
            raise self.world.picture_error
        return analysis_pb2.RenderGraphResponse(content=self.world.picture, media_type="image/png")


class RunningBot:
    """A started bot and the ways to it."""

    def __init__(self, component: Component, page: link_pb2_grpc.LinkServiceStub, bus: Bus) -> None:
        self.component, self.page, self.bus = component, page, bus

    async def ask(self, method: str, user_id: str = ANNA) -> Any:
        """Call LinkService as a member of the staff."""
        request = getattr(link_pb2, f"{method}Request")()
        with acting_as(staff_identity(user_id, is_admin=False)):
            return await getattr(self.page, method)(request)

    async def link(self, telegram: FakeTelegram, chat_id: int = 7, user_id: str = ANNA) -> None:
        """Link a chat as a person does, then forget the greeting."""
        await telegram.wait(lambda server: any(call.method == "setMyCommands" for call in server.calls))
        code = (await self.ask("CreateLinkCode", user_id)).code
        before = len(telegram.sent())
        await telegram.write(f"/start {code}", chat_id)
        assert (await telegram.wait_sent(before + 1))[-1].text.startswith("This chat is linked to your account.")
        telegram.calls[:] = [call for call in telegram.calls if call.method != "sendMessage"]

    async def tell(self, analysis: analysis_pb2.Analysis, event_id: str = "", created_by_id: str = "") -> None:
        """Say on the bus that an analysis has ended."""
        owner = created_by_id or analysis.created_by_id
        if analysis.status == analysis_pb2.ANALYSIS_STATUS_FAILED:
            failed = analysis_pb2.AnalysisFailed(analysis_id=analysis.analysis_id, created_by_id=owner)
            await self.bus.publish("cjm.mining.analysis.failed.v1", failed)
            return
        completed = analysis_pb2.AnalysisCompleted(analysis_id=analysis.analysis_id, created_by_id=owner)
        await self.bus.publish("cjm.mining.analysis.completed.v1", completed, event_id or None)

    def metric(self, name: str) -> float:
        """Value of a metric without labels beside the service."""
        assert isinstance(self.component.telemetry, Telemetry)
        lines = self.component.telemetry.exposition().decode().splitlines()
        return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


@pytest.fixture
def world() -> World:
    return World()


@pytest_asyncio.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as server:
        yield server


@asynccontextmanager
async def running_bot(
    settings: ServiceSettings, signer: IdentitySigner, bus: Bus, world: World, **changes: Any
) -> AsyncIterator[RunningBot]:
    """Start a bot beside the canned services; `changes` are its settings."""
    async with AsyncExitStack() as stack:
        adders: list[Callable[[Any, Any], None]] = [
            account_pb2_grpc.add_AccountServiceServicer_to_server,
            dataset_pb2_grpc.add_DatasetServiceServicer_to_server,
            report_pb2_grpc.add_ReportServiceServicer_to_server,
            analysis_pb2_grpc.add_AnalysisServiceServicer_to_server,
        ]
        answering = Others(world)  # type: ignore[abstract]  # only what the bot asks
        others = RpcServer(settings, [(add, answering) for add in adders], signer, Telemetry("others"))
        await others.start()
        stack.push_async_callback(others.stop)
        target = f"127.0.0.1:{others.port}"
        targets = {"catalog_target": target, "metrics_target": target, "mining_target": target}
        listen = f"127.0.0.1:{free_port()}"
        own = settings.model_dump() | {"messages_per_second": 30, "rpc_listen": listen} | targets | changes
        component = await build(BotSettings(**own))
        stack.push_async_callback(component.stop)
        await component.start()
        client = RpcClient(listen, signer, "test")
        stack.push_async_callback(client.close)
        yield RunningBot(component, client.stub(link_pb2_grpc.LinkServiceStub), bus)


def free_port() -> int:
    """A port nobody listens on now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest_asyncio.fixture
async def bot(
    settings: ServiceSettings, signer: IdentitySigner, bus: Bus, world: World, telegram: FakeTelegram, tmp_path: Path
) -> AsyncIterator[RunningBot]:
    """A bot with a token on SQLite."""
    await bus.ensure_stream("MINING", ["cjm.mining.analysis.*.v1"])
    async with running_bot(settings, signer, bus, world, token=TOKEN, api_url=telegram.url) as running:
        yield running


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    """Ask again and again until something holds."""
    import asyncio

    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - what is asked lives in another process
            await asyncio.sleep(0.02)


def days(*touchpoints: int, last: date = date(2024, 5, 8)) -> list[tuple[date, int, int]]:
    """Days up to `last`; half as many customers as touchpoints."""
    first = last - timedelta(days=len(touchpoints) - 1)
    return [(first + timedelta(days=index), count // 2, count) for index, count in enumerate(touchpoints)]
