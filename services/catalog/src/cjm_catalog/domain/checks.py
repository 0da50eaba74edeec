"""Checks that every part of the catalog shares: names, texts, time zones, pages."""

import base64
import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Generic, TypeVar
from zoneinfo import available_timezones

from cjm_kit.errors import AppError, Code, FieldViolation

T = TypeVar("T")

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some records in order, and the cursor of the records after them (empty at the end)."""

    items: Sequence[T]
    next_cursor: str


def invalid(field: str, reason: str, detail: str) -> AppError:
    """Builds the error for one wrong field of a request.

    Args:
        field: name of the field as the caller knows it.
        reason: reason code, snake_case.
        detail: sentence for the user that says what to do.

    Returns:
        An INVALID_ARGUMENT error with one field violation.
    """
    return AppError(
        Code.INVALID_ARGUMENT, reason, detail, violations=(FieldViolation(field=field, reason=reason, detail=detail),)
    )


def folded(name: str) -> str:
    """Gives the form under which names that differ only in case, composition or signs nobody sees are the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", _seen(name)).casefold())


def _seen(name: str) -> str:
    """A name without the signs that nobody sees: joiners, marks of direction, blanks around it."""
    return "".join(sign for sign in name if unicodedata.category(sign) != "Cf").strip()


def has_control_characters(text: str) -> bool:
    """Tells whether a text holds characters that no name or title needs (line ends, NUL, ...)."""
    return any(unicodedata.category(character) == "Cc" for character in text)


def checked_name(field: str, name: str, max_length: int) -> str:
    """Returns a name in normal form: white space around it removed, composed (NFC).

    Args:
        field: name of the field as the caller knows it.
        name: the text as typed.
        max_length: longest name allowed, in characters.

    Raises:
        AppError: INVALID_ARGUMENT name_empty, name_too_long or name_has_control_characters.
    """
    normal = unicodedata.normalize("NFC", name.strip())
    if not _seen(normal):
        raise invalid(field, "name_empty", f"The field {field} is empty. Give a name of 1 to {max_length} characters.")
    if len(normal) > max_length:
        raise invalid(
            field,
            "name_too_long",
            f"The field {field} has {len(normal)} characters. Give a name of at most {max_length} characters.",
        )
    if has_control_characters(normal):
        raise invalid(
            field,
            "name_has_control_characters",
            f"The field {field} holds line ends or other control characters. Remove them.",
        )
    return normal


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_time_zone(name: str) -> bool:
    """Tells whether a name is an IANA time zone, for example "Europe/Berlin"."""
    return name in _time_zones()


def checked_time_zone(field: str, name: str) -> str:
    """Returns an IANA time zone name; an empty one becomes "UTC".

    Raises:
        AppError: INVALID_ARGUMENT time_zone_unknown.
    """
    zone = name.strip() or "UTC"
    if not is_time_zone(zone):
        raise invalid(
            field,
            "time_zone_unknown",
            f'The field {field} holds "{zone}", which is no time zone. Give an IANA name such as "Europe/Berlin".',
        )
    return zone


def checked_page_size(page_size: int) -> int:
    """Returns how many records a page holds, 1-200; 0 asks for the usual 50.

    Raises:
        AppError: INVALID_ARGUMENT page_size_out_of_range.
    """
    if page_size == 0:
        return DEFAULT_PAGE_SIZE
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise invalid(
            "page_size",
            "page_size_out_of_range",
            f"The page size is {page_size}. Ask for 1 to {MAX_PAGE_SIZE} records.",
        )
    return page_size


def encode_cursor(*parts: str) -> str:
    """Packs the sort key of the last record of a page into an opaque text."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *readers: Callable[[object], object]) -> tuple[object, ...] | None:
    """Unpacks a cursor; an empty one, for the first page, gives None.

    Args:
        cursor: text made by `encode_cursor`, or empty.
        readers: one per part, text to value; a ValueError, TypeError or OverflowError means a bad cursor.

    Raises:
        AppError: INVALID_ARGUMENT page_token_invalid.
    """
    if not cursor:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(reader(part) for reader, part in zip(readers, parts, strict=True))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise invalid(
            "page_token",
            "page_token_invalid",
            "The cursor is not one this service gave out for this list. Start again without a cursor.",
        ) from error


def text(part: object) -> str:
    """Reads a part of a cursor that is a text.

    Raises:
        TypeError: when it is none.
    """
    if not isinstance(part, str):
        raise TypeError("not a text")
    return part


def moment(part: object) -> datetime:
    """Reads an ISO 8601 time that carries its zone.

    Raises:
        ValueError, TypeError, OverflowError: when it is none.
    """
    time = datetime.fromisoformat(text(part))
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time.astimezone(UTC)
