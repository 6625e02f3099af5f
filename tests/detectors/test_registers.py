"""Registers: what is on a list is found however it is written, and nothing else is."""

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import Source, detect
from detectors.registers import Register, Registers, hash_name, hash_number, hash_person, pack
from tests.quality.spellings import SPELLINGS

KEY = bytes(32)
TODAY = date(2026, 11, 1)
NUMBERS = pack([hash_number(KEY, "19911112-2397"), hash_number(KEY, "9111122397")])
OTHERS = pack([hash_number(KEY, "A-17/42"), hash_number(KEY, "SKY 0071")])
NAMES = pack([hash_name(KEY, "Åsa Maria Lindqvist-Ek")])
PERSONS = pack([hash_person(KEY, "Åsa Maria Lindqvist-Ek", date(1984, 3, 9))])
ALL = Registers(KEY, (Register("skyddad", NUMBERS, OTHERS, NAMES, PERSONS),))


def kinds(text, registers=ALL):
    return {match.kind for match in registers.find([Source(text)], TODAY)}


def test_only_one_hash_of_one_number():
    assert len(NUMBERS) == 16


@pytest.mark.parametrize("spelling", list(SPELLINGS))
def test_a_number_in_every_spelling(spelling):
    assert kinds(f"Elev {SPELLINGS[spelling]('199111122397')} börjar") == {"register:skyddad"}


@pytest.mark.parametrize(
    "text",
    [
        "Åsa Lindqvist-Ek, född 1984-03-09",
        "Åsa Maria Lindqvist-Ek (840309)",
        "Lindqvist-Ek, Åsa\t9/3 1984",
        "den 9 mars 1984 föddes Åsa Lindqvist-Ek",
        "ÅSA LINDQVIST-EK 840309-XXXX",
        "akten A-17/42 är hennes",
        "a17/42",
        "nr SKY 0071.",
    ],
)
def test_names_with_birth_dates_and_other_numbers(text):
    assert kinds(text) == {"register:skyddad"}


@pytest.mark.parametrize(
    "text",
    ["Åsa Lindqvist-Ek, född 1984-03-10", "Åsa Ek 1984-03-09", "A-17/43", "910120-2381", "840309"],
)
def test_others_are_not_found(text):
    assert kinds(text) == set()


def test_place_and_confidence():
    [match] = ALL.find([Source("x"), Source("pnr 911112-2397!")], TODAY)
    assert (match.source, match.start, match.end, match.confidence) == (1, 4, 15, 99)
    assert "911112" not in f"{match.mask}{match.value}"


def test_an_allow_list_drops_findings_and_finds_none():
    allowed = Registers(KEY, (Register("testpersoner", NUMBERS, allow=True),))
    assert kinds("911112-2397", allowed) == set()
    [match] = detect([Source("pnr 911112-2397")], TODAY)
    assert allowed.allows(match)
    assert not ALL.allows(match)


def test_another_key_finds_nothing():
    assert kinds("911112-2397", Registers(b"1" * 32, ALL.lists)) == set()


@given(st.lists(st.text(string.ascii_letters + string.digits + " -/.\n", max_size=12)).map("".join))
def test_never_raises_and_offsets_are_within(text):
    for match in ALL.find([Source(text)], TODAY):
        assert 0 <= match.start < match.end <= len(text)
