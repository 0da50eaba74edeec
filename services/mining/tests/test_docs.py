"""The pages about methods name every kind, every parameter with its default and range, and a source."""

import re
from pathlib import Path

import pytest

from cjm_mining.domain.analysis import MAX_ACTIVITIES_COUNT, PARAMETERS, PARTIAL_WAYS_COUNT, Kind

METHODS = next(parent / "docs" / "methods" for parent in Path(__file__).parents if (parent / "docs").is_dir())
PAGES = {
    Kind.DIRECTLY_FOLLOWS: "directly-follows.md",
    Kind.DFG_PETRI: "directly-follows.md",
    Kind.ALPHA: "alpha.md",
    Kind.HEURISTICS_NET: "heuristics-net.md",
    Kind.HEURISTICS_PETRI: "heuristics-net.md",
    Kind.INDUCTIVE_TREE: "inductive-miner.md",
    Kind.INDUCTIVE_PETRI: "inductive-miner.md",
}


@pytest.mark.parametrize("kind", Kind)
def test_the_page_says_what_the_code_does(kind: Kind) -> None:
    page = (METHODS / PAGES[kind]).read_text()
    assert f"`{kind}`" in page
    assert re.search(r"doi:10\.\d{4,}/\S+", page)
    for parameter in PARAMETERS[kind]:
        row = f"| `{parameter.name}` | {parameter.default} | {parameter.minimum:g}-{parameter.maximum:g} |"
        assert row in page
    if kind is not Kind.DIRECTLY_FOLLOWS:
        assert f"{MAX_ACTIVITIES_COUNT[kind]:,}" in page
    if kind.needs_variants:
        assert f"the {PARTIAL_WAYS_COUNT} most frequent ways" in page
