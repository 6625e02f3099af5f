"""Bombs: files made to cost much, each with a harmless twin of the same make.

A bomb is a function from a size to a file or a mail with the test number behind what costs much.
With the small size it is the twin: it must be read, and the number found. With the big one it must
be read or called incomplete, in bounded time and memory, and never clean.

@bomb("zip/flat", "a.zip", big=3000, small=1)
def flat(mib: int) -> bytes: ...

The name of the file says how it travels: as an attachment; `BODY` as the text of the mail, `HTML`
as its HTML body, `MAIL` as the whole mail.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.extract.reading import NUMBER

BODY, HTML, MAIL = "", "<html>", "<mail>"
NR = f"Personnummer: {NUMBER}"
LINE = f"\r\n\r\n{NR}\r\n"
HEAD = b"From: a@exempelkommun.example\r\nTo: b@example.net\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
_EDGE = b"edge-of-a-part"


@dataclass(frozen=True, slots=True)
class Bomb:
    """`mail(big)` is the bomb, `mail(small)` its twin. `told` is text in the mail beside a file."""

    name: str
    file: str
    build: Callable[..., bytes]
    big: Any
    small: Any
    told: str = ""

    @property
    def family(self) -> str:
        return self.name.partition("/")[0]

    def mail(self, size: Any) -> bytes:
        made = self.build(*size) if isinstance(size, tuple) else self.build(size)
        match self.file:
            case "<mail>":
                return made
            case "<html>":
                return HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + crlf(made)
            case "":
                return HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + crlf(made)
            case name:
                return attached(made, name, self.told)


BOMBS: list[Bomb] = []


def bomb(name: str, file: str, *, big: Any, small: Any, told: str = ""):
    """Enter a function as a bomb; it may be entered several times with other sizes."""

    def enter(build):
        BOMBS.append(Bomb(name, file, build, big, small, told))
        return build

    return enter


def crlf(data: bytes) -> bytes:
    """The body of a mail: its lines end as lines of mail do."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n"


def attached(data: bytes, name: str, told: str = "", kind: str = "application/octet-stream"):
    """A mail with one attachment."""
    return many([(name, data)], told, kind)


def many(files: list[tuple[str, bytes]], told: str = "", kind: str = "application/octet-stream"):
    """A mail with these attachments."""
    out = [HEAD, b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n' % _EDGE]
    text = (told or "Hej").encode()
    out += [b"--%b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" % _EDGE, text, b"\r\n"]
    for name, data in files:
        out.append(b"--%b\r\nContent-Type: %b\r\n" % (_EDGE, kind.encode()))
        out.append(b'Content-Disposition: attachment; filename="%b"\r\n' % name.encode())
        out.append(b"Content-Transfer-Encoding: base64\r\n\r\n")
        out.append(base64.encodebytes(data).replace(b"\n", b"\r\n"))
    return b"".join([*out, b"--%b--\r\n" % _EDGE])


def every() -> list[Bomb]:
    """All bombs; entering them is what importing these modules does."""
    from tests.containment import (  # noqa: F401
        bombs_archives,
        bombs_files,
        bombs_images,
        bombs_locked,
        bombs_mail,
        bombs_office,
        bombs_old,
        bombs_pdf,
        bombs_scans,
        bombs_stored,
        bombs_streams,
        bombs_text,
        bombs_zip,
    )

    return BOMBS
