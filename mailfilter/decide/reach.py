"""Which rules no mail can reach, and whether any rule stops anything.

From → to: compiled `Rules` → `Remark`s on rules of the operator's own. Advice for ``check-config``;
nothing here decides on mail.

A rule shadows one below it where every mail that fits the lower one fits the upper one too, for
the same recipient: each condition of the upper one is weaker, or not there. That is looked at for
pairs, so two rules that together leave nothing for a third are not seen. A rule that relays leaves
what holds something unread to the rules below (P4, ``conditions.may_relay``): it shadows a lower
one for mail that was read as a whole, and the remark says so.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from detectors.levels import Level
from mailfilter.config import Rule
from mailfilter.decide.conditions import CLOUD_LINK, HELD, about_findings, names
from mailfilter.decide.loading import EXTERNAL, LAST
from mailfilter.decide.rules import INTERNAL, PROTECTED, Rules
from mailfilter.labels import folded
from mailfilter.model import Action, Mode

_RANK = {level: number for number, level in enumerate(Level)}
_NUMBERS = ("persons", "external_recipients", "internal_recipients", "visible_external", "size")
_WORDS = ("labels", "made_by", "departments")


@dataclass(frozen=True, slots=True)
class Remark:
    """What is odd about a rule; `rule` is "" where it is about all of them."""

    rule: str
    what: str


def remarks(rules: Rules, own: Collection[str]) -> list[Remark]:
    """What is odd, the gravest first. `own`: the names of the rules that are the operator's; what
    the program brings along is never blamed."""
    read = [entry.rule for entry in rules.entries if entry.rule not in LAST]
    found = [*_unstopped(read), *_shadowed(read), *_for_nobody(read, rules)]
    return [remark for remark in found if not remark.rule or remark.rule in own]


def _shadowed(rules: list[Rule]) -> Iterator[Remark]:
    """Rules that are not reached, or only by mail with something unread."""
    for number, rule in enumerate(rules):
        upper = _above(rules[:number], rule)
        if upper is None:
            continue
        if _leaves_unread(upper, rule):
            what = (
                f'rule "{upper.name}" above it relays all such mail, so that this one is reached'
                " only where something could not be examined"
            )
        else:
            what = f'is never reached: rule "{upper.name}" above it decides on all such mail'
        yield Remark(rule.name, f"{what}; put this one before it, or take it away")


def _above(above: Iterable[Rule], rule: Rule) -> Rule | None:
    """The first rule that shadows another, one without exceptions before one with."""
    found = [upper for upper in above if upper.mode is Mode.ENFORCE and implied(upper, rule)]
    return next(iter(sorted(found, key=lambda upper: _leaves_unread(upper, rule))), None)


def _leaves_unread(upper: Rule, rule: Rule) -> bool:
    """Whether mail with something unread passes a relaying rule by and comes to the other."""
    if upper.action is not Action.RELAY or rule.alone:
        return False
    may = frozenset(rule.not_examined) & HELD if rule.action is Action.RELAY else HELD
    return not may <= frozenset(upper.not_examined)


def _unstopped(rules: list[Rule]) -> Iterator[Remark]:
    """The filter is off: no finding stops any mail."""
    stopping = [
        rule
        for rule in rules
        if rule.mode is Mode.ENFORCE and rule.action is not Action.RELAY and not rule.not_examined
    ]
    blamed = [_above(rules[: rules.index(rule)], rule) for rule in stopping]
    if not stopping:
        yield Remark(
            "",
            "the filter is off: no rule in mode enforce stops what is found; it is only counted."
            ' Give one an action such as "quarantine", and mode = "enforce"',
        )
    elif all(blamed):
        upper = next(rule for rule in rules if rule in blamed)
        yield Remark(
            upper.name,
            "relays all mail that could be read, so that no rule below it stops anything: the"
            " filter is off. Give it conditions, or take it away",
        )


def _for_nobody(rules: list[Rule], rules_in_force: Rules) -> Iterator[Remark]:
    """Rules for recipients that cannot be."""
    classes = rules_in_force.classes
    named = {name: (p.exact, p.starred, p.domains, p.below) for name, p in classes.named}
    empty = {name for name, entries in named.items() if not any(entries)}
    empty |= {PROTECTED} - named.keys()
    ours = classes.ours
    if not (ours.exact or ours.starred or ours.domains or ours.below):
        empty.add(INTERNAL)
    for rule in rules:
        if rule.recipient_classes and set(rule.recipient_classes) <= empty:
            yield Remark(
                rule.name,
                f"is never reached: {', '.join(rule.recipient_classes)} has no members; fill the"
                " class, or take the rule away",
            )


def implied(upper: Rule, rule: Rule) -> bool:
    """Whether a mail and recipient that fit `rule` always fit `upper`, but for what is unread."""
    return (
        all(getattr(upper, name) <= getattr(rule, name) for name in _NUMBERS)
        and all(_within(_said(rule, name), _said(upper, name)) for name in _WORDS)
        and all(
            getattr(upper, name) in (None, getattr(rule, name)) for name in ("visible", "automatic")
        )
        and upper.opened_by_password <= rule.opened_by_password
        and upper.alone <= rule.alone
        and _within(rule.places, upper.places)
        and _within(rule.not_examined, upper.not_examined)
        and _classes_within(rule.recipient_classes, upper.recipient_classes)
        and (not about_findings(upper) or (about_findings(rule) and _findings_within(rule, upper)))
    )


def _said(rule: Rule, name: str) -> Collection[str]:
    return tuple(map(folded, getattr(rule, name)))


def _within(lower: Collection[object], upper: Collection[object]) -> bool:
    """Whatever one of `lower` fits, one of `upper` fits; none at all fits everything."""
    return not upper or (bool(lower) and set(lower) <= set(upper))


def _classes_within(lower: Collection[str], upper: Collection[str]) -> bool:
    if not upper or {INTERNAL, EXTERNAL} <= set(upper):
        return True
    outside = EXTERNAL in upper
    return bool(lower) and all(
        name in upper or (outside and name not in (INTERNAL, PROTECTED)) for name in lower
    )


def _findings_within(rule: Rule, upper: Rule) -> bool:
    """Each finding that `rule` chooses is chosen by `upper`."""
    if CLOUD_LINK in rule.kinds and CLOUD_LINK not in upper.kinds and upper.level is not None:
        return False  # high for the one, low for the other
    if CLOUD_LINK in upper.kinds and CLOUD_LINK not in rule.kinds and upper.below is not None:
        return False
    return (
        _kinds_within(rule.kinds, upper.kinds)
        and _kinds_within(rule.also_kinds, upper.also_kinds)
        and _not_kinds_within(rule, upper)
        and (upper.level is None or _at_least(rule.level, upper.level))
        and (upper.below is None or _at_least(upper.below, rule.below))
    )


def _at_least(level: Level | None, least: Level | None) -> bool:
    return level is not None and least is not None and _RANK[level] >= _RANK[least]


def _kinds_within(lower: Collection[str], upper: Collection[str]) -> bool:
    if not upper or "*" in upper:
        return True
    return bool(lower) and all(names(upper, kind) for kind in lower)


def _not_kinds_within(rule: Rule, upper: Rule) -> bool:
    """What `upper` leaves out, `rule` leaves out or does not ask for."""
    if all(names(rule.not_kinds, kind) for kind in upper.not_kinds):
        return True
    plain = bool(rule.kinds) and not any(kind.endswith("*") for kind in rule.kinds)
    return plain and not any(names(upper.not_kinds, kind) for kind in rule.kinds)
