"""A mining service with real NATS, database and worker processes; catalog and ingest are answered from tables."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from cjm_kit.errors import AppError, Code
from cjm_kit.identity import Identity, IdentitySigner, acting_as, current_identity, staff_identity
from cjm_kit.rpc import RpcClient, RpcServer, allow
from cjm_kit.settings import ServiceSettings
from cjm_kit.telemetry import Telemetry
from cjm_launcher.instance import free_port
from cjm_mining.domain.models import MoveCounts
from cjm_mining.main import build
from cjm_mining.settings import MiningSettings
from cjm_protos.catalog.v1 import dataset_pb2, dataset_pb2_grpc
from cjm_protos.ingest.v1 import questions_pb2, questions_pb2_grpc, scope_pb2
from cjm_protos.mining.v1 import analysis_pb2, analysis_pb2_grpc

Way = tuple[str, ...]
RUNNING_EXAMPLE: Mapping[Way, int] = {
    ("register request", "examine casually", "check ticket", "decide", "reinitiate request", "examine thoroughly",
     "check ticket", "decide", "pay compensation"): 1,
    ("register request", "check ticket", "examine casually", "decide", "pay compensation"): 1,
    ("register request", "examine thoroughly", "check ticket", "decide", "reject request"): 1,
    ("register request", "examine casually", "check ticket", "decide", "pay compensation"): 1,
    ("register request", "examine casually", "check ticket", "decide", "reinitiate request", "check ticket",
     "examine casually", "decide", "reinitiate request", "examine casually", "check ticket", "decide",
     "reject request"): 1,
    ("register request", "check ticket", "examine thoroughly", "decide", "reject request"): 1,
}  # fmt: skip


def count_moves(variants: Mapping[Way, int]) -> MoveCounts:
    """The counts, by brute force."""
    activities, starts, ends = Counter[str](), Counter[str](), Counter[str]()
    follows, apart, triples = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for way, count in variants.items():
        starts[way[0]] += count
        ends[way[-1]] += count
        for activity in way:
            activities[activity] += count
        for pair in pairwise(way):
            follows[pair] += count
        for first, middle, last in zip(way, way[1:], way[2:], strict=False):
            apart[first, last] += count
            if first == last != middle:
                triples[first, middle] += count
    return MoveCounts(activities, starts, ends, follows, apart, triples)


@dataclass
class World:
    """What catalog and ingest would answer.

    Attributes:
        datasets: Dataset id -> its ways; an id that is absent has no events.
        owners: Dataset id -> accounts that may analyse it.
        deleted: Datasets that are deleted and kept.
        goals: Dataset id -> its goal.
        before_answer: Awaited before every answer about events.
        askers: Subjects that asked about events.
    """

    datasets: dict[str, Mapping[Way, int]] = field(default_factory=dict)
    owners: dict[str, set[str]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    goals: dict[str, str] = field(default_factory=dict)
    before_answer: Callable[[], Awaitable[None]] | None = None
    askers: set[str] = field(default_factory=set)

    def add(self, variants: Mapping[Way, int], *owners: str) -> str:
        """A new dataset."""
        dataset_id = str(uuid4())
        self.datasets[dataset_id] = variants
        self.owners[dataset_id] = set(owners)
        return dataset_id


class Catalog(dataset_pb2_grpc.DatasetServiceServicer):
    """Answers who may analyse what."""

    def __init__(self, world: World) -> None:
        self._world = world

    @allow("service")
    async def GetAccess(self, request: Any, context: Any) -> dataset_pb2.GetAccessResponse:
        owners = self._world.owners.get(request.dataset_id, set())
        may = request.subject.removeprefix("user:") in owners
        if request.dataset_id in self._world.deleted:
            return dataset_pb2.GetAccessResponse(could_analyse=may)
        access = dataset_pb2.Access(can_see=may, can_analyse=may)
        goal = self._world.goals.get(request.dataset_id, "")
        return dataset_pb2.GetAccessResponse(
            exists=request.dataset_id in self._world.owners, access=access, time_zone="UTC", goal_activity=goal
        )


class Questions(questions_pb2_grpc.QuestionServiceServicer):
    """Answers questions about events by counting ways."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def _ways(self, scope: scope_pb2.Scope) -> Mapping[Way, int]:
        self._world.askers.add(current_identity().subject)
        if self._world.before_answer:
            await self._world.before_answer()
        return self._world.datasets.get(scope.dataset_id, {})

    @allow("staff", "service")
    async def GetDatasetStats(self, request: Any, context: Any) -> questions_pb2.GetDatasetStatsResponse:
        stats = [questions_pb2.DatasetStats(dataset_id=dataset_id, version="v7") for dataset_id in request.dataset_ids]
        return questions_pb2.GetDatasetStatsResponse(stats=stats)

    @allow("service")
    async def GetHeuristicsCounts(self, request: Any, context: Any) -> questions_pb2.GetHeuristicsCountsResponse:
        ways = await self._ways(request.scope)
        return heuristics_counts(ways)

    @allow("service")
    async def StreamVariants(self, request: Any, context: Any) -> AsyncIterator[questions_pb2.StreamVariantsResponse]:
        ways = await self._ways(request.scope)
        for piece in coded_pieces(ways, pieces_count=3):
            yield piece

    @allow("staff", "service")
    async def ListVariants(self, request: Any, context: Any) -> questions_pb2.ListVariantsResponse:
        ways = await self._ways(request.scope)
        ordered = sorted(ways.items(), key=lambda item: (-item[1], item[0]))[: request.page_size]
        return questions_pb2.ListVariantsResponse(
            cases_count=sum(ways.values()),
            variants_count=len(ways),
            variants=[questions_pb2.Variant(activities=way, cases_count=count) for way, count in ordered],
        )

    @allow("staff", "service")
    async def GetDirectlyFollows(self, request: Any, context: Any) -> questions_pb2.GetDirectlyFollowsResponse:
        ways = await self._ways(request.scope)
        counts = count_moves(ways)
        graph = questions_pb2.DirectlyFollowsGraph(
            events_count=sum(counts.activities.values()), cases_count=sum(ways.values()), variants_count=len(ways)
        )
        for activity, events_count in Counter(counts.activities).most_common():
            graph.nodes.add(
                activity=activity,
                events_count=events_count,
                cases_count=sum(count for way, count in ways.items() if activity in way),
                starts_count=counts.starts.get(activity, 0),
                ends_count=counts.ends.get(activity, 0),
            )
        for (source, target), moves_count in Counter(counts.directly_follows).most_common():
            graph.edges.add(source=source, target=target, moves_count=moves_count, mean_seconds=1.5)
        return questions_pb2.GetDirectlyFollowsResponse(graph=graph)


