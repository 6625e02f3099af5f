"""Pickup: messages that wait to be fetched, their boxes, seats and openings."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _number(name: str, first: str = "0") -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=first)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _of(table: str, **more: Any) -> sa.Column[Any]:
    target = sa.ForeignKey(f"pickup_{table}.id", ondelete="CASCADE")
    return sa.Column(table, sa.Text(), target, **({"nullable": False} | more))


def upgrade() -> None:
    """Add the tables."""
    _deposits()
    _boxes()
    _readers()


def _deposits() -> None:
    op.create_table(
        "pickup_deposit",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("item", sa.Text(), nullable=False),
        _text("answers"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        _flag("committed"),
        _text("ended"),
        _text("department"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("notify", sa.LargeBinary()),
        sa.Column("wrap", sa.LargeBinary()),
        sa.Column("link", sa.LargeBinary()),
    )
    op.create_index("pickup_deposit_by_item", "pickup_deposit", ["item"])
    op.create_index("pickup_deposit_by_end", "pickup_deposit", ["ended", "expires_at"])
    op.create_table(
        "pickup_chunk",
        _of("deposit", primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )


def _boxes() -> None:
    times = ("sent_at", "failed_at", "read_at", "answered_at", "stuck_at", "watch_at")
    op.create_table(
        "pickup_box",
        sa.Column("id", sa.Text(), primary_key=True),
        _of("deposit"),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("returns", sa.Text(), nullable=False, unique=True),
        sa.Column("proof", sa.Integer(), nullable=False),
        _flag("shared"),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("wrap", sa.LargeBinary()),
        sa.Column("link", sa.LargeBinary()),
        _number("links", "1"),
        _number("tries"),
        _number("texted"),
        sa.Column("code", sa.LargeBinary()),
        sa.Column("code_until", sa.BigInteger()),
        *(sa.Column(name, sa.BigInteger()) for name in times),
        _number("used"),
        _text("outcome"),
    )
    op.create_index("pickup_box_by_deposit", "pickup_box", ["deposit"])
    op.create_index("pickup_box_by_watch", "pickup_box", ["watch_at"])


def _readers() -> None:
    op.create_table(
        "pickup_seat",
        sa.Column("token", sa.LargeBinary(), primary_key=True),
        _of("box"),
        sa.Column("proof", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("opener", sa.LargeBinary(), nullable=False),
    )
    op.create_index("pickup_seat_by_box", "pickup_seat", ["box"])
    op.create_table(
        "pickup_opening",
        sa.Column("id", sa.Integer(), primary_key=True),
        _of("box"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.Integer(), nullable=False),
        sa.Column("opener", sa.LargeBinary(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("pickup_opening_by_box", "pickup_opening", ["box"])
    op.create_table(
        "pickup_detail",
        sa.Column("item", sa.Text(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
