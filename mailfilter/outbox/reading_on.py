"""Reading on: what the budget before the reply did not reach is read to its end, then decided on.

From → to: an item in state READING → the workers, with patience → the rules in force now, with the
original envelope → `ReadOn`. Clean: released as it came by the outbox, and nobody hears of it. A
hit, or still not read: an ordinary held item, or one for the secure service, and the ordinary
notice. After our 250 nothing can be refused: what a rule rejects is held.

- The sender believes that her mail is on its way. So `limits.READING_ON` seconds after it came
  the item is settled, whatever has happened: held as over-limit, and she is told.
- One at a time, the oldest first. While others wait the first try has `SHARE` seconds, so that a
  book does not hold up letters; it comes again behind them and then has all the time that is left.
- The machinery fails (no workers, or an answer that came early without the scans): tried again
  after `REST`; the second kind `WEAK` times, for it may be the content's doing.
- Nothing is claimed: after a kill -9 the item is READING, and is read from the beginning. What a
  reviewer decided meanwhile stands; the result is dropped.

Known gap: reading begins anew at each try; what a first try has read is forgotten.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from mailfilter import limits
from mailfilter.act.asking import NO_RETRY, answer_to, recalled
from mailfilter.act.carry_out import grouped
from mailfilter.act.counting import counts
from mailfilter.decide import Rules, storable
from mailfilter.decide.unfinished import is_unfinished, unmarked
from mailfilter.errors import Permanent, Temporary
from mailfilter.letters.notice import STOCKHOLM
from mailfilter.log import log
from mailfilter.model import Action, Class, Envelope, Examination, Verdict
from mailfilter.record.contract import Archive, Dossier, Reading, ReadOn, StagedItem

SHARE = 120.0  # seconds of a first try while others wait: some 50 pages
REST = timedelta(seconds=15)  # before the next try when the machinery failed
WEAK = 3  # tries whose answer was none, before the content is blamed
EARLY = 10.0  # an answer so many seconds before its time had other causes than want of it
Examine = Callable[[bytes, float], Awaitable[Examination]]  # the mail, seconds of patience


@dataclass(frozen=True, slots=True)
class _Tries:
    """What this process has tried with an item."""

    due: datetime
    behind: bool = False  # it has had its share, others go first
    weak: int = 0


@dataclass(slots=True)
class ReadingOn:
    """Reads on what waits for it. `rules` is replaced whole at a reload (P13)."""

    archive: Archive
    examine: Examine
    rules: Rules
    now: Callable[[], datetime]
    wake: Callable[[], None]
    patience: float = limits.READING_ON
    _tries: dict[str, _Tries] = field(default_factory=dict)

    async def step(self) -> bool:
        """Take up one item; False if none is due."""
        waiting, now = await self.archive.reading(), self.now()
        known = {one.item: self._tries.get(one.item, _Tries(now)) for one in waiting}
        self._tries = {item: tries for item, tries in known.items() if item in self._tries}
        # further away than anything is put off: by a clock that has been put back since
        due = [one for one in waiting if not now < known[one.item].due <= now + REST]
        if not due:
            return False
        one = min(due, key=lambda one: known[one.item].behind)  # of equals the oldest
        tries = known[one.item]
        self._tries[one.item] = replace(tries, due=now + REST)  # first: whatever happens below
        try:
            await self._take_up(one, tries, alone=len(due) == 1)
        except Temporary as error:
            log.warning("reading-waits", cause=str(error))
        return True

    async def _take_up(self, one: Reading, tries: _Tries, *, alone: bool) -> None:
        began = self.now()
        left = min(self.patience - (began - one.at).total_seconds(), self.patience)
        if left <= 0:
            await self._settle(one, await self._out_of_time(one))
            return
        patience = left if alone or tries.behind else min(left, SHARE)
        try:
            dossier = await self.archive.dossier(one.message)
            body = await self.archive.body(one.message)
        except Permanent:
            await self._settle(one, ReadOn(one.item, began, "damaged", (_held(one),)))
            return
        examination = await self.examine(body, patience)
        spent = (self.now() - began).total_seconds()
        if not self._goes_on(one, tries, examination, spent, patience, left):
            await self._settle(one, await self._decided(one, dossier, examination, len(body)))

    def _goes_on(
        self,
        one: Reading,
        tries: _Tries,
        examination: Examination,
        spent: float,
        patience: float,
        left: float,
    ) -> bool:
        """The answer is not the last word; the item is put off."""
        unfinished = is_unfinished(examination)
        crashed = any(part.cls is Class.CRASHED for part in examination.not_examined)
        if crashed or (unfinished and spent < patience - EARLY):
            weak = tries.weak + 1
            self._tries[one.item] = replace(tries, due=self.now() + REST, weak=weak)
            return weak < WEAK
        if unfinished and patience < left:
            self._tries[one.item] = replace(tries, due=self.now(), behind=True)
            return True
        return False

    async def _decided(
        self, one: Reading, dossier: Dossier, examination: Examination, size: int
    ) -> ReadOn:
        envelope = Envelope(dossier.mail, dossier.rcpts, xforward=dossier.xforward)
        day = one.at.astimezone(STOCKHOLM).date()
        decision = self.rules.decide(examination, envelope, size, self._today())
        answers = self.archive.sender
        decision = await recalled(answers, decision, examination, envelope, NO_RETRY, self.now())
        verdicts = _merged(one, dossier.verdicts, [_kept(v) for v in decision.verdicts])
        known = replace(
            dossier,
            verdicts=storable(verdicts),
            findings=examination.findings,
            not_examined=examination.not_examined,
            opened=examination.opened,
            persons=examination.persons,
            answer=answer_to(decision, examination.said, envelope),
        )
        return ReadOn(
            item=one.item,
            at=self.now(),
            how="read-on",
            groups=grouped(verdicts, one.recipients),
            dossier=known,
            rules_hash=decision.rules_hash,
            protected=decision.protected,
            counts=counts(examination, replace(decision, verdicts=verdicts), day),
        )

    def _today(self) -> date:
        return self.now().astimezone(STOCKHOLM).date()

    async def _out_of_time(self, one: Reading) -> ReadOn:
        """Held by what was known when it came; what cannot be opened is held as it is."""
        held = ReadOn(one.item, self.now(), "out-of-time", (_held(one),))
        try:
            known = await self.archive.dossier(one.message)
        except Permanent:
            return held
        return replace(held, dossier=replace(known, verdicts=tuple(map(unmarked, known.verdicts))))

    async def _settle(self, one: Reading, done: ReadOn) -> None:
        settled = await self.archive.settle(done)
        self._tries.pop(one.item, None)
        self.wake()
        if one.protected or done.protected:
            return
        actions = sorted({group.action for group in done.groups})
        log.info("read-on", id=one.item, how=done.how, actions=actions, dropped=not settled)


def _held(one: Reading) -> StagedItem:
    return StagedItem(Action.QUARANTINE, recipients=one.recipients)


def _kept(verdict: Verdict) -> Verdict:
    """What can still be done after 250: a refusal becomes a hold."""
    refused = verdict.action is Action.REJECT
    return replace(verdict, action=Action.QUARANTINE) if refused else verdict


def _merged(one: Reading, before: Sequence[Verdict], now: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The new verdicts for whom the item is; what was done about the others stands."""
    mine = set(one.recipients)
    return tuple(now[n] if n in mine else before[n] for n in range(len(before)))
