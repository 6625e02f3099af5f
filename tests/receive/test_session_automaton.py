# ruff: noqa: E501 — tables of cases
"""Any commands in any order, cut anywhere: the session obeys its model, whole = byte by byte.

The model knows the states of RFC 5321 4.1.4 and says for each command the code that must come and
the messages that the next hop must have got. A conversation is sent in one piece, in random
pieces, and byte by byte; all three must give the same replies.
"""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scripted_hop import ScriptedHop
from tests.smtp_client import gateway

COMMANDS = [
    b"EHLO c", b"HELO c", b"EHLO", b"ehlo c", b"MAIL FROM:<a@b.se>", b"MAIL FROM:<>", b"MAIL FROM:<x",
    b"mail from: <a@b.se> SIZE=3", b"RCPT TO:<c@d.se>", b"RCPT TO:<e@f.se> NOTIFY=NEVER",
    b"RCPT TO:<no@f.se>", b"RCPT TO:<>", b"DATA", b"DATA x", b"RSET", b"NOOP", b"VRFY x", b"JUNK", b"",
    b"XFORWARD NAME=x", b"XFORWARD X=y", b"HELP", b"AUTH PLAIN", b"STARTTLS", b"BDAT 1",
    b"MAIL FROM:<a@b.se>\0",
]  # fmt: skip
BODIES = [
    b"",
    b"x\r\n",
    b"..\r\n",
    b"Subject: y\r\n\r\n.\0\r\n",
    b"a\nb\r\n",
    b"a\rb\r\n",
    b"QUIT\r\n",
]
BODIES += [b"x" * 5000 + b"\r\n", b"\r\n.x\r\n", b".\n.\r\n\r\n"[2:]]


@dataclass
class Model:
    helo: bool = False
    mail: bool = False
    rcpts: int = 0
    codes: list[int] = field(default_factory=list)
    delivered: list[bytes] = field(default_factory=list)

    def command(self, line: bytes, body: bytes) -> bytes:
        """Obey; what of `body` must be sent behind the command."""
        verb = line.split(b" ")[0].upper()
        if b"\0" in line:
            self.codes.append(500)
            return b""
        step = getattr(self, "on_" + verb.decode().lower(), None)
        self.codes.append(step(line) if step else 500)
        if self.codes[-1] != 354:
            return b""
        self.codes.append(self._end(body))
        return body + b".\r\n"

    def _end(self, body: bytes) -> int:
        self.mail, self.rcpts = False, 0
        pairs = body.count(b"\r\n")
        if b"\0" in body or body.count(b"\r") != pairs or body.count(b"\n") != pairs:
            return 550
        self.delivered.append(body)
        return 250

    def on_ehlo(self, line):
        if line.upper() == b"EHLO":
            return 501
        self.helo, self.mail, self.rcpts = True, False, 0
        return 250

    on_helo = on_ehlo

    def on_mail(self, line):
        if not self.helo or self.mail:
            return 503
        if line.endswith(b"<x"):
            return 553
        self.mail = True
        return 250

    def on_rcpt(self, line):
        if not self.mail:
            return 503
        if line.endswith(b"<>"):
            return 501
        if b"no@" in line:
            return 550
        self.rcpts += 1
        return 250

    def on_data(self, line):
        if b"x" in line:
            return 501
        return 354 if self.rcpts else 554 if self.mail else 503

    def on_rset(self, line):
        self.mail, self.rcpts = False, 0
        return 250

    def on_xforward(self, line):
        return 503 if not self.helo or self.mail else 501 if b"X=" in line else 250

    def on_noop(self, line):
        return 250

    def on_vrfy(self, line):
        return 252

    def on_help(self, line):
        return 214

    def on_auth(self, line):
        return 502

    def on_starttls(self, line):
        return 454


def script(lines):
    """(bytes to send, the model after it); ends before the model would hang up."""
    model, data = Model(), b""
    for line, body in lines:
        if sum(code >= 500 for code in model.codes) > 15:
            break
        data += line + b"\r\n"
        data += model.command(line, body)
    return data + b"QUIT\r\n", model


async def play(hop: ScriptedHop, gate, pieces: list[bytes], patient: bool) -> list[int]:
    async with gate.client() as client:
        codes = [int((await client.reply())[:3])]
        for piece in pieces:
            client.writer.write(piece)
            if patient:
                await client.writer.drain()
                await asyncio.sleep(0)
        while reply := await client.reply():
            codes.append(int(reply[:3]))
        return codes


def cut(data: bytes, at: list[int]) -> list[bytes]:
    marks = [0, *sorted({where % len(data) for where in at}), len(data)]
    return [data[a:b] for a, b in pairwise(marks)]


async def compare(lines, cuts):
    data, model = script(lines)
    answers = {"RCPT": [Refusing()]}
    async with ScriptedHop(answers) as hop, gateway(hop) as gate:
        expected = [220, *model.codes, 221]
        ways = [([data], False), (cut(data, cuts), True)]
        if len(data) < 1500:
            ways.append(([data[i : i + 1] for i in range(len(data))], True))
        for pieces, patient in ways:
            hop.mails.clear()
            assert await play(hop, gate, pieces, patient) == expected
            assert [mail.wire for mail in hop.mails] == model.delivered


class Refusing:
    """An answer of the hop that depends on the command: see `ScriptedHop`, a callable."""

    def __call__(self, line: bytes) -> str:
        return "550 5.1.1 no such user" if b"no@" in line else "250 2.1.5 Ok"


LINES = st.tuples(st.sampled_from(COMMANDS), st.sampled_from(BODIES))
OPENED = st.lists(LINES, max_size=25).map(lambda lines: [(b"EHLO c", b""), *lines])
LIKELY = st.lists(
    st.sampled_from([b"MAIL FROM:<a@b.se>", b"RCPT TO:<c@d.se>", b"RCPT TO:<no@f.se>", b"DATA"]),
    min_size=4,
    max_size=25,
).flatmap(lambda names: st.tuples(*(st.tuples(st.just(n), st.sampled_from(BODIES)) for n in names)))


@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    st.lists(LINES, max_size=20) | OPENED | LIKELY.map(lambda ls: [(b"EHLO c", b""), *ls]),
    st.lists(st.integers(0, 10**6), max_size=20),
)
def test_any_conversation(lines, cuts):
    asyncio.run(compare(list(lines), cuts))
