"""Numbers, codes and sentences without any server."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cjm_bot import messages
from cjm_bot.adapters.charts import ChartPainter
from cjm_bot.domain import (
    CHART_DAYS,
    DayNumbers,
    Followed,
    RecentDays,
    fits_photo,
    hash_code,
    merge_days,
    new_code,
    recent_days,
)

from .conftest import png

MONDAY = date(2024, 5, 6)
PAGE_MESSAGES = Path(__file__).resolve().parents[2] / "gateway" / "web" / "src" / "messages"


def test_days_of_several_datasets_add_up_and_missing_days_are_zero() -> None:
    shop = [DayNumbers(MONDAY, 2, 9), DayNumbers(MONDAY + timedelta(days=2), 1, 4)]
    calls = [DayNumbers(MONDAY + timedelta(days=2), 3, 3), DayNumbers(MONDAY + timedelta(days=3), 0, 0)]
    assert merge_days([shop, calls]) == (
        DayNumbers(MONDAY, 2, 9),
        DayNumbers(MONDAY + timedelta(days=1), 0, 0),
        DayNumbers(MONDAY + timedelta(days=2), 4, 7),
    )


def test_only_the_last_days_are_kept() -> None:
    merged = merge_days([[DayNumbers(MONDAY + timedelta(days=index), 1, 1) for index in range(30)]])
    assert len(merged) == CHART_DAYS
    assert merged[-1].day == MONDAY + timedelta(days=29)


def test_no_touchpoints_means_no_days() -> None:
    assert merge_days([[], [DayNumbers(MONDAY, 0, 0)]]) == ()


@pytest.mark.parametrize(
    ("now_count", "before_count", "text"),
    [
        (430, 418, "+12, +2.9%"),
        (100, 50, "+50, +100%"),
        (50, 100, "-50, -50%"),
        (3_000, 1_295, "+1,705, +132%"),
        (2, 600, "-598, -99.7%"),
        (1, 10_000, "-9,999, -99.9%"),
        (0, 600, "-600, -100%"),
        (10_001, 10_000, "+1, under 0.1%"),
        (5, 0, "+5"),
        (7, 7, "no change"),
    ],
)
def test_change(now_count: int, before_count: int, text: str) -> None:
    assert messages.change(now_count, before_count) == text


def test_a_day_that_is_not_over_says_so() -> None:
    last_event_at = datetime(2024, 5, 6, 18, 0, tzinfo=UTC)
    sunday = DayNumbers(MONDAY - timedelta(days=1), 0, 0)
    recent = RecentDays((sunday, DayNumbers(MONDAY, 3, 9)), 2, last_event_at, MONDAY)
    assert messages.today(recent).splitlines() == [
        "6 May 2024: 9 touchpoints (+9 on the day before) from 3 customers (+3).",
        "Data until 18:00 UTC. Today's numbers will grow.",
        "Counted in all public datasets and your 2 private ones.",
    ]
    assert "will grow" not in messages.today(replace(recent, today=MONDAY + timedelta(days=1)))


def test_today_is_that_of_the_newest_day() -> None:
    """In Kiribati it is Tuesday already, but its newest touchpoints are of Sunday."""
    sunday, tuesday = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)
    noon = datetime(2024, 5, 6, 12, tzinfo=UTC)
    here = Followed((DayNumbers(MONDAY, 1, 1),), MONDAY, noon)
    there = Followed((DayNumbers(sunday, 2, 2),), tuesday, noon - timedelta(days=1))
    recent = recent_days(Followed(), [there, here])
    assert (recent.today, recent.last_event_at, recent.own_private_count) == (MONDAY, noon, 2)
    assert [numbers.touchpoints_count for numbers in recent.days] == [2, 1]
    assert recent_days(Followed(), []) == RecentDays((), 0, None, None)


def test_one_is_one() -> None:
    recent = RecentDays((DayNumbers(MONDAY, 1, 1),), 0, None, MONDAY + timedelta(days=2))
    # The first day of all has no day before.
    assert messages.today(recent).splitlines() == [
        "6 May 2024: 1 touchpoint from 1 customer.",
        "This is the latest day with touchpoints.",
        "Counted in all public datasets.",
    ]


def test_what_is_said_of_the_page_is_there() -> None:
    page: dict[str, str] = {}
    for file in PAGE_MESSAGES.glob("*.en.json"):
        page |= json.loads(file.read_text())
    settings, explore, history = (page[f"shell.nav.{place}"] for place in ("settings", "explore", "history"))
    telegram, models = page["settings.tab.telegram"], page["explore.tab.models"]
    link = f"{settings}, {telegram} on the web page of {page['auth.lead']} and choose {page['settings.telegram.link']}."
    assert all(link in text for text in (messages.START, messages.NOT_LINKED, messages.UNLINKED))
    assert messages.CODE_ENDED.endswith(f"{settings}, {telegram}.")
    assert f"{explore}, {models} on the web page, choose {page['explore.model.build']}," in messages.NO_MAP
    assert f" in {history} " in messages.NO_PICTURE
    assert f" {page['data.tab.quality']} of the dataset" in messages.ALL_AHEAD
    kinds = {key.removeprefix("common.analysis."): words for key, words in page.items() if ".analysis." in key}
    assert kinds == messages._KINDS
    # The page shows what the bot says as an example.
    days = (DayNumbers(MONDAY + timedelta(days=1), 207, 414), DayNumbers(MONDAY + timedelta(days=2), 215, 430))
    said = messages.today(RecentDays(days, 0, None, None))
    assert said.startswith(page["settings.telegram.sample"] + "\n")


def test_codes_are_different_fit_a_deep_link_and_are_stored_hashed() -> None:
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(len(code) == 32 and code.replace("-", "").replace("_", "").isalnum() for code in codes)
    assert all(code not in hash_code(code) for code in codes)


def test_large_pictures_are_no_photos() -> None:
    assert fits_photo(png(5_000, 5_000))
    assert not fits_photo(png(5_001, 5_000))
    assert not fits_photo(png(2_100, 100))
    assert not fits_photo(png() + bytes(10_000_000))
    assert not fits_photo(b"<svg/>")


async def test_the_chart_is_a_picture_that_shows_the_numbers() -> None:
    one = await ChartPainter().days([DayNumbers(MONDAY, 1, 1)], "Touchpoints per day")
    two = await ChartPainter().days([DayNumbers(MONDAY, 1, 1), DayNumbers(MONDAY, 1, 2)], "Touchpoints per day")
    assert fits_photo(one)
    assert one != two
    assert (int.from_bytes(one[16:20]), int.from_bytes(one[20:24])) == (1200, 675)
