"""The handler of ``pickup``: new links to recipients, and what a sender is told of her deposit.

From → to: a parcel whose note is ``what deposit box`` (no address) → a mail. Whom to tell is read
from the store when it is sent, by desk's key; where nobody is to be told any more it is done.

The secret of the sender's link, and of a link to an answer, is shredded when the next hop has taken
its mail. If her mail is refused for good, her key goes as well: the recipient's link still opens
the message, and no one can make a new one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailfilter.config import Settings
from mailfilter.config.pickup import Proof
from mailfilter.connectors.contract import Kind
from mailfilter.connectors.pickup import Pickup
from mailfilter.errors import Permanent, Temporary
from mailfilter.letters.notice_words import Stamp
from mailfilter.outbox.notices import Post
from mailfilter.pickup.mails import RECIPIENT, SENDER, News, link_address, news
from mailfilter.record.archive.links import Mailed
from mailfilter.record.contract import Archive, Parcel
from mailfilter.record.pickup.contract import Told
from mailfilter.record.pickup.deposits import Pickups
from mailfilter.record.sealing.link_secret import SENDER as LIST


@dataclass(frozen=True, slots=True)
class Tellings:
    """See the module."""

    archive: Archive
    pickups: Pickups
    settings: Settings
    post: Post
    connector: Pickup
    now: Callable[[], datetime]

    async def send(self, parcel: Parcel) -> None:
        """Do what the note says."""
        what, deposit, box = _note(parcel)
        match what:
            case Told.LINK:
                await self._link(box)
            case Told.SENT:
                await self._sent(parcel, deposit)
            case Told.ANSWER:
                await self._answer(parcel, deposit, box)
            case _:
                await self._tell(parcel, what, deposit, box)

    async def give_up(self, parcel: Parcel, why: str) -> None:  # noqa: ARG002 - the protocol's
        """The outbox has said so in the audit log."""
        what, deposit, box = _note(parcel)
        if what is Told.SENT:
            await self.pickups.senders_link_gone(deposit, refused=True)
        if what is Told.LINK and (link := await self.pickups.link(box)):
            await self.pickups.refused(link, self.now())

    async def _link(self, box: str) -> None:
        link = await self.pickups.link(box)
        if link is None:
            return
        kind, answer, _ = await self.connector.mail(link)
        match kind:
            case Kind.HANDED_OVER:
                await self.pickups.sent(link, self.now())
            case Kind.TEMPORARY:
                raise Temporary(answer)
            case Kind.PERMANENT:
                await self.pickups.refused(link, self.now())

    async def _sent(self, parcel: Parcel, deposit: str) -> None:
        link = await self.pickups.senders_link(deposit)
        notify = await self.pickups.notify(deposit)
        if link is None or notify is None:
            return
        told = News(
            Told.SENT,
            notify,
            tuple(notify.to),
            notify.proof,
            link=link_address(self.settings, SENDER, link),
            dossier=parcel.dossier,
        )
        await self._post(parcel, told)
        await self._in_her_list(parcel, notify.sender)
        await self.pickups.senders_link_gone(deposit)

    async def _in_her_list(self, parcel: Parcel, sender: str) -> None:
        """``/mina`` finds her mails by the links that she was sent; of this one she had no notice.
        The link is given to nobody."""
        items = await self.archive.items_of(parcel.message) if parcel.message else []
        if items and not items[0].protected:
            mailed = Mailed(LIST, parcel.message, f"pickup:{parcel.id}", sender)
            await self.archive.links.given(mailed, self.now(), self.now())

    async def _answer(self, parcel: Parcel, deposit: str, box: str) -> None:
        link = await self.pickups.link(box)
        notify = await self.pickups.notify(deposit)
        if link is None or notify is None:
            return
        told = News(
            Told.ANSWER,
            notify,
            (box,),
            Proof.LINK,
            link=link_address(self.settings, RECIPIENT, link),
        )
        await self._post(parcel, told)
        await self.pickups.sent(link, self.now())

    async def _tell(self, parcel: Parcel, what: Told, deposit: str, box: str) -> None:
        notify = await self.pickups.notify(deposit)
        if notify is None:
            return
        read_at, proof = await self.pickups.reading_of(box)
        await self._post(parcel, News(what, notify, (box,), proof, read_at))

    async def _post(self, parcel: Parcel, told: News) -> None:
        sender = told.notify.sender
        await self.post.send(news(told, self.settings, self._stamp(parcel, sender)), [sender])

    def _stamp(self, parcel: Parcel, sender: str) -> Stamp:
        stamp = self.post.stamp(parcel, [sender], self.now())
        _, deposit, _ = _note(parcel)
        domain = stamp.sender.rpartition("@")[2]
        return Stamp(
            sender=stamp.sender,
            sender_name=stamp.sender_name,
            recipients=(sender,),
            message_id=f"pickup.{parcel.id}.{deposit}@{domain}",
            at=stamp.at,
            loop=deposit,
            automatic="auto-generated",
        )


def _note(parcel: Parcel) -> tuple[Told, str, str]:
    words = [*parcel.note.split(), "", ""]
    try:
        return Told(words[0]), words[1], words[2]
    except (ValueError, IndexError):
        raise Permanent("pickup: no such note") from None
