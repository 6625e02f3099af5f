"""The pipeline: received → examined → decided → acted on → counted. It does nothing else.

Every step is a collaborator given by ``app``. A step that cannot do its work raises `Temporary`,
and the client keeps the mail (P3, P4): nothing is relayed because inspection failed, unless the
operator has said so for a limited time, and then it is counted.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from time import perf_counter

from detectors.health.hearing import NOT_JUDGED
from mailfilter import failpoint, meters, replies
from mailfilter.act.carry_out import CarryOut, Case, Transaction, settle_abandoned
from mailfilter.act.counting import CountBuffer
from mailfilter.act.mail_hosts import MailHosts
from mailfilter.decide import Rules
from mailfilter.decide.unfinished import waits
from mailfilter.errors import Temporary
from mailfilter.log import listed, log
from mailfilter.meters import Meters
from mailfilter.model import Action, Decision, Envelope, Examination, Facts, Outcome, Reply, Verdict
from mailfilter.own_addresses.check_mailbox import CheckMailbox, Draft, counted
from mailfilter.receive.contract import Received
from mailfilter.receive.identity import incident_key, join_key


@dataclass(frozen=True, slots=True)
class Identity:
    """The keys of a mail (`receive.identity`) with this installation's secret."""

    secret: bytes

    def join(self, envelope: Envelope, data: bytes) -> bytes:
        return join_key(self.secret, envelope, data)

    def incident(self, sender: bytes, message_id: str, data: bytes) -> bytes:
        return incident_key(self.secret, sender, message_id, data)


@dataclass(slots=True)
class Pipeline:
    """The stages of one smtp process. `rules` is replaced whole at a reload (P13)."""

    examine: Callable[[bytes], Awaitable[Examination]]
    rules: Rules
    carry_out: CarryOut
    counter: CountBuffer
    secret: bytes
    new_id: Callable[[], str]
    now: Callable[[], datetime]
    today: Callable[[], date]
    fail_open: Callable[[], bool]
    drafts: CheckMailbox | None = None  # the mailbox of the check before sending
    check: Callable[[bytes], Awaitable[Examination]] | None = None  # in its few seconds
    hosts: MailHosts | None = None  # who receives a domain's mail; None: no class depends on it
    meters: Meters = field(default_factory=meters.alone)
    _keys: Identity = field(init=False)

    def __post_init__(self) -> None:
        self._keys = Identity(self.secret)

    async def __call__(self, received: Received, hop: Transaction) -> Reply:
        """The reply to the final dot."""
        began = perf_counter()
        id = self.new_id()
        if self.drafts is not None and self.drafts.is_draft(received.envelope):
            return await self._checked(self.drafts, id, received, hop)
        try:
            examination = await self._examined(received)
        except Temporary as error:
            await settle_abandoned(hop)
            return self._told(id, replies.NOT_NOW, error, "read")
        read = perf_counter()
        if self.drafts is not None and self.drafts.beside(examination, hop):
            await settle_abandoned(hop)
            log.warning("check-refused", id=id, code=replies.CHECK_ALONE.code)
            return replies.CHECK_ALONE
        day = self.today()
        try:
            decision = await self._decided(examination, received, day)
        except Temporary as error:
            await settle_abandoned(hop)
            return self._told(id, replies.NOT_NOW, error, "decide")
        failpoint.reach("verdict")
        envelope, wire, data = received.envelope, received.wire, received.data
        case = Case(id, day, envelope, wire, data, examination, decision, self._keys, self.now)
        try:
            outcome = await self.carry_out(case, hop)
        except Temporary as error:
            await settle_abandoned(hop)
            return self._told(id, replies.STORE_DOWN, error, "store")
        self._count(case, outcome)
        self._measure(case, outcome, read - began, perf_counter() - read)
        if outcome.stored and outcome.reply.code < 300:
            return replace(outcome.reply, kept=outcome.stored)
        return outcome.reply

    async def _checked(
        self, drafts: CheckMailbox, id: str, received: Received, hop: Transaction
    ) -> Reply:
        """The answer to a draft: the one exemption from P1, see
        ``own_addresses/check_mailbox.py``. It is never failed open: unread is not checked."""
        began = perf_counter()
        await settle_abandoned(hop)
        envelope, data = received.envelope, received.data
        reply = replies.CHECK_ALONE if drafts.mixed(hop) else drafts.refusal(envelope, self.now())
        if reply is None:
            try:
                examination = await (self.check or self.examine)(data)
                failpoint.reach("verdict")
            except Temporary as error:
                return self._told(id, replies.NOT_NOW, error, "read")
            draft = Draft(id, self.now(), envelope, join_key(self.secret, envelope, data))
            day = self.today()
            decide = partial(self._alone, examination, len(data), day)
            try:
                reply = await drafts.answer(draft, examination, decide)
            except Temporary as error:
                return self._told(id, replies.STORE_DOWN, error, "store")
            if reply.code < 300:
                self.counter.add((counted(day),))
        log.info("check", id=id, code=reply.code, ms=round((perf_counter() - began) * 1000, 1))
        return reply

    def _alone(
        self, examination: Examination, size: int, day: date, envelope: Envelope
    ) -> Decision:
        return self.rules.decide(examination, envelope, size, day)

    async def _examined(self, received: Received) -> Examination:
        try:
            return await self.examine(received.data)
        except Temporary as error:
            if not self.fail_open():
                raise
            log.error("fail-open", cause=str(error))
            self.meters.count(meters.FAIL_OPEN)
            return Examination(Facts(), size=-1)

    async def _decided(self, examination: Examination, received: Received, day: date) -> Decision:
        if examination.size < 0:
            return _passed(received)
        size = len(received.data)
        decide = partial(
            self.rules.decide, examination, received.envelope, size, day, reading_on=True
        )
        if self.hosts is None:
            return decide()
        hosts = await self.hosts.of(self.rules.domains(received.envelope))
        decision = decide(american=hosts.american)
        if hosts.unknown and not _alike(decision, decide(american=hosts.american | hosts.unknown)):
            raise Temporary("the mail servers of a recipient's domain cannot be looked up in DNS")
        return decision

    def _count(self, case: Case, outcome: Outcome) -> None:
        """What was kept has been counted with its commit; the rest goes into the buffer."""
        kept = outcome.stored and not case.decision.having(Action.REJECT)
        if not kept and (outcome.relayed or outcome.stored):
            self.counter.add(case.counts)

    def _measure(self, case: Case, outcome: Outcome, reading: float, acting: float) -> None:
        """Into the log line and the metrics. What is done with a protected mail is in neither."""
        self.meters.took(meters.READ_SECONDS, reading)
        self.meters.took(meters.ACT_SECONDS, acting)
        if case.decision.protected:
            log.info("message", code=outcome.reply.code)
            return
        for action in {verdict.action for verdict in case.decision.verdicts}:
            self.meters.count(meters.VERDICTS, action)
        if outcome.joined:
            self.meters.count(meters.JOINED)
        if not_judged := _not_judged(case.examination):
            self.meters.count(meters.NOT_JUDGED, by=not_judged)
        _line(case, outcome, (reading, acting), not_judged)

    def _told(self, id: str, reply: Reply, error: Temporary, step: str) -> Reply:
        log.warning("deferred", id=id, code=reply.code, cause=str(error))
        self.meters.count(meters.DEFERRED, step)
        return reply


