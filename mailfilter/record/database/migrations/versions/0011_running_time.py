"""Running time: what ends by itself ends by it, and no longer by the clock on the wall.

What is there keeps its age: as old as it was when the newest mail came, so that neither a clock
that stands wrong at the upgrade nor the time that the machine was off ends anything.
"""

from time import time

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_NEW = {
    "message": ("seen",),
    "item": ("seen", "ends", "ending"),
    "outbox": ("seen",),
    "link": ("ends",),
    "pickup_deposit": ("seen", "ends"),
}


def upgrade() -> None:
    """Add the columns and the running time, and say how old everything is."""
    for table, names in _NEW.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.BigInteger()))
    op.drop_index("message_by_time", "message", if_exists=True)
    op.create_index("message_by_seen", "message", ["committed", "seen"])
    op.create_table(
        "running",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("wall", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
    )
    newest = op.get_bind().execute(sa.text("SELECT max(at) FROM message")).scalar_one()
    now = min(int(time() * 1_000_000), newest or 0)
    for table, column, since in (
        ("message", "seen", "at"),
        ("item", "seen", "at"),
        ("item", "ends", "expires_at"),
        ("outbox", "seen", "created_at"),
        ("link", "ends", "expires_at"),
        ("pickup_deposit", "seen", "at"),
        ("pickup_deposit", "ends", "expires_at"),
    ):
        rows = sa.table(table, sa.column(column), sa.column(since))
        age = rows.c[since] - sa.literal(now, sa.BigInteger())
        op.execute(rows.update().values({column: age}))
