"""Hand-over: a message goes to a secure transfer service by its connector.

From → to: parcel ``handoff`` of an item that is ACCEPTED → HANDING_OVER → `check`, `stage` and
`commit` of its connector → HANDED_OVER with the service's receipt. If the service cannot take it,
refuses for good, or for more than a day, the item is HELD (after `abort`): the sender is told that
it was not handed over after all, and the reviewers that it waits for them.

A service that takes one recipient at a time may have taken some of them when it fails. Who was
reached is stored with the item in the receipt ("reached 1,3-4 of 5 via NAME: 451 ..."), where a
reviewer reads it too; a later attempt with the same service leaves them out, also one that a
reviewer asks for after the item came back. With another service all are handed over anew.

Duplicate window: if we die between the service's 250 and our commit, it is handed over again, as
in ``release.py``, with the same Message-ID. While we live, `results` remembers.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Protocol

from mailfilter import config, failpoint, replies
from mailfilter.connectors import Connector, HandOver, Kind, Result, Send
from mailfilter.errors import ConfigError, Permanent, Temporary
from mailfilter.model import Path, State
from mailfilter.next_hop.relay import Receipt
from mailfilter.next_hop.transaction import Hop
from mailfilter.outbox.release import SEALED, call_reviewers, deliver_all
from mailfilter.record.contract import Archive, AuditLine, Dossier, Item, Parcel

_OPEN = (State.ACCEPTED, State.HANDING_OVER)
_RUN = r"[0-9]+(?:-[0-9]+)?"
_REACHED = re.compile(f"reached ({_RUN}(?:,{_RUN})*) of [0-9]+")
_LONGEST = 300  # of the numbers in a receipt; who stands behind that is sent to again


def hop_of_connector(settings: config.Connector, hostname: str) -> Hop:
    """The service's server; ConfigError if its password cannot be read."""
    password = ""
    if settings.password_file is not None:
        try:
            password = settings.password_file.read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{settings.password_file}: cannot be read as a password") from error
    return Hop(
        settings.host,
        settings.port,
        hostname,
        tls=settings.tls,
        ca=settings.ca,
        server_name=settings.server_name,
        certificate=settings.certificate,
        key=settings.key,
        username=settings.username,
        password=password,
    )


def sending(settings: config.Connector, hostname: str) -> Send:
    """The way to a service; its password is read at each transaction, so it may be changed."""

    async def send(mail: Path, rcpts: Sequence[Path], data: bytes) -> Receipt:
        try:
            hop = hop_of_connector(settings, hostname)
        except ConfigError:
            return Receipt((), replies.NO_PASSWORD)
        return await deliver_all(hop, mail, rcpts, data)

    return send


def sending_to(hop: Hop) -> Send:
    """The way to a hop that is known: the next hop, for the mails with a link."""

    async def send(mail: Path, rcpts: Sequence[Path], data: bytes) -> Receipt:
        return await deliver_all(hop, mail, rcpts, data)

    return send


class Beside(Protocol):
    """What a service may need to know beside the message, and what is forgotten after it."""

    async def fill(self, handover: HandOver, item: Item, dossier: Dossier) -> HandOver: ...
    async def forget(self, item: str) -> None: ...


class Nothing:
    """Nothing goes with the message."""

    async def fill(self, handover: HandOver, item: Item, dossier: Dossier) -> HandOver:  # noqa: ARG002 - the protocol's
        """The hand-over as it is."""
        return handover

    async def forget(self, item: str) -> None:
        """Nothing was kept."""


