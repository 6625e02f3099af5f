"""Scans that time did not suffice for: whose copy waits, and where the verdict stands at once."""

from dataclasses import replace

from mailfilter.decide import compile_rules
from mailfilter.decide.unfinished import unmarked, waits
from mailfilter.model import Action, Class
from tests.decide.cases import NO_RULES, TODAY, envelope, examination, settings, unread

CITIZEN, COLLEAGUE, PARTNER = "anna@hem.example", "bo@kommun.example", "c@region.example"
ALL = (CITIZEN, COLLEAGUE, PARTNER)
LATE = replace(unread("over-limit"), reason="ocr-time")


def decided(findings=(), not_examined=(LATE,), rcpts=(CITIZEN,), reading_on=True, **table):
    read = replace(examination(findings), not_examined=tuple(not_examined))
    rules = compile_rules(settings(**table))
    return rules.decide(read, envelope(rcpts=rcpts), 1, TODAY, reading_on=reading_on).verdicts


def words(verdicts):
    return [f"{verdict.action}{' waits' if waits(verdict) else ''}" for verdict in verdicts]


def test_only_who_would_have_it_but_for_the_scans_waits():
    assert words(decided(rcpts=ALL)) == ["quarantine waits", "relay", "quarantine waits"]


def test_nobody_waits_where_reading_does_not_go_on():
    verdicts = decided(rcpts=ALL, reading_on=False)
    assert words(verdicts) == ["quarantine", "relay", "quarantine"]
    assert verdicts == tuple(unmarked(v) for v in decided(rcpts=ALL))


def test_a_finding_stands_at_once():
    assert words(decided(["se.personnummer 95 p1"])) == ["quarantine"]
    assert words(decided(["health 30"])) == ["quarantine waits"], "low: it would have passed"


def test_another_part_that_was_not_examined_stands_at_once():
    assert words(decided(not_examined=(LATE, unread("encrypted")))) == ["quarantine"]
    other = replace(unread("over-limit"), reason="too-many-cells")
    assert words(decided(not_examined=(LATE, other))) == ["quarantine"]
    assert words(decided(not_examined=(LATE, unread("unsupported")))) == ["quarantine waits"]


def test_without_scans_nobody_waits():
    other = replace(unread("over-limit"), reason="too-many-cells")
    assert words(decided(not_examined=(other,))) == ["quarantine"]
    assert words(decided(not_examined=())) == ["relay"]


def rule(action: Action, **more):
    named = {"name": "own", "not_examined": [Class.OVER_LIMIT.value], "action": action.value}
    return {"rules": NO_RULES, "rule": [named | more]}


def test_what_a_rule_says_of_over_limit_itself_is_done():
    for action in (Action.RELAY, Action.REJECT):
        assert words(decided(**rule(action))) == [action.value]
    saker = {"connectors": {"saker": {}}, "secure_service": "saker"}
    assert words(decided(**rule(Action.REDIRECT), **saker)) == ["redirect"]
    assert words(decided(**rule(Action.QUARANTINE))) == ["quarantine waits"]


def test_recipients_are_looked_at_one_by_one():
    table = rule(Action.QUARANTINE, name="partners", recipient_classes=["partner"])
    table["rule"][0].pop("not_examined")
    verdicts = decided(rcpts=(CITIZEN, PARTNER), **table)
    assert words(verdicts) == ["quarantine waits", "quarantine"]
