"""The statistics: one row for each day, department, direction, kind, rule, action and mode.

No column can hold anything of a mail or a person. A protected message (V5) adds one to a
single counter and to nothing else.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.model import Action, Mode
from mailfilter.record.contract import Count
from mailfilter.record.database.sql import by_engine, clean, is_sqlite
from mailfilter.record.database.tables import counter

_KEY = ("day", "department", "direction", "kind", "rule", "action", "mode")
_key_of = attrgetter(*_KEY)
_FIELDS = (*_KEY, "n", "persons")
PROTECTED = "protected"  # the kind of the counter of protected messages
_ADD = by_engine(
    counter,
    lambda new: new.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={
            "n": counter.c.n + new.excluded.n,
            "persons": counter.c.persons + new.excluded.persons,
        },
    ),
)


def protected(day: date) -> Count:
    """All that is counted of a protected message."""
    return Count(day, "", "external", PROTECTED, "", Action.QUARANTINE, Mode.ENFORCE)


async def add(connection: AsyncConnection, counts: Sequence[Count]) -> None:
    """Add to the counters; sorted, so that two writers cannot wait for each other."""
    rows = _merged(counts)
    if rows:
        await connection.execute(_ADD[is_sqlite(connection)], rows)


async def read(connection: AsyncConnection, first: date, last: date) -> list[Count]:
    """The counters of the days from `first` to `last`, both included."""
    query = (
        select(counter)
        .where(counter.c.day >= first, counter.c.day <= last)
        .order_by(*(counter.c[name] for name in _KEY))
    )
    return [Count(**row) for row in (await connection.execute(query)).mappings()]


def to_json(counts: Sequence[Count]) -> list[dict[str, Any]]:
    """Counts as JSON can carry them."""
    return [
        {name: getattr(count, name) for name in _FIELDS} | {"day": count.day.isoformat()}
        for count in counts
    ]


def from_json(value: list[dict[str, Any]]) -> list[Count]:
    """The reverse."""
    return [Count(**(entry | {"day": date.fromisoformat(entry["day"])})) for entry in value]


def _merged(counts: Sequence[Count]) -> list[dict[str, object]]:
    n: Counter[tuple[Any, ...]] = Counter()
    persons: Counter[tuple[Any, ...]] = Counter()
    for count in counts:
        day, department, *codes = _key_of(count)
        key = (day, clean(department), *codes)
        n[key] += count.n
        persons[key] += count.persons
    return [
        dict(zip(_KEY, key, strict=True)) | {"n": n[key], "persons": persons[key]}
        for key in sorted(n)
    ]
