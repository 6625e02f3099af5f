"""Stretches of text that may be an identity number, found by shape alone.

From → to: folded text → `Candidate`s, sorted by start, overlapping ones included. Nothing is known
here of check digits; a candidate only has a month and a day where some country writes them.

How it stays fast: the text becomes Latin-1 bytes of the same length in which every digit is ``0``.
A pattern that begins with the literal ``0`` is then found by `memchr`. In prose only the few places
where digits crowd (`islands`) are searched, in tables those that the `sieve` leaves. All repeats
are possessive or short, so the search is linear.

Known gaps: a number broken by a line end inside its date; more than three letters for digits in
ten, six in twelve. What is written stranger still is for `odd_number`.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple

from .dense_scan import Sieve
from .digit_clusters import BEHIND, Spans


class Shape(StrEnum):
    """How the digits are written."""

    BARE = "bare"
    HYPHEN = "hyphen"
    PLUS = "plus"
    SPACE = "space"  # one gap before the last part, without a sign
    DOTS = "dots"  # the date itself is written with signs: 81/12/28-9874, 1981-12-28 9874
    GROUPED = "grouped"  # pairs and other groups
    SINGLES = "singles"  # every digit by itself
    WORD = "word"  # "dash", "streck"
    LINE = "line"  # broken over a line end after a hyphen
    ROWS = "rows"  # broken over a line end without one
    CELL = "cell"  # date in one cell, the rest in the next
    ODD = "odd"  # other signs between
    LOOKALIKE = "lookalike"  # o for 0, l, i or | for 1, z for 2, s for 5, b for 8
    VAT = "vat"  # the ten digits in SE…01
    BOXES = "boxes"  # of a form, one of them with the hyphen
    FIXED = "fixed"  # a field of fixed width, filled up with noughts
    JOINED = "joined"  # between other groups of digits: 222-196501022773-1603
    LETTER = "letter"  # Finnish: a letter as century or as check


class Candidate(NamedTuple):
    """``text[start:end]`` of the folded text; `digits` are its digits (and letters, if LETTER).

    (A tuple: tables have many.)
    """

    start: int
    end: int
    digits: str
    shape: Shape


TO_ZERO = bytes.maketrans(b"0123456789", b"0" * 10)
_WORDS = rb"(?:bindestreck|tankstreck|streck|dash|hyphen|minus|plus)"
_GAP = (
    rb"(?:[-+./_:,*=~()\[\]<>\"'\xb7 ]{0,4}+|[ ]?[\t;|][ ]?"
    rb"|[ \t]{0,4}+[-+]?[ \t]{0,4}+\r?\n[> \t|]{0,8}+[-+]?"
    rb"|[ \t\r\n>]{1,4}+" + _WORDS + rb"[ \t\r\n>]{1,4}+)"
)
_END = rb"(?!0)(?![-.:]0)"
_SIGN = rb"[ \-+./_*\xb7]"
_JOINT = _SIGN + rb"{0,3}+"
# Nothing is joined before.
_ALONE = b"".join(
    rb"(?<!0%b{%d}0)" % (_SIGN, count) for count in (1, 2, 3)
)  # nothing joined before
_SHAPES = (
    rb"0{5}(?:00)?" + _GAP + rb"(?:00000?+" + _END + rb"|00 00(?! ?0))",  # date, then four or five
    rb"0(?:00)?(?P<sign>[-./ *\xb7])00(?P=sign)00(?!0)"  # date with signs
    + _GAP
    + rb"(?:0000"
    + _END
    + rb"|00 00(?! ?0))",
    rb"0[ \t;|,.-]{1,2}+0{6}" + _GAP + rb"0000" + _END,  # century apart
    rb"(?P<dayfirst>0?(?:[./-]00?[./ -]{1,2}+0000(?: ?[-+] ?| )| 00 0000-)0000" + _END + rb")",
    _ALONE + rb"(?:" + _JOINT + rb"0){9}(?:" + _JOINT + rb"0" + _JOINT + rb"0)?+"
    rb"(?!" + _SIGN + rb"?0)",  # other groups, if nothing more is joined to them
    rb"(?P<finnish>(?:[ .-]?0){5} ?[-+a-fu-y] ?0(?: ?0){2} ?[0a-y](?![0a-z\xe0-\xff]))",
)
# A number in groups begins with 1, 2, 4, 6 or 8 digits, in cells with 2, 6 or 8.
_WORTH = rb"(?=0{5}(?:00)?(?!0)|0[ \-+./_*\xb7\t;|,]{1,3}+0|(?:000)?" + _SIGN + rb"{1,3}+0)"
_FREE = rb"(?:(?<!0[-.:]0)|(?<=0000-0))"
_PATTERN = re.compile(rb"0(?<!00)" + _WORTH + _FREE + rb"(?=(" + b"|".join(_SHAPES) + rb"))")
# 10, 11 or 12 digits: searched by themselves, since tables are full of them
_BARE = re.compile(rb"0(?<!00)" + _FREE + rb"0{9}0{0,2}+(?!0)(?![-.]0)")
_TEN = b"0" * 10
FEWEST_DISGUISED = 3  # digits, where letters stand for the others
_NINE = 9  # digits of a Finnish number, if its check is a letter
_START = attrgetter("start")
_TO_O = bytes.maketrans(b"li|zsb", b"oooooo")
_ALIKE_TO_ZERO = bytes(
    ord("0") if code in b"0oli|zsb" else ord("x") if 97 <= code <= 122 or code >= 0xE0 else code
    for code in range(256)
)
_LOOKALIKE = re.compile(rb"000000(?<![0x]0{6})(?:00)?(?: ?[-+] ?|[ .])?0000(?![0x])")
_NOUGHTS = re.compile(b"0+")
_NO_DIGITS = bytes({*range(256)} - {*b"0123456789"})
_CELL = 3  # characters of a number in a cell of its own
_UNLOOK = str.maketrans("oli|zsb", "0111258")
_NOT_DIGITS = re.compile(r"\D+")
_NOT_LETTERS = re.compile(r"[^\da-z]+")

MONTH_DAYS = frozenset(
    f"{month:02}{day:02}" for month in range(13) for day in (*range(1, 32), *range(60, 92))
)
DAY_MONTHS = frozenset(
    f"{day + days:02}{month + months:02}"
    for month in range(1, 13)
    for day in range(1, 32)
    for days in (0, 40)
    for months in (0, 40, 80)
)


def zeroed(text: str) -> bytes:
    """A folded text as bytes of the same length, each digit a ``0``."""
    return text.encode("latin-1", "replace").translate(TO_ZERO)


def find_candidates(text: str, shapes: bytes, islands: Spans | None) -> tuple[Candidate, ...]:
    """All candidates of a folded text, by start; `shapes` is what `zeroed` makes of it."""
    found: list[Candidate] = []
    if islands is None:
        sieve = Sieve(text.encode("latin-1", "replace"))
        found += _bare(text, shapes, _sifted_runs(text, sieve))
        found += _parted(text, shapes, _sifted_groups(shapes, sieve))
        found += _lookalikes(text, shapes, dense=True)
    elif islands or shapes.count(b"0") >= FEWEST_DISGUISED:
        found += _bare(text, shapes, _runs(shapes, islands))
        found += _parted(text, shapes, _groups(shapes, islands))
        found += _lookalikes(text, shapes, dense=False)
    found.sort(key=_START)
    return tuple(found)


def _bare(text: str, shapes: bytes, runs: Iterator[tuple[int, int]]) -> Iterator[Candidate]:
    """Digits without anything between them."""
    for start, end in runs:
        digits = text[start:end]
        if len(digits) == 12 and _is_vat_number(text, start, digits):
            if _BARE.match(shapes, start):
                yield Candidate(start, end - 2, digits[:10], Shape.VAT)
        elif (
            (digits[-8:-4] in MONTH_DAYS or digits[:4] in DAY_MONTHS)
            and not (shapes[start - 1 : start] == b"-" and _is_joined(text, start))
            and _BARE.match(shapes, start)
        ):
            yield Candidate(start, end, digits, Shape.BARE)


def _runs(shapes: bytes, islands: Spans) -> Iterator[tuple[int, int]]:
    """(start, end) of ten, eleven or twelve digits."""
    for start, end in islands:
        if shapes.find(_TEN, start, end) >= 0:
            yield from (match.span() for match in _BARE.finditer(shapes, start, end))


def _sifted_runs(text: str, sieve: Sieve) -> Iterator[tuple[int, int]]:
    """(start, end) of ten or eleven digits with a date, or twelve."""
    yield from ((start, start + 12) for start in sieve.runs(12))
    for length in (10, 11):
        month = length - 8
        yield from [
            (start, start + length)
            for start in sieve.dated(length)
            if text[start + month : start + month + 4] in MONTH_DAYS
            or text[start : start + 4] in DAY_MONTHS
        ]


def _parted(text: str, shapes: bytes, groups: Iterator[re.Match[bytes]]) -> Iterator[Candidate]:
    """Digits in groups."""
    month_days, day_months = MONTH_DAYS, DAY_MONTHS  # looked up once
    for match in groups:
        start, end = match.start(), match.end(1)
        if shapes[start - 1 : start] == b"-" and _is_joined(text, start):
            continue
        raw = text[start:end]
        if match["finnish"]:
            yield Candidate(start, end, _NOT_LETTERS.sub("", raw), Shape.LETTER)
            continue
        if match["dayfirst"]:
            yield from _day_first(start, end, raw)
            continue
        digits = _digits_of(raw)
        if (digits[-8:-4] in month_days or digits[:4] in day_months) and (
            shape := _shape_of(shapes[start:end])
        ):
            yield Candidate(start, end, digits, shape)


def _day_first(start: int, end: int, raw: str) -> Iterator[Candidate]:
    """23.09.1977-2388; a second year is the end of a period."""
    day, month, year, last = _NOT_DIGITS.split(raw)
    digits = f"{year}{month:0>2}{day:0>2}{last}"
    if digits[4:8] in MONTH_DAYS and last[:2] not in ("19", "20"):
        shape = Shape.GROUPED if raw[-5] == " " and raw[-6].isdigit() else Shape.DOTS
        yield Candidate(start, end, digits, shape)


def _digits_of(raw: str) -> str:
    return raw.encode("latin-1", "replace").translate(None, _NO_DIGITS).decode("latin-1")


def _groups(shapes: bytes, islands: Spans) -> Iterator[re.Match[bytes]]:
    for start, end in islands:
        if shapes.count(b"0", start, end + BEHIND) < _NINE:
            continue
        for match in _PATTERN.finditer(shapes, start, end + BEHIND):
            if match.start() < end:
                yield match


def _sifted_groups(shapes: bytes, sieve: Sieve) -> Iterator[re.Match[bytes]]:
    return filter(None, (_PATTERN.match(shapes, at) for at in sieve.parted()))


def _is_joined(text: str, start: int) -> bool:
    """Whether digits and a hyphen stand before, but for 3300, the clearing number of personal
    accounts, whose number is the owner's."""
    before = text[max(start - 5, 0) : start - 1]
    return before[-1:].isdigit() and before != "3300"


