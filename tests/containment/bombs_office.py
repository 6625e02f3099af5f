"""Bombs that are documents of zips and XML: docx, xlsx, pptx, odf, epub, xml."""
# ruff: noqa: E501  (the insides of files read best on one line)

import zlib
from functools import cache

from pptx import Presentation

from tests.containment.bomb import NR, bomb
from tests.containment.bombs_zip import MIB, made, stored, zeros
from tests.extract import documents, making
from tests.extract.reading import NUMBER

_P = f"<w:p><w:r><w:t>{NR}</w:t></w:r></w:p>"


@cache
def _word() -> bytes:
    return making.word("Hej")


@cache
def _sheet() -> bytes:
    return making.sheet_with(NUMBER)


def word(body: str, head: str = "") -> bytes:
    """A docx with this body and the number behind it."""
    xml = f"{head}<w:document {making._W}><w:body>{body}{_P}</w:body></w:document>"
    return making.edit(_word(), {"word/document.xml": xml})


def sheet(rows: str, tail: str = "", **members) -> bytes:
    """An xlsx whose only sheet has these rows, and the number in the last."""
    last = f'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>{NR}</t></is></c></row>'
    xml = f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}{last}</sheetData>{tail}</worksheet>'
    return making.edit(_sheet(), {"xl/worksheets/sheet1.xml": xml} | members)


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@bomb("docx/flat-member", "a.docx", big=3000, small=1)
def flat_member(mib: int) -> bytes:
    """A part of blanks beside the document."""
    size = mib * MIB
    crc = zlib.crc32(b" " * size) if mib < 16 else 0
    text = f"<w:document {making._W}><w:body>{_P}</w:body></w:document>".encode()
    types = b"<Types/>"
    return made(
        stored(b"[Content_Types].xml", types),
        (b"word/styles.xml", zeros(mib, b" "), size, crc, 8),
        stored(b"word/document.xml", text),
    )


@bomb("docx/many-flat-members", "a.docx", big=300, small=2)
def flat_members(count: int) -> bytes:
    members = {f"word/header{n}.xml": b"<w:p>" + b" " * (8 * MIB) for n in range(min(count, 3))}
    if count > 3:
        data, crc = zeros(9, b" "), zlib.crc32(b" " * 9 * MIB)
        lines = [(b"word/footer%d.xml" % n, data, 9 * MIB, crc, 8) for n in range(count)]
        text = f"<w:document {making._W}><w:body>{_P}</w:body></w:document>".encode()
        return made(*lines, stored(b"word/document.xml", text))
    return making.edit(word(""), members)


@bomb("docx/many-paragraphs", "a.docx", big=1_500_000, small=5)
def paragraphs(count: int) -> bytes:
    return word("<w:p><w:r><w:t>ab</w:t></w:r></w:p>" * count)


@bomb("docx/paragraphs-of-digits", "a.docx", big=400_000, small=5)
def digits(count: int) -> bytes:
    return word("<w:p><w:r><w:t>1-1-1-</w:t></w:r></w:p>" * count)


@bomb("docx/deep-tables", "a.docx", big=200_000, small=3)
def deep_tables(depth: int) -> bytes:
    return word("<w:tbl><w:tr><w:tc>" * depth + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * depth)


@bomb("docx/deep-elements", "a.docx", big=2_000_000, small=3)
def deep(depth: int) -> bytes:
    return word("<w:sdt>" * depth)


@bomb("docx/unclosed-deletions", "a.docx", big=300_000, small=0)
def deletions(count: int) -> bytes:
    return word("<w:del w:id='1'><w:r><w:delText>a</w:delText></w:r>" * count)


@bomb("docx/many-attributes", "a.docx", big=1_000_000, small=3)
def attributes(count: int) -> bytes:
    return word("<w:p " + " ".join(f"w:a{n}='b'" for n in range(count)) + "/>")


@bomb("docx/huge-attribute", "a.docx", big=40 * MIB, small=3)
def attribute(size: int) -> bytes:
    return word(f"<w:p w:a='{'x ' * (size // 2)}'/>")


@bomb("docx/many-namespaces", "a.docx", big=20_000, small=1)
def namespaces(count: int) -> bytes:
    """Prefixes bound by the thousand to the namespace of Word, each of which is renamed."""
    uri = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return word("".join(f"<x{n}:p xmlns:x{n}='{uri}'/>" for n in range(count)))


@bomb("docx/blanks-in-tags", "a.docx", big=10 * MIB, small=3)
def blanks(size: int) -> bytes:
    return word("<w:p" + " " * size + "<w:r" + "\n" * size + "x")


@bomb("docx/open-comments", "a.docx", big=3_000_000, small=0)
def open_comments(count: int) -> bytes:
    return word("<!-- a -->" * count)


@bomb("docx/in-docx", "a.docx", big=60, small=2)
def embedded(levels: int) -> bytes:
    data = word("")
    for _ in range(levels):
        data = making.edit(word(""), {"word/embeddings/a.docx": data})
    return data


