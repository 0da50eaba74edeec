"""Other names for steps."""

import time
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cjm_ingest.application.columns import Block, Converted, Converter
from cjm_ingest.application.step_names import StepNames
from cjm_ingest.domain.mapping import ColumnRule, Function, Mapping, StepRule
from cjm_protos.catalog.v1 import import_log_pb2, mapping_pb2


def _fits(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern, by trying everything a star may stand for."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return _fits(text, pattern[1:]) or (bool(text) and _fits(text[1:], pattern))
    return bool(text) and text[0] == pattern[0] and _fits(text[1:], pattern[1:])


def _named(text: str | None, rules: list[tuple[str, str]]) -> str | None:
    return next((name for pattern, name in rules if text is not None and _fits(text, pattern)), text)


_LETTERS = st.text(alphabet="aAb*/%_\\.[(^$ \né", max_size=6)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(_LETTERS.filter(bool), st.sampled_from(["X", "Y", "a"])), max_size=5, unique_by=lambda rule: rule[0]
    ),
    st.lists(st.one_of(st.none(), _LETTERS), max_size=12),
)
@example([("*\\", "X")], ["a\\", "\\", "a"])
@example([("a*", "X"), ("ab", "Y"), ("*", "Z")], ["ab", "a", "b", None])
@example([("ab", "Y"), ("a*", "X")], ["ab", "a", "A", "ba"])
def test_rules_give_what_trying_everything_gives(rules: list[tuple[str, str]], steps: list[str | None]) -> None:
    names = StepNames([StepRule(*rule) for rule in rules])
    assert names.of(pa.array(steps, pa.string())).to_pylist() == [_named(step, rules) for step in steps]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("a*" * 249 + "ab", "a" * 512), (("ab*ba*" * 83)[:498] + "cc", "ab" * 256), ("*" * 500, "x" * 512)],
)
def test_no_pattern_takes_long(pattern: str, text: str) -> None:
    steps = pa.array([f"{text[:-5]}{number:05}" for number in range(2000)])
    started = time.perf_counter()
    StepNames([StepRule(pattern, "x")]).of(steps)
    assert time.perf_counter() - started < 5


def _convert(steps: list[str], function: Function, *rules: tuple[str, str]) -> Converted:
    columns = {"c": ["x"] * len(steps), "s": steps, "t": ["2024-01-01"] * len(steps)}
    mapping = Mapping(
        (ColumnRule("customer_id", "c"), ColumnRule("action_type", "s", function), ColumnRule("time", "t")),
        step_rules=tuple(StepRule(*rule) for rule in rules),
    )
    arrays = {name: pa.array(texts, pa.string()) for name, texts in columns.items()}
    block = Block(arrays, np.arange(1, len(steps) + 1), [], 1.0, has_invalid_utf8=False, has_nul=False)
    return Converter(mapping, columns).convert(block)


@pytest.mark.parametrize(
    ("function", "step", "pattern"),
    [
        (Function.TRIM, " Buy ", "Buy"),
        (Function.LOWER, "Buy", "buy"),
        (Function.UPPER, "Buy", "B*Y"),
        (Function.STRING, " Buy", " Buy"),
        (Function.INT, "007", "7"),
        (Function.FLOAT, "2.50", "2.5"),
        (Function.DATE, "2024-05-07 10:00", "2024-05-*"),
    ],
)
def test_rules_see_what_the_function_has_made(function: Function, step: str, pattern: str) -> None:
    converted = _convert([step], function, (pattern, "Named"))
    assert (converted.columns["action_type"].to_pylist(), converted.faults) == (["Named"], [])


def test_a_long_address_is_a_good_step_when_a_rule_names_it() -> None:
    steps = ["/p/" + "x" * 600, "/q/" + "x" * 600, "", "/p/1"]
    converted = _convert(steps, Function.TRIM, ("/p/*", "Page"))
    assert converted.columns["action_type"].to_pylist() == ["Page", "Page"]
    assert [(fault.row, fault.reason) for fault in converted.faults] == [(2, "text_too_long"), (3, "field_missing")]


async def test_an_import_stores_and_counts_the_new_names(ingest: Any) -> None:
    steps = ["/p/1", "/p/2", "/p/help", "cart", "Cart", "buy"]
    rules = [("/p/help", "Help"), ("/p/*", "Page"), ("cart", "Basket"), ("never", "Never")]
    lines = [f"c{row % 7},{steps[min(row % 17, 5)]},2024-01-01 10:00:{row % 60:02}" for row in range(120_000)]
    expected = Counter(_named(line.split(",")[1], rules) for line in lines)
    data = ("a,b,c\n" + "\n".join(lines)).encode()
    columns = [("customer_id", "a"), ("action_type", "b"), ("time", "c")]
    step_rules = [mapping_pb2.StepRule(pattern=pattern, name=name) for pattern, name in rules]
    check = await ingest.run_import(data, columns, check=True)
    assert {step.activity for step in (await ingest.progress(check.import_id)).steps} == set(steps)
    entry = await ingest.run_import(data, columns, step_rules=step_rules)
    assert entry.status == import_log_pb2.IMPORT_STATUS_COMPLETED
    assert {step.activity: step.rows_count for step in (await ingest.progress(entry.import_id)).steps} == expected
    assert (await ingest.stats()).activities_count == len(expected)
    assert {event.action_type for event in await ingest.events(500)} == set(expected)
