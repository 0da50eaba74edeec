"""A file as a spreadsheet in Moscow writes it, through the wizard in a real browser."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from cjm_testkit.product import created

from .screens import DESKTOP, PHONE, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

_LINES = [
    f"клиент {i % 5};{'Просмотр' if i % 4 else 'Покупка'};{1 + i % 9:02d}.03.2024 10:{i:02d};{1000 + i},5"
    for i in range(40)
]
_FOUND = {
    "Separator": "semicolons",
    "Encoding": "Windows-1251 (Cyrillic)",
    "Decimal sign": "decimal comma",
    "Header": "no header row",
}


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def expect_sentence(page: Page, **differs: str) -> None:
    for label, words in (_FOUND | differs).items():
        expect(page.get_by_role("combobox", name=label)).to_have_value(words)


def expect_imported(page: Page, admin: httpx.Client, name: str, *buttons: str) -> None:
    """Goes on to the end and finds every line of the file, read in the right way."""
    for words in buttons:
        page.locator("main").get_by_role("button", name=re.compile(f"^{words}")).last.click(timeout=30_000)
    expect(page).to_have_url(re.compile("/explore/map"), timeout=30_000)
    settled(page)
    expect(page.get_by_role("button", name=re.compile(r"^Просмотр: 30 events"))).to_be_visible(timeout=15_000)
    (dataset,) = created(admin.get("/api/v1/datasets", params={"name_contains": name}), 200)["items"]
    events = created(admin.get(f"/api/v1/datasets/{dataset['id']}/events", params={"limit": 100}), 200)["items"]
    expected = sorted(
        (customer, step, f"2024-03-{day[:2]}T10:{day[-2:]}", float(value.replace(",", ".")))
        for customer, step, day, value in (line.split(";") for line in _LINES)
    )
    assert expected == sorted(
        (event["customer_id"], event["action_type"], event["time"][:16], float(event["fields"]["value"]))
        for event in events
    )


def test_a_file_in_windows_1251_without_a_header(
    open_context: Callable[..., BrowserContext], admin: httpx.Client, tmp_path: Path, new_name: Callable[[str], str]
) -> None:
    page = open_context(timezone_id="UTC").new_page()
    name = new_name("Магазин")
    file = tmp_path / "shop.csv"
    file.write_bytes("\n".join(_LINES).encode("windows-1251"))
    page.goto("/data/imports/new")
    settled(page)
    page.locator("input[type=file]").set_input_files(str(file))
    expect_sentence(page)
    expect(page.get_by_text("The encoding is a guess")).to_be_visible()
    expect(page.get_by_role("cell", name="клиент 0").first).to_be_visible()
    choose(page, "Encoding", "Windows-1252 (Western)")
    expect(page.get_by_role("cell", name="клиент 0")).to_have_count(0)
    choose(page, "Encoding", "Windows-1251 (Cyrillic)")
    expect(page.get_by_role("cell", name="клиент 0").first).to_be_visible()
    expect(page.get_by_text("The encoding is a guess")).to_have_count(0)
    choose(page, "Into dataset", "A new dataset")
    page.reload()
    expect(page.get_by_role("combobox", name="Encoding")).to_have_value("Windows-1251 (Cyrillic)")
    expect(page.get_by_text("The encoding is a guess")).to_have_count(0)
    page.get_by_label("Name of the new dataset").fill(name)
    page.get_by_role("button", name="Go to columns").click()
    for field, column in (("Customer", "Column 1"), ("Step", "Column 2"), ("Time", "Column 3")):
        expect(page.get_by_role("combobox", name=f"Column for {field}")).to_have_value(column)
    expect(page.get_by_text("a guess", exact=True)).to_have_count(3)
    choose(page, "What Column 4 becomes", "Value")
    expect_imported(page, admin, name, "Check the file", "Go to journeys", "Go to summary", "Import")


def test_a_saved_mapping_says_how_a_packed_file_is_read(
    open_context: Callable[..., BrowserContext], admin: httpx.Client, tmp_path: Path, new_name: Callable[[str], str]
) -> None:
    page = open_context(timezone_id="UTC").new_page()
    name, saved, unfit = new_name("Shop"), new_name("Till"), new_name("Wide till")
    columns = [
        {"field": "customer_id", "column": "Column 1", "function": None},
        {"field": "action_type", "column": "Column 2", "function": None},
        {"field": "time", "column": "Column 3", "function": "datetime"},
        {"field": "value", "column": "Column 4", "function": "float"},
    ]
    coupon = {"field": "properties.coupon", "column": "Column 5", "function": None}
    written = {"encoding": "windows-1251", "separator": ";", "headerless": True, "decimal_sign": ",", "timezone": "UTC"}
    created(admin.post("/api/v1/mappings", json={"name": saved, "columns": columns, **written}))
    created(admin.post("/api/v1/mappings", json={"name": unfit, "columns": [*columns, coupon], **written}))
    file = tmp_path / "shop.csv.gz"
    file.write_bytes(gzip.compress("\n".join(_LINES).encode("windows-1251")))
    page.goto("/data/imports/new")
    settled(page)
    page.locator("input[type=file]").set_input_files(str(file))
    expect_sentence(page)
    # What the mapping says counts, so it is first made wrong by hand.
    choose(page, "Encoding", "Windows-1252 (Western)")
    choose(page, "Header", "first row is header")
    choose(page, "Decimal sign", "decimal point")
    wrong = {"Encoding": "Windows-1252 (Western)", "Header": "first row is header", "Decimal sign": "decimal point"}
    choose(page, "Use a saved mapping", f"{unfit} (needs other columns)")
    misfit = page.get_by_text(f"“{unfit}” does not fit this file. Read as it says, it has no column called Column 5.")
    expect(misfit).to_be_visible()
    page.set_viewport_size(PHONE)
    assert [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in {"serious", "critical"}] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.set_viewport_size(DESKTOP)
    expect_sentence(page, **wrong)
    choose(page, "Use a saved mapping", saved)
    expect(page.get_by_text(f"The file is read as “{saved}” says.")).to_be_visible()
    expect(misfit).to_have_count(0)
    expect_sentence(page)
    expect(page.get_by_role("cell", name="клиент 0").first).to_be_visible()
    choose(page, "Into dataset", "A new dataset")
    page.get_by_label("Name of the new dataset").fill(name)
    page.reload()
    expect_sentence(page)
    expect_imported(page, admin, name, "Go to columns", "Check the file", "Go to journeys", "Go to summary", "Import")
