"""Sound and film: not read, and passed by default, so that a file is one only as a whole.

From → to: a part → "sound" or "film", if its pieces follow each other from the first byte to the
last as its format says; "unknown-content" otherwise, which is held: a mark alone proves nothing.
What can be read of either is read (`surplus`): titles, remarks, covers.

Invariants: linear in the number of pieces, of which there are at most `PIECES`.

Sources: RIFF (MS), RFC 3533 (Ogg), ISO 14496-12 (boxes), RFC 8794 (EBML), RFC 9639 (FLAC), RFC 4867
(AMR), ISO 13818-7 (ADTS), ISO 11172-3 (MPEG audio), ISO 13818-1 (program streams), ASF 1.2, FLV 10.
Known gaps: what lies in the pieces, such as samples; files that were cut are held.
"""

from collections.abc import Callable, Iterator

from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.context import Ctx, Found
from mailfilter.extract.kit.surplus import surplus
from mailfilter.model import Part
from mailfilter.not_examined import not_examined

PIECES = 1_000_000
Next = Callable[[bytes, int], int]  # the end of the piece that begins there, or 0
_AMR = (12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0)  # bytes of a frame after its head
_AMR_WIDE = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0)
_RATES = (  # kbit/s of MPEG audio: version 1, layers 1 to 3; versions 2 and 2.5
    (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_SAMPLES = (44100, 48000, 32000)
_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")


def read_sound(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Not examined, but for what is no sound in it."""
    yield from _read(part, ctx, "sound")


def read_film(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Not examined, but for what is no film in it."""
    yield from _read(part, ctx, "film")


def _read(part: Part, ctx: Ctx, code: str) -> Iterator[Found]:
    yield from surplus(part, part.data, ctx)
    if not is_whole(part.data):
        raise Unreadable("unknown-content")
    yield not_examined(part.place, code)


def is_whole(data: bytes) -> bool:
    """Whether the pieces of the file reach from its first byte to its last."""
    if data.startswith(b"ID3"):
        return _follows(data, _after_tag(data), _mpeg) or data[_after_tag(data) :][:4] == b"fLaC"
    for mark, at, step in _FORMATS:
        if data.startswith(mark):
            return _follows(data, at, step)
    return data[4:8] == b"ftyp" and _follows(data, 0, _box)


def _follows(data: bytes, at: int, step: Next) -> bool:
    """Whether pieces follow each other to the end; zeros and an old tag may stand there."""
    end = len(data.rstrip(b"\0"))
    if data[-128:-125] == b"TAG":
        end = min(end, len(data) - 128)
    begin = at
    for _ in range(PIECES):
        if at >= end:
            return at > begin and at <= len(data)
        after = step(data, at)
        if after <= at:
            return False
        at = after
    return False


def _after_tag(data: bytes) -> int:
    """Behind an ID3v2 tag and the zeros that may follow it."""
    sizes = data[6:10].ljust(4, b"\0")
    at = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(sizes, (21, 14, 7, 0), strict=True))
    while data[at : at + 1] == b"\0":
        at += 1
    return at


def _riff(data: bytes, at: int) -> int:
    if at + 8 > len(data) or not data[at : at + 4].isascii():
        return 0
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    return at + 8 + size + (size & 1 if at + 8 + size < len(data) else 0)


def _ogg(data: bytes, at: int) -> int:
    if data[at : at + 4] != b"OggS" or at + 27 > len(data):
        return 0
    count = data[at + 26]
    return at + 27 + count + sum(data[at + 27 : at + 27 + count])


def _box(data: bytes, at: int) -> int:
    if at + 8 > len(data) or not data[at + 4 : at + 8].replace(b"\xa9", b"c").isalnum():
        return 0
    size = int.from_bytes(data[at : at + 4])
    if size == 1:
        size = int.from_bytes(data[at + 8 : at + 16])
    return at + size if size else len(data)


def _element(data: bytes, at: int) -> int:
    """EBML: the head, then segments; one that is written as it is filmed has no size."""
    if data[at : at + 4] not in (b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67") and data[at] != 0xEC:
        return 0
    at += 1 if data[at] == 0xEC else 4
    first = data[at] if at < len(data) else 0
    if not first:
        return 0
    length = 9 - first.bit_length()
    size = int.from_bytes(data[at : at + length]) & ((1 << 7 * length) - 1)
    if size == (1 << 7 * length) - 1:
        at += length
        return len(data) if data[at : at + 2] in (b"\x11\x4d", b"\x15\x49", b"\xec\x4f") else 0
    return at + length + size


def _mpeg(data: bytes, at: int) -> int:
    """A frame of MPEG audio or of ADTS."""
    head = int.from_bytes(data[at : at + 4])
    if head >> 20 != 0xFFF and head >> 21 != 0x7FF:
        return at + 32 if data[at : at + 8] == b"APETAGEX" else 0
    version, layer, rate, sample = head >> 19 & 3, head >> 17 & 3, head >> 12 & 15, head >> 10 & 3
    if layer == 0:
        return at + (int.from_bytes(data[at + 3 : at + 6]) >> 5 & 0x1FFF)
    if version == 1 or rate in (0, 15) or sample == 3:
        return 0
    table = 3 - layer if version == 3 else 3 if layer == 3 else 4
    hertz = _SAMPLES[sample] >> (0 if version == 3 else 1 if version == 2 else 2)
    padding, bits = head >> 9 & 1, _RATES[table][rate] * 1000
    if layer == 3:
        return at + (12 * bits // hertz + padding) * 4
    return at + (72 if layer == 1 and version != 3 else 144) * bits // hertz + padding


def _amr(data: bytes, at: int) -> int:
    return at + 1 + _AMR[data[at] >> 3 & 15] if not data[at] & 0x83 else 0


def _amr_wide(data: bytes, at: int) -> int:
    return at + 1 + _AMR_WIDE[data[at] >> 3 & 15] if not data[at] & 0x83 else 0


def _flac(data: bytes, at: int) -> int:
    """Blocks of facts; the frames behind them have no size and are taken by their mark."""
    if data[at : at + 2] in (b"\xff\xf8", b"\xff\xf9"):
        return len(data)
    return at + 4 + int.from_bytes(data[at + 1 : at + 4]) if data[at] & 0x7F < 7 else 0


def _midi(data: bytes, at: int) -> int:
    known = data[at : at + 4] in (b"MThd", b"MTrk")
    return at + 8 + int.from_bytes(data[at + 4 : at + 8]) if known else 0


def _asf(data: bytes, at: int) -> int:
    if at + 24 > len(data):
        return 0
    size = int.from_bytes(data[at + 16 : at + 24], "little")
    if size < 24:
        return len(data) if data.startswith(_ASF_DATA, at) else 0
    return at + size


def _flv(data: bytes, at: int) -> int:
    if data[at + 4 : at + 5] not in (b"", b"\x08", b"\x09", b"\x12"):
        return 0
    tag = at + 4
    return tag + 11 + int.from_bytes(data[tag + 1 : tag + 4]) if tag < len(data) else tag


def _program(data: bytes, at: int) -> int:
    """Packs and packets of a program stream."""
    if data[at : at + 3] != b"\0\0\1" or at + 4 > len(data):
        return 0
    kind = data[at + 3]
    if kind == 0xBA:
        if data[at + 4 : at + 5] < b"\x40":  # MPEG-1
            return at + 12
        return at + 14 + (data[at + 13] & 7) if at + 14 <= len(data) else 0
    if kind == 0xB9:
        return at + 4
    return at + 6 + int.from_bytes(data[at + 4 : at + 6]) if kind >= 0xBB else 0


def _video(data: bytes, at: int) -> int:
    """Bare MPEG video: a start code at least every megabyte."""
    if data[at : at + 3] != b"\0\0\1":
        return 0
    after = data.find(b"\0\0\1", at + 3, at + (1 << 20))
    return after if after >= 0 else len(data) if len(data) - at < 1 << 20 else 0


_FORMATS: tuple[tuple[bytes, int, Next], ...] = (
    (b"RIFF", 0, _riff),
    (b"OggS", 0, _ogg),
    (b"fLaC", 4, _flac),
    (b"#!AMR-WB\n", 9, _amr_wide),
    (b"#!AMR\n", 6, _amr),
    (b"MThd", 0, _midi),
    (b"\xff", 0, _mpeg),
    (b"\x1a\x45\xdf\xa3", 0, _element),
    (b"\0\0\1\xba", 0, _program),
    (b"\0\0\1\xb3", 0, _video),
    (b"FLV\1", 9, _flv),
    (b"0&\xb2u\x8ef\xcf\x11", 0, _asf),
)
