"""The store of pickup, desk's side towards the connector: stage, mail the links, abort.

From → to: `NewDeposit` → rows under a key of their own (`stage`) → `Link`s that are to be mailed
(`links`) → `sent`: the next hop took the mail, so the link's secret is shredded.

Invariants:

- `stage` for an item that is staged already changes nothing: the links are the same.
- A deposit is committed with the first link that was sent; from then on an abort only takes away
  boxes whose link never went.
- After `sent` of every link and of the sender's own mail nothing that is stored opens the deposit,
  desk's and the escrow's keys included.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.config.pickup import Proof
from mailfilter.errors import Permanent
from mailfilter.record.archive.items import is_protected
from mailfilter.record.database.engine import Database
from mailfilter.record.database.sql import clean
from mailfilter.record.pickup import rows, sweep
from mailfilter.record.pickup.contract import Link, NewBox, NewDeposit, Notify, Told
from mailfilter.record.pickup.seal import DeskSeal, new_id, new_key, seal_body, seal_facts, wrap
from mailfilter.record.pickup.tables import box, chunk, deposit, detail
from mailfilter.record.sealing import link_secret

T = TypeVar("T")
_MOST = 100  # chunks in one INSERT


def new_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


class Pickups:
    """See the module. `kept` is how long a deposit waits."""

    def __init__(self, database: Database, seal: DeskSeal, kept: timedelta) -> None:
        self.database, self.seal, self.kept = database, seal, kept

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """The result of `work` once it is committed."""
        return await self.database.run(work)

    # ---- staging ----

    async def stage(self, new: NewDeposit, now: datetime) -> None:
        """Store durably, with links that are not sent, for those who have no box yet."""
        present = await self.run(lambda c: _present(c, new.item))
        missing = tuple(one for one in new.boxes if one.n not in present)
        if not missing:
            return
        made = await asyncio.to_thread(
            make_rows, replace(new, boxes=missing), self.seal, now, self.kept
        )

        async def work(c: AsyncConnection) -> None:
            if not {one.n for one in missing} & await _present(c, new.item):
                await put_rows(c, made)

        await self.run(work)

    async def links(self, item: str) -> list[Link]:
        """The links of an item's deposits that are still to be mailed, in order."""

        async def work(c: AsyncConnection) -> list[Link]:
            query = (
                select(box.c.id)
                .join(deposit, deposit.c.id == box.c.deposit)
                .where(deposit.c.item == item, deposit.c.answers == "", box.c.link.is_not(None))
                .order_by(deposit.c.at, box.c.n)
            )
            ids = (await c.execute(query)).scalars().all()
            return [link for id_ in ids if (link := await link_of(c, self.seal, id_))]

        return await self.run(work)

    async def link(self, owner: str) -> Link | None:
        """The link of a box that is still to be mailed."""
        return await self.run(lambda c: link_of(c, self.seal, owner))

    async def reached(self, item: str) -> tuple[int, ...]:
        """Whose links have been mailed, by an earlier attempt too."""

        async def work(c: AsyncConnection) -> tuple[int, ...]:
            query = (
                select(box.c.n)
                .join(deposit, deposit.c.id == box.c.deposit)
                .where(deposit.c.item == item, deposit.c.answers == "", box.c.sent_at.is_not(None))
            )
            return tuple(sorted(set((await c.execute(query)).scalars())))

        return await self.run(work)

    async def sent(self, link: Link, now: datetime) -> None:
        """The next hop took the mail: the secret goes. With the first of a deposit the sender's
        own mail is put into the outbox."""

        async def work(c: AsyncConnection) -> None:
            row = await rows.box_row(c, link.owner, lock=True)
            if row is None or row.links != link.number or row.link is None:
                return  # a newer link has taken its place, or it was withdrawn meanwhile
            values = {"link": None, "sent_at": now, "failed_at": None}
            await c.execute(update(box).where(box.c.id == row.id).values(values))
            await rows.note(c, "pickup-link", row.d_item, now, number=row.links)
            await _commit(c, row, now)

        await self.run(work)

    async def refused(self, link: Link, now: datetime) -> None:
        """A later link's mail was refused for good: the sender is told, the link is ended."""

        async def work(c: AsyncConnection) -> None:
            row = await rows.box_row(c, link.owner, lock=True)
            if row is None or row.links != link.number or row.link is None:
                return
            values = {"link": None, "wrap": None, "failed_at": now}
            await c.execute(update(box).where(box.c.id == row.id).values(values))
            await rows.tell(c, Told.UNDELIVERED, row.d_id, row.d_item, now, row.id)

        await self.run(work)

    async def abort(self, item: str) -> None:
        """Take away what was staged and never reached anybody."""

        async def work(c: AsyncConnection) -> None:
            mine = select(deposit.c.id).where(deposit.c.item == item, deposit.c.answers == "")
            never = box.c.deposit.in_(mine.scalar_subquery()) & box.c.sent_at.is_(None)
            await c.execute(delete(box).where(never))
            left = select(func.count()).select_from(box).where(box.c.deposit == deposit.c.id)
            empty = (deposit.c.item == item) & (left.scalar_subquery() == 0)
            await c.execute(delete(deposit).where(empty))

        await self.run(work)

    # ---- what the sender told ----

    async def give_details(
        self, item: str, details: Mapping[int, dict[str, str]], now: datetime
    ) -> None:
        """Keep what she told of each recipient (``mobile``, ``passphrase``: an Argon2id hash) for
        the hand-over; sealed to desk, and gone with it."""
        sealed = self.seal.seal({str(n): one for n, one in details.items()}, f"detail:{item}")

        async def work(c: AsyncConnection) -> None:
            await c.execute(delete(detail).where(detail.c.item == item))
            await c.execute(insert(detail).values(item=item, sealed=sealed, at=now))

        await self.run(work)

    async def details(self, item: str) -> dict[int, dict[str, str]]:
        """What she told, by the recipient's index in the hand-over."""

        async def work(c: AsyncConnection) -> bytes | None:
            query = select(detail.c.sealed).where(detail.c.item == item)
            return (await c.execute(query)).scalar_one_or_none()

        sealed = await self.run(work)
        if sealed is None:
            return {}
        return {int(n): one for n, one in self.seal.open(sealed, f"detail:{item}").items()}

    async def forget_details(self, item: str) -> None:
        """The hand-over has ended, well or not."""

        async def work(c: AsyncConnection) -> None:
            await c.execute(delete(detail).where(detail.c.item == item))

        await self.run(work)

    async def bounced(self, token: str, now: datetime) -> bool:
        """The mail with a link came back."""
        return await self.run(lambda c: sweep.bounced(c, token, now))

    # ---- whom to tell ----

    async def reading_of(self, box_id: str) -> tuple[datetime | None, Proof]:
        """When a box was first read, and by which proof."""
        row = await self.run(lambda c: rows.box_row(c, box_id))
        return (None, Proof.LINK) if row is None else (row.read_at, Proof(row.used))

    async def notify(self, deposit_id: str) -> Notify | None:
        """Whom to tell of a deposit; None where nobody is to be told (any more)."""
        row = await self.run(lambda c: rows.deposit_row(c, deposit_id))
        if row is None or row.notify is None:
            return None
        facts = self.seal.open(row.notify, row.id)
        return Notify(
            deposit=row.id,
            item=row.item,
            case=facts["case"],
            sender=facts["sender"],
            language=facts["language"],
            at=row.at,
            expires_at=row.expires_at,
            to=facts["to"],
            proof=Proof(facts["proof"]),
            answer=facts["person"] if row.answers else "",
        )

    async def senders_link(self, deposit_id: str) -> Link | None:
        """The sender's own link, until the mail with it has gone."""
        row = await self.run(lambda c: rows.deposit_row(c, deposit_id))
        if row is None or row.link is None:
            return None
        facts = self.seal.open(row.link, row.id)
        return Link(row.id, row.id, facts["sender"], facts["secret"])

    async def senders_link_gone(self, deposit_id: str, *, refused: bool = False) -> None:
        """Her mail was taken; or refused for good: then her key goes as well."""
        values: dict[str, Any] = {"link": None} | ({"wrap": None} if refused else {})
        statement = update(deposit).where(deposit.c.id == deposit_id).values(values)

        async def work(c: AsyncConnection) -> None:
            await c.execute(statement)

        await self.run(work)


