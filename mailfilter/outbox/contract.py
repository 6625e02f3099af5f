"""What the parts of the outbox ask of each other and of the way out.

`Deliver` is one SMTP transaction by a hop that is bound already. There are two: to whom it can
(``relay.deliver_once``: who is refused does not stop the others; for our own mails) and to all or
none (``release.deliver_all``; for what others wrote). Neither raises for the hop's sake.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from mailfilter.connectors.contract import Sent
from mailfilter.errors import Temporary
from mailfilter.model import Path
from mailfilter.record.contract import Parcel

Deliver = Callable[[Path, Sequence[Path], bytes, Sequence[bytes]], Awaitable[Sent]]


class Handler(Protocol):
    """Knows how to send one kind of parcel.

    `send` returns when the parcel is done; it raises `Temporary` if it shall be tried again later,
    `Later` if it says when, `Permanent` if trying again cannot help.
    """

    async def send(self, parcel: Parcel) -> None:
        """Do what the parcel is for; harmless if it was done before."""
        ...

    async def give_up(self, parcel: Parcel, why: str) -> None:
        """It will not be tried again: leave nothing that waits for it."""
        ...


class Later(Temporary):
    """Not a failure: the parcel is not due before `at`."""

    def __init__(self, at: datetime, why: str) -> None:
        super().__init__(why)
        self.at = at
