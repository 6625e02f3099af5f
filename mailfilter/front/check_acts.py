"""Checking before sending: what would be stopped in a draft or a file. Nothing of it is kept.

From → to: a text and files of one of our own → a mail made of them in memory → the workers and the
rules in force, as if it went to somebody outside → kinds, masks and places. Neither store nor log
learns of it.
"""

import json
from email.message import EmailMessage
from email.policy import SMTP

from mailfilter import limits
from mailfilter.act.notice_lines import found, not_read
from mailfilter.front.contract import ANYBODY, Answer, Ask, DeskParts, Refused, Verb
from mailfilter.front.mine_acts import logged_in
from mailfilter.front.sender_view import words_for
from mailfilter.model import Action, Envelope, Path
from mailfilter.record.contract import Dossier

MOST = 30 * limits.MIB
NAME = 200


async def check(parts: DeskParts, ask: Ask) -> Answer:
    """The lines, and whether it would be stopped. ``files``: name, type, length of each."""
    address = logged_in(parts, ask)
    if parts.checked.take(address, parts.now()):
        raise Refused("slow", 429)
    assert parts.judge is not None, "desk has workers"
    raw = address.encode("ascii", "replace")
    envelope = Envelope(Path(b"<" + raw + b">", raw), (ANYBODY,))
    examination, decision = await parts.judge(_mail(ask, address), envelope)
    words = words_for(ask.text("lang", 5))
    told = Dossier(
        sender=address,
        subject="",
        message_id="",
        mail=envelope.mail,
        rcpts=envelope.rcpts,
        verdicts=decision.verdicts,
        findings=examination.findings,
        not_examined=examination.not_examined,
        persons=examination.persons,
    )
    stopped = len(decision.having(Action.RELAY)) != len(decision.verdicts)
    return Answer(
        {
            "stopped": stopped,
            "found": list(found(told, words)),
            "unread": list(not_read(told, words)),
        }
    )


def _mail(ask: Ask, address: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = address
    message["To"] = ANYBODY.text
    message.set_content(ask.text("text", 60_000))
    start = 0
    for name, kind, length in json.loads(ask.text("files", 20_000) or "[]"):
        main, _, sub = str(kind).partition("/")
        message.add_attachment(
            ask.body[start : start + int(length)],
            maintype=main if main.isalnum() else "application",
            subtype=sub if main.isalnum() and sub.isascii() and sub else "octet-stream",
            filename=str(name)[:NAME],
        )
        start += int(length)
    return message.as_bytes()


VERBS = {"check": Verb(check, MOST)}
