"""The network is cut at every byte of a transaction, on either side of us, in both directions.

Towards the client: it goes away after so many bytes of its own, by FIN or by RST, or after so many
bytes of our replies. Towards the next hop: a proxy drops the connection after so many bytes of
ours, or of the next hop's; in plain text, and under TLS, where a cut may meet the handshake, a part
of a record, or all of it but the leave-taking. Then the client sends once more, over a network that
works.

``FAULTS=all`` cuts at every byte (``make cuts``), the suite at every fifth, of TLS at fewer.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.faults.inside import CLEAN, KINDS, MIXED, Inside, Letter, inside, send, transact
from tests.scripted_hop import GOOD, ScriptedHop
from tests.smtp_client import Client, Gate

EVERY = os.environ.get("FAULTS") == "all"
HOUR = 3600  # seconds: every byte under TLS is some 9,000 handshakes in one test
# it needs no programs, but its time
pytestmark = [pytest.mark.system, *([pytest.mark.timeout(HOUR)] if EVERY else [])]
AT_ONCE = 40
STEP = 1 if EVERY else 5
PATIENT: dict = {}  # the timers of the product: nobody hangs here
STEP_TLS = 1 if EVERY else 43
TLS_EHLO = {"EHLO": [GOOD["EHLO"].replace("250 ENH", "250-STARTTLS\n250 ENH")]}
OURS, THEIRS = "ours", "theirs"


class CutError(Exception):
    """The client has gone."""


class Leaving(Client):
    """A client that goes after `left` bytes of its own, or after `heard` bytes of ours."""

    left, heard, rude = 1 << 30, 1 << 30, False

    async def send(self, data: bytes) -> None:
        await super().send(data[: self.left])
        self.left -= len(data)
        if self.left <= 0:
            self._go()

    async def reply(self) -> str:
        if self.heard <= 0:
            self._go()
        reply = await super().reply()
        self.heard -= len(reply) + 2
        if self.heard <= 0:
            self._go()
        return reply

    def _go(self) -> None:
        if self.rude:
            self.writer.transport.abort()
        else:
            self.writer.close()
        raise CutError


async def leave(gate: Gate, letter: Letter, **how) -> str:
    """A transaction that the client does not finish; the last reply, if there is one."""
    async with gate.client() as client:
        leaving = Leaving(client.reader, client.writer)
        for name, value in how.items():
            setattr(leaving, name, value)
        with contextlib.suppress(CutError):
            return await transact(leaving, letter)
        return ""


@dataclass
class Cutter:
    """A proxy before `hop` that drops its connections once, after `left` bytes of one side."""

    hop: ScriptedHop
    side: str
    left: int
    port: int = 0
    cut: bool = False
    passed: int = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Cutter"]:
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, to_them = await asyncio.open_connection("127.0.0.1", self.hop.port)
        both = (writer, to_them)
        try:
            await asyncio.gather(
                self._pump(reader, to_them, OURS, both), self._pump(theirs, writer, THEIRS, both)
            )
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for one in both:
                one.close()

    async def _pump(self, reader, writer, side: str, both: tuple) -> None:
        while data := await reader.read(1 << 16):
            if side == self.side and not self.cut:
                self.passed += len(data)
                data, rest = data[: self.left], data[self.left :]
                self.left -= len(data)
                writer.write(data)
                if rest or not self.left:
                    self.cut = True
                    await writer.drain()
                    for one in both:
                        one.close()
                    return
            else:
                writer.write(data)
        writer.close()


def wrong(first: str, letter: Letter, hop: ScriptedHop, rows: int) -> list[str]:
    """What is wrong after the first try."""
    has = {rcpt for mail in hop.mails for rcpt in mail.rcpts if letter.id in mail.wire}
    kept = letter.relayed != letter.rcpts
    found = []
    if first.startswith("250") and not (set(letter.relayed) <= has and rows == kept):
        found.append("false 250")
    if first.startswith("5"):
        found.append(f"wrong 5xx: {first}")
    if first and not first.startswith("250") and rows:
        found.append("kept after a refusal")
    if has - set(letter.relayed):
        found.append("to somebody who may not have it")
    return found


async def finish(world: Inside, gate: Gate, letter: Letter, hop: ScriptedHop, first: str) -> list:
    """A retry where the client has no 250, and the books."""
    await asyncio.sleep(0.01)  # the next hop notes what it took after it has said so
    taken = len(hop.mails)
    last = first
    for _ in range(40):  # the gateway may still be busy with the session that was cut
        if last.startswith("250"):
            break
        if "another session" in last or not last.startswith("250"):
            await asyncio.sleep(0.02)
        last = await send(gate, letter)
    found = [] if last.startswith("250") else [f"not cured: {last}"]
    rows = await world.rows(letter)
    if rows != (letter.relayed != letter.rcpts):
        found.append(f"{rows} rows")
    if letter.relayed and not hop.mails:
        found.append("lost")
    if len(hop.mails) > max(taken, 1) + (not first.startswith("250") and bool(taken)):
        found.append(f"doubled: {taken} then {len(hop.mails)}")
    if letter.kind == MIXED and first == "" and taken and rows and len(hop.mails) > taken:
        found.append("relayed again, though the row says so")
    return found


async def client_goes(world: Inside, kind: str, how: dict) -> list[str]:
    letter = world.letter(kind)
    async with ScriptedHop() as hop, world.chain(hop, PATIENT) as gate:
        first = await leave(gate, letter, **how)
        end = asyncio.get_running_loop().time() + 10
        while gate.listener.sessions and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.01)
        found = wrong(first, letter, hop, await world.rows(letter))
        whole = how.get("left", 0) >= size_of(letter) or "heard" in how
        if hop.mails and not whole:
            found.append("relayed before its end had come")
        found += await finish(world, gate, letter, hop, first)
    return [f"{kind} {how}: {fault}" for fault in found]


def size_of(letter: Letter) -> int:
    """Bytes of a whole transaction of the client's."""
    lines = [b"EHLO client.example", b"MAIL FROM:<maj@exempelkommun.example>", b"DATA"]
    lines += [b"RCPT TO:" + rcpt for rcpt in letter.rcpts]
    return sum(len(line) + 2 for line in lines) + len(letter.wire) + 3


