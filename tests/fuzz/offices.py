"""Targets of the office readers: compound files and what lies in them, winmail.dat, rtf, XML."""

import io
import zipfile
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from mailfilter.extract.kit.budget import Budget, Unreadable
from mailfilter.extract.kit.xmltext import canonical, text_of
from tests.extract import documents, making, making_old
from tests.fuzz.files import TEXT, reading, said
from tests.fuzz.mail import ROOM
from tests.fuzz.target import NUMBER, RAW, Target, must

# ---- Office and OLE ----------------------------------------------------------------------------

_STREAMS = (
    "WordDocument", "1Table", "Workbook", "Book", "PowerPoint Document", "Current User", "Pictures",
    "\x05SummaryInformation", "\x05DocumentSummaryInformation", "__properties_version1.0",
    "__substg1.0_1000001F", "__substg1.0_10090102", "\x01Ole10Native", "CONTENTS", "Contents",
    "EncryptedPackage", "EncryptionInfo", "\x01CompObj", "Package",
)  # fmt: skip


def compound(data: bytes) -> None:
    reading("ole", data)


def inside(data: bytes) -> None:
    """The bytes are streams of a good compound file: name, NUL mark, content."""
    members = {}
    for piece in data.split(b"\xff\xfe\xfd\xfc")[:4]:
        if piece:
            members[_STREAMS[piece[0] % len(_STREAMS)]] = piece[1:]
    reading("ole", making.compound(members))


def _compounds() -> Iterable[bytes]:
    yield making.old_excel()
    yield making_old.word_95(TEXT.decode())
    yield making_old.msg(p1000001F=TEXT.decode())
    yield making.compound({"\x01Ole10Native": b"\0" * 40})
    for path in ("doc/brev.doc", "ppt/bilder.ppt", "xls/lista.xls"):
        data = (ROOM / "documents" / path).read_bytes()
        if len(data) <= 20_000:
            yield data


def _insides() -> Iterable[bytes]:
    import olefile

    for whole in _compounds():
        with olefile.OleFileIO(io.BytesIO(whole)) as file:
            pieces = []
            for path in file.listdir():
                if path[-1] in _STREAMS:
                    content = file.openstream(path).read().rstrip(b"\0")
                    pieces.append(bytes([_STREAMS.index(path[-1])]) + content)
        data = b"\xff\xfe\xfd\xfc".join(pieces[:4])
        if data and len(data) < 16_000:
            yield data


def msgs(data: bytes) -> None:
    """The bytes are properties of an Outlook message: number, type, size, content."""
    tree: dict[str, bytes] = {"__properties_version1.0": data[:64].ljust(64, b"\0")}
    at = 64
    while at + 6 <= len(data) and len(tree) < 12:
        number, kind, size = data[at : at + 2], data[at + 2 : at + 4], data[at + 4]
        name = f"__substg1.0_{number.hex().upper()}{kind.hex().upper()}"
        tree[name] = data[at + 5 : at + 5 + size]
        at += 5 + size
    reading("ole", making.compound(tree))


def tnefs(data: bytes) -> None:
    reading("tnef", data, "winmail.dat")


def _tnefs() -> Iterable[bytes]:
    from tests.extract import test_tnef

    yield from (data for data in test_tnef.FILES.values() if len(data) < 6000)


def rtf(data: bytes) -> None:
    reading("rtf", data, "a.rtf")


_RTF_WORDS = (
    RAW, b"{\\rtf1", b"\\'e5", b"\\u8211?", b"{\\*\\", b"\\bin99999", b"{\\field{\\*\\fldinst",
    b"{\\info{\\title ", b"\\par", b"\\cell", b"\\row", b"\\ansicpg", b"{\\fonttbl", b"\\v", b"}",
    b"{\\object\\objdata", b"{\\pict", b"\\uc0", b"\\fcharset", b"{\\header", b"\\htmlrtf",
)  # fmt: skip


# ---- XML ---------------------------------------------------------------------------------------

