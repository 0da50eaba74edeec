"""Findings that are fixed: by whom, what becomes of the events, and the same in a real browser."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from cjm_testkit.product import Product, created

from .screens import settled
from .test_imports import events_of, imported
from .test_people import PASSWORD

ROWS = b"""customer,action,time,system
u1,Buy,2024-01-01 10:00,iOS
u1,Buy,2024-01-01 10:00,iOS
u2, Buy,2024-01-02 10:00,iOS
u2,buy,2024-01-03 10:00, iOS
 u2,Buy,2024-01-04 10:00,iOS
u3,Buy,2222-01-01 10:00,iOS
"""
# As they are: otherwise an import cuts blanks off.
MAPPING = {
    "name": "as they are",
    "columns": [
        {"field": "customer_id", "column": "customer", "function": "string"},
        {"field": "action_type", "column": "action", "function": "string"},
        {"field": "time", "column": "time", "function": "datetime"},
        {"field": "device_os", "column": "system", "function": "string"},
    ],
}
FIXABLE = {"duplicates": 1, "future_times": 1, "similar_steps": 2, "surrounding_blanks": 3}


def fixable(client: httpx.Client, dataset: dict[str, Any]) -> dict[str, int]:
    quality = created(client.get(f"/api/v1/datasets/{dataset['id']}/quality"), 200)
    return {item["kind"]: item["fixable"] for item in quality["findings"] if item["fixable"]}


def test_who_manages_the_dataset_fixes_it(
    product: Product, admin: httpx.Client, dataset: dict[str, Any], new_name: Callable[[str], str]
) -> None:
    imported(admin, dataset["id"], ROWS, mapping=MAPPING)
    path = f"/api/v1/datasets/{dataset['id']}"
    name = new_name("user").replace(" ", "-")
    user = created(admin.post("/api/v1/users", json={"username": name, "password": PASSWORD, "role": "analyst"}))
    with product.client(name, PASSWORD) as colleague:
        assert colleague.post(f"{path}/fixes", json={"kind": "duplicates"}).status_code == 404
        assert colleague.get(f"{path}/step-aliases").status_code == 404
        assert colleague.delete(f"{path}/step-aliases", params={"alias": "buy"}).status_code == 404
        created(admin.post(f"{path}/grants", json={"user_id": user["id"]}))
        refused = colleague.post(f"{path}/fixes", json={"kind": "duplicates"})
        assert (refused.status_code, refused.json()["reason"]) == (403, "dataset_manage_not_allowed")
        assert fixable(colleague, dataset) == FIXABLE
    version = created(admin.patch(path, json={"goal_activity": "buy"}), 200)["version"]
    counts = {}
    for kind in ("duplicates", "future_times", "surrounding_blanks", "similar_steps"):
        fixed = created(admin.post(f"{path}/fixes", json={"kind": kind}), 200)
        counts[kind] = (fixed["changed"], fixed["removed"])
    assert counts == {
        "duplicates": (0, 1),
        "future_times": (0, 1),
        "surrounding_blanks": (3, 0),
        "similar_steps": (1, 0),
    }
    assert fixable(admin, dataset) == {}
    now = created(admin.get(path), 200)
    assert (now["events"], now["customers"], now["activities"]) == (4, 2, 1)
    assert now["version"] != version
    assert now["goal_activity"] == "Buy"
    graph = created(admin.get(f"{path}/directly-follows"), 200)
    assert [node["activity"] for node in graph["nodes"]] == ["Buy"]
    aliases = [{"alias": alias, "activity": "Buy"} for alias in (" Buy", "buy")]
    with product.client(name, PASSWORD) as colleague:
        assert created(colleague.get(f"{path}/step-aliases"), 200) == {"items": aliases}
        refused = colleague.delete(f"{path}/step-aliases", params={"alias": "buy"})
        assert (refused.status_code, refused.json()["reason"]) == (403, "dataset_manage_not_allowed")
    assert admin.delete(f"{path}/step-aliases", params={"alias": "buy"}).status_code == 204
    refused = admin.delete(f"{path}/step-aliases", params={"alias": "buy"})
    assert (refused.status_code, refused.json()["reason"]) == (404, "step_alias_not_found")
    imported(
        admin, dataset["id"], b"customer,action,time,system\nu4,buy,2024-01-05,\nu4, Buy,2024-01-06,\n", mapping=MAPPING
    )
    assert [event["action_type"] for event in events_of(admin, dataset["id"]) if event["customer_id"] == "u4"] == [
        "Buy",
        "buy",
    ]


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize("width", [1280, 360])
def test_findings_are_fixed_one_by_one(
    open_context: Callable[..., Any], admin: httpx.Client, dataset: dict[str, Any], width: int
) -> None:
    imported(admin, dataset["id"], ROWS, mapping=MAPPING)
    page: Page = open_context(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"/data/datasets/{dataset['id']}?tab=quality&dataset={dataset['id']}")
    settled(page)
    fixes = page.get_by_role("button", name=re.compile("^Fix"))
    expect(fixes).to_have_count(4)
    for name, action, said in (
        ("Doubled events", "Remove events", "1 doubled event removed."),
        ("Times in the future", "Remove events", "1 event in the future removed."),
        ("Values with blanks at the edge", "Cut off blanks", "3 events have no blanks around values any more."),
        ("Steps spelled alike", "Merge steps", "1 event has the most frequent spelling now."),
    ):
        # By keyboard from the finding to the answer, and not by accident.
        page.get_by_role("button", name=f"Fix: {name}").focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("You cannot undo this.")
        if name == "Doubled events":
            violations = Axe().run(page).response["violations"]
            assert [item["id"] for item in violations if item["impact"] in {"serious", "critical"}] == []
            page.keyboard.press("Escape")
            expect(dialog).to_be_hidden()
            expect(page.get_by_role("button", name=f"Fix: {name}")).to_be_focused()
            assert len(events_of(admin, dataset["id"])) == 6
            page.keyboard.press("Enter")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        dialog.get_by_role("button", name=action).press("Enter")
        expect(page.get_by_text(said)).to_be_visible(timeout=30_000)
        expect(page.get_by_role("button", name=f"Fix: {name}")).to_have_count(0)
        settled(page)
    expect(fixes).to_have_count(0)
    steps = Counter((event["customer_id"], event["action_type"]) for event in events_of(admin, dataset["id"]))
    assert steps == {("u1", "Buy"): 1, ("u2", "Buy"): 3}
    aliases = page.get_by_role("table", name="Other names of steps").get_by_role("row")
    expect(aliases).to_have_count(3)
    page.get_by_role("button", name="End “buy”").focus()
    page.keyboard.press("Enter")
    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text("Those that are there stay “Buy”.")
    violations = Axe().run(page).response["violations"]
    assert [item["id"] for item in violations if item["impact"] in {"serious", "critical"}] == []
    question.get_by_role("button", name="End").press("Enter")
    expect(page.get_by_text("“buy” is a step of its own from now on.")).to_be_visible()
    expect(aliases).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.get_by_role("tab", name="Overview").click()
    expect(page.locator("main")).to_contain_text("4")
