"""What an address says about the scope: obeyed as it is written, told where it cannot be used."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from .screens import settled
from .test_analyses import analysed

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ROUTES = [
    "/",
    "/explore/map",
    "/explore/variants",
    "/explore/models",
    "/reports",
    "/history",
    "/data/datasets",
    "/data/datasets/{dataset}",
]


@pytest.mark.parametrize("route", ROUTES)
def test_what_cannot_be_used_is_left_out_and_told(page: Page, shop: dict[str, Any], route: str) -> None:
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    path = route.format(dataset=shop["id"])
    broken = "from=abc&to=2024-02-31&case=foo&f=nonsense&f=device_category:mobile&pause=soon&compare=previous"
    page.goto(f"{path}?dataset={shop['id']}&{broken}")
    settled(page)
    for value in ("abc", "2024-02-31", "foo", "nonsense", "soon"):
        expect(page.get_by_role("alert").get_by_text(f"“{value}” in the address")).to_be_visible()
    expect(page.get_by_role("alert").get_by_text("The comparison in the address was left out")).to_be_visible()
    expect(page).to_have_url(re.compile(f"{path}\\?dataset={shop['id']}&f=device_category:mobile(&dir=right)?$"))
    expect(page.get_by_role("button", name="Period: all data, Jan 4 – Jun 29, 2024")).to_be_visible()
    assert refused == []


def test_a_dataset_that_is_not_there_is_told_and_left(page: Page) -> None:
    page.goto("/explore/map?dataset=nope&case=session&sel=cart")
    expect(page.get_by_role("alert").get_by_text("The dataset in the address does not exist")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/explore/map\?dataset=[0-9a-f-]{36}$"))


def test_deleting_the_dataset_in_use_is_no_fault_of_the_address(page: Page, dataset: dict[str, Any]) -> None:
    page.goto(f"/data/datasets/{dataset['id']}?dataset={dataset['id']}&tab=settings")
    page.get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile(r"/data/datasets\?dataset="))
    settled(page)
    expect(page.get_by_text("in the address")).to_have_count(0)


def test_an_analysis_opens_with_its_own_pause(page: Page, admin: httpx.Client, shop: dict[str, Any]) -> None:
    made: dict[str, Any] = {"case": "session", "session_gap_minutes": 7, "filter": ["device_category:mobile"]}
    done, _ = analysed(admin, dataset_id=shop["id"], kind="directly_follows", **made)
    by_ids, _ = analysed(admin, dataset_id=shop["id"], kind="directly_follows", **made | {"session_gap_minutes": 0})
    assert done["cases"] != by_ids["cases"]
    page.goto(f"/history?dataset={shop['id']}")
    link = page.locator(f"#history-{done['id']}")
    link.click()
    settled(page)
    expect(page).to_have_url(re.compile("f=device_category:mobile&case=session&pause=7&"))
    expect(page.get_by_text("Show what it was built from")).to_have_count(0)
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Map").click()
    settled(page)
    expect(page.get_by_role("radio", name="By session, 7 min pause")).to_be_checked()
    expect(page.get_by_role("group", name="Filters")).to_contain_text(f"{done['cases']:,} of ")
    page.get_by_text("By customer", exact=True).click()
    page.get_by_text("By session", exact=True).click()
    expect(page.get_by_role("group", name="Filters")).to_contain_text(f"{by_ids['cases']:,} of ")
    expect(page).not_to_have_url(re.compile("pause="))
