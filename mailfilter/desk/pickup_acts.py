"""What pickup's pages ask of desk: the recipient's verbs, and the sender's who follows her deposit.

Every verb is given a link (``id``, ``secret``), which opens what it is about and nothing else; a
link that opens nothing is `Refused` as ``link``, whatever the reason. Reading and answering ask for
a seat as well, which proving gave. `pickup-look` and `pickup-follow` change nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import argon2

from mailfilter import limits
from mailfilter.config.pickup import Proof
from mailfilter.connectors.pickup_eid import EidBroker
from mailfilter.connectors.pickup_sms import SmsGateway, number_of
from mailfilter.desk.parts import DeskParts, Verb
from mailfilter.errors import Permanent
from mailfilter.record.pickup.contract import BoxView, Follow, Found, Outcome, Proved, View
from mailfilter.record.pickup.following import Following
from mailfilter.record.pickup.opened import plain
from mailfilter.record.pickup.reading import CODE_MINUTES, Reading
from mailfilter.record.sealing import link_secret
from mailfilter.rpc.contract import CALLBACK, Answer, Ask, Refused
from mailfilter.seats import sharing

PASSPHRASE = 12  # letters and digits that two people agree on
_HASHER = argon2.PasswordHasher()
_SMS = {
    "sv": "{code} är din kod till det säkra meddelandet från {organisation}. Den gäller i "
    "{minutes} minuter. Lämna den inte till någon.",
    "en": "{code} is your code for the secure message from {organisation}. It is good for "
    "{minutes} minutes. Give it to nobody.",
}


def reading(parts: DeskParts) -> Reading:
    assert parts.archive.pickups is not None, "desk has the keys"
    return Reading(parts.archive.pickups, parts.settings.pickup.seat_minutes, _HASHER)


def following(parts: DeskParts) -> Following:
    assert parts.archive.pickups is not None, "desk has the keys"
    return Following(parts.archive.pickups)


def broker(parts: DeskParts) -> EidBroker:
    return EidBroker(parts.settings.pickup.eid, parts.settings.front.url + CALLBACK)


def link(ask: Ask) -> tuple[str, str]:
    """(id, secret), as they came."""
    return ask.text("id", 40), ask.text("secret", 80)


def _linked(run: Callable[[DeskParts, Ask], Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
    """A link that opens nothing is no fault inside, but a wrong link."""

    async def linked(parts: DeskParts, ask: Ask) -> Answer:
        try:
            return await run(parts, ask)
        except Permanent as error:
            raise Refused("link", 404) from error

    return linked


# ---- the recipient -------------------------------------------------------------------------------


async def look(parts: DeskParts, ask: Ask) -> Answer:
    """What the first page says."""
    view = await reading(parts).look(*link(ask))
    if view.found is Found.NOTHING:
        raise Refused("link", 404)
    return Answer(_view(view))


async def sms(parts: DeskParts, ask: Ask) -> Answer:
    """Send a code to the number that the sender gave."""
    id_, secret = link(ask)
    made = await reading(parts).new_code(id_, secret, parts.now(), _visitor(ask))
    gateway = SmsGateway(parts.settings.pickup.sms)
    if made is None or not gateway.on:
        raise Refused("sms-spent", 429)
    mobile, code = made
    text = _SMS.get(ask.text("lang", 5), _SMS["sv"]).format(
        code=f"{code[:3]} {code[3:]}",
        organisation=parts.settings.organisation.name,
        minutes=CODE_MINUTES,
    )
    if not await gateway.send(mobile, text):
        await reading(parts).sms_failed(id_, parts.now())
        parts.wake()
        raise Refused("sms-failed", 502)
    return Answer({"sent": mobile[-2:]})


async def prove(parts: DeskParts, ask: Ask) -> Answer:
    """By a code or the passphrase."""
    id_, secret = link(ask)
    opener = ask.text("opener", 100).strip()
    view = await reading(parts).look(id_, secret)
    if view.shared and not opener:
        raise Refused("opener", 422)
    proved = await reading(parts).prove_by_code(
        id_, secret, ask.text("code", 200), opener, parts.now(), _visitor(ask)
    )
    return _proved(parts, proved)


async def eid_start(parts: DeskParts, ask: Ask) -> Answer:
    """Where she goes to show who she is."""
    view = await reading(parts).look(*link(ask))
    if view.found is not Found.OPEN or not broker(parts).on:
        raise Refused("link", 404)
    waiting = await broker(parts).start()
    return Answer(asdict(waiting))


async def eid_done(parts: DeskParts, ask: Ask) -> Answer:
    """She comes back: is it she, at the level that is asked for?"""
    id_, secret = link(ask)
    view = await reading(parts).look(id_, secret)
    if view.found is not Found.OPEN:
        raise Refused("link", 404)
    nonce, verifier = ask.text("nonce", 80), ask.text("verifier", 80)
    try:
        person = await broker(parts).finish(ask.text("code", 2000), nonce, verifier, parts.now())
    except Permanent as error:
        raise Refused("eid-level" if str(error) == "eid-level" else "eid", 403) from error
    opener = person.name or ask.text("opener", 100)
    now, visitor = parts.now(), _visitor(ask)
    return _proved(parts, await reading(parts).prove_by_eid(id_, secret, opener, now, visitor))


def _proved(parts: DeskParts, proved: Proved) -> Answer:
    if not proved.seat and not proved.tries_left:
        parts.wake()  # locked, perhaps
    return Answer(asdict(proved))


def _visitor(ask: Ask) -> str:
    """Whose tries are counted: the address that front saw."""
    return sharing(ask.text("peer", 100))


async def read(parts: DeskParts, ask: Ask) -> Answer:
    """The message, to who sits there; an answer's addressee sits by her link alone."""
    id_, secret = link(ask)
    seat = ask.text("seat", 80)
    if not seat:
        seat = await _by_link(parts, id_, secret)
    found = await reading(parts).read(id_, secret, seat, parts.now())
    if found is None:
        raise Refused("seat", 401)
    parts.wake()  # a receipt may have been put into the outbox
    view, body = found
    return Answer({"seat": seat, **_view(view)}, body)


