"""The first schema of the catalog."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(length=36)
TIME = sa.DateTime(timezone=True)
KEY = sa.String(length=500).with_variant(sa.String(length=500, collation="C"), "postgresql")


def upgrade() -> None:
    """Creates every table."""
    op.create_table(
        "attempts",
        sa.Column("username_key", KEY, nullable=False),
        sa.Column("client_address", sa.String(length=100), nullable=False),
        sa.Column("failures_count", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("username_key", "client_address", name="pk_attempts"),
    )
    op.create_index("ix_attempts_last_failed_at", "attempts", ["last_failed_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"], unique=False)
    op.create_table(
        "users",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("username", sa.String(length=150), nullable=False),
        sa.Column("username_key", KEY, nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("is_superuser", sa.Boolean(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_login_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
    )
    op.create_table(
        "datasets",
        sa.Column("dataset_id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("time_zone", sa.String(length=100), nullable=False),
        sa.Column("default_case", sa.String(length=20), nullable=False),
        sa.Column("session_gap_minutes", sa.Integer(), nullable=False),
        sa.Column("goal_activity", sa.String(length=500), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.user_id"], name="fk_datasets_owner_id"),
        sa.PrimaryKeyConstraint("dataset_id", name="pk_datasets"),
        sa.UniqueConstraint("name_key", name="uq_datasets_name_key"),
    )
    op.create_index("ix_datasets_owner_id", "datasets", ["owner_id"], unique=False)
    op.create_table(
        "mappings",
        sa.Column("mapping_id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("time_zone", sa.String(length=100), nullable=False),
        sa.Column("time_format", sa.Text(), nullable=False),
        sa.Column("decimal_sign", sa.String(length=1), nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.user_id"], name="fk_mappings_owner_id"),
        sa.PrimaryKeyConstraint("mapping_id", name="pk_mappings"),
        sa.UniqueConstraint("name_key", name="uq_mappings_name_key"),
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", ID, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", name="pk_sessions"),
        sa.UniqueConstraint("secret_hash", name="uq_sessions_secret_hash"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], unique=False)
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("token_id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("secret_prefix", sa.String(length=20), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_by_id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.user_id"], name="fk_tokens_created_by_id"),
        sa.PrimaryKeyConstraint("token_id", name="pk_tokens"),
        sa.UniqueConstraint("secret_hash", name="uq_tokens_secret_hash"),
    )
    op.create_index("ix_tokens_created_at_token_id", "tokens", ["created_at", "token_id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("dataset_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.dataset_id"], name="fk_grants_dataset_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_grants_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("dataset_id", "user_id", name="pk_grants"),
    )
    op.create_index("ix_grants_user_id", "grants", ["user_id"], unique=False)
    op.create_table(
        "imports",
        sa.Column("import_id", ID, nullable=False),
        sa.Column("dataset_id", ID, nullable=False),
        sa.Column("created_by_id", ID, nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("all_or_nothing", sa.Boolean(), nullable=False),
        sa.Column("is_check", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("rows_accepted", sa.BigInteger(), nullable=False),
        sa.Column("rows_rejected", sa.BigInteger(), nullable=False),
        sa.Column("rows_duplicate", sa.BigInteger(), nullable=False),
        sa.Column("progress_ratio", sa.Float(), nullable=False),
        sa.Column("error_reason", sa.Text(), nullable=False),
        sa.Column("error_detail", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.user_id"], name="fk_imports_created_by_id"),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.dataset_id"], name="fk_imports_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", name="pk_imports"),
    )
    op.create_index("ix_imports_created_at_import_id", "imports", ["created_at", "import_id"], unique=False)
    op.create_index("ix_imports_dataset_id", "imports", ["dataset_id"], unique=False)
    op.create_table(
        "token_datasets",
        sa.Column("token_id", ID, nullable=False),
        sa.Column("dataset_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.dataset_id"], name="fk_token_datasets_dataset_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["tokens.token_id"], name="fk_token_datasets_token_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", "dataset_id", name="pk_token_datasets"),
    )
    op.create_index("ix_token_datasets_dataset_id", "token_datasets", ["dataset_id"], unique=False)


def downgrade() -> None:
    """Drops every table."""
    op.drop_table("token_datasets")
    op.drop_table("imports")
    op.drop_table("grants")
    op.drop_table("tokens")
    op.drop_table("sessions")
    op.drop_table("mappings")
    op.drop_table("datasets")
    op.drop_table("users")
    op.drop_table("outbox")
    op.drop_table("attempts")
