"""PDF: what hangs beside the pages, earlier revisions, and which images are read."""
# ruff: noqa: E501  (objects read best on one line)

import zlib

import pytest
from PIL import Image, ImageDraw
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader

from mailfilter.extract import Budget
from mailfilter.extract.pdf import objects as pdfobjects
from mailfilter.place import StepKind
from tests.extract import documents
from tests.extract.reading import NUMBER, contents, kinds, places, read, reasons

_FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_USES = "/Resources<</Font<</F1 5 0 R>>>>"
_XMP = "<x:x><rdf:Description my:a='{}'/><my:nr>{}</my:nr></x:x>"


def shown(text: str) -> str:
    return f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET"


def stream(content: str, head="", *, packed=False) -> bytes:
    data = content.encode("latin-1")
    if packed:
        data, head = zlib.compress(data), head + "/Filter/FlateDecode"
    return f"<<{head}/Length {len(data)}>>stream\n".encode() + data + b"\nendstream"


def file(content: str, more: dict | None = None, catalog="", page="", trailer="") -> bytes:
    """A file of one page, with further objects."""
    objects = {
        1: f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
        2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R{_USES}{page}>>",
        4: stream(content),
        5: _FONT,
        **(more or {}),
    }
    return written(b"%PDF-1.7\n", objects, trailer)


def written(before: bytes, objects: dict, trailer="") -> bytes:
    """Objects behind what is there already, with a table of their own."""
    out, table = before, b""
    for number, content in objects.items():
        table += b"%d 1\n%010d 00000 n \n" % (number, len(out))
        body = content if isinstance(content, bytes) else content.encode("latin-1")
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    return out + b"xref\n%btrailer\n<</Size 60/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        trailer.encode("latin-1"),
        len(out),
    )


def changed(first: bytes, objects: dict) -> bytes:
    """The same after it was saved again."""
    start = first.rpartition(b"startxref\n")[2].split()[0].decode()
    return written(first, objects, f"/Prev {start}")