async def _by_link(parts: DeskParts, id_: str, secret: str) -> str:
    """The sender reads an answer: her mailbox is the proof that is asked for, and no more."""
    proved = await reading(parts).prove_by_link(id_, secret, parts.now())
    if not proved.seat:
        raise Refused("seat", 401)
    return proved.seat


async def answer(parts: DeskParts, ask: Ask) -> Answer:
    """Keep her answer, sealed, and tell the sender."""
    if len(ask.body) > parts.settings.pickup.answer_size:
        raise Refused("answer-size", 413)
    id_, secret = link(ask)
    kept = await reading(parts).answer(id_, secret, ask.text("seat", 80), ask.body, parts.now())
    if not kept:
        raise Refused("seat", 401)
    parts.wake()
    return Answer({"answered": True})


async def stuck(parts: DeskParts, ask: Ask) -> Answer:
    """She cannot open it."""
    await reading(parts).stuck(*link(ask), parts.now())
    parts.wake()
    return Answer({"told": True})


async def leave(parts: DeskParts, ask: Ask) -> Answer:
    """She closes it."""
    await reading(parts).leave(link(ask)[0], ask.text("seat", 80))
    return Answer({})


def _view(view: View) -> dict[str, Any]:
    fields = asdict(view) | {"found": view.found.value, "proof": view.proof.word}
    return {name: _plain(value) for name, value in fields.items()}


# ---- the sender ----------------------------------------------------------------------------------


async def follow(parts: DeskParts, ask: Ask) -> Answer:
    """How her deposit stands; with ``codes`` what she is to read out (asked for by a POST)."""
    codes = ask.fields.get("codes") is True
    seen = await following(parts).look(*link(ask), codes=codes)
    if seen.found is Found.NOTHING:
        raise Refused("link", 404)
    return Answer(_follow(seen) | {"sms": bool(parts.settings.pickup.sms.url)})


async def resend(parts: DeskParts, ask: Ask) -> Answer:
    """A new link to a recipient."""
    made = await following(parts).resend(*link(ask), ask.text("box", 40), parts.now())
    return _acted(parts, made)