@dataclass(frozen=True, slots=True)
class HandOvers:
    """The handler of ``handoff``; `connectors` by their name in the settings."""

    archive: Archive
    connectors: Mapping[str, Connector]
    now: Callable[[], datetime]
    beside: Beside = field(default_factory=Nothing)
    results: dict[str, Result] = field(default_factory=dict)  # item → what is not yet stored

    async def send(self, parcel: Parcel) -> None:
        """Hand the item over, unless somebody has moved it on meanwhile."""
        item = await self.archive.item(parcel.item)
        if item is None or item.state not in _OPEN:
            return
        connector = self.connectors.get(item.connector)
        if connector is None:
            await self.give_up(parcel, "no-such-connector")
            return
        if item.state is State.ACCEPTED:
            await self._move(item, State.ACCEPTED, State.HANDING_OVER, "handoff")
        done = self.results.get(item.id)
        if done is None or done.kind is not Kind.HANDED_OVER:
            failpoint.reach("handover")
            done = self.results[item.id] = await self._tried(parcel, item, connector)
            failpoint.reach("handover_done")
        await self._settle(parcel, item, done)

    async def _tried(self, parcel: Parcel, item: Item, connector: Connector) -> Result:
        reached = self._reached(item)
        if parcel.dossier is None:
            return Result(Kind.PERMANENT, SEALED, reached)
        try:
            body = await self.archive.body(item.message)
        except Permanent:
            return Result(Kind.PERMANENT, SEALED, reached)
        rcpts = tuple(parcel.dossier.rcpts[index] for index in item.recipients)
        handover = HandOver(item.id, parcel.dossier.mail, rcpts, body, reached)
        handover = await self.beside.fill(handover, item, parcel.dossier)
        check = connector.check(handover)
        if not check.fits:
            return Result(Kind.PERMANENT, check.code, reached)
        try:
            await connector.stage(handover)
        except Permanent as error:
            return Result(Kind.PERMANENT, str(error), reached)
        return await connector.commit(handover)

    def _reached(self, item: Item) -> tuple[int, ...]:
        """Who has it already: positions in `Item.recipients`."""
        last = self.results.get(item.id)
        return tuple(sorted({*reached_of(item), *(last.reached if last else ())}))

    async def _settle(self, parcel: Parcel, item: Item, result: Result) -> None:
        over = State.HANDING_OVER
        match result.kind:
            case Kind.HANDED_OVER:
                await self._move(item, over, State.HANDED_OVER, "handed-over", result.receipt)
                del self.results[item.id]
                await self.beside.forget(item.id)
            case Kind.TEMPORARY:
                if set(result.reached) - set(reached_of(item)):
                    partly = partial_receipt(item, result.reached, result.receipt)
                    await self._move(item, over, over, "handoff", partly)
                raise Temporary(result.receipt)
            case Kind.PERMANENT:
                await self.give_up(parcel, result.receipt)

    async def _move(
        self, item: Item, before: State, after: State, act: str, receipt: str = ""
    ) -> None:
        detail: dict[str, str | int] = {"connector": item.connector}
        line = AuditLine(0, self.now(), "system", act, item.id, detail)
        if not await self.archive.act(item.id, [before], after, line, receipt=receipt):
            raise Temporary("the item was moved on meanwhile")

    async def give_up(self, parcel: Parcel, why: str) -> None:
        """HELD; the sender is told in the same transaction, the reviewers after it."""
        item = await self.archive.item(parcel.item)
        last = self.results.get(parcel.item)
        if last is not None and last.kind is Kind.HANDED_OVER:
            raise Temporary("the service has the message, which is not yet stored")
        if item is None:
            return
        if connector := self.connectors.get(item.connector):
            await connector.abort(item.id)
        receipt = partial_receipt(item, self._reached(item), why)
        detail: dict[str, str | int] = {"connector": item.connector}
        line = AuditLine(0, self.now(), "system", "handoff-failed", item.id, detail)
        moved = await self.archive.act(
            item.id, _OPEN, State.HELD, line, receipt=receipt, parcel="release-failed"
        )
        self.results.pop(item.id, None)
        if moved:
            await call_reviewers(self.archive, item.id, self.now())


# ---- who was reached, in the item's receipt ------------------------------------------------------


def partial_receipt(item: Item, reached: Sequence[int], why: str) -> str:
    """A receipt that says who has the message; `why` alone where nobody has."""
    if not reached:
        return why
    numbers = _ranges(reached)
    return f"reached {numbers} of {len(item.recipients)}{_via(item)}{why}"


def reached_of(item: Item) -> tuple[int, ...]:
    """Who has the message by the item's present connector, as its receipt says."""
    before, via, _ = item.receipt.partition(_via(item))
    shape = _REACHED.fullmatch(before)
    if not via or shape is None:
        return ()
    found: list[int] = []
    for piece in shape[1].split(","):
        first, _, last = piece.partition("-")
        found += range(int(first) - 1, min(int(last or first), len(item.recipients)))
    return tuple(found)


def _via(item: Item) -> str:
    """As the store keeps it: ASCII, single spaces."""
    name = " ".join(item.connector.encode("ascii", "replace").decode().split())
    return f" via {name}: "


def _ranges(indexes: Iterable[int]) -> str:
    """Indexes from 0 as numbers from 1: ``1,3-5``."""
    numbers = sorted(index + 1 for index in indexes)
    breaks = [n for n, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1]
    bounds = pairwise([0, *breaks, len(numbers)])
    runs = [(numbers[start], numbers[end - 1]) for start, end in bounds]
    text = ",".join(f"{a}-{b}" if b > a else f"{a}" for a, b in runs)
    return text if len(text) <= _LONGEST else text[:_LONGEST].rpartition(",")[0]
