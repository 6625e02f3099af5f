"""The log comes under its key: in a new database at once, in an older one when it is upgraded.

The lines of an older log stay as they are. The first line under the key (`audit.CLOSED`) follows
the last of them, so that none can be changed any more without breaking it: the first checkpoint.
Behind it stand what is known of the accounts, and of items of which the old lines do not say it
rightly: from there on a row that was changed without a line is found.

Runs in the transaction of the upgrade, and only there: a head that lost its key later is not begun
anew in silence, but mended with a line that says so (`audit.sound_head`).
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.record.archive.states import ENDED
from mailfilter.record.contract import AuditLine
from mailfilter.record.ledgers import audit, audit_states
from mailfilter.record.ledgers.audit_check import Walk
from mailfilter.record.ledgers.audit_states import ItemRow

_PAGE = 1000


async def begin(connection: AsyncConnection, at: datetime, log: str) -> None:
    """Put the log under the key of this connection; `log` is its name, 16 hexadecimal digits."""
    key = audit.key_of(connection)
    seq, hash_ = await audit.last_of(connection)
    if not seq:
        await audit.put_head(connection, audit.Head(0, "", 1, log).sealed(key))
        return
    old = audit.Head(seq, hash_, seq + 1, log)
    walk = Walk(key, old)
    while lines := await audit.read(connection, walk.last, _PAGE):
        walk.take(lines)
    closing = AuditLine(0, at, "system", audit.CLOSED, "", {"lines": seq})
    head = await audit.add(connection, old, closing)
    for what, state in await _known(connection, walk):
        line = AuditLine(0, at, "system", "audit-state", what, state=state)
        head = await audit.add(connection, head, line)


async def _known(connection: AsyncConnection, walk: Walk) -> list[tuple[str, str]]:
    """Accounts, and items of which the old lines say other than their rows, or that may still be
    acted on."""
    known = list((await audit_states.accounts(connection, audit.key_of(connection))).items())
    after = ""
    while rows := await audit_states.items(connection, after, _PAGE):
        known += [(row.id, row.state) for row in rows if _is_to_be_said(row, walk)]
        after = rows[-1].id
    return known


def _is_to_be_said(row: ItemRow, walk: Walk) -> bool:
    said = walk.items.get(row.id)
    if row.protected:
        return False
    return (said or row.initial) != row.state or (said is not None and row.state not in ENDED)
