"""Places in words: as a person would look for them, without names where names say too much."""

from datetime import date

import pytest

from detectors import Role
from mailfilter.commands.sources import wrapped
from mailfilter.examine import Job, examine
from mailfilter.extract.text.quoted import dated
from mailfilter.place import Place, Step, StepKind, describe, describe_all
from tests.extract.making import zipped

LIST = Step(StepKind.ATTACHMENT, 2, "Lista.xlsx", "xlsx")
SHEET = (LIST, Step(StepKind.SHEET, 1, "7B"), Step(StepKind.COLUMN, 3, "Personnr"))


def row(n: int) -> Place:
    return Place(Role.ATTACHMENT, (*SHEET, Step(StepKind.ROW, n)))


def inside(*steps: Step, role=Role.ATTACHMENT) -> Place:
    return Place(role, (Step(StepKind.ATTACHMENT, 1, "allt.zip", "zip"), *steps))


COPY = Step(StepKind.MEMBER, 1, "kopia.docx", "docx")


@pytest.mark.parametrize(
    ("place", "words", "nameless"),
    [
        (
            row(2),
            "bilaga 2 (xlsx), blad 7B, kolumn Personnr, rad 2",
            "bilaga 2 (xlsx), blad 1, kolumn C, rad 2",
        ),
        (
            inside(COPY, Step(StepKind.COMMENT)),
            "bilaga 1 (zip) / kopia.docx, kommentar",
            "bilaga 1 (zip) / fil 1 (docx), kommentar",
        ),
        (inside(COPY, role=Role.NAME), "bilaga 1 (zip) / kopia.docx, namnet", None),
        (Place(Role.ATTACHMENT, (LIST, Step(StepKind.PAGE, 3))), "bilaga 2 (xlsx), sida 3", None),
        (Place(Role.QUOTE, (Step(StepKind.QUOTED, 303),)), "det citerade mejlet från 3 mars", None),
        (Place(Role.QUOTE, (Step(StepKind.QUOTED, 9999),)), "det citerade mejlet", None),
        (
            inside(COPY, Step(StepKind.PROPERTY), role=Role.PROPERTY),
            "bilaga 1 (zip) / kopia.docx, dokumentegenskaperna",
            None,
        ),
        (Place(Role.BODY), "mejltexten", "mejltexten"),
        (Place(Role.ATTACHMENT), "bilaga", "bilaga"),
    ],
)
def test_words(place, words, nameless):
    assert describe(place) == words
    if nameless is not None:
        assert describe(place.nameless()) == nameless


def test_in_english():
    assert describe(Place(Role.QUOTE, (Step(StepKind.QUOTED, 1231),)), "en") == (
        "the quoted mail of 31 December"
    )


def test_neighbours_are_said_once():
    assert describe_all([row(n) for n in (*range(29, 1, -1), 2)]) == [
        "bilaga 2 (xlsx), blad 7B, kolumn Personnr, rad 2–29"
    ]
    assert describe_all([row(2), Place(Role.BODY), row(4), row(5), Place(Role.BODY)]) == [
        "bilaga 2 (xlsx), blad 7B, kolumn Personnr, rad 2, 4–5",
        "mejltexten",
    ]
    many = describe_all([row(2 * n) for n in range(1, 50)])
    assert many == ["bilaga 2 (xlsx), blad 7B, kolumn Personnr, rad 2, 4, 6, 8 ..."]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Den 3 mars 2026 kl. 10:15 skrev Anna Ek:\n> Hej", 303),
        ("Den tis 3 mars 2026 kl 10:15 skrev Anna Ek <\nanna@x.example>:\n> Hej", 303),
        ("On Tue, Mar 3, 2026 at 10:15 AM Anna Ek <anna@x.example>\nwrote:\n\n> Hej", 303),
        ("2026-12-31 23:59 skrev Anna Ek:\n> Hej", 1231),
        (
            "-----Ursprungligt meddelande-----\nFrån: A\nSkickat: den 3 mars 2026 10:15\nTill: B",
            303,
        ),
        ("From: A\nSent: Tuesday, March 3, 2026 10:15 AM\nTo: B", 303),
        ("*Från:* A\n*Skickat:* tisdag den 3 mars 2026 10:15\n*Till:* B", 303),
        ("Fra: A\nSendt: 3. desember 2026 10:15\nTil: B", 1203),
        ("Från: A 3 mars\nTill: B\nÄmne: 4 maj\n\nVi ses den 5 juni", None),
        ("From: A\nDate: 03/04/2026\nTo: B", None),
        ("Från: A\nSkickat: den 45 mars 2026\nTill: B", None),
        ("> bara citat 3 mars", None),
    ],
)
def test_the_day_of_a_quoted_mail(text, day):
    assert [step.n for step in dated(text, 0)] == ([day] if day else [])


def test_what_was_not_read_has_no_name_that_says_too_much():
    for name, words in (
        ("19121212-1212.xyz", "bilaga 1 (zip) / fil 1 (xyz)"),
        ("Anna Karlsson.xyz", "bilaga 1 (zip) / fil 1 (xyz)"),
        ("underlag.xyz", "bilaga 1 (zip) / underlag.xyz"),
    ):
        data = wrapped(b"a.zip", zipped({name: bytes(range(256)) * 8}))
        found, _ = examine(data, Job(b"k" * 32, date(2026, 11, 28)))
        assert [describe(part.place) for part in found.not_examined] == [words]


def test_the_quoted_mail_in_a_reading():
    mail = (
        "From: a@b.example\r\nTo: c@d.example\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nHej\r\n\r\n"
        "Den 3 mars 2026 kl. 10:15 skrev Bo:\r\n> Personnummer 191212121212\r\n"
    )
    found, _ = examine(mail.encode(), Job(b"k" * 32, date(2026, 11, 28)))
    assert {describe(each.place) for each in found.findings} == {"det citerade mejlet från 3 mars"}
