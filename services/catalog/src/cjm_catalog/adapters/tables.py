"""The declared relational schema; a test holds it equal to the migrated one."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Enum,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)

from cjm_catalog.domain.accounts import Attempts, Role, Session, User
from cjm_catalog.domain.datasets import CaseNotion, Dataset, Grant
from cjm_catalog.domain.imports import ImportEntry, ImportStatus
from cjm_catalog.domain.journal import JournalEntry, JournalKind
from cjm_catalog.domain.mappings import Function, Mapping, MappingColumn, StepRule
from cjm_catalog.domain.repairs import Repair, RepairAction
from cjm_catalog.domain.tokens import Token, TokenDataset
from cjm_kit.outbox import outbox_table


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone on both sides; SQLite, which knows no zones, holds UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC for the database."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """UTC for the program."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Packed(TypeDecorator[Any]):
    """A value kept as JSON.

    Args:
        pack: value to what JSON can hold.
        unpack: the way back.
    """

    impl = JSON
    cache_ok = False

    def __init__(self, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]) -> None:
        super().__init__()
        self._pack = pack
        self._unpack = unpack

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """JSON for the database."""
        return self._pack(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The value for the program."""
        return self._unpack(value)


def _choice(kind: type[StrEnum]) -> Enum:
    return Enum(
        kind, native_enum=False, length=20, values_callable=lambda members: [member.value for member in members]
    )


def _pack_columns(columns: tuple[MappingColumn, ...]) -> list[dict[str, Any]]:
    return [asdict(column) for column in columns]


def _unpack_repairs(repairs: list[dict[str, Any]]) -> tuple[Repair, ...]:
    return tuple(Repair(repair["reason"], RepairAction(repair["action"]), repair["text"]) for repair in repairs)


def _unpack_columns(columns: list[dict[str, Any]]) -> tuple[MappingColumn, ...]:
    return tuple(
        MappingColumn(
            c["field"],
            c["column"],
            Function(c["function"]) if c["function"] else None,
            _unpack_repairs(c.get("repairs", [])),  # older columns say nothing about them
        )
        for c in columns
    )


def _pack_step_rules(rules: tuple[StepRule, ...]) -> list[dict[str, str]]:
    return [asdict(rule) for rule in rules]


def _unpack_step_rules(rules: list[dict[str, str]]) -> tuple[StepRule, ...]:
    return tuple(StepRule(**rule) for rule in rules)


# Parts of a mapping that came later, and what they are when a copy lacks them.
_LATER_PARTS = {"step_rules": (), "encoding": "UTF-8", "separator": "", "headerless": False}


def _pack_mapping(mapping: Mapping) -> dict[str, Any]:
    packed = {
        **asdict(mapping),
        "columns": _pack_columns(mapping.columns),
        "created_at": mapping.created_at and mapping.created_at.isoformat(),
    }
    for name, default in _LATER_PARTS.items():
        # Replicas from before there was such a part can read it while the others are being replaced.
        if getattr(mapping, name) == default:
            del packed[name]
    return packed


def _unpack_mapping(packed: dict[str, Any]) -> Mapping:
    created_at = packed["created_at"] and datetime.fromisoformat(packed["created_at"])
    unpacked = {
        "columns": _unpack_columns(packed["columns"]),
        "step_rules": _unpack_step_rules(packed.get("step_rules", [])),
        "created_at": created_at,
    }
    return Mapping(**{**packed, **unpacked})


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(36)
# Folding can make a name three times as long; the "C" collation sorts alike on every server.
_KEY = String(500).with_variant(String(500, collation="C"), "postgresql")

users = Table(
    "users",
    metadata,
    Column("user_id", _ID, primary_key=True),
    Column("username", String(150), nullable=False),
    Column("username_key", _KEY, nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    Column("role", _choice(Role), nullable=False),
    Column("is_superuser", Boolean, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_login_at", UtcTime),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", _ID, primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("user_id", _ID, ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
)

attempts = Table(
    "attempts",
    metadata,
    Column("username_key", _KEY, primary_key=True),
    Column("client_address", String(100), primary_key=True),
    Column("failures_count", Integer, nullable=False),
    Column("last_failed_at", UtcTime, nullable=False, index=True),
)

datasets = Table(
    "datasets",
    metadata,
    Column("dataset_id", _ID, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("name_key", _KEY, nullable=False, unique=True),
    Column("is_public", Boolean, nullable=False),
    Column("owner_id", _ID, ForeignKey("users.user_id"), nullable=False, index=True),
    Column("time_zone", String(100), nullable=False),
    Column("default_case", _choice(CaseNotion), nullable=False),
    Column("session_gap_minutes", Integer, nullable=False),
    Column("goal_activity", String(500), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("deleted_at", UtcTime, index=True),
)

grants = Table(
    "grants",
    metadata,
    Column("dataset_id", _ID, ForeignKey("datasets.dataset_id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", _ID, ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("created_at", UtcTime, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_id", _ID, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("secret_prefix", String(20), nullable=False),
    Column("scopes", Packed(list, tuple), nullable=False),
    Column("created_by_id", _ID, ForeignKey("users.user_id"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
    Index(None, "created_at", "token_id"),
)

token_datasets = Table(
    "token_datasets",
    metadata,
    Column("token_id", _ID, ForeignKey("tokens.token_id", ondelete="CASCADE"), primary_key=True),
    Column("dataset_id", _ID, ForeignKey("datasets.dataset_id", ondelete="CASCADE"), primary_key=True, index=True),
)

mappings = Table(
    "mappings",
    metadata,
    Column("mapping_id", _ID, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("name_key", _KEY, nullable=False, unique=True),
    Column("columns", Packed(_pack_columns, _unpack_columns), nullable=False),
    Column("time_zone", String(100), nullable=False),
    Column("time_format", Text, nullable=False),
    Column("decimal_sign", String(1), nullable=False),
    Column("step_rules", Packed(_pack_step_rules, _unpack_step_rules), nullable=False, server_default="[]"),
    Column("encoding", String(20), nullable=False, server_default="UTF-8"),
    Column("separator", String(1), nullable=False, server_default=""),
    Column("headerless", Boolean, nullable=False, server_default=false()),
    Column("owner_id", _ID, ForeignKey("users.user_id"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

imports = Table(
    "imports",
    metadata,
    Column("import_id", _ID, primary_key=True),
    Column("dataset_id", _ID, ForeignKey("datasets.dataset_id", ondelete="CASCADE"), index=True),
    Column("created_by_id", _ID, ForeignKey("users.user_id"), nullable=False),
    Column("file_name", String(255), nullable=False),
    Column("file_bytes", BigInteger, nullable=False),
    Column("mapping", Packed(_pack_mapping, _unpack_mapping), nullable=False),
    Column("all_or_nothing", Boolean, nullable=False),
    Column("is_check", Boolean, nullable=False),
    Column("replaces_dataset", Boolean, nullable=False),
    Column("status", _choice(ImportStatus), nullable=False),
    Column("rows_read", BigInteger, nullable=False),
    Column("rows_accepted", BigInteger, nullable=False),
    Column("rows_rejected", BigInteger, nullable=False),
    Column("rows_duplicate", BigInteger, nullable=False),
    Column("progress_ratio", Float, nullable=False),
    Column("error_reason", Text, nullable=False),
    Column("error_detail", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Index(None, "created_at", "import_id"),
)

# No foreign key but the account: entries outlive what they are about.
journal = Table(
    "journal",
    metadata,
    Column("entry_id", _ID, primary_key=True),
    Column("kind", _choice(JournalKind), nullable=False),
    Column("object", String(40), nullable=False),
    Column("object_id", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("dataset_id", _ID, nullable=False, index=True),
    Column("dataset_name", String(100), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by_id", _ID, ForeignKey("users.user_id"), nullable=False),
    Column("format", String(10), nullable=False),
    Column("address", Text, nullable=False),
    Column("events_changed", BigInteger),
    Column("events_removed", BigInteger),
    Index(None, "created_at", "entry_id"),
)

outbox = outbox_table(metadata)

TABLES: dict[type, Table] = {
    User: users,
    Session: sessions,
    Attempts: attempts,
    Dataset: datasets,
    Grant: grants,
    Token: tokens,
    TokenDataset: token_datasets,
    Mapping: mappings,
    ImportEntry: imports,
    JournalEntry: journal,
}
