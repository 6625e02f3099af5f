"""The smtp side of the store, over a database: what it takes in, it cannot read back.

`StoreIntake` is an `Intake` (see ``contract.py``). It seals in this process and hands sealed rows
to the database. With PostgreSQL each smtp process has one; with SQLite desk has the only one, and
``desk_link.py`` reaches its `SealedIntake` half over a socket.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter import limits
from mailfilter.record.contract import Answered, Count, Dossier, Joined, Staged
from mailfilter.record.database.engine import Database
from mailfilter.record.database.tables import wrapped_key
from mailfilter.record.intake import answers, staging
from mailfilter.record.intake.keeping import Kept, keep
from mailfilter.record.ledgers import counts as counting
from mailfilter.record.sealing.seal import Sealed, Sealer, parcel_owner

REJECTED = "rejected-notice"
# parcel → kind of what is told once
KINDS = {REJECTED: "rejected", "check-answer": "checked", "pickup-bounce": "bounced"}
_SMALL = 256 * limits.KIB  # sealed in the event loop: 0.6 ms; a thread costs as much


class SealedIntake(Protocol):
    """What crosses from smtp to desk: sealed already."""

    async def stage_sealed(self, sealed: Sealed) -> Joined: ...
    async def keep_sealed(self, sealed: Sealed, counts: Sequence[Count]) -> Joined: ...
    async def mark_relayed(self, id: str) -> None: ...
    async def commit(self, id: str, counts: Sequence[Count]) -> None: ...
    async def abort(self, id: str) -> None: ...
    async def count(self, counts: Sequence[Count]) -> None: ...
    async def answered(
        self, firsts: Sequence[bytes], join_key: bytes, at: datetime
    ) -> list[Answered]: ...
    async def notify_sealed(
        self,
        join_key: bytes,
        at: datetime,
        id: str,
        wrapped: bytes,
        dossier: bytes,
        kind: str = REJECTED,
    ) -> None: ...
    async def heard(self, ids: Sequence[str]) -> None: ...
    async def orphan(self, ids: Sequence[str]) -> None:
        """End the leases of these: whoever staged them is gone."""
        ...


async def seal(sealer: Sealer, staged: Staged) -> Sealed:
    """Seal without stopping the event loop for long."""
    if len(staged.body) <= _SMALL:
        return sealer.seal(staged)
    return await asyncio.to_thread(sealer.seal, staged)


class StoreIntake:
    """An `Intake` and a `SealedIntake`."""

    def __init__(self, database: Database, sealer: Sealer, held_days: int) -> None:
        self._database = database
        self._sealer = sealer
        self._held_for = timedelta(days=held_days)

    async def stage(self, staged: Staged) -> Joined:
        return await self.stage_sealed(await seal(self._sealer, staged))

    async def stage_sealed(self, sealed: Sealed) -> Joined:
        return await self._database.run(
            lambda connection: staging.stage(connection, sealed, self._held_for)
        )

    async def keep(self, staged: Staged, counts: Sequence[Count]) -> Joined:
        return await self.keep_sealed(await seal(self._sealer, staged), counts)

    async def keep_sealed(self, sealed: Sealed, counts: Sequence[Count]) -> Joined:
        kept = Kept(sealed, counts, self._held_for)
        return await self._database.run_together(keep, kept, sealed.size)

    async def mark_relayed(self, id: str) -> None:
        await self._database.run(lambda connection: staging.mark_relayed(connection, id))

    async def commit(self, id: str, counts: Sequence[Count]) -> None:
        await self._database.run(lambda connection: staging.commit(connection, id, counts))

    async def abort(self, id: str) -> None:
        await self._database.run(lambda connection: staging.abort(connection, id))

    async def heard(self, ids: Sequence[str]) -> None:
        await self._database.run(lambda connection: staging.heard(connection, ids))

    async def orphan(self, ids: Sequence[str]) -> None:
        await self._database.run(lambda connection: staging.orphan(connection, ids))

    async def count(self, counts: Sequence[Count]) -> None:
        await self._database.run(lambda connection: counting.add(connection, counts))

    async def answered(
        self, firsts: Sequence[bytes], join_key: bytes, at: datetime
    ) -> list[Answered]:
        return await self._database.run(
            lambda connection: answers.find(connection, firsts, join_key, at)
        )

    async def notify_rejected(
        self, join_key: bytes, at: datetime, dossier: Dossier, id: str, kind: str = REJECTED
    ) -> None:
        wrapped, sealed = self._sealer.seal_dossier(parcel_owner(id), dossier)
        await self.notify_sealed(join_key, at, id, wrapped, sealed, kind)

    async def notify_sealed(
        self,
        join_key: bytes,
        at: datetime,
        id: str,
        wrapped: bytes,
        dossier: bytes,
        kind: str = REJECTED,
    ) -> None:
        async def work(connection: AsyncConnection) -> None:
            if not await staging.first_time(connection, join_key, KINDS[kind], at):
                return
            await connection.execute(
                insert(wrapped_key).values(owner=parcel_owner(id), wrapped=wrapped)
            )
            await staging.put(connection, kind, at, message_id=id, sealed=dossier)

        await self._database.run(work)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()
