"""Sealing: what is stored is encrypted before it leaves the process that received it.

From → to: `Staged` → `Sealed` (`Sealer`, public keys only) → body and dossier (`Opener`, desk's
private key).

- Each message has a random 256-bit key of its own. It is wrapped by age (X25519) to desk and to an
  offline escrow key: one file for both. age knows no associated data, so the message's id stands
  inside the wrapped text and is compared on opening.
- The body is AES-256-GCM in chunks of 1 MiB. The nonce is the chunk's index (the key is never used
  for a second message); format version, message id, index and "last" are authenticated, so chunks
  cannot be moved, swapped, cut off or put into another message.
- The dossier is sealed with the same key, a nonce that no chunk has, and associated data of its
  own. One that is sealed anew (what reading on found) has a random nonce, which stands before it
  behind a mark: no nonce is ever used twice.

Source: age-encryption.org/v1, NIST SP 800-38D. Known gap: sizes and times are visible.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mailfilter import limits
from mailfilter.errors import Permanent
from mailfilter.record.archive import dossier as codec
from mailfilter.record.contract import Dossier, Staged, StagedItem

_MAGIC = b"mailfilter-key-1\0"
_SECRET = b"mailfilter-link-1\0"
_FORMAT = "mailfilter-1"
_DOSSIER_NONCE = b"\xff" * 12  # no chunk index reaches it
_AGAIN = b"sealed-again\0\1"  # no ciphertext begins so but by a chance of 2^-112
Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A `Staged` of which only what the store must know can be read without a key."""

    id: str
    join_key: bytes
    incident_key: bytes
    at: datetime
    department: str
    controller: str
    protected: bool
    rules_hash: str
    items: tuple[StagedItem, ...]
    notice: bool
    size: int
    wrapped: bytes
    dossier: bytes
    chunks: tuple[bytes, ...]


def parcel_owner(message: str) -> str:
    """Whose key seals a dossier that an outbox row carries itself."""
    return f"parcel:{message}"


class Sealer:
    """Seals to public keys; what it sealed it cannot open."""

    def __init__(self, recipients: Sequence[str], entropy: Entropy = secrets.token_bytes) -> None:
        self._recipients = [pyrage.x25519.Recipient.from_str(key) for key in recipients]
        self._entropy = self.entropy = entropy

    def seal(self, staged: Staged) -> Sealed:
        """The sealed form. About 0.5 ms and 0.4 ms for each MiB: big bodies belong in a thread."""
        key = self._entropy(32)
        department, controller = staged.department, staged.controller
        if staged.protected:  # not even the department may be listed (V5)
            department = controller = ""
        return Sealed(
            id=staged.id,
            join_key=staged.join_key,
            incident_key=staged.incident_key,
            at=staged.at,
            department=department,
            controller=controller,
            protected=staged.protected,
            rules_hash=staged.rules_hash,
            items=staged.items,
            notice=staged.notice,
            size=len(staged.body),
            wrapped=self._wrap(key, staged.id),
            dossier=_seal_dossier(key, staged.id, staged.dossier),
            chunks=_seal_body(key, staged.id, staged.body),
        )

    def seal_dossier(self, owner: str, dossier: Dossier) -> tuple[bytes, bytes]:
        """(wrapped key, sealed dossier) for a row that stands without a message."""
        key = self._entropy(32)
        return self._wrap(key, owner), _seal_dossier(key, owner, dossier)

    def seal_secret(self, owner: str, secret: str) -> bytes:
        """A link's secret, or a sender's own words, for desk alone: the escrow opens no link."""
        desk = self._recipients[:1]
        return bytes(pyrage.encrypt(_SECRET + owner.encode() + b"\0" + secret.encode(), desk))

    def _wrap(self, key: bytes, owner: str) -> bytes:
        return bytes(pyrage.encrypt(_MAGIC + key + owner.encode(), self._recipients))


