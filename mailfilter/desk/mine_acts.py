"""Every row about one's own mail: desk's side of ``/mina``.

Login is a link mailed to the address that asked, good once and for a quarter of an hour; behind it
a ticket in a cookie is good for half an hour, or until she leaves. Both are words that only desk
can make or read; of those that are spent the store knows the nonce (``record/archive/tickets.py``).
Whether an address exists is never told: the answer is the same.

Protected mail (V5) stands in no list, this one included.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from mailfilter.decide.addresses import patterns, split
from mailfilter.desk.copies import merged, others
from mailfilter.desk.parts import DeskParts, Verb
from mailfilter.desk.sender_view import view, waiting
from mailfilter.letters.notice import STOCKHOLM
from mailfilter.model import Path
from mailfilter.outbox.own_mail import ENTERS
from mailfilter.record.archive.links import Mailed
from mailfilter.record.contract import Dossier, Item
from mailfilter.record.sealing.link_secret import SENDER
from mailfilter.rpc.contract import Answer, Ask, Refused
from mailfilter.web.trail import history

KIND = "own-mail"
STAY = "stay"
LINK, SESSION = timedelta(minutes=15), timedelta(minutes=30)
_LOOKS = frozenset(
    {"view-item", "view-text", "release", "refuse", "redirect", "delete", "export-content"}
)
_MOST = 100


async def logged_in(parts: DeskParts, ask: Ask) -> str:
    """The address of the ticket; `Refused` where it is none, or no longer good."""
    tickets = parts.archive.sender.tickets
    address = await tickets.read(STAY, ask.text("ticket", 1000), parts.now())
    if not address:
        raise Refused("login", 401)
    return address


async def ask_link(parts: DeskParts, ask: Ask) -> Answer:
    """Mail a link to the address, if it is one of ours."""
    address = ask.text("address", 254).strip().lower()
    if _ours(parts, address) and not parts.asked.take(address, parts.now()):
        raw = address.encode("ascii")
        path = Path(b"<" + raw + b">", raw)
        letter = Dossier(address, "", "", path, (), (), (), (), 0, ask.text("lang", 5) or "sv")
        to = ask.text("to", 10) if ask.text("to", 10) in ENTERS else ""
        await parts.archive.sender.put_letter(KIND, letter, parts.now(), to)
        parts.wake()
    return Answer()


def _ours(parts: DeskParts, address: str) -> bool:
    domains = parts.settings.organisation.domains
    plain = address.isascii() and address.isprintable() and address.count("@") == 1
    return bool(domains) and plain and patterns(domains, "ours").find(split(address)) is not None


async def enter(parts: DeskParts, ask: Ask) -> Answer:
    """A ticket for the link that was mailed, which is used up."""
    now, tickets, word = parts.now(), parts.archive.sender.tickets, ask.text("word", 1000)
    for to, what in ENTERS.items():
        if address := await tickets.use(what, word, now):
            return Answer({"ticket": tickets.make(STAY, address, now + SESSION), "to": to})
    raise Refused("login", 401)


async def leave(parts: DeskParts, ask: Ask) -> Answer:
    """Her ticket is good for nothing any more, in whichever browser it lies."""
    await parts.archive.sender.tickets.use(STAY, ask.text("ticket", 1000), parts.now())
    return Answer()


async def rows(parts: DeskParts, ask: Ask) -> Answer:
    """Her rows, the newest first."""
    address = await logged_in(parts, ask)
    told = []
    for message in await parts.archive.sender.messages_of(address, _MOST):
        items = await parts.archive.items_of(message)
        if items and not items[0].protected:
            told.append(await _row(parts, items, ask.text("lang", 5)))
    return Answer({"address": address, "rows": told})


async def open_row(parts: DeskParts, ask: Ask) -> Answer:
    """A link to the page of one of her rows, made for this visit and kept nowhere."""
    address, now, message = await logged_in(parts, ask), parts.now(), ask.text("id", 80)
    items = await parts.archive.items_of(message) if message else []
    hers = message in await parts.archive.sender.messages_of(address, _MOST)
    if not hers or not items or items[0].protected:
        raise Refused("gone", 410)
    mailed = Mailed(SENDER, message, f"mine:{now.isoformat()}", "")
    secret = await parts.archive.links.given(mailed, now, now + SESSION)
    return Answer({"id": message, "secret": secret})


async def _row(parts: DeskParts, items: Sequence[Item], language: str) -> dict[str, Any]:
    first, dossier, shown_items = items[0], items[0].dossier, items
    if dossier is not None:
        shown_items, dossier = merged([(dossier, items), *await others(parts, first.message)])
    shown = await view(parts, shown_items, dossier, language)
    objects = (*{item.message: "" for item in shown_items}, *(item.id for item in shown_items))
    lines = await history(parts.archive, objects, first.at)
    kept = first.at + timedelta(days=parts.settings.store.audit_days)
    return {
        "case": first.message,
        "at": shown["at"],
        "state": shown["state"],
        "found": shown.get("found", []),
        "recipients": [row["to"] for row in shown["recipients"]],
        "looks": [
            {"at": line.at.isoformat(), "who": line.actor, "act": line.act}
            for line in lines
            if line.act in _LOOKS and line.actor != "sender"
        ],
        "erased": (_end(shown_items) or first.at).isoformat(),
        "waits": bool(waiting(shown_items)),
        "row_until": kept.astimezone(STOCKHOLM).date().isoformat(),
    }


def _end(items: Sequence[Item]) -> Any:
    """When the mail itself is or was erased: with the last of its copies."""
    return max(item.ended_at or item.expires_at for item in items)


VERBS = {
    "mine-ask": Verb(ask_link),
    "mine-enter": Verb(enter),
    "mine-rows": Verb(rows),
    "mine-leave": Verb(leave),
    "mine-open": Verb(open_row),
}
