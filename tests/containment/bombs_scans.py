"""Bombs that are PDF files whose pages are images."""
# ruff: noqa: E501  (the insides of files read best on one line)

from tests.containment.bomb import bomb
from tests.containment.bombs_pdf import _tree, big_zlib, flate, stream
from tests.containment.bombs_zip import MIB

_IMAGES = {
    "raw": b"",
    "flate": b"/Filter/FlateDecode",
    "jpx": b"/Filter/JPXDecode",
    "jbig2": b"/Filter/JBIG2Decode",
    "fax": b"/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 60000/Rows 60000>>",
}


@bomb("pdf/huge-image-flate", "a.pdf", big=("flate", 60_000), small=("flate", 10))
@bomb("pdf/huge-image-fax", "a.pdf", big=("fax", 60_000), small=("flate", 10))
@bomb("pdf/huge-image-jbig2", "a.pdf", big=("jbig2", 60_000), small=("flate", 10))
@bomb("pdf/huge-image-jpx", "a.pdf", big=("jpx", 60_000), small=("flate", 10))
def image(kind: str, side: int) -> bytes:
    """Alone on a page of its own, so that it would be drawn and read."""
    head = (
        b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 1/ColorSpace/DeviceGray"
        % (side, side)
    )
    packed = {
        "flate": big_zlib(side * side // 8 // MIB + 1, b"\xff"),
        "fax": b"\xff" * 10_000,
        "jbig2": b"\0\0\0\0\x30\0\1\0\0\0\x13"
        + side.to_bytes(4, "big") * 2
        + bytes(8)
        + b"\0\0\0"
        + bytes(100),
        "jpx": b"\xff\x4f\xff\x51\0\x29\0\0"
        + side.to_bytes(4, "big") * 2
        + bytes(8)
        + side.to_bytes(4, "big") * 2
        + bytes(8)
        + b"\0\1\7\1\1"
        + bytes(100),
    }[kind]
    objects = {
        "n10": b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 11 0 R/Resources<</XObject<</I 12 0 R>>>>>>",
        "n11": stream(b"600 0 0 700 0 0 cm /I Do"),
        "n12": stream(packed, head + _IMAGES[kind]),
    }
    return _tree([b"3 0 R", b"10 0 R"], 2, **objects)


@bomb("pdf/image-drawn-many-times", "a.pdf", big=20_000, small=1)
def drawn(count: int) -> bytes:
    head = b"/Type/XObject/Subtype/Image/Width 2000/Height 2000/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/FlateDecode"
    objects = {
        "n10": b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 11 0 R/Resources<</XObject<</I 12 0 R>>>>>>",
        "n11": flate(b"600 0 0 700 0 0 cm " + b"/I Do " * count),
        "n12": stream(big_zlib(4, b"\xff"), head),
    }
    return _tree([b"3 0 R", b"10 0 R"], 2, **objects)
