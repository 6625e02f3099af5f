"""Words of logins that were used or given back."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the table; words that were made before are good once more at the most."""
    op.create_table(
        "spent_ticket",
        sa.Column("nonce", sa.LargeBinary(), primary_key=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )
    op.create_index("spent_ticket_by_end", "spent_ticket", ["until"])
