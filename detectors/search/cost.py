"""What searching a text takes, seen from afar and before it is searched.

From → to: a text → steps. A step is what one turn of a small loop costs, about a microsecond on a
processor of today; the unit is counted, never timed, so that the same text takes the same steps
everywhere. A million characters of prose take some 260,000, a list of persons half a million.

Why: the detectors are linear, but one text costs a hundred times as much as another of its length.
A limit on characters that holds for the dearest would shut out ordinary large documents.

Invariants: linear; what a text takes is what its pieces take. Weighing takes two thirds of what
the search of plain prose does, so a message is weighed only where it is long. The weights were
measured on the texts of ``make bench-detectors`` and ``make bombs``: most take 0.1 to 1.6
microseconds a step, none over 4. They are those of the dearest text that looks so from afar, for
nobody knows yet who is meant by a word for health.
"""

from collections.abc import Iterator

from ..health import places_in
from .candidates import zeroed

PIECE = 65_536  # characters that are weighed together
LEAST = 300  # steps of any text, however short: each passes every detector

_CHARACTERS = 25  # in a step, of what is only looked at
_DIGITS = 12  # in a step
_PARTED = (b"0-0", b"0 0", b"0/0")  # a step for each: where groups of digits may be cut
_NUMBERS = (b"0000000000", b"-0000")  # what may be an identity number
_NUMBER = 5  # steps of each
_PLACE = 4  # of a place where a word for health may stand
_CROWDED = 60  # more of each beyond `_FEW` in a piece: where many stand, persons stand beside them
_FEW, _MOST = 16, 96  # prose and tables have 11 to 15; no more than the latter are looked at
_ONE = b".?"  # a step for each: what may be a link, what Latin-1 lacks
_LINE = 2  # steps of each


def effort(text: str) -> int:
    """Steps to search `text`."""
    return LEAST + sum(map(_of_piece, _pieces(text)))


def affordable(text: str, steps: int) -> int:
    """How many characters of `text` may be searched for so many steps."""
    at, steps = 0, steps - LEAST
    for piece in _pieces(text):
        steps -= _of_piece(piece)
        if steps < 0:
            return at
        at += len(piece)
    return at


def _pieces(text: str) -> Iterator[str]:
    if len(text) <= PIECE:
        yield text
    else:
        yield from (text[at : at + PIECE] for at in range(0, len(text), PIECE))


def _of_piece(text: str) -> int:
    shapes = zeroed(text)
    steps = len(text) // _CHARACTERS + len(shapes) - len(shapes.translate(None, _ONE))
    steps += shapes.count(b"\n") * _LINE
    if digits := shapes.count(b"0"):
        steps += digits // _DIGITS + sum(map(shapes.count, _PARTED))
        steps += _NUMBER * sum(map(shapes.count, _NUMBERS))
    return steps + sum(map(_of_places, places_in(text)))


def _of_places(places: int) -> int:
    """Steps of the places in one piece."""
    places = min(places, _MOST)
    return _PLACE * places + _CROWDED * max(places - _FEW, 0)
