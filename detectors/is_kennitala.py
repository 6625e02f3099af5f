"""Icelandic kennitala: DDMMYY-NNPC, check digit modulo 11, last digit the century (9, 0, 8).

Only numbers of persons: organisations have day + 40. One in 1,400 of random ten digits passes, so
a word (kennitala, kt.) or Icelandic letters are needed. Source: Þjóðskrá; python-stdnum
`is_.kennitala` is the oracle in the tests.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from .context import Page
from .contract import Match, Sign, Source
from .evidence import TEXTS, Code
from .foreign import is_date, is_icelandic, matched
from .search.candidates import DAY_MONTHS, Shape

KINDS: tuple[str, ...] = ("is.kennitala",)
EVIDENCE = TEXTS
PERSONAL = True
STARS = "******-****"
NEEDS = Sign.NUMBER
_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2, 1, 0)
_BASE = {Shape.HYPHEN: 40, Shape.SPACE: 34, Shape.BARE: 26}
_CENTURIES = {"8": 1800, "9": 1900, "0": 2000}


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """All matches, overlapping ones included."""
    icelandic = None
    for index, source in enumerate(sources):
        if not source.numbers:
            continue
        page = Page(source, today)
        for candidate in source.numbers:
            if candidate.shape not in _BASE or not is_number(candidate.digits, today):
                continue
            icelandic = is_icelandic(sources) if icelandic is None else icelandic
            codes = page.look(candidate, None)
            if codes is not None:
                codes += [Code.LANGUAGE] if icelandic else []
                value_mask = f"is:{candidate.digits}", f"{candidate.digits[:6]}-****"
                yield matched(
                    page, index, candidate, KINDS[0], _BASE[candidate.shape], codes, value_mask
                )


def is_number(digits: str, today: date) -> bool:
    """Whether ten digits are a person's kennitala."""
    if len(digits) != 10 or digits[9] not in _CENTURIES or digits[:4] not in DAY_MONTHS:
        return False
    year = _CENTURIES[digits[9]] + int(digits[4:6])
    if not is_date(year, int(digits[2:4]), int(digits[:2]), today):
        return False
    return (
        sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11 == 0
    )
