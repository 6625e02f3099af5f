"""The notice: what it says, to whom, and what it never says."""

import re
import tomllib
from dataclasses import replace
from importlib.resources import files

import pytest

from detectors import Role
from mailfilter.errors import Permanent
from mailfilter.letters.notice import About, Variant, addressee, answered, build, first_variant
from mailfilter.letters.notice_lines import STARS
from mailfilter.letters.notice_template import Templates
from mailfilter.letters.notice_words import Stamp
from mailfilter.model import Action, Class, Finding, NotExamined, Verdict
from mailfilter.place import Place, Step, StepKind
from tests.act.office import CANARIES, INSIDE, NOW, SENDER, dossier, path, settings, verdict

STAMP = Stamp(
    sender="mailfilter@kommun.example",
    sender_name="E-postskyddet, Kommunen",
    recipients=(SENDER,),
    message_id="notice.1.M1@kommun.example",
    at=NOW,
    loop="M1",
    answers="<a1@kommun.example>",
)


def made(variant=Variant.HELD, about=None, chosen=None, stamp=STAMP, **changes):
    values = {"receipt": "550 5.1.1 kanarie", "days": 3, "connector": "saker"} | (about or {})
    subject = About(variant, "K7Q2A-91ABC", NOW, dossier(**changes), **values)
    return build(subject, chosen or settings(), stamp, Templates())


def text(message):
    return message.get_body(("plain",)).get_content()


def page(message):
    return message.get_body(("html",)).get_content()


def everything(message):
    """Decoded and as sent."""
    headers = "\n".join(f"{name}: {value}" for name, value in message.items())
    return "\n".join((headers, text(message), page(message), message.as_string()))


def test_a_copy_that_is_still_read_is_neither_held_nor_sent():
    late = replace(verdict("c@kommun.example"), reasons=("reading-on",))
    verdicts = (verdict("b@hem.example"), late)
    said = text(made(verdicts=verdicts))
    assert "b@hem.example: har inte fått mejlet; det hålls kvar" in said
    assert "c@kommun.example: får mejlet när bilderna i det är lästa" in said
    assert "c@kommun.example: gets the mail when its images have been read" in said
    redirected = verdict("b@hem.example", Action.REDIRECT, connector="saker")
    assert first_variant(dossier(verdicts=(redirected, late))) is Variant.REDIRECTED
    assert first_variant(dossier(verdicts=(verdict("b@hem.example"), late))) is Variant.HELD


@pytest.mark.parametrize("variant", Variant)
@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_canary_gets_out(variant, language):
    said = everything(made(variant, language=language))
    assert [canary for canary in CANARIES if canary in said] == []


@pytest.mark.parametrize("variant", Variant)
def test_every_variant_is_a_sound_mail_in_both_languages(variant):
    message = made(variant)
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["To"] == SENDER
    assert message["X-Mailfilter-Notice"] == "M1"
    assert message["Message-ID"] == "<notice.1.M1@kommun.example>"
    assert message["In-Reply-To"] == "<a1@kommun.example>"
    assert "K7Q2A-91ABC" in text(message)
    assert text(message).index("Hej!") < text(message).index("Hello,")
    assert max(map(len, message.as_bytes().split(b"\r\n"))) < 998
    assert message.as_bytes().isascii()
    assert message.as_bytes() == made(variant).as_bytes()  # nothing random


def test_where_she_decides_herself_it_says_so():
    verdicts = (verdict("b@hem.example", Action.ASK),)
    told = " ".join(
        text(made(about={"link": "https://x.example/m/1/2"}, verdicts=verdicts)).split()
    )
    assert "b@hem.example: har inte fått mejlet; du avgör om det ska skickas" in told
    assert "Handlar det inte om någons hälsa skickar du mejlet därifrån med ett tryck." in told
    assert "If this is not about anybody's health, you send the mail from there" in told
    assert first_variant(dossier(verdicts=verdicts)) is Variant.HELD


def test_what_it_says():
    said = text(made())
    assert "Personnummer (******-****): bilaga 1 (docx), blad 2, rad 3; mejltexten" in flat(said)
    assert "Uppgift om hälsa (diagnos): mejltexten" in said
    assert "Health data (diagnosis): the text of the mail" in said
    assert "b@hem.example: har inte fått mejlet; det hålls kvar" in said
    assert "c@kommun.example: har fått mejlet som vanligt" in said
    assert "hör av dig till IT, 0486-123 45" in flat(said)
    assert "raderas mejlet efter 14 dagar" in said
    assert "2026-11-24 kl. 10:30" in said
    assert "Bilaga 2: " in said


def test_what_a_password_of_the_mail_opened_is_said_once_for_each_attachment():
    said = flat(text(made()))
    assert (
        "Vi kunde läsa bilaga 1 (docx); bilaga 3 (zip); bilaga 4 eftersom lösenordet stod i samma "
        "mejl: skicka lösenordet på annat sätt."
    ) in said
    assert (
        "We could read attachment 1 (docx); attachment 3 (zip); attachment 4 since the password"
        in said
    )
    assert "lösenordet stod" not in text(made(opened=()))


