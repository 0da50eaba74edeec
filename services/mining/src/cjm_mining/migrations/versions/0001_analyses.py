"""Analyses, their results, and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analyses",
        sa.Column("analysis_id", sa.String(36), primary_key=True),
        sa.Column("created_by_id", sa.String(36), nullable=False),
        sa.Column("dataset_id", sa.String(36), nullable=False),
        sa.Column("dataset_name", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("scope", sa.LargeBinary, nullable=False),
        sa.Column("filter_terms", sa.JSON, nullable=False),
        sa.Column("from_date", sa.String(32), nullable=False),
        sa.Column("to_date", sa.String(32), nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("progress_ratio", sa.Double, nullable=False),
        sa.Column("error_reason", sa.String(100), nullable=False),
        sa.Column("error_detail", sa.Text, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("events_count", sa.BigInteger, nullable=False),
        sa.Column("cases_count", sa.BigInteger, nullable=False),
        sa.Column("result_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts_count", sa.Integer, nullable=False),
    )
    op.create_index("ix_analyses_dataset_id", "analyses", ["dataset_id"])
    op.create_index("ix_analyses_status", "analyses", ["status"])
    op.create_index("ix_analyses_created", "analyses", ["created_at", "analysis_id"])
    op.create_index("ix_analyses_owner_created", "analyses", ["created_by_id", "created_at", "analysis_id"])
    op.create_table(
        "results",
        sa.Column(
            "analysis_id",
            sa.String(36),
            sa.ForeignKey("analyses.analysis_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("event_id", sa.String(36), primary_key=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"])


def downgrade() -> None:
    op.drop_table("outbox")
    op.drop_table("results")
    op.drop_table("analyses")
