"""The other services over gRPC, asked in the name of a person."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date
from typing import Any

from cjm_bot.domain import DayNumbers, EndedAnalysis, Followed, Person, RecentDays, recent_days
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import Identity, acting_as, service_identity, staff_identity
from cjm_kit.rpc import RpcClient
from cjm_protos.catalog.v1 import account_pb2, account_pb2_grpc, dataset_pb2, dataset_pb2_grpc
from cjm_protos.metrics.v1 import report_pb2, report_pb2_grpc
from cjm_protos.mining.v1 import analysis_pb2, analysis_pb2_grpc

_SELF = service_identity("bot")
_PAGE_ROWS = 200
_QUESTIONS_AT_ONCE = 4
_WITH_RESULT = (analysis_pb2.ANALYSIS_STATUS_SUCCEEDED, analysis_pb2.ANALYSIS_STATUS_PARTIAL)
_ENDED = (*_WITH_RESULT, analysis_pb2.ANALYSIS_STATUS_FAILED)


class ServicesProduct:
    """The product as the bot needs it.

    Args:
        catalog: Client of catalog.
        metrics: Client of metrics.
        mining: Client of mining.
    """

    def __init__(self, catalog: RpcClient, metrics: RpcClient, mining: RpcClient) -> None:
        self._accounts = catalog.stub(account_pb2_grpc.AccountServiceStub)
        self._datasets = catalog.stub(dataset_pb2_grpc.DatasetServiceStub)
        self._reports = metrics.stub(report_pb2_grpc.ReportServiceStub)
        self._analyses = mining.stub(analysis_pb2_grpc.AnalysisServiceStub)

    async def person(self, user_id: str) -> Person | None:
        """The account as it is now; None when there is none."""
        with acting_as(_SELF):
            answer = await _or_none(self._accounts.GetUser(account_pb2.GetUserRequest(user_id=user_id)))
        if answer is None:
            return None
        user = answer.user
        return Person(user.user_id, user.role == account_pb2.ROLE_ADMIN, user.is_disabled)

    async def may_analyse(self, person: Person, dataset_id: str) -> bool:
        """Whether the person may see results of a dataset now."""
        request = dataset_pb2.GetAccessRequest(dataset_id=dataset_id, subject=_identity(person).subject)
        with acting_as(_SELF):
            answer = await self._datasets.GetAccess(request)
        return answer.access.can_analyse

    async def recent_days(self, person: Person) -> RecentDays:
        """Numbers of all public datasets and the person's own private ones."""
        with acting_as(_identity(person)):
            own = [item.dataset_id async for item in self._visible() if _is_own_private(item, person)]
            gate = asyncio.Semaphore(_QUESTIONS_AT_ONCE)
            public, *private = await asyncio.gather(*(self._home(dataset_id, gate) for dataset_id in ["", *own]))
        return recent_days(public, private)

    async def last_graph(self, person: Person) -> EndedAnalysis | None:
        """The newest analysis of the person that has a picture and a dataset the person may still analyse."""
        request = analysis_pb2.ListAnalysesRequest(page_size=_PAGE_ROWS, statuses=_WITH_RESULT)
        refused: set[str] = set()
        while True:
            with acting_as(_identity(person)):
                page = await self._analyses.ListAnalyses(request)
            for analysis in page.analyses:
                dataset_id = analysis.scope.dataset_id
                if analysis.created_by_id != person.user_id or dataset_id in refused:
                    continue
                if await self.may_analyse(person, dataset_id):
                    return _ended(analysis)
                refused.add(dataset_id)
            if not page.next_page_token:
                return None
            request.page_token = page.next_page_token

    async def analysis(self, person: Person, analysis_id: str) -> EndedAnalysis | None:
        """An ended analysis of the person; None for an unknown or foreign one."""
        with acting_as(_identity(person)):
            answer = await _or_none(
                self._analyses.GetAnalysis(analysis_pb2.GetAnalysisRequest(analysis_id=analysis_id))
            )
        if answer is None or answer.analysis.created_by_id != person.user_id or answer.analysis.status not in _ENDED:
            return None
        return _ended(answer.analysis)

    async def picture(self, person: Person, analysis_id: str) -> bytes:
        """The result of an analysis as PNG."""
        request = analysis_pb2.RenderGraphRequest(analysis_id=analysis_id, format=analysis_pb2.PICTURE_FORMAT_PNG)
        with acting_as(_identity(person)):
            content: bytes = (await self._analyses.RenderGraph(request)).content
        return content

    async def _visible(self) -> AsyncIterator[dataset_pb2.Dataset]:
        request = dataset_pb2.ListDatasetsRequest(page_size=_PAGE_ROWS)
        while True:
            page = await self._datasets.ListDatasets(request)
            for item in page.datasets:
                yield item
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def _home(self, dataset_id: str, gate: asyncio.Semaphore) -> Followed:
        async with gate:
            home = await self._reports.GetHome(
                report_pb2.GetHomeRequest(scope=report_pb2.ReportScope(dataset_id=dataset_id))
            )
        return Followed(
            days=tuple(_day(item) for item in home.days),
            today=date.fromisoformat(home.today) if home.today else None,
            last_event_at=home.last_event_at.ToDatetime(UTC) if home.HasField("last_event_at") else None,
        )


async def _or_none(call: Any) -> Any:
    """The answer of a call, or None when it says NOT_FOUND."""
    try:
        return await call
    except AppError as error:
        if error.code is Code.NOT_FOUND:
            return None
        raise


def _identity(person: Person) -> Identity:
    return staff_identity(person.user_id, is_admin=person.is_admin)


def _is_own_private(item: dataset_pb2.Dataset, person: Person) -> bool:
    return item.owner_id == person.user_id and not item.is_public


def _day(item: report_pb2.ReportDay) -> DayNumbers:
    return DayNumbers(date.fromisoformat(item.date), item.customers_count, item.touchpoints_count)


def _ended(analysis: analysis_pb2.Analysis) -> EndedAnalysis:
    return EndedAnalysis(
        analysis_id=analysis.analysis_id,
        created_by_id=analysis.created_by_id,
        dataset_id=analysis.scope.dataset_id,
        dataset_name=analysis.dataset_name,
        kind=analysis_pb2.AnalysisKind.Name(analysis.kind).removeprefix("ANALYSIS_KIND_").lower(),
        has_result=analysis.status in _WITH_RESULT,
        is_partial=analysis.status == analysis_pb2.ANALYSIS_STATUS_PARTIAL,
        error_detail=analysis.error_detail,
        events_count=analysis.events_count,
        cases_count=analysis.cases_count,
        finished_at=analysis.finished_at.ToDatetime(UTC),
    )
