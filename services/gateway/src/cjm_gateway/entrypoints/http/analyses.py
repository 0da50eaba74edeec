"""Analyses: jobs with a result and a picture."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.struct_pb2 import Struct
from pydantic import Field

from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.datasets import read_dataset
from cjm_gateway.entrypoints.http.filter_terms import parse_filter, print_filter
from cjm_gateway.entrypoints.http.gateway import GatewayDep
from cjm_gateway.entrypoints.http.imports import ErrorShape
from cjm_gateway.entrypoints.http.progress import changes
from cjm_gateway.entrypoints.http.questions import DirectlyFollows, directly_follows_shape
from cjm_gateway.entrypoints.http.scope import SESSION_GAP, Case, Frame
from cjm_gateway.entrypoints.http.shapes import (
    Body,
    Instant,
    Page,
    PagingQuery,
    Shape,
    instant,
    instant_or_none,
    word,
    words,
)
from cjm_kit.errors import AppError, Code, FieldViolation
from cjm_protos.catalog.v1.dataset_pb2 import CASE_NOTION_SESSION
from cjm_protos.mining.v1 import analysis_pb2

router = APIRouter(prefix="/api/v1/analyses", tags=["Analyses"], dependencies=[staff_only])
AnalysisStatusWord = Literal["queued", "running", "succeeded", "partial", "failed", "cancelled"]
_KINDS = words(analysis_pb2.AnalysisKind)
_STATUSES = words(analysis_pb2.AnalysisStatus)


class NewAnalysis(Body):
    """What to compute of which journeys; what is absent comes from the dataset."""

    dataset_id: str
    kind: Annotated[str, Field(description=f"One of: {', '.join(_KINDS)}.")]
    case: Case | None = None
    session_gap_minutes: Annotated[int | None, Field(ge=0, le=10080, description=SESSION_GAP)] = None
    from_: Annotated[str | None, Field(alias="from", description="First day, ISO date.")] = None
    to: Annotated[str | None, Field(description="Last day, ISO date, included.")] = None
    filter: Annotated[list[str], Field(description="Filter terms; all must be true.", default_factory=list)]
    parameters: Annotated[dict[str, Any], Field(default_factory=dict)]


class AnalysisShape(Shape):
    """An analysis."""

    id: str
    dataset_id: str
    dataset_name: str
    kind: str
    case: Case
    session_gap_minutes: int | None
    from_: Annotated[str | None, Field(alias="from")]
    to: str | None
    filter: list[str]
    parameters: dict[str, Any]
    status: AnalysisStatusWord
    progress_ratio: float
    error: ErrorShape | None
    created_by_id: str
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None
    deleted_at: Annotated[Instant | None, Field(description="Only in the list of the deleted ones.")]
    versions: dict[str, str]
    result_hash: str | None
    events: int
    cases: int
    seed: int


class TransitionShape(Shape):
    """A transition; one without label is silent."""

    id: str
    label: str | None


class ArcShape(Shape):
    """An arc of weight 1."""

    source: str
    target: str


class PetriNetShape(Shape):
    """An accepting Petri net."""

    places: list[str]
    transitions: list[TransitionShape]
    arcs: list[ArcShape]
    initial: dict[str, int]
    final: dict[str, int]


class HeuristicsNode(Shape):
    """An activity."""

    activity: str
    count: int


class HeuristicsEdge(Shape):
    """A dependency."""

    source: str
    target: str
    count: int
    dependency_ratio: float


class HeuristicsNetShape(Shape):
    """A heuristics net."""

    nodes: list[HeuristicsNode]
    edges: list[HeuristicsEdge]
    starts: dict[str, int]
    ends: dict[str, int]


class TreeOperatorNode(Shape):
    """An inner node of a process tree."""

    operator: Literal["sequence", "xor", "parallel", "loop", "or"]
    children: "list[TreeOperatorNode | TreeLeaf]"


class TreeLeaf(Shape):
    """A leaf; null stands for a silent one."""

    activity: str | None


class ProcessTreeShape(Shape):
    """A process tree."""

    tree: Annotated[str, Field(description="For example ->( 'a', X( 'b', tau ) ).")]
    root: TreeOperatorNode | TreeLeaf


AnalysisResult = DirectlyFollows | PetriNetShape | HeuristicsNetShape | ProcessTreeShape


def analysis_shape(analysis: analysis_pb2.Analysis) -> AnalysisShape:
    """An analysis for the API."""
    has_error = bool(analysis.error_reason)
    return AnalysisShape.model_validate(
        {
            "id": analysis.analysis_id,
            "dataset_id": analysis.scope.dataset_id,
            "dataset_name": analysis.dataset_name,
            "kind": word(analysis_pb2.AnalysisKind, analysis.kind),
            "case": "session" if analysis.scope.case_notion == CASE_NOTION_SESSION else "customer",
            "session_gap_minutes": analysis.scope.session_gap_minutes or None,
            "from": analysis.from_date or None,
            "to": analysis.to_date or None,
            "filter": list(analysis.filter_terms),
            # A map of protobuf has no order of its own; the same analysis must not read differently the next time.
            "parameters": dict(sorted(MessageToDict(analysis.parameters).items())),
            "status": word(analysis_pb2.AnalysisStatus, analysis.status),
            "progress_ratio": analysis.progress_ratio,
            "error": {"reason": analysis.error_reason, "detail": analysis.error_detail} if has_error else None,
            "created_by_id": analysis.created_by_id,
            "created_at": instant(analysis.created_at),
            "started_at": instant_or_none(analysis, "started_at"),
            "finished_at": instant_or_none(analysis, "finished_at"),
            "deleted_at": instant_or_none(analysis, "deleted_at"),
            "versions": dict(analysis.versions),
            "result_hash": analysis.result_hash or None,
            "events": analysis.events_count,
            "cases": analysis.cases_count,
            "seed": analysis.seed,
        }
    )


def _result_shape(result: analysis_pb2.AnalysisResult) -> AnalysisResult:
    match result.WhichOneof("result"):
        case "directly_follows":
            return directly_follows_shape(result.directly_follows)
        case "petri_net":
            return _petri_net_shape(result.petri_net)
        case "heuristics_net":
            return _heuristics_net_shape(result.heuristics_net)
        case _:
            return ProcessTreeShape(tree=result.process_tree.text, root=_tree_shape(result.process_tree.root))


def _petri_net_shape(net: analysis_pb2.PetriNet) -> PetriNetShape:
    return PetriNetShape(
        places=list(net.places),
        transitions=[
            TransitionShape(id=item.transition_id, label=item.label if item.HasField("label") else None)
            for item in net.transitions
        ],
        arcs=[ArcShape(source=arc.source, target=arc.target) for arc in net.arcs],
        initial=dict(net.initial_marking),
        final=dict(net.final_marking),
    )


def _heuristics_net_shape(net: analysis_pb2.HeuristicsNet) -> HeuristicsNetShape:
    return HeuristicsNetShape(
        nodes=[HeuristicsNode(activity=node.activity, count=node.events_count) for node in net.nodes],
        edges=[
            HeuristicsEdge(
                source=edge.source,
                target=edge.target,
                count=edge.moves_count,
                dependency_ratio=edge.dependency_ratio,
            )
            for edge in net.edges
        ],
        starts=dict(net.starts),
        ends=dict(net.ends),
    )


def _tree_shape(node: analysis_pb2.TreeNode) -> TreeOperatorNode | TreeLeaf:
    if not node.operator:
        return TreeLeaf(activity=node.activity if node.HasField("activity") else None)
    return TreeOperatorNode.model_validate(
        {
            "operator": word(analysis_pb2.TreeOperator, node.operator),
            "children": [_tree_shape(child) for child in node.children],
        }
    )


def _kind(name: str) -> Any:
    if name not in _KINDS:
        detail = f'There is no kind of analysis "{name[:100]}". Use one of: {", ".join(_KINDS)}.'
        violation = FieldViolation("kind", "analysis_kind_unknown", detail)
        raise AppError(Code.INVALID_ARGUMENT, "analysis_kind_unknown", detail, violations=[violation])
    return _KINDS[name]


def _parameters(values: dict[str, Any]) -> Struct:
    try:
        return ParseDict(values, Struct())
    except (ParseError, ValueError, OverflowError) as failure:
        detail = 'Field "parameters" must be an object of numbers, texts and true or false.'
        raise AppError(Code.INVALID_ARGUMENT, "parameters_invalid", detail) from failure


@router.post("", summary="Start an analysis", status_code=202)
async def create_analysis(body: NewAnalysis, response: Response, gateway: GatewayDep) -> AnalysisShape:
    """Queue an analysis; follow it at the Location."""
    kind = _kind(body.kind)
    dataset = await read_dataset(gateway, body.dataset_id)
    frame = Frame(body.case, body.session_gap_minutes, body.from_ or "", body.to or "", body.filter)
    request = analysis_pb2.CreateAnalysisRequest(
        kind=kind,
        scope=frame.scope_of(dataset),
        filter_terms=print_filter(parse_filter(body.filter)),
        from_date=frame.from_date,
        to_date=frame.to_date,
        parameters=_parameters(body.parameters),
        dataset_name=dataset.name,
    )
    analysis = (await gateway.services.analyses.CreateAnalysis(request)).analysis
    response.headers["location"] = f"/api/v1/analyses/{analysis.analysis_id}"
    return analysis_shape(analysis)


@router.get("", summary="List analyses")
async def list_analyses(
    paging: PagingQuery,
    gateway: GatewayDep,
    dataset_id: str = "",
    kind: str = "",
    status: Annotated[list[AnalysisStatusWord], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies
    deleted: Annotated[bool, Query(description="The deleted ones instead, which can be restored for 30 days.")] = False,
) -> Page[AnalysisShape]:
    """The own analyses, newest first; all of them for an administrator."""
    request = analysis_pb2.ListAnalysesRequest(
        dataset_id=dataset_id,
        kind=_kind(kind) if kind else analysis_pb2.ANALYSIS_KIND_UNSPECIFIED,
        page_size=paging.limit,
        page_token=paging.cursor,
        statuses=[_STATUSES[item] for item in status],
        is_deleted=deleted,
    )
    answer = await gateway.services.analyses.ListAnalyses(request)
    return Page(items=[analysis_shape(item) for item in answer.analyses], next_cursor=answer.next_page_token or None)


@router.get("/{analysis_id}", summary="Read an analysis")
async def get_analysis(analysis_id: str, gateway: GatewayDep) -> AnalysisShape:
    """One analysis with its state and everything needed to repeat it."""
    request = analysis_pb2.GetAnalysisRequest(analysis_id=analysis_id)
    return analysis_shape((await gateway.services.analyses.GetAnalysis(request)).analysis)


@router.delete("/{analysis_id}", summary="Delete an analysis", status_code=204)
async def delete_analysis(analysis_id: str, gateway: GatewayDep) -> Response:
    """Delete an analysis with its result; a running one is stopped first. It can be restored for 30 days."""
    await gateway.services.analyses.DeleteAnalysis(analysis_pb2.DeleteAnalysisRequest(analysis_id=analysis_id))
    return Response(status_code=204)


@router.post("/{analysis_id}/restore", summary="Restore a deleted analysis")
async def restore_analysis(analysis_id: str, gateway: GatewayDep) -> AnalysisShape:
    """Take a deletion back; an analysis that is not deleted stays as it is."""
    request = analysis_pb2.RestoreAnalysisRequest(analysis_id=analysis_id)
    return analysis_shape((await gateway.services.analyses.RestoreAnalysis(request)).analysis)


@router.post("/{analysis_id}/cancel", summary="Stop an analysis")
async def cancel_analysis(analysis_id: str, gateway: GatewayDep) -> AnalysisShape:
    """Stop a queued or running analysis; an ended one stays as it is."""
    request = analysis_pb2.CancelAnalysisRequest(analysis_id=analysis_id)
    return analysis_shape((await gateway.services.analyses.CancelAnalysis(request)).analysis)


@router.get("/{analysis_id}/result", summary="Result of an analysis")
async def get_analysis_result(analysis_id: str, gateway: GatewayDep) -> AnalysisResult:
    """The result; its form depends on the kind. 409 `analysis_not_finished` before the end."""
    request = analysis_pb2.GetResultRequest(analysis_id=analysis_id)
    return _result_shape((await gateway.services.analyses.GetResult(request)).result)


@router.get(
    "/{analysis_id}/graph.{format}",
    summary="Picture of the result",
    response_class=Response,
    responses={
        200: {
            "content": {
                "image/svg+xml": {"schema": {"type": "string"}},
                "image/png": {"schema": {"type": "string", "contentMediaType": "image/png"}},
            }
        }
    },
)
async def get_analysis_graph(
    analysis_id: str,
    format: Literal["svg", "png"],  # noqa: A002 - the name stands in the address
    gateway: GatewayDep,
    theme: Literal["light", "dark"] = "light",
) -> Response:
    """The result drawn, for reports and messages."""
    picture_format = analysis_pb2.PICTURE_FORMAT_PNG if format == "png" else analysis_pb2.PICTURE_FORMAT_SVG
    answer = await gateway.services.analyses.RenderGraph(
        analysis_pb2.RenderGraphRequest(analysis_id=analysis_id, format=picture_format, is_dark=theme == "dark"),
        timeout=60,
    )
    return Response(answer.content, media_type=answer.media_type)


@router.get(
    "/{analysis_id}/progress", summary="Progress of an analysis as a stream", response_class=EventSourceResponse
)
async def stream_analysis_progress(
    gateway: GatewayDep, first: Annotated[AnalysisShape, Depends(get_analysis)]
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events `progress` with the analysis, whenever it changed, until it ended."""
    async for state in changes(gateway, first, lambda: get_analysis(first.id, gateway), {"queued", "running"}):
        yield ServerSentEvent(event="progress", data=state)
