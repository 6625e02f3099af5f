"""Send tricks, and compare what clients were told with what a server accepted.

    python -m tests.smuggling.play [--tricks 5000] [--seed N] [--servers postfix,exim,...]

``make smuggling``: every trick through the gateway in front of each server. ``postfix`` is one
as it stands behind a gateway: it trusts its own network, and there takes LF for a line end, as all
did before 2023. ``postfix-strict`` trusts nobody. An empty list of faults is a good run:

============  ===================================================================================
SECOND        a server accepted the message that was hidden in another
DOUBLED       a server accepted a message twice
LOST          250, and the server has it not
LATE          no 250, and the server has it
PASSED        stray bytes and 250 (P7)
REFUSED       nothing stray in it, and refused for stray bytes, or not answered
DESYNC        one message, and more than one reply
============  ===================================================================================
"""

import argparse
import asyncio
import contextlib
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.postfix import Postfix
from tests.running import ROOT, Gateway, Process, wait_until
from tests.smuggling.sequences import Trick, sender, tricks
from tests.smuggling.unpacked import CONFIGS, Unpacked, usable
from tests.test_corpus import RELAY_ALL

PATIENCE = 120.0
SESSIONS = 4
A_SESSION = 25  # tricks
QUEUE_ONLY = "defer_transports = smtp\nqueue_run_delay = 1h\nminimal_backoff_time = 1h\n"
STRICT = "smtpd_forbid_bare_newline = normalize\nsmtpd_forbid_bare_newline_exclusions =\n"
FROM = re.compile(r"qmgr\[\d+\]: (\w+): from=<([^>]*)>")
PLANT = """
import sys
from mailfilter.receive import session, stray
true = stray.stray
for module in list(sys.modules.values()):
    if getattr(module, "stray", None) is true:
        module.stray = lambda wire: False
from mailfilter.__main__ import main
main()
"""


class QueueOnly(Postfix):
    """A Postfix that keeps what it accepts."""

    def accepted(self) -> list[str]:
        return list(dict(FROM.findall(self.log())).values())


class Blind(Gateway):
    """The gateway with a bug: it sees no stray bytes."""

    def start(self) -> "Blind":
        command = [sys.executable, "-c", PLANT, "serve", "-c", str(self.write_config())]
        self.process = Process(command, self.folder / "log", cwd=ROOT)
        wait_until(self._up, lambda: f"start of the gateway: {self.log()[-2000:]}")
        return self


def server(name: str) -> QueueOnly | Unpacked:
    """One that waits to be entered."""
    if name.startswith("postfix"):
        more = QUEUE_ONLY + (STRICT if name == "postfix-strict" else "")
        return QueueOnly(name, relay_to=9, more=more)
    return Unpacked(name)


def servers() -> list[str]:
    """All that can run here."""
    return ["postfix", "postfix-strict", *(name for name in CONFIGS if not usable(name))]


@dataclass
class Told:
    """What clients were told: the reply to each trick (empty: none), and how many were too many."""

    replies: dict[int, str] = field(default_factory=dict)
    extra: dict[int, int] = field(default_factory=dict)


class _Gone(Exception):
    """The server has hung up."""


class _Session:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def reply(self) -> str:
        while True:
            line = await asyncio.wait_for(self.reader.readline(), PATIENCE)
            if not line.endswith(b"\n"):
                raise _Gone
            if line[3:4] != b"-":
                return line.decode("utf-8", "replace")

    async def say(self, *pieces: bytes) -> None:
        for n, piece in enumerate(pieces):
            if n:
                await asyncio.sleep(0.002)  # so that it is read by itself
            self.writer.write(piece)
            await self.writer.drain()

    async def play(self, trick: Trick, slow: bool = False) -> str:
        """Up to the reply to the message, or to what ended it before. To commands a LF is an end
        of a line (nobody else's words stand in them), so each has its reply."""
        reply = ""
        for line in trick.lines:
            await self.say(line)
            for _ in range(line.count(b"\n")):
                reply = await self.reply()
        if reply[:3] != "354":
            return reply
        if slow:  # some servers look whether more stands behind the end
            for line in trick.wire.splitlines(keepends=True):
                await self.say(line)
                await asyncio.sleep(0.01)
        else:
            await self.say(*trick.pieces())
        return await self.reply()

    async def surplus(self) -> int:
        """How many replies come that nobody asked for: NOOP's must be the only one."""
        await self.say(b"RSET\r\nQUIT\r\n")
        many = 0
        with contextlib.suppress(_Gone):
            while (await self.reply())[:3] != "221":
                many += 1
        return many - 1


@contextlib.asynccontextmanager
async def _session(port: int):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    session = _Session(reader, writer)
    try:
        await session.reply()
        await session.say(b"EHLO client.example\r\n")
        await session.reply()
        yield session
    finally:
        writer.close()


