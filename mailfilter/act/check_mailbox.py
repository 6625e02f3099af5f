"""The mailbox to which a draft is sent to be checked: answered, and dropped.

From → to: the way to the next hop → the same, but for a transaction whose one recipient is the
mailbox: nothing of it reaches the next hop, where nobody has that name. With other recipients the
mailbox is refused, for a draft that also goes to somebody is none.

This is the one exemption from P1: 250 is said when the answer, which holds nothing of the draft's
content, is committed to the outbox; then the draft is dropped.
"""

from collections.abc import Sequence
from dataclasses import replace

from mailfilter import replies
from mailfilter.act.carry_out import Case, Transaction, dossier
from mailfilter.act.next_hop_replies import Offers
from mailfilter.act.relay import Relay
from mailfilter.act.relay import Transaction as Way
from mailfilter.model import Decision, Envelope, Outcome, Path, Reply
from mailfilter.record.contract import Dossier, Intake

KIND = "check-answer"
ANYBODY = Path(b"<nagon@medborgare.invalid>", b"nagon@medborgare.invalid")  # whom a draft is for


def is_draft(envelope: Envelope, address: str) -> bool:
    """Whether it goes to the mailbox alone."""
    return bool(address) and [_is(path, address) for path in envelope.rcpts] == [True]


def as_sent(envelope: Envelope) -> Envelope:
    """The envelope that the rules shall judge: as if it went to somebody outside."""
    return replace(envelope, rcpts=(ANYBODY,))


async def answer(intake: Intake, case: Case, hop: Transaction) -> Outcome:
    """Commit the answer, drop the draft."""
    await hop.abort()
    told, key = contentless(dossier(case)), case.id.encode()
    await intake.notify_rejected(key, case.at, told, case.id, KIND)
    reply = replies.filled(replies.CHECKED, id=case.id)
    return Outcome(reply, Decision((), case.decision.rules_hash))


def contentless(known: Dossier) -> Dossier:
    """Kinds, masks, places and the address to answer; nothing that the draft said."""
    places = tuple(replace(one, place=one.place.nameless()) for one in known.findings)
    parts = tuple(replace(one, place=one.place.nameless()) for one in known.not_examined)
    return replace(known, subject="", findings=places, not_examined=parts, xforward=())


class CheckRelay:
    """A `Relay` that knows the mailbox."""

    def __init__(self, relay: Relay, address: str) -> None:
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
    """One message: to the mailbox alone, or to others alone."""

    def __init__(self, way: Way, address: str) -> None:
        self._way, self._address = way, address
        self._draft = False

    @property
    def accepted(self) -> list[Path]:
        return self._way.accepted

    async def rcpt(self, rcpt: Path) -> Reply:
        """250 of our own for the mailbox, if nobody else is named."""
        if self._draft:
            return replies.CHECK_ALONE
        if not _is(rcpt, self._address):
            return await self._way.rcpt(rcpt)
        if self._way.accepted:
            return replies.CHECK_ALONE
        self._draft = True
        return replies.CHECK_HERE

    async def send(self, wire: bytes, only: Sequence[int] | None = None) -> Reply:
        """To the others; a draft is never sent."""
        return replies.NOBODY if self._draft else await self._way.send(wire, only)

    async def abort(self) -> None:
        """End it without a message."""
        await self._way.abort()


def _is(path: Path, address: str) -> bool:
    return path.text.lower() == address.lower()
