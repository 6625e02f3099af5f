"""Evasion mails after published series of dubious MIME: how boundary, type and encoding are said.

`cases()` yields (class, name, message), names unique. The classes are those of a public toolkit for
broken MIME (spaces round the equals sign, keys hidden in other values, comments, RFC 2231 and 2047
in the boundary, delimiters that are longer than the boundary, inner boundaries that extend outer
ones, base64 with its padding in the wrong place, quoted-printable with stray equals signs); the
values here are written for this project. Each mail hides ``reading.NUMBER`` so that some program
shows it; all of it is in base64 or quoted-printable, so that reading the raw bytes is not enough.
"""

import base64
import binascii
import gzip
import zlib
from collections.abc import Iterator

from tests.parse.blocks import CTE, DECOY, PLAIN, TEXT, TOP, Case

B = b"grans_1f3c"
MORE = b"Hej!\r\n" + TEXT  # long enough to be cut at will
CUT = (4, 4, 8, 8, 16, 16, 32, 32, 64)


def uneven(data: bytes) -> bytes:
    """base64 in lines of uneven length, which no search for long lines notices."""
    coded, lines = base64.b64encode(data), []
    for n in range(len(coded)):
        size = CUT[n % len(CUT)]
        lines.append(coded[:size])
        coded = coded[size:]
        if not coded:
            break
    return b"\r\n".join(lines) + b"\r\n"


SECRET = PLAIN + CTE + b"base64\r\n\r\n" + uneven(MORE)


def body(boundary: bytes, *parts: bytes) -> bytes:
    """Parts between delimiters."""
    inside = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return inside + b"--" + boundary + b"--\r\n"


def typed(value: bytes, content: bytes) -> bytes:
    """A mail with this Content-Type."""
    return TOP + b"Content-Type: " + value + b"\r\n\r\n" + content


def cases() -> Iterator[Case]:
    """All cases."""
    for kind, make in {
        "5 boundary as said": boundaries,
        "5 boundary hidden": hidden,
        "5 comments": commented,
        "5 RFC 2231 and 2047": extended,
        "5 inner and outer": nested,
        "5 no multipart": single,
        "5 base64": based,
        "5 quoted-printable": quoted,
        "5 ends of header": headers,
        "5 old encodings": old,
    }.items():
        for n, (name, data) in enumerate(make()):
            yield kind, f"{kind}-{n}-{name}", data


