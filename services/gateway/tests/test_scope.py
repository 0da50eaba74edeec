"""Periods and the frame of questions."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cjm_gateway.entrypoints.http.scope import Frame, period
from cjm_kit.errors import AppError
from cjm_protos.catalog.v1 import dataset_pb2


def _hours(from_date: str, to_date: str, time_zone: str) -> float:
    first, last = period(from_date, to_date, time_zone)
    assert first
    assert last
    return (last.ToDatetime() - first.ToDatetime()).total_seconds() / 3600


def test_one_day_is_that_whole_day_in_the_time_zone_of_the_dataset() -> None:
    first, last = period("2024-05-07", "2024-05-07", "Europe/Berlin")
    assert first
    assert last
    assert first.ToDatetime(UTC) == datetime(2024, 5, 6, 22, tzinfo=UTC)
    assert last.ToDatetime(UTC) == datetime(2024, 5, 7, 22, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25), ("2024-10-28", 24)])
def test_a_day_on_which_the_clock_changes_has_its_true_length(day: str, hours: int) -> None:
    assert _hours(day, day, "Europe/Berlin") == hours


def test_open_ends_stay_open() -> None:
    assert period("", "", "UTC") == (None, None)
    first, last = period("2024-01-01", "", "")
    assert (first is not None, last) == (True, None)


@pytest.mark.parametrize("text", ["2024-1-1", "20240101", "2024-W01-1", "2024-02-30", "1899-12-31", "2300-01-01", "x"])
def test_what_is_no_date_is_refused_by_name(text: str) -> None:
    with pytest.raises(AppError) as caught:
        period("2024-01-01", text, "UTC")
    assert caught.value.reason == "date_invalid"
    assert [violation.field for violation in caught.value.violations] == ["to"]
    assert text in caught.value.detail


def test_a_reversed_period_is_refused() -> None:
    with pytest.raises(AppError) as caught:
        period("2024-01-02", "2024-01-01", "UTC")
    assert caught.value.reason == "period_reversed"


@given(st.dates(datetime(1900, 1, 1).date(), datetime(2299, 12, 31).date()))  # noqa: DTZ001 - days have no zone
def test_every_date_of_the_range_is_a_period(day: object) -> None:
    assert 20 <= _hours(str(day), str(day), "Asia/Ho_Chi_Minh") <= 28


@pytest.mark.parametrize(
    ("frame", "notion", "gap_minutes"),
    [
        (Frame(), dataset_pb2.CASE_NOTION_SESSION, 30),
        (Frame(case="customer"), dataset_pb2.CASE_NOTION_CUSTOMER, 0),
        (Frame(case="session", session_gap_minutes=5), dataset_pb2.CASE_NOTION_SESSION, 5),
        (Frame(session_gap_minutes=5), dataset_pb2.CASE_NOTION_SESSION, 5),
        (Frame(session_gap_minutes=0), dataset_pb2.CASE_NOTION_SESSION, 0),
    ],
)
def test_what_a_request_leaves_open_comes_from_the_dataset(frame: Frame, notion: int, gap_minutes: int) -> None:
    dataset = dataset_pb2.Dataset(
        dataset_id="d", time_zone="UTC", default_case=dataset_pb2.CASE_NOTION_SESSION, session_gap_minutes=30
    )
    scope = frame.scope_of(dataset)
    assert (scope.dataset_id, scope.case_notion, scope.session_gap_minutes) == ("d", notion, gap_minutes)
    assert not scope.HasField("filter")
