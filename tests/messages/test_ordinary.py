"""Ordinary mail is read whole; a number in it is found, in the answered letter as quoted.

Imitations (see README.md). The full run is ``make ordinary``.
"""

from collections import Counter

from detectors import Role
from mailfilter.examine import examine
from mailfilter.model import Coverage
from mailfilter.parse import mime, parse
from tests.messages.ordinary import JOB, PROFILES, amiss, mails

COUNT = 6 * len(PROFILES)
SAID = "Personnummer 19800117-2389 ja."  # official


def test_nothing_is_amiss_with_ordinary_mail():
    wrong = Counter(
        (name, what) for name, data in mails(COUNT) for what in amiss(examine(data, JOB)[0])
    )
    assert wrong == Counter()


def test_the_profiles_differ():
    assert len(PROFILES) >= 10
    assert all(profile.__doc__ for profile in PROFILES)
    assert len({data for _, data in mails(COUNT)}) == COUNT
    types = Counter(part.type for _, data in mails(COUNT) for part in parse(data).parts)
    assert {"text/plain", "text/html", "text/calendar", "image/png", "application/pdf"} <= set(
        types
    )
    assert len(types) >= 12


def test_a_number_in_any_of_them_is_found():
    missed = [
        f"{name} {n}"
        for n, (name, data) in enumerate(mails(COUNT, now=SAID))
        if examine(data, JOB)[0].coverage is not Coverage.HIT
    ]
    assert missed == []


def test_a_number_in_the_answered_letter_stands_in_the_quoted_mail():
    roles = Counter(
        (name, finding.place.role)
        for name, data in mails(2 * COUNT, before=SAID)
        for finding in examine(data, JOB)[0].findings
        if finding.kind == "se.personnummer"
    )
    assert {role for _, role in roles} == {Role.QUOTE}
    assert len({name for name, _ in roles}) >= 20


def test_a_stricter_grammar_would_be_seen(monkeypatch):
    """A planted bug: file names without quotes must be tokens."""
    monkeypatch.setattr(mime, "_free_name", lambda value, at: None)
    javamail = [data for name, data in mails(4 * COUNT) if name == "javamail"]
    wrong = {what for data in javamail for what in amiss(examine(data, JOB)[0])}
    assert "type-syntax" in wrong
