"""What is stored and in which shape it comes in."""

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from cjm_ingest.domain.fields import CATEGORY_FIELDS, FREE_TEXT_FIELDS, NUMBER_FIELDS, TEXT_FIELDS

MAX_ACTIONS_COUNT: Final = 65_000

# One row per new event. Text "" and number null mean "not set". `action` is a code of `EventStore.action_codes`,
# `tie` the order of arrival among the events of one customer in one millisecond, `event_key` of `domain.keys`,
# `time` from 1900 to 2299, `properties` a JSON object as text or "", `import_id` "" for events sent over REST,
# `dataset_id` the key of an edition of the dataset, see `editions`.
INCOMING_SCHEMA: Final = pa.schema(
    [
        pa.field("dataset_id", pa.string(), nullable=False),
        pa.field("event_key", pa.uint64(), nullable=False),
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("action", pa.uint16(), nullable=False),
        pa.field("time", pa.timestamp("ms", tz="UTC"), nullable=False),
        pa.field("tie", pa.uint32(), nullable=False),
        pa.field("import_id", pa.string(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in TEXT_FIELDS),
        *(pa.field(name, pa.float64()) for name in NUMBER_FIELDS),
        pa.field("properties", pa.string(), nullable=False),
    ]
)

_DURABLE = "fsync_after_insert = 1, fsync_part_directory = 1"


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step of the schema; its statements may run twice without harm."""

    number: int
    name: str
    statements: tuple[str, ...]


def _events_ddl() -> str:
    columns = [
        "dataset_id LowCardinality(String)",
        "event_key UInt64",
        "event_id String",
        "customer_id String",
        "customer_key UInt64 DEFAULT sipHash64(customer_id)",
        "session_key UInt64 DEFAULT if(session_id = '', 0, sipHash64(session_id))",
        "action UInt16",
        "time DateTime64(3, 'UTC')",
        "tie UInt32",
        "import_id LowCardinality(String)",
        *(f"{name} LowCardinality(String)" for name in CATEGORY_FIELDS),
        *(f"{name} String" for name in FREE_TEXT_FIELDS),
        *(f"{name} Nullable(Float64)" for name in NUMBER_FIELDS),
        "properties String CODEC(ZSTD(1))",
    ]
    return (
        f"CREATE TABLE IF NOT EXISTS events ({', '.join(columns)}) ENGINE = MergeTree "
        "PARTITION BY dataset_id ORDER BY (dataset_id, customer_key, time, tie) "
        f"SETTINGS {_DURABLE}, non_replicated_deduplication_window = 1000"
    )


_ACTIONS_DDL = (
    "CREATE TABLE IF NOT EXISTS actions (dataset_id LowCardinality(String), code UInt16, name String) "
    f"ENGINE = MergeTree ORDER BY (dataset_id, code) SETTINGS {_DURABLE}"
)

_PLACES_DDL = (
    "CREATE TABLE IF NOT EXISTS places (stream String, sequence UInt64) "
    f"ENGINE = ReplacingMergeTree(sequence) ORDER BY stream SETTINGS {_DURABLE}"
)

_DELETED_DATASETS_DDL = (
    "CREATE TABLE IF NOT EXISTS deleted_datasets (dataset_id String) "
    f"ENGINE = MergeTree ORDER BY dataset_id SETTINGS {_DURABLE}"
)

_EDITIONS_DDL = (
    "CREATE TABLE IF NOT EXISTS editions (dataset_id String, import_id String, step UInt8) "
    f"ENGINE = MergeTree ORDER BY (dataset_id, import_id) SETTINGS {_DURABLE}"
)

_REMOVED_EVENTS_DDL = (
    "CREATE TABLE IF NOT EXISTS removed_events "
    "(dataset_id LowCardinality(String), event_key UInt64, import_ids Array(LowCardinality(String))) "
    f"ENGINE = MergeTree ORDER BY (dataset_id, event_key) SETTINGS {_DURABLE}"
)

MIGRATIONS: Final = (
    Migration(1, "events", (_events_ddl(),)),
    Migration(2, "actions", (_ACTIONS_DDL,)),
    Migration(3, "places", (_PLACES_DDL,)),
    Migration(4, "deleted_datasets", (_DELETED_DATASETS_DDL,)),
    # Parts of one file up to this size: a third less work for the writer and its merges.
    Migration(5, "compact_parts", ("ALTER TABLE events MODIFY SETTING min_bytes_for_wide_part = 100000000",)),
    Migration(6, "editions", (_EDITIONS_DDL,)),
    Migration(7, "step_aliases", ("ALTER TABLE actions ADD COLUMN IF NOT EXISTS is_alias UInt8 DEFAULT 0",)),
    # Duplicates whose ids stay known, and the events that a running fix has yet to write anew.
    Migration(8, "fixes", (_REMOVED_EVENTS_DDL, "CREATE TABLE IF NOT EXISTS fixing AS events")),
    # Twenty parts of a size for one merge instead of five: half the work while events stream in, no more to read them.
    Migration(9, "wide_merges", ("ALTER TABLE events MODIFY SETTING merge_selector_base = 20",)),
)
