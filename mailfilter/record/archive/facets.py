"""What lists are filtered by: codes that stay in the bare row when the content is destroyed.

`message.kinds` is ``|kind=level|kind=level|``, the level empty for a class of what was not
examined; `message.level` is the highest of the findings, ``unread`` where nothing was found but
something could not be read. `item.rules` is ``|rule|rule|``, of the recipients that are held;
`item.decided_by` is whoever decided last. Which values there are, the lists of the filters know
from `facet`: a table of a few rows, so that nobody has to look through all mail for them.

Nothing here is personal: codes of ours, names of rules and departments, names of accounts. Of a
protected message (V5) nothing is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from detectors.levels import Level
from mailfilter.model import Action, State
from mailfilter.record.contract import Dossier
from mailfilter.record.database.sql import clean, insert
from mailfilter.record.database.tables import facet, item, message

UNREAD = "unread"  # as a level: nothing was found in what could be read
SYSTEM, SENDER = "system", "sender"  # who are no reviewers, as actors of the audit log
DECISIONS = frozenset(
    {State.RELEASING, State.ACCEPTED, State.REFUSED, State.DELETED, State.EXPIRED}
)
_ORDER = (Level.HIGH, Level.MEDIUM, Level.LOW)
NAMES = ("department", "rule", "kind")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a dossier says in codes: kinds with their highest level ("" for a class), the whole's
    level, and the rule of each recipient, in the envelope's order."""

    kinds: tuple[tuple[str, str], ...]
    level: str
    rules: tuple[str, ...]

    def rules_of(self, recipients: Iterable[int]) -> tuple[str, ...]:
        """The distinct rules of these recipients."""
        known = [self.rules[n] for n in recipients if 0 <= n < len(self.rules)]
        return tuple(dict.fromkeys(rule for rule in known if rule))


def facts(dossier: Dossier) -> Facts:
    """The codes of a dossier."""
    best: dict[str, Level] = {}
    for found in dossier.findings:
        known = best.get(found.kind, Level.LOW)
        best[found.kind] = min(known, found.level, key=_ORDER.index)
    unread = dict.fromkeys(part.cls.value for part in dossier.not_examined)
    kinds = {**{kind: level.value for kind, level in best.items()}, **dict.fromkeys(unread, "")}
    highest = min(best.values(), key=_ORDER.index).value if best else UNREAD if unread else ""
    rules = tuple(clean(verdict.rule).replace("|", " ") for verdict in dossier.verdicts)
    return Facts(tuple(kinds.items()), highest, rules)


def packed(values: Iterable[str]) -> str:
    """Values in one column, each found by `has`."""
    found = [clean(value).replace("|", " ") for value in values]
    return f"|{'|'.join(found)}|" if found else ""


def unpacked(column: str) -> tuple[str, ...]:
    """The reverse."""
    return tuple(column.strip("|").split("|")) if column else ()


def pairs(column: str) -> tuple[tuple[str, str], ...]:
    """Kinds and levels of `message.kinds`."""
    split = (value.rpartition("=") for value in unpacked(column))
    return tuple((kind, level) for kind, _, level in split)


Parts = Sequence[tuple[str, Sequence[int]]]  # items of a message and their recipients
_KINDS = update(message).where(message.c.id == bindparam("one"))
_RULES = update(item).where(item.c.id == bindparam("one"))


async def write(connection: AsyncConnection, known: Mapping[str, tuple[Dossier, Parts]]) -> None:
    """Note the codes of messages and of their items."""
    kinds, rules = [], []
    for id, (dossier, parts) in known.items():
        said = facts(dossier)
        both = packed(f"{kind.replace('=', ' ')}={level}" for kind, level in said.kinds)
        kinds.append({"one": id, "k": both, "l": said.level})
        rules += [{"one": name, "r": packed(said.rules_of(to))} for name, to in parts]
    await connection.execute(_KINDS.values(kinds=bindparam("k"), level=bindparam("l")), kinds)
    if rules:
        await connection.execute(_RULES.values(rules=bindparam("r")), rules)


async def note(connection: AsyncConnection, known: Iterable[tuple[Any, Dossier]]) -> None:
    """The values that these have (rows of `message` with at and department, and dossiers), for
    the lists of the filters."""
    seen: dict[tuple[str, str], datetime] = {}
    for row, dossier in known:
        said = facts(dossier)
        stop = [n for n, v in enumerate(dossier.verdicts) if v.action is not Action.RELAY]
        values = [("department", str(row.department))]
        values += [("kind", kind) for kind, _ in said.kinds]
        values += [("rule", rule) for rule in said.rules_of(stop)]
        for each in values:
            seen[each] = max(row.at, seen.get(each, row.at))
    for name, value in sorted(key for key in seen if key[1]):
        new = insert(connection, facet).values(name=name, value=value, at=seen[name, value])
        await connection.execute(
            new.on_conflict_do_update(
                index_elements=["name", "value"],
                set_={"at": new.excluded.at},
                where=facet.c.at < new.excluded.at,
            )
        )


async def listed(connection: AsyncConnection) -> dict[str, tuple[str, ...]]:
    """The values of each name, sorted."""
    rows = (await connection.execute(select(facet.c.name, facet.c.value))).all()
    return {name: tuple(sorted(r.value for r in rows if r.name == name)) for name in NAMES}


async def forget(connection: AsyncConnection, before: datetime) -> int:
    """Values that only mail had whose rows are gone."""
    return int((await connection.execute(delete(facet).where(facet.c.at <= before))).rowcount)


def decided(who: str, name: str) -> ColumnElement[bool]:
    """Items that were decided on by: ``rule`` (nobody has), ``system`` (their time ran out, or
    reading on ended), ``sender``, ``reviewer`` (any), ``me`` (`name`)."""
    by = item.c.decided_by
    match who:
        case "rule":
            return by == ""
        case "reviewer":
            return by.not_in(("", SYSTEM, SENDER))
        case "me":
            return by == name
        case _:
            return by == who


def decision(after: State, actor: str, at: datetime) -> dict[str, Any]:
    """What an act adds to its item: who decided, if it decides anything."""
    return {"decided_by": clean(actor), "decided_at": at} if after in DECISIONS else {}
