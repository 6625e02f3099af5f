"""A connection in plain text: a socket → the calls of `asyncio.Protocol`, and bytes back.

asyncio's own transport costs a task and some twenty calls for each connection, and four more calls
for each piece that comes or goes: 0.1 ms of CPU for a client that sends one mail. This one reads
and writes in the loop's callbacks and nothing else; STARTTLS takes the socket out of it (`detach`)
and goes on with asyncio's. Clients and next hops are spoken to by it.

Invariants: what is written leaves in order and is not copied, so nobody may change it; `close`
sends what is waiting first, `abort` does not; `connection_lost` is called once, and nothing after
it, at once where the call that ends it is the protocol's own.
"""

import asyncio
import socket
from collections import deque
from typing import Any

from mailfilter import limits

CHUNK = 256 * limits.KIB  # read at once
HIGH_WATER = 64 * limits.KIB  # unsent bytes at which the protocol is told to wait


class Plain(asyncio.Transport):
    """A connected, non-blocking socket. The protocol is told of it by its maker."""

    __slots__ = (
        "_closing",
        "_descriptor",
        "_loop",
        "_protocol",
        "_reading",
        "_sock",
        "_unsent",
        "_waiting",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        protocol: asyncio.Protocol,
    ) -> None:
        self._loop, self._sock, self._protocol = loop, sock, protocol
        self._descriptor = sock.fileno()
        self._unsent: deque[memoryview] = deque()
        self._waiting = 0  # bytes of it
        self._closing = False
        self._reading = True
        loop.add_reader(self._descriptor, self._readable)

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ARG002 — none here
        return default

    # ---- input ---------------------------------------------------------------------------

    def _readable(self) -> None:
        try:
            data = self._sock.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        if data:
            self._protocol.data_received(data)
        elif self._protocol.eof_received():
            self.pause_reading()  # half closed: it may still want a reply
        else:
            self.close()

    def pause_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._descriptor)

    def resume_reading(self) -> None:
        if not self._reading and not self._closing:
            self._reading = True
            self._loop.add_reader(self._descriptor, self._readable)

    # ---- output --------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing:
            return
        if not self._unsent:
            try:
                sent = self._sock.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._end(error)
                return
            if sent == len(data):
                return
            data = memoryview(data)[sent:]
            self._loop.add_writer(self._descriptor, self._writable)
        self._unsent.append(memoryview(data))
        self._waiting += len(data)
        if self._waiting > HIGH_WATER:
            self._protocol.pause_writing()

    def part(self, data: bytes) -> None:
        """`write` and `close`; the last words and the end of the stream are one packet."""
        if data and not self._closing and not self._unsent:
            try:
                data = data[self._sock.send(data, socket.MSG_MORE) :]
            except (BlockingIOError, InterruptedError):
                pass
            except OSError as error:
                self._end(error)
        if data:
            self.write(data)
        self.close()

    def _writable(self) -> None:
        while self._unsent:
            first = self._unsent[0]
            try:
                sent = self._sock.send(first)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._end(error)
                return
            self._waiting -= sent
            if sent < len(first):
                self._unsent[0] = first[sent:]
                return
            self._unsent.popleft()
        self._loop.remove_writer(self._descriptor)
        if self._closing:
            self._end(None)
        else:
            self._protocol.resume_writing()

    def get_write_buffer_size(self) -> int:
        return self._waiting

    # ---- the end -------------------------------------------------------------------------

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """Take nothing more, send what is waiting, then hang up."""
        if self._closing:
            return
        self.pause_reading()
        self._closing = True
        if not self._unsent:
            self._end(None)

    def abort(self) -> None:
        """Hang up at once."""
        self._end(None)

    def detach(self) -> socket.socket:
        """The socket, for somebody else; this end is over, and the protocol is not told."""
        self._let_go()
        sock = self._sock
        self._descriptor = -1
        return sock

    def _let_go(self) -> None:
        self.pause_reading()
        if self._unsent:
            self._loop.remove_writer(self._descriptor)
            self._unsent.clear()
            self._waiting = 0
        self._closing = True

    def _end(self, error: OSError | None) -> None:
        if self._descriptor < 0:
            return
        self._let_go()
        self._descriptor = -1
        self._sock.close()
        self._protocol.connection_lost(error)
