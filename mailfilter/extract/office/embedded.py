"""Objects inside compound files: each comes out as a file of its own.

From → to: a `Storage` → `Part`s: a wrapped file (Ole10Native, Package) as it is, anything that is
a compound file by itself (a Word document in a Word document, an attached msg) packed anew.

Invariants: bytes that come out are counted in the budget; a tree deeper than `DEPTH` is broken.

Sources: MS-OLEDS 2.3.6 (Ole10Native); MS-DOC 2.1 (ObjectPool).
Known gaps: macros, ActiveX controls and equations are not read; the last two are said to be.
"""

import struct
from collections import deque
from collections.abc import Iterator

from mailfilter.extract.kit.budget import Budget, Unreadable
from mailfilter.extract.kit.context import Ctx, Found, member
from mailfilter.extract.office.ole import Storage
from mailfilter.extract.office.packing import DEPTH, packed
from mailfilter.model import Part
from mailfilter.not_examined import not_examined

_NATIVE = "\x01Ole10Native"
_WRAPPERS = ("Package", "CONTENTS", "Package2", "package_stream")  # the last: LibreOffice
_WHOLE = ("WordDocument", "Workbook", "Book", "PowerPoint Document", "__properties_version1.0")
_MACROS = ("Macros", "_VBA_PROJECT_CUR", "VBA", "_xmlsignatures", "_signatures", "\x06DataSpaces")


def wrapped(root: Storage, part: Part) -> Iterator[Found]:
    """A file that only wraps another one: the other; anything else is not read."""
    if found := payload(root):
        yield member(part, 1, *found)
    elif not any(name in root.storages for name in _MACROS):
        raise Unreadable("embedded-object")


def objects(root: Storage, part: Part, ctx: Ctx) -> Iterator[Found]:
    """What lies embedded beside the document itself."""
    number = 1
    todo = deque((storage, name, 1) for name, storage in root.storages.items())
    while todo:
        storage, name, depth = todo.popleft()
        if name in _MACROS:
            continue
        if depth > DEPTH:
            raise Unreadable("too-deep")
        number += 1
        found = _object(storage, ctx.budget)
        if found:
            yield member(part, number, *found)
        elif "\x01CompObj" in storage.streams or "\x01Ole" in storage.streams:
            yield not_examined(part.place, "embedded-object")
        elif "Item" in storage.streams:  # of MsoDataStore: custom XML
            yield member(part, number, "item.xml", storage.read("Item"))
        else:
            todo += [(below, name, depth + 1) for name, below in storage.storages.items()]


def _object(storage: Storage, budget: Budget) -> tuple[str, bytes] | None:
    """(name, content) of what a storage holds."""
    if any(name in storage.streams for name in _WHOLE):
        return "", packed(storage, budget)
    return payload(storage)


def payload(storage: Storage) -> tuple[str, bytes] | None:
    """(name, content) of a wrapped file."""
    for name in _WRAPPERS:
        if data := storage.read(name):
            return "", data
    if stream := storage.read(_NATIVE):
        return native(stream)
    return None


def native(stream: bytes) -> tuple[str, bytes]:
    """Label, path, temporary path, then the file with its size before it: (label, file)."""
    label, _, rest = stream[6:].partition(b"\0")
    _, _, rest = rest.partition(b"\0")  # path
    try:
        (length,) = struct.unpack_from("<I", rest, 4)
        (size,) = struct.unpack_from("<I", rest, 8 + length)
    except struct.error:
        raise Unreadable("embedded-object") from None
    return label.decode("cp1252", "replace"), rest[12 + length : 12 + length + size]
