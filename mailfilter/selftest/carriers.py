"""Ways to hide a number in a file that a text carries: forms, notebooks, flat documents, diagrams.

From → to: `ways()` yields (name, function from twelve digits to an entity, why it is missed or "").

Sources: ISO 32000-1 (the smallest PDF), MS-XMLPKG, WordprocessingML 2003, nbformat 4, draw.io.
"""

import base64
import json
import textwrap
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import quote

from mailfilter.selftest.files import WORD, document, zipped
from mailfilter.selftest.mails import Make, attached, hyphened, plain, said

Way = tuple[str, Make, str]
Wrap = Callable[[bytes], str]
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_FLAT = (
    _XML + '<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">'
    '<pkg:part pkg:name="/word/document.xml" pkg:contentType="application/xml"><pkg:xmlData>'
    '<w:document xmlns:w="{space}"><w:body><w:p>{runs}</w:p></w:body></w:document>'
    "</pkg:xmlData></pkg:part>{more}</pkg:package>"
)
_OLD = (
    _XML + '<?mso-application progid="Word.Document"?><w:wordDocument '
    'xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:body><w:pict>'
    '<w:binData w:name="wordml://1">{}</w:binData></w:pict></w:body></w:wordDocument>'
)
_CELLS = (
    '<mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>'
    '<mxCell id="2" value="{}" vertex="1" parent="1"/></root></mxGraphModel>'
)


def ways() -> Iterator[Way]:
    """All ways of this kind."""
    for wrap_name, (file_name, kind, wrap) in _WRAPPED.items():
        for name, make in _CARRIED.items():
            yield f"{name} in {wrap_name}", _wrapped(file_name, kind, wrap, make), ""
    for name, make_entity in _OTHERS.items():
        yield name, make_entity, ""


def pdf(text: str) -> bytes:
    """A page with one line."""
    shown = f"BT /F 12 Tf 50 700 Td ({text}) Tj ET".encode("latin-1")
    return assembled(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(shown), shown),
    )


def assembled(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalogue."""
    out, places = b"%PDF-1.4\n", []
    for n, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (n, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    tail = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return out + head + table + tail


def b64(data: bytes) -> str:
    """Base64 in one row."""
    return base64.b64encode(data).decode()


def rows(data: bytes, between: str = "\n") -> str:
    """Base64 in rows of 76."""
    return between.join(textwrap.wrap(b64(data), 76))


def _wrapped(name: str, kind: str, wrap: Wrap, make: Callable[[str], bytes]) -> Make:
    return lambda number: attached(name, kind, wrap(make(number)).encode())


def _form(packed: str) -> str:
    return f"{_XML}<Arende><Bilaga><Namn>intyg</Namn><Data>{packed}</Data></Bilaga></Arende>"


def _notebook(data: bytes) -> str:
    output = {"output_type": "display_data", "data": {"application/octet-stream": rows(data)}}
    return json.dumps({"cells": [{"cell_type": "code", "outputs": [output]}], "nbformat": 4})


def _flat(number: str) -> bytes:
    runs = f"<w:r><w:t>{number[:6]}</w:t></w:r><w:r><w:t>{number[6:]}</w:t></w:r>"
    return _FLAT.format(space=WORD, runs=runs, more="").encode()


def _flat_part(data: bytes) -> str:
    part = (
        '<pkg:part pkg:name="/word/embeddings/a.bin" pkg:contentType="application/octet-stream">'
        f"<pkg:binaryData>{rows(data)}</pkg:binaryData></pkg:part>"
    )
    return _FLAT.format(space=WORD, runs="<w:r><w:t>Hej</w:t></w:r>", more=part)


def _diagram(number: str) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    shown = quote(_CELLS.format(hyphened(number)), safe="").encode()
    packed = b64(packer.compress(shown) + packer.flush())
    return f'<mxfile><diagram name="Sida-1">{packed}</diagram></mxfile>'.encode()


_CARRIED: dict[str, Callable[[str], bytes]] = {
    "pdf": lambda n: pdf(said(n).strip()),
    "docx": lambda n: document(f"<w:r><w:t>{n[:5]}</w:t></w:r><w:r><w:t>{n[5:]}</w:t></w:r>"),
    "zip": lambda n: zipped("intyg om arbete och annat.txt", said(n).encode()),
}
_WRAPPED: dict[str, tuple[str, str, Wrap]] = {
    "an XML element": ("a.xml", "text/xml", lambda data: _form(b64(data))),
    "an XML element, in rows": ("a.xml", "text/xml", lambda data: _form(rows(data, "\n   "))),
    "an XML element, in hexadecimal": ("a.xml", "text/xml", lambda data: _form(data.hex())),
    "JSON": ("a.json", "application/json", lambda data: json.dumps({"fil": b64(data)})),
    "JSON with escaped slashes": (
        "a.json",
        "application/json",
        lambda data: json.dumps({"fil": b64(data)}).replace("/", "\\/"),
    ),
    "a notebook": ("a.ipynb", "application/json", _notebook),
    "a text file": ("a.txt", "text/plain", lambda data: f"Hej\n\n{rows(data)}\n"),
    "Flat OPC": ("a.xml", "text/xml", _flat_part),
    "XML of Word 2003": ("a.xml", "text/xml", lambda data: _OLD.format(rows(data))),
}
_OTHERS: dict[str, Make] = {
    "pdf": lambda n: attached("a.pdf", "application/pdf", pdf(said(n).strip())),
    "pdf as base64 in the mail": lambda n: plain("\n" + rows(pdf(said(n).strip())) + "\n"),
    "Flat OPC: split runs": lambda n: attached("a.xml", "text/xml", _flat(n)),
    "drawio": lambda n: attached("a.drawio", "application/xml", _diagram(n)),
}
