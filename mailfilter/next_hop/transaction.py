"""One connection to a next hop: EHLO, STARTTLS, AUTH, ask and pour.

`Hop` (whom to reach and how) → ``connect.connect`` → `Connection`. What a transaction means stands
in ``relay.py``; here is only the conversation: commands out as they are, replies in strictly.

Invariants:

- Byte-transparent: what is given is sent; nothing is stuffed, re-encoded or re-cased here.
- Every failure is one exception, `Lost`, that carries the reply for the client (451). A
  connection that gave garbage, half a reply or an unasked reply is never used again.
- After STARTTLS nothing that came in plain text is believed: bytes behind the 220 end the
  connection (response injection, RFC 3207 section 6), and EHLO is asked again.
- A password is never sent in plain text unless ``tls = "none"`` was chosen by name.

Sources: RFC 5321 4.5.3.2 (timeouts), RFC 2920 (pipelining), RFC 3207, RFC 4954, RFC 1870.
"""

import asyncio
import ssl
from base64 import b64encode
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from pathlib import Path
from time import monotonic
from typing import Literal, NoReturn, cast

from mailfilter import failpoint, limits, replies, tls
from mailfilter.errors import Temporary
from mailfilter.model import Reply
from mailfilter.next_hop.replies import OddError, Offers, ReplyReader, offers_of

TlsLevel = Literal["none", "opportunistic", "encrypt", "verify"]
PIECE = 512 * limits.KIB  # of a message, written before looking whether the other end keeps up
SHORT = 64 * limits.KIB  # of its end, that costs less to copy than to write by itself


@dataclass(frozen=True, slots=True)
class Hop:
    """Whom to reach and how. `hostname` is what we call ourselves in EHLO."""

    host: str
    port: int
    hostname: str = "localhost"
    tls: TlsLevel = "none"
    ca: Path | None = None
    server_name: str = ""  # for verify; default host
    certificate: Path | None = None
    key: Path | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    connect_timeout: float = limits.NEXT_HOP_CONNECT_TIMEOUT
    command_timeout: float = limits.NEXT_HOP_COMMAND_TIMEOUT
    data_timeout: float = limits.COMMIT_TIMEOUT  # from DATA to the answer to the dot


class Lost(Temporary):
    """The connection cannot be used any more; `reply` is what the client gets."""

    def __init__(self, reply: Reply, why: str) -> None:
        super().__init__(why)
        self.reply = reply


class NoTls(Lost):
    """No TLS with this next hop."""


