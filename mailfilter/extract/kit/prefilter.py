"""A text from afar: what table look-ups tell of it, so that few expressions are tried.

From → to: a text → `Afar`: its bytes, and two mappings of them that the gates of `disguise` and
`codes` search; the source of a page → `Page`, for those of `hypertext`, `oddities` and `woven`. One
look at each character by C replaces many, and most texts end there.

- `raw`: Latin-1, with ``?`` for what it lacks (then `wide`).
- `runs`: characters of base64 as ``a``, all else as a blank.
- `digits`: digits, as ``1``, with letters, blanks and what divides a number left out: whatever else
  stands between two of them stands there still.
- `speaks`: whether a sign of a code without digits is there.

Invariants: linear; a gate never closes on what its expression would find.
"""

from collections.abc import Iterable, Iterator
from itertools import product

from mailfilter.byte_search import Needles

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_RUNS = bytes(0x61 if byte in _LETTERS else 0x20 for byte in range(256))
_ZEROED = bytes.maketrans(b"0123456789", b"0" * 10)
_ONES = bytes.maketrans(b"0123456789", b"1" * 10)
_ONES_WIDE = bytes.maketrans(b"0123456789?", b"1" * 11)  # digits of other scripts are ?
_BETWEEN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz -+,;\r\n\t|"
OPENING = tuple(bytes(pair) for pair in product(b"MNO", b"DTjz"))  # base64 of digits begins so
# Of these one stands in every code that has no digits in a row (Morse, base85, base32, ROT13), and
# in base64 of digits. (Behind a year in Roman numerals stand eight.)
_SPEAKING = Needles(b".-", b"-.", b"F*", b"GB7", b"GE", b"GI", b"rgg", b"abyy", *OPENING)
_EIGHT = b"1" * 8
_ELEVEN = b"1" * 11  # 2d, a hyphen, has but one digit
_FOURS = b" aaaa aaaa aaaa aaaa aaaa "
_BLANKS = b" " * 6
_SHORT = 4096  # bytes in which so repetitive a needle is found faster than by its blanks
_LONGEST = 1000  # words of a stretch


class Afar:
    """The mappings of one text, and what they tell."""

    __slots__ = ("content", "digits", "raw", "runs", "speaks", "wide")

    def __init__(self, content: str) -> None:
        self.content = content
        try:
            self.raw = content.encode("latin-1")
            self.wide = False
        except UnicodeEncodeError:
            self.raw = content.encode("latin-1", "replace")
            self.wide = True
        self.runs = self.raw.translate(_RUNS)
        self.speaks = _SPEAKING.within(self.raw)
        self.digits = self.raw.translate(_ONES_WIDE if self.wide else _ONES, _BETWEEN)

    def has_digits(self) -> bool:
        """Eight digits with no more between them than letters, blanks and what divides a number."""
        return _EIGHT in self.digits

    def has_hex(self) -> bool:
        """Digits enough for ten characters in hexadecimal, with no more between them."""
        return _ELEVEN in self.digits.translate(None, b":")

    def fours(self) -> Iterator[tuple[int, int]]:
        """Stretches of words of four characters each, at least five in a row, one blank between.

        The blanks are looked for first, in every fifth character.
        """
        if len(self.runs) <= _SHORT and _FOURS not in self.runs:
            return
        for phase in range(5):
            column = self.runs[phase::5]
            at = column.find(_BLANKS)
            while at >= 0:
                end, start = at + 1, 5 * at + phase
                if self.runs.startswith(_FOURS, start):
                    rest = column[at : at + _LONGEST]
                    end = at + len(rest) - len(rest.lstrip(b" "))
                    yield max(0, start - 5), 5 * end + phase
                at = column.find(_BLANKS, end)


class Page:
    """The source of a page; `zeroed` is it in Latin-1, each digit a nought.

    `told` are the tags of the page in small letters, each once; None where that is not known: then
    the whole source must tell.
    """

    __slots__ = ("raw", "source", "told", "wide", "zeroed")

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            self.raw = source.encode("latin-1")
            self.wide = False
        except UnicodeEncodeError:
            self.raw = source.encode("latin-1", "replace")
            self.wide = True
        self.zeroed = self.raw.translate(_ZEROED)
        self.told: bytes | None = None

    def tells(self, words: Iterable[bytes]) -> bool:
        """Whether any of these words, in small letters, may stand in a tag."""
        if self.told is None:
            self.told = self.raw.lower()  # three times faster than as text
        return any(map(self.told.__contains__, words))

    def has_six_digits(self) -> bool:
        """Six digits in a row."""
        return b"000000" in self.zeroed