_MEMBERS = {
    "docx": ("word/document.xml", "word/comments.xml", "docProps/custom.xml", "word/header1.xml"),
    "xlsx": (
        "xl/worksheets/sheet1.xml",
        "xl/sharedStrings.xml",
        "xl/workbook.xml",
        "xl/styles.xml",
    ),
    "pptx": ("ppt/slides/slide1.xml", "ppt/notesSlides/notesSlide1.xml", "docProps/core.xml"),
    "odf": ("content.xml", "styles.xml", "meta.xml"),
}
_KINDS = [(form, name) for form, names in _MEMBERS.items() for name in names]
_ODF_TYPE = b"application/vnd.oasis.opendocument.text"
_BESIDE = {
    "docx": {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"},
    "xlsx": {
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.xml": b'<workbook><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets>',
        "xl/_rels/workbook.xml.rels": making_old.relations(
            ("worksheet", "worksheets/sheet1.xml")
        ).encode(),
        "xl/worksheets/sheet1.xml": b"<worksheet><sheetData/></worksheet>",
    },
    "pptx": {"[Content_Types].xml": b"<Types/>", "ppt/slides/slide1.xml": b"<p:sld/>"},
    "odf": {"mimetype": _ODF_TYPE, "content.xml": b"<office:document-content/>"},
}


def office(data: bytes) -> None:
    form, name = _KINDS[data[0] % len(_KINDS)] if data else _KINDS[0]
    members = {**_BESIDE[form], name: data[1:]}
    found = reading(form, making.zipped(members, zipfile.ZIP_STORED), f"a.{form}")
    if name in ("word/document.xml", "ppt/slides/slide1.xml", "content.xml"):
        must(NUMBER not in _by_tree(data[1:]) or said(found), "a number in the XML is read or said")


def xml(data: bytes) -> None:
    try:
        text = text_of(canonical(data, {b"urn:a": b"a", b"urn:b": b""}, Budget()))
    except Unreadable:
        return
    if NUMBER in _by_tree(data):
        must(NUMBER in text, "a number that an XML parser reads is read")


def _by_tree(data: bytes) -> str:
    try:
        return "".join(ET.fromstring(data).itertext())
    except (ET.ParseError, ValueError, LookupError):
        return ""


_W = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
_XML_WORDS = (
    RAW, b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?xml version='1.0' encoding='utf-16'?>",
    b"xmlns:a='urn:a'", b"xmlns='urn:b'", b"<a:b>", b"</a:b>", b"<w:p>", b"</w:p>", b"<w:r><w:t>",
    b"</w:t></w:r>", b"<w:del>", b"<w:delText>", b'<c r="A1" t="s"><v>', b"</v></c>", b"<row>",
    b"<si><t>", b"</t></si>", b"<text:p>", b"</text:p>", b"<table:table-cell ", b"<a:t>", b"</a:t>",
    b'table:number-columns-repeated="9999"', b'<text:s text:c="9"/>', b"<w:instrText>", b"&amp;",
    b"<f>", b"<is><t>", b't="inlineStr"', b"<!DOCTYPE a>", b"<w:tc>", b"<w:tr>", b" hidden=",
)  # fmt: skip


def _offices() -> Iterable[bytes]:
    yield b"\0" + _W + b"<w:p><w:r><w:t>" + RAW + b"</w:t></w:r></w:p></w:body></w:document>"
    yield (
        b"\1<w:comments><w:comment><w:p><w:r><w:t>"
        + RAW
        + b"</w:t></w:r></w:p></w:comment></w:comments>"
    )
    yield (
        b'\4<worksheet><sheetData><row r="1"><c r="A1"><v>'
        + RAW
        + b"</v></c></row></sheetData></worksheet>"
    )
    yield b"\5<sst><si><t>" + RAW + b"</t></si></sst>"
    yield b'\7<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>'
    yield b"\x08<p:sld><a:p><a:r><a:t>" + RAW + b"</a:t></a:r></a:p></p:sld>"
    yield b"\x0b<office:document-content><office:body><office:text><text:p>" + RAW + b"</text:p>"
    odt = zipfile.ZipFile(io.BytesIO(documents.odt()))
    yield b"\x0b" + odt.read("content.xml")[:4000]


def _xmls() -> Iterable[bytes]:
    yield b'<a:x xmlns:a="urn:a">1912<b>1212</b><![CDATA[1212]]></a:x>'
    yield b"<?xml version='1.0' encoding='utf-8'?>\n<x>\n <y>" + RAW + b"</y >\n</x>"
    yield f"<?xml version='1.0' encoding='utf-16'?><x>{NUMBER}</x>".encode("utf-16")
    yield b'<x xmlns="urn:b"><y z="1"/>&#49;912<!-- a -->12121212</x>'


TARGETS = (
    Target(
        "ole",
        "A compound file never raises, and its circles end.",
        compound,
        (
            b"\xff\xff\xff\xff",
            b"\xfe\xff\xff\xff",
            b"\xfd\xff\xff\xff",
            b"W\0o\0r\0d\0",
            b"R\0o\0o\0t\0",
        ),
        _compounds,
        20_480,
    ),
    Target(
        "streams-of-ole",
        "The records of doc, xls, ppt, msg and property sets never raise and are linear.",
        inside,
        (
            b"\xff\xfe\xfd\xfc",
            b"\x09\x08",
            b"\xfc\0",
            b"\xec\xa5",
            b"\x0f\0\xe8\3",
            b"\0\0\xa0\x0f",
        ),
        _insides,
        16_384,
    ),
    Target(
        "msg",
        "The properties of an Outlook message never raise.",
        msgs,
        (b"\x10\0", b"\x10\x09", b"\0\x1f", b"\1\2", b"LZFu", b"MELA", b"{\\rtf1\\ansi\\fromhtml1"),
    ),
    Target(
        "tnef",
        "winmail.dat never raises and is linear.",
        tnefs,
        (
            RAW,
            b"\x78\x9f\x3e\x22",
            b"\3\x90\6\0",
            b"\4\x90\6\0",
            b"LZFu",
            b"MELA",
            b"\x02\x10",
            b"\x1f\0",
        ),
        _tnefs,
    ),
    Target(
        "rtf",
        "A rich text never raises and is linear.",
        rtf,
        _RTF_WORDS,
        documents.RTF.values,
    ),
    Target(
        "office",
        "Any XML inside docx, xlsx, pptx and odt never raises, is linear, and a number that an XML "
        "parser reads in the main part is read or said.",
        office,
        _XML_WORDS,
        _offices,
    ),
    Target(
        "xml",
        "The text of XML by expressions holds what an XML parser reads, or the part is refused.",
        xml,
        _XML_WORDS,
        _xmls,
        2048,
    ),
)
