"""What the master says of its workers, for ``/metrics``: a small file beside its socket.

The master has no other way to desk, and needs none: it writes the file when something changes,
which is seldom, and desk reads it once a minute.
"""

import json
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mailfilter.log import log
from mailfilter.workers.classes import Kind
from mailfilter.workers.confine import LEVELS


@dataclass(frozen=True, slots=True)
class Workers:
    """Level of confinement, one of `LEVELS`; by class, workers killed or failed since the start."""

    level: str
    ended: dict[Kind, int] = field(default_factory=dict)


class State:
    """The master's side; `path` is that of its socket."""

    def __init__(self, path: Path, level: str) -> None:
        self._file, self._level = _file(path), level
        self._ended: Counter[str] = Counter()
        self._write()

    def ended(self, kind: Kind) -> None:
        """A worker was killed or failed."""
        self._ended[kind] += 1
        self._write()

    def _write(self) -> None:
        new = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            new.write_text(json.dumps({"level": self._level, "ended": self._ended}), "utf-8")
            new.rename(self._file)
        except OSError as error:  # a full disk must not end the master
            log.error("workers-state", cause=error.strerror or "")


def workers(path: Path) -> Workers | None:
    """What the master at this socket says; None before its first word."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads(_file(path).read_text("utf-8"))
        if said["level"] in LEVELS:
            return Workers(said["level"], {kind: int(said["ended"].get(kind, 0)) for kind in Kind})
    return None


def _file(path: Path) -> Path:
    return path.with_name(f"{path.stem}-workers.json")
