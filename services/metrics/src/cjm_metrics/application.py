"""The reports, made of a few questions to the owners of datasets and events."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from cjm_metrics.domain import (
    RECENT_DAYS,
    DailyReport,
    DatasetInfo,
    DatasetStats,
    Day,
    DayCounts,
    Dimension,
    EventScope,
    EventT,
    Home,
    ReportScope,
    Selection,
    ValueCount,
    chosen_period,
    common_zone,
    days_with_events,
    filled,
    instants,
    read_date,
    shares,
)

_NEWEST_COUNT = 5
# A report of ten years split by thirty values takes some 10 MB.
_REMEMBERED_COUNT = 16

_Answer = TypeVar("_Answer")


class Sources(Protocol[EventT]):
    """Who knows datasets and events; everything is asked in the name of the caller."""

    async def dataset(self, dataset_id: str) -> DatasetInfo:
        """One dataset the caller may see; raises AppError NOT_FOUND."""

    async def public_datasets(self) -> list[DatasetInfo]:
        """All public datasets by name."""

    async def stats(self, dataset_ids: Sequence[str]) -> list[DatasetStats]:
        """Size and period of those datasets that have events."""

    async def count_by_day(self, scopes: Sequence[EventScope], zone: ZoneInfo, by_field: str) -> DayCounts:
        """Days with events, split by a field unless it is empty."""

    async def values(self, scopes: Sequence[EventScope], field: str) -> list[ValueCount]:
        """Values of a field, most frequent first."""

    async def newest(self, scopes: Sequence[EventScope], count: int) -> list[EventT]:
        """The newest events."""


class _Remembered(Generic[_Answer]):
    """The answers used last, under keys that change whenever the answer may."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, _Answer] = OrderedDict()

    def get(self, key: Hashable) -> _Answer | None:
        if key in self._answers:
            self._answers.move_to_end(key)
        return self._answers.get(key)

    def keep(self, key: Hashable, answer: _Answer) -> _Answer:
        self._answers[key] = answer
        if len(self._answers) > _REMEMBERED_COUNT:
            self._answers.popitem(last=False)
        return answer


