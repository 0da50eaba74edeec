"""The journeys of each dataset in the list of datasets, and that they are those of the map."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from cjm_testkit.product import MAPPING_SIMPLE, created, ended

from .screens import DESKTOP, PHONE, settled

SESSION = {"field": "session_id", "column": "session", "function": None}
MAPPING = {**MAPPING_SIMPLE, "columns": [*MAPPING_SIMPLE["columns"], SESSION]}
HEAD = "customer,session,action,time"
EVENTS = """
c1,s1,visit,2024-01-01 10:00:00
c1,s1,buy,2024-01-01 10:50:00
c1,s2,visit,2024-01-01 11:20:00
c2,,visit,2024-01-01 10:00:00
c2,,buy,2024-01-01 12:00:00
"""
MORE_EVENTS = """
c3,s9,visit,2024-01-02 10:00:00
c1,s1,visit,2024-01-02 10:00:00
"""


def add(admin: httpx.Client, dataset_id: str, events: str) -> None:
    data, files = {"mapping": json.dumps(MAPPING)}, {"file": ("events.csv", HEAD + events, "text/csv")}
    started = created(admin.post(f"/api/v1/datasets/{dataset_id}/imports", data=data, files=files), 202)
    assert ended(admin, f"/api/v1/imports/{started['id']}")["status"] == "completed"


def test_journeys_are_those_of_the_map_by_each_unit(admin: httpx.Client, dataset: dict[str, Any]) -> None:
    path = f"/api/v1/datasets/{dataset['id']}"

    def counted(case: str, gap_minutes: int | None) -> int:
        unit = {"case": case, "session_gap_minutes": gap_minutes}
        created(admin.patch(path, json=unit), 200)
        journeys: int = created(admin.get(f"{path}/journeys-count"), 200)["journeys"]
        assert journeys == created(admin.get(f"{path}/directly-follows"), 200)["cases"]
        return journeys

    assert counted("session", 30) == 0
    add(admin, dataset["id"], EVENTS)
    # A pause of just 30 minutes ends nothing.
    assert [counted("customer", None), counted("session", None), counted("session", 30)] == [2, 3, 4]
    add(admin, dataset["id"], MORE_EVENTS)
    assert [counted("customer", None), counted("session", None), counted("session", 30)] == [3, 4, 6]


def row_of(page: Page, dataset: dict[str, Any]) -> Locator:
    page.goto("/data/datasets")
    settled(page)
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=dataset["name"], exact=True))


@pytest.mark.browser
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_list_shows_journeys_and_why_they_are_not_counted(
    open_context: Callable[..., BrowserContext], admin: httpx.Client, dataset: dict[str, Any], viewport: Any
) -> None:
    created(admin.patch(f"/api/v1/datasets/{dataset['id']}", json={"case": "session", "session_gap_minutes": 30}), 200)
    page = open_context(viewport=viewport).new_page()
    journeys = row_of(page, dataset).locator("[data-label=Journeys]")
    expect(journeys).to_have_text("0")
    add(admin, dataset["id"], EVENTS)
    journeys = row_of(page, dataset).locator("[data-label=Journeys]")
    expect(journeys).to_have_text("4")
    add(admin, dataset["id"], MORE_EVENTS)

    detail = "This question took too long."
    refusal = {"status": 504, "content_type": "application/problem+json", "body": json.dumps({"detail": detail})}
    page.route(f"**/{dataset['id']}/journeys-count", lambda route: route.fulfill(**refusal))
    journeys = row_of(page, dataset).locator("[data-label=Journeys]")
    again = journeys.get_by_role("button", name=f"The journeys could not be counted. {detail} Press to count again.")
    expect(again).to_have_text("–")
    again.focus()
    expect(page.get_by_role("tooltip")).to_contain_text(detail)
    page.unroute_all()
    page.keyboard.press("Enter")
    # On a busy machine the former count serves for some seconds.
    expect(journeys).to_have_text("6", timeout=30_000)
    expect(page).to_have_url(re.compile(r"/data/datasets(\?|$)"))


@pytest.mark.browser
def test_an_open_map_shows_what_has_come_since_when_it_is_looked_at_again(
    open_context: Callable[..., BrowserContext], admin: httpx.Client, dataset: dict[str, Any]
) -> None:
    add(admin, dataset["id"], EVENTS)
    page = open_context(viewport=DESKTOP).new_page()
    page.goto(f"/explore/map?dataset={dataset['id']}")
    step = page.get_by_role("button", name=re.compile("^visit: "))
    expect(step).to_have_accessible_name(re.compile("3 events"))
    add(admin, dataset["id"], MORE_EVENTS)
    page.evaluate("() => dispatchEvent(new Event('focus'))")
    expect(step).to_have_accessible_name(re.compile("5 events"))
