"""Process discovery by pm4py, from counts instead of raw events: the same models, seconds instead of minutes.

The only module that imports pm4py, and only worker processes import this module.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from pm4py.algo.discovery.alpha.variants import classic as alpha_miner
from pm4py.algo.discovery.heuristics.variants import classic as heuristics_miner
from pm4py.algo.discovery.inductive.dtypes.im_ds import IMDataStructureUVCL
from pm4py.algo.discovery.inductive.variants.im import IMUVCL
from pm4py.algo.discovery.inductive.variants.imf import IMFUVCL
from pm4py.objects.conversion.dfg.variants import to_petri_net_activity_defines_place as dfg_to_petri
from pm4py.objects.conversion.heuristics_net.variants import to_petri_net as heuristics_to_petri
from pm4py.objects.conversion.process_tree.variants import to_petri_net as tree_to_petri
from pm4py.objects.dfg.obj import DFG
from pm4py.objects.process_tree.utils.generic import fold, tree_sort
from pm4py.util.compression import util as compression

from cjm_mining.domain.models import (
    Dependency,
    HeuristicsNet,
    MoveCounts,
    Operator,
    PetriNet,
    ProcessTree,
    TreeNode,
    Variants,
    canonical_net,
)

_OPERATORS = {
    "->": Operator.SEQUENCE,
    "X": Operator.XOR,
    "+": Operator.PARALLEL,
    "*": Operator.LOOP,
    "O": Operator.OR,
}


def alpha(counts: MoveCounts) -> PetriNet:
    """The Petri net of the alpha algorithm.

    References:
        van der Aalst, Weijters, Maruster (2004), doi:10.1109/TKDE.2004.47. Same as `pm4py.discover_petri_net_alpha`.
    """
    ordered = _sorted(counts)
    return _petri(
        *alpha_miner.apply_dfg_sa_ea(dict(ordered.directly_follows), dict(ordered.starts), dict(ordered.ends))
    )


def dfg_petri(counts: MoveCounts) -> PetriNet:
    """The directly-follows graph as a Petri net: one place per activity, one transition per move, start and end.

    Notes:
        Activities that neither follow nor precede anything (journeys of one event) have no place in it, as in pm4py.

    References:
        Same as `pm4py.convert_to_petri_net(dfg, start_activities, end_activities)`.
    """
    ordered = _sorted(counts)
    keys = dfg_to_petri.Parameters
    return _petri(
        *dfg_to_petri.apply(
            dict(ordered.directly_follows),
            parameters={keys.START_ACTIVITIES: dict(ordered.starts), keys.END_ACTIVITIES: dict(ordered.ends)},
        )
    )


def heuristics_net(counts: MoveCounts, parameters: Mapping[str, float]) -> HeuristicsNet:
    """The heuristics net.

    Args:
        counts: All of them; without `two_apart` and `triples` loops of length two are lost.
        parameters: `dependency_threshold`, `and_threshold`, `loop_two_threshold`, each 0-1.

    References:
        Weijters, van der Aalst, Alves de Medeiros (2006), "Process mining with the HeuristicsMiner algorithm",
        BETA working paper 166; Weijters, Ribeiro (2011), doi:10.1109/CIDM.2011.5949453.
        Same as `pm4py.discover_heuristics_net`.
    """
    net = _mined_heuristics(counts, parameters)
    edges = {
        (source.node_name, target.node_name): Dependency(
            source.node_name,
            target.node_name,
            counts.directly_follows[source.node_name, target.node_name],
            net.dependency_matrix[source.node_name][target.node_name],
        )
        for source in net.nodes.values()
        for target in source.output_connections
    }
    return HeuristicsNet(
        nodes={name: counts.activities[name] for name in sorted(net.nodes)},
        edges=tuple(edges[pair] for pair in sorted(edges)),
        starts=dict(sorted(counts.starts.items())),
        ends=dict(sorted(counts.ends.items())),
    )


def heuristics_petri(counts: MoveCounts, parameters: Mapping[str, float]) -> PetriNet:
    """The heuristics net as a Petri net. Same as `pm4py.discover_petri_net_heuristics`; see `heuristics_net`."""
    return _petri(*heuristics_to_petri.apply(_mined_heuristics(counts, parameters)))


def inductive_tree(variants: Variants, parameters: Mapping[str, float]) -> ProcessTree:
    """The process tree of the inductive miner.

    Args:
        variants: Ways with their counts, at least one.
        parameters: `noise_threshold` 0-1; above 0 rare moves are left out where no cut is found (IMf).

    References:
        Leemans, Fahland, van der Aalst (2013), doi:10.1007/978-3-642-38697-8_17; IMf (2014),
        doi:10.1007/978-3-319-06257-0_6. Same as `pm4py.discover_process_tree_inductive`.
    """
    tree = _mined_tree(variants, parameters)
    return ProcessTree(str(tree), _node(tree))


def inductive_petri(variants: Variants, parameters: Mapping[str, float]) -> PetriNet:
    """The process tree as a Petri net. Same as `pm4py.discover_petri_net_inductive`; see `inductive_tree`."""
    return _petri(*tree_to_petri.apply(_mined_tree(variants, parameters)))


FROM_COUNTS: Mapping[str, Callable[[MoveCounts, Mapping[str, float]], PetriNet | HeuristicsNet]] = {
    "alpha": lambda counts, _: alpha(counts),
    "dfg_petri": lambda counts, _: dfg_petri(counts),
    "heuristics_net": heuristics_net,
    "heuristics_petri": heuristics_petri,
}
FROM_VARIANTS: Mapping[str, Callable[[Variants, Mapping[str, float]], PetriNet | ProcessTree]] = {
    "inductive_tree": inductive_tree,
    "inductive_petri": inductive_petri,
}


def _sorted(counts: MoveCounts) -> MoveCounts:
    """The same counts in one order, because pm4py's models may follow the order of its input."""
    return MoveCounts(
        activities=dict(sorted(counts.activities.items())),
        starts=dict(sorted(counts.starts.items())),
        ends=dict(sorted(counts.ends.items())),
        directly_follows=dict(sorted(counts.directly_follows.items())),
        two_apart=dict(sorted(counts.two_apart.items())),
        triples=dict(sorted(counts.triples.items())),
    )


