"""Evasion mails whose structure is sound and whose bodies, charsets or names are not."""

import base64
import binascii
from collections.abc import Iterator

from tests.parse.blocks import (
    B64,
    CTE,
    DECOY,
    PLAIN,
    QP,
    SECRET,
    TEXT,
    Case,
    multi,
    parts,
    single,
    values_of,
)


def base64_bodies() -> Iterator[Case]:
    """base64 that decoders read differently."""
    four = [B64[i : i + 4] for i in range(0, len(B64), 4)]
    six = [B64[i : i + 6] for i in range(0, len(B64), 6)]
    padded = [base64.b64encode(TEXT[i : i + 4]) for i in range(0, len(TEXT), 4)]
    ones = [base64.b64encode(TEXT[i : i + 1]) for i in range(len(TEXT))]
    for n, body in enumerate(
        [
            b"\r\n".join(four),
            b"\r\n".join(six),
            b"\r\n\r\n".join(four),
            b" ".join(four),
            b".".join(four),
            b"-".join(four),
            b"#".join(four),
            b"=".join(four),
            b"==".join(four),
            b"\r\n=".join(four),
            b"=\r\n".join(four),
            b"".join(padded),
            b"\r\n".join(padded),
            b"".join(ones),
            b"\r\n".join(ones),
            b"." + B64,
            B64 + b".",
            B64.rstrip(b"="),
            B64 + b"=",
            B64 + b"====",
            b"=" + B64,
            b"====" + B64,
            b"A===" + B64,
            b"QQ==" + B64,
            b"QUI=" + B64,
            b"\0".join(four),
            b"\r".join(four),
            b"\n".join(four),
            b"\t".join(four),
            b"\x0b".join(four),
            b"\xa0".join(four),
            b"!" + B64 + b"!",
            b"<" + B64 + b">",
            b'"' + B64 + b'"',
            B64 + b"\r\n--\r\nfooter",
            b"Hej\r\n" + B64,
            b"Hej!\r\n\r\n" + B64,
            B64 + b"\r\n\r\nHej",
            B64[:10] + b"\r\n" + B64[10:],
            B64[:9] + b" " + B64[9:],
            B64.replace(b"M", b"M "),
            b"A" + B64,
            b"AA" + B64,
            b"AAA" + B64,
            b"\r\n".join(B64[i : i + 5] for i in range(0, len(B64), 5)),
            b"\r\n".join(
                base64.b64encode(TEXT[i : i + 5]).rstrip(b"=") for i in range(0, len(TEXT), 5)
            ),
            TEXT,
            QP,
            base64.b64encode(B64),
        ]
    ):
        if n == 48:  # encoded twice: no mail program shows it; the second net of texts is to come
            continue
        yield "base64", f"single-{n}", single(PLAIN + CTE + b"base64\r\n", body)
        yield (
            "base64",
            f"part-{n}",
            multi(
                b"multipart/mixed; boundary=a", parts(b"a", PLAIN + CTE + b"base64\r\n\r\n" + body)
            ),
        )


def quoted_bodies() -> Iterator[Case]:
    """Quoted-printable that decoders read differently."""
    for n, body in enumerate(values_of("quoted-printable bodies")):
        yield "quoted", f"single-{n}", single(PLAIN + CTE + b"quoted-printable\r\n", body)
        yield "quoted", f"lower-{n}", single(PLAIN + CTE + b"quoted-printable\r\n", body.lower())


