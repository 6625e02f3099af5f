"""What becomes of deposits by the clock, and of bounces.

Nothing unread is destroyed without its sender being told: three days before, and in the same
transaction that destroys it. Days are days of running time (``running.py``), and an end of which
she is told before waits until the next hop has accepted that, or for `UNHEARD` more.

===================  ===================================================================
not opened by a time  that the sender chose: she is told, once
expiring             unread and three days from its end: she is told
expired              all keys, body and facts are destroyed; who comes is told so
abandoned            staged and never mailed for six days: destroyed, it reached nobody
seats                when their time is over
whom to tell         an ended deposit's, once everything is told
bare rows            after ``store.audit_days``
===================  ===================================================================
"""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.record.archive.ending import UNHEARD
from mailfilter.record.archive.items import ALIVE
from mailfilter.record.database.tables import item, outbox
from mailfilter.record.pickup import rows
from mailfilter.record.pickup.contract import Found, Told
from mailfilter.record.pickup.tables import box, deposit, detail, seat

WARN = timedelta(days=3)
_MOST = 200
_DAY = timedelta(days=1)


async def bounced(connection: AsyncConnection, token: str, now: datetime) -> bool:
    """The mail with a link came back; True if it was one of ours, and the sender is told."""
    query = select(box.c.id).where(box.c.returns == token)
    id_ = (await connection.execute(query)).scalar_one_or_none()
    row = await rows.box_row(connection, id_) if id_ else None
    if row is None or row.d_ended:
        return False
    if await rows.tell_once(connection, Told.BOUNCED, row, now, _DAY):
        await connection.execute(update(box).where(box.c.id == row.id).values(failed_at=now))
        await rows.note(connection, "pickup-bounced", row.d_item, now)
        await rows.count(connection, "pickup-bounced", row.d_department, now)
    return True


async def sweep(
    connection: AsyncConnection, now: datetime, ran: timedelta, audit_days: int
) -> Counter[str]:
    """One round of everything."""
    done: Counter[str] = Counter()
    done["pickup-unopened"] = await _watch(connection, now)
    done["pickup-warned"] = await _warn(connection, now, ran)
    done["pickup-expired"] = await _expire(connection, now, ran)
    done["pickup-dropped"] = await _drop(connection, ran, audit_days)
    await connection.execute(delete(seat).where(seat.c.until <= now))
    needed = select(item.c.id).where(ALIVE)
    unused = (detail.c.at <= now - 60 * _DAY, detail.c.item.not_in(needed))
    await connection.execute(delete(detail).where(*unused))
    await _forget(connection)
    return done


async def _watch(connection: AsyncConnection, now: datetime) -> int:
    query = select(box.c.id).where(box.c.watch_at <= now).limit(_MOST)
    ids = (await connection.execute(query)).scalars().all()
    for id_ in ids:
        await connection.execute(update(box).where(box.c.id == id_).values(watch_at=None))
        row = await rows.box_row(connection, id_)
        if row is not None and row.read_at is None and not row.d_ended:
            await rows.tell(connection, Told.UNOPENED, row.d_id, row.d_item, now, id_)
    return len(ids)


async def _warn(connection: AsyncConnection, now: datetime, ran: timedelta) -> int:
    query = (
        select(box.c.id)
        .join(deposit, deposit.c.id == box.c.deposit)
        .where(
            deposit.c.ended == "",
            deposit.c.committed,
            deposit.c.ends <= ran + WARN,
            deposit.c.ends > ran,
            deposit.c.seen < ran - WARN,  # one that lives for some days only is not warned of
            box.c.read_at.is_(None),
        )
    )
    warned = 0
    for id_ in (await connection.execute(query.limit(_MOST))).scalars().all():
        row = await rows.box_row(connection, id_)
        assert row is not None
        warned += await rows.tell_once(connection, Told.EXPIRING, row, now, WARN + _DAY)
    return warned


async def _expire(connection: AsyncConnection, now: datetime, ran: timedelta) -> int:
    unheard = exists().where(
        outbox.c.kind == "pickup",
        outbox.c.note.startswith(f"{Told.EXPIRING} ") & outbox.c.note.contains(deposit.c.id),
        outbox.c.done.is_(False) | (outbox.c.why != ""),
    )
    query = select(deposit).where(
        deposit.c.ended == "",
        deposit.c.committed,
        deposit.c.ends <= ran,
        ~unheard | (deposit.c.ends <= ran - UNHEARD),
    )
    ended = (await connection.execute(query.limit(_MOST))).all()
    for one in ended:
        for row in await rows.box_rows(connection, one.id):
            if row.read_at is None:
                await rows.tell(connection, Told.EXPIRED, one.id, one.item, now, row.id)
        await rows.end(connection, one.id, Found.EXPIRED)
        await rows.note(connection, "pickup-expired", one.item, now)
    return len(ended)


async def _drop(connection: AsyncConnection, ran: timedelta, audit_days: int) -> int:
    """What never reached anybody, and bare rows of long ago."""
    abandoned = deposit.c.committed.is_(False) & (deposit.c.seen <= ran - 6 * _DAY)
    abandoned &= deposit.c.answers == ""
    old = (deposit.c.ended != "") & (deposit.c.ends <= ran - audit_days * _DAY)
    query = select(deposit.c.id).where(abandoned | old).limit(_MOST)
    ids = (await connection.execute(query)).scalars().all()
    for id_ in ids:
        await connection.execute(delete(deposit).where(deposit.c.id == id_))
    return len(ids)


async def _forget(connection: AsyncConnection) -> None:
    """Whom to tell of an ended deposit, when nothing is left to tell."""
    query = select(deposit.c.id).where(deposit.c.ended != "", deposit.c.notify.is_not(None))
    for id_ in (await connection.execute(query.limit(_MOST))).scalars().all():
        left = select(outbox.c.id).where(
            outbox.c.kind == "pickup", outbox.c.done.is_(False), outbox.c.note.contains(id_)
        )
        if (await connection.execute(left)).first() is None:
            await connection.execute(update(deposit).where(deposit.c.id == id_).values(notify=None))
