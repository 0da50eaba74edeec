"""Links, one-time codes and told analyses."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "links",
        sa.Column("user_id", sa.String(36), primary_key=True),
        sa.Column("chat_id", sa.BigInteger, nullable=False, unique=True),
        sa.Column("chat_title", sa.String(256), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_blocked", sa.Boolean, nullable=False),
    )
    op.create_table(
        "link_codes",
        sa.Column("user_id", sa.String(36), primary_key=True),
        sa.Column("code_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("analysis_id", sa.String(36), primary_key=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
