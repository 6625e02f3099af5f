"""The connections to one web door: who gets a seat, how long each part may take, who gives way.

uvicorn reads and writes HTTP; here is what it has none of. Connections are accepted by hand, so
that a seat is taken before a handshake: of `SEATS`, some are kept for this machine's own probes and
for visitors whom a page knows (`Visitor.vouch`: a reviewer's session, a reader's link), and an
address has its share. When all are taken, who keeps us waiting gives way to the newcomer
(``seats.py``).

A head, a handshake and the pause between two requests may take `HEAD` seconds, however many bytes
come meanwhile; a body or an answer that moves more slowly than `RATE` may be late by so much. Time
in which the page, desk or a full memory lets the visitor wait is not counted against her.

A request whose end can be read in two ways (RFC 9112, 6.1) is refused and its connection closed: a
proxy before us may have read it the other way, and what follows would be somebody else's request.

Connections of `proxies` have no share: the address that a proxy names has, once a head is read
(`Visitor.comes_from`).
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_address
from time import monotonic
from typing import Any, Final

import h11
from starlette.responses import PlainTextResponse
from uvicorn import Config
from uvicorn._types import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from mailfilter import limits
from mailfilter.log import log
from mailfilter.pages.gate import LOOPBACK
from mailfilter.seats import Room, Seats, sharing

SEATS = 256
SHARE = 64  # of one address
NEAR = 16  # kept for this machine's own probes
PROXIED = 128  # kept for the proxies, where only they may connect
KNOWN = 64  # kept for whom a page knows
SLOW = 0.25  # seconds; among equals only who has kept us waiting for so long gives way
HEAD = 10.0  # seconds for a handshake, a head, a pause
BODY = 20.0  # seconds that a body may be late
ANSWER = 30.0  # likewise the taking of an answer
LINGER = 5.0  # seconds to read away what nobody wants, so that the answer is read
RATE = 4 * limits.KIB  # bytes a second
AT_ONCE = 32  # connections accepted in one go
RETRY = 1.0  # seconds until accepting is tried again when the machine could not

STRANGER: Final = "stranger"
NEARBY: Final = "near"
FAMILIAR: Final = "known"

_TWO_ENDS: Final[Any] = PlainTextResponse(
    "This request says in two ways where it ends.\n",
    400,
    {"connection": "close", "cache-control": "no-store", "x-content-type-options": "nosniff"},
)
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"retry-after: 5\r\nconnection: close\r\ncontent-length: 38\r\n\r\n"
    b"Too many visitors. Come back shortly.\n"
)

Networks = Sequence[IPv4Network | IPv6Network]


class Visitor(H11Protocol):
    """One connection. `address` is whose share it counts in; None: nobody's, a proxy's."""

    def __init__(
        self,
        hall: "Hall",
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        home: tuple[str, str | None],
    ) -> None:
        super().__init__(config, server_state, {**app_state, "seat": self})
        self.arriving: asyncio.Task[None] | None = None
        self._hall, self._home, self._place = hall, home, home
        self._app, self.app = self.app, self._answer
        self._since = monotonic()  # the visitor keeps us waiting, less what she has sent at `RATE`
        self._asking = False  # a page waits for a part of the body
        self._asked = 0.0  # when it last did not
        self._unsent = 0  # bytes of an answer that she has not taken, at the last look

    # ---- what a page may say ----

    def vouch(self) -> None:
        """A page knows the visitor, until the answer is said."""
        self._sit((FAMILIAR, self._place[1]))

    def comes_from(self, address: str) -> bool:
        """A proxy names the visitor's address; False if that has too many seats already."""
        if self._home[1] is not None:
            return True
        return self._sit((STRANGER, sharing(address)))

    async def sent(self) -> None:
        """All but the last of the answer has left the process, or she has gone."""
        await self.flow.drain()

    def _sit(self, place: tuple[str, str | None]) -> bool:
        self._place = place
        return self._hall.seats.move(self, *place, monotonic())

    # ---- seats ----

    def waits(self, now: float) -> float | None:
        """Since when, less what came in time; None while we work for her."""
        if self.arriving is not None or self.flow is None:
            return self._since
        if self.flow.write_paused or self._idle or self._asking:
            return min(now, self._since)
        return None

    def give_way(self) -> None:
        """End now."""
        if self.arriving is not None:
            self.arriving.cancel()
        elif self.transport is not None:
            self.transport.abort()

    @property
    def _idle(self) -> bool:
        """Between two requests, or before the first."""
        return self.cycle is None or self.cycle.response_complete

    def look(self, now: float) -> None:
        """End what is overdue."""
        if self.flow is not None and self.flow.write_paused:
            self._note_taken(now)
        since = self.waits(now)
        if since is not None and now - since > self._patience():
            self._hall.seats.leave(self)
            self.give_way()

    def _patience(self) -> float:
        if self.arriving is not None or self.flow is None:
            return HEAD
        if self.flow.write_paused:
            return ANSWER
        if self._idle:
            return LINGER if self.conn.their_state is h11.SEND_BODY else HEAD
        return BODY

    def _note_taken(self, now: float) -> None:
        unsent = self.transport.get_write_buffer_size()
        taken, self._unsent = self._unsent - unsent, unsent
        self._since = now if taken < 0 else min(now, self._since + taken / RATE)

    # ---- what uvicorn calls ----

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = monotonic()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._hall.seats.leave(self)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        now = monotonic()
        if self.cycle is not before:
            self._since = self._asked = now
        elif not self._idle:
            self._since = min(now, self._since + len(data) / RATE)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._since, self._unsent = monotonic(), self.transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._since = monotonic()

    def on_response_complete(self) -> None:
        self._since = monotonic()
        if self._place != self._home and not self._sit(self._home):
            self.transport.close()
        super().on_response_complete()

    async def _answer(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """The page, with a clock that stands still while it does not wait for the body."""
        if _has_two_ends(scope):
            await _TWO_ENDS(scope, receive, send)
            return

        async def asked() -> ASGIReceiveEvent:
            self._since += monotonic() - self._asked
            self._asking = True
            try:
                return await receive()
            finally:
                self._asking, self._asked = False, monotonic()

        await self._app(scope, asked, send)


def _has_two_ends(scope: Scope) -> bool:
    """A length and chunks; or chunks in HTTP 1.0, which has none."""
    if scope["type"] != "http":
        return False
    named = {name for name, _ in scope["headers"]}
    chunked = b"transfer-encoding" in named
    return chunked and (b"content-length" in named or scope["http_version"] == "1.0")


class Hall:
    """Accepts the connections of one door. `make` makes a `Visitor` of a place."""

    def __init__(
        self,
        make: Callable[["Hall", tuple[str, str | None]], Visitor],
        tls: ssl.SSLContext | None,
        proxies: Networks = (),
    ) -> None:
        self._make, self._tls, self._proxies = make, tls, proxies
        self._doors: list[socket.socket] = []
        self._visitors: set[Visitor] = set()
        near = PROXIED if proxies else NEAR
        rooms: dict[Hashable, Room] = {
            STRANGER: Room(share=SHARE),
            NEARBY: Room(kept=near),
            FAMILIAR: Room(kept=KNOWN),
        }
        self.seats = Seats(SEATS, rooms, SLOW)

    def open(self, doors: Sequence[socket.socket]) -> None:
        """Take connections of listening sockets."""
        self._doors = list(doors)
        for door in self._doors:
            self._watch(door)

    def close(self) -> None:
        """Take no more; handshakes end."""
        loop = asyncio.get_running_loop()
        for door in self._doors:
            loop.remove_reader(door.fileno())
        self._doors = []
        for visitor in self._visitors:
            if visitor.arriving is not None:
                visitor.arriving.cancel()

    def look(self) -> None:
        """End what is overdue; to be called every second or so."""
        now = monotonic()
        for visitor in tuple(self._visitors):
            visitor.look(now)
        self._visitors = {visitor for visitor in self._visitors if self.seats.has(visitor)}

    def _watch(self, door: socket.socket) -> None:
        if door in self._doors:
            asyncio.get_running_loop().add_reader(door.fileno(), self._accept, door)

    def _accept(self, door: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                sock, address = door.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptors, no memory: those who came go first
                log.error("accept", cause=error.strerror or "")
                loop = asyncio.get_running_loop()
                loop.remove_reader(door.fileno())
                loop.call_later(RETRY, self._watch, door)
                return
            sock.setblocking(False)
            self._welcome(sock, str(address[0]))

    def _welcome(self, sock: socket.socket, address: str) -> None:
        home = self._home(address)
        visitor = self._make(self, home)
        if not self.seats.take(visitor, *home, monotonic()):
            self._turn_away(sock)
            return
        self._visitors.add(visitor)
        visitor.arriving = asyncio.get_running_loop().create_task(self._let_in(visitor, sock))
        visitor.arriving.add_done_callback(partial(self._arrived, visitor, sock))

    def _home(self, address: str) -> tuple[str, str | None]:
        """The kind of seat, and whose share."""
        if address in LOOPBACK:
            return NEARBY, None
        if self._proxies and any(ip_address(address) in network for network in self._proxies):
            return NEARBY, None
        return STRANGER, sharing(address)

    def _turn_away(self, sock: socket.socket) -> None:
        with sock, suppress(OSError):
            if self._tls is None:
                sock.send(_FULL)
                sock.shutdown(socket.SHUT_WR)

    async def _let_in(self, visitor: Visitor, sock: socket.socket) -> None:
        with suppress(OSError):  # a handshake that fails or takes too long is one, too
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: visitor,
                sock,
                ssl=self._tls,
                ssl_handshake_timeout=HEAD if self._tls else None,
            )

    def _arrived(self, visitor: Visitor, sock: socket.socket, _: asyncio.Task[None]) -> None:
        visitor.arriving = None
        if visitor.transport is None:
            self.seats.leave(visitor)
            sock.close()
