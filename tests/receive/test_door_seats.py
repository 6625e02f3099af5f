"""Who gets a session where many want one: our own servers, whatever strangers do."""

import asyncio
import contextlib
import ssl

import pytest

from mailfilter.model import Reply
from mailfilter.receive.contract import Bounds
from tests.certificates import Authority
from tests.scripted_hop import ScriptedHop
from tests.smtp_client import Client, gateway

OWN, OTHER = "127.0.0.1", "127.0.0.2"
OUTSIDE = ("127.0.0.66", "127.0.0.77")
QUICK = Bounds(sessions_per_client=10, slow=0.0, busy=0.0)


class Street:
    """Connections from addresses of this machine; all are closed in the end."""

    def __init__(self, port: int) -> None:
        self.port, self._writers = port, []

    async def come(self, source: str) -> Client:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(source, 0), limit=2**20
        )
        self._writers.append(writer)
        return Client(reader, writer)

    async def crowd(self, count: int, *sources: str) -> list[Client]:
        return [await self.come(sources[n % len(sources)]) for n in range(count)]

    def clear(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@contextlib.asynccontextmanager
async def street(deliver=None, **options):
    async with ScriptedHop() as hop, gateway(hop, deliver, **options) as gate:
        made = Street(gate.listener.port)
        try:
            yield made, gate
        finally:
            made.clear()


def inside(*networks: str) -> dict:
    return {"networks": networks}


def by_certificate(folder) -> tuple[dict, ssl.SSLContext]:
    authority = Authority(folder)
    pair, own = authority.issue("gate.example"), authority.issue("own.example")
    context = ssl.create_default_context(cafile=authority.ca)
    context.load_cert_chain(own.certificate, own.key)
    listen = {"certificate": pair.certificate, "key": pair.key, "client_ca": authority.ca}
    return listen | {"client_names": ("own.example",)} | inside("127.0.0.1/32"), context


async def served(client: Client) -> bool:
    await client.hello()
    return (await client.message(b"x\r\n")).startswith("250 ")


async def test_strangers_hold_no_seat():
    async with street(listen=inside("127.0.0.1/32"), max_sessions=20) as (out, gate):
        crowd = await out.crowd(60, *OUTSIDE)
        assert await served(await out.come(OWN))
        for client in crowd:
            assert (await client.reply()).startswith("554 5.7.1")
            assert await client.reply() == ""
        assert gate.listener.sessions == 1


async def test_strangers_who_may_show_a_certificate_have_few_seats(tmp_path):
    listen, _ = by_certificate(tmp_path)
    async with street(listen=listen, max_sessions=20) as (out, gate):
        crowd = await out.crowd(60, *OUTSIDE)
        greeted = sum([(await client.reply()).startswith("220 ") for client in crowd])
        assert greeted > 0
        assert gate.listener.sessions <= 5
        for _ in range(15):
            assert await served(await out.come(OWN))


async def test_a_server_with_a_certificate_gets_through_the_strangers(tmp_path):
    listen, context = by_certificate(tmp_path)
    async with street(listen=listen, max_sessions=8, bounds=Bounds(slow=0.0)) as (out, gate):
        for client in await out.crowd(20, *OUTSIDE):
            await client.reply()
        server = await out.come(OTHER)
        await server.hello()
        await server.start_tls(context)
        await server.ask("EHLO own.example")
        assert (await server.message(b"x\r\n")).startswith("250 ")
        assert gate.listener.seats.held(OTHER) == 1


@pytest.mark.parametrize("far", ["banner", "hello", "half a line", "handshake"])
async def test_a_stranger_has_no_longer_than_a_certificate_takes(tmp_path, far):
    listen, _ = by_certificate(tmp_path)
    bounds = Bounds(proof_timeout=0.5, handshake_timeout=1000, command_timeout=1000)
    async with street(listen=listen, bounds=bounds) as (out, gate):
        client = await out.come(OUTSIDE[0])
        await client.reply()
        if far == "hello":
            await client.ask("EHLO stranger.example")
        elif far == "half a line":
            await client.send(b"EHL")
        elif far == "handshake":
            assert (await client.ask("STARTTLS")).startswith("220 ")
        assert await client.reply() in ("", "421 4.4.2 Timeout")
        async with asyncio.timeout(20):
            while gate.listener.sessions:
                await asyncio.sleep(0.01)
        assert len(gate.listener.seats) == 0


async def test_own_machines_that_sit_idle_give_way_to_the_own_server():
    listen = inside("127.0.0.0/8")
    async with street(listen=listen, max_sessions=8, bounds=QUICK) as (out, gate):
        crowd = await out.crowd(8, "127.0.0.11", "127.0.0.12")
        for client in crowd:
            await client.hello()
        for _ in range(3):
            assert await served(await out.come(OWN))
        assert gate.listener.sessions == 8
        sent_off = [client for client in crowd if client.reader.at_eof() or client.reader._buffer]
        assert (await sent_off[0].reply()).startswith("421 4.7.0")


async def test_who_has_said_nothing_is_not_at_work():
    busy = Bounds(sessions_per_client=10, slow=1000.0, busy=1000.0)
    async with street(listen=inside("127.0.0.0/8"), max_sessions=8, bounds=busy) as (out, gate):
        for client in await out.crowd(8, "127.0.0.11", "127.0.0.12"):
            assert (await client.reply()).startswith("220 ")
        assert await served(await out.come(OWN))
        assert gate.listener.sessions == 8


async def test_a_slow_message_gives_way_and_its_memory_comes_back():
    async with street(listen=inside("127.0.0.0/8"), max_sessions=1, bounds=QUICK) as (out, gate):
        slow = await out.come("127.0.0.11")
        await slow.hello()
        await slow.envelope()
        assert (await slow.ask("DATA")).startswith("354 ")
        await slow.send(b"x")
        while gate.listener.budget.free == gate.listener.budget.size:
            await asyncio.sleep(0.01)
        assert await served(await out.come(OWN))
        assert (await slow.reply()).startswith("421 ")
        assert len(gate.received) == 1


async def test_what_is_past_its_dot_keeps_its_seat():
    goes_on = asyncio.Event()

    async def deliver(received, session) -> Reply:
        await goes_on.wait()
        return await session.send(received.wire)

    options = {"listen": inside("127.0.0.0/8"), "max_sessions": 1, "bounds": QUICK}
    async with street(deliver, **options) as (out, gate):
        busy = await out.come("127.0.0.11")
        await busy.hello()
        await busy.envelope()
        await busy.ask("DATA")
        await busy.send(b"x\r\n.\r\n")
        while not gate.received:
            await asyncio.sleep(0.01)
        assert (await (await out.come(OWN)).reply()).startswith("421 ")
        goes_on.set()
        assert (await busy.reply()).startswith("250 ")


async def test_one_own_server_may_have_every_seat_that_is_kept():
    async with street(listen=inside("127.0.0.1/32"), max_sessions=200) as (out, gate):
        for client in await out.crowd(50, OWN):
            await client.hello()
        assert gate.listener.sessions == 50
        assert gate.listener.seats.held(OWN) == 50
