"""Between the domain's models and the messages of the contract, and the hash that tells whether two results agree."""

import hashlib
import json

from google.protobuf.json_format import MessageToDict

from cjm_mining.domain.analysis import too_deep_error
from cjm_mining.domain.models import (
    HeuristicsNet,
    Model,
    MoveCounts,
    Operator,
    PetriNet,
    ProcessTree,
    TreeNode,
)
from cjm_protos.ingest.v1 import questions_pb2
from cjm_protos.mining.v1 import analysis_pb2

# Protocol Buffers refuse messages nested more than 100 deep; a result nests its tree in two more.
MAX_TREE_DEPTH = 95

_OPERATORS = {
    Operator.SEQUENCE: analysis_pb2.TREE_OPERATOR_SEQUENCE,
    Operator.XOR: analysis_pb2.TREE_OPERATOR_XOR,
    Operator.PARALLEL: analysis_pb2.TREE_OPERATOR_PARALLEL,
    Operator.LOOP: analysis_pb2.TREE_OPERATOR_LOOP,
    Operator.OR: analysis_pb2.TREE_OPERATOR_OR,
}


def move_counts(answer: questions_pb2.GetHeuristicsCountsResponse) -> MoveCounts:
    """Read the counts of ingest, which name activities by their place in a list."""
    names = answer.activities

    def pairs(counted: list[questions_pb2.PairCount]) -> dict[tuple[str, str], int]:
        return {(names[pair.source_index], names[pair.target_index]): pair.pair_count for pair in counted}

    def positive(counts: list[int]) -> dict[str, int]:
        return {name: count for name, count in zip(names, counts, strict=True) if count}

    return MoveCounts(
        activities=positive(list(answer.activity_counts)),
        starts=positive(list(answer.start_counts)),
        ends=positive(list(answer.end_counts)),
        directly_follows=pairs(list(answer.directly_follows)),
        two_apart=pairs(list(answer.two_apart)),
        triples=pairs(list(answer.triples)),
    )


def model_result(model: Model) -> analysis_pb2.AnalysisResult:
    """Express a model as a message.

    Raises:
        AppError: FAILED_PRECONDITION `model_too_deep` for a tree of more than 95 levels.
    """
    if isinstance(model, PetriNet):
        return analysis_pb2.AnalysisResult(petri_net=_petri_net(model))
    if isinstance(model, HeuristicsNet):
        return analysis_pb2.AnalysisResult(heuristics_net=_heuristics_net(model))
    return analysis_pb2.AnalysisResult(process_tree=_process_tree(model))


def encode(result: analysis_pb2.AnalysisResult) -> tuple[bytes, str]:
    """Serialise a result.

    Returns:
        The bytes, the same for equal results, and the SHA-256 of the result as JSON with sorted keys, hexadecimal.
    """
    canonical = json.dumps(
        MessageToDict(result, preserving_proto_field_name=True),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return result.SerializeToString(deterministic=True), hashlib.sha256(canonical.encode()).hexdigest()


def _petri_net(net: PetriNet) -> analysis_pb2.PetriNet:
    return analysis_pb2.PetriNet(
        places=net.places,
        transitions=[
            analysis_pb2.Transition(transition_id=transition.transition_id, label=transition.label)
            for transition in net.transitions
        ],
        arcs=[analysis_pb2.Arc(source=source, target=target) for source, target in net.arcs],
        initial_marking=net.initial,
        final_marking=net.final,
    )


def _heuristics_net(net: HeuristicsNet) -> analysis_pb2.HeuristicsNet:
    return analysis_pb2.HeuristicsNet(
        nodes=[analysis_pb2.HeuristicsNode(activity=name, events_count=count) for name, count in net.nodes.items()],
        edges=[
            analysis_pb2.HeuristicsEdge(
                source=edge.source,
                target=edge.target,
                moves_count=edge.moves_count,
                dependency_ratio=edge.dependency_ratio,
            )
            for edge in net.edges
        ],
        starts=net.starts,
        ends=net.ends,
    )


def _process_tree(tree: ProcessTree) -> analysis_pb2.ProcessTree:
    return analysis_pb2.ProcessTree(text=tree.text, root=_tree_node(tree.root, 1))


def _tree_node(node: TreeNode, depth: int) -> analysis_pb2.TreeNode:
    if depth > MAX_TREE_DEPTH:
        raise too_deep_error()
    return analysis_pb2.TreeNode(
        operator=_OPERATORS[node.operator] if node.operator else analysis_pb2.TREE_OPERATOR_UNSPECIFIED,
        children=[_tree_node(child, depth + 1) for child in node.children],
        activity=node.activity,
    )
