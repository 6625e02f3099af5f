"""What Word, Excel and PowerPoint files share: the package, properties, labels, what lies inside.

From → to: a zip of XML parts → what its reader for one program makes of the program's own parts
(`Handlers`), and from here: document properties, information-class labels (MSIP), custom XML,
charts and diagrams, addresses of links, embedded files and images as further `Part`s. A member
that no Office program writes is read as a file in an archive, so that nothing hides in a docx
that somebody renames to zip.

Invariants: each member is unpacked once and counted; a member that cannot be read does not keep
the others from being read.

Sources: ECMA-376 parts 1 and 2; MS-OFFCRYPTO for LabelInfo.
Known gaps: OLE objects are read only where they are whole Office files or wrap one file (see
embedded.py); names of styles.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from detectors import Role
from mailfilter import labels
from mailfilter.extract.containers import container
from mailfilter.extract.containers.container import Archive, Member, open_archive
from mailfilter.extract.kit.budget import SPENT, Unreadable
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.extract.kit.xml_attributes import attributes, spelled_out
from mailfilter.extract.kit.xmltext import (
    attributes_of,
    canonical,
    decoded,
    elements_of,
    lines_of,
    text_of,
    texts_of,
)
from mailfilter.extract.office import macros
from mailfilter.extract.office.ole import open_compound
from mailfilter.model import Part
from mailfilter.not_examined import not_examined
from mailfilter.place import Place, Step, StepKind

_OFFICE = b"http://schemas.openxmlformats.org/"
_STRICT = b"http://purl.oclc.org/ooxml/"
WORD = {
    _OFFICE + b"wordprocessingml/2006/main": b"w",
    _STRICT + b"wordprocessingml/main": b"w",
    _OFFICE + b"drawingml/2006/main": b"a",
    _STRICT + b"drawingml/main": b"a",
}
SHEET = {
    _OFFICE + b"spreadsheetml/2006/main": b"",
    _STRICT + b"spreadsheetml/main": b"",
    _OFFICE + b"officeDocument/2006/relationships": b"r",
    _STRICT + b"officeDocument/relationships": b"r",
}
SLIDE = {
    _OFFICE + b"drawingml/2006/main": b"a",
    _STRICT + b"drawingml/main": b"a",
    _OFFICE + b"presentationml/2006/main": b"p",
    _STRICT + b"presentationml/main": b"p",
}
_PLUMBING_TYPES = re.compile(
    rb"(?:styles|stylesWithEffects|theme|themeOverride|fontTable|webSettings|calcChain|"
    rb"tableStyles|presProps|viewProps|metadata|volatileDependencies|chartstyle|chartcolorstyle|"
    rb"commentsIds|commentsExtended|commentsExtensible|diagramColors|diagramStyle|diagramLayout)\+xml$"
)
_PLUMBING = re.compile(  # binary or fixed: no program shows text from it
    r"\[content_types\]\.xml$|.*/(?:printersettings|fonts|ctrlprops|activex)/.*\.(?:bin|odttf|fntdata)$|"
    r".*/vbaprojectsignature\w*\.bin$"
)
_KNOWN_ROOTS = ("word/", "xl/", "ppt/", "docprops/", "customxml/", "_rels/", "docmetadata/")
_NAME = re.compile(rb"\sname\s*=\s*(?:\"([^\"<]{1,200})\"|'([^'<]{1,200})')")
_OFF = re.compile(rb"\s(?:removed\s*=\s*[\"'](?:1|true)|enabled\s*=\s*[\"'](?:0|false))[\"']")
_LABEL = re.compile(rb"<(?:[\w.-]{1,40}:)?label\s[^<>]{0,4000}>")
_TARGET = re.compile(rb"<Relationship\s[^<>]*TargetMode=[\"']External[\"'][^<>]*>")

_PARAGRAPH = re.compile(rb"(<a:p(?=[\s>])|</a:p>)")
_GEOMETRY = re.compile(  # of an anchor: which cell, how far into it; numbers that nobody sees
    rb"<(\w{1,9}:(?:colOff|rowOff|col|row|x|y|Anchor|Row|Column|posOffset|pct\w{1,20}))>[^<]*</\1>"
)

Handlers = Mapping[str, Callable[["Package", str], Iterator[Found]]]


@dataclass(frozen=True, slots=True)
class Package:
    """An open Office file; names of members are compared without regard to case."""

    part: Part
    ctx: Ctx
    archive: Archive
    names: dict[str, Member]
    plumbing: frozenset[str]  # XML parts that their declared type says hold no text

    @property
    def place(self) -> Place:
        return self.part.place

    def raw(self, name: str) -> bytes:
        """The content of a member, empty if there is none."""
        entry = self.names.get(name.lower())
        return self.archive.read(entry, self.ctx.budget)[0] if entry else b""

    def xml(self, name: str, prefixes: Mapping[bytes, bytes]) -> bytes:
        """The same in one spelling of tags."""
        return canonical(self.raw(name), prefixes, self.ctx.budget)


def holds(data: bytes, folder: bytes) -> bool:
    """Whether the zip names a member in this folder; a cut one has no directory, but its names."""
    return data.startswith(b"PK\x03\x04") and folder in (container.directory_bytes(data) or data)


def read_package(part: Part, ctx: Ctx, handlers: Handlers) -> Iterator[Found]:
    """Everything in the package, in the directory's order."""
    archive = open_archive(part.data, ctx.budget)
    if archive.fault:
        yield not_examined(part.place, archive.fault)
    names = {entry.name.lower(): entry for entry in archive.members}
    package = Package(part, ctx, archive, names, _declared_plumbing(archive, names, ctx))
    for n, entry in enumerate(archive.members, 1):
        try:
            yield from _member(package, n, entry, handlers)
        except Unreadable as problem:
            if problem.code in SPENT:
                raise
            yield not_examined(part.place, problem.code)


