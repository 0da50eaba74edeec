"""Which paths of a directly-follows graph a picture begins with: the rule of the journey map, which never shows all.

The page has the same rule (`model/mainWay.ts`, `model/backbone.ts`, `draw/stubs.ts`): `tests/shown_paths.json` holds
what it makes of some maps, and a test on each side holds both to that.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PATHS_PER_STEP = 1.7
REPEAT_SHOWN_RATIO = 0.05
"""Part of the events of a step from which its repeat is drawn."""
END_SHOWN_RATIO = 0.03
"""Part of the journeys from which it is drawn that they start or end with a step."""

Move = tuple[str, str]
_START, _END = "\0start", "\0end"


@dataclass(frozen=True, slots=True)
class ShownPaths:
    """What to draw.

    Attributes:
        main_way: Steps of the strongest way to the goal, or to the end where no goal is set or none is reached.
        paths: Paths between different steps, the indispensable ones first, each group strongest first.
        repeats: Repeats of one step.
        starts: Steps at which it is said how many journeys start there: many do, or nothing else holds the step to the
            start as well, and the main way does not; `ends` likewise.
        paths_count: Paths between different steps, drawn or not.
    """

    main_way: tuple[str, ...]
    paths: tuple[Move, ...]
    repeats: tuple[Move, ...]
    starts: frozenset[str]
    ends: frozenset[str]
    paths_count: int


def shown_paths(
    events: Mapping[str, int],
    starts: Mapping[str, int],
    ends: Mapping[str, int],
    moves: Mapping[Move, int],
    cases_count: int,
    goal: str,
) -> ShownPaths:
    """Choose what is drawn.

    Always there is the backbone: the main way, the strongest way into and out of each step, and the widest routes by
    which each step is reached from the start and reaches the end. Then come the strongest of the other paths, until
    there are about 1.7 per step.

    Args:
        events: Events of each step.
        starts: Journeys that start with a step; `ends` likewise.
        moves: Moves of each path, strongest first, repeats of one step among them.
        cases_count: Journeys.
        goal: Step to which the main way leads; "" for none.
    """
    between = sorted(((path, count) for path, count in moves.items() if path[0] != path[1]), key=lambda item: -item[1])
    links = sorted(
        [
            *(
                (link, count)
                for step in events
                for link, count in (((_START, step), starts.get(step, 0)), ((step, _END), ends.get(step, 0)))
                if count
            ),
            *between,
        ],
        key=lambda item: -item[1],
    )
    route = (_widest_route(links, _START, goal) if goal in events else None) or _widest_route(links, _START, _END) or []
    main_way = tuple(place for _, place in route if place != _END)
    kept = {*route, *_widest_tree(links, is_reversed=False), *_widest_tree(links, is_reversed=True)}
    entered: set[str] = set()
    left: set[str] = set()
    for (source, target), _ in between:
        if target not in entered or source not in left:
            kept.add((source, target))
        entered.add(target)
        left.add(source)
    order = [item for item in between if item[0] in kept] + [item for item in between if item[0] not in kept]
    backbone_count = sum(path in kept for path, _ in between)
    least = END_SHOWN_RATIO * cases_count
    return ShownPaths(
        main_way=main_way,
        paths=tuple(path for path, _ in order[: _count([count for _, count in order], backbone_count, len(events))]),
        repeats=tuple(
            (source, target)
            for (source, target), count in moves.items()
            if source == target and count >= REPEAT_SHOWN_RATIO * events[source]
        ),
        starts=frozenset(
            step
            for step, count in starts.items()
            if (count >= least or (_START, step) in kept) and step not in main_way[:1]
        ),
        ends=frozenset(
            step
            for step, count in ends.items()
            if (count >= least or (step, _END) in kept) and step not in main_way[-1:]
        ),
        paths_count=len(between),
    )


def _count(moves: Sequence[int], backbone_count: int, steps_count: int) -> int:
    """How many paths reach the smallest share of moves, in whole percent, that gives about 1.7 paths per step."""
    wanted = max(min(len(moves), math.floor(PATHS_PER_STEP * steps_count + 0.5)), backbone_count)
    total = sum(moves)
    percent = math.floor(sum(moves[:wanted]) / total * 100) if total else 0
    reached = 0
    for count, moves_count in enumerate(moves, start=1):
        reached += moves_count
        if 100 * reached >= percent * total:
            return max(backbone_count, count)
    return backbone_count


def _widest_tree(links: Sequence[tuple[Move, int]], *, is_reversed: bool) -> list[Move]:
    """The links by which the widest route from the start reaches each step, or each step the end."""
    out: dict[str, list[tuple[str, Move, int]]] = {}
    for link, count in links:
        tail, head = reversed(link) if is_reversed else link
        out.setdefault(tail, []).append((head, link, count))
    width = {_END if is_reversed else _START: math.inf}
    via: dict[str, Move] = {}
    done: set[str] = set()
    while (
        place := max((step for step in width if step not in done), key=lambda step: width[step], default=None)
    ) is not None:
        done.add(place)
        for head, link, count in out.get(place, ()):
            wide = min(width[place], count)
            if head not in done and wide > width.get(head, 0):
                width[head] = wide
                via[head] = link
    return list(via.values())


def _widest_route(links: Sequence[tuple[Move, int]], source: str, target: str) -> list[Move] | None:
    """The route whose weakest link is as strong as can be, and so each part before and after it; None without one."""
    if source == target:
        return []
    narrow = _bottleneck(links, source, target)
    if narrow is None:
        return None
    before = _widest_route(links, source, narrow[0])
    after = _widest_route(links, narrow[1], target)
    return None if before is None or after is None else [*before, narrow, *after]


def _bottleneck(links: Sequence[tuple[Move, int]], source: str, target: str) -> Move | None:
    """The link that, strongest first, is the first to connect two places."""
    reached = {source}
    known: dict[str, list[str]] = {}
    for (tail, head), _ in links:
        known.setdefault(tail, []).append(head)
        if tail not in reached or head in reached:
            continue
        unseen = [head]
        while unseen:
            place = unseen.pop()
            if place not in reached:
                reached.add(place)
                unseen.extend(known.get(place, ()))
        if target in reached:
            return tail, head
    return None
