"""Excel: xlsx, xlsm, xltx.

From → to: each sheet → one table (table.py), hidden sheets, rows and columns included; sheet names
→ ``Role.NAME``; beside them comments, text boxes, headers and footers, formulas that hold text,
validation lists, defined names, pivot caches, cached cells of other workbooks, and shared strings
that no cell uses. Numbers are written plain: 191212121212, not 1.9e11, without ``.0``; number
formats with leading zeros and dates are applied (cellstyles.py), because Excel shows them so.

Invariants: own reading of the XML, linear; nothing is laid out in a grid, so that a cell in the
last corner of the sheet costs one cell.

Sources: ECMA-376 part 1, chapter 18. Figures beside python-calamine: README.md.
Known gaps: see cellstyles.py.
"""

import html
import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from detectors import Role
from mailfilter.extract.kit.budget import Budget, Unreadable
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.kit.references import unescape
from mailfilter.extract.kit.table import BREAKS, GAP, cell, table
from mailfilter.extract.kit.xml_attributes import attributes, header_text, spelled_out
from mailfilter.extract.kit.xmltext import (
    attributes_of,
    cut,
    lines_of,
    text_of,
    texts_of,
    unescaped,
)
from mailfilter.extract.office.cellstyles import Styles, styles_of
from mailfilter.extract.office.ooxml import (
    SHEET,
    SLIDE,
    Handlers,
    Package,
    drawing_text,
    holds,
    read_package,
)
from mailfilter.model import Part
from mailfilter.place import Place, Step, StepKind

_CELL = re.compile(
    r'<c r="([A-Z]{1,3}+)(\d{1,7}+)"(?: s="(\d++)")?+(?: t="(\w++)")?+(?:/>|>'
    r"(?:<f[^<>]*+(?:/>|>([^<]*+)</f>))?+"
    r"(?:<(?:v|is><t[^<>]*+)>([^<]*+)</(?:v|t></is)>|<v/>)?+</c>)"
)
_EDGE = "\0"  # XML has no such character
_ROW_OF = itemgetter(1)
_ANY_CELL = re.compile(r"<c(?=[\s>])")
_ROW = re.compile(r'[^<>]*?\sr="(\d{1,7})"')
TELLING = re.compile(r"\"|\d{6}")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_VALUE = re.compile(r"<v[^<>]*>([^<]*)</v>")
_FORMULA = re.compile(r"<f[^<>]*>([^<]*)</f>")
_INLINE = re.compile(r"<t(?:\s[^<>]*)?>([^<]*)</t>")
_SIMPLE = re.compile(r"<si><t(?:\s[^<>]*)?>([^<]*)</t></si>")
_NAMED = re.compile(r'\s(r|s|t)="([^"<>]*)"')
_SHEET = re.compile(rb"<sheet\s[^<>]*>")
_ATTRIBUTE = re.compile(rb"([\w:]+)=[\"']([^\"']*)[\"']")

BLOCK = 1 << 18  # characters of rows that are read at one go

Values = tuple[str, str, str, str, str, str]  # letters, row, style, type, formula, value


