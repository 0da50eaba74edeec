"""The example of the loans: what ships is what its generator writes, and its map says what a plain count says."""

import csv
import gzip
import io
import itertools
import re
import runpy
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from cjm_testkit.product import ADMIN_PASSWORD, ROOT, Product, created

from .screens import BEYOND_EDGE, DESKTOP, PHONE, settled, sign_in

SAMPLES = ROOT / "samples"
GOAL = "Loan paid out"
# The promise of the page, and room for machines that are shared.
READY_SECONDS = 5.0
SLACK = 4.0

Row = dict[str, str]


@pytest.fixture(scope="module")
def text() -> str:
    return gzip.decompress((SAMPLES / "loans.csv.gz").read_bytes()).decode()


@pytest.fixture(scope="module")
def applications(text: str) -> list[list[Row]]:
    """The rows of each application in time order."""
    found = defaultdict(list)
    for row in csv.DictReader(io.StringIO(text)):
        found[row["application"]].append(row)
    return [sorted(rows, key=lambda row: row["time"]) for rows in found.values()]


@pytest.fixture(scope="module")
def loans(product: Product, admin: httpx.Client) -> Iterator[dict[str, Any]]:
    """The dataset that `cjm demo loans` makes."""
    run = [str(Path(sys.executable).with_name("cjm")), "demo", "loans", "--url", product.base_url]
    for expected in ("Imported", "is there already"):
        done = subprocess.run([*run, "--password", ADMIN_PASSWORD], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout
    found = created(admin.get("/api/v1/datasets", params={"name_contains": "Loan applications (example)"}), 200)
    assert len(found["items"]) == 1
    yield found["items"][0]
    admin.delete(f"/api/v1/datasets/{found['items'][0]['id']}")


def paid_out(applications: list[list[Row]]) -> int:
    return sum(any(row["step"] == GOAL for row in rows) for rows in applications)


def pairs(applications: list[list[Row]]) -> Iterator[tuple[Row, Row]]:
    return itertools.chain.from_iterable(itertools.pairwise(rows) for rows in applications)


def days(pair: tuple[Row, Row]) -> float:
    earlier, later = (datetime.fromisoformat(row["time"]) for row in pair)
    return (later - earlier).total_seconds() / 86_400


def test_what_ships_is_what_the_generator_writes(text: str) -> None:
    # Run as a script is: nothing is kept from a run before, and no compiled copy lies beside the samples.
    assert runpy.run_path(str(SAMPLES / "make_loans.py"))["make_log"]() == text


def test_the_log_has_the_form_of_a_log(applications: list[list[Row]]) -> None:
    rows = list(itertools.chain.from_iterable(applications))
    assert 1_500 <= len(applications) <= 2_500
    assert 20_000 <= len(rows) <= 30_000
    assert 12 <= len({row["step"] for row in rows}) <= 16
    assert len({row["customer"] for row in rows}) == len(applications)
    assert all(len({(row["customer"], row["channel"], row["device"]) for row in rows}) == 1 for rows in applications)
    assert all(earlier["time"] < later["time"] for earlier, later in pairs(applications))
    for row in rows:
        moment = datetime.fromisoformat(row["time"])
        assert "2024-01-02" <= row["time"] < "2024-06-29", row
        assert (row["device"] != "") == (row["channel"] == "web"), row
        assert not row["employee"] or (moment.weekday() < 5 and 9 <= moment.hour < 18), row
        assert (row["amount"] != "") == (row["step"] in {"Application sent", "Offer sent", GOAL}), row


def test_the_stories_of_the_log(applications: list[list[Row]]) -> None:
    of = {name: [rows for rows in applications if rows[0]["channel"] == name] for name in ("branch", "web", "partner")}
    rate = {name: paid_out(some) / len(some) for name, some in of.items()}
    assert rate["branch"] > rate["web"] + 0.15 > rate["partner"] + 0.2
    wait = {
        name: median(days(pair) for pair in pairs(some) if pair[0]["step"] == "Papers requested" != pair[1]["step"])
        for name, some in of.items()
    }
    assert wait["branch"] < 2 < wait["web"] < 4 < wait["partner"]
    requests = [Counter(row["step"] for row in rows)["Papers requested"] for rows in of["web"]]
    sent = [rows[0]["time"] for rows in of["web"]]
    before = [count > 1 for count, day in zip(requests, sent, strict=True) if day < "2024-04"]
    since = [count > 1 for count, day in zip(requests, sent, strict=True) if day >= "2024-04"]
    assert max(requests) == 4
    assert sum(before) / len(before) > 2 * sum(since) / len(since)
    # The last month is left out: its applications are under way.
    of_before = [rows for rows in of["web"] if rows[0]["time"] < "2024-04"]
    of_since = [rows for rows in of["web"] if "2024-04" <= rows[0]["time"] < "2024-06"]
    assert paid_out(of_since) / len(of_since) > paid_out(of_before) / len(of_before) + 0.1
    last = Counter(rows[-1]["step"] for rows in applications)
    ended = sum(last[step] for step in (GOAL, "Application declined", "Customer withdrew"))
    assert 0.1 < 1 - ended / len(applications) < 0.25


def test_the_map_says_what_a_plain_count_says(
    admin: httpx.Client, loans: dict[str, Any], applications: list[list[Row]]
) -> None:
    rows = list(itertools.chain.from_iterable(applications))
    assert (loans["case"], loans["goal_activity"], loans["is_public"]) == ("customer", GOAL, True)
    found = (loans["customers"], loans["events"], loans["activities"])
    assert found == (len(applications), len(rows), len({row["step"] for row in rows}))
    assert {"channel_type", "device_category", "employee_id", "order_id", "value", "currency"} <= set(loans["fields"])
    assert {"properties.loan_purpose", "properties.customer_type"} <= set(loans["fields"])
    path = f"/api/v1/datasets/{loans['id']}/directly-follows"
    graph = created(admin.get(path, params={"case": "customer"}), 200)
    assert (graph["events"], graph["cases"]) == (len(rows), len(applications))
    assert graph["variants_total"] == len({tuple(row["step"] for row in rows) for rows in applications})
    assert graph["starts"] == {"Application sent": len(applications)}
    assert graph["ends"] == Counter(rows[-1]["step"] for rows in applications)
    moves = Counter((earlier["step"], later["step"]) for earlier, later in pairs(applications))
    assert {(edge["source"], edge["target"]): edge["count"] for edge in graph["edges"]} == moves
    for channel in ("branch", "web", "phone", "partner"):
        some = [rows for rows in applications if rows[0]["channel"] == channel]
        scope = {"case": "customer", "f": f"channel_type:{channel}"}
        graph = created(admin.get(path, params=scope), 200)
        assert graph["cases"] == len(some)
        assert graph["ends"][GOAL] == paid_out(some)


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_an_empty_installation_is_filled_with_one_click(
    browser: Browser, fresh_product: Product, applications: list[list[Row]]
) -> None:
    fresh_product.start()
    context = browser.new_context(base_url=fresh_product.base_url, viewport=PHONE, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page)
    settled(page)
    assert page.evaluate(BEYOND_EDGE) == []
    # The card promises what comes.
    events = sum(len(rows) for rows in applications)
    expect(
        page.get_by_text(
            f"{len(applications):,} made-up applications to a bank, from sent to paid out: {events:,} touchpoints."
        )
    ).to_be_visible()
    page.set_viewport_size(DESKTOP)
    opens_map(page, "Loan applications", "Loan applications (example)")
    expect(page.get_by_text(f"{paid_out(applications):,} of {len(applications):,}")).to_be_visible()
    step = page.get_by_role("button", name=re.compile(f"^{GOAL}: "))
    expect(step).to_have_attribute("aria-label", re.compile(f"{paid_out(applications):,} events"))
    # Found again when there is data: beside the file of a new import, under a free name.
    page.goto("/data/imports/new")
    opens_map(page, "Web shop", "Web shop")
    page.goto("/data/imports/new")
    opens_map(page, "Loan applications", "Loan applications (example) (2)")
    context.close()


def opens_map(page: Page, example: str, dataset: str) -> None:
    """Press an example's button and wait for the map of its dataset."""
    started_at = time.monotonic()
    page.get_by_role("button", name=example, exact=True).click()
    expect(page.locator("svg [data-step]").first).to_be_visible(timeout=READY_SECONDS * SLACK * 1000)
    assert time.monotonic() - started_at < READY_SECONDS * SLACK
    expect(page.get_by_role("button", name=f"Dataset: {dataset}", exact=True)).to_be_visible()
