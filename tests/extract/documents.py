"""PDF, OpenDocument, RTF: files with the test number in a hiding place."""
# ruff: noqa: E501  (markup and headers of files read best on one line)

import io

import fpdf
import odfdo
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen import canvas

from tests.extract.making import edit, zipped
from tests.extract.reading import NUMBER


def page(draw, **more) -> bytes:
    out = io.BytesIO()
    sheet = canvas.Canvas(out, **more)
    draw(sheet)
    sheet.showPage()
    sheet.save()
    return out.getvalue()


def pdf(text="Hej", **more) -> bytes:
    return page(lambda sheet: sheet.drawString(50, 700, text), **more)


def locked_pdf(user="hemligt") -> bytes:
    return pdf(NUMBER, encrypt=StandardEncryption(user, ownerPassword="agare"))


def picture_pdf(text="") -> bytes:
    from PIL import Image

    document = fpdf.FPDF()
    document.add_page()
    document.image(Image.new("RGB", (600, 800), "white"), 0, 0, 200, 280)
    if text:
        document.set_font("helvetica", size=12)
        document.text(20, 20, text)
    return bytes(document.output())


def fpdf_with(act) -> bytes:
    document = fpdf.FPDF()
    document.add_page()
    document.set_font("helvetica", size=12)
    document.text(20, 20, "Hej, det här är ett brev som handlar om ingenting alls, men är långt.")
    act(document)
    return bytes(document.output())


def _form(sheet):
    sheet.acroForm.textfield(name="nr", value=NUMBER, x=50, y=600, width=200, height=20)
    sheet.drawString(50, 700, "Blankett")


def _invisible(sheet):
    text = sheet.beginText(50, 700)
    text.setTextRenderMode(3)
    text.textLine(NUMBER)
    sheet.drawText(text)


def _outline(sheet):
    sheet.bookmarkPage("a")
    sheet.addOutlineEntry(NUMBER, "a")


def _title(sheet):
    sheet.setTitle(NUMBER)
    sheet.drawString(50, 700, "Hej")


def pdf_files() -> dict[str, bytes]:
    return {
        "text": pdf(NUMBER),
        "invisible": page(_invisible),
        "form": page(_form),
        "bookmark": page(_outline),
        "title": page(_title),
        "annotation": fpdf_with(lambda d: d.text_annotation(50, 50, NUMBER)),
        "link": fpdf_with(lambda d: d.link(10, 10, 50, 50, f"https://x.se/?nr={NUMBER}")),
        "attachment": fpdf_with(lambda d: d.embed_file(basename="a.txt", bytes=NUMBER.encode())),
        "attachment-name": fpdf_with(
            lambda d: d.embed_file(basename=f"{NUMBER}.txt", bytes=b"hej")
        ),
        "owner-password": pdf(NUMBER, encrypt=StandardEncryption("", ownerPassword="agare")),
        "behind-junk": b"\n" * 500 + pdf(NUMBER),
    }


# ---- OpenDocument --------------------------------------------------------------------------


