"""Ways to show a number in a picture or a drawing, as telephones, scanners and Office make them.

From → to: `ways()` yields (name, function from twelve digits to an entity, why it is missed or "").
What only OCR reads has a name that begins with "picture".

Sources: Pillow's formats; MS-EMF and MS-WMF (metafiles.py); ECMA-376 and OpenDocument 1.3 for where
a picture lies in a document. What a telephone writes (HEIC) nobody here can write: telephone.txt.
"""

import base64
import io
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files

from PIL import Image, ImageDraw, ImageFont

from mailfilter.selftest import metafiles as made
from mailfilter.selftest.files import archive
from mailfilter.selftest.mails import Make, attached, hyphened, whole_page

Way = tuple[str, Make, str]
Draw = Callable[[str], bytes]
_BINARY = "application/octet-stream"
_FORMATS = {  # of Pillow: ending of the name, MIME type
    "PNG": ("png", "image/png"),
    "JPEG": ("jpg", "image/jpeg"),
    "AVIF": ("avif", "image/avif"),
    "JPEG2000": ("jp2", "image/jp2"),
    "TGA": ("tga", "image/x-tga"),
    "PCX": ("pcx", "image/x-pcx"),
    "ICO": ("ico", "image/x-icon"),
}


def ways() -> Iterator[Way]:
    """All ways of this kind."""
    for table in (_pictures(), _DRAWN, _CARRIED):
        for name, make in table.items():
            yield name, make, ""


def shown(number: str) -> Image.Image:
    """The number as a line of a page; square, as an icon must be."""
    sheet = Image.new("RGB", (256, 256), "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((8, 60), "Personnummer", (0, 0, 0), ImageFont.load_default(25))
    pen.text((8, 110), hyphened(number), (0, 0, 0), ImageFont.load_default(25))
    return sheet


def picture(number: str, form: str = "PNG") -> bytes:
    """The same as a file of a format."""
    out = io.BytesIO()
    shown(number).save(out, form)
    return out.getvalue()


@cache
def _telephones() -> dict[str, bytes]:
    lines = (files("mailfilter.selftest") / "telephone.txt").read_text("ascii").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return {number: base64.b64decode(data) for number, data in pairs}


def telephone(number: str) -> bytes:
    """A HEIC that shows one of the catalogue's numbers."""
    return _telephones()[number]


def bitmap(number: str) -> bytes:
    """As a bitmap lies in memory."""
    out = io.BytesIO()
    shown(number).save(out, "BMP")
    return out.getvalue()[14:]


def _pictures() -> dict[str, Make]:
    found: dict[str, Make] = {
        f"picture: {form}": _attached(f"IMG_2041.{ending}", kind, form)
        for form, (ending, kind) in _FORMATS.items()
    }
    found["picture: HEIC of a telephone"] = lambda n: attached(
        "IMG_2041.HEIC", "image/heic", telephone(n)
    )
    found["picture: HEIC called JPEG"] = lambda n: attached(
        "IMG_2041.jpg", "image/jpeg", telephone(n)
    )
    found["picture: HEIC in a zip"] = lambda n: attached(
        "bilder.zip", "application/zip", archive({"IMG_2041.HEIC": telephone(n)})
    )
    return found


def _attached(name: str, kind: str, form: str) -> Make:
    return lambda number: attached(name, kind, picture(number, form))


def line(number: str) -> bytes:
    """An EMF with one line of text."""
    return made.emf(made.font(), made.text(10, 50, f"Pnr {hyphened(number)}"))


def _letters(number: str) -> bytes:
    letters = enumerate(hyphened(number))
    return made.emf(made.font(), *(made.text(10 + 11 * n, 50, char) for n, char in letters))


def _table(number: str) -> bytes:
    rows = [(10, 20, "Namn"), (300, 20, "Personnr"), (10, 60, "Anna"), (300, 60, hyphened(number))]
    return made.emf(made.font(), made.strings(rows))


def old_line(number: str) -> bytes:
    """A WMF with one line of text."""
    return made.wmf(made.old_font(), made.old_text(10, 20, f"Pnr {hyphened(number)}".encode()))


def _document(name: str, content: bytes) -> bytes:
    """A docx with a picture."""
    kinds = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override '
        'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'wordprocessingml.document.main+xml"/></Types>'
    )
    main = (
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        "<w:body><w:p><w:r><w:t>Hej</w:t></w:r></w:p></w:body></w:document>"
    )
    members = {"[Content_Types].xml": kinds.encode(), "word/document.xml": main.encode()}
    return archive({**members, f"word/media/{name}": content})


