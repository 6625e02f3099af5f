"""Evasion mails by the thousand: products of deviations, seeded, in the classes of threats.md 2.2.

`generated()` yields (class, name, message), names unique. Where a product is larger than `EACH`,
a seeded sample is taken. The blocks and tables are those of the written cases in `evasion.py`.
"""

import base64
import binascii
import gzip
import random
from collections.abc import Callable, Iterator
from itertools import product

from tests.parse.blocks import (
    B64,
    CTE,
    DECOY,
    MIXED,
    PLAIN,
    REMARK,
    SECRET,
    TEXT,
    TOP,
    Case,
    multi,
    pairs,
    parts,
    values_of,
)
from tests.parse.deviations import (
    bad_type,
    bad_value,
    boundary_and_line,
    boundary_twice,
    coded_mail,
    comments,
    encoding_twice,
    field_among,
    field_and_end,
    file_name,
    fragment,
    hidden_key,
    junk_in_base64,
    old_encoding,
    outside,
    parameter,
    pieces_of_base64,
    quoted,
    type_twice,
)

EACH = 420  # cases of one class

SEED = 2203


def generated() -> Iterator[Case]:
    """All generated cases."""
    for kind, make, axes in CLASSES:
        combinations = list(product(*(axis() if callable(axis) else axis for axis in axes)))
        chance = random.Random(f"{SEED} {kind}")
        chosen = chance.sample(range(len(combinations)), min(EACH, len(combinations)))
        for n in sorted(chosen):
            yield kind, f"{kind}-{n}", make(*combinations[n])


_WORDS = (b"base64", b"7bit", b"quoted-printable", b"8bit", b"x-none", b"BASE64", b"binary", b"")

_BODIES = (
    B64,
    TEXT,
    B64[:20] + b"\r\n" + B64[20:],
    b"\r\n".join(B64[i : i + 6] for i in range(0, len(B64), 6)),
    "".join(f"={byte:02X}" for byte in TEXT).encode(),
    b"Hej\r\n\r\n" + B64,
)


def _plain_mail(part: bytes) -> bytes:
    return TOP + part


def _in_parts(part: bytes) -> bytes:
    return multi(b"multipart/mixed; boundary=a", parts(b"a", DECOY, part))


def _in_mail(part: bytes) -> bytes:
    inner = b"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n" + part
    return multi(b"multipart/mixed; boundary=m", parts(b"m", DECOY, inner))


def _as_alternative(part: bytes) -> bytes:
    inner = b"Content-Type: multipart/alternative; boundary=i\r\n\r\n" + parts(b"i", DECOY, part)
    return multi(b"multipart/mixed; boundary=o", parts(b"o", inner))


_WHERE: tuple[Callable[[bytes], bytes], ...] = (_plain_mail, _in_parts, _in_mail, _as_alternative)

_TYPES = (
    b"text/plain",
    b"text/html",
    b"text/plain; charset=utf-8",
    b"TEXT/plain",
    b"application/octet-stream",
    b"text/x-own",
)

_SHAPES = (
    b"(x) V",
    b"V (x)",
    b"(V",
    b"V(",
    b"(x V",
    b"V x)",
    b"(x)V(y)",
    b"=?utf-8?Q?V?=",
    b'"V" (x)',
    b'"=?utf-8?Q?V?="',
    b"V;x",
    b"V, V",
    b"(a(b)c) V",
    b"V (\\))",
    b'"V"',
    b" V ",
)


def _uu(text: bytes) -> bytes:
    return b"begin 644 a.txt\r\n" + binascii.b2a_uu(text).replace(b"\n", b"\r\n") + b"`\r\nend\r\n"


