"""The outbox: desk's one worker that sends what must still be sent, until it was.

From → to: rows of ``Archive.due`` → their `Handler` → ``done``, or ``retry`` later. Kinds: notice,
rejected-notice, not-sent, release-failed, done, digest, own-mail, check-answer (to senders),
reviewers, report, release, handoff, pickup, login-link, emergency.

Invariants:

- A row is done only after its handler returned. Nothing is claimed: after a kill -9 a row is due
  again, and what had been sent a moment before is sent once more, with the same Message-ID. That
  is the documented duplicate window. An orderly end (`finish`) opens none: what is being sent is
  finished and marked, nothing else is begun.
- A failure puts a row off by 1, 2, 4 ... 60 minutes, at most `limits.OUTBOX_ATTEMPTS` times (more
  than a day; "not sent" for a week, since a mail does not end before its sender was told); then,
  or when trying again cannot help, the handler gives up and the audit log says so. An item never
  stays in a state that only a lost row could end.
- One bad row stops no other: the fence around each catches everything.
- While mail is stored faster than `FLOOD`, the next batch waits a tick: what waits for its 250 goes
  first. At least `BATCH` rows a tick leave even then, and a `wake` ends the wait.
- Rows of one batch are sent side by side, few at a time, so that a hop that hangs does not hold
  up notices.

Mails of our own go through ``relay.deliver_once`` like all the rest, where the design names
aiosmtplib: one code path out, with one set of TLS levels, timers and tests.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from mailfilter import limits
from mailfilter.errors import Permanent, Temporary
from mailfilter.log import log
from mailfilter.outbox.contract import Handler, Later
from mailfilter.record.contract import Archive, AuditLine, Parcel

TICK = 15.0  # seconds between looks without a wake
BATCH = 20
AT_ONCE = 4
FLOOD = 20  # new rows a second
FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=1)


class Flood:
    """Whether rows are being added faster than `FLOOD`; `made` counts all that ever were."""

    def __init__(self, made: Callable[[], Awaitable[int]], seconds: Callable[[], float]) -> None:
        self._made, self._seconds = made, seconds
        self._before, self._since = 0, -1.0

    async def rises(self) -> bool:
        """Looks back to the last answer, or further where that was less than a second ago."""
        made, now = await self._made(), self._seconds()
        new, passed = made - self._before, now - self._since
        if self._since >= 0 and passed < 1 and new < FLOOD:
            return False
        known, self._before, self._since = self._since >= 0, made, now
        return known and new >= FLOOD * max(passed, 1.0)


class Outbox:
    """Sends parcels by their kind; `handlers` are given by ``app``."""

    def __init__(
        self,
        archive: Archive,
        handlers: Mapping[str, Handler],
        now: Callable[[], datetime],
        tick: float = TICK,
        flood: "Flood | None" = None,
    ) -> None:
        self._archive, self._handlers, self._now, self._tick = archive, handlers, now, tick
        self._flood = flood
        self._awake = asyncio.Event()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._ending = False

    def wake(self) -> None:
        """Look now: something was put in."""
        self._awake.set()

    def finish(self) -> None:
        """Begin nothing more: `run` returns when what is under way has ended."""
        self._ending = True
        self._awake.set()

    async def run(self) -> None:
        """Send until `finish`."""
        while not self._ending:
            self._awake.clear()
            rest = [self._tick]
            failure = await self._fenced(self._looked(rest))
            if failure is not None:
                log.warning("outbox", cause=type(failure).__name__)
            if rest[-1] and not self._ending:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), rest[-1])

    async def _looked(self, rest: list[float]) -> None:
        """One step; what it adds to `rest` is how long to wait before the next."""
        if await self.step() and not (self._flood is not None and await self._flood.rises()):
            rest.append(0.0)

    async def step(self) -> int:
        """Try what is due now, once; how many rows were done or put off."""
        parcels = await self._archive.due(self._now(), BATCH)
        return sum(await asyncio.gather(*(self._one(parcel) for parcel in parcels)))

    async def _one(self, parcel: Parcel) -> bool:
        """True when the row is done or put off; else it is due: the store fails, or we end."""
        async with self._room:
            if self._ending:
                return False
            failure = await self._fenced(self._sent(parcel))
            if failure is not None:
                failure = await self._fenced(self._put_off(parcel, failure))
            if failure is not None:
                log.error("outbox-row", kind=parcel.kind, cause=type(failure).__name__)
            return failure is None

    async def _sent(self, parcel: Parcel) -> None:
        handler = self._handlers.get(parcel.kind)
        if handler is None:
            raise Permanent(f"{parcel.kind}: no such kind of row")
        await handler.send(parcel)
        await self._archive.done(parcel.id)

    async def _put_off(self, parcel: Parcel, failure: Exception) -> None:
        """Try again later, or give up."""
        if isinstance(failure, Later):
            await self._archive.retry(parcel.id, failure.at, str(failure))
        elif isinstance(failure, Permanent) or parcel.attempts + 1 >= _most(parcel.kind):
            await self._give_up(parcel, _cause(failure))
        else:
            at = self._now() + backoff(parcel.attempts)
            log.warning("outbox-later", kind=parcel.kind, cause=_cause(failure), again=at)
            await self._archive.retry(parcel.id, at, _cause(failure))

    async def _give_up(self, parcel: Parcel, why: str) -> None:
        handler = self._handlers.get(parcel.kind)
        if handler is not None:
            await handler.give_up(parcel, why)
        detail: dict[str, str | int] = {"kind": parcel.kind, "why": why}
        about = parcel.item or parcel.message
        await self._archive.audit(AuditLine(0, self._now(), "system", "give-up", about, detail))
        await self._archive.done(parcel.id, why)
        log.warning("outbox-gave-up", kind=parcel.kind, cause=why)

    async def _fenced(self, work: Awaitable[None]) -> Exception | None:
        """The fence: whatever goes wrong inside becomes a value."""
        try:
            await work
        except Exception as error:  # the scheduler's fence
            return error
        return None


def _cause(failure: Exception) -> str:
    """What may be stored and logged: our own errors speak in codes, others by their class."""
    return str(failure) if isinstance(failure, Temporary | Permanent) else type(failure).__name__


def _most(kind: str) -> int:
    """How often a row is tried: what a mail waits for before it ends, as long as the mail does."""
    return limits.NOT_SENT_ATTEMPTS if kind == "not-sent" else limits.OUTBOX_ATTEMPTS


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts before this one."""
    return min(FIRST * (1 << min(attempts, 10)), LONGEST)
