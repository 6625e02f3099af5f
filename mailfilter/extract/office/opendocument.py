"""OpenDocument: odt, ods, odp and their templates, packed or as one flat XML file.

From → to: ``content.xml`` → text (paragraphs are lines, tables have tabs and newlines), sheets as
tables of their own, slides one by one; comments, footnotes and deleted text of tracked changes are
taken out of the running text, so that it reads as shown, and read by themselves; headers and
footers from ``styles.xml``, properties from ``meta.xml``; pictures and embedded files as `Part`s.

Invariants: bytes-level (xmltext.py), linear; repeated cells and rows are never multiplied out.

Sources: OpenDocument 1.3 parts 2 and 3.
Known gaps: hidden styles are looked for in the automatic styles of the content only; settings and
configurations of the program are not read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from detectors import Role
from mailfilter import labels
from mailfilter.extract.containers.container import Archive, Member, directory_bytes, open_archive
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.extract.kit.table import cell, table
from mailfilter.extract.kit.xml_attributes import spelled_out
from mailfilter.extract.kit.xmltext import (
    attributes_of,
    canonical,
    cut,
    decoded,
    elements_of,
    lines_of,
    text_of,
    texts_of,
)
from mailfilter.extract.office.cellstyles import is_telling
from mailfilter.extract.office.workbook import TELLING, formula_texts, plain_number
from mailfilter.extract.text.plain import base64_bytes
from mailfilter.model import Part
from mailfilter.not_examined import not_examined
from mailfilter.place import Place, Step, StepKind

ROOT = b"office:document"  # of a flat file
_URN = b"urn:oasis:names:tc:opendocument:xmlns:"
_NAMES: Mapping[bytes, bytes] = {
    _URN + kind + b":1.0": prefix
    for kind, prefix in (
        (b"office", b"office"),
        (b"text", b"text"),
        (b"table", b"table"),
        (b"drawing", b"draw"),
        (b"presentation", b"presentation"),
        (b"style", b"style"),
        (b"meta", b"meta"),
        (b"form", b"form"),
        (b"svg-compatible", b"svg"),
    )
}
_SIGNS = (
    (b"</text:p>", b"\n"),
    (b"</text:h>", b"\n"),
    (b"<text:tab/>", b"\t"),
    (b"<text:line-break/>", b"\n"),
    (b"</dc:creator>", b"\n"),  # who wrote a comment, when, and the mark of a note
    (b"</dc:date>", b"\n"),
    (b"</text:note-citation>", b"\n"),
)
_SPACES = re.compile(rb"<text:s(?:\s[^<>]*)?/>")
_CELL = re.compile(rb"<table:(?:covered-)?table-cell(?=[\s/>])")
_REPEATED = re.compile(rb"table:number-(?:columns|rows)-repeated=[\"'](\d{1,7})[\"']")
_VALUE = re.compile(rb"office:(?:value|string-value)=[\"']([^\"'<>]*)[\"']")
_TABLE = re.compile(rb"<table:table(?=[\s>])[^<>]*")
_TITLE = re.compile(rb"\stable:name=[\"']([^\"'<>]*)[\"']")
_ROW = re.compile(rb"<table:table-row(?=[\s>])")
_NAME = re.compile(rb"\smeta:name\s*=\s*(?:\"([^\"<]{1,200})\"|'([^'<]{1,200})')")
_ATTRIBUTES = (
    b"xlink:href",
    b"text:string-value",
    b"text:string-value-if-true",
    b"text:string-value-if-false",
    b"text:value",
    b"text:name",
    b"table:title",
    b"table:comment",
    b"table:value",
    b"office:string-value",
    b"form:current-value",
    b"form:value",
    b"form:label",
    b"office:title",
    b"field:value",  # of Word's fields and forms, which LibreOffice keeps
    b"loext:alias",
    b"loext:tag",
    b"loext:display-text",
    b"loext:value",
    b"text:description",
    b"draw:name",
)
_FORMULAS = (b"table:formula", b"table:condition", b"table:expression", b"text:formula")
_KEPT = (b"office:value", b"office:string-value")  # of variables and of cells before a change
_UNSHOWN = re.compile(rb"\stext:display=[\"'](?:none|true)[\"']")
_STYLED = re.compile(rb"<text:span\s[^<>]*text:style-name=[\"']([^\"']{1,100})[\"']")
_STYLE_NAME = re.compile(rb"\sstyle:name=[\"']([^\"']{1,100})[\"']")
_PLUMBING = re.compile(
    r"mimetype$|settings\.xml$|thumbnails/|configurations2/|layout-cache|meta-inf/"
)
_FONTS = (b"\0\1\0\0", b"OTTO", b"true", b"ttcf", b"wOFF", b"wOF2")
_DIGITS = re.compile(r"\D+")


def sniff(data: bytes) -> bool:
    """A zip that has ODF's two files; the media type at the front may be missing."""
    if not data.startswith(b"PK\x03\x04"):
        return False
    directory = directory_bytes(data) or data  # a cut one has no directory, but its names
    return b"content.xml" in directory and b"META-INF/manifest.xml" in directory


