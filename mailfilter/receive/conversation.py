"""The line to one client: bytes in, replies out, timers. Commands are in ``session.py``.

aiosmtpd's `SMTP` is the frame: its states, its ``smtp_*`` methods and its place in asyncio. What
it does with bytes is replaced, because it reads line by line and ties the work on a message to
the client's presence (``reference``: both aiosmtpd tables, each row with a test of that name):

- Input comes in the chunks that the socket gives (256 KiB), is taken by one task, and pauses the
  socket when that task is busy.
- The end of the client (FIN, RST) is an event that the task reads when it next wants input. It
  cancels nothing: what is past the final dot runs to its end (P1).
- Replies to pipelined commands leave in one write, when input runs dry (RFC 2920 3.2).
- One deadline at a time; a timer that is armed at most once for it. While we work, none runs.
- Nothing of a mail is logged. aiosmtpd's own logger is kept at WARNING.

Known gap: replies that a client does not take are kept until its timer ends the session.
"""

import asyncio
import logging
from math import inf
from typing import cast

from aiosmtpd.smtp import SMTP

from mailfilter import limits, replies
from mailfilter.model import Reply

HIGH_WATER = 512 * limits.KIB  # unread input at which the socket pauses
LINGER = 10.0  # seconds for a client to take the last reply

logging.getLogger("mail.log").setLevel(logging.WARNING)  # its DEBUG lines hold the messages


class Leave(Exception):
    """The session ends with this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.code)
        self.reply = reply


class Conversation(SMTP):
    """Input, output and timers of one session. `line_limit` bounds a command line."""

    def __init__(self, loop: asyncio.AbstractEventLoop, line_limit: int) -> None:
        """Without aiosmtpd's own: that inspects every method for every connection."""
        self.loop = loop
        self.transport: asyncio.Transport | None = None
        self.peer = ""
        self.busy = False  # with a command: no deadline runs, and stopping waits for it
        self.leaving = False
        self._line_limit = line_limit
        self._inbox: list[bytes] = []
        self._waiting_bytes = 0
        self._rest, self._at = b"", 0  # input that is taken, and how far it is used
        self._outbox: list[bytes] = []
        self._ended = self._blocked = self._expired = False
        self._waiter: asyncio.Future[None] | None = None
        self._due = inf
        self._timer: asyncio.TimerHandle | None = None
        self._handler_coroutine: asyncio.Task[None] | None = None

    # ---- called by the transport ---------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername")
        self.peer = str(address[0]) if isinstance(address, tuple) else ""
        self._handler_coroutine = self.loop.create_task(self._handle_client())

    def data_received(self, data: bytes) -> None:
        self._inbox.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > HIGH_WATER and self.transport is not None:
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """The client sends no more; it may still want the reply (half-close)."""
        self._ended = True
        self._wake()
        return self.transport is not None and not self.transport.get_extra_info("sslcontext")

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 — the signature
        self._ended = True
        self.transport = None
        self._disarm()
        self._wake()

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ---- input ---------------------------------------------------------------------------

    async def next_line(self) -> bytes | None:
        """The next command line with its line end; empty if it was too long; None at the end."""
        while (end := self._rest.find(b"\n", self._at)) < 0:
            rest = self._rest[self._at :]
            if len(rest) > self._line_limit:
                return await self._skip_line()
            more = await self._more()
            if not more:
                return None
            self._rest, self._at = rest + more, 0
        start, self._at = self._at, end + 1
        return self._rest[start : end + 1] if end - start <= self._line_limit else b""

    async def _skip_line(self) -> bytes | None:
        while True:
            more = await self._more()
            if not more:
                return None
            end = more.find(b"\n")
            if end >= 0:
                self.put_back(more[end + 1 :])
                return b""

    async def next_chunk(self) -> bytes:
        """Whatever came, as it came; empty at the end."""
        if self._at < len(self._rest):
            rest = self._rest[self._at :]
            self.put_back(b"")
            return rest
        return await self._more()

    def put_back(self, rest: bytes) -> None:
        """Input that stands behind a message, for the next command."""
        self._rest, self._at = rest, 0

    @property
    def unread(self) -> bool:
        """Whether there is input that no command has used."""
        return self._at < len(self._rest) or bool(self._inbox)

    async def _more(self) -> bytes:
        if not self._inbox or self._blocked:
            await self._wait()
        if not self._inbox:
            return b""
        data = self._inbox[0] if len(self._inbox) == 1 else b"".join(self._inbox)
        self._inbox.clear()
        if self._waiting_bytes > HIGH_WATER and self.transport is not None:
            self.transport.resume_reading()
        self._waiting_bytes = 0
        return data

    async def _wait(self) -> None:
        self.flush()
        self.busy = False
        while (not self._inbox or self._blocked) and not self._ended:
            self._check()
            self._waiter = self.loop.create_future()
            await self._waiter
        self._check()
        self.busy = True

    def _check(self) -> None:
        if self._expired:
            raise Leave(replies.TIMEOUT)
        if self.leaving:
            raise Leave(replies.GOING_DOWN)

    # ---- output --------------------------------------------------------------------------

    def say(self, reply: Reply) -> None:
        """Queue a reply; it leaves when input runs dry or with `flush`."""
        self._outbox.append(reply.line())

    def flush(self) -> None:
        if self._outbox:
            if self.transport is not None:
                self.transport.write(b"".join(self._outbox))
            self._outbox.clear()

    def hang_up(self) -> None:
        """Close once the last reply has left, or after `LINGER` without that."""
        self.flush()
        self._disarm()
        if self.transport is not None:
            self.transport.close()
            if self.transport.get_write_buffer_size():
                self._timer = self.loop.call_later(LINGER, self.transport.abort)

    # ---- timers --------------------------------------------------------------------------

    def allow(self, seconds: float) -> None:
        """Input must come within so many seconds from now; `inf` for no limit."""
        self._due = self.loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._due:
            self._disarm()
        if self._timer is None and self._due != inf:
            self._timer = self.loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._due > self.loop.time():  # it was put off meanwhile
            if self._due != inf:
                self._timer = self.loop.call_at(self._due, self._ring)
            return
        self._expired = True
        if self._blocked and self.transport is not None:
            self.transport.abort()  # it does not take our replies either
        self._wake()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # ---- the task ------------------------------------------------------------------------

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task that holds the conversation."""
        return self._handler_coroutine

    def leave(self) -> None:
        """End as soon as nothing is in hand: with 421, at once if waiting for input."""
        self.leaving = True
        self._wake()

    def abandon(self) -> None:
        """End now, whatever is in hand."""
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
        if self.transport is not None:
            self.transport.abort()
