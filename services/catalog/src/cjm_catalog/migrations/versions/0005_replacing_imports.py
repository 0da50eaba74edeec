"""Imports that replace their dataset."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Past imports added to their dataset."""
    with op.batch_alter_table("imports") as imports:
        imports.add_column(sa.Column("replaces_dataset", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("imports") as imports:
        imports.alter_column("replaces_dataset", server_default=None)


def downgrade() -> None:
    """Forgets which ones did."""
    with op.batch_alter_table("imports") as imports:
        imports.drop_column("replaces_dataset")
