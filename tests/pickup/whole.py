"""The real program with pickup as its secure service, and an SMS gateway that answers as told."""

import itertools
import json
import re
import threading
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.front.installation import ANNA, MAJ, Browser, Installation, Told
from tests.pickup.service import text_of
from tests.running import wait_until

LINK = re.compile(rb"http://127\.0\.0\.1:\d+/([hf])/[a-z2-7]{16}/[A-Za-z0-9_-]{43}")
NUMBERS = itertools.count(1)
CANARY = "Zqbrodtext om Anna"
HTML = (
    '<p>Zqbrodtext <b>om</b> Anna</p><script>alert("x")</script>'
    '<img src="https://spy.example/p.gif"><p style="position:fixed">Se <a href="https://a.example/'
    '">sidan</a> <a href="javascript:alert(1)">inte</a></p><form action="https://e.example/">'
    '<input name="a"></form>'
)


def letter(html: str = "", files: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    """A mail with a number in it, so that it is stopped; perhaps with HTML and files."""
    from email.message import EmailMessage
    from email.policy import SMTP

    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = f"Maj Ek <{MAJ}>", ANNA, "Zqrubrik"
    mail["Message-ID"] = f"<pickup-{next(NUMBERS)}@exempelkommun.example>"
    mail.set_content(f"{CANARY}. Personnummer 19121212-1212.\n")
    if html:
        mail.add_alternative(html, subtype="html")
    for name, data in files:
        mail.add_attachment(data, maintype="text", subtype="csv", filename=name)
    return mail.as_bytes()


@dataclass
class Sms:
    """A gateway on loopback; `status` is its next answers'."""

    status: int = 200
    taken: list[dict] = field(default_factory=list)

    def __enter__(self) -> "Sms":
        sms = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                data = self.rfile.read(int(self.headers["content-length"]))
                sms.taken.append({"body": data.decode(), "headers": dict(self.headers)})
                self.send_response(sms.status)
                self.end_headers()
                self.wfile.write(b"queued")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def code(self) -> str:
        """Of the last SMS."""
        text = json.loads(self.taken[-1]["body"])["text"]
        return re.search(r"\d{3} \d{3}", text)[0]


def pickup(folder, extra: str = "", sms: Sms | None = None, **more) -> Installation:
    """An installation whose rules send numbers to pickup."""
    gateway = f'[pickup.sms]\nurl = "http://127.0.0.1:{sms.port}/send"\n' if sms else ""
    tables = (
        '[connectors.hamta]\ntype = "pickup"\ntitle = "Säker hämtning"\n'
        f'[pickup]\nswitchboard = "0123-45 60 00"\n{extra}\n{gateway}'
    )
    return Installation(folder, tables, top='secure_service = "hamta"\n', **more)


def mailed(at: Installation, kind: str) -> list[str]:
    """The links of that kind that were mailed, in order."""
    found = [LINK.search(text_of(mail.data)) for mail in list(at.sink.mails)]
    return [match[0].decode() for match in found if match and match[1].decode() == kind]


def links(at: Installation, kind: str, n: int = 1) -> list[str]:
    """The first n of them; waits until there are as many."""
    return wait_until(
        lambda: here if len(here := mailed(at, kind)) >= n else [], f"a link of kind {kind}", 30
    )


def subjects(at: Installation) -> list[str]:
    from email import message_from_bytes, policy

    return [
        str(message_from_bytes(mail.data, policy=policy.default)["Subject"])
        for mail in at.sink.mails
    ]


def read_out(browser: Browser, follow: str) -> str:
    """The code that the sender reads out."""
    told = browser.act(follow, "code")
    return re.search(r'class="secret">(\d{3} \d{3})<', told.text)[1]


def seat(told) -> str:
    return re.search(r'name="seat" value="([A-Za-z0-9_-]{43})"', told.text)[1]


def upload(url: str, fields: dict[str, str], *files: tuple[str, bytes]) -> Told:
    """Send a form as a browser does that has files."""
    edge = b"zzgrans"
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (edge, name.encode(), value.encode())
        for name, value in fields.items()
    ] + [
        b'--%b\r\nContent-Disposition: form-data; name="files"; filename="%b"\r\n\r\n%b\r\n'
        % (edge, name.encode(), data)
        for name, data in files
    ]
    request = urllib.request.Request(url, data=b"".join(parts) + b"--%b--\r\n" % edge)
    request.add_header("content-type", f"multipart/form-data; boundary={edge.decode()}")
    return Browser().sent(request)
