"""Word: docx, docm, dotx.

From → to: the XML parts of ``word/`` → one `Text` each: the document (paragraphs are lines, cells
of a table are divided by tabs, rows by newlines, split runs are joined), headers and footers,
foot- and endnotes, comments, text boxes in their place. Beside what is shown: hidden and deleted
text, and the wording before the tracked changes; field codes; alternative texts.

Invariants: bytes-level (xmltext.py), linear. What is shown is one text, so that a number that is
split over runs, comments, deletions or hidden runs is found as the reader sees it.

Sources: ECMA-376 part 1, chapter 17.
Known gaps: moved text is read at both places; numbers that automatic numbering makes are not read.
"""

import re
from collections.abc import Iterator

from mailfilter.extract.context import Ctx, Found, text_at
from mailfilter.extract.ooxml import WORD, Handlers, Package, holds, read_package
from mailfilter.extract.xmltext import attributes_of, cut, decoded, text_of
from mailfilter.model import Part
from mailfilter.place import Place, Step, StepKind

_CONTENT = re.compile(rb">([^<]+)<")
_SIGNS = (
    (b"<w:tab/>", b"\t"),
    (b"<w:br/>", b"\n"),
    (b"<w:br ", b"\n"),
    (b"<w:cr/>", b"\n"),
    (b"<w:noBreakHyphen/>", b"-"),
    (b"<w:txbxContent>", b"\n"),
    (b"</w:txbxContent>", b"\n"),
)
# One pass over the tags says what else a part needs; asking for each takes five times as long.
_SPECIAL = re.compile(rb"<w:(delT|inst|van|web|dra|pic|obj|sdt|ffD|docV|tab/|br|cr|noB|txb|sym|tc)")
_SIGNED = {b"tab/", b"br", b"cr", b"noB", b"txb", b"sym"}
_GEOMETRY = re.compile(rb"<(wp\w*:(?:posOffset|align|pct\w+))>[^<]*</\1>")
_FIELD_CODE = re.compile(rb"<w:instrText(?:\s[^<>]*)?>([^<]*)</w:instrText>")
_DELETED = re.compile(rb"<w:delText(?:\s[^<>]*)?>([^<]*)</w:delText>")
_SYMBOL = re.compile(rb"<w:sym\s[^<>]*w:char=\"([0-9A-Fa-f]{4})\"[^<>]*/>")
_VANISH = re.compile(rb"<w:(?:vanish|webHidden)(?:/>| w:val=\"(?:1|true|on)\")")
_ALTERNATIVE = (b"descr", b"title", b"alt", b"string", b"w:tooltip")
_FORM = re.compile(rb"<w:(?:default|listEntry|listItem|docVar|alias|tag|result)\s[^<>]*>")
_FORM_VALUES = (b"w:val", b"w:displayText", b"w:value")


