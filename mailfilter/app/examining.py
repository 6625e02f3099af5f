"""Examining: in an smtp process small text mail at once, all else by the scan workers (P11)."""

import json
import os
from dataclasses import replace
from datetime import date

from mailfilter import __version__, extract, limits, pictures, registers
from mailfilter.app.scanning import repeat_file
from mailfilter.config import Settings
from mailfilter.errors import ConfigError
from mailfilter.examine import Job, examine_small, searching
from mailfilter.extract.image import ocr
from mailfilter.log import log
from mailfilter.model import Examination
from mailfilter.record.sealing import repeat_keys
from mailfilter.workers.pool import Pool


class Examiner:
    """Calls are coroutines from the bytes of a message to its `Examination`."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._known = False  # the key of the day, by which mail is known again
        self._hurried = pool.hurried(limits.CHECK_WAIT, limits.CHECK_SECONDS - limits.CHECK_WAIT)
        key = os.urandom(32)  # counts persons within a message; dies with the process
        self._repeat = repeat_file(settings)
        self._job = searching(Job(key, date.min, registers=registers.of(settings)), settings)
        self._secret, self._facts = b"", _facts(self._job)  # by what pictures are known

    def look_for(self, settings: Settings) -> None:
        """Take what mail is searched for from these settings, at the start and at a reload.

        A register that is damaged by then leaves the old ones in force (P13).
        """
        self._job = searching(self._job, settings)
        self._repeat, self._known = repeat_file(settings), False
        try:
            self._job = replace(self._job, registers=registers.of(settings))
        except ConfigError as error:
            log.error("registers-kept", cause=str(error))
        self._secret, self._facts = b"", _facts(self._job)

    async def __call__(self, data: bytes, today: date) -> Examination:
        job = self._on(today)
        if done := examine_small(data, job, self._pool.pictures or extract.NOTHING):
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
            self._job, self._known = replace(self._job, today=today), False
        if not self._known and self._repeat is not None:  # desk makes the key of the day in time
            keys = repeat_keys.load(self._repeat, today)
            self._job, self._known = replace(self._job, repeat=tuple(keys.values())), today in keys
        if (known := self._pool.pictures) and known.secret != self._secret:
            self._secret = known.secret
            self._job = replace(self._job, pictures=pictures.key(known.secret, *self._facts))
        return self._job


def _facts(job: Job) -> tuple[bytes, ...]:
    """All that decides whether a picture says something: program, OCR data, levels, registers."""
    levels = json.dumps(job.levels.to_json(), sort_keys=True).encode()
    return __version__.encode(), ocr.fingerprint(), levels, registers.bundle(job.registers)