def rare() -> Iterator[Case]:
    """Rare encodings, fragments, hidden places."""
    uu = b"begin 644 a.txt\r\n" + binascii.b2a_uu(TEXT).replace(b"\n", b"\r\n") + b"`\r\nend\r\n"
    yield "rare", "uu-text", single(PLAIN, b"Hej\r\n" + uu)
    yield "rare", "uu-no-end", single(PLAIN, uu.replace(b"end", b""))
    yield "rare", "uu-no-mode", single(PLAIN, uu.replace(b"begin 644", b"begin"))
    for name in (
        b"x-uuencode",
        b"uuencode",
        b"x-uue",
        b"x-yencode",
        b"binhex",
        b"x-gzip64",
        b"mac-binhex40",
    ):
        yield "rare", f"encoding-{name}", single(PLAIN + CTE + name + b"\r\n", uu)
    yield (
        "rare",
        "yenc",
        single(
            PLAIN,
            b"=ybegin line=128 size=12 name=a.txt\r\n"
            + bytes((c + 42) & 255 for c in TEXT[:-2])
            + b"\r\n=yend size=12\r\n",
        ),
    )
    yield (
        "rare",
        "binhex",
        single(PLAIN, b"(This file must be converted with BinHex 4.0)\r\n\r\n:abc:\r\n"),
    )
    yield (
        "rare",
        "begin-base64",
        single(PLAIN, b"begin-base64 644 a.txt\r\n" + B64 + b"\r\n====\r\n"),
    )
    nested = b"Subject: y\r\n" + SECRET
    for kind in (b"message/rfc822", b"message/global", b"message/news"):
        coded = base64.encodebytes(nested).replace(b"\n", b"\r\n")
        yield (
            "rare",
            f"coded-{kind}",
            single(b"Content-Type: " + kind + b"\r\n" + CTE + b"base64\r\n", coded),
        )
        yield (
            "rare",
            f"not-coded-{kind}",
            single(b"Content-Type: " + kind + b"\r\n" + CTE + b"base64\r\n", nested),
        )
    yield (
        "rare",
        "partial",
        single(b"Content-Type: message/partial; number=1; total=2; id=x\r\n", nested),
    )
    yield (
        "rare",
        "external",
        single(
            b'Content-Type: message/external-body; access-type=URL; URL="http://x"\r\n',
            b"Content-Type: text/plain\r\n",
        ),
    )
    yield "rare", "unknown-message", single(b"Content-Type: message/x-own\r\n", nested)
    yield "rare", "subject", b"Subject: =?utf-8?B?MTkxMjEyMTIxMjEy?=\r\n\r\nHej\r\n"
    yield (
        "rare",
        "subject-split",
        b"Subject: =?utf-8?B?MTkxMjEy?=\r\n =?utf-8?B?MTIxMjEy?=\r\n\r\nHej\r\n",
    )
    yield "rare", "subject-q", b"Subject: =?iso-8859-1?Q?19121=32121212?=\r\n\r\nHej\r\n"
    yield "rare", "subject-utf7", b"Subject: =?utf-7?Q?+ADE-91212121212?=\r\n\r\nHej\r\n"
    yield (
        "rare",
        "subject-in-quotes",
        b'From: "=?utf-8?B?MTkxMjEyMTIxMjEy?=" <a@b.example>\r\n\r\nHej\r\n',
    )
    yield "rare", "comment", b"From: a@b.example (191212121212)\r\n\r\nHej\r\n"
    yield "rare", "group", b"To: 191212121212: a@b.example;\r\n\r\nHej\r\n"
    yield "rare", "address", b"To: 191212121212@b.example\r\n\r\nHej\r\n"
    yield "rare", "own-field", b"X-Person: 191212121212\r\nSubject: x\r\n\r\nHej\r\n"
    for n, name in enumerate(values_of("names")):
        yield "rare", f"name-{n}", single(b"Content-Type: text/plain; " + name + b"\r\n", b"Hej")
        shown = name.replace(b"name", b"filename")
        yield (
            "rare",
            f"filename-{n}",
            single(
                b"Content-Type: text/plain\r\nContent-Disposition: attachment; " + shown + b"\r\n",
                b"Hej",
            ),
        )
    yield (
        "rare",
        "description",
        multi(
            b"multipart/mixed; boundary=a",
            parts(
                b"a", b"Content-Type: text/plain\r\nContent-Description: 191212121212\r\n\r\nHej"
            ),
        ),
    )
    for charset in (
        "utf-7",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "cp037",
        "cp500",
        "cp1140",
    ):
        coded = base64.encodebytes(TEXT.decode().encode(charset)).replace(b"\n", b"\r\n")
        for said in (charset, "x-none"):
            yield (
                "rare",
                f"charset-{charset}-{said}",
                single(
                    b"Content-Type: text/plain; charset=%b\r\n" % said.encode()
                    + CTE
                    + b"base64\r\n",
                    coded,
                ),
            )
    for kind in (
        b"pgp-signature",
        b"pkcs7-signature",
        b"pgp-keys",
        b"pkcs7-mime",
        b"pgp-encrypted",
    ):
        yield (
            "rare",
            f"false-{kind}",
            multi(
                b'multipart/signed; protocol="application/%b"; boundary=a' % kind,
                parts(
                    b"a",
                    DECOY,
                    b"Content-Type: application/%b\r\n%bbase64\r\n\r\n" % (kind, CTE) + B64,
                ),
            ),
        )
    for body in (SECRET, b"Content-Type: application/octet-stream\r\n\r\n" + TEXT):
        yield (
            "rare",
            f"false-encrypted-{len(body)}",
            multi(
                b'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=a',
                parts(b"a", b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n", body),
            ),
        )
    yield (
        "rare",
        "false-armour",
        single(
            PLAIN,
            b"-----BEGIN PGP MESSAGE-----\r\n\r\n"
            + base64.b64encode(b"\xcb\x20b\0\0\0\0\0" + TEXT)
            + b"\r\n-----END PGP MESSAGE-----\r\n",
        ),
    )
