"""The listener of one smtp process: binds, admits, drains.

Several processes share one socket, so that whoever is free accepts: SO_REUSEPORT deals connections
out by a hash of their addresses, and one core waits while the other has a queue (measured at
4 KiB: 15 % more mail); who has more sessions than another waits a moment (``share.py``). The seats
are those of each process (`seats`). Who is outside of our networks is turned away before it has
one, unless a client certificate may still let it in. `stop` ends idle sessions with 421 4.3.2
and lets what is past its final dot finish within `Bounds.drain`.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import TypeVar

from mailfilter import limits, meters, replies, tls
from mailfilter.config import Listen, Settings
from mailfilter.errors import ConfigError
from mailfilter.log import log
from mailfilter.model import Reply
from mailfilter.receive.access import Standing, access
from mailfilter.receive.contract import Bounds, Deliver, Hop
from mailfilter.receive.conversation import Conversation
from mailfilter.receive.memory import Budget
from mailfilter.receive.session import Session
from mailfilter.receive.share import Share, table
from mailfilter.replies import filled
from mailfilter.seats import Room, Seats, sharing
from mailfilter.socket_transport import Plain

Loaded = TypeVar("Loaded")  # what a file is made into


def _now() -> datetime:
    return datetime.now(UTC)


def _nobody(_row: str) -> None:
    """Nobody wants to know what was heard."""


BACKLOG = 1024
AT_ONCE = 2  # connections accepted in one go: the rest is for whoever else is free
YIELD = 0.002  # seconds that the door is left to a process with fewer sessions
LOOK = 1.0  # seconds between looks for sessions that are overdue
TELL = 60.0  # seconds between two lines about strangers
RETRY = 1.0  # seconds until accepting is tried again when the machine could not


def bound(listen: Listen) -> socket.socket:
    """The listening socket, not yet listening; OSError if the address cannot be had."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted ones inherit it
        sock.bind((listen.host, listen.port))
    except OSError:
        sock.close()
        raise
    return sock


