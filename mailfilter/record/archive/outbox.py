"""The outbox: what must still be sent, until it was. It survives any crash.

A row is due, is tried by desk's one worker, and is then done or due again later; nothing is
claimed, so after a kill -9 it is simply due. A row carries no address: its dossier is opened from
the message, or, when that has ended, from a seal of its own. A report is put once for each note,
and one mail to the reviewers waits at a time.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, case, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.record.archive.items import opened
from mailfilter.record.contract import Dossier, Parcel
from mailfilter.record.database import standstill
from mailfilter.record.database.sql import clean, without_addresses
from mailfilter.record.database.tables import item, message, outbox, wrapped_key
from mailfilter.record.intake import staging
from mailfilter.record.sealing.seal import Opener, parcel_owner

_KEY_OF = case(
    (outbox.c.sealed.is_not(None), literal(parcel_owner("")) + outbox.c.message),
    else_=outbox.c.message,
)
_DUE = (
    select(outbox, message.c.dossier, wrapped_key.c.wrapped)
    .outerjoin_from(outbox, message, message.c.id == outbox.c.message)
    .outerjoin(wrapped_key, wrapped_key.c.owner == _KEY_OF)
    .where(outbox.c.done.is_(False), outbox.c.due_at <= bindparam("now"))
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(bindparam("most"))
)
_NEWEST = select(func.max(outbox.c.id))


async def due(
    connection: AsyncConnection, opener: Opener, now: datetime, limit: int
) -> list[Parcel]:
    """Rows that should be tried now, the longest waiting first; none in a standstill."""
    if await standstill.since(connection):
        return []
    rows = (await connection.execute(_DUE, {"now": now, "most": limit})).all()
    return [_parcel(opener, row) for row in rows]


def _parcel(opener: Opener, row: Row[Any]) -> Parcel:
    return Parcel(
        id=row.id,
        kind=row.kind,
        message=row.message,
        item=row.item,
        attempts=row.attempts,
        created_at=row.created_at,
        dossier=_dossier(opener, row),
        note=row.note,
    )


def _dossier(opener: Opener, row: Row[Any]) -> Dossier | None:
    own = row.sealed is not None
    sealed = row.sealed if own else row.dossier
    if not row.message or row.wrapped is None or not sealed:
        return None
    owner = parcel_owner(row.message) if own else row.message
    return opened(opener, row.wrapped, sealed, owner)


async def put(
    connection: AsyncConnection, kind: str, now: datetime, item_id: str, note: str
) -> int:
    """A new row, unless one does already: of the same report, or waiting for the reviewers."""
    present = await _present(connection, kind, clean(note))
    if present is not None:
        return present
    owner = ""
    if item_id:
        query = select(item.c.message).where(item.c.id == item_id)
        owner = (await connection.execute(query)).scalar_one_or_none() or ""
    return await staging.put(connection, kind, now, message_id=owner, item_id=item_id, note=note)


async def _present(connection: AsyncConnection, kind: str, note: str) -> int | None:
    query = select(outbox.c.id).where(outbox.c.kind == kind)
    match kind:
        case "report":
            query = query.where(outbox.c.note == note)
        case "reviewers":
            query = query.where(outbox.c.done.is_(False))
        case _:
            return None
    found = (await connection.execute(query)).scalars().first()
    return None if found is None else int(found)


async def made(connection: AsyncConnection) -> int:
    """The number of the newest row."""
    return (await connection.execute(_NEWEST)).scalar_one() or 0


async def done(connection: AsyncConnection, id: int, why: str = "") -> None:
    """It was sent, or given up and `why`: its seal goes, the row stays a while."""
    ended = {"done": True, "sealed": None, "why": without_addresses(why)}
    statement = update(outbox).where(outbox.c.id == id).values(ended)
    owner = (await connection.execute(statement.returning(outbox.c.message))).scalar_one_or_none()
    if not owner:
        return
    needed = select(outbox.c.id).where(outbox.c.message == owner, outbox.c.sealed.is_not(None))
    if (await connection.execute(needed)).first() is None:
        seal = wrapped_key.c.owner == parcel_owner(owner)
        await connection.execute(delete(wrapped_key).where(seal))


async def retry(connection: AsyncConnection, id: int, at: datetime, why: str) -> None:
    """Try again at `at`; `why` is kept for the operator, without addresses."""
    await connection.execute(
        update(outbox)
        .where(outbox.c.id == id, outbox.c.done.is_(False))
        .values(due_at=at, attempts=outbox.c.attempts + 1, why=without_addresses(why))
    )
