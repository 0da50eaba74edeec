"""The gRPC service: translates and delegates."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp
from grpc.aio import ServicerContext

from cjm_kit.errors import AppError, Code, FieldViolation
from cjm_kit.identity import current_identity
from cjm_kit.rpc import allow
from cjm_mining.application.analyses import Analyses, Pictures, Wish
from cjm_mining.domain.analysis import Analysis, Kind, Status
from cjm_protos.ingest.v1 import scope_pb2
from cjm_protos.mining.v1 import analysis_pb2, analysis_pb2_grpc

_DEFAULT_PAGE_SIZE = 50
_MAX_PAGE_SIZE = 200
_Context = ServicerContext[Any, Any]


class AnalysisServicer(analysis_pb2_grpc.AnalysisServiceServicer):
    """Analyses as jobs, their results and their pictures."""

    def __init__(self, analyses: Analyses, pictures: Pictures) -> None:
        self._analyses = analyses
        self._pictures = pictures

    @allow("staff", "admin")
    async def CreateAnalysis(
        self, request: analysis_pb2.CreateAnalysisRequest, context: _Context
    ) -> analysis_pb2.CreateAnalysisResponse:
        """Queue an analysis."""
        scope = request.scope
        wish = Wish(
            kind=_known_kind(request.kind),
            dataset_id=scope.dataset_id,
            dataset_name=request.dataset_name,
            scope=scope.SerializeToString(deterministic=True),
            session_gap_minutes=scope.session_gap_minutes,
            is_period_reversed=_is_reversed(scope),
            filter_terms=tuple(request.filter_terms),
            from_date=request.from_date,
            to_date=request.to_date,
            parameters=MessageToDict(request.parameters),
        )
        analysis = await self._analyses.create(wish, current_identity())
        return analysis_pb2.CreateAnalysisResponse(analysis=_message(analysis))

    @allow("staff", "admin")
    async def GetAnalysis(
        self, request: analysis_pb2.GetAnalysisRequest, context: _Context
    ) -> analysis_pb2.GetAnalysisResponse:
        """One analysis."""
        analysis = await self._analyses.get(request.analysis_id, current_identity())
        return analysis_pb2.GetAnalysisResponse(analysis=_message(analysis))

    @allow("staff", "admin")
    async def ListAnalyses(
        self, request: analysis_pb2.ListAnalysesRequest, context: _Context
    ) -> analysis_pb2.ListAnalysesResponse:
        """Analyses, newest first."""
        size = _page_size(request.page_size)
        found = await self._analyses.page(
            current_identity(),
            dataset_id=request.dataset_id,
            kind=_known_kind(request.kind) if request.kind else None,
            statuses=[_known_status(status) for status in request.statuses],
            is_deleted=request.is_deleted,
            before=_from_token(request.page_token),
            limit=size + 1,
        )
        shown = found[:size]
        next_token = _to_token(shown[-1]) if len(found) > size else ""
        return analysis_pb2.ListAnalysesResponse(
            analyses=[_message(analysis) for analysis in shown], next_page_token=next_token
        )

    @allow("staff", "admin")
    async def CancelAnalysis(
        self, request: analysis_pb2.CancelAnalysisRequest, context: _Context
    ) -> analysis_pb2.CancelAnalysisResponse:
        """Stop an analysis."""
        analysis = await self._analyses.cancel(request.analysis_id, current_identity())
        return analysis_pb2.CancelAnalysisResponse(analysis=_message(analysis))

    @allow("staff", "admin")
    async def DeleteAnalysis(
        self, request: analysis_pb2.DeleteAnalysisRequest, context: _Context
    ) -> analysis_pb2.DeleteAnalysisResponse:
        """Delete an analysis."""
        await self._analyses.delete(request.analysis_id, current_identity())
        return analysis_pb2.DeleteAnalysisResponse()

    @allow("staff", "admin")
    async def RestoreAnalysis(
        self, request: analysis_pb2.RestoreAnalysisRequest, context: _Context
    ) -> analysis_pb2.RestoreAnalysisResponse:
        """Take a deletion back."""
        analysis = await self._analyses.restore(request.analysis_id, current_identity())
        return analysis_pb2.RestoreAnalysisResponse(analysis=_message(analysis))

    @allow("staff", "admin")
    async def GetResult(
        self, request: analysis_pb2.GetResultRequest, context: _Context
    ) -> analysis_pb2.GetResultResponse:
        """The result of an analysis."""
        stored = await self._analyses.result(request.analysis_id, current_identity())
        return analysis_pb2.GetResultResponse(result=analysis_pb2.AnalysisResult.FromString(stored.content))

    @allow("staff", "admin")
    async def RenderGraph(
        self, request: analysis_pb2.RenderGraphRequest, context: _Context
    ) -> analysis_pb2.RenderGraphResponse:
        """The result as a picture."""
        stored = await self._analyses.result(request.analysis_id, current_identity())
        if request.format == analysis_pb2.PICTURE_FORMAT_PNG:
            picture = await self._pictures.draw(stored, "png", is_dark=request.is_dark)
            return analysis_pb2.RenderGraphResponse(content=picture, media_type="image/png")
        picture = await self._pictures.draw(stored, "svg", is_dark=request.is_dark)
        return analysis_pb2.RenderGraphResponse(content=picture, media_type="image/svg+xml")


def _known_kind(number: analysis_pb2.AnalysisKind.ValueType) -> Kind:
    try:
        return Kind(analysis_pb2.AnalysisKind.Name(number).removeprefix("ANALYSIS_KIND_").lower())
    except ValueError:
        detail = f"Choose one of these kinds: {', '.join(Kind)}."
        raise _refused("kind", "analysis_kind_unknown", detail) from None


def _known_status(number: analysis_pb2.AnalysisStatus.ValueType) -> Status:
    try:
        return Status(analysis_pb2.AnalysisStatus.Name(number).removeprefix("ANALYSIS_STATUS_").lower())
    except ValueError:
        detail = f"Choose from these states: {', '.join(Status)}."
        raise _refused("status", "analysis_status_unknown", detail) from None


def _page_size(asked: int) -> int:
    if not 0 <= asked <= _MAX_PAGE_SIZE:
        detail = f"The page size is {asked}; it must be from 1 to {_MAX_PAGE_SIZE}."
        raise _refused("page_size", "page_size_out_of_range", detail)
    return asked or _DEFAULT_PAGE_SIZE


def _to_token(last: Analysis) -> str:
    place = json.dumps([last.created_at.isoformat(), last.analysis_id])
    return base64.urlsafe_b64encode(place.encode()).decode()


def _from_token(token: str) -> tuple[datetime, str] | None:
    if not token:
        return None
    try:
        created_at, analysis_id = json.loads(base64.urlsafe_b64decode(token))
        return datetime.fromisoformat(created_at).astimezone(UTC), str(analysis_id)
    except (ValueError, TypeError, OverflowError, RecursionError):
        detail = "This cursor is not one of ours. Start again without a cursor."
        raise _refused("page_token", "page_token_invalid", detail) from None


def _refused(field: str, reason: str, detail: str) -> AppError:
    return AppError(Code.INVALID_ARGUMENT, reason, detail, violations=[FieldViolation(field, reason, detail)])


def _is_reversed(scope: scope_pb2.Scope) -> bool:
    if not (scope.HasField("from_time") and scope.HasField("to_time")):
        return False
    return (scope.from_time.seconds, scope.from_time.nanos) > (scope.to_time.seconds, scope.to_time.nanos)


def _message(analysis: Analysis) -> analysis_pb2.Analysis:
    message = analysis_pb2.Analysis(
        analysis_id=analysis.analysis_id,
        created_by_id=analysis.created_by_id,
        kind=analysis_pb2.AnalysisKind.Value(f"ANALYSIS_KIND_{analysis.kind.upper()}"),
        scope=scope_pb2.Scope.FromString(analysis.scope),
        filter_terms=analysis.filter_terms,
        from_date=analysis.from_date,
        to_date=analysis.to_date,
        status=analysis_pb2.AnalysisStatus.Value(f"ANALYSIS_STATUS_{analysis.status.upper()}"),
        progress_ratio=analysis.progress_ratio,
        error_reason=analysis.error_reason,
        error_detail=analysis.error_detail,
        versions=analysis.versions,
        events_count=analysis.events_count,
        cases_count=analysis.cases_count,
        result_hash=analysis.result_hash,
        created_at=_timestamp(analysis.created_at),
        started_at=_timestamp(analysis.started_at),
        finished_at=_timestamp(analysis.finished_at),
        dataset_name=analysis.dataset_name,
        seed=analysis.seed,
        deleted_at=_timestamp(analysis.deleted_at),
    )
    message.parameters.update(dict(analysis.parameters))
    return message


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
