"""Who may connect to the front, how often she may be wrong, and which acts a policy allows."""

import asyncio
import string
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from detectors import Role
from detectors.levels import LEVELS
from mailfilter import config
from mailfilter.desk import policy
from mailfilter.front.guard import TRIES, Guard, without_copied
from mailfilter.model import Class, Finding, NotExamined
from mailfilter.pages import hall
from mailfilter.pages.server import serve
from mailfilter.place import Place
from tests.act.office import dossier, item

NOW = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)


class Site:
    """A guard before a page that always answers the same."""

    def __init__(self, status=200, **front):
        self.now = NOW
        self.front = config.validate({"front": {"port": 8443, **front}}, "t.toml").front
        self.seen, self.paths = [], []
        page = PlainTextResponse("x", status)

        async def app(scope, receive, send):
            self.seen.append(scope["state"]["peer"])
            self.paths.append(scope["path"])
            await page(scope, receive, send)

        self.guard = Guard(app, self.front, lambda: self.now)

    async def status(self, peer="192.0.2.7", path="/m/1/2", first=(), **headers):
        told = []
        given = [(b"host", b"127.0.0.1"), *first]
        given += [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        scope = {
            "type": "http", "method": "GET", "path": path, "query_string": b"",
            "headers": given, "client": (peer, 1), "scheme": "http", "server": ("127.0.0.1", 1),
        }  # fmt: skip

        async def send(message):
            told.append(message)

        await self.guard(scope, None, send)
        return told[0]["status"]


@pytest.mark.parametrize(
    ("port", "given", "missing"),
    [
        (8443, {}, ("privacy_url", "accessibility_url")),
        (8443, {"privacy_url": "https://kommun.example/x"}, ("accessibility_url",)),
        (0, {}, ()),
    ],
)
def test_texts_that_pages_should_link_to_are_missed(port, given, missing):
    front = config.validate({"front": {"port": port, **given}}, "t.toml").front
    assert front.texts_missing == missing


async def test_only_the_proxy_may_connect_and_its_last_word_is_the_visitor():
    site = Site(behind_proxy=["10.0.0.0/24"])
    assert await site.status("192.0.2.7") == 403
    assert await site.status("10.0.0.5", x_forwarded_for="203.0.113.1, 203.0.113.9") == 200
    assert await site.status("10.0.0.5", x_forwarded_for="junk") == 200
    mine = (b"x-forwarded-for", b"10.0.0.5")  # the visitor's own line; the proxy adds another
    assert await site.status("10.0.0.5", first=(mine,), x_forwarded_for="203.0.113.8") == 200
    assert site.seen == ["203.0.113.9", "10.0.0.5", "203.0.113.8"]


async def test_without_a_proxy_nobody_is_believed():
    site = Site()
    assert await site.status("192.0.2.7", x_forwarded_for="203.0.113.9") == 200
    assert site.seen == ["192.0.2.7"]


SECRETS = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=43)
TAILS = ("", ".", ">", ")", ",", ").", ">.", "%3E", "%3e.", "&gt;", "\u201d", " ", "!", ";", "'")


@given(SECRETS, st.sampled_from(["m/KT6RP-K3JVX", "h/a1", "f/a1", "mina/in"]))
def test_a_link_is_found_whatever_was_copied_with_it(secret, page):
    for tail in TAILS:
        assert without_copied(f"/{page}/{secret}{tail}") == f"/{page}/{secret}"


@given(st.text())
def test_nothing_of_another_address_is_cut_off(text):
    for path in (f"/{text}", f"/static/{text}", "/m/1/2/act.", "/kontrollera."):
        if not path.startswith(("/m/", "/h/", "/f/", "/mina/in/")) or "/act" in path:
            assert without_copied(path) == path
    cut = without_copied(f"/m/1/{text}")
    assert without_copied(cut) == cut
    assert f"/m/1/{text}".startswith(cut)


async def test_the_page_is_asked_for_by_the_link_alone():
    site = Site()
    assert await site.status(path="/m/1/2>.") == 200
    assert site.paths == ["/m/1/2"]


async def test_a_guesser_waits_and_others_do_not():
    site = Site(404)
    for _ in range(TRIES):
        assert await site.status() == 404
    assert await site.status() == 429
    assert await site.status("192.0.2.8") == 404
    assert len(site.seen) == TRIES + 1
    site.now += timedelta(minutes=16)
    assert await site.status() == 404


# ---- policies ---------------------------------------------------------------------------------

BODY, QUOTE = Place(Role.BODY), Place(Role.QUOTE)
LOCKED = NotExamined(Place(Role.ATTACHMENT), "zip-encrypted", Class.ENCRYPTED)


def house(**table):
    return config.validate({"connectors": {"saker": {}}} | table, "t.toml")


def mail(*findings, not_examined=()):
    return replace(dossier(), findings=findings, not_examined=not_examined)


MEDIUM = Finding("se.personnummer", 60, BODY, "*")
HIGH = Finding("se.personnummer", 90, BODY, "*")


