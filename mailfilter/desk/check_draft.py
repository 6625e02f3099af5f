"""A draft of a text and files, as a mail of it would be: made in memory, for the workers alone.

From → to: text and (name, type, content) → bytes of a message. Everything is base64, so no content
can end a part; a type that is no plain one, or a mail's own, is left to be seen by the content.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote

import pybase64

_BOUNDARY = b"=_kontroll"  # "=" and "_" side by side are no base64
_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9]+/[a-z0-9][a-z0-9.+-]{0,100}")
UNKNOWN = "application/octet-stream"

File = tuple[str, str, bytes]


def made(text: bytes, files: Sequence[File]) -> bytes:
    """The message; `text` is UTF-8."""
    head = (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="' + _BOUNDARY + b'"\r\n\r\n'
    )
    parts = [_part("text/plain; charset=utf-8", "", text)]
    parts += [_part(_type(kind), _named(name), content) for name, kind, content in files]
    return head + b"".join(parts) + b"--" + _BOUNDARY + b"--\r\n"


def _type(kind: str) -> str:
    kind = kind.lower()
    return kind if _TYPE.fullmatch(kind) else UNKNOWN


def _named(name: str) -> str:
    """RFC 2231, so that no name can leave its field."""
    return f"filename*=utf-8''{quote(name.encode('utf-8', 'replace'), safe='')}"


def _part(kind: str, name: str, content: bytes) -> bytes:
    shown = f"attachment; {name}" if name else "inline"
    head = (
        f"--{_BOUNDARY.decode()}\r\nContent-Type: {kind}\r\nContent-Disposition: {shown}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    body: bytes = pybase64.encodebytes(content)
    return head.encode("ascii") + body.replace(b"\n", b"\r\n")
