"""Questions about journeys, answered where the events are."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field

from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.data_quality import AsOf, IsCurrent
from cjm_gateway.entrypoints.http.datasets import read_dataset
from cjm_gateway.entrypoints.http.gateway import QUESTION_DEADLINE_SECONDS, GatewayDep
from cjm_gateway.entrypoints.http.scope import Frame, FrameQuery
from cjm_gateway.entrypoints.http.shapes import Shape, instant
from cjm_protos.ingest.v1 import questions_pb2

router = APIRouter(prefix="/api/v1/datasets/{dataset_id}", tags=["Journeys"], dependencies=[staff_only])
KeptActivities = Annotated[list[str], Query(description="Activities to keep, the others are skipped; none keeps all.")]


class Node(Shape):
    """One activity."""

    activity: str
    count: int
    cases: int
    starts: int
    ends: int
    mean_rank: Annotated[float, Field(description="Mean number of distinct kept activities before its first one.")]
    median_next_seconds: float | None


class Edge(Shape):
    """One activity directly followed by another."""

    source: str
    target: str
    count: int
    cases: int
    mean_seconds: float
    median_seconds: float
    p90_seconds: float
    p95_seconds: float
    hidden_ratio: Annotated[float, Field(description="Part of the moves that pass through skipped activities, 0-1.")]


class ActivityTotal(Shape):
    """An activity and its events."""

    activity: str
    count: int


class DirectlyFollows(Shape):
    """A directly-follows graph."""

    events: int
    cases: int
    cases_without: Annotated[int, Field(description="Cases in the scope with none of the kept activities.")]
    cases_unfiltered: Annotated[int, Field(description="Cases in the period before the filter.")]
    variants_total: int
    median_case_seconds: float
    nodes: list[Node]
    edges: list[Edge]
    starts: dict[str, int]
    ends: dict[str, int]
    all_activities: list[ActivityTotal]


class VariantShape(Shape):
    """One way through the process."""

    activities: list[str]
    count: int
    share_ratio: float
    median_seconds: float


class Variants(Shape):
    """Ways, most frequent first."""

    cases: int
    variants_total: int
    items: list[VariantShape]
    next_cursor: str | None


class TimeBin(Shape):
    """One bar of a histogram."""

    from_seconds: float
    to_seconds: float
    count: int


class PathTimes(Shape):
    """How long the moves of one path take."""

    moves: int
    bins: list[TimeBin]


class JourneysCount(Shape):
    """How many journeys a dataset has."""

    journeys: int
    as_of: AsOf
    is_current: IsCurrent


class JourneyDay(Shape):
    """Journeys that began on a day."""

    date: str
    journeys: int
    reached: Annotated[int, Field(description="Those of them that contain the goal, on whatever day.")]


class JourneysByDay(Shape):
    """Journeys by the day on which they began; days on which none began are absent."""

    goal: Annotated[
        str | None, Field(description="The step that counts as reached; null when the dataset has no goal.")
    ]
    journeys: int
    reached: int
    days: list[JourneyDay]


def directly_follows_shape(graph: questions_pb2.DirectlyFollowsGraph) -> DirectlyFollows:
    """A directly-follows graph for the API."""
    return DirectlyFollows(
        events=graph.events_count,
        cases=graph.cases_count,
        cases_without=graph.cases_without_count,
        cases_unfiltered=graph.cases_unfiltered_count,
        variants_total=graph.variants_count,
        median_case_seconds=graph.median_case_seconds,
        nodes=[
            Node(
                activity=node.activity,
                count=node.events_count,
                cases=node.cases_count,
                starts=node.starts_count,
                ends=node.ends_count,
                mean_rank=node.mean_rank,
                median_next_seconds=node.median_next_seconds if node.HasField("median_next_seconds") else None,
            )
            for node in graph.nodes
        ],
        edges=[
            Edge(
                source=edge.source,
                target=edge.target,
                count=edge.moves_count,
                cases=edge.cases_count,
                mean_seconds=edge.mean_seconds,
                median_seconds=edge.median_seconds,
                p90_seconds=edge.p90_seconds,
                p95_seconds=edge.p95_seconds,
                hidden_ratio=edge.hidden_ratio,
            )
            for edge in graph.edges
        ],
        starts={node.activity: node.starts_count for node in graph.nodes if node.starts_count},
        ends={node.activity: node.ends_count for node in graph.nodes if node.ends_count},
        all_activities=[
            ActivityTotal(activity=item.activity, count=item.events_count) for item in graph.all_activities
        ],
    )


@router.get("/directly-follows", summary="Directly-follows graph", responses={304: {"description": "Not modified."}})
async def get_directly_follows(
    dataset_id: str,
    frame: FrameQuery,
    response: Response,
    gateway: GatewayDep,
    activity: KeptActivities = [],  # noqa: B006 - FastAPI copies defaults
    if_none_match: Annotated[str | None, Header()] = None,
) -> DirectlyFollows:
    """Activities and how they follow each other. The ETag changes with the events and with the question."""
    dataset = await read_dataset(gateway, dataset_id)
    question = questions_pb2.GetDirectlyFollowsRequest(scope=frame.scope_of(dataset), kept_activities=activity)
    stats = await gateway.services.questions.GetDatasetStats(
        questions_pb2.GetDatasetStatsRequest(dataset_ids=[dataset_id])
    )
    version = stats.stats[0].version if stats.stats else ""
    digest = hashlib.sha256(version.encode() + b"\0" + question.SerializeToString(deterministic=True))
    headers = {"etag": f'W/"{digest.hexdigest()[:32]}"', "cache-control": "private, no-cache"}
    known = [tag.strip() for tag in (if_none_match or "").split(",")]
    if headers["etag"] in known and dataset.access.can_analyse:
        return Response(status_code=304, headers=headers)  # type: ignore[return-value]
    answer = await gateway.services.questions.GetDirectlyFollows(question, timeout=QUESTION_DEADLINE_SECONDS)
    response.headers.update(headers)
    return directly_follows_shape(answer.graph)


@router.get("/variants", summary="Variants")
async def list_variants(
    dataset_id: str,
    frame: FrameQuery,
    gateway: GatewayDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: str = "",
    ignore_repeats: Annotated[bool, Query(description="Count an activity repeated at once only once.")] = False,
) -> Variants:
    """Ways with their counts, most frequent first, ties by their activities."""
    dataset = await read_dataset(gateway, dataset_id)
    answer = await gateway.services.questions.ListVariants(
        questions_pb2.ListVariantsRequest(
            scope=frame.scope_of(dataset), page_size=limit, page_token=cursor, ignore_repeats=ignore_repeats
        ),
        timeout=QUESTION_DEADLINE_SECONDS,
    )
    return Variants(
        cases=answer.cases_count,
        variants_total=answer.variants_count,
        items=[
            VariantShape(
                activities=list(variant.activities),
                count=variant.cases_count,
                share_ratio=variant.cases_count / answer.cases_count,
                median_seconds=variant.median_seconds,
            )
            for variant in answer.variants
        ],
        next_cursor=answer.next_page_token or None,
    )


@router.get("/path-times", summary="Times of one path")
async def get_path_times(
    dataset_id: str,
    frame: FrameQuery,
    gateway: GatewayDep,
    source: str,
    target: str,
    activity: KeptActivities = [],  # noqa: B006 - FastAPI copies defaults
) -> PathTimes:
    """Histogram of the time from one activity directly to the next; no bins when the path does not occur."""
    dataset = await read_dataset(gateway, dataset_id)
    answer = await gateway.services.questions.GetPathTimes(
        questions_pb2.GetPathTimesRequest(
            scope=frame.scope_of(dataset), kept_activities=activity, source=source, target=target
        ),
        timeout=QUESTION_DEADLINE_SECONDS,
    )
    bins = [TimeBin(from_seconds=b.from_seconds, to_seconds=b.to_seconds, count=b.moves_count) for b in answer.bins]
    return PathTimes(moves=answer.moves_count, bins=bins)


@router.get("/journeys-count", summary="Number of journeys")
async def count_journeys(dataset_id: str, gateway: GatewayDep) -> JourneysCount:
    """How many journeys the dataset has by its own case and gap: those of its map without period and filter.

    For whoever sees the dataset, as the numbers of events and customers are.
    """
    scope = Frame().scope_of(await read_dataset(gateway, dataset_id))
    answer = await gateway.services.questions.CountJourneys(
        questions_pb2.CountJourneysRequest(
            dataset_id=dataset_id, case_notion=scope.case_notion, session_gap_minutes=scope.session_gap_minutes
        ),
        timeout=QUESTION_DEADLINE_SECONDS,
    )
    return JourneysCount(journeys=answer.cases_count, as_of=instant(answer.as_of), is_current=answer.is_current)


@router.get("/journeys-by-day", summary="Journeys by the day on which they began")
async def get_journeys_by_day(
    dataset_id: str,
    frame: FrameQuery,
    gateway: GatewayDep,
    goal: Annotated[str, Query(description="Step to reach; default: the goal of the dataset.")] = "",
) -> JourneysByDay:
    """How many journeys began each day, and how many of them reach the goal."""
    dataset = await read_dataset(gateway, dataset_id)
    goal = goal or dataset.goal_activity
    answer = await gateway.services.questions.CountJourneysByDay(
        questions_pb2.CountJourneysByDayRequest(
            scope=frame.scope_of(dataset), time_zone=dataset.time_zone, goal_activity=goal
        ),
        timeout=QUESTION_DEADLINE_SECONDS,
    )
    days = [JourneyDay(date=day.date, journeys=day.cases_count, reached=day.reached_count) for day in answer.days]
    return JourneysByDay(
        goal=goal or None,
        journeys=sum(day.journeys for day in days),
        reached=sum(day.reached for day in days),
        days=days,
    )
