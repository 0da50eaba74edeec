"""The questions of the event store as the application asks them: without blocking, stoppable."""

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import Any, Final

from cjm_ingest.adapters.event_store import (
    field_questions,
    graph_questions,
    journey_questions,
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
# While events change, an answer serves so many times as long as it took: it takes a twentieth of the time at most.
_REST_FACTOR: Final = 20
# What is answered faster is always asked anew.
_QUICK_SECONDS: Final = 0.2


@dataclass(slots=True)
class _Known:
    """A question about a dataset that is being answered, or was.

    Attributes:
        version: Version of the dataset when it was asked.
        circumstances: What else the answer depends on.
        answer: The answer.
        as_of_ms: When it was asked, milliseconds since 1970-01-01 UTC.
        serves_until: Until when it serves though events changed, seconds of the monotonic clock.
        waiting_count: How many wait for the answer.
    """

    version: Hashable
    circumstances: Hashable
    answer: asyncio.Task[Any]
    as_of_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    serves_until: float = inf
    waiting_count: int = 0

    def __post_init__(self) -> None:
        asked_at = time.monotonic()
        self.answer.add_done_callback(lambda _: self._rest(asked_at))

    def _rest(self, asked_at: float) -> None:
        now = time.monotonic()
        took_seconds = now - asked_at
        self.serves_until = now + (took_seconds * _REST_FACTOR if took_seconds > _QUICK_SECONDS else 0)

    def is_good(self, version: Hashable, circumstances: Hashable) -> bool:
        """Whether it does instead of a new question."""
        answer = self.answer
        has_failed = answer.cancelling() or (answer.done() and (answer.cancelled() or answer.exception()))
        if has_failed or self.circumstances != circumstances:
            return False
        return self.version == version or time.monotonic() < self.serves_until


class EventStoreQuestions:
    """Each method answers one question in a reader thread; see the function of the same name for its meaning.

    The functions know datasets by the key of their current edition.
    """

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._known: dict[tuple[str, str], _Known] = {}

    async def directly_follows(self, scope: Scope, kept_activities: Sequence[str]) -> answers.DirectlyFollowsGraph:
        """The directly-follows graph."""
        return await self._ask(scope, lambda reader, of: graph_questions.directly_follows(reader, of, kept_activities))

    async def heuristics_counts(self, scope: Scope) -> answers.HeuristicsCounts:
        """Counts for the heuristics miner."""
        return await self._ask(scope, graph_questions.heuristics_counts)

    async def variants(self, scope: Scope, limit: int, offset: int, *, ignore_repeats: bool) -> answers.VariantPage:
        """A page of ways."""
        return await self._ask(
            scope,
            lambda reader, of: variant_questions.variants(reader, of, limit, offset, ignore_repeats=ignore_repeats),
        )

    async def coded_variants(self, scope: Scope) -> answers.CodedVariants:
        """All ways."""
        return await self._ask(scope, variant_questions.coded_variants)

    async def path_times(
        self, scope: Scope, kept_activities: Sequence[str], source: str, target: str
    ) -> tuple[answers.TimeBin, ...]:
        """Histogram of one path."""
        return await self._ask(
            scope, lambda reader, of: graph_questions.path_times(reader, of, kept_activities, source, target)
        )

    async def journeys_by_day(self, scope: Scope, time_zone: str, goal_activity: str) -> list[answers.JourneyDay]:
        """Journeys by the day of their first event."""
        return await self._ask(
            scope, lambda reader, of: journey_questions.journeys_by_day(reader, of, time_zone, goal_activity)
        )

    async def count_journeys(self, scope: Scope) -> answers.AsOf[int]:
        """How many journeys a scope has."""
        return await self._known_or_asked(
            "journeys",
            scope.dataset_id,
            scope,
            lambda reader, edition: journey_questions.count_journeys(reader, replace(scope, dataset_id=edition)),
        )

    async def count_by_day(self, scopes: Sequence[Scope], time_zone: str, by_field: str) -> answers.DayCounts:
        """Events and customers per day."""
        return await self._ask_all(
            scopes, lambda reader, of: listing_questions.count_by_day(reader, of, time_zone, by_field)
        )

    async def field_values(
        self, scopes: Sequence[Scope], field: str, value_contains: str, limit: int
    ) -> tuple[answers.ValueCount, ...]:
        """Values of one field."""
        return await self._ask_all(
            scopes, lambda reader, of: listing_questions.field_values(reader, of, field, value_contains, limit)
        )

    async def list_events(
        self,
        scopes: Sequence[Scope],
        limit: int,
        after: answers.EventPosition | None,
        customer_id: str,
        import_id: str,
    ) -> answers.EventPage:
        """A page of events, newest first."""
        return await self._ask_all(
            scopes, lambda reader, of: listing_questions.list_events(reader, of, limit, after, customer_id, import_id)
        )

    async def dataset_stats(
        self, dataset_ids: Sequence[str], tomorrows_ms: Sequence[int] = ()
    ) -> tuple[answers.DatasetStats, ...]:
        """Sizes of datasets."""
        return await self._ask_all(
            [Scope(dataset_id) for dataset_id in dataset_ids],
            lambda reader, of: listing_questions.dataset_stats(
                reader, [scope.dataset_id for scope in of], tomorrows_ms
            ),
        )

    async def describe_fields(self, dataset_id: str) -> answers.AsOf[answers.FieldDescriptions]:
        """The fields that have values."""
        return await self._known_or_asked("fields", dataset_id, (), field_questions.describe_fields)

    async def check_events(
        self, dataset_id: str, time_zone: str, now_ms: int
    ) -> answers.AsOf[tuple[int, tuple[Finding, ...]]]:
        """Events, and what looks wrong in them."""
        return await self._known_or_asked(
            "quality",
            dataset_id,
            (time_zone, now_ms // _NOW_MS),
            lambda reader, edition: quality_questions.check_events(reader, edition, time_zone, now_ms),
        )

    async def _ask(self, scope: Scope, question: Callable[[StoreReader, Scope], Answer]) -> Answer:
        return await self._ask_all([scope], lambda reader, of: question(reader, of[0]))

    async def _ask_all(
        self, scopes: Sequence[Scope], question: Callable[[StoreReader, Sequence[Scope]], Answer]
    ) -> Answer:
        """Ask of the current editions; anew when one was replaced meanwhile, for the answer may be of two halves."""
        while True:
            of = [replace(scope, dataset_id=self._store.edition(scope.dataset_id)) for scope in scopes]
            answer = await self._store.ask(partial(_answered, question, of))
            if all(
                self._store.edition(scope.dataset_id) == asked.dataset_id
                for scope, asked in zip(scopes, of, strict=True)
            ):
                return answer

    async def _known_or_asked(
        self,
        name: str,
        dataset_id: str,
        circumstances: Hashable,
        question: Callable[[StoreReader, str], Answer],
    ) -> answers.AsOf[Answer]:
        """The last answer while dataset and circumstances stay the same, else a new one; all who ask at once share it.

        Where events stream in, nothing stays the same: there an answer that took long serves for a while nevertheless.

        Args:
            name: Of the question.
            dataset_id: UUID.
            circumstances: What else the answer depends on.
            question: What to ask, of the key of an edition.
        """
        edition = self._store.edition(dataset_id)
        place, version = (name, edition), self._store.dataset_version(edition)
        known = self._known.pop(place, None)
        if known is None or not known.is_good(version, circumstances):
            asked = self._ask(Scope(dataset_id), lambda reader, of: question(reader, of.dataset_id))
            known = _Known(version, circumstances, asyncio.create_task(asked))
        self._known[place] = known  # now the last one: the first one goes
        if len(self._known) > _KNOWN_COUNT:
            del self._known[next(iter(self._known))]
        known.waiting_count += 1
        try:
            answer: Answer = await asyncio.shield(known.answer)
            return answers.AsOf(answer, known.as_of_ms, is_current=known.version == self._version(dataset_id))
        finally:
            known.waiting_count -= 1
            if not known.waiting_count:
                known.answer.cancel()

    def _version(self, dataset_id: str) -> str:
        return self._store.dataset_version(self._store.edition(dataset_id))


def _answered(
    question: Callable[[StoreReader, Sequence[Scope]], Answer], of: Sequence[Scope], reader: StoreReader
) -> Answer:
    return question(reader, of)
