"""Opening the store: which parts a process gets, by its keys and by the engine.

=========  ======================================  ====================================
process    SQLite                                  PostgreSQL
=========  ======================================  ====================================
desk       `open_archive`, `open_desk_server`      `open_archive`
smtp       `open_intake` → `DeskIntake`            `open_intake` → `StoreIntake`
=========  ======================================  ====================================

`open_archive` makes and changes the tables; the keys are made before (``keys.ensure_keys``). The
database remembers which key its mail is sealed to: opening it with another is refused in a
sentence. `open_store` gives both sides to a single process.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.config import Settings
from mailfilter.errors import ConfigError
from mailfilter.record.archive.archive import Means, StoreArchive
from mailfilter.record.database.engine import Database, check_durable, connect
from mailfilter.record.database.looking import OTHER_KEY
from mailfilter.record.database.migrate import upgrade
from mailfilter.record.database.tables import meta
from mailfilter.record.intake.intake import StoreIntake
from mailfilter.record.ledgers import audit, audit_begin
from mailfilter.record.ledgers.audit_proof import Proof
from mailfilter.record.pickup.deposits import Pickups
from mailfilter.record.pickup.seal import DeskSeal
from mailfilter.record.sealing.keys import PrivateKeys, PublicKeys
from mailfilter.record.sealing.seal import Opener, Sealer
from mailfilter.record.socket.desk_link import DeskIntake
from mailfilter.record.socket.desk_server import DeskServer

SOCKET = "desk.sock"  # in Store.run


@dataclass(frozen=True, slots=True)
class Store:
    """Both sides of the store in one process: desk, and everything when there is only one."""

    archive: StoreArchive
    intake: StoreIntake
    database: Database

    async def close(self) -> None:
        """Finish what has queued and close."""
        await self.database.close()


async def open_store(settings: Settings, keys: PrivateKeys, means: Means | None = None) -> Store:
    """Open for desk; the schema is brought up to date. Raises ConfigError or Temporary."""
    database = connect(settings.store.url)
    database.give(**{audit.KEY: keys.audit})
    means = means or Means()
    now, log = means.clock(), means.entropy(8).hex()
    try:
        await check_durable(database)
        await upgrade(database, lambda connection: audit_begin.begin(connection, now, log))
        await database.run(lambda connection: _check_key(connection, keys.public.desk))
    except BaseException:
        await database.close()
        raise
    sealer, opener = _sealer(keys.public), Opener(keys.identity)
    store = settings.store
    archive = StoreArchive(
        database,
        opener,
        sealer,
        held_days=store.held_days,
        audit_days=store.audit_days,
        search_days=store.search_days,
        means=means,
    )
    archive.proof = Proof(database, checkpoint_file(settings))
    seal = DeskSeal(keys.public.desk, keys.identity)
    archive.pickups = Pickups(database, seal, settings.pickup.kept)
    return Store(archive, StoreIntake(database, sealer, store.held_days), database)


async def open_archive(settings: Settings, keys: PrivateKeys) -> StoreArchive:
    """desk's side, and the command line's; close it by its `close`."""
    return (await open_store(settings, keys)).archive


async def open_intake(settings: Settings, keys: PublicKeys) -> StoreIntake | DeskIntake:
    """An smtp process's side; connects when it is first used. Close it by its `close`."""
    sealer = _sealer(keys)
    if settings.store.url.startswith("sqlite"):
        return DeskIntake(settings.store.run / SOCKET, sealer)
    return StoreIntake(connect(settings.store.url), sealer, settings.store.held_days)


def open_desk_server(settings: Settings, archive: StoreArchive) -> DeskServer | None:
    """What answers smtp processes on the Unix socket, by its `start` and `close`.

    None with PostgreSQL, where they write for themselves.
    """
    if not archive.database.embedded:
        return None
    intake = StoreIntake(archive.database, archive.sealer, settings.store.held_days)
    return DeskServer(settings.store.run / SOCKET, intake)


def checkpoint_file(settings: Settings) -> Path:
    """Where checkpoints of the audit log are kept on this machine."""
    return settings.audit.file or settings.store.keys.parent / "audit.checkpoints"


def _sealer(keys: PublicKeys) -> Sealer:
    return Sealer((keys.desk, keys.escrow))


async def _check_key(connection: AsyncConnection, desk: str) -> None:
    query = select(meta.c.value).where(meta.c.name == "desk.pub")
    known = (await connection.execute(query)).scalar_one_or_none()
    if known is None:
        await connection.execute(insert(meta).values(name="desk.pub", value=desk))
    elif known != desk:
        raise ConfigError(OTHER_KEY)