async def _several(port: int, some: Sequence[Trick], told: Told) -> None:
    """Over one connection as long as it lasts; after a trick in a command over a new one."""
    left = list(some)
    while left:
        with contextlib.suppress(_Gone, OSError):
            async with _session(port) as session:
                while left:
                    trick = left.pop(0)
                    told.replies[trick.n] = ""
                    told.replies[trick.n] = await session.play(trick)
                    if trick.family == "command" or not left:
                        told.extra[trick.n] = await session.surplus()
                        break


async def through(port: int, every: Iterable[Trick]) -> Told:
    """All of them to a gateway."""
    told, room, every = Told(), asyncio.Semaphore(SESSIONS), list(every)

    async def one(some: Sequence[Trick]) -> None:
        async with room:
            await _several(port, some, told)

    runs = [every[n : n + A_SESSION] for n in range(0, len(every), A_SESSION)]
    await asyncio.gather(*map(one, runs))
    return told


async def straight(port: int, every: Iterable[Trick], slow: bool = False) -> None:
    """Each to a server itself over a connection of its own, whatever it says: an open door."""
    room = asyncio.Semaphore(SESSIONS)

    async def one(trick: Trick) -> None:
        async with room:
            with contextlib.suppress(_Gone, OSError):  # a TimeoutError is one
                async with asyncio.timeout(20), _session(port) as session:
                    await session.play(trick, slow)
                    await session.surplus()

    await asyncio.gather(*map(one, every))


def faults(every: Iterable[Trick], told: Told, accepted: Sequence[str]) -> list[str]:
    """What is wrong, by the names of the module."""
    has, found = Counter(accepted), []
    for trick in every:
        reply = told.replies.get(trick.n, "")
        code, refused = reply[:3], reply[4:9] == "5.6.0"
        first, second = (has.pop(sender(x, trick.n)[1:-1].decode(), 0) for x in "ms")
        plain = trick.family != "command"
        names = {
            "SECOND": second > 0,
            "DOUBLED": first > 1,
            "LOST": code == "250" and not first,
            "LATE": code != "250" and first > 0,
            "PASSED": trick.stray and code == "250",
            "REFUSED": not trick.stray and (refused or code[:1] not in ("2", "5")) and plain,
            "DESYNC": told.extra.get(trick.n, 0) > 0,
        }
        words = f"{trick.family} {trick.n}, {reply[:60]!r}: {trick.wire[:300]!r}"
        found += [f"{name}: {words}" for name, is_so in names.items() if is_so]
    return found + [f"SECOND: from {who}, whom nobody named" for who in has]


def settled(standing: QueueOnly | Unpacked, told: Told) -> list[str]:
    """What it accepted, once its log is complete: a mail that is sent last stands in it."""
    last = Trick(0, "", (b"MAIL FROM:<last@exempelkommun.example>\r\n",), b"")
    lines = (*last.lines, b"RCPT TO:<anna@medborgare.example>\r\n", b"DATA\r\n")
    asyncio.run(straight(standing.port, [Trick(0, "last", lines, b"\r\nsist\r\n.\r\n")]))
    name = lines[0][11:-3].decode()
    wait_until(lambda: name in standing.accepted(), f"the last mail at {standing.name}")
    many = sum(reply[:3] == "250" for reply in told.replies.values())
    with contextlib.suppress(AssertionError):  # else some are lost, which `faults` tells
        wait_until(lambda: len(standing.accepted()) > many, "arrival of the others", 20)
    return [who for who in standing.accepted() if who != name]


def run(name: str, every: Sequence[Trick], kind: type[Gateway] = Gateway) -> tuple[Told, list[str]]:
    """Through a gateway in front of this server: what was told, and what is wrong."""
    with tempfile.TemporaryDirectory(prefix="smuggling-") as folder, server(name) as standing:
        with kind(Path(folder), standing.port, RELAY_ALL) as gateway:
            told = asyncio.run(through(gateway.port, every))
        return told, faults(every, told, settled(standing, told))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tricks", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=20261128)
    parser.add_argument("--servers", default="")
    asked = parser.parse_args()
    every, bad = list(tricks(asked.seed, asked.tricks)), 0
    for name in asked.servers.split(",") if asked.servers else servers():
        told, found = run(name, every)
        codes = Counter(reply[:3] for reply in told.replies.values())
        print(
            f"{name}: {len(every)} tricks, answers {dict(codes)}, {len(found)} faults", flush=True
        )
        print("".join(f"  {fault}\n" for fault in found[:10]), end="")
        bad += len(found)
    return bad > 0


if __name__ == "__main__":
    raise SystemExit(main())
