"""Sending without the quoted mail: a new mail of what the sender herself wrote.

From → to: her held mail, of which every finding stands in the quoted history → its own text, read
in a worker, and what is attached → she sees it → a new mail to the same recipients, judged by the
rules in force; only if nothing is stopped any more it goes to the next hop, and the held one ends.

- What was attached goes along, and she sees its names first; in it nothing was found, and the new
  mail is judged with it. An attached mail cannot be taken over, and the page says so. Its parts are
  told apart here, in desk, after a worker has read the same bytes with the same reader.
- The new mail has the sender, the subject and the time of today; its To names a single recipient,
  of several nobody, for who was in Bcc is not known here any more.
- Duplicate window: if we die between the next hop's 250 and our commit, her second click sends it
  again with the same Message-ID.
"""

import asyncio
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from detectors import Role
from mailfilter.connectors.contract import Kind, judged
from mailfilter.desk.parts import ANYBODY, DeskParts, Verb
from mailfilter.desk.quote_files import attached
from mailfilter.desk.sender_acts import ACTOR, Hers, finished, hers
from mailfilter.errors import Temporary
from mailfilter.model import Action, Envelope, State
from mailfilter.outbox.notices import REWRITTEN
from mailfilter.pages.message import attach
from mailfilter.place import Place, describe
from mailfilter.record.archive.states import WAITING
from mailfilter.record.contract import AuditLine, Item
from mailfilter.rpc.contract import Answer, Ask, Refused

MOST = 200_000  # characters of one's own text
_OWN = tuple(describe(Place(role), "sv") for role in (Role.BODY, Role.SIGNATURE))


async def quote(parts: DeskParts, ask: Ask) -> Answer:
    """Show the new mail; with ``send`` send it."""
    mail = await hers(parts, ask, "quote")
    body = await parts.archive.body(mail.owner)
    text = await _own_text(parts, body)
    along = await asyncio.to_thread(attached, body)
    made = {item.id: _letter(parts, mail, item, text, along.files) for item in mail.open}
    for item in mail.open:
        await _must_pass(parts, mail, item, made[item.id])
    if ask.text("send", 5) != "yes":
        return Answer(
            {
                "text": text,
                "files": [{"name": name, "size": len(data)} for name, _, data in along.files],
                "pictures": along.pictures,
            }
        )
    for item in mail.open:
        await _send(parts, mail, item, made[item.id])
    return await finished(parts, mail, "quote")


async def _own_text(parts: DeskParts, body: bytes) -> str:
    assert parts.view is not None, "desk has workers"
    own: dict[str, None] = {}  # what stands in the plain and in the HTML part is one text
    for place, text in await parts.view(body):
        if place in _OWN:
            own.setdefault(text.strip())
    said = "\n\n".join(text for text in _distinct(list(own)) if text)
    if not said or len(said) > MOST:
        raise Refused("still", 409)
    return said


def _distinct(texts: list[str]) -> list[str]:
    """The same words in another part are said once."""
    kept: list[str] = []
    for text in texts:
        words = text.split()
        if words and not any(words == other.split() for other in kept):
            kept.append(text)
    return kept


def _letter(
    parts: DeskParts, mail: Hers, item: Item, text: str, files: Sequence[tuple[str, str, bytes]]
) -> bytes:
    dossier = mail.dossier
    message = EmailMessage(policy=SMTP)
    domain = dossier.sender.rpartition("@")[2]
    to = [dossier.rcpts[n].text for n in item.recipients]
    try:
        message["From"] = dossier.sender
        message["To"] = to[0] if len(to) == 1 else "undisclosed-recipients:;"
        message["Subject"] = " ".join(dossier.subject.split())
        message["Message-ID"] = f"<{item.id}.new@{domain}>"
    except (ValueError, IndexError) as error:
        raise Refused("still", 409) from error
    message["Date"] = format_datetime(parts.now())
    message.set_content(text, cte="quoted-printable")
    attach(message, files)
    return message.as_bytes()


async def _must_pass(parts: DeskParts, mail: Hers, item: Item, data: bytes) -> None:
    """The rules judge the new mail as any other."""
    assert parts.judge is not None, "desk has workers"
    rcpts = tuple(mail.dossier.rcpts[n] for n in item.recipients)
    _, decision = await parts.judge(data, Envelope(mail.dossier.mail, rcpts or (ANYBODY,)))
    if len(decision.having(Action.RELAY)) != len(decision.verdicts):
        raise Refused("still", 409)


async def _send(parts: DeskParts, mail: Hers, item: Item, data: bytes) -> None:
    assert parts.deliver is not None, "desk has a next hop"
    rcpts = [mail.dossier.rcpts[n] for n in item.recipients]
    kind, _ = judged(await parts.deliver(mail.dossier.mail, rcpts, data, ()))
    if kind is Kind.TEMPORARY:
        raise Temporary("next hop")
    if kind is Kind.PERMANENT:
        raise Refused("not-taken", 409)
    line = AuditLine(0, parts.now(), ACTOR, "quote-removed", item.id, {"reason": REWRITTEN})
    await parts.archive.act(item.id, WAITING, State.DELETED, line)


VERBS = {"sender-quote": Verb(quote)}
