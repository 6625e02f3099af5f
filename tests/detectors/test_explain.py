"""Explanations: nothing that was found is missing, nothing is said of clean text, every reason."""

import doctest
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import Source, detect
from detectors import explain as module
from detectors.explain import DROPPED, explain

TODAY = date(2026, 11, 1)
PIECES = st.sampled_from(
    ["pnr ", "911112-2397", "9111122397", "911112-2396", "faktura ", "1", "-", "\t", "\n", " ", "ö"]
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("911112-2396", "checksum"),
        ("20911112-2397", "birth-date"),
        ("9111122397x", "embedded"),
        ("12128043210", "neighbour"),
    ],
)
def test_why_a_candidate_was_dropped(text, reason):
    reasons = [each.reasons for each in explain([Source(text)], TODAY) if not each.kind]
    assert (DROPPED[reason],) in reasons


def test_evidence_is_said_with_its_points():
    [found] = explain([Source("Fakturanr 911112-2397")], TODAY)
    assert found.confidence < 50
    assert "kallas något annat än personnummer (-45)" in found.reasons


def test_examples_are_true():
    assert doctest.testmod(module).failed == 0


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_is_found_is_explained_and_nothing_twice(text):
    explained = explain([Source(text)], TODAY)
    found = {(m.start, m.end, m.kind, m.confidence) for m in detect([Source(text)], TODAY)}
    assert {(e.start, e.end, e.kind, e.confidence) for e in explained if e.kind} == found
    dropped = [(e.start, e.end) for e in explained if not e.kind]
    assert len(dropped) == len(set(dropped))
    assert not set(dropped) & {(start, end) for start, end, *_ in found}
    assert all(text[e.start : e.end].strip() and e.reasons for e in explained)
