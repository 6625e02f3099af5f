"""Examining in an smtp process: small text mail here, all else by the scan workers (P11)."""

import os
from dataclasses import replace
from datetime import date

from mailfilter.examine import Job, examine_small
from mailfilter.model import Examination
from mailfilter.workers.pool import Pool


class Examiner:
    """Calls are coroutines from the bytes of a message to its `Examination`."""

    def __init__(
        self, pool: Pool, marks: tuple[str, ...], cloud_hosts: tuple[str, ...] = ()
    ) -> None:
        self._pool = pool
        self._key = os.urandom(32)  # counts persons within a message; dies with the process
        self._job = Job(self._key, date.min, marks, cloud_hosts)

    async def __call__(self, data: bytes, today: date) -> Examination:
        if self._job.today != today:
            self._job = replace(self._job, today=today)
        job = self._job
        if done := examine_small(data, job):
            return done
        return await self._pool.examine(data, job)
