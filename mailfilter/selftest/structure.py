"""Ways to hide a number in the structure of a mail: header fields, charsets, encodings, parts.

From → to: `ways()` yields (name, function from twelve digits to an entity, why it is missed or "").

Sources: RFC 2045-2047, 2231, 3676; threats.md 2.2 where a sound mail is enough. What
breaks the structure itself is tested by the generator in ``tests/parse``.
"""

import base64
import gzip
from collections.abc import Iterator
from functools import partial

from mailfilter.selftest.mails import (
    Make,
    attached,
    based,
    crlf,
    entity,
    headed,
    hyphened,
    letter,
    multipart,
    plain,
    quoted,
    said,
    uuencoded,
    whole_page,
    word,
)

Way = tuple[str, Make, str]
_MACHINE = "identifiers made by programs: long numbers that mail programs never show"
_FILE = b"innehall\r\n"
_NARROW = {"cp037", "cp500", "iso2022_jp", "iso8859-5"}
_KIND = "text/plain; charset=utf-8"
_PRINTABLE = "quoted-printable"
_TEXT = entity("text/plain; charset=utf-8", b"Hej!\r\n")


def ways() -> Iterator[Way]:
    """All ways of this _KIND."""
    yield from _charsets()
    for table in (
        _HEADERS,
        _NAMES,
        _CHARSETS,
        _ENCODINGS,
        _PARTS,
    ):
        for name, make in table.items():
            yield name, make, ""
    for known in (_HEADERS_MISSED,):
        for name, (make, miss) in known.items():
            yield name, make, miss


def _both(n: str, charset: str = "utf-8", kind: str = "b") -> str:
    return f"{word(n[:6], 'b')}\r\n {word(n[6:], kind, charset)}"


def _named(parameter: str) -> bytes:
    return attached(parameter, "application/octet-stream", _FILE)


def _charsets() -> Iterator[Way]:
    for charset in (
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-7",
        "cp037",
        "cp500",
        "iso2022_jp",
        "gb18030",
        "mac-roman",
        "cp850",
        "iso8859-5",
    ):
        make = partial(_narrow if charset in _NARROW else plain, charset=charset, claimed=charset)
        yield f"charset: {charset}", make, ""
    for real, claimed in (
        ("utf-16-le", "us-ascii"),
        ("utf-16-be", "utf-8"),
        ("utf-16", "iso-8859-1"),
        ("utf-32-le", "utf-8"),
        ("utf-8", "utf-16"),
        ("utf-8", "x-okand"),
        ("utf-8", "cp037"),
        ("cp1252", "utf-8"),
        ("utf-8", "iso-2022-jp"),
        ("utf-8", "us-ascii"),
    ):
        make = partial(plain, charset=real, claimed=claimed)
        yield (f"charset: {real}, said to be {claimed}", make, "")


def _narrow(number: str, charset: str, claimed: str) -> bytes:
    """Without letters that these charsets do not have."""
    return based(f"text/plain; charset={claimed}", crlf(said(number)).encode(charset))


def _raw_seven(number: str, claimed: str) -> bytes:
    coded = base64.b64encode(number.encode("utf-16-be")).rstrip(b"=")
    return entity(f"text/plain; charset={claimed}", b"Hej! +" + coded + b"- var det.\r\n", "7bit")


def _lines(data: bytes, width: int) -> bytes:
    return b"".join(data[i : i + width] + b"\r\n" for i in range(0, len(data), width))


def _yenc(number: str) -> bytes:
    data = bytes((byte + 42) % 256 for byte in number.encode())
    body = b"=ybegin line=128 size=12 name=a.txt\r\n" + data + b"\r\n=yend size=12\r\n"
    return entity("text/plain; charset=us-ascii", body, "8bit")


def _inline(text: str) -> bytes:
    return entity("text/plain", text.encode(), more="Content-Disposition: inline\r\n")


