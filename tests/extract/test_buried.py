"""Files inside texts: base64 of documents in XML, JSON, notebooks, flat Office files, diagrams."""

import base64
import io
import json
import random
import textwrap
import zipfile
import zlib
from datetime import date
from urllib.parse import quote

import pytest

from mailfilter.examine import Job, examine_small
from mailfilter.extract import Budget, extract
from mailfilter.extract.containers.flatopc import SPACE
from mailfilter.extract.weight import Heavy
from mailfilter.model import Coverage
from mailfilter.parse import parse, roles
from mailfilter.workers.pool import Pool
from tests.extract import documents, making
from tests.extract.making_old import compound_file
from tests.extract.reading import NUMBER, contents, places, read, read_body, reasons
from tests.test_workers import running

JOB = Job(b"k" * 32, date(2026, 11, 24))
PDF = documents.pdf(NUMBER)
DOCX = making.word(f"Personnummer {NUMBER}")
FILES = {
    "pdf": PDF,
    "docx": DOCX,
    "rtf": b"{\\rtf1\\ansi Personnummer 191212{\\b 12-1212} " + b"x" * 120 + b"}",
    "xls": making.old_excel(),
    "zip": making.zipped({"a.txt": f"nr {NUMBER}".encode()}),
    "html": f"<html><body><p>{'Hej ' * 30}</p><p>19121212-<b>1212</b></p></body></html>".encode(),
    "mail": b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(b"Hej hej, numret kommer nu: " + NUMBER.encode()),
}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def rows(data: bytes, between: str, width=76) -> str:
    return between.join(textwrap.wrap(b64(data), width))


def form(packed: str) -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f"{head}<arende><bilaga><namn>a</namn><data>{packed}</data></bilaga></arende>"


