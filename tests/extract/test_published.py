"""What published collections of documents showed: files that offices really have, made anew."""

import io
import re
import struct
import zipfile

import openpyxl
import pytest
from openpyxl.worksheet.datavalidation import DataValidation
from PIL import Image

from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.kit.charset import looks_like_text
from mailfilter.extract.kit.context import Ctx
from mailfilter.extract.office.officeart import pictures
from mailfilter.extract.office.oldcells import Formats, formula_texts
from mailfilter.extract.office.packing import compound_file
from mailfilter.parse import parse, roles
from mailfilter.place import StepKind
from tests.extract import making
from tests.extract.making_old import record as record_12
from tests.extract.making_old import relations, xlsb
from tests.extract.making_old import text as text_12
from tests.extract.reading import NUMBER, PLAIN, attachment, contents, kinds, read, reasons
from tests.extract.test_old_office import XLS, lines, streams_of

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
        {"mimetype": media, "content.xml": _CONTENT, "META-INF/manifest.xml": manifest} | members
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


# ---- what a document keeps beside its text ---------------------------------------------------


@pytest.mark.parametrize(
    "xml",
    [
        f'<w:bookmarkStart w:id="0" w:name="p_{PLAIN}"/><w:bookmarkEnd w:id="0"/>',
        (
            "<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:helpText w:type='text'"
            f' w:val="{NUMBER}"/></w:ffData></w:fldChar></w:r>'
        ),
        (
            f'<w:r><w:instrText>QUOTE "{NUMBER[:7]}</w:instrText></w:r>'
            f'<w:r><w:instrText>{NUMBER[7:]}"</w:instrText></w:r>'
        ),
        (
            "<w:smartTag w:uri='u' w:element='p'><w:smartTagPr><w:attr w:name='v'"
            f' w:val="{NUMBER}"/></w:smartTagPr><w:r><w:t>x</w:t></w:r></w:smartTag>'
        ),
        f'<w:r><w:pict><v:shape href="http://example.com/{NUMBER}"/></w:pict></w:r>',
        (
            f'<w:r><w:drawing><wp:inline><wp:docPr id="1" name="{NUMBER}.png"/>'
            "</wp:inline></w:drawing></w:r>"
        ),
    ],
)
def test_names_and_codes_of_a_text_are_read(xml):
    assert StepKind.HIDDEN in kinds(read(making.word_with(xml), "a.docx"))


def test_a_bookmark_of_words_own_is_no_text():
    mark = f'<w:bookmarkStart w:id="0" w:name="_Hlk{PLAIN}"/><w:bookmarkEnd w:id="0"/>'
    assert PLAIN not in contents(read(making.word_with(mark), "a.docx"))


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("000000-0000", 1212121212, "121212-1212"),
        ("000000\\-0000", 12121212, "001212-1212"),
        ('00000000"-"0000', 191212121212, NUMBER),
        ("000000 0000", 1212121212, "121212 1212"),
        ("0000000000", 12121212, "0012121212"),
        ("000000-0000;@", 1212121212, "121212-1212"),
    ],
)
def test_a_number_is_read_as_its_format_shows_it(code, value, shown):
    found = read(making.sheet_with(value, number_format=code), "a.xlsx")
    assert shown in contents(found)


def test_a_number_in_a_format_is_read():
    found = read(making.sheet_with(1, number_format=f'"{NUMBER}"0'), "a.xlsx")
    assert StepKind.HIDDEN in kinds(found)


def test_a_sheet_without_cells_has_a_header():
    book = openpyxl.Workbook()
    book.active.oddHeader.center.text = f"{NUMBER[:6]}&B{NUMBER[6:]}"
    assert StepKind.HEADER in kinds(read(making.saved(book), "a.xlsx"))
    empty = re.compile(rb"<sheetData>.*</sheetData>|<sheetData />")
    sheet = {"xl/worksheets/sheet1.xml": lambda xml: empty.sub(b"<sheetData/>", xml)}
    assert StepKind.HEADER in kinds(read(making.edit(making.saved(book), sheet), "a.xlsx"))


def test_a_list_to_choose_from_is_no_header():
    book = openpyxl.Workbook()
    choice = DataValidation(type="list", formula1=f'"{NUMBER},annat"')
    book.active.add_data_validation(choice)
    choice.add("A1")
    found = kinds(read(making.saved(book), "a.xlsx"))
    assert StepKind.HIDDEN in found
    assert StepKind.HEADER not in found


# ---- old Excel -------------------------------------------------------------------------------


def formula(tokens):
    return bytes(20) + struct.pack("<H", len(tokens)) + tokens


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (b"\x17\x0d\0" + NUMBER.encode(), NUMBER),
        (b"\x17\x0d\1" + NUMBER.encode("utf-16-le"), NUMBER),
        (b"\x17\x06\x00191212\x17\x07\x0012-1212\x08", NUMBER),
        (b"\x1f" + struct.pack("<d", float(PLAIN)), PLAIN),
    ],
)
def test_what_stands_in_an_old_formula(tokens, text):
    assert text in formula_texts(formula(tokens))


