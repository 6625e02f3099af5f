"""One SMTP session: commands → `Received` → the reply of the pipeline.

States: greeted (EHLO or HELO) → MAIL → RCPT... → DATA. MAIL is answered by us, RCPT by the next
hop, the final dot by the pipeline. XFORWARD lines hold for one transaction (Postfix' rule).

A command is a method that is done when it returns None; else it returns what has to be waited for.

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
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from mailfilter import failpoint, limits, meters, replies
from mailfilter.model import Envelope, Path, Reply
from mailfilter.receive import address, header, trace
from mailfilter.receive.access import Standing, ours
from mailfilter.receive.contract import NextHopSession, Received
from mailfilter.receive.conversation import Leave
from mailfilter.receive.data_reader import DataReader, unstuffed
from mailfilter.receive.opening import Opening, Waiting
from mailfilter.receive.stray import stray

if TYPE_CHECKING:
    from mailfilter.receive.server import Listener

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_BEFORE_TLS = frozenset({b"EHLO", b"HELO", b"STARTTLS", b"NOOP", b"QUIT"})
_NOT_SMTP = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"CONNECT", b"OPTIONS"})


class Session(Opening):
    """A client's session."""

    __slots__ = ("__weakref__", "_all_by", "_reader")

    def __init__(self, listener: "Listener", loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(listener, loop)
        self._reader: DataReader | None = None  # of the message that is coming
        self._all_by = 0.0  # when it must be here (monotonic)

    # ---- input ---------------------------------------------------------------------------

    def begin(self, peer: str) -> None:
        """Admit or refuse the client at this address, and greet it."""
        self.peer = peer
        self._standing = self._all.standing_of(peer)
        if self._standing is Standing.OUTSIDE:
            self._prove_by = monotonic() + self._bounds.proof_timeout
        refusal = self._all.admit(self, self._standing)
        if refusal is not None:
            self.hang_up(refusal)
            return
        failpoint.reach("accepted")
        self.say(self._all.banner)
        self.go_on()

    def use(self) -> bool:
        """One command, or what has come of a message. An error of ours is 451 and ends the
        transaction, not the session."""
        try:
            if self._reader is not None:
                chunk = self.input.chunk()
                if not chunk:
                    return False
                waiting = self._collect(self._reader, chunk)
            else:
                line = self.input.line()
                if line is None:
                    return False
                waiting = self._obey(line)
        except Leave:
            raise
        except Exception as error:
            self._fault(error)
            waiting = self._apologise()
        if waiting is not None:
            self.work(waiting)
        return True

    def patience(self) -> float:
        """Seconds that the next command, or the next part of a message, may take."""
        if self._reader is None:
            return min(self._bounds.command_timeout, self._prove_by - monotonic())
        return min(self._bounds.block_timeout, self._all_by - monotonic())

    def look(self, now: float) -> None:
        """End what is overdue; a stranger has no more time than it takes to show a certificate."""
        if now >= self._prove_by and not self.over:
            self._prove_by = inf
            self._end(replies.TIMEOUT)
        else:
            super().look(now)

    def waits(self, now: float) -> float | None:
        """Since when we wait for the client. A stranger keeps us waiting all the time; a message
        does if it comes slower than `limits.DATA_RATE`. Who has said EHLO may be at work between
        two commands; who has not is waited for from the first moment."""
        if self._prove_by < inf:
            return self._prove_by - self._bounds.proof_timeout
        if self._task is not None:
            return None
        if self._reader is not None:
            began = self._all_by - self._bounds.data_timeout
            since = began + self._reader.size / limits.DATA_RATE
        else:
            since = min(now, self._due - self._bounds.command_timeout)
        at_work = self._helo and now - since < self._bounds.busy
        return None if at_work else since

    def give_way(self) -> None:
        """End now, with 421 where the client can hear it."""
        self._end(replies.BUSY)

    def _end(self, reply: Reply) -> None:
        if self._task is not None:
            self.abandon()
        else:
            self.hang_up(reply)

    async def failed(self, error: Exception) -> None:
        """451, and the transaction is over."""
        self._fault(error)
        await self._apologise()

    async def _apologise(self) -> None:
        self._reader = None
        self.say(replies.INTERNAL)
        await self._end_transaction()

    def _obey(self, line: bytes) -> Waiting:
        self._commands += 1
        if self._commands > self._bounds.commands:
            raise Leave(replies.TOO_MANY_COMMANDS)
        if not line.endswith(b"\r\n") or _CONTROL.search(line, 0, len(line) - 2):
            self._refuse(replies.UNKNOWN if line else replies.TOO_LONG)
            return None
        verb, _, argument = line[:-2].partition(b" ")
        command = _COMMANDS.get(verb) or _COMMANDS.get(verb := verb.upper())
        if command is None:
            if verb in _NOT_SMTP:
                raise Leave(replies.TOO_MANY_ERRORS)
            self._refuse(replies.UNKNOWN)
            return None
        if self._all.require_tls and not self._secure and verb not in _BEFORE_TLS:
            self._refuse(replies.NEED_TLS)
            return None
        return command(self, argument)

    # ---- envelope ------------------------------------------------------------------------

    def smtp_mail(self, argument: bytes) -> Waiting:
        """Answered here; the next hop hears it with the first recipient."""
        if self._standing is Standing.OUTSIDE:
            raise Leave(replies.ACCESS_DENIED)
        if not self._helo or self._mail is not None:
            self._refuse(replies.SEQUENCE)
            return None
        try:
            mail = _path(argument, b"FROM:")
            declared = address.size(mail.parameters)
        except address.ArgumentError:
            self._refuse(replies.SYNTAX)
        except address.AddressError:
            self._refuse(replies.BAD_ADDRESS)
        else:
            self._begin(mail, declared)
        return None

    def _begin(self, mail: Path, declared: int) -> None:
        if address.body(mail.parameters) not in (b"", b"7BIT", b"8BITMIME"):
            self._refuse(replies.PARAMETER)
        elif declared > self._size_limit:
            self.say(replies.TOO_BIG)
        else:
            self._mail, self._declared = mail, declared
            self._age = self._all.budget.age()
            if declared and self._all.budget.take(declared):
                self._reserved = declared
            failpoint.reach("mail_ok")
            self.say(replies.MAIL_OK)

    @property
    def _size_limit(self) -> int:
        known = self._all.hop.known
        return self._all.size_limit(known.size if known is not None else None)

    def smtp_rcpt(self, argument: bytes) -> Waiting:
        """Answered by the next hop."""
        if self._mail is None:
            self._refuse(replies.SEQUENCE)
            return None
        if len(self._rcpts) >= self._bounds.recipients:
            self.say(replies.TOO_MANY_RCPTS)
            return None
        try:
            rcpt = _path(argument, b"TO:")
        except address.ArgumentError:
            self._refuse(replies.SYNTAX)
            return None
        except address.AddressError:
            self._refuse(replies.BAD_ADDRESS)
            return None
        if not rcpt.address:
            self._refuse(replies.SYNTAX)
            return None
        if self._hop is None:
            self._hop = self._all.hop.transaction(self._mail, tuple(self._xforward))
        return self._name(rcpt, self._hop)

    async def _name(self, rcpt: Path, hop: NextHopSession) -> None:
        answer = await hop.rcpt(rcpt)
        if 200 <= answer.code < 300:
            self._rcpts.append(rcpt)
            failpoint.reach("rcpt_ok")
        self.say(answer)

    # ---- message -------------------------------------------------------------------------

    def smtp_data(self, argument: bytes) -> Waiting:
        """Read the message, have it judged, say what became of it."""
        if argument.strip():
            self._refuse(replies.SYNTAX)
        elif self._mail is None:
            self._refuse(replies.SEQUENCE)
        elif not self._rcpts:
            self._refuse(replies.NOBODY)
        elif self._declared and not self._reserved:
            return self._when_there_is_room()
        else:
            self._listen()
        return None

    async def _when_there_is_room(self) -> None:
        if await self._reserve(self._declared):
            self._listen()
        else:
            self.say(replies.FULL)
            await self._end_transaction()

    def _listen(self) -> None:
        self.say(replies.DATA_GO)
        self._reader = DataReader(self._size_limit, self._trace())
        self._all_by = monotonic() + self._bounds.data_timeout

    def _trace(self) -> bytes:
        if not self._all.trace_header:
            return b""
        protocol = ("ESMTP" if self._extended else "SMTP") + "S" * self._secure
        return trace.received(self._helo, self.peer, self._all.hostname, protocol, self._all.now())

    def _collect(self, reader: DataReader, chunk: bytes) -> Waiting:
        """Take what has come of the message."""
        rest = reader.feed(chunk)
        if rest is not None:
            self.input.put_back(rest)
            self._reader = None
            failpoint.reach("dot_seen")
            return self._settle(reader)
        failpoint.reach("data_part")
        if reader.size > self._reserved and not reader.dropped:
            return self._grow(reader)
        return None

    def _grow(self, reader: DataReader) -> Waiting:
        """Take memory for what came and a step more."""
        wanted = reader.size - self._reserved + limits.BUDGET_STEP
        if self._all.budget.take(wanted):
            self._reserved += wanted
            return None
        return self._grow_later(reader, wanted)

    async def _grow_later(self, reader: DataReader, wanted: int) -> None:
        """Wait for memory; if there is none, read the rest of the message away (P9)."""
        if not await self._reserve(wanted):
            reader.drop()
            self._all.budget.give(self._reserved)
            self._reserved = 0

    async def _reserve(self, amount: int) -> bool:
        timeout, held = self._bounds.memory_timeout, self._reserved
        if not await self._all.budget.wait(amount, timeout, held, self._age):
            return False
        self._reserved += amount
        return True

    async def _settle(self, reader: DataReader) -> None:
        """The reply to the final dot, and the end of the transaction."""
        began = monotonic()
        reply = _refusal(reader) or await self._judge(reader)
        self.meters.count(meters.FINAL, str(reply.code))
        self.meters.took(meters.FINAL_SECONDS, monotonic() - began)
        if reply.code < 300:
            self._commands = self._errors = 0  # what a session may do, it may do for each mail
        self.say(reply)
        self.unheard = "" if self._paused else reply.kept
        failpoint.reach("reply_said")
        hop = self._forget()
        if hop is not None:
            self.flush()
            await hop.abort()

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
        self.within(self._bounds.delivery)
        try:
            return await self._all.deliver(Received(self._envelope(), wire, data), self._hop)
        except asyncio.CancelledError:
            if not self._was_late():
                raise
            self._fault(TimeoutError())
        except Exception as error:
            self._fault(error)
        finally:
            self.in_time()
        return replies.INTERNAL

    def _was_late(self) -> bool:
        """Whether the cancellation was that of the deadline; then it is over."""
        late, self.late = self.late, False
        task = asyncio.current_task()
        if late and task is not None:
            task.uncancel()
        return late

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

    def smtp_rset(self, argument: bytes) -> Waiting:
        if argument.strip():
            self._refuse(replies.SYNTAX)
            return None
        hop = self._forget()
        if hop is not None:
            return self._reset(hop)
        self.say(replies.OK)
        return None

    async def _reset(self, hop: NextHopSession) -> None:
        self.flush()
        await hop.abort()
        self.say(replies.OK)

    def smtp_noop(self, argument: bytes) -> Waiting:  # noqa: ARG002 — RFC 5321 4.1.1.9
        self.say(replies.OK)
        return None

    def smtp_quit(self, argument: bytes) -> Waiting:  # noqa: ARG002 — a client that leaves
        raise Leave(replies.QUIT)

    def smtp_vrfy(self, argument: bytes) -> Waiting:
        self.say(replies.VRFY) if argument.strip() else self._refuse(replies.SYNTAX)
        return None

    def smtp_help(self, argument: bytes) -> Waiting:  # noqa: ARG002 — one text for all
        self.say(replies.HELP)
        return None

    def smtp_expn(self, argument: bytes) -> Waiting:  # noqa: ARG002 — not implemented
        self._refuse(replies.NOT_IMPLEMENTED)
        return None

    def smtp_auth(self, argument: bytes) -> Waiting:  # noqa: ARG002 — never offered
        self._refuse(replies.NOT_IMPLEMENTED)
        return None


def _refusal(reader: DataReader) -> Reply | None:
    if reader.too_big:
        return replies.TOO_BIG
    return replies.FULL if reader.dropped else None


def _path(argument: bytes, keyword: bytes) -> Path:
    """The path behind ``FROM:`` or ``TO:``."""
    argument = argument.lstrip(b" ")
    if argument[: len(keyword)].upper() != keyword:
        raise address.ArgumentError
    return address.path(argument[len(keyword) :])


_COMMANDS: dict[bytes, Callable[[Session, bytes], Waiting]] = {
    name.removeprefix("smtp_").upper().encode(): getattr(Session, name)
    for name in dir(Session)
    if name.startswith("smtp_")
}
