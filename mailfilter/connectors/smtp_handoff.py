"""Hand-over by SMTP: the message goes to a service's own mail server, rewritten as it asks.

Covers services reached by a smart host (Zivver and its like), by an extension of the address
(``{address}.s``) or by a collecting domain (``{local}%{domain}@service.example``). Every setting
is explained under ``[connectors.NAME]`` in ``deploy/mailfilter.toml``.

From → to: `HandOver` → `Result`. Success is the 250 of that hop and nothing else (P1). With
`split` each recipient has a transaction of its own, and who is refused does not stop the others;
without it all have the message, or none.

Never handed over, but held for a person (the code is the receipt):

``loop``                          it carries this installation's loop token or one of
                                  `stop_headers`: it has been there
``over-size-limit``               larger than `size_limit`
``envelope-address-not-usable``   an address that is none, or would be two in a header
``envelope-address-holds-number`` an identity number would stand in every log on the way
``header-not-usable``             its first line is a continuation: nothing can be put on top
``dkim-cannot-sign``              it was rewritten and cannot be signed anew (no From, as a rule)

With ``header_recipients = "rewrite"`` To and Cc become one To of those that this service reaches
and that stood there; who was in Bcc does not come into it, and Bcc goes.

The envelope has BODY and SMTPUTF8 where the message needs them. SIZE is dropped since the size may
change, and DSN parameters since the service answers for delivery in its own way.

The loop guard is a header with a random token of the installation: a stranger who sets the header
cannot stop mail, and two installations that use one service do not stop each other's.
"""

import asyncio
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailfilter import config, replies
from mailfilter.connectors import headers
from mailfilter.connectors.contract import (
    Check,
    HandOver,
    Kind,
    Result,
    Send,
    carries_number,
    judged,
)
from mailfilter.connectors.signing import Signer
from mailfilter.errors import Permanent
from mailfilter.model import Path

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-\u00a0-\U0010ffff]"
_QUOTED = r'"(?:[ !#-\[\]-~\u00a0-\U0010ffff]|\\[ -~])*"'
_DOMAIN = r"(?:[A-Za-z0-9._\-\u00a0-\U0010ffff]+|\[[A-Za-z0-9.:\-]+\])"
_SENDABLE = re.compile(f"(?:{_ATEXT}+|{_QUOTED})@{_DOMAIN}")
_SPACES = re.compile(r"[^\S ]|[\u00a0\u2000-\u200f\u2028-\u202f\u205f-\u206f\ufeff]")
_NO_CONNECTION = (replies.HOP_DOWN, replies.HOP_ABSENT, replies.HOP_ODD)
_PURPOSE = b"mailfilter: loop guard of hand-overs"


def loop_token(secret: bytes) -> str:
    """An installation's token, made of its join secret (which it does not give away)."""
    return hmac.digest(secret, _PURPOSE, "sha256").hex()[:32]