_SPEC = {
    9: f"<</Type/Filespec/F(a.txt)/Desc({NUMBER})/EF<</F 10 0 R>>>>",
    10: stream("x", "/Type/EmbeddedFile"),
}
_HELD = {9: "<</Type/Filespec/F(a.txt)/EF<</F 10 0 R>>>>", 10: stream(NUMBER, packed=True)}
_PIN = {**_HELD, 8: "<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS 9 0 R>>"}
_STAMP = {
    9: "<</Type/Annot/Subtype/Stamp/Rect[0 0 600 800]/AP<</N 10 0 R>>>>",
    10: stream(shown(NUMBER), "/Type/XObject/Subtype/Form/BBox[0 0 600 800]" + _USES),
}
BESIDE = {
    "property of its own": file("", {9: f"<</Patient({NUMBER})>>"}, trailer="/Info 9 0 R"),
    "property in hexadecimal": file("", {9: f"<</X<FEFF{NUMBER.encode('utf-16-be').hex()}>>>"}, trailer="/Info 9 0 R"),
    "packed XMP": file("", {9: stream(_XMP.format("", NUMBER), "/Type/Metadata/Subtype/XML", packed=True)}, "/Metadata 9 0 R"),
    "attribute of XMP": file("", {9: stream(_XMP.format(NUMBER, ""), "/Type/Metadata/Subtype/XML")}, "/Metadata 9 0 R"),
    "field on no page": file("", {9: f"<</FT/Tx/T(a)/V({NUMBER})>>"}, "/AcroForm<</Fields[9 0 R]>>"),
    "choice": file("", {9: f"<</Type/Annot/Subtype/Widget/FT/Ch/T(a)/Opt[(x)({NUMBER})]/Rect[0 0 9 9]>>"}, "/AcroForm<</Fields[9 0 R]>>", "/Annots[9 0 R]"),
    "alternative text": file("", {9: "<</Type/StructTreeRoot/K 10 0 R>>", 10: f"<</Type/StructElem/S/Figure/P 9 0 R/Alt({NUMBER})>>"}, "/StructTreeRoot 9 0 R"),
    "name of a layer": file("", {9: f"<</Type/OCG/Name({NUMBER})>>"}, "/OCProperties<</OCGs[9 0 R]>>"),
    "name of a place": file("", None, f"/Names<</Dests<</Names[({NUMBER})[3 0 R/Fit]]>>>>"),
    "label of a page": file("", None, f"/PageLabels<</Nums[0<</P({NUMBER})>>]>>"),
    "script": file("", {9: f"<</S/JavaScript/JS(var a = \\({NUMBER}\\))>>"}, "/OpenAction 9 0 R"),
    "script in a stream": file("", {9: "<</S/JavaScript/JS 10 0 R>>", 10: stream(f"var a = '{NUMBER}'", packed=True)}, "/OpenAction 9 0 R"),
    "note of an attachment": file("", _SPEC, "/Names<</EmbeddedFiles<</Names[(a) 9 0 R]>>>>"),
    "attachment of the catalogue": file("", _HELD, "/AF[9 0 R]"),
    "attachment of a page": file("", _HELD, "", "/AF[9 0 R]"),
    "attachment as a pin": file("", _PIN, "", "/Annots[8 0 R]"),
    "rich note": file("", {9: "<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/RC(<p>1912<b>1212</b>-1212</p>)>>"}, "", "/Annots[9 0 R]"),
    "stamp": file("", _STAMP, "", "/Annots[9 0 R]"),
    "object stream": file("", {9: stream(f"1 0 <</Any({NUMBER})>>", "/Type/ObjStm/N 1/First 4", packed=True)}),
    "earlier": changed(file(shown(NUMBER)), {4: stream(shown("borta"))}),
    "earlier, packed": changed(file("", {4: stream(shown(NUMBER), packed=True)}), {4: stream(shown("borta"))}),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_what_hangs_beside_the_pages_is_found(name):
    found = read(BESIDE[name], "brev.pdf")
    assert (bool(places(found)), reasons(found)) == (True, []), contents(found)


def test_earlier_text_is_hidden_and_present_text_is_not():
    assert kinds(read(BESIDE["earlier"], "a.pdf")) == {StepKind.ATTACHMENT, StepKind.HIDDEN}
    kept = changed(file(shown(NUMBER)), {6: "null"})
    assert kinds(read(kept, "a.pdf")) == {StepKind.ATTACHMENT, StepKind.PAGE}


def test_nothing_is_said_twice():
    titled = file("", {9: f"<</Title({NUMBER})>>"}, trailer="/Info 9 0 R")
    assert len(places(read(titled, "a.pdf"))) == 1
    attached = file("", _HELD, "/Names<</EmbeddedFiles<</Names[(a) 9 0 R]>>>>")
    assert len(places(read(attached, "a.pdf"))) == 1


def test_an_attachment_in_a_rare_packing_is_said():
    held = {9: _HELD[9], 10: stream("x", "/Filter/RunLengthDecode")}
    assert reasons(read(file("", held, "/AF[9 0 R]"), "a.pdf")) == ["embedded-object"]


def test_escapes_that_are_none_stand_for_themselves():
    assert list(pdfobjects.strings(b"(\\9\\701912\\\n1212\\(\\x)")) == ["9\xc19121212(x"]


def test_many_marks_cost_little():
    data = b"%PDF-1.7\n" + b"1 0 obj (((((" * 3000 + b"<4142434445" * 3000
    assert list(pdfobjects.objects(data, Budget()))
    assert isinstance(list(pdfobjects.strings(data)), list)


# ---- images --------------------------------------------------------------------------------

_LINE = "En rad text av vanlig längd i ett brev, på sidan"


def _picture(size=(800, 1100)) -> ImageReader:
    image = Image.new("L", size, 255)
    ImageDraw.Draw(image).text((50, 50), NUMBER, fill=0)
    return ImageReader(image)


def _page(*images, lines=0, top=0):
    def draw(sheet):
        for box in images:
            sheet.drawImage(_picture(), *box)
        for n in range(lines):
            sheet.drawString(50, top + 14 * n, _LINE)

    return documents.page(draw)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_page((0, 0, 595, 842)), ["pdf-without-text"]),
        (_page((0, 0, 595, 842), lines=2, top=20), ["pdf-without-text"]),
        (_page((0, 0, 595, 842), lines=40, top=20), []),
        (_page((0, 420, 595, 400), lines=20, top=20), ["pdf-without-text"]),
        (_page(*((0, n * 50, 595, 50) for n in range(16)), lines=2), ["pdf-without-text"]),
        (_page((50, 500, 260, 100), lines=20, top=20), ["image"]),
        (_page((50, 700, 150, 60), lines=20, top=20), []),
    ],
    ids=["scan", "with a stamp", "with a layer", "half", "strips", "in the text", "logo"],
)
def test_images_without_text_on_them_are_asked_of_ocr(data, reason):
    assert reasons(read(data, "a.pdf")) == reason


def test_letters_without_meaning_are_an_image():
    font = "<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[.1 0 0 .1 0 0]/FirstChar 200/LastChar 201/Widths[6 6]/Encoding<</Differences[200/a1/a2]>>/CharProcs<</a1 8 0 R/a2 8 0 R>>>>"
    data = file(shown("\\310\\311" * 40), {5: font, 8: stream("6 0 d0 0 0 5 7 re f")})
    assert reasons(read(data, "a.pdf")) == ["pdf-without-text"]


def test_a_file_that_is_locked_for_changes_only_is_read_beside_its_pages():
    def draw(sheet):
        sheet.acroForm.choice(name="a", value="x", options=["x", NUMBER])

    data = documents.page(draw, encrypt=StandardEncryption("", "owner"))
    assert NUMBER.encode() not in data
    assert places(read(data, "a.pdf"))
