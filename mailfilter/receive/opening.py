# ruff: noqa: N802 — the names of the smtp_ methods are those of aiosmtpd and of the commands
"""The opening of a session and what lies around a transaction: EHLO, STARTTLS, XFORWARD, refusals.

Offers are never more than we and the next hop can do: PIPELINING and ENHANCEDSTATUSCODES are
ours, 8BITMIME, SIZE, DSN, SMTPUTF8 and XFORWARD are the next hop's. A client that is not told of
8BITMIME re-codes mail and breaks its signature (P5), so a next hop that was never reached is
answered 421 here and not left out. XFORWARD is for our own networks only.

Sources: RFC 5321 4.1.1.1, RFC 3207, Postfix XFORWARD_README.
"""

import asyncio
import re
import ssl
from hashlib import sha256
from typing import TYPE_CHECKING

from mailfilter import replies
from mailfilter.errors import Temporary
from mailfilter.log import log
from mailfilter.model import Path, Reply
from mailfilter.receive.access import Standing, names_of
from mailfilter.receive.contract import NextHopSession
from mailfilter.receive.conversation import Conversation, Leave
from mailfilter.replies import filled

if TYPE_CHECKING:
    from mailfilter.receive.server import Listener

_ATTRIBUTE = re.compile(
    rb"(?:NAME|ADDR|PORT|PROTO|HELO|IDENT|SOURCE)=((?:[!-*,-<>-~]|\+[0-9A-F]{2})+)", re.IGNORECASE
)


class Opening(Conversation):
    """State of a session. `listener` holds what all sessions of the process share."""

    def __init__(self, listener: "Listener", loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop, listener.bounds.line)
        self._all = listener
        self._bounds = listener.bounds
        self._standing = Standing.OUTSIDE
        self._secure = False
        self._certificate = ""
        self._helo = b""
        self._extended = False
        self._commands = self._errors = 0
        self._xforward: list[bytes] = []
        self._mail: Path | None = None
        self._rcpts: list[Path] = []
        self._hop: NextHopSession | None = None
        self._declared = self._reserved = 0  # bytes: SIZE=, and taken from the memory budget

    def _fault(self, error: Exception) -> None:
        """Where it happened and what kind it is; the text of an exception may hold mail (P10)."""
        trace_back = error.__traceback__
        while trace_back is not None and trace_back.tb_next is not None:
            trace_back = trace_back.tb_next
        where = trace_back and f"{trace_back.tb_frame.f_code.co_filename}:{trace_back.tb_lineno}"
        log.error("session-fault", cause=type(error).__name__, where=where)

    def _refuse(self, reply: Reply) -> None:
        """A reply that counts as the client's error."""
        self._errors += 1
        self.say(reply)
        if reply.close or self._errors >= self._bounds.errors:
            raise Leave(replies.TOO_MANY_ERRORS)

    async def _end_transaction(self) -> None:
        hop, self._hop = self._hop, None
        self._mail, self._rcpts, self._xforward = None, [], []
        self._all.budget.give(self._reserved)
        self._declared = self._reserved = 0
        if hop is not None:
            self.flush()
            await hop.abort()

    # ---- greeting ------------------------------------------------------------------------

    async def smtp_EHLO(self, argument: bytes) -> None:
        """Offers: always PIPELINING and ENHANCEDSTATUSCODES, the rest as the next hop has it."""
        if not argument.strip():
            self._refuse(replies.SYNTAX)
            return
        try:
            offers = self._all.hop.known or await self._all.hop.learn()
        except Temporary as error:
            # a client would fall back to HELO after 451, and re-code its mail
            raise Leave(replies.HOP_ABSENT) from error
        await self._end_transaction()
        self._helo, self._extended = argument.strip(), True
        lines = [self._all.hostname, "PIPELINING", "ENHANCEDSTATUSCODES"]
        if offers.size is not None:
            lines.append(f"SIZE {self._all.size_limit(offers.size)}")
        lines += ["8BITMIME"] * offers.eight_bit
        lines += ["DSN"] * offers.dsn
        lines += ["SMTPUTF8"] * offers.smtputf8
        if offers.xforward and self._may_xforward:
            lines.append("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE")
        if self._all.tls is not None and not self._secure:
            lines.append("STARTTLS")
        self.say(Reply(250, "\n".join(lines)))

    async def smtp_HELO(self, argument: bytes) -> None:
        if not argument.strip():
            self._refuse(replies.SYNTAX)
            return
        await self._end_transaction()
        self._helo, self._extended = argument.strip(), False
        self.say(filled(replies.HELLO, host=self._all.hostname))

    @property
    def _may_xforward(self) -> bool:
        return self._all.xforward and self._standing is Standing.OWN

    async def smtp_XFORWARD(self, argument: bytes) -> None:
        """Kept as it came, for the next hop; values are xtext of at most 255 characters."""
        if not self._may_xforward:
            self._refuse(replies.UNKNOWN)
        elif not self._helo or self._mail is not None:
            self._refuse(replies.SEQUENCE)
        elif not _attributes(argument) or len(self._xforward) >= 8:
            self._refuse(replies.SYNTAX)
        else:
            self._xforward.append(argument)
            self.say(replies.OK)

    async def smtp_STARTTLS(self, argument: bytes) -> None:
        """All that was said before is forgotten (RFC 3207 4.2); a session that has sent more in
        plain text behind the command is an injection and ends."""
        if self._all.tls is None or self._secure:
            self._refuse(replies.NO_TLS if self._all.tls is None else replies.SEQUENCE)
            return
        if argument or self.unread:
            raise Leave(replies.SYNTAX)
        assert self.transport is not None
        self.transport.pause_reading()
        self.say(replies.START_TLS)
        self.flush()
        if self.unread:
            raise Leave(replies.SYNTAX)
        await self._end_transaction()
        self._helo = b""
        await self._shake_hands(self._all.tls)

    async def _shake_hands(self, context: ssl.SSLContext) -> None:
        assert self.transport is not None
        try:
            secured = await self.loop.start_tls(
                self.transport,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=self._bounds.handshake_timeout,
            )
        except (OSError, ssl.SSLError) as error:
            if self.transport is not None:
                self.transport.abort()
            raise Leave(replies.NO_TLS) from error
        if secured is None:
            raise Leave(replies.NO_TLS)
        self.transport, self._secure = secured, True
        end = secured.get_extra_info("ssl_object")
        certificate = end.getpeercert() if end is not None else None
        if certificate:
            self._certificate = sha256(end.getpeercert(True)).hexdigest()
            self._standing = self._all.access.of_certificate(names_of(certificate), self._standing)


def _attributes(argument: bytes) -> bool:
    values = [_ATTRIBUTE.fullmatch(part) for part in argument.split()]
    return bool(values) and all(value and len(value[1]) <= 255 for value in values)
