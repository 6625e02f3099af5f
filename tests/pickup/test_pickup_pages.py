"""The whole program: a mail is stopped, its recipient proves herself, reads and answers."""

import base64
import json
import re
import sqlite3
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from mailfilter.record.pickup.contract import TRIES
from tests.front.installation import ANNA, MAJ
from tests.pickup.whole import (
    CANARY,
    HTML,
    Sms,
    letter,
    links,
    mailed,
    pickup,
    read_out,
    seat,
    subjects,
    text_of,
    upload,
)
from tests.running import wait_until

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def simple(tmp_path_factory):
    with pickup(tmp_path_factory.mktemp("pickup")) as at:
        yield at


def held_over(at, mail: bytes | None = None) -> tuple[str, str]:
    """A mail is sent; (the recipient's link, the sender's)."""
    known = mailed(at, "h"), mailed(at, "f")
    at.send(mail or letter())
    new = links(at, "h", len(known[0]) + 1)[-1], links(at, "f", len(known[1]) + 1)[-1]
    assert not {*new} & {*known[0], *known[1]}
    return new


def test_by_the_code_that_the_sender_reads_out(simple):
    at, browser = simple, simple.browser
    page, follow = held_over(at, letter(HTML, (("åå 1.csv", b"a;b\r\n"),)))
    first = browser.get(page)
    assert first.status == 200
    for word in ("Maj Ek", "sex siffror", "Jag kan inte öppna", "0123-45 60 00"):
        assert word in first.text
    assert CANARY not in first.text
    wrong = browser.act(page, "open", code="x")
    assert (wrong.status, "4 gånger till" in wrong.text) == (422, True)
    read = browser.act(page, "open", code=f" {read_out(browser, follow)} ")
    assert read.status == 200
    for word in (CANARY, "Zqrubrik", "srcdoc=", "sandbox="):
        assert word in read.text
    for word in ("alert(", "spy.example", "position:fixed", "e.example", "javascript:"):
        assert word not in read.text
    assert "no-store" in read.headers["cache-control"]
    fields = {"seat": seat(read), "lang": "sv"}
    saved = browser.post(f"{page}/file", fields | {"form_token": read.token("file"), "n": _n(read)})
    assert saved.text == "a;b\r\n"
    assert saved.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%C3%A5")
    assert "sandbox" in saved.headers["content-security-policy"]
    kept = browser.post(f"{page}/eml", fields | {"form_token": read.token("eml")})
    assert "message/rfc822" in kept.text
    assert "Minsta legitimering: kod" in kept.text
    wait_until(lambda: any(s.startswith("Kvitto:") for s in subjects(at)), "a receipt")
    assert "Läst" in browser.get(follow).text


def _n(read) -> str:
    return re.search(r'name="n" value="(\d+)"', read.text)[1]


def test_she_answers_and_the_sender_reads_it_by_a_link(simple):
    at, browser = simple, simple.browser
    page, follow = held_over(at)
    read = browser.act(page, "open", code=read_out(browser, follow))
    known = len(links(at, "h"))
    told = browser.post(
        f"{page}/answer",
        {
            "form_token": read.token("answer"),
            "seat": seat(read),
            "lang": "sv",
            "text": "Zqsvar från Anna",
        },
    )
    assert "Svaret är skickat" in told.text
    answer = links(at, "h", known + 1)[-1]
    mail = next(
        m for m in reversed(at.sink.mails) if answer.encode() in m.data.replace(b"=\r\n", b"")
    )
    assert b"Zqsvar" not in mail.data
    assert mail.rcpts == [f"<{MAJ}>".encode()] or MAJ.encode() in b"".join(mail.rcpts)
    first = browser.get(answer)
    assert "Zqsvar" not in first.text
    opened = browser.act(answer, "read")
    assert "Zqsvar från Anna" in opened.text
    assert "Besvarat" in browser.get(follow).text


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Tack \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001fae9\u00a0hej\u00ad!", 200),
        ("å" * 20_000, 200),
        ("rad\r\n" * 5_000, 200),
        ("å" * 20_001, 413),
    ],
    ids=["emoji", "long", "many-lines", "too-long"],
)
def test_an_answer_comes_as_it_was_written_or_is_shown_again(simple, text, status):
    at, browser = simple, simple.browser
    page, follow = held_over(at)
    read = browser.act(page, "open", code=read_out(browser, follow))
    fields = {"form_token": read.token("answer"), "seat": seat(read), "lang": "sv", "text": text}
    known = len(mailed(at, "h"))
    told = upload(f"{page}/answer", fields)
    assert told.status == status, told.text[:2000]
    if status != 200:
        assert "högst 20000 tecken" in told.text
        assert text in told.text
        return
    opened = browser.act(links(at, "h", known + 1)[-1], "read")
    assert text.replace("\r\n", "\n").strip() in opened.text.replace("\r\n", "\n")