@bomb("docx/many-chunks", "a.docx", big=3000, small=2)
def chunks(count: int) -> bytes:
    html = f"<html><body>{'<p>a</p>' * 100}</body></html>"
    return making.edit(word(""), {f"word/afchunk{n}.html": html for n in range(count)})


@bomb("docx/many-headers", "a.docx", big=15_000, small=2)
def headers(count: int) -> bytes:
    return making.edit(word(""), {f"word/header{n}.xml": "<w:p/>" for n in range(count)})


# ---- entities ------------------------------------------------------------------------------

_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
_DTD = {
    "laughs": f'<!DOCTYPE a [<!ENTITY l0 "ha">{_LAUGHS}]>',
    "quadratic": f'<!DOCTYPE a [<!ENTITY l11 "{"a" * MIB}">]>',
    "external": '<!DOCTYPE a [<!ENTITY l11 SYSTEM "file:///etc/passwd">]>',
    "parameter": '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://192.0.2.1/x.dtd">%x;]>',
    "none": "",
}


@bomb("docx/entities-of-entities", "a.docx", big=("laughs", 1), small=("none", 0))
@bomb("docx/entity-a-million-times", "a.docx", big=("quadratic", 50_000), small=("none", 0))
@bomb("docx/entity-from-a-file", "a.docx", big=("external", 1), small=("none", 0))
def entities(kind: str, count: int) -> bytes:
    return word(f"<w:p><w:r><w:t>{'&l11;' * count}</w:t></w:r></w:p>", _DTD[kind])


@bomb("xml/entities-of-entities", "a.xml", big=("laughs", 1), small=("none", 0))
@bomb("xml/entity-a-million-times", "a.xml", big=("quadratic", 500_000), small=("none", 0))
@bomb("xml/entity-from-a-file", "a.xml", big=("external", 1), small=("none", 0))
@bomb("xml/entity-from-the-network", "a.xml", big=("parameter", 0), small=("none", 0))
@bomb("xml/svg-of-entities", "a.svg", big=("laughs", 100), small=("none", 0))
def plain_entities(kind: str, count: int) -> bytes:
    return f"<?xml version='1.0'?>{_DTD[kind]}<a>{'&l11;' * count}<b>{NR}</b></a>".encode()


@bomb("xml/deep", "a.xml", big=3_000_000, small=3)
def deep_xml(depth: int) -> bytes:
    return b"<a>" * depth + NR.encode() + b"</a>" * depth


@bomb("xml/many-attributes", "a.xml", big=2_000_000, small=3)
def xml_attributes(count: int) -> bytes:
    return b"<a " + b"b='c' " * count + b">" + NR.encode() + b"</a>"


@bomb("xml/open-tags", "a.xml", big=2_000_000, small=0)
def open_tags(count: int) -> bytes:
    return b"<a " * count + b"<p>" + NR.encode() + b"</p>"


@bomb("xml/references", "a.xml", big=3_000_000, small=3)
def references(count: int) -> bytes:
    return b"<a>" + b"&#49;-" * count + b"</a><p>" + NR.encode() + b"</p>"


@bomb("xml/open-cdata", "a.xml", big=1_000_000, small=0)
def open_cdata(count: int) -> bytes:
    return b"<![CDATA[" * count + b"<p>" + NR.encode() + b"</p>"


# ---- Excel ---------------------------------------------------------------------------------


