"""Makes the example mails of ``mailfilter demo`` anew: ``python tests/make_demo_mails.py``.

The mails are genuine: documents by python-docx, openpyxl and reportlab, archives by zipfile. Each
carries what it promises in a header of its own, ``X-Demo-Expect``: one action, or an action for
each recipient. All people are made up; the numbers are official test numbers.
"""

import io
import zipfile
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from docx import Document
from openpyxl import Workbook
from PIL import Image, ImageDraw
from reportlab.pdfgen import canvas

OUT = Path(__file__).parent.parent / "mailfilter" / "demo" / "mails"
HOME = "exempelkommun.example"
PUPILS = (
    ("Alva Lindqvist", "20150110-2386"),
    ("Bashir Noori", "20150119-2395"),
    ("Cornelia Ek", "20150223-2380"),
    ("Dante Holmgren", "20150325-2387"),
    ("Ebba Sandell", "20150609-2384"),
    ("Filip Wrede", "20150616-2393"),
    ("Greta Östman", "20150622-2395"),
    ("Hugo Falk", "20150702-2398"),
    ("Ines Karimi", "20150710-2398"),
    ("Julian Berg", "20150713-2387"),
    ("Klara Nyman", "20150728-2398"),
    ("Love Ahlin", "20150810-2389"),
)


def mail(number, expect, sender, to, subject, text, **more):
    m = EmailMessage(policy=SMTP)
    m["From"], m["To"], m["Subject"] = sender, ", ".join(to), subject
    m["Date"] = f"Mon, 16 Nov 2026 08:{number:02d}:00 +0100"
    m["Message-ID"] = f"<demo-{number:02d}@{HOME}>"
    m["X-Demo-Expect"] = expect
    for name, value in more.get("headers", {}).items():
        m[name] = value
    m.set_content(text, cte="quoted-printable")
    if html := more.get("html"):
        m.add_alternative(html, subtype="html", cte="quoted-printable")
    if logo := more.get("logo"):
        html_part = m.get_payload()[1]
        html_part.add_related(logo, "image", "png", cid="<logo@demo>", disposition="inline")
    for name, data in more.get("attachments", ()):
        kind = name.rsplit(".", 1)[-1]
        if kind == "eml":
            m.add_attachment(data, filename=name)
        else:
            m.add_attachment(data, "application", TYPES[kind], filename=name)
    return m


TYPES = {
    "docx": "vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "pdf",
    "zip": "zip",
}


def docx(*paragraphs):
    document, out = Document(), io.BytesIO()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(out)
    return out.getvalue()


def xlsx(title, rows):
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(out)
    return out.getvalue()


def pdf(*lines):
    out = io.BytesIO()
    page = canvas.Canvas(out)
    for n, line in enumerate(lines):
        page.drawString(60, 780 - 18 * n, line)
    page.save()
    return out.getvalue()


