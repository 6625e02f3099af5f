"""One line for each format of the promise: a good file, a locked one, broken ones.

A good file holds the official test number; a locked one has the password that `making_archives`
tells; a broken one is cut or made of noise, and says the reason that stands beside it. Where the
format has no lock, there is no locked file. The hiding places have tables of their own: see
tests/documents/README.md.
"""
# ruff: noqa: E501  (one line a format)

import bz2
import gzip
import io
import lzma
import random
import tarfile
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from mailfilter.extract.containers.compressed import zstd
from tests.extract import documents, making, making_archives, making_old
from tests.extract.making_archives import NOTE, TEXT
from tests.extract.reading import NUMBER, PLAIN

NOISE = bytes(range(1, 9)) * 40  # no text, and no mark of any format


@dataclass(frozen=True, slots=True)
class Line:
    """A format's files; `cut` is the good file without its end, `fault` what is said of that."""

    good: bytes
    fault: str = ""  # empty: half a text is a text
    locked: bytes = b""
    noise: str = "unknown-content"  # said of noise under this name
    kept: float = 0.6  # how much of the good file the broken one has


def mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "Hej"
    message.set_content(f"Hej\n{NUMBER}\n", cte="base64")
    return message.as_bytes()


def tape() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in NOTE.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def mailbox() -> bytes:
    return b"".join(
        b"From a@b.example Mon Nov 16 09:00:00 2026\n" + mail() + b"\n" for _ in range(2)
    )


def _card(kind: str, line: str) -> bytes:
    return f"BEGIN:{kind}\r\nVERSION:2.1\r\n{line}\r\nEND:{kind}\r\n".encode()


_PAGE = f"<html><body><p>1912<b>1212</b>-1212</p><table><tr><td>1</td><td>{PLAIN}</td></tr></table></body></html>"
_FLAT = '<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text><text:p>{}</text:p></office:text></office:body></office:document>'
_BOOK = {"mimetype": "application/epub+zip", "OEBPS/a.xhtml": _PAGE}
_LONG = TEXT + bytes(range(32, 127)) * 90
_ODF = documents.odf_files()
_DECK = making.slides_files()["title"]
_OLD_DECK = (Path(__file__).parent.parent / "documents" / "ppt" / "bilder.ppt").read_bytes()
_FILLING = {"xl/printerSettings/printerSettings1.bin": random.Random(1).randbytes(8000)}
_BINARY = making.edit(making_old.xlsb(), _FILLING)  # msoffcrypto locks no file of less than 4 KiB

CORPUS: dict[str, Line] = {
    "txt": Line(TEXT),
    "csv": Line(f"Namn;Personnr\nTolvan;{NUMBER}\n".encode()),
    "tsv": Line(f"Namn\tPersonnr\nTolvan\t{NUMBER}\n".encode()),
    "json": Line(f'{{"nr": "{NUMBER}"}}'.encode()),
    "xml": Line(f"<a><b>19121212</b>-<c>1212</c><d>{PLAIN}</d></a>".encode()),
    "md": Line(f"# Rubrik\n\n**{NUMBER}**\n".encode()),
    "ics": Line(_card("VCALENDAR", f"SUMMARY:Möte om\r\n  {NUMBER}")),
    "vcf": Line(_card("VCARD", f"NOTE:{NUMBER}")),
    "eml": Line(mail()),
    "mbox": Line(mailbox()),
    "svg": Line(b"<svg><text><tspan>19121212</tspan><tspan>-1212</tspan></text></svg>"),
    "docx": Line(making.word(NUMBER), "broken-archive", making_archives.office(making.word(NUMBER)), "broken-archive"),
    "docm": Line(making.word(NUMBER), "broken-archive", making_archives.office(making.word(NUMBER)), "broken-archive"),
    "xlsx": Line(making.sheet_with(191212121212), "broken-archive", making_archives.office(making.sheet_with(NUMBER)), "broken-archive"),
    "xlsm": Line(making.sheet_with(NUMBER), "broken-archive", making_archives.office(making.sheet_with(NUMBER)), "broken-archive"),
    "xlsb": Line(_BINARY, "broken-document", making_archives.office(_BINARY), "broken-archive"),
    "pptx": Line(_DECK, "broken-archive", making_archives.office(_DECK), "broken-archive"),
    "doc": Line(making_old.word_97([NUMBER]), "broken-document", making_archives.word_old(), "broken-document"),
    "xls": Line(making.old_excel(), "broken-document", making_archives.excel_old(), "broken-document"),
    "ppt": Line(_OLD_DECK, "broken-document", b"", "broken-document"),
    "msg": Line(making_old.msg(p1000001F=f"Hej {NUMBER}".encode("utf-16-le")), "broken-document", b"", "broken-document"),
    "odt": Line(documents.odt(f"<text:p>{NUMBER}</text:p>"), "broken-archive", documents.locked_odt(), "broken-archive"),
    "ods": Line(documents.ods(NUMBER), "broken-archive", documents.locked_odt(), "broken-archive"),
    "odp": Line(_ODF["slide"], "broken-archive", documents.locked_odt(), "broken-archive"),
    "fodt": Line(_FLAT.format(NUMBER).encode()),
    "pdf": Line(documents.pdf(NUMBER), "broken-document", making_archives.pdf(), "broken-document", 0.1),
    "rtf": Line(documents.rtf(f"Hej {NUMBER}")),
    "html": Line(_PAGE.encode()),
    "mht": Line(b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + _PAGE.encode()),
    "epub": Line(making.zipped(_BOOK), "broken-archive", b"", "broken-archive"),
    "tnef": Line(making_old.tnef(making_old.attribute(1, 0x800C, 1, TEXT + b"\0")), "broken-document", kept=0.8),
    "zip": Line(making.zipped(NOTE), "broken-archive", making_archives.zip_aes(NOTE), "broken-archive"),
    "7z": Line(making_archives.seven_zip(NOTE), "broken-archive", making_archives.seven_zip(NOTE, "Sommar2026"), "archive-format"),
    "rar": Line(making_archives.rar(NOTE), "ambiguous-archive", making_archives.rar_old(NOTE, locked=True), "archive-format"),
    "tar": Line(tape(), "broken-archive", b"", "broken-archive", 0.051),
    "gz": Line(gzip.compress(_LONG), "broken-archive", b"", "broken-archive"),
    "bz2": Line(bz2.compress(_LONG), "broken-archive", b"", "broken-archive"),
    "xz": Line(lzma.compress(_LONG), "broken-archive", b"", "broken-archive"),
    "zst": Line(zstd().compress(_LONG), "broken-archive", b"", "broken-archive"),
}  # fmt: skip