class Opener:
    """Opens with desk's (or the escrow's) private key. Damage and wrong keys are `Permanent`."""

    def __init__(self, identity: str) -> None:
        self._identity = pyrage.x25519.Identity.from_str(identity)
        # for the marks of links: whoever has a copy of the database alone can compare nothing
        self.link_key = hmac.digest(identity.encode(), b"mailfilter link marks", "sha256")
        self.search_key = hmac.digest(identity.encode(), b"mailfilter search terms", "sha256")

    def key(self, wrapped: bytes, owner: str) -> bytes:
        """The data key of `owner`."""
        try:
            text = bytes(pyrage.decrypt(wrapped, [self._identity]))
        except pyrage.DecryptError as error:
            raise Permanent(f"{owner}: sealed to another key, or damaged") from error
        if not text.startswith(_MAGIC) or text[len(_MAGIC) + 32 :] != owner.encode():
            raise Permanent(f"{owner}: the key belongs to another message")
        return text[len(_MAGIC) : len(_MAGIC) + 32]

    def dossier(self, wrapped: bytes, sealed: bytes, owner: str) -> Dossier:
        """The dossier of `owner`."""
        return open_dossier(self.key(wrapped, owner), sealed, owner)

    def secret(self, sealed: bytes, owner: str) -> str:
        """A link's secret, as `Sealer.seal_secret` sealed it."""
        try:
            text = bytes(pyrage.decrypt(sealed, [self._identity]))
        except pyrage.DecryptError as error:
            raise Permanent(f"{owner}: sealed to another key, or damaged") from error
        start = _SECRET + owner.encode() + b"\0"
        if not text.startswith(start):
            raise Permanent(f"{owner}: the secret belongs to another message")
        return text[len(start) :].decode()

    def seal_again(self, wrapped: bytes, dossier: Dossier, owner: str) -> bytes:
        """Another dossier of `owner`, under the key that its message has."""
        nonce = secrets.token_bytes(12)
        cipher = AESGCM(self.key(wrapped, owner))
        about = _AGAIN + _about_dossier(owner)
        return _AGAIN + nonce + cipher.encrypt(nonce, codec.to_bytes(dossier), about)

    def body(self, wrapped: bytes, chunks: Sequence[bytes], owner: str) -> bytes:
        """The body of `owner`; all chunks, in order."""
        return open_body(self.key(wrapped, owner), chunks, owner)


def open_dossier(key: bytes, sealed: bytes, owner: str) -> Dossier:
    """The dossier of `owner` by its data key, which desk's key or a link's secret gives."""
    cipher = AESGCM(key)
    nonce, about = _DOSSIER_NONCE, _about_dossier(owner)
    if sealed.startswith(_AGAIN):
        start = len(_AGAIN) + len(nonce)
        nonce, sealed, about = sealed[len(_AGAIN) : start], sealed[start:], _AGAIN + about
    try:
        return codec.from_bytes(cipher.decrypt(nonce, sealed, about))
    except (InvalidTag, ValueError, TypeError, KeyError) as error:
        raise Permanent(f"{owner}: the sealed dossier is damaged") from error


def open_body(key: bytes, chunks: Sequence[bytes], owner: str) -> bytes:
    """The body of `owner` by its data key; all chunks, in order."""
    cipher = AESGCM(key)
    last = len(chunks) - 1
    try:
        return b"".join(
            cipher.decrypt(_nonce(n), sealed, _about_chunk(owner, n, n == last))
            for n, sealed in enumerate(chunks)
        )
    except InvalidTag as error:
        raise Permanent(f"{owner}: the sealed body is damaged") from error


def _seal_body(key: bytes, owner: str, body: bytes) -> tuple[bytes, ...]:
    cipher = AESGCM(key)
    view = memoryview(body)
    starts = range(0, len(body), limits.CHUNK) or range(1)  # an empty body is one empty chunk
    return tuple(
        cipher.encrypt(
            _nonce(n),
            view[start : start + limits.CHUNK],
            _about_chunk(owner, n, start == starts[-1]),
        )
        for n, start in enumerate(starts)
    )


def _seal_dossier(key: bytes, owner: str, dossier: Dossier) -> bytes:
    return AESGCM(key).encrypt(_DOSSIER_NONCE, codec.to_bytes(dossier), _about_dossier(owner))


def _nonce(n: int) -> bytes:
    return n.to_bytes(12, "big")


def _about_chunk(owner: str, n: int, last: bool) -> bytes:
    return f"{_FORMAT}|body|{n}|{int(last)}|{owner}".encode()


def _about_dossier(owner: str) -> bytes:
    return f"{_FORMAT}|dossier|{owner}".encode()
