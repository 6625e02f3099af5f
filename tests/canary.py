"""Canaries: words that stand nowhere else, mails that carry them, and the search for them.

`Watching` keeps whatever a page answers, so that no page is searched by hand alone.
"""

import base64
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

from tests.front.installation import Browser

NUMBERS = ("191212121212", "19121212-1212", "121212-1212", "1212121212")
TEXT = (
    *("zqamnesord", "zqbrodtext", "zqfilnamn", "zqdokument", "zqvisningsnamn", "schizofreni"),
    "zqbegaran",  # in the words of a sender who asks for a review
    *("zqsvarstext", "zqsvarsfil"),  # of an answer
)
ADDRESSES = ("zqavsandare", "zqmottagare")
SENDER = "zqavsandare@exempelkommun.example"
CITIZEN = "zqmottagare@medborgare.example"


def spellings(canary: str) -> list[bytes]:
    """The canary as it may stand in bytes: plain, UTF-16, hexadecimal, base64 at each offset."""
    plain = canary.encode()
    forms = [plain, canary.encode("utf-16-le"), plain.hex().encode()]
    for offset, skip in enumerate((0, 2, 3)):
        whole = 8 * (offset + len(plain)) // 6  # characters that do not depend on what follows
        forms.append(base64.b64encode(bytes(offset) + plain)[skip:whole])
    return [form.lower() for form in forms]


def leaks(data: bytes, canaries) -> list[str]:
    """The canaries that stand in `data`."""
    lower = data.lower()
    return [word for word in canaries if any(form in lower for form in spellings(word))]


def decoded(mail: bytes) -> bytes:
    """A mail as it is, and what each part says."""
    message = message_from_bytes(mail)
    parts = [part.get_payload(decode=True) or b"" for part in message.walk()]
    return b"\n".join([mail, *parts])


def mail(text: str, attachment: bytes = b"", name: str = "zqfilnamn.docx") -> bytes:
    head = (
        f'From: "zqvisningsnamn Ek" <{SENDER}>\r\nTo: <{CITIZEN}>\r\nSubject: Om zqamnesord\r\n'
        "Date: Mon, 16 Nov 2026 09:00:00 +0100\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="g"\r\n\r\n--g\r\n'
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"zqbrodtext\r\n{text}\r\n"
    )
    part = (
        "--g\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
        + base64.encodebytes(attachment).decode().replace("\n", "\r\n")
    )
    return (head + (part if attachment else "") + "--g--\r\n").encode()


def locked_zip(folder: Path) -> bytes:
    """A zip whose only file is encrypted; its name is not."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("zqfilnamn.txt", "zqdokument")
    data = bytearray(out.getvalue())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def files(folder: Path) -> bytes:
    """The raw bytes of the store and of whatever else lies in the folder, the log apart."""
    names = [path for path in folder.rglob("*") if path.is_file() and path.name != "log"]
    assert any(path.name == "mailfilter.db" for path in names)
    return b"".join(path.read_bytes() for path in names)


class Watching(Browser):
    """Keeps what every page answers, but for what a person proved that she may read."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, bytes] = {}
        self.reads = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is shown now is shown by intent."""
        self.reads = True
        yield
        self.reads = False

    def sent(self, request, headers={}):  # noqa: B006 - only read
        told = super().sent(request, headers)
        if not self.reads:
            name = f"page {len(self.found)} {request.get_method()} {request.full_url}"
            text = f"{told.text} {told.headers}".replace(request.full_url, "")
            self.found[name] = text.encode()
        return told
