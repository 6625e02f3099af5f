"""The heading above a number in a table.

From → to: folded text and the place of a number in it → the `Heading` of its column, or None when
it stands in no table. Cells are separated by tab, semicolon, bar, comma or wide space; the heading
is the nearest row above with hardly any digits and something in that column.

Invariant: linear for numbers asked for in rising order: each row is passed once a column, at most
`MOST_ROWS` up.
"""

import re
from dataclasses import dataclass, field

from .labels import Label, read_heading

MOST_ROWS = 400
MOST_WIDTH = 2000
WIDE = "  "  # columns set with spaces
_WIDE = re.compile(r"(?<=\S) {2,}(?=\S)")
_MOST_DIGITS = 3  # in a row of headings
_SEPARATORS = ("\t", ";", "|")


@dataclass(frozen=True, slots=True)
class Heading:
    """The label of the column, of the next one, and whether another column holds names."""

    label: Label | None
    following: Label | None
    beside_names: bool


@dataclass(slots=True)
class Tables:
    """The tables of one folded text; `shapes` is the same with each digit a ``0``."""

    text: str
    shapes: bytes
    _known: dict[tuple[int, str, int], Heading | None] = field(default_factory=dict)

    def heading(self, start: int) -> Heading | None:
        """The heading of the cell that holds the character at `start`."""
        floor = max(start - MOST_WIDTH, 0)
        line = self.text.rfind("\n", floor, start) + 1
        if line == 0 and floor > 0:
            return None
        end = self.text.find("\n", start, start + MOST_WIDTH)
        row = self.text[line : end if end >= 0 else start + MOST_WIDTH]
        separator = separator_of(row)
        if separator is None:
            return None
        column = len(cells_of(row[: start - line] + "x", separator)) - 1
        found = self._walk(line, separator, column)
        self._known[line, separator, column] = found
        return found

    def _walk(self, line: int, separator: str, column: int) -> Heading | None:
        for _ in range(MOST_ROWS):
            if line == 0:
                return None
            floor = max(line - MOST_WIDTH, 0)
            start = self.text.rfind("\n", floor, line - 1) + 1
            if start == 0 and floor > 0:
                return None
            if (start, separator, column) in self._known:
                return self._known[start, separator, column]
            if self.text.find(separator, start, line - 1) < 0:
                return None
            if self.shapes.count(b"0", start, line - 1) <= _MOST_DIGITS:
                heading = _read(self.text[start : line - 1], separator, column)
                if heading:
                    return heading
            line = start
        return None


def separator_of(row: str) -> str | None:
    """What separates the cells of a row, None where it is no row."""
    for separator in _SEPARATORS:
        if separator in row:
            return separator
    if row.count(",") >= 2 and row.count(", ") < row.count(","):
        return ","
    return WIDE if row.count(WIDE) >= 2 and len(_WIDE.findall(row)) >= 2 else None


def cells_of(row: str, separator: str) -> list[str]:
    """The cells of a row."""
    return _WIDE.split(row.strip()) if separator == WIDE else row.split(separator)


def _read(row: str, separator: str, column: int) -> Heading | None:
    cells = cells_of(row, separator)
    if column >= len(cells) or not cells[column].strip():
        return None
    following = read_heading(cells[column + 1]) if column + 1 < len(cells) else None
    names = any(read_heading(cell) is Label.HUMAN for cell in cells)
    return Heading(read_heading(cells[column]), following, names)
