"""No matched data, subject, body or file name in any output; no address where statistics are (P10).

Mails of every kind carry canaries, words that stand nowhere else, through a gateway with a bought
service and one with pickup. Everything that the program writes is then searched for them, in the
encodings that could hide them. A page or mail that is added and not searched is told at the end.
"""

import base64
import json
import os
import re
import signal
import urllib.request
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from quopri import encodestring

import pytest

from mailfilter.extract.image import ocr
from mailfilter.front.pages import PAGES
from mailfilter.letters.notice import Variant
from mailfilter.letters.notice_words import WORDS
from mailfilter.pickup.mails import WORDS as PICKUP_WORDS
from mailfilter.record.pickup.contract import Told
from tests.canary import (
    ADDRESSES,
    CITIZEN,
    NUMBERS,
    SENDER,
    TEXT,
    Watching,
    decoded,
    files,
    leaks,
    locked_zip,
    mail,
)
from tests.canary_search import searched
from tests.extract.making import word
from tests.extract.test_pictures import saved, scan
from tests.front.installation import PATIENT
from tests.pickup.canary_run import pickup_outputs
from tests.running import Gateway, client_of, free_port, run, wait_until
from tests.sink import Sink

pytestmark = [
    pytest.mark.system,  # it needs no programs, but many processes and their time
    pytest.mark.timeout(600),
]
CHECK = "zqkontrollera@exempelkommun.example"
SETTINGS = """
secure_service = "saker"
sdk_addresses = "{folder}/sdk.csv"
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
[levels]
health_medium = 2
[classes]
utland = ["fraga.example"]
[[rule]]
name = "halsa-fragas"
action = "ask"
alone = true
kinds = ["health"]
level = "medium"
recipient_classes = ["utland"]
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
        "file-in-a-text": (mail("Se.", in_a_form(letter), "zqfilnamn.xml"), 250),
        "rejected": (mail(f"{number} {three}"), 550),
        "broken": (mail("Se bilagan.", letter[: len(letter) // 2]), 250),
        "encrypted": (mail("Se bilagan.", locked_zip(folder), "zqfilnamn.zip"), 250),
        "ambiguous": (b"Content-Type: text/html\r\n" + mail("Hej"), 250),
        "bomb": (mail(number, b"PK\x03\x04" + os.urandom(900), "zqfilnamn.zip"), 250),
        "stray": (mail(number).replace(b"zqbrodtext\r\n", b"zqbrodtext\n"), 550),
    } | (scans() if ocr.folder() else {})


def in_a_form(file: bytes) -> bytes:
    """A document in the XML of an e-service."""
    packed = base64.b64encode(file).decode()
    return f"<Arende><Bilaga><Namn>zqfilnamn</Namn><Data>{packed}</Data></Bilaga></Arende>".encode()


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
        table = "adress;organisation;funktionsadress\n*@medborgare.example;Grannen;0203:1/reg\n"
        (folder / "sdk.csv").write_text(table)
        settings = (
            SETTINGS.replace("{folder}", str(folder))
            .replace("{next}", str(sink.port))
            .replace("{front}", str(port))
        )
        settings = settings.replace("{{", "{").replace("}}", "}")
        with Gateway(folder, sink.port, settings, limits=PATIENT | {"OCR_SECONDS": 0.0}) as gateway:
            found["replies"] = _send_all(gateway, folder)
            found["list while reading"] = gateway.command("quarantine", "list").encode()
            wait_until(lambda: not gateway.items("reading"), "end of reading")
            found["odd replies"] = _misbehave(gateway)
            found["held list"] = str(gateway.items("held")).encode()
            found |= searched(gateway)
            found |= _finish(gateway, sink)
            _decide(gateway)
            wait_until(lambda: not gateway.items("releasing", "accepted", "handing-over"), "rest")
            wait_until(lambda: len(sink.notices()) >= 9, lambda: f"9 notices: {sink.notices()}")
            found |= _asked(gateway)
            found["database while running"] = files(folder)
        found["database"] = files(folder)
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
    browser, found = Watching(), {}
    wait_until(lambda: len(links(sink)) >= 4, "links in notices")
    for link in links(sink):
        told = browser.get(link)
        if (
            "/review" in told.text and "/false-alarm" in told.text
        ):  # else she has said it by another link
            browser.act(link, "review", reason="zqbegaran")
            browser.act(link, "false-alarm")
        browser.get(link + "x1912")
    found["reply to what was answered"] = _tap(gateway, sink, browser)
    code, reply = gateway.send(mail(f"Personnummer: {NUMBERS[0]}"), SENDER, [CHECK])
    assert code == 250
    found["reply to a draft"] = reply.encode()
    wait_until(lambda: any(b"utkast" in decoded(one.data) for one in sink.notices()), "its answer")
    _checked_on_the_page(gateway, browser)
    _her_rows(gateway, sink, browser)
    out = gateway.command("false-alarms", "export")
    assert "false-alarm" in out
    assert '"unconfirmed": true' in out
    return found | browser.found | {"false alarms": out.encode()}


def _tap(gateway, sink, browser) -> bytes:
    """She says that it is nobody's health, and is not asked again; the reply to the second mail."""
    known, to = set(links(sink)), "zqmottagare@fraga.example"
    ill = mail("Bo Alm har diagnosen schizofreni.", b"zqdokument", "zqfilnamn.txt")
    assert gateway.send(ill, SENDER, [to])[0] == 250
    (link,) = wait_until(lambda: set(links(sink)) - known, "her link")
    assert browser.act(link, "not-health").status == 303
    wait_until(lambda: sink.to(to), "it is sent")
    browser.get(link)
    code, reply = gateway.send(ill.replace(b"Om zqamnesord", b"Sv: zqamnesord"), SENDER, [to])
    assert (code, len(sink.to(to))) == (250, 2), reply
    return reply.encode()


