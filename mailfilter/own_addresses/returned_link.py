"""Bounces of pickup's links come back to an address of ours, and become a word to the sender.

From → to: a mail whose only recipient is ``name+TOKEN@domain`` (`pickup.return_address`) → 250,
when the token is committed to the outbox → desk tells the sender "the link did not arrive". Nothing
of it reaches the next hop, where nobody has that name, and nothing of it is kept but the token.

What says that a mail failed: a delivery report with ``Action: failed``, or a mail from ``<>`` that
is neither such a report nor an automatic answer. Delays and receipts are taken and dropped.

Known gap: who knows a token, which stands in the return path of the recipient's own mail, can make
us tell the sender that it bounced. That is all that a token is good for.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from mailfilter import replies
from mailfilter.act.carry_out import Transaction
from mailfilter.config import Settings
from mailfilter.model import Envelope, Path, Reply
from mailfilter.next_hop.replies import Offers
from mailfilter.pickup.mails import return_address
from mailfilter.record.contract import Dossier, Intake, Parcel
from mailfilter.record.pickup.deposits import Pickups

KIND = "pickup-bounce"
_SIXTEEN = "([a-z2-7]{16})"
_LOOKED_AT = 256 * 1024  # of a bounce: reports stand behind a short text
_REPORT = re.compile(rb"(?i)content-type:\s*multipart/report\b")
_FAILED = re.compile(rb"(?im)^action:[ \t]*failed\b")
_ACTION = re.compile(rb"(?im)^action:[ \t]*[a-z]+")
_AUTOMATIC = re.compile(rb"(?im)^auto-submitted:[ \t]*auto-replied\b")
_RECEIPT = re.compile(rb"(?i)report-type=\"?disposition-notification")


@dataclass(frozen=True, slots=True)
class Returns:
    """Knows the addresses of returns."""

    pattern: re.Pattern[str]

    @classmethod
    def of(cls, settings: Settings) -> "Returns | None":
        """None where there is no pickup."""
        if not any(one.type == "pickup" for one in settings.connectors.values()):
            return None
        local, _, domain = return_address(settings).rpartition("@")
        return cls(
            re.compile(f"{re.escape(local)}\\+{_SIXTEEN}@{re.escape(domain)}", re.IGNORECASE)
        )

    def token(self, path: Path) -> str:
        """The token of an address, or "" """
        found = self.pattern.fullmatch(path.text)
        return found[1].lower() if found else ""


def failed(sender: bytes, data: bytes) -> bool:
    """Whether a mail that came back says that it will not arrive."""
    seen = data[:_LOOKED_AT].replace(b"\r\n", b"\n")
    head = seen.partition(b"\n\n")[0]
    if _REPORT.search(head):
        if _RECEIPT.search(head):
            return False
        return bool(_FAILED.search(seen)) or not _ACTION.search(seen)
    return not sender and not _AUTOMATIC.search(head)


class Came(Protocol):
    """A message at its final dot."""

    @property
    def envelope(self) -> Envelope: ...
    @property
    def data(self) -> bytes: ...


class Way(Transaction, Protocol):
    """One transaction with whoever is next."""

    @property
    def accepted(self) -> list[Path]: ...
    async def rcpt(self, rcpt: Path) -> Reply: ...


class WayOut(Protocol):
    """Whoever is next."""

    @property
    def known(self) -> Offers | None: ...
    async def learn(self) -> Offers: ...
    def transaction(self, mail: Path, xforward: Sequence[bytes] = ()) -> Way: ...


M = TypeVar("M", bound=Came)


@dataclass(frozen=True, slots=True)
class TakesReturns(Generic[M]):
    """Stands before the pipeline: a return goes no further."""

    deliver: Callable[[M, Transaction], Awaitable[Reply]]
    returns: Returns
    intake: Intake
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    async def __call__(self, received: M, hop: Transaction) -> Reply:
        """The reply to the final dot."""
        tokens = [self.returns.token(path) for path in received.envelope.rcpts]
        if not tokens or not all(tokens):
            return await self.deliver(received, hop)
        await hop.abort()
        if failed(received.envelope.mail.address, received.data):
            for token in dict.fromkeys(tokens):
                await self._noted(token)
        return replies.RETURNED

    async def _noted(self, token: str) -> None:
        at, id_ = self.now(), self.new_id()
        await self.intake.notify_rejected(id_.encode(), at, _only(token), id_, KIND)


def _only(token: str) -> Dossier:
    """A dossier that holds a token and nothing else: it is sealed like any other."""
    nobody = Path(b"<>", b"")
    return Dossier("", token, "", nobody, (), (), (), (), 0)


class ReturnRelay:
    """The way to the next hop, which is not asked of our own return addresses."""

    def __init__(self, relay: WayOut, returns: Returns) -> None:
        self._relay, self._returns = relay, returns

    @property
    def known(self) -> Offers | None:
        """What the next hop announced last."""
        return self._relay.known

    async def learn(self) -> Offers:
        """What the next hop announces."""
        return await self._relay.learn()

    def transaction(self, mail: Path, xforward: Sequence[bytes] = ()) -> "ReturnWay":
        """A transaction of returns alone, or of others alone."""
        return ReturnWay(self._relay.transaction(mail, xforward), self._returns)


class ReturnWay:
    """One message: to return addresses alone, or to others alone (the rest is asked for again)."""

    def __init__(self, way: Way, returns: Returns) -> None:
        self._way, self._returns = way, returns
        self._ours = False

    @property
    def accepted(self) -> list[Path]:
        return self._way.accepted

    async def rcpt(self, rcpt: Path) -> Reply:
        """250 of our own for a return address."""
        if not self._returns.token(rcpt):
            return replies.RETURN_ALONE if self._ours else await self._way.rcpt(rcpt)
        if self._way.accepted:
            return replies.RETURN_ALONE
        self._ours = True
        return replies.RETURN_HERE

    async def send(self, wire: bytes, only: Sequence[int] | None = None) -> Reply:
        """To the others; a return is never sent."""
        return replies.NOBODY if self._ours else await self._way.send(wire, only)

    async def abort(self) -> None:
        """End it without a message."""
        await self._way.abort()


@dataclass(frozen=True, slots=True)
class Bounces:
    """The handler of ``pickup-bounce``, in desk."""

    pickups: Pickups
    now: Callable[[], datetime]

    async def send(self, parcel: Parcel) -> None:
        """Tell the sender, if the token is one of ours."""
        if parcel.dossier is not None:
            await self.pickups.bounced(parcel.dossier.subject, self.now())

    async def give_up(self, parcel: Parcel, why: str) -> None:
        """The outbox has said so in the audit log."""
