"""Every screen in every look: usable by all, quiet, still, as in its picture, and in any language."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, Route, expect

from cjm_testkit.product import Product, created

from . import pictures
from .conftest import signed_in
from .screens import (
    BEYOND_EDGE,
    CUT_LABELS,
    DESKTOP,
    FAILING_ANSWERS,
    FAILURE,
    FREEZE,
    HAVE_LATE_FILTER_BAR,
    HAVE_OWN_CONTENT,
    HELD_ANSWERS,
    LATE_FILTER_BAR,
    LATE_PARTS,
    NEXT_FRAME,
    PHONE,
    SCREENS,
    SHIFTS,
    TABLET,
    VISIBLE_WORDS,
    WATCH_SHIFTS,
    answered,
    settled,
    strings_of,
    untranslated,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

MOST_SHIFT = 0.05
WIDE_PIXELS = 1280
# Besides the phone: 200 % and 400 % zoom of the wide window.
NARROW_PIXELS = [640, 360, 320]
# Pages load while the ones before them are looked at.
OPENED_AHEAD = 3


@dataclass(frozen=True)
class Look:
    """How a screen is opened.

    Attributes:
        options: Arguments of the browser context.
        script: Runs in the page before its own code.
        query: Further part of the address.
        has_late_parts: Parts of the page that load by themselves come after all answers.
    """

    options: dict[str, Any]
    script: str = ""
    query: str = ""
    has_late_parts: bool = False


LOOKS = {
    "light": Look({"viewport": DESKTOP, "color_scheme": "light"}, script=HELD_ANSWERS),
    "dark": Look({"viewport": DESKTOP, "color_scheme": "dark"}, script=HELD_ANSWERS, has_late_parts=True),
    "phone": Look({"viewport": PHONE, "has_touch": True, "is_mobile": True}, script=HELD_ANSWERS),
    "tablet": Look({"viewport": TABLET}, script=HELD_ANSWERS),
    "late": Look({"viewport": PHONE, "has_touch": True, "is_mobile": True}, script=HELD_ANSWERS, has_late_parts=True),
    "pseudo": Look({"viewport": {"width": WIDE_PIXELS, "height": 900}}, query="locale=en-XA"),
    "failing": Look({"viewport": DESKTOP}, script=FAILING_ANSWERS),
}
PICTURED = [f"{look}/{screen}" for screen in SCREENS for look in ("light", "dark", "phone")]
STILL = [*PICTURED, *(f"{look}/{screen}" for look in ("tablet", "late") for screen in ("reports", "reports-compared"))]
PSEUDO = [f"pseudo/{screen}" for screen in SCREENS]
# Where everything on the screen comes from answers.
FAILING = [f"failing/{screen}" for screen in SCREENS if screen not in HAVE_OWN_CONTENT]
VISITS = [*STILL, *PSEUDO, *FAILING]


@dataclass
class Visit:
    """One opened screen.

    Attributes:
        name: "<look>/<screen>".
        page: Its page.
        trouble: Errors on the console.
        answers: Answers of the API.
        late_parts: Requests for parts that have to wait.
        is_early: Not all answers are there.
    """

    name: str
    page: Page
    trouble: list[str] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    late_parts: list[Route] = field(default_factory=list)
    is_early: bool = True


@pytest.fixture(scope="module")
def visit_at(browser: Browser, showroom: Product) -> Callable[[str], Visit]:
    """Gives a visit by its name."""
    state = signed_in(browser, showroom)
    with showroom.client() as admin:
        items = {kind: created(admin.get(f"/api/v1/{kind}s"), 200)["items"] for kind in ("dataset", "import")}
    ids = {kind: found[0]["id"] for kind, found in items.items()}
    opened: dict[str, Visit] = {}

    def opening(name: str) -> Visit:
        look_name, screen = name.split("/")
        look = LOOKS[look_name]
        session: dict[str, Any] = {} if screen == "sign-in" else {"storage_state": state}
        context = browser.new_context(base_url=showroom.base_url, reduced_motion="reduce", **session, **look.options)
        context.add_init_script(WATCH_SHIFTS + look.script)
        visit = Visit(name, context.new_page())
        visit.page.on("pageerror", lambda error: visit.trouble.append(str(error)))
        visit.page.on("console", lambda said: visit.trouble.append(said.text) if said.type == "error" else None)
        visit.page.on("response", lambda answer: visit.answers.append(answer) if "/api/" in answer.url else None)
        address = SCREENS[screen].format(**ids)
        if look.has_late_parts:
            for parts in [LATE_PARTS, *([LATE_FILTER_BAR] if screen in HAVE_LATE_FILTER_BAR else [])]:
                context.route(parts, lambda part: visit.late_parts.append(part) if visit.is_early else part.continue_())
        visit.page.goto(address + ("&" if "?" in address else "?") + look.query, wait_until="commit")
        return visit

    def visit(name: str) -> Visit:
        at = VISITS.index(name)
        for coming in VISITS[at : at + OPENED_AHEAD]:
            if coming not in opened:
                opened[coming] = opening(coming)
        return opened[name]

    return visit


@pytest.fixture(scope="module")
def visit(request: pytest.FixtureRequest, visit_at: Callable[[str], Visit]) -> Iterator[Visit]:
    visit = visit_at(request.param)
    if visit.name not in FAILING:
        answered(visit.page)
        visit.is_early = False
        for part in visit.late_parts:
            part.continue_()
        settled(visit.page)
    yield visit
    visit.page.context.close()


pictured = pytest.mark.parametrize("visit", PICTURED, indirect=True, scope="module")


@pytest.mark.parametrize("visit", STILL, indirect=True, scope="module")
def test_nothing_jumps(visit: Visit) -> None:
    """The page stays where it is while answers come one by one, and when its own parts come last."""
    shifts = visit.page.evaluate(SHIFTS)
    worst = sorted(shifts, key=lambda shift: -shift["score"])[:3]
    assert sum(shift["score"] for shift in shifts) <= MOST_SHIFT, worst


@pictured
def test_usable_by_all(visit: Visit) -> None:
    # Colours are those of the light look; looking at them is the slow part.
    options = {"rules": {"color-contrast": {"enabled": not visit.name.startswith("phone/")}}}
    serious = [
        f"{item['id']}: {item['nodes'][0]['target']} {item['nodes'][0].get('failureSummary', '')[:200]}"
        for item in Axe().run(visit.page, options=options).response["violations"]
        if item["impact"] in {"serious", "critical"}
    ]
    assert serious == []


@pictured
def test_quiet(visit: Visit) -> None:
    # Who is not signed in learns it by an answer that the console counts as an error.
    expected = "401" if visit.name.endswith("/sign-in") else None
    assert [line for line in visit.trouble if expected is None or expected not in line] == []


@pictured
def test_looks_as_in_its_picture(visit: Visit) -> None:
    visit.page.evaluate("() => document.querySelector('main')?.scrollTo(0, 0)")
    visit.page.evaluate(FREEZE)
    pictures.check(visit.name, visit.page.screenshot(animations="disabled", caret="hide"))


@pictured
def test_fits(visit: Visit) -> None:
    assert visit.page.evaluate(BEYOND_EDGE) == []


@pytest.mark.parametrize("visit", FAILING, indirect=True, scope="module")
def test_says_what_failed(visit: Visit) -> None:
    alert = visit.page.get_by_role("alert").filter(has_text=FAILURE).first
    expect(alert).to_be_visible(timeout=15_000)
    expect(alert.get_by_role("button", name="Try again")).to_be_visible()
    expect(alert.get_by_role("button", name="01234567")).to_be_visible()
    expect(visit.page.get_by_role("navigation").first).to_be_visible()


# Values that the API writes for programs; the page must say them in its own words.
_FOR_PROGRAMS = frozenset(
    {
        "status",
        "kind",
        "role",
        "reason",
        "code",
        "case",
        "unit",
        "scope",
        "action",
        "type",
        "title",
        "detail",
        "message",
    }
)


@pytest.mark.parametrize("visit", PSEUDO, indirect=True, scope="module")
def test_in_any_language(visit: Visit) -> None:
    """Texts a third longer than the English ones: all of them translated, none cut, at every width."""
    page = visit.page
    bodies = [answer.json() for answer in visit.answers if "json" in answer.headers.get("content-type", "")]
    data = strings_of(bodies, but=_FOR_PROGRAMS) | {"AD"}  # who is signed in, in two letters
    found = {"not translated": untranslated(page.evaluate(VISIBLE_WORDS), data)}
    for width in [WIDE_PIXELS, *NARROW_PIXELS]:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(NEXT_FRAME)
        found[f"cut at {width} px"] = page.evaluate(CUT_LABELS)
        found[f"beyond the edge at {width} px"] = page.evaluate(BEYOND_EDGE)
    assert {what: places for what, places in found.items() if places} == {}
