"""Verifying the audit log: every line, the head, checkpoints, and the rows that it speaks of.

From → to: the tables and checkpoints kept elsewhere → an `AuditReport`, which names each fault by
its place.

The log is read a page a transaction, so that mail is stored meanwhile. Rows are compared with what
the log says of them in transactions that first read what the log has grown by: an act that is half
done shows neither its row nor its line (both are one transaction), and on PostgreSQL such a
transaction sees one snapshot.

After a fault the walk goes on from the hash that is stored, so that one changed line is one fault.
What an operator has accepted (``audit_accept.py``) is no fault any more; a seal over the lines in
question goes with it, so that they cannot be changed once more.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.record.contract import AuditLine
from mailfilter.record.database.tables import audit as audit_table
from mailfilter.record.ledgers import audit, audit_states
from mailfilter.record.ledgers.audit_key import AuditKey
from mailfilter.record.ledgers.audit_states import GONE, PROTECTED, STATES_OF_ACTS, ItemRow
from mailfilter.record.ledgers.checkpoint import Checkpoint

ACCEPT = "audit-accept"
_PAGE = 1000
_ITEMS = 2000
_IDS = 500

Run = Callable[[Callable[[AsyncConnection], Awaitable[Any]]], Awaitable[Any]]


class Kind(StrEnum):
    """What a fault is a fault of."""

    LINES = "lines"
    HEAD = "head"
    ITEM = "item"
    ACCOUNT = "account"
    HIDDEN = "hidden"  # a message marked as protected, of which the log speaks
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not hold. `object` is an item, account or message; `first` and `last` are
    numbers of lines; `pin` is a hash of what stands in these lines, or the time of the youngest
    checkpoint that does not fit."""

    kind: Kind
    sentence: str
    object: str = ""
    first: int = 0
    last: int = 0
    pin: str = ""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a verification found. `keyed` is the first line under the key, `checkpoints` how many
    were compared, `newest` the time of the last of them."""

    lines: int
    keyed: int
    faults: tuple[Fault, ...]
    checkpoints: int = 0
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """What one transaction saw: the head, lines that had not been read, and rows."""

    head: audit.Head
    lines: list[AuditLine]
    items: list[ItemRow] = field(default_factory=list)
    accounts: dict[str, str] | None = None
    before_first: int = 0  # rows with numbers that no line has


@dataclass(slots=True)
class _Range:
    """Lines that follow each other and do not hold."""

    first: int
    last: int
    what: str
    content: Any

    def take(self, line: AuditLine) -> None:
        self.last = line.seq
        at = line.at.isoformat()
        said = [line.seq, at, line.actor, line.act, line.object, line.detail, line.hash, line.state]
        self.content.update(json.dumps(said, sort_keys=True).encode())

    def fault(self) -> Fault:
        rest = f", and none up to line {self.last} holds" if self.last > self.first else ""
        pin = self.content.hexdigest()
        return Fault(Kind.LINES, self.what + rest, "", self.first, self.last, pin)


class Walk:
    """Goes through the lines in order, once, and remembers what they say."""

    def __init__(self, key: AuditKey, head: audit.Head, wanted: Iterable[int] = ()) -> None:
        self._key, self._keyed = key, head.keyed
        self.last, self.hash = 0, ""
        self._before = head.log if head.keyed == 1 else ""
        self._ranges: list[_Range] = []
        self.hashes: dict[int, str] = dict.fromkeys(wanted, "")
        self.items: dict[str, str] = {}  # what each is by its last line
        self.accounts: dict[str, str] = {}
        self.hidden: set[str] = set()
        self.old: set[str] = set()  # items that only lines of before the key speak of
        self.accepted: list[AuditLine] = []

    def take(self, lines: Iterable[AuditLine]) -> None:
        """The next lines."""
        for line in lines:
            self._step(line)

    def _step(self, line: AuditLine) -> None:
        if line.seq > self.last + 1:
            self._fault(line, f"line {self.last + 1} is missing", self.last + 1)
        elif self._fits(line):
            self._learn(line)
            if line.act == audit.BROKEN and line.seq >= self._keyed:
                self._fault(line, f"line {line.seq} says that the log's end was changed before it")
        else:
            self._fault(line, f"line {line.seq} was changed or moved")
        if line.seq in self.hashes:
            self.hashes[line.seq] = line.hash
        self.last, self.hash, self._before = line.seq, line.hash, line.hash

    def _fits(self, line: AuditLine) -> bool:
        if not self._keyed or line.seq < self._keyed:
            return audit.digest(line, self._before) == line.hash
        if line.seq == self._keyed > 1 and line.act != audit.CLOSED:
            return False  # nothing else begins the part under the key
        return audit.keyed_digest(self._key, line, self._before) == line.hash

    def _fault(self, line: AuditLine, what: str, first: int = 0) -> None:
        ranges = self._ranges
        if not ranges or ranges[-1].last != line.seq - 1 or first:
            ranges.append(_Range(first or line.seq, line.seq, what, hashlib.sha256()))
        ranges[-1].take(line)

    def _learn(self, line: AuditLine) -> None:
        if line.seq < self._keyed:
            if line.act in STATES_OF_ACTS:
                self.items[line.object] = STATES_OF_ACTS[line.act]
                self.old.add(line.object)
            return
        if line.act == ACCEPT:
            self.accepted.append(line)
        if line.state == PROTECTED:
            self.hidden.add(line.object)
        elif line.state.startswith("{") or (line.state == GONE and line.object in self.accounts):
            self.accounts[line.object] = line.state
        elif line.state:
            self.items[line.object] = line.state
            self.old.discard(line.object)

    def faults(self) -> list[Fault]:
        """What does not hold of the lines."""
        return [one.fault() for one in self._ranges]

    def head_faults(self, head: audit.Head) -> list[Fault]:
        """What does not hold of the head, once all lines were taken."""
        said = []
        if head.seq > self.last:
            said.append(f"the chain ends at line {self.last}; at least {head.seq} were there")
        elif (head.seq, head.hash) != (self.last, self.hash):
            said.append(f"the head row does not fit the last line, {self.last}")
        if not head.is_ours(self._key):
            said.append("the head row carries no seal of this installation's audit.key")
        return [Fault(Kind.HEAD, sentence) for sentence in said]


class Compared:
    """Rows beside what a walk has learned of them."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self.seen: set[str] = set()
        self.faults: list[Fault] = []
        self._hidden: dict[str, bool] = {}  # protected message → every item has a line

    def take(self, rows: Iterable[ItemRow]) -> None:
        """Items as one transaction saw them, after the walk had all lines that it saw."""
        for row in rows:
            self.seen.add(row.id)
            known = self._walk.items.get(row.id)
            if row.protected:
                spoken = known is not None and row.id not in self._walk.old
                self._hidden[row.message] = self._hidden.get(row.message, True) and spoken
            elif (known or row.initial) != row.state:
                sentence = f"{row.id} is {row.state}, but by the log it is {known or row.initial}"
                self.faults.append(Fault(Kind.ITEM, sentence, row.id))

    def candidates(self) -> list[str]:
        """Items that the log knows as there and that were not seen."""
        known = self._walk.items.items()
        missing = (id for id, state in known if state != GONE and id not in self.seen)
        return [id for id in missing if id not in self._walk.old]

    def missing(self, ids: Iterable[str]) -> None:
        """Of these there is no row."""
        for id in ids:
            if (state := self._walk.items[id]) != GONE:
                sentence = f"{id} is {state} by the log, but its row is not there"
                self.faults.append(Fault(Kind.ITEM, sentence, id))

    def accounts(self, rows: dict[str, str]) -> None:
        """The accounts as the last transaction saw them."""
        known = self._walk.accounts
        for name in sorted({*rows, *known}):
            there, said = rows.get(name, GONE), known.get(name, GONE)
            if there != said:
                self.faults.append(Fault(Kind.ACCOUNT, _account_sentence(name, there, said), name))

    def end(self) -> None:
        """Messages that are marked as protected although the log speaks of all their items."""
        for message, spoken in self._hidden.items():
            if spoken and message not in self._walk.hidden:
                sentence = f"{message} is marked as protected, but the log speaks of it"
                self.faults.append(Fault(Kind.HIDDEN, sentence, message))


