"""What a page that stays open learns by itself."""

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, expect

from cjm_testkit.product import ADMIN_PASSWORD, Product, created

from .screens import BEYOND_EDGE, DESKTOP, PHONE, settled, sign_in

pytestmark = pytest.mark.browser

VISIT = {"customer_id": "c-1042", "action_type": "visit", "time": "2024-05-07T10:00:00Z"}
LOOK_AGAIN_SECONDS = 30
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark phone": {"viewport": PHONE, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
}
# Boxes of what may be pressed, outside the note, that lie over or under it.
COVERED = """(note) => {
    const own = note.getBoundingClientRect();
    return [...document.querySelectorAll("button, a, input, [role=slider]")].filter((control) => {
        const { top, bottom, left, right, width } = control.getBoundingClientRect();
        const isOver = top < own.bottom - 1 && bottom > own.top + 1 && left < own.right && right > own.left;
        return width > 1 && !note.contains(control) && !control.closest("main") && isOver;
    }).map((control) => control.outerHTML);
}"""


@pytest.mark.parametrize("look", LOOKS)
def test_an_open_map_says_that_new_events_have_come_in_and_shows_them_when_asked(
    open_context: Callable[..., BrowserContext],
    product: Product,
    admin: httpx.Client,
    dataset: dict[str, Any],
    new_name: Callable[[str], str],
    look: str,
) -> None:
    path = f"/api/v1/datasets/{dataset['id']}"
    token = created(admin.post("/api/v1/tokens", json={"name": new_name("till"), "dataset_ids": [dataset["id"]]}))

    def send(*events: dict[str, Any], count: int) -> None:
        with product.system(token["secret"]) as system:
            created(system.post(f"{path}/events", json=list(events)), 202)
        give_up_at = time.monotonic() + 10
        while created(admin.get(path), 200)["events"] < count:
            assert time.monotonic() < give_up_at
            time.sleep(0.05)

    send(VISIT, {**VISIT, "action_type": "buy", "time": "2024-05-07T10:05:00Z"}, count=2)
    page = open_context(**LOOKS[look]).new_page()
    page.clock.install()
    page.goto(f"/explore/map?dataset={dataset['id']}")
    step = page.get_by_role("button", name=re.compile("^visit: "))
    expect(step).to_have_accessible_name(re.compile("1 event,"))
    settled(page)
    place = step.bounding_box()
    send({**VISIT, "customer_id": "c-1043"}, count=3)
    questions: list[str] = []
    page.on("request", lambda request: questions.append(request.url) if path in request.url else None)
    page.clock.fast_forward(LOOK_AGAIN_SECONDS * 1000)
    note = page.get_by_role("status").filter(has_text="New events have come in.")
    expect(note).to_be_in_viewport()
    assert [url.removeprefix(product.base_url) for url in questions] == [path]
    expect(step).to_have_accessible_name(re.compile("1 event,"))
    assert step.bounding_box() == place
    assert note.evaluate(COVERED) == []
    assert page.evaluate(BEYOND_EDGE) == []
    assert Axe().run(page).response["violations"] == []
    note.get_by_role("button", name="Show them").focus()
    page.keyboard.press("Enter")
    expect(step).to_have_accessible_name(re.compile("2 events,"))
    expect(note).to_have_count(0)
    expect(page.get_by_role("main")).to_be_focused()


def test_signing_out_ends_all_tabs_of_the_browser_and_each_comes_back_to_its_page(
    browser: Browser, product: Product
) -> None:
    context = browser.new_context(base_url=product.base_url, viewport=DESKTOP)
    page = context.new_page()
    sign_in(page)
    other = context.new_page()
    other.goto("/explore/variants?from=2024-05-01&to=2024-05-31")
    settled(other)
    address = other.url
    page.get_by_role("button", name="Account of admin").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page).to_have_url(re.compile(r"/signin$"))
    expect(other.get_by_text("Sign in to go on. You return to the same page.")).to_be_visible()
    expect(other.get_by_role("navigation")).to_have_count(0)
    other.get_by_label("User name").fill("admin")
    other.get_by_label("Password", exact=True).fill(ADMIN_PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other).to_have_url(address)
    for tab in (other, page):  # the one that waited goes on by itself
        expect(tab.get_by_role("navigation").first).to_be_visible()
    # Home adds the dataset it shows to its address when it has found it.
    expect(page).to_have_url(re.compile(rf"^{re.escape(product.base_url)}/(\?dataset=[^&]+)?$"))
    context.close()


def test_a_tab_left_open_becomes_the_account_that_signs_in_in_another(
    browser: Browser,
    product: Product,
    admin: httpx.Client,
    dataset: dict[str, Any],
    new_name: Callable[[str], str],
) -> None:
    name = new_name("second")
    created(admin.post("/api/v1/users", json={"username": name, "password": ADMIN_PASSWORD, "role": "analyst"}))
    context = browser.new_context(base_url=product.base_url, viewport=DESKTOP)
    left_open, other = context.new_page(), context.new_page()
    sign_in(left_open)
    left_open.goto("/data")
    own = left_open.get_by_role("link", name=dataset["name"])
    expect(own).to_be_visible()
    other.goto("/signin")
    other.get_by_label("User name").fill(name)
    other.get_by_label("Password", exact=True).fill(ADMIN_PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("button", name=f"Account of {name}")).to_be_visible()
    expect(left_open.get_by_role("button", name=f"Account of {name}")).to_be_visible()
    expect(own).to_have_count(0)
    # What it changes is changed in the session of now.
    left_open.get_by_role("button", name=f"Account of {name}").click()
    left_open.get_by_role("menuitem", name="Sign out").click()
    expect(other).to_have_url(re.compile(r"/signin"))
    context.close()
