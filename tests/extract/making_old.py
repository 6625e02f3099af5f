"""Outlook items, winmail.dat, compressed RTF, doc and xlsb, made by their specifications."""

import struct

from mailfilter.extract.office.packing import compound_file
from tests.extract import making
from tests.extract.reading import NUMBER, PLAIN

# ---- msg -----------------------------------------------------------------------------------


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def msg_tree(head=32, numbers=(), attachments=(), recipients=(), **values) -> dict:
    """Folders and streams of an item; values are named p0037001F and the like."""
    tree = {"__nameid_version1.0": {}}
    lines = b"".join(
        struct.pack("<HHIQ", kind, number, 6, value) for number, kind, value in numbers
    )
    for name, value in values.items():
        data = wide(value) if isinstance(value, str) else value
        tree[f"__substg1.0_{name[1:]}"] = data
        kind, number = int(name[5:9], 16), int(name[1:5], 16)
        lines += struct.pack("<HHIII", kind, number, 6, len(data), 0)
    tree["__properties_version1.0"] = b"\0" * head + lines
    for n, each in enumerate(attachments):
        tree[f"__attach_version1.0_#{n:08X}"] = each
    for n, each in enumerate(recipients):
        tree[f"__recip_version1.0_#{n:08X}"] = each
    return tree


def msg(**more) -> bytes:
    return compound_file(msg_tree(**more))


def attached(name: str, data: bytes) -> dict:
    return msg_tree(8, p3707001F=name, p37010102=data)


def attached_item(tree: dict) -> dict:
    return {**msg_tree(8, p3001001F="Bifogat"), "__substg1.0_3701000D": tree}


# ---- compressed RTF ------------------------------------------------------------------------


