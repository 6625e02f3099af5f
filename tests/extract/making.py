"""Files with the test number in a hiding place, made by the libraries that people use."""
# ruff: noqa: E501  (markup and headers of files read best on one line)

import io
import struct
import zipfile

import docx
import openpyxl
import xlsxwriter
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation
from pptx import Presentation
from pptx.util import Inches

from tests.extract.reading import NUMBER, PLAIN


def saved(document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def edit(data: bytes, changes: dict) -> bytes:
    """A zip with members replaced or added; a function gets the old content."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            change = changes.get(name, old.read(name))
            if change is not None:
                new.writestr(name, change(old.read(name)) if callable(change) else change)
        for name, change in changes.items():
            if name not in old.namelist():
                new.writestr(name, change)
    return out.getvalue()


def zipped(members: dict, method=zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


# ---- Word ----------------------------------------------------------------------------------


def word(text="Hej") -> bytes:
    document = docx.Document()
    document.add_paragraph(text)
    return saved(document)


def word_with(xml: str) -> bytes:
    """A document with this XML as a paragraph's content."""
    document = docx.Document()
    paragraph = f"<w:p {nsdecls('w', 'wp', 'a', 'r')} xmlns:v='urn:v'>{xml}</w:p>"
    document.element.body.insert(0, parse_xml(paragraph))
    return saved(document)


def word_table() -> bytes:
    document = docx.Document()
    table = document.add_table(2, 2)
    for n, value in enumerate(("Namn", "Personnr", "Anna", NUMBER)):
        table.cell(n // 2, n % 2).text = value
    table.cell(1, 0).add_paragraph("Andersson")
    return saved(document)


def word_header(footer=False) -> bytes:
    document = docx.Document()
    section = document.sections[0]
    (section.footer if footer else section.header).paragraphs[0].text = NUMBER
    return saved(document)


def word_property(**values) -> bytes:
    document = docx.Document()
    for key, value in values.items():
        setattr(document.core_properties, key, value)
    return saved(document)


def word_comment() -> bytes:
    document = docx.Document()
    paragraph = document.add_paragraph("Hej")
    document.add_comment(paragraph.runs, text=NUMBER, author="A")
    return saved(document)


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_RUN = "<w:r><w:t>{}</w:t></w:r>"
_BOX = (
    "<w:r><w:pict><v:shape><v:textbox><w:txbxContent><w:p><w:r><w:t>{}</w:t></w:r></w:p>"
    "</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
)
WORD_XML = {
    "split-runs": _RUN.format("19121212-")
    + "<w:proofErr w:type='spellStart'/>"
    + _RUN.format("1212"),
    "no-break-hyphen": "<w:r><w:t>19121212</w:t><w:noBreakHyphen/><w:t>1212</w:t></w:r>",
    "deleted": f"<w:del w:id='1' w:author='A'><w:r><w:delText>{NUMBER}</w:delText></w:r></w:del>",
    "around-deletion": _RUN.format("19121212-")
    + "<w:del w:id='1' w:author='A'><w:r><w:delText>99</w:delText></w:r></w:del>"
    + _RUN.format("1212"),
    "inserted": f"<w:ins w:id='1' w:author='A'>{_RUN.format(NUMBER)}</w:ins>",
    "before-insertion": _RUN.format("19121212-")
    + f"<w:ins w:id='1' w:author='A'>{_RUN.format('99')}</w:ins>"
    + "<w:del w:id='2' w:author='A'><w:r><w:delText>1212</w:delText></w:r></w:del>",
    "hidden": f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>{NUMBER}</w:t></w:r>",
    "around-hidden": _RUN.format("19121212-")
    + "<w:r><w:rPr><w:vanish/></w:rPr><w:t>99</w:t></w:r>"
    + _RUN.format("1212"),
    "text-box": _BOX.format(NUMBER),
    "alt-text": f"<w:r><w:drawing><wp:inline><wp:docPr id='1' name='x' descr='{NUMBER}'/></wp:inline></w:drawing></w:r>",
    "around-position": _RUN.format("19121212-")
    + "<w:r><w:drawing><wp:anchor><wp:positionH><wp:posOffset>77</wp:posOffset></wp:positionH></wp:anchor></w:drawing></w:r>"
    + _RUN.format("1212"),
    "field-code": f"<w:r><w:instrText>MERGEFIELD {NUMBER}</w:instrText></w:r>",
    "around-field-code": _RUN.format("19121212-")
    + "<w:r><w:instrText>PAGE</w:instrText></w:r>"
    + _RUN.format("1212"),
    "symbols": "<w:r><w:t>1912121</w:t><w:sym w:font='Symbol' w:char='F032'/><w:t>-1212</w:t></w:r>",
    "tab": f"<w:r><w:t>Nr</w:t><w:tab/><w:t>{NUMBER}</w:t></w:r>",
    "content-control": f"<w:sdt><w:sdtPr><w:alias w:val='{NUMBER}'/></w:sdtPr><w:sdtContent/></w:sdt>",
    "entities": "<w:r><w:t>&#49;9121212-12&#x31;2</w:t></w:r>",
}


def word_files() -> dict[str, bytes]:
    plain = word(NUMBER)
    files = {
        "body": plain,
        "table": word_table(),
        "header": word_header(),
        "footer": word_header(footer=True),
        "comment": word_comment(),
        "title": word_property(title=NUMBER),
        "keywords": word_property(keywords=NUMBER),
        **{name: word_with(xml) for name, xml in WORD_XML.items()},
    }
    note = f"<w:footnotes {_W}><w:footnote w:id='2'><w:p>{_RUN.format(NUMBER)}</w:p></w:footnote></w:footnotes>"
    files["footnote"] = edit(word(), {"word/footnotes.xml": note})
    files["endnote"] = edit(word(), {"word/endnotes.xml": note})
    variable = f"<w:settings {_W}><w:docVars><w:docVar w:name='a' w:val='{NUMBER}'/></w:docVars></w:settings>"
    files["variable"] = edit(word(), {"word/settings.xml": variable})
    files["custom-xml"] = edit(word(), {"customXml/item9.xml": f"<a><b>{NUMBER}</b></a>"})
    files["custom-property"] = edit(word(), {"docProps/custom.xml": custom("Dnr", NUMBER)})
    files["stranger"] = edit(word(), {"hemligt.txt": NUMBER})
    files["embedded"] = edit(word(), {"word/embeddings/Microsoft_Excel.xlsx": sheet_with(NUMBER)})
    files["alt-chunk"] = edit(word(), {"word/afchunk1.html": "<p>1912<b>1212</b>-1212</p>"})
    files["alt-chunk-mht"] = edit(
        word(),
        {"word/afchunk.mht": f"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>{NUMBER}"},
    )
    files["chart"] = edit(word(), {"word/charts/chart1.xml": f"<c:v xmlns:c='c'>{NUMBER}</c:v>"})
    files["diagram"] = edit(
        word(),
        {
            "word/diagrams/data1.xml": "<a:p xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'><a:r><a:t>19121212</a:t></a:r><a:r><a:t>-1212</a:t></a:r></a:p>"
        },
    )
    files["link"] = edit(
        word(), {"word/_rels/document.xml.rels": link(f"https://x.se/?q={NUMBER}")}
    )
    files["moved"] = edit(
        plain,
        {
            "word/document.xml": None,
            "word/theme/tema.xml": plain_part(plain, "word/document.xml"),
            "[Content_Types].xml": lambda x: x.replace(
                b"/word/document.xml", b"/word/theme/tema.xml"
            ),
        },
    )
    files["utf-16"] = edit(
        plain,
        {"word/document.xml": lambda x: x.decode().replace("UTF-8", "UTF-16").encode("utf-16")},
    )
    files["cdata"] = edit(
        plain,
        {
            "word/document.xml": lambda x: x.replace(
                NUMBER.encode(), b"<![CDATA[%b]]>" % NUMBER.encode()
            )
        },
    )
    files["xml-comment"] = edit(
        plain,
        {"word/document.xml": lambda x: x.replace(b"19121212-", b"1912<!-- <x>9</x> -->1212-")},
    )
    files["other-prefix"] = edit(
        word_with(WORD_XML["around-deletion"]),
        {
            "word/document.xml": lambda x: x.replace(b"w:", b"ns0:").replace(
                b"xmlns:w=", b"xmlns:ns0="
            )
        },
    )
    files["default-namespace"] = edit(
        word_with(WORD_XML["around-deletion"]),
        {
            "word/document.xml": lambda x: (
                x.replace(b"<w:", b"<").replace(b"</w:", b"</").replace(b"xmlns:w=", b"xmlns=")
            )
        },
    )
    files["indented"] = edit(
        word_with(WORD_XML["split-runs"]),
        {"word/document.xml": lambda x: x.replace(b"><", b">\n   <")},
    )
    files["spaced-tags"] = edit(
        word_with(WORD_XML["around-deletion"]),
        {
            "word/document.xml": lambda x: x.replace(b"</w:delText>", b"</w:delText >").replace(
                b"</w:p>", b"</w:p\n>"
            )
        },
    )
    return files


def plain_part(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def custom(name: str, value: str) -> str:
    return (
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties">'
        f'<property fmtid="x" pid="2" name="{name}"><vt:lpwstr xmlns:vt="v">{value}</vt:lpwstr>'
        "</property></Properties>"
    )


def link(target: str) -> str:
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r" Type="hyperlink" Target="{target}" TargetMode="External"/>'
        "</Relationships>"
    )


# ---- Excel ---------------------------------------------------------------------------------


def sheet_with(value, title="Blad", **more) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = title
    page["B3"] = value
    for key, worth in more.items():
        setattr(page["B3"], key, worth)
    return saved(book)


def sheet_files() -> dict[str, bytes]:
    files = {
        "text": sheet_with(NUMBER),
        "number": sheet_with(191212121212),
        "float": sheet_with(191212121212.0),
        "sheet-name": sheet_with("x", title=NUMBER),
        "comment": sheet_with("x", comment=Comment(NUMBER, "A")),
        "formula": sheet_with(f'=CONCATENATE("{NUMBER}","")'),
    }
    book = openpyxl.Workbook()
    hidden = book.create_sheet("Dold")
    hidden.sheet_state = "veryHidden"
    hidden["ZZ9"] = NUMBER
    files["hidden-sheet"] = saved(book)
    book = openpyxl.Workbook()
    book.active["C5"] = NUMBER
    book.active.row_dimensions[5].hidden = True
    book.active.column_dimensions["C"].hidden = True
    files["hidden-row"] = saved(book)
    book = openpyxl.Workbook()
    book.active.oddHeader.center.text = NUMBER
    files["page-header"] = saved(book)
    book = openpyxl.Workbook()
    book.active.add_data_validation(DataValidation("list", formula1=f'"{NUMBER}"', sqref="A1"))
    files["validation"] = saved(book)
    book = openpyxl.Workbook()
    book.defined_names["x"] = openpyxl.workbook.defined_name.DefinedName(
        "x", attr_text=f'"{NUMBER}"'
    )
    files["defined-name"] = saved(book)
    book = openpyxl.Workbook()
    book.properties.title = NUMBER
    files["title"] = saved(book)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as shared:
        page = shared.add_worksheet()
        page.write_row(0, 0, ["Namn", "Personnr"])
        page.write_row(1, 0, ["Anna", NUMBER])
        page.write_rich_string(2, 0, "1912", shared.add_format({"bold": True}), "1212-1212")
        page.insert_textbox(5, 5, NUMBER)
    files["shared-string"] = out.getvalue()
    unused = f'<sst xmlns="{_MAIN}"><si><t>{NUMBER}</t></si></sst>'
    files["unused-string"] = edit(sheet_with(1), {"xl/sharedStrings.xml": unused})
    rich = f'<sst xmlns="{_MAIN}"><si><r><t>19121212</t></r><r><rPr><b/></rPr><t>-1212</t></r></si></sst>'
    files["rich-string"] = edit(sheet_with("x"), {"xl/sharedStrings.xml": rich})
    files["unlisted-sheet"] = edit(
        sheet_with(1), {"xl/worksheets/sheet9.xml": cells(f'<c r="A1" t="str"><v>{NUMBER}</v></c>')}
    )
    for name, markup in {
        "exponent": '<c r="A1"><v>1.91212121212E11</v></c>',
        "inline": '<c r="A1" t="inlineStr"><is><r><t>19121212</t></r><r><t>-1212</t></r></is></c>',
        "odd-attributes": f"<c  t='str'  r='A1' ><v >{NUMBER}</v ></c >",
        "no-reference": f'<c t="str"><v>{NUMBER}</v></c>',
    }.items():
        files[name] = edit(sheet_with(1), {"xl/worksheets/sheet1.xml": cells(markup)})
    files["pivot-cache"] = edit(
        sheet_with(1),
        {"xl/pivotCache/pivotCacheDefinition1.xml": f'<a xmlns="{_MAIN}"><s v="{NUMBER}"/></a>'},
    )
    files["external-cache"] = edit(
        sheet_with(1), {"xl/externalLinks/externalLink1.xml": f"<a><v>{NUMBER}</v></a>"}
    )
    files["text-box"] = edit(
        sheet_with(1), {"xl/drawings/drawing1.xml": drawing("19121212", "-1212")}
    )
    files["prefixed"] = edit(
        sheet_with(NUMBER),
        {
            "xl/worksheets/sheet1.xml": prefixed,
            "xl/workbook.xml": prefixed,
        },
    )
    return files


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def prefixed(xml: bytes) -> bytes:
    """The same XML with a prefix for its main namespace."""
    import re

    xml = xml.replace(b'xmlns="', b'xmlns:y="', 1)
    return re.sub(rb"(</?)(?=[a-zA-Z])(?![a-z]+:)", rb"\1y:", xml)


def cells(markup: str) -> str:
    return (
        f'<worksheet xmlns="{_MAIN}"><sheetData><row r="1">{markup}</row></sheetData></worksheet>'
    )


def drawing(*runs: str) -> str:
    texts = "".join(f"<a:r><a:t>{run}</a:t></a:r>" for run in runs)
    return f'<x xmlns:a="{_DRAWING}"><a:p>{texts}</a:p></x>'


# ---- PowerPoint ----------------------------------------------------------------------------


def slides_files() -> dict[str, bytes]:
    def deck():
        show = Presentation()
        return show, show.slides.add_slide(show.slide_layouts[5])

    files = {}
    show, slide = deck()
    slide.shapes.title.text = NUMBER
    files["title"] = saved(show)
    show, slide = deck()
    slide.notes_slide.notes_text_frame.text = NUMBER
    files["notes"] = saved(show)
    show, slide = deck()
    table = slide.shapes.add_table(2, 2, 0, 0, Inches(1), Inches(1)).table
    table.cell(1, 1).text = NUMBER
    files["table"] = saved(show)
    show, slide = deck()
    paragraph = slide.shapes.title.text_frame.paragraphs[0]
    for run in ("1912", "1212-", "1212"):
        paragraph.add_run().text = run
    files["split-runs"] = saved(show)
    show, slide = deck()
    slide._element.set("show", "0")
    slide.shapes.title.text = NUMBER
    files["hidden-slide"] = saved(show)
    show, _ = deck()
    files["comment"] = edit(
        saved(show),
        {
            "ppt/comments/comment1.xml": f'<p:cm xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"><p:text>{NUMBER}</p:text></p:cm>'
        },
    )
    show, _ = deck()
    show.core_properties.subject = NUMBER
    files["subject"] = saved(show)
    return files


# ---- OLE -----------------------------------------------------------------------------------


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file with these streams, each in sectors of 512 bytes; no small streams."""
    sectors, table, entries = [], [], []

    def store(data: bytes) -> int:
        first = len(sectors)
        pieces = [data[at : at + 512].ljust(512, b"\0") for at in range(0, len(data), 512)]
        sectors.extend(pieces)
        table.extend([*range(first + 1, first + len(pieces)), 0xFFFFFFFE])
        return first

    for name, data in streams.items():
        padded = data.ljust(4096, b"\0")
        entries.append((name, 2, store(padded), len(padded)))
    raw = b""
    for name, kind, first, size in [("Root Entry", 5, 0xFFFFFFFE, 0), *entries]:
        wide = name.encode("utf-16-le")
        raw += wide.ljust(64, b"\0") + struct.pack("<HBB", len(wide) + 2, kind, 1)
        raw += struct.pack("<3I", 0xFFFFFFFF, 0xFFFFFFFF, 1 if kind == 5 else 0xFFFFFFFF)
        raw += b"\0" * 36 + struct.pack("<IQ", first, size)
    directory = store(raw.ljust(-(-len(raw) // 512) * 512, b"\0"))
    at = len(sectors)
    blocks = -(-(len(table) + 4) // 128)
    table.extend([0xFFFFFFFD] * blocks)
    fat = b"".join(struct.pack("<I", n) for n in table).ljust(blocks * 512, b"\xff")
    places = [*range(at, at + blocks)] + [0xFFFFFFFF] * (109 - blocks)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<9I", 0, blocks, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *places)
    return header + b"".join(sectors) + fat


def old_excel(*, locked=False) -> bytes:
    """A BIFF8 workbook of one sheet with a text cell and a number cell."""

    def record(kind: int, data: bytes = b"") -> bytes:
        return struct.pack("<2H", kind, len(data)) + data

    begin = struct.pack("<4H2I", 0x0600, 5, 0x0DBB, 0x07CC, 0, 6)
    name = b"Klass 7B"
    lock = record(0x2F, struct.pack("<H", 1) + b"\0" * 52) if locked else b""
    start = len(record(0x809, begin) + lock) + 4 + 8 + len(name) + 4
    sheet = struct.pack("<IBBBB", start, 0, 0, len(name), 0) + name
    book = record(0x809, begin) + lock + record(0x85, sheet) + record(0x0A)
    text = struct.pack("<4HB", 0, 0, 0, len(NUMBER), 0) + NUMBER.encode()
    number = struct.pack("<3Hd", 1, 1, 0, float(PLAIN))
    begin = struct.pack("<4H2I", 0x0600, 0x10, 0x0DBB, 0x07CC, 0, 6)
    page = record(0x809, begin) + record(0x204, text) + record(0x203, number) + record(0x0A)
    return compound({"Workbook": book + page})
