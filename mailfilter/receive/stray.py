"""CR and LF that are no CRLF, and NUL: wire bytes → whether there are any (promise P7).

Who passes them on helps to smuggle messages past the next server, who changes them breaks
signatures; so the message is refused. A CRLF is one CR and one LF, so three equal counts say all.

Invariant: linear, no Python per line, no copy; 1 ms a MiB whatever the content.
"""


def stray(wire: bytes) -> bool:
    """Whether a message holds a lone CR, a lone LF or a NUL."""
    pairs = wire.count(b"\r\n")
    return wire.count(b"\r") != pairs or wire.count(b"\n") != pairs or b"\0" in wire