def _is_vat_number(text: str, start: int, digits: str) -> bool:
    """SE + organisation number + 01; a sole trader's is the owner's personnummer."""
    return digits[10:] == "01" and text[max(start - 3, 0) : start].rstrip()[-2:] == "se"


def _lookalikes(text: str, shapes: bytes, *, dense: bool) -> Iterator[Candidate]:
    """Digits and letters that look like some, if they stand side by side anywhere. All as noughts,
    such a run is rare in prose."""
    if dense and not _are_beside(shapes):
        return
    alike = shapes.translate(_ALIKE_TO_ZERO)
    for match in _LOOKALIKE.finditer(alike) if dense else _rare_alike(alike):
        raw = text[match.start() : match.end()]
        letters = sum(map(raw.count, "oli|zsb"))
        digits = _NOT_DIGITS.sub("", raw.translate(_UNLOOK))
        most = 6 if len(digits) == 12 else 3
        if (1 <= letters <= most or _is_disguised(raw)) and digits[-8:-4] in MONTH_DAYS:
            if not dense and not _are_beside(shapes):
                return
            if "|" not in raw or not _is_ruled(text, *match.span()):
                yield Candidate(match.start(), match.end(), digits, Shape.LOOKALIKE)


def _is_ruled(text: str, start: int, end: int) -> bool:
    """Whether upright lines stand between cells, not for ones: the line around has more of them,
    and between these are whole numbers, as years, not the few digits that ones leave."""
    if any(0 < len(cell) < _CELL for cell in text[start:end].split("|")):
        return False
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    return "|" in text[first:start] or "|" in text[end : last if last >= 0 else len(text)]


