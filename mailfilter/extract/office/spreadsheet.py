"""Binary spreadsheets (xls, xlsb) by calamine: cells of all sheets, sheet names.

From → to: a file → one table for each sheet. Encryption is looked for before calamine sees the
file, because it says "cannot detect file format" for an encrypted one.

Invariants: calamine lays a sheet out as a grid, follows circles in a compound file for ever and
believes any column number, so the records are walked before it sees the file (`check_records`,
`_check_extent`), and a sheet whose grid would be too large is refused; of an xls it sees a new
compound file that holds nothing but the checked records.

Errors: python_calamine.CalamineError and its subclasses, PasswordError among them; OSError for a
wrong checksum in a zip; Rust's PanicException, which calamine lets out on some broken files.
What calamine leaves out of an xls, comments and text boxes, is in oldsheet.py; of an xlsb, here.
Known gaps: formulas, names and conditions are not read, their results are.
"""

import datetime
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from detectors import Role
from mailfilter.extract.containers.container import Archive, open_archive
from mailfilter.extract.kit.budget import Budget, Unreadable
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.kit.table import cell, table
from mailfilter.extract.kit.xml_attributes import header_text
from mailfilter.extract.office import oldsheet
from mailfilter.extract.office.ole import Storage
from mailfilter.extract.office.ooxml import Package, holds
from mailfilter.model import Part
from mailfilter.place import Step, StepKind

GRID = 4  # a grid may have so many times the budget's cells, most of them empty
_BEGIN, _FILEPASS, _EXTENT, _STRINGS = 0x809, 0x2F, 0x200, 0xFC
_COMMENT_TEXTS = {632: 0, 637: 1}  # of xlsb: author, text; where in the record it begins
_HEADER_FOOTER, _NO_TEXT = 479, 0xFFFFFFFF
_RUNS = frozenset((0xBD, 0xBE))  # MulRk, MulBlank
_CELLS = _RUNS | {
    0x1,
    0x2,
    0x3,
    0x4,
    0x5,
    0x6,
    0xFD,
    0xD6,
    0x201,
    0x203,
    0x204,
    0x205,
    0x27E,
    0x406,
}

Value = int | float | str | bool | datetime.date | datetime.time | datetime.timedelta


def sniff_binary(data: bytes) -> bool:
    """A zip with Excel's folder and a binary workbook."""
    return holds(data, b"xl/workbook.bin")


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Sheets in their order."""
    import python_calamine as calamine

    try:
        yield from _sheets(part, ctx)
    except calamine.PasswordError:
        raise Unreadable("encrypted") from None
    except (calamine.CalamineError, OSError):
        raise Unreadable("broken-document") from None
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":  # Rust's, which no module exports
            raise
        raise Unreadable("broken-document") from None


def _sheets(part: Part, ctx: Ctx) -> Iterator[Found]:
    import python_calamine as calamine

    workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(part.data))
    for n, name in enumerate(workbook.sheet_names, 1):
        place = part.place.down(Step(StepKind.SHEET, n, name))
        yield text_at(name, place.down(role=Role.NAME).nameless())
        try:
            sheet = workbook.get_sheet_by_index(n - 1)
        except (calamine.CalamineError, OSError):
            if workbook.sheets_metadata[n - 1].typ is not calamine.SheetTypeEnum.ChartSheet:
                raise
            continue  # a chart has no cells, which calamine takes for damage
        if sheet.height * sheet.width > GRID * ctx.budget.cells:
            raise Unreadable("too-many-cells")
        above, before = sheet.start or (0, 0)
        margin = [""] * min(before, 100)
        rows = sheet.to_python(skip_empty_area=True)
        texts = (margin + [shown(value) for value in row] for row in rows)
        yield table(((above + n, row) for n, row in enumerate(texts, 1) if any(row)), place)


def read_old(root: Storage, part: Part, ctx: Ctx) -> Iterator[Found]:
    """An xls: what could hurt calamine is looked for before, and it sees only what was checked."""
    from mailfilter.extract.office.packing import compound_file

    name = "Workbook" if "Workbook" in root.streams else "Book"
    stream = root.read(name)
    checked = check_records(stream, ctx.budget)
    yield from read(replace(part, data=compound_file({name: checked})), ctx)
    yield from oldsheet.read(stream, part, ctx)
    caches = root.storages.get("_SX_DB_CUR", Storage(root.file))
    for each in caches.streams:
        yield from oldsheet.cache(caches.read(each), part, ctx)


def read_binary(part: Part, ctx: Ctx) -> Iterator[Found]:
    """An xlsb: first the package's own rules, then its cells."""
    archive = open_archive(part.data, ctx.budget)
    for entry in archive.members:
        if entry.name.lower().startswith("xl/worksheets/") and entry.name.lower().endswith(".bin"):
            _check_extent(archive.read(entry, ctx.budget)[0], ctx.budget)
        elif entry.name.lower().startswith("xl/"):
            _count(archive, entry.name, ctx.budget)
    yield from read(part, ctx)
    from mailfilter.extract.office.ooxml import read_package

    handlers = {
        r"xl/comments\d*\.bin$": _binary_comments,
        r"xl/worksheets/[^/]*\.bin$": _binary_headers,
        r"xl/.*\.bin$": _read_above,
    }
    yield from read_package(part, ctx, handlers)


