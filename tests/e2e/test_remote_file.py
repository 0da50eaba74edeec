"""A file imported by its web address, in a real browser."""

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from cjm_testkit.product import created

from .screens import PHONE, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# Larger than the beginning that the preview reads, so that the page alone could not import it.
ROWS = 50_000
CONTENT = b"client;step;when\n" + b"".join(
    b"c%d;%s;2024-03-%02d 10:00:00\n" % (row % 500, (b"visit", b"buy")[row % 5 == 0], 1 + row % 20)
    for row in range(ROWS)
)


class Shop(BaseHTTPRequestHandler):
    """A shop system with a link to its orders."""

    def do_GET(self) -> None:
        if self.path != "/export?key=1":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("content-disposition", 'attachment; filename="orders.csv"')
        self.send_header("content-length", str(len(CONTENT)))
        self.end_headers()
        try:
            self.wfile.write(CONTENT)
        except OSError:
            return  # whoever wanted only the beginning has gone

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
        """Say nothing."""


@pytest.fixture
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def open_dialog(page: Page) -> None:
    page.goto("/data/imports/new")
    settled(page)
    page.get_by_role("button", name="From a web address").click()
    expect(page.get_by_label("Web address of the file")).to_be_focused()


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [violation["id"] for violation in found if violation["impact"] in {"serious", "critical"}]


def test_a_file_is_imported_by_its_address(
    page: Page, admin: httpx.Client, shop: str, new_name: Callable[[str], str]
) -> None:
    name = new_name("By address")
    open_dialog(page)
    page.keyboard.type(f"{shop}/export?key=1")
    page.keyboard.press("Enter")
    size = f"{len(CONTENT) / 1e6:.1f} MB"
    expect(page.get_by_text(f"orders.csv from {shop[7:]}, {size}")).to_be_visible()
    page.get_by_role("combobox", name="Separator").click()
    expect(page.get_by_role("option", name="semicolons")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Into dataset").click()
    page.get_by_role("option", name="A new dataset").click()
    page.get_by_label("Name of the new dataset").fill(name)
    page.get_by_role("button", name="Go to columns").click()
    # The draft comes back with the address.
    page.reload()
    expect(page.get_by_text("You go on with orders.csv where you left.")).to_be_visible(timeout=15_000)
    for words in ("Check the file", "Go to journeys", "Go to summary"):
        page.locator("main").get_by_role("button", name=re.compile(f"^{words}")).last.click(timeout=30_000)
    expect(page.get_by_text(f"orders.csv from {shop[7:]}, {size}")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).last.click()
    expect(page).to_have_url(re.compile("/explore/map"), timeout=30_000)
    dataset = created(admin.get("/api/v1/datasets", params={"name_contains": name}), 200)["items"][0]
    assert dataset["events"] == ROWS
    imports = created(admin.get("/api/v1/imports", params={"dataset_id": dataset["id"]}), 200)["items"]
    assert {(item["file_name"], item["file_bytes"]) for item in imports} == {("orders.csv", len(CONTENT))}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_address_is_corrected_in_place_on_a_phone(
    open_context: Callable[..., BrowserContext], shop: str, scheme: str
) -> None:
    page = open_context(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme=scheme).new_page()
    open_dialog(page)
    field = page.get_by_label("Web address of the file")
    assert violations(page) == []
    field.fill("shop.example/export")
    field.blur()
    expect(page.get_by_text("This is not a web address.")).to_be_visible()
    field.fill(f"{shop}/gone")
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("The server answered with status 404, not with a file.")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    # Closed and opened again, it still holds what was entered.
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="From a web address").click()
    expect(field).to_have_value(f"{shop}/gone")
    field.fill(f"{shop}/export?key=1")
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text(f"orders.csv from {shop[7:]}")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert violations(page) == []
