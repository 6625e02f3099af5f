"""The face of libarchive: bytes of an archive → its entries, read in memory and counted.

From → to: bytes, the names of libarchive's formats and filters → `Entry` for each entry, its
content unpacked in the library's own blocks, each taken from the budget before it is kept. Nothing
is written, no process and no thread is started, so that it works in a confined worker.

`load` imports the binding, which looks for the library by starting programs: it must be called
before a worker is locked down (``extract.warm``). Where libarchive is not installed it gives None,
and whoever asked says "archive-format". `LIBARCHIVE` in the environment names the file to load.

Invariants: raises nothing but `Unreadable`; passwords are not handed to the library; the binding's
logger is silent, since its messages hold names from the archive.

Errors: libarchive.exception.ArchiveError by its code; MemoryError where a format wants more memory
than a worker has.
Sources: archive_read(3), archive_entry(3). Known gaps: libarchive opens no encrypted 7z or rar,
and says "broken" for volumes of a divided archive.
"""

import ctypes
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from mailfilter.extract.kit.budget import Budget, Growth, Unreadable

_FOLDER = 0o040000
_WARNINGS = 3  # about one entry
_EXTRA = (  # functions that the binding does not declare: name, arguments, result
    ("entry_pathname_utf8", [ctypes.c_void_p], ctypes.c_char_p),
    ("entry_symlink_utf8", [ctypes.c_void_p], ctypes.c_char_p),
    ("entry_hardlink_utf8", [ctypes.c_void_p], ctypes.c_char_p),
    ("entry_is_encrypted", [ctypes.c_void_p], ctypes.c_int),
    ("read_has_encrypted_entries", [ctypes.c_void_p], ctypes.c_int),
    ("read_set_options", [ctypes.c_void_p, ctypes.c_char_p], ctypes.c_int),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `fault` is a code of ``not_examined.py``, empty for content that is whole."""

    name: str
    link: str
    folder: bool
    data: bytes
    fault: str = ""


@dataclass(slots=True)
class Opened:
    """An archive being read; `position` is how far the reader came in the bytes."""

    ffi: Any
    pointer: Any
    data: bytes
    growth: Growth
    budget: Budget

    @property
    def position(self) -> int:
        return int(self.ffi.filter_bytes(self.pointer, -1))

    @property
    def packed(self) -> bool:
        """Whether a filter took hold of the bytes."""
        return bool(self.ffi.filter_count(self.pointer) > 1)

    def entries(self) -> Iterator[Entry]:
        """All entries in order; raises `Unreadable` where the archive itself ends badly."""
        entry = self.ffi.entry_new()
        try:
            while self._next(entry):
                self.budget.take_entry()
                yield self._entry(entry)
        finally:
            self.ffi.entry_free(entry)

    def _next(self, entry: Any) -> bool:
        try:
            found = self.ffi.read_next_header2(self.pointer, entry)
        except (self.ffi.ArchiveError, MemoryError):
            raise Unreadable(self._reason()) from None
        return bool(found != self.ffi.ARCHIVE_EOF)

    def _reason(self) -> str:
        locked = self.ffi.read_has_encrypted_entries(self.pointer) > 0
        return "encrypted" if locked else "broken-archive"

    def _entry(self, entry: Any) -> Entry:
        ffi = self.ffi
        name = _text(ffi.entry_pathname_utf8(entry) or ffi.entry_pathname(entry))
        link = _text(ffi.entry_symlink_utf8(entry) or ffi.entry_hardlink_utf8(entry))
        kind = ffi.entry_filetype(entry) & 0o170000
        if ffi.entry_is_encrypted(entry):
            return Entry(name, link, False, b"", "encrypted")
        data, fault = self._content()
        if (link or kind == _FOLDER) and not data:  # in a rar they say so as a fault
            fault = ""
        return Entry(name, link, kind == _FOLDER, data, fault)

    def _content(self) -> tuple[bytes, str]:
        """The content, as far as it can be read; a hole of a sparse file is one NUL."""
        block, size, at = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_longlong()
        pieces: list[bytes] = []
        reached, warned = 0, 0
        try:
            while True:
                found = self.ffi.read_data_block(self.pointer, block, size, at)
                warned += found == self.ffi.ARCHIVE_WARN  # a checksum is wrong
                if found == self.ffi.ARCHIVE_EOF or warned > _WARNINGS:
                    return b"".join(pieces), "broken-archive" if warned else ""
                self.growth.add(size.value)
                if at.value != reached:
                    pieces.append(b"\0")
                if size.value:
                    pieces.append(ctypes.string_at(block.value or 0, size.value))
                reached = at.value + size.value
        except self.ffi.ArchiveError as problem:
            return b"".join(pieces), self._fault(str(problem.msg))
        except MemoryError:
            return b"".join(pieces), "archive-method"

    def _fault(self, message: str) -> str:
        if "crypt" in message.lower():
            return "encrypted"
        unsupported = "unsupported" in message.lower() or "not supported" in message.lower()
        return "archive-method" if unsupported else "broken-archive"


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")


@cache
def load() -> Any:
    """The binding, or None where libarchive is missing."""
    try:
        from libarchive import ffi
    except (ImportError, OSError, AttributeError, TypeError):  # what a missing library gives
        return None
    logging.getLogger("libarchive").setLevel(logging.CRITICAL + 1)
    try:
        for name, arguments, result in _EXTRA:
            ffi.ffi(name, arguments, result)
    except AttributeError:  # older than 3.2
        return None
    return ffi


class Archive:
    """An open archive as a context; raises `Unreadable` where it cannot be opened."""

    def __init__(
        self, data: bytes, budget: Budget, formats: str, filters: str = "", options: str = ""
    ) -> None:
        ffi = load()
        if ffi is None:
            raise Unreadable("archive-format")
        self._names, self._options = (formats.split(), filters.split()), options
        self.opened = Opened(ffi, ffi.read_new(), data, budget.grow(len(data)), budget)

    def __enter__(self) -> Opened:
        try:
            self._open()
        except (self.opened.ffi.ArchiveError, ValueError, MemoryError):
            self.__exit__()
            raise Unreadable("broken-archive") from None
        return self.opened

    def _open(self) -> None:
        ffi, pointer, data = self.opened.ffi, self.opened.pointer, self.opened.data
        formats, filters = self._names
        for name in formats:
            ffi.get_read_format_function(name)(pointer)
        for name in filters:
            ffi.get_read_filter_function(name)(pointer)
        if self._options:
            ffi.read_set_options(pointer, self._options.encode())
        ffi.read_open_memory(pointer, ctypes.c_char_p(data), len(data))

    def __exit__(self, *_: object) -> None:
        self.opened.ffi.read_free(self.opened.pointer)
