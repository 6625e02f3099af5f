"""Reading on in desk: the task of ``outbox/reading_on.py``, put together and run beside the outbox.

One of the fences that catch everything: an item that meets a fault of ours is put off, and the
others are read.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from mailfilter.app import clock, rules
from mailfilter.app.examining import Examiner
from mailfilter.config import Settings
from mailfilter.decide import Rules
from mailfilter.letters.check_answer import colleague, told, verdicts
from mailfilter.log import log
from mailfilter.model import Decision, Envelope, Examination
from mailfilter.model import Path as Address
from mailfilter.outbox.reading_on import ReadingOn
from mailfilter.record.contract import Archive, Dossier
from mailfilter.workers.pool import Pool

JUDGING = 20.0  # seconds for scans in what a sender waits for
TICK = 1.0  # seconds: smtp processes cannot wake desk, and a look is one indexed query


class Reader:
    """Reads on for ever; `reload` takes the rules that a file has now."""

    def __init__(
        self,
        archive: Archive,
        settings: Settings,
        file: Path | None,
        pool: Pool,
        wake: Callable[[], None],
    ) -> None:
        self._file, self._settings = file, settings
        latest, in_force = rules.in_force(settings, file)
        self._examiner = Examiner(pool, latest)
        self._task = ReadingOn(archive, self._examine, in_force, clock.now, wake)

    async def _examine(self, data: bytes, patience: float) -> Examination:
        return await self._examiner.to_the_end(data, clock.today(), patience)

    async def judge(self, data: bytes, envelope: Envelope) -> tuple[Examination, Decision]:
        """What is found in a mail that a sender shows, and what the rules in force say of it."""
        examination = await self._examine(data, JUDGING)
        rules_now = self._task.rules
        return examination, rules_now.decide(examination, envelope, len(data), clock.today())

    async def check(self, data: bytes, mail: Address) -> Dossier:
        """What may be said of a draft of this sender, who waits a few seconds for it."""
        examination = await self._examiner.hurried(data, clock.today())
        rules_now = self._task.rules

        def decide(envelope: Envelope) -> Decision:
            return rules_now.decide(examination, envelope, len(data), clock.today())

        judged = verdicts(decide, Envelope(mail, ()), colleague(self._settings))
        return told(examination, judged, mail)

    def reload(self) -> None:
        """Take new rules, and what they need of a mail; a bad file changes nothing (P13)."""
        rules.reload(self._file, self._take)

    def _take(self, settings: Settings, new: Rules) -> None:
        self._task.rules = new
        self._examiner.look_for(settings)

    async def run(self) -> None:
        """One item after the other."""
        while True:
            busy = False
            try:
                busy = await self._task.step()
            except Exception as error:
                log.error("reading-on", kind=type(error).__name__)
            if not busy:
                await asyncio.sleep(TICK)
