"""Bounds of a histogram of durations that people can read."""

from itertools import pairwise
from math import ceil, floor

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# Seconds at which people think of durations as of another size.
_LANDMARKS = (
    0, 1, 2, 5, 10, 20, 30,
    *(_MINUTE * number for number in (1, 2, 5, 10, 20, 30)),
    *(_HOUR * number for number in (1, 2, 4, 8, 12)),
    *(_DAY * number for number in (1, 2, 4, 7, 14, 30, 60, 90, 180, 365, 730, 1_825, 3_650, 18_250, 146_000)),
)  # fmt: skip
_STEPS = (
    0.1, 0.2, 0.5,
    *(number for number in _LANDMARKS if number),
)  # fmt: skip
_BINS_COUNT = 12


def histogram_bounds(min_seconds: float, max_seconds: float) -> list[float]:
    """Bounds of about 12 bins that cover all durations, at round figures.

    Equal steps when the durations are of the same size, landmarks (1 min, 1 h, 1 day ...) when they are not.

    Args:
        min_seconds: Shortest duration, >= 0.
        max_seconds: Longest duration, >= `min_seconds`.

    Returns:
        Rising bounds, at least two; the first is <= `min_seconds`, the last >= `max_seconds`.

    Example:
        >>> histogram_bounds(20.0, 95.0)
        [20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0]
    """
    if max_seconds <= 8 * max(min_seconds, 1.0):
        step = next(step for step in (*_STEPS, max_seconds) if step * (_BINS_COUNT - 1) >= max_seconds - min_seconds)
        first, last = floor(min_seconds / step), ceil(max_seconds / step)
        return [round(float(place * step), 3) for place in range(first, max(last, first + 1) + 1)]
    inside = [low for low, high in pairwise(_LANDMARKS) if high > min_seconds and low < max_seconds]
    bounds = [*inside, next((mark for mark in _LANDMARKS if mark >= max_seconds), ceil(max_seconds))]
    stride = ceil((len(bounds) - 1) / _BINS_COUNT)
    # Thinned from the long end, where the landmarks say most.
    thinned = bounds[::-1][::stride][::-1]
    return [float(bound) for bound in ([bounds[0], *thinned] if thinned[0] != bounds[0] else thinned)]
