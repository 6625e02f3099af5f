"""Between the connector and the store of pickup: neither room knows the other.

`Deposits` gives the connector its rows; `Aside` tells a hand-over what a service may need to know
beside the message: the least proof, the unit, whom to tell, what the sender told of a recipient.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from detectors.levels import Level
from mailfilter.config import Settings
from mailfilter.config.pickup import Proof
from mailfilter.connectors import HandOver
from mailfilter.connectors.contract import Detail
from mailfilter.connectors.pickup import Deposit, LinkToMail
from mailfilter.connectors.pickup_sms import number_of
from mailfilter.letters.notice import addressee
from mailfilter.record.contract import Dossier, Item
from mailfilter.record.pickup.contract import Link, NewBox, NewDeposit
from mailfilter.record.pickup.deposits import Pickups

OTHERS = "övriga"  # who stands in no list of departments


@dataclass(frozen=True, slots=True)
class Deposits:
    """The store of pickup as the connector asks for it."""

    pickups: Pickups
    now: Callable[[], datetime]

    async def stage(self, deposit: Deposit) -> None:
        """Rows for the recipients who have none yet."""
        new = NewDeposit(
            item=deposit.item,
            case=deposit.item.rpartition(".")[0],
            department=deposit.department,
            body=deposit.body,
            sender=deposit.sender,
            person=deposit.person,
            unit=deposit.unit,
            language=deposit.language,
            boxes=tuple(
                NewBox(
                    one.n,
                    one.address,
                    one.proof,
                    one.shared,
                    one.detail.mobile,
                    one.detail.passphrase,
                )
                for one in deposit.recipients
            ),
        )
        await self.pickups.stage(new, self.now())

    async def links(self, item: str) -> list[LinkToMail]:
        return list(await self.pickups.links(item))

    async def sent(self, link: LinkToMail) -> None:
        await self.pickups.sent(cast(Link, link), self.now())

    async def reached(self, item: str) -> tuple[int, ...]:
        return await self.pickups.reached(item)

    async def abort(self, item: str) -> None:
        await self.pickups.abort(item)


@dataclass(frozen=True, slots=True)
class Aside:
    """What goes with a hand-over beside the message."""

    settings: Settings
    pickups: Pickups

    async def fill(self, handover: HandOver, item: Item, dossier: Dossier) -> HandOver:
        """The hand-over with all that a service may ask for."""
        told = await self.pickups.details(item.id)
        details = [told.get(n, {}) for n in range(len(handover.rcpts))]
        department = "" if item.department == OTHERS else item.department
        return replace(
            handover,
            proof=needed(self.settings, dossier, item),
            department=department,
            sender=addressee(dossier, self.settings) or "",
            language=dossier.language,
            details=tuple(
                Detail(
                    number_of(one.get("mobile", ""), self.settings.pickup.sms.country),
                    one.get("passphrase", ""),
                )
                for one in details
            ),
        )

    async def forget(self, item: str) -> None:
        """The hand-over is done."""
        await self.pickups.forget_details(item)


def needed(settings: Settings, dossier: Dossier, item: Item) -> Proof:
    """The least proof for a message. What was not examined may be health: a care provider's mail
    that was not wholly read is treated as such. Of a protected message the department is not
    known: it may be a care provider's."""
    kinds: Iterable[str] = {one.kind for one in dossier.findings if one.level is not Level.LOW}
    care = settings.pickup.care_providers
    hidden = item.protected and care
    if dossier.not_examined and (item.department in care or hidden):
        kinds = {*kinds, "health"}
    departments = care if hidden else (item.department,)
    return max(settings.pickup.needed(kinds, one) for one in departments)
