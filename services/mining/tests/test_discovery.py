"""The models from counts are those of pm4py from the raw log and have the figures that pm4py gave to others."""

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pm4py
import pytest

from cjm_mining.adapters import pm4py_discovery as discovery
from cjm_mining.adapters.results import encode, model_result, move_counts
from cjm_mining.domain.models import MoveCounts, PetriNet
from cjm_protos.mining.v1 import analysis_pb2

# pm4py advertises faster readers and warns of its own deprecated spellings; neither is ours.
pytestmark = pytest.mark.filterwarnings("ignore:::pm4py")
LOGS = (
    "running-example.xes",
    "roadtraffic100traces.xes",
    "helpdesk.xes.gz",
    "receipt.csv",
    "sepsis.xes.gz",
    "bpic2013_closed.xes.gz",
)
HEURISTICS = {"dependency_threshold": 0.5, "and_threshold": 0.65, "loop_two_threshold": 0.5}
Way = tuple[str, ...]
Counted = Callable[[Mapping[Way, int]], MoveCounts]


@cache
def frame_of(path: Path) -> Any:
    if path.suffix == ".csv":
        return pm4py.format_dataframe(pd.read_csv(path))
    return pm4py.convert_to_dataframe(pm4py.read_xes(str(path), show_progress_bar=False))


def ways_of(frame: Any) -> Mapping[Way, int]:
    ordered = frame.sort_values(["case:concept:name", "time:timestamp"], kind="stable")
    journeys = ordered.groupby("case:concept:name", sort=False)["concept:name"]
    return Counter(tuple(journey) for _, journey in journeys)


def canonical(net: Any) -> PetriNet:
    """pm4py's net with our names, so that two nets of one structure are equal."""
    return discovery._petri(*net)


def sizes(net: PetriNet) -> dict[str, int]:
    labelled = sum(transition.label is not None for transition in net.transitions)
    return {
        "places": len(net.places),
        "transitions": len(net.transitions),
        "labelled": labelled,
        "arcs": len(net.arcs),
    }


@pytest.fixture(params=LOGS)
def log_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def frame(log_name: str, shared_data: Path) -> Any:
    return frame_of(shared_data / "eventlogs" / log_name)


@pytest.fixture
def expected(log_name: str, shared_data: Path) -> dict[str, Any]:
    oracle: dict[str, dict[str, Any]] = json.loads((shared_data / "ORACLE_pm4py.json").read_text())
    return oracle.get(log_name, {})


def agrees_in_size(net: PetriNet, expected: Mapping[str, Any], kind: str) -> bool:
    if kind not in expected:
        return True
    return all(expected[kind][name] == count for name, count in sizes(net).items())


def test_alpha_is_pm4pys(frame: Any, expected: dict[str, Any], counted: Counted) -> None:
    net = discovery.alpha(counted(ways_of(frame)))
    assert net == canonical(pm4py.discover_petri_net_alpha(frame))
    assert agrees_in_size(net, expected, "alpha")


def test_heuristics_net_is_pm4pys(frame: Any, expected: dict[str, Any], counted: Counted) -> None:
    net = discovery.heuristics_net(counted(ways_of(frame)), HEURISTICS)
    theirs = pm4py.discover_heuristics_net(frame)
    pairs = {(node.node_name, other.node_name) for node in theirs.nodes.values() for other in node.output_connections}
    assert {(edge.source, edge.target) for edge in net.edges} == pairs
    assert dict(net.nodes) == {name: node.node_occ for name, node in theirs.nodes.items()}
    for edge in net.edges:
        assert edge.dependency_ratio == theirs.dependency_matrix[edge.source][edge.target]
    if figures := expected.get("heuristics_net_default"):
        ours = [[edge.source, edge.target, edge.moves_count, round(edge.dependency_ratio, 5)] for edge in net.edges]
        assert ours[: len(figures["edges_list"])] == figures["edges_list"]
        assert (len(net.nodes), len(net.edges)) == (figures["nodes"], figures["edges"])
        assert dict(net.starts) == figures["start"]


def test_heuristics_thresholds_work_as_in_pm4py(shared_data: Path, counted: Counted) -> None:
    frame = frame_of(shared_data / "eventlogs" / "sepsis.xes.gz")
    strict = {"dependency_threshold": 0.9, "and_threshold": 0.3, "loop_two_threshold": 0.99}
    theirs = pm4py.discover_petri_net_heuristics(frame, *strict.values())
    counts = counted(ways_of(frame))
    assert discovery.heuristics_petri(counts, strict) == canonical(theirs)
    assert discovery.heuristics_petri(counts, strict) != discovery.heuristics_petri(counts, HEURISTICS)


def test_heuristics_petri_is_pm4pys(frame: Any, expected: dict[str, Any], counted: Counted) -> None:
    net = discovery.heuristics_petri(counted(ways_of(frame)), HEURISTICS)
    assert net == canonical(pm4py.discover_petri_net_heuristics(frame))
    assert agrees_in_size(net, expected, "heuristics_petri")


