"""Islands: the stretches of a text in which digits crowd, where alone a number can begin.

From → to: text with each digit a ``0`` → spans without letters that hold six digits near each
other, or None where the text is so full of digits that the sieve is worth its price.

Invariants: linear; whatever the patterns of `candidates` and `odd_number` find begins in an island,
but for letters that look like digits; what goes on behind one has at most `BEHIND` characters (a
word for the hyphen, or a Finnish letter, and digits).
"""

import re
from collections.abc import Iterator

from .dense_scan import is_dense

Spans = list[tuple[int, int]]
BEHIND = 40
SIX = b"000000"
TEN = 10
FEWEST = 6  # digits of any number, some of the others being letters
_DIGIT = ord("0")
_LETTERS = rb"A-Za-z\xc0-\xff"
_ISLAND = re.compile(rb"0(?<!00)(?:[^0" + _LETTERS + rb"]{0,4}+0){5}[^" + _LETTERS + rb"]*+")


def find_islands(shapes: bytes) -> Spans | None:
    """The islands, rising; None for a dense text."""
    digits = shapes.count(b"0")
    if is_dense(digits, len(shapes)):
        return None
    if digits < FEWEST:
        return []
    return [island.span() for island in _ISLAND.finditer(shapes)]


def crowded(shapes: bytes, islands: Spans | None) -> Spans:
    """The islands that hold the ten digits of a number; a dense text is one island."""
    if islands is None:
        return [(0, len(shapes))]
    return [(low, high) for low, high in islands if shapes.count(b"0", low, high) >= TEN]


def has_island(shapes: bytes) -> bool:
    """Whether digits crowd anywhere; elsewhere no number can begin, in a dense text neither."""
    return _ISLAND.search(shapes) is not None


def sixes(shapes: bytes) -> Iterator[int]:
    """Where runs of six digits or more begin."""
    at = shapes.find(SIX)
    while at >= 0:
        if not at or shapes[at - 1] != _DIGIT:
            yield at
        at = shapes.find(SIX, at + len(SIX))
