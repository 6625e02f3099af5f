"""Words of logins that were used or given back; whom an account belongs to, and if it was used."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the table and the columns. Who has logged in stands in the audit log so far."""
    op.create_table(
        "spent_ticket",
        sa.Column("nonce", sa.LargeBinary(), primary_key=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )
    op.create_index("spent_ticket_by_end", "spent_ticket", ["until"])
    op.add_column("user", sa.Column("address", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "user", sa.Column("seen", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    user = sa.table("user", sa.column("name"), sa.column("seen"))
    audit = sa.table("audit", sa.column("act"), sa.column("object"))
    logins = sa.select(audit.c.object).where(audit.c.act == "login")
    op.execute(user.update().where(user.c.name.in_(logins)).values(seen=sa.true()))
