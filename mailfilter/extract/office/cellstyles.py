"""How Excel shows stored numbers: leading zeros and dates, by the number formats of a workbook.

From → to: ``xl/styles.xml`` and the workbook's own part → `Styles`; a stored number and the number
of its style → what a cell shows, as far as it says more than the number: ``000000-0000`` keeps its
zeros, a date is written as 1912-12-12.

Invariants: linear; a format that is not understood leaves the number as it is.

Sources: ECMA-376 part 1, 18.8.30 (number formats, which of them are built in), 18.17.4.1 (dates).
Known gaps: hours and minutes; of the texts that a format adds, where they stand.
"""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from mailfilter.extract.kit.references import unescape
from mailfilter.extract.kit.xmltext import elements_of

_ZEROS = re.compile(r"(0{2,8})(\W{0,4})(0{4})(?:;.*)?$|(0{10}|0{12})(?:;.*)?$")
_TELLING = re.compile(r"[1-9]\D?(?:\d\D?){8}")
_ATTRIBUTE = re.compile(rb"([\w:]+)=[\"']([^\"']*)[\"']")
_MARKS = str.maketrans("", "", '"\\')  # around the sign
_QUOTED = re.compile(r"\"[^\"]*\"|\\.|\[[^\]]*\]|[_*].")
_BUILT_IN = frozenset(b"%d" % n for n in (*range(14, 18), 22, *range(27, 37), *range(50, 59)))
_FIRST, _FIRST_1904 = date(1899, 12, 30), date(1904, 1, 1)
_LAST = 2_958_465  # the end of the year 9999


@dataclass(frozen=True, slots=True)
class Styles:
    """Digits that a style always shows, and the sign before the last four; styles that show dates;
    the day from which they count; formats that hold a number of their own."""

    padded: dict[str, tuple[int, str]] = field(default_factory=dict)
    dated: frozenset[str] = frozenset()
    first: date = _FIRST
    telling: tuple[str, ...] = ()

    @property
    def special(self) -> frozenset[str]:
        """Styles whose cells are shown otherwise than they are stored."""
        return self.dated.union(self.padded)

    def shown(self, value: str, style: str) -> str:
        """A plain number as a cell of that style shows it."""
        if style in self.padded:
            return padded(value, *self.padded[style])
        return self._day(value) if style in self.dated else value

    def _day(self, value: str) -> str:
        whole, _, _ = value.partition(".")
        if not (whole.isascii() and whole.isdigit() and 0 < len(whole) < 8):
            return value
        days = int(whole)
        if not 60 < days <= _LAST and self.first is _FIRST:
            return value  # Excel counts a day in 1900 that never was
        try:
            return (self.first + timedelta(days)).isoformat()
        except OverflowError:
            return value


def styles_of(styles: bytes, workbook: bytes) -> Styles:
    """What the two parts say; nothing for most workbooks that programs export."""
    codes = {}
    for entry in re.findall(rb"<numFmt\s[^<>]*>", styles):
        attributes = dict(_ATTRIBUTE.findall(entry))
        code = attributes.get(b"formatCode", b"").decode("utf-8", "replace")
        codes[attributes.get(b"numFmtId", b"")] = unescape(code)
    formats = next((body for _, _, body in elements_of(styles, b"cellXfs")), b"")
    used = {
        str(n): dict(_ATTRIBUTE.findall(entry)).get(b"numFmtId", b"")
        for n, entry in enumerate(re.findall(rb"<xf\s[^<>]*>", formats))
    }
    zeros = {
        style: pattern for style, key in used.items() if (pattern := zeros_of(codes.get(key, "")))
    }
    dated = (s for s, key in used.items() if key in _BUILT_IN or _is_date(codes.get(key, "")))
    old = re.search(rb"<workbookPr\s[^<>]*date1904=[\"'](?:1|true)", workbook)
    telling = tuple(code for code in codes.values() if is_telling(code))
    return Styles(zeros, frozenset(dated), _FIRST_1904 if old else _FIRST, telling)


def is_telling(code: str) -> bool:
    """Whether a format writes a number of its own."""
    return _TELLING.search(code) is not None


def zeros_of(code: str) -> tuple[int, str] | None:
    """(digits that a format always shows, sign before the last four): ``000000-0000`` is how Excel
    in Swedish writes identity numbers."""
    found = _ZEROS.search(code)
    if found is None:
        return None
    sign = (found[2] or "").translate(_MARKS)
    return code.partition(";")[0].count("0"), sign


def padded(value: str, digits: int, sign: str) -> str:
    """A plain number as a format of zeros shows it."""
    value = value.zfill(digits)
    return f"{value[:-4]}{sign}{value[-4:]}" if sign and value.isdigit() else value


def _is_date(code: str) -> bool:
    """Whether a format writes a year or a day."""
    letters = _QUOTED.sub("", code.partition(";")[0]).lower()
    return "y" in letters or "d" in letters