class Connection(asyncio.Protocol):
    """A conversation with one next hop. Not for two users at a time.

    `gone` says that it must not be used any more; `idle` (set by the pool) that nothing was asked.
    """

    __slots__ = (
        "_due",
        "_fault",
        "_loop",
        "_paused",
        "_reader",
        "_replies",
        "_timer",
        "_transport",
        "_waiter",
        "gone",
        "hop",
        "idle",
        "offers",
        "secure",
    )

    def __init__(self, hop: Hop) -> None:
        self.hop = hop
        self.offers = Offers()
        self.secure = False
        self.gone = False
        self.idle = False
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._fault: Lost | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False
        self._due = inf  # when what is waited for must be here
        self._timer: asyncio.TimerHandle | None = None

    # ---- called by the transport ---------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.idle:  # most likely a 421 before it closes; whatever it is, nobody asked
            self._fail(replies.HOP_ODD, "spoke unasked")
            return
        try:
            self._replies.extend(self._reader.feed(data))
        except OddError as odd:
            self._fail(replies.HOP_ODD, str(odd))
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 — the signature
        self._fail(replies.HOP_DOWN, "connection lost")

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, reply: Reply, why: str) -> None:
        """Never again: replies that came whole may still be read, then `Lost` is raised."""
        if self._fault is None:
            self._fault = Lost(reply, why)
        self.close()
        self._wake()

    # ---- called by us --------------------------------------------------------------------

    @property
    def clean(self) -> bool:
        """Nothing unasked was said, nothing is half read."""
        return self._fault is None and not self._replies and self._reader.empty

    def close(self) -> None:
        """Drop the connection at once, with what was not yet sent. Never completes a DATA."""
        self.gone = True
        self._disarm()
        if self._transport is not None:
            self._transport.abort()

    def quit(self) -> None:
        """Take leave without waiting for the answer."""
        if self._transport is not None and not self.gone:
            self.gone = True
            self._disarm()
            self._transport.write(b"QUIT\r\n")
            self._transport.close()

    def write(self, data: bytes | memoryview) -> None:
        """Send as it is; raises `Lost` if the other end is out of step or gone."""
        if self.gone or self._transport is None or not self.clean:
            self._refuse()
        else:
            self._transport.write(data)

    def _refuse(self) -> NoReturn:
        if self._fault is not None:
            raise self._fault
        if self.gone or self._transport is None:
            raise Lost(replies.HOP_DOWN, "connection is closed")
        self._fail(replies.HOP_ODD, "out of step")
        raise Lost(replies.HOP_ODD, "out of step")

    async def reply(self, deadline: float) -> Reply:
        """The next reply; raises `Lost` at the deadline (loop time), at the end, at garbage."""
        while not self._replies:
            if self._fault is not None:
                raise self._fault
            await self._sleep(deadline)
        return self._taken()

    def _taken(self) -> Reply:
        reply = self._replies.popleft()
        if reply.code == 421:  # RFC 5321 3.8: it closes the connection
            self.gone = True
        return reply

    async def _sleep(self, deadline: float) -> None:
        self._waiter = self._loop.create_future()
        self._due = deadline
        if self._timer is None or self._timer.when() > deadline:
            self._disarm()
            self._timer = self._loop.call_at(deadline, self._ring)
        try:
            await self._waiter
        finally:
            self._due = inf
            self._waiter = None

    def _ring(self) -> None:
        """Armed once for many replies: it looks whether the one that is waited for is late."""
        self._timer = None
        if self._due <= self._loop.time():
            self._fail(replies.HOP_DOWN, "timeout")
        elif self._due != inf:
            self._timer = self._loop.call_at(self._due, self._ring)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def soon(self, deadline: float | None = None) -> float:
        """When a command's answer must be here; not after `deadline`."""
        due = monotonic() + self.hop.command_timeout  # the loop's time
        return due if deadline is None else min(due, deadline)

    async def ask(self, command: bytes, deadline: float | None = None) -> Reply:
        """Send one command line (with CRLF) and give its reply."""
        self.write(command)
        return await self.reply(self.soon(deadline))

    async def ask_all(
        self, commands: Sequence[bytes], deadline: float | None = None
    ) -> list[Reply]:
        """The replies to `commands`, in one write if the next hop takes that (RFC 2920).

        Ends early after a 421, and where commands go one by one after the first refusal.
        """
        answers: list[Reply] = []
        if self.offers.pipelining:
            self.write(b"".join(commands))
            while len(answers) < len(commands) and not self.gone:
                answers.append(
                    self._taken() if self._replies else await self.reply(self.soon(deadline))
                )
            return answers
        for command in commands:
            answers.append(await self.ask(command, deadline))
            if answers[-1].code >= 400:
                break
        return answers

    async def pour(self, wire: bytes, deadline: float) -> Reply:
        """Send a dot-stuffed message and the final dot; give the answer.

        Raises `Lost` when there is none: then it is unknown whether the message was taken. An
        answer before the dot was sent ends the connection without completing the message.
        """
        if len(wire) <= PIECE:
            self.write(wire + b".\r\n")
            failpoint.reach("ds_dot")
            reply = await self.reply(deadline)
            failpoint.reach("ds_250")
            return reply
        view, rest = memoryview(wire), len(wire) % PIECE
        short = rest if rest <= SHORT else 0  # goes with the dot, for the price of a copy
        for start in range(0, len(view) - short, PIECE):
            self.write(view[start : start + PIECE])
            failpoint.reach("ds_50pct")
            while self._paused and self.clean:
                await self._sleep(deadline)
            if self._replies:
                return await self._early(deadline)
        return await self.pour(wire[len(wire) - short :], deadline)

    async def _early(self, deadline: float) -> Reply:
        reply = await self.reply(deadline)
        self.close()
        return reply if reply.code >= 400 else replies.HOP_ODD

    # ---- the opening ---------------------------------------------------------------------

    async def open(self) -> None:
        """Greeting, EHLO, STARTTLS and AUTH as the hop's settings ask; raises `Lost`."""
        greeting = await self.reply(self.soon())
        self._expect(greeting, 220, "greeting")
        await self.hello()
        if self.hop.tls != "none":
            await self._secure()
        if self.hop.username:
            await self._log_in()

    async def hello(self) -> None:
        name = self.hop.hostname.encode("idna" if not self.hop.hostname.isascii() else "ascii")
        answer = await self.ask(b"EHLO " + name + b"\r\n")
        if answer.code >= 500 and not self.secure and not self.gone:
            self._expect(await self.ask(b"HELO " + name + b"\r\n"), 250, "HELO")
            self.offers = Offers()
            return
        self._expect(answer, 250, "EHLO")
        self.offers = offers_of(answer)

    def _expect(self, reply: Reply, code: int, what: str) -> None:
        if reply.code != code:
            self.close()
            raise Lost(replies.HOP_DOWN, f"{what} answered {reply.code}")

    async def _secure(self) -> None:
        if not self.offers.starttls:
            if self.hop.tls == "opportunistic":
                return
            self.close()
            raise Lost(replies.HOP_DOWN, "STARTTLS is not offered")
        answer = await self.ask(b"STARTTLS\r\n")
        if answer.code != 220:
            self.close()
            raise NoTls(replies.HOP_DOWN, f"STARTTLS answered {answer.code}")
        if not self.clean:
            self.close()
            raise Lost(replies.HOP_ODD, "plain text behind the answer to STARTTLS")
        await self._shake_hands()
        await self.hello()

    async def _shake_hands(self) -> None:
        assert self._transport is not None
        try:
            secured = await self._loop.start_tls(
                self._transport,
                self,
                client_context(self.hop.tls, self.hop.ca, self.hop.certificate, self.hop.key),
                server_hostname=self.hop.server_name or self.hop.host,
                ssl_handshake_timeout=self.hop.connect_timeout,
            )
        except (OSError, ssl.SSLError) as error:
            self.close()
            raise NoTls(replies.HOP_DOWN, f"TLS: {type(error).__name__}") from error
        if secured is None or self.gone:
            raise Lost(replies.HOP_DOWN, "connection lost in the TLS handshake")
        self._transport = secured
        self.secure = True

    async def _log_in(self) -> None:
        if not self.secure and self.hop.tls != "none":
            self.close()
            raise Lost(replies.HOP_DOWN, "no password without TLS")
        user, password = self.hop.username.encode(), self.hop.password.encode()
        if "PLAIN" in self.offers.auth:
            secret = b64encode(b"\0" + user + b"\0" + password)
            answer = await self.ask(b"AUTH PLAIN " + secret + b"\r\n")
        else:
            self._expect(await self.ask(b"AUTH LOGIN\r\n"), 334, "AUTH")
            self._expect(await self.ask(b64encode(user) + b"\r\n"), 334, "AUTH")
            answer = await self.ask(b64encode(password) + b"\r\n")
        self._expect(answer, 235, "AUTH")


@lru_cache(maxsize=64)
def client_context(
    level: TlsLevel, ca: Path | None, certificate: Path | None, key: Path | None
) -> ssl.SSLContext:
    """The TLS settings of a level: only ``verify`` asks who the other end is."""
    context = tls.client(ca, opportunistic=level == "opportunistic")
    if level != "verify":
        tls.anybody(context)
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context
