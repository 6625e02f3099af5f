"""How large a picture is, by its header alone: asked before any library sees it.

From → to: bytes → (width, height) in pixels; (0, 0) where the header does not say.

Invariants: linear in the number of blocks, segments and boxes, of which few are looked at.

Sources: the headers of PNG, GIF (GIF89a, 18 to 20), JPEG (T.81), BMP, WebP (RFC 9649), HEIF and
AVIF (ISO 23008-12, `ispe`), JPEG 2000 (T.800, `ihdr` and SIZ), PSD, PCX and TGA.
"""

import struct

BLOCKS = 2000  # of a GIF that are looked at: frames and what stands between them
_EXTENTS = 1000  # of a HEIF file: one for each tile and picture, of which the largest counts
_BEHIND = 4096  # bytes behind the pixels of a Targa without a mark
_HEAD = 1 << 20  # bytes in which they stand


def dimensions(data: bytes) -> tuple[int, int]:
    """(width, height) in pixels; (0, 0) where the header does not say."""
    try:
        if data.startswith(b"\x89PNG") and data[12:16] == b"IHDR":
            return struct.unpack_from(">2I", data, 16)
        if data.startswith(b"GIF8"):
            return _gif(data)
        if data.startswith(b"BM"):
            width, height = struct.unpack_from("<2i", data, 18)
            return abs(width), abs(height)
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
        if data.startswith(b"RIFF"):
            return _webp(data)
        return _younger(data)
    except struct.error:
        return 0, 0


def _younger(data: bytes) -> tuple[int, int]:
    """Formats of telephones, archives and drawing programs."""
    if data[4:8] == b"ftyp":
        return _boxed(data)
    if data[4:8] == b"jP  ":
        at = data.find(b"ihdr", 0, _HEAD)
        height, width = struct.unpack_from(">2I", data, at + 4) if at > 0 else (0, 0)
        return width, height
    if data.startswith(b"\xff\x4f\xff\x51"):
        right, bottom, left, top = struct.unpack_from(">4I", data, 8)
        return max(right - left, 0), max(bottom - top, 0)
    if data.startswith(b"8BPS"):
        height, width = struct.unpack_from(">2I", data, 14)
        return width, height
    if data.startswith(b"\x0a"):
        left, top, right, bottom = struct.unpack_from("<4H", data, 4)
        return max(right + 1 - left, 0), max(bottom + 1 - top, 0)
    if is_targa(data):
        return struct.unpack_from("<2H", data, 12)
    return 0, 0


def is_targa(data: bytes) -> bool:
    """Targa has no mark at its beginning: a header that makes sense in each of its fields, and
    either the mark at the end or as many pixels as it says."""
    if len(data) < 18 or data[1] > 1 or data[2] not in (1, 2, 3, 9, 10, 11):
        return False
    depths = {1: (8, 16), 2: (15, 16, 24, 32), 3: (8, 16)}[data[2] & 3]
    width, height = struct.unpack_from("<2H", data, 12)
    coloured = data[2] & 3 == 1
    if data[16] not in depths or not width or not height or coloured != (data[1] == 1):
        return False
    if data.endswith(b"TRUEVISION-XFILE.\0"):
        return True
    pixels = width * height * ((data[16] + 7) // 8)
    table = struct.unpack_from("<H", data, 5)[0] * ((data[7] + 7) // 8) if data[1] else 0
    room = len(data) - 18 - data[0] - table
    return not data[2] & 8 and pixels <= room <= pixels + _BEHIND


def _boxed(data: bytes) -> tuple[int, int]:
    """HEIF and AVIF: the largest extent of any item, which is the picture that is put together."""
    largest, at = (0, 0), 0
    for _ in range(_EXTENTS):
        at = data.find(b"ispe", at, _HEAD)
        if at < 0:
            break
        width, height = struct.unpack_from(">2I", data, at + 8)
        largest = max(largest, (width, height), key=lambda size: size[0] * size[1])
        at += 4
    return largest


def _gif(data: bytes) -> tuple[int, int]:
    """What is shown: programs make the canvas as large as the frames, whatever the screen says."""
    width, height = struct.unpack_from("<2H", data, 6)
    at = 13 + _colours(data[10])
    for _ in range(BLOCKS):
        if data[at : at + 1] == b"\x2c":
            left, top, wide, high, packed = struct.unpack_from("<4HB", data, at + 1)
            width, height = max(width, left + wide), max(height, top + high)
            at = _after_blocks(data, at + 11 + _colours(packed))
        elif data[at : at + 1] == b"\x21":
            at = _after_blocks(data, at + 2)
        else:
            break
    return width, height


def _colours(packed: int) -> int:
    """Bytes of the table of colours that a field announces."""
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def _jpeg(data: bytes) -> tuple[int, int]:
    """Size from the start-of-frame segment; the segments before it are stepped over."""
    at = 2
    for _ in range(1000):
        marker, size = struct.unpack_from(">HH", data, at)
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            height, width = struct.unpack_from(">2H", data, at + 5)
            return width, height
        if marker < 0xFF00:
            break
        at += 2 + size
    return 0, 0


def _webp(data: bytes) -> tuple[int, int]:
    match data[12:16]:
        case b"VP8X":
            return _int24(data, 24) + 1, _int24(data, 27) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<2H", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return 0, 0


def _int24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")
