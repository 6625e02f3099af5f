"""Where ``scan`` and ``read`` take messages from: files, folders, mbox, Maildir, standard input.

From → to: paths → (label, bytes) with CRLF line ends. A folder is read recursively: every
``.eml``, ``.mbox`` and Maildir file; other files are named on standard error and skipped.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import typer

Source = tuple[str, bytes]
_BARE = re.compile(rb"(?<!\r)\n")
_FROM_LINE = re.compile(rb"^From [^\n]*\n", re.MULTILINE)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


class Unusable(Exception):
    """A path that cannot be read; the text is a sentence for standard error."""


def messages(paths: Iterable[str], documents: bool = False) -> Iterator[Source]:
    """All messages of the paths, in their order.

    With `documents` a file that is no message becomes one: it is wrapped as the attachment that it
    would be.
    """
    for path in paths:
        if path == "-":
            yield "-", crlf(sys.stdin.buffer.read())
        elif documents and Path(path).suffix.lower() not in ("", ".eml", ".mbox"):
            yield path, wrapped(Path(path).name, _bytes(Path(path)))
        else:
            yield from _of_path(Path(path))


def crlf(data: bytes) -> bytes:
    """The message with the line ends that it has on the wire."""
    return _BARE.sub(b"\r\n", data)


def wrapped(name: str, data: bytes) -> bytes:
    """A mail with nothing but this attachment."""
    message = EmailMessage(policy=SMTP)
    message.add_attachment(data, "application", "octet-stream", filename=name)
    return bytes(message)


def _of_path(path: Path) -> Iterator[Source]:
    if path.is_dir():
        yield from _of_folder(path)
    elif path.suffix.lower() == ".mbox":
        yield from _of_mbox(path)
    else:
        data = _bytes(path)
        yield from _of_mbox(path) if data.startswith(b"From ") else [(str(path), crlf(data))]


def _of_folder(folder: Path) -> Iterator[Source]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        if path.suffix.lower() == ".mbox":
            yield from _of_mbox(path)
        elif path.suffix.lower() == ".eml" or path.parent.name in ("cur", "new"):
            yield str(path), crlf(_bytes(path))
        else:
            typer.echo(f"{path}: is not .eml, .mbox or a Maildir file; skipped", err=True)


def _of_mbox(path: Path) -> Iterator[Source]:
    """The messages of an mbox (mboxrd: ``>From`` lines lose one ``>``)."""
    data = _bytes(path).replace(b"\r\n", b"\n")
    starts = list(_FROM_LINE.finditer(data))
    if not starts:
        raise Unusable(f"{path}: is not an mbox: it has no line that begins with 'From '")
    ends = [start.start() for start in starts[1:]] + [len(data)]
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
        message = _QUOTED_FROM.sub(rb"\1", data[start.end() : end])
        yield f"{path}#{number}", crlf(message)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}") from error
