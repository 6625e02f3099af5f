"""What a line says of its object: the state that the act left it in (`AuditLine.state`).

===========  ==============================================================================
an item      its state; ``gone`` where retention dropped its row
an account   a table: role, departments, whether it is locked, seals of address and password hash
a message    ``protected``: an operator has accepted that nothing is known of it
===========  ==============================================================================

So a row that somebody changed by hand is found: it says other than the last line about it. An item
without a line is still as its commit left it (`initial`). Lines of before the key have no state; it
follows from the act (`STATES_OF_ACTS`), as far as an upgrade needs it.

Known gaps: what was never acted on has no line, so that a row which was added or removed whole, or
changed together with its action, is not seen; of a protected message (V5) the log knows
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.model import State
from mailfilter.record.database.tables import item, message, user
from mailfilter.record.intake.staging import state_of
from mailfilter.record.ledgers.audit import canonical
from mailfilter.record.ledgers.audit_key import AuditKey

GONE = "gone"
PROTECTED = "protected"
STATES_OF_ACTS = {
    "release": State.RELEASING,
    "override": State.RELEASING,
    "released": State.RELEASED,
    "release-failed": State.RELEASE_FAILED,
    "redirect": State.ACCEPTED,
    "handoff": State.HANDING_OVER,
    "handed-over": State.HANDED_OVER,
    "handoff-failed": State.HELD,
    "hold": State.HELD,
    "refuse": State.REFUSED,
    "delete": State.DELETED,
    "withdraw": State.DELETED,
    "quote-removed": State.DELETED,
    "expire": State.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class ItemRow:
    """What is compared of an item's row."""

    id: str
    message: str
    state: str
    protected: bool
    initial: str


async def items(
    connection: AsyncConnection, after: str, limit: int, only: Sequence[str] | None = None
) -> list[ItemRow]:
    """Rows behind the id `after` in order, or those of `only`."""
    columns = (item.c.id, item.c.message, item.c.state, item.c.action, item.c.reading)
    query = (
        select(*columns, message.c.protected, message.c.committed)
        .join(message, message.c.id == item.c.message)
        .where(item.c.id > after)
        .order_by(item.c.id)
        .limit(limit)
    )
    if only is not None:
        query = query.where(item.c.id.in_(only))
    rows = (await connection.execute(query)).all()
    return [ItemRow(r.id, r.message, r.state, r.protected, initial(r)) for r in rows]


def initial(row: Any) -> str:
    """The state in which a commit, or before it the staging, leaves an item."""
    return str(state_of(row.action, reading=row.reading) if row.committed else State.STAGED)


async def accounts(connection: AsyncConnection, key: AuditKey) -> dict[str, str]:
    """What there is to say of each account now."""
    rows = (await connection.execute(select(user).order_by(user.c.name))).all()
    return {row.name: _account(key, row) for row in rows}


async def account(connection: AsyncConnection, key: AuditKey, name: str) -> str:
    """What there is to say of an account now; ``gone`` if there is none."""
    row = (await connection.execute(select(user).where(user.c.name == name))).one_or_none()
    return GONE if row is None else _account(key, row)


def _account(key: AuditKey, row: Row[Any]) -> str:
    said = {
        "role": row.role,
        "departments": row.departments,
        "disabled": bool(row.disabled),
        "password": key.seal("password", row.name, row.password)[:16],
    }
    if row.address:  # who changes it gets the links
        said["address"] = key.seal("address", row.name, row.address)[:16]
    return canonical(said)
