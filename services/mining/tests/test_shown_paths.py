"""Which paths a picture of a map begins with."""

import json
from pathlib import Path

import pytest

from cjm_mining.domain.shown_paths import Move, ShownPaths, shown_paths

LOG = json.loads((Path(__file__).parent / "shown_paths.json").read_text())


@pytest.fixture(scope="module")
def shown() -> ShownPaths:
    """Of the sample of a web shop, whose steps nearly all follow each other."""
    return shown_paths(
        {step: count for step, count, *_ in LOG["steps"]},
        {step: starts for step, _, starts, *_ in LOG["steps"]},
        {step: ends for step, _, _, ends, _ in LOG["steps"]},
        {(source, target): count for source, target, count in LOG["moves"]},
        LOG["cases"],
    )


def test_they_are_those_the_page_begins_with(shown: ShownPaths) -> None:
    assert [list(path) for path in (*shown.paths, *shown.repeats)] == LOG["shown"]
    assert shown.paths_count == sum(source != target for source, target, _ in LOG["moves"])
    assert len(shown.paths) < 2.2 * len(LOG["steps"]) < shown.paths_count


def test_every_step_is_reached_from_the_start_and_reaches_the_end(shown: ShownPaths) -> None:
    steps = {step for step, *_ in LOG["steps"]}
    assert _reached(shown.starts, shown.paths) == steps
    assert _reached(shown.ends, [(target, source) for source, target in shown.paths]) == steps
    least = 0.03 * LOG["cases"]
    assert {step for step, _, starts, *_ in LOG["steps"] if starts >= least} <= shown.starts


def test_about_seventeen_paths_are_drawn_for_ten_steps() -> None:
    counts = {"ab": 300, "bc": 250, "cd": 200, "da": 80, "ca": 60, "db": 40, "bd": 30, "ac": 20, "cb": 10, "ad": 10}
    moves: dict[Move, int] = {(path[0], path[1]): count for path, count in counts.items()}
    shown = shown_paths(dict.fromkeys("abcd", 300), {"a": 50}, {"d": 50}, moves, 50)
    # Four steps have room for 6.8 paths; the first seven hold 96 of 100 moves.
    assert ["".join(path) for path in shown.paths] == ["ab", "bc", "cd", "da", "ca", "db", "bd"]
    # A weak path without which a step has no way in comes before all that are stronger.
    shown = shown_paths(dict.fromkeys("abcde", 300), {"a": 50}, {"d": 50, "e": 1}, {**moves, ("d", "e"): 1}, 50)
    assert ["".join(path) for path in shown.paths][:5] == ["ab", "bc", "cd", "da", "de"]


def test_a_small_map_is_drawn_whole() -> None:
    moves: dict[Move, int] = {("a", "b"): 9, ("b", "a"): 2, ("b", "b"): 1}
    shown = shown_paths({"a": 11, "b": 100}, {"a": 9}, {"b": 9, "a": 0}, moves, 9)
    # One repeat among a hundred events is too few.
    assert shown == ShownPaths((("a", "b"), ("b", "a")), (), frozenset("a"), frozenset("b"), 2)


def test_without_journeys_nothing_is_drawn() -> None:
    assert shown_paths({}, {}, {}, {}, 0) == ShownPaths((), (), frozenset(), frozenset(), 0)


def _reached(first: frozenset[str], paths: list[Move] | tuple[Move, ...]) -> set[str]:
    reached = set(first)
    while more := {target for source, target in paths if source in reached} - reached:
        reached |= more
    return reached