def test_dfg_petri_is_pm4pys(frame: Any, counted: Counted) -> None:
    net = discovery.dfg_petri(counted(ways_of(frame)))
    assert net == canonical(pm4py.convert_to_petri_net(*pm4py.discover_dfg(frame)))


@pytest.mark.parametrize("noise_threshold", [0.0, 0.2])
def test_inductive_tree_is_pm4pys(frame: Any, expected: dict[str, Any], noise_threshold: float) -> None:
    tree = discovery.inductive_tree(ways_of(frame), {"noise_threshold": noise_threshold})
    assert tree.text == str(pm4py.discover_process_tree_inductive(frame, noise_threshold))
    if not noise_threshold and expected:
        assert tree.text == expected["inductive_tree"]


@pytest.mark.parametrize("noise_threshold", [0.0, 0.2])
def test_inductive_petri_is_pm4pys(frame: Any, expected: dict[str, Any], noise_threshold: float) -> None:
    net = discovery.inductive_petri(ways_of(frame), {"noise_threshold": noise_threshold})
    assert net == canonical(pm4py.discover_petri_net_inductive(frame, noise_threshold=noise_threshold))
    assert noise_threshold or agrees_in_size(net, expected, "inductive_petri")


def test_the_textbook_log_gives_the_textbook_models(running_example: Mapping[Way, int], counted: Counted) -> None:
    counts = counted(running_example)
    assert sizes(discovery.alpha(counts)) == {"places": 7, "transitions": 8, "labelled": 8, "arcs": 19}
    net = discovery.heuristics_net(counts, HEURISTICS)
    assert len(net.edges) == 12
    [edge] = [edge for edge in net.edges if (edge.source, edge.target) == ("check ticket", "decide")]
    assert round(edge.dependency_ratio, 3) == 0.857
    tree = discovery.inductive_tree(running_example, {"noise_threshold": 0.0})
    assert tree.text == (
        "->( 'register request', *( ->( +( 'check ticket', X( 'examine thoroughly', 'examine casually' ) ), 'decide' )"
        ", 'reinitiate request' ), X( 'reject request', 'pay compensation' ) )"
    )
    assert tree.root.operator == "sequence"
    assert tree.root.children[0].activity == "register request"


def test_the_order_of_the_counts_does_not_matter(running_example: Mapping[Way, int], counted: Counted) -> None:
    shuffler = random.Random(5)

    def shuffled(counts: Mapping[Any, int]) -> dict[Any, int]:
        items = list(counts.items())
        shuffler.shuffle(items)
        return dict(items)

    counts = counted(running_example)
    mixed = MoveCounts(*(shuffled(getattr(counts, name)) for name in MoveCounts.__slots__))
    for name, discover in discovery.FROM_COUNTS.items():
        first, second = (encode(model_result(discover(given, HEURISTICS))) for given in (counts, mixed))
        assert first == second, name
    for name, discover_ways in discovery.FROM_VARIANTS.items():
        noise = {"noise_threshold": 0.1}
        first, second = (
            encode(model_result(discover_ways(given, noise))) for given in (running_example, shuffled(running_example))
        )
        assert first == second, name


def test_pm4py_is_left_as_it_was(running_example: Mapping[Way, int]) -> None:
    from pm4py.util.compression import util

    before = util.discover_dfg_uvcl
    discovery.inductive_tree(running_example, {"noise_threshold": 0.0})
    assert util.discover_dfg_uvcl is before


def test_journeys_of_one_event_give_every_model(counted: Counted) -> None:
    ways: Mapping[Way, int] = {("only",): 3}
    counts = counted(ways)
    for discover in discovery.FROM_COUNTS.values():
        model_result(discover(counts, HEURISTICS))
    assert discovery.inductive_tree(ways, {"noise_threshold": 0.0}).text == "only"
    assert sizes(discovery.inductive_petri(ways, {"noise_threshold": 0.0}))["labelled"] == 1
    assert discovery.heuristics_net(counts, HEURISTICS).starts == {"only": 3}


def test_results_keep_silent_and_named_apart() -> None:
    tree = discovery.inductive_tree({("a", "b"): 2, ("a",): 1}, {"noise_threshold": 0.0})
    message = model_result(tree).process_tree
    assert message.text == "->( 'a', X( tau, 'b' ) )"
    choice = message.root.children[1]
    assert choice.operator == analysis_pb2.TREE_OPERATOR_XOR
    assert [leaf.HasField("activity") for leaf in choice.children] == [False, True]


def test_counts_with_names_by_place_are_read_back(
    running_example: Mapping[Way, int], counted: Counted, heuristics_counts_message: Callable[..., Any]
) -> None:
    assert move_counts(heuristics_counts_message(running_example)) == counted(running_example)
