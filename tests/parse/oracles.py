"""Four stand-ins for mail programs: what would each of them show of a message?

`READERS` maps a name to a function from bytes to text. Two are the standard library's parser under
its two policies; two are small readers of our own that share no code with the product: `first`
believes the first of contradicting fields and parameters and ends base64 at its padding, `last`
believes the last, takes every kind of line end, and decodes on behind padding. All are lenient, as
mail programs are, and none is an authority: a number that only one of them shows must be seen.
"""

import base64
import binascii
import quopri
import re
import sys
from collections.abc import Callable
from email import message_from_bytes, policy
from email.header import decode_header

DEPTH = 30


def standard(data: bytes, rules: policy.Policy) -> str:
    """The standard library. Where it gives up, nothing is shown."""
    sys.setrecursionlimit(3000)
    try:
        message = message_from_bytes(data, policy=rules)
        parts = list(message.walk())
    except Exception:
        return ""
    return "\n".join(piece for part in parts for piece in _shown(part))


def _shown(part) -> list[str]:
    texts = []
    for field in ("subject", "from", "to", "cc"):
        try:
            texts.append(_words(str(part[field])) if part[field] else "")
        except Exception:
            continue
    try:
        texts.append(part.get_filename() or "")
    except Exception:
        texts.append("")
    if part.is_multipart():
        return texts
    try:
        content = part.get_payload(decode=True) or b""
        charset = part.get_content_charset() or "utf-8"
    except Exception:
        return texts
    return [*texts, _text(content, charset)]


def _words(value: str) -> str:
    try:
        return "".join(
            piece.decode(charset or "latin-1", "replace") if isinstance(piece, bytes) else piece
            for piece, charset in decode_header(value)
        )
    except Exception:
        return value


def _text(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except Exception:
        return content.decode("latin-1")


# ---- two of our own ----------------------------------------------------------------------------


class Lenient:
    """A reader of its own grammar; `pick` is 0 for the first and -1 for the last of many."""

    def __init__(self, pick: int) -> None:
        self.pick = pick
        self.ends = rb"\r\n|\n" if pick == 0 else rb"\r\n|\n|\r"

    def read(self, data: bytes, depth: int = 0) -> str:
        head, body = self.cut(data)
        fields = self.fields(head)
        kind, parameters = self.described(fields.get(b"content-type", b"text/plain"))
        _, shown = self.described(fields.get(b"content-disposition", b""))
        texts = [_words(fields.get(name, b"").decode("latin-1")) for name in (b"subject", b"from")]
        texts += [
            p[n].decode("latin-1")
            for p, n in ((parameters, b"name"), (shown, b"filename"))
            if n in p
        ]
        boundary = parameters.get(b"boundary", b"")
        if depth < DEPTH and kind.startswith(b"multipart/") and boundary:
            return "\n".join(
                [*texts, *(self.read(p, depth + 1) for p in self.parts(body, boundary))]
            )
        content = self.decoded(body, fields.get(b"content-transfer-encoding", b""))
        if depth < DEPTH and kind in (b"message/rfc822", b"message/global"):
            return "\n".join([*texts, self.read(content, depth + 1)])
        charset = parameters.get(b"charset", b"utf-8").decode("latin-1")
        return "\n".join([*texts, _text(content, charset)])

    def cut(self, data: bytes) -> tuple[bytes, bytes]:
        found = re.search(rb"(?>%b)(?>%b)" % (self.ends, self.ends), data)
        if re.match(self.ends, data):
            return b"", data
        return (data[: found.start()], data[found.end() :]) if found else (data, b"")

    def fields(self, head: bytes) -> dict[bytes, bytes]:
        found: dict[bytes, list[bytes]] = {}
        name = b""
        for line in re.split(self.ends, head):
            if line[:1] in (b" ", b"\t") and name:
                found[name][-1] += b" " + line.strip()
                continue
            before, colon, value = line.partition(b":")
            name = before.strip().lower() if colon else b""
            if name:
                found.setdefault(name, []).append(value.strip())
        return {name: values[self.pick] for name, values in found.items()}

    def described(self, value: bytes) -> tuple[bytes, dict[bytes, bytes]]:
        kind, *rest = value.split(b";")
        found: dict[bytes, list[bytes]] = {}
        for piece in rest:
            name, equals, content = piece.partition(b"=")
            if equals:
                found.setdefault(name.strip().lower(), []).append(content.strip().strip(b"\"'"))
        return kind.strip().lower(), {name: values[self.pick] for name, values in found.items()}

    def parts(self, body: bytes, boundary: bytes) -> list[bytes]:
        mark = b"--" + boundary
        parts: list[list[bytes]] = []
        for line in re.split(rb"(?<=\n)", body):
            bare = line.rstrip()
            if bare == mark + b"--":
                break
            if bare == mark if self.pick == 0 else line.startswith(mark):
                parts.append([])
            elif parts:
                parts[-1].append(line)
        return [b"".join(lines) for lines in parts]

    def decoded(self, body: bytes, encoding: bytes) -> bytes:
        words = encoding.lower().split()
        word = words[self.pick] if words else b""
        if word == b"base64":
            return self.based(body)
        if word == b"quoted-printable":
            return quopri.decodestring(body)
        if word in (b"x-uuencode", b"uuencode", b"x-uue"):
            return _uu(body)
        return body

    def based(self, body: bytes) -> bytes:
        clean = re.sub(rb"[^A-Za-z0-9+/=]", b"", body)
        pieces = [clean.partition(b"=")[0]] if self.pick == 0 else re.split(rb"=+", clean)
        return b"".join(_quantum(piece) for piece in pieces)


def _quantum(piece: bytes) -> bytes:
    spare = len(piece) % 4
    piece = piece[: len(piece) - 1] if spare == 1 else piece + b"=" * (-spare % 4)
    try:
        return base64.b64decode(piece)
    except binascii.Error:
        return b""


def _uu(body: bytes) -> bytes:
    out = []
    for line in body.splitlines():
        try:
            out.append(b"" if line.startswith((b"begin", b"end")) else binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(out)


READERS: dict[str, Callable[[bytes], str]] = {
    "email, default": lambda data: standard(data, policy.default),
    "email, compat32": lambda data: standard(data, policy.compat32),
    "first": Lenient(0).read,
    "last": Lenient(-1).read,
}
