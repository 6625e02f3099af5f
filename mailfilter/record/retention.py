"""Retention: what ends by itself, when, and who is told (design 4.10, P2).

===================  ===================================================================
held item            the sender is told "not sent" after 3 and 10 days and when it
                     expires (``store.held_days``); the reviewers 12 to 24 hours before
                     each, in one mail for all that is due
uncommitted stage    after 6 days, unsent
join, incident keys  after 6 days
outbox row           7 days after it was made, if done; 21 days in any case, except a
                     release or hand-off that is still to be done; a report 100 days
link in a mail       opens nothing once its message has ended; its row until it expires
word of a login      that it is spent: until it would have ended by itself (``tickets.py``)
answer of a sender   30 days after the mail that she answered for
pickup               see ``pickup_sweep.py``
words of the search  with the content: subject and file names (``search.py``)
addresses of it      ``store.search_days`` after the message ended, at the latest with its
                     bare row; at once if it was deleted, or with 0
ended message        its bare row after ``store.audit_days``; the audit log says so
===================  ===================================================================

`sweep` may run as often as one likes and catches up with whatever it missed. Expiry is audited.
"""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.model import State
from mailfilter.record import (
    answers,
    audit,
    audit_states,
    facets,
    items,
    links,
    pickup_sweep,
    search,
    staging,
    tickets,
    users,
)
from mailfilter.record import outbox as parcels
from mailfilter.record.contract import AuditLine
from mailfilter.record.seal import Opener, Sealer
from mailfilter.record.states import ENDED, WAITING
from mailfilter.record.tables import item, message, outbox, told

MARKS = (3, 10)  # days after which the sender is told that a held mail was not sent
_DAY = timedelta(days=1)
_WAITING = [state.value for state in WAITING]
_MOST = 200  # items in one transaction
_EXPIRING = b"expiring"
_WARN_EVERY = timedelta(hours=12)  # items reach their marks all day: one mail for many
_MAIL_EVERY = timedelta(minutes=15)  # between two mails to reviewers, whatever they say


async def expire(
    connection: AsyncConnection,
    now: datetime,
    held_days: int,
    opener: Opener,
    sealer: Sealer,
    search_days: int,
) -> int:
    """Expire up to `_MOST` held items whose time is over; how many."""
    query = (
        select(item.c.id, item.c.message)
        .where(item.c.state.in_(_WAITING), item.c.expires_at <= now)
        .order_by(item.c.id)
        .limit(_MOST)
    )
    rows = (await connection.execute(query)).all()
    for row in rows:
        await _not_sent(connection, row.id, row.message, now, held_days)
        line = AuditLine(0, now, "system", "expire", row.id, {"days": held_days})
        await items.act(connection, items.Move(row.id, WAITING, State.EXPIRED, line))
        await items.destroy_if_ended(connection, row.message, opener, sealer, search_days)
    return len(rows)


async def remind(connection: AsyncConnection, now: datetime, held_days: int) -> Counter[str]:
    """Tell senders at the marks; one parcel to the reviewers for all that is due tomorrow."""
    done: Counter[str] = Counter()
    # from the last mark down: who missed some sweeps is told once, of the latest
    marks = [day for day in reversed(MARKS) if day < held_days]
    for day in marks:
        done["told"] += await _tell(connection, now, day)
    done["warned"] = 0
    if await _may_warn(connection, now):
        for day in (held_days, *marks):
            done["warned"] += await _warn(connection, now, day)
    if done["warned"]:
        await staging.put(connection, "reviewers", now, note=str(done["warned"]))
        await staging.first_time(connection, _EXPIRING, "reviewers", now, _WARN_EVERY)
    return done


async def _may_warn(connection: AsyncConnection, now: datetime) -> bool:
    """Whether the last warning, and the last mail of any kind to reviewers, are long enough ago."""
    warned = select(told.c.at).where(told.c.key == _EXPIRING, told.c.at > now - _WARN_EVERY)
    mailed = select(outbox.c.id).where(
        outbox.c.kind == "reviewers", outbox.c.created_at > now - _MAIL_EVERY
    )
    lately = [(await connection.execute(query)).first() for query in (warned, mailed)]
    return lately == [None, None]


async def _tell(connection: AsyncConnection, now: datetime, day: int) -> int:
    query = select(item.c.id, item.c.message).where(
        item.c.state.in_(_WAITING),
        item.c.at <= now - day * _DAY,
        item.c.expires_at > now,
        item.c.told < day,
    )
    rows = (await connection.execute(query.order_by(item.c.id).limit(_MOST))).all()
    for row in rows:
        await _not_sent(connection, row.id, row.message, now, day)
    return len(rows)


