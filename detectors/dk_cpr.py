"""Danish CPR number: DDMMYY-SSSS.

Since 2007 no check digit can be relied on, so a date and a word (cpr, personnummer) or Danish text
decide; modulo 11, which most numbers still pass, only adds. Ten bare digits need the word.
The century follows from the seventh digit and the year (cpr.dk, "Personnummeret i CPR").
"""

from collections.abc import Iterator, Sequence
from datetime import date

from .context import Page
from .contract import Match, Sign, Source
from .evidence import TEXTS, Code
from .foreign import is_danish, is_date, matched
from .search.candidates import DAY_MONTHS, Candidate, Shape

KINDS: tuple[str, ...] = ("dk.cpr",)
EVIDENCE = TEXTS
PERSONAL = True
STARS = "******-****"
NEEDS = Sign.NUMBER
_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_BASE = {Shape.HYPHEN: 38, Shape.SPACE: 28, Shape.BARE: 18}


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """All matches, overlapping ones included. Nothing is looked at without Danish or the word."""
    spoken_of = any("cpr" in source.folded.text for source in sources)
    danish = None
    for index, source in enumerate(sources):
        if not source.numbers:
            continue
        page = Page(source, today)
        for candidate in source.numbers:
            if candidate.shape not in _BASE or not _is_number(candidate.digits, today):
                continue
            danish = is_danish(sources) if danish is None else danish
            if not (danish or spoken_of):
                return
            yield from _weighed(page, index, candidate, danish)


def _weighed(page: Page, index: int, candidate: Candidate, danish: bool) -> Iterator[Match]:
    codes = page.look(candidate, None)
    if codes is None:
        return
    digits = candidate.digits
    before = page.text[max(candidate.start - 30, 0) : candidate.start]
    base = _BASE[candidate.shape] + (8 if passes_modulo(digits) else 0)
    if "cpr" in before and Code.COLUMN not in codes:
        base += 20
    codes += [Code.LANGUAGE] if danish or "cpr" in before else []
    value_mask = f"dk:{digits}", f"{digits[:6]}-****"
    yield matched(page, index, candidate, KINDS[0], base, codes, value_mask)


def passes_modulo(digits: str) -> bool:
    """Whether the check of before 2007 holds."""
    return (
        sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11 == 0
    )


def _is_number(digits: str, today: date) -> bool:
    if len(digits) != 10 or digits[:4] not in DAY_MONTHS:
        return False
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    return is_date(_century(int(digits[6]), year) + year, month, day, today)


def _century(seventh: int, year: int) -> int:
    if seventh <= 3 or (seventh in (4, 9) and year >= 37):
        return 1900
    if seventh in (4, 9) or year <= 57:
        return 2000
    return 1800