def _declared_plumbing(archive: Archive, names: Mapping[str, Member], ctx: Ctx) -> frozenset[str]:
    """Parts by declared type, not by name: any name may be given to a part with text."""
    types = names.get("[content_types].xml")
    if types is None:
        return frozenset()
    found = set()
    for override in re.findall(rb"<Override\s[^<>]*>", archive.read(types, ctx.budget)[0]):
        attributes = dict(re.findall(rb"(\w+)=[\"']([^\"']*)[\"']", override))
        if _PLUMBING_TYPES.search(attributes.get(b"ContentType", b"")):
            found.add(
                attributes.get(b"PartName", b"").decode("utf-8", "replace").lstrip("/").lower()
            )
    return frozenset(found)


def _member(package: Package, n: int, entry: Member, handlers: Handlers) -> Iterator[Found]:
    name = entry.name.lower()
    if entry.folder or name in package.plumbing or _PLUMBING.match(name):
        return
    for pattern, handler in {**handlers, **_COMMON}.items():
        if re.match(pattern, name):
            yield from handler(package, name)
            return
    if name.startswith(_KNOWN_ROOTS) and name.endswith((".xml", ".rels", ".vml")):
        yield from _other_xml(package, name)
        return
    data, _ = package.archive.read(entry, package.ctx.budget)
    if name.startswith("[trash]/") and not data.strip(b"\0\xff"):
        return  # room that Office leaves when it saves in place
    yield member(package.part, n, entry.name, data, inline=True)


def _other_xml(package: Package, name: str) -> Iterator[Found]:
    """Charts, diagrams, custom XML, and what future versions add: texts and attributes."""
    xml = package.xml(name, SLIDE)
    hidden = package.place.down(Step(StepKind.HIDDEN))
    yield text_at(drawing_text(xml), hidden if name.startswith("customxml") else package.place)
    yield text_at("\n".join(attributes(xml)), hidden)


