"""The draft of an import outlives its page, in a real browser."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from cjm_testkit.product import created

from .screens import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# In one task, so that the page has no moment more than a quick hand leaves it.
_TYPE_AND_RELOAD = """(input, text) => {
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, text);
  input.dispatchEvent(new Event('input', {bubbles: true}));
  location.reload();
}"""


def test_a_reload_right_after_typing_loses_nothing(
    open_context: Callable[..., BrowserContext], tmp_path: Path, new_name: Callable[[str], str]
) -> None:
    page = open_context().new_page()
    file = tmp_path / "orders.csv"
    file.write_text("client;step;when\nc1;visit;2024-03-13 10:00\n")
    page.goto("/data/imports/new")
    settled(page)
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_role("combobox", name="Into dataset").click()
    page.get_by_role("option", name="A new dataset").click()
    field = page.get_by_label("Name of the new dataset")
    for _ in range(12):  # a late write is lost once in four or five times
        name = new_name("Typed late")
        with page.expect_navigation():
            field.evaluate(_TYPE_AND_RELOAD, name)
        expect(page.get_by_text("You go on with orders.csv where you left.")).to_be_visible()
        assert field.input_value() == name


def test_a_draft_thrown_away_after_its_check_leaves_nothing_behind(
    open_context: Callable[..., BrowserContext], admin: httpx.Client, tmp_path: Path, new_name: Callable[[str], str]
) -> None:
    page = open_context().new_page()
    name = new_name("Thrown away")
    file = tmp_path / "orders.csv"
    file.write_text("client;step;when\nc1;visit;2024-03-13 10:00\nc1;buy;2024-03-13 10:05\n")
    page.goto("/data/imports/new")
    settled(page)
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_role("combobox", name="Into dataset").click()
    page.get_by_role("option", name="A new dataset").click()
    page.get_by_label("Name of the new dataset").fill(name)
    page.get_by_role("button", name="Go to columns").click()
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("All 2 rows are fine.")).to_be_visible(timeout=30_000)
    throw_away = page.get_by_role("button", name="Throw this draft away")
    throw_away.click()
    page.get_by_role("button", name="Undo").click()
    expect(throw_away).to_be_visible()
    throw_away.click()
    expect(page.get_by_text("Draft of orders.csv thrown away.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Drop a file here")).to_be_visible()
    expect(throw_away).to_have_count(0)
    assert created(admin.get("/api/v1/datasets", params={"name_contains": name}), 200)["items"] == []
