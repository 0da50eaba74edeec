"""The charts of Reports name their series where these are."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from cjm_testkit.product import created

from .screens import DESKTOP, PHONE, settled

pytestmark = pytest.mark.browser

COMPARED = "/reports?dataset={dataset}&from=2024-05-01&to=2024-05-31&compare=previous"
FINGER_PIXELS = 44

# Boxes of the labels of a chart from top to bottom, and of the chart itself; the lines that lead to them.
PLACES = """(card) => {
    const boxOf = (element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return { x, y, right: x + width, bottom: y + height, words: element.textContent };
    };
    const chart = card.querySelector("[role=img]");
    const { top } = chart.getBoundingClientRect();
    const lines = [...card.querySelectorAll("polyline[points]")].filter((line) => line.closest("[aria-hidden]"));
    const heights = lines.map((line) => line.getAttribute("points").split(/[ ,]/).map(Number));
    const leaders = heights.map((points) => ({ from: top + points[1], to: top + points.at(-1) }));
    return { leaders, chart: boxOf(chart), labels: [...card.querySelectorAll("ul li")].map(boxOf) };
}"""


def card_of(page: Page, title: str) -> Any:
    return page.locator("section").filter(has=page.get_by_role("heading", name=title, exact=True))


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_stand_in_the_chart(
    open_context: Callable[..., BrowserContext],
    admin: httpx.Client,
    shop: dict[str, Any],
    viewport: Any,
    scheme: str,
) -> None:
    is_phone = viewport == PHONE
    path = f"/api/v1/datasets/{shop['id']}/reports/daily"
    asked = {"by": "device_category", "from": "2024-05-31", "to": "2024-05-31"}
    last_day = created(admin.get(path, params=asked), 200)["days"][0]["by"]
    page = open_context(viewport=viewport, color_scheme=scheme, has_touch=is_phone, is_mobile=is_phone).new_page()
    page.goto(COMPARED.format(dataset=shop["id"]))
    settled(page)
    for title, words in {
        "Touchpoints per day": ["Before7,511", "This period8,915"],
        "Touchpoints by device": ["tablet956 (11%)", "mobile3,464 (39%)", "desktop4,495 (50%)"],
    }.items():
        card = card_of(page, title)
        expect(card.locator("ul[data-placed=true]")).to_be_visible()
        places = card.evaluate(PLACES)
        chart, labels = places["chart"], places["labels"]
        assert [label["words"] for label in labels] == words
        for label in labels:
            assert chart["x"] < label["x"] < label["right"] <= chart["right"] + 0.5
            assert chart["y"] - 0.5 <= label["y"] < label["bottom"] <= chart["bottom"] + 0.5
            assert not is_phone or label["bottom"] - label["y"] >= FINGER_PIXELS
        for upper, lower in pairwise(labels):
            assert upper["bottom"] <= lower["y"] + 0.5
        for label, leader in zip(labels, places["leaders"], strict=True):
            assert leader["to"] == pytest.approx((label["y"] + label["bottom"]) / 2, abs=1)
    # Each begins in the middle of its part of the last bar, so their distances are as the counts of that day.
    tablet, mobile, desktop = (leader["from"] for leader in places["leaders"])
    distances = [last_day[upper] + last_day[lower] for upper, lower in (("tablet", "mobile"), ("mobile", "desktop"))]
    assert (mobile - tablet) / (desktop - mobile) == pytest.approx(distances[0] / distances[1], rel=0.05)
    # More series than fit beside a chart are listed below it.
    expect(card_of(page, "Touchpoints by channel").locator("ul[data-placed]")).to_have_count(0)
    expect(card_of(page, "Touchpoints by channel").get_by_role("link")).to_have_count(5)
    serious = [
        f"{item['id']}: {item['nodes'][0]['target']}"
        for item in Axe().run(page).response["violations"]
        if item["impact"] in {"serious", "critical"}
    ]
    assert serious == []


def test_a_name_leads_to_the_map_by_keyboard(page: Page, shop: dict[str, Any]) -> None:
    page.goto(f"/reports?dataset={shop['id']}")
    settled(page)
    link = card_of(page, "Touchpoints by device").get_by_role("link", name="Open the map for mobile")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Change filter: Device is mobile")).to_be_visible()


def test_a_long_name_is_cut_and_whole_in_its_tooltip(page: Page, shop: dict[str, Any]) -> None:
    long = "a device with a name that no chart has room for"
    report = "**/reports/daily?*by=device_category*"

    def renamed(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('"mobile"', f'"{long}"'))

    page.route(report, renamed)
    page.goto(f"/reports?dataset={shop['id']}")
    settled(page)
    card = card_of(page, "Touchpoints by device")
    name = card.get_by_title(long)
    expect(name).to_be_visible()
    assert name.evaluate("(element) => element.scrollWidth > element.clientWidth")
    places = card.evaluate(PLACES)
    assert all(label["right"] <= places["chart"]["right"] + 0.5 for label in places["labels"])


def test_a_report_is_on_paper_as_long_as_it_is(page: Page, shop: dict[str, Any]) -> None:
    page.goto(f"/reports?dataset={shop['id']}")
    settled(page)
    swatch = card_of(page, "Touchpoints by step").locator("ul li span").first
    expect(swatch).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation").first).to_be_hidden()
    expect(page.get_by_role("button", name="Web shop")).to_be_visible()
    height, shown, colours = swatch.evaluate(
        """(element) => [document.documentElement.scrollHeight, element.closest("main").getBoundingClientRect().height,
            getComputedStyle(element).printColorAdjust]"""
    )
    assert height >= shown > DESKTOP["height"]
    assert colours == "exact"


def test_what_nobody_scrolled_to_is_on_paper_too_and_of_the_scope(
    page: Page, admin: httpx.Client, shop: dict[str, Any]
) -> None:
    path, asked = f"/api/v1/datasets/{shop['id']}/reports/daily", {"by": "device_category"}
    may = {"from": "2024-05-01", "to": "2024-05-31"}
    page.goto(f"/reports?dataset={shop['id']}&from={may['from']}&to={may['to']}")
    device = card_of(page, "Touchpoints by device")
    for period in (may, {}):
        if not period:
            page.get_by_role("button", name=re.compile("^Period: ")).click()
            page.get_by_role("button", name="All data", exact=True).click()
        total = created(admin.get(path, params={**asked, **period}), 200)["touchpoints"]
        expect(device).to_contain_text(f" of {total:,}).", timeout=15_000)
        expect(device.get_by_role("img", name="Touchpoints by device")).to_be_visible()
        expect(device).not_to_be_in_viewport()
        # The sample data has no browsers.
        expect(card_of(page, "Touchpoints by browser")).to_contain_text("not set")