def saved(document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def odt(xml="") -> bytes:
    document = odfdo.Document("text")
    document.body.clear()
    document.body.append(odfdo.Paragraph("Hej"))
    data = saved(document)
    return edit(
        data,
        {"content.xml": lambda x: x.replace(b"</office:text>", xml.encode() + b"</office:text>")},
    )


_ODT = {
    "text": f"<text:p>{NUMBER}</text:p>",
    "split": "<text:p>1912<text:span>1212</text:span>-<text:bookmark text:name='a'/>1212</text:p>",
    "heading": f"<text:h>{NUMBER}</text:h>",
    "table": "<table:table><table:table-row><table:table-cell><text:p>Anna</text:p></table:table-cell>"
    f"<table:table-cell><text:p>{NUMBER}</text:p></table:table-cell></table:table-row></table:table>",
    "comment": f"<text:p>Hej<office:annotation><text:p>{NUMBER}</text:p></office:annotation></text:p>",
    "around-comment": "<text:p>19121212<office:annotation><text:p>77</text:p></office:annotation>-1212</text:p>",
    "footnote": f"<text:p>Hej<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>{NUMBER}</text:p></text:note-body></text:note></text:p>",
    "deleted": f"<text:tracked-changes><text:changed-region><text:deletion><text:p>{NUMBER}</text:p></text:deletion></text:changed-region></text:tracked-changes>",
    "around-alt-text": "<text:p>19121212<draw:frame><svg:desc>77</svg:desc></draw:frame>-1212</text:p>",
    "text-box": f"<text:p><draw:frame><draw:text-box><text:p>{NUMBER}</text:p></draw:text-box></draw:frame></text:p>",
    "alt-text": f"<text:p><draw:frame><svg:desc>{NUMBER}</svg:desc></draw:frame></text:p>",
    "link": f"<text:p><text:a xlink:href='https://x.se/{NUMBER}'>x</text:a></text:p>",
}


def ods(value=NUMBER, xml="") -> bytes:
    document = odfdo.Document("spreadsheet")
    document.body.clear()
    table = odfdo.Table("Klass")
    table.set_value("B3", value)
    document.body.append(table)
    return edit(
        saved(document),
        {"content.xml": lambda x: x.replace(b"</table:table>", xml.encode() + b"</table:table>")},
    )


def odf_files() -> dict[str, bytes]:
    files = {name: odt(xml) for name, xml in _ODT.items()}
    files["cells"] = ods()
    files["number"] = ods(191212121212)
    files["repeated"] = ods(
        "x",
        f"<table:table-row table:number-rows-repeated='1000000'><table:table-cell table:number-columns-repeated='1000'/></table:table-row><table:table-row><table:table-cell office:value-type='string'><text:p>{NUMBER}</text:p></table:table-cell></table:table-row>",
    )
    files["nameless-sheet"] = edit(
        ods(), {"content.xml": lambda x: x.replace(b' table:name="Klass"', b"")}
    )
    files["properties"] = edit(
        odt(), {"meta.xml": f"<m><dc:title xmlns:dc='d'>{NUMBER}</dc:title></m>"}
    )
    files["header"] = edit(
        odt(),
        {
            "styles.xml": f"<office:document-styles><office:master-styles><style:master-page><style:header><text:p>{NUMBER}</text:p></style:header></style:master-page></office:master-styles></office:document-styles>"
        },
    )
    deck = odfdo.Document("presentation")
    deck.body.clear()
    slide = odfdo.DrawPage("a", name="x")
    deck.body.append(slide)
    files["slide"] = edit(
        saved(deck),
        {
            "content.xml": lambda x: x.replace(
                b"<draw:page",
                f"<draw:page draw:name='z'><draw:frame><draw:text-box><text:p>{NUMBER}</text:p></draw:text-box></draw:frame></draw:page><draw:page".encode(),
                1,
            )
        },
    )
    files["flat"] = (
        b'<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text><text:p>1912<text:span>1212</text:span>-1212</text:p></office:text></office:body></office:document>'
    )
    return files


def locked_odt() -> bytes:
    manifest = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": b"\x81\x82",
            "META-INF/manifest.xml": manifest,
        }
    )


# ---- RTF -----------------------------------------------------------------------------------


def rtf(inside: str) -> bytes:
    return ("{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}" + inside + "\\par}").encode(
        "cp1252"
    )


RTF = {
    "text": rtf(f"Hej {NUMBER}"),
    "split": rtf("1912{\\b 1212}-{\\i 1212}"),
    "escapes": rtf("\\u49?9121212-12\\'312"),
    "hyphen": rtf("19121212\\_1212"),
    "title": rtf("{\\info{\\title " + NUMBER + "}{\\author A}}Hej"),
    "comment": rtf("Hej{\\*\\annotation " + NUMBER + "}"),
    "hidden": rtf("Hej {\\v " + NUMBER + "}"),
    "header": rtf("{\\header " + NUMBER + "}Hej"),
    "footnote": rtf("Hej{\\footnote " + NUMBER + "}"),
    "table": rtf("\\trowd Anna\\cell " + NUMBER + "\\cell\\row"),
    "field": rtf('{\\field{\\*\\fldinst HYPERLINK "https://x.se/' + NUMBER + '"}{\\fldrslt x}}'),
}
