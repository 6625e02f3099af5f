"""Retention: what ends by itself, when, and who is told (V10, P2).

Days are days of running time (``running.py``): no clock that jumped ends anything, nor does the
time that desk was off.

===================  ===================================================================
held item            the sender is told "not sent" after 3 and 10 days and when it
                     ends (``store.held_days``, see ``ending.py``); the reviewers 12 to 24
                     hours before each, in one mail for all that is due
uncommitted stage    after 6 days, unsent
join, incident keys  after 6 days
outbox row           7 days after it was made, if done; 21 days in any case, except a
                     release or hand-off that is still to be done; a report 100 days
link in a mail       opens nothing once its message has ended; its row until it expires
word of a login      that it is spent: until it would have ended by itself (``tickets.py``)
answer of a sender   30 days after the mail that she answered for
pickup               see ``record/pickup/sweep.py``
words of the search  with the content: subject and file names (``search.py``)
addresses of it      ``store.search_days`` after the message ended, at the latest with its
                     bare row; at once if it was deleted, or with 0
ended message        its bare row after ``store.audit_days``; the audit log says so
===================  ===================================================================

`sweep` may run as often as one likes and catches up with whatever it missed.
"""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.record.archive import ending, facets, items, links, running, search, tickets, users
from mailfilter.record.archive import outbox as parcels
from mailfilter.record.archive.states import WAITING
from mailfilter.record.contract import AuditLine
from mailfilter.record.database import standstill
from mailfilter.record.database.tables import item, message, outbox, told
from mailfilter.record.intake import answers, staging
from mailfilter.record.ledgers import audit, audit_states
from mailfilter.record.pickup import sweep as pickup_sweep
from mailfilter.record.sealing.seal import Opener, Sealer

MARKS = (3, 10)  # days after which the sender is told that a held mail was not sent
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)  # the store's least
_WAITING = [state.value for state in WAITING]
_MOST = 200  # items in one transaction
_EXPIRING = b"expiring"
_WARN_EVERY = timedelta(hours=12)  # items reach their marks all day: one mail for many
_MAIL_EVERY = timedelta(minutes=15)  # between two mails to reviewers, whatever they say
BY_ROUNDS = ("ending", "expired", "destroyed", "stale", "ended")  # `_MOST` in one transaction


async def remind(
    connection: AsyncConnection, now: datetime, ran: timedelta, held_days: int
) -> Counter[str]:
    """Tell senders at the marks; one parcel to the reviewers for all that is due tomorrow."""
    done: Counter[str] = Counter()
    # from the last mark down: who missed some sweeps is told once, of the latest
    marks = [day for day in reversed(MARKS) if day < held_days]
    for day in marks:
        done["told"] += await _tell(connection, now, ran, day)
    done["warned"] = 0
    if await _may_warn(connection, now):
        for day in (held_days, *marks):
            done["warned"] += await _warn(connection, ran, day)
    if done["warned"]:
        await staging.put(connection, "reviewers", now, note=str(done["warned"]))
        await staging.first_time(connection, _EXPIRING, "reviewers", now, _WARN_EVERY)
    return done


async def _may_warn(connection: AsyncConnection, now: datetime) -> bool:
    """Whether the last warning, and the last mail of any kind to reviewers, are long enough ago."""
    warned = select(told.c.at).where(
        told.c.key == _EXPIRING, told.c.at.between(now - _WARN_EVERY + _TICK, now)
    )
    mailed = select(outbox.c.id).where(
        outbox.c.kind == "reviewers", outbox.c.created_at.between(now - _MAIL_EVERY + _TICK, now)
    )
    lately = [(await connection.execute(query)).first() for query in (warned, mailed)]
    return lately == [None, None]


async def _tell(connection: AsyncConnection, now: datetime, ran: timedelta, day: int) -> int:
    query = select(item.c.id, item.c.message).where(
        item.c.state.in_(_WAITING),
        item.c.seen <= ran - day * _DAY,
        item.c.ends > ran,
        item.c.told < day,
    )
    rows = (await connection.execute(query.order_by(item.c.id).limit(_MOST))).all()
    for row in rows:
        await ending.not_sent(connection, row.id, row.message, now, day)
    return len(rows)


