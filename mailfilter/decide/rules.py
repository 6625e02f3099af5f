"""Rules: read top to bottom for each recipient (V4).

From → to: `Rules.decide(examination, envelope, size, today)` → `Decision`. A matching rule in mode
observe is noted as "would have" and reading goes on; the first matching rule in mode enforce
decides. `loading.compile_rules` appends two rules that no file can leave out: what is held by
default if not examined (P4), and relay for all the rest. So there is always a decision.

Invariants: pure, total, the same for the same input; an observe rule never changes an action;
work is linear in findings × rules + recipients × rules (conditions on the message are looked at
once, recipients of one class share their verdict).

Until ``staff_informed`` the observations of a verdict carry the reason `staff-not-informed`: they
may be counted by department, and `storable` takes them out of what is stored beside a sender.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache, partial

from detectors.levels import Level
from mailfilter.config import Rule
from mailfilter.decide.addresses import Patterns, split
from mailfilter.decide.conditions import (
    HELD,
    Case,
    Recipient,
    about_findings,
    chosen,
    fits,
    holds,
    is_automatic,
    level_for,
    may_relay,
    unread_classes,
)
from mailfilter.decide.departments import Departments
from mailfilter.decide.pages import NO_PAGES, Pages
from mailfilter.decide.reasons import Reason, of_class
from mailfilter.decide.unfinished import is_unfinished, marked, so_far
from mailfilter.model import Action, Decision, Envelope, Examination, Facts, Mode, Verdict

INTERNAL, CITIZEN, PROTECTED = "internal", "citizen", "protected"
US_HOSTED = "us-hosted"
KNOWN = 4096  # addresses whose class is remembered
SHORT = 400  # characters of all visible addresses, up to which a mail's decision is remembered
MASS_MAIL = 21  # visible external recipients, where no rule says how many
_LEVELS = {  # worst first
    Level.HIGH: Reason.FINDING_HIGH,
    Level.MEDIUM: Reason.FINDING_MEDIUM,
    Level.LOW: Reason.FINDING_LOW,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule and what it comes to: a redirect without a connector goes the recipient's `Ways`."""

    rule: Rule
    action: Action
    connector: str = ""


@dataclass(frozen=True, slots=True)
class Ways:
    """Recipient class → connector, and the service of all others; "" where there is none."""

    service: str = ""
    of_class: Mapping[str, str] = field(default_factory=dict)

    def of(self, cls: str) -> str:
        """The connector for recipients of a class; "" means that their mail is held."""
        return self.of_class.get(cls) or self.service


@dataclass(frozen=True, slots=True)
class Classes:
    """Recipient classes: protected first, then our own domains, then the named ones in order."""

    ours: Patterns = field(default_factory=Patterns)
    named: tuple[tuple[str, Patterns], ...] = ()
    _known: Callable[[str, bool, bool], Recipient] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """People write to the same addresses again and again."""
        object.__setattr__(self, "_known", lru_cache(KNOWN)(self._of))

    def of(
        self, address: str, visible: frozenset[str], american: frozenset[str] = frozenset()
    ) -> Recipient:
        """The class of a recipient; whom no class names is a citizen, or of the domains that
        `american` services receive for."""
        over_there = bool(american) and split(address).domain in american
        return self._known(address, address.lower() in visible, over_there)

    def _of(self, address: str, visible: bool, american: bool) -> Recipient:
        at = split(address)
        internal = not at.routed and self.ours.find(at) is not None
        cls = INTERNAL if internal else US_HOSTED if american else CITIZEN
        for name, patterns in self.named:
            if (not internal or name == PROTECTED) and patterns.find(at) is not None:
                cls = name
                break
        return Recipient(cls, internal, visible)


