"""Saved Outlook items (msg): a compound file with a stream for each property.

From → to: the streams ``__substg1.0_NNNNTTTT`` (number and type of a property) → an `Item` for
mapi.py; folders for recipients and attachments; an attached item is a folder that is packed as a
msg of its own, so that it is read as a part like any other.

Invariants: bytes are counted; no number in a name is believed further than four hex digits.

Sources: MS-OXMSG 2.1-2.4.
Known gaps: names of named properties are not read, their values are.
"""

import re
import struct
from collections.abc import Iterator

from mailfilter.extract.kit.context import Ctx, Found
from mailfilter.extract.office.embedded import payload
from mailfilter.extract.office.ole import Storage
from mailfilter.extract.office.packing import packed
from mailfilter.extract.outlook import mapi
from mailfilter.extract.outlook.mapi import Attachment, Item, Property
from mailfilter.model import Part
from mailfilter.not_examined import not_examined
from mailfilter.place import Step, StepKind

PROPERTIES = "__properties_version1.0"
_STREAM = re.compile(r"__substg1\.0_([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})(?:-[0-9A-Fa-f]{8})?")
_LINE = 16  # bytes of a line in the stream of fixed-size properties
_HEADS = (32, 24, 8)  # bytes before the first: of a file, of an item inside, of the others
_OBJECT_STREAM = "__substg1.0_3701000D"


def is_item(root: Storage) -> bool:
    """Whether a storage holds properties as Outlook saves them."""
    return PROPERTIES in root.streams or any(_STREAM.match(name) for name in root.streams)


def read(root: Storage, part: Part, ctx: Ctx) -> Iterator[Found]:
    """The item and all below it."""
    steps = part.place.steps
    inside = bool(steps) and steps[-1].kind is StepKind.MAIL
    place = part.place if inside else part.place.down(Step(StepKind.MAIL))
    if PROPERTIES not in root.streams:
        yield not_examined(place, "broken-document")
    item = Item(_properties(root, ctx))
    for name, storage in root.storages.items():
        if name.startswith("__recip_version1.0_"):
            item.recipients += _properties(storage, ctx)
        elif name.startswith("__attach_version1.0_"):
            item.attachments.append(_attachment(storage, ctx))
    yield from mapi.read(item, part, place, ctx)


def _properties(storage: Storage, ctx: Ctx) -> list[Property]:
    """Properties in streams of their own, then those of fixed size."""
    found = []
    for name in storage.streams:
        if match := _STREAM.fullmatch(name):
            number, kind = int(match[1], 16), int(match[2], 16)
            if not (number == mapi.DATA and kind == mapi.BINARY):
                value = storage.read(name)
                ctx.budget.take_bytes(len(value))
                found.append(Property(number, kind & ~mapi.MANY, value))
    return found + _fixed(storage.read(PROPERTIES))


def _fixed(stream: bytes) -> list[Property]:
    """Numbers, which stand in the lines of one stream."""
    rest = len(stream) % _LINE
    head = next((size for size in _HEADS if size % _LINE == rest), 32)
    head = 32 if rest == 0 else head
    found = []
    for at in range(head, len(stream) - _LINE + 1, _LINE):
        kind, number = struct.unpack_from("<2H", stream, at)
        if kind in (0x3, 0x5, 0x14):
            found.append(Property(number, kind, stream[at + 8 : at + 16]))
    return found


def _attachment(storage: Storage, ctx: Ctx) -> Attachment:
    """A file, an item, or an object of another program."""
    properties = _properties(storage, ctx)
    below = storage.storages.get(_OBJECT_STREAM)
    if below is None:
        data = storage.read(f"__substg1.0_{mapi.DATA:04X}{mapi.BINARY:04X}")
        ctx.budget.take_bytes(len(data))
        return Attachment(properties, data)
    if found := payload(below):
        return Attachment(properties, found[1])
    return Attachment(properties, packed(below, ctx.budget), mail=is_item(below))
