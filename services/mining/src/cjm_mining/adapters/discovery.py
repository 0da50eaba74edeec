"""Computes analyses: asks ingest for counts, never for events, and has a worker make the model of them."""

import asyncio
from collections.abc import AsyncIterator, Callable

from cjm_kit.errors import AppError, Code
from cjm_kit.rpc import RpcClient
from cjm_mining.adapters.results import encode
from cjm_mining.adapters.worker_pool import (
    WorkerDiedError,
    WorkerMemoryLimitError,
    WorkerPool,
    WorkerRefusedError,
    WorkerTimeLimitError,
)
from cjm_mining.domain.analysis import (
    Analysis,
    Computed,
    Kind,
    check_activities_count,
    memory_limit_error,
    no_touchpoints,
    time_limit_error,
    worker_died_error,
)
from cjm_protos.ingest.v1 import questions_pb2, questions_pb2_grpc, scope_pb2
from cjm_protos.mining.v1 import analysis_pb2

_COUNTED_SHARE = 0.4  # where progress stands once all counts are with the worker


class Discovery:
    """Process discovery of one service.

    Args:
        ingest: Client of ingest; questions are asked as the service itself, so check the user's rights before.
        pool: Worker processes for the models.
        memory_limit_bytes: What a worker of the pool may take, for messages.
    """

    def __init__(self, ingest: RpcClient, pool: WorkerPool, memory_limit_bytes: int) -> None:
        self._questions = ingest.stub(questions_pb2_grpc.QuestionServiceStub)
        self._pool = pool
        self._memory_limit_bytes = memory_limit_bytes

    async def dataset_version(self, dataset_id: str) -> str:
        """The version of a dataset's events; empty when it has none."""
        request = questions_pb2.GetDatasetStatsRequest(dataset_ids=[dataset_id])
        answer = await self._questions.GetDatasetStats(request)
        return answer.stats[0].version if answer.stats else ""

    async def compute(
        self,
        analysis: Analysis,
        time_limit_seconds: float,
        most_frequent_ways: int | None,
        on_progress: Callable[[float], None],
    ) -> Computed:
        """Compute one analysis.

        Args:
            analysis: What to compute.
            time_limit_seconds: Time for questions and model together, > 0.
            most_frequent_ways: Use this many ways only (kinds that need ways); None for all.
            on_progress: Told how far it is, 0-1.

        Raises:
            AppError: `no_touchpoints`, `too_many_activities`, `model_too_deep`, `analysis_time_limit`,
                `analysis_memory_limit`, `analysis_worker_died`, or what ingest refused.
        """
        scope = scope_pb2.Scope.FromString(analysis.scope)
        try:
            async with asyncio.timeout(time_limit_seconds):
                if analysis.kind is Kind.DIRECTLY_FOLLOWS:
                    return await self._directly_follows(scope, time_limit_seconds)
                return await self._model(analysis, scope, time_limit_seconds, most_frequent_ways, on_progress)
        except (TimeoutError, WorkerTimeLimitError):
            raise time_limit_error(analysis.kind, time_limit_seconds) from None
        except WorkerMemoryLimitError:
            raise memory_limit_error(analysis.kind, self._memory_limit_bytes) from None
        except WorkerDiedError:
            raise worker_died_error() from None
        except WorkerRefusedError as refusal:
            raise AppError(Code.FAILED_PRECONDITION, refusal.reason, refusal.detail) from None

    async def _directly_follows(self, scope: scope_pb2.Scope, time_limit_seconds: float) -> Computed:
        request = questions_pb2.GetDirectlyFollowsRequest(scope=scope)
        graph = (await self._questions.GetDirectlyFollows(request, timeout=time_limit_seconds)).graph
        if not graph.events_count:
            raise no_touchpoints()
        check_activities_count(Kind.DIRECTLY_FOLLOWS, len(graph.nodes))
        content, result_hash = await asyncio.to_thread(encode, analysis_pb2.AnalysisResult(directly_follows=graph))
        return Computed(content, result_hash, graph.events_count, graph.cases_count, graph.cases_count)

    async def _model(
        self,
        analysis: Analysis,
        scope: scope_pb2.Scope,
        time_limit_seconds: float,
        most_frequent_ways: int | None,
        on_progress: Callable[[float], None],
    ) -> Computed:
        cases_total = 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal cases_total
            pieces = self._pieces(analysis.kind, scope, time_limit_seconds, most_frequent_ways)
            cases_sent = 0
            async for piece, cases_in_piece, cases_in_scope in pieces:
                cases_total = cases_total or cases_in_scope
                cases_sent += cases_in_piece
                on_progress(_COUNTED_SHARE * cases_sent / max(cases_total, 1))
                yield piece

        job = {"task": "discover", "kind": analysis.kind, "parameters": dict(analysis.parameters)}
        head, content = await self._pool.run(job, counted(), time_limit_seconds)
        events_count, cases_count = head["events_count"], head["cases_count"]
        assert isinstance(events_count, int)
        assert isinstance(cases_count, int)
        return Computed(content, str(head["result_hash"]), events_count, cases_count, cases_total)

    async def _pieces(
        self, kind: Kind, scope: scope_pb2.Scope, time_limit_seconds: float, most_frequent_ways: int | None
    ) -> AsyncIterator[tuple[bytes, int, int]]:
        """What the worker needs: serialised pieces, the journeys in each, the journeys in the scope (first piece)."""
        if not kind.needs_variants:
            request = questions_pb2.GetHeuristicsCountsRequest(scope=scope)
            counts = await self._questions.GetHeuristicsCounts(request, timeout=time_limit_seconds)
            yield counts.SerializeToString(), counts.cases_count, counts.cases_count
        elif most_frequent_ways is None:
            stream = self._questions.StreamVariants(
                questions_pb2.StreamVariantsRequest(scope=scope), timeout=time_limit_seconds
            )
            async for piece in stream:
                yield piece.SerializeToString(), sum(way.cases_count for way in piece.variants), piece.cases_count
        else:
            page = await self._questions.ListVariants(
                questions_pb2.ListVariantsRequest(scope=scope, page_size=most_frequent_ways), timeout=time_limit_seconds
            )
            piece = _coded(page)
            yield piece.SerializeToString(), sum(way.cases_count for way in page.variants), page.cases_count


def _coded(page: questions_pb2.ListVariantsResponse) -> questions_pb2.StreamVariantsResponse:
    places: dict[str, int] = {}
    variants = [
        questions_pb2.CodedVariant(
            activity_indexes=[places.setdefault(name, len(places)) for name in variant.activities],
            cases_count=variant.cases_count,
        )
        for variant in page.variants
    ]
    return questions_pb2.StreamVariantsResponse(activities=list(places), variants=variants)
