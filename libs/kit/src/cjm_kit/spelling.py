"""What somebody who misspelt a name may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_NEAR = 0.75  # "tiem" is near "time", "colour" is near nothing


def did_you_mean(unknown: str, known: Iterable[str]) -> str:
    """The question for the nearest known name.

    Args:
        unknown: The name as sent.
        known: The names there are.

    Returns:
        For example `Did you mean "time"?`; empty when none is near.
    """
    near = get_close_matches(unknown.lower(), known, 1, _NEAR)
    return f'Did you mean "{near[0]}"?' if near else ""
