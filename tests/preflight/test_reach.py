"""Rules that no mail reaches, and a filter that is off: said. Rules that are reached: not."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import Role
from detectors.levels import Level
from mailfilter import config
from mailfilter.config import Rule
from mailfilter.decide import compile_rules
from mailfilter.decide.conditions import Case, Recipient, fits, holds
from mailfilter.decide.reach import implied, remarks
from mailfilter.model import Action, Class, Examination, Facts, Finding, NotExamined
from mailfilter.place import Place

OURS = '[organisation]\ndomains = ["kommun.example"]\n'
DEPLOY = Path(__file__).parents[2] / "deploy"


def said(text, own=None):
    read = config.validate(tomllib.loads(OURS + text), "f")
    rules = compile_rules(read)
    names = own if own is not None else {rule.name for rule in read.rule}
    return {remark.rule: remark.what for remark in remarks(rules, names)}


def rule(name, action, more=""):
    return f'[[rule]]\nname = "{name}"\naction = "{action}"\n{more}\n'


def test_the_shipped_rules_are_all_reached():
    names = {entry.rule.name for entry in compile_rules(config.Settings()).entries}
    assert said('[classes]\nprotected = ["imy.se"]\n', names) == {}


def test_the_rules_of_the_demonstration_are_all_reached():
    text = Path("mailfilter/demo/demo.toml")
    demo = config.load(Path(__file__).parents[2] / text)
    assert remarks(compile_rules(demo), {rule.name for rule in demo.rule}) == []


@pytest.mark.parametrize(
    "more",
    ["", 'mode = "enforce"', 'recipient_classes = ["internal", "external"]', 'kinds = ["*"]'],
)
def test_a_rule_that_relays_everything_turns_the_filter_off(more):
    assert "the filter is off" in said(rule("all", "relay", more))["all"]


@pytest.mark.parametrize(
    "more",
    ['departments = ["övriga"]', 'level = "high"', 'mode = "observe"', "size = 9"],
)
def test_a_rule_that_relays_something_does_not(more):
    assert said(rule("some", "relay", more)) == {}


def test_rules_that_only_observe_are_a_filter_that_is_off(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(rule("watch", "quarantine", 'mode = "observe"'))
    read = config.validate(tomllib.loads(f'rules = "{file}"\n{OURS}'), "f")
    [remark] = remarks(compile_rules(read), {"watch"})
    assert "the filter is off" in remark.what


SHADOWED = {
    "the same": ("", ""),
    "a narrower kind": ('kinds = ["se.*"]', 'kinds = ["se.personnummer"]'),
    "a higher level": ('level = "medium"', 'level = "high"'),
    "a named class": ('recipient_classes = ["external"]', 'recipient_classes = ["citizen"]'),
    "more persons": ("persons = 2", "persons = 3"),
}


@pytest.mark.parametrize("what", SHADOWED)
def test_a_shadowed_rule_is_named_with_the_one_above(what):
    upper, lower = SHADOWED[what]
    found = said(rule("upper", "reject", upper) + rule("lower", "quarantine", lower))
    assert 'rule "upper" above it' in found["lower"]
    assert "is never reached" in found["lower"]
    if upper != lower:
        assert said(rule("lower", "reject", lower) + rule("upper", "quarantine", upper)) == {}


def test_what_relays_leaves_the_unread_to_the_next():
    found = said(
        rule("upper", "relay", 'level = "medium"') + rule("lower", "reject", 'level = "high"')
    )
    assert "only where something could not be examined" in found["lower"]


def test_a_rule_for_nobody():
    text = rule("r", "reject", 'recipient_classes = ["protected"]')
    assert "has no members" in said(text)["r"]
    assert said(text + '[classes]\nprotected = ["imy.se"]\n') == {}


LEVELS = [None, Level.LOW, Level.MEDIUM, Level.HIGH]
KINDS = st.sampled_from([(), ("*",), ("se.*",), ("se.personnummer",), ("health",), ("cloud-link",)])
CONDITIONS = {
    "kinds": KINDS,
    "not_kinds": st.sampled_from([("health",), ("se.*",)]),
    "also_kinds": st.sampled_from([(), ("health",)]),
    "level": st.sampled_from(LEVELS),
    "below": st.sampled_from([Level.MEDIUM, Level.HIGH]),
    "persons": st.integers(0, 2),
    "not_examined": st.sampled_from([(Class.ENCRYPTED,), (Class.ENCRYPTED, Class.BROKEN)]),
    "recipient_classes": st.sampled_from([("internal",), ("external",), ("citizen",)]),
    "automatic": st.booleans(),
}


@st.composite
def pairs(draw):
    """Two rules that have most of their conditions in common."""
    name = draw(st.sampled_from(sorted(CONDITIONS)))
    common = draw(st.sets(st.sampled_from(sorted(CONDITIONS)), max_size=2))
    shared = {other: draw(CONDITIONS[other]) for other in sorted(common - {name})}
    one, other = ({name: draw(CONDITIONS[name])} for _ in range(2))
    made = [Rule(name="r", action=Action.REJECT, **shared, **own) for own in (one, other)]
    return made if draw(st.booleans()) else made[::-1]


FINDINGS = st.lists(
    st.builds(
        lambda kind, level, who: Finding(kind, 50, Place(Role.BODY), "", who, (), level),
        st.sampled_from(["se.personnummer", "fi.henkilotunnus", "health", "cloud-link"]),
        st.sampled_from(list(Level)),
        st.sampled_from(["a", "b", ""]),
    ),
    min_size=1,
    max_size=3,
)


FLAGS = st.tuples(st.booleans(), st.booleans(), st.booleans())


@settings(max_examples=1000)
@given(pairs(), FINDINGS, FLAGS)
def test_what_is_implied_is_true_of_mail(pair, found, flags):
    """Invariant: where `implied` says so, no mail fits the lower rule and not the upper one."""
    internal, automatic, broken = flags
    upper, lower = pair
    if not implied(upper, lower):
        return
    unread = (NotExamined(Place(Role.BODY), "x", Class.BROKEN),) if broken else ()
    seen = Examination(Facts(), tuple(found), unread)
    case = Case(seen, "övriga", 20, automatic, 1, 1, 1, frozenset(part.cls for part in unread))
    recipient = Recipient("internal" if internal else "citizen", internal, visible=True)
    if holds(lower, case) and fits(lower, recipient):
        assert holds(upper, case)
        assert fits(upper, recipient)
