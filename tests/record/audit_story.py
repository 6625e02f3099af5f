"""A log worth attacking: accounts, mails in all states, looks at them, and older copies of it all.

`Scene` is what somebody has who can write to the database, knows this program and has kept copies
of the rows: everything but ``audit.key``. What he does is done in a transaction, verified in it
and rolled back, so that one database serves thousands of changes.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.model import Action, State
from mailfilter.record.contract import StagedItem, User
from mailfilter.record.database.tables import audit as audit_table
from mailfilter.record.database.tables import audit_head, item, message, user
from mailfilter.record.ledgers import audit, audit_check
from mailfilter.record.ledgers.audit_key import AuditKey
from mailfilter.record.ledgers.checkpoint import Checkpoint
from tests.record.making import DAY, NOW, Mails, Parts, hold, line, without_triggers

TABLES = (audit_table, audit_head, message, item, user)
Rows = dict[str, list[dict[str, Any]]]
REDIRECT = StagedItem(Action.REDIRECT, "s", (0, 1))


@dataclass
class Scene:
    """An attack under way. `pasts` are copies of all rows, the oldest first; `present` is the last
    honest state; `other` is a key of the attacker's own."""

    connection: AsyncConnection
    pasts: Sequence[Rows]
    present: Rows
    random: Random
    other: AuditKey = field(default_factory=lambda: AuditKey(b"x" * 32))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return self.present["audit"]

    async def put(self, table: Any, rows: Sequence[dict[str, Any]]) -> None:
        """Let `table` hold these rows and no others."""
        await self.connection.execute(delete(table))
        if rows:
            await self.connection.execute(insert(table), [dict(row) for row in rows])

    async def now(self) -> Rows:
        return await copied(self.connection)


@dataclass(frozen=True)
class Story:
    """A store with its past."""

    parts: Parts
    pasts: list[Rows]
    present: Rows
    checkpoint: Checkpoint


Change = Callable[[Scene], Awaitable[None]]


class Undone(Exception):
    """The end of an attack."""


async def copied(connection: AsyncConnection) -> Rows:
    """All rows that the log is about, as they are."""
    found = {}
    for table in TABLES:
        rows = (await connection.execute(select(table).order_by(*table.primary_key))).mappings()
        found[table.name] = [dict(row) for row in rows]
    return found


async def tell(parts: Parts, mails: Mails) -> Story:
    """Some days of an installation."""
    archive, pasts = parts.archive, []

    async def keep() -> None:
        pasts.append(await parts.database.run(copied))

    await keep()
    for name, role in (("anna", "reviewer"), ("olle", "auditor"), ("siv", "admin")):
        departments = ("Socialförvaltningen",) if role == "reviewer" else None
        await archive.add_user(User(name, role, departments), "x", line("user-add", name))
    for n in range(10):
        groups = {"items": (REDIRECT,)} if n in (3, 4) else {}
        await hold(parts, mails(**groups))
        await archive.audit(line("view-item", f"M{n + 1:05d}.1"))
    await keep()
    held, releasing = [State.HELD], [State.RELEASING]
    for name in ("M00001.1", "M00002.1"):
        await archive.act(name, held, State.RELEASING, line("release", name))
        await archive.act(name, releasing, State.RELEASED, line("released", name))
    await archive.act("M00003.1", held, State.REFUSED, line("refuse", "M00003.1"))
    await archive.act("M00004.1", [State.ACCEPTED], State.HANDING_OVER, line("handoff", "M00004.1"))
    await archive.set_disabled("olle", True, line("user-disable", "olle"))
    await keep()
    await archive.act("M00006.1", held, State.DELETED, line("delete", "M00006.1"))
    await archive.act("M00007.1", held, State.RELEASING, line("release", "M00007.1"))
    await archive.set_password("siv", "y", line("user-password", "siv"))
    await archive.sweep(NOW + DAY)
    await keep()
    for name in ("M00008.1", "M00009.1", "M00001.1"):
        await archive.audit(line("view-text", name, purpose="granskning"))
    present = await parts.database.run(copied)
    head = await parts.database.run(audit.head_row)
    checkpoint = Checkpoint(head.seq, head.hash, NOW + DAY, head.log)
    return Story(parts, pasts, present, checkpoint)


async def attacked(
    story: Story, change: Change, random: Random, *, anchored: bool, goes_on: int = 0
) -> list[str]:
    """What a verification says after `change`, and after the program has written `goes_on` more
    lines; nothing of it stays."""
    said: list[str] = []

    async def work(connection: AsyncConnection) -> None:
        await without_triggers(connection)
        await change(Scene(connection, story.pasts, story.present, random))
        key = audit.key_of(connection)
        for n in range(goes_on):
            await audit.append(connection, line("view-item", f"M{n:05d}.1"))
        checkpoints = [story.checkpoint] if anchored else []

        async def run(reading: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
            return await reading(connection)

        report = await audit_check.verify(run, key, checkpoints)
        said.extend(fault.sentence for fault in report.faults)
        raise Undone

    with suppress(Undone):
        await story.parts.database.run(work)
    return said
