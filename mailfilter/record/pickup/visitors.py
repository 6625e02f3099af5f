"""Who tries codes at a box: each visitor has tries, waits and SMS of her own.

A link may have been forwarded, or read on its way. Whoever has only that must not be able to shut
the box for the one it was sent to: after `FREE` wrong codes of one visitor she waits, twice as long
each time, and after `VISITOR_TRIES` she is not listened to any more; others are. What many visitors
try together is bounded by the total (``pickup_contract.TRIES``), so that nobody guesses a code.

A visitor is a network address as front saw it (of IPv6 its /64). Stored is its hash, keyed with the
box's own data key, which only a link opens.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.record.database.sql import insert
from mailfilter.record.pickup.opened import Opened
from mailfilter.record.pickup.tables import visitor

FREE = 5  # wrong codes of one visitor without a wait
VISITOR_TRIES = 12  # wrong codes of one visitor to one link
VISITOR_TEXTS = 3  # SMS that one visitor may ask for
FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Visitor:
    """What is known of one visitor of a box."""

    box: str
    mark: bytes
    tries: int = 0
    until: datetime | None = None
    texted: int = 0

    @property
    def left(self) -> int:
        """Tries before she has to wait."""
        return max(FREE - self.tries, 0)

    @property
    def spent(self) -> bool:
        return self.tries >= VISITOR_TRIES

    def wait(self, now: datetime) -> timedelta:
        """How long she is not listened to from now on."""
        wait = self.until - now if self.until else timedelta()
        return wait if timedelta() < wait <= LONGEST else timedelta()  # the clock was put back

    def heard(self, now: datetime) -> bool:
        """Whether a code of hers is looked at."""
        return not self.spent and not self.wait(now)


async def of(connection: AsyncConnection, opened: Opened, address: str) -> Visitor:
    """The visitor who comes from `address`."""
    mark = hmac.digest(opened.key, b"mailfilter visitor|" + address.encode(), "sha256")
    here = (visitor.c.box == opened.row.id) & (visitor.c.mark == mark)
    row = (await connection.execute(select(visitor).where(here))).one_or_none()
    if row is None:
        return Visitor(opened.row.id, mark)
    return Visitor(row.box, mark, row.tries, row.until, row.texted)


async def failed(connection: AsyncConnection, one: Visitor, now: datetime) -> Visitor:
    """She gave a wrong code; what is known of her now."""
    tries = one.tries + 1
    over = tries - FREE
    until = now + min(FIRST * 2**over, LONGEST) if over >= 0 else None
    return await _put(connection, Visitor(one.box, one.mark, tries, until, one.texted))


async def texted(connection: AsyncConnection, one: Visitor) -> None:
    """She was sent an SMS."""
    await _put(connection, Visitor(one.box, one.mark, one.tries, one.until, one.texted + 1))


async def forget_tries(connection: AsyncConnection, box_id: str) -> None:
    """Somebody has proved who she is. What was sent to her telephone stays counted."""
    values = {"tries": 0, "until": None}
    await connection.execute(update(visitor).where(visitor.c.box == box_id).values(values))


async def forget(connection: AsyncConnection, box_id: str) -> None:
    """There is a new link."""
    await connection.execute(delete(visitor).where(visitor.c.box == box_id))


async def _put(connection: AsyncConnection, one: Visitor) -> Visitor:
    values = {"tries": one.tries, "until": one.until, "texted": one.texted}
    row = insert(connection, visitor).values(box=one.box, mark=one.mark, **values)
    await connection.execute(row.on_conflict_do_update(index_elements=["box", "mark"], set_=values))
    return one
