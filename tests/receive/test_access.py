# ruff: noqa: E501 — tables of cases
"""Never an open relay: who may send, and what mail from a shared platform must show."""

import ssl
from contextlib import asynccontextmanager

import pytest

from mailfilter.config import Listen, validate
from mailfilter.errors import ConfigError
from mailfilter.receive.access import Standing, access, ours
from mailfilter.receive.header import fields, from_domain, received_fields
from tests.certificates import Authority
from tests.scripted_hop import ScriptedHop
from tests.smtp_client import gateway

MARK = {"header": "X-OriginatorOrg", "value": "kommun.example"}
SHARED = {
    "networks": (),
    "shared_networks": ("127.0.0.0/8",),
    "tenant_mark": MARK,
    "sender_domains": ("kommun.example", "*.kommun.example"),
}
OURS = b"From: A <a@kommun.example>\r\nX-OriginatorOrg: kommun.example\r\n\r\nhello\r\n"


async def test_a_stranger_is_turned_away_at_the_door():
    async with ScriptedHop() as hop, gateway(hop, listen={"networks": ("10.0.0.0/8",)}) as gate:
        async with gate.client() as client:
            assert (await client.reply()).startswith("554 5.7.1")
            assert await client.reply() == ""
        assert hop.verbs() == []
        assert gate.listener.sessions == 0


GOOD = {
    "plain": (b"<a@kommun.example>", OURS),
    "sub-domain": (b"<a@skola.kommun.example>", OURS),
    "case": (b"<a@Kommun.Example>", OURS.replace(b"X-Orig", b"x-ORIG")),
    "bounce": (b"<>", OURS),
    "folded": (b"<>", OURS.replace(b"A <a@", b"A\r\n <a@")),
    "quoted name": (b"<>", OURS.replace(b"A <", b'"B, a@evil.example" <')),
}
BAD = {
    "other tenant": (b"<a@evil.example>", OURS.replace(b": kommun", b": evil")),
    "no mark": (b"<a@kommun.example>", OURS.replace(b"X-O", b"X-P")),
    "mark twice": (b"<a@kommun.example>", b"X-OriginatorOrg: kommun.example\r\n" + OURS),
    "two marks": (b"<a@kommun.example>", b"X-ORIGINATORORG : evil.example\r\n" + OURS),
    "mark in the body": (b"<a@kommun.example>", b"From: x@y.z\r\n\r\n" + OURS),
    "mark behind a broken line": (b"<a@kommun.example>", b"nonsense\r\n" + OURS),
    "mark behind a space line": (b"<a@kommun.example>", b"A: b\r\n \r\n\tc\r\nno colon\r\n" + OURS),
    "longer value": (b"<a@kommun.example>", OURS.replace(b"Org: kommun.example", b"Org: kommun.example.se")),
    "foreign sender": (b"<a@evil.example>", OURS),
    "sender by route": (b"<@kommun.example:a@evil.example>", OURS),
    "sender without domain": (b"<kommun.example>", OURS.replace(b"kommun.example\r\n\r\n", b"x\r\n\r\n")),
    "end of name": (b"<a@evilkommun.example>", OURS),
    "bounce of others": (b"<>", OURS.replace(b"a@kommun", b"a@evil")),
    "bounce with two From": (b"<>", b"From: a@kommun.example\r\n" + OURS),
    "bounce without From": (b"<>", OURS.replace(b"From", b"Form")),
    "bounce with two addresses": (b"<>", OURS.replace(b"A <a@", b"x@evil.example, A <a@")),
    "bounce with a display address": (b"<>", OURS.replace(b"A <a@kommun", b"a@kommun.example <a@evil")),
    "bounce with a comment": (b"<>", OURS.replace(b"A <", b"(c) A <")),
}  # fmt: skip


@pytest.mark.parametrize("case", GOOD)
async def test_our_tenants_mail_from_a_shared_network_passes(case):
    sender, content = GOOD[case]
    async with ScriptedHop() as hop, gateway(hop, listen=SHARED) as gate, gate.client() as client:
        assert "XFORWARD" not in await client.hello()
        assert (await client.message(content, sender.decode())).startswith("250 ")


@pytest.mark.parametrize("case", BAD)
async def test_other_mail_from_a_shared_network_is_refused(case):
    sender, content = BAD[case]
    async with ScriptedHop() as hop, gateway(hop, listen=SHARED) as gate, gate.client() as client:
        await client.hello()
        assert (await client.message(content, sender.decode())).startswith("550 5.7.1")
        assert not gate.received
        assert not hop.mails


def test_too_much_header_is_not_believed():
    made = access(Listen(**SHARED))
    assert ours(made, b"a@kommun.example", OURS)
    assert not ours(made, b"a@kommun.example", b"A: b\r\n" * 5000 + OURS)
    assert not ours(made, b"a@kommun.example", OURS.replace(b"\r\n\r\n", b"\r\n"))


def test_a_shared_network_without_a_mark_is_a_fault_of_the_settings():
    with pytest.raises(ConfigError, match="tenant_mark"):
        access(Listen(shared_networks=("192.0.2.0/24",)))
    with pytest.raises(ConfigError, match=r"listen\.networks"):
        validate({"listen": {"networks": ["10.0.0.1/8"]}}, "f")


