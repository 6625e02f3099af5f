"""Held items: lists, bodies, and the acts that move an item on.

Senders, recipients and subjects are sealed and searched for by ``search.py``; what lists are
filtered by stands in clear in the bare row (``facets.py``). Protected messages (V5) stand
in no list; asked for by their id they show no dossier.

`act` is the one way to change an item's state (besides a commit and the sweep, which use its
parts). In one transaction: the new state, the audit line, the parcel, and, when no item of the
message needs it any more, the end of the message's key, dossier and body. Parcels that still wait
get the dossier under a key of their own first, so that the sender can be told.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter import failpoint
from mailfilter.errors import Permanent
from mailfilter.model import Action, State
from mailfilter.record.archive import facets, links, search
from mailfilter.record.archive.case_number import Case
from mailfilter.record.archive.states import BUSY, ENDED, allowed
from mailfilter.record.contract import AuditLine, Dossier, Filter, Item
from mailfilter.record.database.sql import clean, insert, without_addresses
from mailfilter.record.database.tables import (
    chunk,
    item,
    link,
    message,
    outbox,
    request,
    told,
    wrapped_key,
)
from mailfilter.record.intake import reading, staging
from mailfilter.record.ledgers import audit
from mailfilter.record.sealing.seal import Opener, Sealer, parcel_owner

_SELECT = (
    select(
        item,
        message.c.size,
        message.c.department,
        message.c.controller,
        message.c.protected,
        message.c.rules_hash,
        message.c.dossier,
        message.c.kinds,
        message.c.level,
        wrapped_key.c.wrapped,
    )
    .join(message, message.c.id == item.c.message)
    .outerjoin(wrapped_key, wrapped_key.c.owner == message.c.id)
)

# Needs the content of its message: not ended, or expired and not yet destroyed (``ending.py``)
ALIVE = item.c.state.not_in([state.value for state in ENDED]) | (
    (item.c.state == State.EXPIRED.value) & item.c.ending.is_not(None)
)
_ASKED = exists().where(request.c.item == item.c.id)


# ---- reading -------------------------------------------------------------------------------


async def listed(connection: AsyncConnection, opener: Opener, wanted: Filter) -> list[Item]:
    """The items that `wanted` shows, newest first, perhaps after those of `asked_first`."""
    first = [_ASKED.desc()] if wanted.asked_first else []
    query = _SELECT.where(*_conditions(wanted, opener.search_key))
    query = query.order_by(*first, item.c.at.desc(), item.c.id)
    page = query.limit(wanted.limit).offset(wanted.offset)
    return [_item(row, opener) for row in (await connection.execute(page)).all()]


async def counted(connection: AsyncConnection, opener: Opener, wanted: Filter) -> int:
    """How many items `wanted` shows, without regard to its limit and offset."""
    both = item.join(message, message.c.id == item.c.message)
    fitting = _conditions(wanted, opener.search_key)
    query = select(func.count()).select_from(both).where(*fitting)
    return int((await connection.execute(query)).scalar_one())


async def one(connection: AsyncConnection, opener: Opener, id: str) -> Item | None:
    """The item, or None; a protected one without its dossier."""
    row = (await connection.execute(_SELECT.where(item.c.id == id))).one_or_none()
    return None if row is None or row.state == State.STAGED else _item(row, opener)


async def of_message(connection: AsyncConnection, opener: Opener, id: str) -> list[Item]:
    """All items of a message that is committed."""
    query = _SELECT.where(item.c.message == id, item.c.state != State.STAGED.value)
    rows = (await connection.execute(query.order_by(item.c.id))).all()
    return [_item(row, opener) for row in rows]


async def of_case(connection: AsyncConnection, opener: Opener, wanted: Case) -> list[Item]:
    """The items that a case number names; never of a protected message (V5), whose rows
    the statement itself leaves out: it costs what it costs where there are none."""
    named = item.c.id.in_(wanted.items) if wanted.n else item.c.message.in_(wanted.names)
    shown = (item.c.state != State.STAGED.value, message.c.protected.is_(False))
    query = _SELECT.where(named, *shown).order_by(item.c.message, item.c.id)
    return [_item(row, opener) for row in (await connection.execute(query)).all()]


async def copies(connection: AsyncConnection, id: str) -> list[str]:
    """Other messages that are the same mail, split by recipient on its way here (P2)."""
    own = select(message.c.incident_key).where(message.c.id == id).scalar_subquery()
    query = select(message.c.id).where(
        message.c.incident_key == own, message.c.id != id, message.c.committed
    )
    return list((await connection.execute(query.order_by(message.c.at, message.c.id))).scalars())


def _conditions(wanted: Filter, search_key: bytes) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [item.c.state != State.STAGED.value]
    if wanted.states:
        conditions.append(item.c.state.in_([state.value for state in wanted.states]))
    if not wanted.protected:
        conditions.append(message.c.protected.is_(False))
    if wanted.departments is not None:
        conditions.append(message.c.department.in_(wanted.departments))
    if wanted.asked:
        conditions.append(_ASKED)
    if wanted.for_reviewers:
        conditions.append((item.c.action != Action.ASK.value) | _ASKED)
    if wanted.since is not None:
        conditions.append(item.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(item.c.at < wanted.until)
    return conditions + _choices(wanted, search_key)


def _choices(wanted: Filter, search_key: bytes) -> list[ColumnElement[bool]]:
    """What was chosen in lists, and what is searched for."""
    conditions = []
    if wanted.department:
        conditions.append(message.c.department == wanted.department)
    if wanted.action:
        conditions.append(item.c.action == wanted.action)
    if wanted.kind:
        conditions.append(message.c.kinds.contains(f"|{wanted.kind}=", autoescape=True))
    if wanted.level:
        conditions.append(message.c.level == wanted.level)
    if wanted.rule:
        conditions.append(item.c.rules.contains(f"|{wanted.rule}|", autoescape=True))
    if wanted.decided:
        conditions.append(facets.decided(wanted.decided, wanted.name))
    if wanted.sought:
        conditions.append(search.fitting(search_key, wanted.sought))
    return conditions


def _item(row: Row[Any], opener: Opener) -> Item:
    readable = row.wrapped is not None and not row.protected
    return Item(
        id=row.id,
        message=row.message,
        action=Action(row.action),
        connector=row.connector,
        state=State(row.state),
        at=row.at,
        expires_at=row.expires_at,
        size=row.size,
        department=row.department,
        controller=row.controller,
        protected=row.protected,
        rules_hash=row.rules_hash,
        recipients=tuple(json.loads(row.recipients)),
        dossier=opened(opener, row.wrapped, row.dossier, row.message) if readable else None,
        reason=row.reason,
        receipt=row.receipt,
        attempts=row.attempts,
        ended_at=row.ended_at,
        kinds=facets.pairs(row.kinds),
        level=row.level,
        rules=facets.unpacked(row.rules),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


def opened(opener: Opener, wrapped: bytes, sealed: bytes, owner: str) -> Dossier | None:
    """The dossier, or None if it is damaged: one bad row must not hide the others."""
    try:
        return opener.dossier(wrapped, sealed, owner)
    except Permanent:
        return None


async def sealed_body(connection: AsyncConnection, id: str) -> tuple[bytes, list[bytes]]:
    """(wrapped key, chunks); Permanent when the key is destroyed or a chunk is missing."""
    query = (
        select(message.c.chunks, wrapped_key.c.wrapped)
        .join(wrapped_key, wrapped_key.c.owner == message.c.id)
        .where(message.c.id == id)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise Permanent(f"{id}: there is no such message, or its key has been destroyed")
    pieces = select(chunk.c.sealed).where(chunk.c.message == id).order_by(chunk.c.n)
    chunks = list((await connection.execute(pieces)).scalars())
    if len(chunks) != row.chunks:
        raise Permanent(f"{id}: {row.chunks - len(chunks)} pieces of the stored body are missing")
    return row.wrapped, chunks


async def is_protected(connection: AsyncConnection, object_: str) -> bool:
    """True if `object_` is a protected message or an item of one."""
    names = {object_, object_.rpartition(".")[0]}
    query = select(message.c.id).where(message.c.id.in_(names), message.c.protected.is_(True))
    return (await connection.execute(query)).first() is not None


# ---- acting --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """One act: which item goes from where to where, and what goes with it."""

    id: str
    before: tuple[State, ...]
    after: State
    line: AuditLine
    receipt: str = ""
    parcel: str = ""
    connector: str = ""


async def act(connection: AsyncConnection, move: Move) -> str | None:
    """Move an item on; the message's id, or None if its state was another."""
    states = [state.value for state in allowed(move.before, move.after)]
    statement = (
        update(item)
        .where(item.c.id == move.id, item.c.state.in_(states))
        .values(_changes(move))
        .returning(item.c.message)
    )
    owner = (await connection.execute(statement)).scalar_one_or_none()
    if owner is None:
        return None
    if not await is_protected(connection, owner):
        line = replace(move.line, object=move.id, state=move.after.value)
        await audit.append(connection, line)
    if State.READING in move.before:
        await reading.count_pending(connection, owner)
    if move.parcel:
        await staging.put(connection, move.parcel, move.line.at, message_id=owner, item_id=move.id)
    return str(owner)


