"""What happened after a backup, done again in what was restored from it.

From → to: what was written down since (`Later`) → the restored tables, in one transaction.

=======================  =======================================================================
lines of the log         are put behind those that are there, if their seals fit; each item and
                         account is as its last line says. What ended, ends again: its key, dossier
                         and body are destroyed. A password or address that was changed since is
                         not known: the account has none until an operator gives it a new one
what is alive            a message or deposit that is not among it has ended: it ends again, also
                         where the log says nothing (mail to protected recipients)
what was on its way      (read on, released, handed over): it may have left. It waits for a person,
                         and its receipt says `MARK`; the outbox forgets what it had
what was held            has that receipt, too, where lines are missing: nothing was given, or a
                         checkpoint knows of more
=======================  =======================================================================

Known gap: mail that came after the backup is lost with the disk; where lines speak of it, the
acknowledgement of the restore names it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert as plain_insert
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Permanent
from mailfilter.model import State
from mailfilter.record.archive import items, outbox
from mailfilter.record.archive.archive import StoreArchive
from mailfilter.record.archive.states import ENDED, WAITING
from mailfilter.record.backup.files import Later
from mailfilter.record.contract import AuditLine
from mailfilter.record.database.tables import audit as audit_table
from mailfilter.record.database.tables import item, message, user, wrapped_key
from mailfilter.record.database.tables import outbox as outbox_table
from mailfilter.record.intake import staging
from mailfilter.record.ledgers import audit, audit_states
from mailfilter.record.ledgers.audit_states import GONE
from mailfilter.record.ledgers.copies import mark
from mailfilter.record.pickup import rows
from mailfilter.record.pickup.contract import Found
from mailfilter.record.pickup.tables import deposit

MARK = "restored: may have left already"
_ENDED = {state.value for state in ENDED}
_ON_ITS_WAY = {
    State.READING: State.HELD,
    State.ACCEPTED: State.HELD,
    State.HANDING_OVER: State.HELD,
    State.RELEASING: State.RELEASE_FAILED,
}


@dataclass(slots=True)
class Since:
    """What was done, in numbers: lines, erased, marked, unsent, lost; `complete` where nothing is
    known to be missing."""

    counts: Counter[str] = field(default_factory=Counter)
    complete: bool = False


async def apply(archive: StoreArchive, later: Later, at: datetime, newest: int) -> Since:
    """Do it. `newest` is the highest line that a checkpoint knows. Permanent where the lines do not
    fit the backup."""
    return await archive.database.run(lambda c: _Work(c, archive, at).all(later, newest))


class _Work:
    """In one transaction."""

    def __init__(self, connection: AsyncConnection, archive: StoreArchive, at: datetime) -> None:
        self._c, self._archive, self._at = connection, archive, at
        self._since = Since()
        self._counts = self._since.counts

    async def all(self, later: Later, newest: int) -> Since:
        """Everything, in the order of the module's table."""
        lines = [audit.line_of(_row(one), str(one["hash"])) for one in later.lines]
        await self._empty_the_outbox()  # first: what ends leaves no dossier with a row that waits
        await self._add(lines)
        await self._follow({one.object: one for one in lines if one.state})
        if later.alive is not None:
            await self._end_all_but(later.alive)
        last, _ = await audit.last_of(self._c)
        self._since.complete = later.at is not None and newest <= last
        await self._stop_what_was_leaving()
        if not self._since.complete:
            await self._mark_held()
        return self._since

    # ---- lines -----------------------------------------------------------------------------

    async def _add(self, lines: Sequence[AuditLine]) -> None:
        """Put lines behind the last that is there; Permanent if one does not follow it."""
        key, head = audit.key_of(self._c), await audit.locked_head(self._c)
        for line in lines:
            if line.seq <= head.seq:
                continue
            fits = audit.keyed_digest(key, line, head.before) == line.hash
            if line.seq != head.seq + 1 or not fits:
                raise Permanent(
                    f"line {line.seq} of what was written since the backup does not follow line"
                    f" {head.seq}: it was changed, or is of another log; restore without it"
                )
            await self._c.execute(plain_insert(audit_table).values(_values(line)))
            head = audit.Head(line.seq, line.hash, head.keyed, head.log)
            self._counts["lines"] += 1
        await audit.put_head(self._c, head.sealed(key))

    async def _follow(self, last: dict[str, AuditLine]) -> None:
        """Each item and account is as its last line says."""
        by_message: dict[str, list[AuditLine]] = defaultdict(list)
        for name, line in last.items():
            if line.state.startswith("{"):
                await self._account(name, line.state)
            elif line.state == GONE or line.state in set(State):
                by_message[name.rpartition(".")[0]].append(line)
        for name, lines in by_message.items():
            await self._message(name, lines)

    async def _message(self, id: str, lines: list[AuditLine]) -> None:
        query = select(item.c.id).where(item.c.message == id)
        there = set((await self._c.execute(query)).scalars())
        if not there:
            self._counts["lost"] += any(line.state not in (GONE, *_ENDED) for line in lines)
            return
        if any(line.state == GONE for line in lines):
            await self._erase(id)
            await staging.remove(self._c, id)
            return
        for line in lines:
            if line.object in there:
                await self._set(line.object, line.state, line)
        if not {line.object for line in lines} <= there:  # it was divided since, by reading on
            await self._divided(id, there, all(line.state in _ENDED for line in lines))
        elif await self._is_over(id):
            await self._erase(id)

    async def _divided(self, id: str, there: Iterable[str], all_ended: bool) -> None:
        if all_ended:
            await self._erase(id)
            return
        for name in there:
            await self._set(name, State.HELD, receipt=MARK)
            await self._said(id, name, State.HELD)
            self._counts["marked"] += 1

    async def _set(
        self, id: str, state: str, line: AuditLine | None = None, receipt: str = ""
    ) -> None:
        values: dict[str, Any] = {"state": str(state), "ending": None}
        values |= {"receipt": receipt} if receipt else {}
        if line is not None:
            values |= {"decided_by": line.actor, "decided_at": line.at}
        values["ended_at"] = (line.at if line else self._at) if state in _ENDED else None
        await self._c.execute(update(item).where(item.c.id == id).values(values))

    async def _is_over(self, id: str) -> bool:
        alive = select(item.c.id).where(item.c.message == id, items.ALIVE)
        return (await self._c.execute(alive)).first() is None

    async def _erase(self, id: str) -> None:
        """Key, dossier, body and index are destroyed, whatever an item says."""
        for name in await self._unended(id):
            await self._set(name, State.DELETED, receipt="restored: it had ended")
            await self._said(id, name, State.DELETED)
        self._counts["erased"] += await self._archive.destroy(self._c, id)

    async def _unended(self, id: str) -> Sequence[str]:
        living = select(item.c.id).where(item.c.message == id, item.c.state.not_in(_ENDED))
        return (await self._c.execute(living)).scalars().all()

    async def _said(self, owner: str, name: str, state: State) -> None:
        if not await items.is_protected(self._c, owner):
            line = AuditLine(0, self._at, "system", "restored", name, state=state.value)
            await audit.append(self._c, line)

    async def _account(self, name: str, said: str) -> None:
        """As far as the log knows it."""
        known, key = json.loads(said), audit.key_of(self._c)
        there = await audit_states.account(self._c, key, name)
        if there in (GONE, said):
            return
        now = json.loads(there)
        values = {what: known[what] for what in ("role", "departments", "disabled")}
        for secret in ("password", "address"):
            if known.get(secret) != now.get(secret):
                values[secret] = ""
        await self._c.execute(update(user).where(user.c.name == name).values(values))
        self._counts["accounts"] += 1

    # ---- what is alive, and what may have left -----------------------------------------------

    async def _end_all_but(self, alive: frozenset[str]) -> None:
        key = audit.key_of(self._c)
        held = select(message.c.id).join(wrapped_key, wrapped_key.c.owner == message.c.id)
        for id_ in (await self._c.execute(held.where(message.c.committed))).scalars().all():
            if mark(key, id_) not in alive:
                await self._erase(id_)
        waiting = select(deposit.c.id).where(deposit.c.ended == "")
        for id_ in (await self._c.execute(waiting)).scalars().all():
            if mark(key, id_) not in alive:
                await rows.end(self._c, id_, Found.WITHDRAWN)
                self._counts["erased"] += 1

    async def _stop_what_was_leaving(self) -> None:
        columns = (item.c.id, item.c.message, item.c.state, item.c.receipt)
        query = select(*columns).where(item.c.state.in_([state.value for state in _ON_ITS_WAY]))
        for row in (await self._c.execute(query)).all():
            state = _ON_ITS_WAY[State(row.state)]
            await self._set(row.id, state, receipt=f"{row.receipt} {MARK}".strip())
            await self._said(row.message, row.id, state)
            self._counts["marked"] += 1

    async def _mark_held(self) -> None:
        waiting = item.c.state.in_([state.value for state in WAITING])
        unmarked = item.c.receipt.not_like(f"%{MARK}")
        query = select(item.c.id, item.c.receipt).where(waiting, unmarked)
        for row in (await self._c.execute(query)).all():
            receipt = f"{row.receipt} {MARK}".strip()
            await self._c.execute(update(item).where(item.c.id == row.id).values(receipt=receipt))
            self._counts["marked"] += 1

    async def _empty_the_outbox(self) -> None:
        query = select(outbox_table.c.id).where(outbox_table.c.done.is_(False))
        for id_ in (await self._c.execute(query)).scalars().all():
            await outbox.done(self._c, id_, "restored")
            self._counts["unsent"] += 1


def _row(given: dict[str, Any]) -> dict[str, Any]:
    return given | {
        "at": datetime.fromisoformat(given["at"]),
        "detail": audit.canonical(given["detail"]),
    }


def _values(line: AuditLine) -> dict[str, Any]:
    names = ("seq", "at", "actor", "act", "object", "hash", "state")
    return {name: getattr(line, name) for name in names} | {"detail": audit.canonical(line.detail)}
