"""The proof of the audit log, as the store gives it: verifying, checkpoints, accepting.

Each step is a transaction of its own; what is between them (seals, signatures, the file of
checkpoints) happens outside of transactions.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Permanent
from mailfilter.record.contract import AuditLine
from mailfilter.record.database.engine import Database
from mailfilter.record.database.sql import insert, is_sqlite
from mailfilter.record.database.tables import meta
from mailfilter.record.ledgers import audit, audit_accept, audit_check, checkpoint
from mailfilter.record.ledgers.audit_check import AuditReport, Fault, Kind
from mailfilter.record.ledgers.audit_key import AuditKey
from mailfilter.record.ledgers.checkpoint import Checkpoint

_MADE = "audit-checkpoint"  # in `meta`: when the last was made
ACCEPT = audit_check.ACCEPT


class Proof:
    """Of one store. `file` is where its checkpoints are kept on this machine."""

    def __init__(self, database: Database, file: Path | None = None) -> None:
        self._database, self._file = database, file

    async def verify(
        self, more: Iterable[Checkpoint] = (), lines: Iterable[str] = ()
    ) -> AuditReport:
        """Compare everything, with the checkpoints of this machine, `more`, and those that stand
        in `lines` of a file kept elsewhere."""
        key = await self._database.run(_key)
        faults: list[Fault] = []
        known = list(more)
        for where, given in (("the file", lines), (str(self._file), await self._own(faults))):
            good, bad = await asyncio.to_thread(checkpoint.found, key, given)
            known += good
            if bad:
                sentence = f"{where} has {bad} checkpoints that this audit.key has not signed"
                faults.append(Fault(Kind.CHECKPOINT, sentence))
        report = await audit_check.verify(self._run, key, known)
        return replace(report, faults=(*report.faults, *faults))

    async def _own(self, faults: list[Fault]) -> list[str]:
        if self._file is None:
            return []
        try:
            return await asyncio.to_thread(_lines_of, self._file)
        except FileNotFoundError:
            return []
        except OSError as error:
            sentence = f"{self._file} cannot be read: {error.strerror}"
            faults.append(Fault(Kind.CHECKPOINT, sentence))
            return []

    async def _run(self, work: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
        async def at_once(connection: AsyncConnection) -> Any:
            if not is_sqlite(connection):  # else each statement would see what came meanwhile
                await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            return await work(connection)

        return await self._database.run(at_once)

    async def accept(self, line: AuditLine, lines: Iterable[str] = ()) -> int:
        """Acknowledge whatever does not hold, with the actor and reason of `line`; how many lines
        say so. Raises Permanent where all is well or what is wrong is not the log's."""
        given = list(lines)
        await self._database.run(lambda c: audit_accept.mend(c, line))
        faults = (await self.verify(lines=given)).faults
        if not faults:
            raise Permanent("the audit log holds: there is nothing to accept")
        accepted = await self._database.run(lambda c: audit_accept.accept(c, faults, line))
        if left := (await self.verify(lines=given)).faults:
            raise Permanent(f"this cannot be accepted: {left[0].sentence}")
        return int(accepted)

    async def checkpoint(self, now: datetime) -> tuple[int, str]:
        """The number of the last line, and the line of a checkpoint of now."""

        async def work(c: AsyncConnection) -> tuple[AuditKey, audit.Head]:
            head = await audit.sound_head(c, now)
            values = {"name": _MADE, "value": now.isoformat()}
            made = insert(c, meta).values(values)
            await c.execute(made.on_conflict_do_update(index_elements=["name"], set_=values))
            return audit.key_of(c), head

        key, head = await self._database.run(work)
        return head.seq, checkpoint.written(key, Checkpoint(head.seq, head.hash, now, head.log))

    async def made_at(self) -> datetime | None:
        """When the last checkpoint was made; None before the first."""
        query = select(meta.c.value).where(meta.c.name == _MADE)

        async def work(c: AsyncConnection) -> str | None:
            return (await c.execute(query)).scalar_one_or_none()

        value = await self._database.run(work)
        return None if value is None else datetime.fromisoformat(value)


async def _key(connection: AsyncConnection) -> AuditKey:
    return audit.key_of(connection)


def _lines_of(file: Path) -> list[str]:
    return file.read_text("ascii", "replace").splitlines()
