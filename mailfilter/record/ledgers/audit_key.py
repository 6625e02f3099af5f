"""The key of the audit log: 32 secret bytes that only desk holds.

Under it each line of the log and the log's head are sealed (HMAC-SHA256), and checkpoints are
signed (Ed25519): who can write to the database but has not this key can neither change a line nor
make a new one, and who has a checkpoint needs only ``audit.pub`` to know that it is ours.

The signing key is made of the same secret, so that one file is kept and restored. What is sealed
is always a JSON list that begins with what it is, and the signing key is made of a text that is
none: no seal of one kind is ever one of another.

Sources: RFC 2104 (HMAC), RFC 8032 (Ed25519).
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIZE = 32
_SIGNING = b"mailfilter: the signature of checkpoints"


@dataclass(frozen=True, slots=True)
class AuditKey:
    """The secret, and what is made with it."""

    secret: bytes = field(repr=False)

    def seal(self, what: str, *values: str | int) -> str:
        """The seal of `values` as a `what`: 64 hexadecimal digits."""
        text = json.dumps([what, *values], separators=(",", ":")).encode("ascii")
        return hmac.digest(self.secret, text, hashlib.sha256).hex()

    def sign(self, text: str) -> str:
        """The signature of an ASCII text: 86 letters of base64url."""
        signature = self._signer().sign(text.encode("ascii"))
        return base64.urlsafe_b64encode(signature).decode().rstrip("=")

    def signed(self, text: str, signature: str) -> bool:
        """Whether `signature` is ours for `text`."""
        try:
            raw = base64.urlsafe_b64decode(signature + "==")
            self._signer().public_key().verify(raw, text.encode("ascii"))
        except (InvalidSignature, ValueError):
            return False
        return True

    @property
    def name(self) -> str:
        """By which the public key is called in checkpoints: 16 hexadecimal digits."""
        raw = self._signer().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()[:16]

    @property
    def public(self) -> str:
        """The public key as PEM, as ``openssl`` reads it."""
        public = self._signer().public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip()

    def _signer(self) -> Ed25519PrivateKey:
        return _signer(self.secret)


@lru_cache(maxsize=4)
def _signer(secret: bytes) -> Ed25519PrivateKey:
    seed = hmac.digest(secret, _SIGNING, hashlib.sha256)
    return Ed25519PrivateKey.from_private_bytes(seed)
