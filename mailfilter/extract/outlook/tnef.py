"""Outlook's transport format (TNEF, winmail.dat): a mail and its attachments in one part.

From → to: attributes one after the other → an `Item` for mapi.py. Old attributes (subject, body,
file name) and lists of MAPI properties are both read, since mail programs show either.

Invariants: a length that points outside ends the reading with "broken-document"; what was read
before it counts; checksums are not looked at, as programs do not either.

Sources: MS-OXTNEF 2.1.3 (attributes), 2.1.3.4 (lists of properties), 2.1.3.5 (recipients).
Known gaps: previews of attachments (metafiles) are not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.context import Ctx, Found
from mailfilter.extract.outlook import mapi
from mailfilter.extract.outlook.mapi import Attachment, Item, Property
from mailfilter.model import Part
from mailfilter.not_examined import not_examined

SIGNATURE = b"\x78\x9f\x3e\x22"
_PROPERTIES, _RECIPIENTS, _ATTACHMENT = 0x9003, 0x9004, 0x9005
_NEW_ATTACHMENT, _DATA, _PAGE = 0x9002, 0x800F, 0x9007
_TEXTS = {  # old attributes and the property that says the same
    0x8004: mapi.SUBJECT,
    0x800C: mapi.BODY,
    0x8000: 0xC1A,
    0x8006: 0x1035,
    0x8008: 0x1A,
    0x8010: mapi.NAME,
    0x9001: mapi.LONG_NAME,
    0x9006: 0x1A,
}
_FIXED = {
    0x2: 4,
    0x3: 4,
    0x4: 4,
    0x5: 8,
    0x6: 8,
    0x7: 8,
    0xA: 4,
    0xB: 4,
    0x14: 8,
    0x40: 8,
    0x48: 16,
}
_VARIABLE = (mapi.STRING, mapi.WIDE, mapi.BINARY, mapi.OBJECT)
_IDENTIFIER = 16  # bytes before an object
MOST = 100_000  # properties of one list


@dataclass(slots=True)
class _Cursor:
    """Reads forward; ValueError behind the end."""

    data: bytes
    at: int = 0

    def take(self, size: int, padding: int = 0) -> bytes:
        """So many bytes, and what fills up to a multiple of `padding`."""
        end = self.at + size
        if end > len(self.data):
            raise ValueError("length")
        taken = self.data[self.at : end]
        self.at = end + (-size % padding if padding else 0)
        return taken

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size), "little")


@dataclass(slots=True)
class _Mail:
    """What was gathered so far."""

    item: Item = field(default_factory=Item)
    budget_left: int = MOST


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """The item, and whether its end was reached."""
    if not part.data.startswith(SIGNATURE):
        raise Unreadable("broken-document")
    mail, whole = _Mail(), True
    cursor = _Cursor(part.data, 6)
    while cursor.at < len(part.data):
        start = cursor.at
        try:
            attribute = _next(cursor, ctx)
        except ValueError:
            whole = whole and not part.data[start:].strip(b"\0\r\n")
            break
        try:
            _attribute(*attribute, mail, ctx)
        except ValueError:
            whole = False
    yield from mapi.read(mail.item, part, part.place, ctx)
    if not whole:
        yield not_examined(part.place, "broken-document")


def _next(cursor: _Cursor, ctx: Ctx) -> tuple[int, int, bytes]:
    """(level, number, data) of an attribute: of the mail, or of the last attachment."""
    level, number, _ = cursor.number(1), cursor.number(2), cursor.number(2)
    if level not in (1, 2):
        raise ValueError("level")
    ctx.budget.take_entry()
    data = cursor.take(cursor.number())
    cursor.take(min(2, len(cursor.data) - cursor.at))  # checksum
    ctx.budget.take_bytes(len(data))
    return level, number, data


def _attribute(level: int, number: int, data: bytes, mail: _Mail, ctx: Ctx) -> None:
    """What one attribute says; what a list says before it breaks counts."""
    item, attachments = mail.item, mail.item.attachments
    if number == _NEW_ATTACHMENT or (level == 2 and not attachments):
        ctx.budget.take_entry()
        attachments.append(Attachment())
    properties = attachments[-1].properties if level == 2 else item.properties
    if number in _TEXTS:
        properties.append(Property(_TEXTS[number], mapi.STRING, _text(number, data)))
    elif number == _DATA and attachments:
        _content(attachments, data)
    elif number == _PAGE:
        properties.append(Property(mapi.MESSAGE_PAGE, 0x3, data[:4]))
    elif number == _PROPERTIES:
        _list(_Cursor(data), mail, properties)
    elif number == _ATTACHMENT and attachments:
        found: list[Property] = []
        try:
            _list(_Cursor(data), mail, found)
        finally:
            _object(attachments, found)
    elif number == _RECIPIENTS:
        rows = _Cursor(data)
        for _ in range(min(rows.number(), MOST)):
            _list(rows, mail, item.recipients)


def _text(number: int, data: bytes) -> bytes:
    """A sender is a structure of lengths, name and address; control characters are its ends."""
    if number != 0x8000:
        return data.partition(b"\0")[0] if number != 0x800C else data.rstrip(b"\0")
    return b" ".join(piece for piece in data[8:].split(b"\0") if piece)


def _object(attachments: list[Attachment], properties: list[Property]) -> None:
    """Properties of an attachment; an object among them is its content."""
    last = attachments[-1]
    last.properties += properties
    for each in properties:
        if each.number == mapi.DATA:
            is_object = each.kind == mapi.OBJECT
            _content(attachments, each.value[_IDENTIFIER:] if is_object else each.value)


def _content(attachments: list[Attachment], data: bytes) -> None:
    """The content of the last attachment; if it has one, both are read."""
    last, mail = attachments[-1], data.startswith(SIGNATURE)
    if last.data and last.data != data:
        attachments.append(Attachment(last.properties, data, mail))
    else:
        last.data, last.mail = data, mail


def _list(cursor: _Cursor, mail: _Mail, found: list[Property]) -> None:
    """A list of properties; of several values each is a property."""
    for _ in range(min(cursor.number(), MOST)):
        kind, number = cursor.number(2), cursor.number(2)
        if number >= 0x8000:
            cursor.take(16)  # which family of names
            if cursor.number():
                cursor.take(cursor.number(), 4)
            else:
                cursor.take(4)
        values = cursor.number() if kind & mapi.MANY or kind in _VARIABLE else 1
        kind &= ~mapi.MANY
        for _ in range(min(values, MOST)):
            mail.budget_left -= 1
            if mail.budget_left < 0:
                raise Unreadable("too-many-parts")
            found.append(Property(number, kind, _value(cursor, kind)))


def _value(cursor: _Cursor, kind: int) -> bytes:
    """One value, padded to four bytes."""
    if kind in _VARIABLE:
        return cursor.take(cursor.number(), 4)
    if kind not in _FIXED:
        raise ValueError("type")
    return cursor.take(_FIXED[kind])