def _front(gateway) -> str:
    port = re.search(r"\[front\]\nport = (\d+)", gateway.config.read_text())[1]
    return f"http://127.0.0.1:{port}"


def _her_rows(gateway, sink, browser) -> None:
    """/mina, by the link that is mailed to her."""
    base, link = _front(gateway), re.compile(rb"http://127\.0\.0\.1:\d+/mina/in/[\w-]+")
    token = re.compile(r'form_token" value="([^"]*)"')

    def form(told) -> dict[str, str]:
        return {"form_token": token.search(told.text)[1]}

    def mailed() -> list[str]:
        found = [link.findall(decoded(notice.data)) for notice in sink.notices()]
        return [max(links, key=len).decode() for links in found if links]  # one may be broken

    browser.get(f"{base}/")
    asked = form(browser.get(f"{base}/mina")) | {"address": SENDER}
    browser.post(f"{base}/mina/be-om-lank", asked)
    (enter,) = wait_until(mailed, "the link to her rows")
    logged_in = browser.post(enter, form(browser.get(enter)))
    cookie = logged_in.headers["set-cookie"].partition(";")[0]
    mine = browser.get(f"{base}/mina", cookie=cookie)
    assert "Uppgift om hälsa" in mine.text
    case = {"id": re.search(r'name="id" value="([^"]*)"', mine.text)[1]}
    opened = re.search(r'action="/mina/oppna">\s*<input[^>]* value="([^"]*)"', mine.text)[1]
    told = browser.post(f"{base}/mina/oppna", {"form_token": opened} | case, cookie=cookie)
    assert told.headers["location"].startswith("/m/")
    browser.post(f"{base}/mina/ut", form(mine), cookie=cookie)


def _checked_on_the_page(gateway, browser) -> None:
    """A text and a file on /kontrollera."""
    url = f"{_front(gateway)}/kontrollera"
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
        "status": run("status", "-c", str(gateway.config)).stdout,
    }
    for form in ("text", "json", "csv"):
        for language in ("sv", "en"):
            report = gateway.ask("report", week=this, format=form, language=language)
            found[f"report {form} {language}"] = report
    address = f"http://127.0.0.1:{gateway.health}/metrics"
    with urllib.request.urlopen(address, timeout=20) as page:
        found["metrics"] = page.read().decode()
    assert "mailfilter" in found["metrics"]
    return {name: text.encode() for name, text in found.items()}


# ---- the promises ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def by_pickup(tmp_path_factory):
    """The same of a gateway with pickup."""
    return pickup_outputs(tmp_path_factory.mktemp("canary"))[0]


@pytest.fixture(scope="module", params=["outputs", "by_pickup"])
def written(request):
    """All outputs of one run: name → bytes."""
    return request.getfixturevalue(request.param)


