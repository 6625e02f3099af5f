"""What the store promises, for both engines and from both sides.

Two sides, because they hold different keys (K1). `Intake` is all that an smtp process may
do: it writes sealed rows and can read nothing back. `Archive` is what desk does: it holds the
private key. With SQLite only desk opens the database and `Intake` is a client of its Unix socket;
with PostgreSQL each process has an `Intake` of its own.

Every method that changes something has committed durably when it returns, or raises `Temporary`.
Acts on held mail and their audit line are one transaction (P12).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mailfilter.model import Action, Finding, NotExamined, Path, State, Verdict
from mailfilter.place import Place
from mailfilter.record.archive.case_number import Case

if TYPE_CHECKING:
    from mailfilter.record.archive.links import Links
    from mailfilter.record.archive.running import RunningTime
    from mailfilter.record.archive.sender_rows import SenderRows
    from mailfilter.record.ledgers.audit_proof import Proof
    from mailfilter.record.ledgers.copies import Copies
    from mailfilter.record.pickup.deposits import Pickups

MARK = 16  # bytes of a mark in an answer
Answered = tuple[bytes, frozenset[bytes]]  # the first mark of an answer, and its others


class Clue(StrEnum):
    """What a mail is searched by."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    SUBJECT = "subject"
    FILE = "file"
    RULE = "rule"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a mail may fit a search: all `values` stand where `clue` says. They are
    folded as ``search.py`` folds them; of a rule or a decider there is one, as it is written."""

    clue: Clue
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender said of a mail, to be remembered: see ``act/asking.py`` for the marks."""

    message: str
    marks: tuple[bytes, ...]
    until: datetime


# ---- intake --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is personal about a stored message; it is stored encrypted with the body."""

    sender: str  # envelope sender as text; "" for <>
    subject: str
    message_id: str
    mail: Path  # raw MAIL, for the release with the original envelope (P5)
    rcpts: tuple[Path, ...]  # raw RCPTs, in the envelope's order
    verdicts: tuple[Verdict, ...]  # same order
    findings: tuple[Finding, ...]
    not_examined: tuple[NotExamined, ...]
    persons: int
    language: str = "sv"
    automatic: bool = False  # an auto-reply, bounce or list mail: gets no notice
    xforward: tuple[bytes, ...] = ()
    internal_domains: tuple[str, ...] = ()
    opened: tuple[Place, ...] = ()  # by a password that stands in the same mail
    answer: tuple[bytes, ...] = ()  # the marks of what its sender may answer (``act/asking.py``)
    files: tuple[str, ...] = ()  # names of what is attached, for the search


@dataclass(frozen=True, slots=True)
class StagedItem:
    """One action group of a message: those held, or those for one connector."""

    action: Action  # QUARANTINE, ASK or REDIRECT
    connector: str = ""
    recipients: tuple[int, ...] = ()  # indexes into Dossier.rcpts
    reading: bool = False  # only unread scans hold it back: READING, not HELD


@dataclass(frozen=True, slots=True)
class Staged:
    """A message to be kept. `body` is the message as received, dots unstuffed.

    `join_key` is that of P2; `incident_key` is the same for copies of one mail that were split by
    recipient. Both are keyed hashes.
    """

    id: str
    join_key: bytes
    incident_key: bytes
    at: datetime
    department: str
    controller: str
    protected: bool
    rules_hash: str
    dossier: Dossier
    body: bytes
    items: tuple[StagedItem, ...]
    notice: bool  # the sender shall be told, once for each incident


@dataclass(frozen=True, slots=True)
class Joined:
    """What `stage` found: a new row, or the row that this retry meets.

    `committed`: it was acknowledged before: answer 250 and do nothing else.
    `relayed`: the other recipients have it already: commit without relaying again.
    """

    id: str
    committed: bool = False
    relayed: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """One increment of the statistics; `n` may be more than 1. No personal data by construction."""

    day: date
    department: str
    direction: str  # "internal", "external"
    kind: str  # finding kind, not-examined class, or "" for the message itself
    rule: str
    action: str
    mode: str  # "enforce" or "observe"
    n: int = 1
    persons: int = 0


