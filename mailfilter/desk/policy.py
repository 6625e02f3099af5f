"""What a sender may do with her own held mail. Pure.

Everything is offered unless the operator has named an exception by kind (``front.not_offered``).
Sending as it is is offered only by a policy (``[[override]]``) that names her, every kind that was
found, and a level not below the highest finding; what was not examined is never sent that way.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from fnmatch import fnmatchcase

from detectors import Role
from detectors.levels import Level
from mailfilter.config import Settings
from mailfilter.config.front import Override
from mailfilter.model import Action
from mailfilter.record.contract import Dossier, Item

DECIDE = "not-health"  # she decides alone that it may go
ACTS = ("secure", DECIDE, "quote", "review", "false-alarm", "withdraw")
_ORDER = (Level.LOW, Level.MEDIUM, Level.HIGH)


def offered(
    dossier: Dossier, settings: Settings, *, protected: bool, asked: bool = False
) -> tuple[str, ...]:
    """The acts, in the order of the page. `asked`: by a rule the choice is hers (`is_asked`)."""
    refused: set[str] = {
        act
        for kind in kinds(dossier)
        for pattern, acts in settings.front.not_offered.items()
        if fnmatchcase(kind, pattern)
        for act in acts
    }
    if protected:  # nobody else may know of it (V5)
        refused |= {"review", "false-alarm"}
    asked = asked and settings.front.sender_decides and not protected
    refused.add("false-alarm" if asked else DECIDE)  # the same said, with or without a reviewer
    if not settings.connectors:
        refused.add("secure")
    if not only_quoted(dossier):
        refused.add("quote")
    return tuple(act for act in ACTS if act not in refused)


def is_asked(item: Item) -> bool:
    """The rules leave this item to its sender."""
    return item.action is Action.ASK


def kinds(dossier: Dossier) -> tuple[str, ...]:
    """Kinds of findings and classes of what was not examined."""
    found = (finding.kind for finding in dossier.findings)
    return tuple(dict.fromkeys([*found, *(part.cls.value for part in dossier.not_examined)]))


def only_quoted(dossier: Dossier) -> bool:
    """Every finding stands in the quoted history, and all was read."""
    quoted = all(finding.place.role is Role.QUOTE for finding in dossier.findings)
    return bool(dossier.findings) and quoted and not dossier.not_examined


def overrides(
    dossier: Dossier, items: Iterable[Item], settings: Settings, today: date
) -> list[Override]:
    """The policies under which this mail may go as it is."""
    waiting = list(items)
    if any(item.protected for item in waiting):
        return []  # its use would be a row that points to the mail (V5)
    return [one for one in settings.override if _fits(one, dossier, waiting, today)]


def _fits(one: Override, dossier: Dossier, items: Sequence[Item], today: date) -> bool:
    who = {item.department for item in items} <= set(one.departments) or (
        dossier.sender.lower() in {address.lower() for address in one.senders}
    )
    classes = {dossier.verdicts[n].recipient_class for item in items for n in item.recipients}
    return (
        bool(items)
        and who
        and today <= one.until
        and not dossier.not_examined
        and bool(dossier.findings)
        and all(_allowed(one, finding.kind, finding.level) for finding in dossier.findings)
        and (not one.recipient_classes or classes <= set(one.recipient_classes))
    )


def _allowed(one: Override, kind: str, level: Level) -> bool:
    low = _ORDER.index(level) <= _ORDER.index(one.level)
    return low and any(fnmatchcase(kind, pattern) for pattern in one.kinds)
