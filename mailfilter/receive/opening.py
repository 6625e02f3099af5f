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
from collections.abc import Coroutine
from functools import lru_cache
from hashlib import sha256
from math import inf
from typing import TYPE_CHECKING, Any

from mailfilter import replies
from mailfilter.errors import Temporary
from mailfilter.log import log
from mailfilter.model import Path, Reply
from mailfilter.receive.access import Standing, names_of
from mailfilter.receive.contract import NextHopSession, Offers
from mailfilter.receive.conversation import Conversation, Leave, start
from mailfilter.replies import filled
from mailfilter.socket_transport import Plain

if TYPE_CHECKING:
    from mailfilter.receive.server import Listener

Waiting = Coroutine[Any, Any, None] | None  # what a command has still to wait for

_ATTRIBUTE = re.compile(
    rb"(?:NAME|ADDR|PORT|PROTO|HELO|IDENT|SOURCE)=((?:[!-*,-<>-~]|\+[0-9A-F]{2})+)", re.IGNORECASE
)


class Opening(Conversation):
    """State of a session. `listener` holds what all sessions of the process share."""

    __slots__ = (
        "_age",
        "_all",
        "_bounds",
        "_certificate",
        "_commands",
        "_declared",
        "_errors",
        "_extended",
        "_helo",
        "_hop",
        "_last",
        "_mail",
        "_prove_by",
        "_rcpts",
        "_reserved",
        "_secure",
        "_standing",
        "_xforward",
    )

    def __init__(self, listener: "Listener", loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop, listener.bounds.line, listener.meters)
        self._all = listener
        self._bounds = listener.bounds
        self._standing = Standing.OUTSIDE
        self._prove_by = inf  # when a client from outside must have shown a certificate
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
        self._age = 0  # of the message, there
        self._last: asyncio.Task[None] | None = None

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

    def _forget(self) -> NextHopSession | None:
        """Forget the transaction here; what is left of it at the next hop."""
        hop, self._hop = self._hop, None
        self._mail, self._rcpts = None, []
        if self._xforward:
            self._xforward = []
        if self._reserved:
            self._all.budget.give(self._reserved)
        self._declared = self._reserved = 0
        return hop

    async def _end_transaction(self) -> None:
        hop = self._forget()
        if hop is not None:
            self.flush()
            await hop.abort()

    def heard(self, row: str) -> None:
        self._all.heard(row)

    def ended(self) -> None:
        """The session is over: nothing of it stays at the next hop or in the budget."""
        hop = self._forget()
        if hop is None:
            self._all.gone(self)
        else:
            self._last = start(self.loop, self._part(hop))

    async def _part(self, hop: NextHopSession) -> None:
        try:
            await hop.abort()
        except Exception as error:
            self._fault(error)
        finally:
            self._all.gone(self)

    # ---- greeting ------------------------------------------------------------------------

    def smtp_ehlo(self, argument: bytes) -> Waiting:
        """Offers: always PIPELINING and ENHANCEDSTATUSCODES, the rest as the next hop has it."""
        name = argument.strip()
        if not name:
            self._refuse(replies.SYNTAX)
            return None
        known = self._all.hop.known
        if known is None or self._hop is not None:
            return self._hello(name)
        self._greet(name, known)
        return None

    async def _hello(self, name: bytes) -> None:
        try:
            offers = self._all.hop.known or await self._all.hop.learn()
        except Temporary as error:
            # a client would fall back to HELO after 451, and re-code its mail
            raise Leave(replies.HOP_ABSENT) from error
        await self._end_transaction()
        self._greet(name, offers)

    def _greet(self, name: bytes, offers: Offers) -> None:
        self._forget()
        self._helo, self._extended = name, True
        limit = None if offers.size is None else self._all.size_limit(offers.size)
        secure = self._all.tls is not None and not self._secure
        words = _offered(
            limit, offers.eight_bit, offers.dsn, offers.smtputf8,
            offers.xforward and self._may_xforward, secure,
        )  # fmt: skip
        self.say(Reply(250, f"{self._all.hostname}\n{words}"))

    def smtp_helo(self, argument: bytes) -> Waiting:
        if not argument.strip():
            self._refuse(replies.SYNTAX)
            return None
        hop = self._forget()
        self._helo, self._extended = argument.strip(), False
        self.say(filled(replies.HELLO, host=self._all.hostname))
        return hop.abort() if hop is not None else None

    @property
    def _may_xforward(self) -> bool:
        return self._all.xforward and self._standing is Standing.OWN

    def smtp_xforward(self, argument: bytes) -> None:
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

    def smtp_starttls(self, argument: bytes) -> Waiting:
        """All that was said before is forgotten (RFC 3207 4.2); a session that has sent more in
        plain text behind the command is an injection and ends."""
        if self._all.tls is None or self._secure:
            self._refuse(replies.NO_TLS if self._all.tls is None else replies.SEQUENCE)
            return None
        if argument or self.input or not isinstance(self.transport, Plain):
            raise Leave(replies.SYNTAX)
        return self._change_over(self.transport, self._all.tls)

    async def _change_over(self, plain: Plain, context: ssl.SSLContext) -> None:
        self.say(replies.START_TLS)
        self.flush()
        if plain.is_closing() or plain.get_write_buffer_size():
            raise Leave(replies.NO_TLS)
        self.transport = None
        sock = plain.detach()
        await self._end_transaction()
        self._helo = b""
        try:
            await self.loop.connect_accepted_socket(
                lambda: self,
                sock,
                ssl=context,
                ssl_handshake_timeout=self._bounds.handshake_timeout,
            )
        except (OSError, ssl.SSLError) as error:
            raise Leave(replies.NO_TLS) from error
        self._secured()

    def _secured(self) -> None:
        if self.transport is None:
            raise Leave(replies.NO_TLS)
        self._secure = True
        end = self.transport.get_extra_info("ssl_object")
        certificate = end.getpeercert() if end is not None else None
        if certificate:
            self._certificate = sha256(end.getpeercert(True)).hexdigest()
            self._stand(self._all.access.of_certificate(names_of(certificate), self._standing))
        if self._standing is Standing.OUTSIDE:
            raise Leave(replies.NO_SERVICE)
        self._prove_by = inf

    def _stand(self, standing: Standing) -> None:
        """More is known of the client: it has a seat of another kind."""
        if standing is not self._standing:
            self._standing = standing
            if not self._all.seat(self, standing):
                raise Leave(replies.BUSY)


@lru_cache(maxsize=64)
def _offered(
    limit: int | None, eight_bit: bool, dsn: bool, smtputf8: bool, xforward: bool, tls: bool
) -> str:
    """The lines of an EHLO reply behind its first. `limit` is that of SIZE, None for no SIZE."""
    lines = ["PIPELINING", "ENHANCEDSTATUSCODES"]
    if limit is not None:
        lines.append(f"SIZE {limit}")
    lines += ["8BITMIME"] * eight_bit + ["DSN"] * dsn + ["SMTPUTF8"] * smtputf8
    lines += ["XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"] * xforward
    return "\n".join(lines + ["STARTTLS"] * tls)


def _attributes(argument: bytes) -> bool:
    values = [_ATTRIBUTE.fullmatch(part) for part in argument.split()]
    return bool(values) and all(value and len(value[1]) <= 255 for value in values)
