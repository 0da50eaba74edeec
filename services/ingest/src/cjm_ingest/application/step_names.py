"""Other names for steps: the rules of a mapping on whole columns."""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cjm_ingest.domain.mapping import StepRule


class StepNames:
    """Renames steps; looks at every distinct step of a column once.

    Args:
        rules: The first that fits counts.
    """

    def __init__(self, rules: Sequence[StepRule]) -> None:
        exact = {rule.pattern: place for place, rule in enumerate(rules) if "*" not in rule.pattern}
        self._exact = pa.array(exact, pa.string())
        self._exact_places = np.array([*exact.values(), len(rules)])
        self._wild = [(place, _regex(rule.pattern)) for place, rule in enumerate(rules) if "*" in rule.pattern]
        self._names = pa.array([*(rule.name for rule in rules), None], pa.string())

    def of(self, steps: pa.StringArray) -> pa.StringArray:
        """The names of steps; those that no rule fits, and nulls, stay."""
        if len(self._names) == 1:
            return steps
        encoded = steps.dictionary_encode()
        distinct = encoded.dictionary
        exact = pc.index_in(distinct, value_set=self._exact).fill_null(len(self._exact))
        places = self._exact_places[exact.to_numpy()]
        for place, regex in self._wild:
            fits = pc.match_substring_regex(distinct, regex).to_numpy(zero_copy_only=False)
            places = np.minimum(places, np.where(fits, place, len(self._names) - 1))
        return pc.coalesce(self._names.take(pa.array(places)), distinct).take(encoded.indices)


def _regex(pattern: str) -> str:
    """A whole-text regular expression; Arrow's engine takes time linear in the text, whatever the pattern."""
    # Arrow's match_like would be shorter, but takes an escaped backslash at the end for an escaped wildcard.
    return "(?s)^" + ".*".join(map(re.escape, re.split(r"\*+", pattern))) + "$"