def _changes(move: Move) -> dict[str, Any]:
    values: dict[str, Any] = {"state": move.after.value}
    if State.RELEASING not in move.before and State.HANDING_OVER not in move.before:
        values |= facets.decision(move.after, move.line.actor, move.line.at)
    if "reason" in move.line.detail:
        values["reason"] = clean(str(move.line.detail["reason"]))
    if move.receipt:
        values["receipt"] = without_addresses(move.receipt)
    if move.connector:
        values |= {"connector": move.connector, "action": Action.REDIRECT.value}
    if move.after in ENDED:
        values["ended_at"] = move.line.at
    if move.after in BUSY:
        values["attempts"] = item.c.attempts + 1
    return values


async def last_word(connection: AsyncConnection, id: str, at: datetime) -> None:
    """A mail to the sender, once every item of a message that she was told of has ended: what
    became of each recipient. Where all were refused or expired, she has been told that."""
    states = set(
        (await connection.execute(select(item.c.state).where(item.c.message == id))).scalars()
    )
    if not states <= {state.value for state in ENDED}:
        return
    if states <= {State.REFUSED.value, State.EXPIRED.value}:
        return
    query = select(message.c.incident_key).where(message.c.id == id)
    incident = (await connection.execute(query)).scalar_one_or_none()
    mailed = select(link.c.mark).where(link.c.owner == id)
    noticed = select(told.c.at).where(told.c.key == incident, told.c.kind == "notice")
    waiting = select(outbox.c.id).where(outbox.c.message == id, outbox.c.kind == "notice")
    for known in (mailed, noticed, waiting):  # a service may be quicker than the notice
        if (await connection.execute(known)).first() is not None:
            await staging.put(connection, "done", at, message_id=id)
            return


