r"""The filter in text notation, as it stands in URLs and in the record of an analysis.

    term    = ["!"] key ":" value
    value   = alternative *("," alternative)            one of them is enough
    steps   = step *(">" step)                          for direct, eventual (two steps) and way (one or more)
    range   = [number] ".." [number]                    for length (events) and duration (seconds), bounds included

Keys: `step`, `direct`, `eventual`, `starts`, `ends`, `length`, `duration`, `way`, any event field, `properties.<name>`.
For a field the empty value means "not set". A backslash takes the meaning from the sign after it (`\,` `\>` `\:` `\\`).
Several terms must all be true.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cjm_kit.errors import AppError, Code, FieldViolation
from cjm_protos.ingest.v1.scope_pb2 import (
    Activities,
    Contains,
    CountRange,
    DurationRange,
    FieldIn,
    Filter,
    FilterGroup,
    Follows,
)

TERMS_LIMIT = 50
TERM_CHARACTERS_LIMIT = 4000
_FIELD = re.compile(r"[a-z][a-z_]*|properties\..+", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,6})?")
_SPECIAL = re.compile(r"[\\,>]")


class _FaultError(Exception):
    """What is wrong with a term, as the end of a sentence."""


def parse_filter(terms: Sequence[str]) -> Filter | None:
    """Read a filter.

    Args:
        terms: Terms in text notation, all of which must be true, at most 50.

    Returns:
        The filter; None without terms.

    Raises:
        AppError: INVALID_ARGUMENT `filter_term_invalid` naming every faulty term; `row` counts terms from 1.
    """
    if len(terms) > TERMS_LIMIT:
        detail = f"At most {TERMS_LIMIT} filter terms are possible; {len(terms)} were sent."
        raise AppError(Code.INVALID_ARGUMENT, "filter_term_invalid", detail)
    filters: list[Filter] = []
    violations: list[FieldViolation] = []
    for row, term in enumerate(terms, 1):
        try:
            filters.append(_parse(term))
        except _FaultError as fault:
            shown = term if len(term) <= 200 else f"{term[:200]}…"
            detail = f'Filter term "{shown}" {fault}.'
            violations.append(FieldViolation("f", "filter_term_invalid", detail, row))
    if violations:
        raise AppError(Code.INVALID_ARGUMENT, "filter_term_invalid", violations[0].detail, violations=violations)
    if len(filters) <= 1:
        return filters[0] if filters else None
    return Filter(all_of=FilterGroup(filters=filters))


def print_filter(filter_: Filter | None) -> list[str]:
    """Write a filter that `parse_filter` made as terms, always in the same way for the same filter."""
    if filter_ is None:
        return []
    if filter_.WhichOneof("node") == "all_of":
        return [_print(part) for part in filter_.all_of.filters]
    return [_print(filter_)]


def _parse(term: str) -> Filter:
    if len(term) > TERM_CHARACTERS_LIMIT:
        raise _FaultError(f"is longer than {TERM_CHARACTERS_LIMIT} characters")
    if term.startswith("!"):
        negated: dict[str, Any] = {"not": _parse_positive(term[1:])}  # "not" is a word of Python
        return Filter(**negated)
    return _parse_positive(term)


def _parse_positive(term: str) -> Filter:
    key, *rest = _split(term, ":", at_most=1)
    if not rest:
        raise _FaultError('has no ":" between key and value')
    key = _unescape(key)
    values = _split(rest[0], ",")
    if key in _ALTERNATIVES:
        return _any_of([_ALTERNATIVES[key](value) for value in values])
    if key == "step":
        return Filter(contains=Contains(activities=_steps(values)))
    if key == "starts":
        return Filter(starts_with=Activities(activities=_steps(values)))
    if key == "ends":
        return Filter(ends_with=Activities(activities=_steps(values)))
    if not _FIELD.fullmatch(key):
        raise _FaultError("starts with a key that is neither a kind of filter nor an event field")
    return Filter(field_in=FieldIn(field=key, values=[_unescape(value) for value in values]))


def _any_of(filters: list[Filter]) -> Filter:
    return filters[0] if len(filters) == 1 else Filter(any_of=FilterGroup(filters=filters))


def _steps(escaped: Iterable[str]) -> list[str]:
    steps = [_unescape(step) for step in escaped]
    if not all(steps):
        raise _FaultError("has an empty step")
    return steps


def _follows(value: str) -> Follows:
    steps = _steps(_split(value, ">"))
    if len(steps) != 2:
        raise _FaultError('needs two steps with ">" between them, like cart>purchase')
    return Follows(source=steps[0], target=steps[1])


def _bounds(value: str) -> tuple[str, str]:
    low, separator, high = value.partition("..")
    texts = [text for text in (low, high) if text]
    if not separator or not texts or not all(_NUMBER.fullmatch(text) for text in texts):
        raise _FaultError("needs a range of numbers, like 3..10, 3.. or ..10")
    if low and high and float(low) > float(high):
        raise _FaultError("has a range whose start is above its end")
    return low, high


def _length(value: str) -> Filter:
    low, high = _bounds(value)
    if "." in low + high:
        raise _FaultError("needs whole numbers of events")
    return Filter(length=CountRange(min_count=int(low) if low else None, max_count=int(high) if high else None))


def _duration(value: str) -> Filter:
    low, high = _bounds(value)
    span = DurationRange(min_seconds=float(low) if low else None, max_seconds=float(high) if high else None)
    return Filter(duration=span)


_ALTERNATIVES: dict[str, Callable[[str], Filter]] = {
    "direct": lambda value: Filter(directly_follows=_follows(value)),
    "eventual": lambda value: Filter(eventually_follows=_follows(value)),
    "way": lambda value: Filter(exact_way=Activities(activities=_steps(_split(value, ">")))),
    "length": _length,
    "duration": _duration,
}


def _split(text: str, separator: str, at_most: int = -1) -> list[str]:
    """Split at separators that no backslash precedes; the parts keep their backslashes."""
    parts, part, is_escaped = [], "", False
    for index, character in enumerate(text):
        if character == separator and not is_escaped:
            parts.append(part)
            part = ""
            if len(parts) == at_most:
                return [*parts, text[index + 1 :]]
        else:
            part += character
        is_escaped = character == "\\" and not is_escaped
    return [*parts, part]


def _unescape(text: str) -> str:
    plain = re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
    if (len(text) - len(text.rstrip("\\"))) % 2:
        raise _FaultError("ends with a lonely backslash; write two for the sign itself")
    return plain


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _print(filter_: Filter) -> str:
    kind = filter_.WhichOneof("node")
    if kind == "not":
        return "!" + _print(getattr(filter_, "not"))
    parts = list(filter_.any_of.filters) if kind == "any_of" else [filter_]
    printed = [_print_positive(part) for part in parts]
    return f"{printed[0][0]}:{','.join(value for _, value in printed)}"


def _print_positive(filter_: Filter) -> tuple[str, str]:
    match filter_.WhichOneof("node"):
        case "field_in":
            key = filter_.field_in.field.replace("\\", "\\\\").replace(":", "\\:")
            return key, ",".join(map(_escape, filter_.field_in.values))
        case "contains":
            return "step", ",".join(map(_escape, filter_.contains.activities))
        case "directly_follows":
            return "direct", _print_follows(filter_.directly_follows)
        case "eventually_follows":
            return "eventual", _print_follows(filter_.eventually_follows)
        case "starts_with":
            return "starts", ",".join(map(_escape, filter_.starts_with.activities))
        case "ends_with":
            return "ends", ",".join(map(_escape, filter_.ends_with.activities))
        case "exact_way":
            return "way", ">".join(map(_escape, filter_.exact_way.activities))
        case "length":
            counts = filter_.length
            low = counts.min_count if counts.HasField("min_count") else ""
            return "length", f"{low}..{counts.max_count if counts.HasField('max_count') else ''}"
        case _:
            span = filter_.duration
            low = _print_seconds(span.min_seconds) if span.HasField("min_seconds") else ""
            return "duration", f"{low}..{_print_seconds(span.max_seconds) if span.HasField('max_seconds') else ''}"


def _print_follows(follows: Follows) -> str:
    return f"{_escape(follows.source)}>{_escape(follows.target)}"


def _print_seconds(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".")
