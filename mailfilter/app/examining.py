"""Examining: in an smtp process small text mail at once, all else by the scan workers (P11)."""

import os
from dataclasses import replace
from datetime import date

from mailfilter import limits
from mailfilter.app.scanning import registers_of
from mailfilter.config import Settings
from mailfilter.errors import ConfigError
from mailfilter.examine import Job, examine_small, searching
from mailfilter.log import log
from mailfilter.model import Examination
from mailfilter.workers.pool import Pool


class Examiner:
    """Calls are coroutines from the bytes of a message to its `Examination`."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._hurried = pool.hurried(limits.CHECK_WAIT, limits.CHECK_SECONDS - limits.CHECK_WAIT)
        key = os.urandom(32)  # counts persons within a message; dies with the process
        self._job = searching(Job(key, date.min, registers=registers_of(settings)), settings)

    def look_for(self, settings: Settings) -> None:
        """Take what mail is searched for from these settings, at the start and at a reload.

        A register that is damaged by then leaves the old ones in force (P13).
        """
        self._job = searching(self._job, settings)
        try:
            self._job = replace(self._job, registers=registers_of(settings))
        except ConfigError as error:
            log.error("registers-kept", cause=str(error))

    async def __call__(self, data: bytes, today: date) -> Examination:
        job = self._on(today)
        if done := examine_small(data, job):
            return done
        return await self._pool.examine(data, job)

    async def to_the_end(self, data: bytes, today: date, patience: float) -> Examination:
        """With so many seconds for what is written in pictures: no client waits."""
        return await self._pool.examine(data, self._on(today), patience=patience)

    async def hurried(self, data: bytes, today: date) -> Examination:
        """What can be read in the few seconds that somebody waits for a check."""
        return await self._hurried.examine(data, self._on(today))

    def _on(self, today: date) -> Job:
        if self._job.today != today:
            self._job = replace(self._job, today=today)
        return self._job
