"""What a message or an answer says is in no output of pickup, and no secret of a link is (P10).

The one exception, by intent: the mail with the link and the first page name the person who wrote.
"""

import urllib.request
from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from tests.pickup.whole import Sms, links, mailed, pickup, read_out, seat
from tests.running import wait_until
from tests.test_canary import CITIZEN, NUMBERS, SENDER, _files, decoded, leaks, mail

pytestmark = pytest.mark.system
TEXT = ("zqamnesord", "zqbrodtext", "zqfilnamn", "zqdokument", "zqsvarstext", "zqsvarsfil")


def multipart(url: str, fields: dict[str, str], name: str, data: bytes) -> None:
    """A form with a file."""
    edge = "zzgrans"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    body = "".join([*parts, head]).encode() + data + f"\r\n--{edge}--\r\n".encode()
    request = urllib.request.Request(
        url, data=body, headers={"content-type": f"multipart/form-data; boundary={edge}"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Everything that was written or shown without proof: name → bytes."""
    folder = tmp_path_factory.mktemp("canary")
    found: dict[str, bytes] = {}
    with Sms(status=500) as sms, pickup(folder, "", sms) as at:
        browser = at.browser
        data = mail(f"Personnummer: {NUMBERS[0]}", b"zqdokument", "zqfilnamn.txt")
        code, reply = at.gateway.send(data, SENDER, [CITIZEN])
        assert code == 250
        page, follow = links(at, "h")[0], links(at, "f")[0]
        found["reply"] = reply.encode()
        found["first page"] = browser.get(page).text.encode()
        found["follow page"] = browser.get(follow).text.encode()
        found["wrong"] = browser.act(page, "open", code="zqamnesord 191212").text.encode()
        out = read_out(browser, follow)
        read = browser.act(page, "open", code=out)
        assert "zqbrodtext" in read.text
        found["headers"] = str(read.headers).encode()
        fields = {"form_token": read.token("answer"), "seat": seat(read), "lang": "sv"}
        text = f"zqsvarstext {NUMBERS[1]}"
        multipart(f"{page}/answer", fields | {"text": text}, "zqsvarsfil.txt", b"zqdokument")
        answer = links(at, "h", 2)[-1]
        found["answer page"] = browser.get(answer).text.encode()
        assert "zqsvarstext" in browser.act(answer, "read").text
        browser.act(page, "stuck")
        box = _box(browser.get(follow).text)
        browser.act(follow, "number", box=box, mobile="070-174 06 05")
        fresh = links(at, "h", 3)[-1]
        assert browser.act(fresh, "sms").status == 502
        found["sms"] = str([one["body"] for one in sms.taken]).encode()
        wait_until(lambda: len(at.sink.mails) >= 8, lambda: f"eight mails: {len(at.sink.mails)}")
        found |= {f"mail {n}": decoded(m.data) for n, m in enumerate(at.sink.mails)}
        year, week, _ = datetime.now(UTC).isocalendar()
        found["report"] = at.gateway.ask(
            "report", week=f"{year}-W{week:02d}", format="text", language="sv"
        ).encode()
        found["audit"] = at.gateway.command("audit", "list", "--limit", "1000").encode()
        found["list"] = at.gateway.command("quarantine", "list", "--all").encode()
        secrets = [link.rpartition("/")[2] for kind in "hf" for link in mailed(at, kind)]
        found["database"] = _files(folder)
        found["secrets"] = "\n".join([*secrets, out.replace(" ", "")]).encode()
    found["log"] = at.gateway.log().encode()
    return found


def _box(text: str) -> str:
    import re

    return re.search(r'name="box" value="([a-z2-7]{16})"', text)[1]


def test_what_was_written_is_in_no_output(outputs):
    shown = {name: data for name, data in outputs.items() if name != "secrets"}
    found = {name: leaks(data, (*NUMBERS, *TEXT)) for name, data in shown.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_no_link_and_no_code_is_in_the_store_or_a_log(outputs):
    secrets = outputs["secrets"].decode().split()
    assert len(secrets) >= 5
    for name in ("log", "database", "audit", "list", "report"):
        assert leaks(outputs[name], secrets) == [], name


def test_addresses_are_in_no_log_and_not_in_the_store(outputs):
    for name in ("log", "database", "audit", "report", "reply"):
        assert leaks(outputs[name], ("zqavsandare", "zqmottagare", "+46701740605")) == [], name


def test_each_mail_of_ours_is_automatic_and_answers_nobody(outputs):
    mails = [data for name, data in outputs.items() if name.startswith("mail ")]
    for data in mails:
        assert message_from_bytes(data)["Auto-Submitted"] in ("auto-generated", "auto-replied")
