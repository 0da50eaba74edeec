"""A file as a spreadsheet in Moscow writes it, through the wizard in a real browser."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from cjm_testkit.product import created

from .screens import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

_LINES = [
    f"клиент {i % 5};{'Просмотр' if i % 4 else 'Покупка'};{1 + i % 9:02d}.03.2024 10:{i:02d};{1000 + i},5"
    for i in range(40)
]


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
    for label, found in (
        ("Separator", "semicolons"),
        ("Encoding", "Windows-1251 (Cyrillic)"),
        ("Decimal sign", "decimal comma"),
        ("Header", "no header row"),
    ):
        expect(page.get_by_role("combobox", name=label)).to_have_value(found)
    expect(page.get_by_text("The encoding is a guess")).to_be_visible()
    expect(page.get_by_role("cell", name="клиент 0").first).to_be_visible()

    def choose(label: str, option: str) -> None:
        page.get_by_role("combobox", name=label).click()
        page.get_by_role("option", name=option, exact=True).click()

    choose("Encoding", "Windows-1252 (Western)")
    expect(page.get_by_role("cell", name="клиент 0")).to_have_count(0)
    choose("Encoding", "Windows-1251 (Cyrillic)")
    expect(page.get_by_role("cell", name="клиент 0").first).to_be_visible()
    expect(page.get_by_text("The encoding is a guess")).to_have_count(0)
    choose("Into dataset", "A new dataset")
    page.reload()
    expect(page.get_by_role("combobox", name="Encoding")).to_have_value("Windows-1251 (Cyrillic)")
    expect(page.get_by_text("The encoding is a guess")).to_have_count(0)
    page.get_by_label("Name of the new dataset").fill(name)
    page.get_by_role("button", name="Go to columns").click()
    choose("Column for Customer", "Column 1")
    choose("Column for Step", "Column 2")
    choose("What Column 4 becomes", "Value")
    for words in ("Check the file", "Go to journeys", "Go to summary", "Import"):
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
