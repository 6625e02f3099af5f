"""The end of held mail that nobody decided on: told, then ended, then destroyed.

===================  ===================================================================
its time is over     by running time (``running.py``): `begin` queues the notice that it
                     ends, and it stays held
ended                `expire`, once the next hop has accepted that notice, or after
                     `UNHEARD` of running time in which it could not be; a mail whose
                     sender gets no notices has none to wait for. Audited.
destroyed            `destroy`, `KEPT` of running time later
===================  ===================================================================

A mail that somebody decides on in between is no longer waiting, and none of this touches it. What a
person ends is destroyed at once, as ever; unless another part of the same mail waits here.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, Text, cast, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.model import State
from mailfilter.record.archive import items
from mailfilter.record.archive.states import WAITING
from mailfilter.record.contract import AuditLine
from mailfilter.record.database.tables import item, outbox
from mailfilter.record.intake import staging
from mailfilter.record.sealing.seal import Opener, Sealer

UNHEARD = timedelta(days=7)
KEPT = timedelta(days=1)
MOST = 200  # items in one transaction
_WAITS = item.c.state.in_([state.value for state in WAITING])
NOTICE = "not-sent"
_ACCEPTED = exists().where(
    outbox.c.message == item.c.message,
    outbox.c.item == item.c.id,
    outbox.c.kind == NOTICE,
    outbox.c.note == cast(item.c.told, Text),
    outbox.c.seen >= item.c.ending,  # an earlier one may have said as many days
    outbox.c.done,
    outbox.c.why == "",
)


async def begin(connection: AsyncConnection, now: datetime, ran: timedelta, held_days: int) -> int:
    """Tell the senders of up to `MOST` mails whose time is over; how many."""
    over = (_WAITS, item.c.ends <= ran, item.c.ending.is_(None))
    rows = (await connection.execute(_first(*over))).all()
    for row in rows:
        await not_sent(connection, row.id, row.message, now, held_days)
        begun = update(item).where(item.c.id == row.id).values(ending=ran)
        await connection.execute(begun)
    return len(rows)


async def expire(connection: AsyncConnection, now: datetime, ran: timedelta, held_days: int) -> int:
    """End up to `MOST` of those whose senders have heard of it, or cannot; how many."""
    heard = or_(_ACCEPTED, item.c.ending <= ran - UNHEARD)
    rows = (await connection.execute(_first(_WAITS, item.c.ending.is_not(None), heard))).all()
    for row in rows:
        line = AuditLine(0, now, "system", "expire", row.id, {"days": held_days})
        await items.act(connection, items.Move(row.id, WAITING, State.EXPIRED, line))
        await connection.execute(update(item).where(item.c.id == row.id).values(ending=ran))
    return len(rows)


async def destroy(
    connection: AsyncConnection,
    ran: timedelta,
    means: tuple[Opener, Sealer],
    search_days: int,
) -> int:
    """Destroy the keys of up to `MOST` that ended long enough ago; how many."""
    ended = item.c.state == State.EXPIRED.value
    rows = (await connection.execute(_first(ended, item.c.ending <= ran - KEPT))).all()
    for row in rows:
        await connection.execute(update(item).where(item.c.id == row.id).values(ending=None))
        await items.destroy_if_ended(connection, row.message, *means, search_days)
    return len(rows)


async def not_sent(
    connection: AsyncConnection, item_id: str, message_id: str, now: datetime, day: int
) -> None:
    """A notice to the sender that a mail was not sent in `day` days."""
    await connection.execute(update(item).where(item.c.id == item_id).values(told=day))
    await staging.put(
        connection, NOTICE, now, message_id=message_id, item_id=item_id, note=str(day)
    )


def _first(*which: ColumnElement[bool]) -> Select[tuple[str, str]]:
    return select(item.c.id, item.c.message).where(*which).order_by(item.c.id).limit(MOST)
