"""Release: a held message goes to the recipients that it was written for, as it came.

From → to: parcel ``release`` of an item in state RELEASING → the original bytes with the original
envelope (MAIL and RCPT as they came, NOTIFY, ORCPT, RET and ENVID included, P5) at the next hop →
RELEASED after its 250, and only then.

- All recipients of the item or none: RCPT is asked for each, and where one is refused the
  transaction is given up before DATA. So nobody has the mail twice because of somebody else's
  address. The next hop had accepted each of them when the mail came.
- 5xx: RELEASE_FAILED; the sender is told in the same transaction, the reviewers after it (if we
  die in between, the schedule tells them). 4xx: again later, by the outbox.
- Duplicate window: if we die between the next hop's 250 and our commit, the parcel is still there
  and the item still RELEASING, and the message is sent again, the same bytes and so the same
  Message-ID. Mail servers and clients know it by that. The same where its answer to the final dot
  is lost. While we live, a store that fails after the 250 costs no second copy: `taken` remembers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailfilter import failpoint, replies
from mailfilter.connectors.contract import Kind, judged
from mailfilter.errors import Permanent, Temporary
from mailfilter.model import Path, Reply, State
from mailfilter.next_hop.relay import Receipt, Relay, stuff
from mailfilter.next_hop.transaction import Hop
from mailfilter.outbox.contract import Deliver
from mailfilter.record.archive.states import WAITING
from mailfilter.record.contract import Archive, AuditLine, Filter, Item, Parcel

PATIENCE = 600.0  # seconds from DATA to the answer: RFC 5321 4.5.3.2.6; no client waits for us here
SEALED = "sealed: the message cannot be opened any more"
_NO_USE = (replies.HOP_DOWN, replies.HOP_ODD)  # asking it for the others would lead nowhere


async def deliver_all(
    hop: Hop, mail: Path, rcpts: Sequence[Path], data: bytes, xforward: Sequence[bytes] = ()
) -> Receipt:
    """One message to all of `rcpts` or to none, over a connection of its own.

    `data` is the message with its dots as they are. Never raises for the hop's sake. After a
    recipient refused for now the others are asked too: one of them may be refused for good.
    """
    relay = Relay(replace(hop, data_timeout=max(hop.data_timeout, PATIENCE)), kept=0)
    transaction = relay.transaction(mail, xforward)
    answers: list[Reply] = []
    try:
        for rcpt in rcpts:
            answers.append(await transaction.rcpt(rcpt))
            if answers[-1].code >= 500 or answers[-1] in _NO_USE:
                break
        if refused := [answer for answer in answers if answer.code >= 300]:
            return Receipt(tuple(answers), refused[-1])
        if not answers:
            return Receipt((), replies.NOBODY)
        return Receipt(tuple(answers), await transaction.send(stuff(data)))
    finally:
        await transaction.abort()
        await relay.close()


async def call_reviewers(archive: Archive, item: str, now: datetime) -> None:
    """A content-free mail that something waits for them; not for protected mail (V5)."""
    found = await archive.item(item)
    if found is not None and not found.protected:
        waiting = await archive.count_items(Filter(states=WAITING))
        await archive.put("reviewers", now, note=str(waiting))


@dataclass(frozen=True, slots=True)
class Release:
    """The handler of ``release``; `deliver` goes to the next hop, to all or none."""

    archive: Archive
    deliver: Deliver
    now: Callable[[], datetime]
    taken: dict[str, str] = field(default_factory=dict)  # item → receipt that is not yet stored

    async def send(self, parcel: Parcel) -> None:
        """Send the item, unless somebody has moved it on meanwhile."""
        item = await self.archive.item(parcel.item)
        if item is None or item.state is not State.RELEASING:
            return
        if item.id not in self.taken:
            failpoint.reach("rel_claim")
            kind, receipt = await self._delivered(parcel, item)
            failpoint.reach("rel_ds_250")
            if kind is Kind.TEMPORARY:
                raise Temporary(receipt)
            if kind is Kind.PERMANENT:
                await self.give_up(parcel, receipt)
                return
            self.taken[item.id] = receipt
        await self._released(item, self.taken[item.id])
        failpoint.reach("rel_commit")
        del self.taken[item.id]

    async def _released(self, item: Item, receipt: str) -> None:
        line = AuditLine(0, self.now(), "system", "released", item.id)
        await self.archive.act(item.id, [State.RELEASING], State.RELEASED, line, receipt=receipt)

    async def _delivered(self, parcel: Parcel, item: Item) -> tuple[Kind, str]:
        dossier = parcel.dossier
        if dossier is None:
            return Kind.PERMANENT, SEALED
        try:
            body = await self.archive.body(item.message)
        except Permanent:
            return Kind.PERMANENT, SEALED
        rcpts = [dossier.rcpts[index] for index in item.recipients]
        return judged(await self.deliver(dossier.mail, rcpts, body, dossier.xforward))

    async def give_up(self, parcel: Parcel, why: str) -> None:
        """RELEASE_FAILED, unless the next hop has it: then it is only our store that failed."""
        if parcel.item in self.taken:
            raise Temporary("the next hop has the message, which is not yet stored")
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
            await call_reviewers(self.archive, parcel.item, self.now())
