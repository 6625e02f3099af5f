"""Laws of decide: total on any input, and what the order of rules means."""

from hypothesis import given
from hypothesis import strategies as st

from detectors import Role
from detectors.levels import Level
from mailfilter.config import Rule
from mailfilter.decide import compile_rules
from mailfilter.decide.reasons import SENTENCES, Reason, say
from mailfilter.model import (
    Action,
    Class,
    Envelope,
    Examination,
    Facts,
    Finding,
    Mode,
    NotExamined,
    Path,
)
from mailfilter.place import Place, Step, StepKind
from tests.decide.cases import NO_RULES, TODAY, settings

KINDS = ["se.personnummer", "se.samordningsnummer", "health", "cloud-link", "dk.cpr"]
addresses = st.one_of(
    st.sampled_from(["a@kommun.example", "b@hem.example", "c@tidning.example", "d@region.example"]),
    st.text(max_size=12),
)
places = st.builds(
    Place,
    st.sampled_from(Role),
    st.lists(st.builds(Step, st.sampled_from(StepKind)), max_size=2).map(tuple),
)
findings = st.builds(
    Finding,
    st.sampled_from(KINDS),
    st.integers(1, 100),
    places,
    st.just("******-****"),
    st.sampled_from(["", "p1", "p2", "p3"]),
)
unread = st.builds(NotExamined, places, st.just("code"), st.sampled_from(Class))
facts = st.builds(
    Facts,
    senders=st.lists(addresses, max_size=2).map(tuple),
    visible=st.lists(addresses, max_size=30).map(tuple),
    automatic=st.booleans(),
    report=st.booleans(),
    labels=st.lists(st.sampled_from(["hemlig", "öppen"])).map(tuple),
)
examinations = st.builds(
    Examination,
    facts,
    st.lists(findings, max_size=6).map(tuple),
    st.lists(unread, max_size=3).map(tuple),
)
raw_paths = st.one_of(addresses.map(lambda a: a.encode("utf-8", "replace")), st.binary(max_size=8))
paths = raw_paths.map(lambda raw: Path(b"<" + raw + b">", raw))
envelopes = st.builds(Envelope, paths, st.lists(paths, min_size=1, max_size=15).map(tuple))
some = st.lists
rules = st.builds(
    Rule,
    name=st.just("x"),
    mode=st.sampled_from(Mode),
    action=st.sampled_from([Action.RELAY, Action.REJECT, Action.QUARANTINE, Action.REDIRECT]),
    kinds=some(st.sampled_from([*KINDS, "*", "se.*"]), max_size=2).map(tuple),
    not_kinds=some(st.sampled_from(KINDS), max_size=1).map(tuple),
    level=st.none() | st.sampled_from([Level.MEDIUM, Level.HIGH]),
    also_kinds=some(st.sampled_from(KINDS), max_size=1).map(tuple),
    persons=st.integers(0, 2),
    places=some(st.sampled_from(["quote", "attachment", "body"]), max_size=2).map(tuple),
    not_examined=some(st.sampled_from(Class), max_size=3).map(tuple),
    recipient_classes=some(
        st.sampled_from(["internal", "external", "citizen", "protected", "partner"]), max_size=2
    ).map(tuple),
    external_recipients=st.integers(0, 2),
    visible=st.none() | st.booleans(),
    automatic=st.none() | st.booleans(),
)
rule_lists = st.lists(rules, max_size=5).map(
    lambda made: [rule.model_copy(update={"name": f"r{n}"}) for n, rule in enumerate(made)]
)


def compiled(made):
    return compile_rules(settings(rules=NO_RULES).model_copy(update={"rule": tuple(made)}))


SHIPPED = compile_rules(settings())


def actions(decision):
    return [(v.recipient, v.action, v.rule, v.connector) for v in decision.verdicts]


@given(examinations, envelopes)
def test_the_shipped_rules_decide_on_anything(examination, envelope):
    """One verdict for each recipient, each with reasons from the closed list."""
    decision = SHIPPED.decide(examination, envelope, examination.size, TODAY)
    assert [v.recipient for v in decision.verdicts] == [path.text for path in envelope.rcpts]
    for verdict in decision.verdicts:
        assert verdict.reasons
        assert all(Reason(code) in SENTENCES for code in verdict.reasons)


