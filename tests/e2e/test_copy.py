"""Copying where the browser gives no clipboard: over plain http, which is how many open a server of their own."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .screens import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60)]


@pytest.fixture
def plain(open_context: Callable[..., BrowserContext]) -> Page:
    """A page without `navigator.clipboard`."""
    page = open_context().new_page()
    page.add_init_script("delete Navigator.prototype.clipboard")
    return page


def test_the_link_of_a_map_is_copied_and_the_focus_comes_back(plain: Page, shop: dict[str, Any]) -> None:
    plain.goto(f"/explore/map?dataset={shop['id']}")
    settled(plain)
    assert plain.evaluate("navigator.clipboard") is None
    export = plain.get_by_role("button", name="Export")
    export.focus()
    plain.keyboard.press("Enter")
    plain.get_by_role("menuitem", name="Copy link").press("Enter")
    expect(plain.get_by_text("Link copied.")).to_be_visible()
    expect(export).to_be_focused()
    plain.keyboard.press("Shift+?")
    search = plain.get_by_role("dialog", name="Help").get_by_role("textbox", name="Search in Help")
    search.press("ControlOrMeta+v")
    address = re.escape(plain.url.split("?")[0]) + r"\?.*steps=\d+"
    expect(search).to_have_value(re.compile(f"^{address}"))


def test_code_is_copied_inside_a_dialog(plain: Page, shop: dict[str, Any]) -> None:
    plain.goto(f"/home?dataset={shop['id']}&help=api")
    drawer = plain.get_by_role("dialog", name="Help")
    code = drawer.locator("pre").first.inner_text()
    copy = drawer.get_by_role("button", name="Copy").first
    copy.press("Enter")
    expect(drawer.get_by_role("button", name="Copied")).to_be_focused()
    search = drawer.get_by_role("textbox", name="Search in Help")
    search.press("ControlOrMeta+v")
    expect(search).to_have_value(code.strip("\n").replace("\n", " "))
