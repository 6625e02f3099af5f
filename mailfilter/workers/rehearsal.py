"""A letter of our own, read before the first mail.

What readers and detectors build when they are first used (tables, patterns, the state of
libraries) is then there, once for all processes that are forked later. Measured on 2 cores: the
first letter costs 50 ms of CPU, each later one in the same process or a fork of it 1 ms.
"""

import base64
import io
import zipfile
from datetime import date

from detectors.health import judge
from mailfilter.examine import Job, examine, warm
from mailfilter.workers import memory

_EDGE = "edge"
_LETTER = f"""From: a@example.org\r
To: b@example.org\r
Subject: =?utf-8?q?M=C3=B6te?=\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary={_EDGE}\r
\r
--{_EDGE}\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: 8bit\r
\r
Hej! Vi ses klockan 10 den 3 mars. Telefon 08-123 45 67, sjukskriven, personnummer saknas.\r
--{_EDGE}\r
Content-Type: text/html; charset=utf-8\r
\r
<html><body><p>Hej &amp; v&auml;lkommen</p><table><tr><td>1</td></tr></table></body></html>\r
--{_EDGE}\r
Content-Type: application/octet-stream; name=a.docx\r
Content-Disposition: attachment; filename=a.docx\r
Content-Transfer-Encoding: base64\r
\r
%s\r
--{_EDGE}--\r
"""
_PDF = b"""%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 90 90] /Contents 4 0 R
/Resources <</Font <</F 5 0 R>>>>>> endobj
4 0 obj <</Length 38>> stream
BT /F 9 Tf 9 9 Td (Hej och tack) Tj ET
endstream endobj
5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj
trailer <</Root 1 0 R>>
"""


_ready = False


def get_ready() -> None:
    """Rehearse and settle, once in a family of processes: those forked later share that memory.

    The supervisor does it for all. The master of a command at a terminal only rehearses.
    """
    global _ready  # noqa: PLW0603 — inherited by every process that is forked
    if not _ready:
        rehearse()
        memory.settle()
        _ready = True


def rehearse() -> None:
    """Read the letter with a document of each kind; load the judge and let it judge."""
    warm()
    judge.load()
    judge.odds("query: Hej")
    for content in (_word(), _sheet(), _PDF):
        attached = base64.encodebytes(content).decode()
        letter = (_LETTER % attached.replace("\n", "\r\n").strip()).encode()
        examine(letter, Job(b"\0" * 32, date(2026, 1, 1)))


def _word() -> bytes:
    """The smallest Word file."""
    return _zipped(
        "word/document.xml",
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        "<w:body><w:p><w:r><w:t>Hej</w:t></w:r></w:p></w:body></w:document>",
    )


def _sheet() -> bytes:
    """The smallest Excel file: a sheet under no tab is read as well."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return _zipped(
        "xl/workbook.xml",
        f"<workbook {main}/>",
        "xl/worksheets/sheet1.xml",
        f'<worksheet {main}><sheetData><row r="1"><c r="A1"><v>1.5</v></c></row></sheetData>'
        "</worksheet>",
    )


def _zipped(*members: str) -> bytes:
    """A package of names and contents."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        )
        for name, content in zip(members[::2], members[1::2], strict=True):
            archive.writestr(name, content)
    return file.getvalue()
