"""Which paths a picture of a map begins with."""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cjm_mining.domain.shown_paths import Move, ShownPaths, shown_paths

HERE = Path(__file__).parent
MAPS = {stored["name"]: stored for stored in json.loads((HERE / "sample_maps.json").read_text())}
SHOWN_BY_PAGE = {
    (stored["name"], shown["goal"]): shown
    for stored in json.loads((HERE / "shown_paths.json").read_text())
    for shown in stored["shown"]
}


def shown_of(stored: dict[str, Any], goal: str) -> ShownPaths:
    """What is drawn of a stored map."""
    return shown_paths(
        {step: events for step, events, *_ in stored["steps"]},
        {step: starts for step, _, _, starts, *_ in stored["steps"]},
        {step: ends for step, _, _, _, ends, _ in stored["steps"]},
        {(source, target): count for source, target, count in stored["moves"]},
        stored["cases"],
        goal,
    )


@pytest.mark.parametrize(("name", "goal"), SHOWN_BY_PAGE)
def test_they_are_those_the_page_begins_with(name: str, goal: str) -> None:
    shown, by_page = shown_of(MAPS[name], goal), SHOWN_BY_PAGE[name, goal]
    assert list(shown.main_way) == by_page["main_way"]
    assert [" → ".join(path) for path in shown.paths] == by_page["paths"]
    assert [" → ".join(path) for path in shown.repeats] == by_page["repeats"]
    assert [shown.starts, shown.ends] == [frozenset(by_page["starts"]), frozenset(by_page["ends"])]
    assert shown.paths_count == sum(source != target for source, target, _ in MAPS[name]["moves"])


@pytest.mark.parametrize("name", MAPS)
def test_the_stored_maps_are_those_of_the_samples(name: str) -> None:
    stored = MAPS[name]
    sample = Path(__file__).parents[3] / stored["file"]
    mapping = json.loads(sample.with_name(sample.name.replace(".csv.gz", ".mapping.json")).read_text())
    column = {item["field"]: item["column"] for item in mapping["columns"]}
    journeys: dict[str, list[str]] = {}
    with gzip.open(sample, "rt") as file:
        for row in sorted(csv.DictReader(file), key=lambda row: row[column["time"]]):
            journeys.setdefault(row[stored["journey_column"]], []).append(row[column["action_type"]])
    ways = list(journeys.values())
    assert len(ways) == stored["cases"]
    counted = [
        Counter(step for way in ways for step in way),
        Counter(step for way in ways for step in set(way)),
        Counter(way[0] for way in ways),
        Counter(way[-1] for way in ways),
    ]
    assert [row[:-1] for row in stored["steps"]] == [
        [step, *(count[step] for count in counted)] for step, *_ in stored["steps"]
    ]
    assert len(counted[0]) == len(stored["steps"])
    moves = Counter(move for way in ways for move in pairwise(way))
    assert {(source, target): count for source, target, count in stored["moves"]} == moves


@pytest.mark.parametrize("name", MAPS)
def test_every_step_is_reached_from_the_start_and_reaches_the_end(name: str) -> None:
    stored = MAPS[name]
    shown = shown_of(stored, stored["goals"][0])
    steps = {step for step, *_ in stored["steps"]}
    assert _reached(shown.starts | {*shown.main_way[:1]}, shown.paths) == steps
    back = [(target, source) for source, target in shown.paths]
    assert _reached(shown.ends | {*shown.main_way[-1:]}, back) == steps
    assert set(pairwise(shown.main_way)) <= set(shown.paths)
    assert len(shown.paths) < 2.2 * len(steps)


def test_about_seventeen_paths_are_drawn_for_ten_steps() -> None:
    counts = {"ab": 300, "bc": 250, "cd": 200, "da": 80, "ca": 60, "db": 40, "bd": 30, "ac": 20, "cb": 10, "ad": 10}
    moves: dict[Move, int] = {(path[0], path[1]): count for path, count in counts.items()}
    shown = shown_paths(dict.fromkeys("abcd", 300), {"a": 50}, {"d": 50}, moves, 50, "")
    # Four steps have room for 6.8 paths; the first seven hold 96 of 100 moves.
    assert ["".join(path) for path in shown.paths] == ["ab", "bc", "cd", "da", "ca", "db", "bd"]
    # A weak path without which a step has no way in comes before all that are stronger.
    shown = shown_paths(dict.fromkeys("abcde", 300), {"a": 50}, {"d": 50, "e": 1}, {**moves, ("d", "e"): 1}, 50, "")
    assert ["".join(path) for path in shown.paths][:5] == ["ab", "bc", "cd", "da", "de"]


def test_a_small_map_is_drawn_whole() -> None:
    moves: dict[Move, int] = {("a", "b"): 9, ("b", "a"): 2, ("b", "b"): 1}
    shown = shown_paths({"a": 11, "b": 100}, {"a": 9}, {"b": 9, "a": 0}, moves, 9, "")
    # One repeat among a hundred events is too few; where all start and end is where the main way does.
    assert shown == ShownPaths(("a", "b"), (("a", "b"), ("b", "a")), (), frozenset(), frozenset(), 2)


def test_a_step_alone_in_its_journey_says_that_it_starts_and_ends_there_however_rare() -> None:
    shown = shown_paths(
        {"a": 99, "b": 99, "lone": 1}, {"a": 99, "lone": 1}, {"b": 99, "lone": 1}, {("a", "b"): 99}, 100, ""
    )
    assert shown == ShownPaths(("a", "b"), (("a", "b"),), (), frozenset({"lone"}), frozenset({"lone"}), 1)


def test_without_journeys_nothing_is_drawn() -> None:
    assert shown_paths({}, {}, {}, {}, 0, "") == ShownPaths((), (), (), frozenset(), frozenset(), 0)


def _reached(first: Iterable[str], paths: Sequence[Move]) -> set[str]:
    reached = set(first)
    while more := {target for source, target in paths if source in reached} - reached:
        reached |= more
    return reached