def _count(archive: Archive, name: str, budget: Budget) -> None:
    """Unpack once for the budget only."""
    entry = archive.find(name)
    if entry is not None:
        archive.read(entry, budget)


def _read_above(_package: object, _name: str) -> Iterator[Found]:
    yield from ()


def _binary_comments(package: Package, name: str) -> Iterator[Found]:
    """Authors and texts of comments."""
    texts = []
    for kind, data in _binary_records(package.raw(name)):
        if kind in _COMMENT_TEXTS:
            texts.append(_wide_text(data, _COMMENT_TEXTS[kind])[0])
    yield text_at("\n".join(texts), package.place.down(Step(StepKind.COMMENT)))


def _binary_headers(package: Package, name: str) -> Iterator[Found]:
    """Six texts: header and footer of odd, even and first pages."""
    texts = []
    for kind, data in _binary_records(package.raw(name)):
        at = 2
        while kind == _HEADER_FOOTER and at < len(data):
            text, at = _wide_text(data, at)
            texts.append(header_text(text))
    yield text_at("\n".join(texts), package.place.down(Step(StepKind.HEADER)))


def _binary_records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a binary part; MS-XLSB 2.1.4."""
    at = 0
    while at < len(data):
        kind, at = _variable(data, at, 2)
        size, at = _variable(data, at, 4)
        yield kind, data[at : at + size]
        at += size


def _wide_text(data: bytes, at: int) -> tuple[str, int]:
    """(text, end) of a text with its length before it; all bits set is none."""
    if at + 4 > len(data):
        return "", len(data)
    (length,) = struct.unpack_from("<I", data, at)
    size = 0 if length == _NO_TEXT else length * 2
    return data[at + 4 : at + 4 + size].decode("utf-16-le", "replace"), at + 4 + size


def _check_extent(sheet: bytes, budget: Budget) -> None:
    """Walk the records for the last row and column; MS-XLSB 2.1.4."""
    at, row, grid = 0, 0, _Grid()
    while at < len(sheet):
        kind, at = _variable(sheet, at, 2)
        size, at = _variable(sheet, at, 4)
        if kind == 0 and size >= 4 and at + 4 <= len(sheet):  # BrtRowHdr
            row = struct.unpack_from("<I", sheet, at)[0]
        elif 1 <= kind <= 11 and size >= 4 and at + 4 <= len(sheet):  # BrtCell...
            grid.add(row, struct.unpack_from("<I", sheet, at)[0])
            if grid.area > GRID * budget.cells:
                raise Unreadable("too-many-cells")
        at += size


def check_records(stream: bytes, budget: Budget) -> bytes:
    """Walk the records of an xls: a FilePass record means encrypted; no grid may be too large.

    What comes back has sheets that claim no extent: calamine takes memory for all of it at once.
    """
    at, grid, records, checked = 0, _Grid(), 0, bytearray(stream)
    while at + 4 <= len(stream):
        records += 1
        kind, size = struct.unpack_from("<2H", stream, at)
        if kind == _FILEPASS:
            raise Unreadable("encrypted")
        if kind == _BEGIN:
            grid = _Grid()
        elif kind == _EXTENT:
            checked[at + 4 : at + 4 + size] = bytes(len(stream[at + 4 : at + 4 + size]))
        elif kind == _STRINGS and at + 12 <= len(stream):
            (count,) = struct.unpack_from("<I", stream, at + 8)
            if count * 3 > len(stream) - at:  # a string takes three bytes, and so much is taken
                raise Unreadable("broken-document")
        elif kind in _CELLS and size >= 4 and at + 8 <= len(stream):
            _add_cells(grid, stream, at, kind, size)
            if grid.area > GRID * budget.cells:
                raise Unreadable("too-many-cells")
        if records > 2 * budget.cells:
            raise Unreadable("too-many-cells")
        at += 4 + size
    return bytes(checked)


def _add_cells(grid: "_Grid", stream: bytes, at: int, kind: int, size: int) -> None:
    """A cell, or a run of them; of a run the last column stands at the end."""
    row, column = struct.unpack_from("<2H", stream, at + 4)
    last = at + 2 + size
    if kind in _RUNS and last + 2 <= len(stream):
        grid.add(row, struct.unpack_from("<H", stream, last)[0])
    grid.add(row, column)


@dataclass(slots=True)
class _Grid:
    """The rectangle around the cells of one sheet."""

    top: int = 1 << 20
    left: int = 1 << 20
    bottom: int = 0
    right: int = 0

    def add(self, row: int, column: int) -> None:
        self.top, self.bottom = min(self.top, row), max(self.bottom, row)
        self.left, self.right = min(self.left, column), max(self.right, column)

    @property
    def area(self) -> int:
        return (self.bottom - self.top + 1) * (self.right - self.left + 1)


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
