"""Restoring a backup into an empty store.

From → to: a `Place`, the keys of the installation, what is known of the time since → a store that
stands still (``standstill.py``), verified.

1. Signature, checksums and schema are looked at, and that the store is empty and the keys are
   those that the backup's mail is sealed to.
2. The tables are made as they were then, filled, and brought up to date as at any start.
3. What happened since is done again (``record/backup/since.py``), what may have left is marked.
4. Every message that has a key is opened; the audit log is verified. What does not hold there is
   the loss itself, and is acknowledged in the log with the name of the backup.

With SQLite all this happens in a file of another name, which is given its own at the end. On a
server a restore that was ended in the middle leaves a mark that `--go` does not take.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.config import Settings
from mailfilter.errors import ConfigError, Permanent
from mailfilter.record.archive.archive import StoreArchive
from mailfilter.record.backup import files, rows
from mailfilter.record.backup import since as restore_since
from mailfilter.record.backup.backup import Told
from mailfilter.record.backup.files import MAIL, Later, Manifest, Place
from mailfilter.record.backup.since import Since
from mailfilter.record.contract import AuditLine
from mailfilter.record.database import migrate, standstill
from mailfilter.record.database.engine import Database, connect, file_of
from mailfilter.record.database.looking import OTHER_KEY
from mailfilter.record.database.tables import message, meta, wrapped_key
from mailfilter.record.ledgers import checkpoint
from mailfilter.record.open import checkpoint_file, open_archive
from mailfilter.record.sealing.keys import PrivateKeys
from mailfilter.record.sealing.seal import Opener

_HALF = ".restoring"  # behind the name of SQLite's file until all is well


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to restore, and what is known beside it. `texts` are lines of files kept elsewhere, in
    which checkpoints may stand."""

    place: Place
    later: Later
    actor: str
    at: datetime
    with_keys: bool = True
    texts: Iterable[str] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it: messages that can be opened, and that cannot; what was done of the time
    since; how many faults of the log are the loss itself."""

    open: int
    shut: int
    since: Since
    accepted: int
    lines: int


def checked(settings: Settings, keys: PrivateKeys, place: Place, *, with_keys: bool) -> Manifest:
    """The manifest of a backup that can be restored here; ConfigError with the cure if not."""
    manifest = files.read_manifest(place, keys.audit)
    if not migrate.knows(manifest.schema):
        raise ConfigError(
            f"{place.folder}: was made by a newer mailfilter ({manifest.program}, schema"
            f" {manifest.schema}); install that one, then restore"
        )
    if manifest.desk != keys.public.desk:
        raise ConfigError(f"{place.folder}: {OTHER_KEY}")
    if with_keys and not place.keys.exists():
        raise ConfigError(
            f"{place.keys}: is not there: its days are over, or it lies elsewhere (--keys). Without"
            " it no held mail can be opened; --without-keys restores the rest"
        )
    files.check_files(place, manifest, keys=with_keys)
    file = file_of(settings.store.url)
    if file is not None and file.exists():
        raise ConfigError(
            f"store.url: {file} is there already; move it and {file.name}-journal away, then"
            " restore"
        )
    return manifest


async def restore(settings: Settings, keys: PrivateKeys, wanted: Wanted, told: Told) -> Restored:
    """Do it; the store stands still afterwards. ConfigError, Permanent or Temporary if it cannot
    be done."""
    manifest = checked(settings, keys, wanted.place, with_keys=wanted.with_keys)
    file = file_of(settings.store.url)
    if file is None:
        return await _restored(settings, keys, wanted, manifest, told)
    half = file.with_name(file.name + _HALF)
    half.unlink(missing_ok=True)
    store = settings.store.model_copy(update={"url": f"sqlite:///{half}"})
    try:
        done = await _restored(
            settings.model_copy(update={"store": store}), keys, wanted, manifest, told
        )
        half.rename(file)
    finally:
        half.unlink(missing_ok=True)
        half.with_name(half.name + "-journal").unlink(missing_ok=True)
    return done


async def _restored(
    settings: Settings, keys: PrivateKeys, wanted: Wanted, manifest: Manifest, told: Told
) -> Restored:
    told.total(2 * sum(manifest.rows.values()))
    database = connect(settings.store.url)
    try:
        await _fill(database, wanted, manifest, told)
    finally:
        await database.close()
    archive = await open_archive(settings, keys)
    try:
        opened, shut = await _try_all(archive, keys, told)
        texts = list(wanted.texts)
        heads, _ = checkpoint.found(keys.audit, [*texts, *_own(settings)])
        newest = max((one.seq for one in heads), default=0)
        since = await restore_since.apply(archive, wanted.later, wanted.at, newest)
        accepted, lines = await _proved(archive, wanted, texts, since)
    finally:
        await archive.close()
    return Restored(opened, shut, since, accepted, lines)


def _own(settings: Settings) -> list[str]:
    with suppress(OSError):
        return checkpoint_file(settings).read_text("ascii", "replace").splitlines()
    return []


async def _fill(database: Database, wanted: Wanted, manifest: Manifest, told: Told) -> None:
    mail = rows.file_engine(wanted.place.folder / MAIL, readonly=True)
    keys = rows.file_engine(wanted.place.keys, readonly=True) if wanted.with_keys else None

    async def work(connection: AsyncConnection) -> None:
        await connection.run_sync(lambda c: _filled(c, mail, keys, manifest, told))

    try:
        await database.run(work)
    finally:
        for engine in filter(None, (mail, keys)):
            engine.dispose()


def _filled(
    target: Connection, mail: Engine, keys: Engine | None, manifest: Manifest, told: Told
) -> None:
    if migrate.schema(target):
        raise ConfigError(
            "store.url: the database has tables already; name an empty one, or empty it: DROP"
            " SCHEMA public CASCADE; CREATE SCHEMA public"
        )
    migrate.make(target, manifest.schema)
    with mail.connect() as source:
        if keys is None:
            rows.read(source, None, target, told.more)
        else:
            with keys.connect() as closed:
                rows.read(source, closed, target, told.more)
    target.execute(insert(meta).values(name=standstill.MARK, value=standstill.BEGUN))


async def _try_all(archive: StoreArchive, keys: PrivateKeys, told: Told) -> tuple[int, int]:
    """How many messages can be opened by desk's key, and how many not."""
    opener, good, bad, after = Opener(keys.identity), 0, 0, ""
    query = select(message.c.id, message.c.dossier, wrapped_key.c.wrapped).outerjoin(
        wrapped_key, wrapped_key.c.owner == message.c.id
    )
    while True:
        page = query.where(message.c.id > after, message.c.dossier != b"")
        page = page.order_by(message.c.id).limit(500)

        async def work(c: AsyncConnection, page: object = page) -> list[tuple[str, bytes, bytes]]:
            return [tuple(row) for row in await c.execute(page)]  # type: ignore[call-overload]

        found = await archive.database.run(work)
        for id_, sealed, wrapped in found:
            opens = wrapped is not None and await asyncio.to_thread(
                _opens, opener, wrapped, sealed, id_
            )
            good, bad = good + opens, bad + (not opens)
        told.more(len(found))
        if not found:
            return good, bad
        after = found[-1][0]


def _opens(opener: Opener, wrapped: bytes, sealed: bytes, owner: str) -> bool:
    try:
        opener.dossier(wrapped, sealed, owner)
    except Permanent:
        return False
    return True


async def _proved(
    archive: StoreArchive, wanted: Wanted, texts: list[str], since: Since
) -> tuple[int, int]:
    """The log says that it was restored, and holds: (faults of the loss itself, lines)."""
    name = wanted.place.name
    detail: dict[str, str | int] = {"backup": name, **since.counts}
    await archive.audit(AuditLine(0, wanted.at, wanted.actor, "restore", "", detail))
    accepted = 0
    report = await archive.proof.verify(lines=texts)
    if report.faults:
        reason: dict[str, str | int] = {"reason": f"backup {name} restored"}
        line = AuditLine(0, wanted.at, wanted.actor, "audit-accept", "", reason)
        accepted = await archive.proof.accept(line, texts)
        report = await archive.proof.verify(lines=texts)
    await archive.database.run(lambda c: standstill.stand(c, wanted.at))
    return accepted, report.lines
