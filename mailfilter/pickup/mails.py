"""Pickup's mails: the one with the link to a recipient, and those that tell the sender.

From → to: a `Link` or what is to be told → `EmailMessage`, in both languages, by ``letter``.

Invariants: nothing of the message stands in them, not its subject, not a file name. The recipient's
mail names the person, her unit and the switchboard, and says how to check it without following the
link. A sender's mail names recipients by address, since she wrote it; an address that holds an
identity number is "recipient 2". Only `sent` and `answer` carry a link; all others point to the
first of them, for its secret is nowhere any more.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from importlib.resources import files
from zoneinfo import ZoneInfo

from mailfilter.config import Settings
from mailfilter.config.pickup import Proof
from mailfilter.connectors import Signer
from mailfilter.connectors.contract import carries_number
from mailfilter.connectors.pickup import LinkToMail
from mailfilter.letters import notice_words
from mailfilter.letters.notice import Variant, first_variant
from mailfilter.letters.notice_lines import found
from mailfilter.letters.notice_words import Block, Section, Stamp, Words, letter
from mailfilter.model import Path
from mailfilter.outbox.notices import sender_address
from mailfilter.record.contract import Dossier
from mailfilter.record.pickup.contract import Link, Notify, Told

STOCKHOLM = ZoneInfo("Europe/Stockholm")
RECIPIENT, SENDER = "h", "f"  # first part of the address of a page, as front has it


def _read() -> dict[str, Words]:
    entries = files("mailfilter.pickup.words").iterdir()
    tables = {one.name: one.read_text("utf-8") for one in entries if one.name.endswith(".toml")}
    found = {name.removesuffix(".toml"): text for name, text in tables.items()}
    return {language: Words(language, tomllib.loads(text)) for language, text in found.items()}


WORDS = _read()


def in_order(first: str) -> list[Words]:
    """That language first, then Swedish or English."""
    second = "en" if first == "sv" else "sv"
    return [WORDS[first if first in WORDS else "sv"], WORDS[second if first in WORDS else "en"]]


def day(at: datetime) -> str:
    """The day in Sweden."""
    return f"{at.astimezone(STOCKHOLM):%Y-%m-%d}"


def minute(at: datetime) -> str:
    return f"{at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"


def link_address(settings: Settings, kind: str, link: Link) -> str:
    """The address of a page, with its secret."""
    return f"{settings.front.url}/{kind}/{link.owner}/{link.secret}"


def mail_sender(settings: Settings) -> str:
    """From of the mail with the link: the organisation's own domain."""
    return settings.pickup.mail_sender or sender_address(settings)


def return_address(settings: Settings) -> str:
    """Of which return paths are made; a mail to it must lead to this gateway."""
    return settings.pickup.return_address or mail_sender(settings)


def return_path(settings: Settings, token: str) -> Path:
    """Where a bounce of this link goes: ``name+TOKEN@domain``."""
    local, _, domain = return_address(settings).rpartition("@")
    raw = f"{local}+{token}@{domain}".encode("ascii", "replace")
    return Path(b"<" + raw + b">", raw)


# ---- to the recipient ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkMails:
    """Makes the mail of a link, signed."""

    settings: Settings
    signer: Signer | None
    now: Callable[[], datetime]

    def __call__(self, link: LinkToMail) -> tuple[Path, Path, bytes]:
        """(return path, recipient, message)."""
        assert isinstance(link, Link), "of our own store"
        sender = mail_sender(self.settings)
        domain = sender.rpartition("@")[2]
        stamp = Stamp(
            sender=sender,
            sender_name=self.settings.organisation.name,
            recipients=(link.address,),
            message_id=f"pickup.{link.owner}.{link.number}@{domain}",
            at=self.now(),
            loop=link.deposit,
            automatic="auto-generated",
        )
        blocks = [self._block(link, words) for words in in_order(link.language)]
        data = letter(blocks, stamp).as_bytes()
        raw = link.address.encode("ascii", "replace")
        rcpt = Path(b"<" + raw + b">", raw)
        back = return_path(self.settings, link.returns)
        return back, rcpt, self.signer.sign(data) if self.signer else data

    def _block(self, link: Link, words: Words) -> Block:
        pickup, organisation = self.settings.pickup, self.settings.organisation.name
        said = {
            "person": link.person or organisation,
            "unit": link.unit,
            "organisation": organisation,
            "until": day(link.expires_at),
            "eid": pickup.eid.title,
            "switchboard": pickup.switchboard,
            "case": link.case,
        }
        lead = "from_unit" if link.unit else "from_person"
        proof = "shared" if link.shared and link.proof < Proof.EID else link.proof.word
        return Block(
            language=words.language,
            language_name=words.say("language"),
            title=words.say("link/subject", **said),
            hello=words.say("hello"),
            paragraphs=(
                words.say(f"link/{lead}", **said),
                words.say("link/open", **said),
                words.say(f"link/proof-{proof}", **said),
            ),
            sections=(
                Section(
                    words.say("link/check-heading"),
                    tuple(words.say(f"link/{key}", **said) for key in ("check", "never", "reply")),
                ),
            ),
            footer=words.say("footer", **said),
            link=link_address(self.settings, RECIPIENT, link),
        )


