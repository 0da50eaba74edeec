"""Reading times, and the order of arrival."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from cjm_ingest.domain.arrival import DistinctKeys, TieCounter
from cjm_ingest.domain.times import DayOrder, Moment, day_order, read_time

_NOON = 1_714_903_200_000_000  # 2024-05-05 10:00 as a wall clock or UTC


# Read by a test of the import wizard too, which judges dates before the file is here.
_TABLE = json.loads((Path(__file__).parent / "times.json").read_text())


@pytest.mark.parametrize(("text", "iso", "has_zone"), _TABLE)
def test_a_text_is_read_or_is_no_date(text: str, iso: str | None, has_zone: bool) -> None:
    moment = iso and (datetime.fromisoformat(iso) - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001
    assert read_time(text) == (Moment(moment, has_zone) if moment else None)


@pytest.mark.parametrize("text", ["2024-05-05T12:00:00+02:00", "2024-05-05 12:00:00 +0200"])
def test_a_zone_of_the_text_counts(text: str) -> None:
    assert read_time(text) == Moment(_NOON, has_zone=True)


def test_the_order_of_day_and_month_is_found_in_the_column() -> None:
    assert day_order(["1/2/2024", "13/2/2024"]) is DayOrder.DAY_FIRST
    assert day_order(["1/2/18", "1/13/18"]) is DayOrder.MONTH_FIRST
    assert day_order(["1/2/2024", "3/4/2024"]) is DayOrder.AMBIGUOUS
    assert day_order(["01.02.2024", "2024-03-04", "junk"]) is DayOrder.DAY_FIRST
    assert read_time("1/13/18", DayOrder.MONTH_FIRST) == read_time("2018-01-13")


def test_a_given_format_is_the_only_one() -> None:
    assert read_time("05|05|2024 10h00", time_format="%d|%m|%Y %Hh%M") == Moment(_NOON, has_zone=False)
    assert read_time("2024-05-05 10:00", time_format="%d.%m.%Y") is None


def _numbers(counter: TieCounter, customers: list[int], times: list[int]) -> list[int]:
    numbers: list[int] = counter.number(np.array(customers, np.uint64), np.array(times, np.int64)).tolist()
    return numbers


def test_ties_are_numbered_in_order_of_arrival_across_calls() -> None:
    counter = TieCounter(20)
    assert _numbers(counter, [1, 2, 1, 1], [5, 5, 5, 6]) == [0, 0, 1, 0]
    assert _numbers(counter, [1, 1, 2], [5, 6, 7]) == [2, 1, 0]


def test_an_endless_flow_keeps_the_order_across_the_change_of_tables() -> None:
    counter = TieCounter(10, is_rotating=True)
    last = -1
    for step in range(40):
        numbers = _numbers(counter, [7, *range(100 + 20 * step, 120 + 20 * step)], [1] * 21)
        assert numbers[0] > last
        last = numbers[0]


def test_distinct_keys_are_counted_once() -> None:
    counter = DistinctKeys()
    generator = np.random.default_rng(1)
    seen: set[int] = set()
    for _ in range(50):
        keys = generator.integers(0, 5000, 300).astype(np.uint64)
        new = set(counter.add(keys).tolist())
        assert new == set(keys.tolist()) - seen
        seen |= new
    assert len(counter) == len(seen)
