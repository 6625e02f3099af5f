"""Information classes and makers: every source of them, and how they are spelt."""

import re

import pytest

from mailfilter import labels, limits
from mailfilter.parse import parse
from tests.extract import documents, making
from tests.extract.reading import read

ID = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"
PAIR = f"MSIP_Label_{ID}_"


def custom(*pairs) -> bytes:
    """docProps/custom.xml with these properties."""
    one = making.custom("NAME", "VALUE")
    start, end = one.index("<property"), one.rindex("</property>") + len("</property>")
    made = "".join(
        one[start:end].replace("NAME", name).replace("VALUE", value) for name, value in pairs
    )
    return making.edit(making.word(), {"docProps/custom.xml": one[:start] + made + one[end:]})


def odt(xml: str) -> bytes:
    old = making.zipfile.ZipFile(making.io.BytesIO(documents.odt())).read("meta.xml").decode()
    return making.edit(
        documents.odt(), {"meta.xml": old.replace("</office:meta>", xml + "</office:meta>")}
    )


def user_defined(name: str, value: str) -> str:
    return f'<meta:user-defined meta:name="{name}">{value}</meta:user-defined>'


def pdf_with(info: bytes = b"", xmp: bytes = b"") -> bytes:
    """A page whose information or XMP says more; offsets are looked for by the reader."""
    data = documents.pdf()
    if info:
        data = re.sub(rb"/Producer\s*\(", info + rb" /Producer (", data, count=1)
    if xmp:
        stream = b"9 0 obj\n<</Type/Metadata/Length %d>>\nstream\n%b\nendstream\nendobj\n"
        data = data.replace(b"xref\n", stream % (len(xmp), xmp) + b"xref\n", 1)
    return data


OFFICE = [(PAIR + "Enabled", "true"), (PAIR + "Name", "Känslig")]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (custom(*OFFICE), "brev.docx"),
        (custom((PAIR + "Name", "KÄNSLIG")), "brev.docx"),
        (odt("".join(user_defined(*pair) for pair in OFFICE)), "brev.odt"),
        (
            pdf_with(f"/{PAIR}Enabled (True) /{PAIR}Name (K\\344nslig)".encode()),
            "brev.pdf",
        ),
        (
            pdf_with(xmp=f"<pdfx:{PAIR}Name>Känslig</pdfx:{PAIR}Name>".encode()),
            "brev.pdf",
        ),
        (f"msip_labels: {PAIR}Enabled=true; {PAIR}Name=Känslig\r\n\r\nHej".encode(), "brev.eml"),
    ],
    ids=["docx", "docx name alone", "odt", "pdf", "xmp", "eml"],
)
def test_a_label_is_found_by_name_and_by_identifier(data, name):
    assert set(read(data, name).labels) == {"känslig", ID}


def test_a_label_that_was_taken_off_is_none():
    off = [(PAIR + "Enabled", "false"), (PAIR + "Name", "Känslig")]
    both = [*off, (f"MSIP_Label_{OTHER}_Enabled", "True"), (f"MSIP_Label_{OTHER}_Name", "Intern")]
    assert read(custom(*off), "a.docx").labels == ()
    assert set(read(custom(*both), "a.docx").labels) == {"intern", OTHER}
    header = "; ".join(f"{key}={value}" for key, value in both)
    assert set(labels.of_header(header + "; Sensitivity=Intern A")) == {"Intern", OTHER, "Intern A"}


def test_the_newer_label_info_of_office():
    xml = (
        '<clbl:labelList xmlns:clbl="http://schemas.microsoft.com/office/2020/mipLabelMetadata">'
        f'<clbl:label id="{{{ID}}}" enabled="1" method="Privileged" siteId="{{{OTHER}}}" '
        'contentBits="0" removed="0"/>'
        f'<clbl:label id="{{{OTHER}}}" enabled="0" siteId="{{{OTHER}}}" removed="1"/>'
        "</clbl:labelList>"
    )
    found = read(making.edit(making.word(), {"docMetadata/LabelInfo.xml": xml}), "a.docx")
    assert found.labels == (ID,)


HTML = '<html><head><meta content="Lifecare 7" name="generator"></head><body>Hej</body></html>'
APP = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/'
    'extended-properties"><Application>Treserva</Application>'
    "<Company>Exempelkommun</Company></Properties>"
)


@pytest.mark.parametrize(
    ("data", "name", "wanted"),
    [
        (making.edit(making.word(), {"docProps/app.xml": APP}), "a.docx", "treserva"),
        (making.edit(making.word(), {"docProps/app.xml": APP}), "a.docx", "exempelkommun"),
        (documents.pdf(), "a.pdf", "*reportlab*"),
        (pdf_with(xmp=b"<xmp:CreatorTool>Combine 4</xmp:CreatorTool>"), "a.pdf", "combine 4"),
        (documents.odt(), "a.odt", "*odf*"),
        (HTML.encode(), "a.html", "lifecare 7"),
        (b"{\\rtf1\\ansi{\\*\\generator Procapita 3.1;}Hej}", "a.rtf", "procapita 3.1"),
        (
            b"BEGIN:VCALENDAR\r\nPRODID;X=1:-//Exempel//Kalen\r\n der 2//SV\r\nEND:VCALENDAR\r\n",
            "a.ics",
            "-//exempel//kalender 2//sv",
        ),
        (b"From: a@b.example\r\nX-Mailer: Treserva  Post\r\n\r\nHej", "a.eml", "treserva post"),
    ],
)
def test_makers_come_from_every_source(data, name, wanted):
    from mailfilter.decide.conditions import fits_pattern

    made_by = read(data, name).made_by
    assert any(fits_pattern(wanted, maker) for maker in made_by), made_by


def test_makers_of_the_mail_itself():
    facts = parse(b"X-Mailer: Treserva\r\nUser-Agent: Roundcube/1.6\r\n\r\nHej").facts
    assert facts.made_by == ("treserva", "roundcube/1.6")


def test_facts_are_bounded_and_of_one_spelling():
    assert labels.folded("  Öppen\t\n HANDLING\0 ") == "öppen handling"
    assert labels.folded("O\u0308ppen") == labels.folded("Öppen")
    many = labels.bounded(f"{n}" + "x" * 500 for n in range(500))
    assert len(many) == limits.LABELS
    assert max(map(len, many)) == limits.LABEL_LENGTH
    long = "".join(f"MSIP_Label_{n:08}{ID[8:]}_Name=L{n};" for n in range(3000))
    facts = parse(f"msip_labels: {long}\r\n\r\nHej".encode()).facts
    assert len(facts.labels) == limits.LABELS
