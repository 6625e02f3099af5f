"""The notice: a friendly mail that tells a sender what became of her mail, and never repeats it.

From → to: `About` (a dossier, what happened, when) + settings → `EmailMessage`, or None where
nobody is to be told. It says what kind of data stood where (number fully starred, of health data
the class), what happened to each recipient, what to do now, whom to reach and the case number; in
both languages, that of the mail first.

Invariants (P10, threats 2.5):

- Out of the mail come only: the recipients' addresses, for she wrote them (one that itself holds
  an identity number is "recipient 2"), the sender's own, places without any name of a file, sheet
  or column, and her Message-ID in In-Reply-To if it is a plain one. Never the subject, file names,
  or matched text.
- No notice to ``<>``, to list mail, auto-replies and bounces, or to strangers: where the
  organisation's domains are set, the sender must be of one of them, so that a forged sender makes
  no backscatter. A system sender's notices go to its human owner instead.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from mailfilter.config import Settings
from mailfilter.connectors.contract import carries_number
from mailfilter.decide.pages import Pages
from mailfilter.decide.reasons import Reason
from mailfilter.decide.unfinished import waits
from mailfilter.letters.notice_lines import (
    advice,
    code_of,
    found,
    is_protected,
    lead,
    not_read,
    open_advice,
    opened,
    service,
    shown,
    why_held,
)
from mailfilter.letters.notice_template import Templates
from mailfilter.letters.notice_words import Block, Stamp, Words, in_order, letter
from mailfilter.letters.sdk import NO_SDK, SdkTable
from mailfilter.model import Action
from mailfilter.record.contract import Dossier

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,120}@[A-Za-z0-9.-]{1,120}>")
MOST_RECIPIENTS = 20
_HELD = frozenset({Action.QUARANTINE, Action.ASK})


class Variant(StrEnum):
    """What is told."""

    HELD = "held"
    REDIRECTED = "redirected"
    REJECTED = "rejected"
    NOT_SENT = "not-sent"
    EXPIRED = "expired"
    REFUSED = "refused"
    RELEASE_FAILED = "release-failed"
    HANDOFF_FAILED = "handoff-failed"
    NEEDS_MOBILE = "needs-mobile"  # the service asks for a number that nobody has given
    DONE = "done"  # the last word
    DIGEST = "digest"  # more than one sender is to have in an hour


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a recipient in the end: a key of the table ``fate``, when, and by what."""

    index: int
    how: str
    at: datetime | None = None
    connector: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What a notice is about. `recipients` are indexes into the dossier's; empty means all."""

    variant: Variant
    case: str  # the incident id
    at: datetime  # when the mail came
    dossier: Dossier
    recipients: tuple[int, ...] = ()
    days: int = 0
    receipt: str = ""
    connector: str = ""
    link: str = ""  # to the sender's page
    department: str = ""
    fates: tuple[Fate, ...] = ()  # of a last word
    sdk: SdkTable = NO_SDK  # whom a recipient is reached by in SDK


def first_variant(dossier: Dossier) -> Variant:
    """Held if anybody's copy is held, else handed over; a copy that is still read is neither."""
    held = any(v.action in _HELD and not waits(v) for v in dossier.verdicts)
    return Variant.HELD if held else Variant.REDIRECTED


def addressee(dossier: Dossier, settings: Settings) -> str | None:
    """Who is told; None where nobody may be."""
    if not settings.notice.enabled:
        return None
    return Pages.of(settings).told(dossier.sender, automatic=dossier.automatic)


def build(
    about: About, settings: Settings, stamp: Stamp, templates: Templates | None = None
) -> EmailMessage:
    """The notice; `stamp` names the addressee."""
    first, languages = first_language(about.dossier.language, settings), settings.notice.languages
    made = templates or Templates()
    blocks = [_block(about, settings, stamp, words, made) for words in in_order(first, languages)]
    return letter(blocks, stamp)


def first_language(of_mail: str, settings: Settings) -> str:
    """The mail's own, else English if a notice has it, else the first that it has."""
    languages = settings.notice.languages
    return next(wish for wish in (of_mail, "en", languages[0]) if wish in languages)


