"""Norwegian fødselsnummer and D-number: DDMMYY, individual number, two check digits.

D-number: day + 40. H-number (aid number): month + 40. Test-Norge (Tenor): month + 80. Both check
digits are modulo 11. From 2032-01-01 the first may leave a rest of 0 to 3 and the century no longer
follows from the individual number; `RULE_OF_2032` is off, since it makes chance hits four times as
likely. Sources: skatteetaten.no on the new identity number; fnrvalidator (Nav).
"""

from collections.abc import Iterator, Sequence
from datetime import date

from .context import Page
from .contract import Match, Sign, Source
from .evidence import TEXTS
from .foreign import is_date, matched
from .search.candidates import Candidate, Shape

KINDS: tuple[str, ...] = ("no.fodselsnummer",)
EVIDENCE = TEXTS
PERSONAL = True
STARS = "****** *****"
NEEDS = Sign.NUMBER
RULE_OF_2032 = False
_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_BASE = {Shape.BARE: 58, Shape.SPACE: 62, Shape.HYPHEN: 62}


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """All matches, overlapping ones included."""
    for index, source in enumerate(sources):
        if not source.numbers:
            continue
        page = Page(source, today)
        for candidate in source.numbers:
            if not _is_number(candidate, today):
                continue
            codes = page.look(candidate, None)
            if codes is not None:
                digits = candidate.digits
                base = _BASE.get(candidate.shape, 45)
                value_mask = f"no:{digits}", f"{digits[:6]} *****"
                yield matched(page, index, candidate, KINDS[0], base, codes, value_mask)


def _is_number(candidate: Candidate, today: date) -> bool:
    digits = candidate.digits
    return (
        len(digits) == 11 and digits.isdigit() and has_checks(digits) and _has_date(digits, today)
    )


def has_checks(digits: str, rule_of_2032: bool = RULE_OF_2032) -> bool:
    """Whether both check digits hold."""
    numbers = [int(digit) for digit in digits]
    first = sum(weight * number for weight, number in zip(_FIRST, numbers[:10], strict=True)) % 11
    second = sum(weight * number for weight, number in zip(_SECOND, numbers, strict=True)) % 11
    return second == 0 and first in ((0, 1, 2, 3) if rule_of_2032 else (0,))


def _has_date(digits: str, today: date) -> bool:
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    day -= 40 if day > 40 else 0
    month -= 80 if month > 80 else 40 if month > 40 else 0
    return any(is_date(century + year, month, day, today) for century in (1900, 2000, 1800))
