"""PowerPoint 97-2003 (ppt): texts of all slides, notes, comments and headers, by the record tree.

From → to: the stream "PowerPoint Document" → texts by slide; notes, comments, headers and footers
at their steps; addresses of links hidden; embedded files and pictures as `Part`s. Earlier
versions, which incremental saving leaves in the stream, are read with the rest.

Invariants: the tree is walked with a list, not by calls; a record that is longer than what holds
it ends there; linear.

Sources: MS-PPT 2.3.1 (RecordHeader), 2.13.24 (RecordType), 2.9.42-43 (text atoms), 2.4.14.3
(SlideListWithText), 2.5.24 (Comment10Container), 2.3.2 (CurrentUserAtom: encrypted or not),
2.10.34 (ExOleObjStg).
Known gaps: hidden slides are not told from shown ones; binary tags of add-ins are not read.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mailfilter.extract.kit.budget import Unreadable, inflate
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.extract.office.officeart import pictures, wide_texts
from mailfilter.extract.office.ole import Storage
from mailfilter.model import Part
from mailfilter.not_examined import not_examined
from mailfilter.place import Place, Step, StepKind

_ENCRYPTED_TOKEN = 0xF3D1C4DF
_CRYPT_SESSION = 0x2F14
_SLIDE, _NOTES, _LIST, _LIST_SLIDE = 1006, 1008, 4080, 1011
_HEADERS, _COMMENT, _LINK, _OBJECT = 4057, 12000, 4055, 0x1011
_TAGS = 5003  # of later versions: records in an atom, comments among them
_PACKAGE = b"PK\x03\x04"  # what PowerPoint 2007 keeps for itself: a zip as a container
_NO_HEADER = bytes(8)
_SOMETHING = re.compile(rb"[^\0]")
_SHAPE_PROPERTIES = 0xF00B  # alternative text among them
_WIDE, _NARROW, _STRING = 4000, 4008, 4026
_KINDS = {
    _NOTES: StepKind.NOTES,
    _HEADERS: StepKind.HEADER,
    _COMMENT: StepKind.COMMENT,
    _LINK: StepKind.HIDDEN,
}
_RECORDS = 1_000_000
_SIGNS = str.maketrans({"\r": "\n", "\x0b": "\n", "\0": ""})
Key = tuple[int, StepKind | None]  # slide number, 0 for the whole; what is not shown on it


@dataclass(slots=True)
class _Deck:
    """Texts by place, in the order that they were met."""

    texts: dict[Key, list[str]] = field(default_factory=dict)
    slides: int = 0  # containers of slides so far
    listed: int = 0  # slides in the list that the outline shows
    objects: list[bytes] = field(default_factory=list)
    whole: bool = True


@dataclass(frozen=True, slots=True)
class _Frame:
    """A stretch of records, and where their texts stand."""

    start: int
    end: int
    slide: int
    kind: StepKind | None
    listing: bool = False
    loose: bool = False  # perhaps no records at all


def read(root: Storage, part: Part, ctx: Ctx) -> Iterator[Found]:
    """Texts, embedded files, pictures."""
    user = root.read("Current User")
    if len(user) >= 16 and struct.unpack_from("<I", user, 12)[0] == _ENCRYPTED_TOKEN:
        raise Unreadable("encrypted")
    stream = root.read("PowerPoint Document")
    deck = _walk(stream)
    for (slide, kind), texts in deck.texts.items():
        yield text_at("\n".join(texts), _place(part.place, slide, kind))
    for n, packed in enumerate(deck.objects, 1):
        yield member(part, n, "", _object(packed, ctx))
    yield from pictures(root.read("Pictures"), part, ctx, 1000)
    if not deck.whole or not stream:
        yield not_examined(part.place, "broken-document")


def _place(place: Place, slide: int, kind: StepKind | None) -> Place:
    steps = [Step(StepKind.SLIDE, slide)] if slide else []
    return place.down(*steps, *([Step(kind)] if kind else []))


def _walk(stream: bytes) -> _Deck:
    """All records, depth first."""
    deck = _Deck()
    todo = [_Frame(0, len(stream), 0, None)]
    records = 0
    while todo:
        frame = todo.pop()
        if frame.start + 8 > frame.end:
            rest = stream[frame.start : frame.end].strip(b"\0")
            deck.whole = deck.whole and (frame.loose or not rest)
            continue
        if frame.end == len(stream) and stream.startswith(_NO_HEADER, frame.start):
            todo.append(replace(frame, start=_behind_gap(stream, frame.start)))
            continue
        head, kind, size = struct.unpack_from("<HHI", stream, frame.start)
        start, end = frame.start + 8, frame.start + 8 + size
        if end > frame.end:
            deck.whole, end = deck.whole and frame.loose, frame.end
        listed = deck.listed
        if frame.listing and kind == _LIST_SLIDE:
            listed = deck.listed = deck.listed + 1
        slide = listed if frame.listing else frame.slide
        todo.append(replace(frame, start=end))
        records += 1
        if records > _RECORDS:
            raise Unreadable("too-many-parts")
        if head & 15 == 15 and stream.startswith(_PACKAGE, start):
            deck.objects.append(b"\0" + stream[start:end])
        elif head & 15 == 15 or kind == _TAGS:
            todo.append(
                _inside(deck, head, kind, replace(frame, start=start, end=end, slide=slide))
            )
        else:
            _atom(deck, kind, head >> 4, stream[start:end], (slide, frame.kind))
    return deck


def _behind_gap(stream: bytes, at: int) -> int:
    """Where records go on behind noughts, which some programs leave between two savings."""
    found = _SOMETHING.search(stream, at)
    if found is None:
        return len(stream)
    container = stream[found.start()] & 15 == 15  # else two bytes of nought begin the record
    return found.start() if container else found.start() - 2


def _inside(deck: _Deck, head: int, kind: int, frame: _Frame) -> _Frame:
    """The frame of what a container holds."""
    if kind == _CRYPT_SESSION:
        raise Unreadable("encrypted")
    slide = frame.slide
    if kind == _SLIDE:
        slide = deck.slides = deck.slides + 1
    listing = kind == _LIST and head >> 4 == 0
    return _Frame(
        frame.start,
        frame.end,
        slide,
        _KINDS.get(kind, frame.kind),
        listing,
        frame.loose or kind == _TAGS,
    )


def _atom(deck: _Deck, kind: int, instance: int, data: bytes, key: Key) -> None:
    """A text, or an embedded file."""
    if kind == _CRYPT_SESSION:
        raise Unreadable("encrypted")
    if kind == _OBJECT:
        deck.objects.append(bytes([instance & 1]) + data)
        return
    if kind == _SHAPE_PROPERTIES:
        if text := wide_texts(data):
            deck.texts.setdefault((key[0], StepKind.HIDDEN), []).append(text)
        return
    if kind == _NARROW:
        text = data.decode("latin-1")
    elif kind in (_WIDE, _STRING):
        text = data.decode("utf-16-le", "replace")
    else:
        return
    if not text.startswith("___PPT"):  # the name of a tag
        deck.texts.setdefault(key, []).append(text.translate(_SIGNS))


def _object(packed: bytes, ctx: Ctx) -> bytes:
    """An embedded file; the first byte says whether it is compressed."""
    data = packed[1:]
    if not packed[0]:
        ctx.budget.take_bytes(len(data))
        return data
    try:
        return inflate(data[4:], zlib.decompressobj, ctx.budget).data
    except zlib.error:
        raise Unreadable("broken-document") from None
