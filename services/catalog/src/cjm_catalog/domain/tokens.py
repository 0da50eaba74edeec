"""API tokens of external systems."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cjm_kit.errors import AppError, Code, FieldViolation

EVENTS_WRITE = "events:write"
SCOPES = frozenset({EVENTS_WRITE})
SECRET_START = "cjm_"  # noqa: S105 - how every secret begins
PREFIX_LENGTH = len(SECRET_START) + 6


@dataclass(frozen=True)
class Token:
    """One API token; its secret is kept only as a hash and a short beginning to recognise it by."""

    token_id: str
    name: str
    secret_hash: str
    secret_prefix: str
    scopes: tuple[str, ...]
    created_by_id: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class TokenDataset:
    """Says that a token may touch a dataset."""

    token_id: str
    dataset_id: str


def checked_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    """Returns the scopes of a new token, each once, in order; none means "events:write".

    Raises:
        AppError: INVALID_ARGUMENT scope_unknown, with one violation per unknown scope.
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise AppError(
            Code.INVALID_ARGUMENT,
            "scope_unknown",
            f'There is no scope "{unknown[0]}". Choose from: {", ".join(sorted(SCOPES))}.',
            violations=tuple(
                FieldViolation("scopes", "scope_unknown", f'There is no scope "{scope}".') for scope in unknown
            ),
        )
    return tuple(sorted(set(scopes))) or (EVENTS_WRITE,)
