"""A period compared with the one before it: every number against a plain count of the sample."""

import csv
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from .screens import BEYOND_EDGE, DESKTOP, PHONE, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

GOAL = "purchase"
# A week, a single day, and the leap day at the end of the days before.
PERIODS = [("2024-05-06", "2024-05-12"), ("2024-05-07", "2024-05-07"), ("2024-03-01", "2024-03-03")]
Row = dict[str, str]


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    """Far from the dataset's time zone: its days must not shift."""
    return open_context(timezone_id="Pacific/Auckland").new_page()


def days(first: str, last: str) -> list[str]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [str(start + timedelta(days=number)) for number in range((end - start).days + 1)]


def days_before(first: str, last: str) -> list[str]:
    """As many days as from the first to the last, ending on the day before the first."""
    length = timedelta(days=len(days(first, last)))
    return [str(date.fromisoformat(day) - length) for day in days(first, last)]


def within(rows: list[Row], of: list[str]) -> list[Row]:
    return [row for row in rows if row["timestamp"][:10] in of]


def customers(rows: list[Row]) -> int:
    return len({row["user_id"] for row in rows})


def sessions(rows: list[Row]) -> int:
    return len({row["session_id"] for row in rows})


def goal_ratio(rows: list[Row]) -> float:
    """By session, as the address says."""
    return sessions([row for row in rows if row["event"] == GOAL]) / sessions(rows)


def rounded(number: float, places: str) -> str:
    return str(Decimal(number).quantize(Decimal(places), ROUND_HALF_UP)).removesuffix(".0")


def share(ratio: float) -> str:
    return rounded(100 * ratio, "0.1" if ratio < 0.0995 else "1") + "%"


def change(now: int, before: int) -> str:
    """As the page writes it: "+12 (+9.7%)"."""
    if now == before:
        return "no change"
    sign = "+" if now > before else "−"
    return f"{sign}{abs(now - before):,} ({sign}{share(abs(now - before) / before)})"


def points(now: float, before: float) -> str:
    number = rounded(abs(100 * (now - before)), "0.1")
    sign = "+" if now > before else "−"
    return f"{sign}{number} {'point' if number == '1' else 'points'}"


def address(path: str, shop: dict[str, Any], first: str, last: str, more: str = "&compare=previous") -> str:
    return f"{path}?dataset={shop['id']}&case=session&from={first}&to={last}{more}"


def of_device(rows: list[Row], device: str | None) -> tuple[list[Row], str]:
    """Rows of a device, and what the address says for it while it compares; all rows for None."""
    kept = [row for row in rows if device is None or row["platform"] == device]
    return kept, f"&f=device_category:{device}&compare=previous" if device else "&compare=previous"


@pytest.mark.parametrize("device", [None, "mobile"])
@pytest.mark.parametrize(("first", "last"), PERIODS)
def test_home(page: Page, shop: dict[str, Any], rows: list[Row], first: str, last: str, device: str | None) -> None:
    counted, more = of_device(rows, device)
    now, before = within(counted, days(first, last)), within(counted, days_before(first, last))
    page.goto(address("/", shop, first, last, more))
    settled(page)
    for title, number, changed in (
        ("Customers, ", f"{customers(now):,}", change(customers(now), customers(before))),
        ("Touchpoints, ", f"{len(now):,}", change(len(now), len(before))),
        (f"Journeys that reach “{GOAL}”, ", share(goal_ratio(now)), points(goal_ratio(now), goal_ratio(before))),
    ):
        tile = page.locator("section").filter(has=page.get_by_role("heading", name=re.compile(f"^{title}")))
        expect(tile.get_by_text(number, exact=True)).to_be_visible()
        expect(tile.get_by_text(changed, exact=True)).to_be_visible()
    platforms = page.locator("section").filter(has=page.get_by_role("heading", name="Devices"))
    expect(platforms.get_by_role("listitem")).to_have_count(len({row["platform"] for row in now}))


@pytest.mark.parametrize("device", [None, "mobile"])
@pytest.mark.parametrize(("first", "last"), PERIODS)
def test_report(page: Page, shop: dict[str, Any], rows: list[Row], first: str, last: str, device: str | None) -> None:
    counted, more = of_device(rows, device)
    now, before = within(counted, days(first, last)), within(counted, days_before(first, last))
    page.goto(address("/reports", shop, first, last, more))
    settled(page)
    totals = page.locator("dl").first
    expect(totals).to_contain_text(change(customers(now), customers(before)))
    expect(totals).to_contain_text(change(len(now), len(before)))
    card = page.locator("section").filter(has=page.get_by_role("heading", name="Touchpoints per day"))
    expect(card.locator("[stroke-dasharray]")).to_have_count(1)
    expect(card.locator("li")).to_have_count(2)
    expect(card.locator("li").filter(has_text="Before")).to_contain_text(f"{len(before):,}")
    with page.expect_download() as started:
        card.get_by_role("button", name="Export: Touchpoints per day").click()
        page.get_by_role("menuitem", name="Numbers (CSV)").click()
    found = list(csv.reader(started.value.path().read_text("utf-8-sig").splitlines()))[1:]
    expected = []
    for day, then in zip(days(first, last), days_before(first, last), strict=True):
        count, former = len(within(counted, [day])), len(within(counted, [then]))
        expected.append([day, str(count), then, str(former), str(count - former)])
    assert found == expected


