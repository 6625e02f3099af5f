"""No matched data, subject, body or file name in any output; no address where statistics are (P10).

Mails of every kind carry canaries, words that stand nowhere else. Everything that the program
writes is then searched for them, in the encodings that could hide them.
"""

import base64
import io
import os
import re
import signal
import urllib.request
import zipfile
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from quopri import encodestring

import pytest

from mailfilter.extract import ocr
from tests.extract.making import word
from tests.extract.test_pictures import saved, scan
from tests.front.installation import PATIENT, Browser
from tests.running import Gateway, client_of, free_port, run, wait_until
from tests.sink import Sink

pytestmark = pytest.mark.system  # it needs no programs, but many processes and their time
NUMBERS = ("191212121212", "19121212-1212", "121212-1212", "1212121212")
TEXT = (
    *("zqamnesord", "zqbrodtext", "zqfilnamn", "zqdokument", "zqvisningsnamn", "schizofreni"),
    "zqbegaran",  # in the words of a sender who asks for a review
)
ADDRESSES = ("zqavsandare", "zqmottagare")
SENDER = "zqavsandare@exempelkommun.example"
CITIZEN = "zqmottagare@medborgare.example"
CHECK = "zqkontrollera@exempelkommun.example"
SETTINGS = """
secure_service = "saker"
[front]
port = {front}
check_address = "zqkontrollera@exempelkommun.example"
check_networks = ["127.0.0.1"]
[notice]
on_reject = true
[connectors.saker]
title = "Säker post"
port = {next}
tls = "none"
envelope_recipient = "{{address}}.saker.example"
[[rule]]
name = "listor-stoppas"
action = "reject"
kinds = ["se.*"]
persons = 3
recipient_classes = ["external"]
[[rule]]
name = "halsa-granskas"
action = "quarantine"
kinds = ["health"]
level = "medium"
recipient_classes = ["external"]
"""
ODD = (
    "MAIL FROM:<zqavsandare@@fel>",
    "ZQAMNESORD 191212121212",
    f"RCPT TO:<{CITIZEN}>",
    f"MAIL FROM:<{SENDER}> ZQBRODTEXT=1 SIZE=zqbrodtext",
    f"MAIL FROM:<{SENDER}> BODY=zqbrodtext",
    f"VRFY {CITIZEN}",
    "HELP zqamnesord",
    "EHLO zqavsandare 191212121212",
    "XFORWARD NAME=zqavsandare SUBJECT=zqamnesord",
)
LIST = Path(__file__).with_name("data") / "test_personnummer.txt"


# ---- searching -------------------------------------------------------------------------------


def spellings(canary: str) -> list[bytes]:
    """The canary as it may stand in bytes: plain, UTF-16, hexadecimal, base64 at each offset."""
    plain = canary.encode()
    forms = [plain, canary.encode("utf-16-le"), plain.hex().encode()]
    for offset, skip in enumerate((0, 2, 3)):
        whole = 8 * (offset + len(plain)) // 6  # characters that do not depend on what follows
        forms.append(base64.b64encode(bytes(offset) + plain)[skip:whole])
    return [form.lower() for form in forms]


def leaks(data: bytes, canaries) -> list[str]:
    """The canaries that stand in `data`."""
    lower = data.lower()
    return [word for word in canaries if any(form in lower for form in spellings(word))]


def decoded(mail: bytes) -> bytes:
    """A mail as it is, and what each part says."""
    message = message_from_bytes(mail)
    parts = [part.get_payload(decode=True) or b"" for part in message.walk()]
    return b"\n".join([mail, *parts])


def test_the_search_finds_what_is_planted(tmp_path):
    for canary in (*NUMBERS, *TEXT, *ADDRESSES):
        for form in (
            f'{{"event": "message", "subject": "{canary}"}}'.encode(),
            b"x" + base64.b64encode(f"ett {canary} till".encode()),
            base64.b64encode(f"{canary} till".encode()),
            f"hej {canary.upper()}".encode(),
            canary.encode("utf-16"),
            encodestring(f"å {canary}".encode()),
        ):
            assert canary in leaks(form, [canary]), form
        assert leaks(b'{"event": "message", "id": "K7Q2A-91ABC"}', [canary]) == []
    part = b"MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n"
    notice = part + base64.b64encode("Till: å zqbrodtext".encode("latin-1"))
    assert leaks(decoded(notice), TEXT) == ["zqbrodtext"]


