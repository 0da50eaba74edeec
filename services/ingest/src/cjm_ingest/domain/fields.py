"""The fields of an event: what may be sent, stored, filtered and counted by."""

from typing import Final

REQUIRED_FIELDS: Final = ("customer_id", "action_type", "time")

# Few different values: stored as dictionary codes.
CATEGORY_FIELDS: Final = (
    "channel_type",
    "device_browser",
    "device_os",
    "device_category",
    "traffic_source_name",
    "interact_item_type",
    "experience_emotion",
    "geo_continent",
    "geo_country",
    "geo_city",
    "store_id",
    "employee_id",
    "webpage_hostname",
    "app_name",
    "currency",
)

# Many different values: stored as they are.
FREE_TEXT_FIELDS: Final = (
    "session_id",
    "traffic_source_url",
    "interact_item_id",
    "interact_item_url",
    "interact_item_content",
    "webpage_url",
    "webpage_title",
    "app_screen_title",
    "order_id",
    "item_id",
)

TEXT_FIELDS: Final = CATEGORY_FIELDS + FREE_TEXT_FIELDS

NUMBER_FIELDS: Final = ("experience_score", "value")

# Fields that a sender may leave out; an empty text or a null number means "not set".
OPTIONAL_FIELDS: Final = TEXT_FIELDS + NUMBER_FIELDS

# Every further name a sender chose lives under this prefix.
PROPERTY_PREFIX: Final = "properties."
