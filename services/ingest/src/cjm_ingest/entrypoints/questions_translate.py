"""Between the messages of the question service and the words of the domain."""

from collections.abc import Iterator
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from cjm_ingest.domain import answers
from cjm_ingest.domain import filter as filters
from cjm_ingest.domain.quality import LIMITS, Example, FindingKind, Level, QualityReport
from cjm_ingest.domain.scope import CaseNotion, Scope
from cjm_kit.errors import AppError, Code
from cjm_protos.catalog.v1 import dataset_pb2
from cjm_protos.ingest.v1 import questions_pb2, scope_pb2

_LEVELS: Final = {
    None: questions_pb2.QUALITY_LEVEL_UNSPECIFIED,
    Level.GOOD: questions_pb2.QUALITY_LEVEL_GOOD,
    Level.CHECK: questions_pb2.QUALITY_LEVEL_CHECK,
    Level.PROBLEM: questions_pb2.QUALITY_LEVEL_PROBLEM,
}
_FINDING_KINDS: Final = {
    FindingKind.REJECTED_ROWS: questions_pb2.QUALITY_FINDING_KIND_REJECTED_ROWS,
    FindingKind.DUPLICATES: questions_pb2.QUALITY_FINDING_KIND_DUPLICATES,
    FindingKind.FUTURE_TIMES: questions_pb2.QUALITY_FINDING_KIND_FUTURE_TIMES,
    FindingKind.SAME_TIME: questions_pb2.QUALITY_FINDING_KIND_SAME_TIME,
    FindingKind.DAYS_WITHOUT_DATA: questions_pb2.QUALITY_FINDING_KIND_DAYS_WITHOUT_DATA,
    FindingKind.RARE_STEPS: questions_pb2.QUALITY_FINDING_KIND_RARE_STEPS,
    FindingKind.SIMILAR_STEPS: questions_pb2.QUALITY_FINDING_KIND_SIMILAR_STEPS,
    FindingKind.SURROUNDING_BLANKS: questions_pb2.QUALITY_FINDING_KIND_SURROUNDING_BLANKS,
}

# Steps of all ways in one message of a stream: some 300 kB.
_STEPS_PER_PIECE = 100_000


def scope_from_message(message: scope_pb2.Scope) -> Scope:
    """Read a scope.

    Raises:
        AppError: INVALID_ARGUMENT `dataset_missing`, `filter_empty`, `period_reversed`, `session_gap_out_of_range`.
    """
    if not message.dataset_id:
        raise AppError(Code.INVALID_ARGUMENT, "dataset_missing", "The question names no dataset. Set dataset_id.")
    is_session = message.case_notion == dataset_pb2.CASE_NOTION_SESSION
    return Scope(
        dataset_id=message.dataset_id,
        from_ms=bound_ms(message.from_time) if message.HasField("from_time") else None,
        to_ms=bound_ms(message.to_time) if message.HasField("to_time") else None,
        case_notion=CaseNotion.SESSION if is_session else CaseNotion.CUSTOMER,
        session_gap_minutes=message.session_gap_minutes,
        filter=_filter(message.filter) if message.HasField("filter") else None,
    )


def whole_dataset(request: questions_pb2.CountJourneysRequest) -> Scope:
    """All journeys of a dataset.

    Raises:
        AppError: INVALID_ARGUMENT `dataset_missing`, `session_gap_out_of_range`.
    """
    return scope_from_message(
        scope_pb2.Scope(
            dataset_id=request.dataset_id,
            case_notion=request.case_notion,
            session_gap_minutes=request.session_gap_minutes,
        )
    )


