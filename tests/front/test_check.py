"""The check before sending, on the real program: mailbox, page, and what is left of a draft.

The mails' canaries are sought in every file of the installation afterwards.
"""

import base64
import io
import re
import urllib.request
import uuid
import zipfile
from datetime import datetime

import pytest

from mailfilter.letters.notice import STOCKHOLM
from tests.canary import leaks, locked_zip
from tests.extract.making import word
from tests.extract.making_media import mp3
from tests.front.installation import ANNA, MAJ, Installation, Told, mail
from tests.running import wait_until

pytestmark = pytest.mark.system
CHECK = "Kontrollera@exempelkommun.example"  # written as people write it
SETTINGS = f'check_address = "{CHECK.lower()}"\ncheck_networks = ["127.0.0.1"]'
NUMBER = "Personnummer: 19121212-1212."
CANARIES = ("zqutkast", "zqbrodtext", "zqfil", "19121212-1212", "191212121212", "121212-1212")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with Installation(tmp_path_factory.mktemp("check"), front=SETTINGS) as place:
        yield place


def draft(text: str = NUMBER, extra: str = "", to: str = CHECK) -> bytes:
    return mail(f"zqbrodtext {text}\r\n", to=to, subject=f"zqutkast {uuid.uuid4()}", extra=extra)


def answers(place) -> list:
    return [one for one in place.notices() if "tkast" in one["subject"]]


def ask(place, data: bytes) -> str:
    """The Swedish text of the answer to a draft."""
    before = len(answers(place))
    code, reply = place.gateway.send(data, MAJ, [CHECK])
    assert code == 250, reply
    wait_until(lambda: len(answers(place)) > before, "the answer")
    return answers(place)[before].get_body(("plain",)).get_content()


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def with_file(data: bytes, name: str) -> bytes:
    head = draft("Se bilagan.").split(b"MIME-Version")[0]
    return (
        head + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="g"\r\n\r\n'
        b"--g\r\nContent-Type: text/plain\r\n\r\nzqbrodtext\r\n--g\r\n"
        b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="' + name.encode() + b'"\r\n\r\n'
        + base64.encodebytes(data).replace(b"\n", b"\r\n") + b"--g--\r\n"
    )  # fmt: skip


# ---- the mailbox -----------------------------------------------------------------------------


def test_the_answer_says_what_would_happen_to_whom_and_what_to_do(place):
    text = flat(ask(place, draft()))
    assert "Personnummer (******-****): mejltexten" in text
    assert "Till någon utanför organisationen: stoppas och hålls kvar." in text
    assert "Till en kollega: går som vanlig e-post." in text
    assert "Behövs uppgifterna? Om inte: ta bort dem" in text
    assert "Utkastet är inte sparat" in text
    assert "Details" not in text
    assert "Are the details needed?" in text  # English below
    letter = answers(place)[-1]
    assert letter["auto-submitted"] == "auto-replied"
    assert letter["in-reply-to"]


def test_a_draft_without_anything_passes(place):
    text = flat(ask(place, draft("Vi ses på torsdag.")))
    assert "hittade inget som skulle stoppa det" in text
    assert "Till någon utanför organisationen: går som vanlig e-post." in text


def test_what_was_not_read_is_said_and_not_called_clean(place, tmp_path):
    text = flat(ask(place, with_file(locked_zip(tmp_path), "zqfil.zip")))
    assert "Det här kunde vi inte läsa" in text
    assert "bilaga 1 (zip)" in text.lower()
    assert "Skicka bilagan utan lösenord" in text
    sound = flat(ask(place, with_file(mp3(), "zqfil.mp3")))
    assert "allt kunde inte läsas" in answers(place)[-1]["subject"]
    assert "det som står nedan läste vi inte" in sound
    assert "bilaga 1" in sound.lower()


def test_a_retry_of_the_same_mail_has_one_answer(place):
    data = draft()
    ask(place, data)
    before = len(answers(place))
    assert place.gateway.send(data, MAJ, [CHECK])[0] == 250
    ask(place, draft())  # a later one: its answer is behind that of the retry
    assert len(answers(place)) == before + 1


@pytest.mark.parametrize("rcpts", [(CHECK, ANNA), (ANNA, CHECK), (CHECK, CHECK)])
def test_a_draft_that_also_goes_to_somebody_goes_to_nobody(place, rcpts):
    """Also where the client goes on with those who were accepted."""
    before = len(place.sink.mails)
    data = draft("Vi ses.", to=", ".join(rcpts))
    code, reply = place.gateway.send(data, MAJ, rcpts, tolerant=True)
    assert code == 550
    assert "nobody has got it" in reply
    assert len(place.sink.mails) == before


def test_nor_does_a_copy_that_the_client_has_split_off(place):
    data = draft("Vi ses.", to=ANNA, extra=f"Cc: Kontroll <{CHECK}>\r\n")
    assert place.gateway.send(data, MAJ, [ANNA])[0] == 550
    held = draft(NUMBER, to=ANNA, extra=f"Cc: {CHECK}\r\n")
    items = place.gateway.items()
    assert place.gateway.send(held, MAJ, [ANNA])[0] == 550
    assert place.gateway.items() == items
    assert place.sink.to(ANNA) == []


