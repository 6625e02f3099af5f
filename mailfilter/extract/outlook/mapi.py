"""Outlook items as their properties: what msg files and winmail.dat have in common.

From → to: an `Item` → subject, names and addresses, transport headers, body as text, HTML and RTF,
every other text property, attachments as `Part`s, MSIP labels as labels.

Invariants: pure; properties of the same number are all read; a body that cannot be unpacked does
not keep the others from being read.

Sources: MS-OXPROPS for the numbers; MS-OXCMSG 2.2; MS-OXCDATA 2.11.1 for the types.
Known gaps: binary properties (entry identifiers, delegates) are not read.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from detectors import Role
from mailfilter import labels
from mailfilter.extract.kit.budget import SPENT, Unreadable
from mailfilter.extract.kit.charset import decode
from mailfilter.extract.kit.context import Ctx, Found, extension, member, text_at
from mailfilter.extract.outlook import encapsulated, lzfu
from mailfilter.extract.rtf import richtext
from mailfilter.model import Part
from mailfilter.not_examined import not_examined
from mailfilter.place import Place, Step, StepKind

STRING, WIDE, BINARY, OBJECT, MANY = 0x1E, 0x1F, 0x102, 0x0D, 0x1000
SUBJECT, BODY, RTF, HTML = 0x37, 0x1000, 0x1009, 0x1013
DATA, LONG_NAME, NAME, DISPLAY_NAME = 0x3701, 0x3707, 0x3704, 0x3001
MESSAGE_PAGE, INTERNET_PAGE = 0x3FFD, 0x3FDE
_CONTENT_ID, _HEADERS, _CUSTOM = 0x3712, 0x7D, 0x8000
_SUBJECTS = {SUBJECT, 0x3D, 0x70, 0xE1D}  # with its prefix, and the thread's
_ADDRESSES = {0x42, 0x44, 0x65, 0xC1A, 0xC1F, 0xE02, 0xE03, 0xE04, 0x5D01, 0x5D02, 0x3001, 0x3003}
_NUMBERS = {0x5: "<d", 0x14: "<q"}


@dataclass(frozen=True, slots=True)
class Property:
    """`kind` is the type without its mark of several values; each value is a property here."""

    number: int
    kind: int
    value: bytes


@dataclass(slots=True)
class Attachment:
    """A file, or an item inside (`mail`, as a file that its reader knows)."""

    properties: list[Property] = field(default_factory=list)
    data: bytes = b""
    mail: bool = False


@dataclass(slots=True)
class Item:
    """A mail, an appointment, a contact."""

    properties: list[Property] = field(default_factory=list)
    recipients: list[Property] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)


def read(item: Item, part: Part, place: Place, ctx: Ctx) -> Iterator[Found]:
    """Everything in an item that stands in `place`."""
    page = _page(item.properties, MESSAGE_PAGE) or _page(item.properties, INTERNET_PAGE)
    yield from _texts(item, place, page, ctx)
    for each in item.properties:
        try:
            yield from _body(each, place, page, item, ctx)
        except Unreadable as problem:
            if problem.code in SPENT:
                raise
            yield not_examined(place, problem.code)
    for n, attachment in enumerate(item.attachments, 1):
        yield from _attachment(attachment, n, part, place, page)


def _page(properties: list[Property], number: int) -> str:
    """The name of the code page that a property states."""
    for each in properties:
        if each.number == number and each.kind == 0x3 and len(each.value) >= 4:
            (page,) = struct.unpack_from("<I", each.value)
            return {65001: "utf-8", 1200: "utf-16-le", 20127: "ascii"}.get(page, f"cp{page}")
    return ""


def _texts(item: Item, place: Place, page: str, ctx: Ctx) -> Iterator[Found]:
    """Subject, header, and all other properties that are texts."""
    lines: dict[Role, dict[str, None]] = {Role.SUBJECT: {}, Role.HEADER: {}, Role.PROPERTY: {}}
    for each in item.properties:
        if each.number in (BODY, RTF, HTML):
            continue
        text = string(each, page)
        lines[_role(each.number)][text] = None
        if "MSIP_Label_" in text:
            for label in labels.of_header(text):
                ctx.label(label)
        if each.number == _HEADERS:
            yield from _transport(text, place, ctx)
    for each in item.recipients:
        lines[Role.HEADER][string(each, page)] = None
    for role, texts in lines.items():
        step = (Step(StepKind.PROPERTY),) if role is Role.PROPERTY else ()
        yield text_at("\n".join(filter(None, texts)), place.down(*step, role=role))


def _role(number: int) -> Role:
    if number in _SUBJECTS:
        return Role.SUBJECT
    return Role.HEADER if number in _ADDRESSES or number == _HEADERS else Role.PROPERTY


def _transport(text: str, place: Place, ctx: Ctx) -> Iterator[Found]:
    """The header that the mail came with, decoded; its structure says nothing here."""
    message = ctx.parse(text.strip().encode("utf-8", "replace") + b"\r\n\r\n")
    for label in message.facts.labels:
        ctx.label(label)
    for maker in message.facts.made_by:
        ctx.maker(maker)
    for each in message.texts:
        yield text_at(each.content, place.down(role=Role.HEADER))


def string(each: Property, page: str) -> str:
    """A property as text; empty for types that hold none."""
    if each.kind == WIDE:
        return each.value.decode("utf-16-le", "replace").rstrip("\0")
    if each.kind == STRING:
        return decode(each.value.rstrip(b"\0"), page)[0]
    form = _NUMBERS.get(each.kind) if each.number >= _CUSTOM else None
    if form is None or len(each.value) < struct.calcsize(form):
        return ""
    (number,) = struct.unpack_from(form, each.value)
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)


def _body(each: Property, place: Place, page: str, item: Item, ctx: Ctx) -> Iterator[Found]:
    """The text of the mail, in each of the forms that it is kept in."""
    here = Place(Role.BODY, place.steps)
    if each.number == RTF and each.kind == BINARY:
        rtf = lzfu.unpack(each.value, ctx.budget)
        yield from richtext.read(Part(here, "application/rtf", rtf), ctx)
        if encapsulated.is_html(rtf):
            html = encapsulated.html(rtf).encode("utf-8", "replace")
            yield Part(here, "text/html", html, charset="utf-8")
    elif each.number == HTML and each.kind == BINARY:
        yield Part(here, "text/html", each.value, charset=_page(item.properties, INTERNET_PAGE))
    elif each.number in (BODY, HTML) and each.kind in (STRING, WIDE):
        kind = "text/plain" if each.number == BODY else "text/html"
        data = string(each, page).encode("utf-8", "replace")
        yield Part(here, kind, data, charset="utf-8")


def _attachment(
    attachment: Attachment, n: int, part: Part, place: Place, page: str
) -> Iterator[Found]:
    """A file under its long name; its other names are text."""
    texts = {each.number: string(each, page) for each in attachment.properties}
    name = next(filter(None, map(texts.get, (LONG_NAME, NAME, DISPLAY_NAME))), "")
    rest = dict.fromkeys(text for text in texts.values() if text and text != name)
    yield text_at("\n".join(rest), place.down(Step(StepKind.PROPERTY), role=Role.PROPERTY))
    if attachment.mail:
        step = Step(StepKind.MAIL, n, name, extension(name))
        yield Part(place.down(step, role=Role.ATTACHMENT), "", attachment.data, name=name)
    elif attachment.data or name:
        outer = Part(place, part.type, b"")
        yield member(outer, n, name, attachment.data, inline=_CONTENT_ID in texts)
