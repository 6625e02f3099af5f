"""Ways to hide a number in files: text formats, archives, documents.

From → to: `ways()` yields (name, function from twelve digits to an entity, why it is missed or "").

Sources: RFC 4180, 5545, 6350, 8259; RTF 1.9.1; APPNOTE (zip); ECMA-376 (docx).
"""

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Iterator

from mailfilter.selftest.mails import (
    Make,
    attached,
    based,
    hyphened,
    multipart,
    plain,
    said,
    whole_page,
)

Way = tuple[str, Make, str]
_VCARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna\r\n{}\r\nEND:VCARD\r\n"
_EVENT = (
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20240101T080000Z\r\n{}\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def ways() -> Iterator[Way]:
    """All ways of this kind."""
    for table in (_FILES, _PACKED):
        for name, make in table.items():
            yield name, make, ""


def _file(name: str, kind: str, text: str) -> bytes:
    return attached(name, kind, text.encode())


def _rtf_escapes(number: str) -> str:
    return "{\\rtf1\\ansi " + "".join(f"\\'{ord(digit):02x}" for digit in number) + "}"


def document(runs: str) -> bytes:
    """A docx of one paragraph with these runs."""
    kinds = (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
        f'"/word/document.xml" ContentType="{_DOCX}.main+xml"/></Types>'
    )
    relations = (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="word/document.xml"/></Relationships>'
    )
    document = f'<w:document xmlns:w="{WORD}"><w:body><w:p>{runs}</w:p></w:body></w:document>'
    files = {"[Content_Types].xml": kinds, "_rels/.rels": relations, "word/document.xml": document}
    return archive({name: text.encode() for name, text in files.items()})


def zipped(name: str, data: bytes, comment: bytes = b"") -> bytes:
    """A zip of one member."""
    return archive({name: data}, comment)


def archive(files: dict[str, bytes], comment: bytes = b"") -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(zipfile.ZipInfo(name), data)
        packed.comment = comment
    return out.getvalue()


_FILES: dict[str, Make] = {
    "vCard: note": lambda n: _file("a.vcf", "text/vcard", _VCARD.format(f"NOTE:{hyphened(n)}")),
    "vCard: folded": lambda n: _file(
        "a.vcf", "text/vcard", _VCARD.format(f"NOTE:{n[:7]}\r\n {n[7:]}")
    ),
    "vCard: quoted-printable": lambda n: _file(
        "a.vcf",
        "text/vcard",
        _VCARD.format("NOTE;ENCODING=QUOTED-PRINTABLE:" + "".join(f"={ord(d):02X}" for d in n)),
    ),
    "vCard: own field": lambda n: _file("a.vcf", "text/vcard", _VCARD.format(f"X-PNR:{n}")),
    "calendar: description": lambda n: _file(
        "a.ics", "text/calendar", _EVENT.format(f"DESCRIPTION:{hyphened(n)}")
    ),
    "calendar: folded": lambda n: _file(
        "a.ics", "text/calendar", _EVENT.format(f"SUMMARY:Ang {n[:6]}\r\n {n[6:]}")
    ),
    "calendar: location": lambda n: _file("a.ics", "text/calendar", _EVENT.format(f"LOCATION:{n}")),
    "calendar: data URI": lambda n: _file(
        "a.ics",
        "text/calendar",
        _EVENT.format(
            f"ATTACH:data:text/plain;base64,{base64.b64encode(said(n).encode()).decode()}"
        ),
    ),
    "csv": lambda n: _file("a.csv", "text/csv", f"Namn;Personnr\r\nAnna;{n}\r\n"),
    "csv: two columns": lambda n: _file(
        "a.csv", "text/csv", f"Namn;Född;Sista\r\nAnna;{n[:8]};{n[8:]}\r\n"
    ),
    "csv: a formula": lambda n: _file("a.csv", "text/csv", f'Namn;Nr\r\nAnna;="{n}"\r\n'),
    "csv in UTF-16": lambda n: attached(
        "a.csv", "text/csv", f"Namn\tPersonnr\r\nAnna\t{n}\r\n".encode("utf-16")
    ),
    "json: escapes": lambda n: _file(
        "a.json",
        "application/json",
        json.dumps({"id": hyphened(n)}).replace(n[0], f"\\u{ord(n[0]):04x}"),
    ),
    "json: as a number": lambda n: _file("a.json", "application/json", f'{{"personnummer":{n}}}'),
    "xml: references": lambda n: _file(
        "a.xml", "text/xml", f"<a>{''.join(f'&#{ord(d)};' for d in n)}</a>"
    ),
    "xml: CDATA in pieces": lambda n: _file(
        "a.xml", "text/xml", f"<a><![CDATA[{n[:6]}]]><![CDATA[{n[6:]}]]></a>"
    ),
    "xml: an entity": lambda n: _file(
        "a.xml", "text/xml", f'<!DOCTYPE a [<!ENTITY q "{n}">]><a>&q;</a>'
    ),
    "xml: attribute": lambda n: _file("a.xml", "text/xml", f'<a pnr="{n}"/>'),
    "svg as a file": lambda n: _file(
        "a.svg",
        "image/svg+xml",
        f'<svg xmlns="http://www.w3.org/2000/svg"><text>{n[:6]}<tspan>{n[6:]}</tspan></text></svg>',
    ),
    "html as a file": lambda n: _file("a.html", "text/html", f"<p>{n[:4]}<b>{n[4:]}</b></p>"),
    "markdown": lambda n: _file("a.md", "text/markdown", f"# Ang\n\n**{n[:8]}**-{n[8:]}\n"),
    "rtf": lambda n: _file(
        "a.rtf", "application/rtf", f"{{\\rtf1\\ansi Hej {n[:6]}{{\\b {n[6:]}}}}}"
    ),
    "rtf: escapes": lambda n: _file("a.rtf", "application/rtf", _rtf_escapes(n)),
    "rtf: hidden": lambda n: _file("a.rtf", "application/rtf", f"{{\\rtf1\\ansi Hej {{\\v {n}}}}}"),
    "web archive": lambda n: attached(
        "a.mht",
        "message/rfc822",
        b"MIME-Version: 1.0\r\n" + multipart("related", whole_page(f"<p>{n}</p>")),
    ),
    "text under another name": lambda n: _file("a.jpg", "image/jpeg", said(n)),
    "text without a name": lambda n: multipart(
        "mixed", based("application/octet-stream", said(n).encode())
    ),
}

_PACKED: dict[str, Make] = {
    "gzip, base64 in the text": lambda n: plain(
        "\n" + base64.b64encode(gzip.compress(said(n).encode(), mtime=0)).decode() + "\n"
    ),
    "zip: name of a member": lambda n: attached(
        "a.zip", "application/zip", zipped(f"{n}.txt", b"hej")
    ),
    "zip": lambda n: attached("a.zip", "application/zip", zipped("b.txt", said(n).encode())),
    "zip in a zip": lambda n: attached(
        "a.zip", "application/zip", zipped("b.zip", zipped("c.txt", said(n).encode()))
    ),
    "zip under another name": lambda n: attached(
        "a.pdf", "application/pdf", zipped("b.txt", said(n).encode())
    ),
    "zip: comment": lambda n: attached(
        "a.zip", "application/zip", zipped("b.txt", b"hej", n.encode())
    ),
    "gzip": lambda n: attached(
        "a.txt.gz", "application/gzip", gzip.compress(said(n).encode(), mtime=0)
    ),
    "docx: split runs": lambda n: attached(
        "a.docx",
        _DOCX,
        document(
            f"<w:r><w:t>{n[:5]}</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>{n[5:]}</w:t></w:r>"
        ),
    ),
    "docx: hidden text": lambda n: attached(
        "a.docx", _DOCX, document(f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>{n}</w:t></w:r>")
    ),
    "docx: code of a field in two pieces": lambda n: attached(
        "a.docx",
        _DOCX,
        document("".join(f"<w:r><w:instrText>{p}</w:instrText></w:r>" for p in (n[:5], n[5:]))),
    ),
    "docx: name of a bookmark": lambda n: attached(
        "a.docx",
        _DOCX,
        document(f'<w:bookmarkStart w:id="0" w:name="p_{n}"/><w:bookmarkEnd w:id="0"/>'),
    ),
    "docx: address of a drawing": lambda n: attached(
        "a.docx",
        _DOCX,
        document(f'<w:r><w:pict><v:shape href="http://a.example/{n}"/></w:pict></w:r>'),
    ),
    "docx: deleted text": lambda n: attached(
        "a.docx", _DOCX, document(f"<w:del><w:r><w:delText>{n}</w:delText></w:r></w:del>")
    ),
}
