"""Rights-protected mail, sound and film, as small as their programs would accept them."""

import io
import random
import struct
import wave
import zlib

from tests.extract.making_old import compound_file

MARK = bytes.fromhex("76e80460c411e386")  # MS-OXORMMS 2.1.4
NOISE = random.Random(12).randbytes(20_000)  # as cipher text is
LICENCE = "<XrML><ISSUEDTIME>2026-01-01T10:00</ISSUEDTIME></XrML>".encode("utf-16-le")


def blocks(file: bytes, level: int = 6) -> bytes:
    """The file of a protected mail around a compound file."""
    packer, out = zlib.compressobj(level), MARK
    for at in range(0, len(file), 4096):
        piece = file[at : at + 4096]
        last = at + 4096 >= len(file)
        packed = packer.compress(piece) + packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
        out += struct.pack("<3I", 0x0FA0, len(piece), len(packed)) + packed
    return out


def protected(content: bytes = NOISE, level: int = 6, licence: bytes = LICENCE, **more) -> bytes:
    """A protected mail with `content` where the encrypted one stands, and more streams."""
    spaces = {"Version": b"\x3c\0\0\0", "TransformInfo": {"\x06Primary": licence}}
    sized = len(content).to_bytes(8, "little") + content
    tree = {"\x06DataSpaces": spaces, "\tDRMContent": sized, **more}
    return blocks(compound_file(tree), level)


def wav(data: bytes = b"\0\1" * 400) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(data)
    return out.getvalue()


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def mp4(brand: bytes = b"mp42", **more: bytes) -> bytes:
    boxes = b"".join(box(kind.encode(), data) for kind, data in more.items())
    return box(b"ftyp", brand + b"\0\0\0\0" + brand) + box(b"mdat", NOISE[:900]) + boxes


def mp3(frames: int = 5) -> bytes:
    """Frames of 128 kbit/s at 44.1 kHz: 417 bytes."""
    return b"".join(b"\xff\xfb\x90\0" + NOISE[at : at + 413] for at in range(frames))


def tagged(title: bytes) -> bytes:
    """An mp3 with a tag before it."""
    frame = b"TIT2" + struct.pack(">IH", len(title) + 1, 0) + b"\0" + title
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + frame + mp3()


def ogg(data: bytes = NOISE[:200]) -> bytes:
    return b"OggS\0\2" + bytes(20) + bytes([1, len(data)]) + data


MEDIA = {
    "a.wav": (wav(), "sound"),
    "a.m4a": (mp4(b"M4A "), "sound"),
    "a.mp3": (mp3(), "sound"),
    "b.mp3": (tagged(b"Sommar"), "sound"),
    "c.mp3": (mp3() + b"TAG" + bytes(125), "sound"),
    "a.ogg": (ogg() * 3, "sound"),
    "a.aac": ((b"\xff\xf1\x50\x80\x02\x1f\xfc" + NOISE[:9]) * 4, "sound"),
    "a.amr": (b"#!AMR\n" + (b"\x3c" + NOISE[:31]) * 4, "sound"),
    "a.flac": (b"fLaC\x80\0\0\x22" + bytes(34) + b"\xff\xf8" + NOISE[:99], "sound"),
    "a.mid": (b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0", "sound"),
    "a.mp4": (mp4(), "film"),
    "a.mov": (mp4(b"qt  "), "film"),
    "a.mkv": (b"\x1a\x45\xdf\xa3\x84abcd\x18\x53\x80\x67\x85abcde", "film"),
    "a.webm": (
        b"\x1a\x45\xdf\xa3\x84abcd\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"\x15\x49abc",
        "film",
    ),
    "a.flv": (b"FLV\1\5\0\0\0\x09\0\0\0\0\x09\0\0\3" + bytes(7) + b"abc\0\0\0\x0e", "film"),
    "a.wmv": (b"0&\xb2u\x8ef\xcf\x11" + bytes(8) + struct.pack("<Q", 30) + b"abcdef", "film"),
    "a.mpg": (b"\0\0\1\xba\x44" + bytes(9) + b"\0\0\1\xe0\0\3abc\0\0\1\xb9", "film"),
}
