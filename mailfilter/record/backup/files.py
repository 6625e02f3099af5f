"""The files of a backup: where they lie, what vouches for them, when they are removed.

::

    DIR/20261203T092700Z/mail.db        everything but what opens it: SQLite, for both engines
    DIR/20261203T092700Z/manifest.json  schema, rows, checksums, head of the log; signed
    DIR/20261203T092700Z/later.json     lines of the log since, and what is still alive; signed
    KEYS/20261203T092700Z.keys.db       wrapped keys, and what is sealed to desk alone

KEYS is DIR where nothing else is said. Folders are 0700 and files 0600. What is signed carries a
signature by ``audit.key``: whoever reaches the backup alone can put nothing into a restore. A
backup is made under a name with a point before it and is whole once it has its own.

Every error is a ConfigError: a sentence with its cure.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mailfilter.errors import ConfigError
from mailfilter.record.ledgers.audit_key import AuditKey

_NAME = "%Y%m%dT%H%M%SZ"
MAIL, KEYS, MANIFEST, LATER = "mail.db", "keys.db", "manifest.json", "later.json"
FORMAT = 1
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. `files` are SHA-256; `head` is the log's last line."""

    name: str
    program: str
    schema: str
    desk: str  # the public key that its mail is sealed to
    head: tuple[int, str]
    rows: dict[str, int]
    files: dict[str, str]
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Later:
    """What is known of the time after a backup. Marks as in ``copies.py``; None: not known."""

    at: datetime | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)
    alive: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One backup."""

    folder: Path
    keys: Path

    @property
    def name(self) -> str:
        """When it was made."""
        return self.folder.name


def name_of(at: datetime) -> str:
    """How a backup of that time is called."""
    return at.astimezone(UTC).strftime(_NAME)


def made_at(name: str) -> datetime | None:
    """The reverse; None where it is no such name."""
    try:
        return datetime.strptime(name, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def places(folder: Path, keys: Path) -> list[Place]:
    """The backups that are whole, the oldest first."""
    try:
        found = [entry.name for entry in folder.iterdir() if (entry / MANIFEST).is_file()]
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read: {error.strerror}; name a folder") from error
    names = sorted(name for name in found if made_at(name))
    return [Place(folder / name, keys / f"{name}.{KEYS}") for name in names]


def target(folder: Path, shut: dict[str, Path]) -> Path:
    """`folder`, made and ours alone; ConfigError if it lies in one of the folders of `shut`, which
    are called by their settings."""
    for setting, inner in shut.items():
        if folder.resolve().is_relative_to(inner.resolve()):
            raise ConfigError(
                f"{folder}: lies in the folder of {setting} ({inner}): what takes that would take"
                " the backup, too; name one on another disk or machine"
            )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = folder.stat().st_mode
    except OSError as error:
        raise ConfigError(
            f"{folder}: cannot be made: {error.strerror}; make it, and give it to this user"
        ) from error
    if mode & 0o077:
        raise ConfigError(f"{folder}: can be entered by others; run: chmod 700 {folder}")
    return folder


def room(folder: Path, needed: int) -> None:
    """ConfigError unless so many bytes are free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ConfigError(
            f"{folder}: the disk has {free >> 20} MiB free and a backup needs {needed >> 20} MiB;"
            " make room, or name another folder"
        )


@contextmanager
def being_made(folder: Path, keys: Path, at: datetime) -> Iterator[Place]:
    """A place for a new backup, under a name of its own until all is well; nothing is left of one
    that failed."""
    name = name_of(at)
    if (folder / name).exists():
        raise ConfigError(f"{folder / name}: is there already; wait a second and try again")
    made = Place(folder / f".{name}", keys / f".{name}.{KEYS}")
    try:
        shutil.rmtree(made.folder, ignore_errors=True)
        made.folder.mkdir(mode=0o700)
        made.keys.unlink(missing_ok=True)
        yield made
        for path in (made.folder / MAIL, made.folder / MANIFEST, made.keys, made.folder, keys):
            _sync(path)
        made.keys.replace(keys / f"{name}.{KEYS}")
        made.folder.replace(folder / name)
        _sync(folder)
    except BaseException:
        shutil.rmtree(made.folder, ignore_errors=True)
        made.keys.unlink(missing_ok=True)
        raise


