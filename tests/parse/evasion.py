"""Evasion mails: a number hidden by structure, in the classes of published attack surveys.

`cases()` yields (class, name, message). Each message hides ``reading.NUMBER`` so that some mail
program shows it. The classes follow "Inbox Invasion" (CCS 2024): ambiguous headers, malformed
structure, differences between decoders; and older ones: rare encodings, fragments, hidden names.
"""

import base64
import binascii
from collections.abc import Iterator
from itertools import product

from tests.parse.blocks import (
    B64,
    CTE,
    DECOY,
    MIXED,
    PLAIN,
    QP,
    REMARK,
    SECRET,
    TEXT,
    TOP,
    Case,
    multi,
    pairs,
    parts,
    single,
    values_of,
)
from tests.parse.evasion_bodies import base64_bodies, quoted_bodies, rare


def cases() -> Iterator[Case]:
    """All cases, names unique."""
    yield from twice()
    yield from values()
    yield from field_lines()
    yield from ends_of_header()
    yield from boundaries()
    yield from delimiters()
    yield from places()
    yield from base64_bodies()
    yield from quoted_bodies()
    yield from rare()


def twice() -> Iterator[Case]:
    """Two fields or parameters that contradict each other."""
    for n, (first, second) in enumerate(
        product((b"base64", b"7bit", b"quoted-printable", b"x", b"8bit"), repeat=2)
    ):
        if b"base64" in (first, second):
            body = PLAIN + CTE + first + b"\r\n" + CTE + second + b"\r\n"
            yield "twice", f"encoding-{n}", single(body, B64)
            yield "twice", f"encoding-three-{n}", single(body + CTE + b"binary\r\n", B64)
    for n, (first, second) in enumerate(
        ((b"a", b"b"), (b"b", b"a"), (b"a", b'"b"'), (b'"a"', b"b"))
    ):
        for secret in (b"a", b"b"):
            body = parts(secret, SECRET)
            kind = b"multipart/mixed; boundary=%b; boundary=%b" % (first, second)
            yield "twice", f"boundary-{n}-{secret}", multi(kind, body)
            fields = MIXED + first + b"\r\nContent-Type: " + MIXED + second
            yield "twice", f"type-{n}-{secret}", multi(fields, body)
            yield (
                "twice",
                f"type-plain-{n}-{secret}",
                multi(b"text/plain\r\nContent-Type: multipart/mixed; boundary=" + secret, body),
            )
            yield (
                "twice",
                f"type-plain-last-{n}-{secret}",
                multi(b"multipart/mixed; boundary=%b\r\nContent-Type: text/plain" % secret, body),
            )


def values() -> Iterator[Case]:
    """Values outside the grammar."""
    for n, value in enumerate(values_of("encoding values")):
        yield "values", f"encoding-{n}", single(PLAIN + CTE + value + b"\r\n", B64)
        yield (
            "values",
            f"part-encoding-{n}",
            multi(
                b"multipart/mixed; boundary=a", parts(b"a", PLAIN + CTE + value + b"\r\n\r\n" + B64)
            ),
        )
    for n, value in enumerate(values_of("content types")):
        yield "values", f"type-{n}", multi(value, parts(b"a", SECRET))
        yield "values", f"type-decoy-{n}", multi(value, REMARK + parts(b"a", DECOY, SECRET))


def field_lines() -> Iterator[Case]:
    """Names and line ends of fields that programs see differently."""
    for n, field in enumerate(values_of("field lines")):
        yield "field-lines", f"single-{n}", single(PLAIN + field + b"\r\n", B64)
        yield "field-lines", f"first-{n}", field + b"\r\n" + single(PLAIN, B64)
        yield (
            "field-lines",
            f"part-{n}",
            multi(b"multipart/mixed; boundary=a", parts(b"a", PLAIN + field + b"\r\n\r\n" + B64)),
        )


def ends_of_header() -> Iterator[Case]:
    """Delimiters between header and body."""
    for n, end in enumerate(values_of("ends of header")):
        field = PLAIN + CTE + b"base64"
        yield "ends", f"single-{n}", TOP + field + end + B64 + b"\r\n"
        yield (
            "ends",
            f"part-{n}",
            multi(b"multipart/mixed; boundary=a", parts(b"a", field + end + B64)),
        )


def boundaries() -> Iterator[Case]:
    """Boundaries in other shapes than they were announced in."""
    for n, (said, used) in enumerate(pairs("boundaries")):
        yield (
            "boundaries",
            f"said-{n}",
            multi(b"multipart/mixed; boundary=" + said, parts(used, SECRET)),
        )
        yield (
            "boundaries",
            f"decoy-{n}",
            multi(b"multipart/mixed; boundary=" + said, parts(used, DECOY, SECRET)),
        )