def _account_sentence(name: str, there: str, said: str) -> str:
    if said == GONE:
        return f"the account {name} is there, but the log says nothing of it"
    if there == GONE:
        return f"the account {name} is in the log, but its row is not there"
    now, then = json.loads(there), json.loads(said)
    different = [key for key in now if now[key] != then.get(key)]
    if "role" in different:
        return f"the account {name} has role {now['role']}, but by the log {then.get('role')}"
    return f"the account {name} was changed without a line of the log: {', '.join(different)}"


async def verify(run: Run, key: AuditKey, checkpoints: Sequence[Checkpoint] = ()) -> AuditReport:
    """Read and compare everything; `run` runs work in a transaction that sees one snapshot."""
    try:
        return await _verify(run, key, checkpoints)
    except (ValueError, TypeError, OverflowError):  # such a row was never ours
        sentence = "a row of the log or of what it speaks of cannot be read: it was changed"
        return AuditReport(0, 0, (Fault(Kind.HEAD, sentence),), len(checkpoints))


async def _verify(run: Run, key: AuditKey, checkpoints: Sequence[Checkpoint]) -> AuditReport:
    head: audit.Head = await run(audit.head_row)
    if not head.is_ours(key):  # what it says is said to be wrong; the lines are read all the same
        log = head.log or next((one.log for one in checkpoints if one.log), "")
        keyed = head.keyed or await run(audit.first_keyed)
        head = replace(head, keyed=keyed, log=log)
    shot: Shot = await run(partial(_lines, after=0))
    walk = Walk(key, head, {one.seq for one in checkpoints})
    walk.take(shot.lines)
    while len(shot.lines) == _PAGE:
        shot = await run(partial(_lines, after=walk.last))
        walk.take(shot.lines)
    compared = Compared(walk)
    shot = await _compare(run, key, walk, compared)
    faults = [
        *walk.faults(),
        *walk.head_faults(shot.head),
        *_strays(shot),
        *against(walk, head.log, checkpoints),
        *compared.faults,
    ]
    left = tuple(one for one in faults if not _is_accepted(one, walk.accepted))
    newest = max((one.at for one in checkpoints if one.at is not None), default=None)
    return AuditReport(walk.last, shot.head.keyed, left, len(checkpoints), newest)


