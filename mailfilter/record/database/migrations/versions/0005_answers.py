"""Answers of senders who were asked, and which false alarms nobody has confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table and the column; what was reported so far went to reviewers."""
    op.create_table(
        "answer",
        sa.Column("message", sa.Text(), primary_key=True),
        sa.Column("first", sa.LargeBinary(), nullable=False),
        sa.Column("others", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("answer_by_first", "answer", ["first"])
    op.add_column(
        "false_alarm",
        sa.Column("unconfirmed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
