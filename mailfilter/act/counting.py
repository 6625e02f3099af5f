"""Counting: what one message adds to the statistics, and a buffer that writes them in batches.

A message is counted once for itself (kind ``""``, the strictest action among its recipients) and
once for each kind of finding and each class of what was not examined, by rule and action. Rules
in observe mode count beside it with what they would have done. Nothing of it is personal.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import lru_cache

from detectors.levels import Level
from mailfilter.errors import Temporary
from mailfilter.log import log
from mailfilter.model import Action, Decision, Examination, Mode, Verdict
from mailfilter.record.contract import Count, Intake

_STRICTEST = (Action.REJECT, Action.QUARANTINE, Action.ASK, Action.REDIRECT, Action.RELAY)
UNREAD = "not-examined:"  # prefix of a kind that is a class of what was not examined


def counts(examination: Examination, decision: Decision, day: date) -> tuple[Count, ...]:
    """The increments of one message."""
    main, direction = _main(decision), _direction(decision)
    department = decision.department
    nothing = not (examination.findings or examination.not_examined or main.observed)
    if nothing and len(decision.verdicts) == 1:
        return _clean(day, department, direction, main.rule, main.action)
    kinds = _kinds(examination)

    def count(kind: str, rule: str, action: Action, mode: Mode, persons: int) -> Count:
        return Count(day, department, direction, kind, rule, action, mode, persons=persons)

    found = [count("", main.rule, main.action, Mode.ENFORCE, examination.persons)]
    for kind, persons in kinds.items():
        found.append(count(kind, main.rule, main.action, Mode.ENFORCE, persons))
    seen = {(rule, action) for v in decision.verdicts for rule, action in v.observed}
    for rule, action in sorted(seen):
        found += [count(kind, rule, action, Mode.OBSERVE, 0) for kind in ("", *kinds)]
    return tuple(found)


@lru_cache(maxsize=256)
def _clean(
    day: date, department: str, direction: str, rule: str, action: Action
) -> tuple[Count, ...]:
    """Those of a mail to one recipient in which nothing was found: most mails, and few of them."""
    return (Count(day, department, direction, "", rule, action, Mode.ENFORCE),)


def _direction(decision: Decision) -> str:
    internal = {verdict.recipient_class for verdict in decision.verdicts} <= {"internal"}
    return "internal" if internal else "external"


def _main(decision: Decision) -> Verdict:
    if len(decision.verdicts) == 1:
        return decision.verdicts[0]
    return min(decision.verdicts, key=lambda verdict: _STRICTEST.index(verdict.action))


def _kinds(examination: Examination) -> dict[str, int]:
    """Kind → distinct persons, for findings of medium and higher and for what was not examined."""
    persons: dict[str, set[str]] = {}
    for finding in examination.findings:
        if finding.level is not Level.LOW:
            persons.setdefault(finding.kind, set()).add(finding.person)
    kinds = {kind: len(who - {""}) for kind, who in persons.items()}
    return kinds | {UNREAD + unread.cls: 0 for unread in examination.not_examined}


class CountBuffer:
    """Collects increments and writes them every few seconds; a crash may lose that much (P8)."""

    def __init__(self, intake: Intake, seconds: float) -> None:
        self._intake, self._seconds = intake, seconds
        self._waiting: Counter[Count] = Counter()
        self._alike: dict[int, tuple[tuple[Count, ...], int]] = {}  # by identity: how often

    def add(self, increments: tuple[Count, ...]) -> None:
        """Remember increments; equal ones become one row.

        Most mails add the same object, which `counts` made once: only its number is looked up.
        """
        at = id(increments)
        self._alike[at] = increments, self._alike.get(at, (increments, 0))[1] + 1

    async def run(self) -> None:
        """Write for ever; what cannot be written stays for the next time."""
        while True:
            await asyncio.sleep(self._seconds)
            await self.flush()

    async def flush(self) -> None:
        """Write what is waiting."""
        for increments, times in self._alike.values():
            for count in increments:
                self._waiting[count] += times
        self._alike.clear()
        waiting, self._waiting = self._waiting, Counter()
        if not waiting:
            return
        try:
            await self._intake.count([_times(count, n) for count, n in waiting.items()])
        except Temporary as error:
            self._waiting.update(waiting)
            log.warning("counts-wait", cause=str(error))


def _times(count: Count, n: int) -> Count:
    return replace(count, n=count.n * n, persons=count.persons * n)
