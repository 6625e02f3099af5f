"""CR and LF that are no CRLF, and NUL: wire bytes → whether there are any (promise P7).

Who passes them on helps to smuggle messages past the next server, who changes them breaks
signatures; so the message is refused.

Invariant: linear, no Python per line. Lines of one length, as attachments have them, are looked at
by column: where each of them must end there is CRLF, and without those no CR or LF is left; 0.1 ms
a MiB. All else is given to the standard library's look for kinds of line ends, 0.3 ms a MiB, half
of that of anything that counts.
"""

from io import IncrementalNewlineDecoder

from mailfilter import limits

_PIECE = 128 * limits.KIB
_SMALL = 64 * limits.KIB  # looked at as it is
_FIRST = 4 * limits.KIB  # of a larger one, before each try for lines of one length; grows
_LEAST = 16 * limits.KIB  # of such lines
_SHORT, _LONG = 16, 1000  # bytes of such a line


def stray(wire: bytes) -> bool:
    """Whether a message holds a lone CR, a lone LF or a NUL."""
    seen, view = IncrementalNewlineDecoder(None, translate=False), memoryview(wire)
    at, room = 0, _FIRST if len(wire) > _SMALL else _SMALL
    while at < len(wire):
        end = _even(wire, at) if at else 0
        if end == at:
            end = wire.rfind(b"\n", at, at + room) + 1 or at + room
            seen.decode(str(view[at:end], "latin-1"))
            room = min(2 * room, _PIECE)
        else:
            room = _FIRST
        at = end
    seen.decode("", final=True)
    return seen.newlines not in (None, "\r\n") or b"\0" in wire


def _even(wire: bytes, at: int) -> int:
    """The end of lines of one length from `at` on that hold nothing stray; `at` if there are none,
    too few, or it is no start of a line. `at` is not the start of it all."""
    if len(wire) - at < _LEAST or wire[at - 1] != ord("\n"):
        return at
    step = wire.find(b"\r\n", at, at + _LONG) + 2 - at
    if step < _SHORT:
        return at
    end = at + _PIECE
    lines = min(
        _begin(wire[at + step - 2 : end : step], b"\r"),
        _begin(wire[at + step - 1 : end : step], b"\n"),
    )
    if lines * step < _LEAST:
        return at
    left = bytearray(memoryview(wire)[at : at + lines * step])
    left[step - 2 :: step] = left[step - 1 :: step] = bytes(lines)
    return at if b"\r" in left or b"\n" in left else at + lines * step


def _begin(column: bytes, end: bytes) -> int:
    """How many bytes at its start are this one."""
    every = len(column)
    return every if column == end * every else every - len(column.lstrip(end))
