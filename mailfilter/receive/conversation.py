"""The line to one client: bytes in, replies out, timers. Commands are in ``session.py``.

An `asyncio.Protocol` of our own, not aiosmtpd's class: that reads line by line, ties the work on a
message to the client's presence, and makes a task and a future for what needs neither. What its
users ran into stands in two tables (``reference``); each row has a test of that name.

- Commands are obeyed in the callback that brought them. One that must wait (for the next hop, for
  a verdict, for memory) gives a coroutine; `work` makes a task of it, input is kept meanwhile, and
  a client that sends much is paused.
- The end of the client (FIN, RST) is seen when input has run dry. It cancels nothing: what is past
  the final dot runs to its end (P1).
- Replies to pipelined commands leave in one write, when input runs dry (RFC 2920 3.2).
- One deadline at a time, a number that the listener looks at once in a while (`look`): a timer for
  each session costs more than greeting it. While we wait for others, it is theirs or none; a slow
  client does not put it off by sending a part of a line.
- Nothing of a mail is logged.

Known gap: replies that a client does not take are kept until its timer ends the session.
"""

import asyncio
import sys
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from math import inf
from time import monotonic
from typing import Any, cast

from mailfilter import limits, replies
from mailfilter.meters import Meters
from mailfilter.model import Reply
from mailfilter.receive.input import Input
from mailfilter.socket_transport import Plain

HIGH_WATER = 512 * limits.KIB  # unread input at which the socket pauses
LINGER = 10.0  # seconds for a client to take the last reply


