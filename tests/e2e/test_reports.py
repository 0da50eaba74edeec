"""Daily report and home numbers against a plain count of the sample."""

from collections import Counter, defaultdict
from typing import Any

import httpx
import pytest

from cjm_testkit.product import created


@pytest.mark.parametrize(
    ("by", "column"),
    [("action_type", "event"), ("channel_type", "acquisition_channel"), ("device_category", "platform")],
)
def test_daily_report(
    admin: httpx.Client, shop: dict[str, Any], rows: list[dict[str, str]], by: str, column: str
) -> None:
    touchpoints: Counter[str] = Counter(row["timestamp"][:10] for row in rows)
    customers = defaultdict(set)
    values: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        customers[row["timestamp"][:10]].add(row["user_id"])
        values[row["timestamp"][:10]][row[column]] += 1
    report = created(admin.get(f"/api/v1/datasets/{shop['id']}/reports/daily", params={"by": by}), 200)
    days = {day["date"]: day for day in report["days"]}
    assert [day["date"] for day in report["days"]] == sorted(days)
    for date, day in days.items():
        assert day["touchpoints"] == touchpoints[date]
        assert day["customers"] == len(customers[date])
        assert day["by"] == values[date]
    assert sum(day["touchpoints"] for day in days.values()) == report["touchpoints"] == 31_106
    assert report["customers"] == 600
    busiest = max(days.values(), key=lambda day: day["touchpoints"])
    assert (busiest["date"], busiest["touchpoints"]) == ("2024-05-07", 430)


def test_period_includes_its_last_day(admin: httpx.Client, shop: dict[str, Any]) -> None:
    path = f"/api/v1/datasets/{shop['id']}/reports/daily"
    report = created(admin.get(path, params={"from": "2024-05-07", "to": "2024-05-07"}), 200)
    assert [(day["date"], day["touchpoints"]) for day in report["days"]] == [("2024-05-07", 430)]
    reversed_period = admin.get(path, params={"from": "2024-05-08", "to": "2024-05-07"})
    assert (reversed_period.status_code, reversed_period.json()["reason"]) == (400, "period_reversed")


def test_home_of_a_dataset(admin: httpx.Client, shop: dict[str, Any], rows: list[dict[str, str]]) -> None:
    home = created(admin.get("/api/v1/home", params={"dataset_id": shop["id"]}), 200)
    assert (home["customers"], home["touchpoints"]) == (600, 31_106)
    assert {item["value"]: item["count"] for item in home["channels"]} == Counter(
        row["acquisition_channel"] for row in rows
    )
    for shares in (home["actions"], home["channels"], home["device_categories"]):
        assert sum(item["share_ratio"] for item in shares) == pytest.approx(1)
    newest = sorted((row["timestamp"] for row in rows), reverse=True)[:5]
    assert [event["time"][:19].replace("T", " ") for event in home["newest"]] == newest


def test_values_of_a_field_obey_the_scope(
    admin: httpx.Client, shop: dict[str, Any], rows: list[dict[str, str]]
) -> None:
    """The step list of the filter editor and the map count the same touchpoints."""
    path = f"/api/v1/datasets/{shop['id']}/fields/action_type/values"
    scope = {"from": "2024-05-01", "to": "2024-05-07", "f": "device_category:mobile"}
    counted = Counter(
        row["event"]
        for row in rows
        if row["platform"] == "mobile" and "2024-05-01" <= row["timestamp"][:10] <= "2024-05-07"
    )
    values = created(admin.get(path, params=scope), 200)["items"]
    assert {item["value"]: item["count"] for item in values} == counted