def _both(values: dict[str, tuple[bytes, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Parameters after ``multipart/mixed`` and the boundary that is used, each in three kinds."""
    for name, (parameter, used) in values.items():
        for kind in (b"mixed", b"alternative", b"related"):
            value = b"multipart/" + kind + parameter
            yield f"{name} {kind.decode()}", typed(value, body(used, DECOY, SECRET))


def boundaries() -> Iterator[tuple[str, bytes]]:
    """What stands in the parameter is not quite what stands in the body."""
    space, quote = b"grans 1f3c", b'b1"2f"'
    yield from _both(
        {
            "space=": (b"; boundary =" + B, B),
            "tab=": (b"; boundary\t=" + B, B),
            "line=": (b"; boundary\r\n =" + B, B),
            "escape=": (b"; boundary\\=" + B, B),
            "=space": (b"; boundary= " + B, B),
            "=line": (b"; boundary=\r\n " + B, B),
            "=escape": (b"; boundary=\\" + B, B),
            "line=line": (b"; boundary\r\n =\r\n " + B, B),
            "fold": (b";\r\n boundary=" + B, B),
            "two folds": (b";\r\n \r\n boundary=" + B, B),
            "inner space": (b'; boundary="' + space + b'"', space),
            "inner space bare": (b"; boundary=" + space, space),
            "leading space": (b'; boundary=" ' + B + b'"', b" " + B),
            "trailing space": (b'; boundary="' + B + b' "', B + b" "),
            "trailing space said only": (b'; boundary="' + B + b' "', B),
            "trailing space used only": (b"; boundary=" + B, B + b" "),
            "other tail": (b'; boundary="' + B + b' XXX"', B + b" YYY"),
            "single quotes": (b"; boundary='" + B + b"'", B),
            "single quotes kept": (b"; boundary='" + B + b"'", b"'" + B + b"'"),
            "escaped": (b"; boundary=" + B.replace(b"_", b"\\_"), B),
            "escaped, both": (
                b"; boundary=" + B.replace(b"_", b"\\_"),
                B.replace(b"_", b"\\_"),
            ),
            "semicolon": (b"; boundary=b1;2f", b"b1;2f"),
            "semicolon, cut": (b"; boundary=b1;2f", b"b1"),
            "semicolon escaped": (b"; boundary=b1\\;2f", b"b1;2f"),
            "semicolon escaped, cut": (b"; boundary=b1\\;2f", b"b1\\"),
            "quote": (b"; boundary=" + quote, quote),
            "quote, before": (b"; boundary=" + quote, b"b1"),
            "quote, inside": (b"; boundary=" + quote, b"2f"),
            "quote escaped": (b'; boundary=b1\\"2f\\"', quote),
            "quote at start": (b'; boundary="' + B + b'"77', B),
            "quote at start, all": (b'; boundary="' + B + b'"77', B + b"77"),
            "quote without end": (b'; boundary="' + B, B),
            "quote without end, kept": (b'; boundary="' + B, b'"' + B),
            "folded inside": (b'; boundary="gr\r\n ans"', b"gr ans"),
            "empty": (b'; boundary=""', b""),
            "blank": (b'; boundary=" "', b" "),
            "misspelt": (b"; oundary=" + B, B),
            "escape in key": (b"; bou\\ndary=" + B, B),
            "longer": (b"; boundary=" + B, B + b"X"),
            "longer after space": (b"; boundary=" + B, B + b" X"),
            "dash": (b"; boundary=" + B, B + b"-"),
            "tab behind": (b"; boundary=" + B, B + b"\t"),
            "VT behind": (b"; boundary=" + B, B + b"\x0b"),
            "NUL behind": (b"; boundary=" + B, B + b"\0"),
            "none": (b"", B),
            "no semicolon": (b" boundary=" + B, B),
            "two semicolons": (b";; boundary=" + B, B),
            "comma": (b", boundary=" + B, B),
        }
    )
    for name, ends in {"LF": b"\n", "LFCR": b"\n\r", "CR": b"\r", "space CR": b" \r"}.items():
        plain = b"--" + B + b"\r\n" + DECOY + ends
        yield (
            f"before {name}",
            typed(
                b"multipart/mixed; boundary=" + B, plain + b"--" + B + b"\r\n" + SECRET + b"--" + B
            ),
        )


def hidden() -> Iterator[tuple[str, bytes]]:
    """The boundary in the value of something else."""
    yield from _both(
        {
            "no semicolon": (b"; foo=bla boundary=" + B, B),
            "quote": (b'; foo=bla"boundary=' + B, B),
            "escaped semicolon": (b"; foo=bla\\;boundary=" + B, B),
            "in quotes": (b'; foo="bla;boundary=' + B + b'"', B),
            "in quotes, kept": (b'; foo="bla;boundary=' + B + b'"', B + b'"'),
            "half in quotes": (b'; foo="bla;boundary=' + B, B),
            "escaped quote": (b'; foo="bla\\";boundary=' + B, B),
            "bare escaped quote": (b'; foo=bla\\";boundary=' + B, B),
            "twice in one": (b"; boundary=boundary=" + B, b"boundary"),
            "twice in one, inner": (b"; boundary=boundary=" + B, B),
            "twice in one, all": (b"; boundary=boundary=" + B, b"boundary=" + B),
            "quoted key": (b'; "boundary=' + B + b'"', B),
            "quoted key, blanks": (b'; " boundary=' + B + b' "', B),
            "in a name": (b"; name=a(boundary=" + B + b")", B),
            "in a name, comma": (b"; name=a.txt,boundary=" + B, B),
            "after a name": (b"; name=b (1).txt; boundary=" + B, B),
            "name twice": (b'; name=a; name="boundary=c"; boundary=' + B, B),
        }
    )


def commented() -> Iterator[tuple[str, bytes]]:
    """Comments, whole and half."""
    yield from _both(
        {
            "key": (b"; boundary()=" + B, B),
            "before": (b"; boundary=()" + B, B),
            "after": (b"; boundary=" + B + b"()", B),
            "after, kept": (b"; boundary=" + B + b"()", B + b"()"),
            "inside": (b"; boundary=gr()ans", b"grans"),
            "inside, first": (b"; boundary=gr()ans", b"gr"),
            "inside, kept": (b"; boundary=gr()ans", b"gr()ans"),
            "other": (b"; boundary=(boundary=x)" + B, B),
            "other, used": (b"; boundary=(boundary=x)" + B, b"x"),
            "in the key": (b"; boun()dary=" + B, B),
            "apart": (b"; () boundary=" + B, B),
            "joined": (b"; ()boundary=" + B, B),
            "all": (b"; ( boundary=" + B + b" )", B),
            "all, nested": (b"; (() boundary=" + B + b" )", B),
            "type": (b"(); boundary=" + B, B),
            "not closed": (b"; boundary=" + B + b"(", B),
        }
    )
    for value in (b"() multipart/mixed", b"()multipart/mixed", b"multipar()t/mixed"):
        yield value.decode(), typed(value + b"; boundary=" + B, body(B, DECOY, SECRET))


def extended() -> Iterator[tuple[str, bytes]]:
    """Boundaries in RFC 2231 pieces and RFC 2047 words."""
    wide = b"".join(b"%%00%c" % byte for byte in B)
    little = b"".join(b"%c%%00" % byte for byte in B)
    one, two = B[:6], B[6:]
    yield from _both(
        {
            "whole": (b"; boundary*=''" + B, B),
            "percent": (b"; boundary*=''" + B.replace(b"_", b"%5F"), B),
            "percent, kept": (b"; boundary*=''a%5Fb", b"a%5Fb"),
            "UTF-16 BE": (b"; boundary*=UTF-16''" + wide, B),
            "UTF-16 LE": (b"; boundary*=UTF-16''" + little, B),
            "piece": (b"; boundary*0=" + B, B),
            "coded piece": (b"; boundary*0*=''" + B, B),
            "pieces": (b"; boundary*0=" + one + b"; boundary*1=" + two, B),
            "coded pieces": (b"; boundary*0*=''" + one + b"; boundary*1*=" + two, B),
            "turned": (b"; boundary*1=" + two + b"; boundary*0=" + one, B),
            "turned, as it stands": (b"; boundary*1=" + one + b"; boundary*0=" + two, B),
            "twice": (b"; boundary*0=" + one + b"; boundary*0=x; boundary*1=" + two, B),
            "twice, last": (b"; boundary*0=x; boundary*0=" + one + b"; boundary*1=" + two, B),
            "beside, good": (b"; boundary*=''" + B + b"; boundary=x", B),
            "beside, bad": (b"; boundary*=''x; boundary=" + B, B),
            "after, good": (b"; boundary=x; boundary*=''" + B, B),
            "after, bad": (b"; boundary=" + B + b"; boundary*=''x", B),
            "word Q": (b'; boundary="=?us-ascii?Q?' + B + b'?="', B),
            "word B": (b'; boundary="=?us-ascii?B?' + base64.b64encode(B) + b'?="', B),
        }
    )


def nested() -> Iterator[tuple[str, bytes]]:
    """Inner boundaries that are outer ones, or longer, or shorter; ends that are not there."""
    for kind in (b"mixed", b"alternative"):
        for name, outer, inner in (
            ("same", B, B),
            ("end is inner", B, B + b"--"),
            ("outer longer", B + b"_", B),
            ("inner longer", B, B + b"_"),
            ("other", B, b"inre"),
        ):
            head = b"Content-Type: multipart/" + kind + b"; boundary=" + inner + b"\r\n\r\n"
            value = b"multipart/mixed; boundary=" + outer
            good = head + body(inner, DECOY, SECRET)
            open_end = head + b"--" + inner + b"\r\n" + SECRET
            fake = b"Content-Type: text/plain\r\n\r\nx\r\n--" + outer + b"--\r\n\r\n"
            for shape, content in {
                "plain": body(outer, good),
                "inner without end": body(outer, open_end),
                "outer without end": b"--" + outer + b"\r\n" + good,
                "no end": b"--" + outer + b"\r\n" + open_end,
                "decoy ends first": b"--" + outer + b"\r\n" + fake + body(outer, good),
                "end in the header": b"--" + outer + b"--\r\n\r\n" + body(outer, good),
                "end in inner header": b"--%b\r\n%b" % (outer, head.strip())
                + b"\r\n--%b--\r\n\r\n" % outer
                + body(inner, SECRET)
                + b"--%b--\r\n" % outer,
                "delimiter in inner header": b"--%b\r\n%b" % (outer, head.strip())
                + b"\r\n--%b\r\n\r\n" % outer
                + body(inner, SECRET)
                + b"--%b--\r\n" % outer,
            }.items():
                if (name, shape) != ("other", "plain"):
                    yield f"{name}, {shape}, {kind.decode()}", typed(value, content)
    odd = b"######+"
    cut = SECRET.replace(b"\r\n\r\n", b"\r\n\r\n--" + odd + b"\r\n", 1)
    yield "outer in base64", typed(b"multipart/mixed; boundary=" + odd, body(odd, cut))


_TYPES = (
    b"multipart/mixed; boundary=foo",
    b"multiparts/mixed; boundary=foo",
    b"x-multipart/mixed; boundary=foo",
    b"text/plain; boundary=foo",
    b"multipart/invalid; boundary=foo",
    b"multipart/; boundary=foo",
    b"multipart; boundary=foo",
    b"multipart/mixed",
    b"multi\\part/mixed; boundary=foo",
    b"multipart/mixed; boundary*=''foo",
    b"multipart/mixed; boundary*0=''foo",
    b"\r\n multipart/mixed; boundary=foo",
    b"\rmultipart/mixed; boundary=foo",
    b'"multipart/mixed"; boundary=foo',
    b"=?UTF-8?B?bXVsdGlwYXJ0?=/mixed; boundary=foo",
    b"singlepart/mixed; boundary=foo",
    b"boundary=foo",
    b"text",
    b"text/html; charset",
    b"message/rfc822",
    b"message/global",
    b"text/plain; name=a(1).txt; charset=utf-16",
    b"text/plain; charset=utf-8; charset=utf-16",
    b"text/plain\r\nContent-Type: text/plain; charset=utf-16",
    b"text/plain; charset*=utf-16''utf-16",
)


def single() -> Iterator[tuple[str, bytes]]:
    """One part of base64 whose type says something else, with and without delimiters in it."""
    coded = uneven(MORE)
    wide = base64.encodebytes(MORE.decode().encode("utf-16-le")).replace(b"\n", b"\r\n")
    for value in _TYPES:
        for content in (coded, wide, base64.b64encode(MORE)):
            head = TOP + b"Content-Type: " + value + b"\r\n" + CTE + b"base64\r\n\r\n"
            yield value.decode("latin-1"), head + content
        if b"text/plain" in value and b"boundary" not in value:
            continue  # a text that shows the source of a mail: no program decodes it
        yield f"parts, {value!r}", typed(value, body(b"foo", DECOY, SECRET))


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
