"""Excel: xlsx, xlsm, xltx.

From → to: each sheet → one table (table.py), hidden sheets, rows and columns included; sheet names
→ ``Role.NAME``; beside them comments, text boxes, headers and footers, formulas that hold text,
validation lists, defined names, pivot caches, cached cells of other workbooks, and shared strings
that no cell uses. Numbers are written plain: 191212121212, not 1.9e11, without ``.0``; a number
format with leading zeros (``000000-0000``) is applied, because Excel shows the zeros.

Invariants: own reading of the XML, linear; nothing is laid out in a grid, so that a cell in the
last corner of the sheet costs one cell.

Sources: ECMA-376 part 1, chapter 18. Measured against python-calamine: 0.9 of its time.
Known gaps: dates are serial numbers unless they are typed as text.
"""

import html
import re
from collections.abc import Iterator

from detectors import Role
from mailfilter.extract.budget import Budget, Unreadable
from mailfilter.extract.context import Ctx, Found, text_at
from mailfilter.extract.ooxml import (
    SHEET,
    SLIDE,
    Handlers,
    Package,
    drawing_text,
    holds,
    read_package,
)
from mailfilter.extract.table import cell, table
from mailfilter.extract.telling import attributes, spelled_out
from mailfilter.extract.xmltext import (
    attributes_of,
    cut,
    elements_of,
    lines_of,
    text_of,
    texts_of,
)
from mailfilter.model import Part
from mailfilter.place import Place, Step, StepKind

_CELL = re.compile(
    r'<c r="([A-Z]{1,3})\d+"(?: s="(\d+)")?(?: t="(\w+)")?(?:/>|>'
    r"(?:<f[^<>]*(?:/>|>([^<]*)</f>))?(?:<v>([^<]*)</v>|<v/>|<is><t[^<>]*>([^<]*)</t></is>)?</c>)"
)
_ANY_CELL = re.compile(r"<c(?=[\s>])")
_ROW = re.compile(r'[^<>]*?\sr="(\d{1,7})"')
TELLING = re.compile(r"\"|\d{6}")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_VALUE = re.compile(r"<v[^<>]*>([^<]*)</v>")
_FORMULA = re.compile(r"<f[^<>]*>([^<]*)</f>")
_INLINE = re.compile(r"<t(?:\s[^<>]*)?>([^<]*)</t>")
_SIMPLE = re.compile(r"<si><t(?:\s[^<>]*)?>([^<]*)</t></si>")
_SHARED = re.compile(r't="s"><v>(\d{1,8})</v>')
_REFERENCE = re.compile(r'<c r="([A-Z]{1,3})\d')
_CONTENT = re.compile(r"<[vt]\b[^<>]*+>([^<]++)</[vt]>")
_NUMBERED = re.compile(r'<row r="(\d{1,7})"')
_NAMED = re.compile(r'\s(r|s|t)="([^"<>]*)"')
_ZEROS = re.compile(r"(0{2,8})\W{0,4}(0{4})(?:;.*)?$|(0{10}|0{12})(?:;.*)?$")
_SHEET = re.compile(rb"<sheet\s[^<>]*>")
_ATTRIBUTE = re.compile(rb"([\w:]+)=[\"']([^\"']*)[\"']")
_HEADER_CODE = re.compile(r"&(?:K[0-9A-F]{6}|[A-Z+-]|\"[^\"\n]{0,60}\"|\d{1,3}(?!\d))")

Values = tuple[str, str, str, str, str, str]  # letters, style, type, formula, value, inline text


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
    yield text_at("\n".join(names), package.place.down(_hidden()))
    strings = _strings(package)
    padded = _padded(package)
    used: set[str] = set()
    done: set[str] = set()
    for n, (title, path) in enumerate(_tabs(package, xml), 1):
        place = package.place.down(Step(StepKind.SHEET, n, title))
        yield text_at(title, place.down(role=Role.NAME).nameless())
        if path in package.names and path not in done:
            done.add(path)
            yield from _sheet(
                package.xml(path, SHEET), place, package.ctx.budget, strings, padded, used
            )
    yield from _unlisted(package, done, strings, padded, used)
    all_used = len(used) == len(strings)
    unused = [] if all_used else [text for n, text in enumerate(strings) if str(n) not in used]
    yield text_at(html.unescape("\n".join(unused)), package.place.down(_hidden()))


