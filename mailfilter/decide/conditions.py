"""What the conditions of a rule mean. Pure functions over one message and one recipient.

The set of findings. `kinds`, `not_kinds`, `level`, `below` and `places` choose findings; the rule
needs at least one, and `persons` distinct persons among exactly those. So "ten persons, high"
means ten persons with high findings, not one high finding beside nine doubtful ones. `also_kinds`
asks for a second finding, medium or higher, in the same places.

Not examined. `not_examined` needs one part of such a class (in `places`, if named). A rule that
relays speaks only for what it names: if a part of a class that is held by default (`HELD`) was
not examined, a relay rule fits only where it names each such class (P4).

`alone` is what a sender may decide by herself: of all findings of medium or higher health is the
only kind, nothing of a class that is held by default was left unexamined, and she has a page to
decide on (``pages.py``). A mail that also goes to a protected address is never such: her tap must
be an audited release, and of protected mail nothing is written down (V5).

Links to file-sharing services count as low, whatever the detector's confidence, until a rule
names `cloud-link` itself (a star does not name it); for that rule they count as high.

`automatic` is an auto-reply or bounce as the standards make them: empty return path, one
recipient, and marked by Auto-Submitted, Precedence or multipart/report (RFC 3834, RFC 3464). A
case system that marks its letters so but sends them under an address is not automatic here; its
findings are held like anybody's, and the notice goes to its owner (``notice.system_senders``).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from detectors import Role
from detectors.levels import Level
from mailfilter.config import Rule
from mailfilter.labels import folded
from mailfilter.model import Class, Envelope, Examination, Facts, Finding
from mailfilter.place import Place, StepKind

HELD = frozenset(
    {
        Class.ENCRYPTED,
        Class.BROKEN,
        Class.AMBIGUOUS,
        Class.OVER_LIMIT,
        Class.CRASHED,
        Class.UNREAD,
    }
)
CLOUD_LINK = "cloud-link"
HEALTH = "health"
_RANK = {Level.LOW: 1, Level.MEDIUM: 2, Level.HIGH: 3}
_INSIDE = frozenset({StepKind.ATTACHMENT, StepKind.MEMBER, StepKind.MAIL})


@dataclass(frozen=True, slots=True)
class Recipient:
    """What rules see of one recipient. `internal` is by domain, also for a protected address."""

    cls: str
    internal: bool
    visible: bool


@dataclass(frozen=True, slots=True)
class Case:
    """What rules see of the message as a whole."""

    examination: Examination
    department: str
    size: int
    automatic: bool
    internal: int  # recipients in the envelope
    external: int
    visible_external: int  # addresses in To and Cc
    held: frozenset[Class]  # not-examined classes present that are held by default
    page: bool = False  # its sender has a page on which she may decide


def is_automatic(envelope: Envelope, facts: Facts) -> bool:
    """An auto-reply or bounce; see the module's docstring."""
    marked = facts.automatic or facts.report
    return marked and not envelope.mail.address and len(envelope.rcpts) == 1


def names(patterns: Iterable[str], word: str) -> bool:
    """One of `patterns` fits; a pattern is a word, or its beginning and a star."""
    return any(
        word == pattern or (pattern.endswith("*") and word.startswith(pattern[:-1]))
        for pattern in patterns
    )


