"""Numbers that stand in for a personnummer: T-nummer of students, reservnummer of patients.

From → to: all texts of a message → `Match`es of the kind ``se.reservnummer``.

- *T-nummer* (interimspersonnummer): ``YYMMDD-Xnnn``, X one of TRSUWXJKLMN and counted as 1 in Luhn.
- *Reservnummer*: twelve characters, written without signs, by whoever gives them out:
  Västra Götaland ``yyyymmddGggC`` (G is K, M or X, counted 5, 7, 8), Stockholm ``99yyyyNNNNNC``,
  Värmland ``yyyymmddSBNC``, Carelink ``yyyymm`` + day 32 to 59 + ``NNNC``, and the national one,
  ``XXYYMMDDNNGC`` with two capitals of 21.

Invariants: as any detector. What has no check digit, or one that a tenth of harmless codes pass and
nothing else, needs a word for it, a name or a person beside it to be more than a low finding.
Sources: personnummer/meta 3.1 (T-nummer); Inera, Nationellt reservidentitetsformat and its list of
regional formats. Known gaps: Skåne's date and four characters, and the check character of the
national format, for which no algorithm is published, are not told from other codes; a T-nummer with
L is found as the personnummer that it looks like.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from .context import Page
from .contract import Match, Sign, Source
from .evidence import TEXTS, Code, weigh
from .foreign import is_date
from .se_number import passes_luhn
from .search.candidates import Candidate, Shape

KINDS: tuple[str, ...] = ("se.reservnummer",)
EVIDENCE = TEXTS
PERSONAL = True
STARS = "******-****"
NEEDS = Sign.NUMBER
_T_LETTERS = b"jklmnrstuwx"
_VGR = {"k": "5", "m": "7", "x": "8"}
_WORD = rb"0-9a-z\xe0-\xff"
_LETTERED = re.compile(  # a date, then one or two letters among four characters
    rb"000000(?:00)?(?:(?P<sign>[-+]?)["
    + _T_LETTERS
    + rb"]000|[a-z][a-z]0[a-z0])(?!["
    + _WORD
    + rb"])"
)
_ALL_DIGITS = re.compile(rb"0{12}(?![" + _WORD + rb"])")
_NATIONAL = frozenset("ABCDEFGHJKLMNPRSTUXYZ")
_LETTERS = bytes(ord("x") if chr(code).isalpha() else code for code in range(256))
_HINT = re.compile(rb"x0(?:(?<=00x0)00|(?<=00[-+]x0)00|(?<=00xx0))")  # led by what tables lack
BORN_AT_MOST = 130  # years


class _Form(NamedTuple):
    """What a stretch is: `base` is its confidence by itself, `checked` if a digit proves it."""

    base: int
    checked: bool


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """All matches, overlapping ones included."""
    for index, source in enumerate(sources):
        candidates = list(_candidates(source))
        page = Page(source, today) if candidates else None
        for start, end in candidates:
            form = page and _form(source, start, end, today)
            if page and form and (match := _match(page, index, start, end, form)):
                yield match


def _candidates(source: Source) -> Iterator[tuple[int, int]]:
    shapes = source.zeroed
    for found in _stretches(source):
        before = shapes[found.start() - 1 : found.start()] if found.start() else b""
        if before.translate(_LETTERS) not in (b"0", b"x"):
            yield found.span()


def _stretches(source: Source) -> Iterator[re.Match[bytes]]:
    shapes = source.zeroed
    if source.islands is not None:
        found = [p.match(shapes, at) for p in (_LETTERED, _ALL_DIGITS) for at in source.sixes]
        yield from filter(None, found)
        return
    signs = shapes.translate(_LETTERS)
    if _HINT.search(signs):
        yield from _LETTERED.finditer(shapes)
    if b"0" * 12 in shapes:
        yield from _ALL_DIGITS.finditer(shapes)


def _form(source: Source, start: int, end: int, today: date) -> _Form | None:
    text = source.folded.text[start:end]
    if text.isdigit():
        return _stockholm(text, today) or _carelink(text, today)
    letters = [letter for letter in text if letter.isalpha()]
    if len(letters) == 1:
        return _t_nummer(text, letters[0], today)
    if len(text) != 12:
        return None
    written = source.content[slice(*source.folded.span(start, end))]
    return _varmland(text, today) or _national(written)


def _t_nummer(text: str, letter: str, today: date) -> _Form | None:
    """A T-nummer, or one of Västra Götaland, which has the same shape with a century."""
    digits = text.replace("-", "").replace("+", "")
    long = len(digits) == 12
    if not _is_dated(digits[:-4], today):
        return None
    if passes_luhn(digits[-10:].replace(letter, "1")):
        base = 54 if len(text) > len(digits) else 36
        return _Form(base + (6 if long else 0), checked=True)
    if long and letter in _VGR and passes_luhn(digits[-10:].replace(letter, _VGR[letter])):
        return _Form(42, checked=True)
    return None


def _stockholm(digits: str, today: date) -> _Form | None:
    year = int(digits[2:6])
    born = today.year - BORN_AT_MOST <= year <= today.year
    if digits[:2] != "99" or not born or not passes_luhn(f"00{digits[4:]}"):
        return None
    return _Form(40, checked=True)


def _carelink(digits: str, today: date) -> _Form | None:
    born = _is_dated(f"{digits[:6]}01", today) and "32" <= digits[6:8] <= "59"
    return _Form(34, checked=True) if born and passes_luhn(digits[-10:]) else None


def _varmland(text: str, today: date) -> _Form | None:
    right = text[8] == "s" and text[9] in "fuxpl" and text[11] != "0"
    return _Form(46, checked=False) if right and _is_dated(text[:8], today) else None


def _national(written: str) -> _Form | None:
    if not written[:8].isdigit() or not set(written[8:10]) <= _NATIONAL:
        return None
    century, month, day = (int(written[n : n + 2]) for n in (0, 4, 6))
    unknown = century == 0 and month >= 20 and 40 <= day <= 59
    known = 22 <= century <= 98 and century % 3 and 1 <= month <= 12 and 1 <= day <= 31
    return _Form(42, checked=False) if known or unknown else None


def _is_dated(digits: str, today: date) -> bool:
    """Whether six or eight digits are a day on which somebody who lives can have been born."""
    month, day = int(digits[-4:-2]), int(digits[-2:])
    if len(digits) == 6:
        return any(
            is_date(century + int(digits[:2]), month, day, today) for century in (1900, 2000)
        )
    year = int(digits[:4])
    return year >= today.year - BORN_AT_MOST and is_date(year, month, day, today)


def _match(page: Page, index: int, start: int, end: int, form: _Form) -> Match | None:
    text = page.text[start:end]
    digits = "".join(sign if sign.isdigit() else "1" for sign in text if sign.isalnum())
    shape = Shape.HYPHEN if len(text) > len(digits) else Shape.BARE
    codes = page.look(Candidate(start, end, digits, shape), None)
    if codes is None:
        return None
    checked = [Code.CHECKSUM] if form.checked else []
    spelling = [Code.SEPARATOR] if shape is Shape.HYPHEN else []
    span = page.source.folded.span(start, end)
    value = "".join(sign for sign in text if sign.isalnum())
    evidence = (*checked, *spelling, *codes)
    mask = f"{text[:-4]}****"
    return Match(index, *span, KINDS[0], weigh(form.base, codes), evidence, f"se:{value}", mask)