@dataclass(frozen=True, slots=True)
class SmtpHandoff:
    """One service. `send` speaks to its server; `token` is this installation's own."""

    settings: config.Connector
    send: Send
    token: str
    signer: Signer | None = None

    def check(self, handover: HandOver) -> Check:
        """Addresses and size; what only the rewriting shows is shown by `commit`."""
        try:
            for path in handover.rcpts:
                self._address(path)
        except Permanent as error:
            return Check(str(error))
        too_big = len(handover.body) > self.settings.size_limit
        return Check("over-size-limit" if too_big else "")

    async def stage(self, handover: HandOver) -> None:
        """Nothing: a mail server takes a message whole or not at all."""

    async def abort(self, item: str) -> None:
        """Nothing was staged."""

    async def commit(self, handover: HandOver) -> Result:
        """Give the message to the service's server."""
        try:
            addresses = [self._address(path) for path in handover.rcpts]
            mail, data = await asyncio.to_thread(self._prepared, handover, addresses)
        except Permanent as error:
            return Result(Kind.PERMANENT, str(error), handover.reached)
        left = [n for n in range(len(addresses)) if n not in handover.reached]
        groups = [[n] for n in left] if self.settings.split else [left]
        return await self._sent(mail, data, addresses, groups, handover.reached)

    async def _sent(
        self,
        mail: Path,
        data: bytes,
        addresses: list[str],
        groups: list[list[int]],
        reached: tuple[int, ...],
    ) -> Result:
        """One transaction a group, the others too where one fails, unless nobody answers there."""
        failed: dict[Kind, str] = {}
        last = ""
        for group in groups:
            sent = await self.send(mail, [_path(addresses[n]) for n in group], data)
            kind, last = judged(sent)
            if kind is Kind.HANDED_OVER:
                reached += tuple(group)
            else:
                failed.setdefault(kind, last)
            if sent.final in _NO_CONNECTION:
                break
        for kind in (Kind.TEMPORARY, Kind.PERMANENT):  # while one may succeed, the rest waits
            if kind in failed:
                return Result(kind, failed[kind], tuple(sorted(reached)))
        return Result(Kind.HANDED_OVER, last, tuple(sorted(reached)))

    def _address(self, path: Path) -> str:
        """The envelope's address for a recipient; Permanent if it cannot or must not be used."""
        try:
            address = path.address.decode("utf-8")
        except UnicodeDecodeError:
            raise Permanent("envelope-address-not-usable") from None
        local, _, domain = address.rpartition("@")
        template = self.settings.envelope_recipient
        return _checked(template.format(address=address, local=local, domain=domain))

    def _prepared(self, handover: HandOver, addresses: list[str]) -> tuple[Path, bytes]:
        """Envelope sender and message as the service gets them."""
        body = handover.body
        head = headers.split(body if body.endswith(b"\r\n") else body + b"\r\n")
        self._refuse_loop(head)
        if not head.sound:
            raise Permanent("header-not-usable")
        if len(body) > self.settings.size_limit:  # also for who did not ask `check`
            raise Permanent("over-size-limit")
        new = self._rewritten(head, handover.rcpts, addresses)
        if new.fields != head.fields and self.signer is not None:
            unsigned = new.without([b"dkim-signature"]).joined()
            data = self.signer.sign(unsigned)
        else:
            data = new.joined()
        guard = headers.written(self.settings.loop_header, self.token)
        return self._sender(handover.mail, data, addresses), guard + data

    def _refuse_loop(self, head: headers.Head) -> None:
        guard = self.settings.loop_header.lower().encode("ascii")
        for field in head.having(guard):
            if hmac.compare_digest(headers.value(field).strip(), self.token.encode("ascii")):
                raise Permanent("loop")
        if head.having(*(title.lower().encode("ascii") for title in self.settings.stop_headers)):
            raise Permanent("loop")

    def _rewritten(
        self, head: headers.Head, rcpts: Sequence[Path], addresses: list[str]
    ) -> headers.Head:
        settings = self.settings
        new = head.without(title.lower().encode("ascii") for title in settings.remove_headers)
        new = headers.with_subject(new, settings.subject_prefix, settings.subject_replace)
        if settings.header_recipients == "rewrite":
            seen = headers.addresses_in(head.having(b"to", b"cc"))
            visible = [
                address
                for path, address in zip(rcpts, addresses, strict=True)
                if path.address.lower() in seen
            ]
            new = headers.with_recipients(new, visible, settings.original_recipient_header)
        return headers.with_added(new, settings.add_headers)

    def _sender(self, mail: Path, data: bytes, addresses: list[str]) -> Path:
        """MAIL for the service: its parameters are made anew."""
        address = mail.address
        if self.settings.sender:
            address = _checked(self.settings.sender).encode("utf-8")
        elif any(byte < 32 or byte == 127 for byte in address):
            raise Permanent("envelope-address-not-usable")
        parameters = b"" if data.isascii() else b" BODY=8BITMIME"
        wide = not (address + "".join(addresses).encode()).isascii()
        if wide or b"SMTPUTF8" in mail.parameters.upper().split():
            parameters += b" SMTPUTF8"
        return Path(b"<" + address + b">" + parameters, address, parameters.strip())


def _checked(address: str) -> str:
    """An address that is one, in an envelope and in a header, and that carries no number."""
    if not _SENDABLE.fullmatch(address) or _SPACES.search(address):
        raise Permanent("envelope-address-not-usable")
    if carries_number(address):
        raise Permanent("envelope-address-holds-number")
    return address


def _path(address: str) -> Path:
    raw = address.encode("utf-8")
    return Path(b"<" + raw + b">", raw)
