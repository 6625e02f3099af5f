"""The way out: one transaction at the next hop for each message (V7).

`Relay` keeps connections; `Relay.transaction` → `Transaction`; its `rcpt` gives the next hop's own
answers while the client is still naming recipients; `send` gives the message after the verdict;
`abort` forgets it. `deliver_once` does all of it for the outbox.

Invariants:

- MAIL goes out with the first RCPT, in one write where the next hop takes PIPELINING; its refusal
  is the answer to that RCPT.
- DATA goes out only in `send`, and never in one write with RCPT: a next hop that refuses a
  recipient and accepts DATA could then be stopped only by dropping the connection.
- Where some may not pass, the transaction is made again without them. Whoever had 250 and now
  has not aborts all (451): the client must not believe half of it.
- A connection that the next hop closed while it was idle, or while the message was read, is
  replaced once, with the same envelope; so is one that takes no more MAIL (4xx: servers count the
  messages of a session). After the first byte of the message nothing is repeated:
  a lost answer to the dot is unknown, and 451 (RFC 5321 4.2.5: the client keeps the mail).
- 5xx of the next hop passes through only where it speaks of the mail. What speaks of our way of
  talking (500, 502, 503, 530 ...) is our fault and becomes 451 (promise P3).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from mailfilter import failpoint, limits, replies
from mailfilter.config import NextHop
from mailfilter.log import log
from mailfilter.model import Path, Reply
from mailfilter.next_hop.connect import connect
from mailfilter.next_hop.replies import Offers
from mailfilter.next_hop.transaction import Connection, Hop, Lost

OUR_FAULT = frozenset({500, 502, 503, 530, 535, 538})  # RFC 5321 4.2.2, RFC 4954, RFC 3207


QUIET = 10.0  # seconds between log lines on a next hop that does not answer
KEPT = 50  # idle connections, where the settings do not say


def hop_of(settings: NextHop, hostname: str) -> Hop:
    """The table ``[next_hop]`` as a hop; `hostname` is our name in EHLO."""
    return Hop(
        settings.host,
        settings.port,
        hostname,
        tls=settings.tls,
        ca=settings.ca,
        server_name=settings.server_name,
        certificate=settings.certificate,
        key=settings.key,
    )


def stuff(data: bytes) -> bytes:
    """The message as it goes over the wire: a dot more where a line starts with one, CRLF at the
    end, without the final dot (RFC 5321 4.5.2). Only CRLF ends a line; the same object comes back
    where nothing is to do."""
    if b"\r\n." in data:
        data = data.replace(b"\r\n.", b"\r\n..")
    if data.startswith(b"."):
        data = b"." + data
    return data if not data or data.endswith(b"\r\n") else data + b"\r\n"


def understood(reply: Reply) -> Reply:
    """A next hop's answer as our client may get it."""
    if reply.code == 421:  # closes their connection, not ours
        return Reply(451, reply.text)
    if reply.code in OUR_FAULT or not (200 <= reply.code < 300 or reply.code >= 400):
        return replies.HOP_ODD
    return reply


