"""The recipient's side of the store: look, prove, read, answer, say that it cannot be opened.

Everything asks for the link's secret, which opens the data key; what desk decides (is the code
right, is the seat hers) is decided on what lies under that key. Codes are compared in the same
transaction that counts the try, so that many at once gain nothing. `visitor` is the address that
she comes from: tries and SMS are counted for each (``visitors.py``), beside the total.

Looking changes nothing (mail scanners follow links).
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import argon2
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.config.pickup import Proof
from mailfilter.errors import Permanent
from mailfilter.record.pickup import rows, visitors
from mailfilter.record.pickup.contract import (
    TEXTS,
    TRIES,
    Found,
    NewBox,
    NewDeposit,
    Proved,
    Told,
    View,
)
from mailfilter.record.pickup.deposits import Pickups, make_rows, new_code, put_rows
from mailfilter.record.pickup.opened import Opened, open_box, opened_box, plain, view_of
from mailfilter.record.pickup.seal import open_body, open_facts, seal_facts
from mailfilter.record.pickup.tables import box, chunk, deposit, opening, seat

CODE_MINUTES = 30  # no time limit under 20 minutes
ANSWERS = 20  # to one box
_TOKEN = 32


class Reading:
    """See the module. `minutes` is how long a seat lasts without a word from her."""

    def __init__(self, store: Pickups, minutes: int, hasher: argon2.PasswordHasher) -> None:
        self._store, self._hasher = store, hasher
        self._sits = timedelta(minutes=minutes)

    # ---- looking ----

    async def look(self, box_id: str, secret: str) -> View:
        """What the first page may say; changes nothing."""
        row = await self._store.run(lambda c: rows.box_row(c, box_id))
        ended = row.d_ended if row is not None else ""
        found = rows.found_of(row, ended, secret, row.wrap if row is not None else None)
        if row is None or found not in (Found.OPEN, Found.LOCKED):
            return View(found)
        return view_of(opened_box(row, secret), found)

    # ---- proving ----

    async def new_code(
        self, box_id: str, secret: str, now: datetime, visitor: str = ""
    ) -> tuple[str, str] | None:
        """(mobile number, code) for an SMS; None where there have been too many, in all or for this
        visitor, or it is locked or has no number."""
        code = new_code()

        async def work(c: AsyncConnection) -> tuple[str, str] | None:
            opened = await open_box(c, box_id, secret, lock=True)
            mobile = str(opened.facts["mobile"])
            if opened.row.tries >= TRIES or opened.row.texted >= TEXTS or not mobile:
                return None
            who = await visitors.of(c, opened, visitor)
            if who.spent or who.texted >= visitors.VISITOR_TEXTS:
                return None
            await visitors.texted(c, who)
            values = {
                "code": seal_facts(opened.key, {"code": code}, f"{box_id}:code"),
                "code_until": now + timedelta(minutes=CODE_MINUTES),
                "texted": box.c.texted + 1,
            }
            await c.execute(update(box).where(box.c.id == box_id).values(values))
            return mobile, code

        return await self._store.run(work)

    async def sms_failed(self, box_id: str, now: datetime) -> None:
        """The gateway did not take it: the sender is told, once an hour."""

        async def work(c: AsyncConnection) -> None:
            row = await rows.box_row(c, box_id)
            if row is not None and not row.d_ended:
                await rows.tell_once(c, Told.SMS_FAILED, row, now)

        await self._store.run(work)

    async def prove_by_code(
        self, box_id: str, secret: str, given: str, opener: str, now: datetime, visitor: str = ""
    ) -> Proved:
        """By a code from an SMS or the telephone, or by the agreed passphrase."""
        phrase = await self._passphrase_fits(box_id, secret, given, visitor, now)

        def judge(opened: Opened) -> Proof | None:
            if phrase:
                return Proof.CODE
            return _judged(opened, given, now)

        return await self._prove(box_id, secret, judge, opener, now, visitor)

    async def prove_by_eid(
        self, box_id: str, secret: str, opener: str, now: datetime, visitor: str = ""
    ) -> Proved:
        """Desk has checked the broker's word for it."""
        return await self._prove(box_id, secret, lambda _: Proof.EID, opener, now, visitor)

    async def prove_by_link(self, box_id: str, secret: str, now: datetime) -> Proved:
        """Where no more than the link is asked for: an answer, in the sender's own mailbox."""
        row = await self._store.run(lambda c: rows.box_row(c, box_id))
        if row is None or row.proof != Proof.LINK:
            return Proved()
        return await self._prove(box_id, secret, lambda _: Proof.LINK, "", now)

    async def _prove(
        self,
        box_id: str,
        secret: str,
        judge: Callable[[Opened], Proof | None],
        opener: str,
        now: datetime,
        visitor: str = "",
    ) -> Proved:
        token = secrets.token_urlsafe(_TOKEN)

        async def work(c: AsyncConnection) -> Proved:
            opened = await open_box(c, box_id, secret, lock=True)
            row = opened.row
            if row.tries >= TRIES:
                return Proved()
            who = await visitors.of(c, opened, visitor)
            if not who.heard(now):
                return _unheard(who, now)
            proof = judge(opened)
            if proof is None or proof < row.proof:
                return await _wrong(c, row, who, now)
            await _sit(c, opened, proof, opener, token, now + self._sits, now)
            return Proved(token, TRIES)

        return await self._store.run(work)

    async def _passphrase_fits(
        self, box_id: str, secret: str, given: str, visitor: str, now: datetime
    ) -> bool:
        """Outside of the transaction: it takes long on purpose."""

        async def work(c: AsyncConnection) -> str:
            """The hash; "" where nobody is listened to."""
            row = await rows.box_row(c, box_id)
            if row is None or row.tries >= TRIES or row.d_ended:
                return ""
            opened = opened_box(row, secret)
            heard = (await visitors.of(c, opened, visitor)).heard(now)
            return str(opened.facts["passphrase"]) if heard else ""

        hashed = await self._store.run(work)
        if not hashed or not given or len(given) > 200:
            return False
        return await asyncio.to_thread(_fits, self._hasher, hashed, plain(given))

    def hash_of(self, passphrase: str) -> str:
        """How an agreed passphrase is kept."""
        return self._hasher.hash(plain(passphrase))

    # ---- reading ----

    async def seated(self, box_id: str, secret: str, token: str, now: datetime) -> View | None:
        """The view of who sits there, or None; sitting on."""

        async def work(c: AsyncConnection) -> View | None:
            opened = await open_box(c, box_id, secret)
            if await self._seat(c, opened.row, token, now) is None:
                return None
            return view_of(opened, Found.OPEN)

        return await self._store.run(work)

    async def read(
        self, box_id: str, secret: str, token: str, now: datetime
    ) -> tuple[View, bytes] | None:
        """The message, to who sits there; the first time the sender gets a receipt."""

        async def work(c: AsyncConnection) -> tuple[Opened, list[bytes]] | None:
            opened = await open_box(c, box_id, secret)
            proof = await self._seat(c, opened.row, token, now)
            if proof is None:
                return None
            if opened.row.read_at is None:
                await _first_read(c, opened.row, proof, now)
            pieces = select(chunk.c.sealed).where(chunk.c.deposit == opened.row.d_id)
            sealed = (await c.execute(pieces.order_by(chunk.c.n))).scalars().all()
            if len(sealed) != opened.row.d_chunks:
                raise Permanent("pickup- pieces of the stored body are missing")
            return opened, list(sealed)

        found = await self._store.run(work)
        if found is None:
            return None
        opened, sealed = found
        body = await asyncio.to_thread(open_body, opened.key, sealed, opened.row.d_id)
        return view_of(opened, Found.OPEN), body

    async def _seat(
        self, c: AsyncConnection, row: Row[Any], token: str, now: datetime
    ) -> Proof | None:
        """The proof of who sits there; sitting on takes the time anew."""
        statement = (
            update(seat)
            .where(
                seat.c.token == _digest(token),
                seat.c.box == row.id,
                seat.c.until > now,
                seat.c.proof >= row.proof,
            )
            .values(until=now + self._sits)
            .returning(seat.c.proof)
        )
        proof = (await c.execute(statement)).scalar_one_or_none()
        return None if proof is None else Proof(proof)

    async def leave(self, box_id: str, token: str) -> None:
        """She closes it."""

        async def work(c: AsyncConnection) -> None:
            mine = (seat.c.token == _digest(token)) & (seat.c.box == box_id)
            await c.execute(seat.delete().where(mine))

        await self._store.run(work)

    # ---- answering ----

    async def answer(
        self, box_id: str, secret: str, token: str, body: bytes, now: datetime
    ) -> bool:
        """Keep an answer for the sender, under a key of its own; False where she may not (more)."""
        row = await self._store.run(lambda c: rows.box_row(c, box_id))
        if row is None or row.d_ended or row.d_answers:
            return False
        opened = opened_box(row, secret)
        new = _answer(opened, body)
        if new is None:
            return False
        made = await asyncio.to_thread(make_rows, new, self._store.seal, now, self._store.kept)

        async def work(c: AsyncConnection) -> bool:
            again = await open_box(c, box_id, secret, lock=True)
            if await self._seat(c, again.row, token, now) is None or await _many(c, box_id):
                return False
            await put_rows(c, made)
            await c.execute(update(box).where(box.c.id == box_id).values(answered_at=now))
            await rows.tell(c, Told.ANSWER, made[0]["id"], again.row.d_item, now, made[1][0]["id"])
            await rows.note(c, "pickup-answered", again.row.d_item, now)
            await rows.count(c, "pickup-answered", again.row.d_department, now)
            return True

        return await self._store.run(work)

    async def stuck(self, box_id: str, secret: str, now: datetime) -> None:
        """ "Jag kan inte öppna": the sender is told, once a day."""

        async def work(c: AsyncConnection) -> None:
            opened = await open_box(c, box_id, secret)
            day = timedelta(hours=24)
            if await rows.tell_once(c, Told.STUCK, opened.row, now, day):
                await c.execute(update(box).where(box.c.id == box_id).values(stuck_at=now))
                await rows.note(c, "pickup-stuck", opened.row.d_item, now)
                await rows.count(c, "pickup-stuck", opened.row.d_department, now)

        await self._store.run(work)


