"""Bombs that are pictures.

The number stands in what the file says of itself, so that no OCR is needed.
"""

import io
import struct
import zlib

from PIL import Image, PngImagePlugin

from tests.containment.bomb import NR, bomb
from tests.containment.bombs_pdf import big_zlib
from tests.containment.bombs_zip import MIB

_NOTE = NR.encode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes, *more: bytes, depth=8, colour=0) -> bytes:
    head = struct.pack(">2L5B", width, height, depth, colour, 0, 0, 0)
    said = chunk(b"tEXt", b"Comment\0" + _NOTE)
    chunks = chunk(b"IHDR", head) + said + b"".join(more) + chunk(b"IDAT", data)
    return b"\x89PNG\r\n\x1a\n" + chunks + chunk(b"IEND", b"")


def white(side: int) -> bytes:
    """A stream of rows without a filter, white where they are read at all."""
    return (
        big_zlib(side * (side + 1) // MIB + 1, b"\0")
        if side > 999
        else zlib.compress(bytes(side * (side + 1)))
    )


@bomb("png/sixty-thousand-pixels-wide", "a.png", big=60_000, small=40)
@bomb("png/just-under-the-limit", "a.png", big=14_000, small=40)
@bomb("png/thirty-million-pixels", "a.png", big=5_500, small=40)
def flood(side: int) -> bytes:
    return png(side, side, white(side))


@bomb("png/lying-size", "a.png", big=0x7FFFFFFF, small=40)
def lying(side: int) -> bytes:
    return png(side, side, zlib.compress(bytes(40 * 41)))


@bomb("png/sixteen-bits-in-colour", "a.png", big=4400, small=40)
def deep(side: int) -> bytes:
    data = (
        big_zlib(side * side * 8 // MIB + 1, b"\0")
        if side > 40
        else zlib.compress(bytes(side * (side * 8 + 1)))
    )
    return png(side, side, data, depth=16, colour=6)


@bomb("png/packed-text", "a.png", big=800, small=0)
def packed_text(mib: int) -> bytes:
    return png(
        40, 40, white(40), chunk(b"zTXt", b"Title\0\0" + big_zlib(mib, b"a")) if mib else b""
    )


@bomb("png/many-texts", "a.png", big=100_000, small=2)
def texts(count: int) -> bytes:
    return png(40, 40, white(40), chunk(b"tEXt", b"Title\0a") * count)


@bomb("png/colour-profile", "a.png", big=800, small=0)
def profile(mib: int) -> bytes:
    return png(40, 40, white(40), chunk(b"iCCP", b"p\0\0" + big_zlib(mib, b"a")) if mib else b"")


@bomb("png/many-small-pieces", "a.png", big=200_000, small=2)
def pieces(count: int) -> bytes:
    return png(40, 40, white(40), chunk(b"xxXx", b"") * count)


@bomb("png/animated", "a.png", big=5000, small=1)
def animated(count: int) -> bytes:
    """Frames of a full screen, all alike but for a pixel."""
    out = bytearray()
    frames = b""
    for n in range(count if count > 1 else 0):
        control = struct.pack(">5L2H2B", 2 * n + 1, 1000, 1000, 0, 0, 1, 10, 0, 0)
        frames += chunk(b"fcTL", control)
        frames += chunk(b"fdAT", struct.pack(">L", 2 * n + 2) + big_zlib(1, b"\0"))
        out += frames
        frames = b""
    head = struct.pack(">2L5B", 1000, 1000, 8, 0, 0, 0, 0)
    said = chunk(b"tEXt", b"Comment\0" + _NOTE)
    plays = chunk(b"acTL", struct.pack(">2L", count, 0)) if count > 1 else b""
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + said + plays
    return start + chunk(b"IDAT", big_zlib(1, b"\0")) + bytes(out) + chunk(b"IEND", b"")


def gif(side: int, frames: int, frame_side: int = 1) -> bytes:
    head = b"GIF89a" + struct.pack("<2H3B", side, side, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    said = b"\x21\xfe" + bytes([len(_NOTE)]) + _NOTE + b"\0"
    one = b"\x2c" + struct.pack("<4HB", 0, 0, frame_side, frame_side, 0) + b"\2\2\x44\1\0"
    return head + said + one * frames + b"\x3b"


@bomb("gif/hundred-thousand-frames", "a.gif", big=(1, 100_000), small=(1, 1))
@bomb("gif/large-with-small-frames", "a.gif", big=(4000, 5000), small=(10, 1))
@bomb("gif/huge-screen", "a.gif", big=(65_535, 2), small=(10, 1))
@bomb("gif/frames-without-data", "a.gif", big=(2000, 400, 2000), small=(10, 1, 1))
def frames(side: int, count: int, frame_side: int = 1) -> bytes:
    return gif(side, count, frame_side)


@bomb("gif/comments", "a.gif", big=200_000, small=1)
def comments(count: int) -> bytes:
    data = gif(10, 1)
    return data[:19] + b"\x21\xfe\1a\0" * count + data[19:]


def tiff(*directories: dict[int, tuple[int, int, bytes | int]], loop: int = -1) -> bytes:
    """Directories one after the other: tag → (type, count, value)."""
    out = bytearray(b"II*\0\x08\0\0\0")
    starts = []
    for number, entries in enumerate(directories):
        starts.append(len(out))
        size = 2 + 12 * len(entries) + 4
        held, table = b"", b""
        for tag, (kind, count, value) in sorted(entries.items()):
            place = value
            if isinstance(value, bytes):
                place = len(out) + size + len(held)
                held += value + b"\0" * (len(value) % 2)
            table += struct.pack("<2HLL", tag, kind, count, place)
        last = number == len(directories) - 1
        after = (starts[loop] if loop >= 0 else 0) if last else len(out) + size + len(held)
        out += struct.pack("<H", len(entries)) + table + struct.pack("<L", after) + held
    return bytes(out)


def _page(width=40, height=40, strips: bytes = b"", packing=1, **more):
    data = strips or b"\xff" * (width * height)
    return {
        256: (4, 1, width),
        257: (4, 1, height),
        258: (3, 1, 8),
        259: (3, 1, packing),
        262: (3, 1, 1),
        270: (2, len(_NOTE) + 1, _NOTE + b"\0"),
        273: (4, 1, data),
        277: (3, 1, 1),
        278: (4, 1, height),
        279: (4, 1, len(data)),
    }


@bomb("tiff/directories-in-a-loop", "a.tif", big=0, small=-1)
def tiff_loop(target: int) -> bytes:
    return tiff(_page(), _page(), loop=target)


@bomb("tiff/many-pages", "a.tif", big=60_000, small=2)
def tiff_pages(count: int) -> bytes:
    return tiff(*[_page(12, 12)] * count)


@bomb("tiff/huge-page", "a.tif", big=60_000, small=40)
def tiff_flood(side: int) -> bytes:
    return tiff(_page(side, side, b"\xff" * 1600))


@bomb("tiff/packed-page", "a.tif", big=12_000, small=40)
def tiff_packed(side: int) -> bytes:
    return tiff(_page(side, side, white(side), 8))


@bomb("tiff/many-strips", "a.tif", big=3_000_000, small=1)
def tiff_strips(count: int) -> bytes:
    page = _page()
    if count > 1:
        page[273] = (4, count, struct.pack("<L", 8) * count)
        page[279] = (4, count, struct.pack("<L", 1) * count)
        page[278] = (4, 1, 1)
    return tiff(page)


@bomb("tiff/huge-counts", "a.tif", big=0xFFFFFFF0, small=1)
def tiff_counts(count: int) -> bytes:
    page = _page()
    page[305] = (2, count if count > 1 else 2, b"x\0") if count == 1 else (2, count, 8)
    return tiff(page)


@bomb("tiff/exif-of-itself", "a.tif", big=8, small=0)
def exif_loop(target: int) -> bytes:
    return tiff(_page() | ({0x8769: (4, 1, target), 0x8825: (4, 1, target)} if target else {}))


def jpeg(width=40, height=40, *segments: bytes, scans: int = 1) -> bytes:
    out = io.BytesIO()
    Image.new("L", (40, 40), 255).save(out, "JPEG", comment=_NOTE, progressive=scans > 1)
    data = out.getvalue()
    frame = next(at for at in range(len(data)) if data[at : at + 2] in (b"\xff\xc0", b"\xff\xc2"))
    sized = data[: frame + 5] + struct.pack(">2H", height, width) + data[frame + 9 :]
    if scans > 1:
        scan = sized.index(b"\xff\xda")
        sized = sized[:-2] + sized[scan:-2] * scans + b"\xff\xd9"
    return sized[:2] + b"".join(segments) + sized[2:]


@bomb("jpeg/huge-page", "a.jpg", big=65_500, small=40)
def jpeg_flood(side: int) -> bytes:
    return jpeg(side, side)


@bomb("jpeg/hundred-million-pixels", "a.jpg", big=(12_000, 50), small=(40, 1))
@bomb("jpeg/scans", "a.jpg", big=(8_000, 3000), small=(40, 1))
def jpeg_scans(side: int, scans: int) -> bytes:
    """Each scan goes over the whole picture again."""
    return jpeg(side, side, scans=scans)


@bomb("jpeg/many-comments", "a.jpg", big=300_000, small=1)
def jpeg_comments(count: int) -> bytes:
    return jpeg(40, 40, b"\xff\xfe\0\3a" * count)


@bomb("jpeg/many-thumbnails", "a.jpg", big=1000, small=1)
def jpeg_segments(count: int) -> bytes:
    return jpeg(
        40, 40, b"\xff\xe1\xff\xffhttp://ns.adobe.com/xap/1.0/\0".ljust(65_537, b"<") * count
    )


@bomb("jpeg/exif-in-a-loop", "a.jpg", big=8, small=0)
def jpeg_exif(target: int) -> bytes:
    inside = b"II*\0\x08\0\0\0\2\0" + struct.pack("<2HLL", 0x8769, 4, 1, target)
    inside += struct.pack("<2HLL", 0xA005, 4, 1, target) + struct.pack("<L", target)
    body = b"Exif\0\0" + inside
    return jpeg(40, 40, b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body)


@bomb("webp/huge-canvas", "a.webp", big=12_000, small=40)
def webp(side: int) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = NR
    Image.new("L", (side, side), 255).save(out, "WEBP", exif=exif, method=0)
    return out.getvalue()


@bomb("webp/many-frames", "a.webp", big=900, small=1)
def webp_frames(count: int) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = NR
    first, *rest = [Image.new("L", (600, 600), n % 200) for n in range(count)]
    first.save(out, "WEBP", exif=exif, method=0, save_all=True, append_images=rest, lossless=True)
    return out.getvalue()


@bomb("bmp/huge-page", "a.png", big=(60_000, True), small=(0, False))
@bomb("bmp/run-lengths", "a.png", big=(13_000, True), small=(0, False))
def bmp(side: int, large: bool) -> bytes:
    if not large:
        return png(40, 40, white(40))
    head = (
        struct.pack("<L2l2H6L", 40, side, side, 1, 8, 1, 0, 0, 0, 256, 0) + b"\xff\xff\xff\0" * 256
    )
    return (
        b"BM"
        + struct.pack("<L4sL", 14 + len(head), b"\0" * 4, 14 + len(head))
        + head
        + b"\xff\0" * 2_000_000
    )


@bomb("png/many-pictures", "a.zip", big=520, small=2)  # more would be over the size of a mail
def many_pictures(count: int) -> bytes:
    from tests.extract.making import zipped

    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", NR)
    out = io.BytesIO()
    Image.effect_noise((300, 300), 60).save(out, "PNG", pnginfo=info)
    return zipped({f"{n}.png": out.getvalue() + bytes(n) for n in range(count)}, 0)
