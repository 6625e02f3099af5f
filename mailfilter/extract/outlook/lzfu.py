r"""Compressed RTF (LZFu), as Outlook keeps the text of a mail in msg and winmail.dat.

From → to: the bytes of PidTagRtfCompressed → RTF. Literals and references of 2-17 bytes into a
ring of 4096, which begins filled with words that RTF often has.

Invariants: what comes out is counted and no longer than `LONGEST`; the size and checksum that the
header states are not believed; a stream that ends early gives what it has.

Sources: MS-OXRTFCP 2.1-2.2, its examples in chapter 3.
"""

import struct

from mailfilter import limits
from mailfilter.extract.kit.budget import Budget, Unreadable

LONGEST = 4 * limits.MIB  # some 2 s; Outlook's own mails stay under 1 MiB
_PACKED, _PLAIN = b"LZFu", b"MELA"
_RING = 4096
_BEGIN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def unpack(data: bytes, budget: Budget) -> bytes:
    """The RTF."""
    if len(data) < 16:
        raise Unreadable("broken-document")
    kind, (size,) = data[8:12], struct.unpack_from("<I", data)
    body = data[16 : max(size + 4, 16)]
    if kind == _PLAIN:
        budget.take_bytes(len(body))
        return body
    if kind != _PACKED:
        raise Unreadable("broken-document")
    return _unpacked(body, budget)


def _unpacked(body: bytes, budget: Budget) -> bytes:
    ring = bytearray(_BEGIN.ljust(_RING, b"\0"))
    write, out, at = len(_BEGIN), bytearray(), 0
    while at < len(body):
        control, at = body[at], at + 1
        before = len(out)
        for bit in range(8):
            if not control >> bit & 1:
                piece = body[at : at + 1]
                at += 1
            elif at + 2 <= len(body):
                pair, at = body[at] << 8 | body[at + 1], at + 2
                if pair >> 4 == write:
                    return bytes(out)
                piece = _copied(ring, pair >> 4, (pair & 15) + 2, write)
            else:
                return bytes(out)
            for byte in piece:
                ring[write] = byte
                write = (write + 1) % _RING
            out += piece
        budget.take_bytes(len(out) - before)
        if len(out) > LONGEST:
            raise Unreadable("inflated-size")
    return bytes(out)


def _copied(ring: bytearray, start: int, length: int, write: int) -> bytes:
    """Bytes of the ring; those that the copy itself writes repeat."""
    if start < write < start + length:
        pattern = bytes(ring[start:write])
        return (pattern * (length // len(pattern) + 1))[:length]
    return bytes(ring[start : start + length]) + bytes(ring[: max(0, start + length - _RING)])