# ---- inside a transaction ------------------------------------------------------------------------


def _judged(opened: Opened, given: str, now: datetime) -> Proof | None:
    """Which proof a code is: that of the SMS, or that which the sender reads out."""
    row, code = opened.row, plain(given)
    if row.code is not None and row.code_until is not None and row.code_until > now:
        texted = open_facts(opened.key, row.code, f"{row.id}:code")["code"]
        if _same(texted, code):
            return Proof.SMS
    return Proof.CODE if _same(str(opened.facts["code"]), code) else None


def _unheard(who: visitors.Visitor, now: datetime) -> Proved:
    """What she is told whose codes are not looked at (for now)."""
    minutes = -(-int(who.wait(now).total_seconds()) // 60)
    return Proved(spent=True) if who.spent else Proved(wait=max(minutes, 1))


async def _wrong(
    c: AsyncConnection, row: Row[Any], before: visitors.Visitor, now: datetime
) -> Proved:
    tries = row.tries + 1
    await c.execute(update(box).where(box.c.id == row.id).values(tries=tries))
    if tries >= TRIES:
        await rows.tell(c, Told.LOCKED, row.d_id, row.d_item, now, row.id)
        await rows.note(c, "pickup-locked", row.d_item, now)
        await rows.count(c, "pickup-locked", row.d_department, now)
        return Proved()
    who = await visitors.failed(c, before, now)
    return Proved(tries_left=who.left) if who.left else _unheard(who, now)


async def _sit(
    c: AsyncConnection,
    opened: Opened,
    proof: Proof,
    opener: str,
    token: str,
    until: datetime,
    now: datetime,
) -> None:
    row = opened.row
    sealed = seal_facts(opened.key, {"opener": opener[:100]}, f"{row.id}:opener")
    values = {"box": row.id, "proof": int(proof), "opener": sealed}
    await c.execute(insert(seat).values(values | {"token": _digest(token), "until": until}))
    await c.execute(insert(opening).values(values | {"at": now}))
    spent = {"tries": 0, "code": None, "code_until": None}
    await c.execute(update(box).where(box.c.id == row.id).values(spent))
    await visitors.forget_tries(c, row.id)
    await rows.note(c, "pickup-opened", row.d_item, now, proof=proof.word)


async def _first_read(c: AsyncConnection, row: Row[Any], proof: Proof, now: datetime) -> None:
    values = {"read_at": now, "used": int(proof), "watch_at": None}
    await c.execute(update(box).where(box.c.id == row.id).values(values))
    if row.d_answers:
        return
    await rows.tell(c, Told.READ, row.d_id, row.d_item, now, row.id)
    await rows.note(c, "pickup-read", row.d_item, now, proof=proof.word)
    await rows.count(c, "pickup-read", row.d_department, now)


async def _many(c: AsyncConnection, box_id: str) -> bool:
    query = select(func.count()).select_from(deposit).where(deposit.c.answers == box_id)
    return int((await c.execute(query)).scalar_one()) >= ANSWERS


def _answer(opened: Opened, body: bytes) -> NewDeposit | None:
    about = opened.about
    if not about["sender"]:
        return None
    return NewDeposit(
        item=opened.row.d_item,
        case=about["case"],
        department=opened.row.d_department,
        body=body,
        sender=about["sender"],
        person=str(opened.facts["address"]),
        unit="",
        language=about["language"],
        boxes=(NewBox(0, about["sender"], Proof.LINK),),
        answers=opened.row.id,
    )


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "replace"))


def _fits(hasher: argon2.PasswordHasher, hashed: str, given: str) -> bool:
    try:
        return hasher.verify(hashed, given)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
