"""Binary spreadsheets (xls, xlsb) by calamine: cells of all sheets, sheet names.

From → to: a file → one table for each sheet. Encryption is looked for before calamine sees the
file (ole.py), because it says "cannot detect file format" for an encrypted one.

Invariants: calamine lays a sheet out as a grid, so an xlsb is looked through for its last row and
column before, and refused when the grid would be larger than the budget's cells; an xls cannot
hold more than 65,536 × 256 and is bounded by the size of its file.

Errors: python_calamine.CalamineError and its subclasses, PasswordError among them.
Known gaps: comments, text boxes and headers of xls and xlsb are not read.
"""

import datetime
import io
import struct
from collections.abc import Iterator

from detectors import Role
from mailfilter.extract.budget import Budget, Unreadable
from mailfilter.extract.container import Archive, open_archive
from mailfilter.extract.context import Ctx, Found, text_at
from mailfilter.extract.ooxml import holds
from mailfilter.extract.table import cell, table
from mailfilter.model import Part
from mailfilter.place import Step, StepKind

Value = int | float | str | bool | datetime.date | datetime.time | datetime.timedelta


def sniff_binary(data: bytes) -> bool:
    """A zip with Excel's folder and a binary workbook."""
    return holds(data, b"xl/workbook.bin")


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Sheets in their order."""
    import python_calamine as calamine

    try:
        workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(part.data))
        for n, name in enumerate(workbook.sheet_names, 1):
            place = part.place.down(Step(StepKind.SHEET, n, name))
            yield text_at(name, place.down(role=Role.NAME).nameless())
            sheet = workbook.get_sheet_by_index(n - 1)
            if sheet.height * sheet.width > ctx.budget.cells:
                raise Unreadable("too-many-cells")
            first = (sheet.start or (0, 0))[0] + 1
            rows = sheet.to_python(skip_empty_area=True)
            texts = [[shown(value) for value in row] for row in rows]
            yield table(((first + at, row) for at, row in enumerate(texts) if any(row)), place)
    except calamine.PasswordError:
        raise Unreadable("encrypted") from None
    except calamine.CalamineError:
        raise Unreadable("broken-document") from None


def read_binary(part: Part, ctx: Ctx) -> Iterator[Found]:
    """An xlsb: first the package's own rules, then its cells."""
    archive = open_archive(part.data, ctx.budget)
    for entry in archive.members:
        if entry.name.lower().startswith("xl/worksheets/") and entry.name.lower().endswith(".bin"):
            _check_extent(archive.read(entry, ctx.budget)[0], ctx.budget)
        elif entry.name.lower().startswith("xl/"):
            _count(archive, entry.name, ctx.budget)
    yield from read(part, ctx)
    from mailfilter.extract.ooxml import read_package

    yield from read_package(part, ctx, {r"xl/.*\.bin$": _read_above})


def _count(archive: Archive, name: str, budget: Budget) -> None:
    """Unpack once for the budget only."""
    entry = archive.find(name)
    if entry is not None:
        archive.read(entry, budget)


def _read_above(_package: object, _name: str) -> Iterator[Found]:
    yield from ()


def _check_extent(sheet: bytes, budget: Budget) -> None:
    """Walk the records for the last row and column; MS-XLSB 2.1.4."""
    at, rows, columns = 0, 0, 0
    while at < len(sheet):
        kind, at = _variable(sheet, at, 2)
        size, at = _variable(sheet, at, 4)
        if kind == 0 and size >= 4 and at + 4 <= len(sheet):  # BrtRowHdr
            rows = max(rows, struct.unpack_from("<I", sheet, at)[0] + 1)
        elif 1 <= kind <= 11 and size >= 4 and at + 4 <= len(sheet):  # BrtCell...
            columns = max(columns, struct.unpack_from("<I", sheet, at)[0] + 1)
        at += size
    if rows * columns > budget.cells:
        raise Unreadable("too-many-cells")


def _variable(data: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of seven bits a byte."""
    value = 0
    for n in range(most):
        if at >= len(data):
            return value, at
        value |= (data[at] & 0x7F) << 7 * n
        at += 1
        if not data[at - 1] & 0x80:
            break
    return value, at


def shown(value: Value) -> str:
    """A cell's value, numbers plain."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return cell(str(value))
