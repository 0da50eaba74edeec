"""The text notation of filters: what each term means, what is refused, and that printing reads back."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cjm_gateway.entrypoints.http.filter_terms import parse_filter, print_filter
from cjm_kit.errors import AppError, Code
from cjm_protos.ingest.v1.scope_pb2 import Filter

_MEANINGS = {
    "device_category:mobile,tablet": {"field_in": {"field": "device_category", "values": ["mobile", "tablet"]}},
    "device_category:": {"field_in": {"field": "device_category", "values": [""]}},
    "properties.plan:a:b": {"field_in": {"field": "properties.plan", "values": ["a:b"]}},
    r"properties.a\:b:x\,y": {"field_in": {"field": "properties.a:b", "values": ["x,y"]}},
    "step:purchase,pay": {"contains": {"activities": ["purchase", "pay"]}},
    "direct:cart>purchase": {"directly_follows": {"source": "cart", "target": "purchase"}},
    r"eventual:a\>b>c": {"eventually_follows": {"source": "a>b", "target": "c"}},
    "starts:home,catalog": {"starts_with": {"activities": ["home", "catalog"]}},
    "ends:purchase": {"ends_with": {"activities": ["purchase"]}},
    "length:3..10": {"length": {"min_count": 3, "max_count": 10}},
    "length:3..": {"length": {"min_count": 3}},
    "length:..0": {"length": {"max_count": 0}},
    "duration:0.5..3600": {"duration": {"min_seconds": 0.5, "max_seconds": 3600.0}},
    "way:a>b>c": {"exact_way": {"activities": ["a", "b", "c"]}},
    "way:a": {"exact_way": {"activities": ["a"]}},
    "!step:purchase": {"not": {"contains": {"activities": ["purchase"]}}},
    r"step:\!x\\": {"contains": {"activities": ["!x\\"]}},
    "direct:a>b,c>d": {
        "any_of": {
            "filters": [
                {"directly_follows": {"source": "a", "target": "b"}},
                {"directly_follows": {"source": "c", "target": "d"}},
            ]
        }
    },
}


@pytest.mark.parametrize(("term", "meaning"), _MEANINGS.items())
def test_a_term_means_what_the_contract_says(term: str, meaning: dict[str, object]) -> None:
    from google.protobuf.json_format import ParseDict

    assert parse_filter([term]) == ParseDict(meaning, Filter())


def test_several_terms_must_all_be_true_and_none_means_everything() -> None:
    assert parse_filter([]) is None
    filter_ = parse_filter(["step:a", "!device_os:Linux"])
    assert filter_ is not None
    assert [part.WhichOneof("node") for part in filter_.all_of.filters] == ["contains", "not"]


@pytest.mark.parametrize(
    "term",
    [
        "purchase",
        "",
        "!",
        ":x",
        "Device OS:x",
        "step:",
        "step:a,,b",
        "direct:a",
        "direct:a>b>c",
        "direct:>b",
        "way:a>>b",
        "length:3",
        "length:a..b",
        "length:..",
        "length:5..3",
        "length:1.5..2",
        "length:-1..2",
        "length:٣..٤",
        "duration:" + "9" * 400 + "..",
        "step:a\\",
        "step:" + "x" * 5000,
    ],
)
def test_a_faulty_term_is_named(term: str) -> None:
    with pytest.raises(AppError) as caught:
        parse_filter(["step:fine", term])
    error = caught.value
    assert (error.code, error.reason) == (Code.INVALID_ARGUMENT, "filter_term_invalid")
    assert [violation.row for violation in error.violations] == [2]
    assert f'"{term[:200]}' in error.detail
    assert len(error.detail) < 500


def test_every_faulty_term_is_named_at_once_and_too_many_are_refused() -> None:
    with pytest.raises(AppError) as caught:
        parse_filter(["direct:a", "step:fine", "length:x"])
    assert [violation.row for violation in caught.value.violations] == [1, 3]
    with pytest.raises(AppError, match="At most 50"):
        parse_filter(["step:a"] * 51)


_STEP = st.text(min_size=1, max_size=8)
_STEPS = st.lists(_STEP, min_size=1, max_size=3)
_FIELD = st.one_of(
    st.sampled_from(["device_os", "customer_id", "value"]), st.text(min_size=1, max_size=8).map("properties.{}".format)
)
_COUNT = st.integers(0, 10**18 - 1)
_SECONDS = st.integers(0, 10**9).map(lambda thousandths: thousandths / 1000)


def _range(values: st.SearchStrategy[float], low: str, high: str) -> st.SearchStrategy[dict[str, float]]:
    both = st.tuples(values, values).map(lambda pair: {low: min(pair), high: max(pair)})
    return st.one_of(both, values.map(lambda value: {low: value}), values.map(lambda value: {high: value}))


_FOLLOWS = st.fixed_dictionaries({"source": _STEP, "target": _STEP})
_ALTERNATIVE = [
    _FOLLOWS.map(lambda value: ("directly_follows", value)),
    _FOLLOWS.map(lambda value: ("eventually_follows", value)),
    _STEPS.map(lambda value: ("exact_way", {"activities": value})),
    _range(_COUNT, "min_count", "max_count").map(lambda value: ("length", value)),
    _range(_SECONDS, "min_seconds", "max_seconds").map(lambda value: ("duration", value)),
]
_SINGLE = st.one_of(
    *_ALTERNATIVE,
    _STEPS.map(lambda value: ("contains", {"activities": value})),
    _STEPS.map(lambda value: ("starts_with", {"activities": value})),
    _STEPS.map(lambda value: ("ends_with", {"activities": value})),
    st.fixed_dictionaries({"field": _FIELD, "values": st.lists(st.text(max_size=8), min_size=1, max_size=3)}).map(
        lambda value: ("field_in", value)
    ),
).map(lambda item: {item[0]: item[1]})
_ANY = st.one_of(
    [
        st.lists(strategy, min_size=2, max_size=3).map(
            lambda items: {"any_of": {"filters": [{name: value} for name, value in items]}}
        )
        for strategy in _ALTERNATIVE
    ]
)
_POSITIVE = st.one_of(_SINGLE, _ANY)
_TERM = st.one_of(_POSITIVE, _POSITIVE.map(lambda value: {"not": value}))


@given(st.lists(_TERM, min_size=1, max_size=4))
def test_a_printed_filter_reads_back_the_same(parts: list[dict[str, object]]) -> None:
    from google.protobuf.json_format import ParseDict

    filter_ = ParseDict(parts[0] if len(parts) == 1 else {"all_of": {"filters": parts}}, Filter())
    terms = print_filter(filter_)
    assert parse_filter(terms) == filter_
    assert print_filter(parse_filter(terms)) == terms


@given(st.text(max_size=30))
def test_any_text_is_a_filter_or_a_clear_refusal(term: str) -> None:
    with contextlib.suppress(AppError):
        filter_ = parse_filter([term])
        assert parse_filter(print_filter(filter_)) == filter_
