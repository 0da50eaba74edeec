"""A file that takes the place of all that is in a dataset, over REST and in a real browser."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from cjm_testkit.product import created

from .screens import settled
from .test_imports import GOOD, events_of, imported, upload
from .test_step_rules import go

NEW = b"customer,action,time\nn1,visit,2024-02-01 10:00:00\nn1,leave,2024-02-01 11:00:00\n"


def steps_of(client: httpx.Client, dataset: dict[str, Any]) -> Counter[str]:
    return Counter(event["action_type"] for event in events_of(client, dataset["id"]))


def test_a_file_replaces_the_dataset_or_changes_nothing(admin: httpx.Client, dataset: dict[str, Any]) -> None:
    first = imported(admin, dataset["id"], GOOD + b"c3,visit,never\n")
    bad = imported(admin, dataset["id"], NEW + b"n2,leave,never\n", replaces_dataset="true", all_or_nothing="true")
    assert (bad["status"], bad["replaces_dataset"]) == ("failed", True)
    assert steps_of(admin, dataset) == {"visit": 2, "buy": 1}
    done = imported(admin, dataset["id"], NEW, replaces_dataset="true")
    assert (done["status"], done["rows_accepted"]) == ("completed", 2)
    assert steps_of(admin, dataset) == {"visit": 1, "leave": 1}
    graph = created(admin.get(f"/api/v1/datasets/{dataset['id']}/directly-follows"), 200)
    assert {node["activity"] for node in graph["nodes"]} == {"visit", "leave"}
    assert created(admin.get(f"/api/v1/imports/{first['id']}"), 200)["status"] == "removed"
    assert created(admin.get(f"/api/v1/imports/{first['id']}/errors"), 200)["items"] == []
    assert created(admin.get(f"/api/v1/datasets/{dataset['id']}"), 200)["events"] == 2
    check = upload(admin, dataset["id"], NEW, replaces_dataset="true", check_only="true")
    assert (check.status_code, check.json()["errors"][0]["reason"]) == (400, "check_replaces_nothing")


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize("width", [1280, 360])
def test_the_wizard_asks_what_becomes_of_what_is_there(
    open_context: Callable[..., Any],
    admin: httpx.Client,
    dataset: dict[str, Any],
    tmp_path: Path,
    width: int,
) -> None:
    imported(admin, dataset["id"], GOOD)
    file = tmp_path / "february.csv"
    file.write_bytes(NEW)
    page: Page = open_context(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"/data/imports/new?into={dataset['id']}&dataset={dataset['id']}")
    settled(page)
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_role("combobox", name="Into dataset").click()
    page.get_by_role("option", name=dataset["name"], exact=True).click()
    go(page, "Go to columns", "Check the file", "Go to journeys", "Go to summary")
    expect(page.get_by_text(f"{dataset['name']} has 3 events now")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("radio", name="Add to it")).to_be_checked()
    page.get_by_role("radio", name="Replace it").check()
    expect(page.locator("main dl")).to_contain_text("Replaces dataset")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in {"serious", "critical"}] == []
    go(page, "Replace dataset")
    dialog = page.get_by_role("dialog", name=f"Replace {dataset['name']}")
    expect(dialog).to_contain_text("all 3 events")
    expect(dialog.get_by_role("button", name="Replace dataset")).to_be_disabled()
    dialog.get_by_role("button", name="Cancel").click()
    assert steps_of(admin, dataset) == {"visit": 2, "buy": 1}
    go(page, "Replace dataset")
    dialog.get_by_label(f"Type {dataset['name']}").fill(dataset["name"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/explore/map"), timeout=30_000)
    assert steps_of(admin, dataset) == {"visit": 1, "leave": 1}
    page.goto(f"/data/datasets/{dataset['id']}?tab=imports&dataset={dataset['id']}")
    settled(page)
    page.get_by_role("link", name="february.csv").first.click()
    expect(page.get_by_text("This import replaced all that was in the dataset before.")).to_be_visible()
