"""Swedish samordningsnummer: a personnummer with 60 added to the day.

Rules and sources: `se_number`. A number whose parts stand apart (birth date in the subject, "the
last four" in the body) is found by `split_number`.
The month may be 00 and the day 60, and the day need not be in the calendar. Known gaps: as there.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from .contract import Match, Sign, Source
from .evidence import TEXTS
from .se_number import find_numbers

KINDS: tuple[str, ...] = ("se.samordningsnummer",)
EVIDENCE = TEXTS
PERSONAL = True
STARS = "******-****"
NEEDS = Sign.NUMBER


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """All matches, overlapping ones included."""
    return find_numbers(sources, today, KINDS[0], coordination=True)
