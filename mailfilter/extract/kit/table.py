"""Tables: rows of cells → one text with tabs and newlines, and the places of its rows and cells.

From → to: (row number, cells) in order → `Text`. Detectors read columns, so a sheet is one text.
A place for each cell costs two objects, so cells have places in small tables only, in large ones
rows, in very large ones blocks of rows; `pinpoint` gives row and column of any offset exactly, by
counting newlines and tabs from the last place.

Invariants: a row never holds a newline nor a cell a tab of its own; the number of places is bounded
by `PLACES`; what stands at an offset is where `pinpoint` says it is.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice

from mailfilter.model import Text
from mailfilter.place import Place, Step, StepKind

PLACES = 3000
GAP = 100  # empty rows or cells that are written out; a wider gap is one
BREAKS = "\t\n\r\v\f"
_BREAKS = str.maketrans(BREAKS, " " * len(BREAKS))
HEADER_LENGTH = 60  # of a column name in a place


@dataclass(slots=True)
class _Lines:
    """Lines in the making; `numbers` are the row numbers of the lines."""

    lines: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def add(self, number: int, line: str) -> None:
        last = self.numbers[-1] if self.numbers else 0
        for missing in range(last + 1, min(number, last + GAP)):
            self.lines.append("")
            self.numbers.append(missing)
        self.lines.append(line)
        self.numbers.append(number)


def cell(value: str) -> str:
    """A cell's text on one line."""
    return value.translate(_BREAKS) if not value.isprintable() else value


def table(rows: Iterable[tuple[int, Sequence[str]]], place: Place) -> Text:
    """The text of a table; cells are already on one line each."""
    rows = list(rows)
    numbers = [number for number, _ in rows]
    if numbers == list(range(1, len(numbers) + 1)):
        made = _Lines(["\t".join(cells) for _, cells in rows], numbers)
    else:
        made = _Lines()
        for number, cells in rows:
            made.add(number, "\t".join(cells))
    return Text("\n".join(made.lines), tuple(_places(made, place)))


def _places(made: _Lines, place: Place) -> list[tuple[int, Place]]:
    if not made.lines:
        return [(0, place)]
    if sum(line.count("\t") + 1 for line in made.lines[:PLACES]) <= PLACES >= len(made.lines):
        return _cell_places(made, place)
    block = 1 + len(made.lines) // PLACES
    offsets = list(accumulate((len(line) + 1 for line in made.lines), initial=0))
    starts = set(range(0, len(made.lines), block))
    if made.numbers[-1] != len(made.lines):  # rows are missing: counting on would go wrong
        after = zip(made.numbers[1:], made.numbers, strict=False)
        jumps = (n for n, (number, last) in enumerate(after, 1) if number != last + 1)
        starts.update(islice(jumps, 2 * PLACES))
    return [(offsets[n], place.down(Step(StepKind.ROW, made.numbers[n]))) for n in sorted(starts)]


def _cell_places(made: _Lines, place: Place) -> list[tuple[int, Place]]:
    names = header(made.lines[0])
    places: list[tuple[int, Place]] = []
    offset = 0
    for line, number in zip(made.lines, made.numbers, strict=True):
        for column, value in enumerate(line.split("\t")):
            if value or not places or not column:
                steps = (_column(column, names), Step(StepKind.ROW, number))
                places.append((offset, place.down(*steps)))
            offset += len(value) + 1
    return places


def header(line: str) -> list[str]:
    """Column names, from the first row if its cells read like names."""
    return [value.strip()[:HEADER_LENGTH] for value in line.split("\t")]


def _column(column: int, names: Sequence[str]) -> Step:
    name = names[column] if column < len(names) else ""
    worded = any(char.isalpha() for char in name)
    return Step(StepKind.COLUMN, column + 1, name if worded else letters(column))


def letters(column: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    name, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def pinpoint(text: Text, offset: int) -> Place:
    """The place of an offset: in a table its column and row, elsewhere the place that holds."""
    at = max(bisect_right(text.places, offset, key=lambda entry: entry[0]) - 1, 0)
    start, place = text.places[at]
    if not place.steps or place.steps[-1].kind is not StepKind.ROW:
        return place
    if any(step.kind is StepKind.COLUMN for step in place.steps):
        return place
    row = place.steps[-1].n + text.content.count("\n", start, offset)
    line_start = text.content.rfind("\n", 0, offset) + 1
    column = text.content.count("\t", line_start, offset)
    names = header(text.content.partition("\n")[0])
    return Place(place.role, (*place.steps[:-1], _column(column, names), Step(StepKind.ROW, row)))
