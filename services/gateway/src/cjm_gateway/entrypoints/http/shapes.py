"""Forms shared by all resources: bodies, pages, instants, words for enum values."""

from datetime import UTC
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, ConfigDict, Field

Instant = Annotated[
    str, Field(json_schema_extra={"format": "date-time"}, description="RFC 3339, UTC, with milliseconds and Z.")
]
_Item = TypeVar("_Item")


class Shape(BaseModel):
    """What the API answers."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)


class Body(BaseModel):
    """What the API takes; a field it does not know is refused, so that a slip of the pen is noticed."""

    # Any limit makes pydantic look whether a text can be written as UTF-8; half of a character pair cannot.
    model_config = ConfigDict(extra="forbid", populate_by_name=True, str_min_length=0)


class Page(Shape, Generic[_Item]):
    """Part of a list."""

    items: list[_Item]
    next_cursor: Annotated[str | None, Field(description="Send as `cursor` for the next part; null at the end.")] = None


class Paging(BaseModel):
    """Which part of a list is wanted."""

    limit: int
    cursor: str


def _paging(
    limit: Annotated[int, Query(ge=1, le=200, description="Items at most.")] = 50,
    cursor: Annotated[str, Query(description="`next_cursor` of the part before.")] = "",
) -> Paging:
    return Paging(limit=limit, cursor=cursor)


PagingQuery = Annotated[Paging, Depends(_paging)]


def instant(timestamp: Timestamp) -> str:
    """An instant as RFC 3339 text in UTC with milliseconds."""
    return f"{timestamp.ToDatetime(UTC):%Y-%m-%dT%H:%M:%S}.{timestamp.nanos // 1_000_000:03d}Z"


def instant_or_none(message: Any, field: str) -> str | None:
    """An instant of a message as text; None when it is absent."""
    return instant(getattr(message, field)) if message.HasField(field) else None


def instant_of_ms(milliseconds: int) -> str | None:
    """An instant given in milliseconds since 1970 as text; None for 0."""
    if not milliseconds:
        return None
    timestamp = Timestamp()
    timestamp.FromMilliseconds(milliseconds)
    return instant(timestamp)


def word(enum: Any, value: int) -> str:
    """The word of the API for an enum value: its name in lower case without the name of the enum."""
    prefix = enum.Name(0).removesuffix("UNSPECIFIED")
    name: str = enum.Name(value)
    return name.removeprefix(prefix).lower()


def words(enum: Any) -> dict[str, Any]:
    """All words of an enum with their values (the types of generated enums exist for mypy only)."""
    return {word(enum, value): value for value in enum.values() if value}
