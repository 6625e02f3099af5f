"""DKIM for what we write ourselves: notices, reports, and hand-overs whose header was rewritten.

From → to: bytes → the same with a DKIM-Signature on top (relaxed/simple, RSA-SHA256, `dkimpy`).
Relayed and released mail is never signed and never touched (P5).

Why "simple" for the body: a hand-over carries a stranger's body, and the library's "relaxed" takes
quadratic time over a long row of spaces. Why it is shown only the signed fields, unfolded: the
signature is the same ("relaxed" unfolds), and it would refuse a whole mail for one odd field that
it does not sign, and takes quadratic time over a field of very many lines.
"""

from dataclasses import dataclass

import dkim

from mailfilter.config import Notice
from mailfilter.connectors import headers
from mailfilter.errors import ConfigError, Permanent

_SIGNED = frozenset({
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"reply-to", b"mime-version",
    b"content-type", b"content-transfer-encoding", b"auto-submitted", b"in-reply-to", b"references",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signer:
    """A domain's key. The key never leaves this object: its repr names the domain only."""

    domain: bytes
    selector: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"Signer({self.domain!r})"

    def sign(self, message: bytes) -> bytes:
        """The message with its signature on top; Permanent if it cannot be signed."""
        head = headers.split(message)
        signed = [field for field in head.fields if headers.name(field) in _SIGNED]
        bare = headers.Head(tuple(_unfolded(field) for field in signed), head.rest)
        try:
            signature = dkim.sign(
                bare.joined(),
                self.selector,
                self.domain,
                self.key,
                canonicalize=(b"relaxed", b"simple"),
                include_headers=[headers.name(field) for field in signed],
            )
        except (dkim.DKIMException, ValueError, IndexError) as error:
            raise Permanent("dkim-cannot-sign") from error
        return bytes(signature) + message


def _unfolded(field: bytes) -> bytes:
    text = headers.value(field).replace(b"\r\n", b"").replace(b"\n", b"")
    return headers.name(field) + b":" + text + b"\r\n"


def signer_of(notice: Notice) -> Signer | None:
    """The signer that the settings describe, or None; ConfigError if the key cannot be used."""
    if notice.dkim_key is None:
        return None
    try:
        key = notice.dkim_key.read_bytes()
    except OSError as error:
        raise ConfigError(f"notice.dkim_key: {notice.dkim_key}: {error.strerror}") from error
    try:
        signer = Signer(
            notice.dkim_domain.encode("idna"), notice.dkim_selector.encode("ascii"), key
        )
        signer.sign(b"From: a@b.example\r\n\r\nx\r\n")
    except (Permanent, UnicodeError) as error:
        raise ConfigError(
            f"notice.dkim_key: {notice.dkim_key}: must be an RSA key in PEM form"
        ) from error
    return signer
