"""Addresses and telephone numbers as links: what is one, what is none, and that nothing is lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from mailfilter.letters.linked import linked


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Ring 0000-000 00 nu.", "tel:000000000"),
        ("Ring växeln, 0123-45 60 00, och säg ärende K7Q2A-91ABC.", "tel:0123456000"),
        ("Call +46 123 45 60 00.", "tel:+46123456000"),
        ("Call +46 (0)123-45 60 00.", "tel:+46123456000"),
        ("070-174 06 05", "tel:0701740605"),
        ("Riktlinje: https://kommun.example/a?b=1&c=2.", "https://kommun.example/a?b=1&amp;c=2"),
        ("(se https://intranat.example/x)", "https://intranat.example/x"),
    ],
)
def test_what_is_a_link(text, target):
    assert re.findall(r'href="([^"]*)"', linked(text)) == [target]


@pytest.mark.parametrize(
    "text",
    [
        "Det gäller mejlet som du skickade 2026-11-24 kl. 10:30.",
        "Personnummer (******-****): mejltexten",
        "Ärende K7Q2A-91ABC, 05123-45678x",
        "Funktionsadress: 0203:2120000000/socialtjanst",
        "0701740605@kommun.example: har inte fått mejlet",
        "550 5.1.1, 14 dagar, 25 MB, 012345",
        "javascript:alert(1) data:text/html,x",
    ],
)
def test_what_is_none(text):
    assert "<a" not in linked(text)


@given(st.text(st.sampled_from("0123456789+-() abå<>&\"'.:/@*https"), max_size=60) | st.text())
def test_what_is_read_stays_the_same(text):
    opened = r'<a href="(?:https?:|tel:)[^"<>]*"(?: rel="noreferrer")?>'
    assert re.sub(f"{opened}|</a>", "", linked(text)) == str(escape(text))
