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
from zoneinfo import ZoneInfo

from detectors import Role
from mailfilter import unread
from mailfilter.act.notice_words import Block, Section, Stamp, Words, in_order, letter
from mailfilter.config import Settings
from mailfilter.connectors.contract import carries_number
from mailfilter.decide import reasons
from mailfilter.decide.addresses import patterns, split
from mailfilter.decide.reasons import Reason
from mailfilter.decide.unfinished import waits
from mailfilter.model import Action, Class, Finding, Level, NotExamined
from mailfilter.place import Place, Step, StepKind, describe_all
from mailfilter.record.contract import Dossier

STOCKHOLM = ZoneInfo("Europe/Stockholm")
STARS = {"no.fodselsnummer": "****** *****"}
STARRED = "******-****"
_IDENTITY = ("se.", "fi.", "no.", "dk.", "is.", "register:")
_FORM = re.compile(r"[a-z]{1,5}[0-9]?")
_CODE = re.compile(r"\d{3}(?: \d\.\d{1,3}\.\d{1,3})?")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,120}@[A-Za-z0-9.-]{1,120}>")
MOST_PLACES, MOST_RECIPIENTS, MOST_PARTS = 6, 20, 6
_OPENABLE = frozenset({Class.ENCRYPTED, Class.BROKEN, Class.OVER_LIMIT, Class.UNREAD})


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


def first_variant(dossier: Dossier) -> Variant:
    """Held if anybody's copy is held, else handed over; a copy that is still read is neither."""
    held = any(v.action is Action.QUARANTINE and not waits(v) for v in dossier.verdicts)
    return Variant.HELD if held else Variant.REDIRECTED


def addressee(dossier: Dossier, settings: Settings) -> str | None:
    """Who is told; None where nobody may be."""
    sender = dossier.sender
    owners = {name.lower(): owner for name, owner in settings.notice.system_senders.items()}
    if not sender or not settings.notice.enabled:
        return None
    if owner := owners.get(sender.lower()):
        return owner
    if dossier.automatic:
        return None
    ours = settings.organisation.domains
    if ours and patterns(ours, "ours").find(split(sender)) is None:
        return None
    return sender


def build(about: About, settings: Settings, stamp: Stamp) -> EmailMessage:
    """The notice; `stamp` names the addressee."""
    first = "sv" if about.dossier.language == "sv" else "en"
    blocks = [_block(about, settings, stamp, words) for words in in_order(first)]
    return letter(blocks, stamp)


def answered(dossier: Dossier) -> str:
    """The Message-ID that the notice may name, so that it stands beside the mail; or ""."""
    plain = _MESSAGE_ID.fullmatch(dossier.message_id.strip())
    return plain[0] if plain and not carries_number(plain[0]) else ""


def _block(about: About, settings: Settings, stamp: Stamp, words: Words) -> Block:
    organisation = settings.organisation.name
    return Block(
        language=words.language,
        language_name=words.say("language"),
        title=words.say(f"subject/{about.variant}", id=about.case),
        hello=words.say("hello"),
        paragraphs=_paragraphs(about, settings, stamp, words),
        sections=tuple(
            section
            for section in (
                Section(words.say("heading/found"), _found(about.dossier, words)),
                Section(words.say("heading/unread"), _unread(about.dossier, words)),
                Section(words.say("heading/opened"), _opened(about.dossier, words)),
                Section(words.say("heading/recipients"), _recipients(about, settings, words)),
                Section(words.say("heading/todo"), _todo(about, settings, words)),
                Section(words.say("heading/contact"), _contact(about, settings, words)),
            )
            if section.lines
        ),
        footer=words.say("footer", organisation=organisation, id=about.case),
        link=about.link,
    )


def _paragraphs(about: About, settings: Settings, stamp: Stamp, words: Words) -> tuple[str, ...]:
    local = about.at.astimezone(STOCKHOLM)
    said = [
        words.say(
            f"lead/{_lead(about)}",
            service=_service(about.connector, settings, words),
            days=about.days or settings.store.held_days,
            code=_code(about.receipt),
        ),
        words.say("sent_at", date=f"{local:%Y-%m-%d}", time=f"{local:%H:%M}"),
    ]
    if about.dossier.sender not in stamp.recipients:
        sender = _shown(about.dossier.sender, 0, words)
        said.append(words.say("sent_by", sender=sender))
    if _lead(about) == "held-rule" and (why := _why_held(about, words)):
        said.append(why)
    codes = {code for verdict in about.dossier.verdicts for code in verdict.reasons}
    if about.variant is Variant.HELD and Reason.MASS_MAIL in codes:
        said.append(words.say("lead/mass-mail"))
    if _protected(about.dossier) and about.variant in _WAITING:
        said.append(words.say("lead/protected"))
    return tuple(said)


