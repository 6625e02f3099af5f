"""Messages that are held whole, many in one transaction: stage and commit at once.

Where nobody is left to relay to, nothing happens between the two, so one transaction does both:
the row is ours as soon as it is there (P1). What has queued meanwhile is written together, table by
table, so that a message costs its rows and no statement of its own; that is most of what a held
mail costs the store.

From → to: `Kept` in the order they came → for each a `Joined`, or the `Temporary` that its session
is told; the others are not touched by it. A row of the same join key is met as in ``staging.py``:
that is rare, and such a message goes through `stage` and `commit` one after the other, in the same
transaction. Rows are inserted in the order of their join keys, so that two processes that hold
copies of the same mails do not wait for each other in a circle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, select, type_coerce
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter import failpoint
from mailfilter.errors import Temporary
from mailfilter.model import State
from mailfilter.record.contract import Count, Joined
from mailfilter.record.database.sql import Rows, by_engine, is_sqlite
from mailfilter.record.database.tables import message, outbox, told
from mailfilter.record.intake import staging
from mailfilter.record.ledgers import counts as counting
from mailfilter.record.sealing.seal import Sealed

_NEW = (
    postgresql.insert(message)
    .on_conflict_do_nothing(index_elements=["join_key"])
    .returning(message.c.id)
)
_KEPT = staging.KEPT // timedelta(microseconds=1)
_TOLD = by_engine(
    told,
    lambda new: new.on_conflict_do_update(
        index_elements=["key", "kind"],
        set_={"at": new.excluded.at},
        where=type_coerce(told.c.at, BigInteger)
        <= type_coerce(new.excluded.at, BigInteger) - _KEPT,
    ).returning(told.c.key),
)
_PARCEL = Rows(outbox)


@dataclass(frozen=True, slots=True)
class Kept:
    """A message to be staged and committed."""

    sealed: Sealed
    counts: Sequence[Count]
    held_for: timedelta

    @property
    def states(self) -> list[State]:
        """Of its items, once it is ours."""
        return [staging.state_of(i.action, reading=i.reading) for i in self.sealed.items]

    @property
    def read_on(self) -> bool:
        """It is counted once that has ended."""
        return State.READING in self.states

    @property
    def counted(self) -> Sequence[Count]:
        """What it adds to the statistics, now or then."""
        return staging.counted(self.counts, self.sealed.at, protected=self.sealed.protected)


async def keep(connection: AsyncConnection, given: Sequence[Kept]) -> list[Joined | Temporary]:
    """See the module's docstring."""
    new = await _insert(connection, given)
    fresh = [one for one in given if one.sealed.id in new]
    if fresh:
        rows = [
            row for one in fresh for row in staging.item_rows(one.sealed, one.held_for, opened=True)
        ]
        await staging.insert_parts(connection, [one.sealed for one in fresh], rows)
        await _put_parcels(connection, fresh)
        await counting.add(
            connection, [count for one in fresh if not one.read_on for count in one.counted]
        )
    return [
        Joined(one.sealed.id) if one.sealed.id in new else await _met(connection, one)
        for one in given
    ]


async def _insert(connection: AsyncConnection, given: Sequence[Kept]) -> set[str]:
    """The ids of those whose join key nobody had."""
    rows = [
        staging.message_row(
            one.sealed, committed=True, pending=one.counted if one.read_on else None
        )
        for one in sorted(given, key=lambda one: one.sealed.join_key)
    ]
    if not is_sqlite(connection):
        return set((await connection.execute(_NEW, rows)).scalars())
    ids = {row["id"] for row in rows}
    if await staging.MESSAGE.put(connection, rows) == len(rows):
        return ids
    there = select(message.c.id).where(message.c.id.in_(ids))
    return set((await connection.execute(there)).scalars())


async def _put_parcels(connection: AsyncConnection, fresh: Sequence[Kept]) -> None:
    """The outbox rows: what goes to services, and one notice for each incident."""
    rows = [
        staging.parcel_row("handoff", one.sealed.at, one.sealed.id, f"{one.sealed.id}.{n}")
        for one in fresh
        for n, state in enumerate(one.states, start=1)
        if state is State.ACCEPTED
    ]
    stopped = [one.sealed for one in fresh if _stops(one)]
    notices = await _first_times(connection, stopped)
    told_now = {sealed.incident_key for sealed in notices}
    notices += [
        sealed
        for sealed in stopped
        if sealed.incident_key not in told_now and await staging.notice_is_due(connection, sealed)
    ]
    rows += [staging.parcel_row("notice", sealed.at, sealed.id) for sealed in notices]
    if rows:
        await _PARCEL.put(connection, rows)
    if notices:
        failpoint.reach("notice_enqueued")


def _stops(one: Kept) -> bool:
    """Whether the sender is to be told now: not of what is still being read."""
    return one.sealed.notice and any(state is not State.READING for state in one.states)


async def _first_times(connection: AsyncConnection, told_of: Sequence[Sealed]) -> list[Sealed]:
    """Those whose incident nobody was told of: the first of each."""
    incidents: dict[bytes, Sealed] = {}
    for sealed in told_of:
        incidents.setdefault(sealed.incident_key, sealed)
    if not incidents:
        return []
    rows = [{"key": key, "kind": "notice", "at": incidents[key].at} for key in sorted(incidents)]
    first = set((await connection.execute(_TOLD[is_sqlite(connection)], rows)).scalars())
    return [sealed for key, sealed in incidents.items() if key in first]


async def _met(connection: AsyncConnection, one: Kept) -> Joined | Temporary:
    try:
        joined = await staging.stage(connection, one.sealed, one.held_for)
        if not joined.committed:
            await staging.commit(connection, joined.id, one.counts)
    except Temporary as error:
        return error
    return joined