class Reports(Generic[EventT]):
    """The use cases around reports.

    Args:
        sources: who knows datasets and events. It is asked for datasets and stats every time, so that rights are
            checked every time; counts are remembered as long as the events stay the same.
        clock: the time now, UTC.
    """

    def __init__(self, sources: Sources[EventT], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._sources = sources
        self._clock = clock
        self._daily: _Remembered[DailyReport] = _Remembered()
        self._home: _Remembered[Home[EventT]] = _Remembered()

    async def daily(self, scope: ReportScope, dimension: Dimension | None) -> DailyReport:
        """Counts customers and touchpoints per day.

        Args:
            scope: Which touchpoints; open days are those of the first and the last event before any filter, as
                `chosen_period` takes them.
            dimension: What to split by.

        Returns:
            Every day of the period, those without events with zeros.

        Raises:
            AppError: INVALID_ARGUMENT date_invalid, period_reversed, period_too_long; NOT_FOUND dataset_not_found; what
                the owner of the events says of the filter.
        """
        asked = await self._ask(scope)
        period = chosen_period(*asked.dates, asked.days_with_events)
        if period is None or not asked.stats:
            return DailyReport(period, filled((), period) if period else (), 0, 0, asked.zone.key)
        key = (asked.key, period, dimension)
        return self._daily.get(key) or self._daily.keep(key, await self._count(asked, period, dimension))

    async def home(self, scope: ReportScope) -> Home[EventT]:
        """Gathers the numbers of the home page.

        Args:
            scope: Which touchpoints.

        Returns:
            Totals, newest events, shares, and the days of the period; without one, of all days as `days_with_events`
            has them, and the last 30 of them before any filter.

        Raises:
            AppError: As in `daily`.
        """
        asked = await self._ask(scope)
        if asked.days_with_events is None:
            return Home()
        period = chosen_period(*asked.dates, asked.days_with_events) if any(asked.dates) else None
        key = (asked.key, period, asked.days_with_events, asked.today)
        return self._home.get(key) or self._home.keep(key, await self._gather(asked, period, asked.days_with_events))

    async def _ask(self, scope: ReportScope) -> "_Asked":
        dates = read_date("from", scope.from_text), read_date("to", scope.to_text)
        datasets = await self._datasets(scope.dataset_id)
        stats = await self._stats(datasets)
        return _Asked(dates, datasets, stats, scope.selection, self._clock())

    async def _datasets(self, dataset_id: str) -> list[DatasetInfo]:
        return [await self._sources.dataset(dataset_id)] if dataset_id else await self._sources.public_datasets()

    async def _stats(self, datasets: Sequence[DatasetInfo]) -> list[DatasetStats]:
        return await self._sources.stats([dataset.dataset_id for dataset in datasets]) if datasets else []

    async def _count(self, asked: "_Asked", period: tuple[date, date], dimension: Dimension | None) -> DailyReport:
        counts = await self._sources.count_by_day(asked.scopes(period), asked.zone, dimension or "")
        days = counts.days
        if dimension is Dimension.DATASET:
            names = {dataset.dataset_id: dataset.name for dataset in asked.datasets}
            days = [_with_names(day, names) for day in days]
        return DailyReport(period, filled(days, period), counts.customers_count, counts.events_count, asked.zone.key)

    async def _gather(
        self, asked: "_Asked", period: tuple[date, date] | None, with_events: tuple[date, date]
    ) -> Home[EventT]:
        last_day = with_events[1]
        recent = (last_day - timedelta(days=RECENT_DAYS - 1), last_day)
        counted = period
        if any(item.later_events_count for item in asked.stats):
            counted = period or with_events
        # Of everything the totals are known: then only the days that are shown are counted.
        is_everything = counted is None and not asked.selection.filter
        scopes = asked.scopes(counted)
        newest, actions, channels, devices, counts = await asyncio.gather(
            self._sources.newest(scopes, _NEWEST_COUNT),
            self._sources.values(scopes, Dimension.ACTION_TYPE),
            self._sources.values(scopes, Dimension.CHANNEL_TYPE),
            self._sources.values(scopes, Dimension.DEVICE_CATEGORY),
            self._sources.count_by_day(asked.scopes(recent) if is_everything else scopes, asked.zone, ""),
        )
        totals = counts.customers_count, counts.events_count
        if is_everything:
            totals = sum(item.customers_count for item in asked.stats), sum(item.events_count for item in asked.stats)
        return Home(
            asked.today,
            period,
            *totals,
            newest=newest,
            actions=shares(actions),
            channels=shares(channels),
            device_categories=shares(devices),
            days=filled(counts.days, period or recent),
        )


@dataclass(frozen=True)
class _Asked:
    """What a scope asks for, with what is known of its datasets."""

    dates: tuple[date | None, date | None]
    datasets: Sequence[DatasetInfo]
    stats: Sequence[DatasetStats]
    selection: Selection
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return common_zone(self.datasets)

    @property
    def days_with_events(self) -> tuple[date, date] | None:
        return days_with_events(self.stats, self.zone, self.today)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def key(self) -> Hashable:
        """Changes whenever the answer may; rights, which it holds, are part of that."""
        return tuple(self.datasets), frozenset((item.dataset_id, item.version) for item in self.stats), self.selection

    def scopes(self, period: tuple[date, date] | None) -> list[EventScope]:
        """One for each dataset with events."""
        between = instants(period, self.zone) if period else None
        with_events = {item.dataset_id for item in self.stats}
        return [
            EventScope(dataset, between, self.selection)
            for dataset in self.datasets
            if dataset.dataset_id in with_events
        ]


def _with_names(day: Day, names: dict[str, str]) -> Day:
    return replace(day, by_value=tuple(replace(c, value=names.get(c.value, c.value)) for c in day.by_value))