def test_numbers_of_an_old_sheet_are_read_as_their_formats_show_them():
    code = b"000000\\-0000"
    formats = Formats()
    for kind, data in (
        (0x41E, struct.pack("<HHB", 170, len(code), 0) + code),
        (0xE0, bytes(20)),
        (0xE0, struct.pack("<HH", 0, 170) + bytes(16)),
    ):
        assert formats.take(kind, data) == []
    cell = struct.pack("<HH", 0, 0)
    assert formats.take(0x203, cell + struct.pack("<Hd", 1, 1212121212.0)) == ["121212-1212"]
    assert formats.take(0x203, cell + struct.pack("<Hd", 0, 1212121212.0)) == []
    small = (12121212 << 2) | 2
    assert formats.take(0x27E, cell + struct.pack("<HI", 1, small)) == ["001212-1212"]
    half = struct.unpack("<Q", struct.pack("<d", 1212121088.0))[0] >> 32 & ~3
    many = cell + struct.pack("<HIHIH", 0, small, 1, half, 1)
    assert [each[6] for each in formats.take(0xBD, many)] == ["-"]
    assert formats.take(0xBD, cell) == []


def test_an_old_workbook_tells_its_formulas():
    book = streams_of(XLS)["Workbook"]
    record = formula(b"\x17\x0d\0" + NUMBER.encode())
    data = compound_file({"Workbook": book + struct.pack("<HH", 6, len(record)) + record})
    assert NUMBER in "\n".join(lines(data, StepKind.HIDDEN))


@pytest.mark.parametrize("kind", [0x9E, 0x1B1, 0x221])
def test_filters_formats_and_arrays_of_an_old_sheet(kind):
    book = streams_of(XLS)["Workbook"]
    record = bytes(9) + NUMBER.encode()
    data = compound_file({"Workbook": book + struct.pack("<HH", kind, len(record)) + record})
    assert NUMBER in "\n".join(lines(data, StepKind.HIDDEN))


# ---- OpenDocument and rtf that were made of other formats ------------------------------------


@pytest.mark.parametrize(
    "inside",
    [
        '<text:p><field:fieldmark field:name="a" field:value="QUOTE {}"/></text:p>',
        '<text:p><loext:content-control loext:alias="{}">x</loext:content-control></text:p>',
        '<text:p><loext:list-item loext:display-text="{}" loext:value="1"/></text:p>',
    ],
)
def test_what_an_opendocument_keeps_of_words_forms(inside):
    xml = _CONTENT.replace("<text:p>Hej</text:p>", inside.format(NUMBER))
    assert StepKind.HIDDEN in kinds(read(document({"content.xml": xml}), "a.odt"))


@pytest.mark.parametrize("name", ["content.xml", "styles.xml"])
@pytest.mark.parametrize(
    "style",
    [
        '<number:number-style style:name="N1"><number:text>{}</number:text></number:number-style>',
        '<style:style style:name="a"><style:map style:condition="x()=&quot;{}"/></style:style>',
    ],
)
def test_texts_of_styles_are_read(name, style):
    root = "document-content" if name == "content.xml" else "document-styles"
    xml = (
        f'<office:{root} xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">'
        f"<office:automatic-styles>{style.format(NUMBER)}</office:automatic-styles>"
        f"<office:body><office:spreadsheet/></office:body></office:{root}>"
    )
    members = {"content.xml": xml} if name == "content.xml" else {name: xml}
    assert StepKind.HIDDEN in kinds(read(document(members, "spreadsheet"), "a.ods"))


def test_the_description_of_a_picture_in_rtf_is_read():
    picture = rf"{{\pict{{\*\picprop{{\sp{{\sn wzDescription}}{{\sv {NUMBER}}}}}}}\pngblip 89}}"
    assert StepKind.HIDDEN in kinds(read(rf"{{\rtf1 Hej {picture}}}".encode(), "a.rtf"))


def test_a_chart_among_the_sheets_of_an_xlsb():
    book = zipfile.ZipFile(io.BytesIO(xlsb())).read("xl/workbook.bin")
    sheet = record_12(0x9C, struct.pack("<II", 0, 2) + text_12("rId2") + text_12("Diagram"))
    assert book.count(b"\x90\x01\x00") == 1
    data = making.edit(
        xlsb(),
        {
            "xl/workbook.bin": book.replace(b"\x90\x01\x00", sheet + b"\x90\x01\x00"),
            "xl/_rels/workbook.bin.rels": relations(
                ("worksheet", "worksheets/sheet1.bin"), ("chartsheet", "chartsheets/sheet1.bin")
            ),
            "xl/chartsheets/sheet1.bin": record_12(0x81) + record_12(0x82),
        },
    )
    found = read(data, "a.xlsb")
    assert reasons(found) == []
    assert NUMBER in contents(found)