def delimiters() -> Iterator[Case]:
    """Delimiter lines that are not quite delimiters."""
    kind = b"multipart/mixed; boundary=a"
    for n, line in enumerate(values_of("delimiter lines")):
        yield (
            "delimiters",
            f"between-{n}",
            multi(kind, b"--a\r\n" + DECOY + line + SECRET + b"\r\n--a--\r\n"),
        )
        yield "delimiters", f"first-{n}", multi(kind, line.lstrip() + SECRET + b"\r\n--a--\r\n")
        yield (
            "delimiters",
            f"last-{n}",
            multi(kind, b"--a\r\n" + DECOY + b"\r\n--a--" + line + SECRET + b"\r\n--a--\r\n"),
        )
        yield "delimiters", f"nested-{n}", multi(
            kind,
            parts(b"a", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + DECOY
                  + line.replace(b"a", b"b") + SECRET + b"\r\n--b--"),
        )  # fmt: skip


def places() -> Iterator[Case]:
    """Content where no content belongs, and structure within structure."""
    kind = b"multipart/mixed; boundary=a"
    inner = b"Content-Type: multipart/mixed; boundary=%b\r\n\r\n"
    good = parts(b"a", DECOY)
    for n, secret in enumerate(
        [
            B64,
            SECRET,
            QP,
            PLAIN + CTE + b"quoted-printable\r\n\r\n" + QP,
            b"\r\n".join(B64[i : i + 4] for i in range(0, len(B64), 4)),
            b"\r\n".join(B64[i : i + 6] for i in range(0, len(B64), 6)),
            b"begin 644 a.txt\r\n" + binascii.b2a_uu(TEXT) + b"`\r\nend\r\n",
            b"Se vidare\r\n" + B64 + b"\r\ntack",
            b"--b\r\n" + SECRET + b"\r\n--b--",
            b"MTkxMjEyMTIxMjEy",
            b"MTkx\r\nMjEy\r\nMTIx\r\nMjEy",
        ]
    ):
        yield "places", f"before-{n}", multi(kind, secret + b"\r\n" + good)
        yield "places", f"after-{n}", multi(kind, good + secret + b"\r\n")
        yield "places", f"after-blank-{n}", multi(kind, good + b"\r\n" * 30 + secret + b"\r\n")
        yield (
            "places",
            f"inner-before-{n}",
            multi(kind, parts(b"a", inner % b"b" + secret + b"\r\n" + parts(b"b", DECOY))),
        )
        yield (
            "places",
            f"inner-after-{n}",
            multi(kind, parts(b"a", inner % b"b" + parts(b"b", DECOY) + secret)),
        )
    yield "places", "plain-before", multi(kind, TEXT + good)
    yield "places", "plain-after", multi(kind, good + TEXT)
    yield "places", "no-terminator", multi(kind, b"--a\r\n" + SECRET)
    yield "places", "no-delimiter", multi(kind, B64)
    yield "places", "only-terminator", multi(kind, b"--a--\r\n" + SECRET)
    yield "places", "terminator-first", multi(kind, b"--a--\r\n" + parts(b"a", SECRET))
    yield "places", "two-terminators", multi(kind, good + parts(b"a", SECRET))
    yield "places", "same-boundary", multi(kind, parts(b"a", inner % b"a" + parts(b"a", SECRET)))
    yield "places", "same-no-inner", multi(kind, parts(b"a", inner % b"a" + SECRET))
    yield "places", "prefix-inner", multi(kind, parts(b"a", inner % b"ab" + parts(b"ab", SECRET)))
    yield (
        "places",
        "prefix-outer",
        multi(b"multipart/mixed; boundary=ab", parts(b"ab", inner % b"a" + parts(b"a", SECRET))),
    )
    yield "places", "inner-unclosed", multi(kind, parts(b"a", inner % b"b" + b"--b\r\n" + SECRET))
    yield "places", "inner-deleted", multi(kind, parts(b"a", inner % b"b", SECRET))
    yield "places", "inner-absent", multi(kind, parts(b"a", inner % b"b" + SECRET))
    yield "places", "boundary-on-text", multi(b"text/plain; boundary=a", parts(b"a", SECRET))
    yield "places", "boundary-on-html", multi(b"text/html; boundary=a", parts(b"a", SECRET))
    yield "places", "no-type", single(CTE + b"base64\r\n", B64)
    yield (
        "places",
        "multipart-base64",
        multi(
            kind + b"\r\n" + CTE + b"base64",
            base64.encodebytes(parts(b"a", SECRET)).replace(b"\n", b"\r\n"),
        ),
    )
    yield (
        "places",
        "multipart-qp",
        multi(kind + b"\r\n" + CTE + b"quoted-printable", parts(b"a", SECRET)),
    )
    for depth in (2, 5, 18, 25, 60):
        body = SECRET
        for level in range(depth):
            name = b"q%dz" % level
            body = inner % name + parts(name, body)
        yield "places", f"deep-{depth}", TOP + body
        mail = SECRET
        for _ in range(depth):
            mail = b"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n" + mail
        yield "places", f"deep-mail-{depth}", TOP + mail
