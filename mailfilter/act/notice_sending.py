"""Sending of our own mails: handlers of the outbox for senders, reviewers and reports.

Our mails have an empty return path, so that nothing answers them; they are signed by DKIM where a
key is configured, and go to the next hop like other mail (``relay.deliver_once``). A refusal (5xx)
ends a notice, and the outbox writes that into the audit log; nothing bounces.

At most ``notice.per_hour`` notices go to one sender in an hour, the others wait for the next.
Reviewers get at most one mail in ``notice.reviewers_minutes``, which says how many mails wait and
nothing else; rows that were queued before the last such mail are done by it. Both limits are kept
in memory: after a restart one mail more may go.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage

from mailfilter.act.contract import Deliver, Later
from mailfilter.act.notice import About, Variant, addressee, answered, build, first_variant
from mailfilter.act.notice_words import Block, Stamp, in_order, letter
from mailfilter.config import Settings
from mailfilter.connectors import Signer
from mailfilter.connectors.contract import receipt
from mailfilter.errors import Permanent, Temporary
from mailfilter.model import Action, Path, State
from mailfilter.record.contract import Archive, Filter, Item, Parcel
from mailfilter.record.link_secret import SENDER
from mailfilter.record.links import Mailed

WAITING = (State.HELD, State.RELEASE_FAILED)
_HOUR = timedelta(hours=1)
NULL = Path(b"<>", b"")


def sender_address(settings: Settings) -> str:
    """From of our own mails."""
    if settings.notice.sender:
        return settings.notice.sender
    domains = [domain for domain in settings.organisation.domains if not domain.startswith("*")]
    domain = domains[0].rpartition("@")[2] if domains else settings.listen.hostname
    return f"mailfilter@{domain}"


@dataclass(frozen=True, slots=True)
class Post:
    """Signs a mail of ours and gives it to the next hop."""

    settings: Settings
    deliver: Deliver
    signer: Signer | None = None

    async def send(self, message: EmailMessage, recipients: Sequence[str]) -> None:
        """Done if anybody's copy was taken; Temporary or Permanent as the next hop answered."""
        data = message.as_bytes()
        if self.signer is not None:
            data = self.signer.sign(data)
        paths = [_path(address) for address in recipients]
        sent = await self.deliver(NULL, paths, data, ())
        taken = [reply for reply in sent.rcpts if reply.code < 300]
        if taken and sent.final.code < 300:
            return
        reply = sent.final if taken or not sent.rcpts else sent.rcpts[0]
        raise Permanent(receipt(reply)) if reply.code >= 500 else Temporary(receipt(reply))

    def stamp(self, parcel: Parcel, recipients: Sequence[str], at: datetime) -> Stamp:
        """What a mail about `parcel` is stamped with; but for the time the same every attempt."""
        sender, name = sender_address(self.settings), in_order("sv")[0].say("from_name")
        about = parcel.message or parcel.note or "x"
        return Stamp(
            sender=sender,
            sender_name=f"{name}, {self.settings.organisation.name}",
            recipients=tuple(recipients),
            message_id=f"{parcel.kind}.{parcel.id}.{about}@{sender.rpartition('@')[2]}",
            at=at,
            loop=about,
        )


def _path(address: str) -> Path:
    raw = address.encode("ascii", "replace")
    return Path(b"<" + raw + b">", raw)


class _Handler:
    """Giving up a mail leaves nothing behind."""

    async def give_up(self, parcel: Parcel, why: str) -> None:
        """The outbox has said so in the audit log."""


@dataclass(frozen=True, slots=True)
class ToSender(_Handler):
    """The handler of ``notice``, ``rejected-notice``, ``not-sent`` and ``release-failed``."""

    archive: Archive
    settings: Settings
    post: Post
    now: Callable[[], datetime]
    sent: dict[str, deque[datetime]] = field(default_factory=dict)

    async def send(self, parcel: Parcel) -> None:
        """Tell the sender, if she is to be told and it is still so."""
        if parcel.dossier is None:
            raise Permanent("sealed: the message cannot be opened any more")
        who = addressee(parcel.dossier, self.settings)
        about = await self._about(parcel)
        if who is None or about is None:
            return
        stamp = self.post.stamp(parcel, [who], self.now())
        if who == parcel.dossier.sender:
            stamp = replace(stamp, answers=answered(parcel.dossier))
        mailed = Mailed(SENDER, parcel.message, mail_name(parcel))
        secret = await self._secret(mailed)
        if secret == "":
            return  # it was sent, and the row alone was not yet done
        link = self.settings.front.link(SENDER, parcel.message, secret) if secret else ""
        self._take_turn(who)
        await self.post.send(build(replace(about, link=link), self.settings, stamp), [who])
        if secret:
            await self.archive.links.posted(mailed)

    async def _secret(self, mailed: Mailed) -> str | None:
        """The secret of this notice's link; None where it has none, "" where it was sent."""
        front, now = self.settings.front, self.now()
        if not front.on:
            return None
        return await self.archive.links.ensure(mailed, now, now + timedelta(days=front.link_days))

    async def _about(self, parcel: Parcel) -> About | None:
        assert parcel.dossier is not None
        item = await self.archive.item(parcel.item) if parcel.item else None
        return about_of(parcel, item, self.settings.store.held_days)

    def _take_turn(self, who: str) -> None:
        """Raises `Later` where she has had her notices of this hour; an attempt counts as one."""
        now = self.now()
        for address in list(self.sent):
            times = self.sent[address]
            while times and times[0] <= now - _HOUR:
                times.popleft()
            if not times:
                del self.sent[address]
        times = self.sent.setdefault(who.lower(), deque())
        if len(times) >= self.settings.notice.per_hour:
            raise Later(times[0] + _HOUR, "rate")
        times.append(now)