@bomb("xlsx/million-cells", "a.xlsx", big=1_900_000, small=5)
@bomb("xlsx/four-million-cells", "a.xlsx", big=4_000_000, small=5)
def cells(count: int) -> bytes:
    row = "<row>" + "<c><v>1</v></c>" * 100 + "</row>"
    return sheet(row * (count // 100))


@bomb("xlsx/regular-cells", "a.xlsx", big=190_000, small=3)
def regular(rows: int) -> bytes:
    """As a program exports them, so that the fast way is taken."""
    row = '<row r="{0}"><c r="A{0}"><v>{0}</v></c><c r="B{0}"><v>7.5</v></c></row>'
    return sheet("".join(row.format(n) for n in range(1, rows)))


@bomb("xlsx/far-cells", "a.xlsx", big=400_000, small=3)
def far(rows: int) -> bytes:
    """One cell in the last column of every other row."""
    row = '<row r="{0}"><c r="XFD{0}" t="str"><f>1</f><v>x</v></c></row>'
    return sheet("".join(row.format(2 * n + 1) for n in range(rows)))


@bomb("xlsx/shared-strings", "a.xlsx", big=2_000_000, small=3)
def strings(count: int) -> bytes:
    xml = f'<sst xmlns="{_MAIN}">{"<si><t>ab</t></si>" * count}</sst>'
    return sheet("", **{"xl/sharedStrings.xml": xml})


@bomb("xlsx/one-long-string-in-many-cells", "a.xlsx", big=(32_000, 60_000), small=(10, 2))
def shared(length: int, count: int) -> bytes:
    xml = f'<sst xmlns="{_MAIN}"><si><t>{"a b " * (length // 4)}</t></si></sst>'
    row = '<row r="{0}"><c r="A{0}" t="s"><v>0</v></c></row>'
    rows = "".join(row.format(n) for n in range(1, count + 1))
    return sheet(rows, **{"xl/sharedStrings.xml": xml})


@bomb("xlsx/merged-cells", "a.xlsx", big=1_000_000, small=3)
def merged(count: int) -> bytes:
    tail = "".join(f'<mergeCell ref="A{n}:XFD{n}"/>' for n in range(1, count))
    return sheet("", f"<mergeCells>{tail}</mergeCells>")


@bomb("xlsx/defined-names", "a.xlsx", big=300_000, small=3)
def names(count: int) -> bytes:
    inside = "".join(f"<definedName name='n{n}'>Blad1!A{n}</definedName>" for n in range(count))
    book = f"""<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>
    <sheet name="A" sheetId="1" r:id="rId1"/></sheets><definedNames>{inside}</definedNames>
    </workbook>"""
    return sheet("", **{"xl/workbook.xml": book})


_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@bomb("xlsx/many-sheets", "a.xlsx", big=8000, small=2)
def sheets(count: int) -> bytes:
    return making.edit(
        sheet(""), {f"xl/worksheets/sheet{n + 2}.xml": "<sheetData/>" for n in range(count)}
    )


@bomb("xlsx/huge-dimension", "a.xlsx", big="A1:XFD1048576", small="A1:B2")
def dimension(area: str) -> bytes:
    rows = f'<dimension ref="{area}"/><row r="1048575"><c r="XFD1048575"><v>1</v></c></row>'
    return sheet(rows)


@bomb("xlsx/styles", "a.xlsx", big=100_000, small=2)
def styles(count: int) -> bytes:
    formats = "".join(
        f'<numFmt numFmtId="{n}" formatCode="000000-0000"/>' for n in range(200, 200 + count)
    )
    used = "".join(f'<xf numFmtId="{n}"/>' for n in range(200, 200 + count))
    xml = f'<styleSheet xmlns="{_MAIN}"><numFmts>{formats}</numFmts><cellXfs>{used}</cellXfs>'
    return sheet("", **{"xl/styles.xml": xml + "</styleSheet>"})


@bomb("xlsx/formulas", "a.xlsx", big=300_000, small=3)
def formulas(count: int) -> bytes:
    cell = '<c r="A1" t="str"><f>CONCATENATE("1","2")</f><v>12</v></c>'
    return sheet(f'<row r="1">{cell * count}</row>')


@bomb("xlsx/comments", "a.xlsx", big=200_000, small=3)
def comments(count: int) -> bytes:
    note = '<comment ref="A1"><text><t>x</t></text></comment>'
    return sheet("", **{"xl/comments1.xml": f'<comments xmlns="{_MAIN}">{note * count}</comments>'})


@bomb("xlsx/open-cells", "a.xlsx", big=1_000_000, small=0)
def open_cells(count: int) -> bytes:
    return sheet('<row r="1">' + "<c r='A1'><f>" * count + "</row>")


# ---- others --------------------------------------------------------------------------------


@bomb("pptx/many-slides", "a.pptx", big=12_000, small=2)
def slides(count: int) -> bytes:
    text = '<p:sld xmlns:a="a"><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:sld>'
    more = {f"ppt/slides/slide{n + 2}.xml": text.format("x") for n in range(count)}
    deck = making.saved(Presentation())
    return making.edit(deck, more | {"ppt/slides/slide99999.xml": text.format(NR)})


@bomb("odt/deep-tables", "a.odt", big=100_000, small=2)
def odt_tables(depth: int) -> bytes:
    cell = "<table:table><table:table-row><table:table-cell>"
    return documents.odt(f"{cell * depth}<text:p>{NR}</text:p>")


@bomb("odt/open-annotations", "a.odt", big=300_000, small=0)
def annotations(count: int) -> bytes:
    return documents.odt(f"<text:p>{NR}</text:p>" + "<office:annotation>a" * count)


@bomb("odt/nested-notes", "a.odt", big=200_000, small=2)
def notes(count: int) -> bytes:
    return documents.odt(
        f"<text:p>{NR}</text:p>" + "<text:note>" * count + "a" + "</text:note>" * count
    )


@bomb("ods/repeated-cells", "a.ods", big=16_384, small=2)
def repeated(count: int) -> bytes:
    cell = f"<table:table-cell table:number-columns-repeated='{count}'><text:p>x</text:p></table:table-cell>"
    row = f"<table:table-row table:number-rows-repeated='1048576'>{cell * min(count, 1000)}</table:table-row>"
    return documents.ods(NUMBER, row * min(count, 100))


@bomb("ods/many-tables", "a.ods", big=100_000, small=2)
def tables(count: int) -> bytes:
    return documents.ods(NUMBER, "</table:table><table:table table:name='x'>" * count)


@bomb("epub/many-chapters", "a.epub", big=1400, small=2)
def chapters(count: int) -> bytes:
    page = f"<html><body>{'<p>a</p>' * 2000}</body></html>"
    members = {f"text/{n}.xhtml": page for n in range(count)}
    return making.zipped(
        {"mimetype": "application/epub+zip"} | members | {"text/z.xhtml": f"<html>{NR}</html>"}
    )