def sniff_flat(data: bytes) -> bool:
    """XML whose root is an office document."""
    return data.find(ROOT, 0, 4096) >= 0 and _URN in data[:16384]


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """All members of the package."""
    archive = open_archive(part.data, ctx.budget)
    if archive.fault:
        yield not_examined(part.place, archive.fault)
    manifest = archive.find("META-INF/manifest.xml")
    if manifest and b"encryption-data" in archive.read(manifest, ctx.budget)[0]:
        raise Unreadable("encrypted")
    for n, entry in enumerate(archive.members, 1):
        yield from _member(part, ctx, archive, n, entry)


def _member(part: Part, ctx: Ctx, archive: Archive, n: int, entry: Member) -> Iterator[Found]:
    name = entry.name.lower()
    if entry.folder or _PLUMBING.match(name):
        return
    data, _ = archive.read(entry, ctx.budget)
    if name.startswith("fonts/") and data.startswith(_FONTS):
        return  # a typeface that the document brings along
    if not name.endswith(".xml"):
        yield member(part, n, entry.name, data, inline=name.startswith("pictures/"))
        return
    xml = canonical(data, _NAMES, ctx.budget)
    match name.rpartition("/")[2]:
        case "content.xml":
            yield from _content(xml, part, ctx)
        case "styles.xml":
            yield from _headers(xml, part.place)
        case "meta.xml":
            yield from _properties(xml, part.place, ctx)
        case _:
            yield text_at(lines_of(xml), part.place.down(Step(StepKind.HIDDEN)))


def read_flat(part: Part, ctx: Ctx) -> Iterator[Found]:
    """One XML file that holds all; pictures stand in it as base64."""
    xml = canonical(part.data, _NAMES, ctx.budget)
    xml, pictures = cut(xml, b"office:binary-data")
    xml, meta = cut(xml, b"office:meta")
    yield from _properties(b"".join(meta), part.place, ctx)
    yield from _headers(xml, part.place)
    yield from _content(xml, part, ctx)
    for n, picture in enumerate(pictures, 1):
        yield member(part, n, "", base64_bytes(picture), inline=True)


def _content(xml: bytes, part: Part, ctx: Ctx) -> Iterator[Found]:
    place = part.place
    body = max(xml.find(b"<office:body"), 0)
    lines = [*_of_styles(xml[:body])]
    xml, unshown = _without_unshown(xml[:body], xml[body:])
    lines += [*unshown, *_unshown_values(xml)]
    yield text_at(spelled_out("\n".join(lines)), place.down(Step(StepKind.HIDDEN)))
    for element, kind in (
        (b"office:annotation", StepKind.COMMENT),
        (b"text:tracked-changes", StepKind.HIDDEN),
        (b"table:tracked-changes", StepKind.HIDDEN),
        (b"text:note", StepKind.NOTES),
        (b"svg:title", StepKind.HIDDEN),
        (b"svg:desc", StepKind.HIDDEN),
    ):
        xml, contents = cut(xml, element)
        yield text_at("\n".join(running(b">" + c + b"<") for c in contents), place.down(Step(kind)))
    if b"<office:spreadsheet" in xml:
        yield from _sheets(xml, place, ctx)
    elif b"<draw:page" in xml:
        yield from _slides(xml, place)
    else:
        yield text_at(running(xml), place)


def _of_styles(xml: bytes) -> Iterator[str]:
    """Texts that a number format adds, and conditions of styles."""
    yield from filter(is_telling, texts_of(xml, b"number:text"))
    yield from filter(TELLING.search, attributes_of(xml, (b"style:condition",)))


def _unshown_values(xml: bytes) -> Iterator[str]:
    """What stands in attributes: names, values of fields, formulas that hold a text or a number."""
    yield from attributes_of(xml, _ATTRIBUTES)
    for formula in attributes_of(xml, _FORMULAS):
        if TELLING.search(formula):
            yield from formula_texts(formula)
    if b"<office:spreadsheet" not in xml:
        yield from attributes_of(xml, _KEPT)
    for _, _, content in elements_of(xml, b"table:tracked-changes"):
        yield from attributes_of(content, _KEPT)


def _without_unshown(styles: bytes, xml: bytes) -> tuple[bytes, list[str]]:
    """(body without stretches of a hiding style, so that what is around them meets; those)."""
    hiding = {
        found[1]
        for start, end, content in elements_of(styles, b"style:style")
        if _UNSHOWN.search(content) and (found := _STYLE_NAME.search(styles, start, end))
    }
    if not hiding:
        return xml, []
    kept, gone, at = [], [], 0
    for start, end, content in elements_of(xml, b"text:span"):
        found = _STYLED.match(xml, start)
        if found and found[1] in hiding:
            kept.append(xml[at:start])
            gone.append(text_of(b">" + content + b"<"))
            at = end
    return b"".join([*kept, xml[at:]]), ["".join(gone), text_of(b">" + xml + b"<")] if gone else []


