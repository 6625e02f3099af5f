"""Stage, relay, commit: the rows of a message on its way to being ours (P1, P2, V7).

A staged row is durable and inert: nothing acts on it, no list shows it. It has a lease. While the
lease runs, the row belongs to the session that made it, and the same mail coming again is told to
come later. When it has run out (the session died; no client waits that long at the final dot) the
retry takes over: a row marked relayed is kept, so that the others are not sent the mail twice; any
other is replaced, for the rules may have changed. A clock that is put back an hour makes no
lease longer (`SKEW`). A committed row answers for its join key for six days, whatever became of its
items, unless the client has heard that it is ours (`heard`): then the same bytes are a new mail.

Each function works in the caller's transaction. The unique constraint on the join key decides
between two who stage at once.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter import failpoint, limits
from mailfilter.errors import Temporary
from mailfilter.model import Action, State
from mailfilter.record.contract import Count, Joined, StagedItem
from mailfilter.record.database.sql import Rows, by_engine, clean, is_sqlite
from mailfilter.record.database.tables import (
    NEVER,
    chunk,
    item,
    link,
    message,
    outbox,
    request,
    told,
    wrapped_key,
)
from mailfilter.record.ledgers import counts as counting
from mailfilter.record.sealing.seal import Sealed

# Above the 100 s after which Postfix gives up, below its first retry (300 s)
LEASE = timedelta(seconds=240)
SKEW = timedelta(seconds=240)  # a lease that ends later still was given by a clock since put back
KEPT = timedelta(seconds=limits.JOIN_KEPT)

# Statements of every held mail are made once: making one anew costs more than executing it.
MESSAGE = Rows(message, lambda new: new.on_conflict_do_nothing(index_elements=["join_key"]))
_KEY, _CHUNK, _ITEM = Rows(wrapped_key), Rows(chunk), Rows(item)
_COMMIT = (
    update(message)
    .where(message.c.id == bindparam("whole"), message.c.committed.is_(False))
    .values(committed=True, lease=NEVER)
    .returning(
        *(message.c.at, message.c.notice, message.c.protected),
        *(message.c.incident_key, message.c.join_key),
    )
)
_ITEMS = (
    select(item.c.id, item.c.action, item.c.at, item.c.reading)
    .where(item.c.message == bindparam("whole"))
    .order_by(item.c.id)
)
_OPEN = update(item).where(item.c.id == bindparam("one")).values(state=bindparam("opened"))
_TOLD = by_engine(
    told,
    lambda new: new.on_conflict_do_update(
        index_elements=["key", "kind"],
        set_={"at": new.excluded.at},
        where=told.c.at <= bindparam("before", type_=told.c.at.type),
    ),
)
HEARD = "heard"  # kind of what is told: the client of a join key knows that we had its mail then
_HEARD = by_engine(
    told,
    lambda new: new.on_conflict_do_update(
        index_elements=["key", "kind"], set_={"at": new.excluded.at}
    ),
)
_PUT = plain_insert(outbox).returning(outbox.c.id)


async def stage(connection: AsyncConnection, sealed: Sealed, held_for: timedelta) -> Joined:
    """Insert, or meet the row of the same join key; Temporary while that is somebody's."""
    for _ in range(3):  # a row met may be gone when we look: then try again
        if await _insert(connection, sealed):
            await insert_parts(connection, [sealed], item_rows(sealed, held_for))
            return Joined(sealed.id)
        joined = await _meet(connection, sealed)
        if joined is not None:
            return joined
    raise Temporary("store: this mail is being stored by others at the same moment")


async def _insert(connection: AsyncConnection, sealed: Sealed) -> bool:
    return bool(await MESSAGE.put(connection, [message_row(sealed)]))


def message_row(
    sealed: Sealed, *, committed: bool = False, pending: Sequence[Count] | None = None
) -> dict[str, Any]:
    """The row of `message`; `pending` are the counts of one that is read on."""
    return {
        "id": sealed.id,
        "join_key": sealed.join_key,
        "incident_key": sealed.incident_key,
        "at": sealed.at,
        "lease": NEVER if committed else sealed.at + LEASE,
        "committed": committed,
        "relayed": False,
        "notice": sealed.notice,
        "protected": sealed.protected,
        "department": clean(sealed.department),
        "controller": clean(sealed.controller),
        "rules_hash": clean(sealed.rules_hash),
        "size": sealed.size,
        "chunks": len(sealed.chunks),
        "dossier": sealed.dossier,
        "indexed": sealed.protected,  # such a message is never looked into (V5)
        "pending": "" if pending is None else json.dumps(counting.to_json(pending)),
    }


