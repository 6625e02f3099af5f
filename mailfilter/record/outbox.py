"""The outbox: what must still be sent, until it was. It survives any crash.

A row is due, is tried by desk's one worker, and is then done or due again later; nothing is
claimed, so after a kill -9 it is simply due. A row carries no address: its dossier is opened from
the message, or, when that has ended, from a seal of its own. A report is put once for each note,
and one mail to the reviewers waits at a time.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.record import staging
from mailfilter.record.contract import Dossier, Parcel
from mailfilter.record.items import opened
from mailfilter.record.seal import Opener, parcel_owner
from mailfilter.record.sql import clean, without_addresses
from mailfilter.record.tables import item, message, outbox, wrapped_key


async def due(
    connection: AsyncConnection, opener: Opener, now: datetime, limit: int
) -> list[Parcel]:
    """Rows that should be tried now, the longest waiting first."""
    waiting = (outbox.c.done.is_(False), outbox.c.due_at <= now)
    query = select(outbox).where(*waiting).order_by(outbox.c.due_at, outbox.c.id).limit(limit)
    rows = (await connection.execute(query)).all()
    return [await _parcel(connection, opener, row) for row in rows]


async def _parcel(connection: AsyncConnection, opener: Opener, row: Row[Any]) -> Parcel:
    return Parcel(
        id=row.id,
        kind=row.kind,
        message=row.message,
        item=row.item,
        attempts=row.attempts,
        created_at=row.created_at,
        dossier=await _dossier(connection, opener, row),
        note=row.note,
    )


async def _dossier(connection: AsyncConnection, opener: Opener, row: Row[Any]) -> Dossier | None:
    if not row.message:
        return None
    owner = parcel_owner(row.message) if row.sealed is not None else row.message
    key = select(wrapped_key.c.wrapped).where(wrapped_key.c.owner == owner)
    wrapped = (await connection.execute(key)).scalar_one_or_none()
    sealed = row.sealed
    if sealed is None:
        query = select(message.c.dossier).where(message.c.id == row.message)
        sealed = (await connection.execute(query)).scalar_one_or_none()
    if wrapped is None or not sealed:
        return None
    return opened(opener, wrapped, sealed, owner)


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


async def done(connection: AsyncConnection, id: int) -> None:
    """It was sent, or given up: its seal goes, the row stays a while."""
    statement = update(outbox).where(outbox.c.id == id).values(done=True, sealed=None)
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
