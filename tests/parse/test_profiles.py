"""Mails as client programs write them: each is understood, and its parts are these."""

from pathlib import Path

import pytest

from detectors import Role
from mailfilter.parse import parse
from tests.parse.reading import content, crlf, reasons

PLAIN, HTML = ("text/plain", "body"), ("text/html", "body")
MESSAGES = Path(__file__).parent.parent / "messages"

# file → (type and place of each part, a phrase that must be readable)
EXPECTED: dict[str, tuple[list[tuple[str, str]], str]] = {
    "apple-mail-mac": (
        [PLAIN, HTML,
         ("application/pdf", "attachment 1 pdf"), HTML],
        "Protokoll möte med väldigt långt.pdf",
    ),
    "exchange-meeting-request": (
        [PLAIN, HTML, ("text/calendar", "body")],
        "Möte om avtal",
    ),
    "exchange-ndr-headers": (
        [PLAIN, HTML, PLAIN],
        "Tåg",
    ),
    "exchange-onprem-forward": (
        [PLAIN, ("text/plain", "mail 1 body"),
         ("text/html", "mail 1 body")],
        "Samråd",
    ),
    "gmail-web": (
        [PLAIN, HTML, ("image/png", "attachment 0 png"),
         ("text/plain", "mail 1 body")],
        "Skicka stadgarna",
    ),
    "groupwise": (
        [PLAIN, HTML, ("application/pdf", "attachment 1 pdf")],
        "Remiss översiktsplan",
    ),
    "iphone": (
        [PLAIN, ("image/png", "attachment 0 png"), PLAIN],
        "Skickat från min iPhone",
    ),
    "mutt": ([PLAIN, ("text/plain", "attachment 1 txt")], "hälsar driften"),
    "newsletter-list": ([PLAIN, HTML], "december, läs mer"),
    "notes-domino": (
        [PLAIN, HTML,
         ("application/octet-stream", "attachment 1 pdf")],
        "Rapporten är klar",
    ),
    "out-of-office": ([PLAIN], "Jag är på semester"),
    "outlook-desktop": (
        [PLAIN, HTML, ("image/png", "attachment 0 png"),
         ("application/pdf", "attachment 1 pdf")],
        "Registrator Bygg- och miljönämnden",
    ),
    "outlook-mobile": ([PLAIN], "Vi ses i morgon"),
    "outlook-plain-uuencode": (
        [PLAIN, ("application/octet-stream", "attachment 1 csv")],
        "Eken;3",
    ),
    "outlook-reply": ([PLAIN, HTML], "Avtal 2026 – förslag"),
    "pgp-encrypted": ([], "Yttrande"),
    "pgp-signed": ([PLAIN], "Signerat med PGP från Örebro"),
    "phpmailer-form": ([PLAIN, HTML], "Webbformulär"),
    "postfix-bounce": (
        [PLAIN, PLAIN,
         ("text/plain", "mail 1 body")],
        "Hej, når detta dig?",
    ),
    "python-email": (
        [PLAIN, ("application/octet-stream", "attachment 1 csv")],
        "årsrapport.csv",
    ),
    "read-receipt": ([PLAIN, PLAIN], "Läst: Fråga"),
    "samsung-mobile": ([PLAIN, HTML], "Tiden funkar"),
    "scanner-konica": (
        [PLAIN, ("application/pdf", "attachment 1 pdf")], "Message from KM",
    ),
    "scanner-ricoh": ([PLAIN, ("image/tiff", "attachment 1 tif")], "från en skrivare"),
    "smime-encrypted": ([], "Yttrande"),
    "smime-opaque": ([PLAIN], "Signerat svar från kommunen"),
    "smime-opaque-stream": ([PLAIN], "Signerat svar från kommunen"),
    "smime-signed": ([PLAIN], "Signerat svar från kommunen"),
    "thunderbird": (
        [PLAIN, HTML, ("text/csv", "attachment 1 csv")],
        "Lärarförbundet",
    ),
}  # fmt: skip
PROTECTED = {"pgp-encrypted": {"pgp-encrypted"}, "smime-encrypted": {"smime-encrypted"}}


def where(place):
    """Role and steps in short."""
    steps = [f"{step.kind} {step.n} {step.form}".strip() for step in place.steps]
    return " ".join(steps if place.role is Role.ATTACHMENT else [*steps, place.role])


def test_every_file_is_listed():
    assert {path.stem for path in MESSAGES.glob("*.eml")} == set(EXPECTED)


@pytest.mark.parametrize("ends", ["lf", "crlf"])
@pytest.mark.parametrize("name", EXPECTED)
def test_profile(name, ends):
    data = (MESSAGES / f"{name}.eml").read_bytes()
    message = parse(crlf(data) if ends == "crlf" else data)
    parts, phrase = EXPECTED[name]
    assert [(part.type, where(part.place)) for part in message.parts] == parts
    assert reasons(message) == PROTECTED.get(name, set())
    assert phrase in content(message)


def read(name):
    return parse((MESSAGES / f"{name}.eml").read_bytes(), ("X-MS-Has-Attach", "Absent"))


def test_facts_of_outlook():
    facts = read("outlook-desktop").facts
    assert facts.message_id.startswith("<AM0PR05MB1234")
    assert facts.senders == ("asa.lindstrom@exempelkommun.example",)
    assert facts.visible == (
        "karl.berg@leverantor.example",
        "registrator@exempelkommun.example",
    )
    assert facts.subject == "Protokoll från mötet i tisdags"
    assert facts.labels == ("11111111-2222-3333-4444-555555555555", "intern")
    assert facts.marks == (("x-ms-has-attach", "yes"),)
    assert (facts.automatic, facts.mailing_list, facts.report) == (False, False, False)
    assert facts.language == "sv"


def test_facts_of_machines():
    assert read("out-of-office").facts.automatic
    assert read("python-email").facts.automatic
    assert read("postfix-bounce").facts.report
    assert read("postfix-bounce").facts.language == "en"
    newsletter = read("newsletter-list").facts
    assert newsletter.mailing_list
    assert newsletter.automatic


def test_names_and_pictures():
    parts = {part.type: part for part in read("outlook-desktop").parts}
    assert parts["image/png"].inline
    assert parts["image/png"].content_id == "image001.png@01DA5D5E.4DED0400"
    assert parts["application/pdf"].name == "Protokoll möte.pdf"
    assert not parts["application/pdf"].inline
