"""HEIF files with HEVC in them (HEIC): which pictures they hold, and each of them, put together.

From → to: bytes → the pictures that are no tile, thumbnail or mask, the one that is shown first;
each as `Image`, turned as the file says; what the file says of itself (Exif, XMP).

A telephone cuts a photograph into tiles of 512 pixels, each of which is decoded by itself
(`hevc.py`) and pasted. What points outside its box is broken.

Invariants: raises only `Unreadable`; at most `PICTURES` pictures and `TILES` tiles; no size is
believed before it was compared with the limits.

Sources: ISO 14496-12 (boxes), ISO 23008-12 (items, grids), ISO 14496-15 8.3.3 (hvcC).
Known gaps: overlays, sequences and cuttings (`clap`); items in other codecs are said to be unread.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from PIL import Image

from mailfilter import limits
from mailfilter.extract.image import hevc
from mailfilter.extract.kit.budget import Budget, Unreadable

BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
PICTURES, TILES = 16, 1024
_ITEMS, _BOXES = 10_000, 10_000
_SMALLER = (b"thmb", b"auxl")  # what these point from is no picture of its own
_DECODED = (b"hvc1", b"grid")
_KNOWN = {*_DECODED, b"Exif", b"mime", b"uri ", b""}
Turn = Image.Transpose


@dataclass(slots=True)
class _Item:
    """One item of the file."""

    kind: bytes = b""
    extents: list[tuple[int, int, int]] = field(default_factory=list)  # method, offset, length
    properties: list[int] = field(default_factory=list)
    tiles: list[int] = field(default_factory=list)


@dataclass(slots=True)
class File:
    """The items, what is known of them, and which is shown."""

    data: bytes
    items: dict[int, _Item] = field(default_factory=dict)
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    inside: bytes = b""  # the box `idat`
    primary: int = 0
    smaller: set[int] = field(default_factory=set)  # thumbnails, masks, maps of depth

    def _whole(self) -> dict[int, _Item]:
        """What is neither a tile nor a thumbnail; what is shown first is always there."""
        parts = set(self.smaller)
        for item in self.items.values():
            if item.kind == b"grid":
                parts.update(item.tiles)
        parts.discard(self.primary)
        return {number: item for number, item in self.items.items() if number not in parts}

    def pictures(self) -> list[int]:
        """The items to read: the one that is shown, then the others."""
        found = [number for number, item in self._whole().items() if item.kind in _DECODED]
        return sorted(found, key=lambda number: number != self.primary)[:PICTURES]

    def unread(self) -> bool:
        """Whether something is shown that is decoded by nobody here."""
        whole = self._whole()
        shown = whole.get(self.primary, _Item()).kind
        pictures = sum(item.kind in _DECODED for item in whole.values())
        others = {item.kind for item in whole.values()} - _KNOWN
        return shown not in _DECODED or bool(others) or pictures > PICTURES

    def content(self, number: int) -> bytes:
        """The bytes of an item."""
        pieces = []
        for method, offset, length in self.items.get(number, _Item()).extents:
            source = self.inside if method == 1 else self.data
            pieces.append(source[offset : offset + length] if length else source[offset:])
        return b"".join(pieces)

    def told(self) -> tuple[bytes, bytes]:
        """(Exif, XMP), empty if there is none."""
        exif = xmp = b""
        for number, item in self.items.items():
            if item.kind == b"Exif" and not exif:
                content = self.content(number)
                exif = b"Exif\0\0" + content[4 + int.from_bytes(content[:4]) :]
            elif item.kind == b"mime" and not xmp:
                xmp = self.content(number)
        return exif, xmp

    def _of(self, item: _Item, kind: bytes) -> bytes:
        for at in item.properties:
            if at < len(self.properties) and self.properties[at][0] == kind:
                return self.properties[at][1]
        return b""

    def picture(self, number: int, budget: Budget) -> Image.Image:
        """One picture, upright."""
        item = self.items[number]
        if item.kind == b"grid":
            made = self._grid(item, number, budget)
        else:
            made = self._tile(number, budget)
        for at in item.properties:
            if at < len(self.properties):
                made = _turned(made, *self.properties[at])
        return made

    def _tile(self, number: int, budget: Budget) -> Image.Image:
        item = self.items.get(number, _Item())
        if item.kind != b"hvc1":
            raise Unreadable("broken-document")
        width, height = _extent(self._of(item, b"ispe"))
        budget.take_picture(width * height)
        settings = self._of(item, b"hvcC")
        size = (settings[21] & 3) + 1 if len(settings) > 22 else 4
        return hevc.grey([*_sets(settings), *_units(self.content(number), size)])

    def _grid(self, item: _Item, number: int, budget: Budget) -> Image.Image:
        content = self.content(number)
        try:
            form = ">2I" if content[1] & 1 else ">2H"
            rows, columns = content[2] + 1, content[3] + 1
            width, height = struct.unpack_from(form, content, 4)
        except (IndexError, struct.error):
            raise Unreadable("broken-document") from None
        if rows * columns > TILES or not 0 < width * height <= limits.PICTURE_SIZE:
            raise Unreadable("image-size")
        if len(item.tiles) != rows * columns:
            raise Unreadable("broken-document")
        sheet = None
        for n, tile in enumerate(item.tiles):
            made = self._tile(tile, budget)
            if sheet is None:
                sheet = Image.new(made.mode, (width, height))
            left, top = made.width * (n % columns), made.height * (n // columns)
            if made.mode == sheet.mode and left < width and top < height:
                sheet.paste(made, (left, top))
        return sheet or Image.new("L", (1, 1))


def opened(data: bytes) -> File:
    """What a file holds; raises `Unreadable` if its boxes make no sense."""
    file = File(data)
    try:
        for kind, content in _boxes(data):
            if kind == b"meta":
                for inner, below in _boxes(content[4:]):
                    if reader := _READERS.get(inner):
                        reader(file, below)
                return file
    except (struct.error, IndexError):
        pass
    raise Unreadable("broken-document")


def pictures(file: File, budget: Budget) -> Iterator[Image.Image]:
    """All pictures, the one that is shown first."""
    return (file.picture(number, budget) for number in file.pictures())


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(_BOXES):
        if at + 8 > len(data):
            return
        size, head = int.from_bytes(data[at : at + 4]), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        size = size or len(data) - at
        if size < head:
            raise Unreadable("broken-document")
        yield data[at + 4 : at + 8], data[at + head : at + size]
        at += size


def _primary(file: File, data: bytes) -> None:
    file.primary = int.from_bytes(data[4 : 6 if data[0] == 0 else 8])


def _infos(file: File, data: bytes) -> None:
    for kind, content in islice(_boxes(data[6 if data[0] == 0 else 8 :]), _ITEMS):
        if kind != b"infe" or content[0] < 2:
            continue
        wide = 2 if content[0] == 2 else 4
        number = int.from_bytes(content[4 : 4 + wide])
        _item(file, number).kind = content[6 + wide : 10 + wide]


def _item(file: File, number: int) -> _Item:
    if len(file.items) > _ITEMS:
        raise Unreadable("too-many-parts")
    return file.items.setdefault(number, _Item())


def _references(file: File, data: bytes) -> None:
    wide = 4 if data[0] else 2
    for kind, content in islice(_boxes(data[4:]), _ITEMS):
        source = int.from_bytes(content[:wide])
        (count,) = struct.unpack_from(">H", content, wide)
        at = wide + 2
        targets = [
            int.from_bytes(content[at + wide * n : at + wide * (n + 1)])
            for n in range(min(count, TILES, len(content) // wide))
        ]
        if kind == b"dimg":
            _item(file, source).tiles = targets
        elif kind in _SMALLER:
            file.smaller.add(source)


def _places(file: File, data: bytes) -> None:
    """`iloc`: where the bytes of each item are."""
    version, sizes = data[0], int.from_bytes(data[4:6])
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version in (1, 2) else 0
    wide = 4 if version == 2 else 2
    count, at = int.from_bytes(data[6 : 6 + wide]), 6 + wide

    def number(size: int) -> int:
        nonlocal at
        at += size
        if at > len(data):
            raise Unreadable("broken-document")
        return int.from_bytes(data[at - size : at])

    for _ in range(min(count, _ITEMS)):
        item = _item(file, number(wide))
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)
        base = number(base_size)
        for _extent_number in range(number(2)):
            number(index_size)
            offset = base + number(offset_size)
            if len(item.extents) < TILES:
                item.extents.append((method, offset, number(length_size)))


def _properties(file: File, data: bytes) -> None:
    for kind, content in _boxes(data):
        if kind == b"ipco":
            file.properties = list(_boxes(content))
        elif kind == b"ipma":
            _associations(file, content)


def _associations(file: File, data: bytes) -> None:
    wide, large = (4 if data[0] else 2), data[3] & 1
    (count,) = struct.unpack_from(">I", data, 4)
    at = 8
    for _ in range(min(count, _ITEMS)):
        item = _item(file, int.from_bytes(data[at : at + wide]))
        many, at = data[at + wide], at + wide + 1
        for _n in range(many):
            index = int.from_bytes(data[at : at + 1 + large]) & (0x7FFF if large else 0x7F)
            at += 1 + large
            item.properties.append(index - 1 if index else len(data))


def _inside(file: File, data: bytes) -> None:
    file.inside = data


def _extent(data: bytes) -> tuple[int, int]:
    width, height = int.from_bytes(data[4:8]), int.from_bytes(data[8:12])
    if not 0 < width * height <= limits.PICTURE_SIZE:
        raise Unreadable("image-size" if width * height else "broken-document")
    return width, height


def _turned(picture: Image.Image, kind: bytes, content: bytes) -> Image.Image:
    if kind == b"irot" and content and content[0] & 3:
        turn = (Turn.ROTATE_90, Turn.ROTATE_180, Turn.ROTATE_270)[(content[0] & 3) - 1]
        return picture.transpose(turn)
    if kind == b"imir" and content:
        return picture.transpose(Turn.FLIP_LEFT_RIGHT if content[0] & 1 else Turn.FLIP_TOP_BOTTOM)
    return picture


def _sets(settings: bytes) -> Iterator[bytes]:
    """The parameter sets of a decoder's configuration."""
    at = 23
    for _ in range(settings[22] if len(settings) > 22 else 0):
        count, at = int.from_bytes(settings[at + 1 : at + 3]), at + 3
        for _n in range(count):
            size = int.from_bytes(settings[at : at + 2])
            if at + 2 + size > len(settings) or not size:
                raise Unreadable("broken-document")
            yield settings[at + 2 : at + 2 + size]
            at += 2 + size


def _units(data: bytes, size: int) -> Iterator[bytes]:
    """Units, each with its length before it."""
    at = 0
    while at + size < len(data):
        length = int.from_bytes(data[at : at + size])
        if not length or at + size + length > len(data):
            raise Unreadable("broken-document")
        yield data[at + size : at + size + length]
        at += size + length


_READERS = {
    b"pitm": _primary,
    b"iinf": _infos,
    b"iref": _references,
    b"iloc": _places,
    b"iprp": _properties,
    b"idat": _inside,
}