async def insert_parts(
    connection: AsyncConnection, messages: Sequence[Sealed], items: Sequence[dict[str, Any]]
) -> None:
    """Keys and bodies of `messages`, and the rows of their items."""
    await _KEY.put(connection, [{"owner": s.id, "wrapped": s.wrapped} for s in messages])
    await _CHUNK.put(
        connection,
        [
            {"message": sealed.id, "n": n, "sealed": piece}
            for sealed in messages
            for n, piece in enumerate(sealed.chunks)
        ],
    )
    failpoint.reach("chunk_rows")
    if items:
        await _ITEM.put(connection, items)


def item_rows(sealed: Sealed, held_for: timedelta, *, opened: bool = False) -> list[dict[str, Any]]:
    """The rows of `item`: staged, or at once in the state in which a commit puts them."""
    return [
        _item_row(sealed, n, staged, held_for)
        | {"state": state_of(staged.action, reading=staged.reading) if opened else State.STAGED}
        for n, staged in enumerate(sealed.items, start=1)
    ]


def state_of(action: str, *, reading: bool) -> State:
    """What a commit makes of an item."""
    if action == Action.REDIRECT:
        return State.ACCEPTED
    return State.READING if reading else State.HELD


def _item_row(sealed: Sealed, n: int, staged: StagedItem, held_for: timedelta) -> dict[str, Any]:
    return {
        "id": f"{sealed.id}.{n}",
        "message": sealed.id,
        "action": staged.action.value,
        "connector": staged.connector,
        "recipients": json.dumps(staged.recipients),
        "at": sealed.at,
        "expires_at": sealed.at + held_for,
        "reading": staged.reading,
    }


async def _meet(connection: AsyncConnection, sealed: Sealed) -> Joined | None:
    """What the row of the same join key says; None when it has made way."""
    columns = (message.c.id, message.c.at, message.c.lease, message.c.committed, message.c.relayed)
    query = select(*columns).where(message.c.join_key == sealed.join_key).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    old = row.at <= sealed.at - KEPT
    if row.committed and old:
        forget = update(message).where(message.c.id == row.id).values(join_key=None)
        await connection.execute(forget)
        return None
    if row.committed:
        return Joined(row.id, committed=True)
    if sealed.at < row.lease <= sealed.at + LEASE + SKEW:
        raise Temporary("store: another session is handling this mail")
    if row.relayed and not old:
        lease = update(message).where(message.c.id == row.id).values(lease=sealed.at + LEASE)
        await connection.execute(lease)
        return Joined(row.id, relayed=True)
    await remove(connection, row.id)
    return None


async def mark_relayed(connection: AsyncConnection, id: str) -> None:
    """The others have the mail. Temporary if the row is gone."""
    mark = update(message).where(message.c.id == id).values(relayed=True)
    if not (await connection.execute(mark)).rowcount:
        raise Temporary("store: the staged row is gone")


async def commit(connection: AsyncConnection, id: str, counts: Sequence[Count]) -> None:
    """Items become held, accepted or reading; parcels and counts with them, but what is read on is
    counted when that has ended. A second commit is nothing."""
    row = (await connection.execute(_COMMIT, {"whole": id})).one_or_none()
    if row is None:
        if await _exists(connection, id):
            return
        raise Temporary("store: the staged row is gone")
    states = await _open_items(connection, id)
    stopped = any(state is not State.READING for state in states)
    if row.notice and stopped and await notice_is_due(connection, row):
        await put(connection, "notice", row.at, message_id=id)
        failpoint.reach("notice_enqueued")
    counts = counted(counts, row.at, protected=row.protected)
    if State.READING in states:
        pending = json.dumps(counting.to_json(counts))
        await connection.execute(update(message).where(message.c.id == id).values(pending=pending))
    else:
        await counting.add(connection, counts)


def counted(counts: Sequence[Count], at: datetime, *, protected: bool) -> Sequence[Count]:
    """What a kept message adds to the statistics."""
    if not protected:
        return counts
    return [counting.protected(counts[0].day if counts else at.astimezone(UTC).date())]


