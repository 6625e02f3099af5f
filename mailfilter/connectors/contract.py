"""What a connector is: it hands one message over to a secure transfer service.

From → to: `HandOver` → `Result`. A new connector is one file and one line in ``__init__.py``.

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
from mailfilter.model import Path, Reply

_BRACKETS = re.compile(r"<[^<>]*>?")
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_LONGEST = 160


class Kind(StrEnum):
    """How a hand-over ended."""

    HANDED_OVER = "handed-over"
    TEMPORARY = "temporary"  # trying again may help
    PERMANENT = "permanent"  # a person must look at it


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

    async def hand_over(self, handover: HandOver) -> Result:
        """Give the message to the service."""
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
    return any(match.kind.startswith(IDENTITY) for match in detect([Source(text)]))
