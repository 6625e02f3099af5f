"""Files that we know and do not read: each gets its reason.

From → to: a part → `NotExamined`, or nothing where there is nothing to read (signatures). Here
stands what V2 calls `unread` (a document or archive whose reader is not built); a format
leaves this file when it gets a reader of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.context import Ctx, Found
from mailfilter.model import Part

PROGRAMS = (b"MZ", b"\x7fELF", b"SQLite format 3\0", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
SIGNATURE = 65536  # bytes; one with a long chain of certificates has 12,000


@dataclass(frozen=True, slots=True)
class Starts:
    """A sniffer for files that start with one of these."""

    magic: tuple[bytes, ...]

    @property
    def first(self) -> bytes:
        """The bytes that they begin with."""
        return first_bytes(*self.magic)

    def __call__(self, data: bytes) -> bool:
        return data.startswith(self.magic)


def starts(*magic: bytes) -> Starts:
    """The same, shorter to write."""
    return Starts(magic)


def first_bytes(*marks: bytes) -> bytes:
    """The first byte of each mark."""
    return bytes({mark[0] for mark in marks})


def is_signature(data: bytes) -> bool:
    """A detached signature: short, and what PKCS #7 or OpenPGP begin with."""
    armoured = b"BEGIN PGP SIGNATURE" in data[:200] or b"BEGIN PKCS7" in data[:200]
    return len(data) <= SIGNATURE and (
        armoured or data.startswith((b"\x30", b"\x88", b"\x89", b"\xc2"))
    )


def refuse(code: str) -> Callable[[Part, Ctx], Iterator[Found]]:
    """A reader that says why it does not read."""

    def read(_part: Part, _ctx: Ctx) -> Iterator[Found]:
        raise Unreadable(code)
        yield  # a generator like every reader

    return read


def skip(_part: Part, _ctx: Ctx) -> Iterator[Found]:
    """Nothing for people stands in it."""
    yield from ()
