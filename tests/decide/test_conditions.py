"""What each condition of a rule means, in rules of one's own."""

from dataclasses import replace

import pytest

from detectors import Role
from mailfilter.decide import compile_rules, storable
from mailfilter.decide.conditions import fits_pattern
from mailfilter.model import Action
from mailfilter.place import Place
from tests.decide.cases import NO_RULES, TODAY, envelope, examination, settings


def decided(rule, read, *, rcpts=("x@hem.example",), size=1000, **table):
    rules = [{"name": "r", "action": "reject", **rule}]
    made = compile_rules(settings(rule=rules, rules=NO_RULES, **table))
    return made.decide(read, envelope(rcpts=rcpts), size, TODAY).verdicts


def fires(rule, findings=(), unread=(), *, rcpts=("x@hem.example",), size=1000, **facts):
    verdicts = decided(rule, examination(findings, unread, **facts), rcpts=rcpts, size=size)
    return verdicts[0].rule == "r"


P = "se.personnummer"


@pytest.mark.parametrize(
    ("rule", "findings", "expected"),
    [
        ({"kinds": ["se.*"]}, [f"{P} 10"], True),
        ({"kinds": ["se.*"]}, ["dk.cpr 90"], False),
        ({"kinds": ["*"], "not_kinds": ["health"]}, ["health 90"], False),
        ({"kinds": ["*"], "not_kinds": ["health"]}, ["health 90", "dk.cpr 60"], True),
        ({"level": "high"}, [f"{P} 79"], False),
        ({"level": "high"}, [f"{P} 80"], True),
        ({"below": "medium"}, [f"{P} 49"], True),
        ({"below": "medium"}, [f"{P} 50"], False),
        ({"level": "medium", "below": "high"}, [f"{P} 95", "health 60"], True),
        ({"persons": 2}, [f"{P} 95 a", f"{P} 95 a"], False),
        ({"persons": 2}, [f"{P} 95 a", f"{P} 95 b"], True),
        # one and the same set: two persons, but only one of them with a high number
        ({"persons": 2, "level": "high"}, [f"{P} 95 a", f"{P} 60 b"], False),
        ({"persons": 2, "places": ["quote"]}, [f"{P} 95 a @quote", f"{P} 95 b @body"], False),
        ({"kinds": ["se.*"], "persons": 2}, [f"{P} 95 a", "dk.cpr 95 b"], False),
        ({"places": ["quote"]}, [f"{P} 95 @quote"], True),
        ({"places": ["quote"]}, [f"{P} 95 @body"], False),
        ({"places": ["attachment"]}, [f"{P} 95 @attachment"], True),
        ({"level": "high", "also_kinds": ["health"]}, [f"{P} 95", "health 50"], True),
        ({"level": "high", "also_kinds": ["health"]}, [f"{P} 95", "health 49"], False),
        ({"kinds": ["cloud-link"], "level": "high"}, ["cloud-link 40"], True),
        ({"kinds": ["cloud-*"], "level": "medium"}, ["cloud-link 99"], False),
        ({"kinds": ["*"]}, [], False),
    ],
)
def test_conditions_on_findings(rule, findings, expected):
    assert fires(rule, findings) is expected


def test_an_attachment_is_also_what_stands_inside_it():
    read = examination([f"{P} 95 @body"])
    from mailfilter.place import Step, StepKind

    inside = read.findings[0].place.down(Step(StepKind.ATTACHMENT, 1), Step(StepKind.MAIL))
    read = replace(read, findings=(replace(read.findings[0], place=inside),))
    assert decided({"places": ["attachment"]}, read)[0].rule == "r"


def test_conditions_on_the_message():
    assert fires({"labels": ["Konfidentiell"]}, labels=("konfidentiell",))
    assert fires({"labels": ["hemlig*"]}, labels=("hemlig handling",))
    assert not fires({"labels": ["hemlig"]})
    assert not fires({"labels": ["hemlig"]}, labels=("hemlig handling",))
    assert fires({"labels": ["11111111-AAAA*"]}, labels=("intern", "11111111-aaaa-2222"))
    assert fires({"made_by": ["Treserva*"]}, made_by=("microsoft word", "treserva 8.1"))
    assert not fires({"made_by": ["treserva"]}, made_by=("treserva 8.1",))
    assert not fires({"made_by": ["treserva*"]})
    assert fires({"opened_by_password": False})
    assert not fires({"opened_by_password": True})
    assert fires({"size": 1000})
    assert not fires({"size": 1001})
    assert fires({"external_recipients": 2}, rcpts=("a@x.example", "b@x.example"))
    assert not fires({"external_recipients": 2}, rcpts=("a@x.example", "b@kommun.example"))
    assert fires({"internal_recipients": 1}, rcpts=("a@x.example", "b@kommun.example"))
    assert fires({"automatic": False})
    assert not fires({"automatic": True})
    seen = ("a@x.example", "b@x.example", "c@kommun.example")
    assert fires({"visible_external": 2}, visible=seen)
    assert not fires({"visible_external": 3}, visible=seen)