@dataclass(frozen=True, slots=True)
class Rules:
    """Compiled rules. `hash` is SHA-256 (hex) over rules, classes and departments (V9)."""

    entries: tuple[Entry, ...]
    classes: Classes
    departments: Departments
    hash: str
    informed: date | None = None
    mass_at: int = MASS_MAIL
    ways: Ways = Ways()
    pages: Pages = NO_PAGES
    _for: dict[tuple[bool, bool], tuple[Entry, ...]] = field(init=False, compare=False, repr=False)
    _plain: Callable[[str, Recipient], Verdict] | None = field(
        init=False, compare=False, repr=False, default=None
    )  # the verdict on a mail without findings and with nothing unread, if it needs no condition
    _clean: Callable[[str, tuple[str, ...], str, str], Decision] = field(
        init=False, compare=False, repr=False
    )  # the decision on such a mail to one recipient

    def __post_init__(self) -> None:
        """Most rules ask for a finding or for something unread; a mail without skips them."""
        chosen = {
            (found, unread): tuple(
                entry
                for entry in self.entries
                if (found or not about_findings(entry.rule))
                and (unread or not entry.rule.not_examined)
            )
            for found in (False, True)
            for unread in (False, True)
        }
        object.__setattr__(self, "_for", chosen)
        first = next(iter(chosen[False, False]), None)
        if first is not None and _is_for_all(first.rule):
            plain = partial(_without_conditions, first, self.ways)
            object.__setattr__(self, "_plain", lru_cache(KNOWN)(plain))
        object.__setattr__(self, "_clean", lru_cache(KNOWN)(self._alone))

    def domains(self, envelope: Envelope) -> frozenset[str]:
        """The domains of recipients that no class names: those whose mail servers matter."""
        nobody: frozenset[str] = frozenset()
        addresses = [path.text for path in envelope.rcpts]
        return frozenset(
            split(address).domain
            for address in addresses
            if self.classes.of(address, nobody).cls == CITIZEN
        )

    def decide(
        self,
        examination: Examination,
        envelope: Envelope,
        size: int,
        today: date,
        *,
        reading_on: bool = False,
        american: frozenset[str] = frozenset(),
    ) -> Decision:
        """One verdict for each recipient, in the envelope's order.

        `american`: domains that make their recipients us-hosted.
        `reading_on`: what was not read for want of time can be; the verdicts that it alone holds
        back are marked (``unfinished.py``).
        """
        nothing = not (examination.findings or examination.not_examined)
        if nothing and self._plain is not None and len(envelope.rcpts) == 1 and not american:
            seen = examination.facts.visible
            if sum(map(len, seen)) <= SHORT:  # people write to the same addresses again and again
                sender = self.departments.of(envelope, examination.facts)
                return self._clean(envelope.rcpts[0].text, seen, *sender)
        decision = self._decided(examination, envelope, size, today, american)
        if not (reading_on and is_unfinished(examination)):
            return decision
        otherwise = self._decided(so_far(examination), envelope, size, today, american)
        return replace(decision, verdicts=marked(decision.verdicts, otherwise.verdicts))

    def _alone(
        self, address: str, seen: tuple[str, ...], department: str, controller: str
    ) -> Decision:
        """On a mail to one recipient in which nothing was found and all was read, where that needs
        no condition (`_plain`): nothing else of it matters."""
        assert self._plain is not None
        visible = frozenset(map(str.lower, seen))
        recipient = self.classes.of(address, visible)
        return Decision(
            verdicts=(self._plain(address, recipient),),
            rules_hash=self.hash,
            department=department,
            controller=controller,
            protected=recipient.cls == PROTECTED,
            mass=self._external(visible) >= self.mass_at,
        )

    def _decided(
        self,
        examination: Examination,
        envelope: Envelope,
        size: int,
        today: date,
        american: frozenset[str],
    ) -> Decision:
        facts = examination.facts
        visible = frozenset(map(str.lower, facts.visible))
        recipients = [self.classes.of(path.text, visible, american) for path in envelope.rcpts]
        department, controller = self.departments.of(envelope, facts)
        internal = [recipient.internal for recipient in recipients].count(True)
        protected = PROTECTED in [recipient.cls for recipient in recipients]
        case = Case(
            examination=examination,
            department=department,
            size=size,
            automatic=is_automatic(envelope, facts),
            internal=internal,
            external=len(recipients) - internal,
            visible_external=self._external(visible),
            held=frozenset(part.cls for part in examination.not_examined) & HELD,
            page=not protected and self.pages.has(envelope, facts),
        )
        verdicts = self._verdicts(case, envelope, recipients, uninformed=self._uninformed(today))
        return Decision(
            verdicts=verdicts,
            rules_hash=self.hash,
            department=department,
            controller=controller,
            protected=protected,
            mass=case.visible_external >= self.mass_at,
        )

    def _external(self, visible: frozenset[str]) -> int:
        return [self.classes.of(address, visible).internal for address in visible].count(False)

    def _uninformed(self, today: date) -> bool:
        return self.informed is None or today < self.informed

    def _verdicts(
        self,
        case: Case,
        envelope: Envelope,
        recipients: Sequence[Recipient],
        *,
        uninformed: bool,
    ) -> tuple[Verdict, ...]:
        seen = case.examination
        if self._plain is not None and not seen.findings and not seen.not_examined:
            return tuple(map(self._plain, [path.text for path in envelope.rcpts], recipients))
        entries = self._for[bool(seen.findings), bool(seen.not_examined)]
        matching = [entry for entry in entries if _matches(entry, case)]
        known: dict[Recipient, Verdict] = {}
        verdicts = []
        for path, recipient in zip(envelope.rcpts, recipients, strict=True):
            verdict = known.get(recipient)
            if verdict is None:
                verdict = _read(matching, case, recipient, self.ways, uninformed=uninformed)
                known[recipient] = verdict
            verdicts.append(replace(verdict, recipient=path.text))
        return tuple(verdicts)


