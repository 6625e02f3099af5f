"""Bombs that are compound files (doc, xls, ppt, msg) and winmail.dat."""

import struct

from tests.containment.bomb import NR, bomb
from tests.extract import making, making_old
from tests.extract.making_old import (
    compound_file,
    message_properties,
    tnef,
    tnef_attachment,
    word_97,
)


@bomb("ole/chain-in-a-loop", "a.doc", big=True, small=False)
def chain(looping: bool) -> bytes:
    """The table of sectors sends every sector to itself."""
    data = bytearray(word_97([NR]))
    if looping:
        fat = 512 * (1 + struct.unpack_from("<I", data, 76)[0])
        for n in range(128):
            struct.pack_into("<I", data, fat + 4 * n, n)
    return bytes(data)


@bomb("ole/directory-in-a-loop", "a.doc", big=True, small=False)
def directory(looping: bool) -> bytes:
    """Each line of the directory is its own neighbour and child."""
    data = bytearray(word_97([NR]))
    start = 512 * (1 + struct.unpack_from("<I", data, 48)[0])
    for n in range(4 if looping else 0):
        struct.pack_into("<3I", data, start + 128 * n + 68, n, n, 0)
    return bytes(data)


@bomb("ole/claims-many-tables", "a.doc", big=0xFFFFFF, small=1)
def tables(count: int) -> bytes:
    data = bytearray(word_97([NR]))
    if count > 1:
        struct.pack_into("<I", data, 44, count)
        struct.pack_into("<2I", data, 68, 0, count)  # more of them in a chain
    return bytes(data)


@bomb("ole/claims-a-huge-stream", "a.doc", big=0x7FFFFFFF, small=0)
def stream(size: int) -> bytes:
    data = bytearray(word_97([NR]))
    start = 512 * (1 + struct.unpack_from("<I", data, 48)[0])
    for n in range(1, 3 if size else 0):
        struct.pack_into("<Q", data, start + 128 * n + 120, size)
    return bytes(data)


@bomb("ole/many-streams", "a.doc", big=60_000, small=2)
def streams(count: int) -> bytes:
    return (
        compound_file({f"s{n}": b"x" for n in range(count)} | {"z": NR.encode()})
        if count > 2
        else word_97([NR])
    )


@bomb("doc/pieces-of-the-same-text", "a.doc", big=(2000, 40_000), small=(1, 1))
def pieces(length: int, count: int) -> bytes:
    """The table of pieces names one text over and over."""
    return word_97(["a b " * length, NR], repeated=count)


@bomb("doc/many-pieces", "a.doc", big=60_000, small=2)
def many_pieces(count: int) -> bytes:
    return word_97([*(["ab"] * count), NR])


@bomb("xls/claims-many-strings", "a.xls", big=0x7FFFFFFF, small=None)
def sst(count: int | None) -> bytes:
    """The count in the table of shared strings."""
    if count is None:
        return making.sheet_with(NR)
    book = struct.pack("<HHHHHHII", 0x809, 16, 0x600, 5, 0, 0, 0, 0)
    strings = struct.pack("<HHII", 0xFC, 8, count, count)
    return compound_file({"Workbook": book + strings + struct.pack("<HH", 0x0A, 0)})


@bomb("xls/million-records", "a.xls", big=900_000, small=None)
def records(count: int | None) -> bytes:
    if count is None:
        return making.sheet_with(NR)
    book = struct.pack("<HHHHHHII", 0x809, 16, 0x600, 5, 0, 0, 0, 0)
    return compound_file({"Workbook": book + struct.pack("<HH", 0x42, 0) * count})


