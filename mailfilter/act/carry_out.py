"""Carry out a decision: one DATA, one reply (V7).

From → to: `Decision` + the open transaction with the next hop → `Outcome`.

Order: (a) what is held or redirected is staged durably, (b) the others are relayed, (c) stage,
notice and counts are committed in one transaction, (d) the reply is given. Where nobody is relayed,
(a) and (c) are one transaction. Invariants: 2xx only after the next hop's own 2xx or a durable
commit (P1); a message that the next hop did not accept leaves no stage behind; a retry meets its
own row by its join key and is not relayed twice (P2).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from mailfilter import failpoint, replies
from mailfilter.act.asking import answer_to, recalled
from mailfilter.act.counting import counts
from mailfilter.decide import storable
from mailfilter.decide.unfinished import waits
from mailfilter.errors import Temporary
from mailfilter.model import Action, Decision, Envelope, Examination, Outcome, Reply, Verdict
from mailfilter.record.contract import Count, Dossier, Intake, Staged, StagedItem

_RELAY = frozenset({Action.RELAY})


class Transaction(Protocol):
    """The open transaction with the next hop: MAIL and RCPTs are accepted, DATA is not sent."""

    async def send(self, wire: bytes, only: Sequence[int] | None = None) -> Reply:
        """Send the message to all recipients or to those of these indexes; the final reply."""
        ...

    async def abort(self) -> None:
        """End it without a message."""
        ...


class Keys(Protocol):
    """By what a retry and the copies of a mail are known; costs a hash of the message."""

    def join(self, envelope: Envelope, data: bytes) -> bytes: ...
    def incident(self, sender: bytes, message_id: str, data: bytes) -> bytes: ...


@dataclass(slots=True, eq=False)  # not frozen: every mail makes one, and freezing costs 1 us
class Case:
    """A message on its way through: what came, what was read, what was decided. What only kept
    mail needs is worked out when it is asked for."""

    id: str
    day: date
    envelope: Envelope
    wire: bytes  # dot-stuffed, as received
    data: bytes  # dots unstuffed
    examination: Examination
    decision: Decision
    keys: Keys
    now: Callable[[], datetime]

    @property
    def at(self) -> datetime:
        return self.now()

    @property
    def stored(self) -> tuple[Verdict, ...]:
        """The verdicts as they may stand beside a sender (V6)."""
        return storable(self.decision.verdicts)

    @property
    def counts(self) -> tuple[Count, ...]:
        return counts(self.examination, self.decision, self.day)

    def join_key(self) -> bytes:
        return self.keys.join(self.envelope, self.data)

    def incident_key(self) -> bytes:
        sender, facts = self.envelope.mail.address, self.examination.facts
        return self.keys.incident(sender, facts.message_id, self.data)


@dataclass(frozen=True, slots=True)
class CarryOut:
    """Carries out decisions with one `Intake`."""

    intake: Intake
    notice: bool = True
    notice_on_reject: bool = False
    telling: frozenset[str] = frozenset()  # connectors whose own mail tells the sender

    async def __call__(self, case: Case, hop: Transaction) -> Outcome:
        """The outcome; its reply is what the client gets."""
        if case.decision.having(Action.ASK):
            case.decision = await self._recalled(case)
        verdicts = case.decision.verdicts
        actions = {verdict.action for verdict in verdicts}
        if Action.REJECT in actions:
            return await self._reject(case, hop)
        if actions <= _RELAY:
            reply = await hop.send(case.wire)
            sent = tuple([v.recipient for v in verdicts]) if _accepted(reply) else ()
            return Outcome(reply, case.decision, relayed=sent)
        return await self._keep(case, hop)

    async def _recalled(self, case: Case) -> Decision:
        """The decision by what the sender has answered before."""
        join_key, found = case.join_key(), case.examination
        return await recalled(self.intake, case.decision, found, case.envelope, join_key, case.at)

    async def _reject(self, case: Case, hop: Transaction) -> Outcome:
        await hop.abort()
        if self.notice_on_reject:
            await self.intake.notify_rejected(case.join_key(), case.at, dossier(case), case.id)
        return Outcome(replies.filled(replies.STOPPED, id=case.id), case.decision, stored=case.id)

    async def _keep(self, case: Case, hop: Transaction) -> Outcome:
        passing = _indexes(case.decision, Action.RELAY)
        if not passing:
            return await self._hold(case, hop)
        joined = await self.intake.stage(self._staged(case))
        failpoint.reach("staged")
        if joined.committed:
            await hop.abort()
            return _taken(case, joined.id, joined=True)
        if not joined.relayed:
            reply = await hop.send(case.wire, passing)
            if not _accepted(reply):
                await self.intake.abort(joined.id)
                return Outcome(reply, case.decision)
            await self.intake.mark_relayed(joined.id)
            failpoint.reach("relayed")
        else:
            await hop.abort()
        await self.intake.commit(joined.id, case.counts)
        failpoint.reach("kept")
        return _taken(case, joined.id, joined=joined.relayed)

    async def _hold(self, case: Case, hop: Transaction) -> Outcome:
        """Nobody is relayed: nothing lies between stage and commit, one transaction does both."""
        await hop.abort()
        joined = await self.intake.keep(self._staged(case), case.counts)
        failpoint.reach("kept")
        return _taken(case, joined.id, joined=joined.committed or joined.relayed)

    def _staged(self, case: Case) -> Staged:
        decision = case.decision
        return Staged(
            id=case.id,
            join_key=case.join_key(),
            incident_key=case.incident_key(),
            at=case.at,
            department=decision.department,
            controller=decision.controller,
            protected=decision.protected,
            rules_hash=decision.rules_hash,
            dossier=dossier(case),
            body=case.data,
            items=items(decision),
            notice=self.notice and not told_elsewhere(decision.verdicts, self.telling),
        )


async def settle_abandoned(hop: Transaction) -> None:
    """End the next hop's transaction after a failure of our own; it may be gone already."""
    try:
        await hop.abort()
    except (OSError, Temporary):
        return