@pytest.mark.parametrize(
    ("pattern", "fact", "expected"),
    [
        ("*lifecare*", "tietoevry lifecare 7", True),
        ("a*b*c", "abc", True),
        ("a*b*c", "acb", False),
        ("ab*ba", "aba", False),  # no character counts twice
        ("[intern]", "[intern]", True),
        ("[intern]", "i", False),
        ("?", "a", False),
        ("a*", "ba", False),
        ("*a", "ab", False),
    ],
)
def test_patterns(pattern, fact, expected):
    assert fits_pattern(pattern, fact) is expected
    assert fires({"made_by": [pattern.upper()]}, made_by=(fact,)) is expected


def test_a_password_in_the_mail_is_a_condition_with_its_reason():
    read = replace(examination(), opened=(Place(Role.ATTACHMENT),))
    assert decided({"opened_by_password": True}, read)[0].reasons == ("opened-by-password",)
    made = examination((), made_by=("treserva",), labels=("hemlig",))
    rule = {"made_by": ["TRESERVA"], "labels": ["Hemlig"]}
    assert decided(rule, made)[0].reasons == ("label", "made-by")


def test_conditions_on_the_recipient():
    assert fires({"recipient_classes": ["partner"]}, rcpts=("a@region.example",))
    assert fires({"recipient_classes": ["external"]}, rcpts=("a@region.example",))
    assert not fires({"recipient_classes": ["citizen"]}, rcpts=("a@region.example",))
    assert fires({"recipient_classes": ["citizen"]})
    assert fires({"visible": True}, visible=("X@hem.example",))
    assert fires({"visible": False})
    assert not fires({"visible": True})


def test_not_examined_and_findings_must_both_hold():
    rule = {"not_examined": ["encrypted"], "kinds": ["health"]}
    assert fires(rule, ["health 90"], ["encrypted"])
    assert not fires(rule, ["health 90"])
    assert not fires(rule, [], ["encrypted"])
    assert not fires({"not_examined": ["encrypted"], "places": ["body"]}, [], ["encrypted"])


def test_a_relay_rule_speaks_only_for_what_it_names():
    rule = {"action": "relay", "recipient_classes": ["partner"]}
    rcpts = ("a@region.example",)
    clean, sealed = examination(), examination((), ["encrypted"])
    assert decided(rule, clean, rcpts=rcpts)[0].rule == "r"
    assert decided(rule, sealed, rcpts=rcpts)[0].rule == "not-examined"
    named = rule | {"not_examined": ["encrypted"]}
    assert decided(named, sealed, rcpts=rcpts)[0].rule == "r"
    both = examination((), ["encrypted", "broken"])
    assert decided(named, both, rcpts=rcpts)[0].action is Action.QUARANTINE


def test_what_cannot_be_examined_is_held_whatever_the_file_says():
    rule = {"mode": "observe"}
    verdict = decided(rule, examination((), ["unread"]))[0]
    assert (verdict.action, verdict.rule) == (Action.QUARANTINE, "not-examined")
    assert decided(rule, examination((), ["unsupported"]))[0].action is Action.RELAY


def test_redirect_names_a_service_the_default_one_or_holds():
    table = {"connectors": {"a": {}, "b": {}}}
    rule = {"action": "redirect"}
    assert decided(rule | {"connector": "b"}, examination(), **table)[0].connector == "b"
    default = decided(rule, examination(), secure_service="a", **table)[0]
    assert (default.action, default.connector) == (Action.REDIRECT, "a")
    held = decided(rule, examination(), **table)[0]
    assert held.action is Action.QUARANTINE
    assert "no-service" in held.reasons


def test_until_staff_are_informed_no_observation_is_stored_beside_a_sender():
    observe = {"name": "r", "action": "reject", "mode": "observe"}
    for informed, kept in ((None, 0), ("2027-01-01", 0), ("2026-11-24", 1)):
        organisation = {"staff_informed": informed} if informed else {}
        rules = compile_rules(settings(rule=[observe], organisation=organisation))
        verdicts = rules.decide(examination(), envelope(), 1, TODAY).verdicts
        assert len(verdicts[0].observed) == 1
        assert len(storable(verdicts)[0].observed) == kept
