"""The page in a real browser: what people come for."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from cjm_testkit.product import ADMIN_PASSWORD, Product, created

from .screens import DESKTOP, PHONE, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_sign_in(browser: Browser, product: Product) -> None:
    context = browser.new_context(base_url=product.base_url, viewport=DESKTOP)
    page = context.new_page()
    page.goto("/explore/variants")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(ADMIN_PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/explore/variants"))
    context.close()


def shop_id(admin: httpx.Client) -> str:
    items = created(admin.get("/api/v1/datasets", params={"name_contains": "Web shop"}), 200)["items"]
    return str(items[0]["id"])


def test_map_shows_the_numbers_of_the_api(page: Page, admin: httpx.Client) -> None:
    dataset_id = shop_id(admin)
    path = f"/api/v1/datasets/{dataset_id}/directly-follows"
    graph = created(admin.get(path, params={"case": "session"}), 200)
    counts = {node["activity"]: node for node in graph["nodes"]}
    page.goto(f"/explore/map?dataset={dataset_id}&case=session")
    settled(page)
    expect(page.get_by_text("3,605").first).to_be_visible()
    expect(page.get_by_text(f"{graph['variants_total']:,}").first).to_be_visible()
    step = page.get_by_role("button", name=re.compile(r"^product_view: "))
    expect(step).to_have_attribute("aria-label", re.compile(f"{counts['product_view']['count']:,} events"))
    page.get_by_role("button", name="View as table").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("cell", name="product_view", exact=True)).first
    expect(row).to_contain_text(f"{counts['product_view']['count']:,}")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_map_has_its_shape_while_its_data_is_on_its_way(
    page: Page, admin: httpx.Client, viewport: ViewportSize
) -> None:
    page.set_viewport_size(viewport)
    page.route("**/directly-follows*", lambda _: None)
    page.goto(f"/explore/map?dataset={shop_id(admin)}")
    shape = page.get_by_role("status", name="Loading")
    expect(shape).to_be_visible()
    box = shape.bounding_box()
    assert box is not None
    assert box["width"] > 0.9 * viewport["width"]
    assert box["height"] > 0.7 * viewport["height"]


def test_saved_picture_says_what_it_shows_in_its_own_font(page: Page, admin: httpx.Client) -> None:
    page.goto(
        f"/explore/map?dataset={shop_id(admin)}&case=session&from=2024-05-01&to=2024-05-31&f=device_category:tablet"
    )
    settled(page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Picture (SVG)").click()
    picture = saved.value.path().read_text()
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    assert "Web shop" in " ".join(texts)
    scope = r"[\d,]+ sessions · May 1\s–\s31, 2024 · journeys by session · Device is tablet"
    assert any(re.fullmatch(scope, text) for text in texts), texts
    assert "Main way to goal" in texts
    assert "src:url(data:font/woff2;base64," in picture


def test_map_by_keyboard_and_link(page: Page, admin: httpx.Client) -> None:
    dataset_id = shop_id(admin)
    page.goto(f"/explore/map?dataset={dataset_id}&case=session&steps=9")
    settled(page)
    steps = page.get_by_role("button", name=re.compile(r"^[a-z_]+: [\d,]+ events"))
    expect(steps).to_have_count(9)
    focusable = [step for step in steps.all() if step.get_attribute("tabindex") == "0"]
    assert len(focusable) == 1, "the map is one tab stop"
    focusable[0].focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("sel="))
    link = page.url
    selected = page.locator("aside, [role=complementary]").first.inner_text()
    again = page.context.new_page()
    again.goto(link)
    settled(again)
    expect(again.get_by_role("button", name=re.compile(r"^[a-z_]+: [\d,]+ events"))).to_have_count(9)
    assert again.locator("aside, [role=complementary]").first.inner_text().split("\n")[1] == selected.split("\n")[1]
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("sel="))


def test_cards_stay_still_while_paths_move(page: Page, admin: httpx.Client) -> None:
    page.goto(f"/explore/map?dataset={shop_id(admin)}&case=session")
    settled(page)
    steps = page.get_by_role("button", name=re.compile(r"^[a-z_]+: [\d,]+ events"))
    expect(steps.first).to_be_visible()

    def places() -> list[Any]:
        boxes: list[Any] = [step.bounding_box() for step in steps.all()]
        return boxes

    before = places()
    slider = page.get_by_role("slider", name="Paths")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert places() == before


def test_import_wizard_from_file_to_map(page: Page, tmp_path: Path, new_name: Callable[[str], str]) -> None:
    name = new_name("Wizard shop")
    file = tmp_path / "shop.csv"
    lines = [f"c{i % 7},{'visit' if i % 3 else 'buy'},2024-03-{1 + i % 20:02d} 10:{i:02d}:00,web" for i in range(50)]
    file.write_text("client;step;when;channel\n" + "\n".join(lines).replace(",", ";") + "\nc9;buy;31.02.2024;web\n")
    page.goto("/data/imports/new")
    settled(page)
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_role("combobox", name="Into dataset").click()
    page.get_by_role("option", name="A new dataset").click()
    page.get_by_label("Name of the new dataset").fill(name)

    def go(*steps: str) -> None:
        for words in steps:
            page.locator("main").get_by_role("button", name=re.compile(f"^{words}")).last.click(timeout=30_000)

    def rejected(link: str) -> str:
        with page.expect_download() as saved:
            page.get_by_role("link", name=link).click()
        return saved.value.path().read_text()

    go("Go to columns", "Check the file")
    table = rejected("Download rejected rows")
    assert table.splitlines()[1].startswith('51,"time","when","31.02.2024","not_a_date"'), table
    go("Go to journeys")
    expect(page.get_by_text("In the 50 good rows of this file: 7 journeys, median 7 steps.")).to_be_visible()
    go("Go to summary", "Import")
    expect(page).to_have_url(re.compile("/explore/map"), timeout=30_000)
    expect(page.get_by_text("Import finished: 50 events, 7 customers, 2 steps. 1 row skipped.")).to_be_visible()
    assert rejected("Download skipped rows") == table
    settled(page)
    expect(page.get_by_role("button", name=re.compile(r"^visit: 33 events"))).to_be_visible(timeout=15_000)


def test_a_page_begins_at_its_top_and_is_found_again_where_it_was_left(page: Page) -> None:
    content = page.locator("#content")

    def until(is_so: Callable[[int, int], bool]) -> None:
        """Wait for a place in the page and its height, in pixels."""
        give_up_at = time.monotonic() + 20
        while not is_so(*content.evaluate("element => [element.scrollTop, element.scrollHeight]")):
            assert time.monotonic() < give_up_at
            time.sleep(0.05)

    page.set_viewport_size({"width": 1440, "height": 500})
    page.goto("/reports")
    until(lambda top, height: height > 900)
    page.get_by_role("link", name="Data", exact=True).first.click()
    page.get_by_role("link", name="Web shop", exact=True).click()
    page.get_by_role("tab", name="Settings").click()
    until(lambda top, height: height > 900)
    content.evaluate("element => element.scrollTo(0, 300)")
    page.get_by_role("link", name="Reports", exact=True).first.click()
    page.wait_for_url(re.compile("/reports"))
    until(lambda top, height: top == 0 and height > 900)
    page.go_back()
    until(lambda top, height: top == 300)


def test_unknown_address_says_so(page: Page) -> None:
    page.goto("/no/such/page")
    expect(page.locator("h1").first).to_be_visible()
    expect(page.get_by_role("link").first).to_be_visible()
