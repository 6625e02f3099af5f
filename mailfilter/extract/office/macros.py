r"""Macros of Office files: the source code of VBA modules.

From → to: a storage that holds a VBA project → the source of its modules as text. A module's stream
has compiled code first and the packed source behind it; the source begins with ``Attribute``, by
which it is found, so that the directory of the project need not be believed.

Invariants: linear: a chunk gives at most 4 KiB; bytes are counted; never raises but `Unreadable`.

Sources: MS-OVBA 2.4.1 (compression), 2.3.4.3 (module streams).
Known gaps: code that was compiled and whose source was taken out; forms of dialogs.
"""

import re
import struct
from collections.abc import Iterator

from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.kit.charset import decode
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.office.ole import Storage
from mailfilter.model import Part
from mailfilter.place import Step, StepKind

_SOURCE = re.compile(rb"\x01(?=..\x00Attribut)", re.DOTALL)
_CHUNK = 4096
DEPTH = 4  # of storages above a module
MODULES = 1000


def read(root: Storage, part: Part, ctx: Ctx) -> Iterator[Found]:
    """The sources of all modules below a storage, as one hidden text."""
    sources = [decode(source)[0] for source in _sources(root, ctx.budget, 0)]
    yield text_at("\n".join(sources), part.place.down(Step(StepKind.HIDDEN)))


def _sources(storage: Storage, budget: Budget, depth: int) -> Iterator[bytes]:
    for name in list(storage.streams)[:MODULES]:
        stream = storage.read(name)
        if found := _SOURCE.search(stream):
            yield unpacked(stream, found.start(), budget)
    if depth < DEPTH:
        for below in storage.storages.values():
            yield from _sources(below, budget, depth + 1)


def unpacked(data: bytes, at: int, budget: Budget) -> bytes:
    """The content of a container that begins at `at`; of a broken one what comes before that."""
    out, at = bytearray(), at + 1
    while at + 2 <= len(data):
        (head,) = struct.unpack_from("<H", data, at)
        end = min(at + (head & 0xFFF) + 3, len(data))
        if head >> 12 & 7 != 3:
            break
        budget.take_bytes(_CHUNK)
        chunk = data[at + 2 : end]
        out += _chunk(chunk) if head & 0x8000 else chunk[:_CHUNK]
        at = end
    return bytes(out)


def _chunk(data: bytes) -> bytes:
    """Flags of eight tokens, then those: a byte, or how far back and how many to repeat."""
    out, at = bytearray(), 0
    while at < len(data) and len(out) < _CHUNK:
        flags, at = data[at], at + 1
        for bit in range(8):
            if not flags >> bit & 1:
                out += data[at : at + 1]
                at += 1
                continue
            if at + 2 > len(data):
                return bytes(out)
            (token,) = struct.unpack_from("<H", data, at)
            at += 2
            width = max((len(out) - 1).bit_length(), 4)
            back, count = (token >> 16 - width) + 1, (token & 0xFFFF >> width) + 3
            if back > len(out):
                return bytes(out)
            for _ in range(min(count, _CHUNK - len(out))):
                out.append(out[-back])
    return bytes(out)
