"""The asker's end of a worker's socket: bytes out as there is room, bytes in as they are taken.

A question makes the loop call back twice, for "begun" and for the answer, and each time a task goes
on; asyncio's own `sock_recv` registers and leaves the socket for each piece that it gives.

Invariants: what has come and nobody has taken is bounded, whatever the worker sends. A worker that
has ended may have said why before, so that it does not listen is no failure here.
"""

import asyncio
import socket

from mailfilter import limits

_SMALL = 128 * limits.KIB  # has room in a socket as it is
_PIECE = 256 * limits.KIB  # received at once
_AHEAD = 64 * limits.KIB  # taken from the kernel beyond what is asked for


class Line:
    """A connected, non-blocking socket. `close` before the socket is closed."""

    __slots__ = ("_came", "_fault", "_listens", "_loop", "_sock", "_unsent", "_waiter", "_wanted")

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
        self._loop, self._sock = loop, sock
        self._came = bytearray()
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._fault: Exception | None = None
        self._unsent: memoryview | None = None
        self._listens = True
        loop.add_reader(sock, self._readable)

    def close(self) -> None:
        """Nothing more comes or goes."""
        if self._listens:
            self._loop.remove_reader(self._sock)
        if self._unsent is not None:
            self._loop.remove_writer(self._sock)

    # ---- out -----------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send it all, mostly at once; called once."""
        if len(data) > _SMALL:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.MESSAGE_AT_ONCE)
        left = self._sent(memoryview(data))
        if left:
            self._unsent = left
            self._loop.add_writer(self._sock, self._writable)

    def _writable(self) -> None:
        assert self._unsent is not None
        self._unsent = self._sent(self._unsent) or None
        if self._unsent is None:
            self._loop.remove_writer(self._sock)

    def _sent(self, data: memoryview) -> memoryview:
        """What is left of it."""
        try:
            return data[self._sock.send(data) :]
        except (BlockingIOError, InterruptedError):
            return data
        except (BrokenPipeError, ConnectionResetError):
            return data[:0]
        except OSError as error:
            self._fail(error)
            return data[:0]

    # ---- in ------------------------------------------------------------------------------

    async def take(self, size: int) -> bytes:
        """`size` bytes; ValueError if the worker ended before, OSError if it was torn off."""
        while len(self._came) < size:
            if self._fault is not None:
                raise self._fault
            await self._more(size)
        data = bytes(self._came[:size])
        del self._came[:size]
        return data

    async def _more(self, size: int) -> None:
        self._wanted = size
        if not self._listens:
            self._listens = True
            self._loop.add_reader(self._sock, self._readable)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _readable(self) -> None:
        room = self._wanted + _AHEAD - len(self._came)
        if room <= 0:
            self._stop()
            return
        try:
            data = self._sock.recv(min(room, _PIECE))
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(error)
            return
        if data:
            self._came += data
            self._wake()
        else:
            self._fail(ValueError("the worker has ended"))

    def _fail(self, error: Exception) -> None:
        self._fault = error
        self._stop()
        self._wake()

    def _stop(self) -> None:
        if self._listens:
            self._listens = False
            self._loop.remove_reader(self._sock)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and self._enough():
            self._waiter.set_result(None)

    def _enough(self) -> bool:
        return self._fault is not None or len(self._came) >= self._wanted