async def hop_goes(world: Inside, kind: str, side: str, after: int) -> list[str]:
    letter = world.letter(kind)
    async with (
        ScriptedHop() as hop,
        Cutter(hop, side, after).running() as cutter,
        world.chain(cutter, PATIENT) as gate,
    ):
        first = await send(gate, letter)
        found = wrong(first, letter, hop, await world.rows(letter))
        found += await finish(world, gate, letter, hop, first)
    return [f"{kind}, {side} cut after {after}: {fault}" for fault in found]


async def all_of(works: list) -> list[str]:
    room = asyncio.Semaphore(AT_ONCE)

    async def one(work) -> list[str]:
        async with room:
            return await work

    return [fault for faults in await asyncio.gather(*map(one, works)) for fault in faults]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_client_that_goes_after_any_byte(tmp_path: Path, kind: str):
    async with inside(tmp_path) as world:
        size = size_of(world.letter(kind))
        ways = [{"left": n, "rude": n % 2 == 1} for n in (*range(1, size, STEP), size, size + 1)]
        ways += [{"heard": n, "rude": n % 2 == 0} for n in range(1, 700, 7 * STEP)]
        assert await all_of([client_goes(world, kind, how) for how in ways]) == []


async def traffic(world: Inside, kind: str) -> dict[str, int]:
    """How many bytes a whole transaction has on either side."""
    sizes = {}
    for side in (OURS, THEIRS):
        async with (
            ScriptedHop() as hop,
            Cutter(hop, side, 1 << 30).running() as cutter,
            world.chain(cutter, PATIENT) as gate,
        ):
            assert (await send(gate, world.letter(kind))).startswith("250")
        sizes[side] = cutter.passed
    return sizes


@pytest.mark.parametrize("kind", [CLEAN, MIXED])
@pytest.mark.parametrize("side", [OURS, THEIRS])
async def test_a_next_hop_that_goes_after_any_byte(tmp_path: Path, kind: str, side: str):
    async with inside(tmp_path) as world:
        size = (await traffic(world, kind))[side]
        assert size > 100, "the proxy sees what is said"
        works = [hop_goes(world, kind, side, after) for after in range(1, size + 1, STEP)]
        assert await all_of(works) == []


# ---- under TLS -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Secret:
    """A next hop with TLS: how it is reached at a level."""

    authority: Authority
    level: str

    def hop(self) -> ScriptedHop:
        return ScriptedHop(TLS_EHLO, self.authority.server("hop.example"))

    @property
    def settings(self) -> dict:
        return {"tls": self.level, "ca": self.authority.ca, "server_name": "hop.example"}


async def secret_hop_goes(
    world: Inside, kind: str, side: str, after: int, secret: Secret
) -> list[str]:
    letter = world.letter(kind)
    async with (
        secret.hop() as hop,
        Cutter(hop, side, after).running() as cutter,
        world.chain(cutter, secret.settings) as gate,
    ):
        first = await send(gate, letter)
        found = wrong(first, letter, hop, await world.rows(letter))
        found += await finish(world, gate, letter, hop, first)
        verbs = hop.verbs()
        if secret.level != "opportunistic" and "STARTTLS" not in verbs[: verbs.index("MAIL")]:
            found.append("in plain text")
    return [f"{kind}, {side} cut after {after} of TLS: {fault}" for fault in found]


@pytest.mark.parametrize("level", ["encrypt", "verify", "opportunistic"])
@pytest.mark.parametrize("side", [OURS, THEIRS])
async def test_a_next_hop_that_goes_after_any_byte_of_tls(tmp_path: Path, side: str, level: str):
    (tmp_path / "ca").mkdir()
    secret = Secret(Authority(tmp_path / "ca"), level)
    async with inside(tmp_path) as world:
        async with (
            secret.hop() as hop,
            Cutter(hop, side, 1 << 30).running() as cutter,
            world.chain(cutter, secret.settings) as gate,
        ):
            assert (await send(gate, world.letter(MIXED))).startswith("250")
            assert hop.certificates, "it was under TLS"
        kinds = (MIXED, CLEAN)
        works = [
            secret_hop_goes(world, kind, side, after, secret)
            for after in range(1, cutter.passed + 1, STEP_TLS)
            for kind in (kinds if EVERY else kinds[after % 2 :][:1])
        ]
        assert len(works) > 20
        assert await all_of(works) == []
