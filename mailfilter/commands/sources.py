"""Where ``scan`` and ``read`` take messages from: files, folders, mbox, Maildir, standard input.

From → to: paths → (label, bytes) with the line ends of the wire, or `Unusable` for what cannot be
read: one bad path does not keep the others from being read. The label is the path; the messages of
an mbox are "path#1", "path#2".

``messages`` (scan): a file is a message; a folder is read recursively, every ``.eml``, ``.mbox``
and Maildir file; other files are named on standard error and skipped.

``documents`` (read): a file is a message if its name or its folder (Maildir) says so, or if its
name says nothing that we know and it begins like a mail. Any other file becomes the attachment of a
mail that holds nothing else, so that it is read as the gateway would read it. A folder gives all
its files.
"""

import os
import re
import sys
from base64 import encodebytes
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes

import typer

Source = tuple[str, bytes]
_BARE = re.compile(rb"(?<!\r)\n")
_FROM_LINE = re.compile(rb"^From [^\n]*\n", re.MULTILINE)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_FIELD = re.compile(
    rb"^(?:from|to|cc|subject|date|received|return-path|delivered-to|message-id|mime-version"
    rb"|content-type|content-transfer-encoding|reply-to|sender|x-[a-z-]{1,40})[ \t]{0,4}:",
    re.IGNORECASE | re.MULTILINE,
)
_HEAD = 4096  # bytes in which a mail shows that it is one


class Unusable(Exception):
    """A path that cannot be read; the text is a sentence for standard error."""


def messages(paths: Iterable[str]) -> Iterator[Source | Unusable]:
    """All messages of the paths, in their order."""
    for path in paths:
        if path == "-":
            yield "-", crlf(sys.stdin.buffer.read())
        elif Path(path).is_dir():
            yield from _each(Path(path), _of_folder)
        else:
            yield from _each(Path(path), _of_message)


def documents(paths: Iterable[str]) -> Iterator[Source | Unusable]:
    """All messages and documents of the paths, in their order."""
    for path in paths:
        if path == "-":
            data = sys.stdin.buffer.read()
            yield "-", crlf(data) if is_mail(data) else wrapped(b"", data)
        elif Path(path).is_dir():
            for file in sorted(Path(path).rglob("*")):
                if file.is_file():
                    yield from _each(file, _of_document)
        else:
            yield from _each(Path(path), _of_document)


def crlf(data: bytes) -> bytes:
    """The message with the line ends that it has on the wire."""
    return _BARE.sub(b"\r\n", data)


def is_mail(data: bytes) -> bool:
    """It begins like a mail: a field that mails have in the first line, and another one."""
    head = data[:_HEAD]
    return _FIELD.match(head) is not None and len(_FIELD.findall(head)) > 1


def wrapped(name: bytes, data: bytes) -> bytes:
    """A mail with nothing but this attachment."""
    return (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=document\r\n\r\n"
        b"--document\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''%b\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n%b\r\n--document--\r\n"
    ) % (quote_from_bytes(name, safe="").encode(), crlf(encodebytes(data)))


def _each(
    path: Path, read: Callable[[Path], Iterator[Source | Unusable]]
) -> Iterator[Source | Unusable]:
    try:
        yield from read(path)
    except Unusable as problem:
        yield problem


def _of_folder(folder: Path) -> Iterator[Source | Unusable]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        if path.suffix.lower() in (".mbox", ".eml") or _in_maildir(path):
            yield from _each(path, _of_message)
        else:
            typer.echo(f"{path}: is not .eml, .mbox or a Maildir file; skipped", err=True)


def _in_maildir(path: Path) -> bool:
    return path.parent.name in ("cur", "new")


def _of_message(path: Path) -> Iterator[Source | Unusable]:
    data = _bytes(path)
    if path.suffix.lower() == ".mbox":
        if not data.startswith(b"From "):
            raise Unusable(f"{path}: is not an mbox: it does not begin with 'From '")
        yield from _of_mbox(path, data)
    else:
        yield from _of_mail(path, data)


def _of_mail(path: Path, data: bytes) -> Iterator[Source | Unusable]:
    """A file with one message; the line that some programs put above it is none of it."""
    if not data.startswith(b"From "):
        yield str(path), crlf(data)
    elif path.suffix.lower() == ".eml" or len(_FROM_LINE.findall(data)) == 1:
        yield str(path), crlf(data.partition(b"\n")[2])
    else:
        yield from _of_mbox(path, data)


def _of_document(path: Path) -> Iterator[Source | Unusable]:
    data, ending = _bytes(path), path.suffix.lower().removeprefix(".")
    mbox = data.startswith(b"From ") and is_mail(data.partition(b"\n")[2])
    if mbox and ending == "mbox":
        yield from _of_mbox(path, data)
    elif ending == "eml" or _in_maildir(path) or (ending not in _endings() and mbox):
        yield from _of_mail(path, data)
    elif ending not in _endings() and is_mail(data):
        yield str(path), crlf(data)
    else:
        yield str(path), wrapped(os.fsencode(path.name), data)


def _endings() -> frozenset[str]:
    """The endings of names that say what a file is."""
    from mailfilter.extract.formats import FORMATS

    return frozenset(ending for one in FORMATS for ending in one.extensions)


def _of_mbox(path: Path, data: bytes) -> Iterator[Source]:
    """The messages of an mbox (mboxrd: ``>From`` lines lose one ``>``)."""
    data = data.replace(b"\r\n", b"\n")
    starts = list(_FROM_LINE.finditer(data))
    ends = [start.start() for start in starts[1:]] + [len(data)]
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
        message = _QUOTED_FROM.sub(rb"\1", data[start.end() : end])
        yield f"{path}#{number}", crlf(message)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # a NUL in the path
        raise Unusable(f"{str(path)!r}: is no path") from error