async def _compare(run: Run, key: AuditKey, walk: Walk, compared: Compared) -> Shot:
    at = ""
    while True:
        shot: Shot = await run(partial(_rows, key=key, after=walk.last, item=at))
        walk.take(shot.lines)
        compared.take(shot.items)
        if shot.accounts is not None:
            break
        at = shot.items[-1].id
    compared.accounts(shot.accounts)
    compared.end()
    strays = shot.before_first
    ids = compared.candidates()
    for start in range(0, len(ids), _IDS):
        some = ids[start : start + _IDS]
        shot = await run(partial(_there, after=walk.last, ids=some))
        walk.take(shot.lines)
        compared.missing(sorted(set(some) - {row.id for row in shot.items}))
    return replace(shot, before_first=strays)


async def _lines(connection: AsyncConnection, after: int) -> Shot:
    return Shot(await audit.head_row(connection), await audit.read(connection, after, _PAGE))


async def _rows(connection: AsyncConnection, key: AuditKey, after: int, item: str) -> Shot:
    """The next items; with the last of them the accounts and what can be no line."""
    shot = await _grown(connection, after)
    rows = await audit_states.items(connection, item, _ITEMS)
    if len(rows) == _ITEMS:
        return Shot(shot.head, shot.lines, rows)
    accounts = await audit_states.accounts(connection, key)
    query = select(func.count()).select_from(audit_table).where(audit_table.c.seq < 1)
    strays = int((await connection.execute(query)).scalar_one())
    return Shot(shot.head, shot.lines, rows, accounts, strays)


async def _there(connection: AsyncConnection, after: int, ids: Sequence[str]) -> Shot:
    shot = await _grown(connection, after)
    return Shot(shot.head, shot.lines, await audit_states.items(connection, "", _IDS, ids))


async def _grown(connection: AsyncConnection, after: int) -> Shot:
    return Shot(await audit.head_row(connection), await audit.read(connection, after, None))


def _strays(shot: Shot) -> list[Fault]:
    if not shot.before_first:
        return []
    return [Fault(Kind.HEAD, "there are rows with numbers that no line of the log has")]


def against(walk: Walk, log: str, checkpoints: Sequence[Checkpoint]) -> list[Fault]:
    """Checkpoints that do not fit, or that the log has accepted as lost."""
    bad: dict[int, str] = {}
    until = ""
    for one in checkpoints:
        if one.seq == 0 or _is_lost(one, walk.accepted):
            continue
        if one.log and one.log != log:
            bad[one.seq] = f"the checkpoint of line {one.seq} is of another log"
        elif one.seq > walk.last:
            bad[one.seq] = f"the chain ends at line {walk.last}; at least {one.seq} were there"
        elif walk.hashes[one.seq] != one.hash:
            bad[one.seq] = f"line {one.seq} is not the one of the checkpoint"
        if one.seq in bad and one.at is not None:
            until = max(until, one.at.isoformat())
    if not bad:
        return []
    first, last = min(bad), max(bad)
    rest = f" ({len(bad)} checkpoints up to line {last} do not fit)" if len(bad) > 1 else ""
    return [Fault(Kind.CHECKPOINT, bad[first] + rest, "", first, last, until)]


def _is_lost(one: Checkpoint, accepted: Iterable[AuditLine]) -> bool:
    """Whether an operator has accepted that what it speaks of is lost: it is not younger than those
    that were seen then, and of lines that were named then."""
    return any(
        line.detail.get("of") == Kind.CHECKPOINT
        and int(line.detail["first"]) <= one.seq <= int(line.detail["last"])
        and (one.at is None or one.at.isoformat() <= str(line.detail["pin"]))
        for line in accepted
    )


def _is_accepted(fault: Fault, accepted: Iterable[AuditLine]) -> bool:
    """Of lines; what is accepted of rows is a line with their state."""
    if fault.kind is not Kind.LINES:
        return False
    named = (fault.first, fault.last, fault.pin)
    return any(
        line.detail.get("of") == Kind.LINES
        and (line.detail["first"], line.detail["last"], line.detail["pin"]) == named
        for line in accepted
    )
