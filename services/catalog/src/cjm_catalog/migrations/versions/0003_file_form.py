"""How a file is written, in mappings."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the three; mappings that are there, or that an older replica still makes, say what was always so."""
    op.add_column("mappings", sa.Column("encoding", sa.String(length=20), nullable=False, server_default="UTF-8"))
    op.add_column("mappings", sa.Column("separator", sa.String(length=1), nullable=False, server_default=""))
    op.add_column("mappings", sa.Column("headerless", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drops the three."""
    for name in ("headerless", "separator", "encoding"):
        op.drop_column("mappings", name)
