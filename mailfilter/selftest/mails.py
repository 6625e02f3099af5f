"""Mails built by hand, byte for byte, because a library would repair what they are about.

From → to: text, markup, fields or files → an *entity* (header fields and body, CRLF), then
`addressed` puts sender, recipient and subject before it.

Invariants: pure; nothing random: `addressed` takes the Message-ID from its caller.
Sources: RFC 5322, 2045-2047, 2231.
"""

import base64
import binascii
import quopri
from collections.abc import Callable

Make = Callable[[str], bytes]  # twelve digits → entity

_GREETING = "Hej!\n\nDet gäller {} som vi talade om.\n\nMed vänlig hälsning\nAnna\n"
_PAGE = "<html><body><p>Hej! Det gäller {} som vi talade om.</p></body></html>"


def hyphened(number: str) -> str:
    """The number as it is mostly written."""
    return f"{number[:8]}-{number[8:]}"


def said(number: str) -> str:
    """A line that calls the number what it is."""
    return f"Personnummer: {hyphened(number)}\n"


def crlf(text: str) -> str:
    """Text whose lines end as in mail."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def entity(kind: str, body: bytes, encoding: str = "8bit", more: str = "") -> bytes:
    """A part with its type; `more` are further fields, each with its line end."""
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n{more}\r\n"
    return head.encode() + body


def based(kind: str, body: bytes, more: str = "") -> bytes:
    """The same in base64, lines of 76."""
    return entity(kind, base64.encodebytes(body).replace(b"\n", b"\r\n"), "base64", more)


def plain(text: str, charset: str = "utf-8", claimed: str = "") -> bytes:
    """A text mail that says `text` in a sentence; `claimed` is the charset that it names."""
    body = crlf(_GREETING.format(text)).encode(charset)
    return based(f"text/plain; charset={claimed or charset}", body)


def page(markup: str) -> bytes:
    """An HTML mail with `markup` in a sentence."""
    return whole_page(_PAGE.format(markup))


def whole_page(markup: str) -> bytes:
    """An HTML mail that is `markup`."""
    return entity("text/html; charset=utf-8", crlf(markup).encode() + b"\r\n")


def quoted(text: str) -> bytes:
    """Quoted-printable as a program writes it."""
    return quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")


def attached(name: str, kind: str, data: bytes) -> bytes:
    """A mail with a file; `name` is a whole parameter of the disposition or a plain file name."""
    shown = name if "=" in name else f'filename="{name}"'
    return multipart(
        "mixed",
        entity("text/plain; charset=utf-8", b"Hej, se bilagan.\r\n"),
        based(kind, data, f"Content-Disposition: attachment; {shown}\r\n"),
    )


def multipart(kind: str, *parts: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """Parts with delimiters, and what stands before and after them."""
    head = f'Content-Type: multipart/{kind}; boundary="==delning=="\r\n\r\n'.encode()
    body = b"".join(b"--==delning==\r\n" + part + b"\r\n" for part in parts)
    return head + before + body + b"--==delning==--\r\n" + after


def headed(fields: str) -> bytes:
    """A mail whose text is harmless, with these fields, each with its line end."""
    return fields.encode() + entity("text/plain; charset=utf-8", b"Hej!\r\n")


def word(text: str, kind: str = "b", charset: str = "utf-8") -> str:
    """An encoded word of RFC 2047."""
    raw = text.encode(charset)
    if kind == "b":
        return f"=?{charset}?B?{base64.b64encode(raw).decode()}?="
    return f"=?{charset}?Q?{''.join(f'={byte:02X}' for byte in raw)}?="


def letter(inner: bytes) -> bytes:
    """A whole mail, to be attached."""
    return b"From: bo@exempel.example\r\nTo: anna@exempel.example\r\nSubject: Svar\r\n" + inner


def uuencoded(name: str, data: bytes) -> bytes:
    """A file in a text, as in old days."""
    lines = [binascii.b2a_uu(data[i : i + 45]).strip(b"\n") for i in range(0, len(data), 45)]
    return b"begin 644 %b\r\n%b\r\n`\r\nend\r\n" % (name.encode(), b"\r\n".join(lines))


def addressed(inner: bytes, sender: str, recipient: str, message_id: str) -> bytes:
    """The message: an entity with what every mail has. A subject of its own is kept."""
    fields = [f"From: <{sender}>", f"To: <{recipient}>", f"Message-ID: <{message_id}>"]
    if not inner.startswith(b"Subject:"):
        fields.append("Subject: mailfilter selftest")
    if not inner.startswith(b"MIME-Version:"):
        fields.append("MIME-Version: 1.0")
    return "".join(f"{field}\r\n" for field in fields).encode() + inner
