"""Archives: nesting, locks, bombs, and files that two programs read differently."""
# ruff: noqa: E501  (markup and headers of files read best on one line)

import bz2
import gzip
import io
import lzma
import resource
import struct
import tarfile
import zipfile
import zlib

import pytest

from mailfilter.extract import Budget
from mailfilter.limits import MIB
from tests.effort import within_a_minute
from tests.extract import documents, making
from tests.extract.making import edit, zipped
from tests.extract.reading import NUMBER, contents, places, read, reasons

_NOTE = {"anteckning.txt": f"nr {NUMBER}"}


def tape(members: dict) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


_TEXT = NUMBER.encode()
GOOD = {
    "a.zip": zipped(_NOTE),
    "stored.zip": zipped(_NOTE, zipfile.ZIP_STORED),
    "bzip2.zip": zipped(_NOTE, zipfile.ZIP_BZIP2),
    "lzma.zip": zipped(_NOTE, zipfile.ZIP_LZMA),
    "nested.zip": zipped({"b.zip": zipped({"c.zip": zipped(_NOTE)})}, zipfile.ZIP_STORED),
    "document.zip": zipped({"brev.docx": making.word(NUMBER)}),
    "book.epub": zipped({"mimetype": "application/epub+zip", "a.xhtml": "<p>1912<b>1212</b>-1212"}),
    "a.txt.gz": gzip.compress(_TEXT),
    "twice.gz": gzip.compress(_TEXT[:8]) + gzip.compress(_TEXT[8:]),
    "a.txt.bz2": bz2.compress(_TEXT),
    "a.txt.xz": lzma.compress(_TEXT),
    "a.tar": tape({"x/a.txt": _TEXT}),
    "a.tgz": gzip.compress(tape({"x/a.txt": _TEXT})),
    "large.gz": gzip.compress(bytes(range(32, 127)) * 9000 + _TEXT),
}


@pytest.mark.parametrize("name", GOOD)
def test_archives_are_read(name):
    found = read(GOOD[name], name)
    assert places(found), contents(found)[:500]
    assert reasons(found) == []


def test_a_streamed_zip_is_no_fault():
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.out = b""

        def writable(self):
            return True

        def write(self, data):
            self.out += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", 8) as archive:
        archive.writestr("a.txt", NUMBER)
        archive.writestr("b.txt", "hej")
    found = read(pipe.out, "a.zip")
    assert places(found)
    assert reasons(found) == []


def test_member_names_are_text():
    assert places(read(zipped({f"mapp/{NUMBER}.txt": "hej", f"{NUMBER}/": ""}), "a.zip"))


# ---- locked, broken ------------------------------------------------------------------------


def locked(data: bytes) -> bytes:
    """The encryption bit set in every header."""
    data = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(mark)
        while start >= 0:
            data[start + at] |= 1
            start = data.find(mark, start + 1)
    return bytes(data)


def test_a_locked_zip_is_encrypted_and_its_names_are_read():
    found = read(locked(zipped({f"{NUMBER}.txt": "x"})), "a.zip")
    assert reasons(found) == ["encrypted"]
    assert places(found)


def method(data: bytes, number: int) -> bytes:
    data = bytearray(data)
    struct.pack_into("<H", data, 8, number)
    struct.pack_into("<H", data, data.find(b"PK\x01\x02") + 10, number)
    return bytes(data)


def test_a_method_without_reader_is_unread():
    assert reasons(read(method(GOOD["a.zip"], 6), "a.zip")) == ["archive-method"]
    assert reasons(read(method(GOOD["a.zip"], 99), "a.zip")) == ["encrypted"]


