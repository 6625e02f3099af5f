"""Secrets in links: made, compared, and used as the key of a message.

A link ``/m/ID/SECRET`` proves by its secret alone that somebody was sent it. The secret has 256
bits of chance, so nobody can guess it and nothing need make it slow.

From → to: a secret → its mark (a keyed hash, all that is stored for comparing), and the data key of
a message wrapped to it: without desk's key and the escrow's, whoever has the link still opens the
message, and nobody else does.

- `purpose` is the letter in the address ("m": the sender's, "h": a recipient's). Mark and wrap hold
  for one purpose and one owner; a secret that is used elsewhere fits nothing.
- The key that wraps is made by HKDF from secret, purpose and owner and is used once, so its nonce
  is constant. Source: RFC 5869, NIST SP 800-38D.
"""

import base64
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mailfilter.errors import Permanent

LENGTH = 43  # characters: 32 bytes in base64url without its padding
SENDER, RECIPIENT = "m", "h"
_NONCE = bytes(12)
Entropy = Callable[[int], bytes]


def new(entropy: Entropy = secrets.token_bytes) -> str:
    """A secret for an address: letters, digits, hyphen and underscore."""
    return base64.urlsafe_b64encode(entropy(32)).rstrip(b"=").decode("ascii")


def mark(key: bytes, purpose: str, owner: str, secret: str) -> bytes:
    """What is stored of a secret. `key` is desk's own."""
    return hmac.digest(key, _about("mark", purpose, owner) + secret.encode(), "sha256")


def holder(key: bytes, address: str) -> bytes:
    """What is stored of the one whose mail it is: by it ``/mina`` finds her rows."""
    return hmac.digest(key, b"mailfilter holder|" + address.lower().encode(), "sha256")


def wrap(secret: str, purpose: str, owner: str, data_key: bytes) -> bytes:
    """The data key, so that whoever has the secret can open it."""
    place = _about("wrap", purpose, owner)
    return cipher(secret, place).encrypt(_NONCE, data_key, owner.encode())


def unwrap(secret: str, purpose: str, owner: str, wrapped: bytes) -> bytes:
    """The data key; Permanent where the secret does not fit or the wrap has been destroyed."""
    try:
        place = _about("wrap", purpose, owner)
        return cipher(secret, place).decrypt(_NONCE, wrapped, owner.encode())
    except (InvalidTag, ValueError) as error:
        raise Permanent(f"{owner}: the link does not open this message") from error


def ticket(key: bytes, what: str, text: str, until: datetime, nonce: bytes) -> str:
    """A word for an address or a cookie that holds `text`, and which only desk can make or read.

    `nonce` is 12 random bytes, by which the word is known. It is good until `until`.
    """
    plain = f"{int(until.timestamp())}|{text}".encode()
    sealed = nonce + AESGCM(_ticket_key(key)).encrypt(nonce, plain, what.encode())
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says. Two words with one `nonce` are one ticket, however they are written."""

    text: str
    nonce: bytes
    until: datetime


def read_ticket(key: bytes, what: str, word: str, now: datetime) -> Ticket | None:
    """A ticket of this sort that has not ended, or None."""
    try:
        sealed = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        plain = AESGCM(_ticket_key(key)).decrypt(sealed[:12], sealed[12:], what.encode())
    except (InvalidTag, ValueError):
        return None
    ends, _, text = plain.decode().partition("|")
    until = datetime.fromtimestamp(int(ends), UTC)
    return Ticket(text, sealed[:12], until) if now < until else None


def _ticket_key(key: bytes) -> bytes:
    return hmac.digest(key, b"mailfilter tickets", "sha256")


def cipher(secret: str, info: bytes, salt: bytes | None = None) -> AESGCM:
    """What a secret of a link closes a key with, good for the place that `info` names alone."""
    kdf = HKDF(algorithm=SHA256(), length=32, salt=salt, info=info)
    return AESGCM(kdf.derive(secret.encode()))


def _about(what: str, purpose: str, owner: str) -> bytes:
    return f"mailfilter link|{what}|{purpose}|{owner}|".encode()
