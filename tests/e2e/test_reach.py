"""What can be reached by keyboard, by finger and without a connection, in a real browser."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cjm_testkit.product import MAPPING_SIMPLE, Product, created

from .screens import PHONE, sign_in

# Names and sizes of what a finger can tap but hardly hits: measured by what lies under each point, not by boxes.
SMALL_TARGETS = """() => {
  const seen = [...document.querySelectorAll("a[href], button, [role=slider], input, label")].filter((target) => {
    const { width, height } = target.getBoundingClientRect();
    return width > 1 && height > 1 && getComputedStyle(target).visibility !== "hidden";
  });
  return seen.flatMap((target) => {
    target.scrollIntoView({ block: "nearest", inline: "nearest" });
    const box = target.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const isHit = (dx, dy) => {
      const found = document.elementFromPoint(x + dx, y + dy);
      return found !== null && (target.contains(found) || found.closest("label")?.contains(target) === true);
    };
    if (!isHit(0, 0)) return [];
    const reach = (dx, dy) => {
      let far = 0;
      while (far < 30 && isHit(dx * (far + 0.5), dy * (far + 0.5))) far += 0.5;
      return far;
    };
    const [width, height] = [reach(-1, 0) + reach(1, 0), reach(0, -1) + reach(0, 1)];
    const name = target.getAttribute("aria-label") || target.textContent;
    return width < 43 || height < 43 ? [`${name} ${width} x ${height}`] : [];
  });
}"""
# Words in the middle of a text: WCAG 2.5.8 lets them be as high as their line.
IN_TEXT = ("What is ",)


@pytest.fixture
def phone(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context(viewport=PHONE, has_touch=True, is_mobile=True).new_page()


def small_targets(page: Page) -> list[str]:
    return [found for found in page.evaluate(SMALL_TARGETS) if not found.startswith(IN_TEXT)]


def test_a_filter_is_made_with_keys_alone(page: Page, shop: dict[str, Any]) -> None:
    page.goto(f"/explore/map?dataset={shop['id']}")
    page.get_by_role("button", name="Add filter").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Filter by")).to_be_focused()
    page.keyboard.type("dev")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Find a value")).to_be_focused()
    expect(page.get_by_role("checkbox", name="mobile 11,353")).to_be_visible()
    page.keyboard.type("mob")
    expect(page.get_by_role("checkbox", name="desktop")).to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("checkbox", name="mobile")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Change filter: Device is mobile")).to_be_visible()
    expect(page.get_by_role("button", name="Add filter")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Filter by")).to_be_focused()
    page.keyboard.type("does not go")
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="product_view 2,554")).to_be_visible()
    expect(page.get_by_role("textbox", name="Find a step")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Add filter")).to_be_focused()


def test_the_search_gives_the_focus_back(page: Page, phone: Page) -> None:
    page.goto("/history")
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Data")
    button = page.get_by_role("button", name="Search or jump to")
    for opener, key in ((link, "Control+k"), (button, "Enter")):
        opener.focus()
        page.keyboard.press(key)
        expect(page.get_by_placeholder("Search pages, datasets and help")).to_be_focused()
        page.keyboard.press("Escape")
        expect(opener).to_be_focused()
    phone.goto("/history")
    more = phone.get_by_role("button", name="More")
    more.tap()
    phone.get_by_role("menuitem", name="Search").tap()
    expect(phone.get_by_placeholder("Search pages, datasets and help")).to_be_focused()
    phone.keyboard.press("Escape")
    expect(more).to_be_focused()


def test_a_finger_finds_everything_on_the_map(phone: Page, shop: dict[str, Any]) -> None:
    phone.goto(f"/explore/map?dataset={shop['id']}&from=2024-05-01&to=2024-06-07&f=device_category:mobile")
    expect(phone.get_by_role("button", name="Period: May 1 – Jun 7, 2024, last day included")).to_have_text(
        "May 1 – Jun 7, 2024last day includedMay 1 – Jun 7"
    )
    expect(phone.get_by_role("button", name="Jump to goal")).to_be_visible()
    assert small_targets(phone) == []
    phone.get_by_role("button", name="Open the details").tap()
    phone.get_by_role("button", name="Show the details in full height").tap()
    expect(phone.get_by_role("region", name="Details")).to_have_attribute("data-height", "full")
    expect(phone.get_by_role("slider", name="Steps")).to_be_visible()
    assert small_targets(phone) == []
    phone.get_by_role("button", name="Close the details").tap()
    expect(phone.get_by_role("region", name="Details")).to_have_attribute("data-height", "peek")
    phone.get_by_role("button", name="Add filter").tap()
    phone.get_by_role("button", name="Channel", exact=True).tap()
    expect(phone.get_by_role("checkbox").first).to_be_visible()
    assert small_targets(phone) == []


def test_help_is_there_without_a_connection(page: Page) -> None:
    with page.expect_response(lambda answer: "HelpPage" in answer.url):
        page.goto("/history")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Help").click()
    expect(page.get_by_role("heading", name="Quick start")).to_be_visible()
    page.get_by_role("link", name="Send events with the API").first.click()
    expect(page.get_by_role("heading", name="Send events with the API")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Reports").click()
    expect(page.get_by_text("No connection. Try again when you are online.")).to_be_visible()


def test_a_message_about_the_field_left_moves_no_button_from_under_the_pointer(
    page: Page, admin: httpx.Client, shop: dict[str, Any], new_name: Callable[[str], str]
) -> None:
    name = new_name("a till")
    created(admin.post("/api/v1/tokens", json={"name": name, "dataset_ids": [shop["id"]]}))
    page.goto("/settings/tokens")
    page.get_by_role("button", name="Create token").click()
    field = page.get_by_label("Name", exact=True)
    expect(field).to_be_focused()
    revoke = page.get_by_role("button", name=f"Revoke {name}")
    revoke.scroll_into_view_if_needed()
    box = revoke.bounding_box()
    assert box
    # At its upper edge, which the message would push from under the pointer.
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 3)
    expect(page.get_by_role("alertdialog")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")


def test_signing_in_promises_the_way_back_only_where_there_is_one(browser: Browser, product: Product) -> None:
    context: Any = browser.new_context(base_url=product.base_url)
    visitor = context.new_page()
    promise = visitor.get_by_text("You return to the same page")
    visitor.goto("/")
    expect(visitor.get_by_role("button", name="Sign in")).to_be_visible()
    expect(promise).to_have_count(0)
    visitor.goto("/history")
    expect(promise).to_be_visible()
    context.close()


def test_a_model_comes_into_view_on_a_phone(phone: Page, shop: dict[str, Any]) -> None:
    phone.goto(f"/explore/models?dataset={shop['id']}&case=session")
    build = phone.get_by_role("button", name="Build model")
    phone.get_by_role("slider").last.scroll_into_view_if_needed()
    build.tap()
    model = phone.get_by_role("region", name="Model")
    expect(model.get_by_role("heading", name="Heuristics net")).to_be_in_viewport()
    expect(model).to_be_focused()
    phone.reload()
    expect(model.get_by_role("heading", name="Heuristics net")).to_be_in_viewport()
    expect(model).not_to_be_focused()


@pytest.mark.parametrize(
    ("path", "role", "name"), [("/explore/map", "group", "Filters"), ("/help/glossary", "navigation", "Help pages")]
)
def test_says_that_there_is_more_at_the_edge_of_what_scrolls_sideways(
    open_context: Callable[..., BrowserContext], shop: dict[str, Any], path: str, role: Any, name: str
) -> None:
    page = open_context(viewport={"width": 320, "height": 640}).new_page()
    page.goto(f"{path}?dataset={shop['id']}")
    bar = page.get_by_role(role, name=name)
    if role == "group":
        expect(bar.get_by_role("status")).not_to_be_empty()  # counted: now it is as wide as it will be

    def lightness(side: str) -> int:
        """Of the edge of the bar, 0-255, above what stands in it."""
        box: Any = bar.bounding_box()
        at = box["x"] + (1 if side == "left" else box["width"] - 2)
        shot = page.screenshot(clip={"x": at, "y": box["y"] + 2, "width": 1, "height": 1})
        return int(Image.open(BytesIO(shot)).convert("L").tobytes()[0])

    plain = lightness("left")
    assert plain - lightness("right") > 30
    bar.evaluate("(bar) => bar.scrollTo({ left: bar.scrollWidth })")
    assert plain - lightness("left") > 30
    assert lightness("right") == plain


def test_a_period_over_two_years_stands_in_two_lines(phone: Page, shop: dict[str, Any]) -> None:
    phone.goto(f"/explore/map?dataset={shop['id']}&from=2024-08-28&to=2025-08-28")
    period = phone.get_by_role("button", name="Period").locator("span:visible")
    expect(period).to_have_text("Aug 28, 2024 – Aug 28, 2025")
    lines = """(text) => {
      const all = document.createRange();
      all.selectNodeContents(text);
      return all.getClientRects().length;
    }"""
    assert period.evaluate(lines) == 2


def test_the_legend_keeps_to_one_row_with_large_numbers(page: Page, shop: dict[str, Any]) -> None:
    page.goto(f"/explore/map?dataset={shop['id']}")
    legend = page.get_by_text("moves or fewer").locator("..")
    height = legend.evaluate("(legend) => legend.offsetHeight")
    legend.evaluate("""({ firstChild: scale }) => {
      scale.firstChild.data = "12,345 moves or fewer";
      scale.lastChild.data = "over 123,456";
    }""")
    assert legend.evaluate("(legend) => legend.offsetHeight") == height


def test_says_that_the_server_is_silent_while_an_import_runs(fresh_product: Product, browser: Browser) -> None:
    fresh_product.start()
    lines = "".join(f"c{number % 999},visit,2024-01-01 10:00:00\n" for number in range(1_500_000))
    with fresh_product.client() as admin:
        dataset = created(admin.post("/api/v1/datasets", json={"name": "large"}))
        files = {"file": ("events.csv", f"customer,action,time\n{lines}", "text/csv")}
        context: Any = browser.new_context(base_url=fresh_product.base_url)
        page = context.new_page()
        sign_in(page)
        path = f"/api/v1/datasets/{dataset['id']}/imports"
        started = created(admin.post(path, data={"mapping": json.dumps(MAPPING_SIMPLE)}, files=files), 202)
        with page.expect_request("**/progress"):
            page.goto(f"/data/imports/{started['id']}")
    fresh_product.kill()
    silent = page.get_by_text("No connection. Showing data from ")
    expect(silent).to_be_visible(timeout=2000)
    fresh_product.start()
    expect(silent).to_be_hidden(timeout=10_000)
    context.close()
