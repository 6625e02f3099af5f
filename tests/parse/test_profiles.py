"""Mails as client programs write them: each is understood, and its parts are these."""

from pathlib import Path

import pytest

from mailfilter.parse import parse
from mailfilter.place import describe
from tests.parse.reading import content, crlf, reasons

PLAIN, HTML = ("text/plain", "brevtexten"), ("text/html", "brevtexten")
MESSAGES = Path(__file__).parent.parent / "messages"

# file → (type and place of each part, a phrase that must be readable)
EXPECTED: dict[str, tuple[list[tuple[str, str]], str]] = {
    "apple-mail-mac": (
        [PLAIN, HTML,
         ("application/pdf", "bilaga 1 (pdf)"), HTML],
        "Protokoll möte med väldigt långt.pdf",
    ),
    "exchange-meeting-request": (
        [PLAIN, HTML, ("text/calendar", "brevtexten")],
        "Möte om avtal",
    ),
    "exchange-ndr-headers": (
        [PLAIN, HTML, PLAIN],
        "Tåg",
    ),
    "exchange-onprem-forward": (
        [PLAIN, ("text/plain", "bifogat brev 1, brevtexten"),
         ("text/html", "bifogat brev 1, brevtexten")],
        "Samråd",
    ),
    "gmail-web": (
        [PLAIN, HTML, ("image/png", "bilaga (png)"),
         ("text/plain", "bifogat brev 1, brevtexten")],
        "Skicka stadgarna",
    ),
    "groupwise": (
        [PLAIN, HTML, ("application/pdf", "bilaga 1 (pdf)")],
        "Remiss översiktsplan",
    ),
    "iphone": (
        [PLAIN, ("image/png", "bilaga (png)"), PLAIN],
        "Skickat från min iPhone",
    ),
    "mutt": ([PLAIN, ("text/plain", "bilaga 1 (txt)")], "hälsar driften"),
    "newsletter-list": ([PLAIN, HTML], "december, läs mer"),
    "notes-domino": (
        [PLAIN, HTML,
         ("application/octet-stream", "bilaga 1 (pdf)")],
        "Rapporten är klar",
    ),
    "out-of-office": ([PLAIN], "Jag är på semester"),
    "outlook-desktop": (
        [PLAIN, HTML, ("image/png", "bilaga (png)"),
         ("application/pdf", "bilaga 1 (pdf)")],
        "Registrator Bygg- och miljönämnden",
    ),
    "outlook-mobile": ([PLAIN], "Vi ses i morgon"),
    "outlook-plain-uuencode": (
        [PLAIN, ("application/octet-stream", "bilaga 1 (csv)")],
        "Eken;3",
    ),
    "outlook-reply": ([PLAIN, HTML], "Avtal 2026 – förslag"),
    "pgp-encrypted": ([], "Yttrande"),
    "pgp-signed": ([PLAIN], "Signerat med PGP från Örebro"),
    "phpmailer-form": ([PLAIN, HTML], "Webbformulär"),
    "postfix-bounce": (
        [PLAIN, PLAIN,
         ("text/plain", "bifogat brev 1, brevtexten")],
        "Hej, når detta dig?",
    ),
    "python-email": (
        [PLAIN, ("application/octet-stream", "bilaga 1 (csv)")],
        "årsrapport.csv",
    ),
    "read-receipt": ([PLAIN, PLAIN], "Läst: Fråga"),
    "samsung-mobile": ([PLAIN, HTML], "Tiden funkar"),
    "scanner-konica": (
        [PLAIN, ("application/pdf", "bilaga 1 (pdf)")], "Message from KM",
    ),
    "scanner-ricoh": ([PLAIN, ("image/tiff", "bilaga 1 (tif)")], "från en skrivare"),
    "smime-encrypted": ([], "Yttrande"),
    "smime-opaque": ([PLAIN], "Signerat svar från kommunen"),
    "smime-opaque-stream": ([PLAIN], "Signerat svar från kommunen"),
    "smime-signed": ([PLAIN], "Signerat svar från kommunen"),
    "thunderbird": (
        [PLAIN, HTML, ("text/csv", "bilaga 1 (csv)")],
        "Lärarförbundet",
    ),
}  # fmt: skip
PROTECTED = {"pgp-encrypted": {"pgp-encrypted"}, "smime-encrypted": {"smime-encrypted"}}


def test_every_file_is_listed():
    assert {path.stem for path in MESSAGES.glob("*.eml")} == set(EXPECTED)


@pytest.mark.parametrize("ends", ["lf", "crlf"])
@pytest.mark.parametrize("name", EXPECTED)
def test_profile(name, ends):
    data = (MESSAGES / f"{name}.eml").read_bytes()
    message = parse(crlf(data) if ends == "crlf" else data)
    parts, phrase = EXPECTED[name]
    assert [(part.type, describe(part.place.nameless())) for part in message.parts] == parts
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
