"""Rights-protected mail of Microsoft (message.rpmsg).

From → to: a part → "rights-protected", if the whole of it is that; else what it is instead. The
file is a mark, then blocks (check number, size unpacked, size packed, bytes) up to its last byte,
whose bytes together are zlib data; unpacked they are a compound file with the storage DataSpaces
and the encrypted stream DRMContent. Such a message passes by default, so each of these is checked,
name and type agree, the encrypted stream looks encrypted, and what else can be read is read.

Sources: MS-OXORMMS 2.1.4, MS-OFFCRYPTO 2.2.10.
Known gap: bytes without text or mark, in sectors of the compound file that no stream has.
"""

import struct
import zlib
from collections.abc import Iterator

from mailfilter import sealed
from mailfilter.extract.kit.budget import Budget, Unreadable, inflate
from mailfilter.extract.kit.context import Ctx, Found, extension, member, text_at
from mailfilter.extract.kit.surplus import surplus
from mailfilter.extract.office import ole
from mailfilter.model import Part
from mailfilter.not_examined import not_examined
from mailfilter.place import Step, StepKind

MAGIC = b"\x76\xe8\x04\x60\xc4\x11\xe3\x86"
TYPE = "application/x-microsoft-rpmsg-message"
_CHECK = 0x0FA0
_BLOCK = struct.Struct("<3I")
_TYPES = {"", TYPE, "application/octet-stream"}
_CONTENT, _SPACES = "\tDRMContent", "\x06DataSpaces"


def sniff(data: bytes) -> bool:
    """The mark, blocks to the last byte, and a compound file in the first of them."""
    if not data.startswith(MAGIC) or not (blocks := _blocks(data)):
        return False
    try:
        begin = zlib.decompressobj().decompress(b"".join(blocks[1])[:4096], len(ole.MAGIC))
    except zlib.error:
        return False
    return begin == ole.MAGIC


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """That it is protected, and what of it is not; anything else is unknown, and held."""
    if not sniff(part.data):  # it only bears the name
        yield from surplus(part, part.data, ctx)
        raise Unreadable("unknown-content")
    file = _unpacked(part.data, ctx.budget)
    yield text_at(sealed.readable(file), part.place.down(Step(StepKind.HIDDEN)))
    if not _is_named(part) or sealed.holds_file(file[len(ole.MAGIC) :]):
        yield from surplus(part, file[len(ole.MAGIC) :], ctx)
        raise Unreadable("unknown-content")
    compound = ole.open_compound(file)
    if not compound.sound():
        raise Unreadable("broken-document")
    root = compound.root()
    if _SPACES not in root.storages or not _is_encrypted(root.read(_CONTENT)):
        yield member(part, 1, "", file)  # a compound file of another kind
        raise Unreadable("unknown-content")
    yield from _others(part, root)
    yield not_examined(part.place, "rights-protected")


def _blocks(data: bytes) -> tuple[int, list[bytes]] | None:
    """(size unpacked, packed pieces); None unless blocks fill the file."""
    at, size, pieces = len(MAGIC), 0, list[bytes]()
    while at < len(data):
        if at + _BLOCK.size > len(data):
            return None
        check, unpacked, packed = _BLOCK.unpack_from(data, at)
        at += _BLOCK.size + packed
        if check != _CHECK or not packed or at > len(data):
            return None
        pieces.append(data[at - packed : at])
        size += unpacked
    return (size, pieces) if pieces else None


def _unpacked(data: bytes, budget: Budget) -> bytes:
    """The compound file; the sizes that the blocks name are kept to."""
    size, pieces = _blocks(data) or (0, [])
    budget.take_work(len(pieces))
    try:
        found = inflate(b"".join(pieces), zlib.decompressobj, budget)
    except zlib.error:
        raise Unreadable("unknown-content") from None
    if found.left or len(found.data) != size:
        raise Unreadable("unknown-content")
    return found.data


def _is_named(part: Part) -> bool:
    """Whether name and type agree with the content, so that programs take it for what it is."""
    kind = part.type.partition(";")[0].strip().lower()
    ending = extension(part.name)
    return kind in _TYPES and (ending == "rpmsg" or (not part.name and kind == TYPE))


def _is_encrypted(content: bytes) -> bool:
    """The size of what is encrypted, then as many bytes or some more, which look encrypted."""
    size = int.from_bytes(content[:8], "little")
    return 0 < size <= len(content) - 8 and sealed.looks_encrypted(content[8:])


def _others(part: Part, root: ole.Storage) -> Iterator[Found]:
    """Streams that have no place in such a file are read as files."""
    n = 1
    for storage in (root, *(below for name, below in root.storages.items() if name != _SPACES)):
        for name in storage.streams:
            if storage is not root or name != _CONTENT:
                n += 1
                yield member(part, n, "", storage.read(name))