# ---- rows ----------------------------------------------------------------------------------------


Rows = tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]


def make_rows(new: NewDeposit, seal: DeskSeal, now: datetime, kept: timedelta) -> Rows:
    """All rows of a new deposit; the secrets are made here. Permanent without a recipient."""
    if not new.boxes:
        raise Permanent("no-recipient")
    key, id_ = new_key(), new_id()
    boxes = [_box(new, one, id_, key, seal) for one in new.boxes]
    to = {made["id"]: one.address for made, one in zip(boxes, new.boxes, strict=True)}
    facts = _said(new) | {"sender": new.sender}
    pieces = seal_body(key, new.body, id_)
    row: dict[str, Any] = {
        "id": id_,
        "item": new.item,
        "answers": new.answers,
        "at": now,
        "expires_at": now + kept,
        "committed": bool(new.answers),
        "department": clean(new.department),
        "size": len(new.body),
        "chunks": len(pieces),
        "facts": seal_facts(key, facts, id_),
    }
    if new.sender:
        proof = max(int(one.proof) for one in new.boxes)
        row["notify"] = seal.seal(facts | {"to": to, "proof": proof}, id_)
    if new.sender and not new.answers:
        secret = link_secret.new()
        row["wrap"] = wrap(key, secret, id_)
        row["link"] = seal.seal({"secret": secret, "sender": new.sender}, id_)
    return row, boxes, [{"deposit": id_, "n": n, "sealed": piece} for n, piece in enumerate(pieces)]


