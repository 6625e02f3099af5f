"""The sender's side of the store: she follows, reads out a code, resends, changes, withdraws.

Everything asks for the secret of her own link; a new link for a recipient can be made with it and
with nothing else that is stored. Looking changes nothing and shows no code.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.config.pickup import Proof
from mailfilter.errors import Permanent
from mailfilter.record.pickup import rows, visitors
from mailfilter.record.pickup.contract import (
    TRIES,
    BoxView,
    Follow,
    Found,
    Link,
    Opening,
    Outcome,
    Told,
)
from mailfilter.record.pickup.deposits import Pickups, new_code, sealed_link
from mailfilter.record.pickup.seal import WRONG, open_facts, seal_facts, unwrap, wrap
from mailfilter.record.pickup.tables import box, opening, seat
from mailfilter.record.sealing import link_secret

LINKS = 20  # of one box


class Following:
    """See the module."""

    def __init__(self, store: Pickups) -> None:
        self._store = store

    async def look(self, deposit_id: str, secret: str, *, codes: bool = False) -> Follow:
        """How it stands; with `codes` also what she is to read out. Changes nothing."""

        async def work(c: AsyncConnection) -> Follow:
            row = await rows.deposit_row(c, deposit_id)
            found = rows.found_of(
                row, row.ended if row is not None else "", secret, row.wrap if row else None
            )
            if row is None or found is Found.NOTHING:
                return Follow(Found.NOTHING)
            short = Follow(found, row.id, row.item.rpartition(".")[0], row.item, at=row.at)
            if found is not Found.OPEN:
                return short
            key = unwrap(row.wrap, secret, row.id)
            about = open_facts(key, row.facts, row.id)
            return replace(
                short,
                case=about["case"],
                language=about["language"],
                expires_at=row.expires_at,
                boxes=tuple(
                    [await _box(c, one, key, codes) for one in await rows.box_rows(c, row.id)]
                ),
            )

        return await self._store.run(work)

    async def resend(
        self, deposit_id: str, secret: str, box_id: str, now: datetime, *, mobile: str = ""
    ) -> bool:
        """A new link to the recipient, who starts anew; with `mobile` to another number. The proof
        may rise by that, it never falls. False where there have been too many."""

        async def act(c: AsyncConnection, row: Row[Any], key: bytes) -> bool:
            one = await _mine(c, row, box_id)
            if one.links >= LINKS:
                return False
            values, link = _renewed(one, key, mobile)
            sealed = sealed_link(self._store.seal, one.id, link.secret, link.address, asdict(link))
            await _replace(c, box_id, values | {"link": sealed})
            await rows.tell(c, Told.LINK, row.id, row.item, now, box_id)
            what = "pickup-number" if mobile else "pickup-resent"
            await rows.note(c, what, row.item, now, "sender")
            return True

        return await self._act(deposit_id, secret, act)

    async def letter(self, deposit_id: str, secret: str, box_id: str, now: datetime) -> Link | None:
        """A new link that is told here and mailed to nobody: for a letter on paper. The old one
        ends. None where there have been too many, or she has read it already."""
        made: list[Link] = []

        async def act(c: AsyncConnection, row: Row[Any], key: bytes) -> bool:
            one = await _mine(c, row, box_id)
            if one.links >= LINKS or one.read_at is not None:
                return False
            values, link = _renewed(one, key)
            await _replace(c, box_id, values | {"link": None})
            await rows.note(c, "pickup-letter", row.item, now, "sender")
            made[:] = [link]
            return True

        return made[0] if await self._act(deposit_id, secret, act) else None

    async def passphrase(
        self, deposit_id: str, secret: str, box_id: str, hashed: str, now: datetime
    ) -> bool:
        """What was agreed with a function mailbox, as an Argon2id hash, under the data key."""

        async def act(c: AsyncConnection, row: Row[Any], key: bytes) -> bool:
            one = await _mine(c, row, box_id)
            if not one.shared:
                return False
            facts = open_facts(key, one.facts, one.id) | {"passphrase": hashed}
            sealed = seal_facts(key, facts, one.id)
            await c.execute(update(box).where(box.c.id == box_id).values(facts=sealed))
            await rows.note(c, "pickup-passphrase", row.item, now, "sender")
            return True

        return await self._act(deposit_id, secret, act)

    async def withdraw(self, deposit_id: str, secret: str, now: datetime) -> bool:
        """Destroy it, for all recipients; who comes now is told so."""

        async def act(c: AsyncConnection, row: Row[Any], _: bytes) -> bool:
            await rows.end(c, row.id, Found.WITHDRAWN)
            await rows.note(c, "pickup-withdrawn", row.item, now, "sender")
            await rows.count(c, "pickup-withdrawn", row.department, now)
            return True

        return await self._act(deposit_id, secret, act)

    async def watch(
        self, deposit_id: str, secret: str, box_id: str, at: datetime | None, now: datetime
    ) -> bool:
        """Tell her if it is not opened by then; None: do not."""

        async def act(c: AsyncConnection, row: Row[Any], _: bytes) -> bool:
            one = await _mine(c, row, box_id)
            if one.read_at is not None or (at is not None and at <= now):
                return False
            await c.execute(update(box).where(box.c.id == box_id).values(watch_at=at))
            return True

        return await self._act(deposit_id, secret, act)

    async def outcome(
        self, deposit_id: str, secret: str, box_id: str, way: Outcome, now: datetime
    ) -> bool:
        """How it reached the recipient after all; counted once."""

        async def act(c: AsyncConnection, row: Row[Any], _: bytes) -> bool:
            one = await _mine(c, row, box_id)
            if one.outcome == way.value:
                return True
            await c.execute(update(box).where(box.c.id == box_id).values(outcome=way.value))
            await rows.note(c, "pickup-outcome", row.item, now, "sender", way=way.value)
            await rows.count(c, f"pickup-{way}", row.department, now)
            return True

        return await self._act(deposit_id, secret, act)

    async def _act(
        self,
        deposit_id: str,
        secret: str,
        act: Callable[[AsyncConnection, Row[Any], bytes], Awaitable[bool]],
    ) -> bool:
        """Permanent where this link opens nothing (any more)."""

        async def work(c: AsyncConnection) -> bool:
            row = await rows.deposit_row(c, deposit_id, lock=True)
            if row is None or row.ended:
                raise Permanent(WRONG)
            return await act(c, row, unwrap(row.wrap, secret, row.id))

        return await self._store.run(work)


async def _mine(c: AsyncConnection, row: Row[Any], box_id: str) -> Row[Any]:
    one = await rows.box_row(c, box_id, lock=True)
    if one is None or one.d_id != row.id:
        raise Permanent(WRONG)
    return one


def _renewed(one: Row[Any], key: bytes, mobile: str = "") -> tuple[dict[str, Any], Link]:
    """A box with a new link and code, as if nobody had tried; and the link."""
    facts = open_facts(key, one.facts, one.id) | {"code": new_code()}
    if mobile:
        facts["mobile"] = mobile
    about = open_facts(key, one.d_facts, one.d_id)
    proof = max(one.proof, int(Proof.SMS)) if mobile else one.proof
    link = Link(
        owner=one.id,
        deposit=one.d_id,
        address=facts["address"],
        secret=link_secret.new(),
        person=about["person"],
        unit=about["unit"],
        language=about["language"],
        number=one.links + 1,
        case=about["case"],
        proof=Proof(proof),
        shared=one.shared,
        at=one.d_at,
        expires_at=one.d_expires_at,
    )
    values = {
        "facts": seal_facts(key, facts, one.id),
        "wrap": wrap(key, link.secret, one.id),
        "proof": proof,
        "links": link.number,
        "tries": 0,
        "texted": 0,
        "code": None,
        "code_until": None,
        "failed_at": None,
        "stuck_at": None,
    }
    return values, link


async def _replace(c: AsyncConnection, box_id: str, values: dict[str, Any]) -> None:
    """A new link in place of the old; who sat there by that one sits no more."""
    await c.execute(update(box).where(box.c.id == box_id).values(values))
    await c.execute(delete(seat).where(seat.c.box == box_id))
    await visitors.forget(c, box_id)


async def _box(c: AsyncConnection, row: Row[Any], key: bytes, codes: bool) -> BoxView:
    facts = open_facts(key, row.facts, row.id)
    query = select(opening).where(opening.c.box == row.id).order_by(opening.c.id)
    openings = tuple(
        Opening(
            one.at,
            Proof(one.proof),
            open_facts(key, one.opener, f"{row.id}:opener")["opener"] if one.opener else "",
        )
        for one in (await c.execute(query)).all()
    )
    return BoxView(
        box=row.id,
        address=facts["address"],
        proof=Proof(row.proof),
        shared=row.shared,
        mobile=facts["mobile"],
        code=facts["code"] if codes and row.proof == Proof.CODE else "",
        sent_at=row.sent_at,
        failed_at=row.failed_at,
        read_at=row.read_at,
        answered_at=row.answered_at,
        stuck_at=row.stuck_at,
        watch_at=row.watch_at,
        used=Proof(row.used) if row.read_at is not None else None,
        locked=row.tries >= TRIES,
        pending=row.link is not None,
        outcome=row.outcome,
        openings=openings,
    )
