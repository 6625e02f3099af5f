"""Swedish personnummer, ten or twelve digits, in the spellings that people use.

Rules and sources: `se_number`. A number whose parts stand apart (birth date in the subject, "the
last four" in the body) is found by `split_number`.
Known gaps: a number that is written out in words alone; one broken inside its date.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from .contract import Match, Sign, Source
from .evidence import TEXTS
from .se_number import find_numbers

KINDS: tuple[str, ...] = ("se.personnummer",)
EVIDENCE = TEXTS
PERSONAL = True
STARS = "******-****"
NEEDS = Sign.NUMBER


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """All matches, overlapping ones included."""
    return find_numbers(sources, today, KINDS[0], coordination=False)
