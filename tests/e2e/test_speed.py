"""How fast the map answers a hand: measured figures are printed; the bounds leave room for slow, shared machines."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from cjm_testkit.product import created

from .screens import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SLIDER_BUDGET_MS = 50.0
LAYOUT_BUDGET_MS = 300.0
SLACK = 4.0
MOVES = 40

# From the moment of an input to the end of the frame that follows it.
WATCH_PAINTS = """
window.paints = [];
const channel = new MessageChannel();
const waiting = [];
channel.port1.onmessage = () => {
    for (const since of waiting.splice(0)) window.paints.push(performance.now() - since);
};
const note = (event) => requestAnimationFrame(() => {
    waiting.push(event.timeStamp);
    channel.port2.postMessage(null);
});
for (const kind of ["keydown", "pointermove"]) addEventListener(kind, note, true);
"""

# From the key that moves the slider to the picture that has the new number of steps and waits for nothing.
TIME_TO_LAYOUT = """
(steps) => new Promise((resolve) => {
    addEventListener("keydown", ({ timeStamp }) => {
        const look = () => {
            const isThere = document.querySelectorAll("svg [data-step]").length === steps;
            if (isThere && !document.querySelector("svg [data-dim]")) resolve(performance.now() - timeStamp);
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    }, { once: true, capture: true });
})
"""


def quantile(values: list[float], ratio: float) -> float:
    return sorted(values)[min(len(values) - 1, int(ratio * len(values)))]


@pytest.fixture
def map_page(open_context: Callable[..., BrowserContext], admin: httpx.Client) -> Page:
    shop = created(admin.get("/api/v1/datasets", params={"name_contains": "Web shop"}), 200)["items"][0]
    context = open_context()
    context.add_init_script(WATCH_PAINTS)
    page = context.new_page()
    page.goto(f"/explore/map?dataset={shop['id']}&case=session&steps=9")
    settled(page)
    expect(page.get_by_role("button", name=re.compile(r"^[a-z_]+: [\d,]+ events"))).to_have_count(9)
    return page


def report(capsys: pytest.CaptureFixture[str], what: str, times: list[float], budget: float) -> float:
    p95 = quantile(times, 0.95)
    with capsys.disabled():
        print(f"\n{what}: p50 {quantile(times, 0.5):.0f} ms, p95 {p95:.0f} ms of {len(times)} (budget {budget:.0f} ms)")
    return p95


@pytest.mark.parametrize("name", ["Paths", "Steps"])
def test_slider_is_followed_by_a_picture_at_once(map_page: Page, capsys: pytest.CaptureFixture[str], name: str) -> None:
    slider = map_page.get_by_role("slider", name=name)
    before = slider.get_attribute("aria-valuenow")
    thumb: Any = slider.bounding_box()
    x, y = thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2
    map_page.mouse.move(x, y)
    map_page.mouse.down()
    map_page.evaluate("() => { window.paints.length = 0; }")
    for at in range(MOVES):
        map_page.mouse.move(x + at, y)
    map_page.wait_for_function("(moves) => window.paints.length >= moves", arg=MOVES)
    p95 = report(capsys, f"{name} slider, input to next paint", map_page.evaluate("window.paints"), SLIDER_BUDGET_MS)
    map_page.mouse.up()
    assert slider.get_attribute("aria-valuenow") != before
    assert p95 <= SLACK * SLIDER_BUDGET_MS


def test_new_layout_follows_the_release_of_the_steps_slider(map_page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    slider = map_page.get_by_role("slider", name="Steps")
    slider.focus()
    times = []
    for steps in range(10, 19):
        with map_page.expect_console_message(lambda said: said.text.startswith("laid out")) as said:
            map_page.evaluate(f"() => void ({TIME_TO_LAYOUT})({steps}).then((ms) => console.log('laid out', ms))")
            map_page.keyboard.press("ArrowRight")
        times.append(float(said.value.text.split()[-1]))
    assert report(capsys, "Steps slider, release to new layout", times, LAYOUT_BUDGET_MS) <= SLACK * LAYOUT_BUDGET_MS