def test_a_rule_that_held_a_mail_in_which_nothing_was_found_says_why():
    why = (verdict("b@hem.example", reasons=("opened-by-password", "recipient-class")),)
    said = flat(text(made(findings=(), not_examined=(), verdicts=why)))
    assert "för en regel i din organisation gäller det" in said
    assert "Lösenordet till en bilaga står i samma mejl." in said
    assert "The password of an attachment stands in the same mail." in said
    assert "kunde inte läsa hela" not in said


def test_rows_of_a_sheet_are_said_together():
    places = [
        replace(INSIDE, steps=(*INSIDE.steps[:2], Step(StepKind.ROW, n))) for n in range(2, 30)
    ]
    findings = tuple(Finding("se.personnummer", 95, place, STARS) for place in places)
    said = flat(text(made(findings=findings)))
    assert "Personnummer (******-****): bilaga 1 (docx), blad 2, rad 2–29 " in said


def flat(text):
    return re.sub(r"\s+", " ", text)


def test_the_language_of_the_mail_comes_first():
    message = made(language="en")
    assert message["Subject"].startswith("Your mail")
    assert text(message).index("Hello,") < text(message).index("Hej!")
    assert page(message).startswith('<!DOCTYPE html>\n<html lang="en">')
    assert made(language="fi")["Subject"].startswith("Your mail")


def test_the_page_says_the_same_and_loads_nothing():
    html = page(made())
    assert '<div lang="sv"' in html
    assert '<div lang="en"' in html
    assert html.count("<h1") == 2
    assert html.count("<h2") >= 6
    assert not re.search(r"src=|<link|<script|@import|url\(", html)
    words = re.sub(r"<[^>]+>", " ", html)
    for line in ("Så gick det för mottagarna", "What happened to each recipient"):
        assert line in words


def test_a_redirected_mail_names_the_service_and_what_it_asks():
    sent = verdict("b@hem.example", Action.REDIRECT, connector="saker")
    subject = dossier(rcpts=("b@hem.example",), verdicts=(sent,))
    assert first_variant(subject) is Variant.REDIRECTED
    said = flat(text(made(Variant.REDIRECTED, rcpts=("b@hem.example",), verdicts=(sent,))))
    assert "b@hem.example: får mejlet genom Säkra meddelanden" in said
    assert "Kvittot kommer till dig." in said
    assert "You get the receipt." in said
    assert first_variant(dossier()) is Variant.HELD


def test_held_mail_says_which_service_to_use():
    assert "skicka med Säkra meddelanden" in flat(
        text(made(chosen=settings(secure_service="saker")))
    )


def test_what_could_not_be_read_is_another_lead():
    said = flat(text(made(findings=())))
    assert "kunde inte läsa hela mejlet" in said
    assert "Personnummer" not in said
    assert "Skicka bilagan utan lösenord" in said


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        (Class.ENCRYPTED, "Skicka bilagan utan lösenord"),
        (Class.BROKEN, "Öppna den, spara den på nytt"),
        (Class.OVER_LIMIT, "Dela upp det som är för stort"),
        (Class.UNREAD, "i ett vanligt format, till exempel pdf"),
    ],
)
def test_advice_fits_what_was_not_read(cls, said):
    place = Place(Role.ATTACHMENT, (Step(StepKind.ATTACHMENT, 1, "x", "docx"),))
    told = flat(text(made(findings=(), not_examined=(NotExamined(place, "x", cls),))))
    assert said in told
    assert ("utan lösenord" in told) == (cls is Class.ENCRYPTED)


def test_a_services_instruction_stands_only_where_the_mail_goes_by_it():
    held = flat(text(made(chosen=settings(secure_service="saker"))))
    assert "Kvittot kommer till dig." not in held
    proposed = verdict("b@hem.example", connector="saker")
    assert "Kvittot" not in text(made(rcpts=("b@hem.example",), verdicts=(proposed,)))


def test_a_protected_recipient_is_nobody_elses_business():
    held = verdict("tips@tidning.example", recipient_class="protected")
    said = flat(text(made(rcpts=("tips@tidning.example",), verdicts=(held,))))
    assert "Bara du har fått veta detta" in said
    assert "Är det fel, och mejlet ska gå som det är" not in said


def test_mass_mail_is_said():
    held = Verdict("b@hem.example", Action.QUARANTINE, "mass-mail", ("mass-mail",))
    said = flat(text(made(rcpts=("b@hem.example",), verdicts=(held,))))
    assert "som ser varandras adresser" in said


def test_only_the_codes_of_a_receipt_are_said():
    said = flat(text(made(Variant.RELEASE_FAILED)))
    assert "(550 5.1.1)" in said


def test_an_address_with_a_number_is_not_repeated():
    rcpts = ("191212121212@hem.example", "c@kommun.example")
    said = everything(made(rcpts=rcpts))
    assert "191212121212" not in said
    assert "mottagare 1: har inte fått" in said


