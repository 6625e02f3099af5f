# ruff: noqa: N802 — the names of the smtp_ methods are those of aiosmtpd and of the commands
"""One SMTP session: commands → `Received` → the reply of the pipeline.

States: greeted (EHLO or HELO) → MAIL → RCPT... → DATA. MAIL is answered by us, RCPT by the next
hop, the final dot by the pipeline. XFORWARD lines hold for one transaction (Postfix' rule).

Invariants:

- Arguments are kept as bytes and passed on as they came (P6). CHUNKING and AUTH are not offered.
- 5xx only for what the client did; an error of ours is 451, and the transaction is over (P3).
- The work on a message is never cancelled by the client's end (P1); `Bounds.delivery` ends what
  hangs.
- Whatever way a session ends, its transaction at the next hop is aborted and its memory given
  back.

Sources: RFC 5321 (4.1.4 order, 4.5.3.2 timeouts), RFC 2920, RFC 3207, RFC 1870, RFC 3461,
RFC 6531, Postfix XFORWARD_README.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from math import inf
from typing import TYPE_CHECKING, Any

from mailfilter import failpoint, limits, replies
from mailfilter.model import Envelope, Path, Reply
from mailfilter.receive import address, header, trace
from mailfilter.receive.access import Standing, ours
from mailfilter.receive.contract import Received
from mailfilter.receive.conversation import Leave
from mailfilter.receive.data_reader import DataReader, unstuffed
from mailfilter.receive.opening import Opening
from mailfilter.receive.stray import stray
from mailfilter.replies import filled

if TYPE_CHECKING:
    pass

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_BEFORE_TLS = frozenset({b"EHLO", b"HELO", b"STARTTLS", b"NOOP", b"QUIT"})
_NOT_SMTP = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"CONNECT", b"OPTIONS"})


class Session(Opening):
    """A client's session."""

    # ---- the task ------------------------------------------------------------------------

    async def _handle_client(self) -> None:
        """The whole session; the fence for what nobody foresaw."""
        try:
            await self._converse()
        except Leave as leave:
            self.say(leave.reply)
        except Exception as error:
            self._fault(error)
            self.say(replies.INTERNAL)
        finally:
            self.hang_up()
            self._all.gone(self)
            await self._end_transaction()

    async def _converse(self) -> None:
        refusal = self._all.admit(self)
        if refusal is not None:
            raise Leave(refusal)
        self._standing = self._all.access.of_peer(self.peer)
        failpoint.reach("accepted")
        self.say(filled(replies.BANNER, host=self._all.hostname))
        while not self.leaving:
            self.allow(self._bounds.command_timeout)
            line = await self.next_line()
            if line is None:
                return
            self.allow(inf)
            await self._obey(line)
        raise Leave(replies.GOING_DOWN)

    async def _obey(self, line: bytes) -> None:
        """One command. An error of ours is 451 and ends the transaction, not the session."""
        self._commands += 1
        if self._commands > self._bounds.commands:
            raise Leave(replies.TOO_MANY_COMMANDS)
        if not line.endswith(b"\r\n") or _CONTROL.search(line, 0, len(line) - 2):
            self._refuse(replies.UNKNOWN if line else replies.TOO_LONG)
            return
        verb, _, argument = line[:-2].partition(b" ")
        verb = verb.upper()
        command = _COMMANDS.get(verb)
        if command is None:
            if verb in _NOT_SMTP:
                raise Leave(replies.TOO_MANY_ERRORS)
            self._refuse(replies.UNKNOWN)
        elif self._all.require_tls and not self._secure and verb not in _BEFORE_TLS:
            self._refuse(replies.NEED_TLS)
        else:
            try:
                await command(self, argument)
            except Leave:
                raise
            except Exception as error:
                self._fault(error)
                self.say(replies.INTERNAL)
                await self._end_transaction()

    # ---- envelope ------------------------------------------------------------------------

    async def smtp_MAIL(self, argument: bytes) -> None:
        """Answered here; the next hop hears it with the first recipient."""
        if self._standing is Standing.OUTSIDE:
            raise Leave(replies.ACCESS_DENIED)
        if not self._helo or self._mail is not None:
            self._refuse(replies.SEQUENCE)
            return
        try:
            mail = _path(argument, b"FROM:")
            declared = address.size(mail.parameters)
        except address.ArgumentError:
            self._refuse(replies.SYNTAX)
        except address.AddressError:
            self._refuse(replies.BAD_ADDRESS)
        else:
            self._begin(mail, declared)

    def _begin(self, mail: Path, declared: int) -> None:
        if address.body(mail.parameters) not in (b"", b"7BIT", b"8BITMIME"):
            self._refuse(replies.PARAMETER)
        elif declared > self._size_limit:
            self.say(replies.TOO_BIG)
        else:
            self._mail, self._declared = mail, declared
            if declared and self._all.budget.take(declared):
                self._reserved = declared
            failpoint.reach("mail_ok")
            self.say(replies.MAIL_OK)

    @property
    def _size_limit(self) -> int:
        known = self._all.hop.known
        return self._all.size_limit(known.size if known is not None else None)

    async def smtp_RCPT(self, argument: bytes) -> None:
        """Answered by the next hop."""
        if self._mail is None:
            self._refuse(replies.SEQUENCE)
            return
        if len(self._rcpts) >= self._bounds.recipients:
            self.say(replies.TOO_MANY_RCPTS)
            return
        try:
            rcpt = _path(argument, b"TO:")
        except address.ArgumentError:
            self._refuse(replies.SYNTAX)
            return
        except address.AddressError:
            self._refuse(replies.BAD_ADDRESS)
            return
        if not rcpt.address:
            self._refuse(replies.SYNTAX)
            return
        if self._hop is None:
            self._hop = self._all.hop.transaction(self._mail, tuple(self._xforward))
        answer = await self._hop.rcpt(rcpt)
        if 200 <= answer.code < 300:
            self._rcpts.append(rcpt)
            failpoint.reach("rcpt_ok")
        self.say(answer)

    # ---- message -------------------------------------------------------------------------

    async def smtp_DATA(self, argument: bytes) -> None:
        """Read the message, have it judged, say what became of it."""
        if argument.strip():
            self._refuse(replies.SYNTAX)
        elif self._mail is None:
            self._refuse(replies.SEQUENCE)
        elif not self._rcpts:
            self._refuse(replies.NOBODY)
        elif self._declared and not self._reserved and not await self._reserve(self._declared):
            self.say(replies.FULL)
            await self._end_transaction()
        else:
            self.say(replies.DATA_GO)
            reader = DataReader(self._size_limit, self._trace())
            if await self._read(reader):
                reply = self._refusal(reader) or await self._judge(reader)
                self.say(reply)
                failpoint.reach("reply_said")
            await self._end_transaction()

    def _trace(self) -> bytes:
        if not self._all.trace_header:
            return b""
        protocol = ("ESMTP" if self._extended else "SMTP") + "S" * self._secure
        return trace.received(self._helo, self.peer, self._all.hostname, protocol, self._all.now())

    async def _read(self, reader: DataReader) -> bool:
        """Read up to the final dot; False if the client went away before it."""
        last = self.loop.time() + self._bounds.data_timeout
        while True:
            self.allow(min(self._bounds.block_timeout, last - self.loop.time()))
            chunk = await self.next_chunk()
            self.allow(inf)
            if not chunk:
                return False
            rest = reader.feed(chunk)
            if rest is not None:
                self.put_back(rest)
                failpoint.reach("dot_seen")
                return True
            failpoint.reach("data_part")
            if reader.size > self._reserved and not reader.dropped:
                await self._grow(reader)

    async def _grow(self, reader: DataReader) -> None:
        """Take memory for what came and a step more; else read the rest away (P9)."""
        wanted = reader.size - self._reserved + limits.BUDGET_STEP
        if not await self._reserve(wanted):
            reader.drop()
            self._all.budget.give(self._reserved)
            self._reserved = 0

    async def _reserve(self, amount: int) -> bool:
        if not await self._all.budget.wait(amount, self._bounds.memory_timeout):
            return False
        self._reserved += amount
        return True

    def _refusal(self, reader: DataReader) -> Reply | None:
        if reader.too_big:
            return replies.TOO_BIG
        return replies.FULL if reader.dropped else None

    async def _judge(self, reader: DataReader) -> Reply:
        wire = reader.wire()
        if stray(wire):
            return replies.STRAY
        assert self._mail is not None
        assert self._hop is not None
        data = unstuffed(wire) if reader.dotted else wire
        if header.received_fields(data) >= self._bounds.received_fields:
            return replies.LOOP
        if self._standing is Standing.SHARED and not ours(
            self._all.access, self._mail.address, data
        ):
            return replies.NOT_OURS
        try:
            async with asyncio.timeout(self._bounds.delivery):
                return await self._all.deliver(Received(self._envelope(), wire, data), self._hop)
        except Exception as error:
            self._fault(error)
            return replies.INTERNAL

    def _envelope(self) -> Envelope:
        assert self._mail is not None
        return Envelope(
            mail=self._mail,
            rcpts=tuple(self._rcpts),
            peer=self.peer,
            helo=self._helo,
            xforward=tuple(self._xforward),
            certificate=self._certificate,
            eight_bit=address.body(self._mail.parameters) == b"8BITMIME",
        )

    # ---- the rest ------------------------------------------------------------------------

    async def smtp_RSET(self, argument: bytes) -> None:
        if argument.strip():
            self._refuse(replies.SYNTAX)
            return
        await self._end_transaction()
        self.say(replies.OK)

    async def smtp_NOOP(self, argument: bytes) -> None:  # noqa: ARG002 — RFC 5321 4.1.1.9
        self.say(replies.OK)

    async def smtp_QUIT(self, argument: bytes) -> None:  # noqa: ARG002 — a client that leaves
        raise Leave(replies.QUIT)

    async def smtp_VRFY(self, argument: bytes) -> None:
        self.say(replies.VRFY) if argument.strip() else self._refuse(replies.SYNTAX)

    async def smtp_HELP(self, argument: bytes) -> None:  # noqa: ARG002 — one text for all
        self.say(replies.HELP)

    async def smtp_EXPN(  # type: ignore[override]  # bytes, where aiosmtpd has text
        self,
        argument: bytes,  # noqa: ARG002 — not implemented
    ) -> None:
        self._refuse(replies.NOT_IMPLEMENTED)

    async def smtp_AUTH(self, argument: bytes) -> None:  # noqa: ARG002 — never offered
        self._refuse(replies.NOT_IMPLEMENTED)


def _path(argument: bytes, keyword: bytes) -> Path:
    """The path behind ``FROM:`` or ``TO:``."""
    argument = argument.lstrip(b" ")
    if argument[: len(keyword)].upper() != keyword:
        raise address.ArgumentError
    return address.path(argument[len(keyword) :])


_COMMANDS: dict[bytes, Callable[[Session, bytes], Coroutine[Any, Any, None]]] = {
    name.removeprefix("smtp_").encode(): getattr(Session, name)
    for name in dir(Session)
    if name.startswith("smtp_")
}