def test_standing():
    listen = Listen(
        networks=("10.0.0.0/8", "2001:db8::/32"), shared_networks=("10.9.0.0/16",),
        client_names=("own.example",), shared_client_names=("cloud.example",),
        tenant_mark=MARK, sender_domains=("kommun.example",),
    )  # fmt: skip
    made = access(listen)
    peers = {"10.1.1.1": "OWN", "10.9.1.1": "SHARED", "192.0.2.1": "OUTSIDE", "": "OUTSIDE"}
    peers |= {"::ffff:10.1.1.1": "OWN", "2001:db8::1": "OWN", "fe80::1%eth0": "OUTSIDE"}
    assert {peer: made.of_peer(peer).name for peer in peers} == peers
    of = made.of_certificate
    assert of(frozenset({"own.example"}), Standing.OUTSIDE) is Standing.OWN
    assert of(frozenset({"cloud.example"}), Standing.OWN) is Standing.SHARED
    assert of(frozenset({"else.example"}), Standing.OUTSIDE) is Standing.OUTSIDE
    assert of(frozenset(), Standing.SHARED) is Standing.SHARED


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        (b"a@b.se", b"b.se"), (b"A <a@B.se>", b"b.se"), (b'"x <y@z>" <a@b.se>', b"b.se"),
        (b'"a b"@b.se', b"b.se"), (b"=?utf-8?q?=C3=85?= <a@b.se>", b"b.se"), (b"<a@b.se>", b"b.se"),
        (b"a@b.se, c@d.se", b""), (b"a@b.se <c@d.se>", b""), (b"G: a@b.se;", b""), (b"", b""),
        (b"<a@b.se> <c@d.se>", b""), (b"a@b@c.se", b""), (b"a (b) <a@b.se>", b""), (b"<a>", b""),
        ("a@å.se".encode(), b""), (b"<@x.se:a@b.se>", b""),
    ],
)  # fmt: skip
def test_from_domain(value, domain):
    assert from_domain(value) == domain


def test_header_fields():
    assert fields(b"A: 1\r\nB:\r\n 2\r\n\t3\r\n\r\nbody") == [(b"a", b"1"), (b"b", b"2\t3")]
    for broken in (b"", b"A: 1\r\n", b" A: 1\r\n\r\n", b"A 1\r\n\r\n", b"\xc3\xa5: 1\r\n\r\n"):
        assert fields(broken) is None
    assert fields(b"\r\nA: 1\r\n\r\n") == []


def test_received_fields():
    one = b"Received: x\r\n\tReceived: y\r\n"
    assert received_fields(one * 3 + b"RECEIVED: z\r\nX-Received: n\r\n\r\n" + one) == 4
    assert received_fields(b"\r\n" + one) == 0


async def test_a_mail_that_goes_round_is_refused():
    content = b"Received: x\r\n" * 50 + b"\r\nhello\r\n"
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        assert (await client.message(content)).startswith("554 5.4.6")
        assert (await client.message(content[13:])).startswith("250 ")


@asynccontextmanager
async def _with_certificate(tmp_path, issuer: Authority | None, **listen):
    authority = Authority(tmp_path)
    pair = authority.issue("gate.example")
    tls = {"certificate": pair.certificate, "key": pair.key, "client_ca": authority.ca}
    context = ssl.create_default_context(cafile=authority.ca)
    if issuer is not None or "name" in listen:
        client = (issuer or authority).issue(listen.pop("name", "own.example"))
        context.load_cert_chain(client.certificate, client.key)
    listen = {"networks": (), "client_names": ("own.example",), **tls, **listen}
    async with ScriptedHop() as hop, gateway(hop, listen=listen) as gate, gate.client() as client:
        await client.hello()
        yield gate, client, context


async def test_a_named_client_certificate_may_send(tmp_path):
    async with _with_certificate(tmp_path, None, name="own.example") as (gate, client, context):
        await client.start_tls(context)
        await client.ask("EHLO own.example")
        assert (await client.message(b"x\r\n", "<a@anything.example>")).startswith("250 ")
        assert len(gate.received[0].envelope.certificate) == 64


@pytest.mark.parametrize("name", ["other.example", ""])
async def test_another_certificate_or_none_may_not(tmp_path, name):
    named = {"name": name} if name else {}
    async with _with_certificate(tmp_path, None, **named) as (_, client, context):
        await client.start_tls(context)
        assert (await client.reply()).startswith("554 5.7.1")
        assert await client.reply() == ""


async def test_who_may_still_show_a_certificate_gets_no_further_without(tmp_path):
    async with _with_certificate(tmp_path, None) as (_, client, _context):
        assert "XFORWARD" not in await client.ask("EHLO stranger.example")
        assert (await client.ask("XFORWARD ADDR=192.0.2.1")).startswith("500 5.5.2")
        assert (await client.ask("MAIL FROM:<a@kommun.example>")).startswith("550 5.7.1")
        assert await client.reply() == ""


async def test_a_certificate_of_another_ca_ends_the_handshake(tmp_path):
    (tmp_path / "other").mkdir()
    issuer = Authority(tmp_path / "other", "Other CA")
    async with _with_certificate(tmp_path, issuer) as (_, client, context):
        try:
            await client.start_tls(context)  # with TLS 1.3 the client hears of it only later
            answer = await client.ask("EHLO own.example")
        except (OSError, ssl.SSLError):
            answer = ""
        assert answer == ""


async def test_a_shared_certificate_needs_the_mark(tmp_path):
    listen = {"shared_client_names": ("cloud.example",), "tenant_mark": MARK}
    listen |= {"sender_domains": ("kommun.example",), "networks": ("127.0.0.0/8",)}
    async with _with_certificate(tmp_path, None, name="cloud.example", **listen) as made:
        _, client, context = made
        await client.start_tls(context)
        await client.ask("EHLO cloud.example")
        assert (await client.message(OURS, "<a@evil.example>")).startswith("550 5.7.1")
        assert (await client.message(OURS, "<a@kommun.example>")).startswith("250 ")
