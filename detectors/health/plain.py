"""One text as the term search needs it: NFC, lower case, look-alikes folded, offsets kept.

From → to: ``str`` → `Plain`. ``text[i]`` came from ``content[offsets[i]]``. Line ends are kept.

Invariant: linear; Latin text, and the usual dashes and quotation marks, costs one pass in C.
Known gap: letters outside Cyrillic and Greek that only look Latin (mathematical alphabets).
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from ..search.text import SEATS, seated

# Letters that readers take for Latin ones; only one-to-one, so that offsets stay.
_ALIKE = str.maketrans(
    "аеорсхуіјѕкмтнвгАВЕКМНОРСТХІЅοαεικνρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ\u00a0\u2007\u202f\u2009\u2011\u2010\r",
    "aeopcxyijskmthbrABEKMHOPCTXISoaeiknptuxABEZHIKMNOPTYX    -- ",
)
# Of these, the ones that may stand where `_ODD` finds nothing: replaced one by one, which takes a
# tenth of the time of `str.translate`.
_RARE = tuple(zip("\r\u00a0\u202f\u2009\u2011\u2010\u2007", "    -- ", strict=True))
_ODD = re.compile("[\u00ad\u0300-\u036f\u0370-\u03ff\u0400-\u04ff\u200b-\u200f\u2060\ufeff]")
_LOWER = bytes(range(256)).decode("latin-1").lower().encode("latin-1")
_LOWER = _LOWER.replace(b"\r", b" ").replace(b"\xa0", b" ")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_COMBINING = "".join(filter(unicodedata.combining, map(chr, range(0x300, 0x1F000))))
_RARE_SCRIPTS = re.compile("[\U00010000-\U0001efff]")
# A class with characters of rare scripts takes thirty times as long to search for.
_MOVING_THERE = re.compile(f"[\u00ad\u200b-\u200f\u2060\ufeff{_COMBINING}]+")
_MOVING = re.compile(f"[\u00ad\u200b-\u200f\u2060\ufeff{_RARE_SCRIPTS.sub('', _COMBINING)}]+")
_FEW = 40  # characters that Latin-1 lacks, such as dashes and quotation marks


class Plain(NamedTuple):
    """`text` is lower case, `cased` the same text with its capitals; both of equal length."""

    text: str
    cased: str
    offsets: Sequence[int]
    latin: bytes  # of `text` or `cased`; other signs than letters may differ
    whole: bool  # whether it has all letters, and not ``?`` for some

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Original (start, end), end exclusive."""
        return self.offsets[start], self.offsets[end - 1] + 1


def plain(content: str, latin: bytes | None = None) -> Plain:
    """Make `content` searchable; `latin` is what `seated` makes of it."""
    latin = latin or seated(content)
    if latin is not None and b"\xad" not in latin:  # the one of `_ODD` that Latin-1 has
        return _plain_latin(content, latin)
    return _compose(content) if _is_odd(content) else _plain_wide(content)


def _is_odd(content: str) -> bool:
    """Whether characters occur that have no place of their own, or look like others."""
    return _ODD.search(content) is not None


def _plain_latin(content: str, latin: bytes) -> Plain:
    """Latin-1 and the usual marks: the lower case is one look-up a byte, a fifth of `str.lower`."""
    low = latin.translate(_LOWER).decode("latin-1")
    for mark, seat in SEATS.items():
        if seat in latin:
            low = low.replace(chr(seat), mark)
    cased = content
    if b"\r" in latin or b"\xa0" in latin:
        cased = content.replace("\r", " ").replace("\xa0", " ")
    return Plain(low, cased, range(len(cased)), latin, whole=True)


def _plain_wide(cased: str) -> Plain:
    for mark, plain_mark in _RARE:
        if mark in cased:
            cased = cased.replace(mark, plain_mark)
    return _of_cased(cased, range(len(cased)))


def _of_cased(cased: str, offsets: Sequence[int]) -> Plain:
    low = _lower(cased)
    return Plain(low, cased, offsets, low.encode("latin-1", "replace"), whole=False)


def _lower(cased: str) -> str:
    low = cased.lower()
    if len(low) == len(cased):
        return low
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in cased)


def marks(content: str) -> int:
    """How many runs of invisible characters and combining marks a text has, if many."""
    if content.isascii():
        return 0
    latin = content.encode("latin-1", "replace")
    if latin.count(b"?") + latin.count(b"\xad") < _FEW:
        return 0
    return len(_MOVING.findall(content))


def _compose(content: str) -> Plain:
    """The slow way: drop invisible characters, join combining marks, keep where each came from."""
    pieces: list[str] = []  # none is empty
    offsets: list[int] = []
    at = 0
    moving = _MOVING_THERE if _RARE_SCRIPTS.search(content) else _MOVING
    for run in moving.finditer(content):
        start, end = run.span()
        if start > at:
            pieces.append(content[at:start])
            offsets += range(at, start)
        at = end
        for offset in range(start, end):
            char = content[offset]
            if _INVISIBLE.match(char):
                continue
            if pieces:
                joined = unicodedata.normalize("NFC", pieces[-1][-1] + char)
                if len(joined) == 1:
                    pieces[-1] = pieces[-1][:-1] + joined
            else:
                pieces.append(char)
                offsets.append(offset)
    if at < len(content):
        pieces.append(content[at:])
        offsets += range(at, len(content))
    cased = "".join(pieces).translate(_ALIKE)
    return _of_cased(cased, offsets)
