"""Ways in which a number leaves by carelessness: as staff write, paste, name files, export.

From → to: `ways()` yields (name, function from twelve digits to an entity, why it is missed or "").

Sources: mails and forms of municipalities as they are; PAIN.001 and SIE for what programs export.
"""

import base64
import json
from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape

from mailfilter.selftest.carriers import pdf
from mailfilter.selftest.files import document, zipped
from mailfilter.selftest.mails import (
    Make,
    attached,
    based,
    crlf,
    entity,
    headed,
    hyphened,
    letter,
    multipart,
    plain,
    said,
    whole_page,
    word,
)

Way = tuple[str, Make, str]
_NUMBER = "191212121212"  # to look at how a line is written
_BINARY = "application/octet-stream"
_REFERENCE = "seen, at low confidence: case and reference numbers are written so"


def ways() -> Iterator[Way]:
    """All ways of this kind."""
    for name, shape in _WRITTEN.items():
        yield f"written: {name}", _text(shape), ""
    for name, shape in _NAMES.items():
        yield f"name of a file: {name}", _named(shape), ""
    for name, make in {**_CELLS, **_PASTED, **_EXPORTED, **_SENT}.items():
        yield name, make, ""
    for name, shape in _WRITTEN.items():
        if shape(_NUMBER).isprintable():  # in one line
            for where, carry in _LINES.items():
                yield f"written in {where}: {name}", _line(shape, carry), ""
    yield "written: behind Er ref", _text(lambda n: f"Er ref: {short(n)}"), _REFERENCE


def short(number: str) -> str:
    """The form of every day, ten digits with a hyphen."""
    return f"{number[2:8]}-{number[8:]}"


def _text(shape: Callable[[str], str]) -> Make:
    return lambda number: entity(
        "text/plain; charset=utf-8", crlf(f"Hej!\n\n{shape(number)}\n\nMvh Anna\n").encode()
    )


def _named(shape: Callable[[str], str]) -> Make:
    return lambda number: attached(shape(number), _BINARY, pdf("Hej"))


def _line(shape: Callable[[str], str], carry: Callable[[str], bytes]) -> Make:
    return lambda number: carry(shape(number))


def _page(markup: str) -> bytes:
    return whole_page(f"<html><body><p>Hej!</p>{markup}</body></html>")


def _cells(said: str, *, across: bool, before: str = "") -> bytes:
    cells = [f"<td>{char}</td>" for char in said]
    rows = (
        f"<tr>{before}{''.join(cells)}</tr>" if across else "".join(f"<tr>{c}</tr>" for c in cells)
    )
    return _page(f"<table border=1>{rows}</table>")


