"""Deleted analyses stay for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("analyses", sa.Column("deleted_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.execute("DELETE FROM analyses WHERE deleted_at IS NOT NULL")
    op.drop_column("analyses", "deleted_at")