def test_one_tap_too_many_is_one_answer(simple):
    at, browser = simple, simple.browser
    page, follow = held_over(at)
    read = browser.act(page, "open", code=read_out(browser, follow))
    fields = {"form_token": read.token("answer"), "seat": seat(read), "lang": "sv"}
    known = len(mailed(at, "h"))
    for text in ("Zqsvar ett", "Zqsvar ett", "Zqsvar två"):
        told = upload(f"{page}/answer", fields | {"text": text}, ("a.txt", b"a"))
        assert "Svaret är skickat" in told.text
    answers = links(at, "h", known + 2)[known:]
    told = [browser.act(link, "read").text for link in answers]
    assert [("Zqsvar ett" in text, "Zqsvar två" in text) for text in told] == [
        (True, False),
        (False, True),
    ]
    assert len(mailed(at, "h")) == known + 2


def test_who_is_outside_is_told_a_number_of_the_switchboard(simple):
    at, browser = simple, simple.browser
    page, follow = held_over(at)
    for link, number in ((page, "0123-45 60 00"), (follow, "0000-000 00")):
        told = browser.get(link[:-3] + "xyz")
        assert told.status == 404
        assert number in told.text
        assert ("0000-000 00" in told.text) is (link == follow)


def test_one_mail_tells_the_sender_what_to_do_first_and_why(simple):
    """No notice stands beside it, and her own page finds the mail."""
    _, follow = held_over(simple)
    wait_until(lambda: not outbox_waits(simple), "the outbox is empty")
    hers = simple.sink.to(MAJ)
    told = text_of(hers[-1].data).decode()
    assert follow in told
    assert told.index("Ring mottagaren och läs upp koden") < told.index(ANNA)
    assert "Därför gick det inte med vanlig e-post" in told
    assert "Personnummer (******-****)" in told
    assert not any("går med en säker tjänst" in subject for subject in subjects(simple))
    with closing(sqlite3.connect(simple.folder / "mailfilter.db", timeout=60)) as store:
        kinds = [kind for (kind,) in store.execute("SELECT kind FROM outbox")]
        (listed,) = store.execute(
            "SELECT count(DISTINCT owner) FROM link WHERE holder IS NOT NULL"
        ).fetchone()
    assert "notice" not in kinds
    assert listed == len(mailed(simple, "f"))


def outbox_waits(at) -> int:
    with closing(sqlite3.connect(at.folder / "mailfilter.db", timeout=60)) as store:
        return store.execute("SELECT count(*) FROM outbox WHERE NOT done").fetchone()[0]


def tried_by_many(at, page) -> None:
    """The wrong codes that are left in all, from addresses of their own."""
    where = urlsplit(page)
    form = urlencode({"form_token": at.browser.get(page).token("open"), "code": "00000"})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for n in range(TRIES - 5):
        source = (f"127.0.0.{2 + n // 5}", 0)
        connection = HTTPConnection(where.hostname, where.port, source_address=source)
        connection.request("POST", f"{where.path}/open", form, kind)
        assert connection.getresponse().status in (422, 429)
        connection.close()


def test_who_tries_too_often_waits_and_the_total_locks_it(simple):
    at, browser = simple, simple.browser
    page, follow = held_over(at)
    code = read_out(browser, follow)
    for n in range(5):
        told = browser.act(page, "open", code="00000")
        assert told.status == (422 if n < 4 else 429)
    assert "Försök igen om 1 min." in told.text
    assert CANARY not in browser.act(page, "open", code=code).text, "it is not looked at"
    tried_by_many(at, page)
    first = browser.get(page)
    assert "Mejlet är låst" in first.text
    assert '/open"' not in first.text, "no form to try with"
    token = browser.get(held_over(at)[0]).token("open")
    assert browser.post(f"{page}/open", {"form_token": token, "code": code}).status == 403
    wait_until(
        lambda: any(s.startswith("För många felaktiga") for s in subjects(at)), "the sender is told"
    )
    assert "Låst efter många" in browser.get(follow).text
    n = len(links(at, "h"))
    box = re.search(r'name="box" value="([a-z2-7]{16})"', browser.get(follow).text)[1]
    assert browser.act(follow, "resend", box=box).status == 303
    fresh = links(at, "h", n + 1)[-1]
    assert fresh != page
    assert browser.get(page).status == 404, "the old link is no longer good"
    assert CANARY in browser.act(fresh, "open", code=read_out(browser, follow)).text


