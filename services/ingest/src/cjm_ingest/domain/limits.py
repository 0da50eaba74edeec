"""How large the parts of an event may be."""

from datetime import UTC, datetime
from typing import Final

from cjm_ingest.domain.fields import FREE_TEXT_FIELDS, TEXT_FIELDS

SHORT_TEXT_CHARACTERS: Final = 512
LONG_TEXT_CHARACTERS: Final = 8192
PROPERTIES_BYTES: Final = 65_536
FIELD_BYTES: Final = 1 << 20

_SHORT_FREE_TEXTS: Final = ("session_id", "interact_item_id", "order_id", "item_id")

# Characters that a text field holds at most.
TEXT_LIMITS: Final = {
    **dict.fromkeys(("event_id", "customer_id", "action_type", *TEXT_FIELDS), SHORT_TEXT_CHARACTERS),
    **{name: LONG_TEXT_CHARACTERS for name in FREE_TEXT_FIELDS if name not in _SHORT_FREE_TEXTS},
}

EARLIEST_MS: Final = int(datetime(1900, 1, 1, tzinfo=UTC).timestamp()) * 1000
LATEST_MS: Final = int(datetime(2300, 1, 1, tzinfo=UTC).timestamp()) * 1000 - 1


def text_limit(field: str) -> int:
    """Characters that a text field, or a free property, holds at most."""
    return TEXT_LIMITS.get(field, LONG_TEXT_CHARACTERS)
