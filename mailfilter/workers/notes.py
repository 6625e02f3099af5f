"""Which part a worker has open: told by it before it opens, kept by who asked.

From → to: `Teller`, in the worker, sends a note before each part is opened and after it is read;
`Trail`, in the asker, keeps what is open. When the worker dies, the innermost open part is the
culprit: its place stands in what was not examined, and its hash may come onto the poison list.

Invariants: notes come from a process that a hostile file may have taken over. A `Trail` takes
nothing but a hash of 16 bytes and a place of known steps without names; anything else is a
`ValueError`. What such a process can do is to accuse another content of its own death: that is
then held until the operator clears the list, and passes nobody.

Known gap: of content that kills the parser of the mail or the detectors no part is known; it is
"crashed" each time.
"""

import hashlib
import os
import re
import socket
from dataclasses import dataclass, field
from typing import Any

from mailfilter import limits
from mailfilter.model import Part
from mailfilter.place import Place, Step
from mailfilter.workers import wire

DIGEST = 16  # bytes
_DEPTH = 2 * limits.DEPTH  # of open parts: as deep as reading goes, and once more for locked files
_HASH = re.compile(f"[0-9a-f]{{{2 * DIGEST}}}", re.ASCII)
_STEPS = 64
_FORM = 8  # characters of a file extension
_NUMBER = 1_000_000


@dataclass(frozen=True, slots=True)
class Culprit:
    """A part by the keyed hash of its content and its place."""

    digest: bytes
    place: Place


@dataclass(frozen=True, slots=True)
class Teller:
    """The worker's side: a `Watch` that tells, and keeps poisoned content shut."""

    sock: socket.socket
    key: bytes
    poisoned: frozenset[bytes]

    def opens(self, part: Part) -> bool:
        digest = hashlib.blake2b(part.data, digest_size=DIGEST, key=self.key).digest()
        if digest in self.poisoned:
            return False
        self._tell(["opens", digest.hex(), part.place.nameless().to_json()])
        return True

    def closes(self) -> None:
        self._tell(["closes"])

    def all_read(self) -> None:
        """Whatever happens from now on is no part's fault."""
        self._tell(["all-read"])

    def _tell(self, value: list[Any]) -> None:
        try:
            wire.note(self.sock, value)
        except OSError:  # who asked has gone: no need to read on
            os._exit(0)


@dataclass(slots=True)
class Trail:
    """The asker's side: the parts that are open."""

    open: list[Culprit] = field(default_factory=list)
    notes: int = 0

    @property
    def culprit(self) -> Culprit | None:
        """The innermost open part."""
        return self.open[-1] if self.open else None

    def take(self, value: Any) -> None:
        """One note; ValueError if it is none, or one too many."""
        self.notes += 1
        if self.notes > limits.NOTES:
            raise ValueError("too many notes")
        match value:
            case ["opens", str(digest), place] if len(self.open) < _DEPTH:
                self.open.append(Culprit(_digest(digest), checked_place(place).nameless()))
            case ["closes"] if self.open:
                self.open.pop()
            case ["all-read"]:
                self.open.clear()
            case _:
                raise ValueError("no note")


def _digest(text: str) -> bytes:
    if not _HASH.fullmatch(text):
        raise ValueError("no hash")
    return bytes.fromhex(text)


def checked_place(value: Any) -> Place:
    """A place from a worker; ValueError if it is none that reading makes."""
    try:
        place = Place.from_json(value)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ValueError("no place") from error
    if len(place.steps) > _STEPS or not all(map(_is_sound, place.steps)):
        raise ValueError("no place")
    return place


def _is_sound(step: Step) -> bool:
    form = not step.form or (step.form.isalnum() and len(step.form) <= _FORM)
    return form and 0 <= step.n <= _NUMBER * 10 and len(step.name) <= limits.HEADER_SIZE