def archive(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members:
            z.writestr(name, data)
    return out.getvalue()


def locked_archive():
    """A zip whose member says that it is encrypted: flag bit 0 in both headers."""
    data = bytearray(archive(("utredning.docx", docx("Utredning"))))
    data[6] |= 1
    central = data.rindex(b"PK\x01\x02")
    data[central + 8] |= 1
    return bytes(data)


def logo():
    picture, out = Image.new("RGB", (180, 60), "#1d5c63"), io.BytesIO()
    ImageDraw.Draw(picture).text((20, 22), "EXEMPELKOMMUN", fill="white")
    picture.save(out, "PNG")
    return out.getvalue()


def nested():
    inner = EmailMessage(policy=SMTP)
    inner["From"] = "vardnadshavare@familj.example"
    inner["To"] = f"rektor@{HOME}"
    inner["Subject"] = "Plats i fritids"
    inner.set_content("Hej! Vi söker fritidsplats för vår dotter, personnummer 20160112-2383.\n")
    return inner


def mails():
    citizen = "anna.karlsson@medborgare.example"
    yield mail(
        1,
        "relay",
        f"kostchef@{HOME}",
        ["foraldraradet@skola.example"],
        "Matsedel vecka 47",
        "Hej!\n\nMåndag: fisksoppa. Tisdag: köttbullar med lingon. Onsdag: vegetarisk lasagne.\n"
        "Torsdag: ärtsoppa och pannkakor. Fredag: kockens val.\n\nHälsningar från köket\n",
    )
    yield mail(
        2,
        "relay",
        f"kommunikation@{HOME}",
        ["redaktion@bygdetidning.example"],
        "Invigning av badhuset",
        "Hej,\n\nvälkomna till invigningen lördag den 28 november klockan 11.\n\nVänliga hälsningar\nStina\n",
        html="<p>Hej,</p><p>välkomna till invigningen lördag den 28 november klockan 11.</p>"
        '<p>Vänliga hälsningar<br>Stina</p><img src="cid:logo@demo" alt="Exempelkommun">',
        logo=logo(),
    )
    yield mail(
        3,
        "reject",
        f"skolexpedition@{HOME}",
        ["bild@skolfoto.example"],
        "Klasslista 5B",
        "Hej, här kommer listan till fotograferingen på torsdag.\n\nHälsningar\nExpeditionen\n",
        attachments=[("Klasslista 5B.xlsx", xlsx("5B", [["Namn", "Personnr"], *PUPILS]))],
    )
    yield mail(
        4,
        "redirect",
        f"hr@{HOME}",
        ["handlaggare@forsakring.example"],
        "Underlag",
        "Hej,\n\nunderlaget bifogas.\n\nMed vänlig hälsning\nPersonalenheten\n",
        attachments=[
            (
                "underlag.docx",
                docx(
                    "Läkarintyg",
                    "Anna Karlsson, 19860318-2380, är sjukskriven på heltid sedan den 2 november "
                    "efter en depression. Hon äter sertralin och går i samtal hos psykolog.",
                ),
            )
        ],
    )
    yield mail(
        5,
        "redirect",
        f"bygglov@{HOME}",
        [citizen],
        "Beslut om bygglov",
        "Hej,\n\nhär är beslutet.\n\nBygg- och miljöenheten\n",
        attachments=[
            (
                "beslut.pdf",
                pdf(
                    "Exempelkommun, bygg- och miljönämnden",
                    "Sökande: Anna Karlsson",
                    "Personnummer: 19860318-2380",
                    "Beslut: bygglov beviljas.",
                ),
            )
        ],
    )
    yield mail(
        6,
        "redirect",
        f"socialtjanst@{HOME}",
        ["kontakt@behandlingshem.example"],
        "Handlingar",
        "Handlingar enligt överenskommelse.\n",
        attachments=[
            (
                "handlingar.zip",
                archive(
                    (
                        "plan/genomforandeplan.docx",
                        docx(
                            "Genomförandeplan",
                            "Brukaren Bo Ek, personnummer 19470719-3290, har demens och behöver hemtjänst.",
                        ),
                    )
                ),
            )
        ],
    )
    yield mail(
        7,
        "redirect",
        f"rektor@{HOME}",
        ["antagning@grannkommun.example"],
        "Vidarebefordrat",
        "Kan ni svara på detta?\n",
        attachments=[("Plats i fritids.eml", nested())],
    )
    yield mail(
        8,
        "quarantine",
        f"utredare@{HOME}",
        ["ombud@advokat.example"],
        "Utredning",
        "Lösenordet kommer i ett sms.\n",
        attachments=[("utredning.zip", locked_archive())],
    )
    yield mail(
        9,
        "relay",
        f"ekonomi@{HOME}",
        ["faktura@leverantor.example"],
        "Betalningsuppgifter",
        "Hej,\n\nvårt organisationsnummer är 212000-0142 och bankgirot 5050-1055.\n"
        "OCR 1234567897, diarienummer KS 2026-00123, telefon 070-174 06 05.\n\nEkonomienheten\n",
    )
    parents = [f"foralder{n}@familj{n}.example" for n in range(1, 26)]
    yield mail(
        10,
        "quarantine",
        f"larare@{HOME}",
        parents,
        "Utflykten på fredag",
        "Hej alla!\n\nKom ihåg matsäck. Alva Lindqvist, 20150110-2386, får åka med Greta.\n\nHälsningar Maj\n",
    )
    yield mail(
        11,
        "relay",
        f"larare@{HOME}",
        [f"skolskoterska@{HOME}"],
        "Frånvaro",
        "Hej,\n\nAlva Lindqvist i 5B är hemma med hög feber och magsjuka hela veckan.\n\nMaj\n",
    )
    yield mail(
        12,
        f"relay {f'arkiv@{HOME}'}, redirect {citizen}",
        f"handlaggare@{HOME}",
        [citizen, f"arkiv@{HOME}"],
        "Ditt ärende",
        "Hej Anna,\n\nvi har registrerat din ansökan på personnummer 19860318-2380.\n\nHandläggaren\n",
    )
    yield mail(
        13,
        "redirect",
        f"per.alm@{HOME}",
        ["projekt@byggbolag.example"],
        "Möte på torsdag",
        "Hej,\n\njag är tyvärr sjukskriven efter min ryggoperation och kan inte komma på mötet.\n\nPer\n",
    )
    yield mail(
        14,
        "relay",
        f"kultur@{HOME}",
        ["konstnar@atelje.example"],
        "Bilder till utställningen",
        "Hej! Bilderna ligger här: https://www.dropbox.com/s/abc123/bilder\n\nKulturenheten\n",
    )
    yield mail(
        15,
        "ask",
        f"vaktmasteri@{HOME}",
        ["kundtjanst@vvs.example"],
        "Pumpen i undercentralen",
        "Hej!\n\njag är tyvärr sjukskriven efter min ryggoperation, så en kollega möter er vid pumpen.\n\n"
        "Vaktmästeriet\n",
    )


def write():
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.eml"):
        old.unlink()
    for m in mails():
        number = m["Message-ID"].strip("<>").split("@")[0].split("-")[1]
        (OUT / f"{number}.eml").write_bytes(bytes(m))


if __name__ == "__main__":
    write()