def compressed_rtf(rtf: bytes) -> bytes:
    """Literals only, then the reference that ends the stream."""
    body = b"".join(b"\0" + rtf[at : at + 8] for at in range(0, len(rtf) // 8 * 8, 8))
    rest = rtf[len(rtf) // 8 * 8 :]
    end = (207 + len(rtf)) % 4096
    body += bytes([1 << len(rest)]) + rest + struct.pack(">H", end << 4)
    return struct.pack("<II4sI", len(body) + 12, len(rtf), b"LZFu", 0) + body


def html_rtf(html: str) -> bytes:
    """HTML inside RTF as Exchange writes it, with RTF of its own between."""
    return (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}\htmlrtf 99"
        rb"\htmlrtf0 " + html.encode("cp1252") + rb"{\*\htmltag72 </p>}}"
    )


# ---- TNEF ----------------------------------------------------------------------------------


def attribute(level: int, number: int, kind: int, data: bytes) -> bytes:
    head = struct.pack("<BHHI", level, number, kind, len(data))
    return head + data + struct.pack("<H", sum(data) & 0xFFFF)


def padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def mapi_list(*properties) -> bytes:
    """(number, kind, value) each; values of fixed size are bytes of that size."""
    out = struct.pack("<I", len(properties))
    for number, kind, value in properties:
        out += struct.pack("<HH", kind, number)
        if number >= 0x8000:
            out += b"\1" * 16 + struct.pack("<II", 1, 10) + padded(wide("Namn") + b"\0\0")
        if kind in (0x1E, 0x1F, 0x102, 0x0D):
            out += struct.pack("<II", 1, len(value))
        out += padded(value)
    return out


def tnef(*attributes: bytes) -> bytes:
    version = attribute(1, 0x9006, 8, struct.pack("<I", 0x10000))
    page = attribute(1, 0x9007, 6, struct.pack("<II", 1252, 0))
    return b"\x78\x9f\x3e\x22\1\0" + version + page + b"".join(attributes)


def tnef_attachment(name: str, data: bytes, *properties) -> bytes:
    out = attribute(2, 0x9002, 6, struct.pack("<HIIHI", 1, 0, 0, 0, 0))
    out += attribute(2, 0x8010, 1, name.encode("cp1252") + b"\0")
    out += attribute(2, 0x800F, 6, data) if data else b""
    return out + (attribute(2, 0x9005, 6, mapi_list(*properties)) if properties else b"")


def message_properties(*properties) -> bytes:
    return attribute(1, 0x9003, 6, mapi_list(*properties))


TEXT = f"Hej {NUMBER} från kommunen"

# ---- Word ----------------------------------------------------------------------------------


def word_97(pieces: list[str], flags=0, shift=0, repeated=1) -> bytes:
    """A document whose text lies in these pieces; 8-bit where that can hold them."""
    stream, table = bytearray(2048), b""
    firsts, places = [0], []
    for piece in pieces:
        narrow = all(ord(char) < 256 for char in piece)
        at = len(stream) + shift
        stream += piece.encode("latin-1" if narrow else "utf-16-le")
        stream += b"\0" * (len(stream) % 2)
        for _ in range(repeated):
            firsts.append(firsts[-1] + len(piece))
            places.append(struct.pack("<HIH", 0, at * 2 | 0x4000_0000 if narrow else at, 0))
    plc = struct.pack(f"<{len(firsts)}I", *firsts) + b"".join(places)
    table = b"\1\4\0\0\0\0\0" + b"\2" + struct.pack("<I", len(plc)) + plc
    struct.pack_into("<HH", stream, 0, 0xA5EC, 0xC1)
    struct.pack_into("<H", stream, 10, flags | 0x200)
    struct.pack_into("<I", stream, 0x4C, firsts[-1])
    struct.pack_into("<II", stream, 0x1A2, 0, len(table))
    return compound_file({"WordDocument": bytes(stream), "1Table": table})


def word_95(text: str, flags=0) -> bytes:
    stream = bytearray(768)
    struct.pack_into("<HH", stream, 0, 0xA5DC, 104)
    struct.pack_into("<H", stream, 10, flags)
    stream += text.encode("cp1252")
    struct.pack_into("<II", stream, 24, 768, len(stream))
    return compound_file({"WordDocument": bytes(stream)})


# ---- Excel, binary -------------------------------------------------------------------------


def record(kind: int, data: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, count = b"", len(data)
    while count > 127:
        size, count = size + bytes([count & 0x7F | 0x80]), count >> 7
    return head + size + bytes([count]) + data


def text(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode("utf-16-le")


_XLSB = "application/vnd.ms-excel."
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"


def relations(*targets: tuple[str, str]) -> str:
    inside = "".join(
        f'<Relationship Id="rId{n}" Type="{_REL}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}relationships">{inside}</Relationships>'


def xlsb() -> bytes:
    """A workbook of one sheet, by the letter of MS-XLSB."""
    book = record(0x83) + record(0x8F)
    book += record(0x9C, struct.pack("<II", 0, 1) + text("rId1") + text("Klass 7B"))
    book += record(0x90) + record(0x84)
    cell = struct.pack("<II", 0, 0)
    sheet = record(0x81) + record(0x94, struct.pack("<4I", 0, 1, 0, 1)) + record(0x91)
    sheet += record(0, struct.pack("<IIHBBBI", 0, 0, 300, 0, 0, 0, 0))
    sheet += record(6, cell + text("Personnr"))
    sheet += record(0, struct.pack("<IIHBBBI", 1, 0, 300, 0, 0, 0, 0))
    sheet += record(6, cell + text(NUMBER))
    sheet += record(5, struct.pack("<IId", 1, 0, float(PLAIN)))
    sheet += record(0x92)
    sheet += record(0x1DF, b"\0\0" + text(f"&LHuvud {NUMBER}") + b"\xff" * 20) + record(0x82)
    comments = record(0x274) + record(0x276) + record(0x278, text("Bo")) + record(0x277)
    comments += record(0x279) + record(0x27B, struct.pack("<5I", 0, 1, 1, 0, 0) + b"\0" * 16)
    comments += record(0x27D, b"\0" + text(f"Kommentar {NUMBER}")) + record(0x27C)
    types = (
        f'<Types xmlns="{_PACKAGE}content-types"><Default Extension="bin" '
        f'ContentType="{_XLSB}sheet.binary.macroEnabled.main"/></Types>'
    )
    return making.zipped(
        {
            "[Content_Types].xml": types,
            "_rels/.rels": relations(("officeDocument", "xl/workbook.bin")),
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": relations(("worksheet", "worksheets/sheet1.bin")),
            "xl/worksheets/sheet1.bin": sheet,
            "xl/worksheets/_rels/sheet1.bin.rels": relations(("comments", "../comments1.bin")),
            "xl/comments1.bin": comments + record(0x27A) + record(0x275),
        }
    )
