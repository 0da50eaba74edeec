"""The live debugger of a token: a sender's good and bad events appear on the page, for the administrator alone."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from cjm_testkit.product import Product, created

from .screens import BEYOND_EDGE, DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

GOOD = {"customer_id": "c-1042", "action_type": "purchase", "time": "2024-05-07T10:00:00Z"}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark phone": {"viewport": PHONE, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
}


def assert_usable(page: Page) -> None:
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate(BEYOND_EDGE) == []


@pytest.mark.parametrize("look", LOOKS)
def test_good_and_bad_events_are_seen_as_they_come(
    open_context: Callable[..., BrowserContext],
    product: Product,
    admin: httpx.Client,
    dataset: dict[str, Any],
    new_name: Callable[[str], str],
    look: str,
) -> None:
    name = new_name("till")
    token = created(admin.post("/api/v1/tokens", json={"name": name, "dataset_ids": [dataset["id"]]}))
    path = f"/api/v1/datasets/{dataset['id']}/events"
    page = open_context(**LOOKS[look]).new_page()
    page.goto("/settings/tokens")
    page.get_by_role("link", name=f"Live debugger of {name}").click()
    status = page.get_by_role("main").get_by_role("status")
    expect(status).to_have_text("Waiting for your first event…")
    expect(page.get_by_text(f"curl -X POST {product.base_url}{path}")).to_be_visible()
    assert_usable(page)

    rows = page.get_by_role("list", name="Received events").get_by_role("listitem")
    with product.system(token["secret"]) as system:
        created(system.post(path, json=GOOD), 202)
        expect(status).to_have_text("Events arrive.")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Accepted")
        expect(rows).to_contain_text("Customer c-1042, step purchase, time 2024-05-07T10:00:00.000Z")
        system.post(path, json=[{"action_type": "visit"}, {**GOOD, "time": None}])
        expect(rows).to_have_count(3)
        expect(rows.nth(0)).to_contain_text("time now, because none was sent")
        expect(rows.nth(1)).to_contain_text("Rejected")
        expect(rows.nth(1)).to_contain_text('"customer_id" is missing. Send it as text, for example')
        rows.nth(1).locator("summary").focus()
        page.keyboard.press("Enter")
        expect(rows.nth(1).get_by_role("region", name="What was sent")).to_have_text('{\n  "action_type": "visit"\n}')
        expect(rows.nth(1)).to_contain_text("Event 1 of that request.")
        system.post(path, content=b'{"customer_id": ', headers={"Content-Type": "application/json"})
        expect(rows).to_have_count(4)
        expect(rows.nth(0)).to_contain_text("The body is not valid JSON")
        assert_usable(page)

        page.get_by_role("button", name="Pause").click()
        created(system.post(path, json=[GOOD, GOOD]), 202)
        expect(status).to_have_text("Paused. 2 new events since then.")
        expect(rows).to_have_count(4)
        page.get_by_role("button", name="Resume").click()
        expect(rows).to_have_count(6)

        page.get_by_text("Rejected", exact=True).first.click()
        expect(rows).to_have_count(2)
        page.get_by_label("Filter by any text").fill("FIELD_missing")
        expect(rows).to_have_count(1)
        page.reload()
        expect(page.get_by_label("Filter by any text")).to_have_value("FIELD_missing")
        expect(status).to_have_text("Waiting for your first event…")
        created(system.post(path, json=[GOOD, {}]), 202)
        expect(rows).to_have_count(1)
        page.get_by_label("Filter by any text").fill("nothing like it")
        page.get_by_role("button", name="Show all events").click()
        expect(rows).to_have_count(2)

    assert admin.delete(f"/api/v1/tokens/{token['id']}").status_code == 204
    expect(page.get_by_text("This token is revoked")).to_be_visible(timeout=15_000)
    assert_usable(page)
