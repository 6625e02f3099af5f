"""The mailbox to which a draft is sent to be checked: answered, and dropped.

From → to: the way to the next hop → the same, but for a transaction whose one recipient is the
mailbox: nothing of it reaches the next hop, where nobody has that name.

**The one exemption from P1:** 250 is said when the answer, which holds nothing of the draft's
content, is committed to the outbox; then the draft is dropped. A retry of the same mail is answered
once (by its join key).

A draft goes to nobody by mistake: where the mailbox stands beside other recipients, in the
envelope or in To and Cc, the whole message is refused, whatever the order of the commands and
however the client has split it. Asked are only our own senders: no empty return path (so nothing of
ours and no bounce is ever answered), not the mailbox itself, no automatic mail, and each
`limits.CHECKS_PER_HOUR` times an hour (counted in each smtp process, in memory).

Known gap: a Bcc to the mailbox that the client has split off is a draft of its own, and the copy to
the others is a mail like any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mailfilter import failpoint, replies
from mailfilter.config import Settings
from mailfilter.decide.addresses import Patterns, patterns, split
from mailfilter.letters.check_answer import colleague, told, verdicts
from mailfilter.model import Action, Decision, Envelope, Examination, Mode, Path, Reply
from mailfilter.next_hop.replies import Offers
from mailfilter.own_addresses.returned_link import Way, WayOut
from mailfilter.record.contract import Count, Intake

KIND = "check-answer"


@dataclass(frozen=True, slots=True)
class CheckMailbox:
    """Answers drafts. `wait`: how long this sender has to wait, zero counts as a check made."""

    settings: Settings
    intake: Intake
    wait: Callable[[str, datetime], timedelta]

    @property
    def address(self) -> str:
        return self.settings.front.check_address

    def is_draft(self, envelope: Envelope) -> bool:
        """Whether it goes to the mailbox alone."""
        return [_is(path, self.address) for path in envelope.rcpts] == [True]

    def mixed(self, hop: object) -> bool:
        """Whether the mailbox was named beside others in one transaction."""
        return isinstance(hop, CheckWay) and hop.mixed

    def beside(self, examination: Examination, hop: object) -> bool:
        """Whether a mail to others also names the mailbox: then nobody may get it."""
        named = any(one.lower() == self.address.lower() for one in examination.facts.visible)
        return named or self.mixed(hop)

    def refusal(self, envelope: Envelope, now: datetime) -> Reply | None:
        """Why this sender gets no answer, before the draft is read; None if she gets one."""
        ours: Patterns = patterns(self.settings.organisation.domains, "ours")
        sender = envelope.mail.text
        if not sender or _is(envelope.mail, self.address) or ours.find(split(sender)) is None:
            return replies.CHECK_NOT_YOU
        return replies.CHECK_LATER if self.wait(sender.lower(), now) else None

    async def answer(
        self,
        draft: "Draft",
        examination: Examination,
        decide: Callable[[Envelope], Decision],
    ) -> Reply:
        """Commit the answer; then the draft may be dropped."""
        facts = examination.facts
        if facts.automatic or facts.mailing_list or facts.report:
            return replies.CHECK_NOT_YOU
        judged = verdicts(decide, draft.envelope, colleague(self.settings))
        known = told(examination, judged, draft.envelope.mail)
        await self.intake.notify_rejected(draft.join_key, draft.at, known, draft.id, KIND)
        failpoint.reach("kept")
        return replies.filled(replies.CHECKED, id=draft.id)


@dataclass(frozen=True, slots=True)
class Draft:
    """What came: `join_key` is the same at each try of one transaction."""

    id: str
    at: datetime
    envelope: Envelope
    join_key: bytes


def counted(day: date) -> Count:
    """What a check adds to the statistics: one, of nobody."""
    return Count(day, "", "", "act:check", "", Action.RELAY, Mode.ENFORCE)


class CheckRelay:
    """A way out that knows the mailbox."""

    def __init__(self, relay: WayOut, address: str) -> None:
        self._relay, self._address = relay, address

    @property
    def known(self) -> Offers | None:
        """What the next hop announced last."""
        return self._relay.known

    async def learn(self) -> Offers:
        """What the next hop announces."""
        return await self._relay.learn()

    def transaction(self, mail: Path, xforward: Sequence[bytes] = ()) -> "CheckWay":
        """A transaction that asks the next hop of everybody but the mailbox."""
        return CheckWay(self._relay.transaction(mail, xforward), self._address)


class CheckWay:
    """One message: to the mailbox alone, or to others alone; else `mixed`, and to nobody."""

    def __init__(self, way: Way, address: str) -> None:
        self._way, self._address = way, address
        self._draft = False
        self.mixed = False

    @property
    def accepted(self) -> list[Path]:
        return self._way.accepted

    async def rcpt(self, rcpt: Path) -> Reply:
        """250 of our own for the mailbox, if nobody else is named."""
        mailbox = _is(rcpt, self._address)
        if self._draft or (mailbox and self._way.accepted):
            self.mixed = True
            return replies.CHECK_ALONE
        if not mailbox:
            return await self._way.rcpt(rcpt)
        self._draft = True
        return replies.CHECK_HERE

    async def send(self, wire: bytes, only: Sequence[int] | None = None) -> Reply:
        """To the others; a draft is never sent."""
        if self._draft or self.mixed:
            return replies.CHECK_ALONE
        return await self._way.send(wire, only)

    async def abort(self) -> None:
        """End it without a message."""
        await self._way.abort()


def _is(path: Path, address: str) -> bool:
    return path.text.lower() == address.lower()