_WRITTEN: dict[str, Callable[[str], str]] = {
    "pnr, short": lambda n: f"Pnr: {short(n)}",
    "alone on a line": short,
    "with a name before": lambda n: f"Lisa Ek {short(n)} har sökt plats.",
    "with a name behind": lambda n: f"{short(n)}, Lisa Ek",
    "in brackets": lambda n: f"Eleven Lisa Ek ({short(n)}) börjar på måndag.",
    "hyphen behind the year": lambda n: f"Pnr {n[:4]}-{n[4:]}",
    "day first, dots": lambda n: f"{n[6:8]}.{n[4:6]}.{n[:4]}-{n[8:]}",
    "day first, slashes": lambda n: f"Född {n[6:8]}/{n[4:6]}/{n[:4]}-{n[8:]}",
    "date with hyphens": lambda n: f"Pnr: {n[:4]}-{n[4:6]}-{n[6:8]}-{n[8:]}",
    "blank before the last four": lambda n: f"Personnr {n[2:8]} {n[8:]}",
    "blanks round the hyphen": lambda n: f"Pnr {n[2:8]} - {n[8:]}",
    "long hyphen": lambda n: f"Personnummer {n[2:8]}–{n[8:]}",
    "ten digits behind a word": lambda n: f"persnr {n[2:]}",
    "twelve digits behind a word": lambda n: f"Personnummer:{n}",
    "misspelt word": lambda n: f"Personnumer: {short(n)}",
    "word on the line above": lambda n: f"Personnummer\n{short(n)}",
    "last four apart, called so": lambda n: f"Född {n[:4]}-{n[4:6]}-{n[6:8]}, sista fyra {n[8:]}",
    "last four in the next sentence": lambda n: f"Hon är född {n[:8]}. De fyra sista är {n[8:]}.",
    "in a reply": lambda n: f"> Vad har hon för personnummer?\n{short(n)}",
    "quoted": lambda n: f"Tack!\n\nFrån: Bo\nSkickat: den 3 mars\nÄmne: Lisa\n\n> pnr {short(n)}",
    "ten digits one a line": lambda n: "\n".join(n[2:]),
    "ten digits and hyphen one a line": lambda n: "\n".join(short(n)),
    "twelve digits one a line": "\n".join,
    "twelve digits and hyphen one a line": lambda n: "\n".join(hyphened(n)),
    "ten digits with tabs": lambda n: "\t".join(n[2:]),
    "ten digits and hyphen with tabs": lambda n: "\t".join(short(n)),
    "ten digits with blanks, called so": lambda n: f"Pnr {' '.join(n[2:])}",
    "boxes of a form": lambda n: "|" + "|".join(short(n)) + "|",
    "boxes in pairs": lambda n: f"| {n[2:4]} | {n[4:6]} | {n[6:8]} | - | {n[8:]} |",
    "a list": lambda n: f"1. Lisa Ek, {short(n)}\n2. Bo Ek",
    "a row with semicolons": lambda n: f"Ek;Lisa;{short(n)};Storgatan 1",
    "a row with tabs": lambda n: f"Ek\tLisa\t{short(n)}\tStorgatan 1",
    "behind a dossier": lambda n: f"Barnets personakt {short(n)} bifogas.",
    "in a sentence with a place": lambda n: f"Vi såg {short(n)} i väntrummet.",
    "as a link": lambda n: f"https://intranat.exempel.example/person?personnummer={n}",
    "as a path": lambda n: f"G:\\Elever\\Lisa Ek {short(n)}\\betyg.docx",
}
_LINES: dict[str, Callable[[str], bytes]] = {
    "a subject": lambda text: headed(f"Subject: {word(text)}\r\n"),
    "docx": lambda text: attached(
        "a.docx", _BINARY, document(f"<w:r><w:t>{escape(text)}</w:t></w:r>")
    ),
    "a mail in a mail": lambda text: attached("a.eml", "message/rfc822", letter(plain(text))),
}
_NAMES: dict[str, Callable[[str], str]] = {
    "Lisa_, short": lambda n: f"Lisa_{short(n)}.pdf",
    "Elev, joined": lambda n: f"Elev{short(n)}.txt",
    "twelve digits": lambda n: f"{n}.pdf",
    "short": lambda n: f"{short(n)}.pdf",
    "twelve digits behind a word": lambda n: f"Elevakt_{n}_2026.pdf",
    "a name behind": lambda n: f"{short(n)} Lisa Ek intyg.pdf",
    "with blanks": lambda n: f"Intyg Lisa Ek {n[:8]} {n[8:]}.pdf",
    "Personnr": lambda n: f"personnr {n[2:]}.pdf",
}
_CELLS: dict[str, Make] = {
    "cells: ten digits in a row": lambda n: _cells(n[2:], across=True),
    "cells: ten digits and hyphen in a row": lambda n: _cells(short(n), across=True),
    "cells: ten digits in a column": lambda n: _cells(n[2:], across=False),
    "cells: ten digits and hyphen in a column": lambda n: _cells(short(n), across=False),
    "cells: twelve digits behind a word": lambda n: _cells(
        n, across=True, before="<td>Personnummer</td>"
    ),
    "cells: ten digits behind a word": lambda n: _cells(n[2:], across=True, before="<td>Pnr</td>"),
    "csv: a digit a cell": lambda n: attached(
        "a.csv", "text/csv", f"Personnr;{';'.join(n[2:])}\r\n".encode()
    ),
    "docx: a digit a cell": lambda n: attached(
        "a.docx",
        _BINARY,
        document("<w:r><w:t>Pnr </w:t></w:r>" + "".join(f"<w:r><w:t>{d}</w:t></w:r>" for d in n)),
    ),
}
_PASTED: dict[str, Make] = {
    "pasted: bold in the middle": lambda n: _page(f"<p>Pnr {n[2:6]}<b>{n[6:8]}-{n[8:]}</b></p>"),
    "pasted: from a web form": lambda n: _page(
        f"<label>Personnummer</label><input name=pnr value='{n}'>"
    ),
    "pasted: from a sheet": lambda n: _page(
        f"<table><tr><th>Namn</th><th>Personnr</th></tr><tr><td>Lisa</td><td>{n[2:]}</td></tr></table>"
    ),
    "pasted: a list": lambda n: _page(f"<ul><li>Lisa Ek {short(n)}</li><li>Bo Ek</li></ul>"),
    "pasted: description list": lambda n: _page(f"<dl><dt>Personnr<dd>{short(n)}</dl>"),
    "pasted: preformatted": lambda n: _page(f"<pre>Namn    Pnr\nLisa    {short(n)}</pre>"),
    "pasted: link to a dossier": lambda n: _page(
        f'<a href="https://akt.exempel.example/person/{n}">akten</a>'
    ),
    "pasted: name of a picture": lambda n: _page(f'<img src="cid:a" alt="Intyg {short(n)}">'),
}
_EXPORTED: dict[str, Make] = {
    "export: csv without headings": lambda n: attached(
        "elever.csv", "text/csv", f"Ek;Lisa;{short(n)}\r\n".encode()
    ),
    "export: csv in old charset": lambda n: attached(
        "elever.csv", "text/csv", f"Förnamn;Personnr\r\nÅsa;{n}\r\n".encode("cp1252")
    ),
    "export: fixed width": lambda n: attached(
        "lista.txt", "text/plain", f"EK LISA             {n} STORGATAN 1\r\n".encode()
    ),
    "export: json": lambda n: attached(
        "elev.json", "application/json", json.dumps({"elev": {"pnr": short(n)}}).encode()
    ),
    "export: xml": lambda n: attached(
        "elev.xml", "text/xml", f"<elev><personnummer>{n}</personnummer></elev>".encode()
    ),
    "export: xml, identifier of a register": lambda n: attached(
        "elev.xml",
        "text/xml",
        f'<id root="1.2.752.129.2.1.3.1" extension="{n}"/>'.encode(),
    ),
    "export: calendar": lambda n: attached(
        "mote.ics",
        "text/calendar",
        f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:SIP Lisa {short(n)}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n".encode(),
    ),
    "export: log": lambda n: attached(
        "fel.log", "text/plain", f"2026-11-24 ERROR personnummer={n} saknar plats\r\n".encode()
    ),
}
_SENT: dict[str, Make] = {
    "sent: subject": lambda n: headed(f"Subject: Lisa {short(n)}\r\n"),
    "sent: subject with Pnr": lambda n: headed(f"Subject: SV: pnr {n[2:]}\r\n"),
    "sent: mail forwarded as a file": lambda n: attached(
        "VB.eml", "message/rfc822", letter(plain(f"pnr {short(n)}"))
    ),
    "sent: zip of a pdf": lambda n: attached(
        "a.zip", "application/zip", zipped("intyg.pdf", pdf(said(n).strip()))
    ),
    "sent: zip, name of the file": lambda n: attached(
        "a.zip", "application/zip", zipped(f"Lisa_{short(n)}.txt", b"hej")
    ),
    "sent: pdf called document": lambda n: attached(
        "Document1", _BINARY, pdf(f"Lisa Ek {short(n)}")
    ),
    "sent: text twice, the second tells": lambda n: multipart(
        "alternative",
        entity("text/plain; charset=utf-8", b"Hej\r\n"),
        based("text/html; charset=utf-8", f"<p>Pnr {short(n)}</p>".encode()),
    ),
    "sent: base64 pasted": lambda n: plain(
        "\n" + base64.b64encode(said(n).encode()).decode() + "\n"
    ),
}