WRITTEN = {
    "element": lambda data: form(b64(data)),
    "rows": lambda data: form(rows(data, "\r\n")),
    "indented": lambda data: form("\n      " + rows(data, "\n      ", 60) + "\n    "),
    "references": lambda data: form(rows(data, "&#13;\n")),
    "CDATA": lambda data: form(f"<![CDATA[{b64(data)}]]>"),
    "attribute": lambda data: f'<?xml version="1.0"?><a fil="{b64(data)}"/>',
    "json": lambda data: json.dumps({"bilaga": b64(data)}),
    "json of PHP": lambda data: json.dumps({"bilaga": b64(data)}).replace("/", "\\/"),
    "json rows": lambda data: json.dumps({"bilaga": rows(data, "\n")}),
    "json list": lambda data: json.dumps({"b": rows(data, "\n").splitlines(True)}, indent=1),
    "behind a name": lambda data: f"arkiv/{b64(data)}" if data[:5] == b"%PDF-" else form(b64(data)),
    "hexadecimal": lambda data: form(data.hex()),
    "without padding": lambda data: form(b64(data).rstrip("=")),
    "for addresses": lambda data: json.dumps({"b": base64.urlsafe_b64encode(data).decode()}),
    "twice": lambda data: form(b64(b64(data).encode())),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("file", FILES)
def test_a_file_in_a_text_is_read(file, written):
    found = read(WRITTEN[written](FILES[file]).encode(), "a.xml")
    assert places(found)
    assert reasons(found) == []


@pytest.mark.parametrize("written", WRITTEN)
def test_whatever_the_name(written):
    data = WRITTEN[written](PDF).encode()
    for name in ("a.json", "a.ipynb", "a.txt", "a", "a.html"):
        assert places(read(data, name)), name


def test_a_file_pasted_into_the_mail_is_read():
    text = f"Hej!\r\n\r\n{rows(DOCX, chr(13) + chr(10))}\r\n\r\nMvh Anna\r\n"
    assert places(read_body(text.encode()))
    assert reasons(read_body(text.encode())) == []


def test_a_file_is_read_once():
    data = form(b64(PDF)) + form(b64(PDF))
    found = read(data.encode(), "a.xml")
    assert sum(text.content.strip() == NUMBER for text in found.texts) == 1


def test_what_is_cut_inside_is_said():
    data = form(b64(DOCX[:-200]))
    assert reasons(read(data.encode(), "a.xml"))


def test_locked_files_inside_are_said():
    assert reasons(read(form(b64(documents.locked_pdf())).encode(), "a.xml")) == ["encrypted"]


def test_signatures_and_keys_are_nothing():
    noise = random.Random(7)
    runs = [b64(noise.randbytes(256)) for _ in range(400)]
    data = "".join(f"<Signature>{run}</Signature>" for run in runs)
    found = read(f'<?xml version="1.0"?><a>{data}</a>'.encode(), "a.xml")
    assert reasons(found) == []


def test_long_words_and_addresses_are_nothing():
    text = "https://example.org/" + "abc123/" * 60 + " " + "a" * 500
    assert reasons(read_body(text.encode())) == []


def test_nesting_is_bounded():
    data = PDF
    for _ in range(8):
        data = form(b64(data)).encode()
    found = read(data, "a.xml", budget=Budget(depth=5))
    assert "too-deep" in reasons(found)


def test_many_files_are_bounded():
    noise = random.Random(7)
    data = json.dumps([b64(b"%PDF-1.4\n" + noise.randbytes(120)) for _ in range(60)])
    assert "too-many-parts" in reasons(read(data.encode(), "a.json", budget=Budget(parts=20)))


# ---- flat Office files ---------------------------------------------------------------------


def flat(data: bytes, prefix="pkg") -> bytes:
    parts = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name == "[Content_Types].xml":
                continue
            content = archive.read(name)
            if name.endswith((".xml", ".rels")):
                inner = content.decode().partition("?>")[2] or content.decode()
                body = f"<{prefix}:xmlData>{inner}</{prefix}:xmlData>"
            else:
                body = f"<{prefix}:binaryData>{rows(content, chr(10))}</{prefix}:binaryData>"
            kind = "application/xml"
            parts.append(
                f'<{prefix}:part {prefix}:name="/{name}" {prefix}:contentType="{kind}">'
                f"{body}</{prefix}:part>"
            )
    return (
        '<?xml version="1.0" standalone="yes"?><?mso-application progid="Word.Document"?>'
        f'<{prefix}:package xmlns:{prefix}="{SPACE}">{"".join(parts)}</{prefix}:package>'
    ).encode()


@pytest.mark.parametrize("name", ["a.xml", "a.doc", "a"])
@pytest.mark.parametrize("prefix", ["pkg", "p"])
def test_a_flat_document_is_read_as_a_document(name, prefix):
    runs = "<w:r><w:t>191212</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>12-1212</w:t></w:r>"
    found = read(flat(making.word_with(runs), prefix), name)
    assert places(found)
    assert reasons(found) == []


def test_what_lies_in_a_flat_document_is_read():
    data = making.edit(making.word(), {"word/embeddings/a.pdf": PDF})
    assert places(read(flat(data), "a.xml"))


def test_a_flat_workbook_is_read():
    for name, data in making.sheet_files().items():
        if places(read(data, "a.xlsx")):
            assert places(read(flat(data), "a.xml")), name


WORD_2003 = (
    '<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument '
    'xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:body>{}</w:body>'
    "</w:wordDocument>"
)


def active(file: bytes) -> bytes:
    """An .mso file as Word 2003 writes it: a header of 50 bytes, then zlib."""
    return b"ActiveMime\0\0" + b"\1\xf0\4\0\0\0" + bytes(32) + zlib.compress(file)


def test_binary_data_of_word_2003_is_read():
    for data in (PDF, active(making.old_excel())):
        run = f'<w:r><w:pict><w:binData w:name="wordml://1">{rows(data, chr(10))}</w:binData>'
        assert places(read(WORD_2003.format(run + "</w:pict></w:r>").encode(), "a.xml"))


def test_an_object_of_office_in_a_page_is_read():
    assert places(read(active(making.old_excel()), "oledata.mso"))
    assert reasons(read(active(compound_file({"x": b"y"}))[:40], "oledata.mso"))


# ---- diagrams ------------------------------------------------------------------------------


def diagram(shown: str) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(quote(shown, safe="").encode()) + packer.flush()
    return (
        f'<mxfile host="app.diagrams.net"><diagram name="Sida-1">{b64(packed)}</diagram></mxfile>'
    )


CELLS = (
    '<mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>'
    '<mxCell id="2" value="{}" style="{}" vertex="1" parent="1"/></root></mxGraphModel>'
)


@pytest.mark.parametrize("name", ["a.drawio", "a.xml", "a"])
def test_a_diagram_is_read(name):
    data = diagram(CELLS.format(NUMBER, "rounded=0"))
    assert places(read(data.encode(), name))


def test_what_lies_in_a_diagram_is_read():
    style = f"shape=image;image=data:application/pdf,{b64(PDF)}"
    for data in (diagram(CELLS.format("", style)), CELLS.format("", style)):
        assert places(read(data.encode(), "a.drawio"))


def test_a_text_without_files_says_no_more_than_before():
    assert contents(read(b"Hej hej", "a.txt")) == "a.txt\nHej hej"


# ---- who may open it -----------------------------------------------------------------------


def mail(text: str, kind="plain") -> bytes:
    head = "From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    return f"{head}Content-Type: text/{kind}; charset=utf-8\r\n\r\n{text}\r\n".encode()


@pytest.mark.parametrize(
    "text",
    [
        mail(rows(PDF, "\r\n")),
        mail(f"<a href='data:application/pdf;base64,{b64(PDF)}'>x</a>", "html"),
    ],
    ids=["pasted", "in an address"],
)
def test_only_a_worker_for_documents_opens_it(text):
    """Neither the smtp process nor a warm worker, which goes on to the next mail (P11)."""
    assert examine_small(text, JOB) is None
    parts = parse(text).parts
    with pytest.raises(Heavy):
        extract(parts, parse=parse, roles=roles.split, budget=Budget(light=True))
    assert examine_small(mail("Hej"), JOB) is not None


@pytest.mark.system
async def test_the_pool_passes_it_on(tmp_path):
    with running(tmp_path / "scan.sock"):
        pool = Pool(tmp_path / "scan.sock", wait=60)
        text = form(b64(documents.pdf("Personnummer " + NUMBER)))
        found = await pool.examine(mail(text, "xml"), JOB)
        assert found.coverage is Coverage.HIT