def drawing_text(xml: bytes) -> str:
    """Text of DrawingML: paragraphs are lines; any other element that holds text is one too."""
    if b"<a:p" not in xml:
        return spelled_out(lines_of(_GEOMETRY.sub(b"", xml)))
    for tag, sign in ((b"<a:br/>", b"\n"), (b"</a:rPr></a:br>", b"\n"), (b"<a:tab/>", b"\t")):
        xml = xml.replace(tag, tag + sign)
    return spelled_out("\n".join(filter(None, _paragraphs(_GEOMETRY.sub(b"", xml)))))


def _paragraphs(xml: bytes) -> Iterator[str]:
    """The text of each paragraph, joined, and what stands between them."""
    inside = False
    for piece in _PARAGRAPH.split(xml):
        if piece in (b"<a:p", b"</a:p>"):
            inside = piece == b"<a:p"
        else:
            yield (text_of if inside else lines_of)(b">" * (not inside) + piece + b"<")


def _core(package: Package, name: str) -> Iterator[Found]:
    """Title, author, keywords, company: each is a line; program and company are makers."""
    xml = package.xml(name, {})
    values = lines_of(xml).split("\n")
    place = package.place.down(Step(StepKind.PROPERTY), role=Role.PROPERTY)
    yield text_at("\n".join(values), place)
    for element in (b"Application", b"Company"):
        for maker in texts_of(xml, element):
            package.ctx.maker(maker)


def _custom(package: Package, name: str) -> Iterator[Found]:
    """Custom properties; those that Purview writes say the information class."""
    yield from _core(package, name)
    for label in labels.msip(_pairs(package.xml(name, {}))):
        package.ctx.label(label)


def _pairs(xml: bytes) -> Iterator[tuple[str, str]]:
    """Names and values of custom properties."""
    for start, _, content in elements_of(xml, b"property"):
        if found := _NAME.search(xml[start : xml.index(b">", start)]):
            yield decoded(found[1] or found[2]), text_of(b">" + content + b"<")


def _label_info(package: Package, name: str) -> Iterator[Found]:
    """The newer form of a label: its identifier only; one that was taken off is marked."""
    for label in _LABEL.findall(package.xml(name, {})):
        for identifier in attributes_of(label, (b"id",)) if not _OFF.search(label) else ():
            package.ctx.label(identifier.strip("{}"))
    yield from ()


def _links(package: Package, name: str) -> Iterator[Found]:
    """Addresses of external links."""
    targets = b"".join(_TARGET.findall(package.xml(name, {})))
    addresses = "\n".join(attributes_of(targets, (b"Target",)))
    yield text_at(addresses, package.place.down(Step(StepKind.HIDDEN)))


def _macros(package: Package, name: str) -> Iterator[Found]:
    """The source of macros, which is a compound file of its own."""
    compound = open_compound(package.raw(name))
    if not compound.entries or not compound.sound():
        raise Unreadable("broken-document")
    yield from macros.read(compound.root(), package.part, package.ctx)


def _property_text(package: Package, name: str) -> Iterator[Found]:
    """The value of a sheet's own property: UTF-16, as a rule."""
    data = package.raw(name)
    value = data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-8", "replace")
    yield text_at(value, package.place.down(Step(StepKind.PROPERTY), role=Role.PROPERTY))


def _nothing(_package: Package, _name: str) -> Iterator[Found]:
    yield from ()


_COMMON: Handlers = {
    r"docprops/custom.*\.xml$": _custom,
    r"docprops/.*\.xml$": _core,
    r".*/vbaproject\.bin$": _macros,
    r"docprops/thumbnail": _nothing,  # a small picture of the first page
    r"xl/customproperty\d*\.bin$": _property_text,
    r"docmetadata/labelinfo\.xml$": _label_info,
    r".*\.rels$": _links,
}