def answered(dossier: Dossier) -> str:
    """The Message-ID that the notice may name, so that it stands beside the mail; or ""."""
    plain = _MESSAGE_ID.fullmatch(dossier.message_id.strip())
    return plain[0] if plain and not carries_number(plain[0]) else ""


def _block(
    about: About, settings: Settings, stamp: Stamp, words: Words, templates: Templates
) -> Block:
    key = (words.language, about.department, about.variant.value)
    said = templates.say(key, facts(about, settings, stamp, words))
    return Block(
        language=words.language,
        language_name=words.say("language"),
        title=said.subject,
        hello="",
        paragraphs=(),
        sections=(),
        footer="",
        pieces=said.pieces,
    )


def facts(about: About, settings: Settings, stamp: Stamp, words: Words) -> dict[str, Any]:
    """What a template may use (`notice_template.NAMES`)."""
    organisation, dossier = settings.organisation, about.dossier
    local = about.at.astimezone(STOCKHOLM)
    asked = about.variant not in _CLOSED
    return {
        "subject_line": words.say(f"subject/{about.variant}", id=about.case),
        "hello": words.say("hello"),
        "lead": _paragraphs(about, settings, stamp, words),
        "found": found(dossier, words) if asked else (),
        "unread": not_read(dossier, words) if asked else (),
        "opened": opened(dossier, words) if asked else (),
        "recipients": _recipients(about, settings, words),
        "todo": _todo(about, settings, words),
        "heading": words.table["heading"],
        "case": about.case,
        "organisation": organisation.name,
        "contact": organisation.contact,
        "urgent": _urgent(about, settings, words),
        "guideline": organisation.guideline_url,
        "link": about.link,
        "button": words.say(f"button/{_button(about)}"),
        "date": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "days": about.days or settings.store.held_days,
        "footer": words.say("footer", organisation=organisation.name, id=about.case),
    }


def _paragraphs(about: About, settings: Settings, stamp: Stamp, words: Words) -> tuple[str, ...]:
    local = about.at.astimezone(STOCKHOLM)
    said = [
        words.say(
            f"lead/{_lead(about)}",
            service=service(about.connector, settings, words),
            days=about.days or settings.store.held_days,
            code=code_of(about.receipt),
        ),
        words.say("sent_at", date=f"{local:%Y-%m-%d}", time=f"{local:%H:%M}"),
    ]
    if about.dossier.sender not in stamp.recipients:
        sender = shown(about.dossier.sender, 0, words)
        said.append(words.say("sent_by", sender=sender))
    if _lead(about) == "held-rule" and (why := why_held(about.dossier, words)):
        said.append(why)
    codes = {code for verdict in about.dossier.verdicts for code in verdict.reasons}
    if about.variant is Variant.HELD and Reason.MASS_MAIL in codes:
        said.append(words.say("lead/mass-mail"))
    if is_protected(about.dossier) and about.variant in _WAITING:
        said.append(words.say("lead/protected"))
    return tuple(said)


def _button(about: About) -> str:
    if about.variant is Variant.NEEDS_MOBILE:
        return "mobile"
    return "look" if about.variant in _ENDED else "finish"


def _lead(about: About) -> str:
    return lead(about.dossier) if about.variant is Variant.HELD else about.variant.value


_WAITING = frozenset({Variant.HELD, Variant.NOT_SENT})
_CLOSED = frozenset({Variant.DONE, Variant.DIGEST})
_ENDED = frozenset({Variant.REFUSED, Variant.EXPIRED, Variant.REDIRECTED}) | _CLOSED


# ---- what happened, what to do ---------------------------------------------------------------


