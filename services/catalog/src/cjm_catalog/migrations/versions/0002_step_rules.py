"""Other names for steps in mappings."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the rules; mappings that are there, or that an older replica still makes, have none."""
    op.add_column("mappings", sa.Column("step_rules", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Drops the rules."""
    op.drop_column("mappings", "step_rules")
