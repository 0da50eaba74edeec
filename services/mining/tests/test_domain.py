"""Parameters are checked by name and range; nets get the same names whatever they were called before."""

import doctest
import random
from types import ModuleType

import pytest

from cjm_kit.errors import AppError
from cjm_mining.domain import analysis, models
from cjm_mining.domain.analysis import PARAMETERS, Kind, check_activities_count, complete_parameters
from cjm_mining.domain.models import canonical_net


@pytest.mark.parametrize("module", [analysis, models])
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).attempted
    assert not doctest.testmod(module).failed


@pytest.mark.parametrize("kind", Kind)
def test_defaults_are_filled_in(kind: Kind) -> None:
    assert complete_parameters(kind, {}) == {parameter.name: parameter.default for parameter in PARAMETERS[kind]}


def test_given_values_win() -> None:
    given = {"dependency_threshold": 0.9, "and_threshold": 1}
    assert complete_parameters(Kind.HEURISTICS_NET, given) == {
        "dependency_threshold": 0.9,
        "and_threshold": 1.0,
        "loop_two_threshold": 0.5,
    }


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        (Kind.ALPHA, {"noise_threshold": 0.1}, "parameter_unknown"),
        (Kind.INDUCTIVE_TREE, {"noise": 0.1}, "parameter_unknown"),
        (Kind.INDUCTIVE_TREE, {"noise_threshold": 1.01}, "parameter_out_of_range"),
        (Kind.INDUCTIVE_TREE, {"noise_threshold": -0.01}, "parameter_out_of_range"),
        (Kind.INDUCTIVE_TREE, {"noise_threshold": float("inf")}, "parameter_out_of_range"),
        (Kind.INDUCTIVE_TREE, {"noise_threshold": float("nan")}, "parameter_not_a_number"),
        (Kind.INDUCTIVE_TREE, {"noise_threshold": "0.1"}, "parameter_not_a_number"),
        (Kind.INDUCTIVE_TREE, {"noise_threshold": True}, "parameter_not_a_number"),
        (Kind.INDUCTIVE_TREE, {"noise_threshold": None}, "parameter_not_a_number"),
        (Kind.HEURISTICS_NET, {"loop_two_threshold": [0.5]}, "parameter_not_a_number"),
    ],
)
def test_a_wrong_parameter_is_named(kind: Kind, given: dict[str, object], reason: str) -> None:
    with pytest.raises(AppError) as caught:
        complete_parameters(kind, given)
    assert caught.value.reason == "parameters_invalid"
    [violation] = caught.value.violations
    assert (violation.field, violation.reason) == (f"parameters.{next(iter(given))}", reason)


def test_every_wrong_parameter_is_named() -> None:
    with pytest.raises(AppError) as caught:
        complete_parameters(Kind.HEURISTICS_PETRI, {"and_threshold": 2, "what": 1})
    assert [violation.reason for violation in caught.value.violations] == [
        "parameter_out_of_range",
        "parameter_unknown",
    ]


def test_too_many_steps_are_refused_with_the_number() -> None:
    check_activities_count(Kind.ALPHA, 300)
    with pytest.raises(AppError, match="1,001 different steps") as caught:
        check_activities_count(Kind.ALPHA, 1001)
    assert caught.value.reason == "too_many_activities"


def test_a_net_is_named_by_its_structure() -> None:
    # Two silent transitions and two places that only their neighbours tell apart, and two twins that nothing does.
    labels = {"a": "A", "s1": None, "s2": None, "twin1": None, "twin2": None, "b": "B"}
    arcs = [
        ("start", "a"), ("a", "left"), ("a", "right"), ("left", "s1"), ("right", "s2"), ("s1", "x"), ("s2", "y"),
        ("x", "b"), ("y", "b"), ("b", "end"), ("start", "twin1"), ("twin1", "end"), ("start", "twin2"),
        ("twin2", "end"),
    ]  # fmt: skip
    places = ["start", "left", "right", "x", "y", "end"]
    expected = canonical_net(places, labels, arcs, {"start": 1}, {"end": 1})
    assert expected.places[0] == "p0"
    assert expected.initial == {"p0": 1}
    shuffler = random.Random(3)
    for round_number in range(20):
        aliases = [f"{name}-{round_number}" for name in shuffler.sample([*places, *labels], len(places) + len(labels))]
        alias = dict(zip([*places, *labels], aliases, strict=True))
        mixed_places, mixed_labels, mixed_arcs = list(places), list(labels.items()), list(arcs)
        for mixed in (mixed_places, mixed_labels, mixed_arcs):
            shuffler.shuffle(mixed)
        assert expected == canonical_net(
            [alias[place] for place in mixed_places],
            {alias[name]: label for name, label in mixed_labels},
            [(alias[source], alias[target]) for source, target in mixed_arcs],
            {alias["start"]: 1},
            {alias["end"]: 1},
        )


def test_different_nets_stay_different() -> None:
    choice = canonical_net(
        ["p", "q"], {"t": "a", "u": None}, [("p", "t"), ("t", "q"), ("p", "u"), ("u", "q")], {"p": 1}, {"q": 1}
    )
    loop = canonical_net(
        ["p", "q"], {"t": "a", "u": None}, [("p", "t"), ("t", "q"), ("q", "u"), ("u", "p")], {"p": 1}, {"q": 1}
    )
    assert choice != loop
    assert {transition.label for transition in choice.transitions} == {
        transition.label for transition in loop.transitions
    }