def _lead(about: About) -> str:
    if about.variant is not Variant.HELD or about.dossier.findings:
        return about.variant.value
    return "held-unread" if any(map(_worth_telling, about.dossier.not_examined)) else "held-rule"


def _why_held(about: About, words: Words) -> str:
    """Why a rule held a mail in which nothing was found and all was read."""
    held = (v for v in about.dossier.verdicts if v.action is Action.QUARANTINE)
    codes = dict.fromkeys(code for verdict in held for code in verdict.reasons)
    return " ".join(reasons.say(code, words.language) for code in codes if code in _RULE)


def _worth_telling(part: NotExamined) -> bool:
    return part.cls is not Class.UNSUPPORTED and part.cls is not Class.CLOUD


_RULE = frozenset(
    {Reason.CLOUD, Reason.UNSUPPORTED, Reason.LABEL, Reason.MADE_BY, Reason.OPENED, Reason.SIZE}
    | {Reason.MANY_EXTERNAL, Reason.MANY_INTERNAL}
)


_WAITING = frozenset({Variant.HELD, Variant.NOT_SENT})


def _protected(dossier: Dossier) -> bool:
    return any(verdict.recipient_class == "protected" for verdict in dossier.verdicts)


# ---- what was found ------------------------------------------------------------------------


def _found(dossier: Dossier, words: Words) -> tuple[str, ...]:
    strong = [finding for finding in dossier.findings if finding.level is not Level.LOW]
    groups: dict[tuple[str, str], list[Place]] = {}
    for finding in strong or dossier.findings:
        label = _label(finding, words), _mask(finding, words)
        groups.setdefault(label, []).append(_nameless(finding.place))
    return tuple(
        f"{kind}{f' ({mask})' if mask else ''}: {_somewhere(places, MOST_PLACES, words)}"
        for (kind, mask), places in groups.items()
    )


def _opened(dossier: Dossier, words: Words) -> tuple[str, ...]:
    """What a password of the same mail opened: the attachments, not the files inside them."""
    if not dossier.opened:
        return ()
    outer = [_nameless(_attachment(place)) for place in dossier.opened]
    return (words.say("opened", places=_somewhere(outer, MOST_PARTS, words)),)


def _attachment(place: Place) -> Place:
    steps = place.steps
    at = next((n for n, s in enumerate(steps, 1) if s.kind is StepKind.ATTACHMENT), len(steps))
    return Place(Role.ATTACHMENT, steps[:at])


def _label(finding: Finding, words: Words) -> str:
    return words.say(f"kind/{finding.kind if words.has('kind', finding.kind) else 'other'}")


def _mask(finding: Finding, words: Words) -> str:
    """Stars, or the class of health data; anything else that stands in a mask is left out."""
    if finding.kind.startswith(_IDENTITY):
        return STARS.get(finding.kind, STARRED)
    return words.say(f"mask/{finding.masked}") if words.has("mask", finding.masked) else ""


def _nameless(place: Place) -> Place:
    """Where, without names; an unusual file extension is a name as well."""
    steps = tuple(
        Step(step.kind, step.n, "", step.form if _FORM.fullmatch(step.form) else "")
        for step in place.steps
    )
    return Place(Role(place.role), steps)


def _somewhere(places: list[Place], most: int, words: Words) -> str:
    return _some(describe_all(places, words.language), most, words)


def _some(lines: list[str], most: int, words: Words) -> str:
    shown = lines[:most]
    if len(lines) > most:
        shown.append(words.say("more", n=len(lines) - most))
    return "; ".join(shown)


def _unread(dossier: Dossier, words: Words) -> tuple[str, ...]:
    groups: dict[str, list[Place]] = {}
    for part in dossier.not_examined:
        if _worth_telling(part):
            groups.setdefault(_why(part, words), []).append(_nameless(part.place))
    lines = [f"{_somewhere(places, MOST_PARTS, words)}: {why}" for why, places in groups.items()]
    return tuple(line[:1].upper() + line[1:] for line in lines)


