"""Sending of our own mails: handlers of the outbox for senders, reviewers and reports.

Our mails have an empty return path, so that nothing answers them; they are signed by DKIM where a
key is configured, and go to the next hop like other mail (``relay.deliver_once``). A refusal (5xx)
ends a notice, and the outbox writes that into the audit log; nothing bounces.

At most ``notice.per_hour`` notices go to one sender in an hour; then a digest that leads to the
page of all her mails, within five minutes of the first that it tells of, and not before that the
next. Without a front there is no such page, and each of the others waits for its turn
(``notice_rate.py``).
Reviewers get at most one mail in ``notice.reviewers_minutes``, which says how many mails wait and
nothing else; rows that were queued before the last such mail are done by it. That limit is kept in
memory: after a restart one mail more may go.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage

from mailfilter import limits
from mailfilter.act.carry_out import told_elsewhere
from mailfilter.config import Settings
from mailfilter.connectors import Signer
from mailfilter.connectors.contract import Need, receipt
from mailfilter.errors import Permanent, Temporary
from mailfilter.letters.notice import (
    About,
    Fate,
    Variant,
    addressee,
    answered,
    build,
    first_variant,
)
from mailfilter.letters.notice_template import Templates
from mailfilter.letters.notice_words import Block, Stamp, in_order, letter
from mailfilter.letters.sdk import NO_SDK, SdkTable
from mailfilter.model import Action, Path, State
from mailfilter.outbox.contract import Deliver, Later
from mailfilter.outbox.notice_rate import Rate
from mailfilter.record.archive.links import Mailed
from mailfilter.record.contract import Archive, Dossier, Filter, Item, Parcel
from mailfilter.record.sealing.link_secret import SENDER

WAITING = (State.HELD, State.RELEASE_FAILED)
REWRITTEN = "quote-removed"  # the reason of an item that went as a new mail without the quotation
NULL = Path(b"<>", b"")
DIGEST_LAPSE = timedelta(hours=1)  # after so long a digest that is queued counts as lost


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


@dataclass(slots=True)
class ToSender(_Handler):
    """The handler of all that a sender is told of one of her mails, and of the digest."""

    archive: Archive
    settings: Settings
    post: Post
    now: Callable[[], datetime]
    templates: Templates = field(default_factory=Templates)
    sdk: SdkTable = NO_SDK
    rate: Rate = field(init=False)
    digests: dict[str, datetime] = field(default_factory=dict)  # who is to have one, since when

    def __post_init__(self) -> None:
        self.rate = Rate(self.settings.notice.per_hour)

    async def send(self, parcel: Parcel) -> None:
        """Tell the sender, if she is to be told and it is still so."""
        if parcel.dossier is None:
            raise Permanent("sealed: the message cannot be opened any more")
        who = addressee(parcel.dossier, self.settings)
        if who is None:
            return
        if not self.settings.front.on:
            self._in_turn(parcel, who)  # before anything else is opened
        items = await self.archive.items_of(parcel.message) if parcel.message else []
        about = about_of(parcel, items, self.settings)
        if about is None:
            return
        hidden = any(item.protected for item in items)  # stands in no list, not in her own either
        mailed = Mailed(SENDER, parcel.message, mail_name(parcel), "" if hidden else who)
        link = await self._link(about, mailed)
        if link is None:
            return  # it was sent, and the row alone was not yet done
        if self.settings.front.on and not await self._may_go(parcel, about, mailed, who):
            return
        await self._post(parcel, replace(about, link=link, sdk=self.sdk), who)
        if link:
            await self.archive.links.posted(mailed)

    async def _may_go(self, parcel: Parcel, about: About, mailed: Mailed, who: str) -> bool:
        """False where it is one of those that a digest tells: what her own page does not show (a
        rejected or protected mail) and what tells of an end wait for their turn instead."""
        shown = bool(mailed.owner and mailed.address)
        if about.variant is Variant.DIGEST:
            self._gathers(parcel)
        elif about.variant in (Variant.EXPIRED, Variant.REJECTED) or not shown:
            self._in_turn(parcel, who)
        elif not self.rate.free(who, self.now()):
            await self._digest(about, who)
            return False
        return True

    async def _digest(self, about: About, who: str) -> None:
        """Queue one, if none waits. It has a seal of its own, for the mails may have ended; she is
        noted before it is queued, for rows of one batch run side by side."""
        now, key = self.now(), who.lower()
        if timedelta() <= now - self.digests.get(key, now + timedelta(days=1)) < DIGEST_LAPSE:
            return
        self.digests[key] = now
        sender, language = about.dossier.sender, about.dossier.language
        only = Dossier(sender, "", "", _path(sender), (), (), (), (), 0, language)
        note = f"{about.case} {about.department}".strip()
        try:
            await self.archive.sender.put_letter("digest", only, now, note)
        except BaseException:
            self.digests.pop(key, None)
            raise

    def _gathers(self, parcel: Parcel) -> None:
        """A digest waits a little for what it tells beside the first, and never for a turn."""
        wait = timedelta(seconds=limits.DIGEST_WAIT)
        at, now = parcel.created_at + wait, self.now()
        if now < at <= now + wait:  # not where the clock was put back since
            raise Later(at, "rate")

    async def give_up(self, parcel: Parcel, why: str) -> None:  # noqa: ARG002 - the outbox's
        """What could not be sent is in the audit log; a digest makes room for the next."""
        if parcel.kind == "digest" and parcel.dossier is not None:
            self.digests.pop((addressee(parcel.dossier, self.settings) or "").lower(), None)

    def _in_turn(self, parcel: Parcel, who: str) -> None:
        now = self.now()
        at = self.rate.turn(who, parcel.id, now)
        if at > now:
            raise Later(at, "rate")

    async def _post(self, parcel: Parcel, about: About, who: str) -> None:
        assert parcel.dossier is not None
        stamp = self.post.stamp(parcel, [who], self.now())
        if who == parcel.dossier.sender and about.variant is not Variant.DIGEST:
            stamp = replace(stamp, answers=answered(parcel.dossier))
        if about.variant is not Variant.DIGEST:
            self.rate.went(who, self.now())
        await self.post.send(build(about, self.settings, stamp, self.templates), [who])
        if about.variant is Variant.DIGEST:
            self.digests.pop(who.lower(), None)

    async def _link(self, about: About, mailed: Mailed) -> str | None:
        """The link of this notice; "" where it has none, None where it was sent with one."""
        front, now = self.settings.front, self.now()
        if not front.on or about.variant in (Variant.REJECTED, Variant.DONE):
            return ""
        if about.variant is Variant.DIGEST:
            return f"{front.url}/mina"
        until = now + timedelta(days=front.link_days)
        secret = await self.archive.links.ensure(mailed, now, until)
        if secret is None:
            return ""
        return front.link(SENDER, mailed.owner, secret) if secret else None


def mail_name(parcel: Parcel) -> str:
    """The name of a mail with a link: the first notice of a message has it of its own."""
    return "notice" if parcel.kind == "notice" else f"parcel:{parcel.id}"


def about_of(parcel: Parcel, items: Sequence[Item], settings: Settings) -> About | None:
    """What a parcel has to tell; None where what it was to tell is no longer so."""
    dossier = parcel.dossier
    assert dossier is not None
    about = About(
        variant=first_variant(dossier),
        case=parcel.message,
        at=items[0].at if items else parcel.created_at,
        dossier=dossier,
        department=items[0].department if items else "",
    )
    match parcel.kind:
        case "notice":
            telling = frozenset(n for n in settings.connectors if is_pickup(n, settings))
            return None if told_elsewhere(dossier.verdicts, telling) else about
        case "rejected-notice":
            return replace(about, variant=Variant.REJECTED)
        case "digest":
            case, _, department = parcel.note.partition(" ")
            return replace(about, variant=Variant.DIGEST, case=case, department=department)
        case "done":
            told = any(tells_itself(item, settings) for item in items)
            fates = fates_of(dossier, items)
            return None if told else replace(about, variant=Variant.DONE, fates=fates)
    item = next((item for item in items if item.id == parcel.item), None)
    if item is None:
        return None
    held_days = settings.store.held_days
    failed = parcel.kind == "release-failed"
    variant = _failed(item) if failed else _not_sent(item, parcel.note, held_days)
    if variant is None:
        return None
    return replace(
        about,
        variant=variant,
        recipients=item.recipients,
        days=int(parcel.note) if parcel.note.isdigit() else 0,
        receipt=item.receipt,
        connector=item.connector,
    )


def tells_itself(item: Item, settings: Settings) -> bool:
    """Pickup says itself when a message was handed over, with more than we know here."""
    return item.state is State.HANDED_OVER and is_pickup(item.connector, settings)


def is_pickup(name: str, settings: Settings) -> bool:
    """Whether a connector is the gateway's own pickup."""
    connector = settings.connectors.get(name)
    return connector is not None and connector.type == "pickup"


