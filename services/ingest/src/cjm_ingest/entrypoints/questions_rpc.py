"""The question service: checks what the caller may do with the dataset, translates, delegates."""

import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any

from grpc.aio import ServicerContext

from cjm_access.dataset_access import DatasetAccess
from cjm_ingest.application.quality import ImportResults, check_quality
from cjm_ingest.application.questions import EventQuestions, checked_page_size, list_events, list_variants
from cjm_ingest.domain.scope import Scope
from cjm_ingest.domain.times import tomorrow_ms
from cjm_ingest.entrypoints import questions_translate as translate
from cjm_kit.rpc import allow
from cjm_protos.ingest.v1 import questions_pb2, questions_pb2_grpc, scope_pb2

Context = ServicerContext[Any, Any]


class QuestionServicer(questions_pb2_grpc.QuestionServiceServicer):
    """Answers questions about events.

    Args:
        questions: Who knows the events.
        access: What the caller may do with the dataset.
        imports: Who knows how imports went.
    """

    def __init__(self, questions: EventQuestions, access: DatasetAccess, imports: ImportResults) -> None:
        self._questions = questions
        self._access = access
        self._imports = imports

    @allow("staff", "service")
    async def GetDirectlyFollows(
        self, request: questions_pb2.GetDirectlyFollowsRequest, context: Context
    ) -> questions_pb2.GetDirectlyFollowsResponse:
        """The directly-follows graph of a scope."""
        scope = await self._analysed_scope(request)
        graph = await self._questions.directly_follows(scope, list(request.kept_activities))
        return questions_pb2.GetDirectlyFollowsResponse(graph=translate.graph_to_message(graph))

    @allow("service")
    async def GetHeuristicsCounts(
        self, request: questions_pb2.GetHeuristicsCountsRequest, context: Context
    ) -> questions_pb2.GetHeuristicsCountsResponse:
        """What the heuristics miner needs."""
        counts = await self._questions.heuristics_counts(await self._analysed_scope(request))
        return translate.heuristics_to_message(counts)

    @allow("staff", "service")
    async def ListVariants(
        self, request: questions_pb2.ListVariantsRequest, context: Context
    ) -> questions_pb2.ListVariantsResponse:
        """Ways with their counts."""
        page = await list_variants(
            self._questions,
            await self._analysed_scope(request),
            request.page_size,
            request.page_token,
            ignore_repeats=request.ignore_repeats,
        )
        return questions_pb2.ListVariantsResponse(
            cases_count=page.cases_count,
            variants_count=page.variants_count,
            variants=[
                questions_pb2.Variant(
                    activities=way.activities, cases_count=way.cases_count, median_seconds=way.median_seconds
                )
                for way in page.variants
            ],
            next_page_token=page.next_page_token,
        )

    @allow("service")
    async def StreamVariants(
        self, request: questions_pb2.StreamVariantsRequest, context: Context
    ) -> AsyncIterator[questions_pb2.StreamVariantsResponse]:
        """All ways as codes."""
        found = await self._questions.coded_variants(await self._analysed_scope(request))
        for piece in translate.coded_variants_to_messages(found):
            yield piece

    @allow("staff", "service")
    async def GetPathTimes(
        self, request: questions_pb2.GetPathTimesRequest, context: Context
    ) -> questions_pb2.GetPathTimesResponse:
        """How long the moves of one path take."""
        scope = await self._analysed_scope(request)
        bins = await self._questions.path_times(scope, list(request.kept_activities), request.source, request.target)
        return questions_pb2.GetPathTimesResponse(
            bins=[
                questions_pb2.TimeBin(
                    from_seconds=item.from_seconds, to_seconds=item.to_seconds, moves_count=item.moves_count
                )
                for item in bins
            ],
            moves_count=sum(item.moves_count for item in bins),
        )

    @allow("staff", "service")
    async def CountJourneysByDay(
        self, request: questions_pb2.CountJourneysByDayRequest, context: Context
    ) -> questions_pb2.CountJourneysByDayResponse:
        """Journeys by the day on which they began."""
        scope = await self._analysed_scope(request)
        days = await self._questions.journeys_by_day(scope, request.time_zone or "UTC", request.goal_activity)
        return questions_pb2.CountJourneysByDayResponse(
            days=[
                questions_pb2.JourneyDay(date=day.date, cases_count=day.cases_count, reached_count=day.reached_count)
                for day in days
            ]
        )

    @allow("staff", "service")
    async def CountJourneys(
        self, request: questions_pb2.CountJourneysRequest, context: Context
    ) -> questions_pb2.CountJourneysResponse:
        """All journeys of a dataset; no conditions, so whoever sees the dataset may know how many there are."""
        await self._access.require(request.dataset_id, "see")
        found = await self._questions.count_journeys(translate.whole_dataset(request))
        return translate.journeys_count_to_message(found)

    @allow("staff", "service")
    async def CountByDay(
        self, request: questions_pb2.CountByDayRequest, context: Context
    ) -> questions_pb2.CountByDayResponse:
        """Events and customers per day."""
        scopes = await self._seen_scopes(request.scopes)
        counts = await self._questions.count_by_day(scopes, request.time_zone or "UTC", request.by_field)
        return translate.days_to_message(counts)

    @allow("staff", "service")
    async def ListFieldValues(
        self, request: questions_pb2.ListFieldValuesRequest, context: Context
    ) -> questions_pb2.ListFieldValuesResponse:
        """Values of one field with their counts."""
        scopes = await self._seen_scopes(request.scopes)
        limit = checked_page_size(request.page_size, default=100, maximum=1000)
        values = await self._questions.field_values(scopes, request.field, request.value_contains, limit)
        return questions_pb2.ListFieldValuesResponse(values=translate.values_to_messages(values))

    @allow("staff", "service")
    async def ListEvents(
        self, request: questions_pb2.ListEventsRequest, context: Context
    ) -> questions_pb2.ListEventsResponse:
        """Events, newest first."""
        page = await list_events(
            self._questions,
            await self._seen_scopes(request.scopes),
            request.page_size,
            request.page_token,
            request.customer_id,
            request.import_id,
        )
        return questions_pb2.ListEventsResponse(
            events=[translate.event_to_message(event) for event in page.events], next_page_token=page.next_page_token
        )

    @allow("staff", "service")
    async def GetDatasetStats(
        self, request: questions_pb2.GetDatasetStatsRequest, context: Context
    ) -> questions_pb2.GetDatasetStatsResponse:
        """Size and period of datasets."""
        granted = [await self._access.require(dataset_id, "see") for dataset_id in request.dataset_ids]
        tomorrows_ms = [tomorrow_ms(access.time_zone or "UTC", datetime.now(UTC)) for access in granted]
        stats = await self._questions.dataset_stats(list(request.dataset_ids), tomorrows_ms)
        return questions_pb2.GetDatasetStatsResponse(stats=[translate.stats_to_message(item) for item in stats])

    @allow("staff", "service")
    async def DescribeFields(
        self, request: questions_pb2.DescribeFieldsRequest, context: Context
    ) -> questions_pb2.DescribeFieldsResponse:
        """The fields that have values, and what is in them."""
        await self._access.require(request.dataset_id, "see")
        return translate.fields_to_message(await self._questions.describe_fields(request.dataset_id))

    @allow("staff", "service")
    async def CheckQuality(
        self, request: questions_pb2.CheckQualityRequest, context: Context
    ) -> questions_pb2.CheckQualityResponse:
        """What looks wrong in a dataset."""
        granted = await self._access.require(request.dataset_id, "see")
        now_ms = time.time_ns() // 1_000_000
        report = await check_quality(
            self._questions, self._imports, request.dataset_id, granted.time_zone or "UTC", now_ms
        )
        return translate.quality_to_message(report)

    async def _analysed_scope(
        self,
        request: questions_pb2.GetDirectlyFollowsRequest
        | questions_pb2.GetHeuristicsCountsRequest
        | questions_pb2.ListVariantsRequest
        | questions_pb2.StreamVariantsRequest
        | questions_pb2.GetPathTimesRequest
        | questions_pb2.CountJourneysByDayRequest,
    ) -> Scope:
        await self._access.require(request.scope.dataset_id, "analyse")
        return translate.scope_from_message(request.scope)

    async def _seen_scopes(self, messages: Iterable[scope_pb2.Scope]) -> list[Scope]:
        """Scopes whose events the caller may see; to choose them by their journeys is to analyse."""
        scopes = [translate.scope_from_message(message) for message in messages]
        for scope in scopes:
            await self._access.require(scope.dataset_id, "analyse" if scope.asks_of_journeys else "see")
        return scopes
