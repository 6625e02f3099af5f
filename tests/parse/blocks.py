"""Blocks that evasion mails are built of, and the table of values that go into them."""

import base64
from functools import cache
from pathlib import Path

from tests.parse.reading import NUMBER

Case = tuple[str, str, bytes]

TEXT = f"Personnummer: {NUMBER}\r\n".encode()
B64 = base64.b64encode(TEXT)
QP = b"Personnummer: 1912=31212121=\r\n2\r\n"
TOP = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
REMARK = b"This is a multi-part message in MIME format.\r\n"
PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n"
CTE = b"Content-Transfer-Encoding: "


@cache
def _table() -> dict[str, list[bytes]]:
    """The values of ``evasion.txt`` by section."""
    sections: dict[str, list[bytes]] = {}
    for line in Path(__file__).with_name("evasion.txt").read_text("ascii").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), [])
        elif line.startswith("|"):
            section.append(line.encode().decode("unicode_escape").encode("latin-1"))
    return sections


def values_of(section: str) -> list[bytes]:
    """The values of a section, without their bars."""
    return [line[1:-1] for line in _table()[section]]


def pairs(section: str) -> list[tuple[bytes, bytes]]:
    """The pairs of a section: what is announced, what is used."""
    return [tuple(line[1:-1].split(b"|")) for line in _table()[section]]


def single(headers: bytes, body: bytes) -> bytes:
    """A mail of one part; `headers` with their line ends."""
    return TOP + headers + b"\r\n" + body + b"\r\n"


def multi(content_type: bytes, body: bytes) -> bytes:
    """A mail with this Content-Type and body."""
    return TOP + b"Content-Type: " + content_type + b"\r\n\r\n" + body


def parts(boundary: bytes, *bodies: bytes) -> bytes:
    """Bodies (header, empty line, content) between delimiters."""
    return b"".join(b"--" + boundary + b"\r\n" + body + b"\r\n" for body in bodies) + (
        b"--" + boundary + b"--\r\n"
    )


MIXED = b"multipart/mixed; boundary="
SECRET = PLAIN + CTE + b"base64\r\n\r\n" + B64
DECOY = PLAIN + b"\r\nHej\r\n"
