"""Where the numbers of paths stand."""

import math
from itertools import pairwise

import pytest

from cjm_mining.adapters.label_places import Rect, along, place_labels

LEFT, RIGHT = ("a", "b"), ("b", "a")


def upright(x: float) -> list[tuple[float, float]]:
    return along([(x, 0.0), (x, 30.0), (x, 60.0), (x, 90.0)])


def test_points_along_a_curve_lie_on_it_about_a_cell_apart() -> None:
    points = along([(0.0, 0.0), (0.0, 40.0), (80.0, 40.0), (80.0, 0.0), (80.0, -40.0), (0.0, -40.0), (0.0, 0.0)])
    assert points[0] == points[-1] == (0.0, 0.0)
    assert (80.0, 0.0) in points
    assert any(point == pytest.approx((40.0, 30.0), abs=2) for point in points)
    assert max(math.dist(*step) for step in pairwise(points)) < 8


def test_a_label_stands_on_the_middle_of_its_path() -> None:
    [placed] = place_labels({LEFT: (20, 12)}, {LEFT: upright(50)}, []).values()
    assert placed.center == pytest.approx((50, 45), abs=2)
    assert (placed.width, placed.height) == (20, 12)


def test_labels_of_paths_there_and_back_stand_on_either_side() -> None:
    lines = {LEFT: upright(50), RIGHT: upright(58)}
    placed = place_labels(dict.fromkeys(lines, (20.0, 12.0)), lines, [])
    assert placed[LEFT].center[0] + 10 < 50
    assert placed[RIGHT].center[0] - 10 > 58


def test_a_label_goes_where_nothing_is_in_its_way_or_is_left_out() -> None:
    lines = {LEFT: upright(50)}
    half = Rect((50, 60), 90, 60)
    [placed] = place_labels({LEFT: (20, 12)}, lines, [half]).values()
    assert not placed.touches(half)
    assert placed.center[1] < 30
    assert place_labels({LEFT: (20, 12)}, lines, [Rect((50, 45), 90, 90)]) == {}
    # One that came first is in the way of the next.
    crossing = along([(0.0, 45.0), (30.0, 45.0), (70.0, 45.0), (100.0, 45.0)])
    both = place_labels(dict.fromkeys((LEFT, RIGHT), (20.0, 12.0)), {LEFT: upright(50), RIGHT: crossing}, [])
    assert not both[LEFT].touches(both[RIGHT])