def heuristics_counts(ways: Mapping[Way, int]) -> questions_pb2.GetHeuristicsCountsResponse:
    """Counts as ingest sends them."""
    counts = count_moves(ways)
    names = sorted(counts.activities, reverse=True)
    place = {name: index for index, name in enumerate(names)}

    def pairs(counted: Mapping[tuple[str, str], int]) -> list[questions_pb2.PairCount]:
        return [
            questions_pb2.PairCount(source_index=place[a], target_index=place[b], pair_count=count)
            for (a, b), count in counted.items()
        ]

    return questions_pb2.GetHeuristicsCountsResponse(
        events_count=sum(counts.activities.values()),
        cases_count=sum(ways.values()),
        activities=names,
        activity_counts=[counts.activities[name] for name in names],
        start_counts=[counts.starts.get(name, 0) for name in names],
        end_counts=[counts.ends.get(name, 0) for name in names],
        directly_follows=pairs(counts.directly_follows),
        two_apart=pairs(counts.two_apart),
        triples=pairs(counts.triples),
    )


def coded_pieces(ways: Mapping[Way, int], pieces_count: int) -> list[questions_pb2.StreamVariantsResponse]:
    """Ways as ingest streams them."""
    names = sorted({activity for way in ways for activity in way})
    place = {name: index for index, name in enumerate(names)}
    coded = [
        questions_pb2.CodedVariant(activity_indexes=[place[name] for name in way], cases_count=count)
        for way, count in ways.items()
    ]
    pieces = [
        questions_pb2.StreamVariantsResponse(variants=coded[number::pieces_count]) for number in range(pieces_count)
    ]
    pieces[0].activities.extend(names)
    pieces[0].cases_count = sum(ways.values())
    pieces[0].events_count = sum(len(way) * count for way, count in ways.items())
    return pieces


