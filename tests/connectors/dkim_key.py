"""A DKIM key made for the run of the tests, and a verifier that knows it."""

from base64 import b64encode
from dataclasses import dataclass

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True)
class Key:
    pem: bytes
    record: bytes


def _made() -> Key:
    key = rsa.generate_private_key(65537, 1024)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Key(pem, b"v=DKIM1; k=rsa; p=" + b64encode(public))


KEY = _made()


def verified(message: bytes) -> bool:
    """Whether the topmost signature holds."""
    return dkim.verify(message, dnsfunc=lambda *_, **__: KEY.record)