_HEADERS: dict[str, Make] = {
    "subject: as it is": lambda n: headed(f"Subject: Ang {hyphened(n)}\r\n"),
    "subject: base64": lambda n: headed(f"Subject: {word('Ang ' + n)}\r\n"),
    "subject: quoted": lambda n: headed(f"Subject: {word('Ang ' + n, 'q')}\r\n"),
    "subject: cut in two words": lambda n: headed(f"Subject: {_both(n)}\r\n"),
    "subject: cut, two charsets": lambda n: headed(f"Subject: {_both(n, 'utf-16-be')}\r\n"),
    "subject: cut, base64 and quoted": lambda n: headed(f"Subject: {_both(n, kind='q')}\r\n"),
    "subject: one word a digit": lambda n: headed(f"Subject: {' '.join(map(word, n))}\r\n"),
    "subject: word within a word": lambda n: headed(f"Subject: Ang:{word(n)}.\r\n"),
    "subject: folded in the number": lambda n: headed(f"Subject: Ang {n[:8]}\r\n {n[8:]}\r\n"),
    "subject: full-width": lambda n: headed(
        f"Subject: {word(''.join(chr(65296 + int(d)) for d in n))}\r\n"
    ),
    "subject: UTF-7": lambda n: headed(
        f"Subject: =?utf-7?Q?+{base64.b64encode(n.encode('utf-16-be')).decode().rstrip('=')}-?=\r\n"
    ),
    "display name": lambda n: headed(f'Reply-To: "Anna {hyphened(n)}" <a@exempel.example>\r\n'),
    "display name: encoded": lambda n: headed(f"Cc: {word('Anna ' + n)} <a@exempel.example>\r\n"),
    "address: before the @": lambda n: headed(f"Cc: {n}@exempel.example\r\n"),
    "comment in an address": lambda n: headed(f"Cc: a@exempel.example ({hyphened(n)})\r\n"),
    "group name": lambda n: headed(f"Cc: {n}: a@exempel.example;\r\n"),
    "field: Comments": lambda n: headed(f"Comments: {hyphened(n)}\r\n"),
    "field: Keywords": lambda n: headed(f"Keywords: {hyphened(n)}\r\n"),
    "field: own": lambda n: headed(f"X-Arende: {hyphened(n)}\r\n"),
    "field: Content-Description": lambda n: multipart(
        "mixed", entity("text/plain", b"Hej\r\n", more=f"Content-Description: {n}\r\n")
    ),
    "field: Thread-Topic": lambda n: headed(f"Thread-Topic: {hyphened(n)}\r\n"),
}

_HEADERS_MISSED: dict[str, tuple[Make, str]] = {
    "field: Message-ID of another": (
        lambda n: headed(f"References: <{n}@exempel.example>\r\n"),
        _MACHINE,
    ),
    "field: Content-ID": (
        lambda n: multipart(
            "mixed", entity("text/plain", b"Hej\r\n", more=f"Content-ID: <{n}@x>\r\n")
        ),
        _MACHINE,
    ),
}

_NAMES: dict[str, Make] = {
    "file name": lambda n: _named(f"{hyphened(n)}.txt"),
    "file name: encoded word": lambda n: _named(f'''filename="{word(n + ".txt")}"'''),
    "file name: percent": lambda n: _named(
        f"filename*=utf-8''{''.join(f'%{ord(d):02X}' for d in n)}.txt"
    ),
    "file name: in pieces": lambda n: _named(
        f"filename*0={n[:5]};\r\n filename*1={n[5:9]};\r\n filename*2={n[9:]}.txt"
    ),
    "file name: pieces with percent": lambda n: _named(
        f"filename*0*=utf-8''{n[:5]};\r\n filename*1*=%{ord(n[5]):02X}{n[6:]}.txt"
    ),
    "file name: the other of two": lambda n: _named(f"filename=brev.txt; filename*=utf-8''{n}.txt"),
    "file name: of the type": lambda n: multipart(
        "mixed", based(f'application/octet-stream; name="{n}.txt"', _FILE)
    ),
}

_CHARSETS: dict[str, Make] = {
    "charset: UTF-7, digits encoded": lambda n: _raw_seven(n, "utf-7"),
    "charset: UTF-7, said to be ASCII": lambda n: _raw_seven(n, "us-ascii"),
    "charset: EBCDIC, said to be ASCII": lambda n: _narrow(n, "cp500", "us-ascii"),
    "charset: none said": lambda n: based("text/plain", crlf(said(n)).encode("utf-16-le")),
    "charset: said by the page": lambda n: whole_page(
        f'<meta charset="utf-16"><p>{hyphened(n)}</p>'
    ),
}

