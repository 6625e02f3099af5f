"""Release: a held message goes to the recipients that it was written for, as it came.

From → to: parcel ``release`` of an item in state RELEASING → the original bytes with the original
envelope (MAIL and RCPT as they came, NOTIFY, ORCPT, RET and ENVID included, P5) at the next hop →
RELEASED after its 250, and only then.

- All recipients of the item or none: RCPT is asked for each, and at the first refusal the
  transaction is given up before DATA. So nobody has the mail twice because of somebody else's
  address. The next hop had accepted each of them when the mail came.
- 5xx: RELEASE_FAILED; the sender and the reviewers are told. 4xx: again later, by the outbox.
- Duplicate window: if we die between the next hop's 250 and our commit, the parcel is still there
  and the item still RELEASING, and the message is sent again, the same bytes and so the same
  Message-ID. Mail servers and clients know it by that. No other way leads to a second copy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailfilter import replies
from mailfilter.act.contract import Deliver
from mailfilter.act.next_hop import Hop
from mailfilter.act.relay import Receipt, Relay, stuff
from mailfilter.connectors.contract import Kind, judged
from mailfilter.errors import Permanent, Temporary
from mailfilter.model import Path, Reply, State
from mailfilter.record.contract import Archive, AuditLine, Item, Parcel


async def deliver_all(
    hop: Hop, mail: Path, rcpts: Sequence[Path], data: bytes, xforward: Sequence[bytes] = ()
) -> Receipt:
    """One message to all of `rcpts` or to none, over a connection of its own."""
    relay = Relay(hop, kept=0)
    transaction = relay.transaction(mail, xforward)
    answers: list[Reply] = []
    try:
        for rcpt in rcpts:
            answers.append(await transaction.rcpt(rcpt))
            if answers[-1].code >= 300:
                return Receipt(tuple(answers), answers[-1])
        if not answers:
            return Receipt((), replies.NOBODY)
        return Receipt(tuple(answers), await transaction.send(stuff(data)))
    finally:
        await transaction.abort()
        await relay.close()


@dataclass(frozen=True, slots=True)
class Release:
    """The handler of ``release``; `deliver` goes to the next hop, to all or none."""

    archive: Archive
    deliver: Deliver
    now: Callable[[], datetime]

    async def send(self, parcel: Parcel) -> None:
        """Send the item, unless somebody has moved it on meanwhile."""
        item = await self.archive.item(parcel.item)
        if item is None or item.state is not State.RELEASING:
            return
        kind, receipt = await self._delivered(parcel, item)
        if kind is Kind.TEMPORARY:
            raise Temporary(receipt)
        if kind is Kind.PERMANENT:
            await self.give_up(parcel, receipt)
            return
        line = AuditLine(0, self.now(), "system", "released", item.id)
        await self.archive.act(item.id, [State.RELEASING], State.RELEASED, line, receipt=receipt)

    async def _delivered(self, parcel: Parcel, item: Item) -> tuple[Kind, str]:
        dossier = parcel.dossier
        if dossier is None:
            return Kind.PERMANENT, "sealed: the message cannot be opened any more"
        try:
            body = await self.archive.body(item.message)
        except Permanent:
            return Kind.PERMANENT, "sealed: the message cannot be opened any more"
        rcpts = [dossier.rcpts[index] for index in item.recipients]
        return judged(await self.deliver(dossier.mail, rcpts, body, dossier.xforward))

    async def give_up(self, parcel: Parcel, why: str) -> None:
        """RELEASE_FAILED; the sender is told in the same transaction, the reviewers after it."""
        line = AuditLine(0, self.now(), "system", "release-failed", parcel.item)
        moved = await self.archive.act(
            parcel.item,
            [State.RELEASING],
            State.RELEASE_FAILED,
            line,
            receipt=why,
            parcel="release-failed",
        )
        if moved:
            await self.archive.put("reviewers", self.now(), item=parcel.item)
