"""Cells of old Excel files (xls) that say more than calamine tells: formulas and number formats.

From → to: a formula's record → the texts and long numbers that stand in it; the records of a
workbook → cells whose format writes leading zeros or a sign before the last four digits
(``000000-0000``), as they are shown.

Invariants: linear; a formula is not parsed, what looks like a fixed text or number in it is taken.

Sources: MS-XLS 2.4.126-127 (Format, Formula), 2.4.353 (XF), 2.4.180 (Number), 2.4.220 and 2.4.175
(RK, MulRk), 2.5.198.89 and 2.5.198.81 (PtgStr, PtgNum).
Known gaps: formats of Excel 95 and older.
"""

import re
import struct
from dataclasses import dataclass, field

from mailfilter.extract.office.cellstyles import is_telling, padded, zeros_of

FORMULA = 0x06
_FORMAT, _STYLE = 0x41E, 0xE0
_NUMBER, _RK, _MANY_RK = 0x203, 0x27E, 0xBD
_HEAD = 20  # bytes before the tokens: cell, style, cached value, flags
_TEXT = re.compile(rb"(?s)\x17([\x04-\xff])([\0\1])")
_LONG = re.compile(rb"(?s)\x1f(.{8})")
_LEAST = 1e9  # ten digits


def formula_texts(data: bytes) -> list[str]:
    """Fixed texts and long numbers in a formula, the texts joined too."""
    tokens = data[_HEAD:]
    texts = []
    for found in _TEXT.finditer(tokens):
        wide = found[2] == b"\1"
        raw = tokens[found.end() : found.end() + found[1][0] * (1 + wide)]
        texts.append(raw.decode("utf-16-le" if wide else "latin-1", "replace"))
    if len(texts) > 1:
        texts.append("".join(texts))
    for found in _LONG.finditer(tokens):
        (number,) = struct.unpack("<d", found[1])
        if _LEAST <= number < 1e15 and number.is_integer():
            texts.append(str(int(number)))
    return texts


@dataclass(slots=True)
class Formats:
    """Number formats of a workbook, and the styles that use one of zeros."""

    codes: dict[int, tuple[int, str]] = field(default_factory=dict)
    styles: dict[int, tuple[int, str]] = field(default_factory=dict)
    count: int = 0  # of styles so far

    def take(self, kind: int, data: bytes) -> list[str]:
        """What cells of this record show otherwise than they are stored."""
        if kind == _FORMAT and len(data) > 5:
            raw = data[5:].decode("utf-16-le" if data[4] & 1 else "latin-1", "replace")
            if zeros := zeros_of(raw):
                self.codes[int.from_bytes(data[:2], "little")] = zeros
            return [raw] if is_telling(raw) else []
        if kind == _STYLE and len(data) >= 4:
            if zeros := self.codes.get(int.from_bytes(data[2:4], "little")):
                self.styles[self.count] = zeros
            self.count += 1
        elif self.styles:
            return [
                padded(str(int(value)), *self.styles[style])
                for style, value in _numbers(kind, data)
                if style in self.styles and value.is_integer() and 0 <= value < 1e15
            ]
        return []


def _numbers(kind: int, data: bytes) -> list[tuple[int, float]]:
    """(style, number) of the cells in a record."""
    if kind == _NUMBER and len(data) >= 14:
        style, value = struct.unpack_from("<Hd", data, 4)
        return [(style, value)]
    if kind == _RK and len(data) >= 10:
        return [(style, _short(raw)) for style, raw in struct.iter_unpack("<HI", data[4:10])]
    if kind == _MANY_RK:
        cells = data[4 : 4 + (len(data) - 6) // 6 * 6] if len(data) >= 12 else b""
        return [(style, _short(raw)) for style, raw in struct.iter_unpack("<HI", cells)]
    return []


def _short(raw: int) -> float:
    """A number in four bytes: half of a float or thirty bits, perhaps in hundredths."""
    if raw & 2:
        value = float((raw >> 2) - ((raw >> 31) << 30))
    else:
        (value,) = struct.unpack("<d", struct.pack("<Q", (raw & ~3) << 32))
    return value / 100 if raw & 1 else value