@given(rule_lists, rules, st.integers(0, 5), examinations, envelopes)
def test_an_observe_rule_never_changes_an_action(made, extra, at, examination, envelope):
    """Adding a rule in observe mode anywhere leaves every action, rule and connector as it was."""
    watching = extra.model_copy(update={"name": "watching", "mode": Mode.OBSERVE})
    before = compiled(made).decide(examination, envelope, 1, TODAY)
    after = compiled([*made[:at], watching, *made[at:]]).decide(examination, envelope, 1, TODAY)
    assert actions(before) == actions(after)


@given(rule_lists, rules, examinations, envelopes)
def test_the_first_enforce_rule_decides(made, first, examination, envelope):
    """A rule put on top decides for all whom it decides for alone; for others nothing changes."""
    top = first.model_copy(update={"name": "top", "mode": Mode.ENFORCE})
    alone = compiled([top]).decide(examination, envelope, 1, TODAY)
    without = compiled(made).decide(examination, envelope, 1, TODAY)
    with_it = compiled([top, *made]).decide(examination, envelope, 1, TODAY)
    for only, rest, both in zip(*map(actions, (alone, without, with_it)), strict=True):
        assert both == (only if only[2] == "top" else rest)


nearly_everybody = st.builds(
    Rule,
    name=st.just("x"),
    mode=st.sampled_from(Mode),
    action=st.sampled_from([action for action in Action if action is not Action.ASK]),
    visible=st.sampled_from([None, None, True]),
    internal_recipients=st.sampled_from([0, 0, 1]),
)


@given(st.lists(rules | nearly_everybody, max_size=3), facts, envelopes)
def test_the_short_way_of_a_clean_mail_is_no_other(made, facts, envelope):
    """What is remembered for mail in which nothing was found is what reading all rules gives."""
    made = [rule.model_copy(update={"name": f"r{n}"}) for n, rule in enumerate(made)]
    short, long = compiled(made), compiled(made)
    object.__setattr__(long, "_plain", None)
    for _ in range(2):
        assert short.decide(Examination(facts), envelope, 1, TODAY) == long.decide(
            Examination(facts), envelope, 1, TODAY
        )


@given(rule_lists, examinations, envelopes)
def test_nothing_unexamined_passes_without_being_named(made, examination, envelope):
    """P4: whoever gets mail with an unexamined part gets it by a rule that names its class."""
    held = {"encrypted", "broken", "ambiguous", "over-limit", "crashed", "unread"}
    present = {part.cls.value for part in examination.not_examined} & held
    named = {rule.name: {cls.value for cls in rule.not_examined} for rule in made}
    for verdict in compiled(made).decide(examination, envelope, 1, TODAY).verdicts:
        if verdict.action is Action.RELAY and present:
            assert present <= named[verdict.rule]


@given(rule_lists)
def test_the_hash_is_that_of_what_decides(made):
    """Equal rules have equal hashes; another order or another rule has another."""
    assert compiled(made).hash == compiled(list(made)).hash
    more = [*made, Rule(name="more", action=Action.REJECT)]
    assert compiled(more).hash != compiled(made).hash


def test_every_reason_is_said_in_both_languages_and_can_occur():
    from pathlib import Path as File

    import mailfilter

    assert set(SENTENCES) == set(Reason)
    assert all(say(code, language) != code for code in Reason for language in ("sv", "en"))
    assert say("a-code-of-tomorrow") == "a-code-of-tomorrow"
    root = File(mailfilter.__file__).parent
    files = ("decide/rules.py", "decide/unfinished.py", "act/asking.py", "pipeline.py")
    used = "".join((root / name).read_text("utf-8") for name in files)
    classes = {f"not-examined-{cls.value}" for cls in Class}
    for reason in Reason:
        assert reason.value in classes or f"Reason.{reason.name}" in used or f'"{reason}"' in used
