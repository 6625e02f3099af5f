"""Hand-over: a message goes to a secure transfer service by its connector.

From → to: parcel ``handoff`` of an item that is ACCEPTED → HANDING_OVER → HANDED_OVER with the
service's receipt. If the service refuses for good, or for more than a day, the item is HELD: the
sender is told that it was not handed over after all, and the reviewers that it waits for them.

A service that takes one recipient at a time may have taken some of them. These are remembered
while the process lives, and left out of later attempts. After a crash in the middle the whole item
is handed over again: a duplicate window, same Message-ID, as in ``release.py``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailfilter import config
from mailfilter.act.next_hop import Hop
from mailfilter.connectors import Connector, HandOver, Kind
from mailfilter.errors import ConfigError, Permanent, Temporary
from mailfilter.model import State
from mailfilter.record.contract import Archive, AuditLine, Dossier, Item, Parcel

_OPEN = (State.ACCEPTED, State.HANDING_OVER)


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


@dataclass(frozen=True, slots=True)
class HandOvers:
    """The handler of ``handoff``; `connectors` by their name in the settings."""

    archive: Archive
    connectors: Mapping[str, Connector]
    now: Callable[[], datetime]
    reached: dict[str, set[int]] = field(default_factory=dict)  # item → indexes of its recipients

    async def send(self, parcel: Parcel) -> None:
        """Hand the item over, unless somebody has moved it on meanwhile."""
        item = await self.archive.item(parcel.item)
        if item is None or item.state not in _OPEN:
            return
        connector = self.connectors.get(item.connector)
        if connector is None:
            await self.give_up(parcel, "no-such-connector")
            return
        await self._begin(item)
        await self._hand_over(parcel, item, connector)

    async def _begin(self, item: Item) -> None:
        if item.state is State.HANDING_OVER:  # tried before
            return
        detail: dict[str, str | int] = {"connector": item.connector}
        line = AuditLine(0, self.now(), "system", "handoff", item.id, detail)
        if not await self.archive.act(item.id, [State.ACCEPTED], State.HANDING_OVER, line):
            raise Temporary("state-changed")

    async def _hand_over(self, parcel: Parcel, item: Item, connector: Connector) -> None:
        try:
            body = await self.archive.body(item.message)
        except Permanent:
            body = b""
        if parcel.dossier is None or not body:
            await self.give_up(parcel, "sealed: the message cannot be opened any more")
            return
        left = [n for n in item.recipients if n not in self.reached.get(item.id, ())]
        result = await connector.hand_over(_handover(item, parcel.dossier, left, body))
        self.reached.setdefault(item.id, set()).update(left[n] for n in result.reached)
        match result.kind:
            case Kind.HANDED_OVER:
                await self._handed_over(item, result.receipt)
            case Kind.TEMPORARY:
                raise Temporary(result.receipt)
            case Kind.PERMANENT:
                await self.give_up(parcel, result.receipt)

    async def _handed_over(self, item: Item, receipt: str) -> None:
        detail: dict[str, str | int] = {"connector": item.connector}
        line = AuditLine(0, self.now(), "system", "handed-over", item.id, detail)
        before, after = [State.HANDING_OVER], State.HANDED_OVER
        await self.archive.act(item.id, before, after, line, receipt=receipt)
        self.reached.pop(item.id, None)

    async def give_up(self, parcel: Parcel, why: str) -> None:
        """HELD; the sender is told in the same transaction, the reviewers after it."""
        line = AuditLine(0, self.now(), "system", "handoff-failed", parcel.item)
        moved = await self.archive.act(
            parcel.item, _OPEN, State.HELD, line, receipt=why, parcel="release-failed"
        )
        self.reached.pop(parcel.item, None)
        if moved:
            await self.archive.put("reviewers", self.now(), item=parcel.item)


def _handover(item: Item, dossier: Dossier, recipients: list[int], body: bytes) -> HandOver:
    rcpts = tuple(dossier.rcpts[index] for index in recipients)
    return HandOver(item.id, dossier.mail, rcpts, body)