def test_what_a_mail_says_is_in_no_output(written):
    words = [*NUMBERS, *TEXT, *LIST.read_text().split()[900:902]]
    if "secrets" in written:
        words.remove("zqvisningsnamn")  # pickup tells its reader who has written
    places = {name: data for name, data in written.items() if name != "secrets"}
    found = {name: leaks(data, words) for name, data in places.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_addresses_are_in_no_output_but_our_mails_and_the_pages_of_who_wrote(written):
    personal = ("notice", "mail", "page")
    places = {name: data for name, data in written.items() if not name.startswith(personal)}
    found = {name: leaks(data, (*ADDRESSES, "+46701740605")) for name, data in places.items()}
    found.pop("sms", None)  # the number that it goes to
    found.pop("list", None)  # of quarantine, for who may see addresses
    assert {name: words for name, words in found.items() if words} == {}


def test_no_secret_of_a_link_and_no_code_is_in_a_log_or_in_the_store(outputs, by_pickup):
    secrets = [link.rpartition("/")[2] for link in outputs["links"].decode().split()]
    assert len(secrets) >= 4
    assert all(len(secret) == 43 for secret in secrets)
    for name in ("log", "database", "database while running", "audit", "control list", "metrics"):
        assert leaks(outputs[name], secrets) == [], name
    secrets = by_pickup["secrets"].decode().split()
    assert len(secrets) >= 10
    for name in ("log", "database", "audit", "list", "report"):
        assert leaks(by_pickup[name], secrets) == [], name


def test_each_mail_of_ours_is_automatic_and_answers_nobody(by_pickup):
    mails = [data for name, data in by_pickup.items() if name.startswith("mail ")]
    for data in mails:
        assert message_from_bytes(data)["Auto-Submitted"] in ("auto-generated", "auto-replied")


def test_the_outputs_are_there(outputs):
    assert len([name for name in outputs if name.startswith("notice")]) >= 9
    assert outputs["log"].count(b'"event": "message"') >= 11
    assert b"health" in outputs["held list"]
    assert outputs["log"].count(b'"event": "read-on"') == (2 if ocr.folder() else 0)
    assert b"listor-stoppas" in outputs["report csv sv"]
    assert all(outputs.values())
    audit = outputs["audit"].decode()
    assert audit.count("search") >= 6, audit
    assert "incident" in audit
    assert re.search(rb"[0-9A-Z]{5}-[0-9A-Z]{5}", outputs["replies"])
    assert any(b"Funktionsadress: 0203:1/reg" in data for data in outputs.values()), "SDK advice"


# ---- nothing is forgotten --------------------------------------------------------------------

# What no run reaches, and why: both are searched for canaries by tests of their own (act/), and a
# mail of pickup is made of a row that holds nothing of the message.
LATE = {Variant.NOT_SENT, Variant.EXPIRED}
FAILED = {
    *(Variant.RELEASE_FAILED, Variant.HANDOFF_FAILED, Variant.NEEDS_MOBILE),
    *(Told.BOUNCED, Told.UNDELIVERED),
}
ROWS = {Told.UNOPENED, Told.EXPIRING, Told.EXPIRED, Told.LOCKED}
NOT_MAILED = {Told.LINK}


def test_every_page_of_front_was_seen(outputs, by_pickup):
    lines = (outputs["log"] + by_pickup["log"]).decode().splitlines()
    told = [json.loads(line) for line in lines if '"event": "front"' in line]
    seen = {(one["method"], one["page"]) for one in told if one["status"] < 400}
    gone = {("GET", "/brev")}  # says only that a letter is shown once
    assert {(page.method, page.path) for page in PAGES} - seen - gone == set()


def test_every_mail_of_ours_was_seen(outputs, by_pickup):
    names = [name for name in (*outputs, *by_pickup) if name.startswith(("notice ", "mail "))]
    mails = [(outputs | by_pickup)[name] for name in names]
    subjects = [
        str(message_from_bytes(data, policy=policy.default)["Subject"]).partition(" (")[0]
        for data in mails
    ]
    kinds = [(one, WORDS["sv"].say(f"subject/{one}", id="")) for one in Variant]
    kinds += [
        (one, PICKUP_WORDS["sv"].say(f"{one}/subject", case="")) for one in {*Told} - NOT_MAILED
    ]
    never = {kind for kind, said in kinds if said.partition(" (")[0] not in subjects}
    assert never == LATE | FAILED | ROWS


def test_errors_of_the_command_line_repeat_nothing(tmp_path):
    path = tmp_path / "zqfilnamn.eml"
    path.write_bytes(mail("191212121212", b"PK\x03\x04zqdokument"))
    done = run("scan", "--json", str(path))
    shown = (done.stdout + done.stderr).replace(str(path), "")
    assert set(leaks(shown.encode(), (*NUMBERS, *TEXT))) <= {"zqfilnamn"}  # names the place