def _is_disguised(raw: str) -> bool:
    """Whether every 0 and 1 of the date is a letter, and some other digits say that it is one."""
    date, sign, _rest = raw.replace("+", "-").partition("-")
    whole = bool(sign) or len(raw) == 12
    digits = sum(map(str.isdigit, raw))
    return whole and digits >= FEWEST_DISGUISED and not any(sign in date for sign in "01zsb")


def may_look_alike(shapes: bytes) -> bool:
    """Whether digits and letters like some stand in rows as long as those of a number."""
    return next(_rare_alike(shapes.translate(_ALIKE_TO_ZERO)), None) is not None


def _are_beside(shapes: bytes) -> bool:
    """Whether a digit and a letter like one stand side by side, but for a hyphen."""
    alike = shapes.translate(_TO_O)
    return b"0o" in alike or b"o0" in alike or b"o-0" in alike


def _rare_alike(alike: bytes) -> Iterator[re.Match[bytes]]:
    """`_LOOKALIKE` where six noughts stand: `bytes.find` is five times as fast in prose."""
    at = alike.find(b"000000")
    while at >= 0:
        match = _LOOKALIKE.match(alike, at)
        if match:
            yield match
        run = _NOUGHTS.match(alike, at)
        at = alike.find(b"000000", run.end() if run else at + 1)