def _sheet(name: str, content: bytes) -> bytes:
    """An xlsx with a picture."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    kinds = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    page = f"<worksheet {space}><sheetData/></worksheet>"
    members = {
        "[Content_Types].xml": kinds.encode(),
        "xl/workbook.xml": f"<workbook {space}/>".encode(),
        "xl/worksheets/sheet1.xml": page.encode(),
    }
    return archive({**members, f"xl/media/{name}": content})


def _odt(name: str, content: bytes) -> bytes:
    """An odt with a picture."""
    text = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>'
        "<text:p>Hej</text:p></office:text></office:body></office:document-content>"
    )
    members = {
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "content.xml": text.encode(),
        f"Pictures/{name}": content,
    }
    return archive(members)


def _rtf(word: str, content: bytes) -> bytes:
    return f"{{\\rtf1\\ansi Hej {{\\pict\\{word} {content.hex()}}}}}".encode()


_DRAWN: dict[str, Make] = {
    "drawing: EMF": lambda n: attached("a.emf", "image/emf", line(n)),
    "drawing: EMF, a letter a record": lambda n: attached("a.emf", "image/emf", _letters(n)),
    "drawing: EMF, a table": lambda n: attached("a.emf", "image/emf", _table(n)),
    "drawing: EMF+": lambda n: attached("a.emf", "image/emf", made.emf(made.plus_text(9, 9, n))),
    "drawing: WMF": lambda n: attached("a.wmf", "image/wmf", old_line(n)),
    "drawing: WMF, a letter a record": lambda n: attached(
        "a.wmf",
        "image/wmf",
        made.wmf(*(made.old_text(9 + 11 * i, 9, d.encode()) for i, d in enumerate(n))),
    ),
    "drawing: EMF in docx": lambda n: attached("a.docx", _BINARY, _document("a.emf", line(n))),
    "drawing: WMF in docx": lambda n: attached("a.docx", _BINARY, _document("a.wmf", old_line(n))),
    "drawing: EMF in xlsx": lambda n: attached("a.xlsx", _BINARY, _sheet("a.emf", line(n))),
    "drawing: EMF in odt": lambda n: attached("a.odt", _BINARY, _odt("a.emf", line(n))),
    "drawing: WMF in odt": lambda n: attached("a.odt", _BINARY, _odt("a.wmf", old_line(n))),
    "drawing: EMF in rtf": lambda n: attached("a.rtf", "text/rtf", _rtf("emfblip", line(n))),
    "drawing: WMF in rtf": lambda n: attached("a.rtf", "text/rtf", _rtf("wmetafile8", old_line(n))),
}
_CARRIED: dict[str, Make] = {
    "picture: in EMF": lambda n: attached(
        "a.emf", "image/emf", made.emf(made.stretched(bitmap(n)))
    ),
    "picture: in WMF": lambda n: attached(
        "a.wmf", "image/wmf", made.wmf(made.old_bitmap(bitmap(n)))
    ),
    "picture: bitmap in rtf": lambda n: attached("a.rtf", "text/rtf", _rtf("dibitmap0", bitmap(n))),
    "picture: HEIC in docx": lambda n: attached(
        "a.docx", _BINARY, _document("image1.heic", telephone(n))
    ),
    "picture: AVIF in odt": lambda n: attached(
        "a.odt", _BINARY, _odt("a.avif", picture(n, "AVIF"))
    ),
    "picture: data URI, JPEG 2000": lambda n: whole_page(
        f'<p>Hej</p><img src="data:image/jp2;base64,'
        f'{base64.b64encode(picture(n, "JPEG2000")).decode()}">'
    ),
}
