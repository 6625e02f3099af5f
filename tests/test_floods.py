"""More findings than a message may have: those that say most are kept, and all persons counted."""

import pytest

from detectors import Match, Role
from mailfilter import limits
from mailfilter.detect import find, sources_of
from mailfilter.model import Text
from mailfilter.place import Place

QUOTE, BODY = Place(Role.QUOTE), Place(Role.BODY)
SIZE = 3 * limits.FINDINGS
TEXT = Text("x" * SIZE, ((0, QUOTE), (SIZE - 10, BODY)))


class Found:
    """Stands for all detectors, whose matches the test chooses."""

    def __init__(self, *matches: Match) -> None:
        self.matches = list(matches)

    def search(self, _sources):
        return self.matches

    def clean(self, place):
        return place


def match(at: int, confidence: int, kind: str = "se.personnummer") -> Match:
    return Match(0, at, at + 1, kind, confidence, (), f"person {at}", "******-****")


def detected(*matches: Match):
    where = {True: BODY, False: QUOTE}
    return find(
        [TEXT], sources_of([TEXT]), b"k", Found(*matches), lambda _, at: where[at >= SIZE - 10]
    )


def test_up_to_the_limit_all_are_kept_as_they_come():
    matches = [match(n, 10 + n % 80) for n in range(limits.FINDINGS)]
    found = detected(*matches)
    assert [each.confidence for each in found.findings] == [each.confidence for each in matches]


@pytest.mark.parametrize(
    "last",
    [
        match(SIZE - 20, 99),  # surer than the flood
        match(SIZE - 20, 20, "health"),  # of another kind
        match(SIZE - 5, 20),  # in another part of the mail
    ],
)
def test_a_flood_hides_nothing_that_is_surer_of_another_kind_or_elsewhere(last):
    found = detected(*(match(n, 30) for n in range(2 * limits.FINDINGS)), last)
    assert len(found.findings) == limits.FINDINGS
    kept = found.findings[-1]
    assert (kept.kind, kept.confidence) == (last.kind, last.confidence)
    assert kept.place == (BODY if last.start >= SIZE - 10 else QUOTE)


def test_persons_beyond_the_limit_are_counted():
    medium = [match(n, 60) for n in range(2 * limits.FINDINGS)]
    found = detected(*medium, match(7, 60), match(SIZE - 1, 49), match(SIZE - 2, 90, "health"))
    assert found.persons == 2 * limits.FINDINGS
