"""Identity numbers inside longer runs of digits: filled up with noughts, or joined to other codes.

From → to: folded text → `Candidate`s.

- *Fixed width*: a field of a payment or register file, ``0000197709232388LENA``, with two noughts
  or more before the number; behind ten digits the run must end, behind twelve noughts may follow.
- *Joined*: twelve digits between other groups, ``222-196501022773-1603``, as in account strings.

Invariant: linear; a text without so many digits in a row costs a few searches for a short string.
Twelve digits with a century, a date and a check digit are met by chance once in 5,000.
"""

import re
from collections.abc import Iterator

from .search.candidates import MONTH_DAYS, Candidate, Shape
from .search.digit_clusters import Spans, crowded

_THIRTEEN = b"0" * 13
_RUN = re.compile(rb"0{13,}")
_MOST = 120  # digits of a run that are read
_FIELD = re.compile(
    r"(?<=00)(?P<twelve>(?:18|19|20)\d{10})(?=00|\D|$)|(?<=00)(?P<ten>[1-9]\d{9})(?!\d)"
)
_JOINTS = tuple(sign + b"0" * 12 for sign in (b"-", b"/", b"_"))
_JOINED = re.compile(r"(?<=\d[-/_])(?:18|19|20)\d{10}(?=[-/_]\d{1,8}(?![\d-]))")
_UUID = re.compile(r"[0-9a-f]{4}-[0-9a-f]{4}-$")


def find_fixed(text: str, shapes: bytes, islands: Spans | None) -> Iterator[Candidate]:
    """The candidates of a folded text; `shapes` is what `candidates.zeroed` makes of it."""
    for low, high in crowded(shapes, islands):
        yield from _in_fields(text, shapes, low, high)
        for joint in _JOINTS:
            at = shapes.find(joint, low, high)
            while at >= 0:
                yield from _joined(text, at + 1)
                at = shapes.find(joint, at + 1, high)


def _in_fields(text: str, shapes: bytes, low: int, high: int) -> Iterator[Candidate]:
    at = shapes.find(_THIRTEEN, low, high)
    while at >= 0:
        run = _RUN.match(shapes, at)
        assert run is not None
        for found in _FIELD.finditer(text, at, min(run.end(), at + _MOST) + 1):
            if found[0][-8:-4] in MONTH_DAYS:
                yield Candidate(found.start(), found.end(), found[0], Shape.FIXED)
        at = shapes.find(_THIRTEEN, run.end(), high)


def _joined(text: str, start: int) -> Iterator[Candidate]:
    found = _JOINED.match(text, start)
    if found and found[0][4:8] in MONTH_DAYS and not _UUID.search(text, max(start - 10, 0), start):
        yield Candidate(start, found.end(), found[0], Shape.JOINED)
