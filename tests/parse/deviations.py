"""What may be wrong with a mail, each a function from the values of its axes to bytes.

The first axis, `where`, puts the part into a mail: alone, among others, in a mail in the mail.
"""

import base64

from tests.parse.blocks import (
    B64,
    CTE,
    DECOY,
    MIXED,
    PLAIN,
    REMARK,
    SECRET,
    TEXT,
    parts,
)
from tests.parse.reading import NUMBER


def encoding_twice(where, kind, words, body) -> bytes:
    fields = b"".join(CTE + word + b"\r\n" for word in words)
    return where(b"Content-Type: " + kind + b"\r\n" + fields + b"\r\n" + body + b"\r\n")


def type_twice(where, first, second, used, remark) -> bytes:
    body = remark + parts(used, DECOY, SECRET)
    return where(b"Content-Type: " + first + b"\r\nContent-Type: " + second + b"\r\n\r\n" + body)


def boundary_twice(where, first, second, joint, used) -> bytes:
    kind = MIXED + first + joint + second
    return where(b"Content-Type: " + kind + b"\r\n\r\n" + parts(used, SECRET))


def bad_value(where, value, kind, body) -> bytes:
    return where(b"Content-Type: " + kind + b"\r\n" + CTE + value + b"\r\n\r\n" + body + b"\r\n")


def bad_type(where, value, used, secret) -> bytes:
    return where(b"Content-Type: " + value + b"\r\n\r\n" + REMARK + parts(used, DECOY, secret))


def field_and_end(where, field, end, kind) -> bytes:
    return where(b"Content-Type: " + kind + b"\r\n" + field + end + B64 + b"\r\n")


def field_among(where, field, before, after) -> bytes:
    return where(before + field + b"\r\n" + after + b"\r\n" + B64 + b"\r\n")


def boundary_and_line(where, said, line, remark) -> bytes:
    announced, used = said
    body = remark + b"--" + used + b"\r\n" + DECOY + line.replace(b"a", used) + SECRET
    return where(
        b"Content-Type: " + MIXED + announced + b"\r\n\r\n" + body + b"\r\n--" + used + b"--\r\n"
    )


def outside(where, secret, side, blanks, inner) -> bytes:
    good = parts(b"a", DECOY)
    if inner:
        good = parts(
            b"a", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts(b"b", DECOY)
        )
    body = secret + b"\r\n" + good if side else good + b"\r\n" * blanks + secret + b"\r\n"
    return where(b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + body)


def comments(where, shape, place, body) -> bytes:
    encoding = shape.replace(b"V", b"base64") if place == "encoding" else b"base64"
    boundary = shape.replace(b"V", b"a") if place == "boundary" else b"a"
    part = PLAIN + CTE + encoding + b"\r\n\r\n" + body
    return where(b"Content-Type: " + MIXED + boundary + b"\r\n\r\n" + parts(b"a", DECOY, part))


def junk_in_base64(where, junk, every, width, tail) -> bytes:
    text = junk.join(B64[i : i + every] for i in range(0, len(B64), every)) if every else B64
    lines = b"\r\n".join(text[i : i + width] for i in range(0, len(text), width)) if width else text
    return where(PLAIN + CTE + b"base64\r\n\r\n" + lines + tail + b"\r\n")


def pieces_of_base64(where, size, joint, strip, before) -> bytes:
    pieces = [base64.b64encode(TEXT[i : i + size]) for i in range(0, len(TEXT), size)]
    pieces = [piece.rstrip(b"=") for piece in pieces] if strip else pieces
    return where(PLAIN + CTE + b"base64\r\n\r\n" + before + joint.join(pieces) + b"\r\n")


def quoted(where, cut, breaks, coded, end) -> bytes:
    number = NUMBER.encode()
    digits = [
        b"=%02X" % byte if coded == 2 or (coded == 1 and n == cut) else b"%c" % byte
        for n, byte in enumerate(number)
    ]
    text = b"Personnummer: " + b"".join(digits[:cut]) + breaks + b"".join(digits[cut:]) + end
    return where(PLAIN + CTE + b"quoted-printable\r\n\r\n" + text + b"\r\n")


def old_encoding(where, name, body, kind) -> bytes:
    return where(b"Content-Type: " + kind + b"\r\n" + CTE + name + b"\r\n\r\n" + body)


def coded_mail(where, kind, encoding, inner, disposition) -> bytes:
    nested = b"Subject: y\r\n" + inner
    body = (
        base64.encodebytes(nested).replace(b"\n", b"\r\n")
        if b"base64" in encoding.lower()
        else nested
    )
    return where(
        b"Content-Type: " + kind + b"\r\n" + CTE + encoding + b"\r\n" + disposition + b"\r\n" + body
    )


def parameter(where, name, charset, cut, style) -> bytes:
    """A boundary, charset or name in RFC 2231 pieces or RFC 2047 words."""
    value = {b"boundary": "grans", b"charset": "utf-16-le", b"name": NUMBER}[name]
    raw = value.encode(charset)
    percent = b"".join(b"%%%02X" % byte for byte in raw)
    size = max(1, cut * len(raw) // 6)
    written = {
        "pieces": b"%b*0*=%b''%b; %b*1*=%b"
        % (name, charset.encode(), percent[: 3 * size], name, percent[3 * size :]),
        "whole": b"%b*=%b''%b" % (name, charset.encode(), percent),
        "word": b'%b="=?%b?B?%b?="' % (name, charset.encode(), base64.b64encode(raw)),
        "bare": b"%b==?%b?Q?%b?=" % (name, charset.encode(), percent.replace(b"%", b"=")),
        "turned": b"%b*1*=%b; %b*0*=%b''%b"
        % (name, percent[3 * size :], name, charset.encode(), percent[: 3 * size]),
    }[style]
    if name == b"boundary":
        return where(
            b"Content-Type: multipart/mixed; "
            + written
            + b"\r\n\r\n"
            + parts(b"grans", DECOY, SECRET)
        )
    body = (
        base64.encodebytes(TEXT.decode().encode("utf-16-le")).replace(b"\n", b"\r\n")
        if name == b"charset"
        else B64
    )
    return where(b"Content-Type: text/plain; " + written + b"\r\n" + CTE + b"base64\r\n\r\n" + body)


def hidden_key(where, key, joint, encoding) -> bytes:
    fields = b"Content-Type: " + MIXED.replace(b"boundary=", b"") + joint + key + b"a\r\n"
    return where(fields + b"\r\n" + parts(b"a", PLAIN + CTE + encoding + b"\r\n\r\n" + B64))


def file_name(where, name, field, kind, body) -> bytes:
    shown = name.replace(b"name", b"filename") if field != b"Content-Type" else name
    fields = (
        b"Content-Type: " + kind + (b"; " + shown if field == b"Content-Type" else b"") + b"\r\n"
    )
    if field != b"Content-Type":
        fields += field + b": attachment; " + shown + b"\r\n"
    return where(fields + b"\r\n" + body + b"\r\n")


def fragment(where, kind, body, encoding) -> bytes:
    return where(b"Content-Type: " + kind + b"\r\n" + CTE + encoding + b"\r\n\r\n" + body)
