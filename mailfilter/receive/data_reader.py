"""DATA: chunks as the socket gives them → the message. No line is ever looked at in Python.

The end is CRLF ``.`` CRLF and nothing else, wherever the chunks are cut (RFC 5321 4.1.1.4):
every other sequence is content, and then ``stray.py`` finds it, because a lone CR or LF is left
(P7). What stands behind the end is handed back for the next command.

Invariants: linear in the bytes received, however they are cut; at most `limit` bytes are kept;
`wire` is what came (dots stuffed), `unstuffed` is the same object where no line starts with a dot.
"""

from itertools import chain

from ahocorasick_rs import BytesAhoCorasick

from mailfilter import limits

_END = b"\r\n.\r\n"
_DOT = b"\r\n."
_DOTS = BytesAhoCorasick([_DOT]).find_matches_as_indexes  # by vectors: 15 times `bytes.find`
_MANY = 1000  # more of them are left to `bytes`, which keeps no list
_PIECE = 256 * limits.KIB


class DataReader:
    """Collects one DATA. `prefix` (our trace field) becomes the start of the message."""

    __slots__ = ("_chunks", "_limit", "_many", "_tail", "dotted", "dropped", "size")

    def __init__(self, limit: int, prefix: bytes = b"") -> None:
        self.size = 0  # bytes received, also those that were dropped
        self.dropped = False
        self.dotted = False  # a line may begin with a dot
        self._limit = limit
        self._many = False
        self._chunks = [prefix] if prefix else []
        self._tail = b"\r\n"  # the end of what came: the line DATA ended with CRLF

    def feed(self, chunk: bytes) -> bytes | None:
        """Take a chunk. None: go on. Else it was the end; the bytes behind it."""
        tail = self._tail
        edge = tail + chunk[:4]
        seam = edge.find(_END)
        if seam >= 0:
            end = seam - len(tail) + len(_END)
        elif (at := self._end_in(edge, chunk)) >= 0:
            end = at + len(_END)
        else:
            self._keep(chunk)
            self._tail = chunk[-4:] if len(chunk) >= 4 else (tail + chunk)[-4:]
            return None
        if end >= 3:
            self._keep(chunk[: end - 3])
        else:
            self._take_back(3 - end)
        return chunk[end:]

    def _end_in(self, edge: bytes, chunk: bytes) -> int:
        """Where the end mark stands in a chunk, or -1.

        The search for a dot at the start of a line answers both questions, until there is one.
        """
        self.dotted = self.dotted or _DOT in edge
        if self._many:
            return chunk.find(_END)
        dots = _DOTS(chunk)
        self._many = len(dots) > _MANY
        for _, at, _ in dots:
            if chunk.startswith(_END, at):
                return at
            self.dotted = True
        return -1

    def drop(self) -> None:
        """Keep nothing of it; only its end is still looked for."""
        self.dropped = True
        self._chunks.clear()

    @property
    def too_big(self) -> bool:
        """Whether more came than may; decided at the end, for the mark may lie in two chunks."""
        return self.size > self._limit

    def wire(self) -> bytes:
        """The message as it came, without the final dot; for one call, after the end."""
        wire = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        return wire

    def _keep(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self._limit + len(_END):
            self.drop()
        elif chunk and not self.dropped:
            self._chunks.append(chunk)

    def _take_back(self, excess: int) -> None:
        """Remove the start of the end mark that earlier chunks had brought."""
        self.size -= excess
        while excess and self._chunks:
            last = self._chunks.pop()
            if len(last) > excess:
                self._chunks.append(last[:-excess])
            excess -= min(excess, len(last))


def unstuffed(wire: bytes) -> bytes:
    """The message without the stuffed dots (RFC 5321 4.5.2)."""
    view, kept = memoryview(wire), []
    start = 1 if wire.startswith(b".") else 0  # of what is kept next
    for at in range(0, len(wire), _PIECE):
        for _, _, end in _DOTS(view[at : at + _PIECE + len(_DOT) - 1]):
            kept.append(view[start : at + end - 1])
            start = at + end
        if len(kept) > _MANY:
            return b"".join(chain(kept, [wire[start:].replace(_DOT, b"\r\n")]))
    return b"".join([*kept, view[start:]]) if start else wire
