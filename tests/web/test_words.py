"""The catalogues: same keys, same values to fill in, and words for every code of the program."""

import re

import pytest

from detectors.levels import Level
from mailfilter.model import Action, Class, State
from mailfilter.pages.dates import size
from mailfilter.web import find, item
from mailfilter.web.query import ADDRESS, CASE, REVIEWER
from mailfilter.web.query import WORDS as TEXT
from mailfilter.web.words import load

WORDS = load()
HOW = (ADDRESS, CASE, REVIEWER, TEXT)


def test_swedish_comes_first():
    assert next(iter(WORDS)) == "sv"
    assert "en" in WORDS


@pytest.mark.parametrize("language", WORDS)
def test_languages_have_the_same_keys_and_values(language):
    first, other = WORDS["sv"].sentences, WORDS[language].sentences
    assert set(first) == set(other)
    for key in first:
        assert sorted(re.findall(r"{(\w+)}", first[key])) == sorted(
            re.findall(r"{(\w+)}", other[key])
        ), key


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize(
    ("section", "codes"),
    [
        ("state", State),
        ("state-says", State),
        ("class", Class),
        ("level", Level),
        ("verdict", Action),
        ("purpose", {*item.PURPOSES, *find.OVERSIGHT}),
        ("how", HOW),
        ("find", [f"says-{how}" for how in HOW]),
        ("why", {code for codes in item.WHY.values() for code in codes}),
        ("act-title", item.WHY),
        ("act-says", item.WHY),
        ("act-go", item.WHY),
        ("said", item.WHY),
        ("act", item.WHY),
    ],
)
def test_every_code_has_words(language, section, codes):
    missing = [code for code in codes if f"{section}.{code}" not in WORDS[language].sentences]
    assert not missing


@pytest.mark.parametrize(
    ("count", "said"),
    [(25 * 1024 * 1024, "25 MB"), (1024 * 1024 * 3 // 2, "1,5 MB"), (2048, "2 kB"), (12, "12 B")],
)
def test_sizes_are_told_as_limits_are_set(count, said):
    assert size(count, "sv") == said
