"""The shipped rules, case by case: see verdicts.toml."""

import tomllib
from pathlib import Path

import pytest

from mailfilter.decide import compile_rules
from tests.decide.cases import SENDER, TODAY, envelope, examination, settings

CASES = tomllib.loads((Path(__file__).parent / "verdicts.toml").read_text("utf-8"))["case"]
EXTERNAL = "medborgare@hem.example"


def rules_for(case):
    table = {}
    if case.get("service"):
        table = {"connectors": {"saker": {}}, "secure_service": "saker"}
    organisation = {"domains": ["kommun.example", "*.ny.kommun2.example"]}
    if case.get("page"):
        table["front"] = {"port": 8026}
    if "sender_decides" in case:
        table["front"]["sender_decides"] = case["sender_decides"]
    if case.get("informed"):
        organisation["staff_informed"] = TODAY
    return compile_rules(settings(organisation=organisation, **table))


def recipients(rcpts):
    if isinstance(rcpts, list):
        return rcpts
    number, side = rcpts.split()
    domain = "kommun.example" if side == "internal" else "hem.example"
    return [f"p{n}@{domain}" for n in range(int(number))]


def said(verdict) -> str:
    observed = " ".join(name for name, _ in verdict.observed)
    return f"{verdict.action} {verdict.rule}" + (f" | {observed}" if observed else "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_shipped_rules(case):
    rcpts = recipients(case.get("rcpts", [EXTERNAL]))
    visible = tuple(rcpts) if case.get("to") == "all" else ()
    marks = dict.fromkeys(case.get("marks", []), True)
    read = examination(case.get("findings", []), case.get("unread", []), visible=visible, **marks)
    decision = rules_for(case).decide(
        read, envelope(case.get("sender", SENDER), rcpts), 1000, TODAY
    )
    expect = case["expect"]
    if len(expect) == 1:
        expect = expect * len(rcpts)
    assert [said(verdict) for verdict in decision.verdicts] == expect
    assert [verdict.recipient for verdict in decision.verdicts] == rcpts
    assert decision.protected is case.get("protected", False)
    assert decision.mass is case.get("mass", False)
    if "reasons" in case:
        assert list(decision.verdicts[0].reasons) == case["reasons"]