class Listener:
    """Takes mail on ``[listen]`` and gives it to `deliver`; raises `ConfigError` when made."""

    def __init__(
        self,
        settings: Settings,
        hop: Hop,
        deliver: Deliver,
        *,
        now: Callable[[], datetime] = _now,
        bounds: Bounds | None = None,
        sock: socket.socket | None = None,
        share: Share | None = None,
    ) -> None:
        listen = settings.listen
        self.hop = hop
        self.deliver = deliver
        self.heard: Callable[[str], None] = _nobody  # told of each row whose 250 was heard
        self.now = now
        self.meters = meters.alone()  # or the row of this process, which ``app`` gives
        half = max(limits.SESSIONS_PER_CLIENT, settings.max_sessions // 2)
        self.bounds = bounds or Bounds(sessions_per_client=half)  # one front server may use half
        self.budget = Budget(settings.memory_budget)
        self.access = access(listen)
        self.hostname = listen.hostname
        self.tls = server_context(listen)
        self.require_tls = listen.require_tls
        self.xforward = listen.xforward
        self.trace_header = listen.trace_header
        self.port = 0  # the one that was bound
        self._listen = listen
        self._sock = sock  # bound already, shared with other processes: who is free accepts
        self._max_message = min(settings.max_message, settings.memory_budget)
        self.seats = seats(settings.max_sessions, self.bounds)
        self._accepting = False
        self._share = share or Share(table(1), 0)
        self._yielded = False
        self._sessions: set[Conversation] = set()
        self._turned_away = 0  # strangers since this was last said
        self._told_at = -TELL
        self._next_look: asyncio.TimerHandle | None = None
        self._empty: asyncio.Future[None] | None = None  # somebody waits for the last session
        self.banner = filled(replies.BANNER, host=self.hostname)
        self.standing_of = lru_cache(maxsize=1024)(self.access.of_peer)

    async def start(self) -> None:
        """Bind and take connections; raises `ConfigError` if the address cannot be had."""
        try:
            if self._sock is None:
                self._sock = bound(self._listen)
            self._sock.listen(BACKLOG)
        except OSError as error:
            where = f"{self._listen.host}:{self._listen.port}"
            raise ConfigError(f"listen.host, listen.port: {where}: {error.strerror}") from error
        self._sock.setblocking(False)
        self.port = self._sock.getsockname()[1]
        self._accepting = True
        self._watch(self._sock)
        self._look()

    def _look(self) -> None:
        """End what is overdue; again after a while, which is short where deadlines are."""
        now = monotonic()
        for session in tuple(self._sessions):
            session.look(now)
        self._tell_of_strangers(now)
        self.meters.set(meters.SESSIONS, len(self._sessions))
        self.meters.set(meters.MEMORY, self.budget.size - self.budget.free)
        self.meters.set(meters.BUDGET, self.budget.size)
        bounds = self.bounds
        shortest = min(
            bounds.command_timeout, bounds.block_timeout, bounds.data_timeout, bounds.delivery
        )
        loop = asyncio.get_running_loop()
        self._next_look = loop.call_later(min(LOOK, shortest / 10), self._look)

    def _tell_of_strangers(self, now: float) -> None:
        """How many were turned away, once a minute: our own server may not be in the settings."""
        if self._turned_away and now >= self._told_at + TELL:
            log.warning("smtp-outside", refused=self._turned_away)
            self._turned_away, self._told_at = 0, now

    def _watch(self, door: socket.socket) -> None:
        if self._accepting:
            loop = asyncio.get_running_loop()
            loop.add_reader(door.fileno(), self._accept, loop, door)

    def _accept(self, loop: asyncio.AbstractEventLoop, door: socket.socket) -> None:
        if self._share.larger and not self._yielded:
            self._yielded = True
            self._leave_door(loop, door, YIELD)
            return
        self._yielded = False
        for _ in range(AT_ONCE):
            try:
                sock, address = door.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptors, no memory: those who came go first
                log.error("accept", cause=error.strerror or "")
                self._leave_door(loop, door, RETRY)
                return
            if self._turns_away(sock, str(address[0])):
                continue
            sock.setblocking(False)
            session = Session(self, loop)
            session.connection_made(Plain(loop, sock, session))
            session.begin(str(address[0]))

    def _turns_away(self, sock: socket.socket, peer: str) -> bool:
        """Whether the client may not send, whatever it does: told so, and gone."""
        if self.access.certificates or self.standing_of(peer) is not Standing.OUTSIDE:
            return False
        with sock, suppress(OSError):
            sock.setblocking(False)
            sock.send(replies.NO_SERVICE.line())
            self.meters.reply(replies.NO_SERVICE.code)
            sock.shutdown(socket.SHUT_WR)
        self._turned_away += 1
        return True

    def _leave_door(
        self, loop: asyncio.AbstractEventLoop, door: socket.socket, seconds: float
    ) -> None:
        loop.remove_reader(door.fileno())
        loop.call_later(seconds, self._watch, door)

    async def stop(self) -> None:
        """Take no more, end idle sessions, let the others finish; the rest is cut off."""
        if not self._accepting or self._sock is None:
            return
        self._accepting = False
        asyncio.get_running_loop().remove_reader(self._sock.fileno())
        self._sock.close()
        for session in list(self._sessions):
            session.leave()
        await self._emptied(self.bounds.drain)
        for session in list(self._sessions):
            session.abandon()
        await self._emptied(1)
        if self._next_look is not None:
            self._next_look.cancel()

    async def _emptied(self, seconds: float) -> None:
        if self._sessions:
            self._empty = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._empty], timeout=seconds)

    @property
    def sessions(self) -> int:
        """How many are open."""
        return len(self._sessions)

    def admit(self, session: Conversation, standing: Standing) -> Reply | None:
        """Count a new session; the reply that refuses it, or None."""
        self._sessions.add(session)
        self._share.set(len(self._sessions))
        if not self._accepting:
            return replies.GOING_DOWN
        seated = self.seats.take(session, standing, sharing(session.peer), monotonic())
        return None if seated else replies.BUSY

    def seat(self, session: Conversation, standing: Standing) -> bool:
        """A session has become of another standing; whether there is a seat for it."""
        return self.seats.move(session, standing, sharing(session.peer), monotonic())

    def gone(self, session: Conversation) -> None:
        """A session has ended."""
        self._sessions.discard(session)
        self._share.set(len(self._sessions))
        self.seats.leave(session)
        if self._empty is not None and not self._sessions and not self._empty.done():
            self._empty.set_result(None)

    def size_limit(self, theirs: int | None) -> int:
        """The smaller of our limit and the next hop's (None or 0: it has none)."""
        return min(self._max_message, theirs) if theirs else self._max_message


def seats(total: int, bounds: Bounds) -> Seats:
    """The seats of a process. An own address is never limited below those kept for our own, also
    where one server brings all mail."""
    share = bounds.sessions_per_client
    return Seats(
        total,
        {
            Standing.OUTSIDE: Room(
                most=max(1, total // limits.SESSIONS_OUTSIDE), share=max(1, total // 20)
            ),
            Standing.SHARED: Room(share=share),
            Standing.OWN: Room(kept=min(share, total // limits.SESSIONS_KEPT), share=share),
        },
        bounds.slow,
    )


def server_context(listen: Listen) -> ssl.SSLContext | None:
    """The TLS settings, or None without a certificate. A client certificate is asked for only if
    there is a CA to verify it; one that does not verify ends the handshake."""
    if listen.certificate is None:
        if listen.require_tls:
            raise ConfigError("listen.require_tls: needs listen.certificate")
        return None
    certificate, key = listen.certificate, listen.key
    context = _loaded("listen.certificate", certificate, lambda path: tls.server(path, key))
    if listen.client_ca is not None:
        _loaded("listen.client_ca", listen.client_ca, context.load_verify_locations)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _loaded(key: str, path: Path, load: Callable[[Path], Loaded]) -> Loaded:
    try:
        return load(path)
    except OSError as error:  # an SSLError is one
        why = error.strerror or type(error).__name__
        raise ConfigError(f"{key}: {path}: {why}; a PEM file with its key is expected") from error
