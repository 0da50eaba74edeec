"""What is exported, fixed and deleted is told in History, opens again where it was, and comes back within 30 days."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from cjm_testkit.product import created

from .screens import BEYOND_EDGE, DESKTOP, PHONE, settled
from .test_analyses import analysed
from .test_fixes import MAPPING, ROWS
from .test_imports import GOOD, imported
from .test_reach import small_targets

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def line_of(page: Page, what: str) -> Locator:
    """The newest line of the history that begins with these words."""
    return (
        page.get_by_role("row")
        .filter(has=page.locator("td:first-child", has_text=re.compile(f"^{re.escape(what)}")))
        .first
    )


def link_of(page: Page, dataset: dict[str, Any]) -> Locator:
    return page.get_by_role("main").get_by_role("link", name=dataset["name"], exact=True)


def deleted_by_button(page: Page, dataset: dict[str, Any]) -> None:
    page.goto(f"/data/datasets/{dataset['id']}?dataset={dataset['id']}&tab=settings")
    page.get_by_role("button", name="Delete dataset").click()
    expect(page.get_by_text(f"Dataset “{dataset['name']}” deleted.")).to_be_visible()


def test_a_deleted_dataset_is_away_until_that_is_undone(
    page: Page, admin: httpx.Client, dataset: dict[str, Any]
) -> None:
    imported(admin, dataset["id"], ROWS, mapping=MAPPING)
    path = f"/api/v1/datasets/{dataset['id']}"
    events = created(admin.get(path), 200)["events"]
    deleted_by_button(page, dataset)
    expect(page).to_have_url(re.compile(r"/data/datasets\?dataset="))
    expect(link_of(page, dataset)).to_have_count(0)
    assert admin.get(path).status_code == 404
    page.wait_for_load_state("networkidle")
    expect(page.get_by_text("you may not see it")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(link_of(page, dataset)).to_be_visible()
    assert created(admin.get(path), 200)["events"] == events


def test_a_deleted_dataset_is_restored_in_history(page: Page, admin: httpx.Client, dataset: dict[str, Any]) -> None:
    imported(admin, dataset["id"], ROWS, mapping=MAPPING)
    path = f"/api/v1/datasets/{dataset['id']}"
    before = created(admin.get(path), 200)
    deleted_by_button(page, dataset)
    page.goto("/history?show=import")
    brought = page.get_by_role("row").filter(has_text=f"{dataset['name']}not there any more")
    brought.get_by_role("link", name=re.compile("^Import of ")).click()
    expect(page.get_by_text("The dataset was deleted.")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("alert")).to_have_count(0)
    page.goto("/history?show=deleted")
    what = f"Dataset “{dataset['name']}” deleted"
    line = line_of(page, what)
    expect(line).to_contain_text(re.compile(r"You.*can be restored until [A-Z][a-z]{2} \d{1,2}, 20\d\d"))
    line.get_by_role("button", name="Restore").press("Enter")
    expect(page.get_by_text(f"Dataset “{dataset['name']}” restored.")).to_be_visible()
    expect(line_of(page, f"Dataset “{dataset['name']}” restored")).to_be_visible()
    expect(line.get_by_role("button")).to_have_count(0)
    expect(line.get_by_text(what)).to_be_focused()
    now = created(admin.get(path), 200)
    assert {key: now[key] for key in ("name", "events", "access")} == {
        key: before[key] for key in ("name", "events", "access")
    }
    page.goto("/data/datasets")
    expect(link_of(page, dataset)).to_be_visible()


def test_a_moment_stands_on_one_line_where_there_is_room(page: Page, shop: dict[str, Any]) -> None:
    page.goto(f"/history?dataset={shop['id']}")
    moment = page.locator("td .num").first
    expect(moment).to_be_visible()
    expect(moment).to_have_css("white-space", "nowrap")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_dataset_is_erased_only_in_history(
    open_context: Callable[..., BrowserContext], admin: httpx.Client, dataset: dict[str, Any], viewport: Any
) -> None:
    path = f"/api/v1/datasets/{dataset['id']}"
    assert admin.delete(path).status_code == 204
    page = open_context(viewport=viewport).new_page()
    page.goto("/history?show=deleted")
    line = line_of(page, f"Dataset “{dataset['name']}” deleted")
    line.get_by_role("button", name="Delete for good").click()
    dialog = page.get_by_role("dialog", name=f"Delete {dataset['name']} for good")
    expect(dialog.get_by_role("button", name="Delete for good")).to_be_disabled()
    found = Axe().run(page).response["violations"]
    assert not found, found
    dialog.get_by_role("textbox").fill(dataset["name"])
    dialog.get_by_role("button", name="Delete for good").click()
    expect(line_of(page, f"Dataset “{dataset['name']}” deleted for good")).to_be_visible()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name=f"Restore: Dataset “{dataset['name']}”")).to_have_count(0)
    assert admin.post(f"{path}/restore").status_code == 404


def test_a_taken_name_is_told_where_the_dataset_comes_back(
    page: Page, admin: httpx.Client, dataset: dict[str, Any]
) -> None:
    path = f"/api/v1/datasets/{dataset['id']}"
    assert admin.delete(path).status_code == 204
    other = created(admin.post("/api/v1/datasets", json={"name": dataset["name"]}))
    page.goto("/history?show=deleted")
    line_of(page, f"Dataset “{dataset['name']}” deleted").get_by_role("button", name="Restore").click()
    detail = admin.post(f"{path}/restore").json()["detail"]
    assert dataset["name"] in detail
    expect(page.get_by_role("alert").get_by_text(detail)).to_be_visible()
    assert admin.delete(f"/api/v1/datasets/{other['id']}?for_good=true").status_code == 204
    page.get_by_role("button", name=f"Restore: Dataset “{dataset['name']}”").click()
    expect(line_of(page, f"Dataset “{dataset['name']}” restored")).to_be_visible()


def test_an_exported_map_opens_with_the_same_picture(page: Page, shop: dict[str, Any]) -> None:
    # Without a number of steps, which then is that of this window.
    scope = "case=session&f=device_category:tablet&from=2024-05-01&to=2024-05-31"
    page.goto(f"/explore/map?dataset={shop['id']}&{scope}&m=time")
    settled(page)
    steps = page.get_by_role("button", name=re.compile(r"^[a-z_]+: [\d,]+ events"))
    drawn = steps.evaluate_all("(all) => all.map((step) => step.getAttribute('aria-label'))")
    page.get_by_role("button", name="Export").click()
    with page.expect_download(), page.expect_response("**/exports") as noted:
        page.get_by_role("menuitem", name="Picture (SVG)").click()
    assert noted.value.status == 201
    page.goto("/history?show=exported")
    line = line_of(page, "Map exported as SVG")
    expect(line).to_contain_text(
        re.compile(rf"{shop['name']}.*May 1\s–\s31, 2024 · journeys by session · Device is tablet.*You")
    )
    line.get_by_role("link", name="Open").click()
    settled(page)
    expect(page.get_by_role("radio", name="Waiting time")).to_be_checked()
    assert steps.evaluate_all("(all) => all.map((step) => step.getAttribute('aria-label'))") == drawn


def test_every_file_that_is_saved_is_told(page: Page, admin: httpx.Client, shop: dict[str, Any]) -> None:
    at = f"dataset={shop['id']}&from=2024-05-01&to=2024-05-31"

    def save(button: Locator) -> None:
        with page.expect_download(), page.expect_response("**/exports") as noted:
            button.click()
        assert noted.value.status == 201

    def choose(menu: str, *items: str) -> None:
        for item in items:
            page.get_by_role("button", name=menu, exact=True).click()
            save(page.get_by_role("menuitem", name=item))

    page.goto(f"/explore/map?{at}")
    settled(page)
    choose("Export", "Picture (PNG)", "All paths (CSV)")
    page.goto(f"/explore/map?{at}&view=table")
    settled(page)
    for button in page.get_by_role("button", name="Download CSV").all():
        save(button)
    page.goto(f"/reports?{at}")
    settled(page)
    choose("Export: Customers per day", "Numbers (CSV)", "Picture (SVG)")
    items = created(admin.get("/api/v1/journal", params={"kind": "exported", "limit": 6}), 200)["items"]
    told = [(item["object"], item["format"], item["name"]) for item in items]
    assert told == [
        ("chart", "svg", "Customers per day"),
        ("table", "csv", "Customers per day"),
        ("paths", "csv", ""),
        ("steps", "csv", ""),
        ("paths", "csv", ""),
        ("map", "png", ""),
    ]
    assert {item["dataset_id"] for item in items} == {shop["id"]}
    for item in items:
        assert at in item["address"]


def test_an_export_that_cannot_be_told_is_saved_all_the_same(page: Page, shop: dict[str, Any]) -> None:
    page.goto(f"/explore/map?dataset={shop['id']}&view=table")
    settled(page)
    page.route("**/exports", lambda route: route.abort())
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").first.click()
    assert saved.value.path().read_text("utf-8-sig").startswith("step,events,")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_fixes_and_removed_imports_are_told(page: Page, admin: httpx.Client, dataset: dict[str, Any]) -> None:
    done = imported(admin, dataset["id"], ROWS, mapping=MAPPING)
    created(admin.post(f"/api/v1/datasets/{dataset['id']}/fixes", json={"kind": "duplicates"}), 200)
    created(admin.post(f"/api/v1/datasets/{dataset['id']}/fixes", json={"kind": "surrounding_blanks"}), 200)
    assert admin.delete(f"/api/v1/imports/{done['id']}").status_code == 204
    page.goto(f"/history?only={dataset['id']}")
    expect(line_of(page, "Doubled events fixed")).to_contain_text("1 event removed")
    expect(line_of(page, "Values with blanks at the edge fixed")).to_contain_text("3 events changed")
    removed = line_of(page, f"Import of {done['file_name']} removed")
    expect(removed).to_contain_text(re.compile(r"5 events removed.*You"))
    names = page.locator("tbody td:first-child")
    expect(names).to_have_text(
        [
            f"Import of {done['file_name']} removed",
            "Values with blanks at the edge fixed",
            "Doubled events fixed",
            f"Import of {done['file_name']}",
        ]
    )
    page.get_by_role("combobox", name="Show").click()
    page.get_by_role("option", name="Fixes", exact=True).click()
    expect(names).to_have_text(["Values with blanks at the edge fixed", "Doubled events fixed"])


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light")], ids=["desktop", "dark", "phone"]
)
@pytest.mark.parametrize("kind", ["heuristics_net", "directly_follows"])
def test_a_result_of_a_deleted_dataset_is_looked_at_while_it_is_kept(
    open_context: Callable[..., BrowserContext],
    admin: httpx.Client,
    dataset: dict[str, Any],
    kind: str,
    viewport: Any,
    scheme: str,
) -> None:
    imported(admin, dataset["id"], GOOD)
    done, _ = analysed(admin, dataset_id=dataset["id"], kind=kind)
    path = f"/api/v1/datasets/{dataset['id']}"
    page = open_context(viewport=viewport, color_scheme=scheme).new_page()
    deleted_by_button(page, dataset)
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    page.goto(f"/history?show={kind}")
    what = {"heuristics_net": "Heuristics net", "directly_follows": "Journey map"}[kind]
    line = page.get_by_role("row").filter(has=page.locator(f"#history-{done['id']}"))
    expect(line).to_contain_text("not there any more")
    line.get_by_role("link", name=f"Open: {what}").click()
    settled(page)
    frozen = re.compile(rf"/history/analyses/{done['id']}\?dataset=")
    expect(page).to_have_url(frozen)
    model = page.get_by_role("region", name="Model")
    for step in ("visit", "buy"):
        expect(model.locator("svg text").get_by_text(step, exact=True)).to_be_visible()
    expect(model).to_contain_text(
        re.compile(
            rf"The dataset {dataset['name']} was deleted: this is how it looked when the analysis was made,"
            r" and its owner or an administrator can restore it until [A-Z][a-z]{2} \d{1,2}, 20\d\d\."
        )
    )
    expect(model).to_contain_text("Started by you on")
    found = Axe().run(page).response["violations"]
    assert not found, found
    assert page.evaluate(BEYOND_EDGE) == []
    assert viewport is DESKTOP or small_targets(page) == []
    for form, start in (("SVG", b"<?xml"), ("PNG", b"\x89PNG")):
        with page.expect_download() as saved:
            model.get_by_role("link", name=form).click()
        assert saved.value.path().read_bytes().startswith(start)
        assert saved.value.suggested_filename == f"{dataset['name']} - {what}.{form.lower()}"
    page.get_by_role("button", name=re.compile("^Jobs")).click()
    job = page.get_by_role("dialog").locator(f"a[href*='{done['id']}']")
    expect(job).to_have_attribute("href", frozen)
    page.keyboard.press("Escape")
    assert refused == []
    # An old address of it leads here as well; only that one asks for the dataset.
    page.goto(f"/explore/models?dataset={dataset['id']}&case=customer&analysis={done['id']}")
    expect(page).to_have_url(frozen)
    model.get_by_role("link", name="Restore it in History").click()
    page.get_by_role("button", name=f"Restore: Dataset “{dataset['name']}”").click()
    expect(line_of(page, f"Dataset “{dataset['name']}” restored")).to_be_visible()
    page.goto(f"/history/analyses/{done['id']}")
    expect(page).to_have_url(re.compile(rf"/explore/models\?dataset={dataset['id']}&.*analysis={done['id']}"))
    expect(page.get_by_role("button", name="Build model")).to_be_visible()
    assert [url for url in refused if path not in url] == []
    assert admin.delete(f"{path}?for_good=true").status_code == 204


def test_a_result_is_gone_with_its_dataset_for_good(page: Page, admin: httpx.Client, dataset: dict[str, Any]) -> None:
    imported(admin, dataset["id"], ROWS, mapping=MAPPING)
    done, _ = analysed(admin, dataset_id=dataset["id"], kind="alpha")
    assert admin.delete(f"/api/v1/datasets/{dataset['id']}?for_good=true").status_code == 204
    page.goto(f"/explore/models?dataset={dataset['id']}&case=customer&analysis={done['id']}")
    expect(page).to_have_url(re.compile(f"/history/analyses/{done['id']}"))
    expect(page.get_by_text("This result is not there any more")).to_be_visible()
    expect(page.get_by_text("It was deleted, alone or for good with its dataset")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Open History").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page.locator(f"#history-{done['id']}")).to_have_count(0)
