"""What analyses are made of and what they give: counts of moves, ways, Petri nets, heuristics nets, process trees."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class MoveCounts:
    """Counts over a log that alpha and the heuristics miner work on.

    Attributes:
        activities: Activity -> events.
        starts: Activity -> journeys that start with it; activities without any are absent. Likewise `ends`.
        directly_follows: (a, b) -> times b comes at once after a.
        two_apart: (a, c) -> times c comes two places after a.
        triples: (a, b) -> times a, b, a are neighbours, a and b different.
    """

    activities: Mapping[str, int]
    starts: Mapping[str, int]
    ends: Mapping[str, int]
    directly_follows: Mapping[tuple[str, str], int]
    two_apart: Mapping[tuple[str, str], int]
    triples: Mapping[tuple[str, str], int]


Variants = Mapping[tuple[str, ...], int]
"""Way -> journeys that went it."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition of a Petri net; `label` is None for a silent one."""

    transition_id: str
    label: str | None


@dataclass(frozen=True, slots=True)
class PetriNet:
    """An accepting Petri net; every arc weighs 1.

    Attributes:
        arcs: (source, target), a place and a transition or the other way round.
        initial: Place -> tokens at the start. Likewise `final`.
    """

    places: tuple[str, ...]
    transitions: tuple[Transition, ...]
    arcs: tuple[tuple[str, str], ...]
    initial: Mapping[str, int]
    final: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Dependency:
    """An edge of a heuristics net; `dependency_ratio` is -1 to 1."""

    source: str
    target: str
    moves_count: int
    dependency_ratio: float


@dataclass(frozen=True, slots=True)
class HeuristicsNet:
    """A heuristics net.

    Attributes:
        nodes: Activity -> events, only activities with an edge.
        starts: Activity -> journeys that start with it. Likewise `ends`.
    """

    nodes: Mapping[str, int]
    edges: tuple[Dependency, ...]
    starts: Mapping[str, int]
    ends: Mapping[str, int]


class Operator(StrEnum):
    """How the children of a process tree node relate."""

    SEQUENCE = "sequence"
    XOR = "xor"
    PARALLEL = "parallel"
    LOOP = "loop"
    OR = "or"


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A node of a process tree: an operator with children, an activity, or neither (silent)."""

    operator: Operator | None
    children: tuple["TreeNode", ...]
    activity: str | None


@dataclass(frozen=True, slots=True)
class ProcessTree:
    """A process tree and its usual text, for example "->( 'a', X( 'b', tau ) )"."""

    text: str
    root: TreeNode


Model = PetriNet | HeuristicsNet | ProcessTree


def canonical_net(
    places: Sequence[str],
    labels: Mapping[str, str | None],
    arcs: Iterable[tuple[str, str]],
    initial: Mapping[str, int],
    final: Mapping[str, int],
) -> PetriNet:
    """Name and order the parts of a net by its structure alone, so that equal nets become equal values.

    Args:
        places: Names of the places, all different from those of the transitions.
        labels: Transition name -> label, None for silent ones.
        arcs: (source, target).
        initial: Place -> tokens at the start. Likewise `final`.

    Returns:
        The net with places p0, p1, ... and transitions t0, t1, ..., each in order of distance from the start.

    Notes:
        Colour refinement: two nodes get one rank while distance from the start, label, tokens and the ranks around
        them agree; a tie that stays is broken by choosing one node and refining again, which cannot change the
        outcome where tied nodes are interchangeable. O(rounds * arcs * log arcs).

    Example:
        >>> canonical_net(["x", "y"], {"z": "a"}, [("x", "z"), ("z", "y")], {"x": 1}, {"y": 1}).arcs
        (('p0', 't0'), ('t0', 'p1'))
    """
    arcs = list(arcs)
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for source, target in arcs:
        after[source].append(target)
        before[target].append(source)
    distance = _distances(initial, after)
    nodes = [*places, *labels]
    rank = _ranks(
        {
            node: (
                distance.get(node, len(nodes)),
                node in labels,
                labels.get(node) or "",
                initial.get(node, 0),
                final.get(node, 0),
            )
            for node in nodes
        }
    )
    while True:
        rank = _refined(rank, before, after)
        tied = _first_tie(rank)
        if tied is None:
            break
        rank = _ranks({node: (value, node != tied) for node, value in rank.items()})
    order = sorted(nodes, key=rank.__getitem__)
    names = {node: f"p{number}" for number, node in enumerate(node for node in order if node not in labels)}
    names |= {node: f"t{number}" for number, node in enumerate(node for node in order if node in labels)}
    return PetriNet(
        places=tuple(names[node] for node in order if node not in labels),
        transitions=tuple(Transition(names[node], labels[node]) for node in order if node in labels),
        arcs=tuple(
            (names[source], names[target])
            for source, target in sorted(arcs, key=lambda arc: (rank[arc[0]], rank[arc[1]]))
        ),
        initial={names[place]: initial[place] for place in order if place in initial},
        final={names[place]: final[place] for place in order if place in final},
    )


def _distances(initial: Iterable[str], after: Mapping[str, Sequence[str]]) -> dict[str, int]:
    distance = dict.fromkeys(initial, 0)
    reached = list(distance)
    for node in reached:
        for target in after.get(node, ()):
            if target not in distance:
                distance[target] = distance[node] + 1
                reached.append(target)
    return distance


def _ranks(keys: Mapping[str, tuple[object, ...]]) -> dict[str, int]:
    numbers = {key: number for number, key in enumerate(sorted(set(keys.values())))}
    return {node: numbers[key] for node, key in keys.items()}


def _refined(
    rank: dict[str, int], before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    while True:
        finer = _ranks(
            {
                node: (
                    value,
                    tuple(sorted(rank[other] for other in before.get(node, ()))),
                    tuple(sorted(rank[other] for other in after.get(node, ()))),
                )
                for node, value in rank.items()
            }
        )
        if max(finer.values(), default=0) == max(rank.values(), default=0):
            return finer
        rank = finer


def _first_tie(rank: Mapping[str, int]) -> str | None:
    seen: dict[int, str] = {}
    tied: dict[int, str] = {}
    for node, value in rank.items():
        if value in seen:
            tied.setdefault(value, seen[value])
        seen.setdefault(value, node)
    return tied[min(tied)] if tied else None