def sniff(data: bytes) -> bool:
    """A zip with a folder that only Word makes."""
    return holds(data, b"word/")


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Every part of the document."""
    return read_package(part, ctx, _HANDLERS)


def _story(package: Package, name: str, place: Place) -> Iterator[Found]:
    xml = package.xml(name, WORD)
    shown, hidden = stories(xml)
    yield text_at(shown, place)
    yield text_at("\n".join(hidden), place.down(Step(StepKind.HIDDEN)))


def stories(xml: bytes) -> tuple[str, list[str]]:
    """(what is shown, what is not) of one part."""
    hidden: list[str] = []
    special = set(_SPECIAL.findall(xml))
    if special & {b"delT", b"inst"}:
        hidden += [decoded(code) for code in _FIELD_CODE.findall(xml)]
        hidden += list(_before_changes(xml))
        xml = _DELETED.sub(b"", _FIELD_CODE.sub(b"", xml))
    if special & {b"van", b"web"}:
        xml = _without_vanished(xml, hidden)
    if special & {b"dra", b"pic", b"obj"}:
        hidden += attributes_of(xml, _ALTERNATIVE)
        xml = _GEOMETRY.sub(b"", xml)
    if special & {b"sdt", b"ffD", b"docV"}:
        hidden += attributes_of(b" ".join(_FORM.findall(xml)), _FORM_VALUES)
    if special & _SIGNED:
        xml = _with_signs(xml)
    return paragraphs(xml, tables=b"tc" in special), hidden


def _with_signs(xml: bytes) -> bytes:
    """Tags that stand for a character get it as text."""
    for tag, sign in _SIGNS:
        if tag in xml:
            xml = xml.replace(tag, b"<w:t>" + sign + b"</w:t>" + tag)
    if b"<w:sym " in xml:
        xml = _SYMBOL.sub(lambda found: b"<w:t>" + _symbol(int(found[1], 16)) + b"</w:t>", xml)
    return xml


def _symbol(code: int) -> bytes:
    """Symbol fonts lie at U+F000; their digits are those of ASCII. No markup is made of them."""
    char = chr(code - 0xF000 if 0xF020 <= code <= 0xF0FF else code)
    return b" " if char in "<>&" else char.encode("utf-8", "replace")


def _without_vanished(xml: bytes, hidden: list[str]) -> bytes:
    """Cut out hidden runs."""
    runs = xml.split(b"</w:r>")
    gone = {n for n, run in enumerate(runs[:-1]) if _VANISH.search(run)}
    starts = {n: max(runs[n].rfind(b"<w:r>"), runs[n].rfind(b"<w:r ")) for n in gone}
    hidden.append("".join(text_of(runs[n][starts[n] :] + b"<") for n in sorted(gone)))
    kept = (run[: starts[n]] + b"<w:r>" if n in gone else run for n, run in enumerate(runs))
    return b"</w:r>".join(kept)


def _before_changes(xml: bytes) -> Iterator[str]:
    """Paragraphs with deleted text as they were before, and the deleted text by itself."""
    if b"</w:delText>" not in xml:
        return
    for paragraph in xml.split(b"</w:p>"):
        if b"</w:delText>" in paragraph:
            before, _ = cut(paragraph, b"w:ins")
            yield text_of(before[before.find(b"<w:p") :] + b"<")
            yield decoded(b"".join(_DELETED.findall(paragraph)))


def paragraphs(xml: bytes, *, tables: bool) -> str:
    """Lines; inside a cell a further paragraph is a space, so that rows of a table stay whole."""
    if not tables:
        return text_of(xml.replace(b"</w:p>", b"\n"))
    pieces, in_cell = [], False
    for n, piece in enumerate(xml.split(b"</w:p>")):
        if n:
            pieces.append(_divider(piece, in_cell))
        if b"<w:tc>" in piece or b"<w:tc " in piece:
            in_cell = True
        elif b"</w:tbl>" in piece:
            in_cell = False
        pieces += _CONTENT.findall(piece)
    return decoded(b"".join(pieces))


def _divider(piece: bytes, in_cell: bool) -> bytes:
    """What stands between two paragraphs, by the tags between them."""
    if b"</w:tr>" in piece:
        return b"\n"
    if b"</w:tc>" in piece:
        return b"\t"
    return b" " if in_cell and b"<w:tbl>" not in piece else b"\n"


def _document(package: Package, name: str) -> Iterator[Found]:
    yield from _story(package, name, package.place)


def _header(package: Package, name: str) -> Iterator[Found]:
    yield from _story(package, name, package.place.down(Step(StepKind.HEADER)))


def _notes(package: Package, name: str) -> Iterator[Found]:
    yield from _story(package, name, package.place.down(Step(StepKind.NOTES)))


def _comments(package: Package, name: str) -> Iterator[Found]:
    place = package.place.down(Step(StepKind.COMMENT))
    yield from _story(package, name, place)
    authors = "\n".join(attributes_of(package.xml(name, WORD), (b"w:author",)))
    yield text_at(authors, place)


def _settings(package: Package, name: str) -> Iterator[Found]:
    """Document variables and mail-merge queries."""
    found = b" ".join(_FORM.findall(package.xml(name, WORD)))
    hidden = "\n".join(attributes_of(found, (b"w:val", b"w:query")))
    yield text_at(hidden, package.place.down(Step(StepKind.HIDDEN)))


def _numbering(package: Package, name: str) -> Iterator[Found]:
    """The fixed text of list labels."""
    labels = re.findall(rb"<w:lvlText\s[^<>]*>", package.xml(name, WORD))
    yield text_at("\n".join(attributes_of(b"".join(labels), (b"w:val",))), package.place)


_HANDLERS: Handlers = {
    r"word/settings\d*\.xml$": _settings,
    r"word/numbering\d*\.xml$": _numbering,
    r"word/(?:header|footer)\d*\.xml$": _header,
    r"word/(?:footnotes|endnotes)\d*\.xml$": _notes,
    r"word/comments\w*\.xml$": _comments,
    r"word/(?:glossary/)?[^/]*\.xml$": _document,
}
