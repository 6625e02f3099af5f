"""Fast readers read what slow ones read: each is compared with a plain one written here."""

import io
import re
import zipfile
from html import unescape
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailfilter.byte_search import WINDOW, Needles
from mailfilter.extract.kit import xmltext
from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.kit.xmltext import canonical, lines_of, text_of, unescaped
from mailfilter.extract.office.ooxml import WORD
from mailfilter.extract.office.word import stories
from mailfilter.extract.office.workbook import BLOCK
from tests.extract.making import sheet_files, sheet_with, word_files, word_table
from tests.extract.reading import read

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def paragraphs(xml: bytes) -> str:
    """The text of a Word part, paragraph by paragraph: no fields, no changes, no signs."""
    pieces, in_cell = [], False
    for n, piece in enumerate(xml.split(b"</w:p>")):
        if n and b"</w:tr>" in piece:
            pieces.append(b"\n")
        elif n and b"</w:tc>" in piece:
            pieces.append(b"\t")
        elif n:
            pieces.append(b" " if in_cell and b"<w:tbl>" not in piece else b"\n")
        if b"<w:tc>" in piece:
            in_cell = True
        elif b"</w:tbl>" in piece:
            in_cell = False
        pieces += re.findall(rb">([^<]+)<", piece)
    return unescape(b"".join(pieces).decode())


_CELL = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p>{}</w:tc>"
_ROW = "<w:tr>" + _CELL.format("a", "<w:p><w:r><w:t>b</w:t></w:r></w:p>") + _CELL.format("c", "")
TABLES = {
    "rows": f"<w:tbl>{_ROW}</w:tr>{_ROW}</w:tr></w:tbl>",
    "two tables": f"<w:tbl>{_ROW}</w:tr></w:tbl><w:p/><w:p></w:p><w:tbl>{_ROW}</w:tr></w:tbl>",
    "table in a cell": "<w:tbl><w:tr><w:tc><w:p></w:p>"
    f"<w:tbl>{_ROW}</w:tr></w:tbl><w:p><w:r><w:t>d</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
    "nothing": "",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_word(name):
    before = "<w:p><w:r><w:t>före &amp; </w:t></w:r></w:p>"
    xml = f"<w:document>{before}{TABLES[name]}{before}</w:document>".encode()
    assert stories(xml)[0] == paragraphs(xml)


@pytest.mark.parametrize("data", [word_table(), word_files()["body"], word_files()["split-runs"]])
def test_documents_of_word(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = canonical(archive.read("word/document.xml"), WORD, Budget())
    assert stories(xml)[0] == paragraphs(xml)


def cells(data: bytes) -> list[str]:
    """All that stands in the cells of the first sheet, by an XML parser."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
        strings = []
        if "xl/sharedStrings.xml" in archive.namelist():
            items = ElementTree.fromstring(archive.read("xl/sharedStrings.xml")).iter(f"{MAIN}si")
            strings = ["".join(t.text or "" for t in item.iter(f"{MAIN}t")) for item in items]
    found = []
    for cell in sheet.iter(f"{MAIN}c"):
        value = cell.findtext(f"{MAIN}v") or "".join(t.text or "" for t in cell.iter(f"{MAIN}t"))
        value = strings[int(value)] if cell.get("t") == "s" else value
        if value and "." not in value and "E" not in value:
            found.append(re.sub(r"[\t\n\r\v\f]", " ", value))
    return found


@pytest.mark.parametrize("name", sorted(sheet_files()))
def test_cells_of_excel(name):
    data = sheet_files()[name]
    try:
        wanted = cells(data)
    except (KeyError, ElementTree.ParseError, zipfile.BadZipFile):
        pytest.skip("a sheet that no parser reads")
    shown = "\t".join(text.content for text in read(data, "a.xlsx").texts)
    assert [value for value in wanted if value not in shown] == []


def test_a_cell_stands_in_its_column_and_row_across_blocks():
    markup = "".join(
        f'<row r="{n}"><c r="B{n}" t="inlineStr"><is><t>{"x" * 400}&#229;&amp;#229;</t></is></c>'
        f'<c r="D{n}" s="1"/><c r="E{n}"><v>{n}.0</v></c></row>'
        for n in range(1, BLOCK // 200)
    )
    data = sheet_with(1)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = (
                    f'<worksheet xmlns="{MAIN[1:-1]}"><sheetData>{markup}</sheetData>'.encode()
                )
            new.writestr(name, content)
    found = read(out.getvalue(), "a.xlsx")
    text = next(text for text in found.texts if "xxx" in text.content)
    lines = text.content.split("\n")
    assert len(lines) == BLOCK // 200 - 1
    for n, line in enumerate(lines, 1):
        assert line == "\t" + "x" * 400 + "å&#229;" + f"\t\t\t{n}"


def test_a_break_in_a_cell_is_no_new_row():
    assert unescaped("a&#10;b") == "a\nb"
    found = read(sheet_with("ett\ntvå\tre"), "a.xlsx")
    assert any("ett två re" in text.content for text in found.texts)


@pytest.mark.parametrize(
    "text",
    [
        "&#229;&#228;&#246;",
        "&amp;#229;",
        "&amp;lt;&lt;&quot;&gt;",
        "&#0229;&#xE5;&aring;",
        "&#8211;&#1;&#",
        "& &; &#; &amp &amp;amp;",
        "&#39;&apos;&amp;",
    ],
)
def test_references_are_those_of_html(text):
    assert unescaped(text) == unescape(text)
    far = " text" * 1000  # few references in a long text are read another way
    assert unescaped(f"{far}{text}{far}") == unescape(f"{far}{text}{far}")


@pytest.mark.parametrize("size", [WINDOW - 3, WINDOW - 2, WINDOW - 1, WINDOW, 3 * WINDOW + 1])
def test_marks_are_found_at_the_edges_of_windows(size):
    data = b" " * size + b"<mark><mark>" + b" " * WINDOW + b"<m"
    assert list(Needles(b"<mark>", b"<m").tokens(data)) == [
        (0, size, size + 6),
        (0, size + 6, size + 12),
        (1, len(data) - 2, len(data)),
    ]
    assert Needles(b"<mark>").within(data)
    assert not Needles(b"<other>").within(data)


@given(st.lists(st.sampled_from(["<a>", "</a>", "<b c='>'>", "x", "12", " "])), st.integers(1, 9))
def test_a_part_in_pieces_is_read_as_in_one(pieces, at_once):
    xml = "".join(pieces).encode()
    whole = text_of(xml), lines_of(xml)
    before, xmltext._AT_ONCE = xmltext._AT_ONCE, at_once
    try:
        assert (text_of(xml), lines_of(xml)) == whole
    finally:
        xmltext._AT_ONCE = before
