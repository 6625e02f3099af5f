"""Identity numbers that nobody writes so by accident: every digit apart, or in words.

From → to: folded text → `Candidate`s, sorted by start.

- *Apart*: ten or twelve digits with the same sign between all of them (``1*9*1*2``, ``[1][9]``, one
  a line, one a cell). Where the sign is also that of a table or a list, only twelve with a century
  count, or a row of a survey would be a number now and then.
- *Words*: "ett nio ett två ...", also in pairs ("nitton tolv").

Invariant: linear, and at most `MOST` runs of words are read. A text without single digits or
numerals costs a search for short strings.
"""

import re
from collections.abc import Iterator
from itertools import islice

from .candidates import DAY_MONTHS, MONTH_DAYS, Candidate, Shape
from .islands import Spans
from .pieces import Pieces
from .spelled import digits_of, runs

MOST = 300  # runs of numerals that are read, in one text
_CENTURIES = ("18", "19", "20")
_FEWEST = 10  # digits
_APART = re.compile(
    rb"0(?<!00)(?P<sign>[^0-9A-Za-z\xc0-\xff]{1,4}+)0(?:(?P=sign)0){8}(?:(?P=sign)0(?P=sign)0)?+"
    rb"(?!0|(?P=sign)0)"
)
_SIGNS = bytes(
    code if code >= 0xC0 or (code < 0x80 and chr(code).isalnum()) else ord(".")
    for code in range(256)
)
# Single digits in a row, from the second on: a literal that few tables hold leads the search.
_HINT = re.compile(
    rb"\.0\.(?:(?<=0\.0\.)0\.0\.0|(?<=0\.{2}0\.)\.0\.{2}0|(?<=0\.{3}0\.)\.{2}0\.{3}0"
    rb"|(?<=0\.{4}0\.)\.{3}0\.{4}0)"
)
_OF_LISTS = frozenset("\t\n;,|")


def find_odd(
    text: str, shapes: bytes, islands: Spans | None, pieces: Pieces
) -> Iterator[Candidate]:
    """The candidates of a folded text; `shapes` is what `candidates.zeroed` makes of it."""
    for found in _apart(shapes, islands):
        raw, sign = text[found.start() : found.end()], found["sign"].decode("latin-1")
        digits = "".join(filter(str.isdigit, raw))
        listed = bool(_OF_LISTS.intersection(sign))
        if _dated(digits) and (not listed or len(digits) == 12):
            yield Candidate(found.start(), found.end(), digits, Shape.SINGLES)
    for words in islice(runs(text, pieces), MOST):
        digits = digits_of(words[0])
        if len(digits) in (10, 12) and _dated(digits):
            yield Candidate(words.start(), words.end(), digits, Shape.WORD)


def _apart(shapes: bytes, islands: Spans | None) -> Iterator[re.Match[bytes]]:
    if islands is None:
        islands = [(0, len(shapes))] if _may_be_apart(shapes) else []
    for start, end in islands:
        if shapes.count(b"0", start, end) >= _FEWEST:
            yield from _APART.finditer(shapes, start, end)


def _may_be_apart(shapes: bytes) -> bool:
    """Whether single digits stand in a row at all, which few texts have: 1 ms a MiB."""
    return _HINT.search(shapes.translate(_SIGNS)) is not None


def _dated(digits: str) -> bool:
    """Whether the digits may hold a date; twelve must have a century that people live in."""
    if len(digits) == 12 and not digits.startswith(_CENTURIES):
        return False
    return digits[-8:-4] in MONTH_DAYS or digits[:4] in DAY_MONTHS
