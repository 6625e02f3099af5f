"""Separated values: csv, tsv.

From → to: text → one table with tabs, whatever the separator was; quoted cells are unquoted. The
separator is the one that divides the first lines most evenly.

Errors: csv.Error (a NUL, a cell over the module's limit): the text is then read as it stands.
Sources: RFC 4180, and what Swedish Excel writes (semicolons).
"""

import csv
from collections.abc import Iterator

from mailfilter.extract.kit.charset import decode
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.kit.table import cell, table
from mailfilter.extract.kit.xml_attributes import spelled_out
from mailfilter.model import Part

_SEPARATORS = ";\t,|"


def read(part: Part, _ctx: Ctx) -> Iterator[Found]:
    """One table for each plausible charset."""
    for content in decode(part.data, part.charset):
        content = spelled_out(content)  # noqa: PLW2901 - 1,91212121212E+11 is how Excel saves it
        try:
            yield table(_rows(content), part.place)
        except csv.Error:
            yield text_at(content, part.place)


def _rows(content: str) -> Iterator[tuple[int, list[str]]]:
    lines = content.splitlines()
    if lines and lines[0].lower().startswith("sep=") and len(lines[0]) == 5:
        separator = lines[0][4]
    else:
        separator = _separator(lines[:20])
    for n, row in enumerate(csv.reader(lines, delimiter=separator), 1):
        yield n, [cell(value) for value in row]


def _separator(lines: list[str]) -> str:
    """The separator that occurs in most of the first lines."""
    return max(_SEPARATORS, key=lambda sign: (sum(sign in line for line in lines), -_order(sign)))


def _order(sign: str) -> int:
    return _SEPARATORS.index(sign)