def test_report_tells_both_days_and_shows_them_as_a_table(page: Page, shop: dict[str, Any], rows: list[Row]) -> None:
    first, last = PERIODS[0]
    page.goto(address("/reports", shop, first, last))
    settled(page)
    card = page.locator("section").filter(has=page.get_by_role("heading", name="Customers per day"))
    chart = card.locator("[role=img]")
    box, day = chart.bounding_box(), chart.locator("text").filter(has_text="May 9").bounding_box()
    assert box
    assert day
    # Above the day's name, in the middle of the chart's height.
    chart.hover(position={"x": day["x"] + day["width"] / 2 - box["x"], "y": box["height"] / 2})
    now, before = (customers(within(rows, [day])) for day in ("2024-05-09", "2024-05-02"))
    for words in (
        "May 9, 2024",
        f"Customers{now}",
        f"May 2, 2024{before}",
        f"{change(now, before)} on the dashed line",
    ):
        expect(card).to_contain_text(words)
    card.get_by_role("button", name="Customers per day: view as table").click()
    row = card.get_by_role("row").filter(has_text="May 9, 2024")
    expect(row).to_have_text(f"May 9, 2024{now}May 2, 2024{before}{change(now, before)}")


@pytest.mark.parametrize("device", [None, "mobile"])
@pytest.mark.parametrize(("first", "last"), PERIODS)
def test_map(page: Page, shop: dict[str, Any], rows: list[Row], first: str, last: str, device: str | None) -> None:
    counted, more = of_device(rows, device)
    now, before = within(counted, days(first, last)), within(counted, days_before(first, last))
    page.goto(address("/explore/map", shop, first, last, more))
    settled(page)
    tile = page.locator("aside dl > div").first
    expect(tile).to_contain_text(f"{sessions(now):,}")
    expect(tile).to_contain_text(change(sessions(now), sessions(before)))


def test_little_or_no_data_before(page: Page, shop: dict[str, Any], rows: list[Row]) -> None:
    first_day = min(row["timestamp"][:10] for row in rows)
    begin = date.fromisoformat(first_day)
    page.goto(address("/reports", shop, first_day, str(begin + timedelta(days=6))))
    settled(page)
    expect(page.locator("main")).to_contain_text("7 of 7 days of this period and 0 of 7 before it")
    expect(page.get_by_text("nothing before")).to_have_count(3)
    expect(page.locator("[stroke-dasharray]")).to_have_count(0)
    page.goto(address("/reports", shop, str(begin + timedelta(days=3)), str(begin + timedelta(days=9))))
    settled(page)
    expect(page.locator("main")).to_contain_text("7 of 7 days of this period and 3 of 7 before it")
    # "Up" would only say that the data begins.
    expect(page.get_by_role("heading", name=re.compile("went (up|down)"))).to_have_count(0)


def test_long_periods(page: Page, shop: dict[str, Any]) -> None:
    page.goto(address("/reports", shop, "2024-06-01", "2025-08-01"))
    settled(page)
    expect(page.locator("main")).to_contain_text("29 of 427 days of this period and 149 of 427 before it")
    expect(page.locator("main")).to_contain_text("each bar below is one week")
    expect(page.locator("[stroke-dasharray]")).to_have_count(2)
    for path in ("/reports", "/"):
        page.goto(address(path, shop, "2010-01-01", "2024-06-29"))
        expect(page.get_by_role("alert").first).to_contain_text("a report at most 3,660. Choose a shorter one")


def test_switch_is_part_of_the_scope(page: Page, shop: dict[str, Any]) -> None:
    first, last = PERIODS[0]
    page.goto(address("/reports", shop, first, last, ""))
    settled(page)
    expect(page.locator("[stroke-dasharray]")).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Period: ")).click()
    switch = page.get_by_role("switch", name=re.compile("^Compare with previous period"))
    switch.focus()
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("compare=previous"))
    expect(page.get_by_role("heading", name=re.compile("nearly as many as in the period before"))).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Explore").first.click()
    expect(page).to_have_url(re.compile("/explore/map.*compare=previous"))
    page.get_by_role("link", name="Variants").first.click()
    page.get_by_role("button", name=re.compile(r"^Period: [^,]+, \d+, last day included$")).click()
    expect(switch).not_to_be_checked()
    expect(switch).to_be_disabled()
    page.get_by_role("button", name="All data").click()
    expect(page).not_to_have_url(re.compile("compare="))


@pytest.mark.parametrize("path", ["/", "/reports", "/explore/map"])
def test_fits_a_phone_and_reads_for_all(
    open_context: Callable[..., BrowserContext], shop: dict[str, Any], path: str
) -> None:
    for viewport, scheme in ((PHONE, "light"), (DESKTOP, "dark")):
        page = open_context(viewport=viewport, color_scheme=scheme).new_page()
        page.goto(address(path, shop, *PERIODS[0]))
        settled(page)
        assert page.evaluate(BEYOND_EDGE) == []
        found = Axe().run(page).response["violations"]
        assert [item["id"] for item in found if item["impact"] in {"serious", "critical"}] == []
