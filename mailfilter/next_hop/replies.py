"""The next hop's replies: bytes → `Reply`, strictly.

A reply is what RFC 5321 section 4.2 says: one or more lines, each a code of three digits, then
``-`` on all but the last, then text, then CRLF. All lines carry the same code. What is not that
is `OddError`: the connection cannot be trusted any more, and nothing is guessed (promise P3).

The text may reach our own client, so it becomes printable ASCII here, and nowhere else: other
bytes are shown as ``?`` (Postfix does the same). Several lines are joined by newline in
`Reply.text`; `Reply.line` writes them as a multi-line reply again.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from mailfilter.model import Reply

LINE = 2048  # Postfix line_length_limit; RFC 5321 4.5.3.1.5 asks for 512 only
LINES = 200  # an EHLO reply has some 15
_SHAPE = re.compile(rb"([2-5][0-5][0-9])(?:([ -])([^\r\n]*))?")
_PRINTABLE = bytes(byte if 0x20 <= byte < 0x7F else 0x3F for byte in range(256))


class OddError(Exception):
    """Not an SMTP reply. The text names the fault and holds nothing of what was read."""


class ReplyReader:
    """Collects bytes and gives out whole replies. `empty` if nothing is left half read."""

    __slots__ = ("_code", "_rest", "_texts")

    def __init__(self) -> None:
        self._rest = b""
        self._code = b""
        self._texts: list[str] = []

    @property
    def empty(self) -> bool:
        return not self._rest and not self._texts

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that `data` completes; raises `OddError`."""
        if not self._rest and not self._texts and (reply := _plain(data)) is not None:
            return [reply]
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        if len(self._rest) > LINE:
            raise OddError("line too long")
        found = []
        for line in lines:
            reply = self._line(line)
            if reply is not None:
                found.append(reply)
        return found

    def _line(self, line: bytes) -> Reply | None:
        if not self._texts and (reply := _plain(line + b"\r\n")) is not None:
            return reply
        shape = _SHAPE.fullmatch(line)
        if shape is None or len(line) > LINE:
            raise OddError("not a reply line")
        code, mark, text = shape.groups()
        if self._texts and code != self._code:
            raise OddError("code changes within a reply")
        self._texts.append((text or b"").translate(_PRINTABLE).decode("ascii"))
        if mark != b"-":
            texts, self._texts = self._texts, []
            return Reply(int(code), "\n".join(texts))
        if len(self._texts) > LINES:
            raise OddError("too many lines")
        self._code = code
        return None


@lru_cache(maxsize=256)
def _plain(data: bytes) -> Reply | None:
    """The reply if these bytes are a reply of one line and nothing else; None for all the rest.

    A next hop says the same few words to every mail; those that name a queue file are forgotten
    again.
    """
    line = data[:-2]
    shape = _SHAPE.fullmatch(line) if data.endswith(b"\r\n") and len(line) <= LINE else None
    if shape is None or shape[2] == b"-":
        return None
    return Reply(int(shape[1]), (shape[3] or b"").translate(_PRINTABLE).decode("ascii"))


@dataclass(frozen=True, slots=True)
class Offers:
    """What an EHLO reply announced. `size` is None without SIZE, 0 for no fixed limit."""

    pipelining: bool = False
    eight_bit: bool = False
    size: int | None = None
    dsn: bool = False
    smtputf8: bool = False
    xforward: bool = False
    starttls: bool = False
    auth: frozenset[str] = frozenset()


def offers_of(ehlo: Reply) -> Offers:
    """What the EHLO reply announces; its first line is the greeting (RFC 5321 4.1.1.1)."""
    found: dict[str, list[str]] = {}
    for line in ehlo.text.split("\n")[1:]:
        keyword, *values = line.upper().replace("AUTH=", "AUTH ", 1).split() or [""]
        found.setdefault(keyword, []).extend(values)
    size = found.get("SIZE")
    return Offers(
        pipelining="PIPELINING" in found,
        eight_bit="8BITMIME" in found,
        size=None if size is None else int(size[0]) if size and size[0].isdecimal() else 0,
        dsn="DSN" in found,
        smtputf8="SMTPUTF8" in found,
        xforward="XFORWARD" in found,
        starttls="STARTTLS" in found,
        auth=frozenset(found.get("AUTH", ())),
    )
