"""What stands in a PDF beside its pages: the strings, texts and files of all its objects.

From → to: the bytes of a file → strings of its dictionaries (custom properties, fields that are on
no page, alternative texts, names, scripts, notes of attachments), XMP, scripts, embedded files,
wherever they hang; and the ends of earlier revisions, which incremental saving leaves in the file.
Contents of pages are pdfium's business and are not looked at.

Invariants: linear: objects are found by their marks, not by the table of references, so that what
no reference leads to is read too; every unpacked byte is counted. Not for encrypted files: their
strings are noise (pdf.py decrypts a copy first).

Errors: zlib.error.
Sources: ISO 32000-1, 7.3 (objects), 7.5.7 (object streams), 7.11.4 (embedded files), 14.3.2 (XMP).
Known gaps: filters other than FlateDecode; a page that no reference leads to.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from mailfilter.extract.kit.budget import SPENT, Budget, Unreadable, inflate
from mailfilter.extract.kit.xml_attributes import attributes
from mailfilter.extract.kit.xmltext import decoded

_OBJECT = re.compile(rb"(?<![0-9])(\d{1,9})[ \t\r\n]{1,4}\d{1,5}[ \t\r\n]{1,4}obj(?![a-z])")
_STREAM = re.compile(rb"stream(?:\r\n|\n|\r)")
_STRING = re.compile(rb"\(((?:[^()\\]++|\\.|\((?:[^()\\]++|\\.){0,4000}\))*+)\)", re.DOTALL)
_HEX = re.compile(rb"(?<!<)<([0-9A-Fa-f \r\n]{8,4000})>")
_ESCAPE = re.compile(rb"\\(\r\n|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\n", b"t": b"\t", b"b": b"", b"f": b"", b"\n": b"", b"\r\n": b""}
_REFERRED = re.compile(rb"/(?:JS|RV|RC|V)\s{0,4}(\d{1,9})\s{1,4}\d{1,5}\s{1,4}R")
_EMBEDDED = re.compile(rb"/EF\s{0,4}<<\s{0,4}/U?F\s{0,4}(\d{1,9})\s{1,4}\d{1,5}\s{1,4}R")
_DATE = re.compile(r"D:\d{8}")
_NODE = re.compile(rb">([^<>]+)<")
_END = re.compile(rb"%%EOF")
REVISIONS = 5  # earlier ones that are looked at, the latest first
SHORT = 3  # characters: strings that say nothing


@dataclass(frozen=True, slots=True)
class Object:
    """The dictionary of an object, and what its stream holds, still packed."""

    number: int
    head: bytes
    packed: memoryview

    def is_a(self, kind: bytes) -> bool:
        return re.search(rb"/Type\s{0,4}/%b(?![A-Za-z])" % kind, self.head) is not None


def objects(data: bytes, budget: Budget) -> Iterator[Object]:
    """All objects in the order in which they lie; those in object streams are one, as a whole."""
    view, at = memoryview(data), 0
    while found := _OBJECT.search(data, at):
        budget.take_entry()
        start = found.end()
        end = data.find(b"endobj", start)
        end = len(data) if end < 0 else end
        stream = _STREAM.search(data, start, end)
        head_end = stream.start() if stream else end
        stop = max(data.find(b"endstream", head_end), head_end) if stream else end
        body = view[stream.end() : stop] if stream else view[end:end]
        yield Object(int(found[1]), data[start:head_end], body)
        at = max(stop, start)


def unpacked(one: Object, budget: Budget) -> bytes:
    """The content of a stream; raises `Unreadable` if it is packed in a way that is not read."""
    if b"/Filter" not in one.head:
        budget.take_bytes(len(one.packed))
        return bytes(one.packed)
    if not re.search(rb"/Filter\s{0,4}\[?\s{0,4}/(?:FlateDecode|Fl)\s{0,4}[\]/>\s]", one.head):
        raise Unreadable("embedded-object")
    try:
        return inflate(one.packed, zlib.decompressobj, budget).data
    except zlib.error:
        raise Unreadable("broken-document") from None


def sources(every: list[Object], budget: Budget) -> list[bytes]:
    """All that is dictionaries: the heads of objects, and what object streams hold."""
    heads = [one.head for one in every]
    return heads + [_content(one, budget) for one in every if one.is_a(b"ObjStm")]


def _content(one: Object, budget: Budget) -> bytes:
    """The same as `unpacked`, empty where that cannot be read."""
    try:
        return unpacked(one, budget)
    except Unreadable as problem:
        if problem.code in SPENT:
            raise
        return b""


def texts(every: list[Object], dictionaries: list[bytes], budget: Budget) -> Iterator[str]:
    """Strings of dictionaries, scripts and the texts of XMP."""
    for source in dictionaries:
        yield from strings(source)
    referred = {int(n) for source in dictionaries for n in _REFERRED.findall(source)}
    for one in every:
        if one.is_a(b"Metadata"):
            xml = _content(one, budget)
            yield from (decoded(node).strip() for node in _NODE.findall(xml))
            yield from attributes(xml)
        elif one.number in referred and len(one.packed):
            yield from _script(_content(one, budget))


def files(every: list[Object], dictionaries: list[bytes]) -> Iterator[Object]:
    """Streams of embedded files, wherever they hang."""
    named = {int(n) for source in dictionaries for n in _EMBEDDED.findall(source)}
    return (one for one in every if one.number in named or one.is_a(b"EmbeddedFile"))


def _script(content: bytes) -> Iterator[str]:
    """Scripts and rich texts are words; a page's content, which is referred to as well, is not."""
    sample = content[:2000]
    if not re.search(rb"(?:^|\s)(?:BT|Tf|re|cm|Do|gs|BDC)\s", sample):
        yield content.decode("utf-8", "replace")


def strings(source: bytes) -> Iterator[str]:
    """The strings of dictionaries as text; what is binary is left out."""
    if b"(" in source:
        for raw in _STRING.findall(source):
            yield from _printable(_ESCAPE.sub(_unescaped, raw) if b"\\" in raw else raw)
    if b"<" in source:
        for digits in _HEX.findall(source):
            packed = digits.translate(None, b" \r\n")
            yield from _printable(bytes.fromhex((packed + b"0" * (len(packed) % 2)).decode()))


def _unescaped(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    octal = sign[:1] in (b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7")
    return bytes([int(sign, 8) & 255]) if octal else _ESCAPED.get(sign, sign)


def _printable(raw: bytes) -> Iterator[str]:
    if raw.startswith((b"\xfe\xff", b"\xff\xfe")):
        text = raw.decode("utf-16", "replace")
    elif raw.startswith(b"\xef\xbb\xbf"):
        text = raw[3:].decode("utf-8", "replace")
    else:
        text = raw.decode("latin-1")
    odd = sum(not (char.isprintable() or char.isspace()) for char in text[:200])
    if len(text) > SHORT and odd * 20 <= min(len(text), 200) and not _DATE.match(text):
        yield text


def revisions(data: bytes) -> list[bytes]:
    """The file as it was before each of its last changes, the latest first."""
    ends = [found.end() for found in _END.finditer(data)]
    if b"/Linearized" in data[:1024]:
        ends = ends[1:]  # the first end is that of the first page
    return [data[:end] for end in ends[:-1][: -REVISIONS - 1 : -1]]
