"""The heading above a number in a table.

From → to: folded text and the place of a number in it → the `Heading` of its column, or None when
it stands in no table. Cells are separated by tab, semicolon, bar, comma or wide space; the heading
is the nearest row above with hardly any digits and something in that column.

Invariant: linear for numbers asked for in rising order: at most `MOST_ROWS` up, and of these only
rows at which the way up may end are looked at. Which ones these are is told once for each
separator, a block of rows at a time: a walk over rows full of numbers costs a few comparisons.
"""

import re
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate

from .labels import Label, read_heading

MOST_ROWS = 400
MOST_WIDTH = 2000
BLOCK = 256  # rows of which is told at once where a walk may end
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
    _starts: list[int] = field(default_factory=list)  # of the rows, and one behind the last
    _wide: list[int] = field(default_factory=list)  # rows at which a walk ends
    _stops: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    _known: dict[tuple[str, int], dict[int, Heading | None]] = field(default_factory=dict)
    _asked: dict[tuple[str, int], list[int]] = field(default_factory=dict)  # its keys, rising

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
        if not self._starts:
            self._measure()
        at = bisect_right(self._starts, line) - 1
        found = self._walk(at, separator, column)
        known = self._known.setdefault((separator, column), {})
        if at not in known:
            insort(self._asked.setdefault((separator, column), []), at)
        known[at] = found
        return found

    def _measure(self) -> None:
        lengths = [*map(len, self.shapes.split(b"\n"))]
        self._starts = [at + ended for ended, at in enumerate(accumulate(lengths, initial=0))]
        if max(lengths) >= MOST_WIDTH - 1:
            self._wide = [at for at, length in enumerate(lengths) if length >= MOST_WIDTH - 1]

    def _walk(self, row: int, separator: str, column: int) -> Heading | None:
        floor = max(row - MOST_ROWS, 0)
        asked = self._asked.get((separator, column), [])
        at = bisect_left(asked, row)
        known = asked[at - 1] if at else -1
        while (row := self._stop(row, separator, max(floor, known))) > known:
            if self._is_wide(row):
                return None
            cells = self.text[self._starts[row] : self._starts[row + 1] - 1]
            if separator not in cells:
                return None
            if heading := _read(cells, separator, column):
                return heading
        if known < floor or (row == known and self._is_wide(row)):
            return None
        return self._known[separator, column][known]

    def _stop(self, row: int, separator: str, floor: int) -> int:
        """The nearest row above at which a walk may end, -1 where there is none down to `floor`."""
        for block in range((row - 1) // BLOCK, floor // BLOCK - 1, -1):
            stops = self._stops.get((separator, block))
            if stops is None:
                stops = self._stops[separator, block] = self._read_stops(separator, block)
            if at := bisect_left(stops, row):
                return stops[at - 1] if stops[at - 1] >= floor else -1
        return -1

    def _read_stops(self, separator: str, block: int) -> list[int]:
        """Rows with hardly any digits, without the separator, or too wide."""
        first = block * BLOCK
        starts = self._starts
        last = min(first + BLOCK, len(starts) - 1)
        rows = b"\n" + self.shapes[starts[first] : starts[last] - 1]
        found = _stopping(separator).finditer(rows)
        stops = [bisect_left(starts, starts[first] + row.start()) for row in found]
        wide = self._wide[bisect_left(self._wide, first) : bisect_left(self._wide, last)]
        return sorted({*stops, *wide}) if wide else stops

    def _is_wide(self, row: int) -> bool:
        width = self._starts[row + 1] - self._starts[row]
        return width > (MOST_WIDTH - 1 if row else MOST_WIDTH)


@cache
def _stopping(separator: str) -> re.Pattern[bytes]:
    """The line end before a row with hardly any digits, or without the separator."""
    sign = re.escape(separator.encode("ascii"))
    other = rb"[^\n%b]" % sign if len(separator) == 1 else rb"(?!%b)[^\n]" % sign
    few = rb"[^0\n]*+(?:0[^0\n]*+){0,%d}+" % _MOST_DIGITS
    return re.compile(rb"\n(?=(?:%b|(?:%b)*+)(?:\n|\Z))" % (few, other))


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
    if column >= len(cells) or not cells[column].strip(" -=:+_"):  # nothing, or a ruled line
        return None
    following = read_heading(cells[column + 1]) if column + 1 < len(cells) else None
    names = any(read_heading(cell) is Label.HUMAN for cell in cells)
    return Heading(read_heading(cells[column]), following, names)
