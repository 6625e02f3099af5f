"""Sending the catalogue, and counting what became of it.

From → to: numbers, sender, recipient → `Trial`s (`trials`); a trial and its result → `Tally`.

Over SMTP the reply to the final dot tells: 250 of the next hop is *passed*; "taken care of" and
5.7.1 are *stopped* (found, or held because something could not be read); anything else, also no
answer, is *incomplete*: nothing was said of the mail. In local workers the examination tells more:
a finding is *stopped*, no finding but something unread is *incomplete*, the rest has *passed*.

Invariants: nothing but official test numbers is sent; each mail has a Message-ID of its own, so
that no two are joined as a retry.
"""

import smtplib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from detectors.levels import Level
from mailfilter import tls
from mailfilter.config import Listen
from mailfilter.model import Examination
from mailfilter.selftest.catalogue import Technique, techniques
from mailfilter.selftest.mails import addressed

TIMEOUT = 100  # seconds; Postfix gives up then
_TAKEN = b"taken care of"
_REFUSED = b"5.7.1 Stoppat"
_ANYWHERE = {"", "*", "0.0.0.0", "::"}  # noqa: S104 - addresses to be replaced, not bound


class Result(StrEnum):
    """What became of a mail."""

    STOPPED = "stopped"
    PASSED = "passed"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Trial:
    """One mail of the catalogue."""

    technique: Technique
    data: bytes


@dataclass(slots=True)
class Tally:
    """Results by technique, in the order of the catalogue."""

    counts: dict[Technique, Counter[Result]] = field(default_factory=dict)

    def add(self, technique: Technique, result: Result) -> None:
        """Count one mail."""
        self.counts.setdefault(technique, Counter())[result] += 1

    def broken(self) -> list[Technique]:
        """The techniques that are promised and of which some mail passed."""
        return [t for t, count in self.counts.items() if not t.miss and count[Result.PASSED]]

    def rows(self) -> Iterator[dict[str, Any]]:
        """One object a technique, as ``--json`` prints them; the shape is stable."""
        for technique, count in self.counts.items():
            numbers = {result.value: count[result] for result in Result}
            row = {"technique": technique.name, "expected": technique.expected, **numbers}
            yield row | ({"reason": technique.miss} if technique.miss else {})


def trials(numbers: Iterable[str], sender: str, recipient: str, run: str) -> Iterator[Trial]:
    """Every technique on every number; `run` makes the Message-IDs of this run unique."""
    host = sender.rpartition("@")[2] or "localhost"
    chosen = tuple(numbers)
    for n, technique in enumerate(techniques()):
        for m, number in enumerate(chosen):
            id = f"selftest.{run}.{n}.{m}@{host}"
            yield Trial(technique, addressed(technique.make(number), sender, recipient, id))


def judge(examination: Examination) -> Result:
    """What the gateway's readers say."""
    for found in examination.findings:
        if found.kind.startswith("se.") and found.level is not Level.LOW:
            return Result.STOPPED
    return Result.INCOMPLETE if examination.not_examined else Result.PASSED


class Sender:
    """A connection to the gateway's port that is made anew when it is lost."""

    def __init__(self, listen: Listen, sender: str, recipient: str) -> None:
        self._listen, self._who = listen, (sender, recipient)
        self._client: smtplib.SMTP | None = None

    def send(self, data: bytes) -> Result:
        """Send one mail. Raises OSError if the gateway cannot be reached at all."""
        client = self._client or self._connect()
        try:
            code, text = self._transaction(client, data)
        except (smtplib.SMTPException, OSError):
            self.close()
            return Result.INCOMPLETE
        if 200 <= code < 300:
            return Result.STOPPED if _TAKEN in text else Result.PASSED
        return Result.STOPPED if text.startswith(_REFUSED) else Result.INCOMPLETE

    def _transaction(self, client: smtplib.SMTP, data: bytes) -> tuple[int, bytes]:
        sender, recipient = self._who
        for code, text in (client.mail(sender, ["BODY=8BITMIME"]), client.rcpt(recipient)):
            if code >= 400:
                client.rset()
                return code, text
        try:
            return client.data(data)
        except smtplib.SMTPDataError as error:
            said = error.smtp_error
            return error.smtp_code, said if isinstance(said, bytes) else said.encode()

    def _connect(self) -> smtplib.SMTP:
        host = "127.0.0.1" if self._listen.host in _ANYWHERE else self._listen.host
        client = smtplib.SMTP(host, self._listen.port, timeout=TIMEOUT)
        client.ehlo()
        if self._listen.require_tls:
            client.starttls(context=tls.anybody(tls.client()))  # our own port, by its address
            client.ehlo()
        self._client = client
        return client

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._client:
            with suppress(smtplib.SMTPException, OSError):
                self._client.quit()
        self._client = None
