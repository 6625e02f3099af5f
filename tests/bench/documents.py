"""Large office documents for ``extract.py``: made anew from a seed, the same bytes everywhere.

A pdf of 50 pages with an embedded font, an xlsx of 20,000 rows, a docx of 400,000 characters.
The text is the office prose of ``load.py``; the only identity numbers are official test numbers.
"""

import io
import random
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import docx
import load
import openpyxl
import reportlab
import xlsxwriter
from docx.shared import Pt
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

NUMBERS = ("19121212-1212", "191212121212")  # the Tax Agency's best known test number
UNITS = (
    "Teknik & miljö",
    "Fastighet",
    "Kultur",
    "Näringsliv",
    "Överförmyndaren",
    "Räddningstjänst",
)
PAGES, ROWS, CHARACTERS = 50, 20_000, 400_000
LINES = 48  # on a page


def prose(rng: random.Random, length: int, *, numbers: bool = True) -> str:
    """One paragraph of about so many characters; a test number now and then."""
    text = load.prose(rng, length).replace("\n", " ").strip()
    if numbers and rng.random() < 0.01:
        text += f" Handlingen rör {rng.choice(NUMBERS)} och lämnas till arkivet."
    return text


def pdf(pictures: int = 0, *, numbers: bool = True) -> bytes:
    """Fifty full pages in an embedded TrueType font, as Office writes them.

    `pictures` are so many bytes of photographs beside the text; without `numbers` it is clean.
    """
    rng, out = random.Random(1), io.BytesIO()
    pdfmetrics.registerFont(TTFont("Vera", Path(reportlab.__file__).parent / "fonts/Vera.ttf"))
    page = canvas.Canvas(out, pagesize=A4, invariant=True)
    page.setTitle("Tjänsteutlåtande")
    page.setAuthor("Samhällsbyggnad")
    for number in range(1, PAGES + 1):
        page.setFont("Vera", 9)
        text = page.beginText(56, 790)
        for line in _lines(prose(rng, LINES * 80, numbers=numbers), 84):
            text.textLine(line)
        page.drawText(text)
        if pictures:
            page.drawImage(_photograph(rng, pictures // PAGES), 400, 700, 120, 90)
        page.drawString(280, 30, f"Sida {number} av {PAGES}")
        page.showPage()
    page.save()
    return out.getvalue()


def _photograph(rng: random.Random, size: int) -> ImageReader:
    """Noise, so that nothing makes it smaller than so many bytes."""
    side = int((size / 3) ** 0.5)
    return ImageReader(Image.frombytes("RGB", (side, side), rng.randbytes(3 * side * side)))


def _lines(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        if len(line) + len(word) > width:
            yield line
            line = ""
        line += f" {word}" if line else word
    yield line


Row = tuple[int, str, str, date, float, int, str]


def rows() -> Iterator[Row]:
    """Case number, identity, unit, date, amount, postcode, remark."""
    rng, first = random.Random(2), date(2024, 1, 1)
    for n in range(1, ROWS + 1):
        yield (
            n,
            rng.choice(NUMBERS) if n % 50 == 0 else f"KS {2000 + n % 27}/{n:05d}",
            rng.choice(UNITS),
            first + timedelta(rng.randrange(900)),
            round(rng.random() * 40000, 2),
            rng.randrange(10000, 99999),
            prose(rng, 40),
        )


HEADER = ("Nr", "Beteckning", "Enhet", "Datum", "Belopp", "Postnummer", "Anmärkning")


def xlsx() -> bytes:
    """A register as a program exports it: every row has the same columns."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Register")
    sheet.append(HEADER)
    for row in rows():
        sheet.append(row)
    return _saved(book)


def xlsx_by_hand() -> bytes:
    """The same register as people keep it: empty cells, formulas, formats, a second sheet."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet, sums = book.add_worksheet("Register"), book.add_worksheet("Summor")
    day, money = (book.add_format({"num_format": code}) for code in ("yyyy-mm-dd", "#,##0.00"))
    sheet.write_row(0, 0, HEADER)
    for n, row in enumerate(rows(), 1):
        sheet.write_number(n, 0, row[0])
        sheet.write_string(n, 1, row[1])
        if n % 3:
            sheet.write_string(n, 2, row[2])
        sheet.write_datetime(n, 3, row[3], day)
        sheet.write_number(n, 4, row[4], money)
        sheet.write_formula(n, 5, f"=E{n + 1}*1.25", money, row[4] * 1.25)
        if n % 7:
            sheet.write_string(n, 6, row[6])
    sums.write_formula(0, 0, "=SUM(Register!E:E)", money, 1.0)
    book.close()
    return out.getvalue()


def word() -> bytes:
    """Paragraphs of a few runs, headings, a table, header and footer."""
    rng, document, size = random.Random(3), docx.Document(), 0
    document.core_properties.title = "Verksamhetsberättelse"
    document.sections[0].header.paragraphs[0].text = "Exempelkommun"
    document.sections[0].footer.paragraphs[0].text = "Diarienummer KS 2026/00123"
    while size < CHARACTERS - 4000:
        if rng.random() < 0.1:
            document.add_heading(rng.choice(UNITS), 2)
        paragraph = document.add_paragraph()
        for n in range(rng.randrange(1, 5)):
            text = prose(rng, rng.randrange(60, 400)) + " "
            run = paragraph.add_run(text)
            run.bold, run.font.size = n == 1 or None, Pt(11) if n == 2 else None
            size += len(text)
    table = document.add_table(0, 3)
    for row in range(40):
        cells = table.add_row().cells
        for cell, value in zip(cells, (str(row), rng.choice(UNITS), prose(rng, 60)), strict=True):
            cell.text = value
    return _saved(document)


_NAMESPACES = (
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
)
_PARAGRAPH = '<w:p w:rsidR="00A1{0:04X}" w:rsidRDefault="00B2{0:04X}" w:rsidP="00C3{0:04X}">'
_RUN = (
    '<w:r w:rsidRPr="00D4{:04X}"><w:rPr><w:rFonts w:cs="Arial"/><w:lang w:val="sv-SE"/></w:rPr>'
    '<w:t xml:space="preserve">{}</w:t></w:r>'
)
_SPELLING = '<w:proofErr w:type="spellStart"/>{}<w:proofErr w:type="spellEnd"/>'


def word_edited() -> bytes:
    """What Word writes after years of editing: short runs with properties, revision marks."""
    rng, pieces, size = random.Random(4), [], 0
    while size < CHARACTERS:
        pieces.append(_PARAGRAPH.format(rng.randrange(1 << 16)))
        for _ in range(rng.randrange(4, 20)):
            text = prose(rng, rng.randrange(5, 60)) + " "
            run = _RUN.format(rng.randrange(1 << 16), text)
            pieces.append(_SPELLING.format(run) if rng.random() < 0.3 else run)
            size += len(text)
        pieces.append("</w:p>")
    out, old = io.BytesIO(), io.BytesIO(_saved(docx.Document()))
    with zipfile.ZipFile(old) as made, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in made.namelist():
            content = made.read(name)
            if name == "word/document.xml":
                body = "".join(pieces)
                content = (
                    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
                    f"<w:document {_NAMESPACES}><w:body>{body}</w:body></w:document>"
                ).encode()
            if name != "word/stylesWithEffects.xml" and not name.endswith(".jpeg"):
                new.writestr(name, content)
    return out.getvalue()


def _saved(document: "openpyxl.Workbook | docx.document.Document") -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
