"""Making a backup, and looking at it before it is called one.

From → to: the store of a running installation → the files of ``record/backup/files.py``, all of one
moment. SQLite: desk copies its pages beside the database (``Database.copied``), and that copy is
read and removed; it is as well protected there as the database is. PostgreSQL: one transaction that
sees one snapshot; needs no more rights than desk has, and neither superuser nor pg_dump.

Then both files are read again from the disk: SQLite's own check, the rows of each table counted,
the pieces of each stored body counted, and the audit log verified as ``mailfilter audit verify``
does. Errors are ConfigError, with a cure; nothing is left of a backup that failed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter import __version__
from mailfilter.errors import ConfigError
from mailfilter.record.backup import files, rows
from mailfilter.record.backup.files import KEYS, MAIL, Manifest, Place
from mailfilter.record.database import migrate
from mailfilter.record.database.engine import Database, connect
from mailfilter.record.database.faults import FAULTS, words
from mailfilter.record.ledgers import audit_check
from mailfilter.record.ledgers.audit_key import AuditKey

_DESK = text("SELECT value FROM meta WHERE name = 'desk.pub'")
_HEAD = text("SELECT seq, hash FROM audit_head")
_HELD = text("SELECT count(*) FROM wrapped_key JOIN message ON message.id = wrapped_key.owner")
_TORN = text(
    "SELECT count(*) FROM message JOIN wrapped_key ON wrapped_key.owner = message.id WHERE"
    " chunks <> (SELECT count(*) FROM chunk WHERE chunk.message = message.id)"
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a long work says meanwhile: `total` rows are to come, so many `more` are done."""

    total: Callable[[int], None] = lambda _n: None
    more: rows.Progress = lambda _n: None


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was verified."""

    manifest: Manifest
    held: int  # messages whose content it has
    lines: int  # of the audit log
    fault: str  # the first of the log, which is none of the backup


async def from_snapshot(snapshot: Path, place: Place, key: AuditKey, told: Told) -> Made:
    """A backup of a copy of SQLite's file, which is removed as soon as it is open."""
    manifest = _worded(place, lambda: _of_file(snapshot, place, key, told))
    return await _verified(place, manifest, key)


def _of_file(snapshot: Path, place: Place, key: AuditKey, told: Told) -> Manifest:
    engine = rows.file_engine(snapshot, readonly=True)
    try:
        with engine.connect() as source:
            source.execute(text("SELECT 1"))  # it is open, so nothing is left if we are killed
            snapshot.unlink()
            return _written(source, place, key, told)
    finally:
        engine.dispose()
        snapshot.unlink(missing_ok=True)


async def from_server(database: Database, place: Place, key: AuditKey, told: Told) -> Made:
    """A backup of what one transaction of a server sees."""

    async def work(connection: AsyncConnection) -> Manifest:
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        return await connection.run_sync(
            lambda c: _worded(place, lambda: _written(c, place, key, told))
        )

    return await _verified(place, await database.run(work), key)


def _worded(place: Place, work: Callable[[], Manifest]) -> Manifest:
    """`work`; what fails in it as a sentence."""
    try:
        return work()
    except FAULTS as error:
        cause = words(error)
        raise ConfigError(
            f"{place.folder.parent}: the backup could not be written: {cause}; make room or mend"
            " it, and begin again. Nothing of it was left there, the store was not changed"
        ) from error


def _written(source: Connection, place: Place, key: AuditKey, told: Told) -> Manifest:
    counts = rows.counted(source, rows.tables_of(source))
    told.total(sum(counts.values()))
    mail = place.folder / MAIL
    written = rows.write(source, mail, place.keys, told.more)
    if written != counts:
        raise ConfigError(f"{place.folder.parent}: rows are missing; begin again")
    seq, hash_ = source.execute(_HEAD).one()
    manifest = Manifest(
        name=place.name.lstrip("."),
        program=__version__,
        schema=migrate.schema(source),
        desk=source.execute(_DESK).scalar_one(),
        head=(int(seq), str(hash_)),
        rows=written,
        files={MAIL: files.checksum(mail), KEYS: files.checksum(place.keys)},
    )
    files.write_manifest(place, manifest, key)
    return manifest


async def _verified(place: Place, manifest: Manifest, key: AuditKey) -> Made:
    """What a backup holds by its own files; ConfigError if that is not what was to be written."""
    files.check_files(place, manifest, keys=True)
    held = 0
    for path in (place.folder / MAIL, place.keys):
        engine = rows.file_engine(path, readonly=True)
        with engine.connect() as connection:
            _check(path, connection, manifest)
            if path.name == MAIL:
                held = int(connection.execute(_HELD).scalar_one())
        engine.dispose()
    lines, fault = await _log(place.folder / MAIL, key)
    return Made(manifest, held, lines, fault)


def _check(path: Path, connection: Connection, manifest: Manifest) -> None:
    sound = connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    counts = rows.counted(connection, rows.tables_of(connection))
    if not sound or any(manifest.rows[name] != n for name, n in counts.items()):
        raise ConfigError(f"{path}: is not what was written; look at the disk, and begin again")
    if path.name == MAIL and connection.execute(_TORN).scalar_one():
        raise ConfigError(
            f"{path}: pieces of held mail are missing in the store itself; look at its disk"
        )


async def _log(mail: Path, key: AuditKey) -> tuple[int, str]:
    database = connect(f"sqlite:///{mail}")
    try:
        report = await audit_check.verify(database.run, key)
    finally:
        await database.close()
    return report.lines, report.faults[0].sentence if report.faults else ""
