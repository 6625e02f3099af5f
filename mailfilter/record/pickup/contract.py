"""What the store of pickup takes and gives: deposits, boxes, links, views. No behaviour.

A *deposit* is a message that waits (or an answer to one), a *box* its copy for one recipient, a
*link* what opens it: the id of its owner and a secret that is nowhere stored in clear. A *seat* is
a browser that has proved who sits there.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from mailfilter.config.pickup import Proof

_NEVER = datetime.min.replace(tzinfo=UTC)
TRIES = 50  # wrong codes of all visitors, then the box is locked until the sender acts
TEXTS = 12  # SMS for one link


class Told(StrEnum):
    """What a sender is told by a mail of its own; the first word of a parcel's note."""

    SENT = "sent"  # handed over: with her link
    ANSWER = "answer"  # with a link to it
    LINK = "link"  # not told but done: a new link is mailed to the recipient
    READ = "read"
    BOUNCED = "bounced"
    UNDELIVERED = "undelivered"  # a new link was refused
    SMS_FAILED = "sms-failed"
    LOCKED = "locked"
    STUCK = "stuck"  # "jag kan inte öppna"
    UNOPENED = "unopened"  # by the time that she chose
    EXPIRING = "expiring"
    EXPIRED = "expired"


class Outcome(StrEnum):
    """What the sender does where the recipient cannot open it; counted."""

    TELEPHONE = "telephone"
    LETTER = "letter"
    MEETING = "meeting"


class Found(StrEnum):
    """What a link leads to."""

    OPEN = "open"
    LOCKED = "locked"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NOTHING = "nothing"  # no such link, or a newer one has taken its place


@dataclass(frozen=True, slots=True)
class NewBox:
    """A recipient. `passphrase` is an Argon2id hash, for a shared box."""

    n: int
    address: str
    proof: Proof
    shared: bool = False
    mobile: str = ""
    passphrase: str = ""


@dataclass(frozen=True, slots=True)
class NewDeposit:
    """A message to be fetched. `sender` is empty where nobody is to be told."""

    item: str
    case: str
    department: str
    body: bytes
    sender: str
    person: str
    unit: str
    language: str
    boxes: tuple[NewBox, ...]
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is still to be mailed. `number` counts the links that its box has had."""

    owner: str  # box, or deposit for the sender's own
    deposit: str
    address: str
    secret: str = field(repr=False)
    n: int = 0
    returns: str = ""
    person: str = ""
    unit: str = ""
    language: str = "sv"
    number: int = 1
    case: str = ""
    proof: Proof = Proof.CODE
    shared: bool = False
    at: datetime = _NEVER
    expires_at: datetime = _NEVER


@dataclass(frozen=True, slots=True)
class Notify:
    """Whom to tell of a deposit, and to whom it goes; `to` by box."""

    deposit: str
    item: str
    case: str
    sender: str
    language: str
    at: datetime
    expires_at: datetime
    to: dict[str, str]
    proof: Proof = Proof.CODE  # the strongest that is asked for
    answer: str = ""  # who answered, where it is an answer


@dataclass(frozen=True, slots=True)
class View:
    """What the recipient's first page may say. Without `OPEN` or `LOCKED` the rest is empty."""

    found: Found
    box: str = ""
    proof: Proof = Proof.EID
    shared: bool = False
    answer: bool = False  # it is an answer, and the reader its addressee inside
    person: str = ""
    unit: str = ""
    case: str = ""
    language: str = "sv"
    mobile: str = ""  # its last two digits
    passphrase: bool = False  # one was agreed
    at: datetime | None = None
    expires_at: datetime | None = None
    read_at: datetime | None = None
    answered_at: datetime | None = None
    tries_left: int = TRIES
    texted: bool = False  # a code is on its way or has come


@dataclass(frozen=True, slots=True)
class Proved:
    """What proving came to: a seat; or how many tries this visitor has left, how many minutes she
    waits before the next, or that she has none (`spent`). All empty: the box is locked."""

    seat: str = field(default="", repr=False)
    tries_left: int = 0
    wait: int = 0
    spent: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody opened a box."""

    at: datetime
    proof: Proof
    opener: str


@dataclass(frozen=True, slots=True)
class BoxView:
    """One recipient, as the sender follows it."""

    box: str
    address: str
    proof: Proof
    shared: bool
    mobile: str
    code: str
    sent_at: datetime | None
    failed_at: datetime | None
    read_at: datetime | None
    answered_at: datetime | None
    stuck_at: datetime | None
    watch_at: datetime | None
    used: Proof | None
    locked: bool
    pending: bool
    outcome: str
    openings: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class Follow:
    """What the sender sees of her deposit."""

    found: Found
    deposit: str = ""
    case: str = ""
    item: str = ""
    language: str = "sv"
    at: datetime | None = None
    expires_at: datetime | None = None
    boxes: tuple[BoxView, ...] = ()