def test_everything_is_offered_for_every_held_outcome():
    every = ("secure", "review", "false-alarm", "withdraw")
    for held in (mail(HIGH), mail(not_examined=(LOCKED,)), mail()):
        assert policy.offered(held, house(), protected=False) == every


def test_the_operator_names_exceptions_by_kind():
    chosen = house(front={"not_offered": {"se.*": ["false-alarm"], "encrypted": ["secure"]}})
    assert "false-alarm" not in policy.offered(mail(HIGH), chosen, protected=False)
    assert "secure" not in policy.offered(mail(not_examined=(LOCKED,)), chosen, protected=False)


def test_what_the_rules_leave_to_her_she_decides_without_a_reviewer():
    ill = mail(Finding("health", LEVELS.health.medium, BODY, "diagnos"))
    acts = policy.offered(ill, house(), protected=False, asked=True)
    assert acts == ("secure", "not-health", "review", "withdraw")
    off = house(front={"sender_decides": False})
    assert "not-health" not in policy.offered(ill, off, protected=False, asked=True)
    assert "not-health" not in policy.offered(ill, house(), protected=True, asked=True)


def test_nobody_else_hears_of_a_protected_mail():
    acts = policy.offered(mail(HIGH), house(), protected=True)
    assert acts == ("secure", "withdraw")


def test_the_quotation_can_be_left_out_only_if_all_stands_in_it():
    quoted = replace(HIGH, place=QUOTE)
    assert "quote" in policy.offered(mail(quoted), house(), protected=False)
    assert "quote" not in policy.offered(mail(quoted, HIGH), house(), protected=False)
    held = mail(quoted, not_examined=(LOCKED,))
    assert "quote" not in policy.offered(held, house(), protected=False)


def test_a_protected_mail_is_sent_under_no_policy():
    one = {"name": "p", "senders": [dossier().sender], "kinds": ["se.*"], "level": "high",
           "until": date(2027, 1, 1)}  # fmt: skip
    chosen, today = house(override=[one]), date(2026, 11, 16)
    assert policy.overrides(mail(HIGH), [item()], chosen, today)
    assert policy.overrides(mail(HIGH), [item(protected=True)], chosen, today) == []


@pytest.mark.parametrize(
    ("changes", "held", "allowed"),
    [
        ({}, mail(MEDIUM), True),
        ({}, mail(HIGH), False),  # never for high severity
        ({"level": "high"}, mail(HIGH), True),  # unless named
        ({"kinds": ["health"]}, mail(MEDIUM), False),
        ({"kinds": ["se.*"]}, mail(MEDIUM), True),
        (
            {"kinds": ["health"]},
            mail(MEDIUM, Finding("health", LEVELS.health.medium, BODY, "x")),
            False,
        ),
        ({"until": date(2026, 11, 16)}, mail(MEDIUM), True),
        ({"until": date(2026, 11, 15)}, mail(MEDIUM), False),
        ({"departments": ["Miljö"], "senders": []}, mail(MEDIUM), False),
        ({}, mail(MEDIUM, not_examined=(LOCKED,)), False),
        ({"level": "high"}, mail(), False),
        ({"recipient_classes": ["partner"]}, mail(MEDIUM), False),
    ],
)
def test_as_it_is_only_by_a_policy(changes, held, allowed):
    base = {"name": "p", "senders": [dossier().sender.upper()], "kinds": ["se.personnummer"],
            "until": date(2027, 1, 1)}  # fmt: skip
    chosen = house(override=[base | changes])
    found = policy.overrides(held, [item()], chosen, date(2026, 11, 16))
    assert [one.name for one in found] == (["p"] if allowed else [])


async def test_an_address_that_a_proxy_names_has_a_share_of_the_seats(monkeypatch):
    monkeypatch.setattr(hall, "SHARE", 2)
    goes_on, stop = asyncio.Event(), asyncio.Event()
    ready = asyncio.get_running_loop().create_future()

    async def app(scope, receive, send):
        await goes_on.wait()
        await PlainTextResponse("x")(scope, receive, send)

    front = config.validate({"front": {"port": 8443, "behind_proxy": ["127.0.0.1/32"]}}, "t").front
    guarded, proxies = Guard(app, front, lambda: NOW), [ip_network("127.0.0.1/32")]
    serving = serve(guarded, "127.0.0.1", 0, stop, ready=ready, proxies=proxies)
    task = asyncio.create_task(serving)
    port = await ready

    async def ask(address) -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET /m/1/2 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {address}\r\n\r\n"
        writer.write(head.encode())
        writers.append(writer)
        return reader

    writers: list[asyncio.StreamWriter] = []
    async with asyncio.timeout(30):
        held = [await ask("203.0.113.9") for _ in range(2)]
        assert (await (await ask("203.0.113.9")).readline()).startswith(b"HTTP/1.1 503 ")
        held.append(await ask("203.0.113.10"))
        goes_on.set()
        for reader in held:
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    for writer in writers:
        writer.close()
    stop.set()
    await asyncio.wait_for(task, 10)
