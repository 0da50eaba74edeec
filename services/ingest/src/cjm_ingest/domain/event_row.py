"""The shape in which accepted events travel to the writer: one row per event, layout version 1."""

from typing import Final

from cjm_ingest.domain.fields import NUMBER_FIELDS, TEXT_FIELDS

ROW_LAYOUT_VERSION: Final = 1

# The event id is empty or null when the sender gave none: the writer makes it from the place in the stream.
# Time in milliseconds since 1970 UTC; text "" or null and number null mean "not set"; properties is JSON as text.
ROW_FIELDS: Final = (
    "dataset_id",
    "event_id",
    "customer_id",
    "action_type",
    "time",
    *TEXT_FIELDS,
    *NUMBER_FIELDS,
    "properties",
)