class Caller:
    """Calls mining as one account."""

    def __init__(self, stub: analysis_pb2_grpc.AnalysisServiceStub, identity: Identity) -> None:
        self._stub: Any = stub
        self.identity = identity

    @property
    def user_id(self) -> str:
        return self.identity.user_id

    async def call(self, method: str, **fields: Any) -> Any:
        """Call an RPC with a request of these fields."""
        request = getattr(analysis_pb2, f"{method}Request")(**fields)
        with acting_as(self.identity):
            return await getattr(self._stub, method)(request)

    async def create(self, dataset_id: str, kind: str, **parameters: Any) -> analysis_pb2.Analysis:
        """Ask for an analysis."""
        request = analysis_pb2.CreateAnalysisRequest(
            kind=f"ANALYSIS_KIND_{kind.upper()}",  # type: ignore[arg-type]
            scope=scope_pb2.Scope(dataset_id=dataset_id),
            dataset_name="Journeys",
        )
        request.parameters.update(parameters)
        with acting_as(self.identity):
            return (await self._stub.CreateAnalysis(request)).analysis  # type: ignore[no-any-return]

    async def get(self, analysis_id: str) -> analysis_pb2.Analysis:
        """One analysis."""
        return (await self.call("GetAnalysis", analysis_id=analysis_id)).analysis  # type: ignore[no-any-return]

    async def wait(self, analysis_id: str, *states: str, within_seconds: float = 60) -> analysis_pb2.Analysis:
        """The analysis once it is in one of these states, by default an ended one."""
        wanted = states or ("SUCCEEDED", "PARTIAL", "FAILED", "CANCELLED")
        async with asyncio.timeout(within_seconds):
            while True:
                analysis = await self.get(analysis_id)
                if analysis_pb2.AnalysisStatus.Name(analysis.status).removeprefix("ANALYSIS_STATUS_") in wanted:
                    return analysis
                await asyncio.sleep(0.02)

    async def run(self, dataset_id: str, kind: str, **parameters: Any) -> analysis_pb2.Analysis:
        """Ask for an analysis and wait for its end."""
        return await self.wait((await self.create(dataset_id, kind, **parameters)).analysis_id)

    async def result(self, analysis_id: str) -> analysis_pb2.AnalysisResult:
        """The result of an analysis."""
        return (await self.call("GetResult", analysis_id=analysis_id)).result  # type: ignore[no-any-return]


@dataclass
class Mining:
    """A running mining service and the world around it."""

    world: World
    settings: MiningSettings
    client: RpcClient

    def caller(self, *, is_admin: bool = False) -> Caller:
        """A new account."""
        return self.as_identity(staff_identity(str(uuid4()), is_admin=is_admin))

    def as_identity(self, identity: Identity) -> Caller:
        """Calls as any identity."""
        return Caller(self.client.stub(analysis_pb2_grpc.AnalysisServiceStub), identity)


@pytest.fixture
def world() -> World:
    """Datasets and rights; empty."""
    return World()


@pytest_asyncio.fixture
async def neighbours(world: World, settings: ServiceSettings, signer: IdentitySigner) -> AsyncIterator[tuple[str, str]]:
    """Addresses of catalog and ingest."""
    servers = [
        RpcServer(settings, [registration], signer, Telemetry("test"))
        for registration in (
            (dataset_pb2_grpc.add_DatasetServiceServicer_to_server, Catalog(world)),  # type: ignore[abstract] # mining asks nothing else
            (questions_pb2_grpc.add_QuestionServiceServicer_to_server, Questions(world)),  # type: ignore[abstract]
        )
    ]
    for server in servers:
        await server.start()
    yield f"127.0.0.1:{servers[0].port}", f"127.0.0.1:{servers[1].port}"
    for server in servers:
        await server.stop()


