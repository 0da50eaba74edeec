"""Other names for steps, in a real browser: from the wizard into the map, into a saved mapping and out of it."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from cjm_testkit.product import created

from .screens import PHONE, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# Steps of the file with their numbers of events.
STEPS = {"home": 40, "/product/1": 30, "/product/2": 20, "cart_add": 11, "cart_view": 9, "/product/help": 7, "buy": 5}
RULES = [
    {"pattern": "/product/help", "name": "Help"},
    {"pattern": "cart_add", "name": "Cart"},
    {"pattern": "cart_view", "name": "Cart"},
    {"pattern": "/product/*", "name": "Product page"},
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    steps = [step for step, count in STEPS.items() for _ in range(count)]
    rows = [f"c{row % 9},{step},2024-03-01 10:{row // 60:02}:{row % 60:02}" for row, step in enumerate(steps)]
    path = tmp_path / "shop.csv"
    path.write_text("customer,step,time\n" + "\n".join(rows) + "\n")
    return path


def go(page: Page, *buttons: str) -> None:
    for words in buttons:
        page.locator("main").get_by_role("button", name=re.compile(f"^{words}")).last.click(timeout=30_000)


def open_journeys(page: Page, file: Path, dataset_name: str) -> None:
    page.goto("/data/imports/new")
    settled(page)
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_role("combobox", name="Into dataset").click()
    page.get_by_role("option", name="A new dataset").click()
    page.get_by_label("Name of the new dataset").fill(dataset_name)
    go(page, "Go to columns", "Check the file", "Go to journeys")
    expect(page.get_by_text(f"{len(STEPS)} steps in this file.")).to_be_visible(timeout=15_000)


def rename_all(page: Page) -> None:
    """A pattern, a group, one step taken out again and renamed: all by keyboard but the choice of steps."""
    page.get_by_label("Steps like").fill("/product/*")
    expect(page.get_by_text("Renames 3 steps with 57 events.")).to_be_visible()
    page.get_by_label("become", exact=True).fill("Product page")
    page.keyboard.press("Enter")
    expect(page.get_by_text("7 steps become 5.")).to_be_visible()
    for step in ("cart_add", "cart_view"):
        page.get_by_role("checkbox", name=f"Select {step}", exact=True).check()
    expect(page.get_by_text("2 steps selected, 20 events.")).to_be_visible()
    page.get_by_label("Group as").fill("Cart")
    page.keyboard.press("Enter")
    expect(page.get_by_text("7 steps become 4.")).to_be_visible()
    page.get_by_text("from 3 steps").click()
    page.get_by_role("button", name="Take /product/help out of Product page").click()
    page.get_by_role("button", name="Rename /product/help", exact=True).press("Enter")
    page.keyboard.type("Help")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Rename Help", exact=True)).to_be_focused()
    expect(page.get_by_text("7 steps become 5.")).to_be_visible()


def test_steps_get_other_names_and_the_map_shows_them(
    page: Page, admin: httpx.Client, shop: Path, new_name: Callable[[str], str]
) -> None:
    name, mapping_name = new_name("Step names"), new_name("Step names mapping")
    open_journeys(page, shop, name)
    rename_all(page)
    assert [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in {"serious", "critical"}] == []
    page.get_by_label("Save these columns and step names for later").fill(mapping_name)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Mapping “{mapping_name}” saved.")).to_be_visible()
    # Neither Back nor leaving the page loses a name, and the check stands as it is.
    go(page, "Back", "Go to journeys")
    expect(page.get_by_text("7 steps become 5.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("7 steps become 5.")).to_be_visible(timeout=15_000)
    page.get_by_role("combobox", name="Goal").click()
    page.get_by_role("option", name="Cart (20 times)").click()
    go(page, "Go to summary", "Import")
    expect(page).to_have_url(re.compile("/explore/map"), timeout=30_000)
    dataset = created(admin.get("/api/v1/datasets", params={"name_contains": name}), 200)["items"][0]
    assert dataset["goal_activity"] == "Cart"
    graph = created(admin.get(f"/api/v1/datasets/{dataset['id']}/directly-follows"), 200)
    assert {node["activity"]: node["count"] for node in graph["nodes"]} == {
        "home": 40,
        "Product page": 50,
        "Cart": 20,
        "Help": 7,
        "buy": 5,
    }
    newest = created(admin.get("/api/v1/imports", params={"dataset_id": dataset["id"]}), 200)["items"][0]
    assert newest["mapping"]["step_rules"] == RULES
    (saved,) = [m for m in created(admin.get("/api/v1/mappings"), 200)["items"] if m["name"] == mapping_name]
    assert saved["step_rules"] == RULES


def test_a_saved_mapping_brings_its_names_and_each_can_be_undone(
    page: Page, admin: httpx.Client, shop: Path, new_name: Callable[[str], str]
) -> None:
    mapping_name = new_name("Kept names")
    columns = [
        {"field": field, "column": column, "function": None}
        for field, column in (("customer_id", "customer"), ("action_type", "step"), ("time", "time"))
    ]
    rules = [*RULES, {"pattern": "gone", "name": "Gone"}]
    created(admin.post("/api/v1/mappings", json={"name": mapping_name, "columns": columns, "step_rules": rules}))
    open_journeys(page, shop, new_name("Kept"))
    go(page, "Back", "Back", "Back")
    page.get_by_role("combobox", name="Use a saved mapping").click()
    page.get_by_role("option", name=mapping_name, exact=True).click()
    expect(page.get_by_text(f"The file is read as “{mapping_name}” says.")).to_be_visible()
    go(page, "Go to columns", "Check the file", "Go to journeys")
    expect(page.get_by_text("7 steps become 5.")).to_be_visible(timeout=30_000)
    for button, left in (("Undo gone", 5), ("Undo Cart", 6), ("Undo /product/*", 7)):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_text(f"7 steps become {left}.")).to_be_visible()
    page.get_by_role("button", name="Undo Help", exact=True).click()
    expect(page.get_by_text("7 steps in this file.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_are_given_on_a_phone_as_well(
    open_context: Callable[..., BrowserContext], shop: Path, new_name: Callable[[str], str], scheme: str
) -> None:
    page = open_context(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme=scheme).new_page()
    open_journeys(page, shop, new_name("Phone"))
    rename_all(page)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in {"serious", "critical"}] == []