def _unlisted(
    package: Package, done: set[str], strings: list[str], padded: dict[str, int], used: set[str]
) -> Iterator[Found]:
    """Sheets that lie in the package but under no tab."""
    for path in package.names:
        if path.startswith("xl/worksheets/") and path.endswith(".xml") and path not in done:
            xml = package.xml(path, SHEET)
            place = package.place.down(_hidden())
            yield from _sheet(xml, place, package.ctx.budget, strings, padded, used)


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
        title = html.unescape(attributes.get(b"name", b"").decode("utf-8", "replace"))
        yield title, targets.get(attributes.get(b"r:id", b""), "")


def _strings(package: Package) -> list[str]:
    """Shared strings, each on one line, references still in; phonetic hints are part of them."""
    xml = package.xml("xl/sharedstrings.xml", SHEET).replace(b"<si/>", b"<si></si>")
    text = _unescaped(xml.decode("utf-8", "replace"))
    simple = _SIMPLE.findall(text)
    items = text.count("</si>")
    if len(simple) == items == text.count("<t>") + text.count("<t "):
        strings = simple
    else:
        strings = ["".join(_INLINE.findall(item)) for item in text.split("</si>")[:-1]]
    broken = "\n" in text or "\t" in text or "\r" in text
    return [cell(value) for value in strings] if broken else strings


def _unescaped(text: str) -> str:
    """Excel writes characters that XML has no place for as ``_x000D_``."""
    if "_x00" not in text:
        return text
    return _ESCAPE.sub(lambda found: html.escape(chr(int(found[1], 16))), text)


def _padded(package: Package) -> dict[str, int]:
    """Style → digits that it always shows, for formats such as ``000000-0000``."""
    xml = package.xml("xl/styles.xml", SHEET)
    if b"0000" not in xml:
        return {}
    widths = {}
    for entry in re.findall(rb"<numFmt\s[^<>]*>", xml):
        attributes = dict(_ATTRIBUTE.findall(entry))
        code = html.unescape(attributes.get(b"formatCode", b"").decode("utf-8", "replace"))
        if _ZEROS.search(code):
            widths[attributes.get(b"numFmtId", b"")] = code.partition(";")[0].count("0")
    formats = next((body for _, _, body in elements_of(xml, b"cellXfs")), b"")
    used = [
        dict(_ATTRIBUTE.findall(x)).get(b"numFmtId") for x in re.findall(rb"<xf\s[^<>]*>", formats)
    ]
    return {str(n): widths[key] for n, key in enumerate(used) if key in widths}


def _sheet(
    xml: bytes,
    place: Place,
    budget: Budget,
    strings: list[str],
    padded: dict[str, int],
    used: set[str],
) -> Iterator[Found]:
    head, _, tail = xml.rpartition(b"</sheetData>")
    content = (head or tail).decode("utf-8", "replace")
    formulas: list[str] = []
    sheet = _Sheet(strings, padded, formulas, used, budget)
    yield table(sheet.regular(content) or sheet.rows(content), place)
    yield text_at("\n".join(formulas), place.down(_hidden()))
    if head:
        header = _HEADER_CODE.sub(" ", lines_of(tail))
        yield text_at(header, place.down(Step(StepKind.HEADER)))
        yield text_at("\n".join(attributes(tail)), place.down(_hidden()))