async def letter(parts: DeskParts, ask: Ask) -> Answer:
    """A new link for a letter on paper, told to her and to nobody else."""
    link_ = await following(parts).letter(*link(ask), ask.text("box", 40), parts.now())
    if link_ is None:
        raise Refused("spent", 409)
    return Answer(
        {
            "link": parts.settings.front.link(link_secret.RECIPIENT, link_.owner, link_.secret),
            "person": link_.person or parts.settings.organisation.name,
            "unit": link_.unit,
            "case": link_.case,
            "proof": "shared" if link_.shared and link_.proof < Proof.EID else link_.proof.word,
            "until": link_.expires_at.isoformat(),
            "day": parts.now().isoformat(),
        }
    )


async def number(parts: DeskParts, ask: Ask) -> Answer:
    """Another mobile number, and a new link."""
    sms_settings = parts.settings.pickup.sms
    mobile = number_of(ask.text("mobile", 40), sms_settings.country)
    if not mobile or not sms_settings.url:
        raise Refused("mobile", 422)
    made = await following(parts).resend(
        *link(ask), ask.text("box", 40), parts.now(), mobile=mobile
    )
    return _acted(parts, made)


async def passphrase(parts: DeskParts, ask: Ask) -> Answer:
    """What she agreed with a function mailbox."""
    phrase = plain(ask.text("passphrase", 200))
    if len(phrase) < PASSPHRASE:
        raise Refused("passphrase", 422)
    hashed = await asyncio.to_thread(reading(parts).hash_of, phrase)
    made = await following(parts).passphrase(*link(ask), ask.text("box", 40), hashed, parts.now())
    return _acted(parts, made)


async def withdraw(parts: DeskParts, ask: Ask) -> Answer:
    """Destroy it."""
    return _acted(parts, await following(parts).withdraw(*link(ask), parts.now()))


async def watch(parts: DeskParts, ask: Ask) -> Answer:
    """Tell her if it is not opened by then."""
    try:
        at = datetime.fromisoformat(ask.text("at", 40))
    except ValueError:
        raise Refused("watch", 422) from None
    if at.tzinfo is None:
        raise Refused("watch", 422)
    done = await following(parts).watch(*link(ask), ask.text("box", 40), at, parts.now())
    if not done:
        raise Refused("watch", 422)
    return _acted(parts, done)


async def outcome(parts: DeskParts, ask: Ask) -> Answer:
    """How it reached the recipient after all."""
    try:
        way = Outcome(ask.text("way", 20))
    except ValueError:
        raise Refused("malformed", 400) from None
    done = await following(parts).outcome(*link(ask), ask.text("box", 40), way, parts.now())
    return _acted(parts, done)


def _acted(parts: DeskParts, done: bool) -> Answer:
    if not done:
        raise Refused("spent", 409)
    parts.wake()
    return Answer({"done": True})


def _follow(seen: Follow) -> dict[str, Any]:
    fields = {name: _plain(value) for name, value in asdict(seen).items() if name != "boxes"}
    return fields | {"found": seen.found.value, "boxes": [_box(box) for box in seen.boxes]}


def _box(box: BoxView) -> dict[str, Any]:
    fields = {name: _plain(value) for name, value in asdict(box).items() if name != "openings"}
    return fields | {
        "proof": box.proof.word,
        "used": box.used.word if box.used is not None else "",
        "openings": [
            {"at": one.at.isoformat(), "proof": one.proof.word, "opener": one.opener}
            for one in box.openings
        ],
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


VERBS = {
    "pickup-look": Verb(look),
    "pickup-sms": Verb(_linked(sms)),
    "pickup-prove": Verb(_linked(prove)),
    "pickup-eid-start": Verb(_linked(eid_start)),
    "pickup-eid-done": Verb(_linked(eid_done)),
    "pickup-read": Verb(_linked(read)),
    "pickup-answer": Verb(_linked(answer), most=101 * limits.MIB),
    "pickup-stuck": Verb(_linked(stuck)),
    "pickup-leave": Verb(leave),
    "pickup-follow": Verb(follow),
    "pickup-resend": Verb(_linked(resend)),
    "pickup-letter": Verb(_linked(letter)),
    "pickup-number": Verb(_linked(number)),
    "pickup-passphrase": Verb(_linked(passphrase)),
    "pickup-withdraw": Verb(_linked(withdraw)),
    "pickup-watch": Verb(_linked(watch)),
    "pickup-outcome": Verb(_linked(outcome)),
}
