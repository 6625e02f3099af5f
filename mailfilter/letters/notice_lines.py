"""What may be said of a mail: kinds, masks, places, recipients, in words; never what stands in it.

From → to: a dossier and the words of a language → lines. Notices, the sender's page and the answer
of a check say the same lines.

Invariants (P10): a number is stars, health data its class; a place has no name of a file, sheet or
column; an address that itself holds a number is "recipient 2"; of a reply its codes alone.
"""

import re
from collections.abc import Iterable

from detectors import IDENTITY, Role
from detectors.levels import Level
from mailfilter import not_examined
from mailfilter.config import Settings
from mailfilter.connectors.contract import carries_number
from mailfilter.decide import reasons
from mailfilter.decide.reasons import Reason
from mailfilter.letters.notice_words import Words
from mailfilter.model import Action, Class, Finding, NotExamined
from mailfilter.place import Place, Step, StepKind, describe_all
from mailfilter.record.contract import Dossier

STARS = "******-****"  # of a kind that another version knew, and of lists of the organisation
_FORM = re.compile(r"[a-z]{1,5}[0-9]?")
_CODE = re.compile(r"\d{3}(?: \d\.\d{1,3}\.\d{1,3})?")
MOST_PLACES, MOST_PARTS = 6, 6
_CURES = {  # class of what was not examined → a key of the table ``todo``
    Class.ENCRYPTED: "open",
    Class.BROKEN: "damaged",
    Class.OVER_LIMIT: "smaller",
    Class.UNREAD: "format",
}
_RULE = frozenset(
    {Reason.CLOUD, Reason.UNSUPPORTED, Reason.LABEL, Reason.MADE_BY, Reason.OPENED, Reason.SIZE}
    | {Reason.MANY_EXTERNAL, Reason.MANY_INTERNAL}
)


def why_held(dossier: Dossier, words: Words) -> str:
    """Why a rule held a mail in which nothing was found and all was read."""
    held = (v for v in dossier.verdicts if v.action is Action.QUARANTINE)
    codes = dict.fromkeys(code for verdict in held for code in verdict.reasons)
    return " ".join(_reason(code, words) for code in codes if code in _RULE)


def _reason(code: str, words: Words) -> str:
    known = words.has("reason", code)
    return words.say(f"reason/{code}") if known else reasons.say(code, words.language)


def lead(dossier: Dossier) -> str:
    """Why it is held, as a key: for what was found, for what was not read, or for a rule."""
    if dossier.findings:
        return "held"
    return "held-unread" if any(map(worth_telling, dossier.not_examined)) else "held-rule"


def worth_telling(part: NotExamined) -> bool:
    """Whether a part that was not read is the sender's concern."""
    return part.cls is not Class.UNSUPPORTED and part.cls is not Class.CLOUD


def is_protected(dossier: Dossier) -> bool:
    """Whether a recipient of the protected class is among them."""
    return any(verdict.recipient_class == "protected" for verdict in dossier.verdicts)


def found(dossier: Dossier, words: Words) -> tuple[str, ...]:
    """What was found and where; what is doubtful only where there is nothing else."""
    strong = [finding for finding in dossier.findings if finding.level is not Level.LOW]
    groups: dict[tuple[str, str], list[Place]] = {}
    for finding in strong or dossier.findings:
        label = _label(finding, words), _mask(finding, words)
        groups.setdefault(label, []).append(_nameless(finding.place))
    return tuple(
        f"{kind}{f' ({mask})' if mask else ''}: {_somewhere(places, MOST_PLACES, words)}"
        for (kind, mask), places in groups.items()
    )


def opened(dossier: Dossier, words: Words) -> tuple[str, ...]:
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
    if finding.kind in IDENTITY:
        return IDENTITY[finding.kind]
    if finding.kind.startswith("register:"):
        return STARS
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


def not_read(dossier: Dossier, words: Words, *, everything: bool = False) -> tuple[str, ...]:
    """What was not read, and why; a check tells `everything`."""
    groups: dict[str, list[Place]] = {}
    for part in dossier.not_examined:
        if everything or worth_telling(part):
            groups.setdefault(_why(part, words), []).append(_nameless(part.place))
    lines = [f"{_somewhere(places, MOST_PARTS, words)}: {why}" for why, places in groups.items()]
    return tuple(line[:1].upper() + line[1:] for line in lines)


def open_advice(parts: Iterable[NotExamined], words: Words) -> tuple[str, ...]:
    """What would let us read what was not read, a sentence for each cause; of a password only
    where there is one."""
    causes = dict.fromkeys(_CURES[part.cls] for part in parts if part.cls in _CURES)
    return tuple(words.say(f"todo/{cause}") for cause in causes)


def _why(part: NotExamined, words: Words) -> str:
    if words.has("class", part.cls.value):
        return words.say(f"class/{part.cls.value}")
    if part.reason in not_examined.REASONS:
        return not_examined.explain(part.reason, words.language)
    return reasons.say(reasons.of_class(part.cls), words.language)  # of an older or newer version


def shown(address: str, number: int, words: Words) -> str:
    """An address as she may read it: one that holds a number, or no address, is a number."""
    printable = address.isprintable() and len(address) <= 254
    if printable and not carries_number(address):
        return address
    return words.say("recipient", n=number)


def service(name: str, settings: Settings, words: Words) -> str:
    """A service as people know it."""
    connector = settings.connectors.get(name)
    return (connector.title or name) if connector else words.say("outcome/secure-service")


def advice(dossier: Dossier, settings: Settings, words: Words) -> tuple[str, ...]:
    """What the organisation says of the ways to the classes of these recipients."""
    classes = dict.fromkeys(verdict.recipient_class for verdict in dossier.verdicts)
    ways = [settings.ways[cls] for cls in classes if cls in settings.ways]
    return tuple(
        dict.fromkeys(said for way in ways if (said := way.advice.get(words.language, "")))
    )


def code_of(receipt: str) -> str:
    """Of a receipt its codes alone."""
    code = _CODE.match(receipt)
    return code[0] if code else "451"
