"""A client for tests: says exactly the bytes it is told to, and a gateway to say them to.

async with gateway(hop) as gate, gate.client() as client:
    assert await client.ask("NOOP") == "250 2.0.0 Ok"
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from mailfilter import config
from mailfilter.next_hop.relay import Relay
from mailfilter.next_hop.transaction import Hop
from mailfilter.receive.contract import Bounds, NextHopSession, Received
from mailfilter.receive.server import Listener

PATIENCE = 20.0


class Client:
    """One connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def reply(self) -> str:
        """The next reply, lines joined by newline; empty when the gateway has hung up."""
        lines = []
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    line = await self.reader.readline()
                except ConnectionError:
                    return ""
                if not line:
                    return ""
                assert line.endswith(b"\r\n"), line
                lines.append(line[:-2].decode("ascii"))
                if lines[-1][3:4] != "-":
                    return "\n".join(lines)

    async def ask(self, line: str | bytes) -> str:
        data = line if isinstance(line, bytes) else line.encode("utf-8")
        await self.send(data + b"\r\n")
        return await self.reply()

    async def hello(self) -> str:
        assert (await self.reply()).startswith("220 ")
        return await self.ask("EHLO client.example")

    async def envelope(self, mail: str = "<a@example.se>", *rcpts: str) -> list[str]:
        """MAIL and RCPTs, one after the other; the replies."""
        lines = [f"MAIL FROM:{mail}"] + [f"RCPT TO:{rcpt}" for rcpt in rcpts or ["<b@example.net>"]]
        return [await self.ask(line) for line in lines]

    async def message(self, content: bytes, mail: str = "<a@example.se>", *rcpts: str) -> str:
        """A whole transaction; `content` as it stands on the wire, without the final dot."""
        for answer in await self.envelope(mail, *rcpts):
            assert answer.startswith("250 "), answer
        assert (await self.ask("DATA")).startswith("354 ")
        await self.send(content + b".\r\n")
        return await self.reply()

    async def start_tls(self, context: ssl.SSLContext, name: str = "gate.example") -> None:
        assert (await self.ask("STARTTLS")).startswith("220 ")
        await self.writer.start_tls(context, server_hostname=name)

    def reset(self) -> None:
        """Go away with RST."""
        self.writer.transport.abort()


@dataclass
class Gate:
    """A listener in this process. `received` is what came; `deliver` may be replaced."""

    listener: Listener
    relay: Relay
    received: list[Received] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def client(self, host: str = "127.0.0.1") -> AsyncIterator[Client]:
        reader, writer = await asyncio.open_connection(host, self.listener.port, limit=2**20)
        try:
            yield Client(reader, writer)
        finally:
            writer.transport.abort()


@contextlib.asynccontextmanager
async def gateway(
    hop,
    deliver=None,
    *,
    bounds: Bounds | None = None,
    listen: dict | None = None,
    hop_settings: dict | None = None,
    **settings,
) -> AsyncIterator[Gate]:
    """A gateway that passes everything on, or does what `deliver` does.

    `listen` are keys of ``[listen]``, `settings` those of the whole file, `hop_settings` of `Hop`.
    """
    made = config.Settings(listen=config.Listen(port=0, **(listen or {})), **settings)
    relay = Relay(Hop("127.0.0.1", hop.port, **(hop_settings or {})))

    async def judge(received: Received, session: NextHopSession):
        gate.received.append(received)
        if deliver is not None:
            return await deliver(received, session)
        return await session.send(received.wire)

    gate = Gate(Listener(made, relay, judge, bounds=bounds), relay)
    await gate.listener.start()
    try:
        yield gate
    finally:
        await gate.listener.stop()
        await relay.close()
