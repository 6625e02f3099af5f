"""Rows of pickup that several of its parts need: finding, telling, counting, ending.

Each function works in the caller's transaction and changes nothing but the database.
"""

import hashlib
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Permanent
from mailfilter.model import Action
from mailfilter.record.archive import items
from mailfilter.record.contract import AuditLine, Count
from mailfilter.record.database import tables
from mailfilter.record.intake import staging
from mailfilter.record.ledgers import audit, counts
from mailfilter.record.pickup.contract import TRIES, Found, Told
from mailfilter.record.pickup.seal import unwrap
from mailfilter.record.pickup.tables import box, chunk, deposit, opening, seat

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def named(table: Any, prefix: str, names: tuple[str, ...]) -> list[Any]:
    """Columns of a table under names of their own."""
    return [table.c[name].label(prefix + name) for name in names]


_DEPOSIT = (
    "id", "item", "answers", "at", "expires_at", "committed", "ended", "department", "chunks",
    "facts", "notify", "wrap",
)  # fmt: skip
_JOINED = select(box, *named(deposit, "d_", _DEPOSIT)).join(deposit, deposit.c.id == box.c.deposit)


async def box_row(connection: AsyncConnection, id: str, *, lock: bool = False) -> Row[Any] | None:
    """A box with its deposit (columns with ``d_`` before their names)."""
    query = _JOINED.where(box.c.id == id)
    if lock:
        query = query.with_for_update(of=box)
    return (await connection.execute(query)).one_or_none()


async def box_rows(connection: AsyncConnection, deposit_id: str) -> list[Row[Any]]:
    """The boxes of a deposit, in order."""
    query = _JOINED.where(box.c.deposit == deposit_id).order_by(box.c.n)
    return list((await connection.execute(query)).all())


async def deposit_row(
    connection: AsyncConnection, id: str, *, lock: bool = False
) -> Row[Any] | None:
    """A deposit."""
    query = select(deposit).where(deposit.c.id == id)
    if lock:
        query = query.with_for_update()
    return (await connection.execute(query)).one_or_none()


def found_of(row: Row[Any] | None, ended: str, secret: str, wrapped: bytes | None) -> Found:
    """What a link leads to; an ended deposit says only how it ended."""
    if row is None:
        return Found.NOTHING
    if ended:
        return Found(ended)
    try:
        unwrap(wrapped, secret, row.id)
    except Permanent:
        return Found.NOTHING
    return Found.LOCKED if "tries" in row._fields and row.tries >= TRIES else Found.OPEN


# ---- what goes with an act -----------------------------------------------------------------------


async def tell(
    connection: AsyncConnection, what: Told, deposit_id: str, item: str, at: datetime, box_id: str
) -> None:
    """An outbox row for the sender (or a link that is to be mailed); no address stands in it."""
    note = f"{what} {deposit_id} {box_id}".strip()
    owner = await _message_of(connection, item) if what is Told.SENT else ""
    await staging.put(connection, "pickup", at, message_id=owner, item_id=item, note=note)


async def _message_of(connection: AsyncConnection, id: str) -> str:
    """The message of an item: the letter that it was sent says why it went this way."""
    query = select(tables.item.c.message).where(tables.item.c.id == id)
    return (await connection.execute(query)).scalar_one_or_none() or ""


async def tell_once(
    connection: AsyncConnection,
    what: Told,
    row: Row[Any],
    at: datetime,
    within: timedelta = timedelta(hours=1),
) -> bool:
    """Tell of a box, unless the same was told a while ago."""
    key = hashlib.sha256(f"pickup-{row.id}".encode()).digest()
    if not await staging.first_time(connection, key, f"pickup-{what}", at, within):
        return False
    await tell(connection, what, row.d_id, row.d_item, at, row.id)
    return True


async def note(
    connection: AsyncConnection,
    act: str,
    item: str,
    at: datetime,
    actor: str = "system",
    **detail: str | int,
) -> None:
    """A line of the audit log, unless the message is protected."""
    if not await items.is_protected(connection, item):
        await audit.append(connection, AuditLine(0, at, actor, act, item, detail))


async def count(connection: AsyncConnection, what: str, department: str, at: datetime) -> None:
    """One more of something, by department; never a person, and nothing of a protected message,
    which stands here without its department."""
    if not department:
        return
    day: date = at.astimezone(STOCKHOLM).date()
    one = Count(day, department, "external", f"act:{what}", "", Action.REDIRECT, "enforce")
    await counts.add(connection, [one])


# ---- the end -------------------------------------------------------------------------------------


async def end(connection: AsyncConnection, deposit_id: str, how: Found) -> None:
    """Destroy all that a link could open, and all links. The bare rows stay: they say how."""
    mine = box.c.deposit == deposit_id
    ids = select(box.c.id).where(mine).scalar_subquery()
    await connection.execute(delete(seat).where(seat.c.box.in_(ids)))
    await connection.execute(update(opening).where(opening.c.box.in_(ids)).values(opener=b""))
    await connection.execute(
        update(box).where(mine).values(wrap=None, link=None, facts=b"", code=None, watch_at=None)
    )
    await connection.execute(
        update(deposit)
        .where(deposit.c.id == deposit_id)
        .values(wrap=None, link=None, facts=b"", ended=how.value)
    )
    await connection.execute(delete(chunk).where(chunk.c.deposit == deposit_id))