_OLD = (
    _uu(TEXT),
    b"Hej\r\n" + _uu(TEXT),
    _uu(TEXT).replace(b"begin 644 a.txt", b"begin 600 b"),
    _uu(TEXT).replace(b"`\r\nend\r\n", b""),
    b"begin-base64 644 a.txt\r\n" + B64 + b"\r\n====\r\n",
    b"=ybegin line=128 size=28 name=a\r\n"
    + bytes((c + 42) & 255 for c in TEXT)
    + b"\r\n=yend size=28\r\n",
    b"(This file must be converted with BinHex 4.0)\r\n\r\n:"
    + binascii.b2a_base64(TEXT).strip()
    + b":\r\n",
    base64.b64encode(gzip.compress(TEXT, mtime=0)) + b"\r\n",
    B64 + b"\r\n",
)

_OLD_NAMES = (
    b"x-uuencode",
    b"uuencode",
    b"x-uue",
    b"x-yencode",
    b"binhex",
    b"mac-binhex40",
    b"x-gzip64",
    b"7bit",
    b"8bit",
    b"base64",
)

_KEYS = (
    b"boundary=",
    b"Boundary=",
    b"bound\\ary=",
    b'"boundary"=',
    b"boundary =",
    b"boundary\t= ",
    b"\\boundary=",
    b"boundary\0=",
    b"boun(x)dary=",
    b"boundary*=",
    b"boundary*0=",
    b"x=y; boundary=",
    b'x="; boundary=b"; boundary=',
    b"(boundary=b) boundary=",
    b"boundary:=",
    b'name="boundary=c"; boundary=',
)

_FRAGMENTS = (
    b"message/partial; number=1; total=2; id=x",
    b"message/partial; id=x; number=2",
    b"message/partial",
    b'message/external-body; access-type=URL; URL="http://x.example/"',
    b"message/external-body; access-type=local-file; name=a",
    b"application/ms-tnef; name=winmail.dat",
    b"application/vnd.ms-tnef",
    b"application/octet-stream; name=winmail.dat",
    b"message/x-own",
    b"message/http",
)


def _fields() -> list[bytes]:
    return values_of("field lines")


def _ends() -> list[bytes]:
    return values_of("ends of header")


def _lines() -> list[bytes]:
    return values_of("delimiter lines")


def _twos() -> list[tuple[bytes, ...]]:
    return [words for n in (2, 3) for words in product(_WORDS[:5], repeat=n) if b"base64" in words]


_SECRETS = (
    B64,
    SECRET,
    TEXT.strip(),
    b"--b\r\n" + SECRET + b"\r\n--b--",
    _uu(TEXT),
    B64[:12] + b"\r\n" + B64[12:],
    b"Se vidare\r\n" + B64,
    PLAIN + CTE + b"quoted-printable\r\n\r\n" + _BODIES[4],
)

_MIXEDS = (
    MIXED + b"a",
    MIXED + b"b",
    b"text/plain",
    b"multipart/alternative; boundary=a",
    b"text/html",
    MIXED + b'"a"',
    b"multipart/mixed",
    b"message/rfc822",
)

