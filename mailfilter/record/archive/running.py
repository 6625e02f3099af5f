"""Running time: how long this installation has run, counted beside the clock on the wall.

What ends by itself ends by running time, for the wall clock may jump, stand wrong for a day or go
on while the machine is off. Desk looks at both clocks once a minute (`RunningTime.on`) and stores
the sum. A row gets two numbers when a sweep first sees it (`keep`): the running time at which it
was seen, and the one at which its time is over. What is written by a clock that is wrong is
therefore as long-lived as anything else, and the two weeks in which desk did not run are no part
of anybody's time.

Rows still say when they end by the wall clock, for pages and notices: `keep` sets that right.

A *step* is how far the wall clock went beyond what has run since the look before; more than `STEP`
either way is counted. What was put off by a clock that has been put back since is due at once.

In a standstill (``standstill.py``) running time stands still, too.

Known gaps: running time that could not be stored is not counted. Sessions, the memory of whom a
notice was sent to, answers and the filters' lists go by the wall clock: nothing is lost with them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Table,
    func,
    literal,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.model import State
from mailfilter.record.archive.states import ENDED
from mailfilter.record.database import standstill
from mailfilter.record.database.engine import Database
from mailfilter.record.database.sql import insert
from mailfilter.record.database.tables import (
    Instant,
    Span,
    item,
    link,
    message,
    outbox,
    running,
    ticks,
)
from mailfilter.record.pickup.tables import deposit

STEP = timedelta(hours=1)
_NEAR = timedelta(minutes=5)  # so far may pages be from when something ends
_TOTAL = select(running.c.total)
_ALIVE = [state.value for state in State if state not in {State.STAGED, *ENDED}]


@dataclass(frozen=True, slots=True)
class Look:
    """The clocks at one look. `step` is negative where the wall clock was put back; `steps` are
    those of more than `STEP` that there ever were."""

    total: timedelta
    step: timedelta
    steps: int

    @property
    def jumped(self) -> bool:
        """Whether the wall clock is further from its last look than anything explains."""
        return abs(self.step) > STEP


class RunningTime:
    """The running time of a store. One desk counts it; that two never count double is why the
    sum is compared with what this one knows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: timedelta | None = None

    async def on(self, now: datetime, elapsed: timedelta) -> Look:
        """The wall clock says `now`, and this process has run for `elapsed` since its last look."""
        known = self._known
        look = await self._database.run(lambda c: _on(c, known, now, elapsed))
        self._known = look.total
        return look


async def _on(
    connection: AsyncConnection, known: timedelta | None, now: datetime, elapsed: timedelta
) -> Look:
    row = (await connection.execute(select(running).with_for_update())).one_or_none()
    if row is None:
        first = insert(connection, running).values(id=1, total=elapsed, wall=now, steps=0)
        await connection.execute(first.on_conflict_do_nothing())
        return Look(elapsed, timedelta(), 0)
    ran = timedelta() if await standstill.since(connection) else elapsed
    total = max(row.total, (row.total if known is None else known) + ran)
    step = now - row.wall - elapsed
    look = Look(total, step, row.steps + (abs(step) > STEP))
    await connection.execute(update(running).values(total=total, wall=now, steps=look.steps))
    if look.jumped:
        await _follow(connection, look, now)
    return look


async def _follow(connection: AsyncConnection, look: Look, now: datetime) -> None:
    """What goes by the wall clock alone, after a step of it."""
    alive = link.c.wrapped != b""
    await connection.execute(
        update(link).where(alive).values(expires_at=_by_wall(link, look.total, now))
    )
    if look.step < timedelta():
        put_off = (outbox.c.done.is_(False), outbox.c.due_at > now)
        await connection.execute(update(outbox).where(*put_off).values(due_at=now))


async def total(connection: AsyncConnection) -> timedelta:
    """The running time; nothing where nobody has counted yet, and then nothing ends."""
    return (await connection.execute(_TOTAL)).scalar_one_or_none() or timedelta()


async def keep(connection: AsyncConnection, now: datetime) -> timedelta:
    """Note what is there for the first time, and say of the rest when it ends by the wall clock of
    today; the running time."""
    ran = await total(connection)
    for table in (message, outbox):
        await connection.execute(update(table).where(_new(table)).values(seen=ran))
    living = item.c.state.in_(_ALIVE)
    for table, written, alive in (
        (item, item.c.at, (living,)),
        (deposit, deposit.c.at, (deposit.c.ended == "",)),
    ):
        await _note(connection, table, written, alive, ran)
        await _set_right(connection, table, alive, ran, now)
    return ran


def _new(table: Table) -> ColumnElement[bool]:
    """Rows that no sweep has seen; of messages by the index."""
    unseen = table.c.seen.is_(None)
    return unseen & message.c.committed.in_((False, True)) if table is message else unseen


async def _note(
    connection: AsyncConnection,
    table: Table,
    written: Column[datetime],
    alive: Iterable[ColumnElement[bool]],
    ran: timedelta,
) -> None:
    lasts = type_coerce(table.c.expires_at, BigInteger) - type_coerce(written, BigInteger)
    ends = type_coerce(_number(ran) + lasts, Span)
    fresh = (*alive, table.c.seen.is_(None))
    await connection.execute(update(table).where(*fresh).values(seen=ran, ends=ends))


async def _set_right(
    connection: AsyncConnection,
    table: Table,
    alive: Iterable[ColumnElement[bool]],
    ran: timedelta,
    now: datetime,
) -> None:
    right = _by_wall(table, ran, now)
    away = func.abs(type_coerce(table.c.expires_at, BigInteger) - type_coerce(right, BigInteger))
    wrong = (*alive, away > _number(_NEAR))
    await connection.execute(update(table).where(*wrong).values(expires_at=right))


def _by_wall(table: Table, ran: timedelta, now: datetime) -> ColumnElement[datetime]:
    """When `table.ends` is by the wall clock that says `now`, if desk goes on running."""
    left = type_coerce(table.c.ends, BigInteger) - _number(ran)
    return type_coerce(_number(now) + left, Instant)


def _number(value: datetime | timedelta) -> ColumnElement[int]:
    return literal(ticks(value), BigInteger)