class Intake(Protocol):
    """The smtp side: write only, but for the question whether something was answered before."""

    async def stage(self, staged: Staged) -> Joined:
        """Store durably, uncommitted. Meets an earlier row by join key (P2)."""
        ...

    async def keep(self, staged: Staged, counts: Sequence[Count]) -> Joined:
        """`stage` and `commit` in one transaction, for a message that nobody is relayed: it is
        ours when this returns, whatever `Joined` says of an earlier row. A caller who gives up
        before the transaction has begun leaves nothing."""
        ...

    async def mark_relayed(self, id: str) -> None:
        """The recipients that are not held were accepted by the next hop."""
        ...

    async def commit(self, id: str, counts: Sequence[Count]) -> None:
        """Make the row ours: items become HELD, ACCEPTED or READING, notice and counts with them.

        A message with an item that is READING is counted once that has ended, and its sender is
        told nothing of that item before.
        """
        ...

    async def abort(self, id: str) -> None:
        """Forget an uncommitted row; a committed one is left alone."""
        ...

    async def heard(self, ids: Sequence[str]) -> None:
        """The clients have heard that these committed rows are ours: the same bytes are new mail
        from now on, and join none of them."""
        ...

    async def count(self, counts: Sequence[Count]) -> None:
        """Add to the statistics (clean mail; batched by the caller every few seconds)."""
        ...

    async def answered(
        self, firsts: Sequence[bytes], join_key: bytes, at: datetime
    ) -> list[Answered]:
        """The answers that hold at `at` and begin with one of `firsts`; none for a message whose
        join key is known, for that is a retry of it."""
        ...

    async def notify_rejected(
        self,
        join_key: bytes,
        at: datetime,
        dossier: Dossier,
        id: str,
        kind: str = "rejected-notice",
    ) -> None:
        """Queue the notice of a refused message, one for each join key (V8); or, as
        ``check-answer``, the answer to a draft that was sent to be checked."""
        ...


# ---- archive -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A row of the reviewers' list. `dossier` is None once the key is destroyed or if protected;
    `kinds` (with their levels, "" for a class of what was not examined), `level`, `rules` and who
    decided stay."""

    id: str  # item id: "<message id>.<n>"
    message: str
    action: Action
    connector: str
    state: State
    at: datetime
    expires_at: datetime
    size: int
    department: str
    controller: str
    protected: bool
    rules_hash: str
    recipients: tuple[int, ...]
    dossier: Dossier | None
    reason: str = ""  # the reviewer's, of the last act
    receipt: str = ""  # the next hop's or service's last reply, ASCII
    attempts: int = 0
    ended_at: datetime | None = None
    kinds: tuple[tuple[str, str], ...] = ()
    level: str = ""
    rules: tuple[str, ...] = ()
    decided_by: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list shall show; empty means any. `departments` limits what a reviewer may see."""

    states: tuple[State, ...] = ()
    departments: tuple[str, ...] | None = None
    department: str = ""
    kind: str = ""  # of a finding, or a class of what was not examined
    level: str = ""  # the highest of a mail; "unread" where nothing was found
    rule: str = ""
    decided: str = ""  # see `facets.decided`
    name: str = ""  # who "me" is
    sought: tuple[Way, ...] = ()  # fits one of these, where there are any
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    asked: bool = False  # only those whose sender asks for a review
    asked_first: bool = False  # in a list those stand at its top
    for_reviewers: bool = False  # not what its sender alone decides on, unless she asks for them
    limit: int = 50
    offset: int = 0
    protected: bool = False  # True: protected items too, without dossiers (V5)


@dataclass(frozen=True, slots=True)
class Parcel:
    """An outbox row. `kind`: notice, rejected-notice, reviewers, handoff, release, report,
    not-sent, release-failed, login-link, emergency. `dossier` is opened from the message or from
    the row's own seal."""

    id: int
    kind: str
    message: str
    item: str
    attempts: int
    created_at: datetime
    dossier: Dossier | None
    note: str = ""  # nothing of a mail: a week, a count, an account