@pytest.mark.parametrize("name", ["a.zip", "a.txt.gz", "a.txt.bz2", "a.txt.xz", "a.tar"])
def test_half_an_archive_is_broken(name):
    data = GOOD[name]
    assert (
        set(reasons(read(data[: len(data) * 2 // 3], name))) == {"broken-archive"}
        or name == "a.tar"
    )


# ---- two readings --------------------------------------------------------------------------


def twice_named() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "hej")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", NUMBER)
    return out.getvalue()


def renamed_locally() -> bytes:
    data = zipped({"a.txt": NUMBER})
    return data.replace(b"a.txt", b"b.exe", 1)


def unlisted() -> bytes:
    """A local member that the directory does not name."""
    two = zipped({"a.txt": "hej", "b.txt": NUMBER}, zipfile.ZIP_STORED)
    start = two.find(b"PK\x01\x02")
    second = two.find(b"PK\x01\x02", start + 1)
    end = two.find(b"PK\x05\x06")
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, second - start, start, 0)
    return two[:second] + tail if end else two


def two_ends() -> bytes:
    good = zipped({"a.txt": NUMBER}, zipfile.ZIP_STORED)
    end = good[good.find(b"PK\x05\x06") :]
    return good[: -len(end)] + end[:20] + struct.pack("<H", 22) + end[:22]


def longer_inside() -> bytes:
    """More comes out than the directory says."""
    data = bytearray(zipped({"a.txt": NUMBER}))
    for at in (22, data.find(b"PK\x01\x02") + 24):
        struct.pack_into("<L", data, at, 3)
    return bytes(data)


def overlapping() -> bytes:
    """Two names on one local header."""
    data = zipped({"a.txt": NUMBER}, zipfile.ZIP_STORED)
    start, end = data.find(b"PK\x01\x02"), data.find(b"PK\x05\x06")
    entry = data[start:end]
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(entry), start, 0)
    return data[:end] + entry.replace(b"a.txt", b"b.txt") + tail


AMBIGUOUS = {
    "duplicate": twice_named(),
    "local-name": renamed_locally(),
    "unlisted": unlisted(),
    "two-ends": two_ends(),
    "prefix": b"MZ" + b"x" * 50 + zipped(_NOTE),
    "suffix-zip": zipped({"a.txt": "hej"}) + zipped(_NOTE),
    "longer-inside": longer_inside(),
    "overlap": overlapping(),
    "gif-and-zip": b"GIF89a" + b"\0" * 60 + zipped(_NOTE),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_an_archive_of_two_readings_is_ambiguous(name):
    found = read(AMBIGUOUS[name], "a.zip")
    assert "ambiguous-archive" in reasons(found)


@pytest.mark.parametrize("name", [n for n in AMBIGUOUS if n != "unlisted"])
def test_and_is_read_all_the_same(name):
    assert places(read(AMBIGUOUS[name], "a.zip"))


def test_an_ambiguous_docx_is_ambiguous():
    assert "ambiguous-archive" in reasons(read(b"x" * 9 + making.word(NUMBER), "a.docx"))


def test_a_pdf_and_zip_in_one_is_read_as_both():
    both = documents.pdf("Hej") + zipped(_NOTE)
    found = read(both, "a.pdf")
    assert places(found)


# ---- names that lie ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a.jpg", "a", "a.doc", "a.p7m", "a.exe"])
@pytest.mark.parametrize(
    "data", [making.word(NUMBER), documents.pdf(NUMBER), zipped(_NOTE), documents.RTF["text"]]
)
def test_a_wrong_name_hides_nothing(name, data):
    assert places(read(data, name))


def test_an_image_is_an_image_whatever_its_name():
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 90
    assert reasons(read(png, "a.txt")) == ["image"]
    assert reasons(read(png, "a.docx", "application/pdf")) == ["image"]


# ---- bombs ---------------------------------------------------------------------------------

_ZEROS = b"\0" * (60 * MIB)


def deflated(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = b"0" * MIB
    return b"".join(packer.compress(block) for _ in range(size // MIB)) + packer.flush()


def raw_zip(entries: list[tuple[bytes, bytes, int]], *, declared: int | None = None) -> bytes:
    """A zip of ready-made deflate streams; `declared` is the size that the headers claim."""
    out, directory = b"", b""
    for name, packed, size in entries:
        claim = size if declared is None else declared
        fields = (20, 0, 8, 0, 0, 0, len(packed), claim, len(name), 0)
        offset = len(out)
        out += struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields) + name + packed
        directory += (
            struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, offset) + name
        )
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), len(out), 0
    )
    return out + directory + end


_PACKED = deflated(400 * MIB)


def quoted_overlap() -> bytes:
    """Many directory entries on one local header with a large stream."""
    one = raw_zip([(b"a.txt", _PACKED, 400 * MIB)])
    start, end = one.find(b"PK\x01\x02"), one.find(b"PK\x05\x06")
    entry = one[start:end]
    entries = b"".join(entry.replace(b"a.txt", b"a%03d." % n) for n in range(500))
    return (
        one[:start]
        + entries
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 500, 500, len(entries), start, 0)
    )


def nested(depth: int) -> bytes:
    data = zipped(_NOTE)
    for n in range(depth):
        data = zipped({f"{n}.zip": data})
    return data


def wide(levels: int) -> bytes:
    data = b"x"
    for n in range(levels):
        data = zipped({f"{n}-{m}.zip": data for m in range(16)})
    return data


def many_small() -> bytes:
    stream = zlib.compress(b"x", 9)[2:-4]
    return raw_zip([(b"%d.txt" % n, stream, 1) for n in range(30000)])


def sheet_bomb(cell: bytes, count: int) -> bytes:
    xml = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    return edit(making.sheet_with(1), {"xl/worksheets/sheet1.xml": xml + cell * count})


