"""Pickup, the embedded secure transfer: the recipient gets a link, proves herself and reads.

From → to: `HandOver` → a deposit under a key of its own (`stage`) → a mail with a link, and nothing
else, to each recipient (`commit`) → `Result`. Reached is whose mail the next hop took.

- The secret of a link is made by `stage` and lies sealed to desk until the next hop has taken its
  mail; a repeated `commit` mails the same link, and none to whom it was taken for.
- `commit` twice, or again after a kill -9: nobody is mailed twice, but for the one window that SMTP
  leaves (the next hop took the mail and we died before we wrote that down): then the same mail goes
  once more, with the same link and Message-ID.
- The proof that `HandOver.proof` demands is never lowered. Where it cannot be asked for (no mobile
  number, no e-identification) `check` says so, and the message stays with us.

``pickup-not-set-up``  the front's pages are off, or nobody says who we are (``pickup.switchboard``)
``no-sms-gateway``     a code by SMS is demanded and ``pickup.sms`` is empty
``no-e-identification``  likewise ``pickup.eid``
``needs-mobile``       the sender must give the recipient's mobile number
``address-not-usable`` no address that a mail can be sent to

The pages that the link leads to are in ``front/``, what desk does for them in ``act/pickup.py``,
the rows in ``record/pickup/deposits.py``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Protocol

from mailfilter import failpoint, replies
from mailfilter.config.pickup import Pickup as Settings
from mailfilter.config.pickup import Proof
from mailfilter.connectors import headers
from mailfilter.connectors.contract import (
    Check,
    Detail,
    HandOver,
    Kind,
    Need,
    Result,
    Send,
    carries_number,
    judged,
)
from mailfilter.errors import Permanent, Temporary
from mailfilter.model import Path

_NO_CONNECTION = (replies.HOP_DOWN, replies.HOP_ABSENT, replies.HOP_ODD)
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'’,-]){0,59}")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


class LinkToMail(Protocol):
    """A link that is to be mailed."""

    @property
    def n(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient of a deposit; `n` is her index in the hand-over."""

    n: int
    address: str
    proof: Proof
    shared: bool
    detail: Detail


@dataclass(frozen=True, slots=True)
class Deposit:
    """What is stored to be fetched."""

    item: str
    body: bytes
    sender: str
    person: str
    unit: str
    department: str
    language: str
    recipients: tuple[Recipient, ...]


class Store(Protocol):
    """The rows of pickup, as the connector needs them; each call commits durably."""

    async def stage(self, deposit: Deposit) -> None: ...
    async def links(self, item: str) -> list[LinkToMail]: ...
    async def sent(self, link: LinkToMail) -> None: ...
    async def reached(self, item: str) -> tuple[int, ...]: ...
    async def abort(self, item: str) -> None: ...


# A link → envelope sender and message of its mail, signed
Compose = Callable[[LinkToMail], tuple[Path, Path, bytes]]


@dataclass(frozen=True, slots=True)
class Pickup:
    """The connector; `send` goes to the next hop, `on` says whether there are pages."""

    settings: Settings
    on: bool
    send: Send
    store: Store
    compose: Compose

    def check(self, handover: HandOver) -> Check:
        """Whether every recipient can be asked for the proof that is demanded."""
        if not self.on or not self.settings.switchboard:
            return Check("pickup-not-set-up")
        if any(_address(path) is None for path in handover.rcpts):
            return Check("address-not-usable")
        if handover.proof is Proof.EID and not self.settings.eid.issuer:
            return Check("no-e-identification")
        if handover.proof is Proof.SMS and not self.settings.sms.url:
            return Check("no-sms-gateway")
        needs = [
            (n, Need.MOBILE)
            for n in range(len(handover.rcpts))
            if handover.proof is Proof.SMS and not _detail(handover, n).mobile
        ]
        return Check(needs=tuple(needs))

    async def stage(self, handover: HandOver) -> None:
        """A deposit for those who have none yet."""
        check = self.check(handover)
        if not check.fits:
            raise Permanent(check.code)
        recipients = tuple(
            self._recipient(handover, n)
            for n in range(len(handover.rcpts))
            if n not in handover.reached
        )
        if recipients:
            await self.store.stage(
                Deposit(
                    item=handover.id,
                    body=handover.body,
                    sender=handover.sender,
                    person=person_of(handover.body, handover.mail),
                    unit=self.settings.unit or handover.department,
                    department=handover.department,
                    language=handover.language,
                    recipients=recipients,
                )
            )
        failpoint.reach("pickup_staged")

    async def commit(self, handover: HandOver) -> Result:
        """Mail the links that are not mailed yet."""
        failed: dict[Kind, str] = {}
        last = ""
        for link in await self.store.links(handover.id):
            kind, last, lost = await self.mail(link)
            if kind is Kind.HANDED_OVER:
                await self.store.sent(link)
                failpoint.reach("pickup_link_sent")
            else:
                failed.setdefault(kind, last)
            if lost:
                break
        reached = {*handover.reached, *await self.store.reached(handover.id)}
        return self._result(handover, tuple(sorted(reached)), failed, last)

    async def abort(self, item: str) -> None:
        """Take back the links that reached nobody."""
        await self.store.abort(item)

    async def mail(self, link: LinkToMail) -> tuple[Kind, str, bool]:
        """Mail one link: how that ended, the answer, and whether asking on makes no sense."""
        sender, rcpt, data = self.compose(link)
        failpoint.reach("pickup_link")
        sent = await self.send(sender, [rcpt], data)
        kind, answer = judged(sent)
        return kind, answer, sent.final in _NO_CONNECTION

    def _result(
        self, handover: HandOver, reached: tuple[int, ...], failed: dict[Kind, str], last: str
    ) -> Result:
        for kind in (Kind.TEMPORARY, Kind.PERMANENT):  # while one may succeed, the rest waits
            if kind in failed:
                return Result(kind, failed[kind], reached)
        if len(reached) < len(handover.rcpts):
            raise Temporary("pickup: nothing is staged for some recipients")
        answer = last or "250 2.0.0 all links were mailed before"
        return Result(Kind.HANDED_OVER, f"{answer}; proof: {handover.proof.word}", reached)

    def _recipient(self, handover: HandOver, n: int) -> Recipient:
        address = _address(handover.rcpts[n])
        assert address is not None, "checked"
        detail = _detail(handover, n)
        proof = handover.proof
        if detail.mobile and self.settings.sms.url:
            proof = max(proof, Proof.SMS)  # she gave a number: then it is used
        return Recipient(n, address, proof, self.settings.is_shared(address), detail)


def _detail(handover: HandOver, n: int) -> Detail:
    return handover.details[n] if n < len(handover.details) else Detail()


def _address(path: Path) -> str | None:
    text = path.address.decode("utf-8", "replace")
    return text if _ADDRESS.fullmatch(text) else None


def person_of(body: bytes, mail: Path) -> str:
    """Who wrote it, as the recipient knows her: the name in From where it is one, else the
    address. Never what holds a number, and no words that are no name."""
    address = mail.address.decode("ascii", "replace")
    field = next(iter(headers.split(body[:65536]).having(b"from")), b"")
    try:
        text = headers.value(field)[:500].decode("utf-8", "replace")
        unfolded = " ".join(text.split())
        name = parseaddr(str(make_header(decode_header(unfolded))))[0].strip()
    except (MessageError, ValueError, LookupError):
        name = ""
    if _NAME.fullmatch(name) and not carries_number(name):
        return name
    return "" if carries_number(address) else address