async def _not_sent(
    connection: AsyncConnection, item_id: str, message_id: str, now: datetime, day: int
) -> None:
    await connection.execute(update(item).where(item.c.id == item_id).values(told=day))
    await staging.put(
        connection, "not-sent", now, message_id=message_id, item_id=item_id, note=str(day)
    )


async def _warn(connection: AsyncConnection, now: datetime, day: int) -> int:
    """Mark the items that reach `day` within a day, protected ones aside; how many."""
    protected = select(message.c.id).where(message.c.protected.is_(True))
    statement = update(item).where(
        item.c.state.in_(_WAITING),
        item.c.at <= now - (day - 1) * _DAY,
        item.c.warned < day,
        item.c.message.not_in(protected),
    )
    return int((await connection.execute(statement.values(warned=day))).rowcount)


async def drop_stale(connection: AsyncConnection, now: datetime) -> int:
    """Uncommitted stages that nobody came back for."""
    query = select(message.c.id).where(
        message.c.committed.is_(False), message.c.at <= now - staging.KEPT
    )
    ids = (await connection.execute(query.limit(_MOST))).scalars().all()
    for id_ in ids:
        await staging.remove(connection, id_)
    return len(ids)


async def forget_keys(connection: AsyncConnection, now: datetime) -> int:
    """Join and incident keys after six days."""
    old = now - staging.KEPT
    await connection.execute(delete(told).where(told.c.at <= old))
    statement = (
        update(message)
        .where(message.c.committed, message.c.at <= old, message.c.join_key.is_not(None))
        .values(join_key=None, incident_key=None)
    )
    return int((await connection.execute(statement)).rowcount)


async def clear_outbox(connection: AsyncConnection, now: datetime) -> Counter[str]:
    """Rows that were sent, and rows that can no longer be of use."""
    report = outbox.c.kind == "report"
    sent = outbox.c.done & (
        (~report & (outbox.c.created_at <= now - 7 * _DAY))
        | (report & (outbox.c.created_at <= now - 100 * _DAY))
    )
    dropped = await connection.execute(delete(outbox).where(sent))
    hopeless = (
        outbox.c.done.is_(False)
        & (outbox.c.created_at <= now - 21 * _DAY)
        & outbox.c.kind.not_in(("release", "handoff"))
    )
    ids = (await connection.execute(select(outbox.c.id).where(hopeless))).scalars().all()
    for id_ in ids:
        await parcels.done(connection, id_)
    return Counter({"outbox": int(dropped.rowcount), "given-up": len(ids)})


async def drop_ended(connection: AsyncConnection, now: datetime, audit_days: int) -> int:
    """The bare rows of messages that ended long ago."""
    ended = [state.value for state in ENDED]
    alive = select(item.c.message).where(item.c.state.not_in(ended))
    query = select(message.c.id).where(
        message.c.committed, message.c.at <= now - audit_days * _DAY, message.c.id.not_in(alive)
    )
    ids = (await connection.execute(query.limit(_MOST))).scalars().all()
    for id_ in ids:
        await _say_gone(connection, id_, now)
        await staging.remove(connection, id_)
    return len(ids)


async def _say_gone(connection: AsyncConnection, id: str, now: datetime) -> None:
    """A line for each item: a row that is missing without one was removed by hand."""
    if await items.is_protected(connection, id):
        return
    query = select(item.c.id).where(item.c.message == id).order_by(item.c.id)
    for name in (await connection.execute(query)).scalars().all():
        line = AuditLine(0, now, "system", "drop", name, state=audit_states.GONE)
        await audit.append(connection, line)


async def sweep(
    connection: AsyncConnection,
    now: datetime,
    held_days: int,
    audit_days: int,
    opener: Opener,
    sealer: Sealer,
    search_days: int,
) -> Counter[str]:
    """One round of everything."""
    done = Counter(expired=await expire(connection, now, held_days, opener, sealer, search_days))
    done.update(await remind(connection, now, held_days))  # += would drop zeros
    done["stale"] = await drop_stale(connection, now)
    done["keys"] = await forget_keys(connection, now)
    done.update(await clear_outbox(connection, now))
    done["ended"] = await drop_ended(connection, now, audit_days)
    done["search"] = await search.forget(connection, now, search_days)
    await facets.forget(connection, now - audit_days * _DAY)
    done["answers"] = await answers.forget(connection, now)
    done["tickets"] = await tickets.forget(connection, now)
    done["links"] = await links.forget(connection, now)
    done.update(await pickup_sweep.sweep(connection, now, audit_days))
    done["sessions"] = await users.sweep(connection, now)
    return done