async def _exists(connection: AsyncConnection, id: str) -> bool:
    query = select(message.c.id).where(message.c.id == id)
    return (await connection.execute(query)).one_or_none() is not None


async def _open_items(connection: AsyncConnection, id: str) -> list[State]:
    states = []
    for row in (await connection.execute(_ITEMS, {"whole": id})).all():
        states.append(state_of(row.action, reading=row.reading))
        await connection.execute(_OPEN, {"one": row.id, "opened": states[-1].value})
        if states[-1] is State.ACCEPTED:
            await put(connection, "handoff", row.at, message_id=id, item_id=row.id)
    return states


async def abort(connection: AsyncConnection, id: str) -> None:
    """Remove an uncommitted row. One that was relayed stays for the retry, its lease ended."""
    state = (message.c.id == id, message.c.committed.is_(False))
    await connection.execute(
        update(message).where(*state, message.c.relayed.is_(True)).values(lease=NEVER)
    )
    query = select(message.c.id).where(*state, message.c.relayed.is_(False)).with_for_update()
    if (await connection.execute(query)).one_or_none() is not None:
        await remove(connection, id)


async def heard(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """No retry of these committed rows can come any more: they give up their join keys. When each
    came is remembered, for the same bytes have a notice of their own then."""
    mine = (message.c.id.in_(ids), message.c.committed.is_(True), message.c.join_key.is_not(None))
    rows = (await connection.execute(select(message.c.join_key, message.c.at).where(*mine))).all()
    if rows:
        known = sorted((row.join_key, row.at) for row in rows)
        marks = [{"key": key, "kind": HEARD, "at": at} for key, at in known]
        await connection.execute(_HEARD[is_sqlite(connection)], marks)
        await connection.execute(update(message).where(*mine).values(join_key=None))


async def notice_is_due(connection: AsyncConnection, row: Any) -> bool:
    """Whether the sender is told of this row: once for an incident in six days, and once more each
    time that a copy of it comes again which we had before. `row` has at and both keys."""
    if await first_time(connection, row.incident_key, "notice", row.at):
        return True
    query = select(told.c.at).where(told.c.key == row.join_key, told.c.kind == HEARD)
    before = (await connection.execute(query)).scalar_one_or_none()
    if before is None:
        return False
    return await first_time(connection, row.incident_key, "notice", row.at, row.at - before)


async def orphan(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """The session that staged these is gone: a retry may take them over at once."""
    await connection.execute(
        update(message)
        .where(message.c.id.in_(ids), message.c.committed.is_(False))
        .values(lease=NEVER)
    )


async def remove(connection: AsyncConnection, id: str) -> None:
    """All rows of a message; chunks and items go with it by their foreign keys."""
    await connection.execute(delete(outbox).where(outbox.c.message == id))
    await connection.execute(delete(wrapped_key).where(wrapped_key.c.owner == id))
    await connection.execute(delete(link).where(link.c.owner == id))
    items = select(item.c.id).where(item.c.message == id)
    await connection.execute(delete(request).where(request.c.item.in_(items)))
    await connection.execute(delete(message).where(message.c.id == id))


async def first_time(
    connection: AsyncConnection, key: bytes, kind: str, at: Any, within: timedelta = KEPT
) -> bool:
    """True once for each key and kind in six days, or `within`; remembers when."""
    row = {"key": key, "kind": kind, "at": at, "before": at - within}
    return bool((await connection.execute(_TOLD[is_sqlite(connection)], row)).rowcount)


async def put(
    connection: AsyncConnection,
    kind: str,
    at: Any,
    *,
    message_id: str = "",
    item_id: str = "",
    note: str = "",
    sealed: bytes | None = None,
) -> int:
    """A new outbox row, due at once; its id."""
    row = parcel_row(kind, at, message_id, item_id) | {"note": clean(note), "sealed": sealed}
    return int((await connection.execute(_PUT, row)).scalar_one())


def parcel_row(kind: str, at: datetime, message_id: str, item_id: str = "") -> dict[str, Any]:
    """A row of `outbox`, due at once."""
    return {
        "kind": kind,
        "message": message_id,
        "item": item_id,
        "note": "",
        "created_at": at,
        "due_at": at,
        "sealed": None,
    }