class _Sheet:
    """What the cells of one sheet are read with."""

    def __init__(
        self,
        strings: list[str],
        padded: dict[str, int],
        formulas: list[str],
        used: set[str],
        budget: Budget,
    ) -> None:
        self.strings, self.padded, self.formulas, self.used = strings, padded, formulas, used
        self.left, self.room = budget.cells, budget.text
        self.longest = max(map(len, strings), default=0)
        self.referring = "&" in "".join(strings)

    def regular(self, content: str) -> list[tuple[int, list[str]]] | None:
        """A sheet whose rows all have the same cells without gaps, read at one go; else None.

        It is what programs export, and the bulk of all cells. Whatever is unusual leaves it to
        `rows`: styles with zeros, formulas, quotes of the other kind, cells that hold nothing.
        """
        pieces = _SHARED.split(content)
        indexes = pieces[1::2]
        if (
            self.padded
            or "'" in content
            or "<f" in content
            or "_x00" in content
            or content.count('"s"') != len(indexes)
        ):
            return None
        if indexes and max(map(int, indexes)) >= len(self.strings):
            return None
        if self.longest * len(indexes) > self.room:
            self._take(sum(len(self.strings[int(index)]) for index in indexes))
        pieces[1::2] = [f"><v>{self.strings[int(index)]}</v>" for index in indexes]
        values = _CONTENT.findall("".join(pieces))
        letters = _REFERENCE.findall(content)
        width = letters.index("A", 1) if letters[1:].count("A") else len(letters)
        numbers = [int(number) for number in _NUMBERED.findall(content)]
        first = [name for name in letters[:width] if _index(name)]
        if (
            not 0 < len(values) == len(letters) == width * len(numbers) <= self.left
            or letters != first * len(numbers)
            or [_index(name) for name in first] != list(range(1, width + 1))
        ):
            return None
        self.used.update(indexes)
        values = [plain_number(value) if "." in value else value for value in values]
        if "&" in content or self.referring:
            values = [cell(html.unescape(value)) if "&" in value else value for value in values]
        rows = (values[at : at + width] for at in range(0, len(values), width))
        return list(zip(numbers, rows, strict=True))

    def rows(self, content: str) -> Iterator[tuple[int, list[str]]]:
        """(row number, cells) of each row that has cells."""
        number = 0
        for row in content.split("<row")[1:]:
            found = _ROW.match(row)
            number = int(found[1]) if found else number + 1
            cells: list[Values] = _CELL.findall(row)
            if len(cells) != row.count("<c ") + row.count("<c>"):
                cells = [_slow(piece) for piece in _ANY_CELL.split(row)[1:]]
            self.left -= len(cells)
            if self.left < 0:
                raise Unreadable("too-many-cells")
            if cells:
                values = self.values(cells)
                self.left -= len(values) - len(cells)  # gaps that are written out
                yield number, values

    def values(self, cells: list[Values]) -> list[str]:
        values = [self.value(*found) for found in cells]
        if cells[-1][0] and _index(cells[-1][0]) == len(cells):
            return values
        spread: list[str] = []
        for found, value in zip(cells, values, strict=True):
            column = _index(found[0]) if found[0] else len(spread) + 1
            spread.extend([""] * min(column - 1 - len(spread), 100))
            spread.append(value)
        return spread

    def value(self, _at: str, style: str, kind: str, formula: str, value: str, inline: str) -> str:
        """What a cell shows."""
        if formula and TELLING.search(formula):
            self.formulas += formula_texts(html.unescape(formula))
        if kind == "s":
            self.used.add(value)
            text = self.strings[int(value)] if _within(value, self.strings) else ""
            self._take(len(text))
            return cell(html.unescape(text)) if "&" in text else text
        if kind in ("", "n"):
            return self.number(value, style)
        shown = _unescaped(value or inline)
        return cell(html.unescape(shown) if "&" in shown else shown)

    def _take(self, size: int) -> None:
        """So many characters of shared strings, each of which may stand in many cells."""
        self.room -= size
        if self.room < 0:
            raise Unreadable("too-much-text")

    def number(self, value: str, style: str) -> str:
        if "." in value or "E" in value or "e" in value:
            value = plain_number(value)
        width = self.padded.get(style, 0) if self.padded else 0
        return value.zfill(width) if width else value


def formula_texts(formula: str) -> list[str]:
    """A formula as it stands, and with its neighbouring texts joined."""
    joined = formula.replace('"&"', "")
    return [formula] if joined == formula else [formula, joined]


def _within(value: str, strings: list[str]) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 9 and int(value) < len(strings)


def plain_number(value: str) -> str:
    """1.91212121212E11 → 191212121212; what is no whole number stays as it is."""
    try:
        number = float(value)
    except ValueError:
        return value
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else value


def _slow(piece: str) -> Values:
    """A cell that is written otherwise than Excel writes it."""
    opening, _, body = piece.partition(">")
    named = dict(_NAMED.findall(opening + " "))
    at = named.get("r", "").rstrip("0123456789")
    formula, value = _FORMULA.search(body), _VALUE.search(body)
    return (
        at if at.isascii() and at.isalpha() and len(at) <= 3 else "",
        named.get("s", ""),
        named.get("t", ""),
        formula[1] if formula else "",
        value[1] if value else "",
        "".join(_INLINE.findall(body)),
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
