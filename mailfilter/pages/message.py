"""A message as its reader sees it: text, cleaned HTML, attachments; and an answer as bytes.

From → to: bytes that desk opened → `Shown`; text and files that were uploaded → bytes.

It is read here, in front, where no key is: what the bytes do to a reader they do to a process that
can open nothing. HTML is cleaned by nh3 (no script, no style, no picture, no form, links without
referrer) and then shown in a sandboxed frame that has no rights at all; for printing and for
programs that show no frames its words stand beside it as text. Attachments leave as files to be
saved, never as something that a browser shows.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import nh3

from mailfilter.extract.kit.charset import decode
from mailfilter.model import Message, Part
from mailfilter.parse import parse

_BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/table)\b[^>]*>", re.IGNORECASE)
_MANY = re.compile(r"\n\s*\n\s*\n+")
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]")
_TAGS = {
    "a", "b", "blockquote", "br", "code", "dd", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4",
    "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_FRAME = (
    '<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
    '<base target="_blank"></head><body>{body}</body></html>'
)


@dataclass(frozen=True, slots=True)
class File:
    """An attachment; `n` is its number among the parts of the message."""

    n: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows. `frame` is a whole document for a sandboxed frame, or empty."""

    subject: str
    text: str
    frame: str
    files: tuple[File, ...]


def show(body: bytes, language: str, title: str, numbered: str) -> Shown:
    """The message; `numbered` names a file that has no name of its own ("bilaga {n}")."""
    message = parse(body)
    text_part, html_part = _main(message)
    cleaned = clean(_decoded(html_part)) if html_part else ""
    text = _decoded(text_part) if text_part else words_of(cleaned)
    frame = _FRAME.format(lang=language, title=html.escape(title), body=cleaned) if cleaned else ""
    return Shown(
        subject=message.facts.subject[:500],
        text=text.strip(),
        frame=frame,
        files=tuple(
            File(n, file_name(part, numbered.format(n=number)), len(part.data))
            for number, (n, part) in enumerate(_files(message), 1)
        ),
    )


def file(body: bytes, n: int, numbered: str) -> tuple[str, bytes] | None:
    """(name, bytes) of an attachment, or None."""
    for number, (at, part) in enumerate(_files(parse(body)), 1):
        if at == n:
            return file_name(part, numbered.format(n=number)), part.data
    return None


def clean(text: str) -> str:
    """HTML without anything that acts, loads or looks like ours."""
    return nh3.clean(
        text,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"https", "http", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )


def words_of(cleaned: str) -> str:
    """The words of cleaned HTML, a line for each block."""
    broken = _BREAKS.sub("\n", cleaned)
    bare = html.unescape(nh3.clean(broken, tags=set()))
    lines = "\n".join(" ".join(line.split()) for line in bare.split("\n"))
    return _MANY.sub("\n\n", lines).strip()


def file_name(part: Part, otherwise: str) -> str:
    """A name under which it can be saved."""
    name = _NOT_IN_NAMES.sub("_", part.name).strip(" .")[-150:]
    return name or otherwise


def _main(message: Message) -> tuple[Part | None, Part | None]:
    """The text and the HTML that are the message itself."""
    plain = next((p for p in message.parts if p.type == "text/plain" and not p.name), None)
    rich = next((p for p in message.parts if p.type == "text/html" and not p.name), None)
    return plain, rich


def _files(message: Message) -> list[tuple[int, Part]]:
    main = _main(message)
    return [(n, part) for n, part in enumerate(message.parts) if not any(part is m for m in main)]


def _decoded(part: Part) -> str:
    return "\n".join(decode(part.data, part.charset)[:1]).replace("\r\n", "\n").replace("\x00", "")


# ---- an answer -----------------------------------------------------------------------------------


def answer(text: str, files: Sequence[tuple[str, str, bytes]], subject: str) -> bytes:
    """An answer as a message: the text, and (name, type, bytes) of each file."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = " ".join(subject.split())
    message.set_content(text, cte="base64")
    attach(message, files)
    return message.as_bytes()


def attach(message: EmailMessage, files: Sequence[tuple[str, str, bytes]]) -> None:
    """Add (name, type, bytes) of each file; a type that a program could act on is just bytes."""
    for name, kind, data in files:
        main, sub = (kind if _TYPE.fullmatch(kind) else "application/octet-stream").split("/")
        if main in ("multipart", "message", "text"):
            main, sub = "application", "octet-stream"
        saved = _NOT_IN_NAMES.sub("_", name).strip(" .")[-150:] or "fil"
        message.add_attachment(data, maintype=main, subtype=sub, filename=saved)


def with_receipt(body: bytes, receipt: Sequence[tuple[str, str]], at: datetime) -> bytes:
    """The message as one file for the recipient's own register: a receipt on top, then the
    message itself, byte for byte, as an attached message."""
    boundary = "=_mailfilter-receipt"
    while boundary.encode() in body:
        boundary += "-x"
    text = "".join(f"{label}: {value}\r\n" for label, value in receipt).encode()
    return b"\r\n".join(
        [
            b"Subject: Kvitto / Receipt",
            f"Date: {format_datetime(at)}".encode(),
            b"MIME-Version: 1.0",
            f'Content-Type: multipart/mixed; boundary="{boundary}"'.encode(),
            b"",
            f"--{boundary}".encode(),
            b"Content-Type: text/plain; charset=utf-8",
            b"Content-Transfer-Encoding: 8bit",
            b"",
            text,
            f"--{boundary}".encode(),
            b"Content-Type: message/rfc822",
            b"Content-Disposition: attachment; filename=meddelande.eml",
            b"",
            body.rstrip(b"\r\n"),
            f"--{boundary}--".encode(),
            b"",
        ]
    )