def chosen(rule: Rule, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that the rule's conditions choose."""
    return tuple(finding for finding in findings if _chooses(rule, finding))


def _chooses(rule: Rule, finding: Finding) -> bool:
    if rule.kinds and not names(rule.kinds, finding.kind):
        return False
    if rule.not_kinds and names(rule.not_kinds, finding.kind):
        return False
    rank = _RANK[level_for(rule, finding)]
    if rule.level is not None and rank < _RANK[rule.level]:
        return False
    if rule.below is not None and rank >= _RANK[rule.below]:
        return False
    return _in_places(rule, finding.place)


def level_for(rule: Rule, finding: Finding) -> Level:
    """The finding's level as this rule sees it."""
    if finding.kind == CLOUD_LINK:
        return Level.HIGH if CLOUD_LINK in rule.kinds else Level.LOW
    return finding.level


def _in_places(rule: Rule, place: Place) -> bool:
    if not rule.places or place.role.value in rule.places:
        return True
    inside = any(step.kind in _INSIDE for step in place.steps)
    return inside and Role.ATTACHMENT.value in rule.places


def about_findings(rule: Rule) -> bool:
    """The rule has a condition on findings (`places` alone is one, unless it is about parts)."""
    named = rule.kinds or rule.not_kinds or rule.also_kinds or rule.persons or rule.alone
    levels = rule.level is not None or rule.below is not None
    return bool(named or levels or (rule.places and not rule.not_examined))


def unread_classes(rule: Rule, case: Case) -> frozenset[Class]:
    """The not-examined classes of the rule that the message has."""
    return frozenset(
        part.cls
        for part in case.examination.not_examined
        if part.cls in rule.not_examined and _in_places(rule, part.place)
    )


def holds(rule: Rule, case: Case) -> bool:
    """All conditions on the message as a whole hold; `relays` is asked for apart."""
    return (
        _cheap(rule, case)
        and (not rule.not_examined or bool(unread_classes(rule, case)))
        and (not rule.alone or _is_alone(rule, case))
        and (not about_findings(rule) or _findings_hold(rule, case.examination.findings))
    )


def _is_alone(rule: Rule, case: Case) -> bool:
    strong = {
        finding.kind
        for finding in case.examination.findings
        if level_for(rule, finding) is not Level.LOW
    }
    return case.page and not case.held and strong == {HEALTH}


def may_relay(rule: Rule, case: Case) -> bool:
    """A relay rule may speak: nothing that is held by default was left unnamed (P4)."""
    return case.held <= frozenset(rule.not_examined)


def _cheap(rule: Rule, case: Case) -> bool:
    facts = case.examination.facts
    return (
        (rule.automatic is None or rule.automatic == case.automatic)
        and case.size >= rule.size
        and case.external >= rule.external_recipients
        and case.internal >= rule.internal_recipients
        and case.visible_external >= rule.visible_external
        and (not rule.departments or case.department in rule.departments)
        and (not rule.labels or _any_fits(rule.labels, facts.labels))
        and (not rule.made_by or _any_fits(rule.made_by, facts.made_by))
        and (not rule.opened_by_password or bool(case.examination.opened))
    )


def _any_fits(patterns: Iterable[str], facts: tuple[str, ...]) -> bool:
    return any(fits_pattern(folded(pattern), fact) for pattern in patterns for fact in facts)


def fits_pattern(pattern: str, fact: str) -> bool:
    """``*`` stands for any characters, or none; both are `folded`. Linear for each star."""
    first, *rest = pattern.split("*")
    if not rest:
        return fact == pattern
    *middle, last = rest
    if not fact.startswith(first):
        return False
    at = len(first)
    for piece in middle:
        if (found := fact.find(piece, at)) < 0:
            return False
        at = found + len(piece)
    return len(fact) - len(last) >= at and fact.endswith(last)


def _findings_hold(rule: Rule, findings: tuple[Finding, ...]) -> bool:
    if not findings:
        return False
    found = chosen(rule, findings)
    if not found or (rule.persons and persons(found) < rule.persons):
        return False
    return not rule.also_kinds or any(_also(rule, finding) for finding in findings)


def _also(rule: Rule, finding: Finding) -> bool:
    strong = finding.level is not Level.LOW
    return strong and names(rule.also_kinds, finding.kind) and _in_places(rule, finding.place)


def persons(findings: Iterable[Finding]) -> int:
    """Distinct persons among these findings."""
    return len({finding.person for finding in findings if finding.person})


def fits(rule: Rule, recipient: Recipient) -> bool:
    """All conditions on the recipient hold."""
    if rule.visible is not None and rule.visible != recipient.visible:
        return False
    if not rule.recipient_classes:
        return True
    side = "internal" if recipient.internal else "external"
    return recipient.cls in rule.recipient_classes or side in rule.recipient_classes