def mail_name(parcel: Parcel) -> str:
    """The name of a mail with a link: the first notice of a message has it of its own."""
    return "notice" if parcel.kind == "notice" else f"parcel:{parcel.id}"


def about_of(parcel: Parcel, item: Item | None, held_days: int) -> About | None:
    """What a parcel has to tell; None where what it was to tell is no longer so."""
    dossier = parcel.dossier
    assert dossier is not None
    if parcel.kind == "notice":
        return About(first_variant(dossier), parcel.message, parcel.created_at, dossier)
    if parcel.kind == "rejected-notice":
        return About(Variant.REJECTED, parcel.message, parcel.created_at, dossier)
    if item is None:
        return None
    failed = parcel.kind == "release-failed"
    variant = _failed(item) if failed else _not_sent(item, parcel.note, held_days)
    if variant is None:
        return None
    return About(
        variant=variant,
        case=parcel.message,
        at=item.at,
        dossier=dossier,
        recipients=item.recipients,
        days=int(parcel.note) if parcel.note.isdigit() else 0,
        receipt=item.receipt,
        connector=item.connector,
    )


def _failed(item: Item) -> Variant | None:
    match item.state:
        case State.RELEASE_FAILED:
            return Variant.RELEASE_FAILED
        case State.HELD if item.action is Action.REDIRECT:
            return Variant.HANDOFF_FAILED
        case _:
            return None


def _not_sent(item: Item, note: str, held_days: int) -> Variant | None:
    match item.state:
        case State.REFUSED:
            return Variant.REFUSED
        case State.EXPIRED:
            return Variant.EXPIRED
        case State.HELD | State.RELEASE_FAILED if not note.isdigit() or int(note) < held_days:
            return Variant.NOT_SENT
        case _:
            return None


@dataclass(slots=True)
class ToReviewers(_Handler):
    """The handler of ``reviewers``: how many mails wait, and where to log in."""

    archive: Archive
    settings: Settings
    post: Post
    now: Callable[[], datetime]
    told: datetime | None = None

    async def send(self, parcel: Parcel) -> None:
        """Write to the reviewers, unless a mail since then has done it or nothing waits."""
        reviewers = self.settings.notice.reviewers
        if not reviewers or (self.told is not None and parcel.created_at <= self.told):
            return
        now, pause = self.now(), timedelta(minutes=self.settings.notice.reviewers_minutes)
        if self.told is not None and now < self.told + pause:
            raise Later(self.told + pause, "rate")
        waiting = await self.archive.count_items(Filter(states=WAITING))
        if not waiting:
            return
        stamp = replace(self.post.stamp(parcel, reviewers, now), automatic="auto-generated")
        before, self.told = self.told, now  # before the send: rows of one batch run side by side
        sent = False
        try:
            await self.post.send(self._letter(waiting, stamp), reviewers)
            sent = True
        finally:
            self.told = now if sent else before

    def _letter(self, waiting: int, stamp: Stamp) -> EmailMessage:
        web, organisation = self.settings.web, self.settings.organisation
        blocks = [
            Block(
                language=words.language,
                language_name=words.say("language"),
                title=words.say("subject/reviewers"),
                hello=words.say("hello"),
                paragraphs=(words.say(f"lead/reviewer{'s' if waiting > 1 else ''}", n=waiting),),
                sections=(),
                footer=organisation.name,
                link=web.url or f"http://{web.host}:{web.port}",
            )
            for words in in_order(organisation.language)
        ]
        return letter(blocks, stamp)


@dataclass(frozen=True, slots=True)
class Reports(_Handler):
    """The handler of ``report``: the mail of a week is made by ``report`` and only posted here."""

    settings: Settings
    post: Post
    weekly: Callable[[str, Stamp], Awaitable[EmailMessage]]
    now: Callable[[], datetime]

    async def send(self, parcel: Parcel) -> None:
        """Send the week that the parcel's note names."""
        recipients = self.settings.report.recipients
        if recipients:
            stamp = self.post.stamp(parcel, recipients, self.now())
            await self.post.send(await self.weekly(parcel.note, stamp), recipients)
