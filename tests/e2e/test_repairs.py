"""Faulty rows that are repaired, in a real browser: from the choices in the wizard to the numbers of the dataset."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from cjm_testkit.product import created

from .screens import settled
from .test_step_rules import go

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# Rows 2 and 4 have no step, 3, 4 and 7 no number, 5 no time, 6 and 7 a note that is too long; row 1 is good.
ROWS = [
    "c1,home,2024-03-01 10:00,10,ok",
    "c1,,2024-03-01 10:01,5,ok",
    "c2,home,2024-03-01 10:02,free,ok",
    "c2,,2024-03-01 10:03,gratis,ok",
    "c3,buy,never,1,ok",
    "c3,buy,2024-03-01 10:05,2," + "z" * 9000,
    "c4,buy,2024-03-01 10:06,abc," + "z" * 9000,
]
REPAIRS = {
    "action_type": [{"reason": "field_missing", "action": "use_text", "text": "No step"}],
    "value": [{"reason": "not_a_number", "action": "leave_empty", "text": ""}],
    "properties.note": [{"reason": "text_too_long", "action": "cut", "text": ""}],
}


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    path = tmp_path / "faulty.csv"
    path.write_text("customer,step,time,value,note\n" + "\n".join(ROWS) + "\n")
    return path


def open_file(page: Page, file: Path, dataset_name: str) -> None:
    page.goto("/data/imports/new")
    settled(page)
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_role("combobox", name="Into dataset").click()
    page.get_by_role("option", name="A new dataset").click()
    page.get_by_label("Name of the new dataset").fill(dataset_name)


def finding(page: Page, text: str) -> Locator:
    return page.locator("main [class*=finding_]").filter(has_text=text)


def fine(page: Page, count: int) -> None:
    expect(page.get_by_text(f"{count} of 7 rows {'is' if count == 1 else 'are'} fine.")).to_be_visible(timeout=30_000)


def test_each_cause_has_its_choice_and_the_numbers_are_those_of_the_repaired_rows(
    page: Page, admin: httpx.Client, faulty: Path, new_name: Callable[[str], str]
) -> None:
    name, mapping_name = new_name("Repaired"), new_name("Repairs")
    sent: list[str] = []
    page.on(
        "request", lambda asked: sent.append(asked.post_data or "") if asked.url.endswith("/api/v1/imports") else None
    )
    open_file(page, faulty, name)
    go(page, "Go to columns", "Check the file")
    fine(page, 1)
    for text, rows in (("without a value", 2), ("not a date", 1), ("not a number", 2), ("text that is too long", 1)):
        expect(finding(page, text)).to_contain_text(f"{rows} row")
    # By keyboard: one press past "Skip them" lies the repair.
    finding(page, "without a value").get_by_role("radio", name="Skip them").focus()
    page.keyboard.press("ArrowDown")
    fine(page, 2)
    expect(page.get_by_role("radio", name="Use one Step for all of them")).to_be_focused()
    page.get_by_label("Step of these rows").fill("No step")
    page.keyboard.press("Enter")
    expect(finding(page, "without a value")).to_contain_text("“No step” is filled in.", timeout=15_000)
    expect(finding(page, "not a number")).to_contain_text("3 rows")
    page.get_by_role("radio", name="Leave Value empty").check()
    fine(page, 4)
    page.reload()
    fine(page, 4)
    page.get_by_role("radio", name="Cut off what is too long").check()
    fine(page, 6)
    for text, rows in (("without a value", 2), ("not a date", 1), ("not a number", 3), ("text that is too long", 2)):
        expect(finding(page, text)).to_contain_text(f"{rows} row")
    assert ["from_import_id" in body for body in sent] == [False, True, True, True, True], (
        "Only the first sends the file."
    )
    assert [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in {"serious", "critical"}] == []
    forward = page.get_by_role("button", name="Go to journeys")
    finding(page, "not a date").get_by_role("radio", name="Stop, I correct the file").check()
    expect(forward).to_be_disabled()
    expect(page.get_by_text("Correct the file and choose it again, or")).to_be_visible()
    finding(page, "not a date").get_by_role("radio", name="Skip them").check()
    page.get_by_label("Save these columns for later").fill(mapping_name)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Mapping “{mapping_name}” saved.")).to_be_visible()
    go(page, "Go to journeys", "Go to summary")
    for said in (
        "2 rows: “No step” is filled in.",
        "3 rows: The value stays empty.",
        "2 rows: The text is cut to the length that is kept.",
    ):
        expect(page.locator("main dl")).to_contain_text(said)
    go(page, "Import")
    expect(page).to_have_url(re.compile("/explore/map"), timeout=30_000)
    dataset = created(admin.get("/api/v1/datasets", params={"name_contains": name}), 200)["items"][0]
    graph = created(admin.get(f"/api/v1/datasets/{dataset['id']}/directly-follows"), 200)
    assert {node["activity"]: node["count"] for node in graph["nodes"]} == {"home": 2, "No step": 2, "buy": 2}
    newest = created(admin.get("/api/v1/imports", params={"dataset_id": dataset["id"]}), 200)["items"][0]
    (saved,) = [m for m in created(admin.get("/api/v1/mappings"), 200)["items"] if m["name"] == mapping_name]
    for mapping in (newest["mapping"], saved):
        assert {column["field"]: column["repairs"] for column in mapping["columns"] if column["repairs"]} == REPAIRS
    page.goto(f"/data/imports/{newest['id']}?dataset={dataset['id']}")
    settled(page)
    expect(page.get_by_text("1 row was rejected")).to_be_visible()
    expect(finding(page, "not a number")).to_contain_text("The value stays empty.")
    assert page.get_by_role("radio").count() == 0


def test_a_saved_mapping_repairs_the_next_file_at_once(
    page: Page, admin: httpx.Client, faulty: Path, new_name: Callable[[str], str]
) -> None:
    mapping_name = new_name("Kept repairs")
    fields = {
        "customer": "customer_id",
        "step": "action_type",
        "time": "time",
        "value": "value",
        "note": "properties.note",
    }
    columns = [
        {"field": field, "column": column, "repairs": REPAIRS.get(field, [])} for column, field in fields.items()
    ]
    created(admin.post("/api/v1/mappings", json={"name": mapping_name, "columns": columns}))
    page.set_viewport_size({"width": 360, "height": 740})
    open_file(page, faulty, new_name("Kept"))
    page.get_by_role("combobox", name="Use a saved mapping").click()
    page.get_by_role("option", name=mapping_name, exact=True).click()
    expect(page.get_by_text(f"The file is read as “{mapping_name}” says.")).to_be_visible()
    go(page, "Go to columns", "Check the file")
    fine(page, 6)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.get_by_label("Step of these rows")).to_have_value("No step")
    # A repair that is taken back leaves its rows out again.
    finding(page, "without a value").get_by_role("radio", name="Skip them").check()
    fine(page, 4)
