"""Ways to hide a number by single characters of Unicode: every script's digits, what is not seen.

From → to: `ways()` yields (name, function from twelve digits to an entity, why it is missed or "").

Sources: Unicode 15.1 (General_Category Nd, Default_Ignorable_Code_Point, white space), UTS 39
(confusable characters). The commonest of each kind are in `letters`.
"""

import unicodedata
from collections.abc import Iterator

from mailfilter.selftest.mails import Make, hyphened, plain

Way = tuple[str, Make, str]
_BETWEEN = {
    "invisible separator": "\u2063",
    "invisible plus": "\u2064",
    "function application": "\u2061",
    "symmetric swapping": "\u206a",
    "variation selector 17": "\U000e0100",
    "Mongolian variation selector": "\u180b",
    "musical mark": "\U0001d173",
    "interlinear anchor": "\ufff9",
    "Arabic letter mark": "\u061c",
    "Hangul initial filler": "\u115f",
    "Khmer inherent aa": "\u17b5",
    "shorthand control": "\U0001bca0",
    "tag space": "\U000e0020",
    "combining solidus": "\u0338",
    "combining ring": "\u0325",
    "combining x": "\u033d",
    "several marks": "\u0315\u0321\u0348",
    "enclosing square": "\u20de",
    "line separator": "\u2028",
    "next line": "\u0085",
    "Ogham space": "\u1680",
    "em quad": "\u2001",
    "hair space": "\u200a",
    "mathematical space": "\u205f",
    "half-width dot": "\uff65",
    "bullet operator": "\u2219",
    "arrow": "\u2192",
    "light bar": "\u2758",
    "apostrophe": "'",
    "curly quote": "\u2019",
    "colon": ":",
    "semicolon": ";",
    "plus": "+",
    "tilde": "~",
    "number sign": "#",
    "at sign": "@",
    "caret": "^",
    "star operator": "\u22c6",
    "smiling face": "\U0001f642",
    "ellipsis": "\u2026",
    "delete": "\x7f",
    "C1 control": "\x96",
    "bell": "\x07",
    "escape": "\x1b",
}
_LOOKS = {
    "0": "\u2c9e\u2c9f\u0585\u3007",
    "1": "\u0399\u217c\u2160\u04c0",
    "2": "\u01a7\u14bf",
    "3": "\u01b7\u021c\u0417\u04e0",
    "5": "\u01bc\u0405",
    "6": "\u0431\u13ee",
    "8": "\u0222",
    "9": "\ua76e",
}
_HAVE = {  # scripts whose digits `letters` has
    0x30, 0xFF10, 0x1D7CE, 0x1D7D8, 0x1D7F6, 0x1FBF0, 0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xF20,
    0x17E0, 0x1810, 0x1E950,
}  # fmt: skip


def ways() -> Iterator[Way]:
    """All ways of this kind."""
    for zero in _zeros():
        name = unicodedata.name(chr(zero)).rsplit(" DIGIT", 1)[0].capitalize()
        yield f"digits: {name}", _shifted(zero), ""
    for name, between in _BETWEEN.items():
        yield f"between digits: {name}", _joined(between), ""
    for digit, looks in _LOOKS.items():
        for look in looks:
            yield f"letters: U+{ord(look):04X} for {digit}", _replaced(digit, look), ""


def _zeros() -> Iterator[int]:
    """The noughts of all decimal scripts of Unicode 15 (Python 3.11 knows 14)."""
    for code in range(0x660, 0x1FC00):
        sign = chr(code)
        known = unicodedata.category(sign) == "Nd" and unicodedata.decimal(sign, None) == 0
        if known and code not in _HAVE and code not in (0x11F50, 0x1E4F0):
            yield code


def _shifted(zero: int) -> Make:
    return lambda number: plain("".join(chr(zero + int(digit)) for digit in number))


def _joined(between: str) -> Make:
    return lambda number: plain(between.join(number))


def _replaced(digit: str, look: str) -> Make:
    return lambda number: plain(hyphened(number).replace(digit, look))
