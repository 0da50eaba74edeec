"""A second file with the same columns, in a real browser: the wizard begins with what was chosen for the first."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from cjm_testkit.product import created, ended

from .screens import settled
from .test_step_rules import go

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# By their names and values, "user" is the customer and "action" the step; here it is the other way round.
HEADER = "user,action,when,note"
MAPPING = {
    "columns": [
        {"field": "action_type", "column": "user"},
        {"field": "customer_id", "column": "action"},
        {"field": "time", "column": "when"},
    ],
    "timezone": "Asia/Tokyo",
}


def test_the_next_file_begins_with_the_columns_of_the_last_import_and_can_be_guessed_anew(
    page: Page, admin: httpx.Client, dataset: dict[str, Any], tmp_path: Path
) -> None:
    for name, day in (("may.csv", 1), ("june.csv", 2)):
        rows = [f"{step},c{at},2024-05-0{day} 10:{at:02d},x" for at in range(9) for step in ("view", "buy")]
        (tmp_path / name).write_text("\n".join([HEADER, *rows]) + "\n")
    with (tmp_path / "may.csv").open("rb") as file:
        begun = created(
            admin.post(
                f"/api/v1/datasets/{dataset['id']}/imports",
                files={"file": ("may.csv", file)},
                data={"mapping": json.dumps(MAPPING)},
            ),
            202,
        )
    ended(admin, f"/api/v1/imports/{begun['id']}")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"/data/imports/new?dataset={dataset['id']}&into=dataset")
    settled(page)
    page.locator("input[type=file]").set_input_files(str(tmp_path / "june.csv"))
    go(page, "Go to columns")
    said = page.get_by_text("Columns as in the last import into this dataset, “may.csv”.")
    expect(said).to_be_visible()
    customer = page.get_by_role("combobox", name="Column for Customer")
    expect(customer).to_have_value("action")
    expect(page.get_by_role("combobox", name="What note becomes")).to_have_value("Skip this column")
    expect(page.get_by_role("combobox", name="Time zone of these times")).to_have_value("Asia/Tokyo")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in {"serious", "critical"}] == []
    page.reload()
    expect(said).to_be_visible()
    go(page, "Check the file")
    expect(page.get_by_text("All 18 rows are fine.")).to_be_visible(timeout=30_000)
    go(page, "Back", "Guess them anew")
    expect(said).to_have_count(0)
    expect(customer).to_have_value("user")
    expect(page.get_by_role("heading", name="Say which column means what")).to_be_focused()