def _recipients(about: About, settings: Settings, words: Words) -> tuple[str, ...]:
    if about.variant is Variant.DIGEST:
        return ()
    fates = {fate.index: fate for fate in about.fates}
    indexes = about.recipients or tuple(range(len(about.dossier.verdicts)))
    lines = [
        f"{shown(about.dossier.verdicts[n].recipient, n + 1, words)}: "
        + (_fate(fates[n], settings, words) if n in fates else _outcome(about, n, settings, words))
        for n in indexes
        if n < len(about.dossier.verdicts)
    ]
    if len(lines) > MOST_RECIPIENTS:
        left = len(lines) - MOST_RECIPIENTS
        lines = [*lines[:MOST_RECIPIENTS], words.say("more", n=left)]
    return tuple(lines)


def _outcome(about: About, index: int, settings: Settings, words: Words) -> str:
    verdict = about.dossier.verdicts[index]
    if about.variant is Variant.HANDOFF_FAILED:
        return words.say("outcome/unsure")
    if about.variant not in (Variant.HELD, Variant.REDIRECTED):
        return words.say("outcome/not-sent")
    if waits(verdict):
        return words.say("outcome/reading")
    name = service(verdict.connector, settings, words)
    return words.say(f"outcome/{verdict.action}", service=name)


def _fate(fate: Fate, settings: Settings, words: Words) -> str:
    local = (fate.at.astimezone(STOCKHOLM)) if fate.at else None
    moment = f"{local:%Y-%m-%d %H:%M}" if local else ""
    return words.say(
        f"fate/{fate.how}", at=moment, service=service(fate.connector, settings, words)
    ).strip()


def _todo(about: About, settings: Settings, words: Words) -> tuple[str, ...]:
    match about.variant:
        case Variant.REDIRECTED:
            lines = [*_instructions(about, settings, words), words.say("todo/nothing")]
        case Variant.NEEDS_MOBILE:
            kept = words.say("todo/kept", held_days=settings.store.held_days)
            return (words.say("todo/mobile"), kept)
        case Variant.HANDOFF_FAILED:
            lines = [words.say("todo/reviewed")]
        case Variant.RELEASE_FAILED:
            lines = [words.say("todo/other-address"), words.say("todo/reviewed")]
        case Variant.DONE:
            return ()
        case Variant.DIGEST:
            return (words.say("todo/digest"),)
        case _:
            lines = [*_ways_out(about, settings, words)]
    if settings.organisation.guideline_url:
        lines.append(words.say("todo/guideline", url=settings.organisation.guideline_url))
    return tuple(lines)


def _ways_out(about: About, settings: Settings, words: Words) -> list[str]:
    waiting = about.variant in _WAITING
    asked = any(verdict.action is Action.ASK for verdict in about.dossier.verdicts)
    page = "todo/page-ask" if asked else "todo/page"
    lines = [words.say(page)] if waiting and about.link else []
    if about.dossier.findings:
        lines.append(words.say("todo/needed"))
        name = settings.secure_service
        title = service(name, settings, words)
        lines.append(words.say("todo/secure" if name else "todo/secure-any", service=title))
    lines += about.sdk.advice(about.dossier, words)
    lines += [*advice(about.dossier, settings, words), *_instructions(about, settings, words)]
    lines += open_advice(about.dossier.not_examined, words)
    if waiting:
        contact = settings.organisation.contact or words.say("contact/someone")
        if not is_protected(about.dossier) and not about.link:
            lines.append(words.say("todo/mistake", contact=contact, id=about.case))
        lines.append(words.say("todo/kept", held_days=settings.store.held_days))
    return lines


def _instructions(about: About, settings: Settings, words: Words) -> list[str]:
    """What the services ask of her by which this mail goes."""
    verdicts = about.dossier.verdicts
    names = [one.connector for one in verdicts if one.action is Action.REDIRECT]
    lines = []
    for name in dict.fromkeys(names):
        connector = settings.connectors.get(name)
        if connector is not None:
            swedish = words.language == "sv"
            lines.append(connector.instructions_sv if swedish else connector.instructions_en)
    return [line for line in lines if line]


def _urgent(about: About, settings: Settings, words: Words) -> str:
    """The last line: whom to telephone."""
    contact = settings.organisation.contact
    if not contact:
        return words.say("urgent/unknown", id=about.case)
    return words.say("urgent/known", contact=contact, id=about.case)
