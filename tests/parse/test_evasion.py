"""No evasion ends clean: the number is read, or the message is called ambiguous, or both."""

from collections import Counter

import pytest

from mailfilter.parse import parse
from tests.parse import evasion
from tests.parse.reading import shows, understood

CASES = list(evasion.cases())


def test_there_are_enough_cases():
    assert len({data for _, _, data in CASES}) >= 800
    assert min(Counter(kind for kind, _, _ in CASES).values()) >= 40


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in CASES}))
def test_nothing_is_clean(kind):
    clean = []
    for _, name, data in (case for case in CASES if case[0] == kind):
        message = parse(data)
        if understood(message) and not shows(message):
            clean.append(name)
    assert clean == []