# ---- to the sender -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class News:
    """What the sender is told; `boxes` are those that it is about."""

    what: Told
    notify: Notify
    boxes: tuple[str, ...]
    proof: Proof
    read_at: datetime | None = None
    link: str = ""
    dossier: Dossier | None = None  # of a message that is known, where it was sent by a rule


def sent_id(settings: Settings, deposit: str) -> str:
    """Message-ID of the mail with the sender's link: the others stand under it."""
    return f"pickup.sent.{deposit}@{sender_address(settings).rpartition('@')[2]}"


def news(told: News, settings: Settings, stamp: Stamp) -> EmailMessage:
    """The mail to the sender."""
    first = sent_id(settings, told.notify.deposit)
    if told.what is Told.SENT:
        stamp = replace(stamp, message_id=first)
    else:
        stamp = replace(stamp, answers=f"<{first}>")
    blocks = [_news(told, settings, words) for words in in_order(told.notify.language)]
    return letter(blocks, stamp)


def _news(told: News, settings: Settings, words: Words) -> Block:
    notify, key = told.notify, told.what.value
    who = [shown(notify, box, words) for box in told.boxes]
    if notify.answer:
        who = [words.say("recipient", n=1) if carries_number(notify.answer) else notify.answer]
        key = key if told.what is Told.ANSWER else f"answer-{key}"
    said: dict[str, str | int] = {
        "case": notify.case,
        "organisation": settings.organisation.name,
        "address": ", ".join(who),
        "until": day(notify.expires_at),
        "at": minute(told.read_at) if told.read_at else "",
        "proof": words.say(f"proof/{told.proof.word}"),
    }
    more = _more(told, words, said)
    sections: tuple[Section, ...] = ()
    if told.what is Told.SENT:
        sections = (Section(words.say("sent/lead", **said), tuple(who)), *_why(told, words))
        lead: tuple[str, ...] = ()
    else:
        lead = (words.say(f"{key}/lead", **said),)
    return Block(
        language=words.language,
        language_name=words.say("language"),
        title=words.say(f"{key}/subject", **said),
        hello=words.say("hello"),
        paragraphs=(*lead, *more),
        sections=sections,
        footer=words.say("footer", **said),
        link=told.link,
    )


def _why(told: News, words: Words) -> tuple[Section, ...]:
    """What was found, where a rule has sent it this way: she has had no other notice of it."""
    if told.dossier is None or first_variant(told.dossier) is not Variant.REDIRECTED:
        return ()
    (plain,) = notice_words.in_order(words.language, (words.language,))
    lines = found(told.dossier, plain)
    return (Section(words.say("sent/why"), lines),) if lines else ()


def _more(told: News, words: Words, said: dict[str, str | int]) -> list[str]:
    match told.what:
        case Told.SENT:
            keys: Sequence[str] = (
                f"sent/proof-{told.proof.word}", "sent/link", "sent/keep", "sent/until",
            )  # fmt: skip
        case Told.ANSWER:
            keys = ("answer/until", "answer/keep")
        case Told.READ | Told.EXPIRED:
            keys = ()
        case _ if told.notify.answer:
            keys = ("answer-todo/page",)
        case _:
            keys = ("todo/page",)
    return [words.say(key, **said) for key in keys]


def shown(notify: Notify, box: str, words: Words) -> str:
    """A recipient as the sender may read it in her mail."""
    address = notify.to.get(box, "")
    if not address or carries_number(address):
        return words.say("recipient", n=list(notify.to).index(box) + 1 if box in notify.to else 1)
    return address
