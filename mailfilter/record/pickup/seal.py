"""Keys of pickup: what is handed over is opened by a link and by nothing that is stored.

A deposit (one message that waits) has a random 256-bit data key of its own. Body, chunk by chunk,
and what must be known of it are AES-256-GCM under that key, bound to the deposit's id, as in
``seal.py``. The data key is stored wrapped, once for each link: AES-256-GCM under a key that
HKDF-SHA-256 makes of the link's secret, with the id of the link's owner as `info`, so that a wrap
fits one place only.

Why HKDF and not Argon2: a secret of a link is 256 random bits, which no machine tries through; a
slow function would add nothing. What people choose (the passphrase of a shared mailbox) or what is
short (a code) is no key of anything: it is compared by desk, at most five times, and what it is
compared with (an Argon2id hash, a code) lies under the data key, where nobody without a link finds
it. Why age beside it: what desk must read without a link (a link that is not yet mailed, whom to
tell) is sealed to desk's public key, and not to the escrow.

Sources: RFC 5869, NIST SP 800-38D, age-encryption.org/v1.
"""

import base64
import json
import secrets
from collections.abc import Sequence
from typing import Any

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mailfilter import limits
from mailfilter.errors import Permanent
from mailfilter.record.sealing import link_secret

_FORMAT = "mailfilter-pickup-1"
_SALT = b"mailfilter-pickup-1"
WRONG = "pickup- the link does not open this"


def new_id() -> str:
    """An id that says nothing: 80 bits in 16 small letters and digits."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def new_key() -> bytes:
    """A data key."""
    return secrets.token_bytes(32)


def wrap(key: bytes, secret: str, owner: str) -> bytes:
    """The data key as the link of `owner` opens it."""
    nonce = secrets.token_bytes(12)
    closed = link_secret.cipher(secret, owner.encode(), _SALT)
    return nonce + closed.encrypt(nonce, key, _about("key", owner))


def unwrap(wrapped: bytes | None, secret: str, owner: str) -> bytes:
    """The data key; Permanent if the link is not the one, or was ended."""
    if not wrapped:
        raise Permanent(WRONG)
    try:
        closed = link_secret.cipher(secret, owner.encode(), _SALT)
        return closed.decrypt(wrapped[:12], wrapped[12:], _about("key", owner))
    except (InvalidTag, ValueError) as error:
        raise Permanent(WRONG) from error


def seal_facts(key: bytes, facts: dict[str, Any], owner: str) -> bytes:
    """Facts of a deposit, or of one of its boxes, under its data key."""
    nonce = secrets.token_bytes(12)
    text = json.dumps(facts, separators=(",", ":")).encode("ascii")
    return nonce + AESGCM(key).encrypt(nonce, text, _about("facts", owner))


def open_facts(key: bytes, sealed: bytes, owner: str) -> dict[str, Any]:
    """The reverse; Permanent on damage."""
    try:
        text = AESGCM(key).decrypt(sealed[:12], sealed[12:], _about("facts", owner))
        return dict(json.loads(text))
    except (InvalidTag, ValueError) as error:
        raise Permanent(f"{owner}: the sealed facts are damaged") from error


def seal_body(key: bytes, body: bytes, owner: str) -> list[bytes]:
    """The chunks of a body; an empty one is one empty chunk."""
    cipher, view = AESGCM(key), memoryview(body)
    starts = range(0, len(body), limits.CHUNK) or range(1)
    return [
        cipher.encrypt(
            n.to_bytes(12, "big"),
            view[start : start + limits.CHUNK],
            _about(f"body|{n}|{int(start == starts[-1])}", owner),
        )
        for n, start in enumerate(starts)
    ]


def open_body(key: bytes, chunks: Sequence[bytes], owner: str) -> bytes:
    """All chunks, in order, as the body again; Permanent if one is missing or damaged."""
    cipher, last = AESGCM(key), len(chunks) - 1
    try:
        return b"".join(
            cipher.decrypt(
                n.to_bytes(12, "big"), sealed, _about(f"body|{n}|{int(n == last)}", owner)
            )
            for n, sealed in enumerate(chunks)
        )
    except InvalidTag as error:
        raise Permanent(f"{owner}: the sealed body is damaged") from error


def _about(what: str, owner: str) -> bytes:
    return f"{_FORMAT}|{what}|{owner}".encode()


class DeskSeal:
    """Seals to desk's public key alone, and opens; without `identity` it only seals."""

    def __init__(self, public: str, identity: str = "") -> None:
        self._public = pyrage.x25519.Recipient.from_str(public)
        self._identity = pyrage.x25519.Identity.from_str(identity) if identity else None

    def seal(self, facts: dict[str, Any], owner: str) -> bytes:
        """Facts that desk must read without a link."""
        text = json.dumps([_FORMAT, owner, facts], separators=(",", ":")).encode("ascii")
        return bytes(pyrage.encrypt(text, [self._public]))

    def open(self, sealed: bytes, owner: str) -> dict[str, Any]:
        """The reverse; Permanent on damage, or if it belongs elsewhere."""
        if self._identity is None:
            raise Permanent(f"{owner}: only desk opens this")
        try:
            form, whose, facts = json.loads(pyrage.decrypt(sealed, [self._identity]))
        except (pyrage.DecryptError, ValueError) as error:
            raise Permanent(f"{owner}: sealed to another key, or damaged") from error
        if (form, whose) != (_FORMAT, owner):
            raise Permanent(f"{owner}: the seal belongs to another row")
        return dict(facts)
