"""Pickup with canaries in message and answer, through every page and proof: what was written.

Front's pages are kept by `Watching`; only what somebody proved that she may read is not searched.
"""

import re
from datetime import UTC, datetime

from mailfilter.front.pickup_letter import ADDRESS
from tests.canary import CITIZEN, NUMBERS, SENDER, Watching, decoded, files, mail
from tests.pickup.broker import Broker
from tests.pickup.test_pickup_eid import visited
from tests.pickup.test_pickup_letter import asked, link_on
from tests.pickup.whole import Sms, links, mailed, pickup, read_out, seat, subjects, upload
from tests.running import wait_until

WINDOW = 10.0  # seconds, for an hour
TABLES = """
least = [{{ proof = "eid", kinds = ["health"] }}]
[pickup.eid]
issuer = "{issuer}"
client_id = "mailfilter"
[notice]
per_hour = 2
[[rule]]
name = "stora-granskas"
action = "quarantine"
size = 20000
recipient_classes = ["external"]
"""
LIMITS = {"NOTICE_WINDOW": WINDOW, "DIGEST_WAIT": 1.0, "CHECK_WAIT": 40.0}


def pickup_outputs(folder) -> tuple[dict[str, bytes], str]:
    """(everything that was written or shown without proof: name → bytes, the log)."""
    found: dict[str, bytes] = {}
    with Broker() as broker, Sms() as sms:
        extra = TABLES.format(issuer=broker.issuer)
        with pickup(folder, extra, sms, limits=LIMITS, browser=Watching()) as at:
            secrets = [_by_code(at), *_by_letter(at), _by_sms(at, sms), *_by_eid(at)]
            _digest(at)
            found["sms"] = str([one["body"] for one in sms.taken]).encode()
            found |= {f"mail {n}": decoded(m.data) for n, m in enumerate(at.sink.mails)}
            found |= _asked(at)
            secrets += [link.rpartition("/")[2] for kind in "hf" for link in mailed(at, kind)]
            found["secrets"] = "\n".join(secrets).encode()
            found |= at.browser.found
        found["database"] = files(folder)
        found["log"] = at.gateway.log().encode()
    return found, at.gateway.log()


def _send(at, text: str) -> tuple[str, str]:
    """A mail that is handed over; (the recipient's link, the sender's)."""
    known = {kind: len(mailed(at, kind)) for kind in "hf"}
    data = mail(text, b"zqdokument", "zqfilnamn.txt")
    data = data.replace(b"MIME-Version", b"Message-ID: <%d@x.example>\r\nMIME-Version" % known["h"])
    code, _ = at.gateway.send(data, SENDER, [CITIZEN])
    assert code == 250
    page, follow = (links(at, kind, known[kind] + 1)[-1] for kind in "hf")
    at.browser.get(page)
    at.browser.get(follow)
    return page, follow


def _box(at, follow: str) -> str:
    return re.search(r'name="box" value="([a-z2-7]{16})"', at.browser.get(follow).text)[1]


def _read(at, page: str, act: str, **fields: str):
    """What she proved that she may read; and the pages behind it."""
    at.browser.get(page)
    with at.browser.reading():
        read = at.browser.act(page, act, **fields)
        assert "zqbrodtext" in read.text
        sat = {"seat": seat(read), "lang": "sv"}
        n = re.search(r'name="n" value="(\d+)"', read.text)[1]
        for what, more in (("file", {"n": n}), ("eml", {})):
            token = {"form_token": read.token(what)}
            assert at.browser.post(f"{page}/{what}", sat | token | more).status == 200
    return read, sat


def _by_code(at) -> str:
    page, follow = _send(at, f"Personnummer: {NUMBERS[0]}")
    at.browser.act(page, "open", code="zqamnesord 191212")
    out = read_out(at.browser, follow)
    read, sat = _read(at, page, "open", code=out)
    known = len(mailed(at, "h"))
    fields = sat | {"form_token": read.token("answer"), "text": f"zqsvarstext {NUMBERS[1]}"}
    told = upload(f"{page}/answer", fields, ("zqsvarsfil.txt", b"zqdokument"))
    assert told.status == 200
    answer = links(at, "h", known + 1)[-1]
    at.browser.get(answer)
    with at.browser.reading():
        assert "zqsvarstext" in at.browser.act(answer, "read").text
    at.browser.post(f"{page}/leave", sat | {"form_token": read.token("leave")})
    at.browser.act(page, "stuck")
    return out.replace(" ", "")


def _by_letter(at) -> list[str]:
    _, follow = _send(at, f"Nummer {NUMBERS[0]}")
    at.browser.act(follow, "outcome", box=_box(at, follow), way="letter")
    at.browser.get(follow.partition("/f/")[0] + ADDRESS)
    letter, _ = asked(at, follow)
    page = link_on(letter.text)
    _read(at, page, "open", code=read_out(at.browser, follow))
    return [page.rpartition("/")[2]]


def _by_sms(at, sms) -> str:
    _, follow = _send(at, f"Till {NUMBERS[0]}")
    known = len(mailed(at, "h"))
    at.browser.act(follow, "number", box=_box(at, follow), mobile="070-174 06 05")
    page = links(at, "h", known + 1)[-1]
    assert at.browser.act(page, "sms").status == 303
    _read(at, page, "open", code=sms.code)
    sms.status = 500
    assert at.browser.act(page, "sms").status == 502
    return sms.code.replace(" ", "")


def _by_eid(at) -> list[str]:
    page, _ = _send(at, f"Bo Alm, {NUMBERS[0]}, har diagnosen schizofreni.")
    gone = at.browser.act(page, "eid")
    cookie = gone.headers["set-cookie"].partition(";")[0]
    address = re.search(r'href="(http[^"]*/login[^"]*)"', gone.text)[1].replace("&amp;", "&")
    back = visited(address)
    url = f"{page.partition('/h/')[0]}/eid?code={back['code']}&state={back['state']}"
    shown = at.browser.get(url, cookie=cookie)
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', shown.text)[1]
    with at.browser.reading():
        fields = {"form_token": token, "code": back["code"], "lang": "sv"}
        read = at.browser.post(f"{page}/eid-done", fields, cookie=cookie)
        assert "zqbrodtext" in read.text
    return [back["code"]]


def _digest(at) -> None:
    """More notices than an hour has."""
    for n in range(6):
        data = mail("Hej igen. " * 2500).replace(b"zqamnesord", b"zqamnesord %d" % n)
        data = data.replace(b"MIME-Version", b"Message-ID: <igen%d@x.example>\r\nMIME-Version" % n)
        assert at.gateway.send(data, SENDER, [CITIZEN])[0] == 250
    wait_until(lambda: "Fler av dina mejl har stoppats" in subjects(at), "the digest", 60)


def _asked(at) -> dict[str, bytes]:
    year, week, _ = datetime.now(UTC).isocalendar()
    report = at.gateway.ask("report", week=f"{year}-W{week:02d}", format="text", language="sv")
    return {
        "report": report.encode(),
        "audit": at.gateway.command("audit", "list", "--limit", "1000").encode(),
        "list": at.gateway.command("quarantine", "list", "--all").encode(),
    }