def _why(part: NotExamined, words: Words) -> str:
    if part.reason in unread.REASONS:
        return unread.explain(part.reason, words.language)
    return reasons.say(reasons.of_class(part.cls), words.language)  # of an older or newer version


# ---- what happened, what to do ---------------------------------------------------------------


def _recipients(about: About, settings: Settings, words: Words) -> tuple[str, ...]:
    indexes = about.recipients or tuple(range(len(about.dossier.verdicts)))
    lines = [
        f"{_shown(about.dossier.verdicts[n].recipient, n + 1, words)}: "
        f"{_outcome(about, n, settings, words)}"
        for n in indexes
        if n < len(about.dossier.verdicts)
    ]
    if len(lines) > MOST_RECIPIENTS:
        left = len(lines) - MOST_RECIPIENTS
        lines = [*lines[:MOST_RECIPIENTS], words.say("more", n=left)]
    return tuple(lines)


def _shown(address: str, number: int, words: Words) -> str:
    printable = address.isprintable() and len(address) <= 254
    if printable and not carries_number(address):
        return address
    return words.say("recipient", n=number)


def _outcome(about: About, index: int, settings: Settings, words: Words) -> str:
    verdict = about.dossier.verdicts[index]
    if about.variant is Variant.HANDOFF_FAILED:
        return words.say("outcome/unsure")
    if about.variant not in (Variant.HELD, Variant.REDIRECTED):
        return words.say("outcome/not-sent")
    if waits(verdict):
        return words.say("outcome/reading")
    service = _service(verdict.connector, settings, words)
    return words.say(f"outcome/{verdict.action}", service=service)


def _service(name: str, settings: Settings, words: Words) -> str:
    connector = settings.connectors.get(name)
    return (connector.title or name) if connector else words.say("outcome/secure-service")


def _todo(about: About, settings: Settings, words: Words) -> tuple[str, ...]:
    match about.variant:
        case Variant.REDIRECTED:
            lines = [*_instructions(about, settings, words), words.say("todo/nothing")]
        case Variant.HANDOFF_FAILED:
            lines = [words.say("todo/reviewed")]
        case Variant.RELEASE_FAILED:
            lines = [words.say("todo/other-address"), words.say("todo/reviewed")]
        case _:
            lines = [*_ways_out(about, settings, words)]
    if settings.organisation.guideline_url:
        lines.append(words.say("todo/guideline", url=settings.organisation.guideline_url))
    return tuple(lines)


def _ways_out(about: About, settings: Settings, words: Words) -> list[str]:
    lines = [words.say("todo/needed")] if about.dossier.findings else []
    service = settings.secure_service
    if about.dossier.findings:
        title = _service(service, settings, words)
        lines.append(words.say("todo/secure" if service else "todo/secure-any", service=title))
    lines += _instructions(about, settings, words)
    if {part.cls for part in about.dossier.not_examined} & _OPENABLE:
        lines.append(words.say("todo/open"))
    if about.variant in _WAITING:
        contact = settings.organisation.contact or words.say("contact/someone")
        if not _protected(about.dossier):
            lines.append(words.say("todo/mistake", contact=contact, id=about.case))
        lines.append(words.say("todo/kept", held_days=settings.store.held_days))
    return lines


def _instructions(about: About, settings: Settings, words: Words) -> list[str]:
    """What the services of this mail ask of her; the default service's where it was held."""
    names = [verdict.connector for verdict in about.dossier.verdicts if verdict.connector]
    lines = []
    for name in dict.fromkeys(names or [settings.secure_service]):
        connector = settings.connectors.get(name)
        if connector is not None:
            swedish = words.language == "sv"
            lines.append(connector.instructions_sv if swedish else connector.instructions_en)
    return [line for line in lines if line]


def _contact(about: About, settings: Settings, words: Words) -> tuple[str, ...]:
    if about.variant in _WAITING and not _protected(about.dossier):
        return ()  # said under what to do
    contact = settings.organisation.contact
    key = "contact/known" if contact else "contact/unknown"
    return (words.say(key, contact=contact, id=about.case),)


def _code(receipt: str) -> str:
    """Of a receipt its codes alone."""
    code = _CODE.match(receipt)
    return code[0] if code else "451"
