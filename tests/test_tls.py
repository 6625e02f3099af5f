"""Which suites each door takes and each client offers, by real handshakes."""

import asyncio
import re
import ssl

import pytest

from mailfilter import tls
from mailfilter.config.front import Front
from mailfilter.front.certificate import context
from mailfilter.next_hop.transaction import client_context
from tests.certificates import Authority
from tests.running import ROOT
from tests.scripted_hop import ScriptedHop
from tests.smtp_client import gateway
from tests.web.office import Office
from tests.web.test_server import running

REFUSED = {
    "RSA key exchange": "AES256-GCM-SHA384:AES128-GCM-SHA256",
    "RSA and CBC": "AES256-SHA256:AES128-SHA",
    "CBC": "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES128-SHA",
}
TAKEN = ("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls")).issue("gate.example", by_rsa=True)


def only(suites: str, newest=ssl.TLSVersion.TLSv1_2) -> ssl.SSLContext:
    """A client that offers these alone."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.anybody(made)
    made.set_ciphers(f"{suites}:@SECLEVEL=0")
    made.minimum_version = made.maximum_version = newest
    return made


async def by_web(pair, client: ssl.SSLContext) -> str:
    """The suite that the front's door chose."""
    front = Front(certificate=pair.certificate, key=pair.key)
    async with running(Office().app(), tls=context(front)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
        chosen = writer.get_extra_info("cipher")[0]
        writer.transport.abort()
        return chosen


async def by_smtp(pair, client: ssl.SSLContext) -> str:
    """The suite that STARTTLS chose."""
    listen = {"certificate": pair.certificate, "key": pair.key}
    async with (
        ScriptedHop({}) as hop,
        gateway(hop, listen=listen) as gate,
        gate.client() as smtp,
    ):
        await smtp.hello()
        await smtp.start_tls(client)
        return smtp.writer.get_extra_info("cipher")[0]


@pytest.mark.parametrize("door", [by_web, by_smtp])
@pytest.mark.parametrize("suites", REFUSED.values(), ids=REFUSED)
async def test_no_door_takes_a_suite_without_forward_secrecy_or_with_cbc(pair, door, suites):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await door(pair, only(suites))


@pytest.mark.parametrize("door", [by_web, by_smtp])
@pytest.mark.parametrize("suite", TAKEN)
async def test_each_door_takes_the_good_ones(pair, door, suite):
    assert await door(pair, only(suite)) == suite


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize("door", [by_web, by_smtp])
async def test_no_door_takes_tls_1_1(pair, door):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await door(pair, only("ALL", ssl.TLSVersion.TLSv1_1))


@pytest.mark.parametrize("door", [by_web, by_smtp])
async def test_each_door_takes_tls_1_3(pair, door):
    assert (await door(pair, only("ALL", ssl.TLSVersion.TLSv1_3))).startswith("TLS_")


async def chosen_of(pair, client: ssl.SSLContext, suites: str) -> str:
    """What a server that has these suites alone agrees on with our client."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pair.certificate, pair.key)
    server.set_ciphers(f"{suites}:@SECLEVEL=0")
    server.maximum_version = ssl.TLSVersion.TLSv1_2

    async def bye(_, writer):
        writer.close()

    listening = await asyncio.start_server(bye, "127.0.0.1", 0, ssl=server)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
        chosen = writer.get_extra_info("cipher")[0]
        writer.transport.abort()
        return chosen


@pytest.mark.parametrize("level", ["encrypt", "verify"])
async def test_our_client_offers_the_good_ones_alone(pair, level):
    client = tls.anybody(client_context.__wrapped__(level, None, None, None))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await chosen_of(pair, client, REFUSED["CBC"])
    assert await chosen_of(pair, client, TAKEN[0]) == TAKEN[0]


async def test_an_opportunistic_client_would_rather_have_cbc_than_plain_text(pair):
    client = client_context("opportunistic", None, None, None)
    assert "AES" in await chosen_of(pair, client, REFUSED["CBC"])


def test_no_context_is_made_elsewhere():
    made = re.compile(r"\bSSLContext\(|create_default_context|_create_unverified")
    sources = [path for path in (ROOT / "mailfilter").rglob("*.py") if path.name != "tls.py"]
    assert sources
    assert [path.name for path in sources if made.search(path.read_text())] == []
