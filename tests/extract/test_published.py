"""What published collections of documents showed: files that offices really have, made anew."""

import io
import struct

import pytest
from PIL import Image

from mailfilter.extract.budget import Budget
from mailfilter.extract.charset import looks_like_text
from mailfilter.extract.context import Ctx
from mailfilter.extract.officeart import pictures
from mailfilter.extract.packing import compound_file
from mailfilter.parse import parse, roles
from mailfilter.place import StepKind
from tests.extract import making
from tests.extract.reading import NUMBER, attachment, contents, kinds, read, reasons

_CONTENT = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>'
    "<text:p>Hej</text:p></office:text></office:body></office:document-content>"
)
_MODULE = (
    '<?xml version="1.0"?>\n<!DOCTYPE script:module PUBLIC '
    '"-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">\n'
    '<script:module xmlns:script="http://openoffice.org/2000/script">REM {}</script:module>'
)
_FONT = b"\0\1\0\0\0\1" + bytes(range(256))


def document(members, type_="text"):
    media = f"application/vnd.oasis.opendocument.{type_}"
    manifest = "<manifest/>"
    return making.zipped(
        {"mimetype": media, "content.xml": _CONTENT, "META-INF/manifest.xml": manifest, **members}
    )


def test_a_macro_of_an_opendocument_names_its_dtd_and_is_read():
    found = read(document({"Basic/Standard/Module1.xml": _MODULE.format(NUMBER)}), "a.odt")
    assert reasons(found) == []
    assert StepKind.HIDDEN in kinds(found)


@pytest.mark.parametrize(
    "module",
    [
        _MODULE.format("&who;"),
        _MODULE.replace('"module.dtd"', '"module.dtd" [<!ENTITY who "1212">]').format("x"),
        "<a/>" + _MODULE.format("x"),
    ],
)
def test_a_dtd_that_may_say_more_stays_ambiguous(module):
    assert reasons(read(document({"Basic/Standard/M.xml": module}), "a.odt")) == ["xml-entities"]


def test_a_typeface_in_a_document_is_nothing_to_read():
    assert reasons(read(document({"Fonts/a.ttf": _FONT}), "a.odt")) == []


@pytest.mark.parametrize(
    ("name", "data"), [("Fonts/a.ttf", b"\x93\x01" * 90), ("Pictures/a.ttf", _FONT)]
)
def test_what_only_calls_itself_a_typeface_is_unknown(name, data):
    assert reasons(read(document({name: data}), "a.odt")) == ["unknown-content"]


def test_the_room_that_office_leaves_is_nothing_to_read():
    data = making.edit(making.word(), {"[trash]/0000.dat": b"\xff" * 4 + bytes(99)})
    assert reasons(read(data, "a.docx")) == []
    data = making.edit(making.word(), {"[trash]/0000.dat": b"\xff" * 4 + NUMBER.encode()})
    assert NUMBER in contents(read(data, "a.docx"))


def test_a_property_of_a_sheet_is_read():
    value = NUMBER.encode("utf-16-le")
    data = making.edit(making.sheet_with("Hej"), {"xl/customProperty1.bin": value})
    found = read(data, "a.xlsx")
    assert reasons(found) == []
    assert StepKind.PROPERTY in kinds(found)


@pytest.mark.parametrize("tail", [b"\n", b"\r\n", b"\0"])
def test_a_line_end_behind_a_zip_is_nothing(tail):
    assert reasons(read(making.word(NUMBER) + tail, "a.docx")) == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.wmf", b"\1\0\t\0\0\3" + bytes(90)),
        ("a.wdp", b"II\xbc\1" + b"\x81\0" * 40),
        ("a.pict", bytes(10) + b"\0\x11\2\xff" + b"\x81\0" * 40),
        ("a.pct", bytes(522) + b"\0\x11\2\xff" + b"\x81\0" * 40),
    ],
)
def test_pictures_that_are_not_read_are_said_to_be_pictures(name, data):
    assert reasons(read(data, name)) == ["image"]


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_a_bitmap_in_an_old_document_is_a_file_again(mode):
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "white").convert(mode).save(file, "BMP")
    bare = file.getvalue()[14:]
    stored = struct.pack("<HHI", 0x7A80, 0xF01F, len(bare) + 17) + bytes(17) + bare
    ctx = Ctx(Budget(), parse, roles.split)
    (picture,) = pictures(stored, attachment(b""), ctx, 0)
    assert Image.open(io.BytesIO(picture.data)).size == (40, 30)
    assert picture.data == file.getvalue()


def record(kind, data, head=0):
    return struct.pack("<HHI", head, kind, len(data)) + data


def test_powerpoint_keeps_a_zip_as_a_container():
    package = making.zipped({"tableStyles.xml": f"<a>{NUMBER}</a>"})
    stream = record(1000, record(1064, package, 0xF) + record(4000, "Hej".encode("utf-16-le")), 0xF)
    found = read(compound_file({"PowerPoint Document": stream}), "a.ppt")
    assert reasons(found) == []
    assert StepKind.MEMBER in kinds(found)
    assert "Hej" in contents(found)


@pytest.mark.parametrize("gap", [8, 9, 10, 11, 480, 487])
@pytest.mark.parametrize("head", [0, 0xF])
def test_records_go_on_behind_a_gap(gap, head):
    text = NUMBER.encode("utf-16-le")
    last = record(1006, record(4000, text), 0xF) if head else record(4000, text)
    stream = record(1000, b"", 0xF) + bytes(gap) + last
    found = read(compound_file({"PowerPoint Document": stream}), "a.ppt")
    assert NUMBER in contents(found)
    assert reasons(found) == []


def test_short_texts_of_other_alphabets_are_texts():
    assert looks_like_text("๑.๐๐\n".encode())
    assert not looks_like_text(bytes(range(128, 256)))


def test_a_card_folded_within_a_character_is_read():
    note = ("Длинный " * 20).encode()
    lines = [note[at : at + 71] for at in range(0, len(note), 71)]
    card = b"BEGIN:VCARD\r\nNOTE:" + b"\r\n ".join(lines) + b"\r\nEND:VCARD\r\n"
    found = read(card, "a.vcf")
    assert reasons(found) == []
    assert note.decode().strip() in contents(found)