def _is_for_all(rule: Rule) -> bool:
    """The rule decides on every mail and every recipient: nothing but name and action is set."""
    set_ = rule.model_dump(exclude_defaults=True).keys()
    return rule.mode is Mode.ENFORCE and set_ <= {"name", "mode", "action", "connector"}


def _without_conditions(entry: Entry, ways: Ways, address: str, recipient: Recipient) -> Verdict:
    nothing = Case(Examination(Facts()), "", 0, False, 0, 0, 0, frozenset())
    return replace(_read((entry,), nothing, recipient, ways, uninformed=False), recipient=address)


def _matches(entry: Entry, case: Case) -> bool:
    if entry.action is Action.RELAY and not may_relay(entry.rule, case):
        return False
    return holds(entry.rule, case)


def _read(
    matching: Sequence[Entry], case: Case, recipient: Recipient, ways: Ways, *, uninformed: bool
) -> Verdict:
    observed: list[tuple[str, Action]] = []
    for entry in matching:
        if not fits(entry.rule, recipient):
            continue
        if entry.rule.mode is Mode.ENFORCE:
            break
        observed.append((entry.rule.name, _way(entry, recipient, ways)[0]))
    action, connector = _way(entry, recipient, ways)
    reasons = _reasons(entry, action, case, recipient)
    if observed:
        reasons += [Reason.OBSERVED, Reason.UNINFORMED] if uninformed else [Reason.OBSERVED]
    return Verdict(
        recipient="",
        action=action,
        rule=entry.rule.name,
        reasons=tuple(reason.value for reason in reasons),
        connector=connector,
        recipient_class=recipient.cls,
        observed=tuple(observed),
    )


def _way(entry: Entry, recipient: Recipient, ways: Ways) -> tuple[Action, str]:
    """What the entry comes to for a recipient: a redirect for whom there is no service holds."""
    if entry.action is not Action.REDIRECT:
        return entry.action, ""
    connector = entry.connector or ways.of(recipient.cls)
    return (Action.REDIRECT, connector) if connector else (Action.QUARANTINE, "")


def _reasons(entry: Entry, action: Action, case: Case, recipient: Recipient) -> list[Reason]:
    """Which conditions of the rule held, as codes."""
    rule = entry.rule
    reasons = _found(rule, case) + sorted(of_class(cls) for cls in unread_classes(rule, case))
    tests = {
        Reason.MASS_MAIL: rule.visible_external,
        Reason.MANY_EXTERNAL: rule.external_recipients,
        Reason.MANY_INTERNAL: rule.internal_recipients,
        Reason.AUTOMATIC: rule.automatic is True,
        Reason.NOT_AUTOMATIC: rule.automatic is False,
        Reason.PROTECTED: bool(rule.recipient_classes) and recipient.cls == PROTECTED,
        Reason.RECIPIENT_CLASS: bool(rule.recipient_classes) and recipient.cls != PROTECTED,
        Reason.DEPARTMENT: rule.departments,
        Reason.VISIBLE: rule.visible is True,
        Reason.HIDDEN: rule.visible is False,
        Reason.LABEL: rule.labels,
        Reason.MADE_BY: rule.made_by,
        Reason.OPENED: rule.opened_by_password,
        Reason.SIZE: rule.size,
        Reason.ALONE: rule.alone,
        Reason.NO_SERVICE: action is not entry.action,
    }
    reasons += [reason for reason, held in tests.items() if held]
    return reasons or [Reason.NOTHING_FOUND if entry.action is Action.RELAY else Reason.ALWAYS]


def _found(rule: Rule, case: Case) -> list[Reason]:
    if not about_findings(rule):
        return []
    found = chosen(rule, case.examination.findings)
    levels = {level_for(rule, finding) for finding in found}
    reasons = [next(reason for level, reason in _LEVELS.items() if level in levels)]
    if rule.persons:
        reasons.append(Reason.PERSONS)
    if rule.also_kinds:
        reasons.append(Reason.TOGETHER)
    return reasons


def storable(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts as they may be stored beside a sender (V6)."""
    return tuple(
        replace(verdict, observed=()) if Reason.UNINFORMED in verdict.reasons else verdict
        for verdict in verdicts
    )
