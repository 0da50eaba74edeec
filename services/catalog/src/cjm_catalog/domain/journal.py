"""The journal: what people took away, brought back, repaired and took out of the house."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cjm_catalog.domain.checks import has_control_characters, invalid

EXPORTED_OBJECTS = ("map", "paths", "steps", "model", "chart", "table", "rejected_rows")
EXPORT_FORMATS = ("svg", "png", "csv")
MAX_NAME_LENGTH = 255
MAX_ADDRESS_LENGTH = 2_000
# A path of the page itself: "//host" and "/\host" lead elsewhere.
_OWN_PATH = re.compile(r"/(?![/\\])\S*")


class JournalKind(StrEnum):
    """What was done."""

    DELETED = "deleted"
    RESTORED = "restored"
    ERASED = "erased"
    FIXED = "fixed"
    EXPORTED = "exported"


@dataclass(frozen=True)
class JournalEntry:
    """One entry; names are those of then, and it outlives what it is about.

    `object` says to what it was done: "dataset", "mapping", "import", the kind of a finding, or what was exported.
    """

    entry_id: str
    kind: JournalKind
    object: str
    created_by_id: str
    created_at: datetime
    object_id: str = ""
    name: str = ""
    dataset_id: str = ""
    dataset_name: str = ""
    format: str = ""
    address: str = ""
    events_changed: int | None = None
    events_removed: int | None = None


def check_export(object_name: str, object_id: str, name: str, file_format: str, address: str) -> None:
    """Checks what is said of an export.

    Raises:
        AppError: INVALID_ARGUMENT export_unknown, export_format_unknown, export_name_invalid, export_address_invalid.
    """
    if object_name not in EXPORTED_OBJECTS:
        raise invalid("object", "export_unknown", f"The field object is none of {', '.join(EXPORTED_OBJECTS)}.")
    if file_format not in EXPORT_FORMATS:
        raise invalid("format", "export_format_unknown", f"The field format is none of {', '.join(EXPORT_FORMATS)}.")
    for field, text in (("object_id", object_id), ("name", name)):
        if len(text) > MAX_NAME_LENGTH or has_control_characters(text):
            detail = f"The field {field} is longer than {MAX_NAME_LENGTH} characters or holds control characters."
            raise invalid(field, "export_name_invalid", detail)
    if address and (len(address) > MAX_ADDRESS_LENGTH or not _OWN_PATH.fullmatch(address)):
        detail = (
            f'The field address is no path of this page: it starts with one "/", has at most {MAX_ADDRESS_LENGTH} '
            "characters and no blanks. Give the path and the query as the browser shows them."
        )
        raise invalid("address", "export_address_invalid", detail)
