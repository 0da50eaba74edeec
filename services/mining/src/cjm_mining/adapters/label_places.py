"""Where the numbers of paths stand in a picture: at their path, touching nothing else; on the page `draw/labels.ts`."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
Ends = tuple[str, str]
"""What a path leads from and to."""

_PARTS_TRIED = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)
_CELL = 4.0
_BESIDE = 2.5


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle around a point, in the unit of the picture."""

    center: Point
    width: float
    height: float

    def touches(self, other: "Rect") -> bool:
        """Whether the two have a part in common."""
        return all(
            2 * abs(self.center[axis] - other.center[axis]) < sides
            for axis, sides in enumerate((self.width + other.width, self.height + other.height))
        )

    def cells(self) -> Iterator[tuple[int, int]]:
        """The cells of a grid that it covers."""
        (x, y), across, up = self.center, self.width / 2, self.height / 2
        for column in range(math.floor((x - across) / _CELL), math.floor((x + across) / _CELL) + 1):
            for row in range(math.floor((y - up) / _CELL), math.floor((y + up) / _CELL) + 1):
                yield column, row


def place_labels(
    sizes: Mapping[Ends, tuple[float, float]], lines: Mapping[Ends, Sequence[Point]], obstacles: Iterable[Rect]
) -> dict[Ends, Rect]:
    """Find a place for labels on or right beside their path.

    Args:
        sizes: Width and height of the labels, the most important first.
        lines: Points along every path, as `along` makes them.
        obstacles: What no label may touch.

    Returns:
        The places; a label that fits nowhere has none.
    """
    owners: dict[tuple[int, int], set[Ends]] = {}
    for ends, line in lines.items():
        for x, y in line:
            owners.setdefault((math.floor(x / _CELL), math.floor(y / _CELL)), set()).add(ends)
    taken = list(obstacles)
    placed: dict[Ends, Rect] = {}
    for ends, size in sizes.items():
        for rect in _tried(lines[ends], *size):
            if any(owners.get(cell, set()) - {ends} for cell in rect.cells()) or any(map(rect.touches, taken)):
                continue
            placed[ends] = rect
            taken.append(rect)
            break
    return placed


def _tried(line: Sequence[Point], width: float, height: float) -> Iterator[Rect]:
    """On the line at several places; there beside it; there left or right of it, though it may run below the label."""
    last = len(line) - 1
    places = [round(part * last) for part in _PARTS_TRIED]
    yield from (Rect(line[place], width, height) for place in places)
    for place in places:
        (x, y), before, after = line[place], line[max(place - 1, 0)], line[min(place + 1, last)]
        length = math.dist(before, after) or 1.0
        across, up = (before[1] - after[1]) / length, (after[0] - before[0]) / length
        apart = (width * abs(across) + height * abs(up)) / 2 + _BESIDE
        for side in (apart, -apart):
            yield Rect((x + side * across, y + side * up), width, height)
    for x, y in (line[place] for place in places):
        for side in (-1, 1):
            yield Rect((x + side * (width / 2 + _BESIDE), y), width, height)


def along(curve: Sequence[Point]) -> list[Point]:
    """Points along a piecewise cubic Bézier curve of 3n + 1 control points, about a cell apart."""
    points = [curve[0]]
    for place in range(0, len(curve) - 1, 3):
        controls = (ax, ay), (bx, by), (cx, cy), (dx, dy) = curve[place : place + 4]
        steps = max(1, math.ceil(sum(map(math.dist, controls, controls[1:])) / _CELL))
        for step in range(1, steps + 1):
            after = step / steps
            before = 1 - after
            a, b, c, d = before**3, 3 * before**2 * after, 3 * before * after**2, after**3
            points.append((a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy))
    return points