@pytest.mark.parametrize(
    ("sender", "extra"),
    [
        ("", ""),
        ("nagon@annan.example", ""),
        (CHECK, ""),
        (MAJ, "Auto-Submitted: auto-replied\r\n"),
        (MAJ, "Precedence: bulk\r\n"),
    ],
)
def test_who_is_not_one_of_us_and_what_no_person_wrote_is_refused(place, sender, extra):
    """So no answer can answer an answer: ours have an empty return path and are automatic."""
    before = len(place.sink.mails)
    code, reply = place.gateway.send(draft(extra=extra), sender, [CHECK])
    assert (code, reply[:6]) == (550, "5.7.1 ")
    ask(place, draft())
    assert len(place.sink.mails) == before + 1


def test_one_check_of_nobody_is_counted(place):
    def checks() -> bool:
        year, week, _ = datetime.now(STOCKHOLM).isocalendar()
        told = place.gateway.command("report", "--week", f"{year}-W{week:02d}")
        return "kontrollerade före sändning" in told

    ask(place, draft())
    wait_until(checks, "the count")


# ---- the page --------------------------------------------------------------------------------


def page(place) -> str:
    return f"http://127.0.0.1:{place.port}/kontrollera"


def token(place, **headers) -> str:
    told = place.browser.get(page(place), **headers)
    return re.search(r'name="form_token" value="([^"]*)"', told.text)[1]


def post(place, text="", files=(), given=None, **headers) -> Told:
    """The form as a browser sends it; `files`: (name, type, content)."""
    mark = uuid.uuid4().hex.encode()
    body = b""
    for name, value in (("form_token", given or token(place)), ("lang", "sv"), ("text", text)):
        body += b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (
            mark, name.encode(), value.encode(),
        )  # fmt: skip
    for name, kind, content in files or [("", "application/octet-stream", b"")]:
        body += (
            b'--%b\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n'
            b"Content-Type: %b\r\n\r\n%b\r\n" % (mark, name.encode(), kind.encode(), content)
        )
    request = urllib.request.Request(page(place), data=body + b"--%b--\r\n" % mark)
    request.add_header("Content-Type", f"multipart/form-data; boundary={mark.decode()}")
    return place.browser.sent(request, headers)


def test_a_text_is_checked_from_our_network_without_a_login(place):
    told = post(place, f"zqbrodtext\u00a0{NUMBER}\u200b")  # as a word processor pastes it
    assert told.status == 200
    assert "Ditt utkast skulle stoppas" in told.text
    assert "Personnummer (******-****): mejltexten" in flat(told.text)
    assert "Till en kollega: går som vanlig e-post." in told.text
    assert leaks(told.text.encode(), CANARIES) == []
    assert told.headers["cache-control"] == "no-store"


def test_a_long_text_is_read_to_its_end(place):
    told = post(place, "Hej å. " * 60_000 + NUMBER)
    assert "Ditt utkast skulle stoppas" in told.text
    assert "hittade inget" in post(place, "Hej å. " * 60_000).text


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("zqfil.docx", word(f"zqdokument {NUMBER}"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "kind", "content", "place_of_it"),
    [
        ("zqfil.docx", "application/vnd.oasis.opendocument.text", word(NUMBER), "bilaga 1 (docx)"),
        ("zqfil.csv", "text/csv", b"namn;personnummer\nzq;19121212-1212\n", "bilaga 1 (csv)"),
        ("zqfil.csv", "", b"namn;personnummer\nzq;19121212-1212\n", "bilaga 1 (csv)"),
        ("zqfil.zip", "application/zip", archive(), "bilaga 1 (zip)"),
        ("zqfil.eml", "message/rfc822", mail(NUMBER), "bilaga 1"),
        ('zqfil"\r\n; å/../x.docx'.replace("\r\n", ""), "x/y", word(NUMBER), "bilaga 1 (docx)"),
    ],
)
def test_a_file_is_read_by_what_it_is(place, name, kind, content, place_of_it):
    told = post(place, files=[(name.replace('"', "%22"), kind, content)])
    assert "Ditt utkast skulle stoppas" in told.text, told.text[-3000:]
    assert place_of_it in told.text.lower()
    assert leaks(told.text.encode(), CANARIES) == []


def test_several_files_and_one_that_cannot_be_read(place, tmp_path):
    files = [
        ("a.txt", "text/plain", b"Vi ses."),
        ("zqfil.zip", "application/zip", locked_zip(tmp_path)),
        ("b.docx", "application/octet-stream", word(NUMBER)),
    ]
    told = post(place, "Hej!", files)
    assert "bilaga 3 (docx)" in told.text.lower()
    assert "bilaga 2 (zip)" in told.text.lower()
    assert "Skicka bilagan utan lösenord" in told.text


def test_a_form_of_nobody_or_of_another_site_is_refused(place):
    assert post(place, NUMBER, given="x" * 32).status == 403
    assert post(place, NUMBER, sec_fetch_site="cross-site").status == 403
    assert post(place).status == 422


def test_too_much_is_refused_and_said(place):
    told = post(place, files=[("a.bin", "application/octet-stream", bytes(21 * 1024 * 1024))])
    assert told.status == 413


# ---- what is left ----------------------------------------------------------------------------


def test_nothing_of_a_draft_is_left_in_any_file(place):
    """Last in this file: after all of the above, and an answered draft of each kind."""
    ask(place, draft())
    post(place, f"zqbrodtext {NUMBER}", [("zqfil.docx", "", word(f"zqdokument {NUMBER}"))])
    for path in place.folder.rglob("*"):
        if path.is_file():
            assert leaks(path.read_bytes(), (*CANARIES, "zqdokument")) == [], path
            assert leaks(path.name.encode(), CANARIES) == []
    assert place.gateway.items() == []
    assert place.sink.to(CHECK) == []
