"""The journal, and datasets that are kept for a while after they were deleted."""

import sqlalchemy as sa
from alembic import op

from cjm_catalog.adapters.tables import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begins an empty journal."""
    op.add_column("datasets", sa.Column("deleted_at", UtcTime()))
    op.create_index("ix_datasets_deleted_at", "datasets", ["deleted_at"])
    op.create_table(
        "journal",
        sa.Column("entry_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("object", sa.String(40), nullable=False),
        sa.Column("object_id", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("dataset_id", sa.String(36), nullable=False),
        sa.Column("dataset_name", sa.String(100), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by_id", sa.String(36), nullable=False),
        sa.Column("format", sa.String(10), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("events_changed", sa.BigInteger()),
        sa.Column("events_removed", sa.BigInteger()),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.user_id"], name="fk_journal_created_by_id"),
        sa.PrimaryKeyConstraint("entry_id", name="pk_journal"),
    )
    op.create_index("ix_journal_dataset_id", "journal", ["dataset_id"])
    op.create_index("ix_journal_created_at_entry_id", "journal", ["created_at", "entry_id"])


def downgrade() -> None:
    """Forgets it; what was deleted and kept is deleted for good."""
    op.execute("DELETE FROM datasets WHERE deleted_at IS NOT NULL")
    op.drop_table("journal")
    op.drop_index("ix_datasets_deleted_at", "datasets")
    op.drop_column("datasets", "deleted_at")