Starter = Callable[..., Any]


@pytest.fixture
def start_mining(
    world: World, settings: ServiceSettings, neighbours: tuple[str, str], signer: IdentitySigner, tmp_path: Path
) -> Starter:
    """Starts mining with other settings, as a context manager."""

    @asynccontextmanager
    async def start(**changes: Any) -> AsyncIterator[Mining]:
        with_port = free_port()
        common = settings.model_dump(exclude={"identity_secret", "rpc_listen"})
        common |= {"catalog_target": neighbours[0], "ingest_target": neighbours[1], "data_dir": tmp_path / "mining"}
        mining_settings = MiningSettings(
            identity_secret=settings.identity_secret, rpc_listen=f"127.0.0.1:{with_port}", **(common | changes)
        )
        component = await build(mining_settings)
        client = RpcClient(mining_settings.rpc_listen, signer, "gateway")
        try:
            await component.start()
            assert await component.is_ready()
            yield Mining(world, mining_settings, client)
        finally:
            await client.close()
            await component.stop()

    return start


@pytest_asyncio.fixture
async def mining(start_mining: Starter) -> AsyncIterator[Mining]:
    """Mining with its default budget."""
    async with start_mining() as running:
        yield running


@pytest.fixture
def failure_of() -> Callable[[Awaitable[Any]], Awaitable[AppError]]:
    """The `AppError` a call ends with."""

    async def failure(call: Awaitable[Any]) -> AppError:
        with pytest.raises(AppError) as caught:
            await call
        assert caught.value.code is not Code.INTERNAL
        return caught.value

    return failure


@pytest.fixture
def running_example() -> Mapping[Way, int]:
    """The textbook log of six journeys."""
    return RUNNING_EXAMPLE


@pytest.fixture
def counted() -> Callable[[Mapping[Way, int]], MoveCounts]:
    """Counts moves by brute force."""
    return count_moves


@pytest.fixture
def coded() -> Callable[[Mapping[Way, int]], bytes]:
    """Ways as one serialised piece."""
    return lambda ways: coded_pieces(ways, 1)[0].SerializeToString()


@pytest.fixture
def heuristics_counts_message() -> Callable[[Mapping[Way, int]], questions_pb2.GetHeuristicsCountsResponse]:
    """Counts as ingest sends them."""
    return heuristics_counts


@pytest.fixture(scope="session")
def endless_ways() -> Mapping[Way, int]:
    """Journeys through 100 steps with ten ways on from each: alpha does not end within minutes."""
    generator = random.Random(1)
    following = [[generator.randrange(100) for _ in range(10)] for _ in range(100)]
    ways: Counter[Way] = Counter()
    for _ in range(3000):
        step, way = generator.randrange(10), []
        for _ in range(generator.randrange(3, 40)):
            way.append(f"step {step}")
            step = generator.choice(following[step])
        ways[tuple(way)] += 1
    return ways


@pytest.fixture(scope="session")
def endless_counts(endless_ways: Mapping[Way, int]) -> bytes:
    """Their counts as one serialised piece."""
    return heuristics_counts(endless_ways).SerializeToString()


@pytest.fixture(scope="session")
def greedy_ways() -> Mapping[Way, int]:
    """One frequent way and very many long ones: the inductive miner needs much memory for all of them."""
    generator = random.Random(11)
    names = [f"step {number}" for number in range(40)]
    steps = generator.choices(names, k=60_000)
    ways = {tuple(steps[place : place + 200]): 1 for place in range(30_000)}
    return {("register", "pay"): 150_000, **ways}


@pytest.fixture
def free_port_number() -> int:
    """A port nobody listens on."""
    return free_port()
