"""Checking before sending: what would be stopped in a draft or a file. Nothing of it is kept.

From → to: a text and files of one of our own → a mail made of them in memory → the workers and the
rules in force, as if it went to somebody outside, and to a colleague → kinds, masks, places,
sentences. Neither store nor log learns of it; the statistics count one check of nobody.

Desk asks the workers, and front does not: who breaks into the process that the world reaches then
has no socket to the workers, whose other verbs answer with text, and no key that counts persons.

It is an oracle for what the filter finds and what it misses; therefore only our own people may ask,
and so often: `limits.CHECKS_PER_HOUR` for a person who has logged in, ten times that for an address
of `front.check_networks`, behind which many may sit.
"""

import asyncio
import json
from dataclasses import asdict
from datetime import timedelta
from ipaddress import ip_address, ip_network

from mailfilter.config import Settings
from mailfilter.desk.check_draft import File, made
from mailfilter.desk.mine_acts import logged_in
from mailfilter.desk.parts import DeskParts, Verb
from mailfilter.desk.sender_view import words_for
from mailfilter.errors import Temporary
from mailfilter.letters.check_answer import said
from mailfilter.letters.notice import STOCKHOLM
from mailfilter.model import Path
from mailfilter.own_addresses.check_mailbox import counted
from mailfilter.rpc.contract import DRAFT, Answer, Ask, Refused


def within(peer: str, settings: Settings) -> bool:
    """Whether this address needs no login."""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    networks = (ip_network(name, strict=False) for name in settings.front.check_networks)
    return any(address in network for network in networks)


async def may(parts: DeskParts, ask: Ask) -> Answer:
    """Whether this visitor may have something checked."""
    await _who(parts, ask)
    return Answer()


async def _who(parts: DeskParts, ask: Ask) -> str:
    """Her address; "" for somebody of our networks."""
    if within(ask.text("peer", 100), parts.settings):
        return ""
    return await logged_in(parts, ask)


async def check(parts: DeskParts, ask: Ask) -> Answer:
    """The answer. ``text``: how many bytes of it come first; ``files``: name, type, length."""
    who, now = await _who(parts, ask), parts.now()
    wait = parts.checked.take(who, now) if who else parts.checked_from.take(ask.text("peer"), now)
    if wait > timedelta():
        raise Refused("checks", 429)
    assert parts.check is not None, "desk has workers"
    raw = who.encode("ascii", "replace")
    data = await asyncio.to_thread(_made, ask)
    try:
        dossier = await parts.check(data, Path(b"<" + raw + b">", raw))
    except Temporary as error:
        raise Refused("busy", 503) from error
    await parts.archive.sender.count([counted(now.astimezone(STOCKHOLM).date())])
    return Answer(asdict(said(dossier, parts.settings, words_for(ask.text("lang", 5)))))


def _made(ask: Ask) -> bytes:
    """The draft as a mail; ValueError where lengths and bytes do not fit."""
    at = int(ask.fields.get("text", 0))
    text, files = ask.body[:at], list[File]()
    for name, kind, length in json.loads(ask.text("files", 40_000) or "[]"):
        files.append((str(name), str(kind), ask.body[at : at + int(length)]))
        at += int(length)
    if at != len(ask.body):
        raise ValueError("lengths")
    return made(text, files)


VERBS = {"check-may": Verb(may), "check": Verb(check, DRAFT)}
