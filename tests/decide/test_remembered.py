"""What is remembered of a clean mail to one recipient is what would be decided anew."""

import pytest

from mailfilter.decide import compile_rules
from tests.decide.cases import NO_RULES, TODAY, envelope, examination, settings

RECIPIENTS = [
    "medborgare@hem.example",
    "Ombud@kommun.example",
    "a@region.example",
    "b@kommun.example",
]
SEEN = [
    (),
    ("medborgare@hem.example",),
    ("b@kommun.example", "A@region.example"),
    tuple(f"x{n}@hem.example" for n in range(25)),  # mass mail, and too much to remember
    ("a@hem.example",) * 22,
]


@pytest.mark.parametrize("rcpt", RECIPIENTS)
@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("sender", ["Anna.Berg@kommun.example", "c@kommun.example", ""])
def test_the_same_as_anew(tmp_path, rcpt, seen, sender):
    table = tmp_path / "departments.csv"
    table.write_text("address;department;controller\nanna.berg@kommun.example;Skolan;Barnnämnden\n")
    rules = compile_rules(settings(departments=table), NO_RULES)
    mail, read = envelope(sender, [rcpt]), examination(visible=seen)
    for _ in range(2):
        decision = rules.decide(read, mail, 4096, TODAY, reading_on=True)
        assert decision == rules._decided(read, mail, 4096, TODAY, frozenset())
    assert rules._clean.cache_info().hits == (sum(map(len, seen)) <= 400)


@pytest.mark.parametrize(
    "read", [{"findings": ["se.personnummer 90 a"]}, {"not_examined": ["encrypted"]}]
)
def test_what_is_not_clean_is_decided_on_anew(read):
    rules = compile_rules(settings(), "shipped")
    clean = rules.decide(examination(), envelope(), 4096, TODAY)
    found = rules.decide(examination(**read), envelope(), 4096, TODAY)
    assert found.verdicts != clean.verdicts
    assert rules._clean.cache_info().currsize == 1


def test_the_us_class_is_not_remembered():
    rules = compile_rules(settings(), "shipped")
    clean = rules.decide(examination(), envelope(), 4096, TODAY)
    there = rules.decide(
        examination(), envelope(), 4096, TODAY, american=frozenset({"hem.example"})
    )
    assert clean.verdicts[0].recipient_class == "citizen"
    assert there.verdicts[0].recipient_class == "us-hosted"
