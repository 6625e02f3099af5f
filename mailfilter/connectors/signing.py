"""DKIM for what we write ourselves: notices, reports, and hand-overs whose header was rewritten.

From → to: bytes → the same with a DKIM-Signature on top (relaxed/relaxed, RSA-SHA256, `dkimpy`).
Relayed and released mail is never signed and never touched (P5).
"""

from dataclasses import dataclass

import dkim

from mailfilter.config import Notice
from mailfilter.errors import ConfigError, Permanent

_SIGNED = (
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"reply-to", b"mime-version",
    b"content-type", b"content-transfer-encoding", b"auto-submitted", b"in-reply-to", b"references",
)  # fmt: skip


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
        try:
            signature = dkim.sign(
                message,
                self.selector,
                self.domain,
                self.key,
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=self._present(message),
            )
        except (dkim.DKIMException, ValueError, IndexError, UnicodeError) as error:
            raise Permanent(f"the message cannot be signed: {type(error).__name__}") from error
        return bytes(signature) + message

    @staticmethod
    def _present(message: bytes) -> list[bytes]:
        head = message.partition(b"\r\n\r\n")[0].lower()
        return [name for name in _SIGNED if (b"\r\n" + head).find(b"\r\n" + name + b":") >= 0]


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
