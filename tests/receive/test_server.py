"""The listener: what its settings may be, the trace field, and stopping."""

import asyncio
import contextlib
import os
from datetime import UTC, datetime

import pytest

from mailfilter import config, replies
from mailfilter.errors import ConfigError
from mailfilter.next_hop.relay import Relay
from mailfilter.next_hop.transaction import Hop
from mailfilter.receive import trace
from mailfilter.receive.contract import Bounds
from mailfilter.receive.identity import body_without_trace
from mailfilter.receive.server import Listener, bound
from mailfilter.receive.share import Share, table
from tests.certificates import Authority
from tests.scripted_hop import ScriptedHop
from tests.smtp_client import gateway


def make(sock=None, hop=None, **listen) -> Listener:
    return Listener(config.Settings(listen=config.Listen(**listen)), hop, None, sock=sock)


def test_bad_settings_are_named(tmp_path):
    nothing = tmp_path / "nothing.pem"
    with pytest.raises(ConfigError, match=r"listen\.certificate: .*nothing\.pem"):
        make(certificate=nothing)
    with pytest.raises(ConfigError, match=r"listen\.require_tls"):
        make(require_tls=True)
    nothing.write_text("not a certificate")
    with pytest.raises(ConfigError, match=r"listen\.certificate: .*nothing\.pem"):
        make(certificate=nothing)
    pair = Authority(tmp_path).issue("gate.example")
    with pytest.raises(ConfigError, match=r"listen\.client_ca: .*nothing\.pem"):
        make(certificate=pair.certificate, key=pair.key, client_ca=nothing)


async def test_an_address_that_cannot_be_had_is_named():
    with pytest.raises(ConfigError, match=r"192\.0\.2\.77:1"):
        await make(host="192.0.2.77", port=1).start()


async def test_processes_share_one_socket():
    sock = bound(config.Listen(port=0))
    first, second = make(sock=sock.dup()), make(sock=sock.dup())
    await first.start()
    await second.start()
    assert first.port == second.port
    await first.stop()
    _, writer = await asyncio.open_connection("127.0.0.1", second.port)  # the other one is there
    writer.close()
    await second.stop()
    sock.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", second.port)


async def test_who_has_more_sessions_leaves_the_door_to_the_other():
    sock, numbers = bound(config.Listen(port=0)), table(2)
    async with ScriptedHop() as hop:
        relay = Relay(Hop("127.0.0.1", hop.port))
        listeners = [
            Listener(config.Settings(), relay, None, sock=sock.dup(), share=Share(numbers, place))
            for place in range(2)
        ]
        for listener in listeners:
            await listener.start()
        clients = [await asyncio.open_connection("127.0.0.1", listeners[0].port) for _ in range(20)]
        for reader, _ in clients:
            assert (await reader.readline()).startswith(b"220 ")
        assert sum(numbers) == 20
        assert abs(numbers[0] - numbers[1]) <= 4
        await listeners[1].stop()  # alone, the other takes all
        more = [await asyncio.open_connection("127.0.0.1", listeners[0].port) for _ in range(5)]
        for reader, _ in more:
            assert (await reader.readline()).startswith(b"220 ")
        await listeners[0].stop()
        assert list(numbers) == [0, 0]
        for _, writer in (*clients, *more):
            writer.close()
    sock.close()


async def test_trace_header():
    content = b".Received: x\r\n\r\nhello\r\n"
    async with (
        ScriptedHop() as hop,
        gateway(hop, listen={"trace_header": True, "hostname": "gate.example"}) as gate,
        gate.client() as client,
    ):
        await client.reply()
        await client.ask("EHLO evil (x) by\tme")
        assert (await client.message(content)).startswith("250 ")
        wire = hop.mails[0].wire
        assert wire.startswith(b"Received: from evil??x??by?me ([127.0.0.1])\r\n\tby gate.example")
        assert wire.endswith(b"+0000\r\n" + content)
        assert gate.received[0].data.endswith(b"+0000\r\n" + content[1:])
        assert bytes(body_without_trace(gate.received[0].data)) == b"\r\nhello\r\n"


def test_trace_of_an_ipv6_client():
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    field = trace.received(b"c\xff", "2001:db8::1", "gate.example", "ESMTPS", at)
    assert field == (
        b"Received: from c? ([IPv6:2001:db8::1])\r\n"
        b"\tby gate.example (mailfilter) with ESMTPS;\r\n\tMon, 23 Nov 2026 09:00:00 +0000\r\n"
    )


async def test_what_does_not_finish_in_time_is_cut_off():
    cancelled = asyncio.Event()

    async def hang(received, hop):
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with (
        ScriptedHop() as hop,
        gateway(hop, hang, bounds=Bounds(drain=0.05)) as gate,
        gate.client() as client,
    ):
        await client.hello()
        await client.envelope()
        await client.ask("DATA")
        await client.send(b".\r\n")
        while not gate.received:
            await asyncio.sleep(0.01)
        await gate.listener.stop()
        assert cancelled.is_set()
        assert await client.reply() == ""
        assert gate.listener.sessions == 0


async def test_a_client_that_does_not_take_replies_is_cut_off():
    async def chatty(received, hop):
        return replies.OK

    async with (
        ScriptedHop() as hop,
        gateway(hop, chatty, bounds=Bounds(commands=10**9, command_timeout=0.3)) as gate,
        gate.client() as client,
    ):
        await client.reply()
        client.writer.transport.pause_reading()
        for _ in range(60):
            client.writer.write(b"HELP\r\n" * 20_000)
        async with asyncio.timeout(20):
            while gate.listener.sessions:
                await asyncio.sleep(0.02)


async def test_a_slow_command_is_one_command():
    """A client that sends a byte now and then does not hold a session for ever."""
    async with (
        ScriptedHop() as hop,
        gateway(hop, bounds=Bounds(command_timeout=0.3)) as gate,
        gate.client() as client,
    ):
        await client.reply()
        answer = asyncio.create_task(client.reply())
        # Past the transport: a byte that meets a closed door would make it drop what it has read.
        with os.fdopen(os.dup(client.writer.get_extra_info("socket").fileno()), "wb", 0) as wire:
            while not answer.done():
                with contextlib.suppress(ConnectionError):
                    wire.write(b"N")
                await asyncio.wait([answer], timeout=0.02)
        assert answer.result().startswith("421 4.4.2")
