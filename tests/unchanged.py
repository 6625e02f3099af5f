"""Mails as odd as they come, no two alike, and whether they leave as they came (P5, P6).

    python -m tests.unchanged [--mails 20000] [--seed N]       # make unchanged

`odd(seed)` makes mails from a seed: charsets true and false, 8-bit bytes, long lines and long
headers, dots at every place, empty bodies, no header at all, broken MIME, sizes around those of a
read. `Passage` sends them through the real program, whose rules relay whatever they find, by
several sessions, in pieces cut at random, with the parameters of SIZE, 8BITMIME, SMTPUTF8 and DSN,
and compares SHA-256 and envelope of what came out with what went in. Some are held instead, and
released: they too must be as they came.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tests.running import Gateway, stuffed, wait_until
from tests.sink import Arrived, Sink
from tests.test_corpus import RELAY_ALL, STRAY_BYTES

HOLD_ALL = """
[[rule]]
name = "whatever-it-is"
action = "quarantine"
not_examined = ["encrypted", "broken", "ambiguous", "over-limit", "crashed", "unread",
  "unsupported", "protected-for-recipient", "cloud-attachment"]
[[rule]]
name = "whatever-it-says"
action = "quarantine"
"""
SESSIONS, TRIES = 6, 20
CHARSETS = ("utf-8", "iso-8859-1", "windows-1252", "cp850", "utf-7", "iso-2022-jp", "us-ascii", "x")
EDGES = (997, 998, 999, 1000, 1001, 2047, 2048, 4096, 8191, 16_384, 65_535, 65_536, 65_537)
WORDS = (
    *("möte", "torsdag", "protokoll", "ärende", "bilaga", "191212121212", "sjukskriven", "hej"),
    *("å", "ä", "ö", "—", "€", "😀"),
)
STARTS = (
    b".",
    b"..",
    b".\t",
    b". ",
    b"",
    b"x",
    b"-- ",
    b">",
    b"From ",
    b".QUIT",
    b".\xff",
    b"\x1a",
)
MAILS = (
    *(b"<maj@exempelkommun.example>", b"<>", b"<Maj.Ek+x@ExempelKommun.example>"),
    *(b'<"maj ek"@exempelkommun.example>', b"<maj@[127.0.0.1]>"),
    b"<@hop.example:maj@exempelkommun.example>",
)
RCPTS = (
    *(b"<anna@medborgare.example>", b"<Anna.B@Medborgare.EXAMPLE>", b'<"a b"@medborgare.example>'),
    *(b"<bo@exempelkommun.example>", b"<x!y%z@medborgare.example>", b"<postmaster@x.example>"),
)
UTF8_MAIL, UTF8_RCPT = ("<åsa@exempelkommun.example>".encode(), "<örjan@näs.example>".encode())


@dataclass(frozen=True, slots=True)
class Odd:
    """A mail: raw arguments of MAIL and RCPT, and the bytes behind DATA, dots not stuffed."""

    mail: bytes
    rcpts: tuple[bytes, ...]
    data: bytes

    @property
    def print(self) -> tuple:
        return (self.mail, self.rcpts, hashlib.sha256(self.data).hexdigest())


def odd(seed: int) -> Iterator[Odd]:
    """Mails for ever, no two alike."""
    chance, seen = random.Random(seed), set()
    while True:
        data = STRAY_BYTES.sub(b" ", _data(chance))
        data = data if data.endswith(b"\r\n") else data + b"\r\n"
        if (digest := hashlib.sha256(data).digest()) not in seen:
            seen.add(digest)
            yield Odd(*_envelope(chance, len(data)), data)


def _envelope(chance: random.Random, size: int) -> tuple[bytes, tuple[bytes, ...]]:
    utf8 = chance.random() < 0.1
    mail = UTF8_MAIL if utf8 else chance.choice(MAILS)
    many = chance.choice((1, 1, 1, 2, 3))
    rcpts = [UTF8_RCPT] if utf8 else chance.sample(RCPTS, k=many)
    parameters = [b"SMTPUTF8"] if utf8 else []
    parameters += chance.sample([b"BODY=8BITMIME", b"body=8bitmime"], k=chance.randint(0, 1))
    parameters += [b"SIZE=%d" % chance.choice((size, 0, 1, size + 70))] * (chance.random() < 0.4)
    parameters += [b"RET=HDRS", b"Ret=full"][: chance.randint(0, 2) % 2]
    parameters += [b"ENVID=QQ+2B%d" % chance.randrange(10**6)] * (chance.random() < 0.2)
    chance.shuffle(parameters)
    options = ([b"NOTIFY=SUCCESS,DELAY"], [b"NOTIFY=never"], [b"ORCPT=rfc822;A+2Bb@x.example"], [])
    arguments = [b" ".join([rcpt, *chance.choice(options)]) for rcpt in rcpts]
    return b" ".join([mail, *parameters]), tuple(arguments)


# ---- what stands behind DATA -----------------------------------------------------------------


def _data(chance: random.Random) -> bytes:
    kind = chance.choices((_plain, _multipart, _bare, _edge, _noise, _long), (30, 20, 8, 12, 20, 6))
    return kind[0](chance)


def _header(chance: random.Random, kind: str = "", encoding: str = "") -> bytes:
    lines = [
        b"From: Maj Ek <maj@exempelkommun.example>",
        b"To: anna@medborgare.example",
        b"Message-ID: <%d@exempelkommun.example>" % chance.getrandbits(60),
        b"Date: Mon, 16 Nov 2026 09:00:00 +0100",
        b"Subject: " + chance.choice(WORDS).encode(chance.choice(("utf-8", "cp850")), "replace"),
        f"Content-Type: {kind or 'text/plain; charset=' + chance.choice(CHARSETS)}".encode(),
        f"Content-Transfer-Encoding: {encoding or chance.choice(('8bit', '7BIT', 'x'))}".encode(),
        b"MIME-Version: 1.0",
    ]
    lines += [_odd_line(chance) for _ in range(chance.choice((0, 0, 1, 2, 5)))]
    if chance.random() < 0.4:
        chance.shuffle(lines)
    return b"\r\n".join(lines) + b"\r\n"


def _odd_line(chance: random.Random) -> bytes:
    return chance.choice(
        (
            b"Subject: en till\r\n\t\r\n  vikt",
            b"X-Long: " + b"y" * chance.choice(EDGES),
            b"X-8: " + _bytes(chance, 30),
            b"ingen kolon alls",
            b">From maj Mon Nov 16 09:00:00 2026",
            b"Bcc: dold@medborgare.example",
            b"Content-Type: text/html",
            b"To : mellanslag@medborgare.example",
            b".Dot: i huvudet",
            b": tomt namn",
            b"\tvikt fran borjan",
            b"Received: from a by b; Mon, 16 Nov 2026 08:00:00 +0100\r\n" * 8 + b"X: y",
            b"References:" + b" <x@y.example>\r\n" * chance.randint(1, 99) + b" <z@y.example>",
            b"DKIM-Signature: v=1; a=rsa-sha256; b=" + base64.b64encode(_bytes(chance, 60)),
        )
    )


def _bytes(chance: random.Random, length: int) -> bytes:
    """Of every value but NUL, CR and LF."""
    return chance.randbytes(length).translate(None, b"\0\r\n")


def _text(chance: random.Random, lines: int) -> bytes:
    made = []
    for _ in range(lines):
        words = " ".join(chance.choices(WORDS, k=chance.randint(0, 12)))
        end = chance.choice((b"", b"", b" ", b"\t", b"."))
        charset = chance.choice(("utf-8", "utf-8", "iso-8859-1", "utf-16-le"))
        made.append(chance.choice(STARTS) + words.encode(charset, "replace") + end)
    return b"\r\n".join(made)


def _plain(chance: random.Random) -> bytes:
    body = _text(chance, chance.randint(0, 40)) + b"\r\n" * chance.choice((0, 1, 2, 30))
    way = chance.choice(("8bit", "base64", "quoted-printable", ""))
    if way == "base64" and chance.random() < 0.8:
        body = base64.encodebytes(body).replace(b"\n", b"\r\n")
    return _header(chance, encoding=way) + b"\r\n" + body


def _multipart(chance: random.Random, depth: int = 0) -> bytes:
    mark = f"b{depth}-{chance.randrange(1000)}"
    kind = chance.choice(("mixed", "alternative", "related", "digest", "signed", "x"))
    parts = []
    for _ in range(chance.randint(0, 3)):
        if depth < 6 and chance.random() < 0.3:
            parts.append(_multipart(chance, depth + 1))
        elif chance.random() < 0.5:
            parts.append(_plain(chance))
        else:
            data = base64.encodebytes(chance.randbytes(chance.choice((0, 57, 900, 9000, 99_000))))
            head = _header(chance, "application/octet-stream", "base64")
            parts.append(head + b"\r\n" + data.replace(b"\n", chance.choice((b"\r\n", b"", b" "))))
    glue = b"\r\n--%s\r\n" % mark.encode()
    end = chance.choice((b"\r\n--%s--\r\n" % mark.encode(), b"", b"\r\n--%s--" % mark.encode()))
    head = _header(chance, f'multipart/{kind}; boundary="{mark}"')
    return head + b"\r\n" + chance.choice((b"", b"inledning")) + glue + glue.join(parts) + end


def _bare(chance: random.Random) -> bytes:
    """No body, no header, or next to nothing."""
    some = _bytes(chance, chance.randint(1, 12))
    return chance.choice(
        (
            _header(chance),
            _header(chance) + b"\r\n",
            b"\r\n" + some,
            b".\r\n" * chance.randint(1, 3000),
            b"\r\n" * chance.randint(1, 3000),
            some,
            b"." + some,
            some + b":\r\n\r\n.",
        )
    )


def _edge(chance: random.Random) -> bytes:
    """Dots and line ends around the size of a read, or of a block."""
    head = _header(chance) + b"\r\n"
    fill = b"x" * max(0, chance.choice(EDGES) - len(head) + chance.randint(-4, 4))
    return head + fill + b"\r\n" + b"\r\n".join(chance.choices(STARTS, k=chance.randint(1, 30)))


def _noise(chance: random.Random) -> bytes:
    head = _header(chance) + b"\r\n" if chance.random() < 0.7 else b""
    lines = [_bytes(chance, chance.randint(0, 200)) for _ in range(chance.randint(1, 60))]
    return head + b"\r\n".join(lines)


def _long(chance: random.Random) -> bytes:
    """Long lines. (Attachments are longer, but of lines.)"""
    size = chance.choice((2000, 5000, 5000, 20_000, 20_000, 70_000))
    pieces = [_bytes(chance, size // 3), b"." * (size // 3), b"y" * (size // 3)]
    return _header(chance) + b"\r\n" + chance.choice((b"", b"\r\n", b"\r\n.")).join(pieces)


# ---- the passage -----------------------------------------------------------------------------


class _Prints(list):
    """What arrived, as prints: 20,000 mails need not be kept."""

    def append(self, arrived: Arrived) -> None:
        super().append(Odd(arrived.mail, tuple(arrived.rcpts), arrived.data).print)


@dataclass
class Passage:
    """A gateway before a hop that keeps prints. `sent` are those of mails that had 250."""

    folder: Path
    rules: str = RELAY_ALL
    seed: int = 1
    sent: list[tuple] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __enter__(self) -> "Passage":
        self._stack = contextlib.ExitStack()
        self.hop = self._stack.enter_context(Sink())
        self.hop.mails = _Prints()
        more = "[notice]\nenabled = false\n"
        self.gateway = Gateway(self.folder, self.hop.port, self.rules + more)
        self._stack.enter_context(self.gateway)
        return self

    def __exit__(self, *_) -> None:
        self._stack.close()

    def send(self, mails: Iterator[Odd]) -> None:
        """All of them, by several sessions."""
        asyncio.run(self._send(mails))

    async def _send(self, mails: Iterator[Odd]) -> None:
        async with asyncio.TaskGroup() as group:
            for n in range(SESSIONS):
                group.create_task(self._session(mails, random.Random(self.seed + n)))

    async def _session(self, mails: Iterator[Odd], chance: random.Random) -> None:
        while some := list(islice(mails, 50)):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.gateway.port)
            await _reply(reader)
            writer.write(b"EHLO client.example\r\n")
            assert "CHUNKING" not in await _reply(reader), "BDAT is not offered"
            for mail in some:
                await self._transact(reader, writer, mail, chance)
            writer.close()

    async def _transact(self, reader, writer, mail: Odd, chance: random.Random) -> None:
        """Until it is taken; what is refused for now is tried again."""
        for _ in range(TRIES):
            reply = await self._once(reader, writer, mail, chance)
            if reply[:1] != "4":
                break
            await asyncio.sleep(1)
        if reply[:3] == "250":
            self.sent.append(mail.print)
        else:
            self.refused.append(f"{reply} {mail.mail!r} {mail.data[:200]!r}")

    async def _once(self, reader, writer, mail: Odd, chance: random.Random) -> str:
        lines = [b"MAIL FROM:" + mail.mail, *(b"RCPT TO:" + rcpt for rcpt in mail.rcpts), b"DATA"]
        writer.write(b"\r\n".join([*lines, b""]))
        replies = [await _reply(reader) for _ in lines]
        if replies[-1][:3] != "354":
            return next(reply for reply in replies if reply[:1] in "45")
        wire = stuffed(mail.data)
        cuts = sorted(chance.randrange(len(wire)) for _ in range(chance.choice((0, 0, 0, 1, 3))))
        for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
            writer.write(wire[start:end])
            await asyncio.sleep(0.001 if cuts else 0)
        await writer.drain()
        return await _reply(reader)

    def release(self) -> None:
        """Let everything that is held go."""
        for item in self.gateway.items("held"):
            self.gateway.ask("act", act="release", id=item["id"], reason="granskad")
        wait_until(lambda: not self.gateway.items("held", "releasing"), "release")

    def changed(self, arrived: list[tuple] | None = None) -> list[str]:
        """What did not leave as it came; a message with several recipients may leave in parts."""
        came = _by_rcpt(self.sent)
        went = _by_rcpt(self.hop.mails if arrived is None else arrived)
        return [*(f"not there: {x}" for x in (came - went)), *(f"is new: {x}" for x in went - came)]


def _by_rcpt(prints: list[tuple]) -> Counter:
    return Counter((mail, rcpt, digest) for mail, rcpts, digest in prints for rcpt in rcpts)


async def _reply(reader: asyncio.StreamReader) -> str:
    lines = []
    while not lines or lines[-1][3:4] == "-":
        line = await asyncio.wait_for(reader.readline(), 120)
        assert line.endswith(b"\r\n"), line
        lines.append(line.decode("utf-8", "replace"))
    return "".join(lines)


def passed(folder: Path, seed: int, many: int, *, held: bool = False) -> tuple[int, list[str]]:
    """How many had 250, and what is wrong."""
    with Passage(folder, HOLD_ALL if held else RELAY_ALL, seed) as passage:
        passage.send(islice(odd(seed), many))
        if held:
            assert not passage.hop.mails, "nothing passes before it is released"
            passage.release()
        return len(passage.sent), passage.refused + passage.changed()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--held", type=int, default=300)
    parser.add_argument("--seed", type=int, default=int(time.time()) & 0xFFFFFF)
    asked = parser.parse_args()
    bad = 0
    for held, many in ((False, asked.mails), (True, asked.held)):
        with tempfile.TemporaryDirectory(prefix="unchanged-") as folder:
            taken, faults = passed(Path(folder), asked.seed + held, many, held=held)
        way = "held and released" if held else "relayed"
        print(f"{way}: {taken} of {many} mails, no two alike, seed {asked.seed}", flush=True)
        print("\n".join(faults[:10]) or "all left as they came")
        bad += len(faults)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