def bound_ms(message: Timestamp) -> int:
    """Bound of a period in milliseconds; events are exact to the millisecond, so a finer bound moves to the next."""
    return message.seconds * 1000 + -(-message.nanos // 1_000_000)


def _filter(message: scope_pb2.Filter) -> filters.Filter:
    match message.WhichOneof("node"):
        case "all_of":
            return filters.AllOf(tuple(_filter(part) for part in message.all_of.filters))
        case "any_of":
            return filters.AnyOf(tuple(_filter(part) for part in message.any_of.filters))
        case "not":
            return filters.Not(_filter(getattr(message, "not")))
        case "field_in":
            return filters.FieldIn(message.field_in.field, tuple(message.field_in.values))
        case "contains":
            return filters.Contains(tuple(message.contains.activities))
        case "directly_follows":
            return filters.DirectlyFollows(message.directly_follows.source, message.directly_follows.target)
        case "eventually_follows":
            return filters.EventuallyFollows(message.eventually_follows.source, message.eventually_follows.target)
        case "starts_with":
            return filters.StartsWith(tuple(message.starts_with.activities))
        case "ends_with":
            return filters.EndsWith(tuple(message.ends_with.activities))
        case "length":
            length = message.length
            return filters.LengthBetween(
                length.min_count if length.HasField("min_count") else None,
                length.max_count if length.HasField("max_count") else None,
            )
        case "duration":
            duration = message.duration
            return filters.DurationBetween(
                duration.min_seconds if duration.HasField("min_seconds") else None,
                duration.max_seconds if duration.HasField("max_seconds") else None,
            )
        case "exact_way":
            return filters.ExactWay(tuple(message.exact_way.activities))
    raise AppError(
        Code.INVALID_ARGUMENT, "filter_empty", "A part of the filter is empty. Say what to keep or leave the part out."
    )


def graph_to_message(graph: answers.DirectlyFollowsGraph) -> questions_pb2.DirectlyFollowsGraph:
    """Write a directly-follows graph."""
    return questions_pb2.DirectlyFollowsGraph(
        events_count=graph.events_count,
        cases_count=graph.cases_count,
        cases_without_count=graph.cases_without_count,
        variants_count=graph.variants_count,
        median_case_seconds=graph.median_case_seconds,
        nodes=[
            questions_pb2.ActivityNode(
                activity=node.activity,
                events_count=node.events_count,
                cases_count=node.cases_count,
                starts_count=node.starts_count,
                ends_count=node.ends_count,
                mean_rank=node.mean_rank,
                median_next_seconds=node.median_next_seconds,
            )
            for node in graph.nodes
        ],
        edges=[
            questions_pb2.DirectlyFollowsEdge(
                source=edge.source,
                target=edge.target,
                moves_count=edge.moves_count,
                cases_count=edge.cases_count,
                mean_seconds=edge.mean_seconds,
                median_seconds=edge.median_seconds,
                p90_seconds=edge.p90_seconds,
                p95_seconds=edge.p95_seconds,
                hidden_ratio=edge.hidden_ratio,
            )
            for edge in graph.edges
        ],
        cases_unfiltered_count=graph.cases_unfiltered_count,
        all_activities=[
            questions_pb2.ActivityCount(activity=item.activity, events_count=item.events_count)
            for item in graph.all_activities
        ],
    )


def heuristics_to_message(counts: answers.HeuristicsCounts) -> questions_pb2.GetHeuristicsCountsResponse:
    """Write the counts for the heuristics miner."""

    def pairs(found: answers.PairCounts) -> list[questions_pb2.PairCount]:
        return [
            questions_pb2.PairCount(source_index=source, target_index=target, pair_count=count)
            for (source, target), count in found.items()
        ]

    return questions_pb2.GetHeuristicsCountsResponse(
        events_count=counts.events_count,
        cases_count=counts.cases_count,
        activities=counts.activities,
        activity_counts=counts.activity_counts,
        start_counts=counts.start_counts,
        end_counts=counts.end_counts,
        directly_follows=pairs(counts.directly_follows),
        two_apart=pairs(counts.two_apart),
        triples=pairs(counts.triples),
    )


def coded_variants_to_messages(found: answers.CodedVariants) -> Iterator[questions_pb2.StreamVariantsResponse]:
    """Write all ways in pieces; the first carries the steps and the totals, and comes even when there is no way."""
    piece = questions_pb2.StreamVariantsResponse(
        activities=found.activities, events_count=found.events_count, cases_count=found.cases_count
    )
    places, offsets = found.places.tolist(), found.offsets.tolist()
    steps_count = 0
    for number, cases_count in enumerate(found.cases_counts.tolist()):
        way = places[offsets[number] : offsets[number + 1]]
        if piece.variants and steps_count + len(way) > _STEPS_PER_PIECE:
            yield piece
            piece, steps_count = questions_pb2.StreamVariantsResponse(), 0
        piece.variants.add(activity_indexes=way, cases_count=cases_count)
        steps_count += len(way)
    yield piece


def values_to_messages(counts: tuple[answers.ValueCount, ...]) -> list[questions_pb2.ValueCount]:
    """Write values with their counts."""
    return [
        questions_pb2.ValueCount(value=item.value, is_set=item.is_set, events_count=item.events_count)
        for item in counts
    ]


def days_to_message(counts: answers.DayCounts) -> questions_pb2.CountByDayResponse:
    """Write the counts per day."""
    return questions_pb2.CountByDayResponse(
        days=[
            questions_pb2.DayCount(
                date=day.date,
                events_count=day.events_count,
                customers_count=day.customers_count,
                by_value=values_to_messages(day.by_value),
            )
            for day in counts.days
        ],
        customers_count=counts.customers_count,
        events_count=counts.events_count,
    )


def event_to_message(event: answers.StoredEvent) -> questions_pb2.Event:
    """Write an event."""
    return questions_pb2.Event(
        dataset_id=event.dataset_id,
        event_id=event.event_id,
        customer_id=event.customer_id,
        action_type=event.action_type,
        time=_timestamp(event.time_ms),
        fields=event.fields,
        properties_json=event.properties_json,
        import_id=event.import_id,
    )


def stats_to_message(stats: answers.DatasetStats) -> questions_pb2.DatasetStats:
    """Write size and period of a dataset."""
    return questions_pb2.DatasetStats(
        dataset_id=stats.dataset_id,
        events_count=stats.events_count,
        sent_events_count=stats.sent_events_count,
        customers_count=stats.customers_count,
        activities_count=stats.activities_count,
        first_event_at=_timestamp(stats.first_event_ms),
        last_event_at=_timestamp(stats.last_event_ms),
        version=stats.version,
        set_fields=stats.set_fields,
        later_events_count=stats.later_events_count,
    )


def journeys_count_to_message(found: answers.AsOf[int]) -> questions_pb2.CountJourneysResponse:
    """Write how many journeys there are."""
    return questions_pb2.CountJourneysResponse(
        cases_count=found.answer, as_of=_timestamp(found.as_of_ms), is_current=found.is_current
    )


def fields_to_message(found: answers.AsOf[answers.FieldDescriptions]) -> questions_pb2.DescribeFieldsResponse:
    """Write what is in the fields."""
    described = found.answer
    return questions_pb2.DescribeFieldsResponse(
        events_count=described.events_count,
        fields=[
            questions_pb2.FieldDescription(
                field=item.field,
                events_count=item.events_count,
                values_count=item.values_count,
                top_values=values_to_messages(item.top_values),
                min_value=item.min_value,
                max_value=item.max_value,
            )
            for item in described.fields
        ],
        properties_count=described.properties_count,
        as_of=_timestamp(found.as_of_ms),
        is_current=found.is_current,
    )


def quality_to_message(found: answers.AsOf[QualityReport]) -> questions_pb2.CheckQualityResponse:
    """Write what was looked for and found."""
    report = found.answer
    return questions_pb2.CheckQualityResponse(
        events_count=report.events_count,
        level=_LEVELS[report.level],
        findings=[
            questions_pb2.QualityFinding(
                kind=_FINDING_KINDS[finding.kind],
                found_count=finding.found_count,
                total_count=finding.total_count,
                level=_LEVELS[finding.level],
                check_ratio=LIMITS[finding.kind].check_ratio,
                problem_ratio=LIMITS[finding.kind].problem_ratio,
                examples=[_example_to_message(example) for example in finding.examples],
                import_id=finding.import_id,
                fixable_count=finding.fixable_count,
            )
            for finding in report.findings
        ],
        as_of=_timestamp(found.as_of_ms),
        is_current=found.is_current,
    )


def finding_kind_from_message(kind: int) -> FindingKind:
    """Read the kind of a finding.

    Raises:
        AppError: INVALID_ARGUMENT `finding_not_known`.
    """
    for known, number in _FINDING_KINDS.items():
        if number == kind:
            return known
    raise AppError(Code.INVALID_ARGUMENT, "finding_not_known", f"There is no kind {kind} of finding.")


def _example_to_message(example: Example) -> questions_pb2.QualityExample:
    return questions_pb2.QualityExample(
        customer_id=example.customer_id,
        field=example.field,
        values=example.values,
        time=None if example.time_ms is None else _timestamp(example.time_ms),
        first_date=example.first_date,
        last_date=example.last_date,
        found_count=example.found_count,
    )


def _timestamp(time_ms: int) -> Timestamp:
    seconds, milliseconds = divmod(time_ms, 1000)
    return Timestamp(seconds=seconds, nanos=milliseconds * 1_000_000)
