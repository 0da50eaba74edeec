"""The questions of the event store as the application asks them: without blocking, stoppable."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cjm_ingest.adapters.event_store import (
    field_questions,
    graph_questions,
    listing_questions,
    quality_questions,
    variant_questions,
)
from cjm_ingest.adapters.event_store.engine import Answer
from cjm_ingest.adapters.event_store.store import EventStore, StoreReader
from cjm_ingest.domain import answers
from cjm_ingest.domain.quality import Finding
from cjm_ingest.domain.scope import Scope

# What lies in the future is judged anew every so often, though the events stay the same.
_NOW_MS: Final = 600_000
_KNOWN_COUNT: Final = 200


@dataclass(slots=True)
class _Known:
    """A question about a dataset that is being answered, or was.

    Attributes:
        version: Version of the dataset when it was asked.
        circumstances: What else the answer depends on.
        answer: The answer.
        waiting_count: How many wait for the answer.
    """

    version: Hashable
    circumstances: Hashable
    answer: asyncio.Task[Any]
    waiting_count: int = 0

    def is_good(self, version: Hashable, circumstances: Hashable) -> bool:
        """Whether it does instead of a new question."""
        answer = self.answer
        has_failed = answer.cancelling() or (answer.done() and (answer.cancelled() or answer.exception()))
        return not has_failed and (self.version, self.circumstances) == (version, circumstances)


class EventStoreQuestions:
    """Each method answers one question in a reader thread; see the function of the same name for its meaning."""

    def __init__(self, store: EventStore) -> None:
        self._ask = store.ask
        self._version = store.dataset_version
        self._known: dict[tuple[str, str], _Known] = {}

    async def directly_follows(self, scope: Scope, kept_activities: Sequence[str]) -> answers.DirectlyFollowsGraph:
        """The directly-follows graph."""
        return await self._ask(lambda reader: graph_questions.directly_follows(reader, scope, kept_activities))

    async def heuristics_counts(self, scope: Scope) -> answers.HeuristicsCounts:
        """Counts for the heuristics miner."""
        return await self._ask(lambda reader: graph_questions.heuristics_counts(reader, scope))

    async def variants(self, scope: Scope, limit: int, offset: int, *, ignore_repeats: bool) -> answers.VariantPage:
        """A page of ways."""
        return await self._ask(
            lambda reader: variant_questions.variants(reader, scope, limit, offset, ignore_repeats=ignore_repeats)
        )

    async def coded_variants(self, scope: Scope) -> answers.CodedVariants:
        """All ways."""
        return await self._ask(lambda reader: variant_questions.coded_variants(reader, scope))

    async def path_times(
        self, scope: Scope, kept_activities: Sequence[str], source: str, target: str
    ) -> tuple[answers.TimeBin, ...]:
        """Histogram of one path."""
        return await self._ask(
            lambda reader: graph_questions.path_times(reader, scope, kept_activities, source, target)
        )

    async def count_by_day(
        self, dataset_ids: Sequence[str], from_ms: int | None, to_ms: int | None, time_zone: str, by_field: str
    ) -> answers.DayCounts:
        """Events and customers per day."""
        return await self._ask(
            lambda reader: listing_questions.count_by_day(reader, dataset_ids, from_ms, to_ms, time_zone, by_field)
        )

    async def field_values(
        self, dataset_ids: Sequence[str], field: str, value_contains: str, limit: int
    ) -> tuple[answers.ValueCount, ...]:
        """Values of one field."""
        return await self._ask(
            lambda reader: listing_questions.field_values(reader, dataset_ids, field, value_contains, limit)
        )

    async def list_events(
        self,
        dataset_ids: Sequence[str],
        limit: int,
        after: answers.EventPosition | None,
        customer_id: str,
        import_id: str,
    ) -> answers.EventPage:
        """A page of events, newest first."""
        return await self._ask(
            lambda reader: listing_questions.list_events(reader, dataset_ids, limit, after, customer_id, import_id)
        )

    async def dataset_stats(self, dataset_ids: Sequence[str]) -> tuple[answers.DatasetStats, ...]:
        """Sizes of datasets."""
        return await self._ask(lambda reader: listing_questions.dataset_stats(reader, dataset_ids))

    async def describe_fields(self, dataset_id: str) -> answers.FieldDescriptions:
        """The fields that have values."""
        return await self._known_or_asked(
            "fields", dataset_id, (), lambda reader: field_questions.describe_fields(reader, dataset_id)
        )

    async def check_events(self, dataset_id: str, time_zone: str, now_ms: int) -> tuple[int, tuple[Finding, ...]]:
        """Events, and what looks wrong in them."""
        return await self._known_or_asked(
            "quality",
            dataset_id,
            (time_zone, now_ms // _NOW_MS),
            lambda reader: quality_questions.check_events(reader, dataset_id, time_zone, now_ms),
        )

    async def _known_or_asked(
        self,
        name: str,
        dataset_id: str,
        circumstances: Hashable,
        question: Callable[[StoreReader], Answer],
    ) -> Answer:
        """The last answer while dataset and circumstances stay the same, else a new one; all who ask at once share it.

        Args:
            name: Of the question.
            dataset_id: UUID.
            circumstances: What else the answer depends on.
            question: What to ask.
        """
        place, version = (name, dataset_id), self._version(dataset_id)
        known = self._known.pop(place, None)
        if known is None or not known.is_good(version, circumstances):
            known = _Known(version, circumstances, asyncio.create_task(self._ask(question)))
        self._known[place] = known  # now the last one: the first one goes
        if len(self._known) > _KNOWN_COUNT:
            del self._known[next(iter(self._known))]
        known.waiting_count += 1
        try:
            answer: Answer = await asyncio.shield(known.answer)
            return answer
        finally:
            known.waiting_count -= 1
            if not known.waiting_count:
                known.answer.cancel()
