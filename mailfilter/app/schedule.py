"""What desk does by the clock: sweeps, checkpoints, the reviewers' mail, the weekly report.

Each look first adds the minute that has run to the running time, by which mail ends, and says
where the wall clock did anything else.

One of the three fences that catch everything: a sweep that fails must not end desk, and the next
run covers the gap.
"""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta

from mailfilter.app.anchoring import Anchoring
from mailfilter.app.clock import STOCKHOLM, Stopwatch
from mailfilter.app.metrics import Metrics
from mailfilter.app.scanning import repeat_file
from mailfilter.config import Settings
from mailfilter.log import log
from mailfilter.model import State
from mailfilter.record.contract import Archive, Filter
from mailfilter.record.sealing import repeat_keys

EVERY = 60.0  # seconds
_WAITING = (State.HELD, State.RELEASE_FAILED)


class Schedule:
    """Runs for ever beside the outbox."""

    def __init__(
        self,
        archive: Archive,
        settings: Settings,
        now: Callable[[], datetime],
        wake: Callable[[], None],
        metrics: Metrics,
        watch: Stopwatch,
    ) -> None:
        self._archive, self._settings, self._now, self._wake = archive, settings, now, wake
        self._metrics, self._watch = metrics, watch
        self._anchoring = Anchoring(archive, settings)
        self._looked = False
        self._told = datetime.min.replace(tzinfo=STOCKHOLM)  # when reviewers were last written to
        self._seen = 0  # how many items waited then
        self._week = ""  # the last week whose report was queued by this process

    async def run(self) -> None:
        """Look at the clock once a minute."""
        while True:
            try:
                await self.tick()
            except Exception as error:
                self._metrics.failed()
                log.error("schedule", kind=type(error).__name__)
            await asyncio.sleep(EVERY)

    async def tick(self) -> None:
        """Everything that is due now."""
        now = self._now()
        await self._time(now)
        self._keys(now)
        await self._archive.index()
        if done := {what: n for what, n in (await self._archive.sweep(now)).items() if n}:
            log.info("sweep", **done)
        await self._anchoring.tick(now)
        self._metrics.anchored(self._anchoring.failed)
        if not await self._archive.copies.stands_still():
            await self._reviewers(now)
            await self._report(now)
        await self._metrics.refresh(self._archive, now, now.astimezone(STOCKHOLM).date())
        self._wake()

    async def _time(self, now: datetime) -> None:
        """Running time goes on; what the wall clock did beside it is said."""
        look = await self._archive.running.on(now, self._watch.lap())
        self._metrics.time(look)
        if look.jumped:
            hours = round(look.step.total_seconds() / 3600, 1)
            log.warning("clock-step", hours=hours, stopped=not self._looked)
        self._looked = True

    def _keys(self, now: datetime) -> None:
        """The key of the day, by which mail is known again. Without it senders are asked again,
        which must stop nothing else."""
        path = repeat_file(self._settings)
        try:
            if path is not None:
                repeat_keys.renew(path, now.astimezone(STOCKHOLM).date())
        except OSError as error:
            log.error("repeat-keys", cause=error.strerror or "")

    async def _reviewers(self, now: datetime) -> None:
        """A content-free mail when more waits than before, at most one in the set minutes."""
        notice = self._settings.notice
        if not notice.reviewers:
            return
        if timedelta() <= now - self._told < timedelta(minutes=notice.reviewers_minutes):
            return  # a time to come was told by a clock that has been put back since
        waiting = await self._archive.count_items(Filter(states=_WAITING, for_reviewers=True))
        if waiting > self._seen:
            await self._archive.put("reviewers", now, note=str(waiting))
            self._told = now
        self._seen = waiting

    async def _report(self, now: datetime) -> None:
        """Queue last week's report once its day and hour have come."""
        report = self._settings.report
        local = now.astimezone(STOCKHOLM)
        week = due_week(local, report.weekday, report.hour)
        if not report.recipients or week == self._week:
            return
        await self._archive.put("report", now, note=week)
        self._week = week


def due_week(local: datetime, weekday: int, hour: int) -> str:
    """The newest week whose report should have been sent at `local` time in Sweden."""
    monday: date = local.date() - timedelta(days=local.isoweekday() - 1)
    passed = (local.isoweekday(), local.hour) >= (weekday, hour)
    year, number, _ = (monday - timedelta(days=7 if passed else 14)).isocalendar()
    return f"{year}-W{number:02d}"