def _alike(one: Decision, other: Decision) -> bool:
    """Whether two decisions do the same with everybody."""
    return [(v.action, v.connector) for v in one.verdicts] == [
        (v.action, v.connector) for v in other.verdicts
    ]


def _passed(received: Received) -> Decision:
    """Fail-open (P4): everybody gets it, under a rule name that the statistics show."""
    verdicts = tuple(
        Verdict(path.text, Action.RELAY, "fail-open", ("fail-open",))
        for path in received.envelope.rcpts
    )
    return Decision(verdicts, rules_hash="")


def _not_judged(examination: Examination) -> int:
    """Flagged expressions of health on which the rules' number stands alone."""
    return [NOT_JUDGED in found.evidence for found in examination.findings].count(True)


def _line(case: Case, outcome: Outcome, took: tuple[float, float], not_judged: int) -> None:
    """The one line a message: codes, counts, sizes, times."""
    verdicts, examination = case.decision.verdicts, case.examination
    log.written(
        "message",
        f'"id": "{case.id}", "stored": "{outcome.stored}", "code": {outcome.reply.code}, '
        f'"size": {len(case.data)}, "coverage": "{examination.coverage}", '
        f'"kinds": {listed([finding.kind for finding in examination.findings])}, '
        f'"unread": {listed([unread.reason for unread in examination.not_examined])}, '
        f'"not_judged": {not_judged}, '
        f'"opened": {len(examination.opened)}, '
        f'"actions": {listed([verdict.action for verdict in verdicts])}, '
        f'"rules": {listed([verdict.rule for verdict in verdicts])}, '
        f'"recipients": {len(verdicts)}, '
        f'"read_on": {[waits(verdict) for verdict in verdicts].count(True)}, '
        f'"joined": {"true" if outcome.joined else "false"}, '
        f'"read_ms": {took[0] * 1000:.1f}, "act_ms": {took[1] * 1000:.1f}',
    )
