"""What a running store does for its backups, and after a restore.

From → to: `Copies.snapshot` → a file with SQLite's pages as of one commit, made while mail is
stored; `alive` → keyed hashes of what has not ended, by which a restore of an older backup ends
again what had ended; `noted` → the line of the log and the time, for the metric.

Why keyed hashes of what lives and not the log alone: of mail to protected recipients the log says
nothing (V5), and it must end again all the same.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Permanent
from mailfilter.record.contract import AuditLine
from mailfilter.record.database import standstill
from mailfilter.record.database.engine import Database
from mailfilter.record.database.sql import insert
from mailfilter.record.database.tables import message, meta, wrapped_key
from mailfilter.record.ledgers import audit
from mailfilter.record.ledgers.audit_key import AuditKey
from mailfilter.record.pickup.tables import deposit

MADE = "backup"  # in `meta`: when the last was made
_MARK = 16  # hexadecimal digits: nobody meets another's by chance
_PAGE = 50_000


def mark(key: AuditKey, id: str) -> str:
    """By which a message, or a deposit of pickup, is known as alive."""
    return key.seal("alive", id)[:_MARK]


class Copies:
    """Of one store; see the module's docstring."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def snapshot(self) -> Path:
        """A copy of SQLite's file beside it, which its reader removes; Temporary if there is no
        room, Permanent where a server has the database."""
        if self._database.file is None:
            raise Permanent("a server has the database: it is read there, not copied")
        return await self._database.copied(snapshot_file(self._database.file))

    async def alive(self, after: str) -> tuple[list[str], str]:
        """Marks of what has not ended and is named behind `after`, and where to go on ("": all)."""

        async def work(c: AsyncConnection) -> tuple[list[str], str]:
            key, names = audit.key_of(c), await _living(c, after)
            return [mark(key, name) for name in names], names[-1] if len(names) == _PAGE else ""

        return await self._database.run(work)

    async def noted(self, line: AuditLine) -> None:
        """A backup was made: a line of the log, and its time."""

        async def work(c: AsyncConnection) -> None:
            values = {"name": MADE, "value": line.at.isoformat()}
            new = insert(c, meta).values(values)
            await c.execute(new.on_conflict_do_update(index_elements=["name"], set_=values))
            await audit.append(c, line)

        await self._database.run(work)

    async def made_at(self) -> datetime | None:
        """When the last backup was made; None before the first."""
        query = select(meta.c.value).where(meta.c.name == MADE)

        async def work(c: AsyncConnection) -> str | None:
            return (await c.execute(query)).scalar_one_or_none()

        value = await self._database.run(work)
        return None if value is None else datetime.fromisoformat(value)

    async def stands_still(self) -> bool:
        """Whether a restore waits for the operator's word."""
        return bool(await self._database.run(standstill.since))

    async def go(self, line: AuditLine) -> bool:
        """The operator's word; False if nothing stood still."""

        async def work(c: AsyncConnection) -> bool:
            went = await standstill.go(c)
            if went:
                await audit.append(c, line)
            return went

        return await self._database.run(work)


def snapshot_file(file: Path) -> Path:
    """Where a copy of SQLite's file lies until it is read."""
    return file.with_name(f".{file.name}.snapshot")


async def _living(connection: AsyncConnection, after: str) -> Sequence[str]:
    held = select(message.c.id).join(wrapped_key, wrapped_key.c.owner == message.c.id)
    waiting = select(deposit.c.id).where(deposit.c.ended == "")
    both = held.union_all(waiting).subquery()
    query = select(both.c.id).where(both.c.id > after).order_by(both.c.id).limit(_PAGE)
    return (await connection.execute(query)).scalars().all()
