"""Words of logins that were spent; whose an account is, and if it was used; visitors of a box."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the tables and the columns. Who has logged in stands in the audit log so far."""
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
    op.create_table(
        "pickup_visitor",
        sa.Column(
            "box",
            sa.Text(),
            sa.ForeignKey("pickup_box.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("mark", sa.LargeBinary(), primary_key=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("texted", sa.Integer(), nullable=False),
    )
    user = sa.table("user", sa.column("name"), sa.column("seen"))
    audit = sa.table("audit", sa.column("act"), sa.column("object"))
    logins = sa.select(audit.c.object).where(audit.c.act == "login")
    op.execute(user.update().where(user.c.name.in_(logins)).values(seen=sa.true()))