def test_a_scanner_that_follows_every_link_changes_nothing(simple):
    at, browser = simple, simple.browser
    page, follow = held_over(at)
    seen = [browser.get(link).text for link in (page, follow)]
    mails = len(at.sink.mails)
    for method in ("GET", "HEAD"):
        for link in (page, follow):
            for more in (
                "",
                "?lang=en",
                "?said=stuck",
                "?done=withdraw",
                "/open",
                "/sms",
                "/read",
                "/answer",
                "/stuck",
                "/withdraw",
                "/code",
                "/resend",
            ):
                told = browser.get(link + more, method)
                assert CANARY not in told.text
                assert told.status in (200, 404, 405), more
    assert [_bare(browser.get(link).text) for link in (page, follow)] == [_bare(s) for s in seen]
    assert len(at.sink.mails) == mails
    assert "Inte läst ännu" in browser.get(follow).text
    assert CANARY in browser.act(page, "open", code=read_out(browser, follow)).text


def _bare(text: str) -> str:
    return text


def test_withdrawn_it_is_gone_and_says_so(simple):
    at, browser = simple, simple.browser
    page, follow = held_over(at)
    code = read_out(browser, follow)
    read = browser.act(page, "open", code=code)
    assert browser.act(follow, "withdraw").status == 303
    assert "återtaget" in browser.get(page).text
    told = browser.post(f"{page}/read", {"form_token": read.token("eml"), "seat": seat(read)})
    assert told.status == 403
    assert "Du har återtagit" in browser.get(follow).text


def test_she_cannot_open_it_and_the_sender_chooses_another_way(simple):
    at, browser = simple, simple.browser
    page, follow = held_over(at)
    assert browser.act(page, "stuck").status == 303
    assert "har fått veta" in browser.get(page + "?said=stuck").text
    wait_until(lambda: any("kan inte öppna" in s for s in subjects(at)), "the sender is told")
    told = browser.get(follow)
    assert "Mottagaren kan inte öppna" in told.text
    box = re.search(r'name="box" value="([a-z2-7]{16})"', told.text)[1]
    assert browser.act(follow, "outcome", box=box, way="meeting").status == 303
    assert "Löst på annat sätt: Besök" in browser.get(follow).text


def test_a_wrong_secret_and_a_foreign_form_are_refused(simple):
    at, browser = simple, simple.browser
    page, _ = held_over(at)
    other = page[:-1] + ("A" if page[-1] != "A" else "B")
    assert browser.get(other).status == 404
    assert browser.post(f"{page}/open", {"code": "1"}).status == 403
    token = browser.get(page).token("open")
    crossed = browser.post(
        f"{page}/open", {"form_token": token, "code": "1"}, sec_fetch_site="cross-site"
    )
    assert crossed.status == 403


def test_by_sms(tmp_path):
    with Sms() as sms, pickup(tmp_path, 'proof = "sms"', sms) as at:
        browser = at.browser
        at.send(letter())
        # no number is known: it comes back to the sender, who gives it
        wait_until(lambda: at.gateway.items("held"), "held for want of a number")
        link = at.link()
        assert (
            browser.act(link, "secure", service="hamta", **{"mobile.0": "070-174 06 05"}).status
            == 303
        )
        page, follow = links(at, "h")[0], links(at, "f")[0]
        first = browser.get(page)
        assert "slutar på 05" in first.text
        assert '/open"' not in first.text
        assert browser.act(page, "sms").status == 303
        assert json.loads(sms.taken[0]["body"])["to"] == "+46701740605"
        assert CANARY not in sms.taken[0]["body"]
        # what she would read out is not enough where an SMS is asked for
        assert CANARY in browser.act(page, "open", code=sms.code).text
        sms.status = 500
        assert browser.act(page, "sms").status == 502
        wait_until(lambda: any("Koden gick inte" in s for s in subjects(at)), "the sender is told")
        assert "Läst" in browser.get(follow).text
        assert base64.b64encode(CANARY.encode()) not in at.gateway.log().encode()
        assert ANNA not in at.gateway.log()