def fates_of(dossier: Dossier, items: Sequence[Item]) -> tuple[Fate, ...]:
    """What became of each recipient, in the end."""
    of = {index: item for item in items for index in item.recipients}
    return tuple(_fate(n, of.get(n), dossier) for n in range(len(dossier.verdicts)))


def _fate(index: int, item: Item | None, dossier: Dossier) -> Fate:
    if item is None:
        passed = dossier.verdicts[index].action is Action.RELAY
        return Fate(index, "relayed" if passed else "never")
    match item.state:
        case State.RELEASED:
            return Fate(index, "released", item.ended_at)
        case State.HANDED_OVER:
            return Fate(index, "handed-over", item.ended_at, item.connector)
        case State.DELETED if item.reason == REWRITTEN:
            return Fate(index, "rewritten", item.ended_at)
        case State.DELETED | State.REFUSED | State.EXPIRED:
            return Fate(index, "never")
        case _:
            return Fate(index, "waiting")


def _failed(item: Item) -> Variant | None:
    match item.state:
        case State.RELEASE_FAILED:
            return Variant.RELEASE_FAILED
        case State.HELD if item.action is Action.REDIRECT and needs_mobile(item):
            return Variant.NEEDS_MOBILE
        case State.HELD if item.action is Action.REDIRECT:
            return Variant.HANDOFF_FAILED
        case _:
            return None


def needs_mobile(item: Item) -> bool:
    """Whether a hand-over came back because nobody had given the recipient's mobile number."""
    return item.receipt.endswith(Need.MOBILE.value)


def _not_sent(item: Item, note: str, held_days: int) -> Variant | None:
    match item.state:
        case State.REFUSED:
            return Variant.REFUSED
        case State.EXPIRED:
            return Variant.EXPIRED
        case State.HELD | State.RELEASE_FAILED:  # at the end of its time it waits for this notice
            over = note.isdigit() and int(note) >= held_days
            return Variant.EXPIRED if over else Variant.NOT_SENT
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
        now, pause = self.now(), timedelta(minutes=self.settings.notice.reviewers_minutes)
        if self.told is not None and self.told > now:
            self.told = None  # by a clock that has been put back since
        if not reviewers or (self.told is not None and parcel.created_at <= self.told):
            return
        if self.told is not None and now < self.told + pause:
            raise Later(self.told + pause, "rate")
        waiting = await self.archive.count_items(Filter(states=WAITING, for_reviewers=True))
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