def running(xml: bytes) -> str:
    """Text with its line breaks, tabs and blanks; inside a cell a paragraph ends by a blank."""
    for tag, sign in _SIGNS:
        if tag in xml:
            xml = xml.replace(tag, tag + sign)
    if b"<text:s" in xml:
        xml = _SPACES.sub(b"<text:s/> ", xml)
    if b"<table:table-cell" not in xml:
        return text_of(xml)
    return decoded(b"".join(_cells(xml)))


def _cells(xml: bytes) -> Iterator[bytes]:
    head, *pieces = re.split(rb"<table:table-cell(?=[\s/>])", xml)
    yield text_of(head + b"<").encode()
    for piece in pieces:
        inside, end, after = piece.partition(b"</table:table-cell>")
        yield text_of(inside + b"<").strip("\n").replace("\n", " ").encode()
        yield b"\n" if b"</table:table-row>" in after else b"\t"
        yield text_of(end + after + b"<").encode() if b"</table:table>" in after else b""


def _sheets(xml: bytes, place: Place, ctx: Ctx) -> Iterator[Found]:
    bounds = [*(found.start() for found in _TABLE.finditer(xml)), len(xml)]
    for n, (start, end) in enumerate(pairwise(bounds), 1):
        ctx.budget.take_entry()
        title = _TITLE.search(xml, start, xml.find(b">", start))
        name = decoded(title[1]) if title else ""
        sheet = place.down(Step(StepKind.SHEET, n, name))
        yield text_at(name, sheet.down(role=Role.NAME).nameless())
        cells, shapes = cut(xml[start:end], b"table:shapes")
        yield table(_rows(cells, ctx), sheet)
        yield text_at("\n".join(running(b">" + each + b"<") for each in shapes), sheet)
    yield text_at(lines_of(xml[: bounds[0]]), place)


def _rows(xml: bytes, ctx: Ctx) -> Iterator[tuple[int, Sequence[str]]]:
    number, left = 1, ctx.budget.cells
    for row in _ROW.split(xml)[1:]:
        opening, _, cells = row.partition(b">")
        values = _row(cells.partition(b"</table:table-row>")[0])
        left -= len(values)
        if left < 0:
            raise Unreadable("too-many-cells")
        if values:
            yield number, values
        number += _times(opening)


def _row(cells: bytes) -> list[str]:
    values: list[str] = []
    for piece in _CELL.split(cells)[1:]:
        opening, _, content = piece.partition(b">")
        value = cell(_shown(opening, content))
        values.extend([value] * min(_times(opening), 3 if value else 100))
    while values and not values[-1]:
        values.pop()
    return values


def _times(opening: bytes) -> int:
    found = _REPEATED.search(opening)
    return int(found[1]) if found else 1


def _shown(opening: bytes, content: bytes) -> str:
    """What the cell shows; the stored number where the shown one is rounded or grouped."""
    shown = " ".join(texts_of(content, b"text:p")) if b"<text:p" in content else ""
    stored = _VALUE.search(opening)
    if stored is None or b'"percentage"' in opening:
        return shown
    value = plain_number(decoded(stored[1]))
    return shown if value == _DIGITS.sub("", shown) and " " not in shown else value


def _slides(xml: bytes, place: Place) -> Iterator[Found]:
    for n, slide in enumerate(re.split(rb"<draw:page(?=[\s>])", xml)):
        shown, notes = cut(slide, b"presentation:notes")
        here = place.down(Step(StepKind.SLIDE, n))
        yield text_at(running(shown + b"<"), here)
        for note in notes:
            yield text_at(running(b">" + note + b"<"), here.down(Step(StepKind.NOTES)))


def _headers(xml: bytes, place: Place) -> Iterator[Found]:
    """Headers and footers of the master pages; texts of styles."""
    said = "\n".join(_of_styles(xml))
    yield text_at(said, place.down(Step(StepKind.HIDDEN)))
    for _, _, masters in elements_of(xml, b"office:master-styles"):
        yield text_at(running(b">" + masters + b"<"), place.down(Step(StepKind.HEADER)))


def _properties(xml: bytes, place: Place, ctx: Ctx) -> Iterator[Found]:
    property_place = place.down(Step(StepKind.PROPERTY), role=Role.PROPERTY)
    names = attributes_of(xml, (b"meta:name",))
    yield text_at("\n".join([lines_of(xml), *names]), property_place)
    for maker in texts_of(xml, b"meta:generator"):
        ctx.maker(maker)
    for label in labels.msip(_user_defined(xml)):
        ctx.label(label)


def _user_defined(xml: bytes) -> Iterator[tuple[str, str]]:
    """Names and values of properties that users and programs add."""
    for start, _, content in elements_of(xml, b"meta:user-defined"):
        if found := _NAME.search(xml[start : xml.index(b">", start)]):
            yield decoded(found[1] or found[2]), decoded(content)
