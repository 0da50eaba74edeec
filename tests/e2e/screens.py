"""The screens of the page by name, and how a test waits for one and looks into it."""

import os
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize, expect

from cjm_testkit.product import ADMIN_PASSWORD

CHROMIUM = Path(os.environ.get("CJM_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
TABLET: ViewportSize = {"width": 768, "height": 1024}
PHONE: ViewportSize = {"width": 360, "height": 780}

# Every route of the page. {dataset} and {import} stand for the ids of the sample data.
SCREENS = {
    "sign-in": "/signin",
    "home": "/",
    "map": "/explore/map",
    "map-step": "/explore/map?sel=product_view",
    "map-table": "/explore/map?view=table",
    "variants": "/explore/variants",
    "models": "/explore/models",
    "reports": "/reports",
    "reports-compared": "/reports?from=2024-05-01&to=2024-05-31&compare=previous",
    "history": "/history",
    "datasets": "/data/datasets",
    "dataset": "/data/datasets/{dataset}",
    "dataset-quality": "/data/datasets/{dataset}?tab=quality",
    "imports": "/data/imports",
    "import": "/data/imports/{import}",
    "import-new": "/data/imports/new",
    "help": "/help/start",
    "account": "/settings/account",
    "telegram": "/settings/telegram",
    "team": "/settings/team",
    "tokens": "/settings/tokens",
    "not-found": "/no/such/page",
}
# Screens that show something without an answer of the API.
HAVE_OWN_CONTENT = {"sign-in", "import-new", "help", "account", "telegram", "not-found"}


def sign_in(page: Page, password: str = ADMIN_PASSWORD) -> None:
    page.goto("/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation").first).to_be_visible()


def answered(page: Page) -> None:
    """Wait until the page stands and no answer is held back (see `HELD_ANSWERS`)."""
    expect(page.locator("h1").first).to_be_attached(timeout=15_000)
    page.wait_for_function("() => !window.heldAnswers", timeout=15_000)


def settled(page: Page) -> None:
    """Wait until the page shows its content, to its lower end, and asks for nothing more."""
    expect(page.locator("h1").first).to_be_attached(timeout=15_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_function(
        "(skeletons) => document.querySelectorAll(skeletons).length === 0 && !window.heldAnswers",
        arg="[data-skeleton], .mantine-Skeleton-root, [data-unplaced]",
        timeout=15_000,
    )


# Each answer of the API waits until the page has painted what stands for it, and all that came before; one after the
# other, so that each makes what it moves alone.
HELD_ANSWERS = """
const ask = window.fetch;
const frame = () => new Promise(requestAnimationFrame);
const painted = async () => {
    // Who is signed in is asked for before there is a page.
    while (document.getElementById("content")?.querySelector("h1, [role=status]") === null) await frame();
    await frame();
    // Loading shapes come after a moment, by an animation.
    const coming = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
    await Promise.all(coming.map((one) => one.finished.catch(() => null)));
    await frame();
};
window.heldAnswers = 0;
let former = Promise.resolve();
window.fetch = (...request) => {
    window.heldAnswers++;
    const answer = former.then(painted).then(() => ask(...request));
    former = answer.catch(() => null).then(painted).then(() => void window.heldAnswers--);
    return answer;
};
"""

# Parts of the page that load by themselves and that the rest can be read without.
LATE_PARTS = re.compile(r"/assets/(Chart|HelpPopover|PhoneMore|QrCode|TopBar)-.*\.js$")
# Other pages come with their filter bar.
LATE_FILTER_BAR = re.compile(r"/assets/FilterBar-.*\.js$")
HAVE_LATE_FILTER_BAR = {"home", "reports", "reports-compared"}

FAILURE = "The store of events is full. Ask the operator to make room."
# All answers but the one about who is signed in.
FAILING_ANSWERS = f"""
const ask = window.fetch;
const body = JSON.stringify({{ reason: "full", detail: "{FAILURE}", request_id: "0123456789abcdef" }});
const headers = {{ "Content-Type": "application/problem+json" }};
window.fetch = async (address, ...rest) =>
    String(address).endsWith("/me") ? ask(address, ...rest) : new Response(body, {{ status: 409, headers }});
"""

WATCH_SHIFTS = """
window.shifts = [];
const nameOf = (node) => {
    const element = node instanceof Element ? node : node?.parentElement;
    return element ? `${element.localName}.${element.getAttribute("class") ?? ""}` : "?";
};
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
        if (entry.hadRecentInput) continue;
        const moved = entry.sources.map(({ node, previousRect: a, currentRect: b }) =>
            `${nameOf(node)} from ${a.x},${a.y} ${a.width}x${a.height} to ${b.x},${b.y} ${b.width}x${b.height}`);
        window.shifts.push({ score: entry.value, at: Math.round(entry.startTime), moved });
    }
}).observe({ type: "layout-shift", buffered: true });
"""

SHIFTS = "() => window.shifts"
# Two frames on, and every change that takes time has come to its end (with reduced motion each takes 0.01 ms).
NEXT_FRAME = """
async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
    await Promise.all(ending.map((one) => one.finished.catch(() => null)));
}
"""

# Times, ids and the address of this run become fixed ones.
FREEZE = r"""
() => {
    const day = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \\d{1,2}, (202[5-9]|20[3-9]\\d)";
    const fixed = [
        [new RegExp(`${day}, \\d{1,2}:\\d\\d\\s[AP]M`, "g"), "Jan 10, 2025, 10:00 AM"],
        [new RegExp(day, "g"), "Jan 10, 2025"],
        [/\b\d+ (second|minute|hour|day)s? ago\b|\byesterday\b|^now$|(?<=, |built )now\b/g, "10 minutes ago"],
        [/\btook (less than a second|\d[\d dhms]*)/g, "took 1 s"],
        [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "00000000-0000-0000-0000-000000000000"],
        [/\b(202[5-9]|20[3-9]\d)-\d\d-\d\dT[\d:.]+Z/g, "2025-01-10T10:00:00.000Z"],
        [location.host, "localhost:8080"],
    ];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode;
        const frozen = fixed.reduce((words, [pattern, instead]) => words.replace(pattern, instead), text.data);
        if (frozen !== text.data) text.data = frozen;
    }
}
"""

# What would need a sideways scroll, or is out of reach: parts beyond the right edge that no own scroll area holds.
BEYOND_EDGE = """
() => {
    const found = [];
    for (const frame of [document.documentElement, document.querySelector("main")]) {
        const extra = frame ? frame.scrollWidth - frame.clientWidth : 0;
        if (extra > 0) found.push(`${frame.localName} scrolls sideways by ${extra} px`);
    }
    const scrolls = (element) => {
        for (let at = element.parentElement; at && at.localName !== "main"; at = at.parentElement) {
            const { overflowX } = getComputedStyle(at);
            if (["auto", "scroll"].includes(overflowX) && at.scrollWidth > at.clientWidth) return true;
        }
        return false;
    };
    for (const element of document.querySelectorAll("h1, h2, h3, p, a, button, input, select, textarea, label, img")) {
        const { left, right, width, height } = element.getBoundingClientRect();
        const isHidden = width <= 1 || height <= 1 || !element.checkVisibility({ visibilityProperty: true });
        if (isHidden || (right <= innerWidth + 1 && left >= -1) || element.closest("svg") || scrolls(element)) continue;
        found.push(`${element.localName} "${element.textContent.trim().slice(0, 40)}" spans ${left} to ${right} px`);
    }
    return found;
}
"""

# Labels of buttons, tabs and chips that are cut or stick out although they are the page's own words (which carry
# accents).
CUT_LABELS = """
() => {
    const marks = /[áëïöüýçñÅÉÖŠ·]/;
    const controls = `button, [role=tab], [role=button], nav a, a[class*=utton],
        .mantine-Badge-root, .mantine-SegmentedControl-label`;
    // Hidden from the eye, not from screen readers: in a box of one pixel.
    const isForReaders = (element) =>
        element !== null && (element.clientWidth === 1 || isForReaders(element.parentElement));
    const found = [];
    for (const control of document.querySelectorAll(controls)) {
        if (control.closest("svg") || !control.checkVisibility({ visibilityProperty: true })) continue;
        const walker = document.createTreeWalker(control, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const text = walker.currentNode;
            const parent = text.parentElement;
            const isHidden = isForReaders(parent) || !parent.checkVisibility({ visibilityProperty: true });
            if (!marks.test(text.data) || isHidden || parent.closest("svg")) continue;
            const range = document.createRange();
            range.selectNodeContents(text);
            const words = range.getBoundingClientRect();
            if (words.width === 0) continue;
            for (let box = parent; ; box = box.parentElement) {
                const clips = getComputedStyle(box).overflowX !== "visible";
                if (clips || box === control) {
                    const frame = box.getBoundingClientRect();
                    const wide = Math.max(words.right - frame.right, clips ? box.scrollWidth - box.clientWidth : 0);
                    const tall = Math.max(words.bottom - frame.bottom, frame.top - words.top);
                    if (wide > 1 || tall > 4) found.push(`"${text.data.trim()}" lacks ${wide} x ${tall} px`);
                }
                if (box === control) break;
            }
        }
    }
    return found;
}
"""

# Visible words of the page with where they stand; code and what the page marks as not to be translated left out.
VISIBLE_WORDS = """
() => {
    const found = [];
    const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const isExempt = (element) => element.closest("code, pre, kbd, samp, script, style, [translate=no]") !== null;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const { data, parentElement } = walker.currentNode;
        if (data.trim() && isShown(parentElement) && !isExempt(parentElement)) found.push(data.trim());
    }
    for (const name of ["aria-label", "aria-valuetext", "placeholder", "title", "alt", "data-label"]) {
        for (const element of document.querySelectorAll(`[${name}]`)) {
            if (isShown(element) && !isExempt(element)) found.push(element.getAttribute(name));
        }
    }
    return [...found, document.title];
}
"""

_WORD = re.compile(r"[^\W\d_]+")
_PLAIN = re.compile(r"[aeiouycnAEOS]")
# What Intl writes, units, and names that are the same in every language.
_SAME_EVERYWHERE = re.compile(
    r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b|\b(AM|PM|UTC)\b"
    r"|\b(in )?\d+ (second|minute|hour|day)s?( ago)?\b|\b(now|yesterday|tomorrow)\b"
)


def untranslated(texts: list[str], data: set[str]) -> list[str]:
    """The texts with a word that is neither of the pseudo-locale nor data.

    Args:
        texts: What the page shows in the pseudo-locale, where each letter of `_PLAIN` has an accent.
        data: Strings of the people who use the page: names, steps, values.
    """
    found = []
    for text in texts:
        rest = text
        for known in sorted(data, key=len, reverse=True):
            rest = rest.replace(known, " ")
        rest = _SAME_EVERYWHERE.sub(" ", rest)
        if any(_PLAIN.search(word) for word in _WORD.findall(rest)):
            found.append(text)
    return sorted(set(found))


def strings_of(answer: Any, *, but: frozenset[str]) -> set[str]:
    """All strings of two letters and more in a JSON answer, except the values under the keys `but`."""
    if isinstance(answer, str):
        return {answer} if len(answer) > 1 else set()
    if isinstance(answer, list):
        return set().union(*(strings_of(item, but=but) for item in answer))
    if isinstance(answer, dict):
        # Reports count per value: there the keys are data.
        named = set(answer.get("by", {})) if isinstance(answer.get("by"), dict) else set()
        return named.union(*(strings_of(value, but=but) for key, value in answer.items() if key not in but))
    return set()