def prune(folder: Path, keys: Path, at: datetime, days: int, key_days: int) -> tuple[int, int]:
    """Remove keys, and backups, that are older than their days, never the newest; how many."""
    ended = [0, 0]
    for place in places(folder, keys)[:-1]:
        made = made_at(place.name)
        assert made is not None, "places have names of ours"
        if place.keys.exists() and at - made > timedelta(days=key_days):
            place.keys.unlink()
            ended[0] += 1
        if at - made > timedelta(days=days):
            shutil.rmtree(place.folder)
            ended[1] += 1
    return ended[0], ended[1]


# ---- what is signed ------------------------------------------------------------------------------


def write_manifest(place: Place, manifest: Manifest, key: AuditKey) -> None:
    """Into the folder of the backup."""
    _write(place.folder / MANIFEST, asdict(manifest), key)


def read_manifest(place: Place, key: AuditKey) -> Manifest:
    """What the backup says of itself; ConfigError if that is not ours or of a later program."""
    value = _read(place.folder / MANIFEST, key)
    if value.get("format") != FORMAT:
        raise ConfigError(
            f"{place.folder}: was made by a newer mailfilter; install that one, then restore"
        )
    return Manifest(**value | {"head": (int(value["head"][0]), str(value["head"][1]))})


def write_later(place: Place, later: Later, key: AuditKey) -> None:
    """Beside the manifest; what was there before is replaced whole."""
    assert later.at is not None
    assert later.alive is not None
    value = {"at": later.at.isoformat(), "lines": later.lines, "alive": sorted(later.alive)}
    _write(place.folder / LATER, {"of": place.name} | value, key)


def read_later(place: Place, key: AuditKey, file: Path | None = None) -> Later:
    """What is known of the time after the backup; from a `file` kept elsewhere, if one is given."""
    path = file or place.folder / LATER
    if not path.exists():
        return Later()
    value = _read(path, key)
    if value.get("of") != place.name:
        raise ConfigError(f"{path}: belongs to the backup {value.get('of')}, not to {place.name}")
    return Later(datetime.fromisoformat(value["at"]), value["lines"], frozenset(value["alive"]))


def checksum(path: Path) -> str:
    """SHA-256 of a file; ConfigError if it cannot be read."""
    made = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                made.update(block)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}; take another backup"
        ) from error
    return made.hexdigest()


def check_files(place: Place, manifest: Manifest, *, keys: bool) -> None:
    """ConfigError if a file is not the one that was written."""
    for path, what in ((place.folder / MAIL, MAIL), (place.keys, KEYS)):
        if what == KEYS and not keys:
            continue
        if checksum(path) != manifest.files[what]:
            raise ConfigError(f"{path}: is not what was written; take another backup")


def _write(path: Path, value: dict[str, Any], key: AuditKey) -> None:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    new = path.with_name(f".{path.name}")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - the mode must hold from the start
        file.write(f'{{"signature":"{key.sign(_signed(path.suffix, text))}","value":{text}}}\n')
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _read(path: Path, key: AuditKey) -> dict[str, Any]:
    try:
        whole = json.loads(path.read_text("ascii"))
        value, signature = dict(whole["value"]), str(whole["signature"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: cannot be read; take another backup") from error
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    if not key.signed(_signed(path.suffix, text), signature):
        raise ConfigError(
            f"{path}: carries no signature of this audit.key: it was changed, or belongs to another"
            " installation; put back the keys that belong to it, or take another backup"
        )
    return value


def _signed(kind: str, text: str) -> str:
    return f"mailfilter-backup{kind} {hashlib.sha256(text.encode('ascii')).hexdigest()}"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
