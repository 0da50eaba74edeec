"""What a picture says of itself is what the page says, word for word."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cjm_mining.adapters import captions
from cjm_mining.adapters.captions import caption, map_lines
from cjm_mining.domain.analysis import Analysis, Kind, Status
from cjm_mining.domain.shown_paths import ShownPaths
from cjm_protos.catalog.v1 import dataset_pb2
from cjm_protos.ingest.v1.questions_pb2 import ActivityNode, DirectlyFollowsGraph
from cjm_protos.ingest.v1.scope_pb2 import (
    Activities,
    Contains,
    CountRange,
    DurationRange,
    FieldIn,
    Filter,
    FilterGroup,
    Follows,
    Scope,
)

_MESSAGES = Path(__file__).resolve().parents[2] / "gateway" / "web" / "src" / "messages"


def _page(name: str) -> dict[str, str]:
    words: dict[str, str] = json.loads((_MESSAGES / f"{name}.en.json").read_text())
    return words


def _negated(part: Filter) -> Filter:
    inner: dict[str, Any] = {"not": part}
    return Filter(**inner)


def _analysis(
    kind: Kind = Kind.ALPHA,
    *filters: Filter,
    period: tuple[str, str] = ("", ""),
    gap: int | None = None,
    counts: tuple[int, int] = (3_605, 31_106),
    status: Status = Status.SUCCEEDED,
    parameters: dict[str, float] | None = None,
) -> Analysis:
    notion = dataset_pb2.CASE_NOTION_CUSTOMER if gap is None else dataset_pb2.CASE_NOTION_SESSION
    scope = Scope(case_notion=notion, session_gap_minutes=gap or 0)
    if filters:
        scope.filter.CopyFrom(filters[0] if len(filters) == 1 else Filter(all_of=FilterGroup(filters=filters)))
    return Analysis(
        *("a", "u", "d", "Web shop", kind, scope.SerializeToString(), (), *period, parameters or {}),
        created_at=datetime.now(UTC),
        status=status,
        cases_count=counts[0],
        events_count=counts[1],
    )


def test_a_tree_says_what_its_circles_are() -> None:
    *_, legend = caption(_analysis(Kind.INDUCTIVE_TREE, parameters={"noise_threshold": 0.2}))
    assert legend.endswith("A circle with τ is no step at all.")


def test_a_caption_says_dataset_scope_base_and_legend() -> None:
    parameters = {"dependency_threshold": 0.8, "and_threshold": 0.65, "loop_two_threshold": 0.5}
    period = ("2024-05-01", "2024-06-07")
    title, scope, base, legend = caption(_analysis(Kind.HEURISTICS_NET, period=period, gap=30, parameters=parameters))
    assert title == "Web shop"
    assert scope == (
        "May 1 – Jun 7, 2024 · journeys by session, new after 30 min · least dependency 80% · side by side from 65% · "
        "loops of two from 50%"
    )
    assert base == "3,605 sessions, 31,106 events"
    assert legend.startswith("Arrows lead to the steps")


def test_a_partial_model_says_so_and_one_journey_is_one() -> None:
    partial = _analysis(Kind.INDUCTIVE_TREE, counts=(1, 1), status=Status.PARTIAL, parameters={"noise_threshold": 0.0})
    assert caption(partial)[2] == f"1 customer, 1 event. {_page('explore')['explore.model.partial']}"


@pytest.mark.parametrize(
    ("period", "said"),
    [
        (("", ""), "All data"),
        (("2024-05-01", ""), "From May 1, 2024"),
        (("", "2024-05-01"), "Until May 1, 2024"),
        (("2024-05-01", "2024-05-01"), "May 1, 2024"),
        (("2024-05-01", "2024-05-31"), "May 1 – 31, 2024"),
        (("2023-12-31", "2024-01-01"), "Dec 31, 2023 – Jan 1, 2024"),
    ],
)
def test_periods(period: tuple[str, str], said: str) -> None:
    assert caption(_analysis(period=period))[1] == f"{said} · journeys by customer"


_WAY = Filter(exact_way=Activities(activities=["a", "b"]))


@pytest.mark.parametrize(
    ("filter_", "said"),
    [
        (Filter(field_in=FieldIn(field="device_category", values=["mobile", "tablet", ""])),
         "Device is mobile, tablet, or (not set)"),
        (_negated(Filter(field_in=FieldIn(field="properties.plan", values=["pro"]))), "plan is not pro"),
        (Filter(contains=Contains(activities=["a", "b"])), "Goes through a or b"),
        (_negated(Filter(contains=Contains(activities=["a"]))), "Does not go through a"),
        (Filter(directly_follows=Follows(source="a", target="b")), "Directly a → b"),
        (_negated(Filter(eventually_follows=Follows(source="a", target="b"))), "Never a → b"),
        (Filter(starts_with=Activities(activities=["a"])), "Starts with a"),
        (_negated(Filter(ends_with=Activities(activities=["a"]))), "Does not end with a"),
        (Filter(any_of=FilterGroup(filters=[_WAY, _WAY])), "Way is a → b or a → b"),
        (_negated(Filter(any_of=FilterGroup(filters=[_WAY, _WAY]))), "Way is not a → b or a → b"),
        (Filter(length=CountRange(min_count=3, max_count=1_000)), "Steps between 3 and 1,000"),
        (Filter(length=CountRange(max_count=0)), "Steps at most 0"),
        (_negated(Filter(length=CountRange(min_count=3))), "Steps not at least 3"),
        (_negated(Filter(length=CountRange(min_count=2, max_count=2))), "Steps not exactly 2"),
        (Filter(duration=DurationRange(min_seconds=59.6)), "Took at least 59.6 s"),
        (Filter(duration=DurationRange(min_seconds=88_200)), "Took at least 1 d 30 m"),
        (Filter(duration=DurationRange(max_seconds=0)), "Took at most 0 s"),
        (_negated(Filter(duration=DurationRange(min_seconds=0.5, max_seconds=187_200.000001))),
         "Did not take between 0.5 s and 2 d 4 h 0.000001 s"),
        (Filter(any_of=FilterGroup(filters=[Filter(duration=DurationRange(min_seconds=60, max_seconds=120)),
                                            Filter(duration=DurationRange(min_seconds=3_600))])),
         "Took between 1 m and 2 m or Took at least 1 h"),
    ],
)  # fmt: skip
def test_filters(filter_: Filter, said: str) -> None:
    assert caption(_analysis(Kind.ALPHA, filter_))[1] == f"All data · journeys by customer · {said}"


def test_several_filters_are_said_one_after_the_other() -> None:
    parts = [Filter(starts_with=Activities(activities=[step])) for step in "ab"]
    assert caption(_analysis(Kind.ALPHA, *parts))[1].endswith(" · Starts with a · Starts with b")


_GRAPH = DirectlyFollowsGraph(cases_count=8, nodes=[ActivityNode(activity="pay", cases_count=2)])
_ALL_DRAWN = ShownPaths(("pay",), (), (), frozenset(), frozenset(), 0)


@pytest.mark.parametrize(
    ("shown", "goal", "said"),
    [
        (_ALL_DRAWN, "pay", ["Green band: main way to the goal, pay, reached in 25% of the journeys"]),
        (_ALL_DRAWN, "", ["Green band: main way"]),
        (_ALL_DRAWN, "fly", ["Green band: main way. No journey reaches the goal, fly."]),
        (
            replace(_ALL_DRAWN, starts=frozenset("a"), ends=frozenset("b"), repeats=(("b", "b"),), paths_count=1_200),
            "",
            ["▸ started here · ■ left here · ↺ repeats", "Green band: main way", "0 of 1,200 paths are drawn."],
        ),
    ],
)
def test_a_map_says_its_marks_its_goal_and_how_much_of_it_is_drawn(
    shown: ShownPaths, goal: str, said: list[str]
) -> None:
    assert map_lines(_GRAPH, shown, goal) == said


def test_the_words_are_those_of_the_page() -> None:
    common, filters, explore = map(_page, ("common", "filters", "explore"))
    fields = {key.removeprefix("common.field."): label for key, label in common.items() if ".field." in key}
    assert fields == captions._FIELDS
    chips = {text for key, text in filters.items() if key.startswith("filters.chip.")}
    said = {
        words.replace("Field", "{field}")
        for node, part in (
            ("field_in", FieldIn(field="properties.Field")),
            ("contains", Contains()),
            ("directly_follows", Follows()),
            ("eventually_follows", Follows()),
            ("starts_with", Activities()),
            ("ends_with", Activities()),
            ("exact_way", Activities()),
            *(("length", CountRange(**bounds)) for bounds in ({"min_count": 1}, {"max_count": 1})),
            *(("length", CountRange(min_count=1, max_count=most)) for most in (1, 2)),
            *(("duration", DurationRange(**bounds)) for bounds in ({"min_seconds": 1}, {"max_seconds": 1})),
            *(("duration", DurationRange(min_seconds=1, max_seconds=most)) for most in (1, 2)),
        )
        for words in captions._PREDICATES[node](part)[:2]
    }
    assert said == chips
    for name, words in captions._SETTINGS.items():
        assert filters[f"filters.setting.{name}"] == f"{words} {{share}}"
    assert explore["explore.model.legend.petri"] == captions._PETRI_LEGEND
    numbers = re.sub(r"{unit, select.*?}}", "sessions", explore["explore.export.numbers_frequency"])
    assert caption(_analysis(Kind.DIRECTLY_FOLLOWS, gap=0))[3].startswith(numbers)
    started, left, way = (explore[f"explore.legend.{mark}"] for mark in ("started", "left", "main"))
    shown = replace(_ALL_DRAWN, starts=frozenset("a"), ends=frozenset("a"))
    assert map_lines(_GRAPH, shown, "") == [f"▸ {started} · ■ {left}", f"Green band: {way.lower()}"]