@dataclass(frozen=True, slots=True)
class Reading:
    """An item in state READING, protected ones too; `at` is when its message came."""

    item: str
    message: str
    at: datetime
    protected: bool
    recipients: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadOn:
    """What reading an item on came to.

    `groups` are its recipients by what becomes of them: RELAY (released as it came), QUARANTINE,
    ASK or REDIRECT. `dossier` and `counts` replace what was known before, None leaves it. `how` is
    a code.
    """

    item: str
    at: datetime
    how: str
    groups: tuple[StagedItem, ...]
    dossier: Dossier | None = None
    rules_hash: str = ""
    protected: bool = False  # by the rules that decided now; a protected message stays one
    counts: tuple[Count, ...] | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One link of the chain. `detail` holds codes and counts, never content or addresses."""

    seq: int
    at: datetime
    actor: str  # user name, "system" or "cli:<login>"
    act: str  # view-list, view-item, view-text, release, refuse, redirect, delete, hold, expire
    object: str  # item or user
    detail: dict[str, str | int] = field(default_factory=dict)
    hash: str = ""
    state: str = ""  # what the act made of its object: the store fills it in (``audit_states.py``)


@dataclass(frozen=True, slots=True)
class User:
    name: str
    role: str  # reviewer, auditor, admin
    departments: tuple[str, ...] | None  # None = all
    language: str = "sv"
    disabled: bool = False
    address: str = ""  # of its owner, who alone gets links by mail
    seen: bool = False  # has logged in


class Archive(Protocol):
    """The desk side. `now` is always an argument."""

    @property
    def pickups(self) -> "Pickups | None": ...  # only where desk's keys are
    @property
    def links(self) -> "Links": ...  # links that were mailed, and what they open
    @property
    def sender(self) -> "SenderRows": ...  # what senders did with their own mail
    @property
    def proof(self) -> "Proof": ...  # of the audit log: verifying, checkpoints, accepting
    @property
    def copies(self) -> "Copies": ...  # backups, and the standstill after a restore
    @property
    def running(self) -> "RunningTime": ...  # what `sweep` goes by

    # lists and bodies
    async def items(self, filter: Filter) -> list[Item]: ...
    async def count_items(self, filter: Filter) -> int: ...
    async def index(self) -> int:
        """Note what mail that has come is found and filtered by; how many there were. `items` and
        `count_items` see to it themselves where a filter asks for it."""
        ...

    async def facets(self) -> dict[str, tuple[str, ...]]:
        """The departments, rules and kinds that mail has, for the lists of filters."""
        ...

    async def item(self, id: str) -> Item | None: ...
    async def items_of(self, message: str) -> list[Item]: ...
    async def case(self, wanted: Case) -> list[Item]:
        """The items of the case that somebody names, in their order. A protected message is not
        looked at: the answer is that of one that never was, by the same statement."""
        ...

    async def body(self, message: str) -> bytes:
        """The original bytes; raises Permanent when the key is destroyed."""
        ...

    # acts, each with its audit line in the same transaction; False if the state was another
    async def act(
        self,
        id: str,
        before: Sequence[State],
        after: State,
        line: AuditLine,
        *,
        receipt: str = "",
        parcel: str = "",
        connector: str = "",
    ) -> bool:
        """Move an item from one of `before` to `after`, add the audit line and, if `parcel` is
        named, an outbox row of that kind for it. DELETED, REFUSED, EXPIRED, RELEASED and
        HANDED_OVER destroy the wrapped key once no item of the message needs it."""
        ...

    # reading on
    async def reading(self, limit: int = 100) -> list[Reading]:
        """What is to be read on, the oldest first."""
        ...

    async def dossier(self, message: str) -> Dossier:
        """The dossier, of a protected message too: for reading on, never for a page. Permanent
        when the key is destroyed."""
        ...

    async def settle(self, done: ReadOn) -> bool:
        """The end of an item's reading, in one transaction: its new state (a further item for each
        further group), audit lines, parcels, the notice if anything is stopped, the counts. False
        if the item is no longer READING: then nothing has changed."""
        ...

    # outbox
    async def due(self, now: datetime, limit: int = 20) -> list[Parcel]: ...
    async def put(self, kind: str, now: datetime, *, item: str = "", note: str = "") -> int: ...
    async def done(self, id: int, why: str = "") -> None:
        """The next hop accepted it, or it needs no sending; with a reason it was given up."""
        ...

    async def parcels(self) -> int:
        """How many rows the outbox has ever had, or more: only the growth says something."""
        ...

    async def retry(self, id: int, at: datetime, why: str) -> None: ...

    # audit
    async def audit(self, line: AuditLine) -> None: ...
    async def audit_lines(self, after: int = 0, limit: int = 100) -> list[AuditLine]: ...
    async def verify_audit(self, anchors: Sequence[tuple[int, str]] = ()) -> tuple[int, str]:
        """(lines, "" or the first thing that is wrong and where). `anchors` are heads written down
        elsewhere. All that `proof` has to say is said by its `verify`."""
        ...

    async def audit_head(self) -> tuple[int, str]:
        """(number, hash) of the last line, to be written down outside: printed, mailed."""
        ...

    # statistics
    async def counts(self, first: date, last: date) -> list[Count]: ...

    # retention
    async def sweep(self, now: datetime) -> dict[str, int]:
        """Expire held items, drop stale stages and old join keys; what was done, counted. Times
        are over by running time; `now` only says when it was done."""
        ...

    # users and sessions
    async def add_user(self, user: User, password: str, line: AuditLine) -> None: ...
    async def users(self) -> list[User]: ...
    async def check_password(
        self, name: str, password: str, now: datetime | None = None
    ) -> User | None:
        """The user, or None; None too while the name is throttled. `now` None is the clock."""
        ...

    async def throttled(self, name: str, now: datetime) -> datetime | None:
        """Until when no password is tried for this name, or None."""
        ...

    async def set_disabled(self, name: str, disabled: bool, line: AuditLine) -> bool: ...
    async def set_password(self, name: str, password: str, line: AuditLine) -> bool: ...
    async def set_address(self, name: str, address: str, line: AuditLine) -> bool: ...
    async def new_session(self, name: str, now: datetime) -> str:
        """The secret token; only its hash is stored."""
        ...

    async def session(self, token: str, now: datetime) -> User | None:
        """The user of a live session (idle 30 min, at most 10 h); touches it."""
        ...

    async def end_session(self, token: str) -> None: ...
    async def new_login_link(self, name: str, now: datetime, *, mailed: bool = False) -> str:
        """The secret of a one-time login link, good for 15 minutes; for a day if it is `mailed`."""
        ...

    async def use_login_link(self, secret: str, now: datetime) -> User | None: ...
