"""A running installation with a front: the real program, a next hop that keeps every byte."""

import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.running import Gateway, free_port, greets_http, wait_until
from tests.sink import Sink

NONE: Mapping[str, str] = {}
MAJ, ANNA = "maj@exempelkommun.example", "anna@medborgare.example"
PATIENT = {"CHECK_WAIT": 40.0, "CHECK_SECONDS": 50.0}  # a busy machine changes no answer
SUBJECT = "Kanariesubjekt"
BODY = "Hej Anna!\r\n\r\nDitt personnummer: 19121212-1212.\r\n"


def mail(body: str = BODY, to: str = ANNA, subject: str = SUBJECT, extra: str = "") -> bytes:
    return (
        f"From: Maj Ek <{MAJ}>\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{abs(hash((body, to, subject)))}@exempelkommun.example>\r\n{extra}"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{body}"
    ).encode()


@dataclass
class Told:
    """An answer of a page."""

    status: int
    text: str
    headers: Mapping[str, str]

    def token(self, act: str) -> str:
        """The token of the form that leads to `act`."""
        start = rf'action="[^"]*/{act}"[^>]*>\s*'
        found = re.search(
            start + r'<input type="hidden" name="form_token" value="([^"]*)"', self.text
        )
        assert found, f"no form {act} in {self.text[:3000]}"
        return found[1]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


@dataclass
class Browser:
    """A client without script, cookies or memory."""

    context: ssl.SSLContext | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"accept-language": "sv"})

    def get(self, url: str, method: str = "GET", **headers: str) -> Told:
        return self.sent(urllib.request.Request(url, method=method), headers)

    def post(self, url: str, fields: Mapping[str, str], **headers: str) -> Told:
        data = urllib.parse.urlencode(fields).encode()
        return self.sent(urllib.request.Request(url, data=data), headers)

    def act(self, url: str, act: str, **fields: str) -> Told:
        """Look at the page, and send its form `act`."""
        token = self.get(url).token(act)
        return self.post(f"{url}/{act}", {"form_token": token, "lang": "sv", **fields})

    def sent(self, request: urllib.request.Request, headers: Mapping[str, str] = NONE) -> Told:
        for name, value in (self.headers | dict(headers)).items():
            request.add_header(name.replace("_", "-"), value)
        handlers = [_Stay()]
        if self.context:
            handlers.append(urllib.request.HTTPSHandler(context=self.context))
        opener = urllib.request.build_opener(*handlers)
        try:
            answer = opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Told(
                answer.status,
                answer.read().decode(),
                {name.lower(): value for name, value in answer.headers.items()},
            )


@dataclass
class Installation:
    """Gateway, front and next hop. `extra` is added to the configuration."""

    folder: Path
    extra: str = ""
    front: str = ""
    top: str = ""
    url: str = ""
    listen: str = ""
    port: int = field(default_factory=free_port)
    limits: dict[str, float] = field(default_factory=lambda: dict(PATIENT))
    browser: Browser = field(default_factory=Browser)

    def __enter__(self) -> "Installation":
        self.sink = Sink()
        tables = f"{self.top}\n[front]\nport = {self.port}\n{self.front}\n{self.extra}"
        self.gateway = Gateway(
            self.folder,
            self.sink.port,
            extra=tables,
            url=self.url,
            limits=self.limits,
            listen=self.listen,
        )
        self.gateway.start()
        wait_until(lambda: greets_http(self.port), "the front listens")
        return self

    def __exit__(self, *_) -> None:
        self.gateway.__exit__()
        self.sink.stop()

    def send(self, data: bytes | None = None, to: str = ANNA, sender: str = MAJ) -> str:
        """Send a mail; its reply."""
        code, text = self.gateway.send(data or mail(), sender, [to])
        assert code == 250, text
        return text

    def notices(self, to: str = MAJ) -> list[EmailMessage]:
        return [
            message_from_bytes(arrived.data, policy=policy.default)
            for arrived in self.sink.mails
            if f"<{to}>".encode() in arrived.rcpts and arrived.mail.startswith(b"<>")
        ]

    def notice(self, n: int = 0, to: str = MAJ) -> EmailMessage:
        """The n-th notice to somebody, as soon as it is there."""
        wait_until(lambda: len(self.notices(to)) > n, f"notice {n} to {to}")
        return self.notices(to)[n]

    def link(self, n: int = 0, to: str = MAJ) -> str:
        """The link of the n-th notice, or of the next that has one: a last word has none."""
        wait_until(lambda: self._links(n, to), f"link in notice {n} to {to}")
        return self._links(n, to)[0]

    def _links(self, n: int, to: str) -> list[str]:
        texts = [one.get_body(("plain",)).get_content() for one in self.notices(to)[n:]]
        found = (re.search(r"https?://\S+/m/\S+", text) for text in texts)
        return [one[0] for one in found if one]
