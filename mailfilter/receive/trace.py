"""The one trace field that smart-host mode adds (RFC 5321 4.4, RFC 3848 for the protocol word)."""

import re
from datetime import datetime
from email.utils import format_datetime

_ODD = re.compile(rb"[^A-Za-z0-9.:_\[\]-]")


def received(helo: bytes, peer: str, hostname: str, protocol: str, now: datetime) -> bytes:
    """A Received field with CRLF. What the client called itself cannot break out of it."""
    name = _ODD.sub(b"?", helo[:255]).decode("ascii")
    literal = f"IPv6:{peer}" if ":" in peer else peer
    return (
        f"Received: from {name} ([{literal}])\r\n"
        f"\tby {hostname} (mailfilter) with {protocol};\r\n"
        f"\t{format_datetime(now)}\r\n"
    ).encode("ascii", "replace")
