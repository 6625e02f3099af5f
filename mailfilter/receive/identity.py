"""By what a retry and the copies of one mail are known again (promise P2).

Keyed hashes (HMAC-SHA256), so that who sees them learns nothing. Fields are written with their
length in front: no two different envelopes give the same bytes.

- `join_key`: the same transaction tried again. Postfix' front server writes a new Received field
  at each try, so the unbroken run of them at the top does not count; all else must be the same.
- `incident_key`: copies of one mail that its server split by recipient. Their headers may differ
  in trace and recipient fields; Message-ID, sender and body do not.
"""

import hashlib
import hmac
from collections.abc import Iterable

from mailfilter.model import Envelope
from mailfilter.receive.header import after_trace


def body_without_trace(data: bytes) -> memoryview:
    """The message without the Received fields at its top; no copy."""
    return memoryview(data)[after_trace(data) :]


def join_key(secret: bytes, envelope: Envelope, data: bytes) -> bytes:
    """The same for every try of one transaction, whatever the order of its recipients."""
    rcpts = sorted(rcpt.address for rcpt in envelope.rcpts)
    digest = hashlib.sha256(body_without_trace(data)).digest()
    return _keyed(secret, [b"join", envelope.mail.address, *rcpts, digest])


def incident_key(secret: bytes, sender: bytes, message_id: str, data: bytes) -> bytes:
    """The same for all copies of one mail; `data` is the message, its header does not count."""
    start = 0 if data.startswith(b"\r\n") else data.find(b"\r\n\r\n")
    body = memoryview(data)[start:] if start >= 0 else memoryview(b"")
    digest = hashlib.sha256(body).digest()
    name = message_id.encode("utf-8", "surrogateescape")
    return _keyed(secret, [b"incident", sender, name, digest])


def _keyed(secret: bytes, fields: Iterable[bytes]) -> bytes:
    mac = hmac.new(secret, digestmod=hashlib.sha256)
    for field in fields:
        mac.update(len(field).to_bytes(4, "big") + field)
    return mac.digest()
