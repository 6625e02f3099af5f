"""Reading on: items whose scans were not all read before the reply, and what becomes of them.

A message has at most one item that is READING: the recipients whom nothing but unread scans holds
back. `settle` ends that. Its recipients may now have different fates: the item takes the first
group, a further item is made for each other one, in one transaction with the dossier sealed anew,
the audit lines, the parcels, the sender's notice and the counts (P12). A second call finds the
item in another state and changes nothing, so a crash on either side of the commit does no harm.

The notice is the ordinary one, if anything is stopped. Where another item of the message was
stopped at once, the sender has had a notice that this copy is being read: then one more is due.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Permanent
from mailfilter.model import Action, State
from mailfilter.record.archive import facets, search
from mailfilter.record.contract import AuditLine, Count, Reading, ReadOn, StagedItem
from mailfilter.record.database.sql import clean
from mailfilter.record.database.tables import item, message, wrapped_key
from mailfilter.record.intake import staging
from mailfilter.record.ledgers import audit
from mailfilter.record.ledgers import counts as counting
from mailfilter.record.sealing.seal import Opener

FATES = {  # what becomes of a group: its state, its parcel, its act in the audit log
    Action.RELAY: (State.RELEASING, "release", "release"),
    Action.REDIRECT: (State.ACCEPTED, "handoff", "redirect"),
    Action.QUARANTINE: (State.HELD, "", "hold"),
    Action.ASK: (State.HELD, "", "hold"),
}


async def listed(connection: AsyncConnection, limit: int) -> list[Reading]:
    """What is to be read on, the oldest first."""
    query = (
        select(item.c.id, item.c.message, item.c.recipients, message.c.at, message.c.protected)
        .join(message, message.c.id == item.c.message)
        .where(item.c.state == State.READING.value)
        .order_by(item.c.at, item.c.id)
        .limit(limit)
    )
    return [
        Reading(row.id, row.message, row.at, row.protected, tuple(json.loads(row.recipients)))
        for row in (await connection.execute(query)).all()
    ]


async def sealed_dossier(connection: AsyncConnection, id: str) -> tuple[bytes, bytes]:
    """(wrapped key, sealed dossier) of a message; Permanent when the key is destroyed."""
    query = (
        select(wrapped_key.c.wrapped, message.c.dossier)
        .join(message, message.c.id == wrapped_key.c.owner)
        .where(message.c.id == id)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise Permanent(f"{id}: there is no such message, or its key has been destroyed")
    return row.wrapped, row.dossier


async def settle(connection: AsyncConnection, done: ReadOn, opener: Opener) -> bool:
    """End the reading of an item; False if it is no longer READING."""
    query = select(item).where(item.c.id == done.item).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None or row.state != State.READING:
        return False
    await _learn(connection, row.message, done, opener)
    before = await _number_of_items(connection, row.message)
    ids = [done.item, *(f"{row.message}.{before + n}" for n in range(1, len(done.groups)))]
    for id_, group in zip(ids, done.groups, strict=True):
        await _open(connection, row, id_, group, done)
    owner = (await connection.execute(_about(row.message))).one()
    stopped = [group for group in done.groups if group.action is not Action.RELAY]
    if owner.notice and stopped:
        await _tell(connection, owner, others=before > 1)
    await _count(connection, owner, done.counts, stopped=bool(stopped))
    return True


def _about(id: str) -> Any:
    columns = ("id", "at", "notice", "incident_key", "protected", "pending")
    return select(*(message.c[name] for name in columns)).where(message.c.id == id)


async def _number_of_items(connection: AsyncConnection, id: str) -> int:
    query = select(func.count()).select_from(item).where(item.c.message == id)
    return int((await connection.execute(query)).scalar_one())


async def _learn(connection: AsyncConnection, id: str, done: ReadOn, opener: Opener) -> None:
    """What is known of the message now."""
    changes: dict[str, Any] = {}
    if done.dossier is not None:
        wrapped, _ = await sealed_dossier(connection, id)
        changes["dossier"] = opener.seal_again(wrapped, done.dossier, id)
    if done.rules_hash:
        changes["rules_hash"] = clean(done.rules_hash)
    if done.protected:  # not even the department may be listed (V5)
        changes |= {"protected": True, "department": "", "controller": "", "kinds": "", "level": ""}
        await search.remove(connection, id)
        await connection.execute(update(item).where(item.c.message == id).values(rules=""))
    query = select(message.c.protected).where(message.c.id == id)
    protected = done.protected or (await connection.execute(query)).scalar_one()
    changes["indexed"] = protected  # its dossier and its items are others now: once more
    await connection.execute(update(message).where(message.c.id == id).values(changes))


async def _open(
    connection: AsyncConnection, row: Row[Any], id: str, group: StagedItem, done: ReadOn
) -> None:
    state, parcel, act = FATES[group.action]
    relayed = group.action is Action.RELAY  # what it was held as, beside its new state
    values = {
        "state": state.value,
        "action": (Action.QUARANTINE if relayed else group.action).value,
        "connector": group.connector,
        "recipients": json.dumps(group.recipients),
        "attempts": int(state is State.RELEASING),
        **facets.decision(state, facets.SYSTEM, done.at),
    }
    if id == row.id:
        await connection.execute(update(item).where(item.c.id == id).values(values))
    else:
        same = {"message": row.message, "at": row.at, "expires_at": row.expires_at}
        await connection.execute(insert(item).values(id=id, **same, **values))
    detail = _detail(group, done)
    line = AuditLine(0, done.at, "system", act, id, detail, state=state.value)
    await _audit(connection, row, line)
    if parcel:
        await staging.put(connection, parcel, done.at, message_id=row.message, item_id=id)


def _detail(group: StagedItem, done: ReadOn) -> dict[str, str | int]:
    detail: dict[str, str | int] = {"how": done.how}
    return detail | ({"connector": group.connector} if group.connector else {})


async def _audit(connection: AsyncConnection, row: Row[Any], line: AuditLine) -> None:
    query = select(message.c.protected).where(message.c.id == row.message)
    if not (await connection.execute(query)).scalar_one():
        await audit.append(connection, line)


async def _tell(connection: AsyncConnection, owner: Row[Any], *, others: bool) -> None:
    kind = "read-on" if others else "notice"
    if owner.incident_key is None or await staging.first_time(
        connection, owner.incident_key, kind, owner.at
    ):
        await staging.put(connection, "notice", owner.at, message_id=owner.id)


async def _count(
    connection: AsyncConnection, owner: Row[Any], counts: Sequence[Count] | None, *, stopped: bool
) -> None:
    """Once, by what became of the message: held and then passed is no stop."""
    pending = counting.from_json(json.loads(owner.pending or "[]"))
    if counts is None:
        counts = pending
    elif owner.protected and (stopped or await _number_of_items(connection, owner.id) > 1):
        day = next((count.day for count in (*pending, *counts)), owner.at.date())
        counts = [counting.protected(day)]
    await counting.add(connection, counts)
    await connection.execute(update(message).where(message.c.id == owner.id).values(pending=""))


async def count_pending(connection: AsyncConnection, id: str) -> None:
    """A person did not wait for the reading: the message counts as what it was held for."""
    reading = select(item.c.id).where(item.c.message == id, item.c.state == State.READING.value)
    if (await connection.execute(reading)).first() is not None:
        return
    owner = (await connection.execute(_about(id))).one()
    if owner.pending:
        await _count(connection, owner, None, stopped=True)