class Relay:
    """Connections to one next hop, kept open between messages; at most `kept` of them idle."""

    def __init__(
        self,
        hop: Hop | NextHop,
        hostname: str = "localhost",
        *,
        kept: int | None = None,
        idle: float = limits.NEXT_HOP_IDLE,
    ) -> None:
        self.hop = hop if isinstance(hop, Hop) else hop_of(hop, hostname)
        self._kept = kept if kept is not None else getattr(hop, "connections", KEPT)
        self._idle = idle
        self._pool: list[tuple[float, Connection]] = []  # oldest first
        self._sweep: asyncio.TimerHandle | None = None
        self._known: Offers | None = None
        self._closed = False
        self._quiet_until = 0.0

    @property
    def known(self) -> Offers | None:
        """What the next hop announced last; None before the first connection."""
        return self._known

    async def learn(self) -> Offers:
        """What the next hop announces, by a connection if need be; raises `Temporary`."""
        if self._known is None:
            self.give(await self.fresh())
        assert self._known is not None
        return self._known

    def transaction(self, mail: Path, xforward: Sequence[bytes] = ()) -> "Transaction":
        """A new transaction; nothing is sent before its first recipient."""
        return Transaction(self, mail, xforward)

    async def fresh(self) -> Connection:
        """A new connection; raises `Lost`, and says so in the log once in a while."""
        try:
            connection = await connect(self.hop)
        except Lost as error:
            self._tell(error)
            raise
        self._known = connection.offers
        return connection

    def _tell(self, error: Lost) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET
            log.warning("next-hop", cause=str(error), code=error.reply.code)

    def pooled(self) -> Connection | None:
        """The connection that was used last, or None; what died meanwhile is skipped."""
        oldest = monotonic() - self._idle
        while self._pool:
            since, connection = self._pool.pop()
            connection.idle = False
            if since < oldest:
                connection.quit()
            elif not connection.gone and connection.clean:
                return connection
        return None

    def give(self, connection: Connection) -> None:
        """Take back a connection that is between transactions."""
        if connection.gone or not connection.clean:
            connection.close()
        elif self._closed or len(self._pool) >= self._kept:
            connection.quit()
        else:
            connection.idle = True
            self._pool.append((monotonic(), connection))
            if self._sweep is None:
                loop = asyncio.get_running_loop()
                self._sweep = loop.call_later(self._idle, self._swept)

    def _swept(self) -> None:
        """Close what was idle too long; look again while something is kept."""
        loop = asyncio.get_running_loop()
        oldest = monotonic() - self._idle
        while self._pool and (self._pool[0][0] <= oldest or self._pool[0][1].gone):
            self._pool.pop(0)[1].quit()
        self._sweep = loop.call_later(self._idle / 4, self._swept) if self._pool else None

    async def close(self) -> None:
        """Take leave of all idle connections; later ones are not kept."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        while self._pool:
            self._pool.pop()[1].quit()
        await asyncio.sleep(0)


class Transaction:
    """One message at the next hop. `accepted` are the recipients that had a 2xx, in order."""

    __slots__ = ("_connection", "_mail", "_relay", "_there", "_xforward", "accepted")

    def __init__(self, relay: Relay, mail: Path, xforward: Sequence[bytes]) -> None:
        self.accepted: list[Path] = []
        self._relay = relay
        self._mail = mail
        self._xforward = tuple(xforward)
        self._connection: Connection | None = None
        self._there: list[Path] = []  # accepted in the transaction that the connection has open

    async def rcpt(self, rcpt: Path) -> Reply:
        """Name a recipient; the next hop's own answer, or 451. Never raises for the hop's sake."""
        try:
            answer = await self._rcpt(rcpt)
        except Lost as lost:
            self._drop()
            return lost.reply
        if 200 <= answer.code < 300:
            self.accepted.append(rcpt)
            self._there.append(rcpt)
        return understood(answer)

    async def send(self, wire: bytes, only: Sequence[int] | None = None) -> Reply:
        """Give the message (dot-stuffed, without final dot) to all who were accepted, or to those
        with these indexes into `accepted`. 2xx: the next hop has taken it. Else: it has not, or
        nobody knows, and the reply is temporary or the next hop's own refusal."""
        wanted = self.accepted if only is None else [self.accepted[index] for index in only]
        deadline = monotonic() + self._relay.hop.data_timeout  # the loop's time
        if not wanted:
            return replies.INTERNAL  # a caller that relays to nobody is a fault of ours
        try:
            refusal = await self._ready(wanted, deadline)
            if refusal is not None:
                return refusal
            return await self._finish(wire, deadline)
        except Lost as lost:
            self._drop()
            return lost.reply

    async def abort(self) -> None:
        """Forget the transaction; a no-op after `send`. Never raises for the hop's sake."""
        connection, self._connection = self._connection, None
        self._there = []
        if connection is None:
            return
        reset = False
        try:
            reset = (await connection.ask(b"RSET\r\n")).code == 250
        except Lost:
            return
        finally:
            if not reset:
                connection.close()
        self._relay.give(connection)

    # ---- envelope ------------------------------------------------------------------------

    async def _rcpt(self, rcpt: Path) -> Reply:
        if self._connection is not None and self._there:
            return await self._connection.ask(_rcpt_line(rcpt))
        if self._connection is not None:
            # a MAIL may be open whose recipients were all refused, or none: begin anew
            return await self._begin(self._connection, [rcpt], reset=True)
        pooled = self._relay.pooled()
        if pooled is not None:
            try:
                return await self._begin(pooled, [rcpt], used=True)
            except Lost:
                self._drop()  # closed while it was idle, or used up: once more, on a new one
        return await self._begin(await self._relay.fresh(), [rcpt])

    async def _begin(
        self,
        connection: Connection,
        rcpts: Sequence[Path],
        deadline: float | None = None,
        *,
        reset: bool = False,
        used: bool = False,
    ) -> Reply:
        """Open a transaction with `rcpts`; the first refusal, or the answer to the last one. On a
        connection that was `used` before, a MAIL that is put off may mean just this connection."""
        self._connection, self._there = connection, []
        before = [b"RSET\r\n"] if reset else []
        if connection.offers.xforward:
            before += [b"XFORWARD " + line + b"\r\n" for line in self._xforward]
        commands = [*before, b"MAIL FROM:" + self._mail.raw + b"\r\n", *map(_rcpt_line, rcpts)]
        answers = await connection.ask_all(commands, deadline)
        failpoint.reach("ds_rcpt")
        if answers[-1].code == 421:
            raise Lost(understood(answers[-1]), "next hop takes leave")
        for answer in answers[: len(before)]:
            if answer.code != 250:
                raise Lost(replies.HOP_ODD, f"RSET or XFORWARD answered {answer.code}")
        envelope = answers[len(before) :]
        if used and 400 <= envelope[0].code < 500:
            raise Lost(understood(envelope[0]), "no more mail over this connection")
        return next((answer for answer in envelope if answer.code >= 300), envelope[-1])

    async def _ready(self, wanted: Sequence[Path], deadline: float) -> Reply | None:
        """Have a transaction with exactly `wanted` and a 354 to DATA; None, or the refusal."""
        connection = self._connection
        if connection is not None and not connection.gone:
            try:
                if self._there == wanted:
                    return await self._go(connection, deadline)
                return await self._again(connection, wanted, deadline, reset=True)
            except Lost:
                self._drop()  # closed while the message was read: nothing of it went out yet
        return await self._again(await self._relay.fresh(), wanted, deadline, reset=False)

    async def _again(
        self, connection: Connection, wanted: Sequence[Path], deadline: float, *, reset: bool
    ) -> Reply | None:
        answer = await self._begin(connection, wanted, deadline, reset=reset)
        if not 200 <= answer.code < 300:
            await self.abort()
            return replies.HOP_CHANGED
        return await self._go(connection, deadline)

    async def _go(self, connection: Connection, deadline: float) -> Reply | None:
        answer = await connection.ask(b"DATA\r\n", deadline)
        failpoint.reach("ds_data")
        if answer.code == 354:
            return None
        if answer.code == 421:
            raise Lost(understood(answer), "next hop takes leave")
        if answer.code < 400:
            raise Lost(replies.HOP_ODD, f"DATA answered {answer.code}")
        await self.abort()
        return understood(answer)

    async def _finish(self, wire: bytes, deadline: float) -> Reply:
        connection, self._connection = self._connection, None
        assert connection is not None
        answer = replies.HOP_ODD
        ended = False
        try:
            answer = await connection.pour(wire, deadline)
            ended = answer.code < 300 or answer.code >= 400
        finally:
            if not ended:  # also when cancelled: an open DATA must not go back to the pool
                connection.close()
        self._relay.give(connection)
        return understood(answer)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._there = []
        if connection is not None:
            connection.close()


