"""A single wrong time among the events spoils no default."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from cjm_testkit.product import Product, created

from .test_events import stored


def test_one_wrong_time_spoils_no_default(
    page: Page, admin: httpx.Client, product: Product, dataset: dict[str, Any], new_name: Callable[[str], str]
) -> None:
    token = created(admin.post("/api/v1/tokens", json={"name": new_name("token"), "dataset_ids": [dataset["id"]]}))
    today = datetime.now(UTC).date()
    with product.system(token["secret"]) as system:
        for time in ("1960-01-01T10:00:00Z", f"{today}T00:00:00Z", "2099-01-01T10:00:00Z"):
            event = {"customer_id": "c", "action_type": "home", "time": time}
            created(system.post(f"/api/v1/datasets/{dataset['id']}/events", json=event), 202)
    stored(admin, dataset["id"], 3)
    report = admin.get(f"/api/v1/datasets/{dataset['id']}/reports/daily").json()
    assert (report["to"], len(report["days"]), report["touchpoints"]) == (str(today), 3660, 1)

    page.goto(f"/reports?dataset={dataset['id']}")
    expect(page.get_by_text("1 touchpoint has a time later than today and is left out.")).to_be_visible()
    expect(page.get_by_text("A report has at most 3,660 days.")).to_be_visible()
    page.goto(f"/?dataset={dataset['id']}")
    expect(page.get_by_role("heading", name="Touchpoints, all time")).to_be_visible()
    expect(page.get_by_text("2099")).to_have_count(0)

    page.goto(f"/reports?dataset={dataset['id']}&from=1960-01-01&to=2098-12-31")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.get_by_role("button", name="Show the last 90 days").click()
    expect(page).to_have_url(re.compile(f"to={today}"))
    expect(page.get_by_role("heading", name="Touchpoints per day")).to_be_visible()
