"""Dubious mails whose transfer encoding or header end is what programs read differently.

The second half of `dubious`: base64 with padding and junk where decoders differ, quoted-printable
with stray signs, fields and header ends, and the encodings from before MIME.
"""

import base64
import binascii
import gzip
import zlib
from collections.abc import Iterator

from tests.parse.blocks import CTE, DECOY, PLAIN, TEXT, TOP
from tests.parse.dubious_blocks import MORE, B, body, typed, uneven


def based() -> Iterator[tuple[str, bytes]]:
    """base64 with its padding, line ends and junk where decoders differ."""
    lines = base64.encodebytes(MORE).replace(b"\n", b"\r\n")
    flat = base64.b64encode(MORE)
    pairs = [base64.b64encode(MORE[i : i + 2]) for i in range(0, len(MORE), 2)]
    ones = [base64.b64encode(MORE[i : i + 1]) for i in range(len(MORE))]
    tail = base64.b64encode(b"Ett harmlost slut.")
    shapes = {f"each {joint!r}": joint.join(b"%c" % c for c in flat)
              for joint in (b" ", b"\t", b"\x0b", b"\r", b"\r\n", b"\r\n\r\n", b"#", b":", b".",
                            b"%", b"-", b"_")}  # fmt: skip
    for size in (2, 3, 4, 5, 6):
        cut = [flat[i : i + size] for i in range(0, len(flat), size)]
        for joint in (b"\r\n", b"\r\n\r\n", b"X\r\n", b"XX\r\n", b"XXX\r\n", b"=\r\n", b"="):
            shapes[f"{size} {joint!r}"] = joint.join(cut)
    shapes |= {
        "begin-base64": b"begin-base64 744 a.pdf\r\n" + lines + b"====\r\n",
        "hash line": flat[:8] + b"#abce01234567fghj\r\n" + flat[8:],
        "hash line at 3": flat[:3] + b"#abce01234567fghj\r\n" + flat[3:],
        "A": b"A\r\n\r\n" + lines,
        "AB": b"AB\r\n\r\n" + lines,
        "ABC": b"ABC\r\n\r\n" + lines,
        "= at the end": lines.strip() + b"=\r\n",
        "= at the start": b"=\r\n" + lines,
        "==== at the start": b"====\r\n" + lines,
        "= starts each line": b"=" + lines.replace(b"\r\n", b"\r\n=", lines.count(b"\r\n") - 1),
        "one = of two": b"".join(one.replace(b"==", b"=") for one in ones),
        "one = of two, lines": b"\r\n".join(one.replace(b"==", b"=") for one in ones),
        "=ABC": b"".join(b"=" + pair.rstrip(b"=") for pair in pairs),
        "A=BC": b"".join(pair[:1] + b"=" + pair[1:].rstrip(b"=") for pair in pairs),
        "AB=C": b"".join(pair[:2] + b"=" + pair[2:].rstrip(b"=") for pair in pairs),
        "ABC=": b"".join(pairs),
        "ABC= lines": b"\r\n".join(pairs),
        "?=A=": b"".join(one.replace(b"A==", b"=A=") for one in ones),
        "A as =": lines[:-8].replace(b"A", b"=") + lines[-8:],
        "junk after =": base64.b64encode(MORE + b"x" * (-(len(MORE) + 1) % 3)) + b"==" + tail,
        "split =": base64.b64encode(MORE[:20]) + b"\r\n" + base64.b64encode(MORE[20:]),
        "split ==": base64.b64encode(MORE[:22]) + b"\r\n" + base64.b64encode(MORE[22:]),
        "decoy first": tail + b"==\r\n" + flat,
    }
    for name, content in shapes.items():
        for kind in (b"text/plain", b"application/octet-stream"):
            head = b"Content-Type: " + kind + b"\r\n" + CTE + b"base64\r\n\r\n"
            yield (
                f"{name} {kind!r}",
                typed(b"multipart/mixed; boundary=" + B, body(B, DECOY, head + content)),
            )


def quoted() -> Iterator[tuple[str, bytes]]:
    """Quoted-printable of which each octet is escaped, with something between."""
    patterns: dict[str, bytes] = {
        "cont": b"=%02X=\r\n", "space": b"=%02X= \r\n", "tab": b"=%02X=\t\r\n", "lower": b"=%02x",
        "==": b"==%02X", "=0=": b"=0=%02X", "=0X=": b"=0X=%02X", "=0a=": b"=0a=%02X",
        "=XX=": b"=XX=%02X", "= =": b"= =%02X", "=  =": b"=  =%02X", "=NUL": b"=\0=%02X",
        "= CR": b"=%02X=\r", "= LF": b"=%02X=\n", "8bit": b"\xff=%02X", "8bit after": b"=%02X\xad",
 "VT": b"=%02X=\x0b\r\n",
    }  # fmt: skip
    for name, pattern in patterns.items():
        for kind in (b"text/plain; charset=utf-8", b"text/html", b"text/plain"):
            for end in (b"", b"=", b"=\r\n"):
                text = b"".join(pattern % byte for byte in TEXT.strip())
                head = b"Content-Type: " + kind + b"\r\n" + CTE + b"quoted-printable\r\n\r\n"
                yield f"{name} {kind!r} {end!r}", TOP + head + text + end + b"\r\n"


_FIELDS = (
    b"base64", b":base64", b" base64 (xx)", b"(xx) base64", b"bas()e64", b"bas(\r\n )e64",
    b"xx base64", b"base64 xx", b"base64,", b",base64", b"base64;", b";base64", b'"base64"',
    b"base\\64", b"=?UTF-8?Q?base64", b"x-base64", b"\x0bbase64", b"\rbase64",
    b" " * 2000 + b"base64", b"\r\n \r\n base64", b"base64\r\nContent-Transfer-Encoding: base64",
    b"\r\nContent-Transfer-Encoding: base64", b"base64\r\nContent-Transfer-Encoding: ",
    b"quoted-printable\r\nContent-Transfer-Encoding: base64",
)  # fmt: skip