def _box(
    new: NewDeposit, one: NewBox, deposit_id: str, key: bytes, seal: DeskSeal
) -> dict[str, Any]:
    id_, secret = new_id(), link_secret.new()
    facts = {
        "address": one.address,
        "mobile": one.mobile,
        "passphrase": one.passphrase,
        "code": new_code(),
    }
    return {
        "id": id_,
        "deposit": deposit_id,
        "n": one.n,
        "returns": new_id(),
        "proof": int(one.proof),
        "shared": one.shared,
        "facts": seal_facts(key, facts, id_),
        "wrap": wrap(key, secret, id_),
        "link": sealed_link(seal, id_, secret, one.address, _said(new)),
    }


def _said(new: NewDeposit) -> dict[str, str]:
    return {
        "person": new.person,
        "unit": new.unit,
        "language": new.language,
        "case": new.case,
    }


def sealed_link(
    seal: DeskSeal, owner: str, secret: str, address: str, about: Mapping[str, Any]
) -> bytes:
    """A link with all that its mail says, for desk alone; `about` are facts of the deposit."""
    said = {name: about[name] for name in ("person", "unit", "language", "case")}
    return seal.seal(said | {"secret": secret, "address": address}, owner)


async def put_rows(connection: AsyncConnection, made: Rows) -> None:
    """Insert a deposit; a protected message's stands without its department."""
    row, boxes, pieces = made
    if await is_protected(connection, row["item"]):
        row = row | {"department": ""}
    await connection.execute(insert(deposit).values(row))
    await connection.execute(insert(box), boxes)
    for start in range(0, len(pieces), _MOST):
        await connection.execute(insert(chunk), pieces[start : start + _MOST])


async def _present(connection: AsyncConnection, item: str) -> set[int]:
    """Who has a box of this item, mailed or not."""
    query = (
        select(box.c.n)
        .join(deposit, deposit.c.id == box.c.deposit)
        .where(deposit.c.item == item, deposit.c.answers == "")
    )
    return set((await connection.execute(query)).scalars())


async def _commit(connection: AsyncConnection, row: Row[Any], now: datetime) -> None:
    """With the first link that went: the deposit is one, and the sender gets her link."""
    first = update(deposit).where(deposit.c.id == row.d_id, deposit.c.committed.is_(False))
    if not (await connection.execute(first.values(committed=True))).rowcount:
        return
    if row.d_wrap is not None:
        await rows.tell(connection, Told.SENT, row.d_id, row.d_item, now, "")
    if not row.d_answers:
        await rows.count(connection, "pickup-sent", row.d_department, now)


async def link_of(connection: AsyncConnection, seal: DeskSeal, owner: str) -> Link | None:
    """A box's link that is still to be mailed, opened with desk's key."""
    row = await rows.box_row(connection, owner)
    if row is None or row.link is None or row.d_ended:
        return None
    facts = seal.open(row.link, row.id)
    return Link(
        owner=row.id,
        deposit=row.d_id,
        address=facts["address"],
        secret=facts["secret"],
        n=row.n,
        returns=row.returns,
        person=facts["person"],
        unit=facts["unit"],
        language=facts["language"],
        number=row.links,
        case=facts["case"],
        proof=Proof(row.proof),
        shared=row.shared,
        at=row.d_at,
        expires_at=row.d_expires_at,
    )
