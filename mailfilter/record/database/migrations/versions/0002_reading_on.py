"""Mail that is read on after its reply: which items, and what is counted once it is known.

Both columns have a default in the database, so that a program of before may still write.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the two columns."""
    op.add_column(
        "item", sa.Column("reading", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("message", sa.Column("pending", sa.Text(), nullable=False, server_default=""))