# ---- mails -----------------------------------------------------------------------------------


def mail(text: str, attachment: bytes = b"", name: str = "zqfilnamn.docx") -> bytes:
    head = (
        f'From: "zqvisningsnamn Ek" <{SENDER}>\r\nTo: <{CITIZEN}>\r\nSubject: Om zqamnesord\r\n'
        "Date: Mon, 16 Nov 2026 09:00:00 +0100\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="g"\r\n\r\n--g\r\n'
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"zqbrodtext\r\n{text}\r\n"
    )
    part = (
        "--g\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
        + base64.encodebytes(attachment).decode().replace("\n", "\r\n")
    )
    return (head + (part if attachment else "") + "--g--\r\n").encode()


def locked_zip(folder: Path) -> bytes:
    """A zip whose only file is encrypted; its name is not."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("zqfilnamn.txt", "zqdokument")
    data = bytearray(out.getvalue())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def mails(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Name → mail, and the code that it must be answered with."""
    number = f"Personnummer: {NUMBERS[0]}"
    three = " ".join(f"personnummer {n}" for n in LIST.read_text().split()[900:902])
    letter = word(f"zqdokument {NUMBERS[1]}")
    return {
        "clean": (mail("Vi ses klockan tio."), 250),
        "clean-document": (mail("Se bilagan.", word("zqdokument")), 250),
        "redirected": (mail(number), 250),
        "redirected-document": (mail("Se bilagan.", letter), 250),
        "held": (mail("Min son Bo Alm har diagnosen schizofreni."), 250),
        "number-in-a-name": (mail("Se.", word("Hej"), f"zqfilnamn {NUMBERS[2]}.docx"), 250),
        "rejected": (mail(f"{number} {three}"), 550),
        "broken": (mail("Se bilagan.", letter[: len(letter) // 2]), 250),
        "encrypted": (mail("Se bilagan.", locked_zip(folder), "zqfilnamn.zip"), 250),
        "ambiguous": (b"Content-Type: text/html\r\n" + mail("Hej"), 250),
        "bomb": (mail(number, b"PK\x03\x04" + os.urandom(900), "zqfilnamn.zip"), 250),
        "stray": (mail(number).replace(b"zqbrodtext\r\n", b"zqbrodtext\n"), 550),
    } | (scans() if ocr.folder() else {})


def scans() -> dict[str, tuple[bytes, int]]:
    """Two that are read after their reply: one is held then, one is released by itself."""
    said = {"read-on": "Bo Alm har diagnosen schizofreni", "read-on-clean": "Vi ses klockan tio"}
    return {
        name: (mail("Se.", saved(scan("zqdokument", text), "PNG"), "zqfilnamn.png"), 250)
        for name, text in said.items()
    }


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Everything that was written: name → bytes."""
    folder = tmp_path_factory.mktemp("canary")
    found: dict[str, bytes] = {}
    with Sink() as sink:
        port = free_port()
        settings = SETTINGS.replace("{next}", str(sink.port)).replace("{front}", str(port))
        settings = settings.replace("{{", "{").replace("}}", "}")
        with Gateway(folder, sink.port, settings, limits=PATIENT | {"OCR_SECONDS": 0.0}) as gateway:
            found["replies"] = _send_all(gateway, folder)
            found["list while reading"] = gateway.command("quarantine", "list").encode()
            wait_until(lambda: not gateway.items("reading"), "end of reading")
            found["odd replies"] = _misbehave(gateway)
            found["held list"] = str(gateway.items("held")).encode()
            found |= _finish(gateway, sink)
            _decide(gateway)
            wait_until(lambda: not gateway.items("releasing", "accepted", "handing-over"), "rest")
            wait_until(lambda: len(sink.notices()) >= 9, lambda: f"9 notices: {sink.notices()}")
            found |= _asked(gateway)
            found["database while running"] = _files(folder)
        found["database"] = _files(folder)
        found["log"] = gateway.log().encode()
        found["links"] = "\n".join(links(sink)).encode()
        notices = [decoded(notice.data) for notice in sink.notices()]
    found |= {f"notice {n}": data for n, data in enumerate(notices)}
    return found


def _send_all(gateway, folder: Path) -> bytes:
    replies = []
    for name, (data, wanted) in mails(folder).items():
        code, text = gateway.send(data, SENDER, [CITIZEN])
        assert code == wanted, (name, code, text)
        replies.append(f"{code} {text}")
    desk = gateway.of_desk()
    os.kill(gateway.process.popen.pid, signal.SIGSTOP)
    try:
        os.kill(desk[0], signal.SIGKILL)
        wait_until(lambda: not gateway.desk_is_up(), "end of desk")
        code, text = gateway.send(mails(folder)["held"][0], SENDER, [CITIZEN, "x@y.example"])
        replies.append(f"{code} {text}")
    finally:
        os.kill(gateway.process.popen.pid, signal.SIGCONT)
    wait_until(gateway.desk_is_up, "return of desk")
    assert code == 451
    return "\n".join(replies).encode()


def _misbehave(gateway) -> bytes:
    """Commands that are refused, and a client that goes away."""
    with client_of(gateway.port) as client:
        said = [client.docmd(line)[1] for line in ODD]
    with client_of(gateway.port) as client:
        client.docmd("MAIL", f"FROM:<{SENDER}>")
        client.docmd("RCPT", f"TO:<{CITIZEN}>")
        client.docmd("DATA")
        client.send(b"Subject: zqamnesord\r\n\r\n191212121212\r\n")
        client.close()
    return b"\n".join(said)


def _finish(gateway, sink) -> dict[str, bytes]:
    """The sender follows her links, asks for a review, reports a false alarm, checks a draft."""
    browser, found = Browser(), {}
    wait_until(lambda: len(links(sink)) >= 4, "links in notices")
    for n, link in enumerate(links(sink)):
        told = browser.get(link)
        found[f"notice page {n}"] = told.text.encode()
        found[f"headers {n}"] = str(told.headers).encode()
        if (
            "/review" in told.text and "/false-alarm" in told.text
        ):  # else she has said it by another link
            asked = browser.act(link, "review", reason="zqbegaran")
            found[f"asked {n}"] = f"{asked.text} {asked.headers}".replace(link, "").encode()
            browser.act(link, "false-alarm")
        found[f"wrong {n}"] = browser.get(link + "191212121212").text.encode()
    code, reply = gateway.send(mail(f"Personnummer: {NUMBERS[0]}"), SENDER, [CHECK])
    assert code == 250
    found["reply to a draft"] = reply.encode()
    wait_until(lambda: any(b"utkast" in decoded(one.data) for one in sink.notices()), "its answer")
    found["checked page"] = _checked_on_the_page(gateway, browser)
    out = gateway.command("false-alarms", "export")
    assert "false-alarm" in out
    return found | {"false alarms": out.encode()}


def _checked_on_the_page(gateway, browser) -> bytes:
    """A text and a file on /kontrollera."""
    port = re.search(r"\[front\]\nport = (\d+)", gateway.config.read_text())[1]
    url = f"http://127.0.0.1:{port}/kontrollera"
    token = re.search(r'form_token" value="([^"]*)"', browser.get(url).text)[1]
    fields = [("form_token", token), ("text", f"zqbrodtext Personnummer: {NUMBERS[0]}")]
    body = b"".join(
        b'--m\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (name.encode(), value.encode())
        for name, value in fields
    )
    body += (
        b'--m\r\nContent-Disposition: form-data; name="file"; filename="zqfilnamn.docx"\r\n'
        b"\r\n%b\r\n--m--\r\n" % word(f"zqdokument {NUMBERS[1]}")
    )
    request = urllib.request.Request(url, data=body)
    request.add_header("Content-Type", "multipart/form-data; boundary=m")
    told = browser.sent(request, {})
    assert "bilaga 1 (docx)" in told.text.lower()
    return f"{told.text} {told.headers}".encode()


def links(sink) -> list[str]:
    """The links to the sender's page in all notices."""
    pattern = re.compile(rb"http://127\.0\.0\.1:\d+/m/[A-Za-z0-9-]+/[\w-]{43}")
    found = (pattern.search(decoded(notice.data)) for notice in sink.notices())
    return [match[0].decode() for match in found if match]


def _decide(gateway) -> None:
    """Release one, refuse one, delete one."""
    held = gateway.items("held")
    assert len(held) >= 3, held
    for act, item in zip(("release", "refuse", "delete"), held, strict=False):
        gateway.command("quarantine", act, item["id"], "--reason", "prov")


def _asked(gateway) -> dict[str, bytes]:
    """What commands and pages say."""
    year, week, _ = datetime.now(UTC).isocalendar()
    this = f"{year}-W{week:02d}"
    some = gateway.items()[0]["id"].rpartition(".")[0]
    found = {
        "list": gateway.command("quarantine", "list", "--all"),
        "control list": str(gateway.items()),
        "trace": gateway.command("trace", some),
        "audit": gateway.command("audit", "list", "--limit", "1000"),
        "check-config": gateway.command("check-config"),
    }
    for form in ("text", "json", "csv"):
        for language in ("sv", "en"):
            report = gateway.ask("report", week=this, format=form, language=language)
            found[f"report {form} {language}"] = report
    address = f"http://127.0.0.1:{gateway.web}/metrics"
    with urllib.request.urlopen(address, timeout=20) as page:
        found["metrics"] = page.read().decode()
    assert "mailfilter" in found["metrics"]
    return {name: text.encode() for name, text in found.items()}


def _files(folder: Path) -> bytes:
    """The raw bytes of the store and of whatever else lies in the folder, the log apart."""
    names = [path for path in folder.rglob("*") if path.is_file() and path.name != "log"]
    assert any(path.name == "mailfilter.db" for path in names)
    return b"".join(path.read_bytes() for path in names)


# ---- the promises ----------------------------------------------------------------------------


def test_what_a_mail_says_is_in_no_output(outputs):
    numbers = tuple(LIST.read_text().split()[900:902])
    found = {name: leaks(data, (*NUMBERS, *TEXT, *numbers)) for name, data in outputs.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_addresses_are_in_no_output_but_the_notices(outputs):
    places = {name: data for name, data in outputs.items() if not name.startswith("notice")}
    found = {name: leaks(data, ADDRESSES) for name, data in places.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_no_secret_of_a_link_is_in_a_log_or_in_the_store(outputs):
    secrets = [link.rpartition("/")[2] for link in outputs["links"].decode().split()]
    assert len(secrets) >= 4
    assert all(len(secret) == 43 for secret in secrets)
    for name in ("log", "database", "database while running", "audit", "control list", "metrics"):
        assert leaks(outputs[name], secrets) == [], name


def test_the_outputs_are_there(outputs):
    assert len([name for name in outputs if name.startswith("notice")]) >= 9
    assert outputs["log"].count(b'"event": "message"') >= 11
    assert b"health" in outputs["held list"]
    assert outputs["log"].count(b'"event": "read-on"') == (2 if ocr.folder() else 0)
    assert b"listor-stoppas" in outputs["report csv sv"]
    assert all(outputs.values())
    assert re.search(rb"[0-9A-Z]{5}-[0-9A-Z]{5}", outputs["replies"])


def test_errors_of_the_command_line_repeat_nothing(tmp_path):
    path = tmp_path / "zqfilnamn.eml"
    path.write_bytes(mail("191212121212", b"PK\x03\x04zqdokument"))
    done = run("scan", "--json", str(path))
    shown = (done.stdout + done.stderr).replace(str(path), "")
    assert set(leaks(shown.encode(), (*NUMBERS, *TEXT))) <= {"zqfilnamn"}  # names the place