def told_elsewhere(verdicts: Sequence[Verdict], telling: frozenset[str]) -> bool:
    """Whether the own mails of the connectors `telling` tell the sender all that is done: then the
    one notice of an incident is left to another copy of it, which may be held."""
    stopped = [verdict for verdict in verdicts if verdict.action is not Action.RELAY]
    return (
        bool(stopped)
        and not any(map(waits, verdicts))
        and all(v.action is Action.REDIRECT and v.connector in telling for v in stopped)
    )


def items(decision: Decision) -> tuple[StagedItem, ...]:
    """The action groups of what is kept: those held, read on, and those for each connector."""
    kept = (Action.QUARANTINE, Action.REDIRECT, Action.ASK)
    verdicts = decision.verdicts
    return grouped(verdicts, [n for n, verdict in enumerate(verdicts) if verdict.action in kept])


def grouped(verdicts: Sequence[Verdict], indexes: Sequence[int]) -> tuple[StagedItem, ...]:
    """The recipients with these indexes by what becomes of them, in the order of the first."""
    groups: dict[tuple[Action, str, bool], list[int]] = {}
    for index in indexes:
        verdict = verdicts[index]
        key = verdict.action, verdict.connector, waits(verdict)
        groups.setdefault(key, []).append(index)
    return tuple(
        StagedItem(action, connector, tuple(who), reading)
        for (action, connector, reading), who in groups.items()
    )


def dossier(case: Case) -> Dossier:
    """All that is personal about a kept message; it is sealed before it leaves the process."""
    facts, examination = case.examination.facts, case.examination
    return Dossier(
        sender=case.envelope.mail.text,
        subject=facts.subject,
        message_id=facts.message_id,
        mail=case.envelope.mail,
        rcpts=case.envelope.rcpts,
        verdicts=case.stored,
        findings=examination.findings,
        not_examined=examination.not_examined,
        persons=examination.persons,
        language=facts.language,
        automatic=facts.automatic or facts.mailing_list or facts.report,
        xforward=case.envelope.xforward,
        opened=examination.opened,
        files=facts.files,
        answer=answer_to(case.decision, examination.said, case.envelope),
    )


def _indexes(decision: Decision, action: Action) -> list[int]:
    return [index for index, verdict in enumerate(decision.verdicts) if verdict.action is action]


def _accepted(reply: Reply) -> bool:
    return 200 <= reply.code < 300


def _taken(case: Case, id: str, *, joined: bool) -> Outcome:
    relayed = tuple(verdict.recipient for verdict in case.decision.having(Action.RELAY))
    reply = replies.filled(replies.ACCEPTED, id=id)
    return Outcome(reply, case.decision, stored=id, relayed=relayed, joined=joined)
