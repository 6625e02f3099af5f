"""Identity numbers that nobody writes so by accident: every digit apart, or in words.

From → to: folded text → `Candidate`s, sorted by start.

- *Apart*: ten or twelve digits with the same sign between all of them (``1*9*1*2``, ``[1][9]``, one
  a line, one a cell). Where the sign is also that of a table or a list, ten are worth little if
  other figures stand near, or a row of a survey would be a number now and then.
- *Boxes* of a form: ``| 50 | 09 | 30 | - | 1770 |``, ``7|7|0|9|2|3|-|2|3|8|8``; without the hyphen
  only beside a word for the number.
- *Words*: "ett nio ett två ...", also in pairs ("nitton tolv") and mixed with digits.

Invariant: linear, and at most `MOST` runs of words are read. A text without single digits or
numerals costs a search for short strings.
"""

import re
from collections.abc import Iterator
from itertools import islice

from .search.candidates import DAY_MONTHS, MONTH_DAYS, Candidate, Shape
from .search.digit_clusters import Spans, crowded
from .search.pieces import Pieces, ask
from .spelled import digits_of, mixed_runs, runs

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
# With a hyphen in a box of its own; what stands before is read backwards from it.
_HYPHENS = (
    *(b"|-|", b" | - | ", b"\t-\t", b";-;", b"\n-\n", b"\r\n-\r\n", b" - ", b"]-[", b"] - ["),
    *(b", - , ", b",-,", b"; - ;", b" \n- \n", b" \r\n- \r\n", b"\n\n-\n\n"),
)
_BOX = rb"[^0-9A-Za-z\xc0-\xff]{1,4}"
_DASH = rb"[^0-9A-Za-z\xc0-\xff]{0,4}[-+][^0-9A-Za-z\xc0-\xff]{0,4}"
_SINGLES = rb"(?<!0)0(?P<one>" + _BOX + rb"?)0(?:(?P=one)0){4}(?:(?P=one)0(?P=one)0)?"
_PAIRS = rb"(?<!0)00(?:00)?(?P<two>[ ]?[|\t;\[\]]{1,2}[ ]?)00(?P=two)00"
_BOXES = re.compile(
    rb"(?:" + _SINGLES + _DASH + rb"0(?:(?P=one)0){3}"
    rb"|" + _PAIRS + _DASH + rb"(?:0000|00(?P=two)00))(?!0)"
)
_BARE_BOXES = re.compile(_PAIRS + rb"(?P=two)(?:0000|00(?P=two)00)(?!0)")
_WIDEST = 70  # characters before the hyphen, and behind it
_CALLED = ask(("personn", "pnr", "persnr", "pers.nr", "personal id", "identity num"))
_NEAR = 60  # characters between such a word and a number in boxes
_CELLS = frozenset("\t\r\n ")
_OF_LISTS = frozenset("\t\n;,|")


def find_odd(
    text: str, shapes: bytes, islands: Spans | None, pieces: Pieces
) -> Iterator[Candidate]:
    """The candidates of a folded text; `shapes` is what `candidates.zeroed` makes of it."""
    called = sorted(at for _word, places in pieces.of(_CALLED) for at in places)
    rows = list(_apart(shapes, islands))
    alone = len(rows) == 1 and _stands_alone(text, *rows[0].span())
    for found in rows:
        raw, sign = text[found.start() : found.end()], found["sign"].decode("latin-1")
        digits = "".join(filter(str.isdigit, raw))
        listed = bool(_OF_LISTS.intersection(sign))
        celled = alone and _CELLS.issuperset(sign)
        if _dated(digits) and (not listed or celled or len(digits) == 12):
            yield Candidate(found.start(), found.end(), digits, Shape.SINGLES)
        elif _dated(digits):  # a row of answers, now and then: little by itself
            yield Candidate(found.start(), found.end(), digits, Shape.CELL)
    for low, high in crowded(shapes, islands):
        yield from _boxes(text, shapes, low, high)
    for word in called[:MOST]:
        if boxes := _BARE_BOXES.search(shapes, max(word - _NEAR, 0), word + _NEAR):
            yield from _boxed(text, boxes, Shape.CELL)
    for words in islice(runs(text, pieces), MOST):
        digits = digits_of(words[0])
        if len(digits) in (10, 12) and _dated(digits):
            yield Candidate(words.start(), words.end(), digits, Shape.WORD)
    for start, end, digits in islice(mixed_runs(text, shapes, pieces), MOST):
        if _dated(digits):
            yield Candidate(start, end, digits, Shape.WORD)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no other digit or figure stands near: it is no row of a table of answers."""
    around = text[max(start - _NEAR, 0) : start] + text[end : end + _NEAR]
    return not any(map(str.isdigit, around))


def _boxes(text: str, shapes: bytes, low: int, high: int) -> Iterator[Candidate]:
    if shapes.find(b"-", low, high) < 0:
        return
    for hyphen in _HYPHENS:
        at = shapes.find(hyphen, low, high)
        while at >= 0:
            end = at + len(hyphen)
            if shapes[at - 1 : at] == b"0" == shapes[end : end + 1]:
                found = _BOXES.search(shapes, max(at - _WIDEST, 0), at + _WIDEST)
                if found and found.start() < at < found.end():
                    yield from _boxed(text, found, Shape.BOXES)
            at = shapes.find(hyphen, at + len(hyphen), high)


def _boxed(text: str, found: re.Match[bytes], shape: Shape) -> Iterator[Candidate]:
    digits = "".join(filter(str.isdigit, text[found.start() : found.end()]))
    if _dated(digits):
        yield Candidate(found.start(), found.end(), digits, shape)


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
