"""A week's numbers: counters → `WeekReport`, with the week before, ready to be printed.

From → to: `Archive.counts` of the week and the week before → tables of cells in which what is
small is already hidden (``protect.py``). Pure: no clock, no database.

What is counted: each mail once by its department and its strictest action; each kind of finding
and each class of what was not examined once a mail; each rule in observe mode once a mail with
what it would have done. Tables: departments × actions; rules of each action; observed rules;
directions; kinds; classes not examined, "relay" being what passed uninspected; what senders did
with their own held mail, with the policy or service.

Known gap: counters of clean mail may lack up to five seconds after a crash (P8); the report says
so.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailfilter.model import Action, Mode
from mailfilter.record.contract import Count
from mailfilter.report.protect import LIMIT, Equation, Key, hidden
from mailfilter.report.weeks import Week

ALL = "*"  # the total of a table's direction
UNREAD = "not-examined:"  # the kind of a count that is a class of what was not examined
PROTECTED = "protected"
ACT = "act:"  # the kind of a count that is an act of a sender
ACTIONS = (Action.RELAY, Action.REDIRECT, Action.ASK, Action.QUARANTINE, Action.REJECT)


class TableName(StrEnum):
    """The tables, in the order of the report."""

    MESSAGES = "messages"  # departments × actions
    DIRECTIONS = "directions"
    KINDS = "kinds"
    UNREAD = "unread"
    RULES = "rules"
    OBSERVED = "observed"
    SENDERS = "senders"  # what senders did with their own held mail


@dataclass(frozen=True, slots=True)
class Cell:
    """A number as it may be shown: `n` is None where it is hidden, `shown` what to print."""

    n: int | None
    shown: str
    before: str
    per_mille: float | None  # of all mails of the week; None where that or `n` is hidden


@dataclass(frozen=True, slots=True)
class Row:
    """A name (a department, kind, rule, ...; "*" is the total) and its cells by column."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    name: TableName
    columns: tuple[str, ...]  # action values, and "*" for all
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class WeekReport:
    """All that is printed of a week."""

    week: Week
    total: Cell
    protected: Cell
    tables: tuple[Table, ...]

    def table(self, name: TableName) -> Table:
        """The table of a name."""
        return next(table for table in self.tables if table.name is name)


def weekly(counts: Iterable[Count], week: Week) -> WeekReport:
    """The report of a week; `counts` hold its days and those of the week before."""
    both = list(counts)
    now, before = _Numbers(_within(both, week)), _Numbers(_within(both, week.before))
    total = now.cell((TableName.MESSAGES, ALL, ALL), before)
    return WeekReport(
        week=week,
        total=total,
        protected=now.cell((PROTECTED, ALL, ALL), before),
        tables=tuple(_table(name, now, before) for name in TableName),
    )


def _within(counts: Sequence[Count], week: Week) -> list[Count]:
    return [count for count in counts if week.first <= count.day <= week.last]


class _Numbers:
    """The cells of one week and which of them are hidden."""

    def __init__(self, counts: Sequence[Count]) -> None:
        self.n: Counter[Key] = Counter()
        for count in counts:
            for key in _keys(count):
                self.n[key] += count.n
        self.hidden = hidden(self.n, _equations(self.n))

    def shown(self, key: Key) -> str:
        if key not in self.hidden:
            return str(self.n[key])
        return "<5" if self.n[key] < LIMIT else "*"

    def cell(self, key: Key, before: "_Numbers") -> Cell:
        total: Key = (TableName.MESSAGES, ALL, ALL)
        n = None if key in self.hidden else self.n[key]
        known = n is not None and total not in self.hidden and self.n[total]
        per_mille = round(1000 * self.n[key] / self.n[total], 1) if known else None
        return Cell(n, self.shown(key), before.shown(key), per_mille)


def _keys(count: Count) -> list[Key]:
    """All cells that a count adds to."""
    if count.kind == PROTECTED:
        return [(PROTECTED, ALL, ALL)]
    if count.kind.startswith(ACT):
        name = count.kind.removeprefix(ACT) + (f": {count.rule}" if count.rule else "")
        return [(TableName.SENDERS.value, name, ALL)]
    if count.mode == Mode.OBSERVE:
        key = (TableName.OBSERVED.value, count.rule, count.action)
        return [key] if count.kind == "" else []
    if count.kind == "":
        messages = TableName.MESSAGES.value
        return [
            *((messages, count.department, column) for column in (count.action, ALL)),
            *((messages, ALL, column) for column in (count.action, ALL)),
            (TableName.RULES.value, count.rule, count.action),
            (TableName.DIRECTIONS.value, count.direction, ALL),
        ]
    unread = count.kind.startswith(UNREAD)
    table = TableName.UNREAD if unread else TableName.KINDS
    name = count.kind.removeprefix(UNREAD)
    return [(table.value, name, column) for column in (count.action, ALL)]


def _equations(n: Counter[Key]) -> list[Equation]:
    """What adds up to what."""
    equations = []
    for table, row, column in n:
        if column != ALL:
            continue
        parts = tuple((table, row, action.value) for action in ACTIONS)
        present = tuple(key for key in parts if key in n)
        if present:
            equations.append(Equation((table, row, ALL), present))
    messages = TableName.MESSAGES.value
    for column in (*(action.value for action in ACTIONS), ALL):
        equations += _column(n, (messages, ALL, column), messages, column)
        if column != ALL:
            equations += _column(n, (messages, ALL, column), TableName.RULES.value, column)
    equations += _column(n, (messages, ALL, ALL), TableName.DIRECTIONS.value, ALL)
    return equations


def _column(n: Counter[Key], total: Key, table: str, column: str) -> list[Equation]:
    parts = tuple(key for key in n if key[0] == table and key[2] == column and key[1] != ALL)
    return [Equation(total, parts)] if total in n and parts else []


def _table(name: TableName, now: _Numbers, before: _Numbers) -> Table:
    columns = _columns(name)
    names = {key[1] for numbers in (now, before) for key in numbers.n if key[0] == name}
    rows = [
        Row(row, tuple(now.cell((name.value, row, column), before) for column in columns))
        for row in sorted(names, key=lambda row: (row == ALL, row))
    ]
    return Table(name, columns, tuple(rows))


def _columns(name: TableName) -> tuple[str, ...]:
    actions = tuple(action.value for action in ACTIONS)
    match name:
        case TableName.DIRECTIONS | TableName.SENDERS:
            return (ALL,)
        case TableName.RULES | TableName.OBSERVED:
            return actions
        case TableName.MESSAGES | TableName.KINDS | TableName.UNREAD:
            return (*actions, ALL)
