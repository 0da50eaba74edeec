"""Help beside the page in use."""

import re
from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

from .screens import settled


def test_help_opens_over_the_page_and_gives_the_focus_back(
    open_context: Callable[..., BrowserContext], shop: dict[str, Any]
) -> None:
    page = open_context().new_page()
    page.goto(f"/explore/map?dataset={shop['id']}&f=device_category:mobile")
    settled(page)
    button = page.get_by_role("button", name=re.compile("^Period: "))
    button.focus()
    page.keyboard.press("Shift+?")
    drawer = page.get_by_role("dialog", name="Help")
    expect(drawer.get_by_role("heading", name="Read the journey map")).to_be_visible()
    expect(page).to_have_url(re.compile("f=device_category:mobile.*help=map"))
    drawer.get_by_role("textbox", name="Search in Help").fill("colours waiting")
    hit = drawer.get_by_role("link", name=re.compile("^Read the journey map Waiting time colours the map"))
    expect(hit).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert [item["id"] for item in found if item["impact"] in {"serious", "critical"}] == []
    hit.click()
    drawer.get_by_role("link", name="Build a model").first.click()
    expect(drawer.get_by_role("heading", name="Build a model")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page).to_have_url(re.compile("/explore/map.*f=device_category:mobile"))
    expect(page).not_to_have_url(re.compile("help="))
    expect(button).to_be_focused()