CLASSES: tuple[tuple[str, Callable[..., bytes], tuple], ...] = (
    ("1 encoding twice", encoding_twice, (_WHERE, _TYPES[:4], _twos, _BODIES)),
    ("1 type twice", type_twice, (_WHERE, _MIXEDS, _MIXEDS, (b"a", b"b"), (b"", REMARK))),
    (
        "1 boundary twice",
        boundary_twice,
        (
            _WHERE,
            (b"a", b'"a"', b"b", b"c", b"a "),
            (b"a", b"b", b'"b"', b"a"),
            (b"; boundary=", b";boundary=", b"; Boundary=", b"\r\n\tboundary=", b", boundary="),
            (b"a", b"b"),
        ),
    ),
    ("1 bad value", bad_value, (_WHERE, lambda: values_of("encoding values"), _TYPES, _BODIES)),
    (
        "1 bad type",
        bad_type,
        (
            _WHERE,
            lambda: values_of("content types"),
            (b"a", b"b"),
            (SECRET, PLAIN + b"\r\n" + TEXT),
        ),
    ),
    (
        "2 field and end",
        field_and_end,
        (_WHERE, lambda: [*_fields(), CTE + b"base64"], _ends, _TYPES[:3]),
    ),
    (
        "2 field among",
        field_among,
        (
            _WHERE,
            _fields,
            (PLAIN, b"", PLAIN + b"X-A: b\r\n"),
            (b"", CTE + b"7bit\r\n", b"X-B: c\r\n"),
        ),
    ),
    (
        "2 boundary and line",
        boundary_and_line,
        (_WHERE, lambda: [*pairs("boundaries"), (b"a", b"a")], _lines, (b"", REMARK)),
    ),
    ("2 outside", outside, (_WHERE, _SECRETS, (True, False), (0, 1, 30), (True, False))),
    ("2 comments", comments, (_WHERE, _SHAPES, ("encoding", "boundary"), _BODIES[:4])),
    (
        "3 junk in base64",
        junk_in_base64,
        (
            _WHERE,
            (b"", b".", b"-", b"#", b" ", b"\t", b"!", b"\0", b"=", b"\r", b"\xa0", b"*"),
            (0, 1, 3, 4, 5),
            (0, 6, 19, 76),
            (b"", b"=", b".", b"\r\n--\r\nHej"),
        ),
    ),
    (
        "3 pieces of base64",
        pieces_of_base64,
        (
            _WHERE,
            (1, 2, 3, 4, 5, 6, 7, 11),
            (b"", b"\r\n", b" ", b"\r\n\r\n", b"\n", b"="),
            (True, False),
            (b"", b"QQ==", b"Hej\r\n", b"===="),
        ),
    ),
    (
        "3 quoted",
        quoted,
        (
            _WHERE,
            range(12),
            (b"", b"=\r\n", b"= \r\n", b"=\t\r\n", b"=\n", b"=\r", b"=", b"=20=\r\n", b"=0x"),
            (0, 1, 2),
            (b"", b"=", b"=2", b"=0x", b"=@", b"=20="),
        ),
    ),
    (
        "4 old encodings",
        old_encoding,
        (_WHERE, _OLD_NAMES, _OLD, (*_TYPES[:3], b"application/octet-stream; name=a")),
    ),
    (
        "4 coded mails",
        coded_mail,
        (
            _WHERE,
            (
                b"message/rfc822",
                b"message/global",
                b"message/news",
                b"Message/RFC822",
                b"application/octet-stream; name=a.eml",
            ),
            (b"base64", b"7bit", b"8bit", b"BASE64", b"x-base64"),
            (SECRET, PLAIN + b"\r\n" + TEXT, CTE + b"base64\r\n\r\n" + B64),
            (
                b"",
                b"Content-Disposition: attachment; filename=a.eml\r\n",
                b"Content-Disposition: inline\r\n",
            ),
        ),
    ),
    (
        "4 parameters",
        parameter,
        (
            _WHERE,
            (b"boundary", b"charset", b"name"),
            ("utf-8", "utf-16-be", "utf-16-le", "us-ascii", "iso-8859-1"),
            (0, 2, 3, 5),
            ("pieces", "whole", "word", "bare", "turned"),
        ),
    ),
    (
        "4 hidden keys",
        hidden_key,
        (_WHERE, _KEYS, (b"", b" ", b"\r\n ", b"charset=x; "), (b"base64", b"BASE64", b"base64 ")),
    ),
    (
        "4 file names",
        file_name,
        (
            _WHERE,
            lambda: values_of("names"),
            (b"Content-Type", b"Content-Disposition", b"content-disposition"),
            _TYPES[:5],
            (b"Hej", TEXT),
        ),
    ),
    (
        "4 fragments",
        fragment,
        (
            _WHERE,
            _FRAGMENTS,
            (b"Subject: y\r\n" + SECRET, B64, TEXT, b"Content-Type: text/plain\r\n\r\n" + TEXT),
            (b"7bit", b"base64", b"8bit"),
        ),
    ),
)
