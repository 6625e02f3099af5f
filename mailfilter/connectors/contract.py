"""What a connector is: it hands one message over to a secure transfer service.

From → to: `HandOver` → `Result`. A new connector is one file and one line in ``__init__.py``.

=========  ==================================================================================
`check`    what the service still needs before it can take the message, or why it never will;
           changes nothing, asks nobody
`stage`    make the hand-over ready, durably; nobody is reached yet. Again for the same message:
           the same. A service that cannot stage does nothing here
`commit`   reach the recipients. After a kill -9 it is called again: who was reached is not
           reached twice where the connector can know it, and gets the same again where not
`abort`    it will not be tried again: take back what reached nobody
=========  ==================================================================================

Invariants of every connector: it raises nothing for the service's sake; `done` is true only for
what the service itself has acknowledged; a receipt is made by `receipt`, so that no address, no
number and nothing of the mail gets into our rows by way of somebody else's answer. A connector
gets neither findings nor subject beside the message: it needs none to hand it over.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from detectors import IDENTITY, Source, detect
from mailfilter.config.pickup import Proof
from mailfilter.model import Path, Reply

_BRACKETS = re.compile(r"<[^<>]*>?")
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_LONGEST = 160


class Kind(StrEnum):
    """How a hand-over ended."""

    HANDED_OVER = "handed-over"
    TEMPORARY = "temporary"  # trying again may help
    PERMANENT = "permanent"  # a person must look at it


class Need(StrEnum):
    """What a service must be told before it can take a message; the sender is asked for it."""

    MOBILE = "needs-mobile"


@dataclass(frozen=True, slots=True)
class Detail:
    """What the sender told of a recipient for the service's sake."""

    mobile: str = ""
    passphrase: str = ""  # an Argon2id hash


@dataclass(frozen=True, slots=True)
class Check:
    """`refused` is a code of our own; `needs` says what, for which of `HandOver.rcpts`."""

    refused: str = ""
    needs: tuple[tuple[int, Need], ...] = ()

    @property
    def fits(self) -> bool:
        return not self.refused and not self.needs

    @property
    def code(self) -> str:
        """The receipt of a message that cannot be handed over."""
        return self.refused or ",".join(dict.fromkeys(need.value for _, need in self.needs))


@dataclass(frozen=True, slots=True)
class HandOver:
    """A message for a service: `rcpts` are those whom this service shall reach.

    `reached` are indexes of those who have it already, by an earlier attempt: they stand in the
    header as before, and are not sent to again.
    """

    id: str  # of the item: the same for every attempt
    mail: Path
    rcpts: tuple[Path, ...]
    body: bytes  # as received, dots unstuffed
    reached: tuple[int, ...] = ()
    proof: Proof = Proof.CODE  # the least that a recipient must show, where the service asks
    department: str = ""  # as recipients may read it; empty where it must not be named
    sender: str = ""  # who is to be told of it; empty: nobody
    language: str = "sv"
    details: tuple[Detail, ...] = ()  # for each of `rcpts`, where any were given


@dataclass(frozen=True, slots=True)
class Result:
    """`receipt` is the service's answer as `receipt` makes it, or a code of our own.

    `reached` are indexes into `HandOver.rcpts` of all who have it by now, those of earlier attempts
    included, also where the whole did not succeed.
    """

    kind: Kind
    receipt: str
    reached: tuple[int, ...] = ()


class Connector(Protocol):
    """A secure transfer service."""

    def check(self, handover: HandOver) -> Check:
        """Whether it can be handed over; pure."""
        ...

    async def stage(self, handover: HandOver) -> None:
        """Make it ready, durably, reaching nobody. Temporary or Permanent where it cannot be."""
        ...

    async def commit(self, handover: HandOver) -> Result:
        """Give the message to the service."""
        ...

    async def abort(self, item: str) -> None:
        """Take back what was staged for this item and reached nobody."""
        ...


class Sent(Protocol):
    """What sending came to: who has it had a 2xx of its own and `final` is 2xx."""

    @property
    def rcpts(self) -> Sequence[Reply]: ...
    @property
    def final(self) -> Reply: ...


# One SMTP transaction with one hop, to all recipients or to none; never raises for its sake
Send = Callable[[Path, Sequence[Path], bytes], Awaitable[Sent]]


def receipt(reply: Reply) -> str:
    """A reply as it may be stored and shown: ASCII, one line, no address, no identity number."""
    first = reply.text.partition("\n")[0]
    words = "".join(letter if " " <= letter <= "~" else "?" for letter in first)
    words = _BRACKETS.sub("...", words)
    words = " ".join("..." if "@" in word else word for word in words.split())[:_LONGEST]
    if carries_number(words):
        enhanced = _ENHANCED.match(words)
        words = enhanced[0] if enhanced else ""
    return f"{reply.code} {words}".strip()


def judged(sent: Sent) -> tuple[Kind, str]:
    """How a transaction to all or none ended, and the answer that says so.

    A recipient refused for good outweighs one refused for now: waiting would not help the mail.
    """
    refused = [reply for reply in sent.rcpts if reply.code >= 300]
    for_good = [reply for reply in refused if reply.code >= 500]
    reply = (for_good or refused or [sent.final])[0]
    if 200 <= reply.code < 300:
        return Kind.HANDED_OVER, receipt(reply)
    return (Kind.PERMANENT if reply.code >= 500 else Kind.TEMPORARY), receipt(reply)


def carries_number(text: str) -> bool:
    """An identity number stands in `text`, however doubtful."""
    return any(match.kind in IDENTITY for match in detect([Source(text)]))