def sniff(data: bytes) -> bool:
    """A zip with a folder that only Excel makes."""
    return holds(data, b"xl/")


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Every sheet, then what is no cell."""
    return read_package(part, ctx, _HANDLERS)


def _workbook(package: Package, name: str) -> Iterator[Found]:
    """The sheets in the order of their tabs; then the defined names."""
    if name.endswith(".bin"):
        raise Unreadable("broken-document")
    xml = package.xml(name, SHEET)
    names = [*texts_of(xml, b"definedName"), *attributes_of(xml, (b"comment", b"description"))]
    strings = _strings(package)
    styles = styles_of(package.xml("xl/styles.xml", SHEET), xml)
    yield text_at("\n".join([*names, *styles.telling]), package.place.down(_hidden()))
    used: set[str] = set()
    done: set[str] = set()
    for n, (title, path) in enumerate(_tabs(package, xml), 1):
        place = package.place.down(Step(StepKind.SHEET, n, title))
        yield text_at(title, place.down(role=Role.NAME).nameless())
        if path in package.names and path not in done:
            done.add(path)
            yield from _sheet(
                package.xml(path, SHEET), place, package.ctx.budget, strings, styles, used
            )
    yield from _unlisted(package, done, strings, styles, used)
    all_used = len(used) == len(strings)
    unused = [] if all_used else [text for n, text in enumerate(strings) if str(n) not in used]
    yield text_at(unescape("\n".join(unused)), package.place.down(_hidden()))


def _unlisted(
    package: Package, done: set[str], strings: list[str], styles: Styles, used: set[str]
) -> Iterator[Found]:
    """Sheets that lie in the package but under no tab."""
    for path in package.names:
        if path.startswith("xl/worksheets/") and path.endswith(".xml") and path not in done:
            xml = package.xml(path, SHEET)
            place = package.place.down(_hidden())
            yield from _sheet(xml, place, package.ctx.budget, strings, styles, used)


def _hidden() -> Step:
    return Step(StepKind.HIDDEN)


def _tabs(package: Package, workbook: bytes) -> Iterator[tuple[str, str]]:
    """(name, path of the part) of each sheet."""
    targets = {}
    for relation in re.findall(
        rb"<Relationship\s[^<>]*>", package.raw("xl/_rels/workbook.xml.rels")
    ):
        attributes = dict(_ATTRIBUTE.findall(relation))
        target = attributes.get(b"Target", b"").decode("utf-8", "replace")
        path = target.lstrip("/") if target.startswith("/") else "xl/" + target
        targets[attributes.get(b"Id", b"")] = path.lower()
    for tab in _SHEET.findall(workbook):
        attributes = dict(_ATTRIBUTE.findall(tab))
        title = unescape(attributes.get(b"name", b"").decode("utf-8", "replace"))
        yield title, targets.get(attributes.get(b"r:id", b""), "")


def _strings(package: Package) -> list[str]:
    """Shared strings, each on one line, references still in; phonetic hints are part of them."""
    xml = package.xml("xl/sharedstrings.xml", SHEET).replace(b"<si/>", b"<si></si>")
    text = _unescaped(xml.decode("utf-8", "replace"))
    strings = _simple(text)
    if strings is None:
        strings = ["".join(_INLINE.findall(item)) for item in text.split("</si>")[:-1]]
    broken = "\n" in text or "\t" in text or "\r" in text
    return [cell(value) for value in strings] if broken else strings


def _simple(text: str) -> list[str] | None:
    """The strings if none has formats of its own; cut at one mark where none asks for blanks."""
    items = text.count("</si>")
    body = text.partition("<si><t>")[2].rpartition("</t></si>")[0]
    if body and body.count("<") == 4 * (items - 1) == 4 * body.count("</t></si><si><t>"):
        return body.split("</t></si><si><t>")
    strings = _SIMPLE.findall(text)
    return strings if len(strings) == items == text.count("<t>") + text.count("<t ") else None


def _unescaped(text: str) -> str:
    """Excel writes characters that XML has no place for as ``_x000D_``."""
    if "_x00" not in text:
        return text
    return _ESCAPE.sub(lambda found: html.escape(chr(int(found[1], 16))), text)


def _sheet(
    xml: bytes,
    place: Place,
    budget: Budget,
    strings: list[str],
    styles: Styles,
    used: set[str],
) -> Iterator[Found]:
    head, _, tail = xml.rpartition(b"</sheetData>")
    if not head and b"<sheetData/>" in xml:  # a sheet without cells
        head, _, tail = xml.partition(b"<sheetData/>")
    content = (head or tail).decode("utf-8", "replace")
    formulas: list[str] = []
    sheet = _Sheet(strings, styles, formulas, used, budget)
    yield table(sheet.rows(content), place)
    yield text_at("\n".join(formulas), place.down(_hidden()))
    if head:
        rest, headers = cut(tail, b"headerFooter")
        header = "\n".join(lines_of(b">" + each + b"<") for each in headers)
        yield text_at(header_text(header), place.down(Step(StepKind.HEADER)))
        yield text_at("\n".join([lines_of(rest), *attributes(tail)]), place.down(_hidden()))


class _Sheet:
    """What the cells of one sheet are read with."""

    def __init__(
        self,
        strings: list[str],
        styles: Styles,
        formulas: list[str],
        used: set[str],
        budget: Budget,
    ) -> None:
        self.strings, self.styles, self.formulas, self.used = strings, styles, formulas, used
        self.left, self.room = budget.cells, budget.text
        self.special = styles.special
        self._known: dict[tuple[str, str], str] = {}

    def rows(self, content: str) -> Iterator[tuple[int, list[str]]]:
        """(row number, cells) of each row that has cells."""
        start, number = content.find("<row"), 0
        while start >= 0:
            end = content.find("<row", start + BLOCK)
            block = content[start : end if end >= 0 else None]
            cells: list[Values] = _CELL.findall(block)
            if len(cells) == block.count("<c ") + block.count("<c>"):
                yield from self.placed(cells)
                number = int(cells[-1][1]) if cells else number
            else:
                for row in block.split("<row")[1:]:
                    found = _ROW.match(row)
                    number = int(found[1]) if found else number + 1
                    cells = [_slow(number, piece) for piece in _ANY_CELL.split(row)[1:]]
                    yield from self.placed(cells)
            start = end

    def placed(self, cells: list[Values]) -> Iterator[tuple[int, list[str]]]:
        """Rows with all their cells, empty ones too, so that each stands in its column."""
        self.left -= len(cells)
        if self.left < 0:
            raise Unreadable("too-many-cells")
        shown, start = self.shown(cells), 0
        for number, row in groupby(cells, _ROW_OF):
            letters = [found[0] for found in row]
            values = shown[start : start + len(letters)]
            start += len(letters)
            if _index(letters[-1]) != len(letters):
                values = spread(letters, values)
                self.left -= len(values) - len(letters)  # gaps that are written out
            yield int(number), values

    def shown(self, cells: list[Values]) -> list[str]:
        """What the cells show: their values, but for those that mean something else."""
        if not cells:
            return []
        _, _, styles, kinds, formulas, values = zip(*cells, strict=True)
        if any(formulas):
            told = (unescape(each) for each in formulas if each and TELLING.search(each))
            self.formulas += [text for each in told for text in formula_texts(each)]
        shown = list(values)
        if "s" in kinds:
            self._share(shown, [n for n, kind in enumerate(kinds) if kind == "s"])
        for n in [n for n, value in enumerate(values) if not value.isdigit()]:
            value, kind = values[n], kinds[n]
            if not kind or kind == "n":
                if "." in value or "E" in value or "e" in value:
                    shown[n] = plain_number(value)
            elif kind != "s" and "_x00" in value:
                shown[n] = _unescaped(value)
        if self.special and not self.special.isdisjoint(styles):
            for n in [n for n, style in enumerate(styles) if style in self.special]:
                if not kinds[n] or kinds[n] == "n":
                    shown[n] = self._styled(shown[n], styles[n])
        return on_one_line(shown)

    def _share(self, shown: list[str], places: list[int]) -> None:
        """Put the shared strings in the places of their numbers."""
        numbers = [shown[n] for n in places]
        self.used.update(numbers)
        try:
            texts = [self.strings[int(number)] for number in numbers]
        except (ValueError, IndexError):
            texts = list(map(self._string, numbers))
        self.room -= sum(map(len, texts))  # each may stand in many cells
        if self.room < 0:
            raise Unreadable("too-much-text")
        for n, text in zip(places, texts, strict=True):
            shown[n] = text

    def _string(self, number: str) -> str:
        try:
            return self.strings[int(number)]
        except (ValueError, IndexError):
            return ""

    def _styled(self, value: str, style: str) -> str:
        """As a cell of that style shows it; the days of a column are few."""
        found = self._known.get((value, style))
        if found is None:
            found = self._known[value, style] = self.styles.shown(value, style)
        return found


def on_one_line(values: list[str]) -> list[str]:
    """Values with their references replaced and without breaks, all at one go."""
    joined = _EDGE.join(values)
    whole = unescaped(joined)
    if any(sign in whole for sign in BREAKS):
        whole = cell(whole)
    if whole is joined:
        return values
    parts = whole.split(_EDGE)
    return parts if len(parts) == len(values) else [cell(unescaped(value)) for value in values]


def spread(letters: list[str], values: list[str]) -> list[str]:
    """A row with gaps: its values in their columns. A wide gap is `GAP` cells."""
    columns = list(map(_index, letters))
    last = max(columns)
    if last <= GAP and len(set(columns)) == len(columns) and 0 not in columns:
        row = [""] * last
        for column, value in zip(columns, values, strict=True):
            row[column - 1] = value
        return row
    row = []
    for column, value in zip(columns, values, strict=True):
        row.extend([""] * min((column or len(row) + 1) - 1 - len(row), GAP))
        row.append(value)
    return row


def formula_texts(formula: str) -> list[str]:
    """A formula as it stands, and with its neighbouring texts joined."""
    joined = formula.replace('"&"', "")
    return [formula] if joined == formula else [formula, joined]


def plain_number(value: str) -> str:
    """1.91212121212E11 → 191212121212; what is no whole number stays as it is."""
    try:
        number = float(value)
    except ValueError:
        return value
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else value


def _slow(number: int, piece: str) -> Values:
    """A cell that is written otherwise than Excel writes it."""
    opening, _, body = piece.partition(">")
    named = dict(_NAMED.findall(opening + " "))
    at = named.get("r", "").rstrip("0123456789")
    formula, value = _FORMULA.search(body), _VALUE.search(body)
    return (
        at if at.isascii() and at.isalpha() and len(at) <= 3 else "",
        str(number),
        named.get("s", ""),
        named.get("t", ""),
        formula[1] if formula else "",
        value[1] if value else "".join(_INLINE.findall(body)),
    )


_INDEXES: dict[str, int] = {}


def _index(name: str) -> int:
    """A → 1, AA → 27."""
    if name not in _INDEXES:
        index = 0
        for char in name.upper():
            index = index * 26 + ord(char) - 64
        _INDEXES[name] = index  # at most 18,278 names of three letters
    return _INDEXES[name]


def _comments(package: Package, name: str) -> Iterator[Found]:
    """Notes and threaded comments, one a line, with their authors."""
    xml = package.xml(name, SHEET)
    texts = [*texts_of(xml, b"author"), *texts_of(xml, b"comment"), *texts_of(xml, b"text")]
    yield text_at("\n".join(dict.fromkeys(texts)), package.place.down(Step(StepKind.COMMENT)))


def _cache(package: Package, name: str) -> Iterator[Found]:
    """Pivot caches keep the cells of their source, also after it was deleted."""
    values = attributes_of(package.xml(name, SHEET), (b"v", b"name", b"caption"))
    yield text_at(spelled_out("\n".join(values)), package.place.down(_hidden()))


def _drawing(package: Package, name: str) -> Iterator[Found]:
    """Text boxes and alternative texts."""
    xml = package.xml(name, SLIDE)
    xml, boxes = cut(xml, b"v:textbox")  # as old Excel keeps comments, in HTML
    yield text_at("\n".join(text_of(b">" + box + b"<") for box in boxes), package.place)
    yield text_at(drawing_text(xml), package.place)
    yield text_at("\n".join(attributes(xml)), package.place.down(_hidden()))


def _done(_package: Package, _name: str) -> Iterator[Found]:
    yield from ()


_HANDLERS: Handlers = {
    r"xl/workbook\.(?:xml|bin)$": _workbook,
    r"xl/(?:worksheets/[^/]*|sharedstrings|styles)\.xml$": _done,  # read with the workbook
    r"xl/(?:comments|threadedcomments/)[^/]*\.xml$": _comments,
    r"xl/comments/[^/]*\.xml$": _comments,
    r"xl/pivotcache/[^/]*\.xml$": _cache,
    r"xl/drawings/[^/]*\.(?:xml|vml)$": _drawing,
}
