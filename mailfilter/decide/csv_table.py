"""A table that the operator keeps in a spreadsheet: CSV → rows of named cells.

Comma or semicolon, UTF-8 with or without a byte order mark, a heading in the first line; empty
lines are passed over. A column has a name for the code and the headings that people write over it
(Swedish ones too, since the file comes out of a Swedish Excel). A ConfigError names file and line.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mailfilter.errors import ConfigError

Columns = Mapping[str, Sequence[str]]  # name → headings, in lower case
Row = tuple[str, dict[str, str]]  # file and line, cells by name


def rows(path: Path, columns: Columns, needed: Sequence[str]) -> Iterator[Row]:
    """Each row; a column that is not there has empty cells."""
    lines = _text(path).splitlines() or [""]
    table = csv.reader(lines, delimiter=";" if ";" in lines[0] else ",")
    first = next(table, [])
    where = _places(first, columns)
    if any(where[name] is None for name in needed):
        heading = ";".join(columns)
        raise ConfigError(f"{path}: line 1: must be the heading {heading}")
    for number, cells in enumerate(table, 2):
        if any(cell.strip() for cell in cells[len(first) :]):
            raise ConfigError(
                f"{path}: line {number}: has {len(cells)} cells under {len(first)} headings: put a"
                " cell with a comma or semicolon of its own into quotation marks"
            )
        if any(cell.strip() for cell in cells):
            yield f"{path}: line {number}", {n: _cell(cells, at) for n, at in where.items()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8; save it as 'CSV UTF-8'") from error


def _places(heading: Sequence[str], columns: Columns) -> dict[str, int | None]:
    names = [cell.strip().lower() for cell in heading]
    return {
        column: next((names.index(word) for word in words if word in names), None)
        for column, words in columns.items()
    }


def _cell(cells: Sequence[str], at: int | None) -> str:
    return cells[at].strip() if at is not None and at < len(cells) else ""