@bomb("xls/far-cells", "a.xls", big=60_000, small=None)
def far(count: int | None) -> bytes:
    """Two cells in opposite corners, so that a grid would have sixteen million."""
    if count is None:
        return making.sheet_with(NR)
    start = struct.pack("<HHHHHHII", 0x809, 16, 0x600, 5, 0, 0, 0, 0)
    sheet = struct.pack("<HHIBB4s", 0x85, 10, len(start) + 18, 0, 0, b"\1\0A\0"[:4])
    inner = struct.pack("<HHHHHHII", 0x809, 16, 0x600, 16, 0, 0, 0, 0)
    inner += struct.pack("<HHIIHHH", 0x200, 14, 0, 65_536, 0, 256, 0)
    inner += struct.pack("<HHHHHd", 0x203, 14, 0, 0, 0, 1.0)
    inner += struct.pack("<HHHHHd", 0x203, 14, 65_535, 255, 0, 2.0)
    stop = struct.pack("<HH", 0x0A, 0)
    return compound_file({"Workbook": start + sheet + stop + inner + stop})


@bomb("ppt/records-in-records", "a.ppt", big=200_000, small=None)
def slides(depth: int | None) -> bytes:
    if depth is None:
        return word_97([NR])
    out = b"".join(struct.pack("<HHI", 0xF, 1000, 8 * (depth - n)) for n in range(depth))
    return compound_file({"PowerPoint Document": out, "Current User": bytes(64)})


@bomb("ppt/many-records", "a.ppt", big=800_000, small=None)
def many_slides(count: int | None) -> bytes:
    if count is None:
        return word_97([NR])
    text = "x".encode("utf-16-le")
    out = (struct.pack("<HHI", 0, 0xFA0, 2) + text) * count
    out += struct.pack("<HHI", 0, 0xFA0, 2 * len(NR)) + NR.encode("utf-16-le")
    return compound_file({"PowerPoint Document": out, "Current User": bytes(64)})


# ---- Outlook -------------------------------------------------------------------------------


@bomb("tnef/in-tnef", "winmail.dat", big=60, small=2)
def nested(depth: int) -> bytes:
    data = tnef(making_old.attribute(1, 0x800C, 2, NR.encode() + b"\0"))
    for _ in range(depth):
        data = tnef(
            making_old.attribute(1, 0x800C, 2, NR.encode() + b"\0"),
            tnef_attachment("winmail.dat", data),
        )
    return data


@bomb("tnef/many-attachments", "winmail.dat", big=30_000, small=2)
def attachments(count: int) -> bytes:
    said = making_old.attribute(1, 0x800C, 2, NR.encode() + b"\0")
    return tnef(said, *[tnef_attachment("a.txt", b"hej")] * count)


@bomb("tnef/many-attributes", "winmail.dat", big=400_000, small=2)
def attributes(count: int) -> bytes:
    said = making_old.attribute(1, 0x800C, 2, NR.encode() + b"\0")
    return tnef(making_old.attribute(1, 0x8008, 1, b"a") * count, said)


@bomb("tnef/claims-many-properties", "winmail.dat", big=0xFFFFFFFF, small=0)
def properties(count: int) -> bytes:
    said = making_old.attribute(1, 0x800C, 2, NR.encode() + b"\0")
    return (
        tnef(said, making_old.attribute(1, 0x9003, 6, struct.pack("<I", count)))
        if count
        else tnef(said)
    )


@bomb("tnef/claims-a-huge-attribute", "winmail.dat", big=0x7FFFFFFF, small=0)
def huge(size: int) -> bytes:
    said = making_old.attribute(1, 0x800C, 2, NR.encode() + b"\0")
    lie = b"\2\x0f\x80\6\0" + struct.pack("<I", size) if size else b""
    return tnef(said) + lie


def _packed(body: bytes) -> bytes:
    return struct.pack("<4I", len(body) + 12, 0x7FFFFFFF, 0x75465A4C, 0) + body


@bomb("tnef/packed-rtf", "winmail.dat", big=600_000, small=0)
def lzfu(groups: int) -> bytes:
    """Compressed RTF that goes on copying: seventeen bytes for two."""
    said = making_old.attribute(1, 0x800C, 2, NR.encode() + b"\0")
    body = b"\xff" + b"\x00\x0f" * 8
    return (
        tnef(said, message_properties((0x1009, 0x102, _packed(body * groups))))
        if groups
        else tnef(said)
    )
