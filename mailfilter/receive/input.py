"""What a client has sent and nobody has used yet: chunks → command lines, or chunks as they came.

Pure. Invariants: linear in the bytes fed, however they are cut; at most one line's limit is kept
of a line that has no end yet; a line that is longer is read away and given as empty, once.
"""


class Input:
    """Input of one session. `limit` bounds a command line, in bytes before its line feed."""

    __slots__ = ("_at", "_chunks", "_limit", "_rest", "_skipping", "waiting")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest, self._at = b"", 0  # what is looked at, and how far it is used
        self._chunks: list[bytes] = []  # what has come behind it
        self._skipping = False  # in a line that is too long
        self.waiting = 0  # bytes in chunks nobody has looked at

    def feed(self, data: bytes) -> None:
        """Take what came."""
        self._chunks.append(data)
        self.waiting += len(data)

    def __bool__(self) -> bool:
        """Whether there is input that no command has used."""
        return self._at < len(self._rest) or bool(self._chunks)

    def line(self) -> bytes | None:
        """The next command line with its line end; empty if it was too long; None if more must
        come first."""
        end = self._rest.find(b"\n", self._at)
        if end < 0:
            if not self._chunks:
                return None
            start = self._gather()
            end = self._rest.find(b"\n", start)
            if end < 0:
                self._bound()
                return None
        start, self._at = self._at, end + 1
        if self._skipping or end - start > self._limit:
            self._skipping = False
            return b""
        return self._rest[start : end + 1]

    def chunk(self) -> bytes:
        """Everything that came and was not used, as it came; empty if nothing."""
        if self._chunks:
            self._gather()
        rest = self._rest if self._at == 0 else self._rest[self._at :]
        self._rest, self._at = b"", 0
        return rest

    def put_back(self, rest: bytes) -> None:
        """Input that stands behind a message, for the next command."""
        self._rest, self._at = rest, 0

    def _gather(self) -> int:
        """Look at all that came; where it begins."""
        chunks = self._chunks
        old = len(self._rest) - self._at
        if old:
            chunks.insert(0, self._rest[self._at :])
        self._rest = chunks.pop() if len(chunks) == 1 else b"".join(chunks)
        self._at, self.waiting = 0, 0
        if chunks:
            chunks.clear()
        return old

    def _bound(self) -> None:
        if self._skipping or len(self._rest) > self._limit:
            self._skipping = True
            self._rest = b""
