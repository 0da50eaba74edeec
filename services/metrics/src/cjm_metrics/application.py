"""The reports, made of a few questions to the owners of datasets and events."""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
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
    EventT,
    Home,
    ValueCount,
    chosen_period,
    common_zone,
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

    async def count_by_day(
        self, dataset_ids: Sequence[str], period: tuple[datetime, datetime], zone: ZoneInfo, by_field: str
    ) -> DayCounts:
        """Days with events between two instants (UTC, the last exclusive), split by a field unless it is empty."""

    async def values(self, dataset_ids: Sequence[str], field: str) -> list[ValueCount]:
        """Values of a field, most frequent first."""

    async def newest(self, dataset_ids: Sequence[str], count: int) -> list[EventT]:
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
    """

    def __init__(self, sources: Sources[EventT]) -> None:
        self._sources = sources
        self._daily: _Remembered[DailyReport] = _Remembered()
        self._home: _Remembered[Home[EventT]] = _Remembered()

    async def daily(self, dataset_id: str, from_text: str, to_text: str, dimension: Dimension | None) -> DailyReport:
        """Counts customers and touchpoints per day.

        Args:
            dataset_id: UUID of a dataset; empty for the union of all public ones.
            from_text: first day, ISO date in the time zone of the dataset; empty for the day of the first event.
            to_text: last day, included; empty for the day of the last event.
            dimension: what to split by.

        Returns:
            Every day of the period, those without events with zeros.

        Raises:
            AppError: INVALID_ARGUMENT date_invalid, period_reversed, period_too_long; NOT_FOUND dataset_not_found.
        """
        from_date, to_date = read_date("from", from_text), read_date("to", to_text)
        datasets = await self._datasets(dataset_id)
        stats = await self._stats(datasets)
        zone = common_zone(datasets)
        period = chosen_period(from_date, to_date, _days_with_events(stats, zone))
        if period is None or not stats:
            return DailyReport(period, filled((), period) if period else (), 0, 0, zone.key)
        key = (tuple(datasets), _versions(stats), period, dimension)
        return self._daily.get(key) or self._daily.keep(key, await self._count(datasets, period, zone, dimension))

    async def home(self, dataset_id: str) -> Home[EventT]:
        """Gathers the numbers of the home page.

        Args:
            dataset_id: UUID of a dataset; empty for the union of all public ones.

        Returns:
            Totals, newest events, shares, and the 30 days that end with the newest event.

        Raises:
            AppError: NOT_FOUND dataset_not_found.
        """
        datasets = await self._datasets(dataset_id)
        stats = await self._stats(datasets)
        zone = common_zone(datasets)
        days = _days_with_events(stats, zone)
        if days is None:
            return Home()
        key = (tuple(datasets), _versions(stats))
        return self._home.get(key) or self._home.keep(key, await self._gather(stats, zone, days[1]))

    async def _datasets(self, dataset_id: str) -> list[DatasetInfo]:
        return [await self._sources.dataset(dataset_id)] if dataset_id else await self._sources.public_datasets()

    async def _stats(self, datasets: Sequence[DatasetInfo]) -> list[DatasetStats]:
        return await self._sources.stats([dataset.dataset_id for dataset in datasets]) if datasets else []

    async def _count(
        self, datasets: Sequence[DatasetInfo], period: tuple[date, date], zone: ZoneInfo, dimension: Dimension | None
    ) -> DailyReport:
        ids = [dataset.dataset_id for dataset in datasets]
        counts = await self._sources.count_by_day(ids, instants(period, zone), zone, dimension or "")
        days = counts.days
        if dimension is Dimension.DATASET:
            names = {dataset.dataset_id: dataset.name for dataset in datasets}
            days = [_with_names(day, names) for day in days]
        return DailyReport(period, filled(days, period), counts.customers_count, counts.events_count, zone.key)

    async def _gather(self, stats: Sequence[DatasetStats], zone: ZoneInfo, last_day: date) -> Home[EventT]:
        ids = [item.dataset_id for item in stats]
        recent = (last_day - timedelta(days=RECENT_DAYS - 1), last_day)
        newest, actions, channels, devices, counts = await asyncio.gather(
            self._sources.newest(ids, _NEWEST_COUNT),
            self._sources.values(ids, Dimension.ACTION_TYPE),
            self._sources.values(ids, Dimension.CHANNEL_TYPE),
            self._sources.values(ids, Dimension.DEVICE_CATEGORY),
            self._sources.count_by_day(ids, instants(recent, zone), zone, ""),
        )
        return Home(
            customers_count=sum(item.customers_count for item in stats),
            touchpoints_count=sum(item.events_count for item in stats),
            last_event_at=max(item.last_event_at for item in stats),
            newest=newest,
            actions=shares(actions),
            channels=shares(channels),
            device_categories=shares(devices),
            last_days=filled(counts.days, recent),
        )


def _days_with_events(stats: Sequence[DatasetStats], zone: ZoneInfo) -> tuple[date, date] | None:
    if not stats:
        return None
    first = min(item.first_event_at for item in stats)
    last = max(item.last_event_at for item in stats)
    return first.astimezone(zone).date(), last.astimezone(zone).date()


def _versions(stats: Sequence[DatasetStats]) -> Hashable:
    return frozenset((item.dataset_id, item.version) for item in stats)


def _with_names(day: Day, names: dict[str, str]) -> Day:
    return replace(day, by_value=tuple(replace(c, value=names.get(c.value, c.value)) for c in day.by_value))
