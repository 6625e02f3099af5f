"""Ways to hide a number behind a password that the same mail tells: OpenPGP, as `gpg -c` makes it.

From → to: `ways()` yields (name, function from twelve digits to an entity, why it is missed or "").

Invariant: the same number gives the same bytes; salt and noise are fixed: nothing is secret here.
Sources: RFC 9580 3.7.1.3, 5.3, 5.7, 5.9, 5.13.1.
"""

import base64
import hashlib
from collections.abc import Iterator

from mailfilter.selftest.files import zipped
from mailfilter.selftest.mails import Make, based, crlf, entity, multipart, said

Way = tuple[str, Make, str]
PASSWORD = "Sommar2026"  # noqa: S105 - told in each of these mails
_SALT, _NOISE = b"saltsalt", b"0123456789abcdef"
_COUNT = 0x60  # of S2K: 65,536 bytes
_TOLD = f"Hej, filen är låst.\r\nLösenord: {PASSWORD}\r\n"


def ways() -> Iterator[Way]:
    """All ways of this kind."""
    for name, make in _WAYS.items():
        yield name, make, ""


def packet(tag: int, content: bytes) -> bytes:
    """A packet of the newer form, with a length of four bytes."""
    return bytes([0xC0 | tag, 255]) + len(content).to_bytes(4) + content


def locked(data: bytes, name: str = "a.txt", password: str = PASSWORD) -> bytes:
    """A message with one file: AES-256, a key by SHA-256, salted and repeated."""
    from Cryptodome.Cipher import AES

    source = _SALT + password.encode()
    repeated = (source * (65_536 // len(source) + 1))[:65_536]
    key = hashlib.sha256(repeated).digest()
    file = b"b" + bytes([len(name)]) + name.encode() + bytes(4) + data
    plain = _NOISE + _NOISE[-2:] + packet(11, file) + b"\xd3\x14"
    plain += hashlib.sha1(plain, usedforsecurity=False).digest()
    padded = plain + bytes(-len(plain) % 16)
    sealed = AES.new(key, AES.MODE_CFB, iv=bytes(16), segment_size=128).encrypt(padded)
    told = bytes([4, 9, 3, 8]) + _SALT + bytes([_COUNT])
    return packet(3, told) + packet(18, b"\1" + sealed[: len(plain)])


def armoured(message: bytes) -> str:
    """The same in armour."""
    rows = base64.encodebytes(message).decode()
    return f"-----BEGIN PGP MESSAGE-----\n\n{rows}-----END PGP MESSAGE-----\n"


def _named(name: str) -> str:
    return f'Content-Disposition: attachment; filename="{name}"\r\n'


def _beside(name: str, kind: str, data: bytes) -> bytes:
    """A file beside the text that tells its password."""
    return multipart(
        "mixed",
        entity("text/plain; charset=utf-8", _TOLD.encode()),
        based(kind, data, _named(name)),
    )


_OCTETS = "application/octet-stream"
_WAYS: dict[str, Make] = {
    "gpg -c": lambda n: _beside("a.txt.gpg", "application/pgp-encrypted", locked(said(n).encode())),
    "gpg -c under another name": lambda n: _beside("a.dat", _OCTETS, locked(said(n).encode())),
    "gpg -c -a": lambda n: _beside(
        "a.asc", "text/plain", armoured(locked(said(n).encode())).encode()
    ),
    "gpg -c -a in the text": lambda n: based(
        "text/plain; charset=utf-8",
        crlf(_TOLD + armoured(locked(said(n).encode()))).encode(),
    ),
    "gpg -c of a zip": lambda n: _beside(
        "a.gpg", _OCTETS, locked(zipped("b.txt", said(n).encode()), "a.zip")
    ),
    "gpg -c: name of the file": lambda n: _beside("a.gpg", _OCTETS, locked(b"hej", f"{n}.txt")),
    "gpg -c in a zip": lambda n: multipart(
        "mixed",
        entity("text/plain; charset=utf-8", _TOLD.encode()),
        based(
            "application/zip",
            zipped("a.gpg", locked(said(n).encode())),
            _named("a.zip"),
        ),
    ),
    "gpg -c, password in the name of the other file": lambda n: multipart(
        "mixed",
        based("text/plain", b"hej", _named(f"losenord {PASSWORD}.txt")),
        based(
            _OCTETS, locked(said(n).encode()), "Content-Disposition: attachment; filename=a.gpg\r\n"
        ),
    ),
}
