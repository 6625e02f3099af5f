"""Corners of Office files: attributes, drawings, formulas, moved text, cut packages."""

import io

import pytest
import xlsxwriter

from mailfilter.place import StepKind
from tests.extract.making import (
    _DRAWING,
    _RUN,
    _W,
    cells,
    edit,
    sheet_with,
    slides_files,
    word,
    word_with,
)
from tests.extract.reading import NUMBER, PLAIN, contents, kinds, places, read, reasons

_BOX = (
    f'<xdr:wsDr xmlns:xdr="x" xmlns:a="{_DRAWING}"><xdr:from><xdr:col>5</xdr:col>'
    "<xdr:colOff>0</xdr:colOff><xdr:row>12</xdr:row><xdr:rowOff>7</xdr:rowOff></xdr:from><xdr:sp>"
    "<a:p><a:r><a:t>191212</a:t></a:r><a:r><a:t>121212</a:t></a:r></a:p></xdr:sp></xdr:wsDr>"
)
_NOTE = (
    "<xml><v:textbox><div>1912<font>1212-1212</font></div></v:textbox>"
    "<x:Anchor>1, 15, 0, 2</x:Anchor><x:Row>0</x:Row></xml>"
)


def sheet(markup: str) -> dict:
    return {"xl/worksheets/sheet1.xml": cells(markup)}


def tail(markup: str) -> dict:
    return {
        "xl/worksheets/sheet1.xml": cells("").replace("</worksheet>", f"{markup}</worksheet>"),
    }


def book(changes: dict) -> bytes:
    return edit(sheet_with(1), changes)


SHEETS = {
    "text box beside its anchor": {"xl/drawings/drawing1.xml": _BOX},
    "comment as old Excel draws it": {"xl/drawings/vmlDrawing1.vml": _NOTE},
    "person": {"xl/persons/person.xml": f'<p><person displayName="{NUMBER}"/></p>'},
    "column of a table": {"xl/tables/table1.xml": f'<t><tableColumn name="{NUMBER}"/></t>'},
    "query": {"xl/connections.xml": f'<c><dbPr command="select {NUMBER}"/></c>'},
    "slicer": {"xl/slicerCaches/slicerCache1.xml": f'<s><i n="{NUMBER}"/></s>'},
    "chart": {"xl/charts/chart1.xml": "<c:v xmlns:c='c'>1.91212121212E11</c:v>"},
    "other workbook": {"xl/externalLinks/externalLink1.xml": "<a><v>1.91212121212E11</v></a>"},
    "old revision": {"xl/revisions/revisionLog1.xml": "<a><v>1.91212121212E+11</v></a>"},
    "filter": tail(f'<autoFilter><filter val="{NUMBER}"/></autoFilter>'),
    "scenario": tail(f'<scenarios><inputCells r="A1" val="{PLAIN}"/></scenarios>'),
    "rule for colours": tail(f'<cfRule type="containsText" text="{NUMBER}"/>'),
    "formula of numbers": sheet(f"<c r='A1'><f>{PLAIN}+0</f></c>"),
    "formula of two texts": sheet('<c r="A1"><f>"19121212"&amp;"-1212"</f></c>'),
    "escaped": sheet('<c r="A1" t="str"><v>19121212_x002D_1212</v></c>'),
}
WORDS = {
    "short field": word_with(f'<w:fldSimple w:instr="QUOTE {NUMBER}"/>'),
    "around moved text": word_with(
        _RUN.format("19121212-")
        + f'<w:moveFrom w:id="1" w:author="A">{_RUN.format("99")}</w:moveFrom>'
        + _RUN.format("1212")
    ),
    "moved text": word_with(f'<w:moveFrom w:id="1">{_RUN.format(NUMBER)}</w:moveFrom>'),
    "hint of a link": word_with(f'<w:hyperlink w:anchor="a" w:tooltip="{NUMBER}"/>'),
    "attribute of custom XML": edit(word(), {"customXml/item1.xml": f'<a b="{NUMBER}"/>'}),
    "control": edit(word(), {"word/activeX/activeX1.xml": f'<ax:ocx ax:value="{NUMBER}"/>'}),
    "strict": edit(
        word_with(_RUN.format("19121212-") + _RUN.format("1212")),
        {
            "word/document.xml": lambda x: x.replace(
                b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
                b"http://purl.oclc.org/ooxml/wordprocessingml/main",
            )
        },
    ),
    "glossary": edit(
        word(),
        {"word/glossary/document.xml": f"<w:d {_W}><w:p>{_RUN.format(NUMBER)}</w:p></w:d>"},
    ),
}


@pytest.mark.parametrize("name", SHEETS)
def test_excel_finds_the_number(name):
    found = read(book(SHEETS[name]), "lista.xlsx")
    assert places(found), contents(found)
    assert reasons(found) == []


@pytest.mark.parametrize("name", WORDS)
def test_word_finds_the_number(name):
    found = read(WORDS[name], "brev.docx")
    assert places(found), contents(found)
    assert reasons(found) == []


def test_nothing_is_glued_to_a_text_box():
    assert PLAIN in contents(read(book(SHEETS["text box beside its anchor"]), "a.xlsx")).split()


def test_moved_text_is_not_shown_where_it_was():
    assert kinds(read(WORDS["moved text"], "a.docx")) == {StepKind.ATTACHMENT, StepKind.HIDDEN}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (word(NUMBER), "a.docx"),
        (sheet_with(NUMBER), "a.xlsx"),
        (slides_files()["title"], "a.pptx"),
    ],
)
def test_a_cut_package_is_broken_and_read(data, name):
    found = read(data[:-40], name)
    assert (bool(places(found)), reasons(found)) == (True, ["broken-archive"])


def test_many_openings_without_an_end_are_read_once():
    xml = f'<x xmlns:a="{_DRAWING}">' + "<a:p >1" * 50_000 + "</x>"
    assert contents(read(book({"xl/drawings/drawing1.xml": xml}), "a.xlsx")).count("1") >= 50_000


def shown(code: str, value: float, **options) -> str:
    """What is read of a number in a format."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, options) as made:
        made.add_worksheet().write_row(
            0, 0, [value, 1212], made.add_format({"num_format": code}) if code else None
        )
    return contents(read(out.getvalue(), "a.xlsx"))


@pytest.mark.parametrize(
    ("code", "value", "line"),
    [
        ("yyyy-mm-dd", 4730, "1912-12-12"),
        (14, 4730, "1912-12-12"),
        ('d" dag" mmm', 4730.75, "1912-12-12"),
        ("000000-0000", 101012384, "010101-2384"),
        ('0.00" dkr"', 4730, "4730"),
        ("[Red]0", 4730, "4730"),
        ("yyyy", 9_999_999, "9999999"),
        ("yyyy", -5, "-5"),
    ],
)
def test_dates_and_zeros_are_shown_as_excel_does(code, value, line):
    assert line in shown(code, value).replace("\t", "\n").split("\n")


def test_dates_of_old_macs_count_from_1904():
    assert "1912-12-12" in shown("yyyy-mm-dd", 4730 - 1462, date_1904=True)
