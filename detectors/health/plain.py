"""One text as the term search needs it: NFC, lower case, look-alikes folded, offsets kept.

From → to: ``str`` → `Plain`. ``text[i]`` came from ``content[offsets[i]]``. Line ends are kept.

Invariant: linear; Latin text without invisible characters costs one pass in C.
Known gap: letters outside Cyrillic and Greek that only look Latin (mathematical alphabets).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# Letters that readers take for Latin ones; only one-to-one, so that offsets stay.
_ALIKE = str.maketrans(
    "аеорсхуіјѕкмтнвгАВЕКМНОРСТХІЅοαεικνρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ\u00a0\u2007\u202f\u2009\u2011\u2010\r",
    "aeopcxyijskmthbrABEKMHOPCTXISoaeiknptuxABEZHIKMNOPTYX    -- ",
)
# Of these, the ones that may stand where `_ODD` finds nothing: replaced one by one, which takes a
# tenth of the time of `str.translate`.
_RARE = tuple(zip("\r\u00a0\u202f\u2009\u2011\u2010\u2007", "    -- ", strict=True))
_ODD = re.compile("[\u00ad\u0300-\u036f\u0370-\u03ff\u0400-\u04ff\u200b-\u200f\u2060\ufeff]")
_LATIN_LOWER = bytes(range(256)).decode("latin-1").lower().encode("latin-1")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


@dataclass(frozen=True, slots=True)
class Plain:
    """`text` is lower case, `cased` the same text with its capitals; both of equal length."""

    text: str
    cased: str
    offsets: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Original (start, end), end exclusive."""
        return self.offsets[start], self.offsets[end - 1] + 1


def plain(content: str) -> Plain:
    """Make `content` searchable."""
    try:
        return _plain_latin(content, content.encode("latin-1"))
    except UnicodeEncodeError:
        return _compose(content) if _ODD.search(content) else _plain_wide(content)


def _plain_latin(content: str, latin: bytes) -> Plain:
    """Latin-1, which Swedish mail mostly is: as bytes, its lower case costs a third."""
    if b"\xad" in latin:  # the one character of `_ODD` that Latin-1 has
        return _compose(content)
    if b"\r" in latin or b"\xa0" in latin:
        latin = latin.replace(b"\r", b" ").replace(b"\xa0", b" ")
        content = latin.decode("latin-1")
    return Plain(latin.translate(_LATIN_LOWER).decode("latin-1"), content, range(len(content)))


def _plain_wide(cased: str) -> Plain:
    for mark, plain_mark in _RARE:
        if mark in cased:
            cased = cased.replace(mark, plain_mark)
    return Plain(_lower(cased), cased, range(len(cased)))


def _lower(cased: str) -> str:
    low = cased.lower()
    if len(low) == len(cased):
        return low
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in cased)


def _compose(content: str) -> Plain:
    """The slow way: drop invisible characters, join combining marks, keep where each came from."""
    chars: list[str] = []
    offsets: list[int] = []
    for at, char in enumerate(content):
        if _INVISIBLE.match(char):
            continue
        if chars and unicodedata.combining(char):
            joined = unicodedata.normalize("NFC", chars[-1] + char)
            chars[-1] = joined if len(joined) == 1 else chars[-1]
            continue
        chars.append(char)
        offsets.append(at)
    cased = "".join(chars).translate(_ALIKE)
    return Plain(_lower(cased), cased, offsets)