async def _warn(connection: AsyncConnection, ran: timedelta, day: int) -> int:
    """Mark the items that reach `day` within a day, protected ones aside; how many."""
    protected = select(message.c.id).where(message.c.protected.is_(True))
    statement = update(item).where(
        item.c.state.in_(_WAITING),
        item.c.seen <= ran - (day - 1) * _DAY,
        item.c.warned < day,
        item.c.message.not_in(protected),
    )
    return int((await connection.execute(statement.values(warned=day))).rowcount)


async def drop_stale(connection: AsyncConnection, ran: timedelta) -> int:
    """Uncommitted stages that nobody came back for."""
    query = select(message.c.id).where(
        message.c.committed.is_(False), message.c.seen <= ran - staging.KEPT
    )
    ids = (await connection.execute(query.limit(_MOST))).scalars().all()
    for id_ in ids:
        await staging.remove(connection, id_)
    return len(ids)


async def forget_keys(connection: AsyncConnection, now: datetime, ran: timedelta) -> int:
    """Join and incident keys after six days."""
    await connection.execute(delete(told).where(told.c.at <= now - staging.KEPT))
    old = message.c.seen <= ran - staging.KEPT
    statement = (
        update(message)
        .where(message.c.committed, old, message.c.join_key.is_not(None))
        .values(join_key=None, incident_key=None)
    )
    return int((await connection.execute(statement)).rowcount)


async def clear_outbox(connection: AsyncConnection, ran: timedelta) -> Counter[str]:
    """Rows that were sent, and rows that can no longer be of use."""
    report = outbox.c.kind == "report"
    sent = outbox.c.done & (
        (~report & (outbox.c.seen <= ran - 7 * _DAY))
        | (report & (outbox.c.seen <= ran - 100 * _DAY))
    )
    dropped = await connection.execute(delete(outbox).where(sent))
    hopeless = (
        outbox.c.done.is_(False)
        & (outbox.c.seen <= ran - 21 * _DAY)
        & outbox.c.kind.not_in(("release", "handoff"))
    )
    ids = (await connection.execute(select(outbox.c.id).where(hopeless))).scalars().all()
    for id_ in ids:
        await parcels.done(connection, id_, "too old")
    return Counter({"outbox": int(dropped.rowcount), "given-up": len(ids)})


async def drop_ended(
    connection: AsyncConnection, now: datetime, ran: timedelta, audit_days: int
) -> int:
    """The bare rows of messages that ended long ago."""
    alive = select(item.c.message).where(items.ALIVE)
    query = select(message.c.id).where(
        message.c.committed, message.c.seen <= ran - audit_days * _DAY, message.c.id.not_in(alive)
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
    """One round of everything; nothing in a standstill."""
    if await standstill.since(connection):
        return Counter()
    ran = await running.keep(connection, now)
    done = Counter(expired=await ending.expire(connection, now, ran, held_days))
    done["ending"] = await ending.begin(connection, now, ran, held_days)
    done["destroyed"] = await ending.destroy(connection, ran, (opener, sealer), search_days)
    done.update(await remind(connection, now, ran, held_days))  # += would drop zeros
    done["stale"] = await drop_stale(connection, ran)
    done["keys"] = await forget_keys(connection, now, ran)
    done.update(await clear_outbox(connection, ran))
    done["ended"] = await drop_ended(connection, now, ran, audit_days)
    done["search"] = await search.forget(connection, now, ran, search_days)
    await facets.forget(connection, now - audit_days * _DAY)
    done["answers"] = await answers.forget(connection, now)
    done["tickets"] = await tickets.forget(connection, now)
    done["links"] = await links.forget(connection, ran)
    done.update(await pickup_sweep.sweep(connection, now, ran, audit_days))
    done["sessions"] = await users.sweep(connection, now)
    return done
