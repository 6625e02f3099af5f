"""PowerPoint: pptx, pptm, ppsx.

From → to: each slide → one `Text` (paragraphs are lines, cells of a table are divided by tabs),
speaker's notes, comments, text on masters and layouts, alternative texts; hidden slides included.

Sources: ECMA-376 part 1, chapters 19 and 21.
Known gaps: slides are numbered by their file, which is the order in which they were made.
"""

import re
from collections.abc import Iterator

from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.kit.xml_attributes import attributes
from mailfilter.extract.kit.xmltext import attributes_of, text_of, texts_of
from mailfilter.extract.office.ooxml import SLIDE, Handlers, Package, holds, read_package
from mailfilter.model import Part
from mailfilter.place import Place, Step, StepKind

_NUMBER = re.compile(r"(\d+)\.xml$")


def sniff(data: bytes) -> bool:
    """A zip with a folder that only PowerPoint makes."""
    return holds(data, b"ppt/")


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Slides and all that belongs to them."""
    return read_package(part, ctx, _HANDLERS)


def _place(package: Package, name: str, *steps: Step) -> Place:
    found = _NUMBER.search(name)
    return package.place.down(Step(StepKind.SLIDE, int(found[1][:9]) if found else 0), *steps)


def _text(xml: bytes) -> str:
    """Lines and cells; further paragraphs of a cell are spaces."""
    xml = xml.replace(b"<a:br/>", b"<a:br/>\n").replace(b"<a:br>", b"<a:br>\n")
    if b"<a:tc" not in xml:
        return text_of(xml.replace(b"</a:p>", b"</a:p>\n"))
    pieces = []
    for piece in re.split(rb"(</a:tc>|</a:tr>|<a:tc(?=[\s>]))", xml):
        match piece:
            case b"</a:tc>":
                pieces.append(b"\t")
            case b"</a:tr>":
                pieces.append(b"\n")
            case b"<a:tc":
                pieces.append(b"<a:tc")
            case _:
                inside = bool(pieces) and pieces[-1] == b"<a:tc"
                pieces.append(piece.replace(b"</a:p>", b"</a:p> " if inside else b"</a:p>\n"))
    return text_of(b"".join(pieces))


def _slide(package: Package, name: str) -> Iterator[Found]:
    xml = package.xml(name, SLIDE)
    place = _place(package, name)
    yield text_at(_text(xml), place)
    hidden = "\n".join(attributes(xml))
    yield text_at(hidden, place.down(Step(StepKind.HIDDEN)))


def _notes(package: Package, name: str) -> Iterator[Found]:
    place = _place(package, name, Step(StepKind.NOTES))
    yield text_at(_text(package.xml(name, SLIDE)), place)


def _comments(package: Package, name: str) -> Iterator[Found]:
    xml = package.xml(name, SLIDE)
    texts = "\n".join(dict.fromkeys([*texts_of(xml, b"p:text"), _text(xml)]))
    yield text_at(texts, package.place.down(Step(StepKind.COMMENT)))


def _master(package: Package, name: str) -> Iterator[Found]:
    """Text that stands on every slide."""
    place = package.place.down(Step(StepKind.HEADER))
    yield text_at(_text(package.xml(name, SLIDE)), place)


def _tags(package: Package, name: str) -> Iterator[Found]:
    """Authors of comments and tags of add-ins are attributes."""
    values = attributes_of(package.xml(name, SLIDE), (b"name", b"val"))
    yield text_at("\n".join(values), package.place.down(Step(StepKind.HIDDEN)))


_HANDLERS: Handlers = {
    r"ppt/slides/slide\d*\.xml$": _slide,
    r"ppt/notesslides/[^/]*\.xml$": _notes,
    r"ppt/comments/[^/]*\.xml$": _comments,
    r"ppt/(?:slidemasters|slidelayouts|notesmasters|handoutmasters)/[^/]*\.xml$": _master,
    r"ppt/(?:tags/[^/]*|comment\w*|authors)\.xml$": _tags,
}
