"""The example mails: sent through the gateway, and what each promises.

A mail says in its ``X-Demo-Expect`` header what must become of it: one action for all recipients
("relay"), or one for each ("relay a@x.example, redirect b@y.example").
"""

import smtplib
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import getaddresses
from importlib.resources import files

from mailfilter.model import Action


@dataclass(frozen=True, slots=True)
class Example:
    """One mail; `expected` is recipient → action."""

    name: str
    subject: str
    data: bytes
    sender: str
    recipients: tuple[str, ...]
    expected: dict[str, Action]


def examples() -> list[Example]:
    """All examples, in their order."""
    folder = files("mailfilter.demo") / "mails"
    found = sorted((path for path in folder.iterdir() if path.name.endswith(".eml")), key=str)
    return [_example(path.name.removesuffix(".eml"), path.read_bytes()) for path in found]


def _example(name: str, data: bytes) -> Example:
    message = message_from_bytes(data, policy=default)
    recipients = tuple(address for _, address in getaddresses([str(message["To"])]))
    sender = getaddresses([str(message["From"])])[0][1]
    subject = str(make_header(decode_header(str(message["Subject"]))))
    return Example(
        name,
        subject,
        data,
        sender,
        recipients,
        _expected(str(message["X-Demo-Expect"]), recipients),
    )


def _expected(promise: str, recipients: tuple[str, ...]) -> dict[str, Action]:
    words = [part.split() for part in promise.split(",")]
    if len(words) == 1 and len(words[0]) == 1:
        return dict.fromkeys(recipients, Action(words[0][0]))
    return {address: Action(action) for action, address in words}


def send(example: Example, host: str, port: int) -> tuple[int, str]:
    """Send one example over SMTP; the reply to the final dot."""
    with smtplib.SMTP(host, port, timeout=60) as client:
        client.ehlo()
        try:
            client.mail(example.sender)
            for recipient in example.recipients:
                client.rcpt(recipient)
            code, said = client.data(example.data)
        except smtplib.SMTPDataError as error:
            code, answer = error.smtp_code, error.smtp_error
            return code, answer if isinstance(answer, str) else answer.decode("ascii", "replace")
    return code, said.decode("ascii", "replace")
