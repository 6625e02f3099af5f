"""What people at a municipality write: letters for the profiles of client programs, seeded.

`letter(chance)` gives a `Letter`: persons, subject, paragraphs, history, files. Nothing in it is
about a person's health or holds an identity number; what looks a little like one (telephone, case
and organisation numbers, dates, sums) is there on purpose. Names and addresses are made up.
"""

import io
import random
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache

from docx import Document
from openpyxl import Workbook
from PIL import Image, ImageDraw
from reportlab.pdfgen import canvas

FIRST = [
    "Anna",
    "Björn",
    "Cecilia",
    "Dag",
    "Eva",
    "Fredrik",
    "Gunilla",
    "Håkan",
    "Ingrid",
    "Jörgen",
    "Karin",
    "Lars",
    "Åsa",
    "Östen",
]
LAST = [
    "Alm",
    "Berg",
    "Cronholm",
    "Dahl",
    "Ek",
    "Fors",
    "Gran",
    "Håkansson",
    "Lind",
    "Åström",
    "Öberg",
    "Nilsson",
    "Sjögren",
]
OURS = "exempelkommun.example"
OTHERS = ("grannkommun.example", "leverantor.example", "privat.example", "forening.example")
SUBJECTS = (
    "Möte på torsdag", "Protokoll från nämnden", "Remiss av översiktsplan", "Fråga om bygglov",
    "Kallelse", "Avtal 2026 – förslag", "Offert 118 400 kr", "Tidrapport vecka 47", "Nycklar",
    "Ansökan om föreningsbidrag 2026 - komplettering av handlingar till kultur- och fritidsnämnden",
    "Dnr KS 2026/00123 Yttrande över promemorian om ändrade regler för upphandling", "Svar", "",
    "Städning av lokal 3:12", "Ärende #202611-0457", "Inbjudan: Utbildning i nya e-arkivet",
    "Автомобиль / Fordon", "会議 – Möte", "Smörgåstårta 🎂 på fredag!",
)  # fmt: skip
PARAGRAPHS = (
    "Hej,\n\nbifogar underlaget inför mötet. Hör av dig om något saknas.",
    "Tack för ditt brev. Vi återkommer senast den 14 december.",
    "Mötet är flyttat till torsdag kl. 13.15 i Stora salen, plan 2. Fika finns från 12.45.",
    "Diarienumret är KS 2026/00123-4. Handläggare är Karin Lind, tfn 0123-45 67 89.",
    "Fakturan på 12 450,50 kr (nr 202600118) förfaller 2026-12-31. Org.nr 212000-0142.",
    "Vägen stängs av mellan korsningen vid Kyrkogatan 12 och bron, troligen i två veckor.",
    "Se https://www.exempelkommun.example/bygga-bo/bygglov?id=4711&lang=sv för mer information.",
    "Å, ä och ö ska synas: räksmörgås, à la carte, naïve, 20 % rabatt, 5 €, §12, ½ dl – “citat”.",
    "Listan:\n- stolar (24 st)\n- bord (6 st)\n- projektor, kabel & dosa\n\nRing om det är fullt.",
    "Kan du skriva under och skicka tillbaka? Originalet behövs inte = digital kopia räcker.",
    "From dem har vi inte hört något. Begin med att läsa bilagan.",
    ".\nen rad som börjar med punkt\n-- inte en signatur --\n>pil utan citat",
    "I bilagan står samma sak på engelska: the meeting is moved to Thursday at 1.15 pm.",
    "Lösenordet till wifi får ni på plats. Parkering: zon 3, 10 kr/h, kod 4471.",
    "Ett stycke som är mycket långt, " + "och det fortsätter bara, " * 40 + "slut.",
    "Koordinater N 59.3293, E 18.0686. Mått 1200 x 800 x 18 mm. Art.nr 7310865004703.",
)  # fmt: skip
CLOSINGS = (
    "Med vänlig hälsning\n{name}\nHandläggare\nSamhällsbyggnad\nTfn 0123-45 67 89, 070-174 06 05",
    "Mvh\n{name}",
    "Vänliga hälsningar,\n{name}\nExempelkommun\nStora gatan 1\n123 45 Exempelstad",
    "Hälsningar\n{name}\n\nDetta meddelande kan innehålla uppgifter som är avsedda bara för dig.",
    "Kind regards\n{name}\nwww.exempelkommun.example",
    "Skickat från min iPhone",
    "",
)
NAMES = (
    "Protokoll möte", "Avtal (2), signerat", "Kopia av Budget 2026", "bild", "Årsrapport_2026",
    "Underlag; ny version", "Scan_20261123_080102", "Kallelse=slutlig",
    "väldigt " * 9 + "långt namn",
    "Lista 'grupp A'", "Översiktsplan – karta", "rapport#1 & bilaga", "100% klar",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A name and an address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class File:
    """An attachment."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail before a program has written it; `history` are the ones it answers, newest first."""

    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    subject: str
    text: str
    closing: str
    date: datetime
    files: tuple[File, ...] = ()
    history: tuple["Letter", ...] = ()
    logo: bytes = b""
    marks: list[str] = field(default_factory=list)  # unique strings for boundaries, hexadecimal

    def mark(self, length: int = 24) -> str:
        """A new mark, cut to a length."""
        return self.marks.pop()[:length].ljust(length, "0")


def person(chance: random.Random, ours: bool) -> Person:
    """Somebody at the municipality or elsewhere."""
    first, last = chance.choice(FIRST), chance.choice(LAST)
    plain = f"{first}.{last}".lower().translate(str.maketrans("åäöÅÄÖ", "aaoaao"))
    return Person(f"{first} {last}", f"{plain}@{OURS if ours else chance.choice(OTHERS)}")


def letter(chance: random.Random, depth: int = 0) -> Letter:
    """A letter, with up to four answers below it."""
    many = chance.choice((1, 1, 1, 2, 3, 12, 60)) if not depth else 1
    sender = person(chance, depth % 2 == 0)
    subject = chance.choice(SUBJECTS)
    history: tuple[Letter, ...] = ()
    if depth < 4 and chance.random() < 0.45:
        older = letter(chance, depth + 1)
        subject = chance.choice(("Sv: ", "SV: ", "Re: ", "VB: ", "Fwd: ")) + older.subject
        history = (older, *older.history)
    zone = timezone(timedelta(hours=chance.choice((1, 2))))
    return Letter(
        sender,
        tuple(person(chance, False) for _ in range(many)),
        tuple(person(chance, True) for _ in range(chance.choice((0, 0, 1, 4)))),
        subject,
        "\n\n".join(chance.sample(PARAGRAPHS, chance.choice((1, 1, 2, 3, 5)))),
        chance.choice(CLOSINGS).format(name=sender.name),
        datetime(2026, chance.randrange(1, 12), chance.randrange(1, 29), 9, 12, tzinfo=zone),
        files(chance) if not depth else (),
        history,
        logo() if chance.random() < 0.4 else b"",
        [f"{chance.getrandbits(128):032x}" for _ in range(24)],
    )


def files(chance: random.Random) -> tuple[File, ...]:
    """None to three attachments."""
    chosen = chance.sample(sorted(MAKERS), chance.choice((0, 0, 0, 1, 1, 2, 3)))
    return tuple(
        File(f"{chance.choice(NAMES)}.{kind}", *MAKERS[kind]())  # type: ignore[operator]
        for kind in chosen
    )


@cache
def logo() -> bytes:
    """A small picture for a signature."""
    picture, out = Image.new("RGB", (180, 60), "#1d5c63"), io.BytesIO()
    ImageDraw.Draw(picture).text((20, 22), "EXEMPELKOMMUN", fill="white")
    picture.save(out, "PNG")
    return out.getvalue()


@cache
def _docx() -> tuple[str, bytes]:
    document, out = Document(), io.BytesIO()
    document.add_heading("Protokoll")
    for paragraph in PARAGRAPHS[:5]:
        document.add_paragraph(paragraph)
    document.save(out)
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return kind, out.getvalue()


@cache
def _xlsx() -> tuple[str, bytes]:
    book, out = Workbook(), io.BytesIO()
    for row in (("Förening", "Belopp", "Datum"), ("Kören", 1200.5, "2026-03-01"), ("IK", 80, "")):
        book.active.append(row)  # type: ignore[union-attr]
    book.save(out)
    return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", out.getvalue()


@cache
def _pdf() -> tuple[str, bytes]:
    out = io.BytesIO()
    page = canvas.Canvas(out, invariant=True)
    page.drawString(60, 780, "Protokoll 2026-11-23, närvarande enligt lista")
    page.save()
    return "application/pdf", out.getvalue()


@cache
def _zip() -> tuple[str, bytes]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bilagor/protokoll.docx", _docx()[1])
        archive.writestr("läs mig.txt", "Se protokollet.\r\n")
    return "application/x-zip-compressed", out.getvalue()


_ICS = (
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nPRODID:Microsoft Exchange Server 2010\r\nVERSION:2.0\r\n"
    "BEGIN:VEVENT\r\nORGANIZER;CN=Åsa Lindström:mailto:asa@exempelkommun.example\r\n"
    "SUMMARY;LANGUAGE=sv-SE:Möte om avtal\r\n"
    "DTSTART;TZID=W. Europe Standard Time:20261124T100000\r\n"
    "DTEND;TZID=W. Europe Standard Time:20261124T110000\r\nUID:040000008200E00074C5B7101A82E008\r\n"
    "DESCRIPTION:Vi ses i Stora salen\\nTa med underlaget\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_VCF = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Ek;Anna;;;\r\nFN:Anna Ek\r\nORG:Exempelkommun\r\n"
    "TEL;TYPE=WORK:0123-45 67 89\r\nEMAIL:anna.ek@exempelkommun.example\r\nEND:VCARD\r\n"
)
MAKERS = {
    "docx": _docx,
    "xlsx": _xlsx,
    "pdf": _pdf,
    "zip": _zip,
    "ics": lambda: ("text/calendar", _ICS.encode()),
    "vcf": lambda: ("text/x-vcard", _VCF.encode()),
    "csv": lambda: ("text/csv", "Förskola;Platser\r\nEken;3\r\n".encode("cp1252")),
    "txt": lambda: ("text/plain", "Anteckningar från mötet\r\n- stolar\r\n".encode()),
    "html": lambda: ("text/html", b"<html><body><p>Utskrift av sidan</p></body></html>"),
    "json": lambda: ("application/json", b'{"version": 3, "platser": [12, 14]}'),
    "xml": lambda: ("text/xml", b'<?xml version="1.0" encoding="UTF-8"?><a><b>12</b></a>'),
    "rtf": lambda: ("application/rtf", b"{\\rtf1\\ansi\\ansicpg1252 Hej d\\'e4r\\par}"),
}
