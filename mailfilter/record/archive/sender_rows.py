"""What a sender did with her own mail: requests for review, false alarms, overrides.

From → to: an act of the sender → its row, audit line and count, in one transaction with the move of
the item where there is one.

- The reason of a request is her own words and so personal: sealed to desk, destroyed with the
  message. The row of a false alarm holds codes only and stays until it is dropped by age.
- Whose mail a message is stands nowhere but as a keyed hash (`holder`): in her links, and where an
  override is counted against her.
- A protected message (V5) leaves no line, no count and no row of its own here.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Permanent
from mailfilter.model import State
from mailfilter.record.archive import items
from mailfilter.record.archive.states import WAITING
from mailfilter.record.archive.tickets import Tickets
from mailfilter.record.contract import Answer, Answered, AuditLine, Count, Dossier
from mailfilter.record.database.engine import Database
from mailfilter.record.database.sql import clean, insert
from mailfilter.record.database.tables import false_alarm, link, override_use, request, wrapped_key
from mailfilter.record.intake import answers, staging
from mailfilter.record.ledgers import audit
from mailfilter.record.ledgers import counts as counting
from mailfilter.record.sealing import link_secret
from mailfilter.record.sealing.seal import Opener, Sealer, parcel_owner


@dataclass(frozen=True, slots=True)
class Request:
    """A sender asks for a review."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """A sender says that what was found is nothing. `detail`: codes, see ``desk/alarms.py``.

    `unconfirmed`: she decided alone, and no reviewer has seen the mail.
    """

    message: str
    at: datetime
    department: str
    detail: dict[str, Any]
    unconfirmed: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """Sending as it is, under a policy that allows `most` in the time since `since`."""

    item: str
    policy: str
    address: str
    since: datetime
    most: int


class SenderRows:
    """The sender's side of a store. Each method is a transaction of its own."""

    def __init__(self, database: Database, opener: Opener, sealer: Sealer) -> None:
        self._database, self._opener, self._sealer = database, opener, sealer
        self.tickets = Tickets(database, opener, sealer)

    async def ask_review(self, line: AuditLine, reason: str, counts: Sequence[Count]) -> None:
        """Note her reason beside the item that `line` names; the reviewers are told."""
        sealed = self._sealer.seal_secret(line.object, reason)

        async def work(c: AsyncConnection) -> None:
            await _note(c, line.object, line.at, sealed)
            await audit.append(c, line)
            await counting.add(c, counts)
            await staging.put(c, "reviewers", line.at, note="asked")

        await self._database.run(work)

    async def requests(self, ids: Iterable[str]) -> dict[str, Request]:
        """The requests for these items, by item."""
        wanted = list(ids)

        async def work(c: AsyncConnection) -> list[Any]:
            return list((await c.execute(select(request).where(request.c.item.in_(wanted)))).all())

        found = await self._database.run(work) if wanted else []
        return {row.item: Request(row.at, self._reason(row)) for row in found}

    def _reason(self, row: Any) -> str:
        try:
            return self._opener.secret(row.sealed, row.item)
        except Permanent:
            return ""

    async def flag(self, alarm: FalseAlarm, line: AuditLine, counts: Sequence[Count]) -> None:
        """Note a false alarm, once for each message."""

        async def work(c: AsyncConnection) -> None:
            if await _alarm(c, alarm):
                await audit.append(c, line)
                await counting.add(c, counts)

        await self._database.run(work)

    async def decide(
        self,
        lines: Sequence[AuditLine],
        alarm: FalseAlarm,
        answer: Answer | None,
        counts: Sequence[Count],
    ) -> bool:
        """She decides that the items which `lines` name may go: each is released with its line;
        the alarm, the answer and the counts with them. False if none of them waits any more."""

        async def work(c: AsyncConnection) -> bool:
            moves = [
                items.Move(x.object, WAITING, State.RELEASING, x, "", "release") for x in lines
            ]
            moved = [await items.act(c, move) for move in moves]
            if not any(moved):
                return False
            if await _alarm(c, alarm):  # a release that failed and is tapped again counts once
                await counting.add(c, counts)
            if answer is not None:
                await answers.put(c, answer)
            return True

        return await self._database.run(work)

    async def answered(
        self, firsts: Sequence[bytes], join_key: bytes, at: datetime
    ) -> list[Answered]:
        """As an `Intake` says it."""
        return await self._database.run(lambda c: answers.find(c, firsts, join_key, at))

    async def alarms(self, message: str = "") -> list[FalseAlarm]:
        """All false alarms, the oldest first; or that of one message."""
        query = select(false_alarm).order_by(false_alarm.c.at, false_alarm.c.message)
        if message:
            query = query.where(false_alarm.c.message == message)

        async def work(c: AsyncConnection) -> list[Any]:
            return list((await c.execute(query)).all())

        rows = await self._database.run(work)
        return [
            FalseAlarm(r.message, r.at, r.department, json.loads(r.detail), r.unconfirmed)
            for r in rows
        ]

    async def used(self, policy: str, address: str, since: datetime) -> int:
        """How often she has used a policy since then."""
        return await self._database.run(lambda c: _used(c, policy, self.holder(address), since))

    async def override(
        self, wanted: Override, line: AuditLine, reason: str, counts: Sequence[Count]
    ) -> bool:
        """Release the item under a policy; False if it does not wait, or the number is spent."""
        holder = self.holder(wanted.address)
        sealed = self._sealer.seal_secret(wanted.item, reason)
        move = items.Move(wanted.item, WAITING, State.RELEASING, line, parcel="release")

        async def work(c: AsyncConnection) -> bool:
            if await _used(c, wanted.policy, holder, wanted.since) >= wanted.most:
                return False
            if await items.act(c, move) is None:
                return False
            row = insert(c, override_use).values(
                item=wanted.item, policy=wanted.policy, holder=holder, at=line.at
            )
            await c.execute(row.on_conflict_do_nothing(index_elements=["item"]))
            await _note(c, wanted.item, line.at, sealed)
            await counting.add(c, counts)
            return True

        return await self._database.run(work)

    async def count(self, counts: Sequence[Count]) -> None:
        """Add to the statistics."""
        await self._database.run(lambda c: counting.add(c, counts))

    def holder(self, address: str) -> bytes:
        """The keyed hash of an address."""
        return link_secret.holder(self._opener.link_key, address)

    async def put_letter(self, kind: str, dossier: Dossier, now: datetime, note: str = "") -> None:
        """Queue a mail of ours to the sender of `dossier`, which holds nothing else of a mail."""
        id = self._sealer.entropy(8).hex()
        wrapped, sealed = self._sealer.seal_dossier(parcel_owner(id), dossier)

        async def work(c: AsyncConnection) -> None:
            await c.execute(insert(c, wrapped_key).values(owner=parcel_owner(id), wrapped=wrapped))
            await staging.put(c, kind, now, message_id=id, note=note, sealed=sealed)

        await self._database.run(work)

    async def messages_of(self, address: str, most: int = 200) -> list[str]:
        """The messages of one sender, by the links that she was sent, the newest first."""
        holder = self.holder(address)
        newest = func.max(link.c.made_at)
        query = select(link.c.owner).where(link.c.holder == holder).group_by(link.c.owner)

        async def work(c: AsyncConnection) -> list[str]:
            found = await c.execute(query.order_by(newest.desc(), link.c.owner).limit(most))
            return list(found.scalars())

        return await self._database.run(work)


async def _alarm(connection: AsyncConnection, alarm: FalseAlarm) -> bool:
    """True if nobody has said so of this message before."""
    statement = insert(connection, false_alarm).values(
        message=alarm.message,
        at=alarm.at,
        department=clean(alarm.department),
        detail=json.dumps(alarm.detail),
        unconfirmed=alarm.unconfirmed,
    )
    done = await connection.execute(statement.on_conflict_do_nothing(index_elements=["message"]))
    return bool(done.rowcount)


async def _note(connection: AsyncConnection, item: str, at: datetime, sealed: bytes) -> None:
    """Her words, beside the item; the last ones stand."""
    statement = insert(connection, request).values(item=item, at=at, sealed=sealed)
    changed = {"at": at, "sealed": sealed}
    await connection.execute(statement.on_conflict_do_update(index_elements=["item"], set_=changed))


async def _used(connection: AsyncConnection, policy: str, holder: bytes, since: datetime) -> int:
    query = select(func.count()).where(
        override_use.c.policy == policy,
        override_use.c.holder == holder,
        override_use.c.at >= since,
    )
    return int((await connection.execute(query)).scalar_one())
