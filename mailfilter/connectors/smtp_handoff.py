"""Hand-over by SMTP: the message goes to a service's own mail server, rewritten as it asks.

Covers services reached by a smart host (Zivver and its like), by an extension of the address
(``{address}.s``) or by a collecting domain (``{local}%{domain}@service.example``). Every setting
is explained under ``[connectors.NAME]`` in ``deploy/mailfilter.toml``.

From → to: `HandOver` → `Result`. Success is the 250 of that hop and nothing else (P1). With
`split` each recipient has a transaction of its own; without it all have the message, or none.

Never handed over, but held for a person: mail that carries this installation's loop token; mail
over `size_limit`; an envelope address that is none, or that would carry an identity number into
every log on its way. Recipients in Bcc do not come into the new To.

The envelope keeps BODY and SMTPUTF8 where the message needs them. SIZE is dropped since the size
may change, and DSN parameters since the service answers for delivery in its own way.

The loop guard is a header with a random token of the installation: a stranger who sets the header
cannot stop mail, and two installations that use one service do not stop each other's.
"""

import asyncio
import hmac
import re
from dataclasses import dataclass

from mailfilter import config
from mailfilter.connectors import headers
from mailfilter.connectors.contract import (
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

_SENDABLE = re.compile(r"[^\s<>@\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class SmtpHandoff:
    """One service. `send` speaks to its server; `token` is this installation's own."""

    settings: config.Connector
    send: Send
    token: str
    signer: Signer | None = None

    async def hand_over(self, handover: HandOver) -> Result:
        """Give the message to the service."""
        try:
            addresses = [self._address(path) for path in handover.rcpts]
            mail, data = await asyncio.to_thread(self._prepared, handover, addresses)
        except Permanent as error:
            return Result(Kind.PERMANENT, str(error))
        groups = [[n] for n in range(len(addresses))] if self.settings.split else []
        groups = groups or [list(range(len(addresses)))]
        return await self._sent(mail, data, addresses, groups)

    async def _sent(
        self, mail: Path, data: bytes, addresses: list[str], groups: list[list[int]]
    ) -> Result:
        """One transaction a group. A failure ends it where it is temporary; else others go on."""
        reached: list[int] = []
        failed: Result | None = None
        last = ""
        for group in groups:
            sent = await self.send(mail, [_path(addresses[n]) for n in group], data)
            kind, last = judged(sent)
            if kind is Kind.HANDED_OVER:
                reached += group
                continue
            failed = failed or Result(kind, last)
            if kind is Kind.TEMPORARY:
                failed = Result(kind, last)
                break
        if failed is not None:
            return Result(failed.kind, failed.receipt, tuple(reached))
        return Result(Kind.HANDED_OVER, last, tuple(reached))

    def _address(self, path: Path) -> str:
        """The envelope's address for a recipient; Permanent if it cannot or must not be used."""
        try:
            address = path.address.decode("utf-8")
        except UnicodeDecodeError:
            raise Permanent("envelope-address-not-text") from None
        local, _, domain = address.rpartition("@")
        template = self.settings.envelope_recipient
        made = template.format(address=address, local=local, domain=domain)
        if not _SENDABLE.fullmatch(made):
            raise Permanent("envelope-address-not-usable")
        if carries_number(made):
            raise Permanent("envelope-address-holds-number")
        return made

    def _prepared(self, handover: HandOver, addresses: list[str]) -> tuple[Path, bytes]:
        """Envelope sender and message as the service gets them."""
        head = headers.split(handover.body)
        self._refuse_loop(head)
        if len(handover.body) > self.settings.size_limit:
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

    def _rewritten(
        self, head: headers.Head, rcpts: tuple[Path, ...], addresses: list[str]
    ) -> headers.Head:
        settings = self.settings
        new = head.without(title.lower().encode("ascii") for title in settings.remove_headers)
        new = headers.with_subject(new, settings.subject_prefix, settings.subject_replace)
        new = headers.with_added(new, settings.add_headers)
        if settings.header_recipients == "rewrite":
            seen = headers.addresses_in(head.having(b"to", b"cc"))
            visible = [
                address
                for path, address in zip(rcpts, addresses, strict=True)
                if path.address.lower() in seen
            ]
            new = headers.with_recipients(new, visible, settings.original_recipient_header)
        return new

    def _sender(self, mail: Path, data: bytes, addresses: list[str]) -> Path:
        """MAIL for the service: its parameters are made anew."""
        address = self.settings.sender.encode("utf-8") if self.settings.sender else mail.address
        parameters = b"" if data.isascii() else b" BODY=8BITMIME"
        wide = not (address + "".join(addresses).encode()).isascii()
        if wide or b"SMTPUTF8" in mail.parameters.upper().split():
            parameters += b" SMTPUTF8"
        return Path(b"<" + address + b">" + parameters, address, parameters.strip())


def _path(address: str) -> Path:
    raw = address.encode("utf-8")
    return Path(b"<" + raw + b">", raw)