@lru_cache(4096)
def _shape_of(written: bytes) -> Shape | None:
    """The shape, or None where the groups are not those that people cut such a number into."""
    raw = written.decode("latin-1")
    gaps = _NOT_DIGITS.findall(raw)
    if not gaps:
        return Shape.BARE
    cuts = list(accumulate(map(len, _NOT_DIGITS.split(raw))))
    total = cuts.pop()
    date = 6 if total == 11 else total - 4
    if total == 12 and cuts[0] == 2 and len(cuts) <= 2 and (len(cuts) == 1 or cuts[1] == 8):
        return _gap_shape(gaps[-1])
    if cuts == [date]:
        return _gap_shape(gaps[0])
    if total == 12 and cuts == [4]:
        return Shape.GROUPED  # 1977-09232388
    if cuts == [date - 4, date - 2, date]:
        last = _gap_shape(gaps[-1])
        return last if last in (Shape.CELL, Shape.ROWS, Shape.LINE) else Shape.DOTS
    if len(cuts) == total - 1:
        return Shape.SINGLES
    if not _is_grouped(set(cuts), date, total):
        return None
    signs = {sign for gap in gaps for sign in gap.strip() or " "}
    return Shape.ODD if signs >= {".", " "} or signs & {"*", "\xb7"} else Shape.GROUPED


def _is_grouped(cuts: set[int], date: int, total: int) -> bool:
    in_date = {cut for cut in cuts if cut < date}
    in_rest = {cut - date for cut in cuts if cut > date}
    whole = date in cuts or cuts == set(range(2, total, 2))
    return (
        whole
        and (in_date <= {2, 4, 6} or in_date == set(range(1, date)))
        and in_rest in ({*()}, {1}, {2}, {3}, {1, 2, 3})
    )


def _gap_shape(gap: str) -> Shape:
    sign = gap.strip(" ")
    if "\n" in gap:
        before, _, behind = gap.partition("\n")
        signs = before.strip(), behind.strip("> \t|")
        return Shape.LINE if signs in (("-", ""), ("+", ""), ("", "-"), ("", "+")) else Shape.ROWS
    if any(character in "\t;|," for character in gap):
        return Shape.CELL
    if sign.isalpha():
        return Shape.WORD
    return {"-": Shape.HYPHEN, "--": Shape.HYPHEN, "+": Shape.PLUS, "": Shape.SPACE}.get(
        sign, Shape.ODD
    )