def _mined_heuristics(counts: MoveCounts, parameters: Mapping[str, float]) -> Any:
    ordered = _sorted(counts)
    keys = heuristics_miner.Parameters
    return heuristics_miner.apply_heu_dfg(
        dict(ordered.directly_follows),
        activities=list(ordered.activities),
        activities_occurrences=dict(ordered.activities),
        start_activities=dict(ordered.starts),
        end_activities=dict(ordered.ends),
        dfg_window_2=dict(ordered.two_apart),
        freq_triples={(outer, inner, outer): count for (outer, inner), count in ordered.triples.items()},
        parameters={
            keys.DEPENDENCY_THRESH: parameters["dependency_threshold"],
            keys.AND_MEASURE_THRESH: parameters["and_threshold"],
            keys.LOOP_LENGTH_TWO_THRESH: parameters["loop_two_threshold"],
        },
    )


def _mined_tree(variants: Variants, parameters: Mapping[str, float]) -> Any:
    noise_threshold = parameters["noise_threshold"]
    options = {"noise_threshold": noise_threshold, "multiprocessing": False, "disable_fallthroughs": False}
    miner = (IMFUVCL if noise_threshold > 0 else IMUVCL)(options)
    with _fast_directly_follows():
        tree = miner.apply(IMDataStructureUVCL(Counter(dict(sorted(variants.items())))), options)
    tree = fold(tree)
    tree_sort(tree)
    return tree


@contextmanager
def _fast_directly_follows() -> Iterator[None]:
    """Put `_directly_follows` in the place of pm4py's counting, which takes 80-90 % of the miner's time, then back."""
    original = compression.discover_dfg_uvcl
    compression.discover_dfg_uvcl = _directly_follows
    try:
        yield
    finally:
        compression.discover_dfg_uvcl = original


def _directly_follows(log: Mapping[tuple[str, ...], int]) -> DFG:
    graph: dict[tuple[str, str], int] = {}
    starts: dict[str, int] = {}
    ends: dict[str, int] = {}
    for way, count in log.items():
        if not way:
            continue
        starts[way[0]] = starts.get(way[0], 0) + count
        ends[way[-1]] = ends.get(way[-1], 0) + count
        for pair in pairwise(way):
            graph[pair] = graph.get(pair, 0) + count
    return DFG(Counter(graph), Counter(dict(sorted(starts.items()))), Counter(dict(sorted(ends.items()))))


def _petri(net: Any, initial: Any, final: Any) -> PetriNet:
    names = {place: f"place {number}" for number, place in enumerate(sorted(net.places, key=lambda part: part.name))}
    transitions = sorted(net.transitions, key=lambda part: (part.label or "", part.name))
    names |= {transition: f"transition {number}" for number, transition in enumerate(transitions)}
    return canonical_net(
        [names[place] for place in net.places],
        {names[transition]: transition.label for transition in transitions},
        [(names[arc.source], names[arc.target]) for arc in net.arcs],
        {names[place]: tokens for place, tokens in initial.items()},
        {names[place]: tokens for place, tokens in final.items()},
    )


def _node(tree: Any) -> TreeNode:
    if tree.operator is None:
        return TreeNode(None, (), tree.label)
    return TreeNode(_OPERATORS[tree.operator.value], tuple(_node(child) for child in tree.children), None)