def test_many_recipients_are_counted():
    rcpts = tuple(f"r{n}@hem.example" for n in range(30))
    assert "och 10 till" in text(made(rcpts=rcpts))


def test_html_in_an_address_is_text():
    message = made(rcpts=("<b>@hem.example",))
    assert "<b>@" not in page(message)
    assert "&lt;b&gt;@" in page(message)


@pytest.mark.parametrize(
    "address",
    [
        "a\r\nBcc: x@y.example@k.example",
        "a\nb@k.example",
        "a@k.example>\r\nBcc: <x@y.example",
        "å@k.example",
        "a b@k.example",
        "",
        "a@b@c.example",
        "a,b@k.example",
        "\x00@k.example",
    ],
)
def test_an_addressee_cannot_bring_a_header(address):
    stamp = Stamp("m@k.example", "E", (address,), "1@k.example", NOW, "1")
    with pytest.raises(Permanent):
        made(stamp=stamp)


@pytest.mark.parametrize(
    "message_id",
    [
        "<a\r\nBcc: x@y.example>",
        "<121212-1212@k.example>",
        "kanarie",
        "<a b@c>",
        "",
        "<å@b.example>",
        "<" + "a" * 300 + "@b.example>",
    ],
)
def test_only_a_plain_message_id_is_answered(message_id):
    assert answered(dossier(message_id=message_id)) == ""


def test_an_organisations_name_cannot_bring_a_header():
    with pytest.raises(Exception, match="one line"):
        settings(organisation={"name": "K\r\nBcc: x@y.example"})


# ---- to whom ---------------------------------------------------------------------------------


def test_nobody_is_told_who_must_not_be():
    chosen = settings()
    assert addressee(dossier(), chosen) == SENDER
    assert addressee(dossier(sender="Anna@KOMMUN.example"), chosen) == "Anna@KOMMUN.example"
    assert addressee(dossier(sender="", mail=path("")), chosen) is None
    assert addressee(dossier(automatic=True), chosen) is None
    assert addressee(dossier(sender="x@elsewhere.example"), chosen) is None
    assert addressee(dossier(), settings(notice={"enabled": False})) is None


def test_a_scanner_has_an_owner():
    chosen = settings(notice={"system_senders": {"Scanner@kommun.example": "vakt@kommun.example"}})
    sent = dossier(sender="scanner@kommun.example", automatic=True)
    assert addressee(sent, chosen) == "vakt@kommun.example"
    stamp = Stamp("m@kommun.example", "E", ("vakt@kommun.example",), "1@k.example", NOW, "1")
    about = About(Variant.HELD, "M1", NOW, sent)
    assert "skickades av scanner@kommun.example" in flat(text(build(about, chosen, stamp)))


# ---- words -------------------------------------------------------------------------------------


def keys(table, before=""):
    for name, value in table.items():
        if isinstance(value, dict):
            yield from keys(value, f"{before}{name}/")
        else:
            yield f"{before}{name}", frozenset(re.findall(r"{(\w+)}", value))


def test_both_languages_have_the_same_words_with_the_same_blanks():
    tables = [
        tomllib.loads(
            files("mailfilter.letters").joinpath(f"templates/{code}.toml").read_text("utf-8")
        )
        for code in ("sv", "en", "fi")
    ]
    swedish, english, finnish = ({**dict(keys(table))} for table in tables)
    assert swedish == english
    assert finnish.items() >= swedish.items()


def test_finnish_is_one_file():
    """Places, causes and rules too: nothing of another language stands in a Finnish notice."""
    chosen = settings(notice={"languages": ["fi"]})
    said = flat(text(made(chosen=chosen, language="fi")))
    assert "Henkilönumero" not in said
    assert "Ruotsalainen henkilönumero (******-****): liite 1 (docx), taulukko 2, rivi 3" in said
    assert not re.search(r"bilaga|attachment|Personnummer|Hej|Hello", said)
    assert "Liite 2: " in said
    assert made(chosen=chosen)["Subject"].startswith("Viestiäsi ei ole vielä lähetetty")


@pytest.mark.parametrize("variant", Variant)
def test_a_notice_may_have_three_languages(variant):
    chosen = settings(notice={"languages": ["sv", "fi", "en"]})
    said = text(made(variant, chosen=chosen))
    assert said.index("Hej!") < said.index("Hei!") < said.index("Hello,")


def test_every_kind_has_a_name():
    from detectors import DETECTORS
    from mailfilter.letters.notice_words import WORDS

    kinds = {kind for detector in DETECTORS for kind in detector.KINDS}
    assert all(words.has("kind", kind) for kind in kinds for words in WORDS.values())


def test_parts_that_pass_by_default_are_not_complained_of():
    image = NotExamined(Place(Role.ATTACHMENT), "image", Class.UNSUPPORTED)
    assert "kunde inte läsa" not in text(made(not_examined=(image,)))


def test_expiry_is_told_in_days():
    said = flat(text(made(Variant.NOT_SENT, about={"days": 10})))
    assert "hållits kvar i 10 dagar" in said
