"""The next hop's replies: bytes → `Reply`, strictly.

A reply is what RFC 5321 section 4.2 says: one or more lines, each a code of three digits, then
``-`` on all but the last, then text, then CRLF. All lines carry the same code. What is not that
is `OddError`: the connection cannot be trusted any more, and nothing is guessed (promise P3).

The text may reach our own client, so it becomes printable ASCII here, and nowhere else: other
bytes are shown as ``?`` (Postfix does the same). Several lines are joined by newline in
`Reply.text`; `Reply.line` writes them as a multi-line reply again.
"""

import re

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
