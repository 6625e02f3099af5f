"""Flat OPC: an Office document that is one XML file, and ActiveMime, Office's wrapping of objects.

From → to: the XML that Word saves as "XML document" → the package that it stands for, a zip to be
read as any docx, xlsx or pptx; the bytes of an ``.mso`` file → the compound file in it.

Invariants: linear; the package holds what the parts hold and nothing else. The XML is read as XML
besides, so what stands between the parts is not lost.

Sources: MS-XMLPKG ("2006/xmlPackage"); Word 2003's ``oledata.mso`` as LibreOffice reads it.
"""

import binascii
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from mailfilter.extract.kit.budget import Budget, Unreadable, inflate
from mailfilter.extract.kit.context import Ctx, Found, member
from mailfilter.extract.kit.xmltext import canonical
from mailfilter.model import Part

SPACE = "http://schemas.microsoft.com/office/2006/xmlPackage"
ACTIVE = b"ActiveMime"
_NAME = re.compile(rb"pkg:name\s*=\s*[\"']/?([^\"'<>]{1,500})[\"']")
_TYPE = re.compile(rb"pkg:contentType\s*=\s*[\"']([^\"'<>]{1,300})[\"']")
_CONTENT = re.compile(rb"<pkg:(xmlData|binaryData)(?:\s[^<>]{0,1000})?>")
_TYPES = "[Content_Types].xml"
_KINDS = "http://schemas.openxmlformats.org/package/2006/content-types"
_HEADERS = (b"\x78\x9c", b"\x78\x01", b"\x78\xda", b"\x78\x5e")


def package(content: str, budget: Budget) -> bytes:
    """The zip that a flat file stands for; empty if there are no parts in it."""
    xml = canonical(content.encode("utf-8", "replace"), {SPACE.encode(): b"pkg"}, budget)
    budget.take_bytes(len(xml))
    out, kinds, names = io.BytesIO(), [], set[str]()
    with zipfile.ZipFile(out, "w") as archive:
        for n, (said, kind, data) in enumerate(_parts(xml, budget)):
            name = f"{said}.{n}" if said in names or not said else said
            names.add(name)
            archive.writestr(zipfile.ZipInfo(name), data)
            kinds.append(
                f"<Override PartName={quoteattr('/' + name)} ContentType={quoteattr(kind)}/>"
            )
        if _TYPES not in names:
            types = f'<Types xmlns="{_KINDS}">{"".join(kinds)}</Types>'
            archive.writestr(zipfile.ZipInfo(_TYPES), types)
    return out.getvalue() if names else b""


def _parts(xml: bytes, budget: Budget) -> Iterator[tuple[str, str, bytes]]:
    """(name, content type, content) of each part, and of content that is in none."""
    at = 0
    while content := _CONTENT.search(xml, at):
        budget.take_entry()
        opened = xml.rfind(b"<pkg:part", at, content.start())
        head = xml[max(opened, at) : content.start()]
        stop = xml.find(b"</pkg:" + content[1], content.end())
        at = stop if stop >= 0 else len(xml)
        data = xml[content.end() : at]
        name, kind = _NAME.search(head), _TYPE.search(head)
        yield (
            name[1].decode("utf-8", "replace") if name else "",
            kind[1].decode("utf-8", "replace") if kind else "application/octet-stream",
            _decoded(data) if content[1] == b"binaryData" else data,
        )


def _decoded(packed: bytes) -> bytes:
    try:
        return binascii.a2b_base64(packed)
    except binascii.Error:
        return packed


def read_active(part: Part, ctx: Ctx) -> Iterator[Found]:
    """The compound file behind an ActiveMime header, whose length differs between programs."""
    starts = [at for at in (part.data.find(sign, len(ACTIVE), 200) for sign in _HEADERS) if at > 0]
    for start in sorted(starts):
        try:
            found = inflate(part.data[start:], zlib.decompressobj, ctx.budget)
        except zlib.error:
            continue
        yield member(part, 1, "", found.data)
        return
    raise Unreadable("embedded-object")