def headers() -> Iterator[tuple[str, bytes]]:
    """How the field of the encoding begins and where the header ends."""
    coded, name = uneven(MORE), b"Content-Transfer-Encoding: base64\r\n"
    for value in _FIELDS:
        yield f"value {value[:20]!r}", TOP + PLAIN + CTE[:-1] + b" " + value + b"\r\n\r\n" + coded
    for field in (
        b"Content-Transfer-Encoding : base64\r\n",
        b"Content-Transfer-Encoding:: base64\r\n",
        b" " + name,
        b"\r" + name,
        b"X-Foo: bar\r" + name,
        b"X-Foo-bar\r\n " + name,
        b"X-Foo Bar:bar\r\n " + name,
        b"Content-Transfer-Encoding base64\r\n",
        b"XXXXXXXXXX\r\n" + name,
        b"\x01\x02\x03\r\n" + name,
        b" \r\n" + name,
        b":\r\n" + name,
        b"\x0b" + name,
        b"\r\n" + name,
    ):
        yield f"field {field[:20]!r}", TOP + PLAIN + field + b"\r\n" + coded
        yield (
            f"part {field[:20]!r}",
            typed(
                b"multipart/mixed; boundary=" + B, body(B, DECOY, field + PLAIN + b"\r\n" + coded)
            ),
        )
    for end in (
        b"", b" \r\n", b" \r\n \r\n", b"\t\r\n", b"\x0b\r\n", b"\x0b\r\n\x0b\r\n", b"ABCD\r\n\r\n",
        b"ABC=\r\n\r\n", b"ABCD\r\n \r\n", b"ABC=\r\n \r\n", b"ABCD\r\n", b"ABC=\r\n",
        b"ABCD\r\nABCD\r\n\r\n", b"\n", b"\r", b"\n\n", b"\r\r", b"\n\r", b"\0\r\n",
    ):  # fmt: skip
        yield f"end {end!r}", TOP + PLAIN + name + end + coded
        yield (
            f"end, part {end!r}",
            typed(b"multipart/mixed; boundary=" + B, body(B, DECOY, PLAIN + name + end + coded)),
        )


def _yenc(data: bytes) -> bytes:
    coded = b"".join(
        b"=%c" % ((byte + 106) & 255) if (byte + 42) & 255 in b"\0\r\n= " else b"%c" % (byte + 42)
        for byte in data
    )
    return b"=ybegin line=128 size=%d name=a.txt\r\n%b\r\n=yend size=%d\r\n" % (
        len(data),
        coded,
        len(data),
    )


_HEX = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"


def binhexed(data: bytes) -> bytes:
    """BinHex 4.0 of a file with an empty resource fork; checksums are nought."""
    head = b"\x05a.txt\0TEXTttxt\0\0" + len(data).to_bytes(4, "big") + bytes(4) + b"\0\0"
    raw = (head + data + b"\0\0" + b"\0\0").replace(b"\x90", b"\x90\0")
    bits = int.from_bytes(raw, "big") << (-len(raw) * 8 % 6)
    count = (len(raw) * 8 + 5) // 6
    coded = bytes(_HEX[(bits >> 6 * (count - 1 - n)) & 63] for n in range(count))
    lines = b"\r\n".join((b":" + coded + b":")[i : i + 64] for i in range(0, len(coded) + 2, 64))
    return b"(This file must be converted with BinHex 4.0)\r\n\r\n" + lines + b"\r\n"


def old() -> Iterator[tuple[str, bytes]]:
    """uuencode, yEnc, BinHex and gzip64, named in many ways and not at all."""
    uu = b"".join(binascii.b2a_uu(MORE[i : i + 45]) for i in range(0, len(MORE), 45))
    uu = uu.replace(b"\n", b"\r\n")
    bodies = {
        "uu": uu,
        "uu begin": b"begin 644 a.txt\r\n" + uu,
        "uu begin end": b"begin 644 a.txt\r\n" + uu + b"`\r\nend\r\n",
        "yEnc": _yenc(MORE),
        "BinHex": binhexed(MORE),
        "gzip64": base64.encodebytes(gzip.compress(MORE, mtime=0)).replace(b"\n", b"\r\n"),
        "zlib64": base64.encodebytes(zlib.compress(MORE)).replace(b"\n", b"\r\n"),
    }
    names = {
        "uu": (b"uuencode", b"x-uuencode", b"uue", b"x-uue", b"x-uu", b"7bit"),
        "yEnc": (b"x-yencode", b"yenc", b"8bit"),
        "BinHex": (b"binhex", b"binhex40", b"mac-binhex40", b"mac-binhex", b"7bit"),
        "gzip64": (b"gzip64", b"x-gzip64"),
        "zlib64": (b"x-gzip64",),
    }
    for shape, content in bodies.items():
        for name in names[shape.partition(" ")[0]]:
            if (shape, name) == ("uu", b"7bit"):
                continue  # no program decodes that
            for kind in (b"text/plain", b"application/octet-stream", b"application/mac-binhex40"):
                head = b"Content-Type: " + kind + b"\r\n" + CTE + name + b"\r\n\r\n"
                yield f"{shape} {name!r} {kind!r}", TOP + head + content
                yield (
                    f"part {shape} {name!r} {kind!r}",
                    typed(b"multipart/mixed; boundary=" + B, body(B, DECOY, head + content)),
                )
