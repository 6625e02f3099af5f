"""Birth dates with the last four digits masked: ``811228-XXXX``, ``19811228-****``.

From → to: all texts of a message → `Match`es of the kind ``se.fodelsetid``, always low: the
writer did as she should. A rule may still ask for them (``kinds = ["se.fodelsetid"]`` with
``level = "low"``).

Invariants: as any detector; the pattern "ÅÅMMDD-XXXX" itself holds no digits and is none. The mask
covers the day as well, since a birth date is all there is to hide.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from .contract import Match, Sign, Source
from .evidence import TEXTS, Code
from .foreign import is_date
from .names import Name, name_before

KINDS: tuple[str, ...] = ("se.fodelsetid",)
EVIDENCE = TEXTS
PERSONAL = True
STARS = "******-****"
NEEDS = Sign.NUMBER
_MASKS = (b"xxx", b"***", b"\xb7\xb7\xb7", b"###", b"___", b"???", b"nnn")
_FORM = re.compile(
    rb"000000(?:00)?[-+ ]{0,3}(?:x|\*|\xb7|#|_|\?|n){3,4}(?![0-9a-z*\xb7#_?\xe0-\xff])"
)
_CENTURIES = (1900, 2000)
_ALONE, _NAMED = 25, 40


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """All matches; confidence `_ALONE`, or `_NAMED` with a name or a word for the number beside."""
    for index, source in enumerate(sources):
        shapes = source.zeroed
        for found in _forms(source):
            joined = shapes[found.start() - 1 : found.start()] if found.start() else b""
            if not joined.isalnum() and _is_birth(source.folded.text, found.span(), today):
                yield _match(source, index, *found.span())


def _forms(source: Source) -> Iterator[re.Match[bytes]]:
    shapes = source.zeroed
    if source.islands is not None:
        yield from filter(None, (_FORM.match(shapes, at) for at in source.sixes))
    elif any(mask in shapes for mask in _MASKS):
        yield from _FORM.finditer(shapes)


def _is_birth(text: str, span: tuple[int, int], today: date) -> bool:
    digits = re.sub(r"\D", "", text[slice(*span)])
    month, day = int(digits[-4:-2]), int(digits[-2:])
    day -= 60 if day > 60 else 0  # of a samordningsnummer
    short = (century + int(digits[:2]) for century in _CENTURIES)
    years = (int(digits[:4]),) if len(digits) == 8 else tuple(short)
    return any(year >= 1890 and is_date(year, month, day, today) for year in years)


def _match(source: Source, index: int, start: int, end: int) -> Match:
    first, last = source.folded.span(start, end)
    line = source.content.rfind("\n", max(first - 50, 0), first) + 1 or max(first - 50, 0)
    named = name_before(source.content[line:first]) is Name.SURE
    codes = (Code.NAME,) if named else ()
    born = re.sub(r"\D", "", source.folded.text[start:end])[-6:]
    confidence = _NAMED if named else _ALONE
    return Match(index, first, last, KINDS[0], confidence, codes, f"se-born:{born}", "******-****")
