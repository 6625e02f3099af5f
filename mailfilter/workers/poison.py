"""The poison list: content that killed its worker twice is not opened again.

A small file beside the keys, shared by the smtp processes, desk and the command line: a line for
each hash, with the number of deaths and the day of the last one. One death is remembered for
`POISON_KEPT` days, since it may have been another's fault (memory of the machine, a restart);
poisoned content stands there until the operator clears it (``mailfilter poison``).

Invariants: changed under a lock, whole or not at all, durably; at most `POISON` lines, single
deaths go first, the oldest of them before others. The hashes are keyed with a secret of the
installation: who reads the file cannot ask it whether a document he knows has been sent.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from mailfilter import limits
from mailfilter.workers.notes import DIGEST

_DAY = 86400
KEY = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """A hash and its deaths; `day` counts days since 1970."""

    digest: bytes
    deaths: int
    day: int

    @property
    def poisoned(self) -> bool:
        return self.deaths >= limits.POISON_DEATHS

    def line(self) -> str:
        return f"{self.digest.hex()} {self.deaths} {self.day}\n"


class Poison:
    """The list in `path`. `secret` keys the hashes; whoever only shows or clears needs none."""

    def __init__(
        self, path: Path, secret: bytes = b"", now: Callable[[], float] = time.time
    ) -> None:
        self.key = blake2b(b"poison list", key=secret[:64], digest_size=KEY).digest()
        self._path, self._now = path, now
        self._seen: tuple[int, int, int] | None = None
        self._listed = b""

    def listed(self) -> bytes:
        """The hashes that must not be opened, one after the other; read when the file changes."""
        try:
            stat = self._path.stat()
        except OSError:
            return b""
        seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if seen != self._seen:
            self._listed = b"".join(each.digest for each in self.entries() if each.poisoned)
            self._seen = seen
        return self._listed

    def entries(self) -> list[Entry]:
        """All that is remembered, the newest last; lines that are none are passed over."""
        try:
            lines = self._path.read_text("ascii", "replace").splitlines()
        except OSError:
            return []
        return [entry for line in lines[: limits.POISON] if (entry := _entry(line))]

    def strike(self, digest: bytes) -> int:
        """This content killed a worker: how often by now. OSError if it cannot be written."""
        with self._locked():
            today = int(self._now() // _DAY)
            kept = {each.digest: each for each in self.entries() if _is_kept(each, today)}
            before = kept.pop(digest, Entry(digest, 0, today))
            kept[digest] = replace(before, deaths=before.deaths + 1, day=today)
            self._write(_bounded(list(kept.values())))
            return kept[digest].deaths

    def clear(self, start: str = "") -> int:
        """Forget the hashes that begin so in hex, or all; how many went."""
        with self._locked():
            entries = self.entries()
            kept = [each for each in entries if not each.digest.hex().startswith(start)]
            self._write(kept)
            return len(entries) - len(kept)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(self._path.with_name(f"{self._path.name}.lock"), _LOCK, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _write(self, entries: list[Entry]) -> None:
        new = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            with open(os.open(new, _NEW, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 - the mode must hold from the start
                file.writelines(entry.line() for entry in entries)
                file.flush()
                os.fsync(file.fileno())
            new.rename(self._path)
        finally:
            new.unlink(missing_ok=True)


_LOCK = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


def _entry(line: str) -> Entry | None:
    with suppress(ValueError):
        digest, deaths, day = line.split(" ")
        if len(digest) == 2 * DIGEST:
            return Entry(bytes.fromhex(digest), int(deaths), int(day))
    return None


def _is_kept(entry: Entry, today: int) -> bool:
    return entry.poisoned or today - entry.day <= limits.POISON_KEPT


def _bounded(entries: list[Entry]) -> list[Entry]:
    """The newest last; where there are too many, single deaths and then the oldest go."""
    over = len(entries) - limits.POISON
    if over <= 0:
        return entries
    going = sorted(entries[:-1], key=lambda each: each.poisoned)[:over]  # stable: oldest first
    gone = {each.digest for each in going}
    return [each for each in entries if each.digest not in gone]


def digests(listed: bytes) -> frozenset[bytes]:
    """The hashes of a list as `Poison.listed` gives it."""
    return frozenset(listed[n : n + DIGEST] for n in range(0, len(listed), DIGEST))
