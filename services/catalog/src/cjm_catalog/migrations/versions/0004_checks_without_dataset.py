"""Checks of files whose dataset does not exist yet."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lets an entry of the import log be without a dataset."""
    with op.batch_alter_table("imports") as imports:
        imports.alter_column("dataset_id", existing_type=sa.String(length=36), nullable=True)


def downgrade() -> None:
    """Drops such entries."""
    op.execute("DELETE FROM imports WHERE dataset_id IS NULL")
    with op.batch_alter_table("imports") as imports:
        imports.alter_column("dataset_id", existing_type=sa.String(length=36), nullable=False)