def word_bomb(inside: bytes) -> bytes:
    return edit(making.word(), {"word/document.xml": b"<w:document xmlns:w='w'>" + inside})


def pdf_bomb(levels: int) -> bytes:
    """A page whose content is packed several times."""
    data = b"BT (x) Tj ET " * 4000000
    for _ in range(levels):
        data = zlib.compress(data, 9)
    filters = b"/FlateDecode " * levels
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
        b"<< /Length %d /Filter [%s] >> stream\n%s\nendstream" % (len(data), filters, data),
    ]
    out, table = b"%PDF-1.4\n", []
    for n, each in enumerate(objects, 1):
        table.append(len(out))
        out += b"%d 0 obj %s endobj\n" % (n, each)
    lines = b"".join(b"%010d 00000 n \n" % at for at in table)
    return (
        out
        + b"xref\n0 5\n0000000000 65535 f \n%strailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (lines, len(out))
    )


BOMBS = {
    "flat": lambda: raw_zip([(b"a.txt", _PACKED, 400 * MIB)]),
    "lying-size": lambda: raw_zip([(b"a.txt", _PACKED, 400 * MIB)], declared=10),
    "overlap": quoted_overlap,
    "many-large": lambda: raw_zip([(b"%d.txt" % n, _PACKED, 400 * MIB) for n in range(9)]),
    "nested": lambda: nested(60),
    "wide": lambda: wide(5),
    "many-small": many_small,
    "docx": lambda: edit(making.word(), {"word/document.xml": _ZEROS}),
    "xlsx": lambda: edit(making.sheet_with(1), {"xl/sharedStrings.xml": _ZEROS}),
    "ods": lambda: edit(documents.ods(), {"content.xml": _ZEROS}),
    "gzip": lambda: gzip.compress(_ZEROS),
    "gzip-in-gzip": lambda: gzip.compress(gzip.compress(_ZEROS)),
    "bzip2": lambda: bz2.compress(_ZEROS),
    "xz": lambda: lzma.compress(_ZEROS),
    "tar-gz": lambda: gzip.compress(tape({"a": _ZEROS})),
    "xml-entities": lambda: word_bomb(b"<!DOCTYPE a [" + b'<!ENTITY a "&b;&b;">' * 9 + b"]>"),
    "word-tags": lambda: word_bomb(b"<w:p><w:r><w:delText><w:ins><w:tc>" * 60000),
    "word-open": lambda: word_bomb(b"<w:instrText " * 200000),
    "word-vanish": lambda: word_bomb(b"<w:r><w:vanish/>" * 100000),
    "cells": lambda: sheet_bomb(b'<c r="A1"><v>1</v></c>', 2_100_000),
    "cells-open": lambda: sheet_bomb(b"<c r='A1'><is><t>", 200000),
    "ods-repeated": lambda: documents.ods(
        "x",
        "<table:table-row table:number-rows-repeated='9999999'><table:table-cell table:number-columns-repeated='9999999'><text:p>y</text:p></table:table-cell></table:table-row>"
        * 500,
    ),
    "pdf-packed": lambda: pdf_bomb(3),
    "pdf-pages": lambda: documents.pdf().replace(b"/Count 1", b"/Count 99999999"),
    "html-deep": lambda: b"<html>" + b"<div>" * 400000,
    "html-tags": lambda: b"<html>" + b"<a href='data:,x'><!--" * 60000,
    "html-hidden": lambda: b"<html>" + b"<p style='display:none'>x" * 60000,
    "rtf-groups": lambda: b"{\\rtf1 " + b"{\\title " * 100000,
    "mbox": lambda: b"From a b\nSubject: x\n\nhej\n\n" * 20000,
    "ole-loop": lambda: making.compound({"Workbook": b"\0" * 5000})[:-512] + b"\0" * 512,
    "ics": lambda: b"BEGIN:VCARD\r\n" + b"PHOTO;ENCODING=B:AAAA\r\n " * 40000,
    "csv": lambda: b'"a;' * 400000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_bounded(name):
    data = BOMBS[name]()

    def work():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = read(data, f"a.{name}", budget=Budget(inflated=120 * MIB))
        return found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    found, grown = within_a_minute(work)
    assert grown < 512 * 1024, grown
    if name in ("flat", "gzip", "nested", "wide", "docx", "overlap", "cells", "many-small"):
        assert found.not_examined


def test_a_chain_of_tar_headers_is_a_broken_archive():
    """Each header says that the next one has its name; the library follows by recursion."""
    entry = tarfile.TarInfo("././@LongLink")
    entry.size, entry.type = 2, tarfile.GNUTYPE_LONGNAME
    chain = (entry.tobuf() + b"a\0".ljust(512, b"\0")) * 2000 + bytes(1024)
    assert reasons(read(chain, "a.tar")) == ["broken-archive"]
