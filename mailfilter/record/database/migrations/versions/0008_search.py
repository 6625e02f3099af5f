"""What held and ended mail is found by: codes in the bare rows, and keyed hashes.

Kinds, levels and rules of mail that has ended are not known any more and stay empty; who decided on
it stands in the audit log and is taken from there. What is still held is indexed by desk once it
runs (``search.py``).
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"

_ACTS = (
    "release",
    "redirect",
    "refuse",
    "delete",
    "expire",
    "override",
    "withdraw",
    "quote-removed",
)


def upgrade() -> None:
    """Add columns and tables, and who decided so far."""
    for name in ("kinds", "level"):
        op.add_column("message", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "message", sa.Column("indexed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    for name in ("rules", "decided_by"):
        op.add_column("item", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("item", sa.Column("decided_at", sa.BigInteger()))
    op.create_index("message_by_indexed", "message", ["indexed", "at"])
    op.create_table(
        "term",
        sa.Column("hash", sa.LargeBinary(), primary_key=True),
        sa.Column(
            "message",
            sa.Text(),
            sa.ForeignKey("message.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("content", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
    )
    op.create_index("term_by_message", "term", ["message"])
    op.create_index("term_by_end", "term", ["ended_at"])
    op.create_table(
        "facet",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    _close_what_must_not_be_read()
    _say_who_decided()


def _close_what_must_not_be_read() -> None:
    """Protected mail is never indexed, and what has ended cannot be any more."""
    message = sa.table(
        "message",
        sa.column("dossier", sa.LargeBinary()),
        sa.column("protected", sa.Boolean()),
        sa.column("indexed", sa.Boolean()),
    )
    closed = message.c.protected.is_(True) | (message.c.dossier == b"")
    op.execute(message.update().where(closed).values(indexed=True))
    names = sa.table("facet", *(sa.column(name) for name in ("name", "value", "at")))
    known = sa.table("message", *(sa.column(name) for name in ("department", "at")))
    newest = (
        sa.select(sa.literal("department", sa.Text()), known.c.department, sa.func.max(known.c.at))
        .where(known.c.department != "")
        .group_by(known.c.department)
    )
    op.execute(names.insert().from_select(["name", "value", "at"], newest))


def _say_who_decided() -> None:
    """The last decision on each item, from the audit log, read once."""
    audit = sa.table(
        "audit", *(sa.column(name) for name in ("seq", "at", "actor", "act", "object"))
    )
    item = sa.table("item", *(sa.column(name) for name in ("id", "decided_by", "decided_at")))
    query = sa.select(audit.c.object, audit.c.actor, audit.c.at).where(audit.c.act.in_(_ACTS))
    connection = op.get_bind()
    last = {row.object: row for row in connection.execute(query.order_by(audit.c.seq))}
    rows = [{"one": row.object, "who": row.actor, "when": row.at} for row in last.values()]
    if rows:
        connection.execute(
            item.update()
            .where(item.c.id == sa.bindparam("one"))
            .values(decided_by=sa.bindparam("who"), decided_at=sa.bindparam("when")),
            rows,
        )
