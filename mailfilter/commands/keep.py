"""``mailfilter backup`` and ``mailfilter restore``."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from mailfilter import config
from mailfilter.commands.asking import ConfigFile, ask, fail, settings_of, who
from mailfilter.errors import ConfigError, Permanent, Temporary
from mailfilter.record.backup import backup as making
from mailfilter.record.backup import files as backup_files
from mailfilter.record.backup.backup import Told
from mailfilter.record.backup.files import Later, Place
from mailfilter.record.database.engine import connect, file_of
from mailfilter.record.database.faults import FAULTS, words
from mailfilter.record.ledgers import checkpoint
from mailfilter.record.ledgers.audit_key import AuditKey
from mailfilter.record.ledgers.copies import snapshot_file
from mailfilter.record.sealing.keys import load_audit, load_private

_LINES = 5000  # of the log in one answer
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="the folder of backups")]
KeyFolder = Annotated[
    Path | None, typer.Option("--keys", help="where the files lie that open held mail; default DIR")
]


def backup(
    folder: Folder,
    keys: KeyFolder = None,
    later: Annotated[
        bool, typer.Option("--later", help="only what happened since the last backup; each hour")
    ] = False,
    file: ConfigFile = None,
) -> None:
    """Back up the store into DIR while the program runs, and verify it.

    Old backups are removed after store.backup_days, what opens held mail in them after
    store.backup_key_days. The keys of the installation are never in it.
    """
    with _sentences():
        settings = settings_of(file)
        key = load_audit(settings.store.keys)
        apart = keys or folder
        for one in (folder, apart):
            backup_files.target(one, _shut(settings))
        if later:
            place = _newest(folder, apart)
            count = _note_later(file, place, key)
            typer.echo(f"{place.folder}: {count} lines of the audit log since it was made")
            return
        _back_up(settings, file, (folder, apart), key)


def _shut(settings: config.Settings) -> dict[str, Path]:
    stored = file_of(settings.store.url)
    inner = {"store.keys": settings.store.keys, "store.run": settings.store.run}
    return inner if stored is None else {"store.url": stored.parent, **inner}


def _back_up(
    settings: config.Settings, file: Path | None, folders: tuple[Path, Path], key: AuditKey
) -> None:
    now = datetime.now(UTC)
    folder, apart = folders
    stored = file_of(settings.store.url)
    if stored is not None and stored.exists():
        size = stored.stat().st_size
        for one in (folder, stored.parent):
            backup_files.room(one, size + size // 8)
    with backup_files.being_made(folder, apart, now) as place:
        made = _made(settings, file, place, key)
    name = made.manifest.name
    place = Place(folder / name, apart / f"{name}.{backup_files.KEYS}")
    _note_later(file, place, key)
    written = (place.folder / backup_files.MAIL, place.keys)
    megabytes = sum(path.stat().st_size for path in written) >> 20
    ask(file, "backup-done", name=name, held=made.held, megabytes=megabytes)
    store = settings.store
    ended = backup_files.prune(folder, apart, now, store.backup_days, store.backup_key_days)
    typer.echo(f"{place.folder}: {sum(made.manifest.rows.values())} rows, {megabytes} MiB")
    typer.echo(f"{made.held} held mails, {made.lines} lines of the audit log; read again: good")
    if any(ended):
        typer.echo(f"removed: keys of {ended[0]} older backups, {ended[1]} older backups")
    if made.fault:
        raise fail(
            f"the backup is good, but the audit log in it does not hold: {made.fault}; run"
            " mailfilter audit verify",
            1,
        )


def _made(settings: config.Settings, file: Path | None, place: Place, key: AuditKey) -> making.Made:
    stored = file_of(settings.store.url)
    if stored is None:
        ask(file, "backup-alive", after="~")  # desk brings the tables up to date, if it must
        with _progress("backing up") as told:
            return asyncio.run(_of_server(settings, place, key, told))
    with _copying(stored):
        snapshot = Path(ask(file, "backup-snapshot")["path"])
    with _progress("backing up") as told:
        return asyncio.run(making.from_snapshot(snapshot, place, key, told))


async def _of_server(
    settings: config.Settings, place: Place, key: AuditKey, told: Told
) -> making.Made:
    database = connect(settings.store.url)
    try:
        return await making.from_server(database, place, key, told)
    finally:
        await database.close()


def _note_later(file: Path | None, place: Place, key: AuditKey) -> int:
    """What is known now of the time after a backup; how many lines. What lives is asked first: what
    ends meanwhile then has its line."""
    marks: list[str] = []
    at, after, more = "", "", True
    while more:
        page = ask(file, "backup-alive", after=after)
        marks += page["marks"]
        at, after = at or page["at"], page["after"]
        more = bool(after)
    seq, _ = backup_files.read_manifest(place, key).head
    lines: list[dict[str, Any]] = []
    while found := ask(file, "audit-list", after=seq + len(lines), limit=_LINES):
        lines += found
    later = Later(datetime.fromisoformat(at), lines, frozenset(marks))
    backup_files.write_later(place, later, key)
    return len(lines)


# ---- restore -------------------------------------------------------------------------------------


def restore(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="the folder of backups")
    ] = None,
    go: Annotated[
        bool, typer.Option("--go", help="let a restored installation send and end mail again")
    ] = False,
    name: Annotated[str, typer.Option("--backup", help="which; default the newest")] = "",
    keys: KeyFolder = None,
    since: Annotated[
        list[Path] | None,
        typer.Option(help="kept elsewhere: a later.json, or any text with checkpoints in it"),
    ] = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="what is held then stays shut")
    ] = False,
    file: ConfigFile = None,
) -> None:
    """Restore the newest backup of DIR into an empty store, with the program stopped.

    Put the keys of the installation into store.keys first. Then start it: it takes mail and shows
    it, but nothing leaves and nothing ends before mailfilter restore --go.
    """
    with _sentences():
        if go == (folder is not None):
            raise fail("restore: name the folder of backups, or --go after you have looked")
        if go:
            ask(file, "restore-go")
            typer.echo("mail is sent, and ends, again")
            return
        assert folder is not None
        _restore(settings_of(file), (folder, keys or folder), name, since or [], not without_keys)


def _restore(
    settings: config.Settings,
    folders: tuple[Path, Path],
    name: str,
    since: list[Path],
    with_keys: bool,
) -> None:
    from mailfilter.app import alone
    from mailfilter.record.backup import restore as restoring

    if not (settings.store.keys / "desk.pub").exists():
        raise ConfigError(
            f"store.keys: {settings.store.keys} has no keys; put the backup of the keys there first"
        )
    private = load_private(settings.store.keys, settings.store.desk_key)
    place = _newest(*folders, name)
    later, texts = _since(place, private.audit, since)
    now = datetime.now(UTC)
    wanted = restoring.Wanted(place, later, who(), now, with_keys, texts)
    settings.store.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(settings.store.run), _progress("restoring") as told:
        done = asyncio.run(restoring.restore(settings, private, wanted, told))
    for sentence in _outcome(place, later, done):
        typer.echo(sentence)


def _since(place: Place, key: AuditKey, files: list[Path]) -> tuple[Later, list[str]]:
    """The latest of what is known, and the lines in which checkpoints may stand."""
    later, texts = backup_files.read_later(place, key), list[str]()
    for path in files:
        try:
            text = path.read_text("utf-8", "replace")
        except OSError as error:
            raise ConfigError(f"--since {path}: cannot be read: {error.strerror}") from error
        if text.startswith('{"signature"'):
            other = backup_files.read_later(place, key, path)
            later = max(later, other, key=lambda one: one.at or datetime.min.replace(tzinfo=UTC))
        elif found := checkpoint.likely(text.splitlines()):
            texts += found
        else:
            raise ConfigError(f"--since {path}: is no later.json and holds no checkpoint")
    return later, texts


def _outcome(place: Place, later: Later, done: Any) -> Iterator[str]:
    counts = done.since.counts
    yield f"{place.folder}: restored; {done.open} mails can be opened"
    if done.shut:
        yield f"{done.shut} mails cannot be opened: their keys are not in this backup"
    if later.at is None:
        yield "nothing is known of the time since: what had ended by then is back (--since)"
    else:
        upto = later.at.strftime("%Y-%m-%d %H:%M:%S UTC")
        yield f"since then, up to {upto}: {counts['lines']} lines, {counts['erased']} mails erased"
    yield f"{counts['marked']} mails may have left already: their page says so; look before you act"
    yield f"{counts['unsent']} mails of our own were waiting; they are not sent again"
    if counts["lost"]:
        yield f"{counts['lost']} mails came after the backup and are lost"
    if counts["accounts"]:
        yield f"{counts['accounts']} accounts were changed since: see mailfilter user list"
    yield f"{done.lines} lines, the audit log holds; {done.accepted} faults were the loss itself"
    yield "nothing leaves and nothing ends before: mailfilter restore --go"


# ---- both ----------------------------------------------------------------------------------------


def _newest(folder: Path, keys: Path, name: str = "") -> Place:
    found = [one for one in backup_files.places(folder, keys) if name in ("", one.name)]
    if not found:
        raise ConfigError(f"{folder}: holds no backup{f' named {name}' if name else ''}")
    return found[-1]


@contextmanager
def _sentences() -> Iterator[None]:
    """Whatever goes wrong is a sentence and status 2."""
    try:
        yield
    except (ConfigError, Permanent, Temporary) as error:
        raise fail(str(error)) from error
    except FAULTS as error:
        raise fail(f"{words(error)}; mend it, and begin again") from error


@contextmanager
def _progress(what: str) -> Iterator[Told]:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield Told(lambda total: bar.update(task, total=total), lambda n: bar.advance(task, n))


@contextmanager
def _copying(stored: Path) -> Iterator[None]:
    """Shows how far desk is with copying its file, while it is asked."""
    over = threading.Event()
    copy = snapshot_file(stored)

    def watch(update: Callable[..., None]) -> None:
        while not over.wait(0.2):
            if copy.exists():
                update(completed=copy.stat().st_size)

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("copying", total=stored.stat().st_size if stored.exists() else None)
        watcher = threading.Thread(target=watch, args=(lambda **u: bar.update(task, **u),))
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
