"""Word: docx, docm, dotx.

From → to: the XML parts of ``word/`` → one `Text` each: the document (paragraphs are lines, cells
of a table are divided by tabs, rows by newlines, split runs are joined), headers and footers,
foot- and endnotes, comments, text boxes in their place. Beside what is shown: hidden, deleted
and moved text, and the wording before the tracked changes; field codes; alternative texts.

Invariants: bytes-level (xmltext.py), linear. What is shown is one text, so that a number that is
split over runs, comments, deletions or hidden runs is found as the reader sees it.

Sources: ECMA-376 part 1, chapter 17.
Known gaps: numbers that automatic numbering makes are not read.
"""

import re
from collections.abc import Iterator

from mailfilter.byte_search import Needles
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.kit.xmltext import attributes_of, cut, decoded, text_of
from mailfilter.extract.office.ooxml import WORD, Handlers, Package, holds, read_package
from mailfilter.model import Part
from mailfilter.place import Place, Step, StepKind

# Marks are the beginnings of tags that mean something; one pass finds them all.
_SIGNS = {  # tags that stand for a character
    b"<w:tab/>": b"\t",
    b"<w:br/>": b"\n",
    b"<w:br ": b"\n",
    b"<w:cr/>": b"\n",
    b"<w:noBreakHyphen/>": b"-",
    b"<w:txbxContent>": b"\n",
    b"</w:txbxContent>": b"\n",
}
_TABLES = {  # bits for what tables are made of
    b"<w:tbl>": (_TABLE := 1),
    b"<w:tc>": (_CELL := 2),
    b"<w:tc ": _CELL,
    b"</w:tc>": (_CELL_END := 4),
    b"</w:tr>": (_ROW_END := 8),
    b"</w:tbl>": (_TABLE_END := 16),
}
_UNUSUAL = {  # what asks for a closer look at the whole part
    b"<w:delT": "changes",
    b"<w:inst": "changes",
    b"<w:moveFrom ": "moved",
    b"<w:fldS": "told",
    b"<w:hyp": "told",
    b"<w:van": "vanished",
    b"<w:webH": "vanished",
    b"<w:dra": "pictures",
    b"<w:pic": "pictures",
    b"<w:obj": "pictures",
    b"<w:sdt": "forms",
    b"<w:ffD": "forms",
    b"<w:docV": "forms",
    b"<w:sym ": "symbols",
    b"<w:attr ": "forms",
    b"<w:bookmarkStart ": "bookmarks",
}
_END, _LINE = b"</w:p>", b"\n<"
_TAGS = Needles(_END, *_TABLES, *_SIGNS, *_UNUSUAL)
_BITS = (0, *_TABLES.values())
_FIRST_SIGN, _FIRST_UNUSUAL = len(_BITS), len(_BITS) + len(_SIGNS)
_WRITTEN = [sign + b"<" for sign in _SIGNS.values()]
_KINDS = list(_UNUSUAL.values())
_GEOMETRY = re.compile(rb"<(wp\w*:(?:posOffset|align|pct\w+))>[^<]*</\1>")
_FIELD_CODE = re.compile(rb"<w:instrText(?:\s[^<>]*)?>([^<]*)</w:instrText>")
_DELETED = re.compile(rb"<w:delText(?:\s[^<>]*)?>([^<]*)</w:delText>")
_SYMBOL = re.compile(rb"<w:sym\s[^<>]*w:char=\"([0-9A-Fa-f]{4})\"[^<>]*/>")
_VANISH = re.compile(rb"<w:(?:vanish|webHidden)(?:/>| w:val=\"(?:1|true|on)\")")
_ALTERNATIVE = (b"descr", b"title", b"alt", b"string", b"name", b"o:title", b"href")
_TOLD = (b"w:instr", b"w:tooltip")
_FORM = re.compile(
    rb"<w:(?:default|listEntry|listItem|docVar|alias|tag|result|helpText|statusText|attr)\s[^<>]*>"
)
_BOOKMARK = re.compile(rb"<w:bookmarkStart\s[^<>]*w:name=\"([^\"<>_][^\"<>]*)\"")  # not Word's own
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
    whole, (marked, unusual) = xml, _marked(xml)
    if "changes" in unusual:
        hidden += _field_codes(xml)
        hidden += list(_before_changes(xml))
        xml = _DELETED.sub(b"", _FIELD_CODE.sub(b"", xml))
    if "moved" in unusual:
        xml, moved = cut(xml, b"w:moveFrom")
        hidden += [text_of(b">" + each + b"<") for each in moved]
    if "told" in unusual:
        hidden += attributes_of(xml, _TOLD)
    if "vanished" in unusual:
        xml = _without_vanished(xml, hidden)
    if "pictures" in unusual:
        hidden += attributes_of(xml, _ALTERNATIVE)
        xml = _GEOMETRY.sub(b"", xml)
    if "forms" in unusual:
        hidden += attributes_of(b" ".join(_FORM.findall(xml)), _FORM_VALUES)
    if "bookmarks" in unusual:
        hidden += [decoded(name).replace("_", " ") for name in _BOOKMARK.findall(xml)]
    if "symbols" in unusual:
        xml = _SYMBOL.sub(lambda found: b"<w:t>" + _symbol(int(found[1], 16)) + b"</w:t>", xml)
    return text_of(marked if xml is whole else _marked(xml)[0]), hidden


def _symbol(code: int) -> bytes:
    """Symbol fonts lie at U+F000; their digits are those of ASCII. No markup is made of them."""
    char = chr(code - 0xF000 if 0xF020 <= code <= 0xF0FF else code)
    return b" " if char in "<>&" else char.encode("utf-8", "replace")


def _field_codes(xml: bytes) -> Iterator[str]:
    """Each piece of a code, and the pieces of a paragraph joined: Word splits them as it splits
    text."""
    for paragraph in xml.split(b"</w:p>"):
        codes = _FIELD_CODE.findall(paragraph)
        yield from map(decoded, codes)
        if len(codes) > 1:
            yield decoded(b"".join(codes))


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


def _marked(xml: bytes) -> tuple[bytearray, set[str]]:
    """The part with signs as text between its tags, and what is unusual in it.

    A sign is written over the beginning of its tag, so that nothing has to be moved: ``</w:p>``
    becomes a newline and ``<w:p>``. The end of a paragraph is a line's end; inside a cell it is a
    space, so that rows of a table stay whole.
    """
    marked, kinds = bytearray(xml), set()
    ended, behind, in_cell = 0, 0, False  # the last end of a paragraph, the bits found since
    for mark, at, _ in _TAGS.tokens(xml):
        if not mark:
            if ended:
                marked[ended : ended + 2] = (
                    _divider(behind, in_cell) if behind or in_cell else _LINE
                )
            if behind:
                in_cell, behind = bool(behind & _CELL or (in_cell and not behind & _TABLE_END)), 0
            ended = at
        elif mark < _FIRST_SIGN:
            behind |= _BITS[mark]
        elif mark < _FIRST_UNUSUAL:
            marked[at : at + 2] = _WRITTEN[mark - _FIRST_SIGN]
        else:
            kinds.add(mark)
    if ended:
        marked[ended : ended + 2] = _divider(behind, in_cell)
    return marked, {_KINDS[mark - _FIRST_UNUSUAL] for mark in kinds}


def _divider(behind: int, in_cell: bool) -> bytes:
    """What is written over the end of a paragraph, by the tags between it and the next."""
    if behind & _ROW_END:
        return _LINE
    if behind & _CELL_END:
        return b"\t<"
    return b" <" if in_cell and not behind & _TABLE else _LINE


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