async def destroy_if_ended(
    connection: AsyncConnection, id: str, opener: Opener, sealer: Sealer, search_days: int
) -> bool:
    """End key, dossier, body and index of a message of which every item has ended; only hashes of
    its addresses stay for `search_days`."""
    alive = select(item.c.id).where(item.c.message == id, ALIVE)
    if (await connection.execute(alive)).first() is not None:
        return False
    await search.before_end(connection, opener, id)
    await _give_parcels_a_seal(connection, id, opener, sealer)
    await connection.execute(delete(wrapped_key).where(wrapped_key.c.owner == id))
    failpoint.reach("purge_key")
    await connection.execute(delete(chunk).where(chunk.c.message == id))
    failpoint.reach("purge_chunks")
    await connection.execute(update(message).where(message.c.id == id).values(dossier=b""))
    await search.end(connection, id, search_days)
    await links.end(connection, id)
    own = select(item.c.id).where(item.c.message == id)
    await connection.execute(delete(request).where(request.c.item.in_(own)))
    return True


async def _give_parcels_a_seal(
    connection: AsyncConnection, id: str, opener: Opener, sealer: Sealer
) -> None:
    waiting = (outbox.c.message == id, outbox.c.done.is_(False))
    if (await connection.execute(select(outbox.c.id).where(*waiting))).first() is None:
        return
    query = (
        select(message.c.dossier, wrapped_key.c.wrapped)
        .join(wrapped_key, wrapped_key.c.owner == message.c.id)
        .where(message.c.id == id)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return
    dossier = opened(opener, row.wrapped, row.dossier, id)
    if dossier is None:
        return
    owner = parcel_owner(id)
    wrapped, sealed = sealer.seal_dossier(owner, dossier)
    await connection.execute(
        insert(connection, wrapped_key)
        .values(owner=owner, wrapped=wrapped)
        .on_conflict_do_update(index_elements=["owner"], set_={"wrapped": wrapped})
    )
    await connection.execute(update(outbox).where(*waiting).values(sealed=sealed))
    failpoint.reach("key_rewrap_row")
