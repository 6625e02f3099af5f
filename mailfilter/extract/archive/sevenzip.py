"""7z by py7zr: what is locked with a password, and every 7z where libarchive is missing.

From → to: a 7z, a password → its entries. py7zr is called with one thread and in memory; what it
unpacks is counted while it writes. The key is made by 2^n rounds of SHA-256 where the file says
n: the rounds are paid from `Tries` before they are done.

Invariants: raises nothing but `Unreadable`; a wrong password gives None.

Errors: those of py7zr and of the packers below it, and what it does with headers that lie.
Known gaps: BCJ2 is not read by py7zr; a header that lies about counts is stopped by the limits of
the worker only.
"""

import io
import lzma
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any

from mailfilter.extract.archive.library import Entry
from mailfilter.extract.containers.compressed import zstd
from mailfilter.extract.kit.budget import Budget, Growth, Unreadable
from mailfilter.extract.kit.context import Ctx, Found
from mailfilter.extract.locked.tries import Tries
from mailfilter.model import Part

ROUNDS = 6  # of SHA-256 in a microsecond
DECRYPTED = 50  # bytes in a microsecond


def errors() -> tuple[type[Exception], ...]:
    """What py7zr and its packers raise on files that are broken or locked otherwise."""
    import py7zr

    exceptions: Any = py7zr.exceptions
    return (
        *(exceptions.ArchiveError, exceptions.PasswordRequired, exceptions.AbsolutePathError),
        *(lzma.LZMAError, zlib.error, struct.error, OSError, EOFError, ArithmeticError),
        *(ValueError, TypeError, LookupError, AssertionError, AttributeError, RuntimeError),
        *(MemoryError, NotImplementedError, *_packers()),
    )


def _packers() -> list[type[Exception]]:
    """Errors of packers that are loaded with py7zr."""
    problems: list[type[Exception]] = [import_module("brotli").error, zstd().ZstdError]
    return problems


class _Writer:
    """Takes one file from py7zr and counts it; the shape of py7zr.io.Py7zIO."""

    def __init__(self, growth: Growth) -> None:
        self._growth, self.held = growth, io.BytesIO()

    def write(self, data: bytes) -> int:
        self._growth.add(len(data))
        return self.held.write(data)

    def read(self, size: int | None = None) -> bytes:
        return self.held.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.held.seek(offset, whence)

    def size(self) -> int:
        return self.held.getbuffer().nbytes

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """The content is fetched later."""


class _Factory:
    """Gives py7zr a writer for each name."""

    def __init__(self, growth: Growth) -> None:
        self._growth = growth
        self.made: dict[str, _Writer] = {}

    def create(self, name: str) -> _Writer:
        return self.made.setdefault(name, _Writer(self._growth))


def entries(
    data: bytes, budget: Budget, password: str | None = None, tries: Tries | None = None
) -> list[Entry] | None:
    """All entries in the order of the header; None if the password is wrong or the file broken.

    What a wrong password makes of the content is counted, but not taken from the message.
    """
    import py7zr

    growth = replace(budget).grow(len(data))
    factory = _Factory(growth)
    if tries is not None:
        tries.take(len(data) // DECRYPTED)
    try:
        with (
            _paid(tries),
            py7zr.SevenZipFile(io.BytesIO(data), password=password) as archive,
        ):
            files = [(str(f.filename), bool(f.is_directory)) for f in archive.files]
            for _ in files:
                budget.take_entry()
            archive.extractall(factory=factory)
    except errors():
        return None
    budget.take_bytes(growth.size)
    made = {name: writer.held.getvalue() for name, writer in factory.made.items()}
    found = [Entry(name, "", folder, made.pop(name, b"")) for name, folder in files]
    return found + [Entry(name, "", False, content) for name, content in made.items()]


@contextmanager
def _paid(tries: Tries | None) -> Iterator[None]:
    """Within, making a key costs, and one key is made once."""
    from py7zr import compressor

    module: Any = compressor
    before = module.calculate_key
    keys: dict[tuple[bytes, int, bytes], bytes] = {}

    def calculate(password: bytes, cycles: int, salt: bytes, digest: str) -> bytes:
        if (password, cycles, salt) not in keys:
            if tries is not None:
                tries.take((1 << cycles) // ROUNDS)
            keys[password, cycles, salt] = before(password, cycles, salt, digest)
        return keys[password, cycles, salt]

    module.calculate_key = calculate
    try:
        yield
    finally:
        module.calculate_key = before


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """A 7z without libarchive: all or nothing."""
    import py7zr

    from mailfilter.extract.archive.other import members

    try:
        with py7zr.SevenZipFile(io.BytesIO(part.data)) as archive:
            locked = bool(archive.needs_password())
    except py7zr.exceptions.PasswordRequired:
        locked = True
    except errors():
        raise Unreadable("broken-archive") from None
    if locked:
        raise Unreadable("encrypted")
    found = entries(part.data, ctx.budget)
    if found is None:
        raise Unreadable("broken-archive")
    for n, entry in enumerate(found, 1):
        yield from members(part, n, entry)
