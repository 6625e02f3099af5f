"""What the receive room asks of the others, and what it hands on.

The lead's pipeline is a `Deliver`; the way out is a `Hop` that makes a `NextHopSession` for each
message. Stages do not import each other: these protocols are met by ``next_hop/relay.py`` without
knowing of them, and ``app`` puts the two together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mailfilter import limits
from mailfilter.model import Envelope, Path, Reply


@dataclass(frozen=True, slots=True)
class Received:
    """A message at its final dot.

    `wire` is what came: dots still stuffed, ends with CRLF (or is empty), without the final dot.
    `data` is the message itself; the same object as `wire` when no line starts with a dot.
    """

    envelope: Envelope
    wire: bytes
    data: bytes


class NextHopSession(Protocol):
    """One transaction at the next hop. MAIL is sent with the first recipient."""

    async def rcpt(self, rcpt: Path) -> Reply:
        """Name a recipient; the next hop's answer, or 451. Its refusal of MAIL comes here too."""
        ...

    async def send(self, wire: bytes, only: Sequence[int] | None = None) -> Reply:
        """The message to all accepted recipients, or to those of these indexes; final reply."""
        ...

    async def abort(self) -> None:
        """Forget the transaction; a no-op after `send`."""
        ...


class Offers(Protocol):
    """What the next hop announces (EHLO). `size`: None without SIZE, 0 for no fixed limit."""

    @property
    def eight_bit(self) -> bool: ...
    @property
    def size(self) -> int | None: ...
    @property
    def dsn(self) -> bool: ...
    @property
    def smtputf8(self) -> bool: ...
    @property
    def xforward(self) -> bool: ...


class Hop(Protocol):
    """The next hop."""

    @property
    def known(self) -> Offers | None:
        """What it announced last; None if it was never reached."""
        ...

    async def learn(self) -> Offers:
        """What it announces, by a connection if need be; raises `Temporary`."""
        ...

    def transaction(self, mail: Path, xforward: Sequence[bytes] = ()) -> NextHopSession:
        """A new transaction; nothing is sent yet."""
        ...


class Deliver(Protocol):
    """The pipeline: what becomes of a message, and the reply to its final dot.

    It is never cancelled because the client went away. It bounds its own time; what takes longer
    than `Bounds.delivery` is a fault, cancelled and answered 451.
    """

    async def __call__(self, received: Received, hop: NextHopSession, /) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits and timers of the sessions; times in seconds. Tests make them small."""

    recipients: int = limits.RECIPIENTS
    sessions_per_client: int = limits.SESSIONS_PER_CLIENT
    commands: int = limits.COMMANDS
    errors: int = limits.JUNK_COMMANDS
    line: int = limits.COMMAND_LINE
    received_fields: int = limits.RECEIVED_FIELDS
    command_timeout: float = limits.COMMAND_TIMEOUT
    block_timeout: float = limits.DATA_BLOCK_TIMEOUT
    data_timeout: float = limits.DATA_TOTAL_TIMEOUT
    handshake_timeout: float = limits.HANDSHAKE_TIMEOUT
    proof_timeout: float = limits.PROOF_TIMEOUT
    slow: float = limits.SLOW_SESSION
    busy: float = limits.BUSY_SESSION
    memory_timeout: float = limits.MEMORY_TIMEOUT
    delivery: float = limits.DELIVERY_TIMEOUT
    drain: float = limits.DRAIN_TIMEOUT