_ENCODINGS: dict[str, Make] = {
    "encoding: quoted-printable": lambda n: entity(_KIND, quoted(f"Räksmörgås {n}\n"), _PRINTABLE),
    "encoding: soft line end in the number": lambda n: entity(
        _KIND, f"Nr {n[:5]}=\r\n{n[5:9]}=\r\n{n[9:]} ja\r\n".encode(), _PRINTABLE
    ),
    "encoding: each digit quoted": lambda n: entity(
        _KIND, "".join(f"={ord(d):02X}" for d in n).encode() + b"\r\n", _PRINTABLE
    ),
    "encoding: lower-case quoted": lambda n: entity(
        _KIND, "".join(f"={ord(d):02x}" for d in n).encode() + b"\r\n", _PRINTABLE
    ),
    "encoding: soft line end after each digit": lambda n: entity(
        _KIND, "=\r\n".join(n).encode() + b"\r\n", _PRINTABLE
    ),
    "encoding: base64, one line": lambda n: entity(
        _KIND, base64.b64encode(said(n).encode()) + b"\r\n", "base64"
    ),
    "encoding: base64, lines of six": lambda n: entity(
        _KIND, _lines(base64.b64encode(said(n).encode()), 6), "base64"
    ),
    "encoding: BASE64 in capitals": lambda n: entity(
        _KIND, base64.b64encode(said(n).encode()) + b"\r\n", "BASE64"
    ),
    "encoding: said to be base64, is not": lambda n: entity(
        _KIND, crlf(said(n)).encode(), "base64"
    ),
    "encoding: base64, said to be 7bit": lambda n: entity(
        _KIND, base64.encodebytes(said(n).encode()).replace(b"\n", b"\r\n"), "7bit"
    ),
    "encoding: quoted, said to be 7bit": lambda n: entity(
        _KIND, "".join(f"={ord(d):02X}" for d in n).encode() + b"\r\n", "7bit"
    ),
    "encoding: uuencode": lambda n: entity(
        _KIND, b"Hej\r\n\r\n" + uuencoded("b.txt", said(n).encode()), "7bit"
    ),
    "encoding: x-uuencode": lambda n: entity(
        _KIND, uuencoded("b.txt", said(n).encode()), "x-uuencode"
    ),
    "encoding: yEnc": _yenc,
    "encoding: gzip in base64, said to be x-gzip64": lambda n: entity(
        _KIND,
        base64.encodebytes(gzip.compress(said(n).encode(), mtime=0)).replace(b"\n", b"\r\n"),
        "x-gzip64",
    ),
    "text: flowed": lambda n: entity(
        f"{_KIND}; format=flowed; delsp=yes", f"Hej, personnummer {n[:8]} \r\n{n[8:]}\r\n".encode()
    ),
    "text: quoted history": lambda n: entity(
        _KIND, f"Ja.\r\n\r\n> Hej!\r\n> Det gäller {hyphened(n)}.\r\n".encode()
    ),
    "text: quoted, cut by the line": lambda n: entity(
        _KIND, f"> Det gäller {n[:8]}-\r\n> {n[8:]} ja\r\n".encode()
    ),
    "text: signature": lambda n: entity(
        _KIND, f"Hej\r\n\r\n-- \r\nAnna\r\n{hyphened(n)}\r\n".encode()
    ),
}

_PARTS: dict[str, Make] = {
    "parts: only in the HTML": lambda n: multipart(
        "alternative", _TEXT, whole_page(f"<p>{hyphened(n)}</p>")
    ),
    "parts: only in the text": lambda n: multipart(
        "alternative", plain(n), whole_page("<p>Hej</p>")
    ),
    "parts: before the first": lambda n: multipart(
        "mixed", _TEXT, before=said(n).strip().encode() + b"\r\n"
    ),
    "parts: after the last": lambda n: multipart(
        "mixed", _TEXT, after=said(n).strip().encode() + b"\r\n"
    ),
    "parts: base64 before the first": lambda n: multipart(
        "mixed", _TEXT, before=base64.b64encode(said(n).encode()) + b"\r\n"
    ),
    "mail in a mail": lambda n: multipart(
        "mixed", _TEXT, entity("message/rfc822", letter(plain(n)))
    ),
    "mail in a mail in a mail": lambda n: multipart(
        "mixed",
        entity(
            "message/rfc822", letter(multipart("mixed", entity("message/rfc822", letter(plain(n)))))
        ),
    ),
    "mail in a mail: its subject": lambda n: multipart(
        "mixed", entity("message/rfc822", letter(_TEXT).replace(b"Svar", n.encode()))
    ),
    "mail as a file": lambda n: attached("svar.eml", "application/octet-stream", letter(plain(n))),
    "mailbox as a file": lambda n: attached(
        "a.mbox",
        "application/mbox",
        b"From a Mon Jan  1 00:00:00 2024\n" + letter(plain(n)).replace(b"\r\n", b"\n"),
    ),
    "mail in base64": lambda n: multipart(
        "mixed", _TEXT, based("message/rfc822", letter(plain(n)))
    ),
    "returned mail's header": lambda n: multipart(
        "report", _TEXT, entity("text/rfc822-headers", f"Subject: {n}\r\n".encode())
    ),
    "mail: text behind a returned header": lambda n: multipart(
        "report", _TEXT, entity("text/rfc822-headers", f"Subject: hej\r\n\r\n{n}\r\n".encode())
    ),
    "digest": lambda n: multipart("digest", b"\r\n" + letter(plain(n))),
    "type unknown": lambda n: multipart("mixed", based("application/x-okand", said(n).encode())),
    "type: a picture that is text": lambda n: attached("bild.png", "image/png", said(n).encode()),
    "parts: half in each": lambda n: multipart("mixed", _inline(n[:8]), _inline(n[8:])),
    "parts: half in each, HTML": lambda n: multipart(
        "mixed", whole_page(f"<p>Nr {n[:8]}</p>"), whole_page(f"<b>{n[8:]}</b> ja")
    ),
    "two Content-Types": lambda n: b"Content-Type: text/html\r\n" + plain(n),
}
