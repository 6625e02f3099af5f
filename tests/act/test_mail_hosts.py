"""Recipients told by MX records: against a real name server on loopback, and the real program."""

import asyncio

import dns.rcode
import pytest

from mailfilter.act import mail_hosts
from mailfilter.act.mail_hosts import ByMx, Hosts, resolver
from mailfilter.config.ways import US_HOSTS
from tests.name_server import NameServer
from tests.running import Gateway
from tests.sink import Sink

ZONE = {
    "skolan.example": ["skolan-example.mail.protection.outlook.com"],
    "foretag.example": ["aspmx.l.google.com", "mail.foretag.example"],
    "region.example": ["mx1.region.example"],
    "notoutlook.example": ["mx.evil-outlook.com.example"],
    "tom.example": [],
    "trasig.example": dns.rcode.SERVFAIL,
    "tyst.example": None,
}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(mail_hosts, "SECONDS", 0.3)
    with NameServer(ZONE) as started:
        yield started


def asking(server: NameServer, now=lambda: 0.0) -> ByMx:
    return ByMx(US_HOSTS, resolver(["127.0.0.1"], server.port), now)


async def test_american_services_are_told_by_the_names_of_their_servers(server):
    found = await asking(server).of(["skolan.example", "FORETAG.example.", "region.example"])
    assert found == Hosts(frozenset({"skolan.example", "foretag.example"}))


async def test_an_ending_is_a_whole_part_of_the_name(server):
    assert await asking(server).of(["notoutlook.example"]) == Hosts()


async def test_no_such_domain_and_no_servers_are_known(server):
    assert await asking(server).of(["finns-inte.example", "tom.example"]) == Hosts()


async def test_failure_and_silence_are_unknown_and_asked_again(server):
    hosts = asking(server)
    for _ in range(2):
        found = await hosts.of(["trasig.example", "tyst.example"])
        assert found.unknown == {"trasig.example", "tyst.example"}
    assert server.asked.count("trasig.example") >= 2


async def test_an_answer_is_remembered_for_its_time(server):
    clock = [0.0]
    hosts = asking(server, lambda: clock[0])
    for seconds in (0.0, 599.0, 601.0):
        clock[0] = seconds
        assert (await hosts.of(["skolan.example"])).american
    assert server.asked == ["skolan.example"] * 2


async def test_memory_is_bounded(server, monkeypatch):
    monkeypatch.setattr(mail_hosts, "REMEMBERED", 3)
    hosts = asking(server)
    await hosts.of([f"{n}.example" for n in range(9)])
    assert len(hosts._known) == 3


async def test_what_is_no_domain_is_unknown(server):
    assert (await asking(server).of(["a" * 300, ".."])).american == frozenset()


async def test_many_at_once_are_asked_in_turn(server):
    found = await asyncio.wait_for(asking(server).of([f"{n}.example" for n in range(60)]), 30)
    assert found == Hosts()


RULES = """
secure_service = "saker"
[connectors.saker]
port = {sink}
tls = "none"
[connectors.moln]
port = {sink}
tls = "none"
envelope_recipient = "{{local}}@moln.example"
[ways.us-hosted]
connector = "moln"
[mx]
us_hosted = true
servers = ["127.0.0.1"]
port = {port}
[[rule]]
name = "numbers-out"
recipient_classes = ["external"]
level = "medium"
action = "redirect"
"""
NUMBER = b"Subject: x\r\n\r\nElevens personnummer: 191212121212\r\n"


def test_the_class_chooses_the_way(tmp_path, server):
    with Sink() as sink:
        extra = RULES.format(sink=sink.port, port=server.port)
        with Gateway(tmp_path, sink.port, extra) as gateway:
            said = {
                domain: gateway.send(NUMBER, "a@exempelkommun.example", [f"x@{domain}"])[0]
                for domain in ("skolan.example", "region.example", "trasig.example")
            }
            clean = b"Subject: y\r\n\r\nLunchen serveras i dag.\r\n"
            assert gateway.send(clean, "a@exempelkommun.example", ["x@trasig.example"])[0] == 250
            items = {item["connector"] for item in gateway.items()}
    assert said == {"skolan.example": 250, "region.example": 250, "trasig.example": 451}
    assert items == {"moln", "saker"}