class Leave(Exception):
    """The session ends with this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.code)
        self.reply = reply


class Conversation(asyncio.Protocol, ABC):
    """Input, output and timers of one session. `line_limit` bounds a command line."""

    __slots__ = (
        "_blocked",
        "_due",
        "_ended",
        "_outbox",
        "_paused",
        "_task",
        "_within",
        "input",
        "late",
        "leaving",
        "loop",
        "meters",
        "over",
        "peer",
        "transport",
        "unheard",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, line_limit: int, meters: Meters) -> None:
        self.loop, self.meters = loop, meters
        self.transport: asyncio.Transport | None = None
        self.peer = ""
        self.leaving = False
        self.over = False  # nothing more is obeyed
        self.input = Input(line_limit)
        self._outbox: list[bytes] = []
        self.unheard = ""  # the row whose 250 the client may not have heard
        self._ended = self._blocked = self._paused = False
        self._due = inf  # when what is waited for must be here (monotonic, as the loop's time)
        self.late = False  # what we wait for was cancelled for its deadline
        self._task: asyncio.Task[None] | None = None  # what we wait for
        self._within = False  # its first steps, which run at once

    # ---- what a session must know --------------------------------------------------------

    @abstractmethod
    def use(self) -> bool:
        """Use one piece of the input; False if there is none that is whole."""

    @abstractmethod
    def patience(self) -> float:
        """Seconds that the next piece of input may take."""

    @abstractmethod
    async def failed(self, error: Exception) -> None:
        """What was waited for went wrong by our own fault: say so."""

    @abstractmethod
    def heard(self, row: str) -> None:
        """The client goes on after the reply about `row` was written: a retry need not join it."""

    @abstractmethod
    def ended(self) -> None:
        """Called once, when the last reply was said: give back what is held."""

    @abstractmethod
    def waits(self, now: float) -> float | None:
        """Since when we wait for the client; None while we work for it."""

    @abstractmethod
    def give_way(self) -> None:
        """End now: somebody who is quicker needs the seat."""

    # ---- called by the transport ---------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.over:
            return
        if self.unheard and not self._outbox and self._all_written():
            row, self.unheard = self.unheard, ""
            self.heard(row)
        self.input.feed(data)
        if self._task is None:
            self.go_on()
        if self.input.waiting > HIGH_WATER and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()

    def _all_written(self) -> bool:
        return self.transport is not None and not self.transport.get_write_buffer_size()

    def eof_received(self) -> bool:
        """The client sends no more; it may still want the reply (half-close)."""
        self._ended = True
        stays = self.transport is not None and not self.transport.get_extra_info("sslcontext")
        if self._task is None:
            self.go_on()
        return stays

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 — the signature
        self._ended, self._blocked = True, False
        self.transport = None
        if self._task is None:
            self.go_on()

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        if self._task is None:
            self.go_on()

    # ---- obeying -------------------------------------------------------------------------

    def go_on(self) -> None:
        """Obey what has come, until input runs dry or something must be waited for."""
        if self.over:
            return
        try:
            while self._task is None and not self._blocked and not self.over:
                if self.leaving:
                    raise Leave(replies.GOING_DOWN)
                if not self.use():
                    break
                if self._task is None:
                    self._due = inf
        except Leave as leave:
            self.hang_up(leave.reply)
            return
        if self._task is not None or self.over:
            return
        if self._paused and self.input.waiting <= HIGH_WATER and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()
        if self._ended and not self._blocked:
            self.hang_up()
            return
        self.flush()
        if self._due == inf and not self.over:
            self._due = monotonic() + self.patience()

    def work(self, waiting: Coroutine[Any, Any, None]) -> None:
        """Do what must wait; nothing else is obeyed until it is done, and no deadline runs but one
        that it sets itself (`within`)."""
        self._due = inf
        self._within = True
        task = start(self.loop, self._worked(waiting))
        self._within = False
        if not task.done():
            self._task = task

    async def _worked(self, waiting: Coroutine[Any, Any, None]) -> None:
        leave: Leave | None = None
        try:
            await waiting
        except Leave as reason:
            leave = reason
        except asyncio.CancelledError:  # by `abandon`: the line is cut
            leave = Leave(replies.GOING_DOWN)
        except Exception as error:
            leave = await self._sorry(error)
        self._task = None
        if leave is not None:
            self.hang_up(leave.reply)
        elif not self._within:
            self.go_on()

    async def _sorry(self, error: Exception) -> Leave | None:
        try:
            await self.failed(error)
        except Leave as reason:
            return reason
        except asyncio.CancelledError:
            return Leave(replies.GOING_DOWN)
        return None

    # ---- output --------------------------------------------------------------------------

    def say(self, reply: Reply) -> None:
        """Queue a reply; it leaves when input runs dry or with `flush`."""
        self.meters.reply(reply.code)
        self._outbox.append(reply.line())

    def flush(self) -> None:
        if self._outbox:
            waiting, self._outbox = self._outbox, []
            if self.transport is not None:
                self.transport.write(waiting[0] if len(waiting) == 1 else b"".join(waiting))

    def hang_up(self, reply: Reply | None = None) -> None:
        """Say a last word and close once it has left, or after `LINGER` without that."""
        if self.over:
            return
        self.over = True
        if reply is not None:
            self.say(reply)
        transport = self.transport
        if isinstance(transport, Plain):
            transport.part(b"".join(self._outbox))
        elif transport is not None:
            self.flush()
            transport.close()
        if transport is not None and transport.get_write_buffer_size():
            self.loop.call_later(LINGER, transport.abort)
        self.ended()

    # ---- timers --------------------------------------------------------------------------

    def within(self, seconds: float) -> None:
        """What we wait for is cancelled after so many seconds, and `late` is set."""
        self._due = monotonic() + seconds

    def in_time(self) -> None:
        """It came; no deadline runs."""
        self._due = inf

    def look(self, now: float) -> None:
        """End what is overdue."""
        if self._due > now or self.over:
            return
        self._due = inf
        if self._task is not None:
            self.late = True
            self._task.cancel()
        elif self._blocked and self.transport is not None:
            self.transport.abort()  # it does not take our replies either
        else:
            self.hang_up(replies.TIMEOUT)

    # ---- stopping ------------------------------------------------------------------------

    def leave(self) -> None:
        """End as soon as nothing is in hand: with 421, at once if waiting for input."""
        self.leaving = True
        if self._task is None:
            self.go_on()

    def abandon(self) -> None:
        """End now, whatever is in hand."""
        if self._task is not None:
            self._task.cancel()
        if self.transport is not None:
            self.transport.abort()


def start(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task that has begun; what need not wait is done by now (from Python 3.12 on)."""
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, eager_start=True)
    return loop.create_task(work)