def _rcpt_line(rcpt: Path) -> bytes:
    return b"RCPT TO:" + rcpt.raw + b"\r\n"


# ---- for the outbox --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Receipt:
    """What `deliver_once` came to: an answer for each recipient, and the one to the message.

    A recipient has the mail if both its own answer and `final` are 2xx.
    """

    rcpts: tuple[Reply, ...]
    final: Reply


async def deliver_once(
    hop: Hop, mail: Path, rcpts: Sequence[Path], data: bytes, xforward: Sequence[bytes] = ()
) -> Receipt:
    """One message over a connection of its own: released, handed over, or a notice.

    `data` is the message with its dots as they are. Recipients that are refused do not stop the
    others. Never raises for the hop's sake: what failed is a 451. A failure after the dot is
    unknown to the sender, and a second call may deliver twice (same Message-ID).
    """
    relay = Relay(hop, kept=0)
    transaction = relay.transaction(mail, xforward)
    answers: list[Reply] = []
    try:
        for rcpt in rcpts:
            answers.append(await transaction.rcpt(rcpt))
            if answers[-1] is replies.HOP_DOWN:  # no use asking for the others
                answers += [replies.HOP_DOWN] * (len(rcpts) - len(answers))
                return Receipt(tuple(answers), replies.HOP_DOWN)
        if not transaction.accepted:
            return Receipt(tuple(answers), answers[-1] if answers else replies.NOBODY)
        return Receipt(tuple(answers), await transaction.send(stuff(data)))
    finally:
        await transaction.abort()
        await relay.close()
